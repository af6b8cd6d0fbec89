"""Sizes of groups of equal rows, exact on tables of any length: a row is a few hashes in a file, and memory is bounded.

A value is compared without regard to case and surrounding space. A group's key is one 64-bit mix of its values' hashes;
with a hundred million different groups, the chance that any two are taken for one is 3 in 10,000.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
import polars as pl

from .forms import contiguous

#: Rows grouped at a time; a longer table is grouped in parts by its keys, each part on its own.
ROWS_AT_A_TIME = 4_000_000
#: A column is tidied value by value only where a batch repeats its values so often, which some of its cells show.
REPEATS, JUDGED = 0.5, 8_000
#: Secret columns with more different values are measures: their shares in a small group say nothing.
MOST_CATEGORIES = 50

KEY, PERSON, SIZE, ROW = "#key", "#person", "#size", "#row"
#: Bytes without which a text is tidy: capitals, space of all kinds, and what may be either beyond ASCII.
UNTIDY = bytes(range(33)) + string.ascii_uppercase.encode() + bytes(range(0x80, 0x100))

#: An odd factor, so that multiplying loses nothing; its odd multiples give every column a factor of its own.
FACTOR = 0x9E3779B97F4A7C15


@dataclass(frozen=True)
class Groups:
    """The groups of rows with equal values: rows, groups, the smallest, the largest, of one row, under the limit.

    Where rows are counted by person, a group's size is its number of people.
    """

    rows: int = 0
    groups: int = 0
    smallest: int | None = None
    unique: int = 0
    small: int = 0
    largest: int = 0


@dataclass(frozen=True)
class Variety:
    """A secret's values within groups: the fewest different ones, the farthest shares, rows whose group has but one."""

    least: int
    farthest: float | None
    told: int


def hashed(batch: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Columns of text as hashes, null where blank; a column that the batch lacks is blank in it."""
    raw = batch.select(pl.col(name).hash() for name in names if name in batch.columns)
    columns = [
        _tidied(batch[name], raw[name]) if name in raw.columns else pl.repeat(None, batch.height, dtype=pl.UInt64)
        for name in names
    ]
    pairs = zip(columns, names, strict=True)
    return pl.DataFrame([column.alias(name) for column, name in pairs])


def _tidied(cells: pl.Series, raw: pl.Series) -> pl.Series:
    """Hashes of the cells without case and outer space. Tidying is dear: repeated cells are tidied once."""
    if raw.head(JUDGED).n_unique() > REPEATS * min(JUDGED, len(cells)):
        return _without_blanks(cells, raw) if _is_tidy(cells) else _tidy(cells)
    first = raw.arg_unique()
    some, seen = cells.gather(first), raw.gather(first)
    tidy = _tidy(some)
    other = seen.ne_missing(tidy) & some.is_not_null()
    known = raw.set(cells.is_null(), None) if cells.null_count() else raw
    return known.replace(seen.filter(other), tidy.filter(other)) if other.any() else known


def _tidy(cells: pl.Series) -> pl.Series:
    text = cells if _is_tidy(cells) else cells.str.strip_chars().str.to_lowercase()
    return _without_blanks(text, text.hash())


def _without_blanks(text: pl.Series, hashes: pl.Series) -> pl.Series:
    return hashes.set(text.is_null() | (text == ""), None)


def _is_tidy(cells: pl.Series) -> bool:
    """Whether no cell has anything that tidying could change: numbers and codes, as a rule."""
    _, text = contiguous(cells)
    return len(text.translate(None, UNTIDY)) == len(text)


@dataclass(frozen=True)
class Rows:
    """The rows of a table as hashes; `count` of them. `by_person`: the column #person says whose row it is."""

    frame: pl.LazyFrame
    count: int
    by_person: bool = False

    @classmethod
    def of(cls, batches: Iterable[pl.DataFrame], folder: Path, person: str | None) -> Rows:
        """Keep batches of hashes on disk. Rows without a `person` are each of a person of their own."""
        for number, batch in enumerate(batches):
            batch.write_ipc(folder / f"{number:06}.arrow")
        return cls.kept(sorted(folder.glob("*.arrow")), person)

    @classmethod
    def kept(cls, parts: Sequence[Path], person: str | None) -> Rows:
        """The rows of batches that are on disk already, in order; they may have other columns, too."""
        if not parts:
            return cls(pl.LazyFrame(), 0, person is not None)
        rows = pl.scan_ipc(list(parts), row_index_name=ROW)
        count = int(rows.select(pl.len()).collect().item())
        return cls(rows.with_columns(_person(person)) if person else rows, count, person is not None)

    def sizes(self, names: Sequence[str], limit: int) -> Groups:
        """Count the groups of rows that are equal in these columns; rows that are blank in all of them are left out."""
        whole = Groups()
        for part in self._parts(names):
            _, sizes = _runs(np.sort(part[KEY].to_numpy()))
            if len(sizes):
                whole = _together(whole, _groups(sizes, limit))
        return whole

    def variety(self, names: Sequence[str], secret: str) -> Variety | None:
        """Tell how the values of `secret` spread over the groups, without blank ones; None where all are blank."""
        filled = self.frame.filter(pl.col(secret).is_not_null() & _any_filled(names))
        whole = filled.group_by(secret).agg(pl.len().alias("#all")).collect(engine="streaming")
        if whole.is_empty():
            return None
        shares = whole.select(secret, (pl.col("#all") / pl.col("#all").sum()).alias("#share"))
        found = [_spread(part.drop_nulls(secret), shares) for part in self._parts(names, secret)]
        told = [each for each in found if each]
        farthest = max(each.farthest or 0.0 for each in told)
        category = whole.height <= MOST_CATEGORIES
        least = min(each.least for each in told)
        return Variety(least, round(farthest, 4) if category else None, sum(each.told for each in told))

    def varied(self, names: Sequence[str]) -> list[str]:
        """Those of the columns that have two different values at least, a blank being one."""
        if not names or not self.count:
            return []
        lowest = self.frame.select(pl.col(name).fill_null(0).min() for name in names)
        highest = self.frame.select(pl.col(name).fill_null(0).max() for name in names)
        rows = [each.collect(engine="streaming").row(0, named=True) for each in (lowest, highest)]
        return [name for name in names if rows[0][name] != rows[1][name]]

    def special(self, names: Sequence[str]) -> int:
        """Sample uniques that are unique by one or two of these columns alone (Elliot, Manning and Ford 2002)."""
        keys = self.frame.filter(_any_filled(names)).select(names).collect()
        pairs = combinations_with_replacement(names, 2)
        alone = [pl.len().over(*dict.fromkeys(pair)) == 1 for pair in pairs]
        return int(keys.select(pl.any_horizontal(alone).sum()).item()) if keys.height else 0

    def _parts(self, names: Sequence[str], *more: str) -> Iterator[pl.DataFrame]:
        """Keys of the filled rows, one row a person in each group, in parts that fit memory."""
        person = [PERSON] if self.by_person else []
        keyed = self.frame.filter(_any_filled(names)).select(key_of(names), *person, *more)
        parts = -(-self.count // ROWS_AT_A_TIME) or 1
        for number in range(parts):
            part = keyed.filter(pl.col(KEY) % parts == number) if parts > 1 else keyed
            yield (part.unique() if person else part).collect(engine="streaming")


def key_of(names: Sequence[str]) -> pl.Expr:
    """One hash for a row's values in these columns."""
    factors = [pl.lit(FACTOR * (2 * place + 1) % (1 << 64), pl.UInt64) for place in range(len(names))]
    mixed = [pl.col(name).fill_null(0) * factor for name, factor in zip(names, factors, strict=True)]
    return pl.sum_horizontal(mixed).hash().alias(KEY)


def _person(person: str) -> pl.Expr:
    own = pl.col(ROW).cast(pl.UInt64).hash(seed=7)
    return pl.coalesce(pl.col(person), own).alias(PERSON)


def _runs(ranked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each run of equal values in a sorted array starts, and how long it is."""
    starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]])) if len(ranked) else np.arange(0)
    return starts, np.diff(starts, append=len(ranked))


def _groups(sizes: np.ndarray, limit: int) -> Groups:
    facts = (sizes.sum(), len(sizes), sizes.min(), (sizes == 1).sum(), (sizes < limit).sum(), sizes.max())
    return Groups(*map(int, facts))


def _spread(part: pl.DataFrame, shares: pl.DataFrame) -> Variety | None:
    """Least variety, farthest shares and told rows over the groups of a part; `shares` are those of the whole table.

    A group's distance is half the sum of |p - q| over all values. Those that the group lacks add q each, so that only
    the values it has need be looked at; for a row alone it is 1 - q.
    """
    if part.is_empty():
        return None
    secret = shares.columns[0]
    rows = part.join(shares, on=secret, maintain_order="left").sort(KEY)
    starts, sizes = _runs(rows[KEY].to_numpy())
    alone = rows["#share"].to_numpy()[starts[sizes == 1]]
    rest = rows.filter(pl.Series(np.repeat(sizes > 1, sizes)))
    pairs = rest.group_by(KEY, secret).agg(pl.len().alias("#n"), pl.col("#share").first())
    share, of_all = pl.col("#n") / pl.col("#n").sum(), pl.col("#share")
    groups = pairs.group_by(KEY).agg(
        pl.len().alias("#l"), pl.col("#n").sum(), (((share - of_all).abs() - of_all).sum() + 1).alias("#far")
    )  # fmt: skip
    least = min([1] * bool(len(alone)) + groups["#l"].to_list())
    farthest = max(1 - alone.min(initial=1.0), groups["#far"].to_numpy().max(initial=0.0) / 2)
    return Variety(least, float(farthest), int(groups.filter(pl.col("#l") == 1)["#n"].sum()))


def _together(one: Groups, other: Groups) -> Groups:
    smallest = [each.smallest for each in (one, other) if each.smallest is not None]
    return Groups(
        one.rows + other.rows,
        one.groups + other.groups,
        min(smallest, default=None),
        one.unique + other.unique,
        one.small + other.small,
        max(one.largest, other.largest),
    )


def _any_filled(names: Sequence[str]) -> pl.Expr:
    return pl.any_horizontal(pl.col(name).is_not_null() for name in names)
