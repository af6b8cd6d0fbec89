"""Worksheets that are read from their bytes say what calamine says; what is written otherwise is left to it."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ckanext.privacy.engine import Limits, UnreadableFile, open_tables
from ckanext.privacy.engine.readers import sheet_store, workbook
from ckanext.privacy.engine.readers.plain_texts import shared_texts

#: What stands in cells: texts with everything that XML escapes, numbers, dates with and without time, truths, nothing.
TEXTS = st.text(
    st.one_of(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), st.sampled_from("&<>\"'_x0012 \n")),
    max_size=30,
)
NUMBERS = st.one_of(st.integers(-(10**12), 10**12), st.floats(-1e6, 1e6).map(lambda number: round(number, 4)))
DAYS = st.datetimes(dt.datetime.fromisoformat("1901-01-01")).map(lambda day: day.replace(microsecond=0))
CELLS = st.one_of(st.none(), TEXTS, NUMBERS, DAYS, DAYS.map(dt.datetime.date), st.booleans())
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=6), min_size=1, max_size=12)
SPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def with_xlsxwriter(rows: list[list[Any]], path: Path, shared: bool) -> None:
    """As most programs write: texts in a list of their own, or in the cells."""
    options = {"constant_memory": not shared, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, options) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for place, row in enumerate(rows, 2):
            for column, cell in enumerate(row, 1):
                if isinstance(cell, dt.date):
                    sheet.write_datetime(place, column, cell, day)  # type: ignore[arg-type] - a date will do
                elif cell is not None:
                    sheet.write(place, column, cell)


def with_openpyxl(rows: list[list[Any]], path: Path) -> None:
    """As Python programs write."""
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(path)


def contents(path: Path) -> list[tuple[str, tuple[str, ...], list[tuple[str | None, ...]], list[list[Any]]]]:
    """Every table of a file: name, heading, cells as text, cells with their types."""
    found = []
    for table in open_tables(path).tables:
        batches = list(table.batches())
        rows = pl.concat(batches, how="diagonal").rows() if batches else []
        found.append((table.name, table.header, rows, list(table.values()) if table.values else []))
    return found


def both_ways(path: Path) -> tuple[Any, Any]:
    """What is read from the bytes, and what calamine reads."""
    plain = contents(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workbook, "_meanings", lambda *_: None)
        return plain, contents(path)


def is_plain(path: Path) -> bool:
    """Whether a workbook's sheets are read from their bytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workbook, "_laid_out", lambda _sheet: pytest.fail("calamine was asked for a whole sheet"))
        try:
            open_tables(path)
        except (pytest.fail.Exception, UnreadableFile):
            return False
    return True


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, shared=st.booleans())
def test_cells_are_what_calamine_says(rows: list[list[Any]], shared: bool, tmp_path: Path) -> None:
    """Whatever stands in cells, and wherever its text is kept."""
    path = tmp_path / "book.xlsx"
    with_xlsxwriter(rows, path, shared)
    plain, whole = both_ways(path)
    assert plain == whole
    assert is_plain(path)


def test_what_python_programs_write_is_read_from_the_bytes_too(tmp_path: Path) -> None:
    """Another order of attributes, another way to escape, texts in a list of their own, styles on blank cells."""
    path = tmp_path / "book.xlsx"
    day = dt.datetime.fromisoformat("2024-05-01 12:30")
    with_openpyxl([["name", "day", "on"], ["A & B <c>", day, True], [None, None, None], [" x ", 1.5, False]], path)
    plain, whole = both_ways(path)
    assert plain == whole
    assert is_plain(path)
    assert plain[0][2][0] == ("A & B <c>", "2024-05-01 12:30:00", "True")


#: Rows of a sheet as they may stand in a file, and whether they are written in the plain way.
WRITTEN = {
    "numbers, texts, an error, a truth": (
        '<row r="1"><c r="A1" t="str"><v>id</v></c><c r="B1" t="inlineStr"><is><t>name</t></is></c></row>'
        '<row r="2" spans="1:3"><c r="A2"><v>1</v></c><c r="B2" t="e"><v>#N/A</v></c></row>'
        '<row r="3" spans="1:3"><c r="A3"><v>1</v></c><c r="C3" t="b"><v>1</v></c></row>',
        True,
    ),
    "formulas with words": (
        '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1" t="str"><f t="shared" si="0"/><v>x</v></c></row>',
        True,
    ),
    "a row and a cell without anything": ('<row r="1"/><row r="2"><c r="A2" s="0"/><c r="B2"><v>7</v></c></row>', True),
    "rows far apart": ('<row r="3"><c r="C3"><v>7</v></c></row><row r="900"><c r="AB900"><v>8</v></c></row>', True),
    "a letter by its number": ('<row r="1"><c r="A1" t="str"><v>&#72;&#x65;nry</v></c></row>', True),
    "no places": ("<row><c><v>1</v></c><c><v>2</v></c></row>", False),
    "spaces and line ends within tags": ('<row  r="1"><c r="A1" ><v>1</v></c\n></row>', False),
    "a bracket within a text": ('<row r="1"><c r="A1" t="str"><v>a > b</v></c></row>', True),
    "a comment": ('<row r="1"><!-- Ann Doe --><c r="A1"><v>1</v></c></row>', False),
    "a text as it stands": ('<row r="1"><c r="A1" t="str"><v><![CDATA[a < b]]></v></c></row>', False),
    "a text of several runs": (
        '<row r="1"><c r="A1" t="inlineStr"><is><r><t>Ann </t></r><r><t>Doe</t></r></is></c></row>',
        False,
    ),
    "a date in words": ('<row r="1"><c r="A1" t="d"><v>2024-01-01T00:00:00</v></c></row>', False),
    "cells out of order": ('<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>2</v></c></row>', False),
    "a row that comes again": ('<row r="1"><c r="A1"><v>1</v></c></row><row r="1"><c r="B1"><v>2</v></c></row>', False),
    "a cell of another row": ('<row r="1"><c r="A2"><v>1</v></c></row>', False),
    "a text that is not in the list": ('<row r="1"><c r="A1" t="s"><v>9</v></c></row>', False),
    "a number that is none": ('<row r="1"><c r="A1"><v>one</v></c></row>', False),
}


def as_workbook(rows: str, path: Path, declared: str = "", encoding: str = "utf-8") -> Path:
    """A workbook with one sheet of such rows."""
    with_xlsxwriter([], path, shared=False)
    with zipfile.ZipFile(path) as made:
        parts = {name: made.read(name) for name in made.namelist()}
    sheet = f"{declared}<worksheet {SPACE}><sheetData>{rows}</sheetData></worksheet>".encode(encoding)
    with zipfile.ZipFile(path, "w") as made:
        for name, content in (parts | {"xl/worksheets/sheet1.xml": sheet}).items():
            made.writestr(name, content)
    return path


@pytest.mark.parametrize("kind", WRITTEN)
def test_what_is_written_otherwise_is_left_to_calamine(kind: str, tmp_path: Path) -> None:
    """Both ways give the same cells; the quick one gives way where a tag is not of the kinds that it knows."""
    rows, plainly = WRITTEN[kind]
    path = as_workbook(rows, tmp_path / "book.xlsx")
    assert is_plain(path) is plainly
    try:
        plain, whole = both_ways(path)
    except UnreadableFile:
        assert not plainly
    else:
        assert plain == whole


def test_other_encodings_are_left_to_calamine(tmp_path: Path) -> None:
    """Bytes mean what a declaration says they mean."""
    rows = '<row r="1"><c r="A1" t="str"><v>Muñoz</v></c></row>'
    declared = '<?xml version="1.0" encoding="%s"?>'
    assert is_plain(as_workbook(rows, tmp_path / "a.xlsx", declared % "UTF-8"))
    assert not is_plain(as_workbook(rows, tmp_path / "b.xlsx", declared % "ISO-8859-1", "latin-1"))
    assert not is_plain(as_workbook(rows, tmp_path / "c.xlsx", encoding="latin-1"))


def test_long_sheets_are_kept_on_disk_and_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In pieces whose rows and columns differ, with rows between them that have no cell."""
    monkeypatch.setattr(sheet_store, "ROWS", 50)
    monkeypatch.setattr("ckanext.privacy.engine.readers.sheet_parts.PIECE", 4_000)
    rows: list[list[Any]] = [["id", "name", "note"], *([number, f"name {number}"] for number in range(300))]
    rows += [[]] * 150 + [[number, None, "late"] for number in range(100)]
    path = tmp_path / "book.xlsx"
    with_xlsxwriter(rows, path, shared=True)
    plain, whole = both_ways(path)
    assert [table[:3] for table in plain] == [table[:3] for table in whole]
    table = open_tables(path, limits=Limits(batch=1_000)).tables[0]
    assert [row for batch in table.batches() for row in batch.rows()] == whole[0][2]
    assert [row for batch in table.batches() for row in batch.rows()] == whole[0][2]


@pytest.mark.parametrize(
    ("part", "texts"),
    [
        ("<si><t>Ana</t></si><si><t xml:space='preserve'> b</t></si>".replace("'", '"'), ["Ana", " b"]),
        ("<si><t>a &amp; b_x0041_</t></si><si><t></t></si>", ["a & bA", ""]),
        ("<si><t>a</t></si>\n<si><t>b</t></si>", None),
        ("<si><r><t>a</t></r></si>", None),
        ("<si><t>a<!-- b --></t></si>", None),
        ("<si><t>a</t><rPh><t>b</t></rPh></si>", None),
        ("<si><t>a</t></si><extLst/>", None),
        ("<si><t>&#xD800;</t></si>", None),
        ("", None),
    ],
)
def test_shared_texts_are_read_from_their_bytes_only_where_all_are_plain(part: str, texts: list[str] | None) -> None:
    found = shared_texts(f'<?xml version="1.0" encoding="UTF-8"?>\n<sst count="2">{part}</sst>'.encode())
    assert (found if found is None else found.to_list()) == texts
