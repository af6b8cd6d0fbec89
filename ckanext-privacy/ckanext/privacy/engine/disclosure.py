"""How easily can a person be found in a table without names: k-anonymity, l-diversity, uniques, small counts.

Sources: P. Samarati and L. Sweeney, "Protecting privacy when disclosing information: k-anonymity" (SRI-CSL-98-04,
1998) for quasi-identifiers and k; A. Machanavajjhala et al., "l-diversity: privacy beyond k-anonymity" (ACM TKDD 1(1),
2007) for l, in its plain form of distinct values; L. Sweeney, "Simple demographics often identify people uniquely"
(2000) for birth, sex and place; A. Hundepool et al., "Statistical Disclosure Control" (Wiley, 2012) for sample uniques
and minimum counts in tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from .attributes import Attribute, CombinationRule, Rules, attribute_of, counts_people, load_rules
from .findings import ColumnReport, Combination, Diversity, RiskReport, Sensitivity, SmallCell

#: Between the values of a group's key; no cell holds it.
SEPARATOR = "\x1f"
#: A column of counts has one at least this large; household sizes stay below.
LARGER_THAN_A_HOUSEHOLD = 30


@dataclass(frozen=True)
class RiskSettings:
    """Limits: groups of fewer than `k_limit` rows and counts under `small_cell_limit` are small.

    Only the `most_quasi_identifiers` strongest quasi-identifiers are combined: with enough columns every row is unique,
    which says nothing.
    """

    k_limit: int = 5
    small_cell_limit: int = 10
    most_quasi_identifiers: int = 8


@dataclass(frozen=True)
class Groups:
    """The groups of rows with equal values: their number, the smallest, those of one row, those under the limit."""

    rows: int
    groups: int
    smallest: int | None
    unique: int
    small: int


@dataclass(frozen=True)
class _Counts:
    """The counts above zero of a column: those under a limit, those of one, the smallest and largest (0 if none)."""

    small: int
    ones: int
    smallest: int
    largest: int


def table_risk(
    frame: pl.DataFrame | pl.LazyFrame, columns: Sequence[ColumnReport], settings: RiskSettings | None = None
) -> RiskReport:
    """Return the disclosure risk of a table whose column number n is described by ``columns[n]``.

    Cells are compared without regard to case and surrounding space; an empty cell is a value of its own, and rows empty
    in every quasi-identifier are left out. Values are hashed while they stream by, so that memory grows by about
    16 bytes for each distinct group, not by the width of the table. Where no column is about people, or all people in
    it are named in public office, the report is empty.
    """
    table = _Table(frame.lazy(), tuple(columns), settings or RiskSettings(), load_rules())
    if not table.is_about_people():
        return RiskReport()
    if table.is_aggregate():
        return table.aggregate_risk()
    quasi = table.quasi_identifiers
    if not quasi:
        return RiskReport(combinations=tuple(table.combinations()))
    groups = table.groups(quasi)
    return RiskReport(
        quasi_identifiers=table.names(quasi),
        k=groups.smallest,
        sample_uniques=groups.unique,
        small_cells=_small_cells(table.names(quasi), groups.small, groups.smallest),
        combinations=tuple(table.combinations()),
        l_diversity=tuple(table.diversity(quasi)),
    )


def _small_cells(columns: tuple[str, ...], groups: int, smallest: int | None) -> tuple[SmallCell, ...]:
    return (SmallCell(columns, groups, smallest),) if groups and smallest is not None else ()


@dataclass(frozen=True)
class _Table:
    """A table with what is known of its columns; columns are spoken of by number, since names may repeat."""

    frame: pl.LazyFrame
    columns: tuple[ColumnReport, ...]
    settings: RiskSettings
    rules: Rules

    @cached_property
    def fields(self) -> list[str]:
        return self.frame.collect_schema().names()

    @cached_property
    def attributes(self) -> list[Attribute | None]:
        return [attribute_of(column, self.rules) for column in self.columns]

    @cached_property
    def distinct(self) -> list[int]:
        """Distinct cells of each column that has an attribute (empty counts as one), 0 for the others."""
        known = [n for n, attribute in enumerate(self.attributes) if attribute]
        row = self.frame.select(self.value(n).approx_n_unique().alias(str(n)) for n in known).collect(
            engine="streaming"
        )
        return [row[str(n)][0] if n in known else 0 for n in range(len(self.columns))]

    @cached_property
    def secrets(self) -> tuple[int, ...]:
        """Filled columns that tell something to be protected."""
        return tuple(n for n, each in enumerate(self.attributes) if each and each.secret and self.columns[n].rows)

    def names(self, numbers: Sequence[int]) -> tuple[str, ...]:
        return tuple(self.columns[n].name for n in numbers)

    def value(self, number: int) -> pl.Expr:
        """A column's cells as they are compared."""
        text = pl.col(self.fields[number]).cast(pl.String, strict=False)
        return text.fill_null("").str.strip_chars().str.to_lowercase()

    def key(self, numbers: Sequence[int]) -> pl.Expr:
        return pl.concat_str([self.value(n) for n in numbers], separator=SEPARATOR).hash()

    def filled(self, numbers: Sequence[int]) -> pl.LazyFrame:
        return self.frame.filter(pl.any_horizontal(self.value(n) != "" for n in numbers))

    def is_about_people(self) -> bool:
        """People whom the table does not already name openly, as it does councillors."""
        grave = any(column.sensitivity.rank >= Sensitivity.MODERATE.rank for column in self.columns)
        if grave:
            return True
        named_openly = any(column.sensitive for column in self.columns)
        return not named_openly and any(attribute and attribute.person for attribute in self.attributes)

    @cached_property
    def quasi_identifiers(self) -> tuple[int, ...]:
        """Columns to find a person by, in the table's order: known kinds that take at least two values."""
        order = {attribute.name: place for place, attribute in enumerate(self.rules.attributes)}
        found = [(order[each.name], n) for n, each in enumerate(self.attributes) if each and not each.secret]
        varied = [n for _, n in sorted(found) if self.distinct[n] > 1]
        return tuple(sorted(varied[: self.settings.most_quasi_identifiers]))

    def groups(self, numbers: Sequence[int]) -> Groups:
        """Sizes of the groups of rows that are equal in these columns."""
        size, limit = pl.col("size"), self.settings.k_limit
        sizes = self.filled(numbers).select(self.key(numbers).alias("key")).group_by("key").agg(pl.len().alias("size"))
        row = sizes.select(
            size.sum().alias("rows"),
            pl.len().alias("groups"),
            size.min().alias("smallest"),
            (size == 1).sum().alias("unique"),
            (size < limit).sum().alias("small"),
        )
        return Groups(**row.collect(engine="streaming").row(0, named=True))

    @cached_property
    def count_columns(self) -> tuple[int, ...]:
        """Columns that count people: named so, and whole numbers wherever they are filled."""
        named = [n for n, each in enumerate(self.columns) if counts_people(each, self.rules) and not each.sensitive]
        return tuple(n for n in named if self._is_whole(n))

    def _is_whole(self, number: int) -> bool:
        value = self.value(number)
        odd = (value != "") & ~value.str.contains(r"^[0-9]+(\.0+)?$")
        return not self.frame.select(odd.any()).collect(engine="streaming").item()

    def is_aggregate(self) -> bool:
        """A row stands for a group: it has counts, no two rows have the same key, nothing tells homes or people apart.

        Counts that all stay small may be the sizes of households, so they do not make an aggregate.
        """
        key = self.quasi_identifiers + self.secrets
        if not key or not self.count_columns or any(each and each.unit for each in self.attributes):
            return False
        if any(column.sensitivity.rank >= Sensitivity.HIGH.rank for column in self._named_columns()):
            return False
        if max(self._counts(number, 0).largest for number in self.count_columns) < LARGER_THAN_A_HOUSEHOLD:
            return False
        groups = self.groups(key)
        return groups.unique == groups.rows

    def _named_columns(self) -> Iterator[ColumnReport]:
        return (column for column, each in zip(self.columns, self.attributes, strict=True) if each is None)

    def aggregate_risk(self) -> RiskReport:
        """In a table of counts, k is the smallest count above zero, and counts under the limit are small cells."""
        key = self.quasi_identifiers + self.secrets
        limit = self.settings.small_cell_limit
        found = [(number, self._counts(number, limit)) for number in self.count_columns]
        return RiskReport(
            quasi_identifiers=self.names(key),
            k=min((counts.smallest for _, counts in found if counts.smallest), default=None),
            sample_uniques=sum(counts.ones for _, counts in found),
            small_cells=tuple(
                SmallCell(self.names((*key, number)), counts.small, counts.smallest)
                for number, counts in found
                if counts.small
            ),
        )

    def _counts(self, number: int, limit: int) -> _Counts:
        count = pl.col("count")
        above = self.frame.select(self.value(number).cast(pl.Float64, strict=False).alias("count")).filter(count > 0)
        row = above.select(
            (count < limit).sum().alias("small"),
            (count == 1).sum().alias("ones"),
            count.min().fill_null(0).cast(pl.Int64).alias("smallest"),
            count.max().fill_null(0).cast(pl.Int64).alias("largest"),
        )
        return _Counts(**row.collect(engine="streaming").row(0, named=True))

    def combinations(self) -> Iterator[Combination]:
        """Known combinations whose columns single out fewer than `k_limit` rows somewhere."""
        for rule in self.rules.combinations:
            numbers = self._columns_for(rule)
            if not numbers:
                continue
            open_ones = [n for n in numbers if n not in self.secrets]
            groups = self.groups(open_ones or numbers)
            if groups.small:
                limit = self.settings.k_limit
                told = f"{rule.reason} {groups.small} of {groups.groups} groups have fewer than {limit} rows."
                yield Combination(rule.rule, self.names(numbers), rule.sensitivity, told)

    def _columns_for(self, rule: CombinationRule) -> tuple[int, ...]:
        chosen = [self._first_of(choice) for choice in rule.needs]
        return tuple(n for n in chosen if n is not None) if None not in chosen else ()

    def _first_of(self, choice: Sequence[str]) -> int | None:
        """The first filled column, by the order of the choice, that is about one of these attributes."""
        found = [
            (choice.index(each.name), n)
            for n, each in enumerate(self.attributes)
            if each and each.name in choice and self.columns[n].rows
        ]
        return min(found)[1] if found else None

    def diversity(self, quasi: Sequence[int]) -> Iterator[Diversity]:
        """Distinct l-diversity of each secret column over the groups of equal quasi-identifiers."""
        for number in self.secrets:
            least = self._least_values(quasi, number)
            if least is not None:
                yield Diversity(self.columns[number].name, least)

    def _least_values(self, quasi: Sequence[int], secret: int) -> int | None:
        pairs = self.filled(quasi).filter(self.value(secret) != "")
        hashed = pairs.select(self.key(quasi).alias("key"), self.value(secret).hash().alias("secret")).unique()
        return (
            hashed.group_by("key").agg(pl.len().alias("l")).select(pl.col("l").min()).collect(engine="streaming").item()
        )
