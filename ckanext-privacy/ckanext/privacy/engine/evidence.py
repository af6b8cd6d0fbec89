"""What speaks for an entity in one column, before the rest of the table is looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import yaml

from .findings import Sensitivity
from .headings import Meaning, meanings
from .profile import ColumnProfile
from .shapes import TESTS
from .values import Values

ENTITIES = Path(__file__).with_name("lexicon") / "entities.yaml"


@dataclass(frozen=True)
class Kind:
    """What the engine knows about an entity; see the head of :file:`lexicon/entities.yaml`."""

    entity: str
    label: str
    sensitivity: Sensitivity
    values: str
    people: bool = False


@dataclass(frozen=True)
class Evidence:
    """Why a column may hold an entity. ``values`` are those that show it, empty when the whole column does."""

    entity: str
    confidence: float
    detectors: tuple[str, ...]
    rows: int
    values: tuple[str, ...] = ()
    first_rows: tuple[int, ...] = ()


@dataclass
class Column:
    """A column with everything that is known about it."""

    profile: ColumnProfile
    values: Values
    said: dict[str, Meaning]
    evidence: dict[str, Evidence] = field(default_factory=dict)

    def add(self, evidence: Evidence) -> None:
        """Keep the stronger of two pieces of evidence, with the detectors of both."""
        known = self.evidence.get(evidence.entity)
        if known is None:
            self.evidence[evidence.entity] = evidence
            return
        best = max(known, evidence, key=lambda each: each.confidence)
        self.evidence[evidence.entity] = Evidence(
            evidence.entity,
            max(known.confidence, evidence.confidence),
            tuple(dict.fromkeys(known.detectors + evidence.detectors)),
            max(known.rows, evidence.rows),
            best.values or known.values or evidence.values,
            known.first_rows or evidence.first_rows,
        )


@lru_cache
def load_kinds(path: Path = ENTITIES) -> dict[str, Kind]:
    """Read the entities the engine knows."""
    data = yaml.safe_load(path.read_text("utf-8"))
    return {
        entity: Kind(entity, **{**facts, "sensitivity": Sensitivity(facts["sensitivity"])})
        for entity, facts in data.items()
    }


def column_of(profile: ColumnProfile) -> Column:
    """Start a column with what its heading says and its cells bear out."""
    column = Column(profile, Values(profile.sample, profile.filled), meanings(profile.label))
    for evidence in _from_heading(column):
        column.add(evidence)
    return column


def _from_heading(column: Column) -> list[Evidence]:
    found = []
    if not column.values.real:
        return found
    for entity, kind in load_kinds().items():
        meaning = column.said.get("COORDINATES" if entity == "HOUSEHOLD_COORDINATES" else entity)
        if meaning is None or not meaning.strong:
            continue
        support = TESTS[kind.values](column.values)
        if support >= 0.4:
            confidence = round((0.5 + 0.4 * meaning.coverage) * min(1.0, 0.4 + support), 2)
            found.append(Evidence(entity, confidence, ("header",), round(support * column.profile.filled)))
    return found
