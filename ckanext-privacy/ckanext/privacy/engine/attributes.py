"""What a column may be about, and which combinations of columns point at a person: rules read from a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from .documents import read_own
from .findings import ColumnReport, Sensitivity
from .headings import meanings, words_of

RULES = Path(__file__).with_name("policies") / "disclosure.yaml"


@dataclass(frozen=True)
class Attribute:
    """What a column may be about; see the head of `policies/disclosure.yaml`. `chosen`: a person said so."""

    name: str
    person: bool = False
    secret: bool = False
    unit: bool = False
    entities: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    chosen: bool = False


@dataclass(frozen=True)
class CombinationRule:
    """Attributes that are grave together: one column for each choice in `needs`."""

    rule: str
    needs: tuple[tuple[str, ...], ...]
    sensitivity: Sensitivity
    reason: str


@dataclass(frozen=True)
class Rules:
    """The rule file, read. `counts` and the like are headings; `persons` are entities that say whose row it is."""

    attributes: tuple[Attribute, ...]
    counts: tuple[str, ...]
    combinations: tuple[CombinationRule, ...]
    persons: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    contributors: tuple[str, ...] = ()
    periods: frozenset[str] = frozenset()
    totals: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    amounts: tuple[str, ...] = ()
    records: frozenset[str] = frozenset()


@lru_cache
def load_rules(path: Path = RULES) -> Rules:
    """Read the attributes and combination rules that ship with the engine."""
    data = read_own(path)
    return Rules(
        attributes=tuple(_attribute(each) for each in data["attributes"]),
        counts=tuple(heading_words(word) for word in data["counts"]),
        combinations=tuple(_combination(each) for each in data["combinations"]),
        persons=tuple(data["persons"]),
        measures=tuple(heading_words(word) for word in data["measures"]),
        contributors=tuple(heading_words(word) for word in data["contributors"]),
        periods=frozenset(heading_words(word) for word in data["periods"]),
        totals=frozenset(heading_words(word) for word in data["totals"]),
        codes=frozenset(heading_words(word) for word in data["codes"]),
        amounts=tuple(heading_words(word) for word in data["amounts"]),
        records=frozenset(heading_words(word) for word in data["records"]),
    )


def attribute_of(column: ColumnReport, rules: Rules) -> Attribute | None:
    """Say what a column is about: what the scan found in it decides, else its heading; None for anything else."""
    found = {each.entity for each in column.entities}
    said = {entity for entity, meaning in meanings(column.name).items() if meaning.strong}
    phrases = heading_words(column.name)
    by_finding = (each for each in rules.attributes if found.intersection(each.entities))
    by_meaning = (each for each in rules.attributes if said.intersection(each.entities))
    by_phrase = (each for each in rules.attributes if says(phrases, each.headers))
    return next(chain(by_finding, by_meaning, by_phrase), None)


def chosen_attribute(found: Attribute | None, name: str, *, secret: bool) -> Attribute:
    """The attribute of a column that a person named: what it is about anyway, in the role that was chosen."""
    return replace(found or Attribute(name, person=True), secret=secret, chosen=True)


def counts_people(heading: str, rules: Rules) -> bool:
    """Say whether a heading is one of a count of people: the number of cases, not the number of a case.

    Nor is it one where it says how old each is, "person age", unlike "persons aged 0 to 4", or what all of it came to:
    "total charges".
    """
    words = heading_words(heading)
    aged = "AGE" in meanings(heading) and not any(map(str.isdigit, heading))
    each = aged or says(words, rules.amounts)
    return says(words, rules.counts) and words.split()[-1] not in rules.codes and not each


def measures_groups(heading: str, rules: Rules) -> bool:
    """Say whether a heading is one of a figure that only a group can have: a rate, a mean, a share."""
    return says(heading_words(heading), rules.measures)


def counts_contributors(heading: str, rules: Rules) -> bool:
    """Say whether a heading is one of how many contributors make up an amount."""
    return says(heading_words(heading), rules.contributors)


def heading_words(text: str) -> str:
    """A heading as plain lower-case words between single spaces."""
    return " ".join(words_of(text))


def says(heading: str, phrases: tuple[str, ...]) -> bool:
    """Whether a heading, as plain words, holds one of some phrases."""
    return any(f" {phrase} " in f" {heading} " for phrase in phrases)


def _attribute(data: Mapping[str, Any]) -> Attribute:
    headers = tuple(heading_words(header) for header in data.get("headers", ()))
    return Attribute(**{**data, "entities": tuple(data.get("entities", ())), "headers": headers})


def _combination(data: Mapping[str, Any]) -> CombinationRule:
    needs = tuple(tuple(choice) for choice in data["needs"])
    return CombinationRule(data["rule"], needs, Sensitivity(data["sensitivity"]), data["reason"])
