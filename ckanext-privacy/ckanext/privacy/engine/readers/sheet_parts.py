"""What workbooks keep outside their cells: comments, pivot caches, names, links, headers, rules, text boxes, formulas.

Source: ECMA-376 part 1, SpreadsheetML; OpenDocument 1.3 part 3.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import IO, Any
from xml.sax.saxutils import unescape

import numpy as np

from ckanext.privacy.engine.tables import Table, text_table
from ckanext.privacy.engine.threads import in_order

from .cell_meanings import Meanings
from .office import Package, record_table
from .plain_sheets import Piece, read_piece
from .sheet_store import SheetStore
from .spool import Spool
from .xml_parts import attributes, elements, is_of_ascii, local, texts_of

#: Places of a workbook, and the parts that are looked at for each.
PLACES = {
    "external links": re.compile(r"xl/externalLinks/[^/]*\.(xml|bin)"),
    "text boxes": re.compile(r"xl/drawings/[^/]*\.xml|xl/charts/[^/]*\.xml|xl/diagrams/[^/]*\.xml"),
    "queries and connections": re.compile(r"xl/(connections|queryTables/[^/]*)\.(xml|bin)"),
    "slicers": re.compile(r"xl/(slicer|timeline)[^/]*/[^/]*\.xml"),
    "change history": re.compile(r"xl/(revisions/.*|users)\.xml|xl/revisions/.*\.xml"),
}
#: Attributes of some parts that say more than the cells do.
ASIDE = (
    (re.compile(r"xl/tables/[^/]*\.xml"), {"comment", "totalsRowLabel"}),
    (re.compile(r"xl/pivotTables/[^/]*\.xml"), {"n", "caption", "name", "rowHeaderCaption", "colHeaderCaption"}),
    (re.compile(r"xl/workbook\.xml"), {"userName"}),
)
STYLES, TEXTS = "xl/styles.xml", "xl/sharedStrings.xml"
#: Words that a format of numbers adds to them.
LITERAL = re.compile(r'"([^"]{3,})"')
#: Names of sheets that say more than which sheet it is: addresses, numbers, two words.
TELLING_NAME = re.compile(r"\S@\S|\d{6}|[^\W\d_]{2,}[\W_]+[^\W\d_]{2,}")
#: Cells that point at a shared text.
SHARED = re.compile(rb'<(?:\w+:)?c\b[^>]*?\bt="s"[^>]*>\s*<(?:\w+:)?v>(\d+)<')
COMMENTS = re.compile(r"xl/(comments[^/]*|comments/[^/]*|threadedComments/[^/]*)\.xml")
PERSONS = re.compile(r"xl/persons/[^/]*\.xml")
CACHES = re.compile(r"xl/pivotCache/pivotCacheDefinition[^/]*\.xml")
SHEETS = re.compile(r"xl/(?:work|macro)sheets/[^/]*\.xml")
#: Parts that repeat what stands in the cells, and binary ones of XLSB in which comments and caches are.
CELLS = re.compile(
    r"xl/(sharedStrings\.(xml|bin)|workbook\.bin|worksheets/[^/]*\.bin|tables/.*|pivotTables/.*|sheetMetadata.*)"
)
HIDDEN_BINARY = re.compile(r"xl/(comments[^/]*|pivotCache/[^/]*|externalLinks/[^/]*|persons/[^/]*)\.bin")

ROW = re.compile(rb'<row\b[^>]*?\bhidden="(?:1|true)"[^>]*>')
ROW_NUMBER = re.compile(rb'\br="(\d+)"')
FAR = re.compile(rb' r="([A-Z]{2,3})\d+"[^>]*[^/]>')
LAST_ROW = re.compile(rb'<row\b[^>]*?\br="(\d+)"')
COLUMN = re.compile(rb"<col\b[^>]*>")
#: Formulas with words in them: what is only computed stands in the cells.
FORMULA = re.compile(rb"<f\b[^>/]*>([^<]*(?:&quot;|\")[^<]*)</f>")
#: Codes in headers and footers: position, font, size, colour, page numbers.
HEADER_CODE = re.compile(r'&(?:"[^"]*"|K[0-9A-F]{6}|\d+|[A-Z])')
#: Bytes of a sheet's part that are looked at at a time.
PIECE = 4 << 20
#: Formulas kept from one sheet.
MOST_FORMULAS = 100_000


@dataclass
class SheetFacts:
    """What a sheet's part says beside its cells: hidden rows and columns (from 0), extent, formulas, text.

    ``store`` has the cells, too, where they are written plainly.
    """

    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    last_row: int = 0
    last_column: int = 26
    formulas: dict[str, None] = field(default_factory=dict)
    around: list[str] = field(default_factory=list)
    store: SheetStore | None = None

    @property
    def cells(self) -> int:
        """Cells of the rectangle from A1 to the last cell."""
        return self.last_row * self.last_column

    def hides_column(self, place: int) -> bool:
        """Whether a column, counted from 0, is hidden."""
        return any(first <= place <= last for first, last in self.hidden_columns)


def sheet_facts(package: Package, parts: dict[str, str], meanings: Meanings | None) -> dict[str, SheetFacts]:
    """Facts about every sheet of an XLSX workbook, by its name; sheets that no list names go by their part's."""
    names = {part: name for name, part in parts.items()}
    return {names.get(part, part): _read_sheet(package, part, meanings) for part in package.matching(SHEETS)}


def sheet_parts(package: Package) -> dict[str, str]:
    """The part of every sheet, by the sheet's name."""
    if "xl/workbook.xml" not in package.names:
        return {}
    with package.open("xl/workbook.xml") as stream:
        sheets = {
            given.get("id", ""): given.get("name", "")
            for _, element in elements(stream)
            if local(element) == "sheet" and (given := attributes(element))
        }
    relations = _relations(package, "xl/_rels/workbook.xml.rels")
    return {name: relations[key] for key, name in sheets.items() if key in relations}


def _relations(package: Package, part: str) -> dict[str, str]:
    if part not in package.names:
        return {}
    with package.open(part) as stream:
        given = [attributes(element) for _, element in elements(stream)]
    folder = part.partition("_rels/")[0]
    return {
        each["Id"]: target.lstrip("/") if target.startswith("/") else folder + target
        for each in given
        if "Id" in each and (target := each.get("Target", ""))
    }


def _read_sheet(package: Package, part: str, meanings: Meanings | None) -> SheetFacts:
    """Read a sheet's part once, as bytes: as XML it is read, if need be, by the library that knows cells."""
    facts, around, store = SheetFacts(), _AroundCells(), SheetStore(package.raw)
    plain = meanings is not None
    tasks = (partial(_read_cells, text, meanings, plain) for text in _pieces(package, part, facts, around))
    for read in in_order(tasks):
        if isinstance(read, Piece):
            store.add(read)
        else:
            plain = False
            facts.last_column = max(facts.last_column, read)
    store.put_away()
    facts.last_column = max(facts.last_column, store.width)
    facts.store = store if plain and around.complete else None
    facts.around = list(texts_of(io.BytesIO(b"".join(around.kept))))
    return facts


def _pieces(package: Package, part: str, facts: SheetFacts, around: _AroundCells) -> Iterator[bytes]:
    """The rows of a sheet's part, cut between them; ``facts`` and ``around`` are told of everything."""
    held: list[bytes] = []
    length = 0
    for block in package.counted(part):
        held.append(block)
        length += len(block)
        if length < PIECE:
            continue
        text = b"".join(held)
        cut = text.rfind(b"<row")
        cut = cut if cut > 0 else max(0, text.rfind(b"<"))
        _take_in(facts, text[:cut])
        yield around.add(text[:cut])
        held, length = [text[cut:]], len(text) - cut
    text = b"".join(held)
    _take_in(facts, text)
    yield around.add(text)


def _read_cells(text: bytes, meanings: Meanings | None, plain: bool) -> Piece | int:
    """The cells of whole rows; of rows that are not written plainly, the last column from the 26th on."""
    piece = read_piece(text, meanings) if meanings and plain else None
    if piece:
        return piece
    if meanings:
        meanings.note(np.array(SHARED.findall(text), dtype=np.uint32))
    return _column_number(max(FAR.findall(text), key=lambda name: (len(name), name), default=b""))


def _take_in(facts: SheetFacts, text: bytes) -> None:
    if b"hidden=" in text:
        _take_in_hidden(facts, text)
    last = LAST_ROW.search(text, max(0, text.rfind(b"<row")))
    facts.last_row = max(facts.last_row, int(last[1]) if last else 0)
    if b"<f" not in text:
        return
    for formula in FORMULA.findall(text):
        if len(facts.formulas) < MOST_FORMULAS:
            facts.formulas[unescape(formula.decode("utf-8", "replace"))] = None


def _take_in_hidden(facts: SheetFacts, text: bytes) -> None:
    for row in ROW.findall(text):
        number = ROW_NUMBER.search(row)
        if number:
            facts.hidden_rows.add(int(number[1]) - 1)
    for column in COLUMN.findall(text):
        if b'hidden="1"' in column or b'hidden="true"' in column:
            span = dict(re.findall(rb'\b(min|max)="(\d+)"', column))
            facts.hidden_columns.append((int(span.get(b"min", 1)) - 1, int(span.get(b"max", 1)) - 1))


class _AroundCells:
    """Keeps what of a sheet's part stands around its cells, cut between tags: small, and well-formed without them."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []
        self._inside = self._entered = False

    @property
    def complete(self) -> bool:
        """Whether the cells began and ended, in an encoding that their bytes can be read in."""
        return self._entered and not self._inside and is_of_ascii(self.kept[0])

    def add(self, text: bytes) -> bytes:
        """Take in the next piece, and give back what of it are cells."""
        if not self._inside:
            before, found, text = text.partition(b"<sheetData>")
            self.kept.append(before + found)
            self._inside = bool(found)
            self._entered = self._entered or self._inside or b"<sheetData/>" in before
        if not self._inside:
            return b""
        cells, end, after = text.partition(b"</sheetData>")
        self.kept.append(end + after)
        self._inside = not end
        return cells


def _column_number(name: bytes) -> int:
    number = 0
    for letter in name:
        number = number * 26 + letter - 64
    return number


def workbook_places(
    package: Package, facts: dict[str, SheetFacts], meanings: Meanings | None
) -> tuple[list[Table], set[str]]:
    """Tables of everything outside the cells of an XLSX or XLSB workbook, and the parts that they were read from."""
    looked = set(package.matching(CELLS)) | {"xl/workbook.xml", STYLES} | set(package.matching(SHEETS))
    tables: list[Table] = []
    for read, pattern in ((_comments, COMMENTS), (_pivot_caches, CACHES)):
        parts = package.matching(pattern)
        if parts:
            tables += read(package, parts)
            looked |= {*parts, *package.matching(PERSONS), *package.matching(re.compile(r"xl/pivotCache/.*\.xml"))}
    texts = {title: parts for title, pattern in PLACES.items() if (parts := package.matching(pattern))}
    texts["comments and caches"] = package.matching(HIDDEN_BINARY)
    for title, parts in texts.items():
        looked.update(parts)
        tables.append(text_table(title, package.texts(parts), hidden=True))
    tables += _around_cells(package, facts)
    tables.append(text_table("names and formats", _aside(package, facts), hidden=True))
    tables.append(text_table("texts that no cell shows", _unshown(package, meanings), hidden=True))
    return [table for table in tables if table.weight or table.labels != ("text",)], looked


def _comments(package: Package, parts: list[str]) -> Iterator[Table]:
    """Who wrote each comment, and the comment; those in threads name their writers in a part of their own."""
    people = dict(_people(package))
    spool = Spool(package.raw)
    for part in parts:
        authors: list[str] = []
        with package.open(part) as stream:
            for _, element in elements(stream):
                kind, given = local(element), attributes(element)
                if kind == "author":
                    authors.append(element.text or "")
                elif kind == "comment":
                    number = int(given.get("authorId", -1))
                    spool.add(_comment(authors[number] if 0 <= number < len(authors) else "", element))
                elif kind == "threadedComment":
                    spool.add(_comment(people.get(given.get("personId", ""), ""), element))
    for name in people.values():
        spool.add({"author": name})
    yield spool.table("comments", hidden=True)


def _comment(author: str, element: Any) -> dict[str, str]:
    return {"author": author, "comment": "".join(element.itertext()).strip()}


def _people(package: Package) -> Iterator[tuple[str, str]]:
    for part in package.matching(PERSONS):
        with package.open(part) as stream:
            for _, element in elements(stream):
                given = attributes(element)
                if "id" in given:
                    yield given["id"], "; ".join(given[key] for key in ("displayName", "userId") if given.get(key))


def _pivot_caches(package: Package, parts: list[str]) -> Iterator[Table]:
    """The rows that a pivot table was made of: they stay in the file when their sheet is deleted."""
    for number, part in enumerate(parts, 1):
        title = "pivot caches" if len(parts) == 1 else f"pivot caches {number}"
        with package.open(part) as stream:
            fields, facts = _cache_fields(stream)
        folder, _, name = part.rpartition("/")
        targets = _relations(package, f"{folder}/_rels/{name}.rels").values()
        records = next((each for each in targets if each in package.names), part.replace("Definition", "Records"))
        spool = Spool(package.raw)
        if records in package.names:
            with package.open(records) as stream:
                _add_records(spool, stream, fields)
        # Values that no row has any more stay in the list of what the field ever held.
        _add_lists(spool, fields)
        yield spool.table(title, hidden=True)
        if facts:
            yield record_table(f"{title}: source", facts)


def _cache_fields(stream: IO[bytes]) -> tuple[list[tuple[str, list[str]]], dict[str, str]]:
    fields: list[tuple[str, list[str]]] = []
    facts: dict[str, str] = {}
    for _, element in elements(stream):
        kind, given = local(element), attributes(element)
        if kind == "cacheField":
            items = [item for child in element if local(child) == "sharedItems" for item in child]
            fields.append((given.get("name", ""), [attributes(item).get("v", "") for item in items]))
        elif kind == "worksheetSource":
            facts |= {f"source {key}": given[key] for key in ("ref", "sheet", "name") if given.get(key)}
        elif kind == "pivotCacheDefinition" and given.get("refreshedBy"):
            facts["modified by"] = given["refreshedBy"]
    return fields, facts


def _add_records(spool: Spool, stream: IO[bytes], fields: list[tuple[str, list[str]]]) -> None:
    for _, element in elements(stream):
        if local(element) != "r":
            continue
        row = {}
        for (name, shared), cell in zip(fields, element, strict=False):
            value = attributes(cell).get("v", "")
            if local(cell) == "x":
                value = shared[int(value)] if value.isdigit() and int(value) < len(shared) else ""
            row[name] = value
        spool.add(row)
        element.clear()


def _add_lists(spool: Spool, fields: list[tuple[str, list[str]]]) -> None:
    for place in range(max((len(shared) for _, shared in fields), default=0)):
        spool.add({name: shared[place] for name, shared in fields if place < len(shared)})


def _around_cells(package: Package, facts: dict[str, SheetFacts]) -> Iterator[Table]:
    """Names, headers and footers, rules and their messages, links' tips, formulas: a sheet without its cells."""
    if "xl/workbook.xml" in package.names:
        with package.open("xl/workbook.xml") as stream:
            names = [_defined_name(element) for _, element in elements(stream) if local(element) == "definedName"]
        yield text_table("defined names", names, hidden=True)
    for name, sheet in facts.items():
        around = (HEADER_CODE.sub(" ", text) if text.startswith("&") else text for text in sheet.around)
        yield text_table(f"{name}: headers, footers and rules", around, hidden=True)
        yield text_table(f"{name}: formulas", sheet.formulas, hidden=True)


def _aside(package: Package, facts: dict[str, SheetFacts]) -> Iterator[str]:
    """Words in attributes and formats that stand neither in cells nor around them, and telling names of sheets."""
    yield from (name for name in facts if TELLING_NAME.search(name) and not SHEETS.fullmatch(name))
    for pattern, keys in ASIDE:
        for part in package.matching(pattern):
            yield from (text for given in _given(package, part) for key, text in given.items() if key in keys)
    for given in _given(package, STYLES):
        yield from LITERAL.findall(given.get("formatCode", ""))
        if "xfId" in given and "name" in given and "builtinId" not in given:
            yield given["name"]
    for part in package.matching(CACHES):
        yield from (given["name"] for given in _given(package, part) if TELLING_NAME.search(given.get("name", "")))


def _given(package: Package, part: str) -> Iterator[dict[str, str]]:
    if part in package.names:
        with package.open(part) as stream:
            yield from (attributes(element) for _, element in elements(stream))


def _unshown(package: Package, meanings: Meanings | None) -> Iterator[str]:
    """Shared texts that a deleted cell has left behind, and how texts are said to be spoken."""
    if meanings:
        yield from meanings.unused()
    if TEXTS not in package.names:
        return
    with package.open(TEXTS) as stream:
        text = stream.read()
    # Hardly any workbook says how its texts are spoken, and to look at each text for that takes longer than the rest.
    if b"rPh" in text or b"<!" in text or not is_of_ascii(text):
        yield from _spoken(text)


def _spoken(text: bytes) -> Iterator[str]:
    for _, element in elements(io.BytesIO(text)):
        if local(element) == "rPh":
            yield "".join(element.itertext())
        elif local(element) == "si":
            element.clear()


def _defined_name(element: Any) -> str:
    given = attributes(element)
    return " ".join(text for text in (given.get("name"), given.get("comment"), element.text) if text)


def opendocument_facts(package: Package) -> dict[str, SheetFacts]:
    """Hidden rows and columns of every sheet of an ODS workbook, by the sheet's name."""
    facts: dict[str, SheetFacts] = {}
    sheet, row, column = SheetFacts(), 0, 0
    with package.open("content.xml") as stream:
        for event, element in elements(stream, ("start", "end")):
            kind, given = local(element), attributes(element)
            if kind == "table" and event == "start":
                sheet, row, column = facts.setdefault(given.get("name", ""), SheetFacts()), 0, 0
            elif kind == "table-column" and event == "start":
                span = int(given.get("number-columns-repeated", 1))
                if given.get("visibility") in {"collapse", "filter"}:
                    sheet.hidden_columns.append((column, column + span - 1))
                column += span
            elif kind == "table-row" and event == "end":
                span = int(given.get("number-rows-repeated", 1))
                if given.get("visibility") in {"collapse", "filter"}:
                    sheet.hidden_rows.update(range(row, min(row + span, 1 << 20)))
                row += span
                element.clear()
    return facts


#: Elements of an ODS workbook whose text is no cell's, and the place that they are.
OUTSIDE = {
    "annotation": "comments",
    "help-message": "rules",
    "error-message": "rules",
    "frame": "text boxes",
    "custom-shape": "text boxes",
}


def opendocument_places(package: Package) -> tuple[list[Table], set[str]]:
    """Tables of what stands outside the cells of an ODS workbook, and the parts that they were read from."""
    found: dict[str, list[str]] = {}
    with package.open("content.xml") as stream:
        for _, element in elements(stream):
            kind, given = local(element), attributes(element)
            if kind in OUTSIDE:
                found.setdefault(OUTSIDE[kind], []).append(" ".join(element.itertext()).strip())
            elif kind in {
                "named-range",
                "named-expression",
                "database-range",
                "cell-range-source",
                "table-source",
                "a",
            }:
                found.setdefault("names and links", []).append(" ".join(given.values()))
            elif kind == "table-cell":
                found.setdefault("formulas", []).extend(_words(given.get("formula", "")))
            elif kind == "table-row":
                element.clear()
    return [text_table(title, texts, hidden=True) for title, texts in found.items() if texts], {"content.xml"}


def _words(formula: str) -> list[str]:
    return [formula] if '"' in formula else []
