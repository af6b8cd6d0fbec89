"""Apply a plan to a file: read, change, write beside, rename; nothing is left behind when anything goes wrong."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from ckanext.privacy.engine.errors import InvalidPlan, UnreadableFile
from ckanext.privacy.engine.findings import FileReport
from ckanext.privacy.engine.scan import scan_file
from ckanext.privacy.engine.sentences import say
from ckanext.privacy.engine.tables import OpenFile, Table, open_tables

from .changes import Change
from .plan import Plan, Step, TablePlan, check_tables, needs_key, table_plan
from .schema import CleanedTable, write_schemas
from .statement import statement
from .steps import Cleaner
from .writers import PICTURE, RECORD_FORMATS, TEXT_FORMATS, WORKBOOK_FORMATS, Writer, open_writer

#: Environment variable that holds the pseudonyms' key, for those who do not keep it in a file.
KEY_VARIABLE = "PRIVACY_CLEAN_KEY"
SHORTEST_KEY = 16


@dataclass(frozen=True)
class TableCleaning:
    """What was done to one table: rows before and after, and each changed column. `dropped`: the whole table went.

    `columns` is how many there were, `plan` what was asked for.
    """

    name: str
    dropped: bool
    rows: int
    rows_dropped: int
    columns_dropped: tuple[str, ...]
    changes: tuple[Change, ...]
    columns: int = 0
    plan: TablePlan | None = None

    @property
    def lost(self) -> float:
        """The share, 0..1, of what the table told that is lost: the mean over its columns, and its dropped rows."""
        if self.dropped or not self.columns or not self.rows:
            return 1.0 if self.dropped else 0.0
        worst = {change.column: 0.0 for change in self.changes}
        for change in self.changes:
            worst[change.column] = 1 - (1 - worst[change.column]) * (1 - change.lost)
        of_columns = (sum(worst.values()) + len(self.columns_dropped)) / self.columns
        return round(1 - (1 - min(of_columns, 1.0)) * (1 - self.rows_dropped / self.rows), 4)

    @property
    def cells_changed(self) -> int:
        """Cells whose text is another one now."""
        return sum(change.changed for change in self.changes)


@dataclass(frozen=True)
class CleanReport:
    """What a plan did to a file, and what a new scan says of the result. Holds no cell.

    `left_out` names what never goes into a cleaned file: comments, properties, lines above the heading and such.
    `schemas` are the names of the Table Schema files written beside the output. `before` is the scan of the original,
    where there is one. `formulas` counts kept cells that a spreadsheet would take for a formula.
    """

    tables: tuple[TableCleaning, ...]
    left_out: tuple[str, ...]
    schemas: tuple[str, ...]
    rescan: FileReport
    before: FileReport | None = None
    formulas: int = 0
    statement_file: str = ""

    @property
    def utility_lost(self) -> str:
        """What readers of the file lose, in one sentence."""
        if not self.tables:
            return say("What was written into the picture was taken out; what it shows stays.")
        kept = [table for table in self.tables if not table.dropped]
        rows = sum(table.rows_dropped for table in kept)
        columns = sum(len(table.columns_dropped) for table in kept)
        before = sum(change.distinct_before for table in kept for change in table.changes)
        after = sum(change.distinct_after for table in kept for change in table.changes)
        tables = len(self.tables) - len(kept)
        lost = sum(table.lost for table in kept) / len(kept) if kept else 1.0
        return say(
            "{tables} tables, {columns} columns and {rows} rows were dropped; in the changed columns {after} different "
            "values are left of {before}. About {lost} of what the tables told is lost.",
            tables=tables,
            columns=columns,
            rows=rows,
            after=after,
            before=before,
            lost=f"{lost:.0%}",
        )


def apply_plan(  # noqa: PLR0913 - a file, what to do, where to, and what is known of it
    path: str | Path,
    plan: Plan,
    out: str | Path,
    key: bytes | None = None,
    *,
    name: str | None = None,
    before: FileReport | None = None,
) -> CleanReport:
    """Write a cleaned copy of `path` to `out`, a Table Schema and a statement beside it, and scan the result.

    `name` is the file's name as people know it, `before` its scan. `key` makes the pseudonyms; see :func:`load_key`.
    Raises `InvalidPlan` when the plan does not fit the file, `UnreadableFile` when the file cannot be read; nothing is
    written then.
    """
    path, out = Path(path), Path(out)
    file = open_tables(path, name)
    if file.facts.format == PICTURE:
        return _bare_picture(path, out, file, before)
    tables = main_tables(file)
    columns = {table.name: all_columns(table) for table in tables}
    check_tables(plan, columns)
    _check_out(path, out)
    cleaners = make_cleaners(tables, columns, plan, _key(plan, key), hidden_columns(file))
    with TemporaryDirectory(dir=out.parent, prefix=".clean-") as folder:
        fresh = Path(folder) / out.name
        with open_writer(fresh, file, path) as writer:
            _write(writer, tables, cleaners)
        report = CleanReport(
            tables=tuple(_cleaning(table, cleaner) for table, cleaner in zip(tables, cleaners, strict=True)),
            left_out=_left_out(file, tables),
            schemas=(),
            rescan=scan_file(fresh, name=out.name),
            before=before,
            formulas=sum(cleaner.formulas for cleaner in cleaners if cleaner),
        )
        kept = [_cleaned(cleaner) for cleaner in cleaners if cleaner]
        schemas = write_schemas(fresh, kept, report)
        report = replace(report, schemas=tuple(each.name for each in schemas), statement_file=f"{out.name}.cleaning.md")
        told = fresh.with_name(report.statement_file)
        told.write_text(statement(report), "utf-8")
        for each in (fresh, *schemas, told):
            os.replace(each, out.parent / each.name)
    return report


def _bare_picture(path: Path, out: Path, file: OpenFile, before: FileReport | None) -> CleanReport:
    """A picture has no table: whatever was written into it goes, whatever the plan says."""
    from .pictures import write_bare

    _check_out(path, out)
    with TemporaryDirectory(dir=out.parent, prefix=".clean-") as folder:
        fresh = Path(folder) / out.name
        write_bare(path, fresh)
        left_out = tuple(
            label for table in file.tables for label in (table.labels if len(table.labels) > 1 else [table.name])
        )
        told = fresh.with_name(f"{out.name}.cleaning.md")
        report = CleanReport((), left_out, (), scan_file(fresh, name=out.name), before, statement_file=told.name)
        told.write_text(statement(report), "utf-8")
        for each in (fresh, told):
            os.replace(each, out.parent / each.name)
    return report


def _left_out(file: OpenFile, tables: Sequence[Table]) -> tuple[str, ...]:
    """What is in the file and not in the cleaned one, also where nobody could look at it."""
    beside = [table.name for table in file.tables if table not in tables]
    return (*beside, *(f"{held.where} ({held.reason.rstrip('.')})" for held in file.held))


def _write(writer: Writer, tables: Sequence[Table], cleaners: Sequence[Cleaner | None]) -> None:
    for table, cleaner in zip(tables, cleaners, strict=True):
        if cleaner:
            writer.write(cleaner)
        else:
            writer.leave_out(table.name)


def load_key(path: str | Path | None = None) -> bytes | None:
    """The key for pseudonyms: a file's bytes, else the environment variable PRIVACY_CLEAN_KEY; None without either.

    Raises `InvalidPlan` for a file that cannot be read and for a key that is too short to resist guessing.
    """
    if path is None:
        key = os.environ.get(KEY_VARIABLE, "").encode()
    else:
        try:
            key = Path(path).read_bytes().strip()
        except OSError as error:
            raise InvalidPlan(
                say("{path}: the key file cannot be read ({error}).", path=path, error=error.strerror)
            ) from error
    if key and len(key) < SHORTEST_KEY:
        raise InvalidPlan(
            say("The key for pseudonyms is shorter than {bytes} bytes; make a longer one.", bytes=SHORTEST_KEY)
        )
    return key or None


def main_tables(file: OpenFile) -> list[Table]:
    """The tables that cleaning writes: a text file's table, a workbook's sheets, all lists of records.

    Pieces of text beside them, such as comments and properties, are not among them. Raises `UnreadableFile` where there
    is no table.
    """
    kind = file.facts.format
    if kind == PICTURE:
        raise UnreadableFile(say("A picture has no table to look at; cleaning takes out what was written into it."))
    if kind in TEXT_FORMATS:
        found = file.tables[:1]
    elif kind in WORKBOOK_FORMATS:
        found = [table for table in file.tables if table.values is not None]
    elif kind in RECORD_FORMATS:
        found = list(file.tables)
    else:
        found = [table for table in file.tables if table.labels != ("text",) and not table.hidden]
    if not found:
        raise UnreadableFile(say("There is no table in it to clean; save the data as CSV or XLSX."), file.facts.name)
    return found


def all_columns(table: Table) -> tuple[str, ...]:
    """The columns of a table with those that only its longer rows have."""
    names = dict.fromkeys(table.header)
    for batch in table.batches():
        names.update(dict.fromkeys(batch.columns))
    return tuple(names)


def hidden_columns(file: OpenFile) -> dict[str, tuple[str, ...]]:
    """The hidden columns of each sheet, which the reader gives as a table of their own."""
    ending = ": hidden columns"
    return {table.name.removesuffix(ending): table.header for table in file.tables if table.name.endswith(ending)}


def make_cleaners(
    tables: Sequence[Table],
    columns: Mapping[str, tuple[str, ...]],
    plan: Plan,
    key: bytes,
    hidden: Mapping[str, tuple[str, ...]],
) -> list[Cleaner | None]:
    """A cleaner for each table, None for those that the plan leaves out. Raises `InvalidPlan` if none would be left.

    `hidden` are the hidden columns of each sheet; they go with its hidden rows where the plan drops what is hidden.
    """
    cleaners = []
    for table in tables:
        part = table_plan(plan, table.name, list(columns))
        if plan.hidden_sheets == "drop":
            part = without_hidden(part, hidden.get(table.name, ()))
        left_out = part.drop or (table.hidden and plan.hidden_sheets == "drop")
        cleaners.append(None if left_out else Cleaner(table, columns[table.name], part, key))
    if not any(cleaner and cleaner.columns for cleaner in cleaners):
        raise InvalidPlan(say("The plan drops every table or column; nothing would be left to publish."))
    return cleaners


def without_hidden(part: TablePlan, columns: Sequence[str]) -> TablePlan:
    """The same plan, with a table's hidden rows and columns dropped, unless it says what becomes of a column."""
    named = set(part.named_columns())
    drops = tuple(
        Step(name, "drop", why=say("It was hidden in the workbook.")) for name in columns if name not in named
    )
    return replace(part, steps=(*part.steps, *drops), drop_hidden_rows=True)


def _check_out(path: Path, out: Path) -> None:
    if not out.parent.is_dir():
        raise InvalidPlan(say("{folder}: there is no such folder to write the cleaned file to.", folder=out.parent))
    if out.exists() and out.samefile(path):
        raise InvalidPlan(say("{name}: the cleaned file must have another name than the original.", name=out.name))


def _key(plan: Plan, key: bytes | None) -> bytes:
    if needs_key(plan) and not key:
        raise InvalidPlan(
            say(
                "The plan makes pseudonyms, which need a key: name a key file, or set {variable}.",
                variable=KEY_VARIABLE,
            )
        )
    return key or secrets.token_bytes(32)


def _cleaned(cleaner: Cleaner) -> CleanedTable:
    return CleanedTable(cleaner.table.name, cleaner.columns, cleaner.dropped, cleaner.changes())


def _cleaning(table: Table, cleaner: Cleaner | None) -> TableCleaning:
    if cleaner is None:
        return TableCleaning(table.name, True, 0, 0, (), ())
    counts = (cleaner.rows, cleaner.rows_dropped, cleaner.dropped, cleaner.changes(), len(cleaner.all_columns))
    return TableCleaning(table.name, False, *counts, cleaner.plan)
