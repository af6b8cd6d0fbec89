"""What ends a release without anybody deciding about it: deletion, unpublishing, purging, another organisation.

It happens in the transaction of the change itself, so that no order of events leaves a release behind. Undeleting
revives nothing: the release has ended. What was purged is erased: nobody is left who could ask for it.
"""

from __future__ import annotations

import sqlalchemy as sa
from ckan import model
from sqlalchemy.orm import Session

from ckanext.privacy.engine.sentences import say
from ckanext.privacy.gate import activities, audience, erasure, index
from ckanext.privacy.model import Decision, Release
from ckanext.privacy.model.columns import now
from ckanext.privacy.workflow import audit, people
from ckanext.privacy.workflow.transitions import OPEN_STATES, STANDING_STATES, Event, State, advance

DELETED = say("The dataset was deleted.")
UNPUBLISHED = say("The dataset was made a draft again.")
PURGED = say("The dataset was purged.")
MOVED = say("The dataset was moved to another organization.")
_PURGED = "privacy_purged"


def end(session: Session, package: model.Package, reason: str) -> None:
    """End whatever release or request of a dataset is under way. Called while ``session`` is about to flush."""
    query = sa.select(Release).where(
        Release.package_id == package.id, Release.state.in_((*STANDING_STATES, *OPEN_STATES))
    )
    releases = session.scalars(query.with_for_update()).all()
    if not releases:
        return
    actor, role = _actor(package)
    for release in releases:
        _end(session, release, reason, actor, role)
    activities.close(session, package)
    index.forget(package.id)


def purge(session: Session, package: model.Package) -> None:
    """End what is under way of a dataset that is being removed for good; it is erased once its rows are gone."""
    end(session, package, PURGED)
    session.info.setdefault(_PURGED, set()).add(package.id)


def erase_purged(session: Session) -> None:
    """Erase what the gate kept of datasets whose rows have gone, in the same transaction. Called after each flush."""
    for package_id in session.info.pop(_PURGED, ()):
        # A flush that failed may have left it here.
        if session.get(model.Package, package_id) is None:
            erasure.erase_purged(session, package_id, PURGED)


def _end(session: Session, release: Release, reason: str, actor: str, role: str) -> None:
    before = State(release.state)
    event = Event.WITHDRAW if before in STANDING_STATES else Event.CANCEL
    release.state = advance(before, event).value
    release.ended, release.ended_reason = now(), reason
    # CKAN takes it out of the index by itself, but an approval at the same moment may have written after that.
    release.index_behind = before in STANDING_STATES
    facts = {"release_id": release.id, "snapshot_sha256": release.snapshot_sha256}
    session.add(Decision(user_id=actor, role=role, event=event.value, reason=reason, **facts))
    data = {"package": release.package_id, "snapshot_sha256": release.snapshot_sha256, "role": role}
    data |= {"from": before.value, "to": release.state, "because": reason}
    audit.append(session, audit.Entry(f"release.{event}", "release", release.id, data, actor))


def _actor(package: model.Package) -> tuple[str, str]:
    """Return who did it, and in which role; a command or a job is the catalogue itself."""
    user = audience.visitor()
    return (user.id, people.role(user, package.owner_org)) if user else (people.POLICY, people.POLICY)
