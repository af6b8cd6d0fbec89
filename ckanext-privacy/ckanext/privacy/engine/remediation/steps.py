"""A table's plan at work: batches of text in, batches of changed text out, with a count of what was changed.

Rows are dropped first, then columns are changed one by one, then small counts are hidden, then small groups. Where a
step must know the whole table, the table is read once more before.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from functools import cached_property

import numpy as np
import polars as pl

from ckanext.privacy.engine.tables import Table

from .aggregate import Totals
from .changes import Change, Tally
from .counts import hidden_counts, hide
from .crowds import crowd_transform, is_crowded
from .plan import Condition, Step, TablePlan
from .small_groups import Suppression
from .transforms import Transform, build, place_pair

#: Actions whose outcome is a whole number, where it is a number.
WHOLE = frozenset({"generalise_date", "random_round"})
#: How a cell begins that spreadsheets take for a formula (OWASP, CSV injection).
FORMULA = r"^[=+@\t\r-][^\d\s.,]"

Batch = tuple[pl.DataFrame, pl.DataFrame, pl.Series]


class Cleaner:
    """Cleans one table. Iterate :meth:`batches` once; the counts are complete when it ends.

    `all_columns` are the table's columns with those of its longer rows, `columns` what is left of them.
    """

    def __init__(self, table: Table, all_columns: tuple[str, ...], plan: TablePlan, key: bytes) -> None:
        self.table, self.all_columns, self.plan, self.key = table, all_columns, plan, key
        self.rows = self.rows_dropped = self.formulas = 0
        self.dropped = (*(step.column for step in plan.steps if step.action == "drop"), *_emptied(plan))
        left = tuple(name for name in all_columns if name not in self.dropped)
        self.columns = Totals.columns(plan.aggregate) if plan.aggregate else left
        self._steps = [step for step in plan.steps if step.action not in {"drop", "keep"}]
        self._tallies: dict[str, Tally] = {}

    def batches(self) -> Iterator[Batch]:
        """Yield every batch as it was, with its columns changed or dropped, and which of its rows are kept.

        Where the table is aggregated there is one batch, of groups, and it was the same before.
        """
        if not self.plan.aggregate:
            yield from self._rows()
            return
        totals = Totals(self.plan.aggregate)
        for _, changed, keep in self._rows():
            totals.add(changed.filter(keep))
        groups = totals.table()
        yield groups, groups, pl.repeat(True, groups.height, eager=True)

    def _rows(self) -> Iterator[Batch]:
        for batch, kept in self._whole():
            changed = self._change(batch, self._tallies)
            if self.plan.small_counts:
                counted = hide(changed, self.plan.small_counts, self._hidden, self.rows)
                _count(self._tallies, "small_counts", self.plan.small_counts.columns, changed, counted)
                changed = counted
            keep = kept
            if self._suppression:
                blanked, large = self._suppression.apply(changed)
                _count(self._tallies, "small_groups", self._suppression.rule.columns, changed, blanked)
                changed, keep = blanked, keep & large
            self.rows += batch.height
            self.rows_dropped += batch.height - int(keep.sum())
            left = changed.drop(self.dropped, strict=False)
            self.formulas += sum(int((left[name].str.contains(FORMULA) & keep).sum()) for name in left.columns)
            yield batch, left, keep

    def head(self, rows: int) -> pl.DataFrame:
        """The table's first `rows` rows, changed; those that are dropped are missing. Counts nothing.

        Of a table that is aggregated, its first groups.
        """
        if self.plan.aggregate:
            return next(self.batches())[1].head(rows)
        empty = pl.DataFrame(schema=dict.fromkeys(self.all_columns, pl.String))
        batch, kept = next(self._whole(), (empty, pl.Series(dtype=pl.Boolean)))
        changed, keep = self._change(batch.head(rows), {}), kept.head(rows)
        if self.plan.small_counts:
            changed = hide(changed, self.plan.small_counts, self._hidden, 0)
        if self._suppression:
            changed, large = self._suppression.apply(changed)
            keep = keep & large
        return changed.filter(keep).drop(self.dropped, strict=False)

    def numeric_columns(self) -> dict[str, bool]:
        """Changed columns whose outcomes are numbers, and whether they are whole."""
        if self.plan.aggregate:
            return {self.plan.aggregate.count: True, **dict.fromkeys(self.plan.aggregate.sums, False)}
        return {name: step.action in WHOLE for step in self._steps if _is_numeric(step) for name in step.columns}

    @property
    def changing(self) -> tuple[str, ...]:
        """The columns whose cells the plan may change."""
        rules = (self.plan.small_groups, self.plan.small_counts)
        named = [name for step in self._steps for name in step.columns]
        return tuple(dict.fromkeys([*named, *(name for rule in rules if rule for name in rule.columns)]))

    def changes(self) -> tuple[Change, ...]:
        """What was done to each column so far."""
        return tuple(tally.change() for tally in self._tallies.values())

    def _whole(self) -> Iterator[tuple[pl.DataFrame, pl.Series]]:
        """The source's batches with every column, some only longer rows have, and which of their rows are kept."""
        seed = hmac.digest(self.key, f"sample of {self.table.name}".encode(), "sha256")
        draw, before = np.random.default_rng(int.from_bytes(seed, "big")), 0
        for batch in self.table.batches():
            absent = [pl.lit(None, pl.String).alias(name) for name in self.all_columns if name not in batch.columns]
            whole = batch.with_columns(absent)
            kept = whole.select(~_any(self.plan.drop_rows)).to_series() if self.plan.drop_rows else _all(whole)
            if self.plan.drop_hidden_rows and self.table.hidden_rows:
                hidden = [row in self.table.hidden_rows for row in range(before, before + whole.height)]
                kept = kept & ~pl.Series(hidden)
            before += whole.height
            if self.plan.sample:
                kept = kept & pl.Series(draw.random(whole.height) < self.plan.sample)
            yield whole, kept

    def _kept(self) -> Iterator[pl.DataFrame]:
        return (batch.filter(kept) for batch, kept in self._whole())

    @cached_property
    def _functions(self) -> list[tuple[Step, Transform | None]]:
        return [
            (step, None if len(step.columns) == 2 or is_crowded(step) else self._build(step)) for step in self._steps
        ]

    def _build(self, step: Step) -> Transform:
        return build(step.action, dict(step.options), step.column, self.key)

    @cached_property
    def _crowds(self) -> dict[str, object]:
        return {step.column: crowd_transform(step, self._kept()) for step in self._steps if is_crowded(step)}

    def _change(self, batch: pl.DataFrame, tallies: dict[str, Tally]) -> pl.DataFrame:
        before = batch
        for step, function in self._functions:
            batch = _map(batch, step, function) if function else self._move(batch, step)
            _count(tallies, step.action, step.columns, before, batch)
        return batch

    def _move(self, batch: pl.DataFrame, step: Step) -> pl.DataFrame:
        """A step that changes two columns together, or has looked at the whole table."""
        rows = batch.select(step.columns).unique(maintain_order=True)
        if is_crowded(step):
            move = self._crowds[step.column]
            new = [move(row) for row in rows.iter_rows()]  # type: ignore[operator]
        else:
            options = {name: value for name, value in step.options.items() if name != "longitude"}
            pair = place_pair(**options)
            new = [pair(lat, lon) if lat and lon else (None, None) for lat, lon in rows.iter_rows()]
        fresh = [f"{name}\x1fnew" for name in step.columns]
        moved = pl.DataFrame(new, schema=dict.fromkeys(fresh, pl.String), orient="row")
        joined = batch.join(
            pl.concat([rows, moved], how="horizontal"), on=list(step.columns), how="left", nulls_equal=True,
            maintain_order="left",
        )  # fmt: skip
        renamed = [pl.col(name).alias(column) for name, column in zip(fresh, step.columns, strict=True)]
        return joined.with_columns(renamed).drop(fresh)

    @cached_property
    def _hidden(self) -> pl.DataFrame | None:
        """Which cells of counts are hidden, where the whole table must be known for that."""
        rule = self.plan.small_counts
        return hidden_counts((self._change(batch, {}) for batch, _ in self._whole()), rule) if rule else None

    @cached_property
    def _suppression(self) -> Suppression | None:
        """What is blanked or dropped of small groups, from a pass of its own over the changed table."""
        rule = self.plan.small_groups
        if not rule:
            return None
        return Suppression.find((self._change(batch.filter(kept), {}) for batch, kept in self._whole()), rule)


def _is_of_rows(step: Step) -> bool:
    """Whether a step needs more than one cell at a time, or more than one row."""
    return len(step.columns) == 2 or is_crowded(step)


def _is_numeric(step: Step) -> bool:
    """Whether a step's outcome is always a number: a year, a rounded number, half of a place."""
    if step.action == "generalise_date":
        return step.options["to"] == "year"
    halves = step.action == "generalise_place" and "metres" in step.options and len(step.columns) == 2
    return halves or step.action in {"round_number", "random_round"}


def _emptied(plan: TablePlan) -> list[str]:
    """Columns of longitudes that a plus code or area leaves nothing in."""
    paired = [step for step in plan.steps if len(step.columns) == 2]
    return [step.columns[1] for step in paired if "metres" not in step.options]


def _map(batch: pl.DataFrame, step: Step, function: Transform) -> pl.DataFrame:
    values = batch[step.column].drop_nulls().unique()
    new = pl.Series([function(value) for value in values], dtype=pl.String)
    return batch.with_columns(pl.col(step.column).replace_strict(values, new, default=None, return_dtype=pl.String))


def _any(conditions: tuple[Condition, ...]) -> pl.Expr:
    return pl.any_horizontal(_holds(each) for each in conditions)


def _holds(condition: Condition) -> pl.Expr:
    """Whether a row is as the condition says; numbers are compared where the cell is one."""
    text = pl.col(condition.column).str.strip_chars()
    number = text.cast(pl.Float64, strict=False)
    tests = [text.str.to_lowercase().is_in([value.strip().lower() for value in condition.is_])] if condition.is_ else []
    tests += [number < condition.below] if condition.below is not None else []
    tests += [number > condition.above] if condition.above is not None else []
    tests += [text.is_null()] if condition.empty else []
    return pl.any_horizontal(tests).fill_null(value=False)


def _all(batch: pl.DataFrame) -> pl.Series:
    return pl.repeat(True, batch.height, eager=True)


def _count(
    tallies: dict[str, Tally], action: str, columns: tuple[str, ...], before: pl.DataFrame, after: pl.DataFrame
) -> None:
    for name in columns:
        tallies.setdefault(f"{name}\x1f{action}", Tally(name, action)).add(before[name], after[name])
