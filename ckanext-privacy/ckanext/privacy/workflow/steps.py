"""One step of a release: lock, advance, decision, audit entry, in the caller's transaction."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.privacy import config, state_names
from ckanext.privacy.engine.deadlines import working_days_after
from ckanext.privacy.model import Decision, Release
from ckanext.privacy.model.columns import now
from ckanext.privacy.workflow import audit, next_step, people
from ckanext.privacy.workflow.transitions import (
    ASKS_ANEW,
    WAITING_STATES,
    Event,
    ImpossibleTransitionError,
    State,
    advance,
)

#: After these a release is history.
_ENDS = frozenset({
    State.RETURNED, State.REJECTED, State.WITHDRAWN, State.SUPERSEDED, State.EXPIRED, State.CANCELLED,
})  # fmt: skip


@dataclass(frozen=True)
class Actor:
    """Who takes a step, and in which role: a person's id, or one of the names in ``people``."""

    id: str
    role: str

    @classmethod
    def person(cls, user: model.User, organization_id: str | None) -> Actor:
        """A person, in the strongest role they have for the organisation."""
        return cls(user.id, people.role(user, organization_id))


POLICY = Actor(people.POLICY, people.POLICY)
CLOCK = Actor(people.CLOCK, people.CLOCK)


def lock(release_id: str) -> Release:
    """Return a release that nobody else can move until the transaction ends, and whose dataset nobody else can change.

    What the session knew before is forgotten: somebody may have changed it while we waited.
    """
    found = Release.get(release_id)
    if found is None:
        raise tk.ObjectNotFound(tk._("There is no such release."))
    lock_package(found.package_id)
    model.Session.expire_all()
    release = Release.get(release_id, for_update=True)
    if release is None:
        raise tk.ObjectNotFound(tk._("There is no such release."))
    return release


def lock_package(package_id: str) -> None:
    """Make other changes to a dataset wait until the transaction ends."""
    query = sa.select(model.Package.id).where(model.Package.id == package_id).with_for_update(key_share=True)
    model.Session.execute(query)


def take(release: Release, event: Event, actor: Actor, reason: str | None = None, **facts: Any) -> None:
    """Move a locked release one step; a step that does not fit raises ``ValidationError`` with one sentence."""
    before = State(release.state)
    try:
        after = advance(before, event)
    except ImpossibleTransitionError as error:
        raise invalid(_does_not_fit(error, release)) from error
    release.state = after.value
    _note_time(release, before, after, reason)
    if event in ASKS_ANEW:
        release.round += 1
    model.Session.add(
        Decision(
            release_id=release.id,
            user_id=actor.id,
            role=actor.role,
            event=event.value,
            round=release.round,
            snapshot_sha256=release.snapshot_sha256,
            reason=reason,
        )
    )
    model.Session.flush()
    _write_audit(release, event, actor, reason, {"from": before.value, "to": after.value, **facts})


def _note_time(release: Release, before: State, after: State, reason: str | None) -> None:
    """Note when and why it ended, or until when the person it now waits for takes the next step."""
    if after in _ENDS:
        release.ended, release.ended_reason = now(), reason
    elif before in _ENDS:
        release.ended = release.ended_reason = None
    if after in WAITING_STATES and after is not before:
        release.due = decide_by()


def decide_by() -> dt.datetime:
    """Return until when whoever it waits for from now on takes the next step."""
    settings = config.policy().time
    return working_days_after(now(), settings.review_days, settings)


def invalid(sentence: str, field: str = "message") -> tk.ValidationError:
    """Return the error that tells a caller in one sentence what is wrong."""
    return tk.ValidationError({field: [sentence]})


def told(error: tk.ValidationError) -> str:
    """Return the sentences of an error in one line. CKAN's own summary does not say what is wrong with which file."""
    said: dict[str, Any] = error.error_dict
    lists = (each if isinstance(each, list) else [each] for each in said.values())
    return " ".join(str(sentence) for each in lists for sentence in each)


def _write_audit(release: Release, event: Event, actor: Actor, reason: str | None, facts: dict[str, Any]) -> None:
    data = {
        "package": release.package_id,
        "snapshot_sha256": release.snapshot_sha256,
        "role": actor.role,
        # Free text can be erased one day and the log cannot: it keeps the text's hash.
        "reason_sha256": hashlib.sha256(reason.encode()).hexdigest() if reason else None,
        **facts,
    }
    audit.record(f"release.{event}", "release", release.id, data, actor.id)


def _does_not_fit(error: ImpossibleTransitionError, release: Release) -> str:
    if error.state is State.RELEASED and error.event in (Event.APPROVE, Event.RELEASE, Event.OVERRIDE):
        return tk._("This release is public already; nothing had to be done.")
    if error.state is State.BLOCKED and error.event is Event.APPROVE:
        return f"{tk._('This release is blocked.')} {next_step.sentence(error.state, release.reasons)}"
    if error.state in (State.REQUESTED, State.SCANNING):
        return tk._("The files are still being scanned; please wait until that has ended.")
    called = state_names.of_release(error.state)
    return tk._("This release is not where this step is possible. It is now: {state}.").format(state=called)
