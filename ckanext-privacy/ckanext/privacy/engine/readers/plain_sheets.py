"""Worksheets of XLSX read from their bytes, column by column: many times as fast as cell by cell.

Nearly all programs write cells in one plain way. A part whose every tag is written so is cut at its tags by operations
on whole arrays; what a value means, such as a shared text or a date, is asked of calamine, once for each distinct one.
Any other part is left to calamine altogether. Source: ECMA-376 part 1, 18.3.1 (worksheets).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import polars as pl
import pyarrow as pa

from .cell_meanings import Meanings
from .columnar import whole_numbers
from .plain_texts import SPACED, OtherwiseError, must, unescaped

#: Bytes that may be read beyond the end of a piece; a view's length, and the text that stands within it.
BEYOND, INLINE = 32, 12
#: Cells of a piece's rectangle, from which its rows are too far apart to be laid out.
MOST_CELLS = 4_000_000
#: Attributes of a cell after its reference: so many bytes at most, and so many different ones.
LONGEST, MOST_DIFFERENT = 24, 1_000

#: What follows the opening bracket of the tags that a plain part has: cells, rows, values, texts, formulas, ends.
LEADS = np.zeros(256, bool)
LEADS[list(b"crvtfi/")] = True
ATTRIBUTES = re.compile(rb'(?: [a-z]+="[^"<]*")*/?')
ATTRIBUTE = re.compile(rb' ([a-z]+)="([^"<]*)"')
MIX = np.uint64(0x9E3779B97F4A7C15)
#: The lowest bytes of a word of eight.
MASKS = np.array([(1 << 8 * size) - 1 for size in range(9)], np.uint64)


class Kind(IntEnum):
    """What a cell's value is written as."""

    NUMBER = 0
    DATE = 1
    SHARED = 2
    TEXT = 3
    TRUTH = 4
    ERROR = 5


KINDS = {
    b"n": Kind.NUMBER, b"s": Kind.SHARED, b"str": Kind.TEXT, b"inlineStr": Kind.TEXT, b"b": Kind.TRUTH,
    b"e": Kind.ERROR,
}  # fmt: skip


@dataclass(frozen=True)
class Piece:
    """Some rows of a sheet, as text by columns. Rows and columns count from 0; columns are named by their number."""

    first: int
    rows: pl.DataFrame


@dataclass(frozen=True)
class _Tags:
    """Where the tags of a piece begin, what follows their brackets, and eight bytes from each byte on."""

    text: bytes
    bytes: np.ndarray
    words: np.ndarray
    starts: np.ndarray
    leads: np.ndarray

    def of(self, lead: str) -> np.ndarray:
        """Indices of the tags that start with a letter."""
        return np.flatnonzero(self.leads == ord(lead))


@dataclass(frozen=True)
class _Cells:
    """Cells of a piece, in order: which tags they are, row from the sheet's first, column, and what they say."""

    tags: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    kinds: np.ndarray
    styles: np.ndarray


def read_piece(text: bytes, meanings: Meanings) -> Piece | None:
    """Read whole rows of a sheet's part, given as bytes; None where something is not written in the plain way."""
    try:
        return _read(text, meanings)
    except OtherwiseError:
        return None


def _read(text: bytes, meanings: Meanings) -> Piece:
    tags = _tags(text)
    cells = _cells(tags, meanings)
    values, starts = _values(tags)
    owners = np.searchsorted(cells.tags, values) - 1
    must(not len(owners) or (owners[0] >= 0 and (np.diff(owners) > 0).all()))
    texts = _texts(tags, starts, tags.starts[values + 1] - starts)
    meant, places = _meant(texts, cells.kinds[owners], cells.styles[owners], meanings)
    rows = cells.rows[owners]
    first = int(rows[0]) if len(rows) else 0
    return Piece(first, _laid_out(meant, places, rows - first, cells.columns[owners]))


def _tags(text: bytes) -> _Tags:
    """Find all tags: no text or value has a bracket that opens one."""
    chars = np.frombuffer(text + bytes(BEYOND), np.uint8)
    starts = np.flatnonzero(chars == ord("<"))
    must(text.isascii() or _is_utf8(text))
    words = np.ndarray((len(chars) - 7,), np.uint64, chars, strides=(1,))
    leads = chars[starts + 1]
    must(LEADS[leads].all())
    return _Tags(text, chars, words, starts, leads)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _begin(words: np.ndarray, text: bytes) -> np.ndarray:
    return (words & MASKS[len(text)]) == np.uint64(int.from_bytes(text, "little"))


def _values(tags: _Tags) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the tags after which a value stands, and where it begins. Formulas are passed over."""
    must(np.isin(tags.bytes[tags.starts[tags.of("f")] + 2], list(b"> /")).all())
    must(_begin(tags.words[tags.starts[tags.of("i")]], b"<is>").all())
    values = np.flatnonzero((tags.leads == ord("v")) | (tags.leads == ord("t")))
    must((np.append(tags.leads, 0)[values + 1] == ord("/")).all())
    starts = tags.starts[values]
    sizes = np.full(len(values), len("<v>"))
    if (longer := tags.bytes[starts + 2] != ord(">")).any():
        spaced = starts[longer]
        must(all(_begin(tags.words[spaced + at], SPACED[at : at + 8]).all() for at in range(0, len(SPACED), 8)))
        sizes[longer] = len(SPACED)
    return values, starts + sizes


def _cells(tags: _Tags, meanings: Meanings) -> _Cells:
    """The cells. Rows come in order, and so do the cells in them."""
    row_tags, cell_tags = tags.of("r"), tags.of("c")
    row_starts, starts = tags.starts[row_tags], tags.starts[cell_tags]
    must(_begin(tags.words[row_starts], b'<row r="').all() and _begin(tags.words[starts], b'<c r="').all())
    numbers, digits = _numbers(tags.words[row_starts + 8])
    must((np.diff(numbers) > 0).all() and (digits > 0).all() and (digits < 8).all())
    until = np.searchsorted(cell_tags, row_tags)
    must(not len(cell_tags) or (len(until) and not until[0]))
    rows = np.repeat(np.arange(len(row_tags)), np.diff(until, append=len(cell_tags)))
    columns, letters = _letters(tags.bytes, starts + 6)
    must(((np.diff(columns) > 0) | (np.diff(rows) > 0)).all())
    # A cell says its row, too, and must mean the one that it is in; the quotation mark is compared with it.
    size, said = (digits + 1)[rows], (tags.words[row_starts + 8] & MASKS[digits + 1])[rows]
    must(((tags.words[starts + 6 + letters] & MASKS[size]) == said).all())
    kinds, styles = _attributes(tags, starts + 6 + letters + size, cell_tags, meanings)
    return _Cells(cell_tags, (numbers - 1)[rows], columns, kinds, styles)


def _numbers(words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The decimal numbers that words start with, and how many digits they have."""
    values, sizes = np.zeros(len(words), np.int64), np.zeros(len(words), np.int64)
    going = np.ones(len(words), bool)
    for place in range(8):
        digits = (words >> np.uint64(8 * place)).astype(np.uint8).astype(np.int64) - ord("0")
        going &= (digits >= 0) & (digits <= 9)
        values = np.where(going, values * 10 + digits, values)
        sizes += going
    return values, sizes


def _letters(chars: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The columns from 0 that references start with, and how many letters they have."""
    columns, sizes = np.zeros(len(starts), np.int32), np.zeros(len(starts), np.int32)
    going = np.ones(len(starts), bool)
    for place in range(3):
        letters = chars[starts + place].astype(np.int32) - ord("A")
        going &= (letters >= 0) & (letters < 26)
        columns = np.where(going, columns * 26 + letters + 1, columns)
        sizes += going
        if not place:
            must(going.all())
    return columns - 1, sizes


def _attributes(
    tags: _Tags, starts: np.ndarray, cells: np.ndarray, meanings: Meanings
) -> tuple[np.ndarray, np.ndarray]:
    """Kind and style of each cell, by the attributes from ``starts`` to the bracket before the next tag."""
    ends = np.append(tags.starts, len(tags.text))[cells + 1] - 1
    sizes = ends - starts
    must((tags.bytes[ends] == ord(">")).all() and ((sizes >= 0) & (sizes <= LONGEST)).all())
    steps = range(0, int(sizes.max(initial=1)), 8)
    parts = [tags.words[starts + at] & MASKS[np.clip(sizes - at, 0, 8)] for at in steps]
    sums = np.zeros(len(starts), np.uint64)
    for part in parts:
        sums = (sums ^ part) * MIX
    different = pl.Series(sums).arg_unique().to_numpy()
    must(len(different) <= MOST_DIFFERENT)
    different = different[np.argsort(sums[different])]
    ids = np.searchsorted(sums[different], sums)
    # Two that differ may have one sum.
    must(all((part == part[different][ids]).all() for part in parts))
    told = [_kind_and_style(tags.text[starts[each] : ends[each]], meanings) for each in different]
    kinds, styles = (np.array([each[place] for each in told], np.int64) for place in range(2))
    return kinds[ids], styles[ids]


def _kind_and_style(text: bytes, meanings: Meanings) -> tuple[Kind, int]:
    must(ATTRIBUTES.fullmatch(text))
    given = dict(ATTRIBUTE.findall(text))
    kind, style = KINDS.get(given.get(b"t", b"n")), given.get(b"s", b"0")
    must(kind is not None and style.isdigit())
    dated = kind is Kind.NUMBER and meanings.is_dated(int(style))
    return (Kind.DATE if dated else Kind(kind or 0)), int(style)


def _texts(tags: _Tags, starts: np.ndarray, sizes: np.ndarray) -> pl.Series:
    """Parts of the piece as a column that points into it, in Arrow's layout of string views."""
    first, second = tags.words[starts], tags.words[starts + 8]
    views = np.empty((len(starts), 2), np.uint64)
    views[:, 0] = sizes.astype(np.uint64) | ((first & MASKS[np.clip(sizes, 0, 4)]) << np.uint64(32))
    rest = ((first >> np.uint64(32)) | (second << np.uint64(32))) & MASKS[np.clip(sizes - 4, 0, 8)]
    views[:, 1] = np.where(sizes <= INLINE, rest, starts.astype(np.uint64) << np.uint64(32))
    buffers = [None, pa.py_buffer(views), pa.py_buffer(tags.text)]
    return pl.Series(pa.Array.from_buffers(pa.string_view(), len(starts), buffers))


def _meant(texts: pl.Series, kinds: np.ndarray, styles: np.ndarray, meanings: Meanings) -> tuple[pl.Series, np.ndarray]:
    """What values mean as text, by kinds, and the place of each among them; the last of them is null."""
    parts, places, taken = [], np.empty(len(texts), np.uint32), 0
    for kind, read in READ.items():
        chosen = np.flatnonzero(kinds == kind)
        if len(chosen):
            places[chosen] = np.arange(taken, taken + len(chosen), dtype=np.uint32)
            written = texts if len(chosen) == len(texts) else texts.gather(chosen)
            parts.append(read(written, styles[chosen], meanings))
            taken += len(chosen)
    return pl.concat([*parts, pl.Series([None], dtype=pl.String)], rechunk=True), places


def _number(texts: pl.Series, _styles: np.ndarray, _meanings: Meanings) -> pl.Series:
    return whole_numbers(_floats(texts))


def _floats(texts: pl.Series) -> pl.Series:
    numbers = texts.cast(pl.Float64, strict=False)
    must(not numbers.null_count() and numbers.is_finite().all())
    return numbers


def _date(texts: pl.Series, styles: np.ndarray, meanings: Meanings) -> pl.Series:
    must(not _floats(texts).is_empty())
    frame = pl.DataFrame({"style": styles, "text": texts})
    different = frame.unique(maintain_order=True)
    meant = different.with_columns(pl.Series("meant", meanings.dates(different.rows()), pl.String))
    return frame.join(meant, on=["style", "text"], maintain_order="left")["meant"]


def _shared(texts: pl.Series, _styles: np.ndarray, meanings: Meanings) -> pl.Series:
    places = texts.cast(pl.UInt32, strict=False)
    must(not places.null_count() and int(places.max() or 0) < len(meanings.texts))  # type: ignore[arg-type] - numbers
    meanings.note(places.to_numpy())
    return meanings.texts.gather(places)


def _text(texts: pl.Series, _styles: np.ndarray, _meanings: Meanings) -> pl.Series:
    return unescaped(texts)


def _truth(texts: pl.Series, _styles: np.ndarray, _meanings: Meanings) -> pl.Series:
    must(texts.is_in(["0", "1"]).all())
    return (texts == "1").replace_strict({True: "True", False: "False"}, return_dtype=pl.String)


def _error(texts: pl.Series, _styles: np.ndarray, _meanings: Meanings) -> pl.Series:
    return pl.Series([None], dtype=pl.String).new_from_index(0, len(texts))


#: How each kind of value is read.
READ: dict[Kind, Callable[[pl.Series, np.ndarray, Meanings], pl.Series]] = {
    Kind.NUMBER: _number,
    Kind.DATE: _date,
    Kind.SHARED: _shared,
    Kind.TEXT: _text,
    Kind.TRUTH: _truth,
    Kind.ERROR: _error,
}


def _laid_out(meant: pl.Series, places: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> pl.DataFrame:
    """Values in their rows and columns; columns without any are left out."""
    if not len(rows):
        return pl.DataFrame()
    different = np.flatnonzero(np.bincount(columns))
    height = int(rows[-1]) + 1
    must(height * len(different) <= MOST_CELLS)
    grid = np.full((len(different), height), len(meant) - 1, np.uint32)
    grid[np.searchsorted(different, columns), rows] = places
    laid = {str(name): _compact(meant.gather(grid[place])) for place, name in enumerate(different.tolist())}
    return pl.DataFrame(laid)


def _compact(texts: pl.Series) -> pl.Series:
    """The same column without what else is in the memory that it points into."""
    return pl.Series(texts.to_arrow(compat_level=pl.CompatLevel.oldest()))
