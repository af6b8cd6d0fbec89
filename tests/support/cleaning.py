"""Empties databases between tests in milliseconds, where CKAN's own reset drops and migrates every table."""

from __future__ import annotations

import sqlalchemy as sa
from ckan import model
from ckan.cli.db import _migrate_plugins
from sqlalchemy.orm import close_all_sessions

_TABLES = """
    SELECT quote_ident(tablename) FROM pg_tables
    WHERE schemaname = 'public' AND tablename NOT LIKE '%alembic_version'
"""
_DATASTORE_TABLES = """
    SELECT quote_ident(tablename) FROM pg_tables
    WHERE schemaname = 'public' AND NOT starts_with(tablename, '_')
"""
_SEQUENCES = "SELECT quote_ident(sequencename) FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"


def migrate() -> None:
    """Bring core and every plugin of the ini to its newest migration; a no-op where they are."""
    model.repo.upgrade_db()
    model.repo.tables_created_and_initialised = True
    _migrate_plugins(apply=True)


def empty_database() -> None:
    """Delete every row.

    The audit log refuses deletion by a trigger; `session_replication_role` switches triggers and foreign keys off for
    this one transaction. Only a superuser may do that, so only the tests' own role can.
    """
    close_all_sessions()
    with model.ensure_engine().begin() as connection:
        connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        tables = connection.execute(sa.text(_TABLES)).scalars().all()
        connection.execute(sa.text(";".join(f"DELETE FROM {table}" for table in tables)))
        for sequence in connection.execute(sa.text(_SEQUENCES)).scalars().all():
            connection.execute(sa.text(f"ALTER SEQUENCE {sequence} RESTART"))


def empty_datastore() -> None:
    """Drop the tables that tests made in the datastore; its own (`_table_stats`) are emptied."""
    from ckanext.datastore.backend.postgres import get_write_engine

    with get_write_engine().begin() as connection:
        for table in connection.execute(sa.text(_DATASTORE_TABLES)).scalars().all():
            connection.execute(sa.text(f"DROP TABLE {table} CASCADE"))
        connection.execute(sa.text('DELETE FROM "_table_stats"'))
