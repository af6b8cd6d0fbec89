"""Workbooks (XLSX, XLSM, XLSB, XLS, ODS): every sheet, also hidden ones, and every other place where data hides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import islice
from typing import Any

import polars as pl
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    SheetMetadata,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from ckanext.privacy.engine.errors import UnreadableFile
from ckanext.privacy.engine.findings import Held
from ckanext.privacy.engine.sentences import say
from ckanext.privacy.engine.tables import OpenFile, RawFile, Table, blank_to_null, name_columns

from .cell_meanings import Meanings, text_of
from .columnar import whole_numbers
from .layout import LOOK, Layout, find_layout, lines_above
from .office import Package, add_the_rest
from .sheet_parts import SHEETS as SHEET_PARTS
from .sheet_parts import (
    SheetFacts,
    opendocument_facts,
    opendocument_places,
    sheet_facts,
    sheet_parts,
    workbook_places,
)
from .sheet_store import SheetStore

#: Rows in one batch.
ROWS = 20_000
#: A sheet is laid out in memory from its first to its last cell; this many cells need about 3 GB.
MOST_CELLS = 60_000_000
#: Cells of a larger sheet that is not laid out, as a share of its rectangle.
DENSE = 0.05
ENCRYPTED = say("The workbook is encrypted; save it without a password.")
DAMAGED = say("The workbook is damaged; save it again.")
FAR_APART = say("It has cells so far apart that it cannot be laid out; delete the empty rows and columns.")
UNLISTED = say("It is a sheet that the workbook does not list; save the workbook again.")
SHEETS = (SheetTypeEnum.WorkSheet, SheetTypeEnum.MacroSheet)


@dataclass(frozen=True)
class Sheet:
    """A sheet from its first row on, and from its first column with a cell on, which is ``left``.

    ``head`` are its first rows, as far as its layout is looked for in them, ``frames`` gives all of them as text under
    some names, and ``typed`` as numbers, dates, text.
    """

    name: str
    height: int
    width: int
    left: int
    head: list[list[str]]
    frames: Callable[[tuple[str, ...]], Iterator[pl.DataFrame]]
    typed: Callable[[], Iterator[list[Any]]]


def open_workbook(raw: RawFile) -> OpenFile:
    """Open an XLSX, XLSB or ODS workbook. Raises ``UnreadableFile`` when it is encrypted, damaged or a bomb."""
    package = Package(raw, later=SHEET_PARTS)
    meanings = None
    if "content.xml" in package.names:
        kind, facts = "ods", opendocument_facts(package)
        places, looked = opendocument_places(package)
    else:
        kind, parts = "xlsb" if "xl/workbook.bin" in package.names else "xlsx", sheet_parts(package)
        meanings = _meanings(package, parts)
        facts = sheet_facts(package, parts, meanings)
        places, looked = workbook_places(package, facts, meanings)
    file = OpenFile(raw.facts(kind))
    _add_sheets(file, _Book(raw, meanings), facts)
    file.tables += places
    add_the_rest(file, package, looked)
    return file


def open_xls(raw: RawFile) -> OpenFile:
    """Open an XLS workbook. Raises ``UnreadableFile`` when it is encrypted or damaged."""
    from .old_workbook import old_facts, old_places

    file, book = OpenFile(raw.facts("xls")), _Book(raw)
    _ = book.whole
    _add_sheets(file, book, old_facts(raw))
    file.tables += old_places(raw)
    return file


def _meanings(package: Package, parts: dict[str, str]) -> Meanings | None:
    """Who knows what plainly written cells mean; None where calamine must read the workbook as it stands."""
    for name, part in parts.items():
        if SHEET_PARTS.fullmatch(part):
            meanings = Meanings(package, name, part)
            return meanings if meanings.sheets else None
    return None


@dataclass(frozen=True)
class _Book:
    """A workbook as calamine reads it, which it does only for sheets that need it."""

    raw: RawFile
    meanings: Meanings | None = None

    @cached_property
    def whole(self) -> CalamineWorkbook:
        try:
            return CalamineWorkbook.from_path(str(self.raw.path))
        except CalamineError as error:
            raise UnreadableFile(ENCRYPTED if "assword" in str(error) else DAMAGED, self.raw.name) from error

    def sheets(self) -> list[SheetMetadata]:
        return self.meanings.sheets if self.meanings else self.whole.sheets_metadata

    def sheet(self, name: str, store: SheetStore | None) -> Sheet:
        if store is None:
            return _laid_out(self.whole.get_sheet_by_name(name))
        width = store.width - store.left
        batches = store.batches([str(place) for place in range(width)])
        rows = (row for batch in batches for row in batch.head(LOOK).rows())
        head = [[cell or "" for cell in row] for row in islice(rows, LOOK)]
        return Sheet(name, store.height, width, store.left, head, store.batches, partial(self._typed, name))

    def _typed(self, name: str) -> Iterator[list[Any]]:
        return self.whole.get_sheet_by_name(name).iter_rows()


def _laid_out(sheet: CalamineSheet) -> Sheet:
    head = [[text_of(cell) or "" for cell in row] for row in islice(sheet.iter_rows(), LOOK)]
    left = (sheet.start or (0, 0))[1]
    return Sheet(
        sheet.name, sheet.total_height, sheet.total_width, left, head, partial(_frames, sheet), sheet.iter_rows
    )


def _add_sheets(file: OpenFile, book: _Book, facts: dict[str, SheetFacts]) -> None:
    for meta in book.sheets():
        if meta.typ not in SHEETS:
            continue
        known = facts.get(meta.name, SheetFacts())
        if _is_far_apart(known):
            file.held.append(Held(FAR_APART, say("{name}, sheet {sheet}", name=file.facts.name, sheet=meta.name)))
            continue
        _add_sheet(file, book.sheet(meta.name, known.store), known, meta.visible != SheetVisibleEnum.Visible)
    for part in [name for name in facts if SHEET_PARTS.fullmatch(name)]:
        _add_unlisted(file, book, part, facts[part])


def _add_unlisted(file: OpenFile, book: _Book, part: str, known: SheetFacts) -> None:
    """A sheet that the workbook's list leaves out: programs do not show it, and calamine does not read it."""
    if known.store:
        _add_sheet(file, book.sheet(part, known.store), known, hidden=True)
    else:
        file.held.append(Held(UNLISTED, f"{file.facts.name}/{part}"))


def _is_far_apart(known: SheetFacts) -> bool:
    return known.cells > MOST_CELLS and (not known.store or known.store.filled < DENSE * known.cells)


def _add_sheet(file: OpenFile, sheet: Sheet, known: SheetFacts, hidden: bool) -> None:
    layout = find_layout(sheet.head)
    first = layout.first
    table = _sheet_table(sheet, layout, hidden)
    table = replace(table, hidden_rows=frozenset(row - first for row in known.hidden_rows if row >= first))
    file.tables.append(table)
    if any(cell for row in sheet.head[: layout.above] for cell in row):
        file.tables.append(lines_above(sheet.head[: layout.above], of=sheet.name))
    if not hidden:
        file.tables += _hidden_parts(sheet, table, first, known)


def _sheet_table(sheet: Sheet, layout: Layout, hidden: bool) -> Table:
    header = name_columns(layout.labels)
    read = partial(_sheet_rows, sheet, header, layout.first)
    weight = sheet.height * sheet.width * 8
    values = partial(_typed_rows, sheet, layout.first)
    height = max(1, sheet.height - layout.first)
    share = lambda rows: rows / height  # noqa: E731 - says less under a name
    return Table(sheet.name, header, layout.labels, read, hidden, weight, values, share)


def _typed_rows(sheet: Sheet, skip: int) -> Iterator[list[Any]]:
    return islice(sheet.typed(), skip, None)


def _sheet_rows(sheet: Sheet, header: tuple[str, ...], skip: int) -> Iterator[pl.DataFrame]:
    for batch in sheet.frames(header):
        if skip < batch.height:
            yield batch.slice(skip)
        skip = max(0, skip - batch.height)


def _hidden_parts(sheet: Sheet, table: Table, first: int, facts: SheetFacts) -> Iterator[Table]:
    """Hidden rows and columns once more as tables of their own, so that a finding in them says so."""
    columns = [place for place in range(len(table.header)) if facts.hides_column(place + sheet.left)]
    if columns and len(columns) < len(table.header):
        header, labels = (tuple(names[place] for place in columns) for names in (table.header, table.labels))
        read = partial(_chosen_columns, table, header)
        yield Table(f"{table.name}: hidden columns", header, labels, read, hidden=True)
    if any(row >= first for row in facts.hidden_rows):
        read = partial(_chosen_rows, table)
        yield Table(f"{table.name}: hidden rows", table.header, table.labels, read, hidden=True)


def _chosen_columns(table: Table, header: tuple[str, ...]) -> Iterator[pl.DataFrame]:
    return (batch.select(header) for batch in table.batches())


def _chosen_rows(table: Table) -> Iterator[pl.DataFrame]:
    done, chosen = 0, pl.Series(sorted(table.hidden_rows), dtype=pl.UInt32)
    for batch in table.batches():
        rows = pl.arange(done, done + batch.height, dtype=pl.UInt32, eager=True)
        done += batch.height
        if (hidden := rows.is_in(chosen.implode())).any():
            yield batch.filter(hidden)


def _frames(sheet: CalamineSheet, header: tuple[str, ...]) -> Iterator[pl.DataFrame]:
    """Batches of cells as text, made column by column: most columns hold one type."""
    rows = sheet.iter_rows()
    while batch := list(islice(rows, ROWS)):
        columns = [_column(cells) for cells in zip(*batch, strict=True)]
        names = [*header, *(f"#{place}" for place in range(len(header) + 1, len(columns) + 1))]
        yield blank_to_null(pl.DataFrame(columns, schema=dict.fromkeys(names[: len(columns)], pl.String)))


def _column(cells: Sequence[Any]) -> pl.Series:
    types = set(map(type, cells))
    if types <= {str}:
        return pl.Series(cells, dtype=pl.String)
    if types == {float}:
        return whole_numbers(pl.Series(cells, dtype=pl.Float64))
    return pl.Series([text_of(cell) for cell in cells], dtype=pl.String)
