"""Is it more than chance? Identifiers that a column tells of without a heading.

One random number in ten passes most check digits, and every number of nine digits is a passport's of some country. A
column counts when more of its values pass than chance explains; a single value, when nothing else is written like it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

import polars as pl

from .evidence import Column, Evidence
from .finder import Finder
from .forms import LONGEST
from .packs import Identifier, Pack
from .prefilter import fold_text
from .writing import Form, form_of

#: Share of chance findings that is put up with: so many identifiers are looked for that one in twenty is far too many.
LUCK = 1e-3
#: Chance that a code of another kind is written like one that has a way of its own.
WRITTEN = 1e-5
#: Share of the values of one length that must pass.
MOSTLY = 0.5
#: Values of one length that are looked at, and those from which they say what the others are.
LOOKED, ENOUGH = 60, 8
#: Characters at the end of a code that may count up.
COUNTER = 5


def luck(chance: float, passed: int, shown: int) -> float:
    """Probability that so many of the values shown pass by chance (upper tail of the binomial distribution).

    >>> round(luck(0.1, 8, 8), 9), round(luck(0.1, 1, 8), 2)
    (1e-08, 0.57)
    """
    if not 0 < chance < 1 or not passed:
        return float(not passed or chance >= 1)
    odds, ways = (math.log(chance), math.log1p(-chance)), math.lgamma(shown + 1)
    logs = (
        ways - math.lgamma(k + 1) - math.lgamma(shown - k + 1) + k * odds[0] + (shown - k) * odds[1]
        for k in range(passed, shown + 1)
    )
    return sum(map(math.exp, logs))


def is_telling(identifier: Identifier) -> bool:
    """Whether single cells may tell of an identifier, so that every cell has to be looked at."""
    return bool(identifier.written) or (identifier.alone and identifier.chance <= LUCK)


def find_alone(column: Column, packs: Sequence[Pack], finder: Finder) -> Iterator[Evidence]:
    """Yield identifiers that most of a column's values of one length are, more than by chance."""
    lengths = _by_length(column)
    alone = {each.entity: each for pack in packs for each in pack.identifiers if each.alone and each.chance}
    for entity in _likely(lengths, tuple(alone), finder):
        identifier = alone[entity]
        form = form_of(identifier)
        for values in lengths.values():
            passed = _fitting(form, values)
            if _is_more_than_luck(identifier, passed, len(values)):
                yield _evidence(column, identifier, passed)


def _likely(lengths: dict[int, list[str]], names: tuple[str, ...], finder: Finder) -> tuple[str, ...]:
    """Those that any value can be, as the finder sees at once: to compile the patterns of all takes longer."""
    values = [value for each in lengths.values() for value in each]
    if not values or max(map(len, values)) > LONGEST:
        return names if values else ()
    found = {name for name, _ in finder.find(pl.Series(values), names)}
    return tuple(name for name in names if name in found)


def _fitting(form: Form, values: Sequence[str]) -> list[str]:
    """Values written like an identifier; none once so many are not that the rest cannot be enough."""
    passed, left = [], (1 - MOSTLY) * len(values)
    for value in values:
        if form.fits(value):
            passed.append(value)
            continue
        left -= 1
        if left < 0:
            return []
    return passed


def _by_length(column: Column) -> dict[int, list[str]]:
    """Values of the rows drawn by how many letters and digits they have; words have none."""
    found: dict[int, list[str]] = {}
    for value in column.values.real:
        values = found.setdefault(length_of(value), [])
        if len(values) < LOOKED and any(char.isdigit() for char in value):
            values.append(value)
    return {length: values for length, values in found.items() if values}


def length_of(value: str) -> int:
    """Letters and digits of a value: the same with and without spaces, hyphens and points."""
    return sum(char.isalnum() for char in value)


def _is_more_than_luck(identifier: Identifier, passed: Sequence[str], shown: int) -> bool:
    enough = len(passed) >= MOSTLY * shown and _differ(passed)
    return enough and luck(identifier.chance, len(passed), shown) <= LUCK


def _differ(values: Sequence[str]) -> bool:
    """Codes that begin alike hold the same date or region, and pass together or not at all."""
    return 2 * len({value[:-COUNTER] for value in values}) >= len(values)


def _evidence(column: Column, identifier: Identifier, passed: Sequence[str]) -> Evidence:
    rows = sum(column.values.real[value] for value in passed)
    share = rows / column.values.rows
    detector = "checksum" if identifier.check or identifier.presidio else "pattern"
    first = column.profile.first_rows
    places = tuple(sorted(first[value] for value in passed if value in first)[:3])
    confidence = 0.95 if share >= MOSTLY else 0.7
    return Evidence(
        identifier.entity, confidence, (detector,), round(share * column.profile.filled), tuple(passed), places
    )


def is_rare_find(column: Column, identifier: Identifier, flagged: Sequence[str], shown: int) -> bool:
    """Whether a few values among many others are the identifier.

    They are not where the rows drawn hold many written alike that do not pass: then a few do by chance.
    """
    if not identifier.chance:
        return True
    written = [
        value for value in flagged if identifier.written and re.fullmatch(identifier.written, fold_text(value).strip())
    ]
    if not written and not identifier.alone:
        return False
    chance = min(identifier.chance, WRITTEN) if written else identifier.chance
    values = written or list(flagged)
    first = fold_text(values[0])
    alike = [each for each in _by_length(column).get(length_of(first), ()) if len(each) == len(first)]
    if len(alike) >= ENOUGH and len(set(values).intersection(alike)) < MOSTLY * len(alike):
        return False
    return luck(chance, len(values), max(shown, len(values))) <= LUCK
