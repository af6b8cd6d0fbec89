"""One streaming pass over a table: what every column is made of, in bounded memory.

Every cell is tested by the prefilter; statistics of shape and the classifier look at a sample of distinct values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl

from .tables import Table

#: Distinct values kept for statistics, spread over the whole column.
SAMPLE = 400
#: Cells taken from each batch for the sample.
FROM_BATCH = 2_000
#: Distinct candidates of one shape kept for confirmation, and shapes told apart; further rows are still counted.
OF_SHAPE, SHAPES = 16, 4_000
#: Cells of one shape in a batch among which distinct ones are looked for.
LOOKED = 64
#: Longer values are text, told apart by what stands out in it.
CODE_LENGTH = 24

#: The shape of a value: letters run together, every digit a nine: "a@a.a", "a-9999".
_PLAIN = pl.col("value").str.replace_all(r"\p{L}+", "a").str.replace_all(r"\p{Nd}", "9")
_TEXT = pl.format(
    "text {} {}",
    pl.col("value").str.replace_all(r"[^@+(]", "").str.head(4),
    _PLAIN.str.count_matches("99999").clip(0, 3),
)
SHAPE = pl.when(_PLAIN.str.len_chars() <= CODE_LENGTH).then(_PLAIN).otherwise(_TEXT)

Prefilter = Callable[[pl.Series], pl.Series]


@dataclass
class Candidates:
    """Values of one shape that a recognizer may flag: their rows, and some distinct ones with the first row of each."""

    rows: int = 0
    values: dict[str, int] = field(default_factory=dict)


@dataclass
class ColumnProfile:
    """What one column is made of. ``filled`` counts cells that are not blank, ``sample`` distinct values and rows."""

    name: str
    label: str
    filled: int = 0
    sample: dict[str, int] = field(default_factory=dict)
    candidates: dict[str, Candidates] = field(default_factory=dict)

    def add(self, cells: pl.Series, offset: int, prefilter: Prefilter) -> None:
        """Take in a batch of the column; ``offset`` rows came before it."""
        filled = cells.len() - cells.null_count()
        if not filled:
            return
        self._add_sample(cells)
        self.filled += filled
        hits = pl.DataFrame({"value": cells}).with_row_index("row", offset + 1).filter(prefilter(cells))
        if hits.height:
            self._add_candidates(hits)

    def _add_sample(self, cells: pl.Series) -> None:
        step = max(1, cells.len() // FROM_BATCH)
        taken = cells.gather_every(step).drop_nulls().alias("value")
        room = SAMPLE if not self.filled else max(20, SAMPLE // 10)
        # In order, so that the same file gives the same report.
        counts = taken.to_frame().group_by("value", maintain_order=True).agg(pl.len().alias("rows"))
        distinct = counts.filter(~counts["value"].is_in(list(self.sample))) if self.sample else counts
        if distinct.height > room:
            distinct = distinct.sample(room, seed=distinct.height)
        kept = dict(distinct.iter_rows())
        for value, rows in counts.iter_rows():
            if value in self.sample or value in kept:
                self.sample[value] = self.sample.get(value, 0) + rows

    def _add_candidates(self, hits: pl.DataFrame) -> None:
        grouped = hits.group_by(SHAPE.alias("shape"), maintain_order=True).agg(
            pl.len().alias("rows"), pl.col("value").head(LOOKED), pl.col("row").head(LOOKED)
        )
        for shape, rows, values, first in grouped.iter_rows():
            known = self.candidates.setdefault(shape if len(self.candidates) < SHAPES else "many", Candidates())
            known.rows += rows
            for value, row in zip(values, first, strict=True):
                if len(known.values) < OF_SHAPE:
                    known.values.setdefault(value, row)


@dataclass
class TableProfile:
    """A table after the pass: number of rows, and its columns in the file's order."""

    table: Table
    rows: int
    columns: list[ColumnProfile]


def profile_table(table: Table, prefilter: Prefilter, progress: Callable[[float], None]) -> TableProfile:
    """Look at every cell of a table. ``progress`` is told the share done, 0..1, after every column of a batch."""
    columns = {name: ColumnProfile(name, label) for name, label in zip(table.header, table.labels, strict=True)}
    rows, before = 0, 0.0
    for batch in table.batches():
        step = max(0.0, table.share(rows + batch.height) - before)
        for position, name in enumerate(batch.columns, 1):
            column = columns.setdefault(name, ColumnProfile(name, ""))
            column.add(batch[name], rows, prefilter)
            progress(before + step * position / batch.width)
        rows, before = rows + batch.height, before + step
    return TableProfile(table, rows, list(columns.values()))
