"""What the one pass over a table leaves for its verdict, so that the file is not read a second time.

A short table's batches stay in memory. Of a longer one, hashes of the columns that may matter go to disk; a column that
turns out to matter and was not foreseen is read anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import polars as pl

from .attributes import load_rules
from .groups import hashed
from .roles import may_matter
from .settings import RiskSettings
from .tables import Table

#: Text of a table, and its batches in memory, up to which they stay there, in bytes.
SHORT, IN_MEMORY = 32 << 20, 128 << 20


@dataclass
class Passing:
    """A table on its pass; ``columns`` are hashed into ``folder`` on the way, none of a short table."""

    table: Table
    columns: tuple[str, ...]
    folder: Path
    cuts: int = 0
    done: bool = False
    _kept: dict[int, pl.DataFrame] = field(default_factory=dict)
    _room: int = IN_MEMORY

    @classmethod
    def of(cls, table: Table, settings: RiskSettings, folder: Path) -> Passing:
        """Foresee by the headings which columns of a longer table its verdict will ask for."""
        rules = load_rules()
        likely = (name for name in table.header if may_matter(name, settings, rules)) if table.weight > SHORT else ()
        return cls(table, tuple(likely), folder)

    def watched(self) -> Table:
        """The table for its pass: whoever parses a part of it leaves what is kept of it."""
        return replace(self.table, cut=self._cuts)

    def passed(self) -> Table:
        """The table as it is known after the pass."""
        if self.columns or not self.done or len(self._kept) != self.cuts:
            return replace(self.table, hashes=self._hashes)
        batches = [self._kept[number] for number in range(self.cuts) if self._kept[number].height]
        return replace(self.table, read=lambda: batches, cut=None)

    def _cuts(self) -> Iterator[Callable[[], pl.DataFrame]]:
        for number, cut in enumerate(self.table.cuts()):
            yield partial(self._take, number, cut)
            self.cuts = number + 1
        self.done = True

    def _take(self, number: int, cut: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        batch = cut()
        if self.columns:
            hashed(batch, self.columns).write_ipc(self.folder / f"{number:06}.arrow")
        elif self._room > 0:
            self._room -= int(batch.estimated_size())
            self._kept[number] = batch
        elif self._kept:
            self._kept.clear()
        return batch

    def _hashes(self, names: Sequence[str]) -> list[Path] | None:
        """Where hashes of some columns are, batch by batch in order; None where some of them were not kept."""
        parts = sorted(self.folder.glob("*.arrow"))
        whole = self.done and len(parts) == self.cuts and set(names) <= set(self.columns)
        return parts if whole else None
