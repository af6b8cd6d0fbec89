"""One streaming pass over a table: what every column is made of, in bounded memory.

Every cell is tested. A table is taken in batches, each profiled for itself and then merged in the file's order, so that
threads, processes and machines can share the work: merging is associative, and the result is the same however the
batches were shared out.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import cached_property, partial
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import numpy as np
import polars as pl

from .finder import Finder
from .tables import Table
from .threads import in_order

#: Rows drawn for statistics, and distinct values of them that are looked at.
DRAWN, SAMPLE = 2_000, 400
#: Distinct candidates of one key kept for confirmation; further rows are still counted.
OF_KEY = 16
#: Cells of one key in a batch among which distinct ones are looked for.
LOOKED = 64
#: Share of distinct cells below which a column is tested by its distinct cells, and cells on which that is judged.
REPETITIVE, JUDGED = 0.25, 8_000
#: Cells of a column that are tested as they come.
FEW = 2_000
#: Longest text kept of a candidate, in characters.
LONGEST = 20_000

#: Cells are told apart by their hash, which nobody outside the process knows: no file can hide one behind another.
_SEED = secrets.randbits(64)


@dataclass(frozen=True)
class Watch:
    """What is looked for: ``watched`` names the recognizers that can make a finding under a heading.

    Those in ``unpatterned`` have no pattern, and ``check`` says of a text whether they flag it. ``remake`` is a
    function, and its arguments, that make the same in another process.
    """

    finder: Finder
    watched: Callable[[str], tuple[str, ...]]
    unpatterned: frozenset[str]
    check: Callable[[str, str], bool]
    remake: tuple[Callable[..., Watch], tuple[Any, ...]]

    def __reduce__(self) -> tuple[Callable[..., Watch], tuple[Any, ...]]:
        return self.remake


class Key(NamedTuple):
    """What tells matches apart that a recognizer may judge differently: see :func:`_keys`."""

    length: int
    start: str
    signs: int
    domain: str


@dataclass
class Candidates:
    """Values of one key that a recognizer may flag: their rows, and some distinct ones with the first row of each."""

    rows: int = 0
    values: dict[str, int] = field(default_factory=dict)

    def merge(self, other: Candidates, offset: int) -> None:
        """Take in candidates of later rows, ``offset`` rows further down."""
        self.rows += other.rows
        for value, row in other.values.items():
            if len(self.values) >= OF_KEY:
                return
            self.values.setdefault(value, row + offset)


@dataclass(frozen=True)
class Draw:
    """Rows drawn at random: those of the lowest priorities, which are random numbers. Aligned, in order of priority."""

    priorities: np.ndarray
    rows: np.ndarray
    values: tuple[str, ...]

    def merge(self, other: Draw, offset: int) -> Draw:
        """Draw from the rows of both; ``other`` stands ``offset`` rows further down."""
        if len(self.values) == DRAWN:
            # Both are in order of priority: most of what comes late to a long table is out of the draw already.
            other = other.head(int(np.searchsorted(other.priorities, self.bound)))
            if not other.values:
                return self
        priorities = np.concatenate([self.priorities, other.priorities])
        rows = np.concatenate([self.rows, other.rows + offset])
        kept = np.argsort(priorities, kind="stable")[:DRAWN]
        values = self.values + other.values
        return Draw(priorities[kept], rows[kept], tuple(map(values.__getitem__, kept.tolist())))

    @property
    def bound(self) -> float:
        """The priority from which further rows are not drawn."""
        return float(self.priorities[-1]) if len(self.values) == DRAWN else math.inf

    def head(self, count: int) -> Draw:
        """The rows of the lowest priorities."""
        return Draw(self.priorities[:count], self.rows[:count], self.values[:count])


NOTHING_DRAWN = Draw(np.array([]), np.array([], dtype=np.int64), ())


@dataclass
class ColumnProfile:
    """What one column is made of. ``filled`` counts cells that are not blank.

    ``found`` holds candidates by recognizer and by what their matches look like: see :func:`_keys`.
    """

    name: str
    label: str
    filled: int = 0
    drawn: Draw = NOTHING_DRAWN
    found: dict[str, dict[Key, Candidates]] = field(default_factory=dict)

    def merge(self, other: ColumnProfile, offset: int) -> None:
        """Take in a profile of later rows, ``offset`` rows further down."""
        self.filled += other.filled
        self.drawn = self.drawn.merge(other.drawn, offset)
        self.__dict__.pop("sample", None)
        self.__dict__.pop("first_rows", None)
        for name, keys in other.found.items():
            mine = self.found.setdefault(name, {})
            for key, candidates in keys.items():
                mine.setdefault(key, Candidates()).merge(candidates, offset)

    @cached_property
    def sample(self) -> dict[str, int]:
        """Distinct values among the rows drawn, and how many of those rows hold each, in the file's order."""
        counts: dict[str, int] = {}
        for value in self.drawn.values:
            if value in counts or len(counts) < SAMPLE:
                counts[value] = counts.get(value, 0) + 1
        return {value: counts[value] for value in self.first_rows if value in counts}

    @cached_property
    def first_rows(self) -> dict[str, int]:
        """The first of the rows drawn that holds each value, in the file's order."""
        order = np.argsort(self.drawn.rows, kind="stable")
        first: dict[str, int] = {}
        for value, row in zip(map(self.drawn.values.__getitem__, order), self.drawn.rows[order].tolist(), strict=True):
            first.setdefault(value, row)
        return first


@dataclass
class TableProfile:
    """Rows and columns, in the file's order, of a table or of a part of it."""

    rows: int = 0
    columns: dict[str, ColumnProfile] = field(default_factory=dict)

    def merge(self, other: TableProfile) -> None:
        """Take in the profile of the rows that follow."""
        for name, column in other.columns.items():
            self.columns.setdefault(name, ColumnProfile(name, column.label)).merge(column, self.rows)
        self.rows += other.rows

    def bounds(self) -> dict[str, float]:
        """For each column, the priority from which further rows are not drawn."""
        return {name: column.drawn.bound for name, column in self.columns.items()}


class Kept(Protocol):
    """Keeps finished parts of a table by their number."""

    def get(self, part: int) -> TableProfile | None:
        """The profile of a part, if it is finished."""
        ...

    def add(self, part: int, profile: TableProfile) -> None:
        """Keep a finished part."""
        ...


def profile_table(
    table: Table,
    watch: Watch,
    progress: Callable[[float], None],
    executor: Executor | None = None,
    kept: Kept | None = None,
) -> TableProfile:
    """Look at every cell of a table, in threads or by an executor. ``progress`` is told the share done, 0..1.

    What ``kept`` has is not done again.
    """
    labels = dict(zip(table.header, table.labels, strict=True))
    whole = TableProfile(columns={name: ColumnProfile(name, label) for name, label in labels.items()})
    for number, part in enumerate(in_order(_tasks(table, whole, watch, kept), executor)):
        if kept:
            kept.add(number, part)
        whole.merge(part)
        progress(table.share(whole.rows))
    return whole


def _tasks(table: Table, whole: TableProfile, watch: Watch, kept: Kept | None) -> Iterator[Callable[[], TableProfile]]:
    labels = {name: column.label for name, column in whole.columns.items()}
    for number, cut in enumerate(table.cuts()):
        known = kept.get(number) if kept else None
        yield partial(_same, known) if known else Job(number, cut, labels, watch, whole.bounds())


def _same(profile: TableProfile) -> TableProfile:
    return profile


@dataclass(frozen=True)
class Job:
    """One batch, to be parsed and profiled wherever there is time for it; ``bounds`` are those of earlier ones."""

    number: int
    cut: Callable[[], pl.DataFrame]
    labels: dict[str, str]
    watch: Watch
    bounds: dict[str, float]

    def __call__(self) -> TableProfile:
        return profile_batch(self.cut(), self.number, self.labels, self.watch, self.bounds)


def profile_batch(
    batch: pl.DataFrame,
    number: int,
    labels: dict[str, str],
    watch: Watch,
    bounds: Mapping[str, float] = MappingProxyType({}),
) -> TableProfile:
    """Profile one batch; ``number`` is its place in the table, and seeds what is drawn from it.

    No rows are drawn that rows of earlier batches leave no room for, whose ``bounds`` are given.
    """
    priorities = np.random.default_rng(number).random(batch.height)
    order = _lowest(priorities, 2 * DRAWN)
    columns = {}
    for name in batch.columns:
        draw = _Lots(priorities, order, bounds.get(name, math.inf))
        columns[name] = _profile_column(batch[name], ColumnProfile(name, labels.get(name, "")), draw, watch)
    return TableProfile(batch.height, columns)


class _Lots(NamedTuple):
    """Priorities of a batch's rows, the rows of the lowest ones in order, and what a row must be under."""

    priorities: np.ndarray
    order: np.ndarray
    bound: float


def _lowest(priorities: np.ndarray, count: int) -> np.ndarray:
    """Places of the lowest priorities, in their order."""
    if len(priorities) <= count:
        return np.argsort(priorities)
    lowest = np.argpartition(priorities, count)[:count]
    return lowest[np.argsort(priorities[lowest])]


def _profile_column(cells: pl.Series, column: ColumnProfile, lots: _Lots, watch: Watch) -> ColumnProfile:
    column.filled = cells.len() - cells.null_count()
    if not column.filled:
        return column
    column.drawn = _drawn(cells, column.filled, lots)
    names = watch.watched(column.label)
    frame = _distinct(cells)
    for name, found in watch.finder.find(frame["text"], names):
        seen = _checked(found, name, watch) if name in watch.unpatterned else found
        if seen.height:
            if "rows" not in frame.columns:
                frame = _counted(frame, cells)
            column.found[name] = _candidates(frame, seen, watch.finder.patterns[name])
    return column


def _checked(found: pl.DataFrame, name: str, watch: Watch) -> pl.DataFrame:
    flags = [watch.check(name, text) for text in found["text"]]
    return found.filter(pl.Series(flags, dtype=pl.Boolean))


def _drawn(cells: pl.Series, filled: int, lots: _Lots) -> Draw:
    """The filled rows of the lowest priorities, as far as they are under the bound."""
    priorities, order, bound = lots
    under = order[: np.searchsorted(priorities[order], bound)]
    taken = cells.gather(under)
    if taken.null_count():
        kept = taken.is_not_null().to_numpy()
        whole = len(under) < len(order)
        under, taken = under[kept], taken.drop_nulls()
        if not whole and taken.len() < min(DRAWN, filled):
            rows = cells.is_not_null().arg_true().to_numpy()
            rows = rows[priorities[rows] < bound]
            under = rows[_lowest(priorities[rows], DRAWN)]
            taken = cells.gather(under)
    under = under[:DRAWN]
    return Draw(priorities[under], under.astype(np.int64) + 1, tuple(taken.head(DRAWN).to_list()))


def _distinct(cells: pl.Series) -> pl.DataFrame:
    """Cells with their row, counted from 1; where they repeat, distinct ones with their first row."""
    frame = pl.DataFrame({"text": cells}).with_row_index("row", 1)
    if cells.null_count():
        frame = frame.drop_nulls("text")
    some = frame["text"].head(JUDGED)
    if frame.height <= FEW or some.n_unique() > REPETITIVE * len(some):
        return frame
    return frame[frame["text"].hash(_SEED).arg_unique().sort()]


def _counted(frame: pl.DataFrame, cells: pl.Series) -> pl.DataFrame:
    """Say how many rows hold each of some cells, which are distinct ones or all."""
    if frame.height == cells.len() - cells.null_count():
        return frame.with_columns(pl.lit(1, pl.UInt32).alias("rows"))
    counts = cells.rename("text").to_frame().group_by("text").agg(pl.len().alias("rows"))
    return frame.join(counts, on="text", maintain_order="left")


def _candidates(frame: pl.DataFrame, found: pl.DataFrame, pattern: str) -> dict[Key, Candidates]:
    """Group candidates by what their matches look like; a cell's long text stands for itself up to a length."""
    match = found["text"].str.extract(pattern, 0).alias("match")
    known = frame[found["cell"]].rename({"text": "value"}).with_columns(match).rechunk()
    mails = bool(known["match"].str.contains("@", literal=True).any())
    # One question to polars: each that it is asked by itself costs as much as some thousands of rows.
    groups = (
        known.lazy()
        .select("value", "row", "rows", *_keys(mails))
        .unique(["row", *Key._fields], maintain_order=True)
        .sort("row")
        .group_by(Key._fields, maintain_order=True)
        .agg(pl.col("rows").sum(), pl.col("value").head(LOOKED), pl.col("row").head(LOOKED))
        .collect()
    )
    candidates = {}
    for *key, count, values, first in groups.iter_rows():
        one = candidates[Key(*key)] = Candidates(count)
        for value, row in zip(values, first, strict=True):
            if len(one.values) < OF_KEY:
                one.values.setdefault(value[:LONGEST], row)
    return candidates


def _keys(mails: bool) -> list[pl.Expr]:
    """What tells matches apart that recognizers prove differently: length, country letters, signs, an e-mail's domain.

    The keys are few by construction, so that no flood of odd values can crowd out a rare one. ``mails`` says that some
    may be e-mail addresses.
    """
    match = pl.col("match")
    length = match.str.len_bytes().clip(0, 64)
    start = match.str.extract(r"^[A-Za-z]{1,2}", 0).str.to_uppercase()
    signs = match.str.count_matches(r"[^0-9A-Za-z]").clip(0, 4).fill_null(0).alias("signs")
    if not mails:
        nothing = pl.lit("").alias("domain")
        return [length.fill_null(0).alias("length"), start.fill_null("").alias("start"), signs, nothing]
    mail = match.str.contains("@", literal=True)
    domain = match.str.extract(r"\.([^.@]+)$", 1).str.to_lowercase()
    return [
        pl.when(~mail).then(length).otherwise(0).fill_null(0).alias("length"),
        pl.when(~mail).then(start).fill_null("").alias("start"),
        signs,
        pl.when(mail)
        .then(pl.format("{}{}", domain.str.extract(r"^.{1,4}", 0), domain.str.len_bytes().clip(0, 9)))
        .fill_null("")
        .alias("domain"),
    ]
