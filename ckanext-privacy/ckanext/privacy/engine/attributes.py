"""What a column may be about, and which combinations of columns point at a person: rules read from a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from .documents import parse_yaml
from .findings import ColumnReport, Sensitivity
from .headings import meanings, words_of

RULES = Path(__file__).with_name("policies") / "disclosure.yaml"


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
    data = parse_yaml(path.read_text("utf-8"))
    return Rules(
        attributes=tuple(_attribute(each) for each in data["attributes"]),
        counts=tuple(heading_words(word) for word in data["counts"]),
        combinations=tuple(_combination(each) for each in data["combinations"]),
    )


def attribute_of(column: ColumnReport, rules: Rules) -> Attribute | None:
    """Say what a column is about: what the scan found in it decides, else its heading; None for anything else."""
    found = {each.entity for each in column.entities}
    said = {entity for entity, meaning in meanings(column.name).items() if meaning.strong or meaning.coverage == 1}
    phrases = heading_words(column.name)
    by_finding = (each for each in rules.attributes if found.intersection(each.entities))
    by_meaning = (each for each in rules.attributes if said.intersection(each.entities))
    by_phrase = (each for each in rules.attributes if _says(phrases, each.headers))
    return next(chain(by_finding, by_meaning, by_phrase), None)


def counts_people(column: ColumnReport, rules: Rules) -> bool:
    """Say whether a column's heading is one of a count of people."""
    return _says(heading_words(column.name), rules.counts)


def heading_words(text: str) -> str:
    """A heading as plain lower-case words between single spaces."""
    return " ".join(words_of(text))


def _says(heading: str, phrases: tuple[str, ...]) -> bool:
    return any(f" {phrase} " in f" {heading} " for phrase in phrases)


def _attribute(data: Mapping[str, Any]) -> Attribute:
    headers = tuple(heading_words(header) for header in data.get("headers", ()))
    return Attribute(**{**data, "entities": tuple(data.get("entities", ())), "headers": headers})


def _combination(data: Mapping[str, Any]) -> CombinationRule:
    needs = tuple(tuple(choice) for choice in data["needs"])
    return CombinationRule(data["rule"], needs, Sensitivity(data["sensitivity"]), data["reason"])
