"""XML and HTML: repeated elements as records, tables of web pages as tables, maps in XML as layers.

No entity is resolved, nothing is fetched, and what stands outside records and tables is looked at as text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from ckanext.privacy.engine.errors import UnreadableFile
from ckanext.privacy.engine.findings import Held
from ckanext.privacy.engine.sentences import say
from ckanext.privacy.engine.tables import OpenFile, RawFile, text_table

from .delimited import detect_encoding
from .documents import grid_table
from .spool import Spool
from .xml_parts import attributes, elements, local, release

#: Kinds of markup by their first tags.
HTML = re.compile(r"<(?:!doctype\s+html|html)\b", re.IGNORECASE)
MAPS = (
    (
        re.compile(r"<(?:\w+:)?kml\b", re.IGNORECASE),
        "kml",
        ".kml",
        frozenset({"Placemark", "Schema", "Style", "StyleMap"}),
    ),
    (re.compile(r"<gpx\b", re.IGNORECASE), "gpx", ".gpx", frozenset({"wpt", "rte", "trk"})),
    (
        re.compile(r"<(?:\w+:)?FeatureCollection\b|xmlns:gml="),
        "gml",
        ".gml",
        frozenset({"featureMember", "member", "featureMembers"}),
    ),
)
SVG = re.compile(r"<(?:\w+:)?svg\b", re.IGNORECASE)
PICTURE = say("It draws a picture, which may show people; look at it, then describe it in a table, or leave it out.")
JOINT = "; "
#: Attributes of a web page in which words or addresses stand.
TOLD = frozenset({"alt", "title", "href", "content", "value", "placeholder", "aria-label", "srcdoc", "action"})
#: Elements from which the one that repeats as a record is chosen, and how often it must.
LOOK, OFTEN = 20_000, 2


def open_markup(raw: RawFile) -> OpenFile:
    """Open XML or HTML by its first tags. Raises ``UnreadableFile`` when it is malformed, or declares entities."""
    encoding = detect_encoding(raw)
    head = raw.head[:65536].decode(encoding, "replace")
    if HTML.search(head[:4096]):
        return _open_page(raw, encoding)
    _check(raw)
    for tag, kind, ending, records in MAPS:
        if tag.search(head):
            return _open_map(raw, kind, ending, records)
    file = _open_records(raw, encoding)
    if SVG.search(head):
        file.held.append(Held(PICTURE, raw.name, by_eye=True))
    return file


def _check(raw: RawFile) -> None:
    """Refuse entities and deep nesting before any other parser sees the file."""
    depth = 0
    with raw.path.open("rb") as stream:
        for event, element in elements(stream, ("start", "end")):
            depth += 1 if event == "start" else -1
            if depth > raw.limits.levels:
                reason = say(
                    "The XML is nested more than {levels} levels deep; save it as a table.", levels=raw.limits.levels
                )
                raise UnreadableFile(reason, raw.name)
            if event == "end":
                release(element)


def _open_map(raw: RawFile, kind: str, ending: str, records: frozenset[str]) -> OpenFile:
    from .maps import open_layers

    if raw.size > raw.limits.whole:
        raise UnreadableFile(
            say(
                "A map in XML over {megabytes} MB is not read; save it as GeoPackage.", megabytes=raw.limits.whole >> 20
            ),
            raw.name,
        )
    file = open_layers(raw, kind, ending)
    outside = list(_outside(raw, records))
    if outside:
        file.tables.append(text_table(f"{raw.name}: around the map", dict.fromkeys(outside), hidden=True))
    return file


def _outside(raw: RawFile, records: frozenset[str]) -> Iterator[str]:
    """Text that stands in no feature of a map: its name, description, author, comments."""
    inside = 0
    with raw.path.open("rb") as stream:
        for event, element in elements(stream, ("start", "end", "comment")):
            if event == "comment":
                yield (element.text or "").strip()
                continue
            inside += (local(element) in records) * (1 if event == "start" else -1)
            if event == "end" and not inside:
                text = (element.text or "").strip()
                if text and local(element) not in records:
                    yield text
                release(element)


def _open_records(raw: RawFile, encoding: str) -> OpenFile:
    tag = _record_tag(raw)
    spool, outside = Spool(raw), dict[str, None]()
    inside = 0
    with raw.path.open("rb") as stream:
        for event, element in elements(stream, ("start", "end", "comment", "pi")):
            if event in {"comment", "pi"}:
                outside[(element.text or "").strip()] = None
                continue
            starts, record = event == "start", local(element) == tag
            inside += record * (1 if starts else -1)
            if starts or inside:
                continue
            if record:
                spool.add({path or "#1": JOINT.join(texts) for path, texts in _flat(element, raw).items()})
            else:
                outside.update(dict.fromkeys(_own(element)))
            release(element)
    file = OpenFile(raw.facts("xml", encoding))
    if spool.rows:
        file.tables.append(spool.table(raw.name))
    file.tables.append(text_table(f"{raw.name}: around the records", outside, hidden=False))
    file.tables = [table for table in file.tables if table.weight]
    return file


def _record_tag(raw: RawFile) -> str:
    """The element that is a record: of those that repeat under the same one, the one that holds most others."""
    held: Counter[str] = Counter()
    repeats: Counter[tuple[str, str]] = Counter()
    depths: dict[str, int] = {}
    path: list[str] = []
    with raw.path.open("rb") as stream:
        for number, (event, element) in enumerate(elements(stream, ("start", "end"))):
            if event == "end":
                path.pop()
                release(element)
                continue
            name = local(element)
            if path:
                repeats[path[-1], name] += 1
            held.update(set(path))
            depths.setdefault(name, len(path))
            path.append(name)
            if number > LOOK:
                break
    often = {name for (_, name), count in repeats.items() if count >= OFTEN and held[name] + 1 > count}
    plain = {name for (_, name), count in repeats.items() if count >= OFTEN}
    return min(often or plain, key=lambda name: (depths[name], -held[name]), default="")


def _own(element: Any) -> Iterator[str]:
    yield from (value for value in attributes(element).values() if value.strip())
    if element.text and element.text.strip():
        yield element.text.strip()


def _flat(record: Any, raw: RawFile) -> dict[str, list[str]]:
    """A record's leaves under their paths; attributes are ``@name``."""
    found: dict[str, list[str]] = {}
    _add_leaves(record, "", found, raw.limits.levels, raw.name)
    return found


def _add_leaves(element: Any, path: str, found: dict[str, list[str]], levels: int, name: str) -> None:
    if levels == 0:
        raise UnreadableFile(say("The XML is nested too deep; save it as a table."), name)
    for key, value in attributes(element).items():
        if value.strip():
            found.setdefault(f"{path}@{key}", []).append(value)
    texts = [element.text, *(child.tail for child in element)]
    text = " ".join(text.strip() for text in texts if text and text.strip())
    if text:
        found.setdefault(path or "text", []).append(text)
    for child in element:
        part = local(child)
        if part:
            _add_leaves(child, f"{path}.{part}" if path else part, found, levels - 1, name)
        elif child.text and child.text.strip():
            found.setdefault(f"{path or 'text'}: comments", []).append(child.text.strip())


def _open_page(raw: RawFile, encoding: str) -> OpenFile:
    """A web page: its tables, its text line by line, what its forms, links and comments say."""
    from lxml import html

    if raw.size > raw.limits.whole >> 2:
        raise UnreadableFile(
            say(
                "A web page over {megabytes} MB is not read; save its tables as CSV.", megabytes=raw.limits.whole >> 22
            ),
            raw.name,
        )
    parser = html.HTMLParser(encoding=encoding if encoding != "utf-8-sig" else "utf-8", no_network=True, huge_tree=True)
    tree = html.document_fromstring(raw.path.read_bytes(), parser=parser)
    file = OpenFile(raw.facts("html", encoding))
    for number, table in enumerate(tree.iter("table"), 1):
        rows = [[_cell(cell) for cell in row if cell.tag in {"td", "th"}] for row in table.iter("tr")]
        rows = [row for row in rows if any(row)]
        if rows:
            file.tables.append(grid_table(raw, f"{raw.name}: table {number}", rows))
    for table in list(tree.iter("table")):
        for row in list(table.iter("td", "th", "caption")):
            row.clear(keep_tail=True)
    texts = [text.strip() for element in tree.iter() for text in _page_texts(element)]
    file.tables.insert(0, text_table(raw.name, [text for text in texts if text]))
    return file


def _cell(cell: Any) -> str:
    return " ".join(" ".join(cell.itertext()).split())


def _page_texts(element: Any) -> Iterator[str]:
    yield from (text for text in (element.text, element.tail) if text)
    if isinstance(element.tag, str):
        yield from (value for key, value in element.attrib.items() if key in TOLD)
