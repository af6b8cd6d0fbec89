"""Where a table's heading is: lines above it, no heading at all, a heading of several rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

#: Cells that are data rather than a heading: numbers, dates, times, e-mail and web addresses. Years may head a column.
DATA = re.compile(
    r"[-+]?[\d.,\s]*\d[\d.,\s]*%?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?|\S+@\S+\.\S+|https?://\S+|\d{1,2}:\d{2}\S*"
)
YEAR = re.compile(r"(18|19|20|21)\d{2}")
#: So many rows are looked at to find the heading.
LOOK = 60

Row = Sequence[str]


@dataclass(frozen=True)
class Layout:
    """``first`` is the index of the first data row, ``labels`` the heading, ``above`` how many rows stand before it."""

    labels: tuple[str, ...]
    first: int
    above: int


def find_layout(rows: Sequence[Row]) -> Layout:
    """Find the heading among a table's first rows. A table without one gets empty labels and loses no row."""
    if not rows:
        return Layout((), 0, 0)
    width = max(len(row) for row in rows)
    start = _first_full_row(rows)
    heading = rows[start]
    if _is_data(heading, rows[start + 1 :]):
        return Layout(("",) * width, start, start)
    labels = [*heading, *[""] * (width - len(heading))]
    return Layout(tuple(label.strip() for label in labels), start + 1, start)


def _first_full_row(rows: Sequence[Row]) -> int:
    """Skip titles and notes: rows that fill far fewer cells than the body's rows usually do."""
    filled = [_filled(row) for row in rows]
    body = Counter(count for count in filled if count).most_common(1)
    usual = body[0][0] if body else 0
    wide = (index for index, count in enumerate(filled) if count and count >= 0.6 * usual)
    return next(wide, 0)


def _is_data(row: Row, body: Sequence[Row]) -> bool:
    """A first row is data when it holds numbers or dates where the columns do, or a value that comes again below."""
    if _comes_again(row, body):
        return True
    typed = [index for index in range(len(row)) if _mostly_data(index, body)]
    same = [index for index in typed if DATA.fullmatch(row[index].strip())]
    years = [index for index in same if YEAR.fullmatch(row[index].strip())]
    return len(same) > len(typed) / 2 and len(same) > len(years)


def _comes_again(row: Row, body: Sequence[Row]) -> bool:
    """Pages of a table pasted together repeat the whole heading; a single cell that repeats is a value."""
    below = [other for other in body if list(other) != list(row)]
    cells = ((index, cell) for index, cell in enumerate(row) if cell.strip())
    return any(cell == other[index] for index, cell in cells for other in below if index < len(other))


def _mostly_data(index: int, body: Sequence[Row]) -> bool:
    cells = [row[index].strip() for row in body if index < len(row) and row[index].strip()]
    hits = sum(1 for cell in cells if DATA.fullmatch(cell))
    return hits > 0.8 * len(cells) if cells else False


def _filled(row: Row) -> int:
    return sum(1 for cell in row if cell.strip())
