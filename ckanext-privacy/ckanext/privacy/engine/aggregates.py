"""Tables in which a row stands for a group: which they are, and what their small counts give away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import polars as pl

from .attributes import counts_contributors, heading_words, load_rules
from .crosstab import grid_of, is_left_out, numbers, sums_across, undone_cells
from .findings import Dominance, RiskReport, SmallCell
from .roles import Roles

#: A column of counts has one at least this large; household sizes stay below.
LARGER_THAN_A_HOUSEHOLD = 30
#: A table of counts has a row for at least this share of all combinations of what it counts by.
FILLED_IN = 0.5
#: A column that a table counts by repeats its values; one with more different ones than this share of rows does not.
REPEATED = 0.5
#: Fewer contributors than this to an amount let each of them subtract its own.
CONTRIBUTORS = 3


class Crosstab:
    """A table that may be one of counts: each row stands for a group of people."""

    def __init__(self, frame: pl.DataFrame, known: Roles, quasi: Sequence[str]) -> None:
        self.frame, self.known, self.quasi = frame, known, quasi

    def report(self) -> RiskReport | None:
        """The risk where a row stands for a group; None where it stands for a person.

        k is the smallest count above zero, and counts under the limit are small cells.
        """
        if not self._is_one():
            return None
        limit, key = self.known.settings.small_cell_limit, (*self.quasi, *self.known.secrets)
        if not key:
            # Counts by things tell nothing about people.
            return RiskReport(counted="counts")
        counts = {name: self._positive(name) for name in self.counts}
        cells = (
            cell
            for name, values in counts.items()
            for cell in small_cells((*key, name), sum(value < limit for value in values), min(values, default=None))
        )
        return RiskReport(
            quasi_identifiers=key,
            k=min((min(values) for values in counts.values() if values), default=None),
            sample_uniques=sum(values.count(1) for values in counts.values()),
            small_cells=tuple(cells),
            counted="counts",
            undone=tuple(undone_cells(self.frame, self.counts, self.labels, limit)),
            dominance=tuple(self._dominance()),
        )

    @cached_property
    def counts(self) -> list[str]:
        """Columns that count people and hold whole numbers, or a sign for one left out, wherever they are filled."""
        whole = [name for name in self.frame.columns if name not in self.labels and _all_whole(self.frame[name])]
        named = [name for name in whole if name in self.known.counts]
        # Men and women beside a total are counts, whatever their headings say, if they add up to it.
        return whole if named and any(sums_across(grid_of(self.frame, whole))) else named

    @cached_property
    def labels(self) -> list[str]:
        """Columns that the table counts by: people's attributes, places, times, whatever repeats its values."""
        others = {*self.known.counts, *self.known.measures}
        return [
            name
            for name in self.frame.columns
            if name not in others and (name in self.known.attributes or self._repeats(name))
        ]

    def _repeats(self, name: str) -> bool:
        values = self.frame[name].drop_nulls()
        if is_period(name):
            return True
        texts = values.cast(pl.Float64, strict=False).null_count() > len(values) / 2
        return texts and values.n_unique() <= REPEATED * self.frame.height

    def _is_one(self) -> bool:
        """No two rows have the same labels, and rows fill in most combinations of what is counted by.

        Counts that all stay small may be the sizes of households, so they do not make a table of counts.
        """
        large = any(max(self._positive(name), default=0) >= LARGER_THAN_A_HOUSEHOLD for name in self.counts)
        if not (large or self.known.measures) or not self.labels:
            return False
        keys = self.frame.select(pl.col(self.labels).str.strip_chars().str.to_lowercase().fill_null(""))
        if keys.n_unique() < keys.height:
            return False
        people = [name for name in self.labels if self._is_of_people(name)]
        others = [name for name in self.labels if name not in people]
        blocks = keys.select(others).n_unique() if others else 1
        combinations = blocks
        for name in people:
            combinations *= keys[name].n_unique()
        return keys.height >= FILLED_IN * combinations

    def _is_of_people(self, name: str) -> bool:
        attribute = self.known.attributes.get(name)
        return bool(attribute and (attribute.person or attribute.secret))

    def _positive(self, name: str) -> list[int]:
        values = numbers(self.frame[name])
        return [int(value) for value in values.drop_nulls() if value > 0]

    def _dominance(self) -> Iterator[Dominance]:
        """Amounts of which the table itself says that too few contributors make them up."""
        for name in self.frame.columns:
            if counts_contributors(name, self.known.rules):
                few = [value for value in self._positive(name) if value < CONTRIBUTORS]
                if few:
                    yield Dominance((*self.labels, name), "few", len(few))


def is_period(heading: str) -> bool:
    """Whether a heading is one of a time that tables count by."""
    return bool(set(heading_words(heading).split()) & load_rules().periods)


def _all_whole(cells: pl.Series) -> bool:
    """Whether the filled cells are whole numbers, or signs for one that was left out."""
    texts = cells.drop_nulls().str.strip_chars()
    values = numbers(texts)
    odd = texts.filter(values.is_null() | (values % 1 != 0)).unique()
    return values.count() > 0 and all(is_left_out(text) for text in odd)


def small_cells(columns: tuple[str, ...], groups: int, smallest: int | None) -> tuple[SmallCell, ...]:
    """The finding that so many groups are small; none where none is."""
    return (SmallCell(columns, groups, smallest),) if groups and smallest is not None else ()
