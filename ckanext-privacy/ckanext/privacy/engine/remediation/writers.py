"""Write cleaned tables as they came: text keeps its encoding and delimiter, workbooks their sheets and types.

A workbook is written anew from the cells alone. Comments, properties, pivot caches, external links, defined names,
pictures and macros therefore cannot survive in it; formulas become the values they had.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

from ckanext.privacy.engine.errors import InvalidPlan
from ckanext.privacy.engine.readers.delimited import SAMPLE, sniff_delimiter
from ckanext.privacy.engine.tables import OpenFile

from .steps import Cleaner

TEXT_FORMATS = frozenset({"csv", "tsv"})
WORKBOOK_FORMATS = frozenset({"xlsx", "xls", "ods"})
MAIN_FORMATS = TEXT_FORMATS | WORKBOOK_FORMATS


class Writer(Protocol):
    """Writes one table after another into one file."""

    def write(self, cleaner: Cleaner) -> None:
        """Write a table as its cleaner changes it."""
        ...


@contextmanager
def open_writer(fresh: Path, file: OpenFile, source: Path) -> Iterator[Writer]:
    """Open `fresh` to write what is cleaned of `file`, which was read from `source`."""
    if file.facts.format in TEXT_FORMATS:
        with fresh.open("wb") as stream:
            yield DelimitedWriter(stream, source, file.facts.encoding or "utf-8")
        return
    if fresh.suffix.lower() != ".xlsx":
        raise InvalidPlan(f"{fresh.name}: a cleaned workbook is an XLSX file; let its name end in .xlsx.")
    writer = WorkbookWriter()
    yield writer
    writer.save(fresh)


class DelimitedWriter:
    """Writes text in the source's encoding, delimiter, line ends and habit of quoting."""

    def __init__(self, stream: BinaryIO, source: Path, encoding: str) -> None:
        with source.open("rb") as original:
            head = codecs.getincrementaldecoder(encoding)("replace").decode(original.read(SAMPLE))
        self._stream = stream
        self._encoder = codecs.getincrementalencoder(encoding)("replace")
        self._delimiter = sniff_delimiter(head)
        self._line_end = "\r\n" if "\r\n" in head else "\n"
        self._quote_all = _quotes_all(head.lstrip("\ufeff").split("\n", 1)[0].rstrip("\r"), self._delimiter)

    def write(self, cleaner: Cleaner) -> None:
        """Write the heading, where the source has one, and the rows."""
        columns = cleaner.columns
        if any(cleaner.table.labels):
            self._put(self._heading(_labels(cleaner)))
        for _, after, keep in cleaner.batches():
            rows = after.select(columns).filter(keep)
            # A blank line would be no row at all, so the only column of a table says that it is empty.
            rows = rows.fill_null("") if len(columns) == 1 else rows
            self._put(
                rows.write_csv(
                    include_header=False,
                    separator=self._delimiter,
                    line_terminator=self._line_end,
                    quote_style="always" if self._quote_all else "necessary",
                )
            )

    def _heading(self, labels: list[str]) -> str:
        text = io.StringIO()
        quoting = csv.QUOTE_ALL if self._quote_all else csv.QUOTE_MINIMAL
        csv.writer(text, delimiter=self._delimiter, lineterminator=self._line_end, quoting=quoting).writerow(labels)
        return text.getvalue()

    def _put(self, text: str) -> None:
        self._stream.write(self._encoder.encode(text))


class WorkbookWriter:
    """Writes sheets of typed cells."""

    def __init__(self) -> None:
        self._book = openpyxl.Workbook(write_only=True)
        self._book.properties.creator = None

    def write(self, cleaner: Cleaner) -> None:
        """Write a sheet: cells that the plan leaves alone keep their types, hidden sheets stay hidden."""
        table = cleaner.table
        sheet = self._book.create_sheet(table.name)
        sheet.sheet_state = "hidden" if table.hidden else "visible"
        if any(table.labels):
            sheet.append([_cell(sheet, label, bold=True) for label in _labels(cleaner)])
        for row in _typed_rows(cleaner):
            sheet.append([_cell(sheet, value) for value in row])

    def save(self, path: Path) -> None:
        """Write the workbook to its file."""
        if self._book.worksheets:
            self._book.save(path)


def _quotes_all(line: str, delimiter: str) -> bool:
    cells = line.split(delimiter)
    return all(len(cell) >= 2 and cell[0] == cell[-1] == '"' for cell in cells)


def _labels(cleaner: Cleaner) -> list[str]:
    label_of = dict(zip(cleaner.table.header, cleaner.table.labels, strict=True))
    return [label_of.get(name, "") for name in cleaner.columns]


def _typed_rows(cleaner: Cleaner) -> Iterator[list[Any]]:
    """Rows of values: the source's own where the text is the same as before, else the new text."""
    numeric = cleaner.numeric_columns()
    place = {name: number for number, name in enumerate(cleaner.all_columns)}
    originals = cleaner.table.values() if cleaner.table.values else iter(())
    for before, after, keep in cleaner.batches():
        pairs = [(before[name].to_list(), after[name].to_list()) for name in cleaner.columns]
        for row, kept in enumerate(keep):
            values = next(originals)
            if kept:
                yield [
                    _at(values, place[name]) if old[row] == new[row] else _value(new[row], name in numeric)
                    for name, (old, new) in zip(cleaner.columns, pairs, strict=True)
                ]


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
