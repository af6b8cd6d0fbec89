"""Rows of a sheet, kept by pieces: in memory while they are few, on disk otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from ckanext.privacy.engine.tables import RawFile, blank_to_null

from .plain_sheets import Piece
from .unpacking import Scratch

#: Rows in one batch, rows without a cell that a batch may have within it, and cells of a batch of such rows.
ROWS, BETWEEN, CELLS = 20_000, 100, 400_000


@dataclass(frozen=True)
class _Kept:
    """Some rows: the number of the first, how many they are, and where they lie."""

    first: int
    height: int
    place: pl.DataFrame | Path

    def rows(self) -> pl.DataFrame:
        return self.place if isinstance(self.place, pl.DataFrame) else pl.read_ipc(self.place)


@dataclass
class SheetStore:
    """Takes a sheet's pieces in order, then gives their rows as often as needed. Rows and columns count from 0.

    ``height`` and ``width`` are the rows and columns up to the last cell, ``filled`` how many cells there are.
    """

    raw: RawFile
    height: int = 0
    width: int = 0
    filled: int = 0
    _first: int = 0
    _taken: list[pl.DataFrame] = field(default_factory=list)
    _kept: list[_Kept] = field(default_factory=list)
    _columns: set[int] = field(default_factory=set)
    _memory: int = 0
    _scratch: Scratch | None = None

    def add(self, piece: Piece) -> None:
        """Take in the rows that follow."""
        if not piece.rows.width:
            return
        between = piece.first - self.height
        if not self._taken or between > BETWEEN or sum(rows.height for rows in self._taken) >= ROWS:
            self.put_away()
            self._first = piece.first
        elif between:
            self._taken.append(_blank(piece.rows.columns, between))
        self._taken.append(piece.rows)
        self.height = piece.first + piece.rows.height
        self._columns.update(map(int, piece.rows.columns))
        self.width = max(self._columns) + 1
        self.filled += piece.rows.height * piece.rows.width - sum(piece.rows.null_count().row(0))

    def put_away(self) -> None:
        """Keep what was taken in last."""
        if not self._taken:
            return
        rows = blank_to_null(pl.concat(self._taken, how="diagonal"))
        self._taken.clear()
        self._memory += int(rows.estimated_size())
        self._kept.append(_Kept(self._first, rows.height, self._place(rows)))

    def _place(self, rows: pl.DataFrame) -> pl.DataFrame | Path:
        if self._memory <= self.raw.limits.batch:
            return rows
        self._scratch = self._scratch or Scratch()
        path = self._scratch.place(f"{len(self._kept)}.arrow")
        rows.write_ipc(path, compression="lz4")
        self.raw.room.bytes -= path.stat().st_size
        return path

    @property
    def left(self) -> int:
        """The first column with a cell."""
        return min(self._columns, default=0)

    def batches(self, header: Sequence[str]) -> Iterator[pl.DataFrame]:
        """All rows from the first of the sheet on, under these names from the first column with a cell on."""
        done, names = 0, {str(place): name for place, name in enumerate(header, self.left)}
        for kept in self._kept:
            yield from _blanks(header, kept.first - done)
            rows = kept.rows()
            missing = [pl.lit(None, pl.String).alias(name) for name in names if name not in rows.columns]
            yield rows.with_columns(missing).select(pl.col(own).alias(name) for own, name in names.items())
            done = kept.first + kept.height


def _blanks(header: Sequence[str], count: int) -> Iterator[pl.DataFrame]:
    most = max(1, CELLS // max(1, len(header)))
    for start in range(0, count, most):
        yield _blank(header, min(most, count - start))


def _blank(header: Sequence[str], count: int) -> pl.DataFrame:
    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, count)
    return pl.DataFrame(dict.fromkeys(header, nothing))
