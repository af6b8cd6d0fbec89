"""Country packs: which identifiers a country has, and what each proves. One YAML file a country in ``countries/``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from .documents import parse_yaml
from .errors import InvalidPolicy

FOLDER = Path(__file__).with_name("countries")
#: The pack of what has no country: e-mail, IBAN, cards, addresses of machines.
GENERAL = "general"


@dataclass(frozen=True)
class Identifier:
    """One identifier that a recognizer may find.

    ``kind`` is the entity of :file:`lexicon/entities.yaml` that it is a case of, ORGANISATION for numbers of companies.
    ``presidio`` names a recognizer class of Presidio; otherwise ``patterns`` (regular expression: score) and ``check``
    (a python-stdnum module, with ``options`` for its ``is_valid``) make one. ``chance`` is the share of random strings
    of that form which pass. ``alone`` says that a value is telling without a heading. ``context`` are words that a
    heading may hold.
    """

    entity: str
    country: str
    kind: str = "NATIONAL_ID"
    presidio: str = ""
    patterns: dict[str, float] = field(default_factory=dict, hash=False)
    check: str = ""
    options: dict[str, Any] = field(default_factory=dict, hash=False)
    chance: float = 1.0
    alone: bool = False
    context: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pack:
    """A country: its code, name, telephone region and identifiers."""

    code: str
    name: str
    phone: str
    identifiers: tuple[Identifier, ...]


def known_countries() -> tuple[str, ...]:
    """Codes of all country packs, in alphabetical order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml") if path.stem != GENERAL))


def country_codes(countries: Sequence[str] = ()) -> tuple[str, ...]:
    """Codes of some countries' packs, or of all. Raises ``InvalidPolicy`` for unknown ones."""
    known = known_countries()
    unknown = sorted(set(countries) - set(known))
    if unknown:
        raise InvalidPolicy(f"There is no country pack for {', '.join(unknown)}; known are {', '.join(known)}.")
    return tuple(countries or known)


def load_packs(countries: Sequence[str] = ()) -> tuple[Pack, ...]:
    """Load the packs of some countries, or of all, and the general one. Raises ``InvalidPolicy`` for unknown ones."""
    return tuple(_load(code) for code in (GENERAL, *country_codes(countries)))


@lru_cache
def _load(code: str) -> Pack:
    data = parse_yaml((FOLDER / f"{code}.yaml").read_text("utf-8"))
    identifiers = tuple(
        Identifier(country=code, **{**each, "context": tuple(each.get("context", ()))}) for each in data["identifiers"]
    )
    return Pack(code, data["name"], data.get("phone", ""), identifiers)


@lru_cache
def identifiers() -> dict[str, Identifier]:
    """Return every identifier of every pack by its entity."""
    return {each.entity: each for pack in load_packs() for each in pack.identifiers}
