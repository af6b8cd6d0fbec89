"""A table's plan at work: batches of text in, batches of changed text out, with a count of what was changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from ckanext.privacy.engine.tables import Table

from .plan import SmallCounts, SmallGroups, Step, TablePlan
from .transforms import Transform, build, place_pair

#: Actions whose outcome is a number, and stays one in a workbook.
NUMERIC_ACTIONS = frozenset({"generalise_date", "generalise_place"})

_NONE = pl.Series(dtype=pl.UInt64)


@dataclass(frozen=True)
class Change:
    """What an action did to a column: filled cells, cells changed, cells blanked because they could not be read."""

    column: str
    action: str
    filled: int
    changed: int
    unreadable: int
    distinct_before: int
    distinct_after: int


class Tally:
    """Counts for one column over all batches. Distinct values are kept as hashes."""

    def __init__(self, column: str, action: str) -> None:
        self.column, self.action = column, action
        self.filled = self.changed = self.blanked = 0
        self.before, self.after = _NONE, _NONE

    def add(self, before: pl.Series, after: pl.Series) -> None:
        """Count one batch of the column, before and after the action."""
        self.filled += before.count()
        self.changed += int(before.ne_missing(after).sum())
        self.blanked += int((before.is_not_null() & after.is_null()).sum())
        self.before = pl.concat([self.before, before.drop_nulls().unique().hash()]).unique()
        self.after = pl.concat([self.after, after.drop_nulls().unique().hash()]).unique()

    def change(self) -> Change:
        """The counts so far."""
        unreadable = 0 if self.action in {"blank", "small_groups"} else self.blanked
        sizes = self.before.len(), self.after.len()
        return Change(self.column, self.action, self.filled, self.changed, unreadable, *sizes)


class Cleaner:
    """Cleans one table. Iterate :meth:`batches` once; the counts are complete when it ends.

    `all_columns` are the table's columns with those of its longer rows, `columns` what is left of them.
    """

    def __init__(self, table: Table, all_columns: tuple[str, ...], plan: TablePlan, key: bytes) -> None:
        self.table, self.all_columns, self.plan = table, all_columns, plan
        self.rows = self.rows_dropped = 0
        self.dropped = tuple(step.column for step in plan.steps if step.action == "drop")
        self.columns = tuple(name for name in all_columns if name not in self.dropped)
        self._functions = [(step, _function(step, key)) for step in plan.steps if step.action != "drop"]
        self._tallies: dict[str, Tally] = {}

    def batches(self) -> Iterator[tuple[pl.DataFrame, pl.DataFrame, pl.Series]]:
        """Yield every batch as it was, with its columns changed or dropped, and which of its rows are kept."""
        small = self._small_keys(self.plan.small_groups) if self.plan.small_groups else None
        for batch in self._whole():
            changed = self._change(batch, self._tallies)
            keep = pl.repeat(True, batch.height, eager=True)
            if self.plan.small_groups and small is not None:
                changed, keep = self._suppress(changed, self.plan.small_groups, small, self._tallies)
            self.rows += batch.height
            self.rows_dropped += batch.height - int(keep.sum())
            yield batch, changed.drop(self.dropped, strict=False), keep

    def head(self, rows: int) -> pl.DataFrame:
        """The table's first `rows` rows, changed; those that are dropped are missing. Counts nothing."""
        first = next(self._whole(), pl.DataFrame(schema=dict.fromkeys(self.all_columns, pl.String))).head(rows)
        changed, rule = self._change(first, {}), self.plan.small_groups
        if rule:
            changed, keep = self._suppress(changed, rule, self._small_keys(rule), {})
            changed = changed.filter(keep)
        return changed.drop(self.dropped, strict=False)

    def numeric_columns(self) -> frozenset[str]:
        """Changed columns whose outcomes that look like numbers are numbers."""
        return frozenset(name for step, _ in self._functions if step.action in NUMERIC_ACTIONS for name in step.columns)

    def changes(self) -> tuple[Change, ...]:
        """What was done to each column so far."""
        return tuple(tally.change() for tally in self._tallies.values())

    def _whole(self) -> Iterator[pl.DataFrame]:
        """The source's batches with every column: those that only longer rows have are missing in some."""
        for batch in self.table.batches():
            absent = [pl.lit(None, pl.String).alias(name) for name in self.all_columns if name not in batch.columns]
            yield batch.with_columns(absent)

    def _change(self, batch: pl.DataFrame, tallies: dict[str, Tally]) -> pl.DataFrame:
        before = batch
        for step, function in self._functions:
            batch = _apply(batch, step, function)
            _count(tallies, step.action, step.columns, before, batch)
        if self.plan.small_counts:
            counted = _hide_counts(batch, self.plan.small_counts)
            _count(tallies, "small_counts", self.plan.small_counts.columns, batch, counted)
            batch = counted
        return batch

    def _small_keys(self, rule: SmallGroups) -> pl.Series:
        """Hashes of the groups with too few rows, from a pass of their own over the changed table."""
        sizes = pl.DataFrame(schema={"key": pl.UInt64, "size": pl.UInt32})
        functions = [(step, function) for step, function in self._functions if set(step.columns) & set(rule.columns)]
        for batch in self._whole():
            for step, function in functions:
                batch = _apply(batch, step, function)  # noqa: PLW2901 - one step after the other
            if self.plan.small_counts:
                batch = _hide_counts(batch, self.plan.small_counts)  # noqa: PLW2901
            keys = pl.DataFrame({"key": _keys(batch, rule)})
            counted = keys.group_by("key").agg(pl.len().cast(pl.UInt32).alias("size"))
            sizes = pl.concat([sizes, counted]).group_by("key").agg(pl.col("size").sum())
        return sizes.filter(pl.col("size") < rule.fewer_than)["key"]

    @staticmethod
    def _suppress(
        batch: pl.DataFrame, rule: SmallGroups, small: pl.Series, tallies: dict[str, Tally]
    ) -> tuple[pl.DataFrame, pl.Series]:
        hit = _keys(batch, rule).is_in(small.implode())
        if rule.then == "drop_rows":
            return batch, ~hit
        blanked = batch.with_columns(pl.when(~hit).then(pl.col(name)).alias(name) for name in rule.columns)
        _count(tallies, "small_groups", rule.columns, batch, blanked)
        return blanked, pl.repeat(True, batch.height, eager=True)


def _function(step: Step, key: bytes) -> Transform:
    # The second column of a place says where to look, not what to do.
    options = {name: value for name, value in step.options.items() if name != "longitude"}
    return build(step.action, options, step.column, key)


def _apply(batch: pl.DataFrame, step: Step, function: Transform) -> pl.DataFrame:
    if len(step.columns) == 2:
        return _move(batch, step)
    values = batch[step.column].drop_nulls().unique()
    new = pl.Series([function(value) for value in values], dtype=pl.String)
    return batch.with_columns(pl.col(step.column).replace_strict(values, new, default=None, return_dtype=pl.String))


def _move(batch: pl.DataFrame, step: Step) -> pl.DataFrame:
    latitude, longitude = step.columns
    move = place_pair(step.options["metres"])
    pairs = zip(batch[latitude], batch[longitude], strict=True)
    moved = [move(lat, lon) if lat and lon else (None, None) for lat, lon in pairs]
    new = {name: pl.Series([pair[place] for pair in moved], dtype=pl.String) for place, name in enumerate(step.columns)}
    return batch.with_columns(**new)


def _hide_counts(batch: pl.DataFrame, rule: SmallCounts) -> pl.DataFrame:
    sign = rule.sign or f"<{rule.fewer_than}"
    number = [pl.col(name).str.strip_chars().cast(pl.Float64, strict=False) for name in rule.columns]
    small = [(count > 0) & (count < rule.fewer_than) for count in number]
    pairs = zip(rule.columns, small, strict=True)
    return batch.with_columns(
        pl.when(hit).then(pl.lit(sign)).otherwise(pl.col(name)).alias(name) for name, hit in pairs
    )


def _keys(batch: pl.DataFrame, rule: SmallGroups) -> pl.Series:
    parts = [pl.col(name).fill_null("").str.strip_chars().str.to_lowercase() for name in rule.columns]
    return batch.select(pl.concat_str(parts, separator="\x1f").hash().alias("key"))["key"]


def _count(
    tallies: dict[str, Tally], action: str, columns: tuple[str, ...], before: pl.DataFrame, after: pl.DataFrame
) -> None:
    for name in columns:
        tallies.setdefault(f"{name}\x1f{action}", Tally(name, action)).add(before[name], after[name])
