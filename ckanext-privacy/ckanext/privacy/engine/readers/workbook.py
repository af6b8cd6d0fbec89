"""Workbooks (XLSX, XLSM, XLSB, XLS, ODS): every sheet, also hidden ones, and every other place where data hides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

import polars as pl
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from ckanext.privacy.engine.errors import UnreadableFile
from ckanext.privacy.engine.findings import Held
from ckanext.privacy.engine.tables import OpenFile, RawFile, Table, blank_to_null, name_columns

from .columnar import whole_numbers
from .layout import LOOK, Layout, find_layout, lines_above
from .office import Package, add_the_rest
from .sheet_parts import SHEETS as SHEET_PARTS
from .sheet_parts import SheetFacts, opendocument_facts, opendocument_places, sheet_facts, workbook_places

#: Rows in one batch.
ROWS = 20_000
#: A sheet is laid out in memory from its first to its last cell; this many cells need about 3 GB.
MOST_CELLS = 60_000_000
SHEETS = (SheetTypeEnum.WorkSheet, SheetTypeEnum.MacroSheet)


def open_workbook(raw: RawFile) -> OpenFile:
    """Open an XLSX, XLSB or ODS workbook. Raises ``UnreadableFile`` when it is encrypted, damaged or a bomb."""
    package = Package(raw, later=SHEET_PARTS)
    if "content.xml" in package.names:
        kind, facts = "ods", opendocument_facts(package)
        places, looked = opendocument_places(package)
    else:
        kind, facts = "xlsb" if "xl/workbook.bin" in package.names else "xlsx", sheet_facts(package)
        places, looked = workbook_places(package, facts)
    file = OpenFile(raw.facts(kind))
    _add_sheets(file, _load(raw), facts)
    file.tables += places
    add_the_rest(file, package, looked)
    return file


def open_xls(raw: RawFile) -> OpenFile:
    """Open an XLS workbook. Raises ``UnreadableFile`` when it is encrypted or damaged."""
    from .old_workbook import old_facts, old_places

    file, workbook = OpenFile(raw.facts("xls")), _load(raw)
    _add_sheets(file, workbook, old_facts(raw))
    file.tables += old_places(raw)
    return file


def _load(raw: RawFile) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_path(str(raw.path))
    except CalamineError as error:
        reason = "encrypted; save it without a password" if "assword" in str(error) else "damaged; save it again"
        raise UnreadableFile(f"The workbook is {reason}.", raw.name) from error


def _add_sheets(file: OpenFile, workbook: CalamineWorkbook, facts: dict[str, SheetFacts]) -> None:
    for meta in workbook.sheets_metadata:
        if meta.typ not in SHEETS:
            continue
        known = facts.get(meta.name, SheetFacts())
        if known.cells > MOST_CELLS:
            wide = "It has cells so far apart that it cannot be laid out; delete the empty rows and columns."
            file.held.append(Held(wide, f"{file.facts.name}, sheet {meta.name}"))
            continue
        sheet = workbook.get_sheet_by_name(meta.name)
        hidden = meta.visible != SheetVisibleEnum.Visible
        rows = [[_text(cell) or "" for cell in row] for row in islice(sheet.iter_rows(), LOOK)]
        layout = find_layout(rows)
        first = layout.first
        table = _sheet_table(sheet, layout, hidden)
        table = replace(table, hidden_rows=frozenset(row - first for row in known.hidden_rows if row >= first))
        file.tables.append(table)
        if any(cell for row in rows[: layout.above] for cell in row):
            file.tables.append(lines_above(rows[: layout.above], of=meta.name))
        if not hidden:
            file.tables += _hidden_parts(sheet, table, first, known)


def _sheet_table(sheet: CalamineSheet, layout: Layout, hidden: bool) -> Table:
    header = name_columns(layout.labels)
    read = partial(_sheet_rows, sheet, header, layout.first)
    weight = sheet.total_height * sheet.total_width * 8
    values = partial(_typed_rows, sheet, layout.first)
    height = max(1, sheet.total_height - layout.first)
    share = lambda rows: rows / height  # noqa: E731 - says less under a name
    return Table(sheet.name, header, layout.labels, read, hidden, weight, values, share)


def _typed_rows(sheet: CalamineSheet, skip: int) -> Iterator[list[Any]]:
    return islice(sheet.iter_rows(), skip, None)


def _sheet_rows(sheet: CalamineSheet, header: tuple[str, ...], skip: int) -> Iterator[pl.DataFrame]:
    return _frames(islice(sheet.iter_rows(), skip, None), header)


def _hidden_parts(sheet: CalamineSheet, table: Table, first: int, facts: SheetFacts) -> Iterator[Table]:
    """Hidden rows and columns once more as tables of their own, so that a finding in them says so."""
    left = (sheet.start or (0, 0))[1]
    columns = [place for place in range(len(table.header)) if facts.hides_column(place + left)]
    if columns and len(columns) < len(table.header):
        header, labels = (tuple(names[place] for place in columns) for names in (table.header, table.labels))
        read = partial(_chosen_columns, table, header)
        yield Table(f"{table.name}: hidden columns", header, labels, read, hidden=True)
    if any(row >= first for row in facts.hidden_rows):
        read = partial(_chosen_rows, sheet, table.header, facts.hidden_rows, first)
        yield Table(f"{table.name}: hidden rows", table.header, table.labels, read, hidden=True)


def _chosen_columns(table: Table, header: tuple[str, ...]) -> Iterator[pl.DataFrame]:
    return (batch.select(header) for batch in table.batches())


def _chosen_rows(sheet: CalamineSheet, header: tuple[str, ...], rows: set[int], skip: int) -> Iterator[pl.DataFrame]:
    chosen = (row for place, row in enumerate(sheet.iter_rows()) if place >= skip and place in rows)
    return _frames(chosen, header)


def _frames(rows: Iterator[list[Any]], header: tuple[str, ...]) -> Iterator[pl.DataFrame]:
    """Batches of cells as text, made column by column: most columns hold one type."""
    while batch := list(islice(rows, ROWS)):
        columns = [_column(cells) for cells in zip(*batch, strict=True)]
        names = [*header, *(f"#{place}" for place in range(len(header) + 1, len(columns) + 1))]
        yield blank_to_null(pl.DataFrame(columns, schema=dict.fromkeys(names[: len(columns)], pl.String)))


def _column(cells: Sequence[Any]) -> pl.Series:
    types = set(map(type, cells))
    if types <= {str}:
        return pl.Series(cells, dtype=pl.String)
    if types == {float}:
        return whole_numbers(pl.Series(cells, dtype=pl.Float64))
    return pl.Series([_text(cell) for cell in cells], dtype=pl.String)


def _text(cell: Any) -> str | None:
    """Write a cell as a spreadsheet would export it: whole numbers without a point, dates in ISO form."""
    if isinstance(cell, str):
        return cell or None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(sep=" ")
    return None if cell is None else str(cell)
