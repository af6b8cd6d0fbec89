"""Tombstones: what the public is told of a dataset that was public and is not any more, so that copies are dropped too.

They name no title, no address name and no content: only which dataset it was, since when it is gone, and why.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from ckan import model
from sqlalchemy.orm import aliased

from ckanext.privacy.model import Decision, Release
from ckanext.privacy.model.columns import now
from ckanext.privacy.workflow.transitions import Event, State

#: States after which a dataset is gone from the public, until a newer version is released.
GONE = (State.WITHDRAWN, State.EXPIRED, State.HELD)
_EVENTS = (Event.WITHDRAW, Event.EXPIRE, Event.HOLD)

Tombstone = dict[str, Any]


def of(id_or_name: str) -> Tombstone | None:
    """Return the tombstone of a dataset, by its id or by the name that was public; None if it has none."""
    name = sa.and_(Release.snapshot["package"]["name"].astext == id_or_name, _not_erased())
    query = _gone().where(sa.or_(Release.package_id == id_or_name, name))
    return next(iter(_read(query.order_by(_since().desc()).limit(1))), None)


def newest(limit: int) -> list[Tombstone]:
    """Return the newest tombstones, one for each dataset."""
    of_each = _gone().distinct(Release.package_id).order_by(Release.package_id, _since().desc()).subquery()
    return _read(sa.select(of_each).order_by(of_each.c.since.desc()).limit(limit))


def _gone() -> sa.Select[Any]:
    """Releases that were public, of datasets of which nothing is public now; never their content."""
    other = aliased(Release)
    in_force = sa.select(other.id).where(
        other.package_id == Release.package_id,
        *other.is_public(),
    )
    run_out = sa.and_(Release.state == State.RELEASED.value, Release.closes() <= now())
    kind = Release.snapshot["package"]["type"].astext.label("type")
    columns = sa.select(Release.id, Release.package_id, Release.state, kind, _since().label("since"))
    return columns.where(Release.released.is_not(None), sa.or_(Release.state.in_(GONE), run_out), ~in_force.exists())


def _read(query: sa.Select[Any]) -> list[Tombstone]:
    rows = model.Session.execute(query).all()
    last = _last_decisions([row.id for row in rows])
    return [_tombstone(row, last.get(row.id)) for row in rows]


def _last_decisions(release_ids: list[str]) -> dict[str, Decision]:
    """Return the decision that took each release away."""
    query = (
        sa.select(Decision)
        .where(Decision.release_id.in_(release_ids), Decision.event.in_(_EVENTS))
        .distinct(Decision.release_id)
        .order_by(Decision.release_id, Decision.created.desc())
    )
    return {decision.release_id: decision for decision in model.Session.scalars(query)}


def _since() -> sa.ColumnElement[dt.datetime]:
    return sa.func.coalesce(Release.ended, Release.closes(), Release.released)


def _not_erased() -> sa.ColumnElement[bool]:
    return sa.func.coalesce(Release.snapshot["erased"].astext, "false") == "false"


def _tombstone(row: Any, last: Decision | None) -> Tombstone:
    since = last.created if last else row.since
    return {
        "dataset": row.package_id,
        "type": row.type or "dataset",
        "release_id": row.id,
        "state": row.state if row.state != State.RELEASED else State.EXPIRED.value,
        "since": since.isoformat() if since else None,
        "reason": last.reason if last else None,
    }
