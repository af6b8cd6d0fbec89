"""Readers lose no cell, whatever the file's encoding, dialect or state of repair; what cannot be read is held."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.comments import Comment

from ckanext.privacy.engine import Limits, OpenFile, UnreadableFile, open_tables
from ckanext.privacy.engine.tables import name_columns

CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
HEADER = ["kind", "place", "note"]


def write(folder: Path, content: bytes | str, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows_of(file: OpenFile, table: int = 0) -> list[list[str | None]]:
    batches = list(file.tables[table].batches())
    return [list(row) for row in pl.concat(batches, how="diagonal").rows()] if batches else []


@given(rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_every_cell_written_as_csv_comes_back(rows: list[list[str]], tmp_path_factory: pytest.TempPathFactory) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([HEADER, *rows])
    file = open_tables(write(tmp_path_factory.mktemp("csv"), text.getvalue()))
    found = [cell for table in range(len(file.tables)) for row in rows_of(file, table) for cell in row if cell]
    written = [cell for row in rows for cell in row if cell]
    # Lines above a heading are joined to one cell each, so that text is compared, not its cut.
    assert sorted("".join(found).replace(" ", "")) == sorted(
        "".join([*written, *([] if file.tables[0].labels == tuple(HEADER) else HEADER)]).replace(" ", "")
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "latin-1"])
def test_encodings_are_told_apart(tmp_path: Path, encoding: str) -> None:
    text = "nombre,municipio\n" + "Íñigo Núñez,Málaga\nRené Peña,Cádiz\n" * 30
    file = open_tables(write(tmp_path, text.encode(encoding)))
    assert file.tables[0].header == ("nombre", "municipio")
    assert rows_of(file)[0] == ["Íñigo Núñez", "Málaga"]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "año,población\n2019,Málaga\n2020,Cádiz\n"),
        ("cp1252", "pregunta;nº\n¿Cuántos niños?;3º\n«Sí», señor;5ª\n"),
        ("latin-1", "importe,año\n5 £,2010\n20 °C,2011\n"),
        ("cp1252", "prénom;été\nÉlodie;à l'école\nœuvre;l’hôtel\n"),
        ("cp1252", "città,età\nForlì,già\nCefalù,perché\n"),
        ("cp1252", "navn,by\nSøren,Århus\nKjær,Næstved\n"),
        ("cp1250", "imię,nazwisko\nŁukasz,Wiśniewski\nMałgorzata,Wójcik\nGrażyna,Dąbrowska\n"),
        ("cp1250", "miasto,rok\nŁódź,2001\nPoznań,2002\n"),
        ("cp1250", "jméno,příjmení\nJiří,Dvořák\nŽaneta,Nováková\nŠtěpán,Růžička\n"),
        ("iso8859-2", "jméno,příjmení\nJiří,Dvořák\nŽaneta,Nováková\nŠtěpán,Růžička\n"),
        ("cp1250", "név,város\nErdős,Győr\nSzűcs,Szőlős\n"),
        ("cp1254", "isim,şehir\nAyşe Yıldız,Iğdır\nGül Çağlar,İzmir\n"),
        ("cp1251", "имя,город\nИван,Москва\nОльга,Казань\n"),
    ],
)
@pytest.mark.parametrize("times", [1, 40])
def test_small_files_in_old_code_pages_are_spelt_right(tmp_path: Path, encoding: str, text: str, times: int) -> None:
    heading, _, body = text.partition("\n")
    content = f"{heading}\n{body * times}"
    found = open_tables(write(tmp_path, content.encode(encoding))).facts.encoding
    assert content.encode(encoding).decode(found) == content


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_dialects_are_told_apart(tmp_path: Path, delimiter: str, newline: str) -> None:
    lines = [delimiter.join(row) for row in [["id", "street"], ["1", "North, Road"], ["2", "South; Road"]]]
    quoted = newline.join(
        line.replace("North, Road", '"North, Road"').replace("South; Road", '"South; Road"') for line in lines
    )
    assert rows_of(open_tables(write(tmp_path, quoted))) == [["1", "North, Road"], ["2", "South; Road"]]


def test_longer_rows_get_columns_of_their_own(tmp_path: Path) -> None:
    file = open_tables(write(tmp_path, "a,b\nx,y\nx,y,secret\nx\n"))
    assert rows_of(file) == [["x", "y", None], ["x", "y", "secret"], ["x", None, None]]


def test_a_stray_quote_loses_no_row(tmp_path: Path) -> None:
    file = open_tables(write(tmp_path, 'item,note\npipe,5" wide\nrod,6" wide\nbar,plain\n'))
    assert [row[1] for row in rows_of(file)] == ['5" wide', '6" wide', "plain"]


def test_headings_that_repeat_or_are_missing_get_their_position() -> None:
    assert name_columns(["id", "", "id", None, "name"]) == ("id", "#2", "#3", "#4", "name")


def test_lines_above_the_heading_are_a_table_of_their_own(tmp_path: Path) -> None:
    body = "".join(f"{n},Ward {n},{n * 7}\n" for n in range(1, 20))
    file = open_tables(write(tmp_path, f"Report by A. Person,,\n,,\nid,ward,total\n{body}"))
    assert file.tables[0].header == ("id", "ward", "total")
    assert len(rows_of(file)) == 19
    assert rows_of(file, 1)[0] == ["Report by A. Person"]


def test_a_table_without_heading_loses_no_row(tmp_path: Path) -> None:
    file = open_tables(write(tmp_path, "".join(f"2024-01-{n:02},{n * 3}\n" for n in range(1, 20))))
    assert file.tables[0].header == ("#1", "#2")
    assert len(rows_of(file)) == 19


def test_many_batches_keep_every_row_once(tmp_path: Path) -> None:
    text = "id,note\n" + "".join(f'{n},"line one\nline ""two"" {n}"\n' for n in range(60_000))
    file = open_tables(write(tmp_path, text), limits=Limits(batch=100_000))
    assert [row[0] for row in rows_of(file)] == [str(n) for n in range(60_000)]


def workbook(tmp_path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Figures"
    for row in (["district", "total"], ["North", 4], ["South", 5.5]):
        sheet.append(row)
    sheet["A2"].comment = Comment("asked by telephone", "Clerk")
    hidden = book.create_sheet("Raw")
    hidden.sheet_state = "veryHidden"
    hidden.append(["person"])
    hidden.append(["Somebody"])
    hidden.column_dimensions["A"].hidden = True
    book.properties.creator = "The Writer"
    path = tmp_path / "book.xlsx"
    book.save(path)
    return path


def test_workbooks_are_read_with_hidden_sheets_comments_and_properties(tmp_path: Path) -> None:
    file = open_tables(workbook(tmp_path))
    tables = {table.name: table for table in file.tables}
    assert not tables["Figures"].hidden
    assert tables["Raw"].hidden
    assert rows_of(file)[1] == ["South", "5.5"]
    cells = {
        table.name: [cell for batch in table.batches() for row in batch.rows() for cell in row] for table in file.tables
    }
    assert cells["comments"] == ["Clerk", "asked by telephone"]
    assert "The Writer" in cells["document properties"]


def test_json_becomes_paths_and_every_list_a_table(tmp_path: Path) -> None:
    data = {
        "title": "Survey",
        "records": [{"who": {"name": "A", "phones": [{"no": 1}, {"no": 2}]}}, {"who": {"name": "B"}}],
    }
    file = open_tables(write(tmp_path, json.dumps(data), "data.json"))
    assert file.tables[0].header == ("who.name", "who.phones[].no")
    assert rows_of(file) == [["A", "1; 2"], ["B", None]]
    assert rows_of(file, 1) == [["Survey"]]


def test_geojson_points_are_one_cell(tmp_path: Path) -> None:
    feature = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1.5, 42.25]}, "properties": {"id": 7}}
    file = open_tables(write(tmp_path, json.dumps({"type": "FeatureCollection", "features": [feature]}), "a.geojson"))
    cells = dict(zip(file.tables[0].header, rows_of(file)[0], strict=True))
    assert cells["geometry.coordinates"] == "1.5, 42.25"
    assert cells["properties.id"] == "7"


def test_ndjson_is_one_table(tmp_path: Path) -> None:
    file = open_tables(write(tmp_path, '{"a": 1}\n{"a": 2, "b": "x"}\n', "a.ndjson"))
    assert rows_of(file) == [["1", None], ["2", "x"]]


def encrypted() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 600


def bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 30_000_000)
    return packed.getvalue()


def test_plain_text_is_scanned_line_by_line(tmp_path: Path) -> None:
    text = "Notes, of a visit\n\nThe family moved, in May, to the north.\nNobody was asked.\n"
    file = open_tables(write(tmp_path, text, "notes.txt"))
    assert file.facts.format == "text"
    assert [row[0] for row in rows_of(file)] == [line for line in text.split("\n") if line]


def test_a_table_may_be_called_text(tmp_path: Path) -> None:
    file = open_tables(write(tmp_path, "id;name\n" + "1;oak\n" * 9, "trees.txt"))
    assert file.tables[0].header == ("id", "name")


def package(*members: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for member in members:
            archive.writestr(member, "x")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"7z\xbc\xaf\x27\x1c" + b"\0" * 90, "all.7z", "an archive"),
        (b"Rar!\x1a\x07" + b"\0" * 90, "all.rar", "an archive"),
        (b"\x89HDF\r\n" + b"\0" * 90, "grid.nc", "an HDF5"),
        (b"\0\0\0\x20ftypisom" + b"\0" * 90, "walk.mp4", "a film"),
        (b"BEGIN:VCARD\nFN:A Person\nEND:VCARD\n", "people.vcf", "a file of contacts"),
        (b"INSERT INTO people VALUES (1, 'A');\n", "dump.sql", "a database dump"),
        (package("[Content_Types].xml", "visio/document.xml"), "plan.vsdx", "a drawing"),
    ],
)
def test_formats_that_no_reader_looks_into_are_held_by_name(
    tmp_path: Path, content: bytes, name: str, says: str
) -> None:
    with pytest.raises(UnreadableFile) as caught:
        open_tables(write(tmp_path, content, name))
    assert caught.value.reason.startswith(f"{name} is ")
    assert says in caught.value.reason
    assert caught.value.where == name


def test_a_table_that_mentions_tags_is_a_table(tmp_path: Path) -> None:
    file = open_tables(write(tmp_path, "note,n\n<b>new</b>,1\n<5 years,2\n"))
    assert rows_of(file)[0] == ["<b>new</b>", "1"]


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"", "empty.csv", "empty"),
        (bytes(range(256)) * 40, "picture.csv", "binary"),
        (encrypted(), "secret.xlsx", "encrypted"),
        (bomb(), "bomb.xlsx", "bomb"),
        (b"PK\x03\x04" + b"\0" * 90, "broken.xlsx", "damaged"),
        (b"a,b\n" + b"1,2\n" * 500_000, "long.csv", "larger than the limit"),
    ],
)
def test_what_cannot_be_looked_at_is_held_with_one_sentence(
    tmp_path: Path, content: bytes, name: str, says: str
) -> None:
    with pytest.raises(UnreadableFile) as caught:
        open_tables(write(tmp_path, content, name), limits=Limits(bytes=1_900_000, unpacked=20_000_000))
    assert says in caught.value.reason
    assert caught.value.reason.endswith(".")
    assert caught.value.where == name
