"""The public register: what was released, refused, taken down, why, in which role, and how long it took."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.privacy.model import Decision, Release
from ckanext.privacy.model.columns import now
from ckanext.privacy.workflow import audit, people
from ckanext.privacy.workflow.transitions import Event, State

#: What the public may know of, and the word for how a release came to be where that says more.
EVENTS = (
    Event.RELEASE, Event.OVERRIDE, Event.REJECT, Event.HOLD, Event.RESUME, Event.CONFIRM, Event.WITHDRAW, Event.EXPIRE,
)  # fmt: skip
ADOPTED = "adopt"
MONTHS = 12
#: States a release can only be in when it was public.
_WAS_PUBLIC = (State.RELEASED, State.HELD, State.SUPERSEDED, State.WITHDRAWN, State.EXPIRED)


@dataclass(frozen=True)
class Filters:
    """What the register is narrowed to; None means any."""

    event: str | None = None
    organization: str | None = None
    since: dt.datetime | None = None


def listing(filters: Filters, limit: int, offset: int) -> dict[str, Any]:
    """Return the register, newest first.

    ``results``: ``{at, event, release_id, dataset: {id, name, title} or None, organization, outcome, reason, role,
    days}``; ``days`` counts from the request. ``counts`` are numbers by event. ``never_released`` counts refusals of
    datasets that were never public: what they are called is not public either. ``not_yet_scanned`` counts adopted
    datasets whose files nobody has looked at. ``months`` are the monthly figures, ``audit`` the
    audit log's length and head hash.
    """
    query = sa.select(Decision, Release).join(Release, Release.id == Decision.release_id).where(*_conditions(filters))
    known = query.where(Release.package_id.in_(_once_public()))
    page = known.order_by(Decision.created.desc(), Decision.id).limit(limit).offset(offset)
    rows = model.Session.execute(page).tuples().all()
    titles = _public_names([release.package_id for _, release in rows])
    return {
        "count": _count(known),
        "results": [_entry(decision, release, titles) for decision, release in rows],
        "counts": _counts(filters),
        "never_released": _count(query.where(Release.package_id.not_in(_once_public()))),
        "not_yet_scanned": not_yet_scanned(),
        "months": months(filters),
        "audit": audit.head(),
    }


def _conditions(filters: Filters) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = [Decision.event.in_((*EVENTS, ADOPTED))]
    if filters.event:
        found.append(Decision.event == filters.event)
    if filters.organization:
        found.append(Release.owner_org == filters.organization)
    if filters.since:
        found.append(Decision.created >= filters.since.replace(tzinfo=filters.since.tzinfo or dt.timezone.utc))
    return found


def _once_public() -> sa.Select[Any]:
    return sa.select(Release.package_id).where(Release.state.in_(_WAS_PUBLIC))


def _count(query: sa.Select[Any]) -> int:
    return model.Session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0


def _counts(filters: Filters) -> dict[str, int]:
    conditions = _conditions(Filters(organization=filters.organization, since=filters.since))
    query = (
        sa.select(Decision.event, sa.func.count())
        .join(Release, Release.id == Decision.release_id)
        .where(*conditions)
        .group_by(Decision.event)
    )
    return dict(model.Session.execute(query).tuples().all())


def months(filters: Filters) -> list[dict[str, Any]]:
    """Return ``{month: "2026-03", counts: {event: number}}`` for the last twelve months, oldest first, without gaps."""
    today = now().date()
    wanted = [_month_before(today, back) for back in range(MONTHS - 1, -1, -1)]
    since = dt.datetime.fromisoformat(f"{wanted[0]}-01T00:00:00+00:00")
    month = sa.func.to_char(sa.func.timezone("UTC", Decision.created), "YYYY-MM")
    narrowed = Filters(event=filters.event, organization=filters.organization, since=since)
    query = (
        sa.select(month, Decision.event, sa.func.count())
        .join(Release, Release.id == Decision.release_id)
        .where(*_conditions(narrowed))
        .group_by(month, Decision.event)
    )
    counts: dict[str, dict[str, int]] = {name: {} for name in wanted}
    for name, event, number in model.Session.execute(query).tuples():
        counts.setdefault(name, {})[event] = number
    return [{"month": name, "counts": counts[name]} for name in wanted]


def _month_before(day: dt.date, back: int) -> str:
    months = day.year * 12 + day.month - 1 - back
    return f"{months // 12:04}-{months % 12 + 1:02}"


def not_yet_scanned() -> int:
    """Return how many adopted datasets are public whose files nobody has looked at."""
    query = sa.select(sa.func.count()).select_from(Release)
    return (
        model.Session.scalar(query.where(Release.origin == "legacy", *Release.is_public(), Release.judged.is_(None)))
        or 0
    )


def _public_names(package_ids: list[str]) -> dict[str, dict[str, Any] | None]:
    """Return what the public came to know a dataset as: from its newest public snapshot, never from a held one."""
    query = (
        sa.select(Release)
        .where(Release.package_id.in_(package_ids), Release.state.in_(_WAS_PUBLIC))
        .order_by(Release.package_id, Release.released.desc())
        .distinct(Release.package_id)
    )
    return {release.package_id: _names(release.snapshot) for release in model.Session.scalars(query)}


def _names(snapshot: Mapping[str, Any]) -> dict[str, Any] | None:
    # What was erased is named nowhere: its address name says as much as its title.
    package = {} if snapshot.get("erased") else snapshot.get("package") or {}
    return {key: package.get(key) for key in ("id", "name", "title")} if package.get("name") else None


def _entry(decision: Decision, release: Release, names: Mapping[str, Any]) -> dict[str, Any]:
    group = model.Group.get(release.owner_org) if release.owner_org else None
    return {
        "at": decision.created.isoformat(),
        "event": decision.event,
        "release_id": release.id,
        "dataset": names.get(release.package_id),
        "organization": {"name": group.name, "title": group.display_name} if group else None,
        "outcome": release.outcome,
        "reason": decision.reason,
        "role": decision.role,
        "role_label": people.ROLES.get(decision.role, decision.role),
        "days": (decision.created - release.created).days,
    }
