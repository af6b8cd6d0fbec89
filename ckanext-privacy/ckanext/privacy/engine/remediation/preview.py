"""The first rows of each table as they are and as a plan would make them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ckanext.privacy.engine.tables import open_tables

from .apply import all_columns, hidden_columns, main_tables, make_cleaners
from .plan import Plan, check_tables
from .steps import Cleaner

Rows = tuple[tuple[str | None, ...], ...]

#: Pseudonyms in a preview are made with this, never with the real key: a preview may be seen by more people than a key.
PREVIEW_KEY = b"a preview's pseudonyms are not the real ones"


@dataclass(frozen=True)
class TablePreview:
    """First rows of one table.

    `before` holds the personal data itself: show it only to people who may see the original file, and never store it.
    `after` holds fewer rows where the plan drops some of them; it is empty, as are its columns, where the whole table
    goes.
    """

    name: str
    columns_before: tuple[str, ...]
    columns_after: tuple[str, ...]
    before: Rows
    after: Rows


def preview_plan(path: str | Path, plan: Plan, rows: int = 20, *, name: str | None = None) -> tuple[TablePreview, ...]:
    """Show what a plan would do to the first `rows` rows of each table; writes nothing.

    Raises `InvalidPlan` when the plan does not fit the file, `UnreadableFile` when the file cannot be read.
    """
    file = open_tables(path, name)
    tables = main_tables(file)
    columns = {table.name: all_columns(table) for table in tables}
    check_tables(plan, columns)
    cleaners = make_cleaners(tables, columns, plan, PREVIEW_KEY, hidden_columns(file))
    return tuple(
        _preview(table.name, columns[table.name], next(table.batches(), pl.DataFrame()).head(rows), cleaner)
        for table, cleaner in zip(tables, cleaners, strict=True)
    )


def _preview(name: str, columns: tuple[str, ...], first: pl.DataFrame, cleaner: Cleaner | None) -> TablePreview:
    before = _rows(first, columns)
    if cleaner is None:
        return TablePreview(name, columns, (), before, ())
    after = cleaner.head(first.height)
    return TablePreview(name, columns, cleaner.columns, before, _rows(after, cleaner.columns))


def _rows(batch: pl.DataFrame, columns: tuple[str, ...]) -> Rows:
    present = [batch[name].to_list() if name in batch.columns else [None] * batch.height for name in columns]
    return tuple(zip(*present, strict=True))
