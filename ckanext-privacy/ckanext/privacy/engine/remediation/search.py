"""How coarse must it be: climb the ladders of a table's columns until few enough people stand out, losing least.

Source: a greedy walk through the lattice of full-domain generalisations; P. Samarati, "Protecting respondents'
identities in microdata release" (IEEE TKDE 13(6), 2001), with suppression of what is left over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from ckanext.privacy.engine.findings import FileReport, TableReport
from ckanext.privacy.engine.groups import hashed
from ckanext.privacy.engine.tables import Table, open_tables

from .plan import Plan, SmallGroups, Step, TablePlan
from .steps import Cleaner
from .suggest import Ladder, ladders, load_rules, paired, suggest_plan, suggest_table
from .writers import TEXT_FORMATS

Codes = np.ndarray


@dataclass(frozen=True)
class _Rung:
    """A column at one rung: for each row a number for its value, and the share of what it told that is lost, 0..1."""

    codes: Codes
    lost: float


def search_plan(path: str | Path, report: FileReport, target_k: int, *, name: str | None = None) -> Plan:
    """Suggest a plan by which everyone looks like at least `target_k` - 1 others, telling as much as a search finds.

    The search looks at the file's first rows; what is left over in small groups is emptied when the plan is applied, so
    that the target holds on all of it.
    """
    suggested = suggest_plan(report)
    one = report.file.format in TEXT_FORMATS
    found = {each.name: each for each in report.tables if not each.hidden}
    plans = {plan.table: plan for plan in suggested.tables}
    for table in open_tables(path, name).tables:
        key = None if one else table.name
        if key in plans and table.name in found and found[table.name].risk.counted != "counts":
            plans[key] = _search(table, found[table.name], plans[key], target_k)
    return replace(suggested, tables=tuple(plans.values()))


def _search(table: Table, report: TableReport, plan: TablePlan, target_k: int) -> TablePlan:
    finding = {*report.risk.quasi_identifiers, *report.risk.other_quasi_identifiers}
    climbing = [ladder for ladder in ladders(report) if ladder.column.name in finding]
    if not climbing or not plan.small_groups:
        return plan
    measured = _measure(table, climbing)
    rungs = _climb(measured, target_k)
    chosen = {ladder.column.name: rung for ladder, rung in zip(climbing, rungs, strict=True)}
    better = suggest_table(report, plan.table, chosen)
    groups = better.small_groups
    return replace(better, small_groups=_at_least(groups, target_k) if groups else None)


def _at_least(groups: SmallGroups, target_k: int) -> SmallGroups:
    return replace(groups, fewer_than=target_k)


def _measure(table: Table, climbing: Sequence[Ladder]) -> list[list[_Rung]]:
    """Each column at each rung over the table's first rows. Halves of a place climb together."""
    names = list(dict.fromkeys(ladder.column.name for ladder in climbing))
    rows = _first_rows(table, names, load_rules()["rows_looked_at"])
    sample = replace(table, read=lambda: [rows], header=tuple(names), labels=tuple(names))
    return [[_rung(sample, rows, ladder, step, climbing) for step in ladder.rungs] for ladder in climbing]


def _rung(sample: Table, rows: pl.DataFrame, ladder: Ladder, step: Step | None, climbing: Sequence[Ladder]) -> _Rung:
    name = ladder.column.name
    if step is None:
        return _Rung(_codes(rows, name), 0.0)
    steps = paired([step, *_partners(step, climbing)])
    mine = next((each for each in steps if name in each.columns), step)
    if mine.action == "drop":
        return _Rung(np.zeros(rows.height, dtype=np.int64), 1.0)
    cleaner = Cleaner(sample, tuple(rows.columns), TablePlan(steps=(mine,)), b"")
    changed = next(cleaner.batches())[1]
    lost = next((change.lost for change in cleaner.changes() if change.column == name), 0.0)
    return _Rung(_codes(changed, name), lost)


def _partners(step: Step, climbing: Sequence[Ladder]) -> list[Step]:
    """The same rung of the other half of a place."""
    others = [each for ladder in climbing for each in ladder.rungs if each and each.column != step.column]
    return [
        each for each in others if each.action == step.action == "generalise_place" and each.options == step.options
    ]


def _first_rows(table: Table, names: list[str], most: int) -> pl.DataFrame:
    taken, left = [pl.DataFrame(schema=dict.fromkeys(names, pl.String))], most
    for batch in table.batches():
        taken.append(batch.head(left).select(name for name in names if name in batch.columns))
        left -= batch.height
        if left <= 0:
            break
    return pl.concat(taken, how="diagonal")


def _codes(rows: pl.DataFrame, name: str) -> Codes:
    return hashed(rows, [name])[name].fill_null(0).rank("dense").to_numpy().astype(np.int64)


def _climb(measured: Sequence[Sequence[_Rung]], target_k: int) -> list[int]:
    """The rungs from which no more than the allowed share of rows is in small groups.

    Each step goes where most rows leave small groups for what is lost; then each column goes down again where it can.
    """
    places, allowed = [0] * len(measured), load_rules()["suppressed_at_most"]
    rows = len(measured[0][0].codes)
    small = _in_small_groups(measured, places, target_k)
    while small > allowed * rows:
        moves = [_move(measured, places, column, target_k, small) for column in range(len(measured))]
        best = max((move for move in moves if move), default=None)
        if best is None:
            break
        _, small, places = best[0], best[1], best[2]
    for column in range(len(places)):
        while places[column] and _lowered(measured, places, column, target_k) <= allowed * rows:
            places[column] -= 1
    return places


def _move(
    measured: Sequence[Sequence[_Rung]], places: list[int], column: int, target_k: int, small: int
) -> tuple[float, int, list[int]] | None:
    """One rung up in a column: what it brings for what it costs, and where it leads; None at the top."""
    place = places[column] + 1
    if place >= len(measured[column]):
        return None
    there = [*places[:column], place, *places[column + 1 :]]
    left = _in_small_groups(measured, there, target_k)
    cost = measured[column][place].lost - measured[column][place - 1].lost
    return (small - left) / max(cost, 0.01), left, there


def _lowered(measured: Sequence[Sequence[_Rung]], places: list[int], column: int, target_k: int) -> int:
    return _in_small_groups(measured, [*places[:column], places[column] - 1, *places[column + 1 :]], target_k)


def _in_small_groups(measured: Sequence[Sequence[_Rung]], places: Sequence[int], target_k: int) -> int:
    """Rows in groups of fewer than `target_k`."""
    key = np.zeros(len(measured[0][0].codes), dtype=np.int64)
    for column, place in zip(measured, places, strict=True):
        codes = column[place].codes
        _, key = np.unique(key * (codes.max(initial=0) + 1) + codes, return_inverse=True)
    sizes = np.bincount(key) if len(key) else np.zeros(0, dtype=np.int64)
    return int(sizes[sizes < target_k].sum())
