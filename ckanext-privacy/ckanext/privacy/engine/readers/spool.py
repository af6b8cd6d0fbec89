"""Records whose columns come to light while they are read: kept on disk in batches, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl

from ckanext.privacy.engine.tables import RawFile, Table, blank_to_null, name_columns

from .unpacking import Scratch

#: Cells in one batch.
CELLS = 400_000
#: Column that takes what does not fit into as many columns as a table may have.
FURTHER = "further values"


class Spool:
    """Collects records, then gives them as a table that can be read again and again.

    A record maps labels to text. Labels beyond the limit share one column, in which nothing is lost.
    """

    def __init__(self, raw: RawFile) -> None:
        self._raw = raw
        self._labels: dict[str, None] = {}
        self._records: list[Mapping[str, str]] = []
        self._cells = self._text = 0
        self._batches: list[pl.DataFrame | Path] = []
        self._scratch: Scratch | None = None
        self._names: Mapping[str, str] = {}
        self.rows = 0

    def add(self, record: dict[str, str]) -> None:
        """Take in a record; one without a value is a blank row."""
        if not record.keys() <= self._labels.keys():
            record = self._with_new_labels(record)
        self._records.append(record)
        self.rows += 1
        self._cells += len(self._labels)
        self._text += sum(map(len, record.values()))
        if self._cells >= CELLS or self._text >= self._raw.limits.batch:
            self._put_away()

    def _with_new_labels(self, record: dict[str, str]) -> dict[str, str]:
        room = self._raw.limits.columns - 1 - len(self._labels)
        fresh = [label for label in record if label not in self._labels]
        self._labels.update(dict.fromkeys(fresh[: max(0, room)]))
        if len(fresh) <= room:
            return record
        self._labels[FURTHER] = None
        fitting = {label: text for label, text in record.items() if label in self._labels}
        rest = (f"{label}: {text}" for label, text in record.items() if label not in self._labels)
        return {**fitting, FURTHER: "; ".join(rest)}

    def _put_away(self) -> None:
        batch = self._frame()
        if self._scratch is None:
            self._scratch = Scratch()
        path = self._scratch.place(f"{len(self._batches)}.arrow")
        batch.write_ipc(path, compression="lz4")
        self._raw.room.bytes -= path.stat().st_size
        self._batches.append(path)

    def _frame(self) -> pl.DataFrame:
        columns = {label: [record.get(label) for record in self._records] for label in self._labels}
        self._records, self._cells, self._text = [], 0, 0
        return blank_to_null(pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)))

    @property
    def width(self) -> int:
        """Columns so far."""
        return len(self._labels)

    def rename(self, names: Mapping[str, str]) -> None:
        """Give labels other names."""
        self._names = names

    def table(self, name: str, hidden: bool = False) -> Table:
        """Give what was collected as a table."""
        if self._records:
            self._batches.append(self._frame())
        labels = tuple(self._labels)
        shown = tuple(self._names.get(label, label) for label in labels)
        header = name_columns(shown)
        rows = max(1, self.rows)
        weight = self.rows * len(labels) * 8

        def read() -> Iterator[pl.DataFrame]:
            for batch in self._batches:
                yield _widened(batch if isinstance(batch, pl.DataFrame) else pl.read_ipc(batch), labels, header)

        return Table(name, header, shown, read, hidden, weight, share=lambda done: done / rows)


def _widened(batch: pl.DataFrame, labels: tuple[str, ...], header: tuple[str, ...]) -> pl.DataFrame:
    """A batch with the columns that later batches brought."""
    missing = [pl.lit(None, pl.String).alias(label) for label in labels if label not in batch.columns]
    batch = batch.with_columns(missing).select(labels) if missing else batch
    return batch.rename(dict(zip(labels, header, strict=True)))
