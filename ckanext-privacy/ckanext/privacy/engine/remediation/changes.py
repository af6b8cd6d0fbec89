"""What was done to a column, counted: cells changed, values left, and how much of what it told is lost."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

#: Actions that leave nothing of what a value means, though rows may still be joined by it.
OPAQUE = frozenset({"mask", "pseudonymise"})
#: Actions that empty cells on purpose.
EMPTYING = frozenset({"blank", "small_groups"})


@dataclass(frozen=True)
class Change:
    """What an action did to a column: filled cells, cells changed, cells blanked because they could not be read.

    `lost` is the share, 0..1, of what the column told that its readers lose: the normalised certainty penalty of J. Xu
    et al., "Utility-based anonymization using local recoding" (KDD 2006). A cell that stands for one of n values loses
    n - 1 of all but one; an empty cell loses all.
    """

    column: str
    action: str
    filled: int
    changed: int
    unreadable: int
    distinct_before: int
    distinct_after: int
    lost: float = 0.0


class Tally:
    """Counts for one column over all batches. Values are kept as hashes."""

    def __init__(self, column: str, action: str) -> None:
        self.column, self.action = column, action
        self.filled = self.changed = self.blanked = 0
        self._pairs = pl.DataFrame(schema={"before": pl.UInt64, "after": pl.UInt64, "rows": pl.UInt32})

    def add(self, before: pl.Series, after: pl.Series) -> None:
        """Count one batch of the column, before and after the action."""
        self.filled += before.count()
        self.changed += int(before.ne_missing(after).sum())
        self.blanked += int((before.is_not_null() & after.is_null()).sum())
        pairs = pl.DataFrame({"before": before, "after": after}).drop_nulls("before")
        hashed = pairs.group_by("before", "after").agg(pl.len().cast(pl.UInt32).alias("rows")).with_columns(
            pl.col("before").hash(), pl.when(pl.col("after").is_not_null()).then(pl.col("after").hash())
        )  # fmt: skip
        both = pl.concat([self._pairs, hashed.select(self._pairs.columns)])
        self._pairs = both.group_by("before", "after").agg(pl.col("rows").sum())

    def change(self) -> Change:
        """The counts so far."""
        unreadable = 0 if self.action in EMPTYING else self.blanked
        sizes = self._pairs["before"].n_unique(), self._pairs["after"].drop_nulls().n_unique()
        return Change(self.column, self.action, self.filled, self.changed, unreadable, *sizes, self._lost(sizes[0]))

    def _lost(self, distinct: int) -> float:
        if not self.filled or not self.changed:
            return 0.0
        if self.action in OPAQUE:
            return 1.0
        told = self._pairs.drop_nulls("after")
        alike = told.group_by("after").agg(pl.len().alias("values"), pl.col("rows").sum())
        weighed = (alike["values"] - 1) / max(distinct - 1, 1) * alike["rows"]
        return round((float(weighed.sum()) + self.blanked) / self.filled, 4)
