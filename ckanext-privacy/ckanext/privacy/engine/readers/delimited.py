"""Comma-separated and other delimited text, of any size, encoding and state of repair."""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import chardet
import numpy as np
import polars as pl

from ckanext.privacy.engine.errors import UnreadableFile
from ckanext.privacy.engine.sentences import say
from ckanext.privacy.engine.sources import read_range
from ckanext.privacy.engine.tables import TOO_WIDE, OpenFile, RawFile, Table, blank_to_null, frame, name_columns

from .codepages import USUAL, latin_page
from .layout import LOOK, Layout, find_layout, lines_above

#: Endings of files that may hold running text instead of a table.
PROSE = frozenset({".txt", ".md", ".text", ".log"})
DELIMITERS = (",", ";", "\t", "|")
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Legacy encodings that are believed when guessed, by how their names start.
OTHER_SCRIPTS = (
    "gb", "big5", "shift", "cp932", "euc", "iso2022", "iso-2022", "koi8", "hz", "johab", "cp949", "tis",
    "windows-1251", "windows-1253", "windows-1254", "windows-1255", "windows-1256",
    "iso8859-5", "iso8859-6", "iso8859-7", "iso8859-8", "iso8859-9", "iso-8859-5",
    "iso-8859-6", "iso-8859-7", "iso-8859-8", "iso-8859-9",
)  # fmt: skip
#: Bytes looked at to guess encoding and dialect.
SAMPLE = 256 << 10
#: Bytes that a processor looks at several times without going to memory.
IN_CACHE = 128 << 10
#: Share of control characters from which a file is binary, whatever its name.
BINARY = 0.01
#: So many of them are in any file's small faults.
FEW = 3

#: Control characters, without those that lay text out, and what could not be decoded.
CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd]")
BLANK_LINES = re.compile(rb"\n(?:\r?\n)+")

csv.field_size_limit(64 << 20)


@dataclass(frozen=True)
class Dialect:
    """How the text is laid out."""

    encoding: str
    delimiter: str
    layout: Layout


@dataclass
class _Place:
    """How far the present pass over a file has come, in bytes."""

    size: int
    done: int = 0

    def share(self, _rows: int) -> float:
        return min(1.0, self.done / self.size)


def open_delimited(raw: RawFile) -> OpenFile:
    """Open delimited text. Raises ``UnreadableFile`` for binary content."""
    encoding = detect_encoding(raw)
    sample = _decode_sample(raw, encoding)
    if _looks_binary(sample):
        raise UnreadableFile(say("The content is binary, not a table as text; save it as CSV or XLSX."), raw.name)
    delimiter = sniff_delimiter(sample)
    rows = _sample_rows(sample, delimiter)
    if Path(raw.name).suffix.lower() in PROSE and not _is_regular(rows):
        return _open_lines(raw, encoding)
    layout = find_layout(rows)
    kind = "tsv" if delimiter == "\t" else "csv"
    file = OpenFile(raw.facts(kind, encoding))
    if len(layout.labels) > raw.limits.columns:
        raise UnreadableFile(TOO_WIDE, raw.name)
    header = name_columns(layout.labels)
    dialect = Dialect(encoding, delimiter, layout)
    place = _Place(raw.size)
    read = partial(_batches, raw, dialect, header, place)
    cut = partial(_cuts, raw, dialect, header, place)
    file.tables.append(Table(raw.name, header, layout.labels, read, weight=raw.size, share=place.share, cut=cut))
    if layout.above:
        file.tables.append(lines_above(rows[: layout.above]))
    return file


def _is_regular(rows: list[list[str]]) -> bool:
    widths = Counter(len(row) for row in rows if row)
    width, lines = max(widths.items(), key=lambda item: item[1], default=(0, 0))
    return width > 1 and lines > 0.8 * sum(widths.values())


def _open_lines(raw: RawFile, encoding: str) -> OpenFile:
    """Plain text is a table of one column: every line is a cell."""
    place = _Place(raw.size)
    read = partial(_line_batches, raw, encoding, place)
    table = Table(raw.name, ("text",), ("text",), read, weight=raw.size, share=place.share)
    return OpenFile(raw.facts("text", encoding), [table])


def _line_batches(raw: RawFile, encoding: str, place: _Place) -> Iterator[pl.DataFrame]:
    place.done = 0
    for take in _takes(raw, encoding, place):
        text = _one_line_end(take()).decode("utf-8", "replace").removeprefix("\ufeff").replace("\0", "")
        rows: list[list[str | None]] = [[line] for line in text.split("\n") if line.strip()]
        if rows:
            yield frame(rows, ("text",))


def detect_encoding(raw: RawFile) -> str:
    """Name the encoding: byte-order mark, then UTF-8 if every byte agrees, then the likeliest legacy one."""
    for bom, encoding in BOMS:
        if raw.head.startswith(bom):
            return encoding
    if raw.utf8 and b"\0" not in raw.head:
        return "utf-8"
    wide = [raw.head[start:SAMPLE:4].count(0) for start in range(4)]
    quarter = min(len(raw.head), SAMPLE) / 4
    if min(wide[1], wide[2]) > 0.9 * quarter:
        return "utf-32-le" if wide[3] > wide[0] else "utf-32-be"
    nulls = raw.head[1:SAMPLE:2].count(0), raw.head[0:SAMPLE:2].count(0)
    half = min(len(raw.head), SAMPLE) / 2
    if max(nulls) > 0.2 * half and min(nulls) < 0.05 * half:
        return "utf-16-le" if nulls[0] > nulls[1] else "utf-16-be"
    if raw.utf8:
        return "utf-8"
    sample = raw.head[:SAMPLE]
    return latin_page(sample) or _other_script(sample) or USUAL


def _other_script(sample: bytes) -> str | None:
    guess = (chardet.detect(sample).get("encoding") or "").lower()
    return guess if guess.startswith(OTHER_SCRIPTS) else None


def _decode_sample(raw: RawFile, encoding: str) -> str:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    return decoder.decode(raw.head[:SAMPLE])


def _looks_binary(sample: str) -> bool:
    return len(CONTROL.findall(sample)) > max(FEW, BINARY * len(sample))


def sniff_delimiter(sample: str) -> str:
    """Choose the delimiter that cuts the first lines into the most regular table of more than one column."""
    scores = {delimiter: _regularity(_sample_rows(sample, delimiter)) for delimiter in DELIMITERS}
    best = max(scores, key=lambda delimiter: scores[delimiter])
    return ":" if not scores[best] and _cut_by_colons(sample) else best


def _cut_by_colons(sample: str) -> bool:
    """Colons cut a table when nothing else does, and what they cut are neither times nor addresses of machines."""
    rows = _sample_rows(sample, ":")
    width = len(rows[0]) if rows else 0
    words = width > 2 and all(cell[:1].isalpha() for cell in rows[0])
    return words and len(rows) > 1 and all(len(row) == width for row in rows if row)


def _regularity(rows: list[list[str]]) -> float:
    """Share of lines that have the commonest width, weighed by that width: 0 for a single column."""
    widths = Counter(len(row) for row in rows if row)
    return max((lines * math.log(width) for width, lines in widths.items()), default=0.0) / max(1, len(rows))


def _sample_rows(sample: str, delimiter: str) -> list[list[str]]:
    lines = io.StringIO(sample.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n"), newline="")
    rows: list[list[str]] = []
    for row in csv.reader(lines, delimiter=delimiter):
        rows.append(row)
        if len(rows) >= LOOK:
            return rows
    # The sample may end inside a record.
    return rows[:-1] if len(sample) >= SAMPLE // 2 and len(rows) > 1 else rows


def _batches(raw: RawFile, dialect: Dialect, header: tuple[str, ...], place: _Place) -> Iterator[pl.DataFrame]:
    for cut in _cuts(raw, dialect, header, place):
        batch = cut()
        if batch.height:
            yield batch


def _cuts(
    raw: RawFile, dialect: Dialect, header: tuple[str, ...], place: _Place
) -> Iterator[Callable[[], pl.DataFrame]]:
    """Cut the file into blocks, each to be parsed by itself, and read by itself where others can read it."""
    skip = dialect.layout.first
    place.done = 0
    for take in _takes(raw, dialect.encoding, place):
        yield partial(_parse, take, dialect.delimiter, header, skip)
        skip = 0


def _is_plain(raw: RawFile, encoding: str) -> bool:
    """Whether the bytes can be cut as they stand."""
    return encoding == "utf-8" and raw.utf8 and b"\n" in raw.head


def _parse(take: Callable[[], bytes], delimiter: str, header: tuple[str, ...], skip: int) -> pl.DataFrame:
    """Parse a block strictly and fast first, record by record where it is malformed."""
    block = take()
    batch = None if skip else _parse_fast(block, delimiter, header)
    return _parse_ragged(block, delimiter, header, skip) if batch is None else batch


def _takes(raw: RawFile, encoding: str, place: _Place) -> Iterator[Callable[[], bytes]]:
    """Yield blocks of UTF-8 text cut between records, to be taken later. The first is short: it holds the heading."""
    if _is_plain(raw, encoding):
        return _parts(raw, place)
    return (partial(bytes, block) for block in _text_blocks(raw, encoding, place))


def _text_blocks(raw: RawFile, encoding: str, place: _Place) -> Iterator[bytes]:
    pieces = _utf8_pieces(raw, encoding, place)
    size, held, length = SAMPLE, [], 0
    for piece in pieces:
        held.append(piece)
        length += len(piece)
        if length < size:
            continue
        block = b"".join(held)
        cut = _record_end(block)
        yield block[:cut]
        size, held, length = raw.limits.batch, [block[cut:]], len(block) - cut
    if length:
        yield b"".join(held)


@dataclass(frozen=True)
class _Part:
    """Some of a file's bytes, read by whoever parses them. Sent to another process, it takes its bytes along."""

    path: Path
    start: int
    end: int

    def __call__(self) -> bytes:
        with self.path.open("rb", buffering=0) as file:
            file.seek(self.start)
            return file.read(self.end - self.start)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return partial, (bytes, self())


def _parts(raw: RawFile, place: _Place) -> Iterator[Callable[[], bytes]]:
    """Cut the file as it stands: line ends of all kinds are made one when a block is parsed."""
    # Where the next block begins is this reading's own: another one of the same table may be under way.
    start, block = 0, bytearray(SAMPLE)
    with raw.path.open("rb", buffering=0) as file:
        while length := file.readinto(block):
            end = start + (_record_end(block) if length == len(block) else length)
            place.done = end
            yield partial(read_range, raw.url, start, end) if raw.url else _Part(raw.path, start, end)
            # What is left over is read once more, which is quicker than joining it to what follows.
            start = file.seek(end)
            block = block if len(block) == raw.limits.batch else bytearray(raw.limits.batch)


def _utf8_pieces(raw: RawFile, encoding: str, place: _Place) -> Iterator[bytes]:
    """Yield the text as UTF-8 with line ends of one kind, whatever the file has."""
    held = b""
    for piece in _decoded_pieces(raw, encoding, place):
        text = held + piece
        held = b"\r" if text.endswith(b"\r") else b""
        text = text.removesuffix(b"\r")
        yield text.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in text else text
    if held:
        yield b"\n"


def _decoded_pieces(raw: RawFile, encoding: str, place: _Place) -> Iterator[bytes]:
    decoder = None if encoding == "utf-8" and raw.utf8 else codecs.getincrementaldecoder(encoding)("replace")
    with raw.path.open("rb") as file:
        while block := file.read(SAMPLE):
            place.done += len(block)
            yield decoder.decode(block).encode("utf-8", "replace") if decoder else block
    if decoder:
        yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def _record_end(block: bytes | bytearray) -> int:
    """Find the last line end outside quotes; a stray quote only makes the cut less fortunate, never loses text."""
    cut = block.rfind(b"\n")
    quotes = _count(block, b'"', max(cut, 0))
    for _ in range(200):
        if cut < 0:
            return len(block)
        if quotes % 2 == 0:
            return cut + 1
        before = block.rfind(b"\n", 0, cut)
        quotes -= block.count(b'"', max(before, 0), cut)
        cut = before
    return block.rfind(b"\n") + 1


def _count(block: bytes | bytearray, char: bytes, end: int | None = None) -> int:
    """How often one character stands in a block; quicker than the method of bytes where it is frequent."""
    chars = np.frombuffer(block, np.uint8)[:end]
    parts = (chars[at : at + IN_CACHE] for at in range(0, len(chars), IN_CACHE))
    return sum(int(np.count_nonzero(part == char[0])) for part in parts)


def _parse_fast(block: bytes, delimiter: str, header: tuple[str, ...]) -> pl.DataFrame | None:
    """Parse a well-formed block; None when its rows or quotes are irregular."""
    if b"\r" in block and _has_lone_return(block):
        block = _one_line_end(block)
    batch = _parse_strictly(block, delimiter, header)
    if batch is None or not _has_blank_rows(batch):
        return batch
    if b'"' in block:
        # Blank lines are no rows, but inside quotes they belong to a cell.
        return None
    return _parse_strictly(BLANK_LINES.sub(b"\n", block).lstrip(b"\r\n"), delimiter, header)


def _has_lone_return(block: bytes) -> bool:
    """Whether a carriage return ends a line by itself."""
    chars = np.frombuffer(block, np.uint8)
    pairs = ((chars[at : at + IN_CACHE], chars[at + 1 : at + 1 + IN_CACHE]) for at in range(0, len(chars), IN_CACHE))
    return block.endswith(b"\r") or any(((one[: len(two)] == 13) & (two != 10)).any() for one, two in pairs)


def _has_blank_rows(batch: pl.DataFrame) -> bool:
    """Whether a row has no cell that is filled: a blank line may have made it."""
    return bool(batch.select(pl.all_horizontal(pl.all().is_null()).any()).item())


def _parse_strictly(block: bytes, delimiter: str, header: tuple[str, ...]) -> pl.DataFrame | None:
    try:
        batch = pl.read_csv(
            block,
            has_header=False,
            separator=delimiter,
            schema=dict.fromkeys(header, pl.String),
            missing_columns="insert",
            # Blocks are small, and what is grown in small steps is not paged in anew for each of them.
            low_memory=True,
        )
    except pl.exceptions.PolarsError:
        return None
    # Polars takes a cell without quotes for null, but not one with nothing between them.
    return blank_to_null(batch) if b'"' in block and _has_blank_cells(batch) else batch


def _has_blank_cells(batch: pl.DataFrame) -> bool:
    return 0 in batch.select(pl.all().str.len_bytes().min()).row(0)


def _one_line_end(block: bytes) -> bytes:
    return block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _parse_ragged(block: bytes, delimiter: str, header: tuple[str, ...], skip: int = 0) -> pl.DataFrame:
    text = _one_line_end(block).decode("utf-8", "replace").removeprefix("\ufeff").replace("\0", "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[list[str | None]] = [list(row) for index, row in enumerate(reader) if index >= skip and row]
    return frame(rows, header)
