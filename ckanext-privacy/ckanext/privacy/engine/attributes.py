"""What a column may be about, and which combinations of columns point at a person: rules read from a file."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import regex
import yaml

from .findings import ColumnReport, Sensitivity

RULES = Path(__file__).with_name("policies") / "disclosure.yaml"

# A capital starts a word, a run of capitals is one; marks belong to their letter (Devanagari's vowel signs are marks).
WORD = regex.compile(r"\p{Lu}?[\p{Ll}\p{Lo}\p{Lm}\p{M}]+|\p{Lu}+(?!\p{Ll})")


@dataclass(frozen=True)
class Attribute:
    """What a column may be about; see the head of `policies/disclosure.yaml`."""

    name: str
    person: bool = False
    secret: bool = False
    unit: bool = False
    entities: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()


@dataclass(frozen=True)
class CombinationRule:
    """Attributes that are grave together: one column for each choice in `needs`."""

    rule: str
    needs: tuple[tuple[str, ...], ...]
    sensitivity: Sensitivity
    reason: str


@dataclass(frozen=True)
class Rules:
    """The rule file, read. `counts` are headings of columns that count people."""

    attributes: tuple[Attribute, ...]
    counts: tuple[str, ...]
    combinations: tuple[CombinationRule, ...]


@lru_cache
def load_rules(path: Path = RULES) -> Rules:
    """Read the attributes and combination rules that ship with the engine."""
    data = yaml.safe_load(path.read_text("utf-8"))
    return Rules(
        attributes=tuple(_attribute(each) for each in data["attributes"]),
        counts=tuple(heading_words(word) for word in data["counts"]),
        combinations=tuple(_combination(each) for each in data["combinations"]),
    )


def attribute_of(column: ColumnReport, rules: Rules) -> Attribute | None:
    """Say what a column is about: what the scan found in it decides, else its heading; None for anything else."""
    found = {each.entity for each in column.entities}
    heading = f" {heading_words(column.name)} "
    by_entity = (each for each in rules.attributes if found.intersection(each.entities))
    by_heading = (each for each in rules.attributes if _names(heading, each.headers))
    return next(by_entity, None) or next(by_heading, None)


def counts_people(column: ColumnReport, rules: Rules) -> bool:
    """Say whether a column's heading is one of a count of people."""
    return _names(f" {heading_words(column.name)} ", rules.counts)


def heading_words(heading: str) -> str:
    """Return a heading as lower-case whole words between single spaces.

    >>> heading_words("dateOfBirth_1")
    'date of birth'
    """
    return " ".join(WORD.findall(unicodedata.normalize("NFC", heading))).casefold()


def _names(heading: str, phrases: tuple[str, ...]) -> bool:
    return any(f" {phrase} " in heading for phrase in phrases)


def _attribute(data: Mapping[str, Any]) -> Attribute:
    headers = tuple(heading_words(header) for header in data.get("headers", ()))
    return Attribute(**{**data, "entities": tuple(data.get("entities", ())), "headers": headers})


def _combination(data: Mapping[str, Any]) -> CombinationRule:
    needs = tuple(tuple(choice) for choice in data["needs"])
    return CombinationRule(data["rule"], needs, Sensitivity(data["sensitivity"]), data["reason"])
