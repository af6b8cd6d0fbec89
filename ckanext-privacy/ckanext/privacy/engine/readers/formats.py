"""Which reader opens a file, by what it holds; formats without a reader are held by name.

Their bytes as plain text would hide what they say.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from pathlib import Path

from ckanext.privacy.engine.errors import UnreadableFile
from ckanext.privacy.engine.sentences import say, to_say
from ckanext.privacy.engine.tables import RawFile

TABLE = to_say("save its tables as CSV or XLSX")
PICTURE = to_say("describe what it shows in a table, or leave it out")
PACKED = to_say("pack its files as ZIP")

#: Module and function of a reader.
Reader = tuple[str, str]

MAP = ("maps", "open_map")
PICTURES = ("pictures", "open_picture")
COMPRESSED = ("archives", "open_compressed")

#: What a file's first bytes say it is: the reader of such files.
READERS: tuple[tuple[bytes, Reader], ...] = (
    (b"PK\x03\x04", ("packages", "open_package")),
    (b"PK\x05\x06", ("packages", "open_package")),
    (b"\xd0\xcf\x11\xe0", ("compound", "open_compound")),
    (b"{\\rtf", ("documents", "open_rich_text")),
    (b"\x89PNG", PICTURES),
    (b"\xff\xd8\xff", PICTURES),
    (b"GIF8", PICTURES),
    (b"II*\0", PICTURES),
    (b"MM\0*", PICTURES),
    (b"PAR1\x15", ("columnar", "open_parquet")),
    (b"ARROW1", ("columnar", "open_arrow")),
    (b"Obj\x01", ("columnar", "open_avro")),
    (b"SQLite format 3\0", ("database", "open_database")),
    (b"$FL2", ("statistical", "open_spss")),
    (b"$FL3", ("statistical", "open_spss")),
    (b"<stata_dta>", ("statistical", "open_stata")),
    (b"HEADER RECORD*******LIB", ("statistical", "open_sas_transport")),
    (b"\0\0'\n", MAP),
    (b"fgb\x03", MAP),
    (b"!table", MAP),
    (b"\x1f\x8b", COMPRESSED),
    (b"\xfd7zXZ", COMPRESSED),
    (b"(\xb5/\xfd", COMPRESSED),
    (b"\0\5\x16\7", ("traces", "open_traces")),
    (b"\0\0\0\1Bud1", ("traces", "open_traces")),
)
#: First bytes of formats that no reader looks into, what they are, and what to do instead.
UNREAD: tuple[tuple[bytes, str, str], ...] = (
    (b"%!PS", to_say("a PostScript document"), TABLE),
    (b"ID3\x03", to_say("a sound"), PICTURE),
    (b"ID3\x04", to_say("a sound"), PICTURE),
    (b"fLaC", to_say("a sound"), PICTURE),
    (b"OggS", to_say("a sound or film"), PICTURE),
    (b"\x1aE\xdf\xa3", to_say("a film"), PICTURE),
    (b"RIFF", to_say("a sound or film"), PICTURE),
    (b"8BPS", to_say("a picture"), PICTURE),
    (b"\x89HDF", to_say("an HDF5 or NetCDF file"), TABLE),
    (b"CDF\x01", to_say("a NetCDF file"), TABLE),
    (b"CDF\x02", to_say("a NetCDF file"), TABLE),
    (b"7z\xbc\xaf", to_say("an archive"), PACKED),
    (b"Rar!", to_say("an archive"), PACKED),
    (b"MSCF", to_say("an archive"), PACKED),
    (b"BEGIN:VCARD", to_say("a file of contacts"), TABLE),
    (b"BEGIN:VCALENDAR", to_say("a calendar"), TABLE),
    (b"\x80\x04\x95", to_say("a Python pickle"), TABLE),
    (b"\x7fELF", to_say("a program"), to_say("leave it out")),
    (b"MZ\x90\0", to_say("a program"), to_say("leave it out")),
)
#: Text formats without such bytes, by the file name's ending.
ENDINGS = {
    ".mbox": (to_say("a mailbox"), TABLE),
    ".sql": (to_say("a database dump"), TABLE),
    ".tex": (to_say("a text to be typeset"), TABLE),
    ".yaml": (to_say("a YAML file"), TABLE),
    ".yml": (to_say("a YAML file"), TABLE),
    ".toml": (to_say("a settings file"), TABLE),
    ".ttl": (to_say("an RDF file"), TABLE),
    ".nt": (to_say("an RDF file"), TABLE),
    ".ldif": (to_say("a directory listing"), TABLE),
}
#: Films and pictures in ISO media files, by the brand that they name.
STILLS = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"})
#: Markup: a first tag, declaration or comment.
MARKUP = re.compile(r"\s*<(?:[A-Za-z][\w.-]*(?::[\w.-]+)?[\s/>]|[?!])")
#: A message as it is sent: lines of headers, one of them the sender or the way it came.
MESSAGE = re.compile(rb"(?:[A-Za-z-]+:.*\r?\n(?:[ \t].*\r?\n)*)*?(?:From|Received|Return-Path|MIME-Version):")
WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def reader_of(raw: RawFile) -> Reader:
    """Name the module and function that open a file. Raises ``UnreadableFile`` where none does."""
    start = raw.head.removeprefix(codecs.BOM_UTF8)
    known = next((reader for magic, reader in READERS if start.startswith(magic)), None) or _by_structure(raw)
    if known:
        return known
    _check_readable(raw, start)
    ending = Path(raw.name).suffix.lower()
    if _is_markup(raw.head):
        return "markup", "open_markup"
    if ending == ".eml" and MESSAGE.match(start):
        return "documents", "open_message"
    if start.lstrip()[:1] in {b"{", b"["} or _wide_json(raw.head):
        return "records", "open_records"
    return "delimited", "open_delimited"


def _by_structure(raw: RawFile) -> Reader | None:
    """Formats whose marks are not their first bytes, or could be those of a text."""
    return next((reader for is_one, reader in STRUCTURES if is_one(raw)), None)


def _is_still(head: bytes) -> bool:
    return (head[4:8] == b"ftyp" and head[8:12] in STILLS) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def _is_dbase(head: bytes) -> bool:
    """A dBASE table, as shapefiles keep their attributes in: version, a date, and a header that ends where it says."""
    if len(head) < 65 or head[0] & 0x07 != 3 or not (1 <= head[2] <= 12 and 1 <= head[3] <= 31):
        return False
    size = int.from_bytes(head[8:10], "little")
    return 65 <= size <= len(head) and 0x0D in {head[size - 1], head[size - 2]} and head[32:43].count(0) > 0


#: What tells such a format, and its reader.
STRUCTURES: tuple[tuple[Callable[[RawFile], bool], Reader], ...] = (
    (lambda raw: b"%PDF-" in raw.head[:1024], ("pdf", "open_pdf")),
    (lambda raw: raw.head[:3] == b"BZh" and raw.head[4:10] == b"1AY&SY", COMPRESSED),
    (lambda raw: raw.head[:3] == b"ORC" and not raw.utf8, ("columnar", "open_orc")),
    (lambda raw: raw.head[257:262] == b"ustar", ("archives", "open_tar")),
    (lambda raw: _is_still(raw.head), PICTURES),
    (lambda raw: raw.head[:8].lower() == b"version " and raw.name.lower().endswith(".mif"), MAP),
    (lambda raw: raw.head[84:92] == b"SAS FILE", ("statistical", "open_sas")),
    (
        lambda raw: raw.head[:1] in {b"q", b"r", b"s"} and raw.head[1:4] in {b"\1\1\0", b"\2\1\0"},
        ("statistical", "open_stata"),
    ),
    (lambda raw: _is_dbase(raw.head), MAP),
)


def _wide_json(head: bytes) -> bool:
    encoding = WIDE.get(head[:2])
    return bool(encoding) and head[2:64].decode(encoding or "utf-8", "replace").lstrip()[:1] in {"{", "["}


def _check_readable(raw: RawFile, start: bytes) -> None:
    found = next(((kind, remedy) for magic, kind, remedy in UNREAD if start.startswith(magic)), None)
    if raw.head[4:8] == b"ftyp":
        found = to_say("a film"), PICTURE
    found = found or ENDINGS.get(Path(raw.name).suffix.lower())
    if found:
        raise not_looked_into(*found, raw.name)


def not_looked_into(kind: str, remedy: str, name: str) -> UnreadableFile:
    """Say what a file is that no reader looks into, and what to do."""
    sentence = say("{name} is {kind}, which is not looked into; {remedy}.", name=name, kind=kind, remedy=remedy)
    return UnreadableFile(sentence, name, by_eye=remedy == PICTURE)


def _is_markup(head: bytes) -> bool:
    encoding = WIDE.get(head[:2], "utf-8")
    return bool(MARKUP.match(head[:4096].decode(encoding, "replace").removeprefix("\ufeff")))
