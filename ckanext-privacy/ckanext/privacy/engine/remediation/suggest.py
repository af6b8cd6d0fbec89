"""A sensible plan for what a scan found; a person is expected to read and change it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from ckanext.privacy.engine.findings import (
    ColumnReport,
    EntityFinding,
    FileReport,
    RiskReport,
    Sensitivity,
    TableReport,
)
from ckanext.privacy.engine.headings import words_of

from .plan import Plan, SmallCounts, SmallGroups, Step, TablePlan

SUGGESTIONS = Path(__file__).with_name("suggestions.yaml")
#: Words of a heading that tell the two halves of a place apart.
LATITUDE = frozenset({"lat", "latitude", "latitud", "latitudine", "breedtegraad", "अक्षांश", "y"})
LONGITUDE = frozenset({"lon", "lng", "long", "longitude", "longitud", "longitudine", "lengtegraad", "देशांतर", "x"})


def suggest_plan(report: FileReport) -> Plan:
    """Suggest a plan for a scanned file: nothing where nothing was found; hidden sheets always go."""
    one = report.file.encoding is not None
    tables = report.tables[:1] if one else report.tables
    plans = (_table(table, None if one else table.name) for table in tables if not table.hidden)
    return Plan(
        tuple(plan for plan in plans if plan.steps or plan.small_groups or plan.small_counts), hidden_sheets="drop"
    )


def _table(table: TableReport, name: str | None) -> TablePlan:
    steps = _paired([step for column in table.columns if (step := suggest_step(column))])
    dropped = {step.column for step in steps if step.action == "drop"}
    groups, counts = _small_groups(table.risk, dropped), _small_counts(table.risk)
    return TablePlan(name, steps=tuple(steps), small_groups=groups, small_counts=counts)


def suggest_step(column: ColumnReport) -> Step | None:
    """Suggest what to do with one column; None leaves it as it is."""
    rules = _rules()
    if not column.sensitive or column.sensitivity.rank <= Sensitivity(rules["leave_up_to"]).rank:
        return None
    found = max(column.entities, key=lambda each: (each.share, each.confidence), default=None)
    chosen = _chosen(found, rules) if found else rules["otherwise"]
    if chosen is None:
        return None
    options = {key: value for key, value in chosen.items() if key != "action"}
    return Step(column.name, chosen["action"], options)


def _chosen(found: EntityFinding, rules: Mapping[str, Any]) -> Mapping[str, Any] | None:
    for rule in rules["suggestions"]:
        named = any(fnmatchcase(found.entity, pattern) for pattern in rule["entities"])
        if named and found.share < rule.get("below", 2):
            return rule["step"]
    return rules["otherwise"]


def _paired(steps: Sequence[Step]) -> list[Step]:
    """Latitude and longitude in two columns are moved together."""
    places = {_axis(step.column): step for step in steps if step.action == "generalise_place"}
    latitude, longitude = places.get("latitude"), places.get("longitude")
    if not latitude or not longitude:
        return list(steps)
    pair = Step(latitude.column, latitude.action, {**latitude.options, "longitude": longitude.column})
    return [pair if step is latitude else step for step in steps if step is not longitude]


def _axis(column: str) -> str:
    words = set(words_of(column))
    if words & LATITUDE:
        return "latitude"
    return "longitude" if words & LONGITUDE else "both"


def _small_groups(risk: RiskReport, dropped: set[str]) -> SmallGroups | None:
    """Where people stand out: the quasi-identifiers that are left are emptied in the rows of small groups."""
    hit = any(cell.columns == risk.quasi_identifiers for cell in risk.small_cells)
    left = tuple(name for name in risk.quasi_identifiers if name not in dropped)
    return SmallGroups(left, **_rules()["small_groups"]) if hit and left else None


def _small_counts(risk: RiskReport) -> SmallCounts | None:
    """In a table of counts, a small cell's last column is the count."""
    counts = dict.fromkeys(cell.columns[-1] for cell in risk.small_cells if cell.columns != risk.quasi_identifiers)
    return SmallCounts(tuple(counts), **_rules()["small_counts"]) if counts else None


@lru_cache
def _rules() -> dict[str, Any]:
    return yaml.safe_load(SUGGESTIONS.read_text("utf-8"))
