"""Alembic's entry point for the gate's tables."""

from __future__ import annotations

from alembic import context
from ckan.model.meta import metadata
from sqlalchemy import create_engine, pool

VERSION_TABLE = "privacy_alembic_version"


def run() -> None:
    """Apply the migrations over one connection, in one transaction."""
    engine = create_engine(context.config.get_main_option("sqlalchemy.url") or "", poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=metadata, version_table=VERSION_TABLE)
        with context.begin_transaction():
            context.run_migrations()


run()
