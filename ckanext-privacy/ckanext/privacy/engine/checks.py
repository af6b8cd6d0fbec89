"""Check digits that python-stdnum does not know. The rest is its own."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Sequence
from typing import Any

Check = Callable[[str], bool]


def check_of(name: str, options: dict[str, Any]) -> Check | None:
    """Return the test of a number that a country pack names: of this module, else a module of python-stdnum."""
    if not name:
        return None
    if name in OWN:
        return lambda text: OWN[name](_digits(text), **options)
    module = importlib.import_module(name)
    return lambda text: _is_valid(module, text, options)


def _is_valid(module: Any, text: str, options: dict[str, Any]) -> bool:
    try:
        return bool(module.is_valid(text, **options))
    except (KeyError, ValueError, IndexError):
        # Some modules look a region up without a guard; an unknown region is no valid number.
        return False


def _digits(text: str) -> list[int]:
    return [int(char) for char in re.sub(r"\D", "", text)]


def weighted(digits: Sequence[int], *, weights: Sequence[int], modulus: int = 11) -> bool:
    """The weighted sum, check digit included, is a multiple of the modulus."""
    return len(digits) == len(weights) and _sum(digits, weights) % modulus == 0


def complement(digits: Sequence[int], *, weights: Sequence[int], modulus: int = 11) -> bool:
    """The last digit is what the weighted sum lacks to a multiple of the modulus, 0 where that has two digits."""
    if len(digits) != len(weights) + 1:
        return False
    lacks = modulus - _sum(digits[:-1], weights) % modulus
    return digits[-1] == (0 if lacks > 9 else lacks)


def remainder(digits: Sequence[int], *, modulus: int = 97, length: int = 12) -> bool:
    """The last two digits are the remainder of those before them, as in Spain's social security numbers."""
    number = int("".join(map(str, digits)) or 0)
    return len(digits) == length and number // 100 % modulus == number % 100


def _sum(digits: Sequence[int], weights: Sequence[int]) -> int:
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=True))


OWN: dict[str, Callable[..., bool]] = {"weighted": weighted, "complement": complement, "remainder": remainder}
