"""Write cleaned sheets: a workbook made anew from cells alone, with the sheets, types and number formats it had.

Comments, properties, pivot caches, external links, defined names, pictures and macros therefore cannot survive in it;
formulas become the values they had.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

from .labels import labels_of
from .steps import Cleaner


class WorkbookWriter:
    """Writes sheets of typed cells."""

    def __init__(self, source: Path, formats: bool) -> None:
        self._book = openpyxl.Workbook(write_only=True)
        self._book.properties.creator = None
        self._formats = _number_formats(source) if formats else {}

    def write(self, cleaner: Cleaner) -> None:
        """Write a sheet: cells that the plan leaves alone keep their types, hidden sheets stay hidden."""
        table = cleaner.table
        sheet = self._book.create_sheet(_sheet_name(table.name, self._book.sheetnames))
        sheet.sheet_state = "hidden" if table.hidden else "visible"
        if any(table.labels):
            sheet.append([_cell(sheet, label, bold=True) for label in labels_of(cleaner)])
        # What a changed cell says is no longer what its format was made for.
        named = zip(cleaner.columns, labels_of(cleaner), strict=True)
        formats = [
            None if name in cleaner.changing else self._formats.get((table.name, label)) for name, label in named
        ]
        for row in _typed_rows(cleaner):
            cells = [_cell(sheet, value) for value in row]
            for cell, form in zip(cells, formats, strict=True):
                if form and isinstance(cell.value, (int, float)) and not isinstance(cell.value, bool):
                    cell.number_format = form
            sheet.append(cells)

    def leave_out(self, name: str) -> None:
        """What is not written is left out."""

    def save(self, path: Path) -> None:
        """Write the workbook to its file."""
        if self._book.worksheets:
            self._book.save(path)


def _named(cleaner: Cleaner) -> Iterator[tuple[str, str]]:
    return zip(cleaner.columns, labels_of(cleaner), strict=True)


def _sheet_name(name: str, taken: list[str]) -> str:
    """A name that a sheet may have: without the characters that Excel refuses, 31 at most, once."""
    plain = re.sub(r"[\\/*?:\[\]]", " ", name)[:31] or "Sheet"
    return plain if plain not in taken else f"{plain[:27]} {len(taken) + 1}"


def _number_formats(source: Path) -> dict[tuple[str, str], str]:
    """Number formats by sheet and heading, as the first row of data has them."""
    # As a stream: a stored file has no ending for openpyxl to look at.
    with source.open("rb") as stream, closing(openpyxl.load_workbook(stream, read_only=True)) as book:
        return {
            (sheet.title, str(label.value)): cell.number_format
            for sheet in book.worksheets
            for label, cell in _first_cells(sheet)
            if label.value is not None and cell.number_format not in {None, "General"}
        }


def _first_cells(sheet: Any) -> Iterator[tuple[Any, Any]]:
    rows = list(sheet.iter_rows(min_row=1, max_row=2))
    return zip(*rows, strict=False) if len(rows) == 2 else iter(())


def _typed_rows(cleaner: Cleaner) -> Iterator[list[Any]]:
    """Rows of values: the source's own where the text is the same as before, else the new text."""
    numeric = cleaner.numeric_columns()
    place = {name: number for number, name in enumerate(cleaner.all_columns)}
    if not cleaner.table.values or cleaner.plan.aggregate:
        yield from _text_rows(cleaner, numeric)
        return
    originals = cleaner.table.values()
    for before, after, keep in cleaner.batches():
        pairs = [(before[name].to_list(), after[name].to_list()) for name in cleaner.columns]
        for row, kept in enumerate(keep):
            values = next(originals)
            if kept:
                yield [
                    _at(values, place[name]) if old[row] == new[row] else _value(new[row], name in numeric)
                    for name, (old, new) in zip(cleaner.columns, pairs, strict=True)
                ]


def _text_rows(cleaner: Cleaner, numeric: Mapping[str, bool]) -> Iterator[list[Any]]:
    """Rows of a table whose file has no types, or that is made of groups."""
    for _, after, keep in cleaner.batches():
        for row in after.select(cleaner.columns).filter(keep).iter_rows():
            yield [_value(text, name in numeric) for name, text in zip(cleaner.columns, row, strict=True)]


def _at(values: list[Any], place: int) -> Any:
    return values[place] if place < len(values) else None


def _value(text: str | None, numeric: bool) -> Any:
    if text is None or not numeric:
        return text
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text


def _cell(sheet: Any, value: Any, *, bold: bool = False) -> Any:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, str):
        value = ILLEGAL_CHARACTERS_RE.sub("", value) or None
    cell = WriteOnlyCell(sheet, value)
    if isinstance(value, str):
        cell.data_type = "s"  # text that begins with "=" stays text
    if bold:
        cell.font = Font(bold=True)
    return cell
