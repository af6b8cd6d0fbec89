"""A released file as a table with types, small enough to be looked at on a page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ckanext.privacy.engine import OpenFile, UnreadableFile, open_tables

#: A larger file is downloaded rather than looked at here: the web server has to hold the table.
LARGEST_FILE = 256 * 1024 * 1024
MOST_COLUMNS = 400


class TooLarge(Exception):  # noqa: N818 - says what is wrong
    """The file is too large to be looked at on a page."""


@dataclass(frozen=True)
class Look:
    """One table of a file: its name, its rows with types, and the names of the file's tables in their order."""

    name: str
    rows: pl.DataFrame
    tables: tuple[str, ...]


def look_at(path: Path, name: str, number: int = 0) -> Look:
    """Read the table with this number, from 0. Raises ``TooLarge``, ``UnreadableFile``, or ``IndexError``."""
    if path.stat().st_size > LARGEST_FILE:
        raise TooLarge
    opened: OpenFile = open_tables(path, name)
    shown = [table for table in opened.tables if not table.hidden]
    if not shown:
        raise UnreadableFile("The file holds no table.", name)
    batches = [batch for batch in shown[number].batches() if batch.width]
    rows = pl.concat(batches, how="diagonal") if batches else pl.DataFrame(schema=list(shown[number].header))
    if rows.width > MOST_COLUMNS:
        raise TooLarge
    return Look(shown[number].name, with_types(rows), tuple(table.name for table in shown))


def with_types(rows: pl.DataFrame) -> pl.DataFrame:
    """Turn columns whose every cell is a number or a day into numbers and days; a code such as 007 stays text."""
    return rows.with_columns(_typed(column) for column in rows.iter_columns())


def _typed(column: pl.Series) -> pl.Series:
    if column.dtype != pl.String or column.null_count() == column.len():
        return column
    if column.str.contains(r"^\s*[+-]?0\d").any():
        return column
    for kind in (pl.Int64, pl.Float64):
        cast = column.str.strip_chars().cast(kind, strict=False)
        if cast.null_count() == column.null_count():
            return cast
    days = column.str.strip_chars().str.to_date("%Y-%m-%d", strict=False)
    return days if days.null_count() == column.null_count() else column
