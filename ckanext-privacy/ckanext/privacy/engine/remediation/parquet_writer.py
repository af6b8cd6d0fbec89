"""Write cleaned rows as Parquet: columns that the plan leaves alone keep their types."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import polars as pl
import pyarrow.parquet as pq

from ckanext.privacy.engine.errors import InvalidPlan
from ckanext.privacy.engine.sentences import say

from .steps import Cleaner


class ParquetWriter:
    """Writes batch by batch; what is not changed is copied from the source."""

    def __init__(self, fresh: Path, source: Path) -> None:
        self._fresh, self._source = fresh, source
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> ParquetWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._writer:
            self._writer.close()

    def write(self, cleaner: Cleaner) -> None:
        """Write the rows that are kept. Raises `InvalidPlan` where the plan reaches into nested columns."""
        typed, done = pl.scan_parquet(self._source), 0
        changed = [name for step in cleaner.plan.steps if step.action not in {"drop", "keep"} for name in step.columns]
        changed += [
            name for rule in (cleaner.plan.small_groups, cleaner.plan.small_counts) if rule for name in rule.columns
        ]
        own = typed.collect_schema().names()
        self._check(cleaner, own, changed)
        numeric = cleaner.numeric_columns()
        for _, after, keep in cleaner.batches():
            if cleaner.plan.aggregate:
                self._put(after)
                continue
            rows = typed.slice(done, after.height).collect().drop(cleaner.dropped, strict=False)
            done += after.height
            new = [_typed(after[name], numeric.get(name)) for name in changed if name in rows.columns]
            self._put(rows.with_columns(new).filter(keep))

    def leave_out(self, name: str) -> None:
        """What is not written is left out."""

    @staticmethod
    def _check(cleaner: Cleaner, own: list[str], changed: Sequence[str]) -> None:
        nested = [name for name in (*changed, *cleaner.dropped) if name not in own]
        if nested and not cleaner.plan.aggregate:
            raise InvalidPlan(
                say(
                    "{columns}: lies in a nested column; write the cleaned file as .csv or .xlsx.",
                    columns=", ".join(nested),
                )
            )

    def _put(self, rows: pl.DataFrame) -> None:
        table = rows.to_arrow()
        if self._writer is None:
            # The source's own metadata is not copied: programs keep previews and descriptions of rows there.
            self._writer = pq.ParquetWriter(self._fresh, table.schema.remove_metadata())
        self._writer.write_table(table.replace_schema_metadata(None))


def _typed(cells: pl.Series, whole: bool | None) -> pl.Series:
    """Changed cells are text; years, rounded numbers and coordinates are numbers, as no other text is among them."""
    if whole is None:
        return cells
    return cells.cast(pl.Int64 if whole else pl.Float64, strict=False)
