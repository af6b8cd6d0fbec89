"""PDF: the text of every page, its properties, notes and form fields; pages without text are held.

Source: PDF 2.0 (ISO 32000-2), through PDFium.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

import polars as pl
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ckanext.privacy.engine.errors import UnreadableFile
from ckanext.privacy.engine.findings import Held
from ckanext.privacy.engine.sentences import say, to_say
from ckanext.privacy.engine.tables import TELLING_HEADING, OpenFile, RawFile, Table, frame, text_table

from .office import record_table
from .properties import PACKET, packet_texts
from .traces import traces
from .unpacking import Scratch, absorb, open_part

#: Part of a page from which a picture may be a scan.
SCAN = 0.5
#: Pictures of a page whose size is looked at.
MOST_PICTURES = 1_000
#: Pages read for one batch.
PAGES = 20
#: What notes and form fields keep their text under.
NOTE_KEYS = ("Contents", "T", "V", "Subj", "RC", "TU")
ENCRYPTED = say("The document is encrypted; save it without a password.")
DAMAGED = say("The document is damaged; save it again.")
SCANNED = to_say("Pages {pages} are pictures, in which no text can be read; recognise their text, or leave them out.")
PICTURES = to_say("Pages {pages} show large pictures, which may show people or text; look at them, or leave them out.")
FORM = say("It is an XFA form, whose data is not looked into; save it as a plain PDF.")
FILES = say("Notes on its pages have files in them, which are not looked into; leave them out.")
#: What holds a page's content, pictures or files; text in brackets outside of it, and the last line.
STREAM = re.compile(rb"\bstream\r?\n.*?\bendstream", re.DOTALL)
BRACKETS = re.compile(rb"\(((?:[^()\\]|\\.|\([^()]*\)){4,4000})\)", re.DOTALL)
END = b"%%EOF"
#: Ends of the versions that a document was saved in, each behind what was changed. One that is made to be shown while
#: it loads has an end near its beginning, too, with nothing of its own before it.
VERSION = re.compile(rb"startxref\s+\d+\s+%%EOF")
LINEAR, HEAD = b"/Linearized", 1024
#: Kinds of forms that PDFium does not fill in (FORMTYPE_XFA_FULL, FORMTYPE_XFA_FOREGROUND).
XFA = frozenset({2, 3})


def open_pdf(raw: RawFile) -> OpenFile:
    """Open a PDF document. Raises ``UnreadableFile`` when it is encrypted or damaged."""
    document = _load(raw)
    file, pages = OpenFile(raw.facts("pdf")), len(document)
    place = _Place(pages)
    read = partial(_batches, raw, file, place)
    file.tables.append(Table(raw.name, ("text",), ("text",), read, weight=raw.size, share=place.share))
    facts = document.get_metadata_dict(skip_empty=True)
    if facts:
        file.tables.append(record_table("document properties", facts))
    beside = {
        "notes, links and form fields": [text for number in range(pages) for text in _notes(document, number)],
        "bookmarks": [item.get_title() for item in document.get_toc()],
        "embedded properties": _packets(raw),
        "loose text": list(_loose(raw)),
        "earlier versions": list(_earlier(raw, document)),
    }
    file.tables += [text_table(title, texts, hidden=True) for title, texts in beside.items() if texts]
    if document.get_formtype() in XFA:
        file.held.append(Held(FORM, raw.name))
    if any(_has_files(document, number) for number in range(pages)):
        file.held.append(Held(FILES, raw.name))
    _attachments(file, raw, document)
    return file


def _load(raw: RawFile) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(raw.path)
    except pdfium.PdfiumError as error:
        raise UnreadableFile(ENCRYPTED if "assword" in str(error) else DAMAGED, raw.name) from error


@dataclass
class _Place:
    """How many pages the present pass has read."""

    pages: int
    done: int = 0
    told: bool = False

    def share(self, _rows: int) -> float:
        return self.done / max(1, self.pages)


def _batches(raw: RawFile, file: OpenFile, place: _Place) -> Iterator[pl.DataFrame]:
    """The lines of all pages; after the first pass it is known which pages cannot be read."""
    scans, pictures = list[int](), list[int]()
    document = _load(raw)
    for start in range(0, place.pages, PAGES):
        rows: list[list[str | None]] = []
        for number in range(start, min(start + PAGES, place.pages)):
            lines, covered = _page(document, number)
            if covered >= SCAN or (covered and not lines):
                (pictures if lines else scans).append(number + 1)
            rows.extend([line] for line in lines)
        place.done = min(start + PAGES, place.pages)
        if rows:
            yield frame(rows, ("text",))
    if not place.told:
        place.told = True
        held = ((SCANNED, scans), (PICTURES, pictures))
        file.held += [Held(say(reason, pages=_spans(pages)), raw.name, by_eye=True) for reason, pages in held if pages]


def _page(document: pdfium.PdfDocument, number: int) -> tuple[list[str], float]:
    """The lines of a page, and the part of it that pictures cover, 0..1."""
    page = document[number]
    try:
        text = page.get_textpage().get_text_bounded()
        area = max(1.0, page.get_width() * page.get_height())
        images = page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE], max_depth=3)
        covered = sum(_area(image.get_bounds()) for image in islice(images, MOST_PICTURES)) / area
    finally:
        page.close()
    return [line.strip() for line in text.splitlines() if line.strip()], covered


def _area(bounds: tuple[float, float, float, float]) -> float:
    left, bottom, right, top = bounds
    return abs(right - left) * abs(top - bottom)


def _spans(pages: Sequence[int]) -> str:
    """Write page numbers shortly.

    >>> _spans([1, 2, 3, 7])
    '1-3, 7'
    """
    spans: list[list[int]] = []
    for page in pages:
        if spans and page == spans[-1][1] + 1:
            spans[-1][1] = page
        else:
            spans.append([page, page])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def _notes(document: pdfium.PdfDocument, number: int) -> Iterator[str]:
    """What annotations of a page say: notes, their writers, the values of form fields, where links lead."""
    page = document[number]
    try:
        for index in range(pdfium_c.FPDFPage_GetAnnotCount(page)):
            note = pdfium_c.FPDFPage_GetAnnot(page, index)
            if note:
                yield from (text for key in NOTE_KEYS if (text := _note_text(note, key)))
                link = _link(document, note)
                if link:
                    yield link
                pdfium_c.FPDFPage_CloseAnnot(note)
    finally:
        page.close()


def _note_text(note: Any, key: str) -> str:
    size = pdfium_c.FPDFAnnot_GetStringValue(note, key.encode(), None, 0)
    if size <= 2:
        return ""
    buffer = ctypes.create_string_buffer(size)
    wide = ctypes.cast(buffer, ctypes.POINTER(pdfium_c.FPDF_WCHAR))
    pdfium_c.FPDFAnnot_GetStringValue(note, key.encode(), wide, size)
    return buffer.raw[: size - 2].decode("utf-16-le", "replace")


def _link(document: pdfium.PdfDocument, note: Any) -> str:
    link = pdfium_c.FPDFAnnot_GetLink(note)
    action = pdfium_c.FPDFLink_GetAction(link) if link else None
    if not action:
        return ""
    size = pdfium_c.FPDFAction_GetURIPath(document, action, None, 0)
    buffer = ctypes.create_string_buffer(max(1, size))
    pdfium_c.FPDFAction_GetURIPath(document, action, buffer, size)
    return buffer.value.decode("utf-8", "replace")


def _packets(raw: RawFile) -> list[str]:
    """Properties in XMP, which PDFium does not read; they stand in the file uncompressed."""
    content = raw.path.read_bytes() if raw.size <= raw.limits.whole else raw.head
    return [text for packet in PACKET.findall(content) for text in packet_texts(packet)]


def _loose(raw: RawFile) -> Iterator[str]:
    """Addresses and long numbers in scripts, in objects that no page shows, and behind the end of the file."""
    content = raw.path.read_bytes() if raw.size <= raw.limits.whole else raw.head
    objects, _, behind = STREAM.sub(b" ", content).rpartition(END)
    found = (text.decode("latin-1") for text in BRACKETS.findall(objects))
    # Dates are written as numbers.
    texts = (text for text in found if not text.startswith("D:"))
    yield from dict.fromkeys(text for text in (*texts, *traces(behind)) if TELLING_HEADING.search(text))


def _earlier(raw: RawFile, document: pdfium.PdfDocument) -> Iterator[str]:
    """Lines that earlier versions show and the last one does not: what was written over is still there."""
    if raw.size > raw.limits.whole:
        return
    content = raw.path.read_bytes()
    ends = [match.end() for match in VERSION.finditer(content)][:-1]
    ends = ends[1:] if LINEAR in content[:HEAD] else ends
    shown = set(_lines(document)) if ends else set[str]()
    for end in ends:
        try:
            version = pdfium.PdfDocument(content[:end])
        except pdfium.PdfiumError:
            continue
        earlier = [line for line in _lines(version) if line not in shown]
        shown.update(earlier)
        yield from earlier


def _lines(document: pdfium.PdfDocument) -> Iterator[str]:
    for number in range(len(document)):
        yield from _page(document, number)[0]


def _has_files(document: pdfium.PdfDocument, number: int) -> bool:
    page = document[number]
    try:
        found = (pdfium_c.FPDFPage_GetAnnot(page, index) for index in range(pdfium_c.FPDFPage_GetAnnotCount(page)))
        notes = [note for note in found if note]
        kinds = [pdfium_c.FPDFAnnot_GetSubtype(note) for note in notes]
        for note in notes:
            pdfium_c.FPDFPage_CloseAnnot(note)
    finally:
        page.close()
    return pdfium_c.FPDF_ANNOT_FILEATTACHMENT in kinds


def _attachments(file: OpenFile, raw: RawFile, document: pdfium.PdfDocument) -> None:
    scratch = Scratch()
    for number in range(document.count_attachments()):
        attachment = document.get_attachment(number)
        name = attachment.get_name() or f"attachment {number + 1}"
        path = scratch.place(f"{number}{PurePosixPath(name).suffix.lower()[:8]}")
        raw.room.bytes -= path.write_bytes(bytes(attachment.get_data()))
        absorb(file, open_part(raw, path, f"{raw.name}/{name}", scratch), f"{raw.name}/{name}", hidden=True)
