"""What a scan found, as frozen dataclasses that mirror the JSON report one to one.

Only positions, counts and masked examples are kept: a report can be stored and shown without becoming
another copy of the personal data it is about.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import Enum
from typing import Any

from .errors import UnreadableFile


class Outcome(str, Enum):
    """What the policy asks for before a release, from least to most."""

    CLEAR = "clear"
    ONE_STEWARD = "one_steward"
    TWO_STEWARDS = "two_stewards"
    BLOCKED = "blocked"

    @property
    def rank(self) -> int:
        """Position in the order above, 0 is least."""
        return list(Outcome).index(self)


class Sensitivity(str, Enum):
    """How grave it would be for people if the values became public."""

    NONE = "none"
    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"
    SEVERE = "severe"

    @property
    def rank(self) -> int:
        """Position in the order above, 0 is least."""
        return list(Sensitivity).index(self)


@dataclass(frozen=True)
class FileFacts:
    """The file as it was read; ``encoding`` is None for binary formats."""

    name: str
    sha256: str
    bytes: int
    format: str
    encoding: str | None = None


@dataclass(frozen=True)
class EngineFacts:
    """What looked: version, names of the recognizers that ran, country packs, wall-clock seconds."""

    version: str
    recognizers: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class PolicyFacts:
    """Which policy judged."""

    name: str
    version: str


@dataclass(frozen=True)
class Held:
    """Something that could not be looked at: why, and where in the file.

    ``by_eye``: people can, as they see a picture or hear a recording.
    """

    reason: str
    where: str
    by_eye: bool = False

    @classmethod
    def of(cls, error: UnreadableFile, name: str) -> Held:
        """What an error says of a file; `name` is where, unless the error knows better."""
        return cls(error.reason, error.where or name, error.by_eye)


@dataclass(frozen=True)
class EntityFinding:
    """One kind of personal data that the engine believes is in a column.

    ``confidence`` and ``share`` lie in 0..1, ``share`` is of the column's filled rows, ``first_rows`` are 1-based data
    rows, ``examples`` are masked.
    """

    entity: str
    confidence: float
    rows: int
    share: float
    detectors: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    first_rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class ColumnReport:
    """The verdict on one column; ``rows`` counts its filled cells, ``reason`` is one sentence."""

    name: str
    rows: int
    sensitive: bool
    sensitivity: Sensitivity
    reason: str
    entities: tuple[EntityFinding, ...] = ()


@dataclass(frozen=True)
class SmallCell:
    """Groups of people too small to publish: ``groups`` combinations of ``columns`` have fewer rows than the limit.

    ``smallest`` is the size of the smallest such group.
    """

    columns: tuple[str, ...]
    groups: int
    smallest: int


@dataclass(frozen=True)
class Combination:
    """Columns that point at a person, or at something sensitive about one, only together."""

    rule: str
    columns: tuple[str, ...]
    sensitivity: Sensitivity
    reason: str


@dataclass(frozen=True)
class Diversity:
    """How well a group hides a sensitive column: its groups of equal quasi-identifiers hold at least ``l`` values.

    ``t`` is the farthest that a group's shares of the values lie from the whole table's, 0..1 (t-closeness with equal
    distances); None for a column of too many values to be a category. ``told`` counts rows in groups of two or more
    that all have the same value: it is known of their people without finding their row.
    """

    column: str
    l: int  # noqa: E741 - the literature's name, beside k
    t: float | None = None
    told: int = 0


@dataclass(frozen=True)
class Undone:
    """Small counts that were left out of a table and come out again by subtracting from its totals.

    ``cells`` such counts in the ``column``; ``first_rows`` are 1-based data rows.
    """

    column: str
    cells: int
    first_rows: tuple[int, ...]


@dataclass(frozen=True)
class Dominance:
    """Amounts of which too few contributors make up most: ``cells`` of ``columns`` fail the ``rule``."""

    columns: tuple[str, ...]
    rule: str
    cells: int


@dataclass(frozen=True)
class Points:
    """How finely a table's coordinates tell places apart.

    ``metres`` is how far apart the nearest of its different points typically lie, or the last decimal's size where that
    is more: what a reader learns of a place. ``alone``: points with no other within 100 metres, of ``points`` in all.
    """

    columns: tuple[str, ...]
    points: int
    decimals: int
    metres: float
    alone: int


@dataclass(frozen=True)
class RiskReport:
    """Disclosure risk of a whole table; ``k`` and ``sample_uniques`` are None where no quasi-identifier was found.

    ``counted`` says what k counts: ``rows``, ``people`` (where one has several rows: ``most_rows`` at most), or the
    ``counts`` in a table of them. ``other_quasi_identifiers`` are too weak to be among those that are combined.
    ``special_uniques`` are sample uniques that one or two columns give away already.
    ``not_said`` holds a sentence for each figure that was left out or estimated.
    """

    quasi_identifiers: tuple[str, ...] = ()
    k: int | None = None
    sample_uniques: int | None = None
    small_cells: tuple[SmallCell, ...] = ()
    combinations: tuple[Combination, ...] = ()
    l_diversity: tuple[Diversity, ...] = ()
    other_quasi_identifiers: tuple[str, ...] = ()
    counted: str = ""
    people: int | None = None
    most_rows: int | None = None
    special_uniques: int | None = None
    undone: tuple[Undone, ...] = ()
    dominance: tuple[Dominance, ...] = ()
    points: tuple[Points, ...] = ()
    not_said: tuple[str, ...] = ()


@dataclass(frozen=True)
class MetadataFinding:
    """Personal data in a dataset's description.

    ``field`` is the field's name, ``start`` and ``end`` the place in its text, ``example`` is masked.
    """

    field: str
    entity: str
    confidence: float
    sensitivity: Sensitivity
    start: int
    end: int
    example: str
    reason: str


@dataclass(frozen=True)
class TableReport:
    """One table, sheet or list of records of a file; ``rows`` counts its data rows."""

    name: str
    hidden: bool
    rows: int
    columns: tuple[ColumnReport, ...]
    risk: RiskReport = dataclasses.field(default_factory=RiskReport)


@dataclass(frozen=True)
class FileReport:
    """Everything a scan says about one file; the same as one object of the JSON report."""

    file: FileFacts
    engine: EngineFacts
    policy: PolicyFacts
    outcome: Outcome
    held: tuple[Held, ...] = ()
    tables: tuple[TableReport, ...] = ()


def to_dict(report: Any) -> dict[str, Any]:
    """Turn a report, or any part of one, into plain JSON types."""
    return dataclasses.asdict(report, dict_factory=_plain_dict)


def from_dict(data: dict[str, Any]) -> FileReport:
    """Build a report from what :func:`to_dict` made of it; a missing required key raises ``KeyError``."""
    return FileReport(
        file=FileFacts(**data["file"]),
        engine=EngineFacts(**_tuples(data["engine"])),
        policy=PolicyFacts(**data["policy"]),
        outcome=Outcome(data["outcome"]),
        held=tuple(Held(**held) for held in data["held"]),
        tables=tuple(_table(table) for table in data["tables"]),
    )


def _table(data: dict[str, Any]) -> TableReport:
    columns = tuple(_column(column) for column in data["columns"])
    return TableReport(**{**data, "columns": columns, "risk": _risk(data["risk"])})


def _column(data: dict[str, Any]) -> ColumnReport:
    entities = tuple(EntityFinding(**_tuples(entity)) for entity in data["entities"])
    return ColumnReport(**{**data, "entities": entities, "sensitivity": Sensitivity(data["sensitivity"])})


def _risk(data: dict[str, Any]) -> RiskReport:
    cells = tuple(SmallCell(**_tuples(cell)) for cell in data["small_cells"])
    combinations = tuple(
        Combination(**_tuples({**combination, "sensitivity": Sensitivity(combination["sensitivity"])}))
        for combination in data["combinations"]
    )
    parts = {
        name: tuple(kind(**_tuples(each)) for each in data.get(name, ()))
        for name, kind in {"l_diversity": Diversity, "undone": Undone, "dominance": Dominance, "points": Points}.items()
    }
    return RiskReport(**{**_tuples(data), **parts, "small_cells": cells, "combinations": combinations})


def _tuples(data: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}


def _plain_dict(items: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key: _plain(value) for key, value in items}


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
