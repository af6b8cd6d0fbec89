"""What cells of an XLSX workbook mean, as calamine has it: shared texts, and numbers whose format is a date's.

Calamine is shown a workbook with the same texts and formats, in which the cells in question are all there is.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from python_calamine import CalamineError, CalamineWorkbook, SheetMetadata

from .office import Package
from .plain_texts import shared_texts
from .xml_parts import is_of_ascii

#: Columns of the sheet that calamine is shown.
COLUMNS = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
TEXTS, STYLES = "xl/sharedStrings.xml", "xl/styles.xml"
#: What a sheet's name and a number's format depend on.
PARTS = ("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", STYLES)
SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'


class Meanings:
    """Asks calamine. ``sheet`` is the name of one of the workbook's sheets, and ``part`` where it stands."""

    def __init__(self, package: Package, sheet: str, part: str) -> None:
        self._package, self._sheet, self._part = package, sheet, part

    @cached_property
    def sheets(self) -> list[SheetMetadata]:
        """The workbook's sheets, as its list has them; none when calamine cannot open it."""
        try:
            return self._workbook(b"").sheets_metadata
        except CalamineError:
            return []

    @cached_property
    def texts(self) -> pl.Series:
        """The workbook's shared texts, in order."""
        if TEXTS not in self._package.names:
            return pl.Series([], dtype=pl.String)
        with self._package.open(TEXTS) as stream:
            part = stream.read()
        plain = shared_texts(part) if is_of_ascii(part) else None
        return self._asked_texts(part.count(b"<si")) if plain is None else plain

    def _asked_texts(self, count: int) -> pl.Series:
        values = self._ask((b't="s"', b"%d" % place) for place in range(count))
        return pl.Series([value for value in values if isinstance(value, str)], dtype=pl.String)

    @cached_property
    def _used(self) -> np.ndarray:
        return np.zeros(len(self.texts), bool)

    def note(self, places: np.ndarray) -> None:
        """Take in which shared texts some cells show."""
        if len(places):
            self._used[places[places < len(self._used)]] = True

    def unused(self) -> list[str]:
        """Shared texts that no cell shows."""
        return self.texts.filter(pl.Series(~self._used)).to_list() if len(self.texts) else []

    @cached_property
    def _dated(self) -> tuple[bool, ...]:
        if STYLES not in self._package.names:
            return ()
        with self._package.open(STYLES) as stream:
            count = stream.read().count(b"<xf")
        return tuple(
            not isinstance(value, float) for value in self._ask((b's="%d"' % each, b"1.5") for each in range(count))
        )

    def is_dated(self, style: int) -> bool:
        """Whether numbers of a style are dates, times or durations."""
        return style < len(self._dated) and self._dated[style]

    def dates(self, cells: Sequence[tuple[int, str]]) -> list[str | None]:
        """What numbers of some styles are as dates, times or durations, in text."""
        return [text_of(value) for value in self._ask((b's="%d"' % style, text.encode()) for style, text in cells)]

    def _ask(self, cells: Iterable[tuple[bytes, bytes]]) -> list[Any]:
        """Values of cells, given as attributes and value."""
        rows, count = [], 0
        for place, (given, value) in enumerate(cells):
            row, column = divmod(place, len(COLUMNS))
            start = b"" if column else b'%s<row r="%d">' % (b"</row>" * bool(row), row + 1)
            rows.append(b'%s<c r="%s%d" %s><v>%s</v></c>' % (start, COLUMNS[column].encode(), row + 1, given, value))
            count = place + 1
        sheet = self._workbook(b"".join(rows) + b"</row>" * bool(rows)).get_sheet_by_name(self._sheet)
        values = [value for row in sheet.iter_rows() for value in row] if count else []
        return (values + [""] * count)[:count]

    def _workbook(self, rows: bytes) -> CalamineWorkbook:
        made = io.BytesIO()
        parts = (*PARTS, TEXTS) if b't="s"' in rows else PARTS
        with zipfile.ZipFile(made, "w") as archive:
            for part in parts:
                if part in self._package.names:
                    with self._package.open(part) as stream:
                        archive.writestr(part, stream.read())
            archive.writestr(self._part, SHEET % rows)
        made.seek(0)
        return CalamineWorkbook.from_filelike(made)


def text_of(cell: Any) -> str | None:
    """Write a cell as a spreadsheet would export it: whole numbers without a point, dates in ISO form."""
    if isinstance(cell, str):
        return cell or None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(sep=" ")
    return None if cell is None else str(cell)
