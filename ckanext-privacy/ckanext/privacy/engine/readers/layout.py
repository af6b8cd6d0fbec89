"""Where a table's heading is: lines above it, no heading at all, a heading of several rows."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ckanext.privacy.engine.tables import Table, text_table

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
    if _is_data(rows[start], rows[start + 1 :]):
        return Layout(("",) * width, start, start)
    first = _first_of_heading(rows, start)
    second = first == start and (_is_second(rows, start) or _is_under_groups(rows, start))
    last = start + 1 if second else start
    return Layout(_joined(rows[first : last + 1], width), last + 1, first)


def _first_of_heading(rows: Sequence[Row], start: int) -> int:
    """A row above the heading belongs to it when it names groups of columns: cells far apart, the first one blank."""
    if not start:
        return start
    above, heading = rows[start - 1], rows[start]
    groups = 2 <= _filled(above) < len(above) and len(above) >= len(heading)
    labels = [cell for cell in heading if cell.strip()]
    return start - 1 if groups and (not above[0].strip() or len(set(labels)) < len(labels)) else start


def _is_second(rows: Sequence[Row], start: int) -> bool:
    """A row below belongs to a heading that repeats itself side by side, if it is words where columns are data."""
    top, body = rows[start], rows[start + 2 :]
    repeats = any(cell.strip() and cell == other for cell, other in itertools.pairwise(top))
    if not repeats or len(body) < 2 or _filled(rows[start + 1]) < len(top):
        return False
    below = rows[start + 1]
    typed = [place for place in range(len(below)) if _mostly_data(place, body)]
    words = [
        place for place in typed if not DATA.fullmatch(below[place].strip()) or YEAR.fullmatch(below[place].strip())
    ]
    return bool(typed) and words == typed and not _comes_again(below, body)


def _is_under_groups(rows: Sequence[Row], start: int) -> bool:
    """Merged cells leave blanks in a heading, and the row below names what stands under each of them."""
    if len(rows) < start + 4:
        return False
    top, below, body = rows[start], rows[start + 1], rows[start + 2 :]
    blank = [place for place, cell in enumerate(top) if not cell.strip()]
    if not blank or blank[0] == 0 or len(below) < len(top) or not all(below[place].strip() for place in blank):
        return False
    words = not any(DATA.fullmatch(cell.strip()) for cell in below if cell.strip())
    left_out = any(not cell.strip() for cell in below)
    typed = any(_mostly_data(place, body) for place, cell in enumerate(below) if cell.strip())
    return words and left_out and typed and not _comes_again(below, body)


def _joined(heading: Sequence[Row], width: int) -> tuple[str, ...]:
    """One label for every column: a group's name counts for all columns up to the next one's."""
    *groups, last = ([*(cell.strip() for cell in row), *[""] * (width - len(row))] for row in heading)
    for group in groups:
        carried = itertools.accumulate(group, lambda before, cell: cell or before)
        last = [f"{name} {label}".strip() for name, label in zip(carried, last, strict=True)]
    return tuple(last)


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


def lines_above(rows: Sequence[Row], of: str = "") -> Table:
    """What stands above a heading, such as who made the table: each line a cell."""
    lines = [" ".join(cell for cell in row if cell) for row in rows]
    return text_table(f"{of}: lines above the heading" if of else "lines above the heading", lines)
