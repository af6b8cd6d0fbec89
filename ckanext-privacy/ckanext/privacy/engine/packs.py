"""Country packs: which identifiers a country has, and what each proves. One YAML file a country in ``countries/``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from .documents import read_own
from .errors import InvalidPolicy

FOLDER = Path(__file__).with_name("countries")
#: The pack of what has no country: e-mail, IBAN, cards, addresses of machines.
GENERAL = "general"


@dataclass(frozen=True)
class Identifier:
    """One identifier of a country.

    ``kind`` is the entity of :file:`lexicon/entities.yaml` that it is a case of, ORGANISATION for numbers of companies;
    ``label`` is what people call it. ``presidio`` names a recognizer class of Presidio; otherwise ``patterns`` (regular
    expression: score) and ``check`` (a python-stdnum module or a function of :mod:`.checks`, with ``options``) make
    one. ``digits`` is how many digits it has where leading zeros may be lost.

    ``chance`` is the share of random strings of that shape which pass. ``alone`` says that a column of them is telling
    without a heading, ``written`` is a way of writing that tells of it whatever the chance, and ``headed`` says that
    it is looked for under a heading only. ``heading`` are phrases that say it outright, ``context`` words that support
    it. ``source`` is the law or standard.
    """

    entity: str
    country: str
    kind: str = "NATIONAL_ID"
    label: str = ""
    presidio: str = ""
    patterns: dict[str, float] = field(default_factory=dict, hash=False)
    check: str = ""
    options: dict[str, Any] = field(default_factory=dict, hash=False)
    digits: int = 0
    chance: float = 1.0
    alone: bool = False
    written: str = ""
    headed: bool = False
    heading: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True)
class Pack:
    """A country: code, name, languages of its headings, telephone region, forms of plates and postcodes, identifiers.

    ``address`` are the words that street addresses are made with.
    """

    code: str
    name: str
    identifiers: tuple[Identifier, ...]
    languages: tuple[str, ...] = ()
    phone: str = ""
    plate: tuple[str, ...] = ()
    postcode: str = ""
    address: tuple[str, ...] = ()


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
    data = read_own(FOLDER / f"{code}.yaml")
    found = tuple(Identifier(country=code, **_frozen(each)) for each in data.pop("identifiers"))
    return Pack(code, identifiers=found, **_frozen(data))


def _frozen(data: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}


@lru_cache
def identifiers() -> dict[str, Identifier]:
    """Return every identifier of every pack by its entity."""
    return {each.entity: each for pack in load_packs() for each in pack.identifiers}
