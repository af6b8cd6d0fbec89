"""Noting who changed a dataset: the last editor cannot approve it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.model import meta
from ckan.types import Context
from sqlalchemy.dialects.postgresql import Insert, insert

from ckanext.privacy.gate import audience
from ckanext.privacy.model import Edit
from ckanext.privacy.model.columns import now
from ckanext.privacy.workflow import people

#: How many seconds a note waits for another one of the same person and dataset.
PATIENCE = 20


def record(context: Context, package_id: str) -> None:
    """Note the person behind a call as the last editor, in the call's own transaction. Takes a dataset's name too."""
    user_id, package = _editor(context), _package(context, package_id)
    if user_id and package:
        model.Session.execute(_note([package.id], user_id))


def _package(context: Context, package_id: str) -> model.Package | None:
    known: Any = context.get("package")
    return known if known is not None and package_id in (known.id, known.name) else model.Package.get(package_id)


def record_all(context: Context, package_ids: Collection[str]) -> None:
    """Note the person behind a call as the last editor of many datasets, given by id, in the call's own transaction."""
    user_id = _editor(context)
    if user_id and package_ids:
        model.Session.execute(_note(sorted(package_ids), user_id))


_BESIDE = sa.text("""
    INSERT INTO privacy_edit (package_id, user_id, at)
    SELECT dataset, :user_id, COALESCE(max(edit.at), :now) FROM unnest(:ids) AS dataset
        LEFT JOIN privacy_edit AS edit ON edit.package_id = dataset AND edit.user_id != ALL(:programs)
    GROUP BY dataset
    ON CONFLICT (package_id, user_id) DO UPDATE SET at = excluded.at
""")


def record_beside(context: Context, package_ids: Collection[str]) -> None:
    """Note the person behind a call beside the last editor of each of these datasets, who stays the last one too.

    For what changes many datasets by the way, by whoever need not be one of their editors.
    """
    user_id = _editor(context)
    if user_id and package_ids:
        names = {"ids": sorted(package_ids), "user_id": user_id, "programs": sorted(people.machines()), "now": now()}
        model.Session.execute(_BESIDE, names)


def record_now(context: Context, package_id: str) -> None:
    """Note the person behind a call as the last editor at once: what follows is not in CKAN's transaction.

    That one may hold the note already, and would be waited for in vain: the call fails then, and nothing follows.
    """
    user_id = _editor(context)
    if user_id and meta.engine is not None:
        with meta.engine.begin() as connection:
            connection.execute(sa.text(f"SET LOCAL lock_timeout = '{PATIENCE}s'"))
            connection.execute(_note([package_id], user_id))


def _editor(context: Context) -> str | None:
    user = audience.account(context)
    return user.id if user else None


def _note(package_ids: list[str], user_id: str) -> Insert:
    moment = now()
    rows = insert(Edit).values([{"package_id": each, "user_id": user_id, "at": moment} for each in package_ids])
    return rows.on_conflict_do_update(index_elements=["package_id", "user_id"], set_={"at": moment})
