"""Rows of the datastore: the copy that a release shows, and what tells whether the working rows still equal it.

The working table has the resource's id for a name. A release shows a copy of it, made when the release was asked for,
whose name is derived from resource and content: nobody reads it but through the release.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

import sqlalchemy as sa
from ckan import plugins as p

from ckanext.privacy.gate import store
from ckanext.privacy.gate.snapshot import canonical

PREFIX = "privacy_"

Entry = dict[str, Any]


def freeze(resource_id: str) -> Entry | None:
    """Copy a table and return its entry for a snapshot; None when the resource has no table."""
    return _entry(resource_id, store.put, _copy)


def look(resource_id: str) -> Entry | None:
    """Return what :func:`freeze` would, and store nothing."""
    return _entry(resource_id, store.measure, lambda connection, source, target: None)


def fingerprint(resource_id: str, table: str) -> str | None:
    """Return the fingerprint that rows of a resource have in a table now; None when there is no such table."""
    with _transaction() as connection:
        fields = _fields(connection, table)
        return _fingerprint(resource_id, fields, _read(connection, table, fields, store.measure)) if fields else None


def _entry(
    resource_id: str,
    keep: Callable[[IO[bytes]], store.Stored],
    copy: Callable[[sa.Connection, str, str], None],
) -> Entry | None:
    if not p.plugin_loaded("datastore"):
        return None
    with _transaction() as connection:
        fields = _fields(connection, resource_id)
        if not fields:
            return None
        stored = _read(connection, resource_id, fields, keep)
        content = _fingerprint(resource_id, fields, stored)
        table = f"{PREFIX}{content[:48]}"
        copy(connection, resource_id, table)
        count = connection.execute(sa.select(sa.func.count()).select_from(sa.table(resource_id))).scalar_one()
    return {
        "kind": "rows",
        "table": table,
        "fingerprint": content,
        "fields": fields,
        "rows": count,
        "filename": f"{resource_id}.csv",
        "sha256": stored.sha256,
        "bytes": stored.bytes,
    }


def _fingerprint(resource_id: str, fields: list[dict[str, Any]], stored: store.Stored) -> str:
    return hashlib.sha256(canonical({"resource": resource_id, "sha256": stored.sha256, "fields": fields})).hexdigest()


@contextmanager
def _transaction() -> Iterator[sa.Connection]:
    """One view of the table from the first statement to the last, whoever writes to it meanwhile."""
    from ckanext.datastore.backend.postgres import get_write_engine

    engine = get_write_engine().execution_options(isolation_level="REPEATABLE READ")
    with engine.begin() as connection:
        # Text must not depend on the server's settings, since it is hashed.
        connection.execute(sa.text("SET LOCAL datestyle = 'ISO, YMD'"))
        connection.execute(sa.text("SET LOCAL timezone = 'UTC'"))
        yield connection


_COLUMNS = sa.text("""
    SELECT a.attname AS id, format_type(a.atttypid, a.atttypmod) AS type, col_description(a.attrelid, a.attnum) AS info
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = :table AND c.relkind = 'r' AND n.nspname = 'public' AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attnum
""")


def _fields(connection: sa.Connection, table: str) -> list[dict[str, Any]]:
    """Return the columns people see, with type and data dictionary; empty when there is no such table."""
    found = connection.execute(_COLUMNS, {"table": table}).mappings()
    return [dict(column) for column in found if not column["id"].startswith("_")]


def _read(
    connection: sa.Connection, table: str, fields: list[dict[str, Any]], keep: Callable[[IO[bytes]], store.Stored]
) -> store.Stored:
    """Give the rows as CSV, in the order they came in, to ``keep``."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    names = ", ".join(quote(field["id"]) for field in fields)
    query = f'COPY (SELECT {names} FROM {quote(table)} ORDER BY "_id") TO STDOUT WITH (FORMAT csv, HEADER)'  # noqa: S608
    cursor: Any = connection.connection.cursor()
    with tempfile.TemporaryFile() as spool:
        cursor.copy_expert(query, spool)
        spool.seek(0)
        return keep(spool)


def _copy(connection: sa.Connection, source: str, target: str) -> None:
    quote = connection.dialect.identifier_preparer.quote_identifier
    if connection.execute(sa.text("SELECT to_regclass(:name)"), {"name": quote(target)}).scalar():
        return
    like = f"CREATE TABLE {quote(target)} (LIKE {quote(source)} INCLUDING COMMENTS INCLUDING INDEXES)"
    connection.execute(sa.text(like))
    connection.execute(sa.text(f"INSERT INTO {quote(target)} SELECT * FROM {quote(source)}"))  # noqa: S608
    # Whose rows these are: a copy whose request came to nothing is found again when they must be erased.
    named = connection.execute(sa.text("SELECT quote_literal(:source)"), {"source": source}).scalar_one()
    connection.execute(sa.text(f"COMMENT ON TABLE {quote(target)} IS {named}"))
    connection.execute(sa.text(f"ANALYZE {quote(target)}"))


def tables() -> set[str]:
    """Return the names of all released copies that exist."""
    if not p.plugin_loaded("datastore"):
        return set()
    query = sa.text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND starts_with(tablename, :prefix)")
    with _transaction() as connection:
        return set(connection.execute(query, {"prefix": PREFIX}).scalars())


_COPIES = sa.text("""
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname = 'public' AND starts_with(c.relname, :prefix)
        AND obj_description(c.oid, 'pg_class') = ANY(:ids)
""")


def copies_of(resource_ids: list[str]) -> set[str]:
    """Return the names of all released copies that were ever made of the rows of these resources, released or not."""
    if not p.plugin_loaded("datastore"):
        return set()
    with _transaction() as connection:
        return set(connection.execute(_COPIES, {"prefix": PREFIX, "ids": resource_ids}).scalars())


def drop(table: str) -> None:
    """Erase a released copy for good; nothing happens when it is gone already."""
    if not table.startswith(PREFIX) or not p.plugin_loaded("datastore"):
        return
    with _transaction() as connection:
        quote = connection.dialect.identifier_preparer.quote_identifier
        connection.execute(sa.text(f"DROP TABLE IF EXISTS {quote(table)}"))
