"""Documents: DOCX, PPTX, ODT and its kin, RTF and e-mails; a row for every paragraph, tables as tables.

Headers, footers, notes, comments, deleted text and properties are looked at like the text itself.
"""

from __future__ import annotations

import codecs
import email
import email.policy
import re
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import PurePosixPath
from typing import Any

from ckanext.privacy.engine.errors import UnreadableFile
from ckanext.privacy.engine.findings import Held
from ckanext.privacy.engine.sentences import say
from ckanext.privacy.engine.tables import OpenFile, RawFile, Table, text_table

from .layout import LOOK, find_layout
from .office import Package, add_the_rest, record_table
from .spool import Spool
from .unpacking import Scratch, absorb, open_part
from .xml_parts import attributes, elements, local, release

#: Parts of a Word document that hold text, and the table that each becomes; the body has the file's name.
WORD = (
    ("", re.compile(r"word/document\d*\.xml")),
    ("headers and footers", re.compile(r"word/(header|footer)\d*\.xml")),
    ("notes", re.compile(r"word/(footnotes|endnotes)\.xml")),
    ("other text", re.compile(r"word/(glossary/.*|charts/.*|diagrams/.*|people|commentsExtended|commentsIds)\.xml")),
)
WORD_COMMENTS = re.compile(r"word/comments\.xml")
SLIDES = (
    ("", re.compile(r"ppt/slides/slide\d+\.xml")),
    ("notes", re.compile(r"ppt/notesSlides/.*\.xml")),
    ("comments", re.compile(r"ppt/(comments/.*|commentAuthors|authors)\.xml")),
)
#: Elements that end a paragraph, in all these formats; text in them that was deleted is still in the file.
PARAGRAPHS = frozenset({"p", "h"})
TEXT = frozenset({"t", "delText", "instrText", "fldSimple"})
#: What stands within a paragraph and is told by itself.
APART = frozenset({"p", "h", "annotation", "creator", "date"})
BREAKS = {"tab": "\t", "br": "\n", "cr": "\n", "line-break": "\n", "s": " "}
TABLES = frozenset({"tbl", "table"})
ROWS, CELLS = frozenset({"tr", "table-row"}), frozenset({"tc", "table-cell", "covered-table-cell"})
#: Elements that say who changed or commented something, and when.
CHANGES = frozenset({"ins", "del", "moveFrom", "moveTo", "rPrChange", "pPrChange"})


def open_word(raw: RawFile) -> OpenFile:
    """Open a DOCX document. Raises ``UnreadableFile`` when it is encrypted, damaged or a bomb."""
    package = Package(raw)
    file = OpenFile(raw.facts("docx"))
    looked = _add_parts(file, package, WORD)
    comments = package.matching(WORD_COMMENTS)
    if comments:
        file.tables.append(_word_comments(package, comments))
    add_the_rest(file, package, {*looked, *comments})
    return file


def open_slides(raw: RawFile) -> OpenFile:
    """Open a PPTX presentation. Raises ``UnreadableFile`` when it is encrypted, damaged or a bomb."""
    package = Package(raw)
    file = OpenFile(raw.facts("pptx"))
    add_the_rest(file, package, _add_parts(file, package, SLIDES))
    return file


def open_opendocument(raw: RawFile) -> OpenFile:
    """Open an OpenDocument text, presentation or drawing. Raises ``UnreadableFile``."""
    package = Package(raw)
    kind = (
        package.archive.read("mimetype").decode("ascii", "replace").rpartition(".")[2]
        if "mimetype" in package.names
        else ""
    )
    file = OpenFile(raw.facts({"presentation": "odp", "graphics": "odg"}.get(kind, "odt")))
    parts = (("", re.compile(r"content\.xml")), ("headers and footers", re.compile(r"styles\.xml")))
    add_the_rest(file, package, _add_parts(file, package, parts))
    return file


def _add_parts(file: OpenFile, package: Package, parts: tuple[tuple[str, re.Pattern[str]], ...]) -> set[str]:
    looked: set[str] = set()
    for title, pattern in parts:
        names = sorted(package.matching(pattern), key=lambda name: (len(name), name))
        looked.update(names)
        story = _Story(package.raw)
        for name in names:
            with package.open(name) as stream:
                story.read(stream)
        file.tables += story.tables(title or package.raw.name, hidden=bool(title))
    return looked


class _Story:
    """Paragraphs and tables of a part, in the order in which they stand."""

    def __init__(self, raw: RawFile) -> None:
        self._raw = raw
        self._paragraphs: list[str] = []
        self._grids: list[list[list[str]]] = []
        self._writers: dict[str, None] = {}

    def read(self, stream: Any) -> None:
        """Take in a part. Raises ``UnreadableFile``."""
        depth = 0
        for event, element in elements(stream, ("start", "end")):
            kind = local(element)
            if kind in TABLES:
                depth += 1 if event == "start" else -1
                if event == "end" and depth == 0:
                    self._grids.append([_row(row) for row in element if local(row) in ROWS] or _rows_below(element))
                    element.clear()
            elif event == "start" and kind in CHANGES:
                self._writers.update(dict.fromkeys(_writer(element)))
            elif event == "end" and depth == 0:
                self._end(kind, element)

    def _end(self, kind: str, element: Any) -> None:
        if kind in PARAGRAPHS:
            self._paragraphs.append(_text(element))
            if not any(local(each) in PARAGRAPHS for each in element.iterancestors()):
                release(element)
        elif kind in {"creator", "cm", "cmAuthor", "author"}:
            self._writers.update(dict.fromkeys([*_writer(element), (element.text or "").strip()]))

    def tables(self, name: str, hidden: bool) -> Iterator[Table]:
        """The paragraphs, then every table, then who wrote and changed them."""
        if any(self._paragraphs) or not hidden:
            yield text_table(name, self._paragraphs, hidden)
        for number, grid in enumerate(self._grids, 1):
            yield grid_table(self._raw, f"{name}: table {number}", grid, hidden)
        if any(self._writers):
            yield text_table(f"{name}: writers", self._writers, hidden=True, label="author")


def _writer(element: Any) -> list[str]:
    given = attributes(element)
    return [given[key] for key in ("author", "name") if given.get(key)]


def _row(row: Any) -> list[str]:
    return [_cell(cell) for cell in row.iter() if local(cell) in CELLS]


def _rows_below(table: Any) -> list[list[str]]:
    return [_row(row) for row in table.iter() if local(row) in ROWS]


def _cell(cell: Any) -> str:
    return "\n".join(text for part in cell.iter() if local(part) in PARAGRAPHS and (text := _text(part)))


def _text(paragraph: Any) -> str:
    """A paragraph's text: of its runs where there are such, else all of it, without the paragraphs within it."""
    runs = any(local(part) in TEXT for part in paragraph.iter())
    return "".join(_pieces(paragraph, runs)).strip()


def _pieces(element: Any, runs: bool) -> Iterator[str]:
    kind = local(element)
    if kind in BREAKS:
        yield BREAKS[kind]
    if element.text and (kind in TEXT or not runs):
        yield element.text
    for part in element:
        if local(part) not in APART:
            yield from _pieces(part, runs)
        if part.tail and not runs:
            yield part.tail


def grid_table(raw: RawFile, name: str, rows: list[list[str]], hidden: bool = False) -> Table:
    """Make a table of rows, the heading looked for among the first ones."""
    layout = find_layout(rows[:LOOK])
    spool = Spool(raw)
    for row in rows[layout.first :]:
        spool.add({f"#{place}": text for place, text in enumerate(row, 1)})
    above = rows[: layout.above]
    for row in above:
        spool.add({f"#{place}": text for place, text in enumerate(row, 1)})
    if not spool.rows:
        return text_table(name, [" ".join(row) for row in rows], hidden)
    spool.rename({f"#{place}": label for place, label in enumerate(layout.labels, 1) if label})
    return spool.table(name, hidden)


def _word_comments(package: Package, parts: list[str]) -> Table:
    spool = Spool(package.raw)
    for part in parts:
        with package.open(part) as stream:
            for _, element in elements(stream):
                if local(element) == "comment":
                    spool.add({"author": attributes(element).get("author", ""), "comment": _cell(element)})
    return spool.table("comments", hidden=True)


def open_rich_text(raw: RawFile) -> OpenFile:
    """Open an RTF document; who wrote it is looked at too. Raises ``UnreadableFile`` when it is too large."""
    from striprtf.striprtf import rtf_to_text  # pyright: ignore[reportMissingImports]

    if raw.size > raw.limits.whole >> 2:
        raise UnreadableFile(say("The document is too large to be read; save it as DOCX."), raw.name)
    source = raw.path.read_bytes().decode("cp1252", "replace")
    text = rtf_to_text(source, errors="replace")
    file = OpenFile(raw.facts("rtf"), [text_table(raw.name, text.splitlines())])
    facts = dict(re.findall(r"\\(author|operator|manager|company|title|subject|doccomm|keywords) ([^{}\\]+)", source))
    if facts:
        file.tables.append(record_table("document properties", facts))
    if "\\pict" in source or "\\objdata" in source:
        held = say("Pictures and embedded files in it are not looked into; save it as DOCX.")
        file.held.append(Held(held, raw.name))
    return file


def open_message(raw: RawFile) -> OpenFile:
    """Open an e-mail: who it went to, its text, and every file attached. Raises ``UnreadableFile``."""
    if raw.size > raw.limits.whole:
        raise UnreadableFile(say("The e-mail is too large to be read; save its attachments."), raw.name)
    with raw.path.open("rb") as stream:
        message = email.message_from_binary_file(stream, policy=email.policy.default)
    file = OpenFile(raw.facts("eml"))
    headers: dict[str, list[str]] = {}
    for name, value in message.items():
        headers.setdefault(name.lower(), []).append(str(value))
    file.tables.append(record_table("headers", {name: "; ".join(values) for name, values in headers.items()}))
    _add_message(file, raw, message, Scratch())
    return file


def _add_message(file: OpenFile, raw: RawFile, message: Any, scratch: Scratch) -> None:
    texts: list[str] = []
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            continue
        content = part.get_payload(decode=True) or b""
        if part.get_content_type() == "text/plain" and not part.get_filename():
            texts += content.decode(_charset(part), "replace").splitlines()
            continue
        name = part.get_filename() or ("text.html" if part.get_content_type() == "text/html" else f"part {number}")
        path = scratch.place(f"{number}{PurePosixPath(name).suffix.lower()[:8]}")
        raw.room.bytes -= path.write_bytes(content)
        title = f"{raw.name}/{name}"
        absorb(file, open_part(raw, path, title, scratch), title)
    file.tables.insert(0, text_table(raw.name, texts))


def _charset(part: EmailMessage) -> str:
    try:
        return codecs.lookup(part.get_content_charset("utf-8")).name
    except LookupError:
        return "utf-8"
