"""A sensible plan for what a scan found, with a reason for each step; a person is expected to read and change it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

from ckanext.privacy.engine.attributes import attribute_of
from ckanext.privacy.engine.attributes import load_rules as load_attributes
from ckanext.privacy.engine.documents import parse_yaml
from ckanext.privacy.engine.findings import (
    ColumnReport,
    EntityFinding,
    FileReport,
    RiskReport,
    Sensitivity,
    TableReport,
)
from ckanext.privacy.engine.points import axis

from .plan import Plan, SmallCounts, SmallGroups, Step, TablePlan
from .writers import PICTURE, TEXT_FORMATS

SUGGESTIONS = Path(__file__).with_name("suggestions.yaml")
#: Last parts of a path under which records hold a place, longitude first.
LONGITUDE_FIRST = ("coordinates", "middle")


@dataclass(frozen=True)
class Ladder:
    """What can be done to a column, each rung coarser than the one before; None keeps it as it is."""

    column: ColumnReport
    rungs: tuple[Step | None, ...]


def suggest_plan(report: FileReport) -> Plan:
    """Suggest a plan for a scanned file: nothing where nothing was found; hidden sheets always go."""
    if report.file.format == PICTURE:
        return Plan((), hidden_sheets="drop")
    one = report.file.format in TEXT_FORMATS
    tables = report.tables[:1] if one else report.tables
    plans = (suggest_table(table, None if one else table.name) for table in tables if not table.hidden)
    return Plan(tuple(plan for plan in plans if _does_something(plan)), hidden_sheets="drop")


def suggest_table(table: TableReport, name: str | None, rungs: Mapping[str, int] | None = None) -> TablePlan:
    """Suggest a plan for one table; `rungs` says how far up its ladder a column goes, the first rung otherwise."""
    chosen = {ladder.column.name: _rung(ladder, (rungs or {}).get(ladder.column.name, 0)) for ladder in ladders(table)}
    steps = paired([step for step in chosen.values() if step])
    dropped = {step.column for step in steps if step.action == "drop"}
    if table.risk.counted == "counts":
        return TablePlan(name, steps=tuple(steps), small_counts=_small_counts(table.risk))
    return TablePlan(name, steps=tuple(steps), small_groups=_small_groups(table.risk, dropped, steps))


def suggest_step(column: ColumnReport) -> Step | None:
    """Suggest what to do with one column by itself; None leaves it as it is."""
    return _ladder(column, repeated=False).rungs[0]


def ladders(table: TableReport) -> list[Ladder]:
    """What can be done to each column, in order: those that are sensitive, and those that help to find people."""
    finding = {*table.risk.quasi_identifiers, *table.risk.other_quasi_identifiers}
    repeated = table.risk.counted == "people"
    found = [_ladder(column, repeated=repeated, finding=column.name in finding) for column in table.columns]
    return [ladder for ladder in found if ladder.rungs != (None,)]


def _does_something(plan: TablePlan) -> bool:
    return bool(plan.steps or plan.small_groups or plan.small_counts)


def _rung(ladder: Ladder, place: int) -> Step | None:
    return ladder.rungs[min(place, len(ladder.rungs) - 1)]


def _ladder(column: ColumnReport, *, repeated: bool, finding: bool = False) -> Ladder:
    rules = load_rules()
    grave = column.sensitive and column.sensitivity.rank > Sensitivity(rules["leave_up_to"]).rank
    if not grave and not finding:
        return Ladder(column, (None,))
    found = max(column.entities, key=lambda each: (each.share, each.confidence), default=None)
    rule = _rule_for(found, rules, repeated=repeated) if grave else _rule_for_open(column, rules)
    return Ladder(column, tuple(_step(column, step, rule["why"]) for step in rule["steps"]))


def _step(column: ColumnReport, data: Mapping[str, Any] | None, why: str) -> Step | None:
    if data is None:
        return None
    options = {key: value for key, value in data.items() if key != "action"}
    if data["action"] == "generalise_place" and column.name.rpartition(".")[2] in LONGITUDE_FIRST:
        options["longitude_first"] = True
    return Step(column.name, data["action"], options, why)


def _rule_for_open(column: ColumnReport, rules: Mapping[str, Any]) -> Mapping[str, Any]:
    """What to do with a column that is not sensitive by itself: a code of one home is of no use in any crowd."""
    attribute = attribute_of(column, load_attributes())
    return rules["one_home"] if attribute and attribute.unit and attribute.name != "coordinates" else rules["open"]


def _rule_for(found: EntityFinding | None, rules: Mapping[str, Any], *, repeated: bool) -> Mapping[str, Any]:
    for rule in rules["suggestions"] if found else ():
        named = any(fnmatchcase(found.entity, pattern) for pattern in rule["entities"]) if found else False
        fits = found is not None and found.share < rule.get("below", 2) and (repeated or not rule.get("repeated"))
        if named and fits:
            return rule
    return rules["otherwise"]


def paired(steps: Sequence[Step]) -> list[Step]:
    """Latitude and longitude in two columns are changed together; half a place alone is no use to anybody."""
    places = {axis(step.column): step for step in steps if step.action == "generalise_place"}
    latitude, longitude = places.get("latitude"), places.get("longitude")
    if latitude and longitude:
        pair = replace(latitude, options={**latitude.options, "longitude": longitude.column})
        return [pair if step is latitude else step for step in steps if step is not longitude]
    half = latitude or longitude
    return [Step(step.column, "drop", {}, step.why) if step is half else step for step in steps]


def _small_groups(risk: RiskReport, dropped: set[str], steps: Sequence[Step]) -> SmallGroups | None:
    """Where people stand out: cells of the quasi-identifiers that are left are emptied in the rows of small groups."""
    hit = any(cell.columns == risk.quasi_identifiers for cell in risk.small_cells)
    emptied = {step.columns[1] for step in steps if len(step.columns) == 2 and "metres" not in step.options}
    names = (*risk.quasi_identifiers, *risk.other_quasi_identifiers)
    left = tuple(name for name in names if name not in dropped | emptied)
    people = next((step.column for step in steps if step.action == "pseudonymise"), "")
    return (
        SmallGroups(left, **load_rules()["small_groups"], people=people) if (hit or len(names) > 1) and left else None
    )


def _small_counts(risk: RiskReport) -> SmallCounts | None:
    """In a table of counts, a small cell's last column is the count."""
    named = [cell.columns[-1] for cell in risk.small_cells] + [each.column for each in risk.undone]
    counts = dict.fromkeys(named)
    return SmallCounts(tuple(counts), **load_rules()["small_counts"]) if counts else None


@lru_cache
def load_rules() -> dict[str, Any]:
    return parse_yaml(SUGGESTIONS.read_text("utf-8"))
