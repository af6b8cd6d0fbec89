"""Is the table well made? Frictionless validity, told in plain sentences that hold no cell.

Source: the Data Package standard's Table Schema, and the error list of frictionless-py 5.
Validity says nothing about people; it stands beside the privacy findings so that a steward sees both.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from .errors import UnreadableFile
from .sandbox import isolated
from .sentences import say, to_say
from .settings import Limits

if TYPE_CHECKING:
    # Loaded where files are read: it takes half a second, which no page and no command should wait for.
    from frictionless import Dialect, Error
    from frictionless.resources import TableResource

#: Formats that are checked, by the file name's ending. Anything else is reported as not checked.
FORMATS = {".csv": "csv", ".tsv": "tsv", ".txt": "csv", ".xlsx": "xlsx"}

#: One plain sentence for each kind of error. Frictionless' own messages quote the cell, so they are never used.
SENTENCES = {
    "type-error": to_say(
        "Row {row}, column {column} ({name}): the value is not {expected}, as the rest of the column is."
    ),
    "missing-cell": to_say("Row {row}, column {column} ({name}): the row ends before this column."),
    "extra-cell": to_say("Row {row} has more cells than there are columns."),
    "blank-row": to_say("Row {row} is empty."),
    "blank-label": to_say("Column {column} has no heading."),
    "duplicate-label": to_say("Column {column} has the same heading as another column."),
    "blank-header": to_say("The heading row is empty."),
    "extra-label": to_say("Column {column} has a heading that the schema does not know."),
    "missing-label": to_say("The heading of column {column} is missing."),
    "encoding-error": to_say("The text's encoding cannot be read; save the file as UTF-8."),
    "format-error": to_say("The file is not what its ending says; save it again in that format."),
    "source-error": to_say("There is no table in the file; it may be empty."),
    "scheme-error": to_say("The file cannot be opened."),
}
OTHER_SENTENCE = to_say("Row {row}: {title}.")
FILE_SENTENCE = to_say("The table could not be checked: {title}.")
#: Table Schema types in plain words, as they follow "the value is not".
EXPECTED = {
    "integer": to_say("a whole number"),
    "number": to_say("a number"),
    "date": to_say("a date"),
    "datetime": to_say("a date with a time"),
    "time": to_say("a time"),
    "boolean": to_say("true or false"),
    "year": to_say("a year"),
    "yearmonth": to_say("a month of a year"),
}
#: More errors than this are not counted: the file is broken, not faulty.
MOST_ERRORS = 100_000


@dataclass(frozen=True)
class QualitySettings:
    """How much of a file is checked, and how many errors are listed.

    `max_cells` bounds the time (about 150,000 cells a second), and so does `seconds` where a child process checks.
    `max_errors` bounds the list, not the count.
    """

    max_cells: int = 600_000
    max_errors: int = 20
    sample_rows: int = 1_000
    max_unpacked_bytes: int = 400_000_000
    seconds: int = 600


@dataclass(frozen=True)
class QualityError:
    """One error: its kind, its place (1-based row of the file and column; None where it has none), its sentence."""

    kind: str
    row: int | None
    column: int | None
    sentence: str


@dataclass(frozen=True)
class TableQuality:
    """One table: the inferred Table Schema (a dict without data), rows looked at, and what is wrong.

    `complete` is False when only the first `rows_checked` rows were looked at. `error_count` counts every error in
    them, by kind in `error_kinds`; `errors` lists the first few.
    """

    name: str
    valid: bool
    rows_checked: int
    complete: bool
    table_schema: dict[str, Any]
    error_count: int
    error_kinds: dict[str, int]
    errors: tuple[QualityError, ...]


@dataclass(frozen=True)
class QualityReport:
    """All tables of a file, or `not_checked`: one sentence that says why there are none."""

    name: str
    tables: tuple[TableQuality, ...] = ()
    not_checked: str | None = None

    @property
    def valid(self) -> bool | None:
        """True: every table is valid. False: one is not. None: the file was not checked."""
        if self.not_checked:
            return None
        return all(table.valid for table in self.tables)

    @property
    def error_count(self) -> int:
        """Errors in all tables together."""
        return sum(table.error_count for table in self.tables)


def check_quality(
    path: str | Path, name: str | None = None, settings: QualitySettings | None = None, *, apart: bool = False
) -> QualityReport:
    """Return how well the tables of a file are made; never raises for a bad file.

    `name` is the file's name as people know it, when `path` is a storage name; its ending says the format. `apart`
    parses in a child process, as files of others must be.
    """
    path, settings = Path(path), settings or QualitySettings()
    name = name or path.name
    return _ask(path, name, settings) if apart else _check(path, name, settings)


def _ask(path: Path, name: str, settings: QualitySettings) -> QualityReport:
    request = {"kind": "quality", "path": str(path), "name": name, "settings": asdict(settings)}
    try:
        return _from_dict(isolated(request, Limits(seconds=settings.seconds)))
    except UnreadableFile as error:
        return QualityReport(name, not_checked=str(error))


def answer(request: dict[str, Any], _progress: object) -> dict[str, Any]:
    """Check for another process: the child's side of :func:`check_quality`."""
    return asdict(_check(Path(request["path"]), request["name"], QualitySettings(**request["settings"])))


def _from_dict(data: dict[str, Any]) -> QualityReport:
    tables = tuple(
        TableQuality(**{**table, "errors": tuple(QualityError(**error) for error in table["errors"])})
        for table in data["tables"]
    )
    return QualityReport(data["name"], tables, data["not_checked"])


def _check(path: Path, name: str, settings: QualitySettings) -> QualityReport:
    kind = FORMATS.get(Path(name).suffix.lower())
    if kind is None:
        known = ", ".join(sorted(ending.lstrip(".").upper() for ending in FORMATS))
        return QualityReport(
            name, not_checked=say("{name}: validity is checked for {formats} only.", name=name, formats=known)
        )
    reason = _unopenable(path, name, kind, settings)
    if reason:
        return QualityReport(name, not_checked=reason)
    sources = _sources(path, name, kind, settings)
    return QualityReport(name, tuple(_check_table(title, source, settings) for title, source in sources))


def _unopenable(path: Path, name: str, kind: str, settings: QualitySettings) -> str | None:
    if not path.is_file():
        return say("{name}: the file is not there.", name=name)
    if path.stat().st_size == 0:
        return say("{name}: the file is empty.", name=name)
    if kind != "xlsx":
        return None
    if not zipfile.is_zipfile(path):
        return say("{name}: not an XLSX workbook, or protected by a password; save it as XLSX without one.", name=name)
    with zipfile.ZipFile(path) as package:
        unpacked = sum(member.file_size for member in package.infolist())
    if unpacked > settings.max_unpacked_bytes:
        return say(
            "{name}: the workbook unpacks to {megabytes} MB, too much to check; save it as CSV.",
            name=name,
            megabytes=unpacked // 1_000_000,
        )
    return None


def _sources(path: Path, name: str, kind: str, settings: QualitySettings) -> Iterator[tuple[str, TableResource]]:
    if kind != "xlsx":
        yield Path(name).stem, _resource(path, kind, settings)
        return
    from frictionless import Dialect
    from frictionless.formats.excel import ExcelControl

    for sheet in _sheet_names(path):
        dialect = Dialect(controls=[ExcelControl(sheet=sheet)])
        yield sheet, _resource(path, kind, settings, dialect)


def _sheet_names(path: Path) -> list[str]:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    # Given a path, openpyxl goes by its ending, and a storage name has none.
    with path.open("rb") as source:
        try:
            book = openpyxl.load_workbook(source, read_only=True)
        except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError):
            return ["1"]  # frictionless then says in its own words that it cannot read it
        filled = [sheet.title for sheet in book.worksheets if any(sheet.values)]
        return filled or [book.worksheets[0].title]


def _resource(path: Path, kind: str, settings: QualitySettings, dialect: Dialect | None = None) -> TableResource:
    from frictionless import Detector
    from frictionless.resources import TableResource

    detector = Detector(sample_size=settings.sample_rows)
    options: dict[str, Any] = {"dialect": dialect} if dialect else {}
    source = TableResource(
        path=path.name, basepath=str(path.parent), scheme="file", format=kind, detector=detector, **options
    )
    return cast("TableResource", source)


def _check_table(name: str, source: TableResource, settings: QualitySettings) -> TableQuality:
    limit = _row_limit(source, settings)
    report = source.validate(limit_rows=limit, limit_errors=MOST_ERRORS)
    errors = report.tasks[0].errors if report.tasks else report.errors
    rows = report.tasks[0].stats.get("rows") if report.tasks else 0
    types = {field.name: field.type for field in source.schema.fields}
    return TableQuality(
        name=name,
        valid=report.valid,
        rows_checked=rows or 0,
        complete=(rows or 0) < limit and len(errors) < MOST_ERRORS,
        table_schema=source.schema.to_dict(),
        error_count=len(errors),
        error_kinds=dict(Counter(error.type for error in errors)),
        errors=tuple(_tell(error, types) for error in errors[: settings.max_errors]),
    )


def _row_limit(source: TableResource, settings: QualitySettings) -> int:
    """Rows that fit the cell budget; a source that cannot be opened is told about by the validation itself."""
    from frictionless import FrictionlessException

    try:
        with source:
            width = len(source.labels) or 1
    except FrictionlessException:
        width = 1
    return max(settings.max_cells // width, 1)


def _tell(error: Error, types: dict[str, str]) -> QualityError:
    row = getattr(error, "row_number", None)
    column = getattr(error, "field_number", None)
    name = getattr(error, "field_name", "")
    template = SENTENCES.get(error.type, OTHER_SENTENCE if row else FILE_SENTENCE)
    sentence = say(
        template,
        row=row,
        column=column,
        name=name,
        title=error.title.lower(),
        expected=EXPECTED.get(types.get(name, ""), "such"),
    )
    return QualityError(error.type, row, column, sentence)
