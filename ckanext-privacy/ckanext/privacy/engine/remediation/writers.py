"""Write cleaned tables as they came: text keeps its encoding and delimiter, records their nesting, sheets their types.

What cannot be written in its own format becomes CSV, XLSX or GeoJSON, by the ending of the name it is given.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from ckanext.privacy.engine.errors import InvalidPlan
from ckanext.privacy.engine.readers.delimited import SAMPLE, sniff_delimiter
from ckanext.privacy.engine.sentences import say, to_say
from ckanext.privacy.engine.tables import OpenFile

from .labels import labels_of
from .pictures import ENDINGS
from .steps import Cleaner

TEXT_FORMATS = frozenset({"csv", "tsv", "text"})
WORKBOOK_FORMATS = frozenset({"xlsx", "xls", "ods", "xlsb", "xlsm"})
PICTURE = "picture"
RECORD_FORMATS = frozenset({"json", "ndjson", "geojson"})
#: Endings of a cleaned file's name, for what keeps its own; workbooks and anything else get one of the others.
OWN_ENDINGS = ENDINGS | {".csv", ".tsv", ".txt", ".tab", ".json", ".ndjson", ".jsonl", ".geojson", ".parquet", ".xlsx"}
OTHERS = to_say(".csv for one table, .xlsx for any number, or .geojson for places")


class Writer(Protocol):
    """Writes one table after another into one file."""

    def write(self, cleaner: Cleaner) -> None:
        """Write a table as its cleaner changes it."""
        ...

    def leave_out(self, name: str) -> None:
        """Leave out a table that the plan drops."""
        ...


def cleaned_name(name: str) -> str:
    """The name that a cleaned copy of a file can have: its own, or with .xlsx for what is not written as it came."""
    path = Path(name)
    return name if path.suffix.lower() in OWN_ENDINGS else f"{path.stem or 'cleaned'}.xlsx"


@contextmanager
def open_writer(fresh: Path, file: OpenFile, source: Path) -> Iterator[Writer]:
    """Open `fresh` to write what is cleaned of `file`, which was read from `source`. Raises `InvalidPlan`."""
    kind, ending = file.facts.format, fresh.suffix.lower()
    if kind in TEXT_FORMATS and ending != ".xlsx":
        with fresh.open("wb") as stream:
            yield DelimitedWriter(stream, source, file.facts.encoding or "utf-8")
    elif kind in RECORD_FORMATS and ending not in {".csv", ".xlsx"}:
        from .record_writer import record_writer

        with fresh.open("wb") as stream, record_writer(stream, file, source) as writer:
            yield writer
    elif kind == "parquet" and ending not in {".csv", ".xlsx", ".geojson"}:
        from .parquet_writer import ParquetWriter

        with ParquetWriter(fresh, source) as writer:
            yield writer
    elif kind in WORKBOOK_FORMATS and ending != ".xlsx":
        raise InvalidPlan(
            say("{name}: a cleaned workbook is an XLSX file; let its name end in .xlsx.", name=fresh.name)
        )
    else:
        with _other_writer(fresh, file, source) as writer:
            yield writer


@contextmanager
def _other_writer(fresh: Path, file: OpenFile, source: Path) -> Iterator[Writer]:
    """Write what does not keep its format."""
    kind, ending = file.facts.format, fresh.suffix.lower()
    if ending == ".xlsx":
        from .workbook_writer import WorkbookWriter

        book = WorkbookWriter(source, formats=kind in {"xlsx", "xlsm"})
        yield book
        book.save(fresh)
    elif ending == ".csv":
        with fresh.open("wb") as stream:
            yield DelimitedWriter(stream)
    elif ending == ".geojson":
        from .record_writer import FeatureWriter

        with fresh.open("wb") as stream, FeatureWriter(stream) as writer:
            yield writer
    else:
        raise InvalidPlan(
            say(
                "{name}: {format} is not written again; let the name end in {remedy}.",
                name=fresh.name,
                format=kind.upper(),
                remedy=OTHERS,
            )
        )


class DelimitedWriter:
    """Writes text in the source's encoding, delimiter, line ends and habit of quoting; without a source, plain CSV."""

    def __init__(self, stream: BinaryIO, source: Path | None = None, encoding: str = "utf-8") -> None:
        head = ""
        if source:
            with source.open("rb") as original:
                head = codecs.getincrementaldecoder(encoding)("replace").decode(original.read(SAMPLE))
        self._stream, self._written = stream, False
        self._encoder = codecs.getincrementalencoder(encoding)("replace")
        self._delimiter = sniff_delimiter(head)
        self._line_end = "\r\n" if "\r\n" in head else "\n"
        self._quote_all = _quotes_all(head.lstrip("\ufeff").split("\n", 1)[0].rstrip("\r"), self._delimiter)

    def write(self, cleaner: Cleaner) -> None:
        """Write the heading, where the source has one, and the rows. Raises `InvalidPlan` for a second table."""
        if self._written:
            raise InvalidPlan(say("A CSV file holds one table; drop the others in the plan, or write an .xlsx file."))
        self._written = True
        columns = cleaner.columns
        if any(cleaner.table.labels):
            self._put(self._heading(labels_of(cleaner)))
        for _, after, keep in cleaner.batches():
            rows = after.select(columns).filter(keep)
            # A blank line would be no row at all, so the only column of a table says that it is empty.
            rows = rows.fill_null("") if len(columns) == 1 else rows
            self._put(
                rows.write_csv(
                    include_header=False,
                    separator=self._delimiter,
                    line_terminator=self._line_end,
                    quote_style="always" if self._quote_all else "necessary",
                )
            )

    def leave_out(self, name: str) -> None:
        """What is not written is left out."""

    def _heading(self, labels: list[str]) -> str:
        text = io.StringIO()
        quoting = csv.QUOTE_ALL if self._quote_all else csv.QUOTE_MINIMAL
        csv.writer(text, delimiter=self._delimiter, lineterminator=self._line_end, quoting=quoting).writerow(labels)
        return text.getvalue()

    def _put(self, text: str) -> None:
        self._stream.write(self._encoder.encode(text))


def _quotes_all(line: str, delimiter: str) -> bool:
    cells = line.split(delimiter)
    return all(len(cell) >= 2 and cell[0] == cell[-1] == '"' for cell in cells)
