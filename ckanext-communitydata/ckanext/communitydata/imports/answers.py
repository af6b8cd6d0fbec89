"""The tables of an export of answers: CSV, XLSX with a sheet for each repeat, ODK's zip of CSVs, JSON of Kobo and ODK.

The first table has a row for each answer sheet, the others one for each turn of a repeat.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import openpyxl

from ckanext.communitydata.fields import _

from .proposal import ImportRefusedError

Row = tuple[str, ...]
#: Where the JSON of Kobo and of ODK keeps its answers.
ANSWERS = ("results", "value")
#: Answers in JSON that are lists without being repeats.
NO_REPEATS = ("_attachments", "_geolocation", "_tags", "_notes", "_validation_status")
#: Groups within groups that are followed.
DEEPEST = 20


class Table(NamedTuple):
    """The headings of a table and its rows, as texts."""

    headings: Row
    rows: Iterable[Row]


def tables(name: str, content: bytes) -> list[Table]:
    """Read the tables of an export. Raises :class:`ImportRefusedError` for a file that holds none."""
    ending = name.lower().rpartition(".")[2]
    if content.startswith(b"PK"):
        return _packed(name, content) if ending == "zip" else _sheets(name, content)
    if ending == "json":
        return _documents(name, content)
    if ending in ("csv", "tsv", "txt"):
        return [_lines(name, content)]
    raise ImportRefusedError(_("“{name}” is neither CSV, XLSX nor JSON. Export it again as one of these."), name=name)


def _table(rows: Iterator[Row]) -> Table:
    return Table(next(rows, ()), rows)


def _lines(name: str, content: bytes) -> Table:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ImportRefusedError(
            _("“{name}” is not UTF-8 text. Export it again, or save it as XLSX."), name=name
        ) from None
    head = text[:20_000].split("\n", 1)[0]
    return _table(_records(name, text, max(",;\t", key=head.count)))


def _records(name: str, text: str, delimiter: str) -> Iterator[Row]:
    try:
        yield from (tuple(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error:
        raise ImportRefusedError(_("“{name}” is not a CSV file that can be read."), name=name) from None


def _packed(name: str, content: bytes) -> list[Table]:
    """The CSV files of ODK's zip, the one with the answer sheets first: a repeat is called after it."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    members = sorted((each for each in archive.namelist() if each.lower().endswith(".csv")), key=len)
    try:
        return [_lines(name, archive.read(each)) for each in members] or [Table((), ())]
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError):
        raise ImportRefusedError(
            _("“{name}” is damaged or locked. Save it again and choose the new one."), name=name
        ) from None


def _sheets(name: str, content: bytes) -> list[Table]:
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        found = [
            _table(
                tuple("" if value is None else str(value) for value in row) for row in sheet.iter_rows(values_only=True)
            )
            for sheet in book.worksheets
        ]
        return [Table(first.headings, list(first.rows)) for first in found[:1]] + found[1:]
    except Exception:  # noqa: BLE001 - whatever a damaged workbook does inside the reader, it cannot be read
        raise ImportRefusedError(
            _("“{name}” cannot be opened as a spreadsheet. Save it as .xlsx and try again."), name=name
        ) from None


def _documents(name: str, content: bytes) -> list[Table]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise ImportRefusedError(_("“{name}” is not JSON that can be read. Export it again."), name=name) from None
    if isinstance(found, dict):
        found = next((found[key] for key in ANSWERS if key in found), [])
    sheets = [dict(_flat(each, "", 0)) for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    headings = tuple(dict.fromkeys(heading for sheet in sheets for heading in sheet))
    return [Table(headings, (tuple(sheet.get(heading, "") for heading in headings) for sheet in sheets))]


def _flat(answer: Mapping[str, Any], inside: str, depth: int) -> Iterator[tuple[str, str]]:
    """Headings by their whole path, as in Kobo's CSV, each with its text or a sign that there is an answer."""
    for key, value in answer.items():
        heading = key if not inside or key.startswith(f"{inside}/") else f"{inside}/{key}"
        parts = _parts(value) if depth < DEEPEST and key not in NO_REPEATS else []
        for part in parts:
            yield from _flat(part, heading, depth + 1)
        if not parts and "@odata" not in key:
            yield heading, value if isinstance(value, str) else "…" * bool(value)


def _parts(value: Any) -> list[dict[str, Any]]:
    """The turns of a repeat, or a group as its only turn; a place is neither."""
    turns = value if isinstance(value, list) else [value]
    return [each for each in turns if isinstance(each, dict) and "coordinates" not in each]
