"""Files of statistics programs (SPSS, Stata, SAS), chunk by chunk; columns are headed by what their labels ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import polars as pl
import pyreadstat  # pyright: ignore[reportMissingImports]

from ckanext.privacy.engine.errors import UnreadableFile
from ckanext.privacy.engine.sentences import say
from ckanext.privacy.engine.tables import OpenFile, RawFile, Table, blank_to_null, name_columns, text_table

from .unpacking import Scratch, named

#: Rows in one batch.
ROWS = 20_000


def open_spss(raw: RawFile) -> OpenFile:
    """Open an SPSS file (SAV, ZSAV). Raises ``UnreadableFile``."""
    return _open(raw, "spss", ".sav", pyreadstat.read_sav)


def open_stata(raw: RawFile) -> OpenFile:
    """Open a Stata file (DTA). Raises ``UnreadableFile``."""
    return _open(raw, "stata", ".dta", pyreadstat.read_dta)


def open_sas(raw: RawFile) -> OpenFile:
    """Open a SAS file (SAS7BDAT). Raises ``UnreadableFile``."""
    return _open(raw, "sas", ".sas7bdat", pyreadstat.read_sas7bdat)


def open_sas_transport(raw: RawFile) -> OpenFile:
    """Open a SAS transport file (XPT). Raises ``UnreadableFile``."""
    return _open(raw, "xpt", ".xpt", pyreadstat.read_xport)


def _open(raw: RawFile, kind: str, ending: str, reader: Callable[..., Any]) -> OpenFile:
    scratch = Scratch()
    path = named(raw, ending, scratch)
    try:
        _, facts = reader(str(path), metadataonly=True, output_format="dict")
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError) as error:
        raise UnreadableFile(
            say("The file is damaged, encrypted or of an unknown version; save it as CSV."), raw.name
        ) from error
    names = list(facts.column_names)
    # A code such as q17 says nothing; its label is the question that people answered.
    labels = tuple(label or name for name, label in zip(names, facts.column_labels, strict=True))
    header = name_columns(names)
    rows = facts.number_rows or 0
    answers = [facts.variable_value_labels.get(name, {}) for name in names]
    read = partial(_batches, reader, str(path), header, answers, scratch)
    file = OpenFile(raw.facts(kind, facts.file_encoding))
    share = partial(_share, max(1, rows))
    file.tables.append(Table(raw.name, header, labels, read, weight=raw.size, share=share))
    _add_notes(file, raw, facts)
    return file


def _share(rows: int, done: int) -> float:
    return done / rows


def _batches(
    reader: Any, path: str, header: tuple[str, ...], answers: list[dict[Any, str]], _scratch: Scratch
) -> Iterator[pl.DataFrame]:
    """All rows; a code becomes the answer that it stands for."""
    # The transport format does not say how many rows it has, so that it cannot be cut.
    whole = reader is pyreadstat.read_xport
    chunks: Any = (
        [reader(path, output_format="dict")]
        if whole
        else pyreadstat.read_file_in_chunks(reader, path, ROWS, output_format="dict")
    )
    for columns, _ in chunks:
        cells = [
            [_text(known.get(cell, cell)) for cell in column]
            for known, column in zip(answers, columns.values(), strict=True)
        ]
        if cells and cells[0]:
            yield blank_to_null(pl.DataFrame(cells, schema=dict.fromkeys(header, pl.String)))


def _text(cell: Any) -> str | None:
    if cell is None or cell != cell:  # noqa: PLR0124 - not a number
        return None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell)


def _add_notes(file: OpenFile, raw: RawFile, facts: Any) -> None:
    notes = [facts.file_label, *(facts.notes or []), facts.table_name]
    texts = [str(note) for note in notes if note]
    if texts:
        file.tables.append(text_table(f"{raw.name}: notes", texts, hidden=True))
    answers = [str(answer) for labels in facts.variable_value_labels.values() for answer in labels.values()]
    if answers:
        file.tables.append(text_table(f"{raw.name}: labels of values", dict.fromkeys(answers), hidden=True))
