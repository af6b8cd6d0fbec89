"""Bytes to tables: one face over every format the engine reads.

A table streams its cells as text in batches, so memory stays bounded whatever the file's size. What cannot be looked
at is listed in :attr:`OpenFile.held`, or raises :class:`~.errors.UnreadableFile` when nothing of the file can be.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from .errors import UnreadableFile
from .findings import FileFacts, Held
from .sentences import say
from .settings import Limits
from .threads import in_order

T = TypeVar("T")

TOO_WIDE = say("It has rows of more than {columns} cells; split it, or make columns rows.", columns=Limits.columns)
#: E-mail addresses, and numbers as long as a telephone's.
TELLING_HEADING = re.compile(r"\S@\S+\.\w|\d(?:[ .()-]{0,2}\d){6}")
#: Size of the blocks in which a file is hashed.
BLOCK = 1 << 20


@dataclass(frozen=True)
class Table:
    """One table, sheet or list of records.

    ``header`` names every column once: a missing or repeated heading becomes ``#3`` for the third column. ``labels``
    are the headings as they stand in the file. ``read`` starts a new pass over the rows; so does ``values``, where the
    file has types: the same rows, cells as numbers, dates, text (None where a format has text only). ``weight`` is
    about how much text there is, and ``share`` says how much of it the present pass has read, 0..1, given the rows
    it has yielded. ``hidden_rows`` are those of a sheet that are hidden, 0 being the first that is yielded.
    ``hashes`` tells the files of hashes of some columns, batch by batch, where a pass has left them: see
    :mod:`.passing`. ``keep`` is what must not go from disk while the table is there.
    """

    name: str
    header: tuple[str, ...]
    labels: tuple[str, ...]
    read: Callable[[], Iterable[pl.DataFrame]]
    hidden: bool = False
    weight: int = 0
    values: Callable[[], Iterator[list[Any]]] | None = None
    share: Callable[[int], float] = lambda _rows: 0.0
    cut: Callable[[], Iterable[Callable[[], pl.DataFrame]]] | None = None
    hidden_rows: frozenset[int] = frozenset()
    hashes: Callable[[Sequence[str]], Sequence[Path] | None] = lambda _names: None
    keep: object = None

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield the rows in order; every column is text, blank cells are null, columns are named as in ``header``.

        A batch may bring further columns, named by position, where later rows are longer than the heading. Raises
        ``UnreadableFile`` where the file turns out to be damaged.
        """
        with _held_when_broken(self.name):
            yield from self.read()

    def cuts(self) -> Iterator[Callable[[], pl.DataFrame]]:
        """Yield the same batches unparsed, where the format can be cut first: each may be called in another thread."""
        if self.cut:
            with _held_when_broken(self.name):
                yield from self.cut()
            return
        for batch in self.batches():
            yield partial(_same, batch)

    def mapped(self, work: Callable[[pl.DataFrame], T]) -> Iterator[T]:
        """Do the same work on every batch, in threads, and yield what comes of each in order."""
        with _held_when_broken(self.name):
            yield from in_order(partial(_worked, cut, work) for cut in self.cuts())


def _worked(cut: Callable[[], pl.DataFrame], work: Callable[[pl.DataFrame], T]) -> T:
    return work(cut())


def _same(batch: pl.DataFrame) -> pl.DataFrame:
    return batch


@dataclass
class OpenFile:
    """A file that could be opened: what it is, its tables, and what of it could not be looked at."""

    facts: FileFacts
    tables: list[Table] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)


@dataclass
class Room:
    """What is left of the limits for a file and everything that is unpacked from it: bytes on disk, and files."""

    bytes: int
    files: int


@dataclass(frozen=True)
class RawFile:
    """A file after its first pass, which told its encoding: every reader starts from this.

    ``utf8`` says that all bytes are valid UTF-8. ``room`` is shared with the files that it is packed in and that are
    packed in it, ``depth`` of which surround it. ``folder`` keeps what was unpacked on disk for as long as a table
    needs it. ``url`` is where other machines find the same bytes.
    """

    path: Path
    name: str
    size: int
    head: bytes
    utf8: bool
    limits: Limits
    room: Room
    depth: int = 0
    folder: object = None
    url: str | None = None

    def facts(self, kind: str, encoding: str | None = None) -> FileFacts:
        """Facts about the file, once its format is known; its hash is for those who need it to add."""
        return FileFacts(self.name, "", self.size, kind, encoding)

    def sha256(self) -> str:
        """Read the whole file once more for its hash. Raises ``UnreadableFile``."""
        with _read_or_held(self.name), self.path.open("rb", buffering=0) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def open_tables(path: str | Path, name: str | None = None, limits: Limits | None = None) -> OpenFile:
    """Open a file by what it holds, not by what it is called. Raises ``UnreadableFile`` when it must be held."""
    return open_raw(read_raw(Path(path), name, limits or Limits()))


def open_raw(raw: RawFile) -> OpenFile:
    """Open a file after its first pass. Raises ``UnreadableFile`` when it must be held."""
    from .readers.formats import reader_of

    module, function = reader_of(raw)
    with _held_when_broken(raw.name):
        # Readers import their libraries, which a scan of a plain CSV must not wait for.
        file: OpenFile = getattr(import_module(f".readers.{module}", __package__), function)(raw)
    file.tables += _telling_headings(file.tables)
    return file


def _telling_headings(tables: Iterable[Table]) -> list[Table]:
    """Headings that hold what cells should: addresses or long numbers as keys of records, or a table of one line."""
    found = []
    for table in tables:
        told = [label for label in table.labels if TELLING_HEADING.search(label)]
        # A path ends with what stands below a key.
        labels = [each for label in told for each in dict.fromkeys((label, label.rpartition(".")[0] or label))]
        title = f"{table.name}: headings"
        if labels and not table.name.endswith(": headings"):
            found.append(text_table(title, labels, table.hidden))
    return found


@contextmanager
def _held_when_broken(name: str) -> Iterator[None]:
    """Parsers of others raise whatever they like at a broken file; for us it is one that is held."""
    try:
        yield
    except MemoryError:
        raise
    except UnreadableFile as error:
        if error.where:
            raise
        raise UnreadableFile(error.reason, name) from error
    except BaseException as error:
        kind = type(error).__name__
        # A panic of a library in Rust is no Exception.
        if not isinstance(error, Exception) and kind != "PanicException":
            raise
        raise UnreadableFile(
            say("The content is damaged and cannot be read ({error}); save it again.", error=kind), name
        ) from error


def read_raw(path: Path, name: str | None, limits: Limits, inside: RawFile | None = None) -> RawFile:
    """Read the file once, for its encoding; it was unpacked from ``inside``. Raises ``UnreadableFile``."""
    name = name or path.name
    try:
        size = path.stat().st_size
    except OSError as error:
        raise UnreadableFile(say("The file cannot be opened ({error}).", error=error.strerror), name) from error
    if size == 0:
        raise UnreadableFile(say("The file is empty (0 bytes); upload it again."), name)
    if size > limits.bytes:
        raise UnreadableFile(
            say("The file is larger than the limit of {megabytes} MB; split it.", megabytes=limits.bytes >> 20), name
        )
    if inside:
        return replace(_first_pass(path, name, size, limits, inside.room), depth=inside.depth + 1)
    unpacked = min(limits.archive, max(limits.whole, limits.ratio * size))
    return _first_pass(path, name, size, limits, Room(unpacked, limits.members))


def _first_pass(path: Path, name: str, size: int, limits: Limits, room: Room) -> RawFile:
    decoder = codecs.getincrementaldecoder("utf-8")()
    head, utf8, split = b"", True, False
    with _read_or_held(name), path.open("rb") as file:
        while (block := file.read(BLOCK)) and utf8:
            head = head or block
            # Most blocks are plain ASCII, and seen to be in no time.
            utf8 = _decodes(decoder, block) if split or not block.isascii() else True
            split = bool(decoder.getstate()[0])
    return RawFile(path, name, size, head, utf8, limits, room)


@contextmanager
def _read_or_held(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnreadableFile(say("The file cannot be read ({error}).", error=error.strerror), name) from error


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes) -> bool:
    try:
        decoder.decode(block)
    except UnicodeDecodeError:
        return False
    return True


def name_columns(labels: Iterable[str | None]) -> tuple[str, ...]:
    """Give every column a name of its own: a missing or repeated heading becomes its 1-based position, ``#3``.

    >>> name_columns(["id", "", "id", "name"])
    ('id', '#2', '#3', 'name')
    """
    seen: set[str] = set()
    names = []
    for position, label in enumerate(labels, 1):
        name = (label or "").strip()
        names.append(f"#{position}" if not name or name in seen else name)
        seen.add(names[-1])
    return tuple(names)


def text_table(name: str, texts: Iterable[str | None], hidden: bool = False, label: str = "text") -> Table:
    """Make a table of one column from pieces of text, without the blank ones."""
    rows: list[list[str | None]] = [[text] for text in texts if text and not text.isspace()]
    weight = sum(len(row[0] or "") for row in rows)
    return Table(name, (label,), (label,), lambda: [frame(rows, (label,))] if rows else [], hidden, weight)


def frame(rows: list[list[str | None]], header: tuple[str, ...]) -> pl.DataFrame:
    """Build a batch from rows of any length; longer rows add columns named by position."""
    width = max([len(header), *map(len, rows)])
    if width > Limits.columns:
        raise UnreadableFile(TOO_WIDE)
    names = [*header, *(f"#{position}" for position in range(len(header) + 1, width + 1))]
    padded = [row + [None] * (width - len(row)) if len(row) < width else row for row in rows]
    return blank_to_null(pl.DataFrame(padded, schema=dict.fromkeys(names, pl.String), orient="row"))


def blank_to_null(batch: pl.DataFrame) -> pl.DataFrame:
    """Blank cells hold nothing to look at: make them null."""
    return batch.with_columns(pl.when(pl.all().str.len_bytes() > 0).then(pl.all()))
