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
_SEQUENCES = (
    "SELECT quote_ident(sequencename), last_value FROM pg_sequences WHERE schemaname = 'public' AND last_value > 0"
)
#: A transaction that begins with it may delete from append-only tables and needs no order among foreign keys.
_WITHOUT_TRIGGERS = sa.text("SET LOCAL session_replication_role = replica")


def migrate() -> None:
    """Bring core and every plugin of the ini to its newest migration; a no-op where they are.

    CKAN's migration leaves the model with an engine that makes a new connection for each session: the one from before
    is put back.
    """
    engine = model.ensure_engine()
    model.repo.upgrade_db()
    model.repo.tables_created_and_initialised = True
    _migrate_plugins(apply=True)
    model.init_model(engine)


def empty_database() -> None:
    """Delete every row.

    The audit log refuses deletion by a trigger; `session_replication_role` switches triggers and foreign keys off for
    this one transaction. Only a superuser may do that, so only the tests' own role can.
    """
    close_all_sessions()
    with model.ensure_engine().begin() as connection:
        connection.execute(_WITHOUT_TRIGGERS)
        tables = connection.execute(sa.text(_TABLES)).scalars().all()
        connection.execute(sa.text(";".join(f"DELETE FROM {table}" for table in tables)))
        for sequence in connection.execute(sa.text(_SEQUENCES)).scalars().all():
            connection.execute(sa.text(f"ALTER SEQUENCE {sequence} RESTART"))


class Kept:
    """The rows that are in the database now, to be put back into an empty one as often as they are wanted."""

    def __init__(self) -> None:
        with model.ensure_engine().begin() as connection:
            connection.execute(sa.text("DROP SCHEMA IF EXISTS kept CASCADE; CREATE SCHEMA kept"))
            tables = connection.execute(sa.text(_TABLES)).scalars().all()
            self.tables = [table for table in tables if connection.scalar(sa.text(f"SELECT 1 FROM {table} LIMIT 1"))]
            for table in self.tables:
                connection.execute(sa.text(f"CREATE TABLE kept.{table} AS TABLE public.{table}"))
            self.sequences = connection.execute(sa.text(_SEQUENCES)).all()

    def put_back(self) -> None:
        """Fill the empty database."""
        close_all_sessions()
        with model.ensure_engine().begin() as connection:
            connection.execute(_WITHOUT_TRIGGERS)
            for table in self.tables:
                connection.execute(sa.text(f"INSERT INTO public.{table} TABLE kept.{table}"))
            for sequence, last in self.sequences:
                connection.execute(sa.text(f"SELECT setval('public.{sequence}', {last})"))


def empty_datastore() -> None:
    """Drop the tables that tests made in the datastore; its own (`_table_stats`) are emptied."""
    from ckanext.datastore.backend.postgres import get_write_engine

    with get_write_engine().begin() as connection:
        for table in connection.execute(sa.text(_DATASTORE_TABLES)).scalars().all():
            connection.execute(sa.text(f"DROP TABLE {table} CASCADE"))
        connection.execute(sa.text('DELETE FROM "_table_stats"'))
