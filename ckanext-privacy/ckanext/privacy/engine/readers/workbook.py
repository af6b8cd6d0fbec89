"""Workbooks (XLSX, XLS, ODS): every sheet, also hidden ones, and the places outside the cells where data hides."""

from __future__ import annotations

import datetime as dt
import re
import xml.parsers.expat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

import polars as pl
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from ckanext.privacy.engine.errors import UnreadableFile
from ckanext.privacy.engine.findings import Held
from ckanext.privacy.engine.tables import OpenFile, RawFile, Table, frame, name_columns

from .layout import LOOK, find_layout
from .unread import other_package

#: Magic number of the old compound format: XLS, or an encrypted XLSX.
COMPOUND = b"\xd0\xcf\x11\xe0"
#: Rows in one batch.
ROWS = 20_000
#: Parts of an XLSX that hold text outside the sheets' cells: name of the table made of them, and where they lie.
PARTS = {
    "comments": re.compile(r"xl/(comments\d*\.xml|comments/.*|threadedComments/.*|persons/.*)"),
    "pivot caches": re.compile(r"xl/pivotCache/.*\.xml"),
    "external links": re.compile(r"xl/externalLinks/[^/]*\.xml"),
    "text boxes": re.compile(r"xl/drawings/[^/]*\.xml"),
    "document properties": re.compile(r"docProps/(core|app|custom)\.xml"),
}
#: Attributes of those parts that carry values.
VALUE_ATTRIBUTES = ("v", "author", "displayName", "userId", "name")
#: Parts that can hold data and that no reader here looks into.
UNREAD = re.compile(r"(xl|word|ppt)/(media|embeddings)/.*|xl/vbaProject\.bin|Pictures/.*|Object.*")


def open_workbook(raw: RawFile) -> OpenFile:
    """Open a workbook. Raises ``UnreadableFile`` when it is encrypted, damaged, a bomb or no workbook at all."""
    names = [] if raw.head.startswith(COMPOUND) else _check_archive(raw)
    kind = _kind(raw, names)
    workbook = _load(raw)
    file = OpenFile(raw.facts(kind))
    for meta in workbook.sheets_metadata:
        if meta.typ not in (SheetTypeEnum.WorkSheet, SheetTypeEnum.MacroSheet):
            continue
        sheet = workbook.get_sheet_by_name(meta.name)
        file.tables.append(_sheet_table(sheet, meta.visible != SheetVisibleEnum.Visible))
    if kind == "xlsx":
        file.tables += _outside_cells(raw)
        file.held += _unread(names)
    return file


def _kind(raw: RawFile, names: list[str]) -> str:
    if raw.head.startswith(COMPOUND):
        if _utf16("EncryptedPackage") in raw.path.read_bytes():
            raise UnreadableFile("The workbook is encrypted; save it without a password.", raw.name)
        return "xls"
    if any(name.startswith("xl/") for name in names):
        return "xlsx"
    if "content.xml" in names and _is_spreadsheet(raw, names):
        return "ods"
    raise other_package(names, raw.name)


def _is_spreadsheet(raw: RawFile, names: list[str]) -> bool:
    """An OpenDocument file says what it is in its first member; one that does not say is tried."""
    if "mimetype" not in names:
        return True
    with zipfile.ZipFile(raw.path) as archive:
        return b"spreadsheet" in archive.read("mimetype")


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


def _check_archive(raw: RawFile) -> list[str]:
    """List the archive's members, having counted what they unpack to without trusting what they claim."""
    try:
        with zipfile.ZipFile(raw.path) as archive:
            left = raw.limits.unpacked
            for member in archive.infolist():
                if member.flag_bits & 1:
                    raise UnreadableFile("The file is encrypted; save it without a password.", raw.name)
                left -= _unpacked_size(archive, member, left, raw.name)
            return archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError) as error:
        raise UnreadableFile("The file is damaged and cannot be opened; save it again.", raw.name) from error


def _unpacked_size(archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: int, name: str) -> int:
    size = 0
    with archive.open(member) as stream:
        while block := stream.read(1 << 20):
            size += len(block)
            if size > left:
                raise UnreadableFile("The file unpacks to more than the limit; it may be a zip bomb.", name)
    return size


def _load(raw: RawFile) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_path(str(raw.path))
    except CalamineError as error:
        reason = "encrypted; save it without a password" if "assword" in str(error) else "damaged; save it again"
        raise UnreadableFile(f"The workbook is {reason}.", raw.name) from error


def _sheet_table(sheet: CalamineSheet, hidden: bool) -> Table:
    rows = [[_text(cell) or "" for cell in row] for row, _ in zip(sheet.iter_rows(), range(LOOK), strict=False)]
    layout = find_layout(rows)
    header = name_columns(layout.labels)
    read = partial(_sheet_rows, sheet, header, layout.first)
    weight = sheet.total_height * sheet.total_width * 8
    values = partial(_typed_rows, sheet, layout.first)
    height = max(1, sheet.total_height - layout.first)
    return Table(sheet.name, header, layout.labels, read, hidden, weight, values, lambda rows: rows / height)


def _typed_rows(sheet: CalamineSheet, skip: int) -> Iterator[list[Any]]:
    return islice(sheet.iter_rows(), skip, None)


def _sheet_rows(sheet: CalamineSheet, header: tuple[str, ...], skip: int) -> Iterator[pl.DataFrame]:
    rows: list[list[str | None]] = []
    for index, row in enumerate(sheet.iter_rows()):
        if index < skip:
            continue
        rows.append([_text(cell) for cell in row])
        if len(rows) >= ROWS:
            yield frame(rows, header)
            rows = []
    if rows:
        yield frame(rows, header)


def _text(cell: Any) -> str | None:
    """Write a cell as a spreadsheet would export it: whole numbers without a point, dates in ISO form."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, str):
        return cell
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(sep=" ")
    return str(cell)


def _outside_cells(raw: RawFile) -> Iterator[Table]:
    with zipfile.ZipFile(raw.path) as archive:
        for title, pattern in PARTS.items():
            texts = [text for name in archive.namelist() if pattern.match(name) for text in _texts(archive.read(name))]
            if texts:
                yield _hidden_table(title, texts)


def _hidden_table(title: str, texts: list[str]) -> Table:
    rows: list[list[str | None]] = [[text] for text in texts]
    return Table(title, ("text",), ("text",), lambda: [frame(rows, ("text",))], hidden=True)


@dataclass
class _Collector:
    """Gathers text and values of an XML part; expat resolves no external entity and caps internal ones."""

    texts: list[str] = field(default_factory=list)

    def start(self, _tag: str, attributes: dict[str, str]) -> None:
        """Keep the attributes that carry values."""
        self.texts += [attributes[key] for key in VALUE_ATTRIBUTES if attributes.get(key)]

    def data(self, text: str) -> None:
        """Keep text between tags."""
        if text.strip():
            self.texts.append(text.strip())


def _texts(xml_part: bytes) -> list[str]:
    collector, parser = _Collector(), xml.parsers.expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = collector.start
    parser.CharacterDataHandler = collector.data
    parser.Parse(xml_part, True)
    return collector.texts


def _unread(names: list[str]) -> list[Held]:
    return [
        Held("Pictures, macros and embedded files are not looked into; remove them.", name)
        for name in names
        if UNREAD.match(name)
    ]
