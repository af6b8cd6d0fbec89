"""How easily can a person be found in a table without names: k-anonymity, l-diversity, uniques, small counts.

Sources: P. Samarati and L. Sweeney, "Protecting privacy when disclosing information: k-anonymity" (SRI-CSL-98-04,
1998) for quasi-identifiers and k; A. Machanavajjhala et al., "l-diversity: privacy beyond k-anonymity" (ACM TKDD 1(1),
2007) for l, in its plain form of distinct values; N. Li, T. Li and S. Venkatasubramanian, "t-closeness" (ICDE 2007)
for t with equal distances; L. Sweeney, "Simple demographics often identify people uniquely" (2000) for birth, sex and
place; A. Hundepool et al., "Statistical Disclosure Control" (Wiley, 2012) for sample uniques, minimum counts and
dominance; M. Elliot, A. Manning and R. Ford, "A computational algorithm for handling the special uniques problem"
(IJUFKS 10(5), 2002) for special uniques.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path

import polars as pl

from .aggregates import Crosstab, small_cells
from .attributes import CombinationRule, load_rules
from .crosstab import MOST_ROWS
from .findings import ColumnReport, Combination, Diversity, Points, RiskReport
from .groups import Groups, Rows, hashed
from .points import places, precision_of
from .roles import Roles
from .sentences import say, to_say
from .settings import RiskSettings
from .tables import Table

#: What is said of a combination of columns.
FEW_PEOPLE = to_say("{why} {small} of {groups} groups have fewer than {limit} people.")
FEW_ROWS_ALIKE = to_say("{why} {small} of {groups} groups have fewer than {limit} rows.")
#: Special uniques compare all pairs of columns, which is cheap up to so many rows.
FEW_ROWS = 50_000
#: Points kept to measure how finely they tell places apart.
MOST_POINTS = 200_000

Source = Table | pl.DataFrame | pl.LazyFrame


def table_risk(source: Source, columns: Sequence[ColumnReport], settings: RiskSettings | None = None) -> RiskReport:
    """Return the disclosure risk of a table; each report in `columns` is about the column of the same name.

    Cells are compared without regard to case and surrounding space; an empty cell is a value of its own, and rows empty
    in every quasi-identifier are left out. Where a column tells whose row it is and people have several, people are
    counted, not rows. Where no column is about people, or all people in it are named in public office, the report is
    empty. Rows stream by once and leave hashes of the columns that matter on disk; memory is bounded, figures exact.
    """
    known = Roles(tuple(columns), settings or RiskSettings(), load_rules())
    if not known.is_about_people():
        return RiskReport()
    with tempfile.TemporaryDirectory(prefix="risk-") as folder:
        return _Table(source, known, Path(folder)).report()


class _Table:
    """A table's rows as hashes, and the questions asked of them."""

    def __init__(self, source: Source, known: Roles, folder: Path) -> None:
        self.source, self.known = source, known
        self.limit = known.settings.k_limit
        names = list(known.attributes)
        more = [known.person] if known.person and known.person not in names else []
        self.rows = _rows(source, [*names, *more], folder, known.person)
        self.by_person = self._by_person()

    def report(self) -> RiskReport:
        """All figures about the table."""
        if self.known.may_be_aggregate() and self.rows.count <= MOST_ROWS:
            found = Crosstab(self._whole(), self.known, self.quasi_identifiers).report()
            if found:
                return found
        with ThreadPoolExecutor(1) as beside:
            # Points are read and measured beside the counting of groups: neither needs more than one processor.
            points = beside.submit(self._points)
            return replace(self._of_groups(), points=points.result())

    def _of_groups(self) -> RiskReport:
        """What the sizes of groups tell."""
        quasi = self.quasi_identifiers
        if not quasi:
            return RiskReport(combinations=tuple(self._combinations()))
        groups = self.rows.sizes(quasi, self.limit)
        people = self.people if self.by_person else None
        return RiskReport(
            quasi_identifiers=quasi,
            k=groups.smallest,
            sample_uniques=groups.unique,
            small_cells=small_cells(quasi, groups.small, groups.smallest),
            combinations=tuple(self._combinations()),
            l_diversity=tuple(self._diversity(quasi)),
            other_quasi_identifiers=tuple(name for name in self._varied if name not in quasi),
            counted="people" if self.by_person else "rows",
            people=people.groups if people else None,
            most_rows=people.largest if people else None,
            special_uniques=self._special(quasi, groups),
            not_said=tuple(self._not_said(quasi, groups)),
        )

    @cached_property
    def quasi_identifiers(self) -> tuple[str, ...]:
        """Columns to find a person by, in the table's order: open attributes that take at least two values."""
        order = {attribute.name: place for place, attribute in enumerate(self.known.rules.attributes)}
        names = self._varied
        ranked = sorted(names, key=lambda name: order.get(self.known.attributes[name].name, -1))
        strongest = ranked[: self.known.settings.most_quasi_identifiers]
        return tuple(name for name in names if name in strongest)

    @cached_property
    def _varied(self) -> list[str]:
        names = [name for name, attribute in self.known.attributes.items() if not attribute.secret]
        return self.rows.varied(names)

    @cached_property
    def people(self) -> Groups:
        """The rows of each person."""
        return Rows(self.rows.frame, self.rows.count).sizes([self.known.person or ""], self.limit)

    def _by_person(self) -> bool:
        """Where nobody has a second row, rows are people already, and counting them is quicker."""
        if not self.known.person or not self.rows.count:
            return False
        repeated = self.people.groups < self.people.rows
        self.rows = Rows(self.rows.frame, self.rows.count, by_person=repeated)
        return repeated

    def _combinations(self) -> Iterator[Combination]:
        """Known combinations whose columns single out fewer than `k_limit` people somewhere."""
        template = FEW_PEOPLE if self.by_person else FEW_ROWS_ALIKE
        for rule in self.known.rules.combinations:
            names = self._columns_for(rule)
            if not names:
                continue
            groups = self.rows.sizes([name for name in names if name not in self.known.secrets], self.limit)
            if groups.small:
                few = {"why": rule.reason, "small": groups.small, "groups": groups.groups, "limit": self.limit}
                yield Combination(rule.rule, names, rule.sensitivity, say(template, **few))

    def _columns_for(self, rule: CombinationRule) -> tuple[str, ...]:
        chosen = [self._first_of(choice) for choice in rule.needs]
        return tuple(name for name in chosen if name) if all(chosen) else ()

    def _first_of(self, choice: Sequence[str]) -> str | None:
        """The column about the first of these attributes that the table has."""
        names = {attribute.name: name for name, attribute in reversed(self.known.attributes.items())}
        return next((names[attribute] for attribute in choice if attribute in names), None)

    def _diversity(self, quasi: Sequence[str]) -> Iterator[Diversity]:
        """l-diversity, t-closeness and told rows of each secret column over the groups of equal quasi-identifiers."""
        for secret in self.known.secrets:
            found = self.rows.variety(quasi, secret)
            if found:
                yield Diversity(secret, found.least, found.farthest, found.told)

    def _special(self, quasi: Sequence[str], groups: Groups) -> int | None:
        if self.by_person or self.rows.count > FEW_ROWS or len(quasi) < 3:
            return None
        return self.rows.special(quasi) if groups.unique else 0

    def _points(self) -> tuple[Points, ...]:
        """How finely the coordinates in the table tell places apart."""
        names = [name for name, attribute in self.known.attributes.items() if attribute.name == "coordinates"]
        if not names:
            return ()
        cells = _head(self.source, names, MOST_POINTS)
        measured = [precision_of(cells.select(place)) for place in places(names)]
        return tuple(each for each in measured if each)

    def _not_said(self, quasi: Sequence[str], groups: Groups) -> Iterator[str]:
        left = [name for name in self._varied if name not in quasi]
        if left:
            yield say(
                "{columns}: left out of k, because only the {count} strongest columns are combined.",
                columns=", ".join(left),
                count=len(quasi),
            )
        if self._special(quasi, groups) is None and groups.unique and len(quasi) > 2:
            yield say("Special uniques were not counted: the table is long, or people have several rows.")

    def _whole(self) -> pl.DataFrame:
        return _head(self.source, [report.name for report in self.known.reports], MOST_ROWS)


def _rows(source: Source, names: Sequence[str], folder: Path, person: str | None) -> Rows:
    work = partial(hashed, names=names)
    if not isinstance(source, Table):
        return Rows.of(map(work, _batches(source)), folder, person)
    known = source.hashes(names)
    return Rows.of(source.mapped(work), folder, person) if known is None else Rows.kept(known, person)


def _batches(source: Source) -> Iterable[pl.DataFrame]:
    if isinstance(source, Table):
        return source.batches()
    frame = source.lazy().collect(engine="streaming")
    return [frame.with_columns(pl.all().cast(pl.String, strict=False))] if frame.width else []


def _head(source: Source, names: Sequence[str], rows: int) -> pl.DataFrame:
    """Some columns of the first rows, as text; those that a batch lacks are blank in it."""
    taken, left = [pl.DataFrame(schema=dict.fromkeys(names, pl.String))], rows
    for batch in _batches(source):
        taken.append(batch.head(left).select(name for name in names if name in batch.columns))
        left -= batch.height
        if left <= 0:
            break
    return pl.concat(taken, how="diagonal")
