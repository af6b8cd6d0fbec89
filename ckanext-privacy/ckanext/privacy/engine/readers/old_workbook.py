"""What XLS workbooks keep outside their cells: notes, names, properties, hidden rows and columns, pivot caches."""

from __future__ import annotations

from collections.abc import Iterator

import olefile
import xlrd

from ckanext.privacy.engine.errors import UnreadableFile
from ckanext.privacy.engine.sentences import say
from ckanext.privacy.engine.tables import RawFile, Table, text_table

from .office import record_table
from .sheet_parts import SheetFacts
from .traces import traces

#: Properties of the compound format that people fill in, as olefile names them.
PROPERTIES = (
    "title", "subject", "author", "keywords", "comments", "last_saved_by", "manager", "company", "category", "template",
)  # fmt: skip
#: Streams whose text is looked at as such: pivot caches, revisions, embedded objects.
SKIPPED = frozenset({"Workbook", "Book", "\x05SummaryInformation", "\x05DocumentSummaryInformation", "\x01CompObj"})


def _book(raw: RawFile) -> xlrd.Book:
    try:
        return xlrd.open_workbook(str(raw.path), formatting_info=True, logfile=_Nowhere())  # type: ignore[arg-type]
    except Exception as error:
        reason = say("Its comments and hidden rows cannot be read; save it as XLSX.")
        raise UnreadableFile(reason, raw.name) from error


class _Nowhere:
    """Takes xlrd's chatter, which goes to standard output otherwise."""

    def write(self, _text: str) -> None:
        """Forget it."""


def old_facts(raw: RawFile) -> dict[str, SheetFacts]:
    """Hidden rows and columns of every sheet, by its name."""
    return {sheet.name: _facts(sheet) for sheet in _book(raw).sheets()}


def _facts(sheet: xlrd.sheet.Sheet) -> SheetFacts:
    return SheetFacts(
        hidden_rows={place for place, info in sheet.rowinfo_map.items() if info.hidden},
        hidden_columns=[(place, place) for place, info in sheet.colinfo_map.items() if info.hidden],
    )


def old_places(raw: RawFile) -> Iterator[Table]:
    """Tables of everything outside the cells."""
    book = _book(raw)
    notes = [note for sheet in book.sheets() for note in sheet.cell_note_map.values()]
    yield text_table("comments", (f"{note.author}: {note.text}" for note in notes), hidden=True)
    yield text_table("defined names", (str(name.name) for name in book.name_obj_list), hidden=True)
    with olefile.OleFileIO(str(raw.path)) as compound:
        facts = compound.get_metadata()
        given = {name: getattr(facts, name) for name in PROPERTIES}
        texts = {name: _text(value) for name, value in given.items() if value}
        if any(texts.values()):
            yield record_table("document properties", texts)
        for path in compound.listdir():
            if path[0] not in SKIPPED:
                found = traces(compound.openstream(path).read())
                yield text_table("/".join(path), found, hidden=True)


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
