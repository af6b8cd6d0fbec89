"""Formats that no reader here looks into. They are held by name: their bytes as plain text would hide what they say."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from ckanext.privacy.engine.errors import UnreadableFile
from ckanext.privacy.engine.tables import RawFile

TABLE = "save its tables as CSV or XLSX"
MAP = "save it as GeoJSON, or its attributes as CSV"
PICTURE = "describe what it shows in a table, or leave it out"
PACKED = "unpack it and upload the files in it one by one"

#: What a file's first bytes say it is, and what to do instead.
SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF document", TABLE),
    (b"%!PS", "a PostScript document", TABLE),
    (b"{\\rtf", "a rich-text document", TABLE),
    (b"\x89PNG", "a picture", PICTURE),
    (b"\xff\xd8\xff", "a picture", PICTURE),
    (b"GIF8", "a picture", PICTURE),
    (b"II*\0", "a picture", PICTURE),
    (b"MM\0*", "a picture", PICTURE),
    (b"RIFF", "a picture, sound or film", PICTURE),
    (b"ID3\x03", "a sound", PICTURE),
    (b"OggS", "a sound or film", PICTURE),
    (b"\x1aE\xdf\xa3", "a film", PICTURE),
    (b"PAR1\x15", "a Parquet file", TABLE),
    (b"ARROW1", "an Arrow file", TABLE),
    (b"Obj\x01", "an Avro file", TABLE),
    (b"SQLite format 3\0", "a SQLite database or GeoPackage", f"{TABLE}, or GeoJSON"),
    (b"\x89HDF", "an HDF5 or NetCDF file", TABLE),
    (b"CDF\x01", "a NetCDF file", TABLE),
    (b"$FL2", "an SPSS file", TABLE),
    (b"\0\0'\n", "a shapefile", MAP),
    (b"\x1f\x8b", "a compressed file", PACKED),
    (b"BZh9", "a compressed file", PACKED),
    (b"\xfd7zXZ", "a compressed file", PACKED),
    (b"(\xb5/\xfd", "a compressed file", PACKED),
    (b"7z\xbc\xaf", "an archive", PACKED),
    (b"Rar!", "an archive", PACKED),
    (b"BEGIN:VCARD", "a file of contacts", TABLE),
    (b"BEGIN:VCALENDAR", "a calendar", TABLE),
)
#: Text formats without such bytes, by the file name's ending.
ENDINGS = {
    ".eml": ("an e-mail", TABLE),
    ".mbox": ("a mailbox", TABLE),
    ".sql": ("a database dump", TABLE),
    ".tex": ("a text to be typeset", TABLE),
    ".yaml": ("a YAML file", TABLE),
    ".yml": ("a YAML file", TABLE),
    ".toml": ("a settings file", TABLE),
    ".ttl": ("an RDF file", TABLE),
    ".nt": ("an RDF file", TABLE),
    ".ldif": ("a directory listing", TABLE),
}
#: Packed formats that are no workbook, by a member that tells them.
PACKAGES = (
    ("word/", "a Word document", TABLE),
    ("ppt/", "a presentation", TABLE),
    ("doc.kml", "a KMZ map", MAP),
    ("META-INF/container.xml", "an e-book", TABLE),
)
#: Markup: a first tag, declaration or comment.
MARKUP = re.compile(r"\s*<(?:[A-Za-z][\w.-]*(?::[\w.-]+)?[\s/>]|[?!])")
KINDS = (
    (re.compile(r"<(?:!doctype\s+html|html)\b", re.IGNORECASE), "a web page", TABLE),
    (re.compile(r"<(?:\w+:)?kml\b", re.IGNORECASE), "a KML map", MAP),
    (re.compile(r"<(?:\w+:)?svg\b", re.IGNORECASE), "a picture", PICTURE),
    (re.compile(r"<(?:gml:|wfs:|gpx\b|osm\b)", re.IGNORECASE), "a map in XML", MAP),
)
WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def check_readable(raw: RawFile) -> None:
    """Raise ``UnreadableFile`` for a format that no reader looks into."""
    found = _by_bytes(raw.head) or _by_markup(raw.head) or ENDINGS.get(Path(raw.name).suffix.lower())
    if found:
        raise _held(*found, raw.name)


def other_package(members: list[str], name: str) -> UnreadableFile:
    """Say what a packed file is that holds no workbook."""
    for start, kind, remedy in PACKAGES:
        if any(member.startswith(start) for member in members):
            return _held(kind, remedy, name)
    if "mimetype" in members and "content.xml" in members:
        return _held("an OpenDocument file that is no spreadsheet", TABLE, name)
    return _held("an archive", PACKED, name)


def _held(kind: str, remedy: str, name: str) -> UnreadableFile:
    return UnreadableFile(f"{name} is {kind}, which is not looked into; {remedy}.", name)


def _by_bytes(head: bytes) -> tuple[str, str] | None:
    # ISO media files have a box's length first.
    if head[4:8] == b"ftyp":
        return "a picture or film", PICTURE
    start = head.removeprefix(codecs.BOM_UTF8)
    return next(((kind, remedy) for magic, kind, remedy in SIGNATURES if start.startswith(magic)), None)


def _by_markup(head: bytes) -> tuple[str, str] | None:
    encoding = WIDE.get(head[:2], "utf-8")
    text = head[:4096].decode(encoding, "replace").removeprefix("\ufeff")
    if not MARKUP.match(text):
        return None
    return next(((kind, remedy) for tag, kind, remedy in KINDS if tag.search(text)), ("an XML file", TABLE))
