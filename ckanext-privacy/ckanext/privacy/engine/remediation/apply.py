"""Apply a plan to a file: read, change, write beside, rename; nothing is left behind when anything goes wrong."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ckanext.privacy.engine.errors import InvalidPlan, UnreadableFile
from ckanext.privacy.engine.findings import FileReport
from ckanext.privacy.engine.scan import scan_file
from ckanext.privacy.engine.tables import OpenFile, Table, open_tables

from .plan import Plan, check_tables, needs_key, table_plan
from .schema import CleanedTable, write_schemas
from .steps import Change, Cleaner
from .writers import MAIN_FORMATS, open_writer

#: Environment variable that holds the pseudonyms' key, for those who do not keep it in a file.
KEY_VARIABLE = "PRIVACY_CLEAN_KEY"
SHORTEST_KEY = 16


@dataclass(frozen=True)
class TableCleaning:
    """What was done to one table: rows before and after, and each changed column. `dropped`: the whole table went."""

    name: str
    dropped: bool
    rows: int
    rows_dropped: int
    columns_dropped: tuple[str, ...]
    changes: tuple[Change, ...]

    @property
    def cells_changed(self) -> int:
        """Cells whose text is another one now."""
        return sum(change.changed for change in self.changes)


@dataclass(frozen=True)
class CleanReport:
    """What a plan did to a file, and what a new scan says of the result. Holds no cell.

    `left_out` names what never goes into a cleaned file: comments, properties, lines above the heading and such.
    `schemas` are the names of the Table Schema files written beside the output.
    """

    tables: tuple[TableCleaning, ...]
    left_out: tuple[str, ...]
    schemas: tuple[str, ...]
    rescan: FileReport

    @property
    def utility_lost(self) -> str:
        """What readers of the file lose, in one sentence."""
        kept = [table for table in self.tables if not table.dropped]
        rows = sum(table.rows_dropped for table in kept)
        columns = sum(len(table.columns_dropped) for table in kept)
        before = sum(change.distinct_before for table in kept for change in table.changes)
        after = sum(change.distinct_after for table in kept for change in table.changes)
        tables = len(self.tables) - len(kept)
        return (
            f"{tables} tables, {columns} columns and {rows} rows were dropped; in the changed columns "
            f"{after} different values are left of {before}."
        )


def apply_plan(
    path: str | Path, plan: Plan, out: str | Path, key: bytes | None = None, *, name: str | None = None
) -> CleanReport:
    """Write a cleaned copy of `path` to `out`, a Table Schema beside it, and scan the result.

    `name` is the file's name as people know it. `key` makes the pseudonyms; see :func:`load_key`. Raises `InvalidPlan`
    when the plan does not fit the file, `UnreadableFile` when the file cannot be read; then nothing is written.
    """
    path, out = Path(path), Path(out)
    file = open_tables(path, name)
    tables = main_tables(file)
    columns = {table.name: all_columns(table) for table in tables}
    check_tables(plan, columns)
    _check_out(path, out)
    cleaners = make_cleaners(tables, columns, plan, _key(plan, key))
    kept = [cleaner for cleaner in cleaners if cleaner]
    with TemporaryDirectory(dir=out.parent, prefix=".clean-") as folder:
        fresh = Path(folder) / out.name
        with open_writer(fresh, file, path) as writer:
            for cleaner in kept:
                writer.write(cleaner)
        schemas = write_schemas(fresh, [_cleaned(cleaner) for cleaner in kept])
        rescan = scan_file(fresh, name=out.name)
        for each in (fresh, *schemas):
            os.replace(each, out.parent / each.name)
    return CleanReport(
        tables=tuple(_cleaning(table, cleaner) for table, cleaner in zip(tables, cleaners, strict=True)),
        left_out=tuple(table.name for table in file.tables if table not in tables),
        schemas=tuple(each.name for each in schemas),
        rescan=rescan,
    )


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
            raise InvalidPlan(f"{path}: the key file cannot be read ({error.strerror}).") from error
    if key and len(key) < SHORTEST_KEY:
        raise InvalidPlan(f"The key for pseudonyms is shorter than {SHORTEST_KEY} bytes; make a longer one.")
    return key or None


def main_tables(file: OpenFile) -> list[Table]:
    """The tables that cleaning writes: a text file's table, a workbook's sheets. Raises `UnreadableFile` for others."""
    if file.facts.format not in MAIN_FORMATS:
        known = ", ".join(sorted(MAIN_FORMATS)).upper()
        raise UnreadableFile(f"Cleaning works on {known}; save the data in one of these.", file.facts.name)
    if file.facts.encoding is not None:
        return file.tables[:1]
    return [table for table in file.tables if table.values is not None]


def all_columns(table: Table) -> tuple[str, ...]:
    """The columns of a table with those that only its longer rows have."""
    names = dict.fromkeys(table.header)
    for batch in table.batches():
        names.update(dict.fromkeys(batch.columns))
    return tuple(names)


def make_cleaners(
    tables: Sequence[Table], columns: Mapping[str, tuple[str, ...]], plan: Plan, key: bytes
) -> list[Cleaner | None]:
    """A cleaner for each table, None for those that the plan leaves out. Raises `InvalidPlan` if none would be left."""
    cleaners = []
    for table in tables:
        part = table_plan(plan, table.name, list(columns))
        left_out = part.drop or (table.hidden and plan.hidden_sheets == "drop")
        cleaners.append(None if left_out else Cleaner(table, columns[table.name], part, key))
    if not any(cleaner and cleaner.columns for cleaner in cleaners):
        raise InvalidPlan("The plan drops every table or column; nothing would be left to publish.")
    return cleaners


def _check_out(path: Path, out: Path) -> None:
    if not out.parent.is_dir():
        raise InvalidPlan(f"{out.parent}: there is no such folder to write the cleaned file to.")
    if out.exists() and out.samefile(path):
        raise InvalidPlan(f"{out.name}: the cleaned file must have another name than the original.")


def _key(plan: Plan, key: bytes | None) -> bytes:
    if needs_key(plan) and not key:
        raise InvalidPlan(f"The plan makes pseudonyms, which need a key: name a key file, or set {KEY_VARIABLE}.")
    return key or secrets.token_bytes(32)


def _cleaned(cleaner: Cleaner) -> CleanedTable:
    return CleanedTable(cleaner.table.name, cleaner.columns, cleaner.dropped, cleaner.changes())


def _cleaning(table: Table, cleaner: Cleaner | None) -> TableCleaning:
    if cleaner is None:
        return TableCleaning(table.name, True, 0, 0, (), ())
    return TableCleaning(table.name, False, cleaner.rows, cleaner.rows_dropped, cleaner.dropped, cleaner.changes())
