"""How plates and postcodes of countries are written: forms without check digits, which prove nothing by themselves."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from .packs import load_packs
from .prefilter import fold_text


def fold(value: str) -> str:
    """A code as plates and postcodes are compared: plain digits, capitals, no space around it."""
    return fold_text(value).strip().upper()


def is_plate(value: str) -> bool:
    """Whether a value is written like a plate of any country that has a pack."""
    return test_of(_forms("plate"))(fold(value))


def is_postcode(value: str) -> bool:
    """Whether a value is written like a postcode of any country that has a pack."""
    return test_of(_forms("postcode"))(fold(value))


@lru_cache
def _forms(what: str) -> tuple[str, ...]:
    return tuple(form for pack in load_packs() for form in _as_tuple(getattr(pack, what)))


def _as_tuple(forms: str | tuple[str, ...]) -> tuple[str, ...]:
    return ((forms,) if forms else ()) if isinstance(forms, str) else forms


@lru_cache(maxsize=256)
def test_of(forms: tuple[str, ...]) -> Callable[[str], bool]:
    """A test of a folded value against some forms."""
    compiled = re.compile("|".join(f"(?:{form})" for form in dict.fromkeys(forms)))
    return lambda value: bool(compiled.fullmatch(value))
