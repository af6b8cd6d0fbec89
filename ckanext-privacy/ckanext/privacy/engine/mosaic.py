"""A table beside other public ones: what can be joined to it, and what two of its editions tell by their difference.

Of a column a sketch is kept, and no value: the smallest of its values' keyed hashes. Without the key nobody can test a
value against it. Sources: of the sketch, Z. Bar-Yossef et al., "Counting distinct elements in a data stream" (RANDOM
2002); of the attack, P. Samarati and L. Sweeney (1998); of differencing, A. Hundepool et al., "Statistical Disclosure
Control" (Wiley, 2012), chapter 5.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from .attributes import CombinationRule, load_rules
from .findings import ColumnReport, Combination
from .groups import KEY, SIZE, hashed, key_of
from .roles import Roles
from .sentences import say
from .settings import RiskSettings
from .tables import Table

#: Hashes kept of a column.
KEPT = 256
#: Two columns can be joined when at least this share of the smaller one's values is in the other.
SHARED = 0.05
#: Columns with fewer different values join everything to everything.
FEW_VALUES = 20
#: A column that may join tables has, for this share of its rows at least, a value of its own.
TELLING = 0.1


@dataclass(frozen=True)
class ColumnSketch:
    """A column that could join tables: its attribute if it has one, different values, and the smallest keyed hashes.

    Hashes are the first eight bytes of HMAC-SHA-256, ascending; all of them where there are no more than 256 values.
    """

    name: str
    attribute: str
    distinct: int
    hashes: tuple[int, ...]


@dataclass(frozen=True)
class TableSketch:
    """What is kept of a public table: name, attributes of its columns, and sketches of those that could join."""

    name: str
    attributes: tuple[str, ...]
    columns: tuple[ColumnSketch, ...]


@dataclass(frozen=True)
class Link:
    """Two tables can be joined by a column of each: the share of the smaller one's values that both have, 0..1.

    `combinations` are those that only the two tables together make possible.
    """

    table: str
    columns: tuple[str, str]
    shared: float
    combinations: tuple[Combination, ...]


@dataclass(frozen=True)
class Editions:
    """What the difference of two editions of a table tells: groups whose size changed by fewer than the limit."""

    columns: tuple[str, ...]
    groups: int
    rows: int


def sketch_table(name: str, source: Table, columns: Sequence[ColumnReport], key: bytes) -> TableSketch:
    """Sketch a table to be compared with others; `key` is the site's and must stay secret and the same."""
    known = Roles(tuple(columns), RiskSettings(), load_rules())
    collected: dict[str, _Collected] = {}
    rows = 0
    for batch in source.batches():
        rows += batch.height
        for column in batch.columns:
            collected.setdefault(column, _Collected(key)).add(batch[column])
    sketches = []
    for column, values in collected.items():
        if values.distinct >= max(FEW_VALUES, TELLING * rows):
            attribute = known.attributes.get(column)
            sketches.append(
                ColumnSketch(column, attribute.name if attribute else "", values.distinct, tuple(values.smallest))
            )
    found = tuple(dict.fromkeys(attribute.name for attribute in known.attributes.values()))
    return TableSketch(name, found, tuple(sketches))


def mosaic(new: TableSketch, public: Iterable[TableSketch]) -> tuple[Link, ...]:
    """Find the public tables that can be joined to a new one, the most closely joined first."""
    links = [link for other in public if (link := _link(new, other))]
    return tuple(sorted(links, key=lambda link: -link.shared))


def compare_editions(
    before: Table, after: Table, columns: Sequence[ColumnReport], settings: RiskSettings | None = None
) -> Editions | None:
    """Tell what a new edition of a table gives away beside the one that is public already; None if nothing can be.

    Groups of equal quasi-identifiers and secrets are counted in both. A group that grew or shrank by fewer than
    `k_limit` shows who came or went. Both editions are read; nothing of them is kept.
    """
    settings = settings or RiskSettings()
    known = Roles(tuple(columns), settings, load_rules())
    names = [name for name in known.attributes if name in before.header and name in after.header]
    if not names or not known.is_about_people():
        return None
    both = _sizes(before, names).join(_sizes(after, names), on=KEY, how="full", coalesce=True).fill_null(0)
    change = (pl.col(SIZE).cast(pl.Int64) - pl.col(f"{SIZE}_right").cast(pl.Int64)).abs()
    few = both.select(change.alias("#change")).filter((pl.col("#change") > 0) & (pl.col("#change") < settings.k_limit))
    return Editions(tuple(names), few.height, int(few["#change"].sum()))


def to_plain(sketch: TableSketch) -> dict[str, Any]:
    """A sketch as plain data, to be stored."""
    return asdict(sketch)


def from_plain(data: dict[str, Any]) -> TableSketch:
    """The opposite of :func:`to_plain`, also after JSON."""
    columns = (ColumnSketch(**{**each, "hashes": tuple(each["hashes"])}) for each in data["columns"])
    return TableSketch(data["name"], tuple(data["attributes"]), tuple(columns))


def shared_values(one: ColumnSketch, other: ColumnSketch) -> float:
    """Estimate the share of the smaller column's values that both have, 0..1; within about 0.06, exact when short."""
    union = sorted({*one.hashes, *other.hashes})[:KEPT]
    if not union or not one.distinct or not other.distinct:
        return 0.0
    both = set(one.hashes) & set(other.hashes)
    alike = sum(value in both for value in union) / len(union)
    if max(one.distinct, other.distinct) <= KEPT:
        return len(both) / min(one.distinct, other.distinct)
    # Of |A| + |B| values in all, alike / (1 + alike) are counted twice.
    common = alike / (1 + alike) * (one.distinct + other.distinct)
    return min(1.0, common / min(one.distinct, other.distinct))


class _Collected:
    """A column's different values as they stream by: eight bytes for each, and the smallest keyed hashes."""

    def __init__(self, key: bytes) -> None:
        self._key, self._seen, self.smallest = key, pl.Series(dtype=pl.UInt64), list[int]()

    @property
    def distinct(self) -> int:
        """How many different values there were."""
        return self._seen.len()

    def add(self, cells: pl.Series) -> None:
        """Take in a batch."""
        values = cells.drop_nulls().str.strip_chars().str.to_lowercase().unique()
        hashes = values.hash()
        new = ~hashes.is_in(self._seen.implode())
        self._seen = pl.concat([self._seen, hashes.filter(new)])
        digests = (hmac.digest(self._key, value.encode(), "sha256")[:8] for value in values.filter(new))
        self.smallest = sorted([*self.smallest, *(int.from_bytes(digest, "big") for digest in digests)])[:KEPT]


def _link(new: TableSketch, other: TableSketch) -> Link | None:
    pairs = [
        (shared_values(one, two), one.name, two.name)
        for one in new.columns
        for two in other.columns
        if one.attribute == two.attribute
    ]
    shared, mine, theirs = max(pairs, default=(0.0, "", ""))
    if shared < SHARED:
        return None
    return Link(other.name, (mine, theirs), round(shared, 3), tuple(_only_together(new, other)))


def _only_together(new: TableSketch, other: TableSketch) -> Iterator[Combination]:
    """Combinations that neither table has by itself."""
    both = {*new.attributes, *other.attributes}
    for rule in load_rules().combinations:
        alone = _met(rule, set(new.attributes)) or _met(rule, set(other.attributes))
        if _met(rule, both) and not alone:
            names = tuple(next(each for each in choice if each in both) for choice in rule.needs)
            yield Combination(
                rule.rule, names, rule.sensitivity, say("{why} The two tables can be joined.", why=rule.reason)
            )


def _met(rule: CombinationRule, attributes: set[str]) -> bool:
    return all(attributes.intersection(choice) for choice in rule.needs)


def _sizes(table: Table, names: list[str]) -> pl.DataFrame:
    counted = pl.DataFrame(schema={KEY: pl.UInt64, SIZE: pl.UInt32})
    for batch in table.batches():
        keys = hashed(batch, names).select(key_of(names)).group_by(KEY).agg(pl.len().cast(pl.UInt32).alias(SIZE))
        counted = pl.concat([counted, keys]).group_by(KEY).agg(pl.col(SIZE).sum())
    return counted
