"""Vehicle plates that no heading names outright: told where it hints at them, or their form is too narrow for luck.

How narrow it is, the column itself says: its own codes are scrambled, letters for letters and digits for digits, and
what never differs from row to row stays. What passes then passes by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from .chance import LUCK, luck
from .country_forms import fold, test_of
from .evidence import Column, Evidence
from .packs import Pack

#: Share of a column that must be written like it; values looked at, and how few say nothing.
NEARLY_ALL, LOOKED, ENOUGH = 0.9, 60, 15
#: Share that must have both letters and digits.
MOSTLY = 0.5
#: Chance above which a form is no more than "letters and digits".
NARROW = 0.7
#: Letters of each script that plates are written with, to scramble them.
SCRIPTS = tuple(
    "".join(map(chr, range(first, last + 1)))
    for first, last in ((0x41, 0x5A), (0x30, 0x39), (0x410, 0x42F), (0x4E00, 0x9FA5), (0xAC00, 0xD7A3), (0xE01, 0xE2E))
)


def find_plates(column: Column, packs: Sequence[Pack]) -> Iterator[Evidence]:
    """Yield plates where one country's form fits nearly all cells, and the heading hints at it or luck would not."""
    values = [fold(value) for value in list(column.values.real)[:LOOKED]]
    hinted = "VEHICLE_PLATE" in column.said
    if len(values) < ENOUGH or (column.said and not hinted) or sum(map(_is_mixed, values)) < MOSTLY * len(values):
        return
    for pack in packs:
        test = test_of(pack.plate)
        passed = sum(map(test, values)) if pack.plate else 0
        if passed >= NEARLY_ALL * len(values) and (hinted or _is_narrow(test, values, passed)):
            share = passed / len(values)
            yield Evidence("VEHICLE_PLATE", 0.7, ("pattern",), round(share * column.profile.filled))
            return


def _is_mixed(value: str) -> bool:
    return any(map(str.isdigit, value)) and any(map(str.isalpha, value))


def _is_narrow(test: Callable[[str], bool], values: Sequence[str], passed: int) -> bool:
    rng = np.random.default_rng(len(values))
    fixed = _fixed(values)
    scrambled = [_scrambled(value, fixed, rng) for value in values for _ in range(5)]
    chance = sum(map(test, scrambled)) / len(scrambled)
    return chance <= NARROW and luck(max(chance, LUCK), passed, len(values)) <= LUCK


def _fixed(values: Sequence[str]) -> frozenset[int]:
    """Places that hold the same character in every value."""
    return frozenset(place for place in range(min(map(len, values))) if len({value[place] for value in values}) == 1)


def _scrambled(value: str, fixed: frozenset[int], rng: np.random.Generator) -> str:
    return "".join(char if place in fixed else _other(char, rng) for place, char in enumerate(value))


def _other(char: str, rng: np.random.Generator) -> str:
    script = next((script for script in SCRIPTS if char in script), char)
    return script[int(rng.integers(len(script)))]
