"""Rows of the datastore: the copy that a release shows, and what tells whether the working rows still equal it.

The working table has the resource's id for a name. A release shows a copy of it, made when the release was asked for,
whose name is derived from resource and content: nobody reads it but through the release.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any

import sqlalchemy as sa
from ckan import plugins as p
from ckan.plugins import toolkit as tk
from psycopg2 import sql

from ckanext.privacy.gate import store
from ckanext.privacy.gate.snapshot import canonical

PREFIX = "privacy_"

Entry = dict[str, Any]
Fields = list[dict[str, Any]]


def freeze(resource_id: str) -> Entry | None:
    """Copy a table and return its entry for a snapshot; None when the resource has no table.

    Raises ``ValidationError`` when something else has the name of the copy.
    """
    return _entry(resource_id, store.put, _copy)


def look(resource_id: str) -> Entry | None:
    """Return what :func:`freeze` would, and store nothing."""
    return _entry(resource_id, store.measure, lambda connection, source, target, fields: None)


def described(resource_ids: Iterable[str]) -> dict[str, Fields]:
    """Return the columns of working tables with what the data dictionary says of them, by resource; no row is read."""
    if not p.plugin_loaded("datastore"):
        return {}
    with _transaction() as connection:
        return _columns(connection, resource_ids)


def exist(resource_id: str) -> bool:
    """Say whether the datastore has a table or an alias of this name, whether or not there is such a resource."""
    if not p.plugin_loaded("datastore"):
        return False
    with _transaction() as connection:
        return connection.execute(_FOUND, {"name": resource_id}).scalar() is not None


def is_reserved(name: object) -> bool:
    """Say whether a name is kept for released copies. CKAN takes quotes and spaces off; cases should not matter."""
    return str(name).strip(" \t\r\n\"'").lower().startswith(PREFIX)


def fingerprint(resource_id: str, table: str) -> str | None:
    """Return the fingerprint that rows of a resource have in a table now; None when there is no such table."""
    with _transaction() as connection:
        fields = _fields(connection, table)
        return _fingerprint(resource_id, fields, _read(connection, table, fields, store.measure)) if fields else None


def _entry(
    resource_id: str,
    keep: Callable[[IO[bytes]], store.Stored],
    copy: Callable[[sa.Connection, str, str, Fields], None],
) -> Entry | None:
    if not p.plugin_loaded("datastore"):
        return None
    with _transaction() as connection:
        fields = _fields(connection, resource_id)
        if not fields:
            return None
        stored = _read(connection, resource_id, fields, keep)
        content = _fingerprint(resource_id, fields, stored)
        table = _name(content)
        copy(connection, resource_id, table, fields)
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


def _name(content: str) -> str:
    """Return the name of the copy whose rows have this fingerprint."""
    return f"{PREFIX}{content[:48]}"


def _fingerprint(resource_id: str, fields: Fields, stored: store.Stored) -> str:
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


_FOUND = sa.text("SELECT to_regclass(quote_ident(:name))")
_COLUMNS = sa.text("""
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), col_description(a.attrelid, a.attnum)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = ANY(:tables) AND c.relkind = 'r' AND n.nspname = 'public' AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY c.relname, a.attnum
""")


def _fields(connection: sa.Connection, table: str) -> Fields:
    """Return the columns people see, with type and data dictionary; empty when there is no such table."""
    return _columns(connection, [table]).get(table, [])


def _columns(connection: sa.Connection, tables: Iterable[str]) -> dict[str, Fields]:
    """Return the same of several tables in one statement, by table; those that are not there are left out."""
    found: dict[str, Fields] = {}
    for table, *column in connection.execute(_COLUMNS, {"tables": list(tables)}):
        if not column[0].startswith("_"):
            found.setdefault(table, []).append(dict(zip(("id", "type", "info"), column, strict=True)))
    return found


def _read(
    connection: sa.Connection, table: str, fields: Fields, keep: Callable[[IO[bytes]], store.Stored]
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


#: How copies are made since the hash of their words is kept: it stands in a copy's comment, behind whose rows they are.
MADE = "3"
#: The words of a row, as the datastore's own trigger makes them of the columns people see.
_WORDS = sql.SQL("""(
    SELECT to_tsvector(string_agg(value, ' ')) FROM json_each_text(row_to_json("_row")) WHERE NOT starts_with(key, '_')
)""")
_MAKE = sql.SQL("""
    CREATE TABLE {table} (LIKE {source} INCLUDING INDEXES);
    INSERT INTO {table} ("_id", "_full_text", {columns})
        SELECT "_id", {words}, {columns} FROM (SELECT "_id", {columns} FROM {source}) AS "_row";
    ANALYZE {table}
""")
_DESCRIBE = sql.SQL("COMMENT ON COLUMN {table}.{column} IS {info}")
_OWN = sql.SQL("COMMENT ON TABLE {table} IS {owner}")
_RENEW = sql.SQL('UPDATE {table} AS "_row" SET "_full_text" = {words} WHERE "_full_text" IS DISTINCT FROM {words}')
#: A sum, since it needs no order: to read all words takes a fraction of what it takes to make them.
_HASH = sql.SQL("""
    SELECT coalesce(sum(('x' || substr(md5("_id" || ' ' || "_full_text"::text), 1, 15))::bit(60)::bigint), 0)
        FROM {table}
""")
_COMMENT = sa.text("SELECT obj_description(to_regclass(quote_ident(:table)), 'pg_class')")


def _copy(connection: sa.Connection, source: str, target: str, fields: Fields) -> None:
    """Make the copy of a table, unless it is there: its columns as people see them, and the words of these alone.

    The words of the working rows are not taken along: they still say what a column held that has been dropped.
    """
    if connection.execute(_FOUND, {"name": target}).scalar():
        _check_copy(connection, source, target)
        return
    cursor: Any = connection.connection.cursor()
    table = sql.Identifier(target)
    columns = sql.SQL(", ").join(sql.Identifier(field["id"]) for field in fields)
    cursor.execute(_MAKE.format(table=table, source=sql.Identifier(source), columns=columns, words=_WORDS))
    for field in fields:
        column = {"column": sql.Identifier(field["id"]), "info": sql.Literal(field["info"])}
        cursor.execute(_DESCRIBE.format(table=table, **column))
    _own(cursor, target, source)


def _own(cursor: Any, copy: str, source: str) -> None:
    """Note whose rows a copy holds, else one whose request came to nothing would not be erased; and which words."""
    owner = f"{source} {MADE} {_hash_of_words(cursor, copy)}"
    cursor.execute(_OWN.format(table=sql.Identifier(copy), owner=sql.Literal(owner)))


def _hash_of_words(cursor: Any, copy: str) -> str:
    cursor.execute(_HASH.format(table=sql.Identifier(copy)))
    return str(cursor.fetchone()[0])


def _check_copy(connection: sa.Connection, source: str, target: str) -> None:
    """Raise ``ValidationError`` unless what is there already is a table that the suite made of exactly these rows.

    Whoever writes rows can work out what their copy will be called, and call something else so that changes later.
    """
    owner, _, _ = _noted(connection, target)
    fields = _fields(connection, target)  # of a table: a view has none
    if fields and owner == source:
        stored = _read(connection, target, fields, store.measure)
        if _name(_fingerprint(source, fields, stored)) == target:
            return
    sentence = tk._(
        "The rows of resource {id} cannot be copied: something that is not their copy is called '{table}' in the "
        "datastore. Remove that alias or table, then ask again."
    )
    raise tk.ValidationError({"resources": [sentence.format(id=source, table=target)]})


def renew_words() -> int:
    """Make the words of those copies anew that an earlier version of the suite made; return how many there were."""
    old = 0
    for table in tables():
        with _transaction() as connection:
            source, made, _ = _noted(connection, table)
            if made == MADE:
                continue
            cursor: Any = connection.connection.cursor()
            cursor.execute(_RENEW.format(table=sql.Identifier(table), words=_WORDS))
            _own(cursor, table, source)
            old += 1
    return old


def _noted(connection: sa.Connection, copy: str) -> tuple[str, str, str]:
    """Return what a copy's comment says: whose rows it holds, how it was made, the hash of its words; "" if nothing."""
    found = (connection.execute(_COMMENT, {"table": copy}).scalar() or "").split(" ")
    source, made, words = (*found, "", "", "")[:3]
    return source, made, words


def has_foreign_words(table: str) -> bool:
    """Tell whether rows of a released copy may be found by other words than those that were made for them."""
    with _transaction() as connection:
        _, made, words = _noted(connection, table)
        return made != MADE or words != _hash_of_words(connection.connection.cursor(), table)


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
        AND split_part(obj_description(c.oid, 'pg_class'), ' ', 1) = ANY(:ids)
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
