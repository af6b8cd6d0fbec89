"""Small files of every format, each with a telling piece of text in a place that people overlook."""

from __future__ import annotations

import io
import json
import sqlite3
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pyarrow as pa
import pyarrow.parquet
from openpyxl.comments import Comment
from openpyxl.worksheet.datavalidation import DataValidation
from PIL import Image, PngImagePlugin

WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def workbook(path: Path, secret: str) -> None:
    """A sheet of figures with nothing in it, for the places below to be added to."""
    book = openpyxl.Workbook()
    _figures(book)
    book.save(path)
    assert secret


def _figures(book: openpyxl.Workbook) -> Any:
    sheet = book.worksheets[0]
    sheet.title = "Figures"
    for row in [["district", "total"], *([f"North {n}", n] for n in range(8))]:
        sheet.append(row)
    return sheet


def _edited(change: Any) -> Any:
    def write(path: Path, secret: str) -> None:
        book = openpyxl.Workbook()
        change(book, _figures(book), secret)
        book.save(path)

    return write


def _hidden_sheet(book: Any, _sheet: Any, secret: str) -> None:
    hidden = book.create_sheet("Raw")
    hidden.sheet_state = "veryHidden"
    hidden.append(["contact"])
    hidden.append([secret])


def _hidden_row(_book: Any, sheet: Any, secret: str) -> None:
    sheet["A5"] = secret
    sheet.row_dimensions[5].hidden = True


def _hidden_column(_book: Any, sheet: Any, secret: str) -> None:
    sheet["B5"] = secret
    sheet.column_dimensions["B"].hidden = True


def _validation(_book: Any, sheet: Any, secret: str) -> None:
    rule = DataValidation(type="list", formula1='"yes,no"', promptTitle="Ask", prompt=secret)
    sheet.add_data_validation(rule)
    rule.add("B2")


def _header(_book: Any, sheet: Any, secret: str) -> None:
    sheet.oddFooter.center.text = f"questions to {secret}"


def _name(book: Any, _sheet: Any, secret: str) -> None:
    from openpyxl.workbook.defined_name import DefinedName

    book.defined_names["asked"] = DefinedName("asked", attr_text=f'"{secret}"')


def _comment(_book: Any, sheet: Any, secret: str) -> None:
    sheet["A2"].comment = Comment(f"asked {secret}", "Clerk")


def _property(book: Any, _sheet: Any, secret: str) -> None:
    book.properties.description = f"made by {secret}"


def _formula(_book: Any, sheet: Any, secret: str) -> None:
    sheet["C2"] = f'=HYPERLINK("mailto:x", "{secret}")'


def _link(_book: Any, sheet: Any, secret: str) -> None:
    sheet["A2"].hyperlink = f"mailto:{secret}"


def add_member(path: Path, secret: str, name: str, content: str) -> None:
    """A workbook with one more part."""
    workbook(path, secret)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, content.replace("SECRET", secret))


def _part(name: str, content: str) -> Any:
    return lambda path, secret: add_member(path, secret, name, content)


def pivot(path: Path, secret: str) -> None:
    """A workbook whose pivot cache kept the rows of a sheet that was deleted."""
    workbook(path, secret)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(
            "xl/pivotCache/pivotCacheDefinition1.xml",
            '<pivotCacheDefinition><cacheFields><cacheField name="contact"><sharedItems>'
            f'<s v="{secret}"/></sharedItems>'
            '</cacheField><cacheField name="n"><sharedItems/></cacheField></cacheFields></pivotCacheDefinition>',
        )
        archive.writestr(
            "xl/pivotCache/pivotCacheRecords1.xml",
            '<pivotCacheRecords><r><x v="0"/><n v="4"/></r></pivotCacheRecords>',
        )


def docx(path: Path, secret: str, **parts: str) -> None:
    """A Word document of one paragraph, and whatever parts are given."""
    plain = "<w:p><w:r><w:t>A plain report.</w:t></w:r></w:p>"
    body = f"<w:document {WORD}><w:body>{plain}BODY</w:body></w:document>"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", body.replace("BODY", parts.pop("body", "").replace("SECRET", secret)))
        for name, content in parts.items():
            archive.writestr(f"word/{name}.xml", content.replace("SECRET", secret))


def _docx(**parts: str) -> Any:
    return lambda path, secret: docx(path, secret, **parts)


RUN = "<w:p><w:r><w:t>ask SECRET</w:t></w:r></w:p>"
HEADING = "<w:tr><w:tc><w:p><w:r><w:t>contact</w:t></w:r></w:p></w:tc></w:tr>"
TABLE = f"<w:tbl>{HEADING}<w:tr><w:tc>RUN</w:tc></w:tr></w:tbl>"
DELETED = '<w:p><w:del w:author="Clerk"><w:r><w:delText>ask SECRET</w:delText></w:r></w:del></w:p>'


def odt(path: Path, secret: str) -> None:
    """An OpenDocument text with a comment."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        note = f"<office:annotation><text:p>ask {secret}</text:p></office:annotation>"
        archive.writestr(
            "content.xml",
            f'<office:document-content xmlns:office="o" xmlns:text="t"><office:body><office:text><text:p>A {note}'
            "</text:p></office:text></office:body></office:document-content>",
        )


def pdf(path: Path, secret: str, where: str) -> None:
    """A PDF of one page with text on it, and a note, its author among the properties."""
    words = {place: secret if place == where else "a plain report" for place in ("text", "note", "property", "link")}
    content = f"BT /F1 12 Tf 20 100 Td ({words['text']}) Tj ET".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>"
        b"/Annots[6 0 R 8 0 R]>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        f"<</Type/Annot/Subtype/Text/Rect[0 0 10 10]/Contents(ask {words['note']})>>".encode(),
        f"<</Subject({words['property']})>>".encode(),
        f"<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(mailto:{words['link']})>>>>".encode(),
    ]
    out, places = io.BytesIO(b"%PDF-1.4\n"), []
    out.seek(0, 2)
    for number, each in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj%sendobj\n" % (number, each))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer<</Size %d/Root 1 0 R/Info 7 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start))
    path.write_bytes(out.getvalue())


def _pdf(where: str) -> Any:
    return lambda path, secret: pdf(path, secret, where)


def picture(path: Path, secret: str) -> None:
    """A photograph with a comment and a GPS position."""
    exif = Image.Exif()
    exif[0x010E] = f"from {secret}"
    place = exif.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "N", (19.0, 25.0, 57.9), "W", (99.0, 7.0, 59.5)
    Image.new("RGB", (8, 8)).save(path, "JPEG", exif=exif)


def png(path: Path, secret: str) -> None:
    """A picture with a text chunk."""
    info = PngImagePlugin.PngInfo()
    info.add_itxt("Comment", f"from {secret}", zip=True)
    Image.new("RGB", (8, 8)).save(path, "PNG", pnginfo=info)


def archive(path: Path, secret: str) -> None:
    """A table in an archive in an archive."""
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:xz") as tar:
        content = f"id,contact\n1,{secret}\n".encode()
        info = tarfile.TarInfo("rows.csv")
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    with zipfile.ZipFile(path, "w") as outer:
        outer.writestr("inner/rows.tar.xz", inner.getvalue())


def zip_comment(path: Path, secret: str) -> None:
    """An archive with a comment."""
    with zipfile.ZipFile(path, "w") as outer:
        outer.writestr("rows.csv", "id,n\n1,2\n")
        outer.comment = f"from {secret}".encode()


def geopackage(path: Path, secret: str) -> None:
    """A layer of points."""
    import numpy as np
    import pyogrio.raw
    import shapely

    points = shapely.to_wkb(shapely.points([[-99.13319, 19.43275], [-99.14, 19.44]]))
    fields = [np.array([secret, "none"], dtype=object)]
    pyogrio.raw.write(path, points, fields, ["contact"], geometry_type="Point", crs="EPSG:4326", driver="GPKG")


def parquet(path: Path, secret: str) -> None:
    """A nested value, three levels deep."""
    rows = [{"id": n, "who": {"phones": [{"note": secret if n == 5 else "none"}]}} for n in range(9)]
    pyarrow.parquet.write_table(pa.Table.from_pylist(rows), path)


def sqlite(path: Path, secret: str) -> None:
    """A database whose secret stands in a view."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE n (id INTEGER)")
    connection.execute(f"CREATE VIEW v AS SELECT '{secret}' AS x")
    connection.commit()
    connection.close()


def nested_json(path: Path, secret: str) -> None:
    """A record deep in a list."""
    path.write_text(json.dumps({"result": {"records": [{"id": n, "a": {"b": [{"c": secret}]}} for n in range(3)]}}))


def _text(content: str) -> Any:
    return lambda path, secret: path.write_text(content.replace("SECRET", secret), "utf-8")


def spss(path: Path, secret: str) -> None:
    """Survey answers: columns are headed by their questions."""
    import pyreadstat

    answers = pl.DataFrame({"q1": [secret, "none", "none"], "q2": [1.0, 2.0, 2.0]})
    pyreadstat.write_sav(answers, path, column_labels=["How can we reach you?", "Sex"])  # type: ignore[arg-type]


#: Name of the file, what writes it, and the table in which the secret must be found.
PLACES: tuple[tuple[str, Any, str], ...] = (
    ("sheet.xlsx", _edited(_hidden_sheet), "Raw"),
    ("row.xlsx", _edited(_hidden_row), "Figures: hidden rows"),
    ("column.xlsx", _edited(_hidden_column), "Figures: hidden columns"),
    ("rule.xlsx", _edited(_validation), "Figures: headers, footers and rules"),
    ("footer.xlsx", _edited(_header), "Figures: headers, footers and rules"),
    ("name.xlsx", _edited(_name), "defined names"),
    ("comment.xlsx", _edited(_comment), "comments"),
    ("property.xlsx", _edited(_property), "document properties"),
    ("formula.xlsx", _edited(_formula), "Figures: formulas"),
    ("link.xlsx", _edited(_link), "links"),
    ("pivot.xlsx", pivot, "pivot caches"),
    ("external.xlsx", _part("xl/externalLinks/externalLink1.xml", "<a><v>SECRET</v></a>"), "external links"),
    ("box.xlsx", _part("xl/drawings/drawing9.xml", "<a><t>SECRET</t></a>"), "text boxes"),
    ("query.xlsx", _part("xl/connections.xml", '<c connection="user=SECRET"/>'), "queries and connections"),
    ("custom.xlsx", _part("customXml/item1.xml", "<a><b>SECRET</b></a>"), "other parts"),
    (
        "embedded.xlsx",
        _part("xl/embeddings/rows.csv", "id,contact\n1,SECRET\n"),
        "embedded.xlsx/xl/embeddings/rows.csv",
    ),
    ("body.docx", _docx(body=RUN), "body.docx"),
    ("table.docx", _docx(body=TABLE.replace("RUN", RUN)), "table.docx: table 1"),
    ("deleted.docx", _docx(body=DELETED), "deleted.docx"),
    ("header.docx", _docx(header1=f"<w:hdr {WORD}>{RUN}</w:hdr>"), "headers and footers"),
    ("note.docx", _docx(footnotes=f"<w:footnotes {WORD}>{RUN}</w:footnotes>"), "notes"),
    (
        "comment.docx",
        _docx(comments=f'<w:comments {WORD}><w:comment w:author="Clerk">{RUN}</w:comment></w:comments>'),
        "comments",
    ),
    ("note.odt", odt, "note.odt"),
    ("letter.rtf", _text(r"{\rtf1\ansi Ask SECRET\par }"), "letter.rtf"),
    ("text.pdf", _pdf("text"), "text.pdf"),
    ("note.pdf", _pdf("note"), "notes, links and form fields"),
    ("link.pdf", _pdf("link"), "notes, links and form fields"),
    ("property.pdf", _pdf("property"), "document properties"),
    ("photo.jpg", picture, "photo.jpg"),
    ("drawing.png", png, "drawing.png: embedded properties"),
    ("all.zip", archive, "all.zip/inner/rows.tar.xz/rows.tar/rows.csv"),
    ("comment.zip", zip_comment, "comment.zip/comments"),
    ("map.gpkg", geopackage, "map.gpkg/map"),
    ("rows.parquet", parquet, "rows.parquet"),
    ("base.sqlite", sqlite, "base.sqlite: definitions"),
    ("rows.json", nested_json, "result.records"),
    ("rows.xml", _text('<a><!-- SECRET --><row n="1"/><row n="2"/></a>'), "rows.xml: around the records"),
    ("attribute.xml", _text('<a><row c="SECRET"/><row c="x"/></a>'), "attribute.xml"),
    ("page.html", _text("<!DOCTYPE html><html><body><p>x</p><a href='mailto:SECRET'>y</a></body></html>"), "page.html"),
    ("mail.eml", _text("From: x@example.net\nMIME-Version: 1.0\nSubject: hello\n\nask SECRET\n"), "mail.eml"),
    ("survey.sav", spss, "survey.sav"),
    (
        "map.kml",
        _text(
            '<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>asked SECRET</name>'
            "<Placemark><name>a</name><Point><coordinates>1.5,2.5</coordinates></Point></Placemark></Document></kml>"
        ),
        "map.kml: around the map",
    ),
)
