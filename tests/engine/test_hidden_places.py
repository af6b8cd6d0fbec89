"""Places of files where nobody looks: what is planted there must come out of a reader, or the file be held."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow as pa
import pyogrio
import pytest
import shapely
import xlsxwriter
from pyarrow import parquet

from ckanext.privacy.engine import Outcome, judge, load_policy, open_tables, scan_file

SECRET = "asha.rao@example.org"
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
BODY = f'<row r="1"><c r="A1" t="inlineStr"><is><t>{SECRET}</t></is></c></row>'

#: Parts that are added to a plain workbook.
ADDED = {
    "a sheet that no list names": (
        "xl/worksheets/sheet9.xml",
        f"<worksheet {MAIN}><sheetData>{BODY}</sheetData></worksheet>",
    ),
    "a field of a pivot cache": (
        "xl/pivotCache/pivotCacheDefinition1.xml",
        f'<pivotCacheDefinition {MAIN}><cacheFields><cacheField name="{SECRET}"/></cacheFields></pivotCacheDefinition>',
    ),
    "a caption of a pivot table": (
        "xl/pivotTables/pivotTable1.xml",
        f'<pivotTableDefinition {MAIN}><pivotField><item n="{SECRET}"/></pivotField></pivotTableDefinition>',
    ),
    "a table's comment": ("xl/tables/table1.xml", f'<table {MAIN} id="1" name="T" comment="{SECRET}"/>'),
    "a part of no known kind": ("xl/other.dat", SECRET),
}  # fmt: skip
#: Changes of its own parts: which, what is replaced, and by what.
CHANGED = {
    "a text that no cell shows": ("xl/sharedStrings.xml", "</sst>", f"<si><t>{SECRET}</t></si></sst>"),
    "how a text is spoken": (
        "xl/sharedStrings.xml",
        "<t>oak</t>",
        f'<t>oak</t><rPh sb="0" eb="1"><t>{SECRET}</t></rPh>',
    ),
    "who saved it last": ("xl/workbook.xml", "<sheets>", f'<fileSharing userName="{SECRET}"/><sheets>'),
    "a sheet's name": ("xl/workbook.xml", 'name="Trees"', f'name="{SECRET}"'),
    "a format of numbers": (
        "xl/styles.xml",
        "<fonts",
        f'<numFmts count="1"><numFmt numFmtId="170" formatCode="&quot;{SECRET}&quot;0"/></numFmts><fonts',
    ),
}


def workbook(path: Path) -> Path:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Trees")
        for number, row in enumerate([("tree", "height"), ("oak", 3), ("elm", 4), ("oak", 5)]):
            sheet.write_row(number, 0, row)
    return path


def copied(source: Path, target: Path, change: tuple[str, str, str] = ("", "", "")) -> Path:
    part, old, new = change
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w") as copy:
        for name in archive.namelist():
            content = archive.read(name).decode()
            assert name != part or old in content
            copy.writestr(name, content.replace(old, new) if name == part else content)
    return target


def told(path: Path) -> str:
    """All cells that a reader gives, and what it holds."""
    file = open_tables(path)
    cells = [cell for table in file.tables for batch in table.batches() for row in batch.rows() for cell in row]
    return "\n".join([*(cell for cell in cells if cell), *(held.where for held in file.held)])


def test_a_plain_workbook_has_nothing_to_hide(tmp_path: Path) -> None:
    names = [table.name for table in open_tables(workbook(tmp_path / "plain.xlsx")).tables]
    assert names == ["Trees", "document properties"]


@pytest.mark.parametrize("place", ADDED)
def test_added_parts_of_a_workbook_are_read(place: str, tmp_path: Path) -> None:
    path = workbook(tmp_path / "book.xlsx")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(*ADDED[place])
    assert SECRET in told(path)


@pytest.mark.parametrize("place", CHANGED)
def test_asides_of_a_workbook_are_read(place: str, tmp_path: Path) -> None:
    assert SECRET in told(copied(workbook(tmp_path / "plain.xlsx"), tmp_path / "book.xlsx", CHANGED[place]))


def test_texts_that_no_cell_shows_are_told_from_those_that_crooked_cells_show(tmp_path: Path) -> None:
    plain = copied(workbook(tmp_path / "plain.xlsx"), tmp_path / "more.xlsx", CHANGED["a text that no cell shows"])
    crooked = copied(
        plain, tmp_path / "crooked.xlsx", ("xl/worksheets/sheet1.xml", "<sheetData>", "<sheetData><!-- -->")
    )
    tables = {table.name: table for table in open_tables(crooked).tables}
    assert [row for batch in tables["texts that no cell shows"].batches() for row in batch.rows()] == [(SECRET,)]


def test_what_stands_around_an_archive_is_read(tmp_path: Path) -> None:
    path = workbook(tmp_path / "comment.xlsx")
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = SECRET.encode()
    behind = workbook(tmp_path / "behind.xlsx")
    behind.write_bytes(behind.read_bytes() + SECRET.encode())
    assert SECRET in told(path)
    assert SECRET in told(behind)


def test_keys_and_headings_that_are_cells_are_looked_at(tmp_path: Path) -> None:
    keys, line = tmp_path / "keys.json", tmp_path / "line.csv"
    keys.write_text(json.dumps([{SECRET: 1, "water": 2}, {SECRET: 3, "water": 1}]))
    line.write_text(f"{SECRET},9876543210\n")
    assert SECRET in told(keys)
    assert SECRET in told(line)


def shapefile(folder: Path) -> dict[str, bytes]:
    """The parts of a map of 30 trees."""
    points = shapely.to_wkb(shapely.points([[73.8 + number / 100, 18.5] for number in range(30)]))
    names = np.array(["a tree with a long name"] * 30, dtype=object)
    pyogrio.raw.write(
        folder / "trees.shp", points, field_data=[names], fields=["tree"], geometry_type="Point", crs="EPSG:4326"
    )
    return {path.name: path.read_bytes() for path in folder.glob("trees.*")}


def packed(parts: dict[str, bytes], path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def test_a_packed_shapefile_is_read(tmp_path: Path) -> None:
    file = open_tables(packed(shapefile(tmp_path), tmp_path / "map.zip"))
    rows = {table.name: sum(batch.height for batch in table.batches()) for table in file.tables}
    assert rows == {"map.zip/trees.shp": 30, "map.zip/names of files": 5}
    assert not file.held


def test_deleted_rows_of_a_map_are_read(tmp_path: Path) -> None:
    parts = shapefile(tmp_path)
    table = bytearray(parts["trees.dbf"])
    start, size = int.from_bytes(table[8:10], "little"), int.from_bytes(table[10:12], "little")
    table[start + size : start + size + 1 + len(SECRET)] = b"*" + SECRET.encode()
    assert SECRET in told(packed(parts | {"trees.dbf": bytes(table)}, tmp_path / "map.zip"))


def test_deleted_rows_of_a_database_are_read(tmp_path: Path) -> None:
    path = tmp_path / "base.sqlite"
    with closing(sqlite3.connect(path)) as base:
        base.execute("PRAGMA secure_delete = OFF")
        base.execute("CREATE TABLE trees (tree TEXT)")
        base.execute("CREATE TABLE people (mail TEXT)")
        base.executemany("INSERT INTO people VALUES (?)", [(SECRET,)] * 400)
        base.commit()
        base.execute("DROP TABLE people")
        base.commit()
    assert SECRET in told(path)


def test_notes_on_fields_of_parquet_are_read(tmp_path: Path) -> None:
    field = pa.field("tree", pa.string(), metadata={"note": SECRET})
    parquet.write_table(pa.table([["oak", "elm"]], schema=pa.schema([field])), tmp_path / "rows.parquet")
    assert SECRET in told(tmp_path / "rows.parquet")


#: Objects of a PDF beside its one page: what the catalogue names, and further ones.
OBJECTS = {
    "a script": (f"/OpenAction <</S /JavaScript /JS (app.mailMsg\\(true, '{SECRET}'\\))>>", ()),
    "an object that nothing shows": ("", (f"({SECRET})",)),
    "a file in a note": ("", ("<</Type /Filespec /F (a.txt) /EF <</F 6 0 R>>>>", "<</Length 1>>stream\nx\nendstream")),
}


def _saved(objects: dict[int, str], behind: int, before: int = 0) -> str:
    """Objects with the table of where they are, as a program writes them behind so many characters of a document."""
    text, places = "", dict[int, int]()
    for number, body in objects.items():
        places[number] = behind + len(text)
        text += f"{number} 0 obj\n{body}\nendobj\n"
    start = behind + len(text)
    table = "".join(f"{number} 1\n{at:010} 00000 n \n" for number, at in places.items())
    previous = f"/Prev {before}" if before else ""
    size = max(objects) + 1 if not before else 6
    return (
        f"{text}xref\n0 1\n0000000000 65535 f \n{table}"
        f"trailer <</Size {size} /Root 1 0 R {previous}>>\nstartxref\n{start}\n%%EOF\n"
    )


def test_what_a_later_version_of_a_pdf_writes_over_is_read(tmp_path: Path) -> None:
    page = "<</Type /Page /Parent 2 0 R /MediaBox [0 0 400 99] /Contents 4 0 R /Resources <</Font <</F 5 0 R>>>>>>"
    font = "<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>"
    pages = "<</Type /Pages /Kids [3 0 R] /Count 1>>"
    one, two = (f"BT /F 12 Tf 9 50 Td ({words}) Tj ET" for words in (SECRET, "Nothing to see"))
    contents = [f"<</Length {len(each)}>>stream\n{each}\nendstream" for each in (one, two)]
    first = "%PDF-1.7\n"
    objects = {1: "<</Type /Catalog /Pages 2 0 R>>", 2: pages, 3: page, 4: contents[0], 5: font}
    first += _saved(objects, len(first))
    path = tmp_path / "page.pdf"
    path.write_text(first + _saved({4: contents[1]}, len(first), int(first.split("startxref\n")[1].split()[0])))
    assert SECRET in told(path)


@pytest.mark.parametrize("place", OBJECTS)
def test_what_no_page_of_a_pdf_shows_is_read_or_held(place: str, tmp_path: Path) -> None:
    catalogue, more = OBJECTS[place]
    note = "<</Type /Annot /Subtype /FileAttachment /Rect [0 0 9 9] /FS 5 0 R>>" if "file" in place else ""
    page = f"<</Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Annots [{note}] /Contents 4 0 R>>"
    pages, content = "<</Type /Pages /Kids [3 0 R] /Count 1>>", "<</Length 1>>stream\n \nendstream"
    objects = [f"<</Type /Catalog /Pages 2 0 R {catalogue}>>", pages, page, content, *more]
    text = "%PDF-1.7\n" + _saved(dict(enumerate(objects, 1)), len("%PDF-1.7\n"))
    (tmp_path / "page.pdf").write_text(text)
    assert ("page.pdf" if "file" in place else SECRET) in told(tmp_path / "page.pdf")


def test_telling_names_of_ordinary_sheets_are_no_hidden_sheet(tmp_path: Path) -> None:
    """They are looked at like all else, but nobody has to decide about a workbook for the name of its sheet."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Street trees"
    for row in (["species", "height"], *(["lime", 4 + number % 7] for number in range(30))):
        sheet.append(row)
    path = tmp_path / "trees.xlsx"
    book.save(path)
    report = scan_file(path)
    assert "names and formats" in {table.name for table in report.tables if table.hidden}
    assert judge(report, load_policy()).outcome is Outcome.CLEAR
