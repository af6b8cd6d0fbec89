"""Groups of too few people: their rows are dropped, or cells of theirs are blanked until they lie in larger groups."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from ckanext.privacy.engine.groups import KEY, SIZE, hashed, key_of

from .anonymity import least_suppression
from .plan import SmallGroups

_PERSON = "#person"


@dataclass(frozen=True)
class Suppression:
    """What a rule does, found from the whole table: `cells` says by key of a small group which cells to blank."""

    rule: SmallGroups
    cells: pl.DataFrame

    @classmethod
    def find(cls, batches: Iterable[pl.DataFrame], rule: SmallGroups) -> Suppression:
        """Count the groups of the changed table; only different groups are held in memory, as hashes."""
        names = list(rule.columns)
        groups = _groups(batches, rule)
        if rule.then == "blank_least":
            return cls(rule, least_suppression(groups, names, rule.fewer_than))
        small = groups.filter(pl.col(SIZE) < rule.fewer_than).select(key_of(names))
        return cls(rule, small.with_columns(pl.lit(value=True).alias(name) for name in names))

    def apply(self, batch: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
        """A batch with cells blanked, and which rows are kept."""
        names = list(self.rule.columns)
        keys = hashed(batch, names).select(key_of(names))
        hits = keys.join(self.cells, on=KEY, how="left", maintain_order="left").fill_null(value=False)
        if self.rule.then == "drop_rows":
            return batch, ~hits[names[0]]
        blanked = batch.with_columns(pl.when(~hits[name]).then(pl.col(name)).alias(name) for name in names)
        return blanked, pl.repeat(True, batch.height, eager=True)


def _groups(batches: Iterable[pl.DataFrame], rule: SmallGroups) -> pl.DataFrame:
    """Different groups and their sizes: rows, or people.

    Where cells are to be blanked, a person counts only in the first of their groups, so that no group looks larger than
    it is when groups come together.
    """
    names = list(rule.columns)
    people = [_PERSON] if rule.people else []
    groups = pl.DataFrame(schema={**dict.fromkeys([*names, *people], pl.UInt64), SIZE: pl.UInt32})
    for batch in batches:
        rows = hashed(batch, names)
        if rule.people:
            rows = rows.with_columns(hashed(batch, [rule.people])[rule.people].alias(_PERSON))
        counted = rows.group_by([*names, *people], maintain_order=True).agg(pl.len().cast(pl.UInt32).alias(SIZE))
        both = pl.concat([groups, counted]).group_by([*names, *people], maintain_order=True)
        groups = both.agg(pl.col(SIZE).sum())
    if not rule.people:
        return groups
    counts = pl.lit(1, pl.UInt32)
    if rule.then == "blank_least":
        counts = (pl.int_range(pl.len()).over(_PERSON) == 0).cast(pl.UInt32)
    named = groups.with_columns(pl.when(pl.col(_PERSON).is_null()).then(pl.col(SIZE)).otherwise(counts).alias(SIZE))
    return named.group_by(names).agg(pl.col(SIZE).sum())
