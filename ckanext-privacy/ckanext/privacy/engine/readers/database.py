"""SQLite databases and GeoPackages: every table, and every layer of a map."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import IO, Any
from urllib.parse import quote

import polars as pl

from ckanext.privacy.engine.errors import UnreadableFile
from ckanext.privacy.engine.findings import Held
from ckanext.privacy.engine.sentences import say
from ckanext.privacy.engine.tables import OpenFile, RawFile, Table, frame, name_columns, text_table

from .traces import traces

#: Rows in one batch.
ROWS = 20_000
#: Tables of a GeoPackage or SpatiaLite file about its own making, and indexes, which repeat what they index.
OWN = (
    "sqlite_", "rtree_", "gpkg_", "idx_", "spatial_ref_sys", "geometry_columns", "data_licenses", "SpatialIndex", "KNN",
    "trigger_insert_feature_count", "trigger_delete_feature_count",
)  # fmt: skip
#: What a GeoPackage says in words about its tables. Source: OGC 12-128r18.
NOTES = {
    "gpkg_contents": ("identifier", "description"),
    "gpkg_metadata": ("metadata",),
    "gpkg_data_columns": ("name", "title", "description"),
}
PICTURES = say("Map tiles and other pictures in it are not looked into; leave them out.")
BINARY = say("The column holds bytes that are no text, such as pictures; leave it out.")


def open_database(raw: RawFile) -> OpenFile:
    """Open a SQLite database or GeoPackage. Raises ``UnreadableFile`` when it is damaged or encrypted."""
    try:
        with closing(_connect(raw)) as connection:
            names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            if "gpkg_contents" in names:
                return _open_geopackage(raw, connection, names)
            file = OpenFile(raw.facts("sqlite"))
            _add_tables(file, raw, connection, [name for name in names if not name.startswith(OWN)])
            _add_definitions(file, raw, connection)
            _add_deleted(file, raw)
            return file
    except sqlite3.DatabaseError as error:
        raise UnreadableFile(say("The database is damaged or encrypted; save its tables as CSV."), raw.name) from error


def _connect(raw: RawFile) -> sqlite3.Connection:
    # Immutable: no journal is looked for beside it, nothing is locked or written.
    connection = sqlite3.connect(
        f"file:{quote(str(raw.path.resolve()))}?mode=ro&immutable=1", uri=True, check_same_thread=False
    )
    connection.text_factory = lambda text: text.decode("utf-8", "replace")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def _open_geopackage(raw: RawFile, connection: sqlite3.Connection, names: list[str]) -> OpenFile:
    from .maps import open_layers

    kinds = dict(connection.execute("SELECT table_name, data_type FROM gpkg_contents"))
    file = open_layers(raw, "gpkg", ".gpkg")
    layers = {name for name, kind in kinds.items() if kind in {"features", "attributes"}}
    tiles = [name for name, kind in kinds.items() if kind not in {"features", "attributes"} and name in names]
    file.held += [Held(PICTURES, say("{name}, table {table}", name=raw.name, table=name)) for name in tiles]
    rest = [name for name in names if not name.startswith(OWN) and name not in {*layers, *tiles}]
    seen = {table.name.rpartition("/")[2] for table in file.tables}
    _add_tables(file, raw, connection, [name for name in rest if name not in seen])
    notes = [
        str(note)
        for name, columns in NOTES.items()
        if name in names
        for column in columns
        for (note,) in connection.execute(f"SELECT {column} FROM {name}")  # noqa: S608 - our own names
        if note and note not in layers
    ]
    if notes:
        file.tables.append(text_table(f"{raw.name}: notes", notes, hidden=True))
    _add_definitions(file, raw, connection)
    _add_deleted(file, raw)
    return file


def _add_deleted(file: OpenFile, raw: RawFile) -> None:
    """Text on pages that the database has freed: rows and tables that were deleted stay there until it is vacuumed."""
    texts = dict.fromkeys(text for page in _free_pages(raw) for text in traces(page))
    if texts:
        file.tables.append(text_table(f"{raw.name}: deleted rows", texts, hidden=True))


def _free_pages(raw: RawFile) -> Iterator[bytes]:
    """Source: SQLite's database file format, 1.5 (the freelist): trunk pages in a chain, each with a list of leaves."""
    size = int.from_bytes(raw.head[16:18], "big")
    size = 1 << 16 if size == 1 else size
    trunk, left = int.from_bytes(raw.head[32:36], "big"), min(raw.size, raw.limits.whole) // size
    with raw.path.open("rb") as stream:
        while trunk and left > 0:
            page = _page(stream, trunk, size)
            numbers = [int.from_bytes(page[at : at + 4], "big") for at in range(0, size, 4)]
            for leaf in numbers[2 : 2 + min(numbers[1], left)] if len(page) == size else ():
                yield _page(stream, leaf, size)
            left -= 1 + min(numbers[1], left)
            trunk = numbers[0]


def _page(stream: IO[bytes], number: int, size: int) -> bytes:
    stream.seek((max(1, number) - 1) * size)
    return stream.read(size)


def _add_tables(file: OpenFile, raw: RawFile, connection: sqlite3.Connection, names: list[str]) -> None:
    for name in names:
        query = f"SELECT * FROM {_quoted(name)}"  # noqa: S608 - quoted as an identifier
        labels = tuple(column[0] for column in connection.execute(f"{query} LIMIT 0").description)
        if len(labels) > raw.limits.columns:
            raise UnreadableFile(
                say("It has more than {columns} columns; split it.", columns=raw.limits.columns), f"{raw.name}/{name}"
            )
        rows = connection.execute(f"SELECT count(*) FROM {_quoted(name)}").fetchone()[0]  # noqa: S608
        title = f"{raw.name}/{name}"
        read = partial(_batches, raw, file, query, name_columns(labels), title)
        share = partial(_share, max(1, rows))
        file.tables.append(Table(title, name_columns(labels), labels, read, weight=rows * len(labels) * 8, share=share))


def _share(rows: int, done: int) -> float:
    return done / rows


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _batches(raw: RawFile, file: OpenFile, query: str, header: tuple[str, ...], title: str) -> Iterator[pl.DataFrame]:
    with closing(_connect(raw)) as connection:
        cursor = connection.execute(query)
        while rows := cursor.fetchmany(ROWS):
            binary = {header[place] for row in rows for place, cell in enumerate(row) if _is_binary(cell)}
            for name in sorted(binary):
                held = Held(BINARY, say("{name}, column {column}", name=title, column=name))
                if held not in file.held:
                    file.held.append(held)
            yield frame([[_text(cell) for cell in row] for row in rows], header)


def _is_binary(cell: Any) -> bool:
    if not isinstance(cell, bytes):
        return False
    try:
        cell.decode()
    except UnicodeDecodeError:
        return True
    return b"\0" in cell


def _text(cell: Any) -> str | None:
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)


def _add_definitions(file: OpenFile, raw: RawFile, connection: sqlite3.Connection) -> None:
    """Views and triggers may hold words too."""
    query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('view', 'trigger')"
    texts = [text for name, text in connection.execute(query) if not name.startswith(OWN)]
    if texts:
        file.tables.append(text_table(f"{raw.name}: definitions", texts, hidden=True))
