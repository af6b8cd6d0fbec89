"""What happens to an agreement after it was written down, and at once to everything that rests on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.privacy import config
from ckanext.privacy.engine import consent as rules
from ckanext.privacy.engine.consent import Event, Status
from ckanext.privacy.engine.sentences import to_say
from ckanext.privacy.model import Consent, ConsentChange, Release
from ckanext.privacy.model.columns import now
from ckanext.privacy.workflow import consents, legal_basis, notify, people, publishing, steps
from ckanext.privacy.workflow.one_by_one import Done, one_by_one
from ckanext.privacy.workflow.transitions import STANDING_STATES, State
from ckanext.privacy.workflow.transitions import Event as Step

HOLDER = steps.Actor(people.COMMUNITY, people.COMMUNITY)

#: Why a release ends, as the public register tells it.
REASONS = {
    Event.WITHDRAW: to_say("Those who had agreed took their agreement back."),
    Event.REFUSE: to_say("Those who were asked said no."),
    Event.REVOKE: to_say("The organization ended the agreement that it rested on."),
    Event.EXPIRE: to_say("The time that people had agreed to has passed."),
}
#: Saying no before one has agreed is refusing.
_NO = {Status.REQUESTED: Event.REFUSE, Status.DEFERRED: Event.REFUSE}
_SAID_NO = frozenset({*rules.OBJECTIONS, Status.REVOKED, Status.INVALIDATED})


def write_down(wish: consents.Wish) -> tuple[Consent, str]:
    """Write an agreement down and commit; return it and the secret of its withdrawal link, which is kept nowhere.

    Where people said no, what that reaches is taken down in the same transaction.
    """
    record, token = consents.create(wish)
    if record.status in rules.OBJECTIONS:
        _close(record, Event.REFUSE, steps.Actor.person(wish.user, consents.organization(record)))
    model.Session.commit()
    return record, token


def withdraw(record_id: str, actor: steps.Actor, *, by_controller: bool = False) -> tuple[Consent, ConsentChange]:
    """Take an agreement back and everything that rests on it down, in one transaction; again changes nothing.

    ``by_controller`` says that the organisation ends it, not those who agreed: that is another event.
    """
    record = _lock(record_id)
    status = legal_basis.status_of(record)
    if status in _SAID_NO:
        model.Session.rollback()
        record = _get(record_id)
        return record, ConsentChange.of(record_id)[-1]
    event = Event.REVOKE if by_controller else _NO.get(status, Event.WITHDRAW)
    return record, _end(record, event, actor)


def renew(record_id: str, user: model.User, until: dt.datetime | None, valid_for: str) -> Consent:
    """Note that people agreed again, for another while; what is public on the agreement goes on until then.

    Where its time had passed, that comes first: what rested on it ends, and needs a new request.
    """
    record = _lock(record_id)
    if _has_run_out(record):
        _end(record, Event.EXPIRE, steps.CLOCK)
        record = _lock(record_id)
    at = now()
    end = consents.period_end(at, until, valid_for)
    event = Event.GIVE if record.status in (Status.REQUESTED, Status.DEFERRED, Status.REFUSED) else Event.RENEW
    actor = steps.Actor.person(user, consents.organization(record))
    consents.note_event(record, event, actor, at=at, until=end, datasets=record.package_ids)
    for release in _resting_on(record):
        # An end that has passed was seen by everybody: it is no renewal's to move.
        if release.expires is None or release.expires > at:
            legal_basis.settle_end(release)
    model.Session.commit()
    return record


def expire() -> Done[str]:
    """Note the end of every agreement whose time has passed, and take down what rests on it; return their ids."""
    query = sa.select(Consent.id).where(Consent.status.in_(tuple(map(str, rules.VALID))), Consent.until <= now())
    return one_by_one(list(model.Session.scalars(query)), _expire)


def _expire(record_id: str) -> str | None:
    record = _lock(record_id)
    if not _has_run_out(record):
        model.Session.rollback()
        return None
    _end(record, Event.EXPIRE, steps.CLOCK)
    return record_id


def _has_run_out(record: Consent) -> bool:
    """Say whether the time of an agreement has passed and nobody has noted it yet."""
    return record.status in rules.VALID and not legal_basis.holds(record)


def remind() -> Done[str]:
    """Tell editors and stewards once which agreements end soon; return their ids."""
    soon = now() + dt.timedelta(days=config.reminder_days())
    query = sa.select(Consent.id).where(
        Consent.status.in_(tuple(map(str, rules.VALID))),
        Consent.until.between(now(), soon),
        sa.or_(Consent.reminded.is_(None), Consent.reminded != Consent.until),
    )
    return one_by_one(list(model.Session.scalars(query)), _remind)


def _remind(record_id: str) -> str:
    record = _get(record_id)
    record.reminded = record.until
    model.Session.commit()
    notify.agreement_ends(record_id)
    return record_id


def _end(record: Consent, event: Event, actor: steps.Actor) -> ConsentChange:
    """Append the event, take down what is public and block what waits: all of it, or nothing."""
    change = consents.note_event(record, event, actor, datasets=record.package_ids)
    _close(record, event, actor)
    return change


def _close(record: Consent, event: Event, actor: steps.Actor) -> None:
    """Take down what an event ends and block what waits, in one transaction with what was written; commit."""
    releases = [each for each in _standing(record.package_ids) if _is_reached(each, record, event)]
    blocked = _block_waiting(record, actor)
    step = Step.EXPIRE if event is Event.EXPIRE else Step.WITHDRAW
    publishing.take_down_all(releases, step, actor, REASONS[event])
    for release in (*releases, *blocked):
        notify.decided(release.id)


def _is_reached(release: Release, record: Consent, event: Event) -> bool:
    """Say whether a standing release ends with this event of an agreement about its dataset."""
    if _rests_on(release, record):
        return True
    if not legal_basis.bound(release):
        # It was public before the gate, so nobody knows what it rests on: the person in the data wins.
        return True
    package = release.snapshot["package"]
    if event is Event.WITHDRAW and record.allows_release and legal_basis.rests_on_consent(package):
        # It was written down after the release, which would rest on it too if it were asked for now.
        return True
    # A community's no that stands reaches everything that is about it, on whatever basis it was released.
    return bool(legal_basis.problems(package))


def _block_waiting(record: Consent, actor: steps.Actor) -> list[Release]:
    """Block and return the requests that wait and may not go any more; what is still being scanned is judged later."""
    waiting = (State.IN_REVIEW, State.SCHEDULED)
    query = sa.select(Release).where(Release.package_id.in_(record.package_ids), Release.state.in_(waiting))
    blocked = []
    for release in model.Session.scalars(query.with_for_update().execution_options(populate_existing=True)).all():
        lacks = legal_basis.problems(release.snapshot["package"])
        if lacks:
            release.reasons = [*legal_basis.reasons(lacks), *release.reasons]
            release.outcome, release.needs = "blocked", 0
            steps.take(release, Step.BLOCK, actor)
            blocked.append(release)
    return blocked


def _resting_on(record: Consent) -> list[Release]:
    return [each for each in _standing(record.package_ids) if _rests_on(each, record)]


def _rests_on(release: Release, record: Consent) -> bool:
    return record.id in {known["id"] for known in legal_basis.bound(release).get("records", ())}


def _standing(package_ids: Sequence[str]) -> list[Release]:
    query = sa.select(Release).where(Release.package_id.in_(package_ids), Release.state.in_(STANDING_STATES))
    return list(model.Session.scalars(query.with_for_update().execution_options(populate_existing=True)))


def _lock(record_id: str) -> Consent:
    """Return a record that nobody else can change, nor the datasets it covers, until the transaction ends."""
    for package_id in sorted(_get(record_id).package_ids):
        steps.lock_package(package_id)
    model.Session.expire_all()
    record = Consent.get(record_id, for_update=True)
    if record is None:
        raise tk.ObjectNotFound(tk._("There is no such agreement."))
    return record


def _get(record_id: str) -> Consent:
    record = Consent.get(record_id)
    if record is None:
        raise tk.ObjectNotFound(tk._("There is no such agreement."))
    return record
