"""What time does to releases: their day comes, they have to be looked at again, they end. The clock takes these steps.

Every step is taken under the dataset's lock and looks again at what it rests on. What fails is tried again at the next
run; until then nothing is public that should not be: reads look at the dates themselves.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.privacy import config
from ckanext.privacy.engine.policy import ReleaseOutcome, ReleaseVerdict
from ckanext.privacy.gate import removal, store
from ckanext.privacy.model import Release
from ckanext.privacy.model.columns import now
from ckanext.privacy.translation import N_
from ckanext.privacy.workflow import as_requested, judging, legal_basis, links, notify, people, publishing, steps
from ckanext.privacy.workflow.one_by_one import Done, one_by_one
from ckanext.privacy.workflow.transitions import STANDING_STATES, Event, State

CHANGED = N_("The dataset has changed since it was approved: look at it, and ask again.")
AGREED_ANEW = N_("The agreement that it rests on has changed since it was approved: look at it, and ask again.")
LOST = N_("The approved bytes are not in the release store as they were: ask for a new release.")
LATE = N_("The end date of the release had passed before its day came.")
NOT_LOOKED_AT = N_("The day by which somebody had to look at it again has passed.")
ENDED = N_("The end date of the release has passed.")


def release_due() -> Done[str]:
    """Release what was approved for a day that has come, and is still what was approved; return the ids released.

    Bytes, agreements and policy are looked at anew: what the policy now wants more approvals for goes back to review,
    what it blocks is blocked, what has changed is returned.
    """
    return _each(_due(Release.state == State.SCHEDULED.value, Release.public_on <= now()), _release_or_not)


def close_unreviewed() -> Done[str]:
    """Hold or take down, as the policy says, what nobody looked at again in time; return the ids."""
    return _each(_due(Release.state == State.RELEASED.value, Release.review_by <= now()), _close_unreviewed)


def end() -> Done[str]:
    """Take down, and erase if the policy says so, every release whose end date has passed; return the ids."""
    return _each(_due(Release.state.in_(STANDING_STATES), Release.expires <= now()), _end)


def _due(*conditions: sa.ColumnElement[bool]) -> list[str]:
    return list(model.Session.scalars(sa.select(Release.id).where(*conditions).order_by(Release.created)))


def _each(release_ids: list[str], step: Callable[[Release], bool]) -> Done[str]:
    """Take a step with each release by itself, so that one that fails does not stop the others."""
    return one_by_one(release_ids, lambda release_id: _take(release_id, step))


def _take(release_id: str, step: Callable[[Release], bool]) -> str | None:
    """Take a step and tell people, unless it was taken meanwhile; return the id where it led where it should."""
    release = steps.lock(release_id)
    before = release.state
    taken = step(release)
    moved = release.state != before
    model.Session.commit()
    if moved:
        notify.decided(release_id)
    return release_id if taken else None


def _release_or_not(release: Release) -> bool:
    if release.state != State.SCHEDULED or release.public_on is None or release.public_on > now():
        return False
    stop = _why_return(release)
    if stop:
        steps.take(release, Event.RETURN, steps.CLOCK, tk._(stop))
        return False
    verdict = judging.verdict_on(release, judging.scans_of(release))
    if verdict.outcome is ReleaseOutcome.BLOCKED or len(people.approvals(release)) < (verdict.outcome.approvals or 0):
        _back_to_people(release, verdict)
        return False
    publishing.make_public(release, Event.RELEASE, steps.CLOCK)
    return True


def _why_return(release: Release) -> str | None:
    if release.expires is not None and release.expires <= now():
        return LATE
    package = model.Session.get(model.Package, release.package_id)
    if package is None or package.state != "active":
        return CHANGED
    if not as_requested.is_current_dataset(release):
        return CHANGED
    if not legal_basis.problems(release.snapshot["package"]) and not legal_basis.as_seen(release):
        return AGREED_ANEW
    return links.why_not(release) or (None if all(map(_is_whole, _hashes(release))) else LOST)


def _hashes(release: Release) -> set[str]:
    return {sha256 for kind, sha256 in removal.content(release.snapshot) if kind == removal.BYTES}


def _is_whole(sha256: str) -> bool:
    """Say whether the store still holds exactly these bytes."""
    try:
        return store.measure(store.stream(sha256)).sha256 == sha256
    except store.NotStored:
        return False


def _back_to_people(release: Release, verdict: ReleaseVerdict) -> None:
    """Let people decide again about what the policy in force judges harder than the one it was approved under."""
    judging.note(release, verdict)
    event = Event.BLOCK if verdict.outcome is ReleaseOutcome.BLOCKED else Event.REOPEN
    steps.take(release, event, steps.CLOCK, outcome=release.outcome)


def _close_unreviewed(release: Release) -> bool:
    if release.state != State.RELEASED or release.review_by is None or release.review_by > now():
        return False
    event = Event.HOLD if config.policy().time.review_again == "hold" else Event.EXPIRE
    publishing.take_down(release, event, steps.CLOCK, tk._(NOT_LOOKED_AT))
    return True


def _end(release: Release) -> bool:
    if release.state not in STANDING_STATES or release.expires is None or release.expires > now():
        return False
    erase = config.policy().time.retention == "erase"
    publishing.take_down(release, Event.EXPIRE, steps.CLOCK, tk._(ENDED), erase=erase)
    return True
