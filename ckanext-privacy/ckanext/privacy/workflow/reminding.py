"""Reminders and escalation: who is told, once for each step, that a decision is due, late, or to be made again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.privacy import config
from ckanext.privacy.engine.deadlines import TimeSettings, working_days_after
from ckanext.privacy.model import Concern, Release, Reminder, Steward
from ckanext.privacy.model.columns import now
from ckanext.privacy.model.concern import OPEN
from ckanext.privacy.workflow import audit, notify, people
from ckanext.privacy.workflow.one_by_one import Done, one_by_one
from ckanext.privacy.workflow.transitions import State

#: Steps: a decision is due soon; it is late and others are told; a release has to be looked at again soon.
DUE_SOON, LATE, REVIEW_AGAIN = "due_soon", "late", "review_again"
#: Somebody else decides for an organisation since a moment; it is told for so many days.
STEWARDS_CHANGED, TOLD_FOR = "stewards_changed", dt.timedelta(days=14)


@dataclass(frozen=True)
class _Case:
    """One thing that waits for people of an organisation until a day."""

    kind: str
    id: str
    package_id: str
    owner_org: str | None
    due: dt.datetime
    #: Who asked for the release, where it waits for them.
    officer: str | None = None


def remind() -> Done[Reminder]:
    """Tell people what is due soon, and others what is late, each step once and audited; return the new ones."""
    settings = config.policy().time
    return one_by_one(list(_steps(settings)), lambda each: _remind(*each))


def _remind(case: _Case, step: str) -> Reminder | None:
    reminder = _note(case, step)
    model.Session.commit()
    if reminder is not None:
        notify.reminded(reminder.id)
    return reminder


def _steps(settings: TimeSettings) -> Iterator[tuple[_Case, str]]:
    """Yield what has to be told by now. A step that nobody was told in time is left to the graver one after it."""
    moment = now()
    for case in _waiting(working_days_after(moment, settings.remind_before, settings)):
        late = working_days_after(case.due, settings.escalate_after, settings) <= moment
        yield case, LATE if late else DUE_SOON
    soon = moment + dt.timedelta(days=config.reminder_days())
    query = _releases(Release.review_by).where(Release.state == State.RELEASED.value, Release.review_by <= soon)
    yield from ((_Case("release", *row), REVIEW_AGAIN) for row in model.Session.execute(query).tuples())


def _waiting(until: dt.datetime) -> Iterator[_Case]:
    concerned = sa.exists().where(Concern.package_id == Release.package_id, Concern.state == OPEN)
    # Of a hold, the concern behind it is what people are reminded of, as long as there is one.
    waits = sa.and_(Release.to_decide(), sa.not_(sa.and_(Release.state == State.HELD.value, concerned)))
    officer = sa.case((Release.state == State.BLOCKED.value, Release.requested_by))
    releases = _releases(Release.due, officer).where(waits, Release.due <= until)
    yield from (_Case("release", *row) for row in model.Session.execute(releases).tuples())
    concerns = sa.select(Concern.id, Concern.package_id, Concern.owner_org, Concern.due)
    concerns = concerns.where(Concern.state == OPEN, Concern.due <= until)
    yield from (_Case("concern", *row) for row in model.Session.execute(concerns).tuples())


def _releases(due: Any, *more: Any) -> sa.Select[Any]:
    return sa.select(Release.id, Release.package_id, Release.owner_org, due, *more)


def _note(case: _Case, step: str) -> Reminder | None:
    """Write down a step and its audit entry in the caller's transaction; None when it was taken before."""
    readers = sorted(set(_readers(case, step)))
    facts = {"object_type": case.kind, "object_id": case.id, "step": step, "due": case.due}
    if not Reminder.add_once(package_id=case.package_id, readers=readers, **facts):
        return None
    data = {"package": case.package_id, "step": step, "due": case.due.isoformat(), "told": len(readers)}
    audit.record(f"{case.kind}.remind", case.kind, case.id, data, people.CLOCK)
    query = sa.select(Reminder).filter_by(**facts)
    return model.Session.scalars(query).one()


def _readers(case: _Case, step: str) -> Iterable[str]:
    """Whose turn it is: who asked where a program did not ask for them, else the stewards.

    Where it is late, also the stewards, and the administrators of the organisation and of the system.
    """
    asked = model.User.get(case.officer) if case.officer else None
    told = [asked.id] if asked and asked.is_active and asked.id not in people.machines() else []
    yield from told
    if case.owner_org and (step == LATE or not told):
        yield from (steward.user_id for steward in Steward.of(case.owner_org))
    if step == LATE:
        yield from _administrators(case.owner_org)


def _administrators(organization_id: str | None) -> Iterable[str]:
    admins = sa.select(model.Member.table_id).where(
        model.Member.group_id == organization_id,
        model.Member.table_name == "user",
        model.Member.capacity == "admin",
        model.Member.state == "active",
    )
    return {*map(str, model.Session.scalars(admins)), *people.sysadmins()}


def note_stewards_changed(organization_id: str, readers: Iterable[str]) -> Reminder:
    """Write down, in the caller's transaction, who is told that an organisation's stewards are others now."""
    reminder = Reminder(
        object_type="organization",
        object_id=organization_id,
        package_id="",
        step=STEWARDS_CHANGED,
        due=now(),
        readers=sorted(readers),
    )
    model.Session.add(reminder)
    model.Session.flush()
    return reminder


def of_reader(user: model.User) -> list[dict[str, Any]]:
    """Return what a person was told and what still waits, the nearest day first."""
    return sorted(filter(None, map(_told, Reminder.of_reader(user.id))), key=lambda told: told["due"])


def _waits(subject: Release | Concern, step: str) -> dt.datetime | None:
    """Return until when what somebody was told still waits; None when it does not."""
    if isinstance(subject, Concern):
        return subject.due if subject.state == OPEN else None
    if step == REVIEW_AGAIN:
        return subject.review_by if subject.state == State.RELEASED else None
    return subject.due if subject.is_to_decide else None


def _told(reminder: Reminder) -> dict[str, Any] | None:
    """Return a reminder as plain JSON; None when there is nothing left to do about it."""
    if reminder.step == STEWARDS_CHANGED:
        return None  # told by itself, see below
    subject = (Release if reminder.object_type == "release" else Concern).get(reminder.object_id)
    if subject is None or _waits(subject, reminder.step) != reminder.due:
        return None
    release = subject if isinstance(subject, Release) else Release.latest(reminder.package_id)
    package = release.snapshot.get("package", {}) if release else {}
    title = package.get("title") or package.get("name") or reminder.package_id
    return {**_as_json(reminder, title), "state": subject.state}


def stewards_changed(user: model.User) -> list[dict[str, Any]]:
    """Return the organisations whose stewards are others since a short while, as a person was told of each last."""
    told = [each for each in Reminder.of_reader(user.id) if each.step == STEWARDS_CHANGED]
    newest = {each.object_id: each for each in reversed(told) if each.due + TOLD_FOR > now()}
    known = ((each, model.Session.get(model.Group, each.object_id)) for each in newest.values())
    return [_as_json(each, organization.display_name) for each, organization in known if organization]


def _as_json(reminder: Reminder, title: str) -> dict[str, Any]:
    return {
        "object_type": reminder.object_type,
        "object_id": reminder.object_id,
        "step": reminder.step,
        "due": reminder.due.isoformat(),
        "told": reminder.created.isoformat(),
        "title": title,
    }
