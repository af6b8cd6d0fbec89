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
    found = model.Session.scalars(query.order_by(_since().desc()).limit(1)).one_or_none()
    return _tombstone(found) if found else None


def newest(limit: int) -> list[Tombstone]:
    """Return the newest tombstones, one for each dataset."""
    newest_of_each = _gone().distinct(Release.package_id).order_by(Release.package_id, _since().desc()).subquery()
    each = aliased(Release, newest_of_each)
    query = sa.select(each).order_by(sa.func.coalesce(each.ended, each.expires, each.released).desc()).limit(limit)
    return [_tombstone(release) for release in model.Session.scalars(query)]


def _gone() -> sa.Select[tuple[Release]]:
    """Releases that were public, of datasets of which nothing is public now."""
    other = aliased(Release)
    in_force = sa.select(other.id).where(
        other.package_id == Release.package_id,
        other.state == State.RELEASED.value,
        sa.or_(other.expires.is_(None), other.expires > now()),
    )
    run_out = sa.and_(Release.state == State.RELEASED.value, Release.expires <= now())
    was_public = Release.released.is_not(None)
    return sa.select(Release).where(was_public, sa.or_(Release.state.in_(GONE), run_out), ~in_force.exists())


def _since() -> sa.ColumnElement[dt.datetime]:
    return sa.func.coalesce(Release.ended, Release.expires, Release.released)


def _not_erased() -> sa.ColumnElement[bool]:
    return sa.func.coalesce(Release.snapshot["erased"].astext, "false") == "false"


def _tombstone(release: Release) -> Tombstone:
    last = next((each for each in reversed(Decision.of(release.id)) if each.event in _EVENTS), None)
    state = release.state if release.state != State.RELEASED else State.EXPIRED.value
    since = last.created if last else release.expires
    return {
        "dataset": release.package_id,
        "type": release.snapshot.get("package", {}).get("type") or "dataset",
        "release_id": release.id,
        "state": state,
        "since": since.isoformat() if since else None,
        "reason": last.reason if last else None,
    }
