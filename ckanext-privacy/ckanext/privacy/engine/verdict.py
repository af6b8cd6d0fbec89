"""From evidence to verdict: what a column holds, seen together with the columns beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .attributes import heading_words, load_rules
from .evidence import Column, Evidence, load_kinds
from .findings import ColumnReport, EntityFinding, Sensitivity
from .masking import mask

#: Confidence from which an entity is believed.
BELIEVED = 0.5
#: Entities that point at a person by themselves; a table with one has rows about people.
POINTERS = frozenset({"PERSON", "NATIONAL_ID", "DATE_OF_BIRTH"})
#: Entities that tell of people when two of them stand together.
TRAITS = frozenset({"AGE", "SEX", "HEALTH", "MARITAL_STATUS", "RELIGION", "CASTE_OR_ETHNICITY", "NATIONALITY"})
EXAMPLES = 3


@dataclass(frozen=True)
class Setting:
    """What the table as a whole is about."""

    people: bool
    organisations: bool


def judge_columns(columns: Sequence[Column]) -> tuple[ColumnReport, ...]:
    """Give every column its report, in order."""
    setting = _setting(columns)
    return tuple(_report(column, setting) for column in columns)


def _setting(columns: Sequence[Column]) -> Setting:
    believed = [_believed(column) for column in columns]
    found = set().union(*believed) if believed else set()
    pointers = found & POINTERS
    people = bool(pointers) or (len(found & TRAITS) >= 2 and not _aggregated(columns))
    organisations = not pointers and any("ORGANISATION" in column.said for column in columns)
    return Setting(people, organisations)


def _believed(column: Column) -> set[str]:
    return {each.entity for each in column.evidence.values() if each.confidence >= BELIEVED}


def _aggregated(columns: Sequence[Column]) -> bool:
    """A table with a column that counts people has a row for a group, not for a person."""
    counts = load_rules().counts
    headings = [f" {heading_words(column.profile.label)} " for column in columns]
    return any(f" {word} " in heading for heading in headings for word in counts)


def _report(column: Column, setting: Setting) -> ColumnReport:
    profile, kinds = column.profile, load_kinds()
    found = sorted(_kept(column, setting), key=lambda each: -each.confidence)
    if not found:
        return ColumnReport(profile.name, profile.filled, False, Sensitivity.NONE, "Nothing about people was found.")
    grave = max((kinds[each.entity].sensitivity for each in found), key=lambda level: level.rank)
    entities = tuple(_finding(column, each) for each in found)
    first = found[0]
    reason = f"Holds {kinds[first.entity].label}, by {_and(first.detectors)}."
    return ColumnReport(profile.name, profile.filled, True, grave, reason, entities)


def _kept(column: Column, setting: Setting) -> list[Evidence]:
    kinds = load_kinds()
    return [
        each
        for each in column.evidence.values()
        if each.confidence >= BELIEVED and (setting.people or not kinds[each.entity].people)
    ]


def _finding(column: Column, evidence: Evidence) -> EntityFinding:
    values = evidence.values or tuple(column.values.real)
    filled = column.profile.filled
    rows = min(evidence.rows, filled)
    return EntityFinding(
        entity=evidence.entity,
        confidence=round(evidence.confidence, 3),
        rows=rows,
        share=round(rows / filled, 4) if filled else 0.0,
        detectors=evidence.detectors,
        examples=tuple(dict.fromkeys(mask(value) for value in values[:EXAMPLES])),
        first_rows=evidence.first_rows,
    )


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
