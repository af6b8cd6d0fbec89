"""How easily can a person be found in a table without names: k-anonymity, l-diversity, uniques, small counts.

Sources: P. Samarati and L. Sweeney, "Protecting privacy when disclosing information: k-anonymity" (SRI-CSL-98-04,
1998) for quasi-identifiers and k; A. Machanavajjhala et al., "l-diversity: privacy beyond k-anonymity" (ACM TKDD 1(1),
2007) for l, in its plain form of distinct values; L. Sweeney, "Simple demographics often identify people uniquely"
(2000) for birth, sex and place; A. Hundepool et al., "Statistical Disclosure Control" (Wiley, 2012) for sample uniques
and minimum counts in tables.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from .attributes import Attribute, CombinationRule, Rules, attribute_of, counts_people, load_rules
from .findings import ColumnReport, Combination, Diversity, RiskReport, Sensitivity, SmallCell
from .settings import RiskSettings
from .tables import Table

#: A column of counts has one at least this large; household sizes stay below.
LARGER_THAN_A_HOUSEHOLD = 30


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
    source: Table | pl.DataFrame | pl.LazyFrame,
    columns: Sequence[ColumnReport],
    settings: RiskSettings | None = None,
) -> RiskReport:
    """Return the disclosure risk of a table; each report in `columns` is about the column of the same name.

    Cells are compared without regard to case and surrounding space; an empty cell is a value of its own, and rows empty
    in every quasi-identifier are left out. Where no column is about people, or all people in it are named in public
    office, the report is empty. Rows stream by and leave only hashes of the columns that matter, on disk when there are
    many, so that memory grows with the number of distinct groups and not with the table.
    """
    known = _Columns(tuple(columns), settings or RiskSettings(), load_rules())
    if not known.is_about_people():
        return RiskReport()
    with tempfile.TemporaryDirectory(prefix="risk-") as folder:
        return _risk(_Table(_hashed(source, known, Path(folder)), known))


def _risk(table: _Table) -> RiskReport:
    if table.is_aggregate():
        return table.aggregate_risk()
    quasi = table.quasi_identifiers
    if not quasi:
        return RiskReport(combinations=tuple(table.combinations()))
    groups = table.groups(quasi)
    return RiskReport(
        quasi_identifiers=quasi,
        k=groups.smallest,
        sample_uniques=groups.unique,
        small_cells=_small_cells(quasi, groups.small, groups.smallest),
        combinations=tuple(table.combinations()),
        l_diversity=tuple(table.diversity(quasi)),
    )


def _hashed(source: Table | pl.DataFrame | pl.LazyFrame, known: _Columns, folder: Path) -> pl.LazyFrame:
    """The columns that matter: attributes as hashes (null where blank), counts as numbers (NaN where not whole)."""
    if isinstance(source, (pl.DataFrame, pl.LazyFrame)):
        frame = source.lazy()
        return frame.select(known.expressions(frame.collect_schema().names()))
    for number, batch in enumerate(source.batches()):
        batch.select(known.expressions(batch.columns)).write_ipc(folder / f"{number:06}.arrow")
    parts = sorted(folder.iterdir())
    return pl.scan_ipc(parts) if parts else pl.LazyFrame(schema=known.schema())


def _small_cells(columns: tuple[str, ...], groups: int, smallest: int | None) -> tuple[SmallCell, ...]:
    return (SmallCell(columns, groups, smallest),) if groups and smallest is not None else ()


@dataclass(frozen=True)
class _Columns:
    """What is known of a table's columns before a row is read."""

    reports: tuple[ColumnReport, ...]
    settings: RiskSettings
    rules: Rules

    @cached_property
    def attributes(self) -> dict[str, Attribute]:
        """The attribute of each filled column that has one."""
        filled = (report for report in self.reports if report.rows)
        return {report.name: found for report in filled if (found := attribute_of(report, self.rules))}

    @cached_property
    def counts(self) -> tuple[str, ...]:
        """Columns whose heading says that they count people."""
        plain = (report for report in self.reports if not report.sensitive and report.name not in self.attributes)
        return tuple(report.name for report in plain if counts_people(report, self.rules))

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """Columns that tell something to be protected."""
        return tuple(name for name, attribute in self.attributes.items() if attribute.secret)

    def is_about_people(self) -> bool:
        """People whom the table does not already name openly, as it does councillors."""
        if any(report.sensitivity.rank >= Sensitivity.MODERATE.rank for report in self.reports):
            return True
        named_openly = any(report.sensitive for report in self.reports if report.name not in self.attributes)
        return not named_openly and any(attribute.person for attribute in self.attributes.values())

    def tells_people_apart(self) -> bool:
        """Something in the table belongs to one person or home: it cannot be a table of counts."""
        if any(attribute.unit for attribute in self.attributes.values()):
            return True
        others = (report for report in self.reports if report.name not in self.attributes)
        return any(report.sensitivity.rank >= Sensitivity.HIGH.rank for report in others)

    def expressions(self, present: Sequence[str]) -> list[pl.Expr]:
        """How to get :func:`_hashed` columns from a batch; a column that a batch lacks is blank in it."""
        here = frozenset(present)
        hashes = [_hash(name) if name in here else _blank(name, pl.UInt64) for name in self.attributes]
        numbers = [_number(name) if name in here else _blank(name, pl.Float64) for name in self.counts]
        return hashes + numbers

    def schema(self) -> dict[str, pl.DataType]:
        """The columns of :func:`_hashed` when the table has no row."""
        return {**dict.fromkeys(self.attributes, pl.UInt64()), **dict.fromkeys(self.counts, pl.Float64())}


def _hash(name: str) -> pl.Expr:
    text = pl.col(name).cast(pl.String, strict=False).str.strip_chars().str.to_lowercase()
    return pl.when(text != "").then(text.hash()).alias(name)


def _number(name: str) -> pl.Expr:
    text = pl.col(name).cast(pl.String, strict=False).str.strip_chars()
    whole = text.str.contains(r"^[0-9]+(\.0+)?$")
    return pl.when(whole).then(text.cast(pl.Float64, strict=False)).when(text != "").then(float("nan")).alias(name)


def _blank(name: str, kind: type[pl.DataType]) -> pl.Expr:
    return pl.lit(None, dtype=kind).alias(name)


@dataclass(frozen=True)
class _Table:
    """The hashed rows of a table, and the questions asked of them."""

    rows: pl.LazyFrame
    known: _Columns

    @cached_property
    def quasi_identifiers(self) -> tuple[str, ...]:
        """Columns to find a person by, in the table's order: open attributes that take at least two values."""
        order = {attribute.name: place for place, attribute in enumerate(self.known.rules.attributes)}
        names = [name for name, attribute in self.known.attributes.items() if not attribute.secret]
        distinct = self._one(self.rows.select(pl.col(name).n_unique() for name in names)) if names else {}
        varied = [name for name in names if distinct[name] > 1]
        varied.sort(key=lambda name: order[self.known.attributes[name].name])
        strongest = varied[: self.known.settings.most_quasi_identifiers]
        return tuple(name for name in names if name in strongest)

    def groups(self, names: Sequence[str]) -> Groups:
        """Sizes of the groups of rows that are equal in these columns."""
        size, limit = pl.col("#size"), self.known.settings.k_limit
        sizes = self._filled(names).group_by(names).agg(pl.len().alias("#size"))
        row = sizes.select(
            size.sum().alias("rows"),
            pl.len().alias("groups"),
            size.min().alias("smallest"),
            (size == 1).sum().alias("unique"),
            (size < limit).sum().alias("small"),
        )
        return Groups(**self._one(row))

    def is_aggregate(self) -> bool:
        """A row stands for a group: it has counts, no two rows have the same key, nothing tells people apart.

        Counts that all stay small may be the sizes of households, so they do not make an aggregate.
        """
        key = (*self.quasi_identifiers, *self.known.secrets)
        if not key or self.known.tells_people_apart():
            return False
        if max((counts.largest for counts in self.counts.values()), default=0) < LARGER_THAN_A_HOUSEHOLD:
            return False
        groups = self.groups(key)
        return groups.unique == groups.rows

    @cached_property
    def counts(self) -> dict[str, _Counts]:
        """Columns that count people and hold whole numbers wherever they are filled."""
        found = {name: self._counts(name) for name in self.known.counts}
        return {name: counts for name, counts in found.items() if counts is not None}

    def aggregate_risk(self) -> RiskReport:
        """In a table of counts, k is the smallest count above zero, and counts under the limit are small cells."""
        key = (*self.quasi_identifiers, *self.known.secrets)
        return RiskReport(
            quasi_identifiers=key,
            k=min((counts.smallest for counts in self.counts.values() if counts.smallest), default=None),
            sample_uniques=sum(counts.ones for counts in self.counts.values()),
            small_cells=tuple(
                cell
                for name, counts in self.counts.items()
                for cell in _small_cells((*key, name), counts.small, counts.smallest)
            ),
        )

    def combinations(self) -> Iterator[Combination]:
        """Known combinations whose columns single out fewer than `k_limit` rows somewhere."""
        limit = self.known.settings.k_limit
        for rule in self.known.rules.combinations:
            names = self._columns_for(rule)
            if not names:
                continue
            groups = self.groups([name for name in names if name not in self.known.secrets])
            if groups.small:
                told = f"{rule.reason} {groups.small} of {groups.groups} groups have fewer than {limit} rows."
                yield Combination(rule.rule, names, rule.sensitivity, told)

    def diversity(self, quasi: Sequence[str]) -> Iterator[Diversity]:
        """Distinct l-diversity of each secret column over the groups of equal quasi-identifiers."""
        for secret in self.known.secrets:
            pairs = self._filled(quasi).drop_nulls(secret).select(*quasi, secret).unique()
            least = pairs.group_by(quasi).agg(pl.len().alias("#l")).select(pl.col("#l").min())
            found = self._one(least)["#l"]
            if found is not None:
                yield Diversity(secret, found)

    def _columns_for(self, rule: CombinationRule) -> tuple[str, ...]:
        chosen = [self._first_of(choice) for choice in rule.needs]
        return tuple(name for name in chosen if name) if all(chosen) else ()

    def _first_of(self, choice: Sequence[str]) -> str | None:
        """The column about the first of these attributes that the table has."""
        names = {attribute.name: name for name, attribute in reversed(self.known.attributes.items())}
        return next((names[attribute] for attribute in choice if attribute in names), None)

    def _filled(self, names: Sequence[str]) -> pl.LazyFrame:
        return self.rows.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in names))

    def _counts(self, name: str) -> _Counts | None:
        count, limit = pl.col(name), self.known.settings.small_cell_limit
        numbers = self.rows.filter(count.is_nan() | (count > 0)).select(
            count.is_nan().any().alias("odd"),
            (count < limit).sum().alias("small"),
            (count == 1).sum().alias("ones"),
            count.min().fill_nan(0).fill_null(0).cast(pl.Int64).alias("smallest"),
            count.max().fill_nan(0).fill_null(0).cast(pl.Int64).alias("largest"),
        )
        row = self._one(numbers)
        return None if row.pop("odd") else _Counts(**row)

    @staticmethod
    def _one(rows: pl.LazyFrame) -> dict[str, Any]:
        return rows.collect(engine="streaming").row(0, named=True)
