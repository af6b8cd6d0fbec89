"""Taking services away from what runs inside of a ``with`` block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.common import config
from ckan.lib import jobs as ckan_jobs
from ckan.lib import redis as ckan_redis
from ckan.plugins import toolkit as tk
from sqlalchemy.exc import DBAPIError, PendingRollbackError

NOBODY_LISTENS = "127.0.0.1:9"


@contextmanager
def without_redis() -> Iterator[None]:
    """Nothing listens where Redis should be."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(config, "ckan.redis.url", f"redis://{NOBODY_LISTENS}/0")
        patch.setattr(ckan_redis, "_connection_pool", None)
        patch.setattr(ckan_jobs, "_queues", {})
        yield


@contextmanager
def without_solr() -> Iterator[None]:
    """Nothing listens where Solr should be."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(config, "solr_url", f"http://{NOBODY_LISTENS}/solr/none")
        yield


@contextmanager
def postgresql_gone_at(statement: int) -> Iterator[None]:
    """The server ends the connection of whoever sends the so-many-eth statement, before it is sent."""
    seen = iter(range(1, 1_000_000))

    def end(connection: Any, *_: Any) -> None:
        if next(seen) == statement:
            backend = connection.connection.dbapi_connection.get_backend_pid()
            with sa.create_engine(config["sqlalchemy.url"]).connect() as other:
                other.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": backend})

    engine = model.ensure_engine()
    sa.event.listen(engine, "before_cursor_execute", end)
    try:
        yield
    finally:
        sa.event.remove(engine, "before_cursor_execute", end)
        model.Session.remove()


def again_and_again(step: Callable[[], Any], done: Callable[[], bool], every: int = 11) -> int:
    """Take a step again and again, PostgreSQL gone ever later in it, until ``done``; return how often.

    ``done`` is asked after each; it may assert what must hold whether the step was taken or not.
    """
    for times, statement in enumerate(range(1, 600, every), start=1):
        with postgresql_gone_at(statement), suppress(DBAPIError, PendingRollbackError, tk.ValidationError):
            step()
        model.Session.rollback()
        model.Session.expire_all()
        if done():
            return times
    pytest.fail("It was never done.")
