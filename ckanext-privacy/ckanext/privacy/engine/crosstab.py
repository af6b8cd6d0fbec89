"""Tables of counts and amounts: small cells, small cells that totals give away, and amounts that one contributor makes.

Source: A. Hundepool et al., "Statistical Disclosure Control" (Wiley, 2012), chapters 4 and 5: threshold rule,
complementary suppression, (n,k) rule and p% rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from .attributes import load_rules
from .findings import Undone
from .headings import words_of

#: What stands in a cell for a count that was left out: signs, "<10", "under 5", "suppressed".
LEFT_OUT = re.compile(
    r"(?i)\*+|x{1,3}|s|c|:|\.{2,3}|…|[-–—]|n/?a|#|(?:<|≤|<=|under|below|less than|fewer than|menos de|moins de|menor a)"
    r"\s*=?\s*\d+|suppr\w*\.?|supr\w*\.?|withheld|masked|redacted|confidential\w*|secret|reservad[oa]|oculto"
)
#: Rows and columns whose sums are looked at; longer tables of counts are registers.
MOST_ROWS = 50_000
#: Share of complete sums that must be right for a total to be taken for one.
RIGHT = 0.9
FIRST_ROWS = 10

#: A cell: its row and column by number.
Cell = tuple[int, int]
#: A total, and the cells that add up to it.
Sum = tuple[Cell, tuple[Cell, ...]]


@dataclass(frozen=True)
class Grid:
    """Counts as numbers, None where one was left out or is blank; `left_out` are the cells that a sign stands in."""

    columns: tuple[str, ...]
    numbers: tuple[tuple[float | None, ...], ...]
    left_out: frozenset[Cell]

    def __getitem__(self, cell: Cell) -> float | None:
        return self.numbers[cell[0]][cell[1]]


def is_left_out(text: str | None) -> bool:
    """Whether a cell says that its count was left out."""
    return bool(text and LEFT_OUT.fullmatch(text.strip()))


def undone_cells(frame: pl.DataFrame, counts: Sequence[str], labels: Sequence[str], limit: int) -> list[Undone]:
    """Find small counts that were left out and come out again by subtracting what is shown from totals.

    `frame` holds text. Every sum with one unknown is solved, and what that makes known is used in others, until nothing
    is new. That finds what a reader with a pencil finds; it does not bound cells by ranges.
    """
    if not counts or frame.height > MOST_ROWS:
        return []
    grid = grid_of(frame, counts)
    if not grid.left_out:
        return []
    solved = _solve(grid, find_sums(frame, grid, labels))
    small = {cell: value for cell, value in solved.items() if cell in grid.left_out and 0 < value < limit}
    return [
        Undone(name, len(rows), tuple(rows[:FIRST_ROWS]))
        for place, name in enumerate(grid.columns)
        if (rows := sorted(row + 1 for row, column in small if column == place))
    ]


def fails_dominance(amounts: Sequence[float], share: float, percent: float) -> str | None:
    """Say which rule the amounts of one cell's contributors fail: ``few``, ``(2,k)``, ``p%``, or None.

    ``few``: under three contributors, so that each can subtract its own. (2,k): the two largest make up more than
    `share` (0..1) of the sum. p%: what is left beside the two largest is under `percent` percent of the largest, so
    that the second can tell the largest so closely. Amounts are taken without their sign.
    """
    ranked = sorted((abs(amount) for amount in amounts if amount), reverse=True)
    if not ranked:
        return None
    if len(ranked) < 3:
        return "few"
    total = sum(ranked)
    if ranked[0] + ranked[1] > share * total:
        return "(2,k)"
    return "p%" if total - ranked[0] - ranked[1] < percent / 100 * ranked[0] else None


def find_sums(frame: pl.DataFrame, grid: Grid, labels: Sequence[str]) -> list[Sum]:
    """Every total of the table and what adds up to it: beside it in the row, or above or below it in the column."""
    return [*sums_across(grid), *_sums_down(frame, grid, labels)]


def grid_of(frame: pl.DataFrame, counts: Sequence[str]) -> Grid:
    """Read columns of counts, which are text, as numbers."""
    texts = frame.select(pl.col(name).cast(pl.String).str.strip_chars() for name in counts)
    left_out = frozenset(
        (row, place) for place, name in enumerate(counts) for row, text in enumerate(texts[name]) if is_left_out(text)
    )
    rows = zip(*(numbers(texts[name]) for name in counts), strict=True)
    return Grid(tuple(counts), tuple(rows), left_out)


def numbers(cells: pl.Series) -> pl.Series:
    """Texts as numbers, with or without separators of thousands; null for what is none."""
    plain = cells.str.strip_chars().str.replace_all(r"[,\u00a0\u202f](\d{3})", "$1")
    return plain.cast(pl.Float64, strict=False)


def _is_of_all(text: str | None) -> bool:
    return bool(text and load_rules().totals.intersection(words_of(text)))


def sums_across(grid: Grid) -> Iterator[Sum]:
    """A column of totals beside its parts, as in ``men, women, total``."""
    totals = [place for place, name in enumerate(grid.columns) if _is_of_all(name)]
    for total in totals:
        parts = tuple(place for place in range(len(grid.columns)) if place not in totals)
        sums: list[Sum] = [((row, total), tuple((row, part) for part in parts)) for row in range(len(grid.numbers))]
        if len(parts) > 1 and _add_up(grid, sums):
            yield from sums


def _sums_down(frame: pl.DataFrame, grid: Grid, labels: Sequence[str]) -> Iterator[Sum]:
    """Rows of totals below their parts, for each labelling column that has a total among its values."""
    for label in labels:
        others = [name for name in labels if name != label]
        for place in range(len(grid.columns)):
            sums = list(_sums_of(frame, label, others, place))
            if sums and _add_up(grid, sums):
                yield from sums


def _sums_of(frame: pl.DataFrame, label: str, others: Sequence[str], place: int) -> Iterator[Sum]:
    members: dict[tuple[str | None, ...], list[int]] = {}
    totals: dict[tuple[str | None, ...], int] = {}
    keys = frame.select(others).iter_rows() if others else iter([()] * frame.height)
    for row, (value, key) in enumerate(zip(frame[label], keys, strict=True)):
        if _is_of_all(value):
            totals[key] = row
        else:
            members.setdefault(key, []).append(row)
    for key, total in totals.items():
        if len(members.get(key, ())) > 1:
            yield (total, place), tuple((row, place) for row in members[key])


def _add_up(grid: Grid, sums: Sequence[Sum]) -> bool:
    """Whether these are sums at all: nearly all that are complete are right, or none can be complete."""
    complete = [
        (grid[total], [grid[cell] for cell in cells])
        for total, cells in sums
        if grid[total] is not None and all(grid[cell] is not None for cell in cells)
    ]
    right = sum(abs((total or 0) - sum(part or 0 for part in parts)) < 0.5 for total, parts in complete)
    return right >= RIGHT * len(complete)


def _solve(grid: Grid, sums: Sequence[Sum]) -> Mapping[Cell, float]:
    """Solve sums with one unknown until none is left; return what they gave."""
    solved: dict[Cell, float] = {}
    waiting = list(sums)
    while True:
        left, before = [], len(solved)
        for total, parts in waiting:
            known = {cell: solved.get(cell, grid[cell]) for cell in (total, *parts)}
            unknown = [cell for cell, value in known.items() if value is None]
            if len(unknown) > 1:
                left.append((total, parts))
            elif unknown:
                others = sum(known[cell] or 0 for cell in parts if cell != unknown[0])
                whole = known[total]
                solved[unknown[0]] = others if whole is None else whole - others
        if len(solved) == before:
            return solved
        waiting = left


def protect(grid: Grid, sums: Sequence[Sum], small: frozenset[Cell]) -> frozenset[Cell]:
    """Cells to leave out so that no small one comes out again: the small ones, and the least others beside them.

    Where a sum has just one hidden cell, its smallest other part is hidden too, the total itself only where no part is
    left; repeated until no sum has just one. Greedy: it hides enough, not always the fewest.
    """
    hidden = set(small)
    while True:
        before = len(hidden)
        for total, parts in sums:
            if len(hidden.intersection((total, *parts))) == 1:
                hidden.update(_least_beside(grid, total, parts, hidden))
        if len(hidden) == before:
            return frozenset(hidden)


def _least_beside(grid: Grid, total: Cell, parts: Sequence[Cell], hidden: set[Cell]) -> list[Cell]:
    shown = [
        # Zeros are often known to be zeros, so that they hide little.
        (cell == total, not value, value, cell)
        for cell in (*parts, total)
        if cell not in hidden and (value := grid[cell]) is not None
    ]
    return [min(shown)[-1]] if shown else []
