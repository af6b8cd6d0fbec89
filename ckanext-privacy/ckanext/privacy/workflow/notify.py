"""E-mails about releases. A courtesy: no step of a release waits for one or fails with one.

What goes into the queue is who is told, of which event, and an id. The words are written where the mail is sent, for
people who are stewards or editors of the dataset by then: what is held is kept nowhere else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ckan import model
from ckan.lib.mailer import MailerException, mail_user
from ckan.plugins import toolkit as tk
from redis.exceptions import RedisError

from ckanext.privacy import config
from ckanext.privacy.model import Concern, Consent, Release, Reminder, Steward
from ckanext.privacy.translation import N_
from ckanext.privacy.workflow import people

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Letter:
    """What a mail says, and about which dataset: only who works on that dataset gets it."""

    package_id: str
    owner_org: str | None
    subject: str
    body: str


def requested(release_id: str) -> None:
    """Tell the stewards of the organisation that a release waits for them."""
    release = Release.get(release_id)
    if release is not None and release.owner_org:
        stewards = (steward.user_id for steward in Steward.of(release.owner_org))
        _queue([each for each in stewards if each != release.requested_by], "requested", release_id)


def judged(release_id: str) -> None:
    """Tell the person who asked that the scan has ended, when something must be changed before anybody can approve."""
    release = Release.get(release_id)
    if release is not None and release.outcome == "blocked":
        _tell_requester(release)


def decided(release_id: str) -> None:
    """Tell the person who asked what was decided."""
    release = Release.get(release_id)
    if release is not None:
        _tell_requester(release)


def agreement_ends(consent_id: str) -> None:
    """Remind the editors and stewards of a dataset that an agreement about it ends soon."""
    record = Consent.get(consent_id)
    package = model.Session.get(model.Package, record.package_ids[0]) if record else None
    if record is not None and package is not None and package.owner_org:
        readers = {record.created_by, *(steward.user_id for steward in Steward.of(package.owner_org))}
        _queue(readers, "agreement_ends", consent_id)


def concern_came(concern_id: str) -> None:
    """Tell the stewards of the organisation that somebody is worried; what they wrote stands on the page alone."""
    concern = Concern.get(concern_id)
    if concern is not None and concern.owner_org:
        _queue([each.user_id for each in Steward.of(concern.owner_org)], "concern_came", concern_id)


def reminded(reminder_id: str) -> None:
    """Tell the people of a reminder what waits for them, and until when."""
    reminder = model.Session.get(Reminder, reminder_id)
    if reminder is not None:
        _queue(reminder.readers, reminder.step, reminder_id)


def send(user_id: str, event: str, object_id: str) -> None:
    """Write and send one e-mail to somebody who still works on the dataset; one that cannot be sent is forgotten."""
    user, letter = model.User.get(user_id), _LETTERS[event](event, object_id)
    if user is None or letter is None or not user.is_active or not user.email or not _works_on(user, letter):
        return
    try:
        mail_user(user, letter.subject, letter.body)
    except (MailerException, OSError, ValueError) as error:
        log.warning("A notification could not be sent (%s).", type(error).__name__)


def _works_on(user: model.User, letter: Letter) -> bool:
    return people.is_steward(user, letter.owner_org) or people.may_update(user, letter.package_id)


def _tell_requester(release: Release) -> None:
    if release.state in _SUBJECTS:
        _queue([release.requested_by], release.state, release.id)


def _queue(readers: Iterable[str], event: str, object_id: str) -> None:
    from ckanext.privacy import jobs

    if not (tk.config["smtp.server"] and tk.config["smtp.mail_from"]):
        return
    try:
        for reader in readers:
            job = [reader, event, object_id]
            tk.enqueue_job(jobs.send_mail, job, title="Privacy notification", queue=config.queue())
    except (RedisError, OSError) as error:
        log.warning("Notifications could not be queued (%s).", type(error).__name__)


# Letters --------------------------------------------------------------------------------------------------------

_SUBJECTS = {
    "scheduled": N_("Approved, and public on its day: {title}"),
    "in_review": N_("Back in review: {title}"),
    "released": N_("Released: {title}"),
    "returned": N_("Returned with a reason: {title}"),
    "rejected": N_("Refused with a reason: {title}"),
    "held": N_("On hold: {title}"),
    "withdrawn": N_("Taken down: {title}"),
    "expired": N_("Ended: {title}"),
    "blocked": N_("Something must be changed first: {title}"),
}
_REMINDERS = {
    "due_soon": (
        N_("A decision is due soon"),
        N_("Please decide by {date}, or tell another steward that you cannot:\n\n{url}"),
    ),
    "late": (
        N_("A decision is late"),
        N_("This should have been decided by {date}. Please see to it that a steward decides:\n\n{url}"),
    ),
    "review_again": (
        N_("A release has to be looked at again"),
        N_("If nobody looks at it again by {date}, the public stops seeing it:\n\n{url}"),
    ),
}


def _of_request(_event: str, release_id: str) -> Letter | None:
    subject = tk._("A release is waiting for you: {title}")
    body = tk._("Somebody asked to make the dataset “{title}” public. Please look at it:\n\n{url}")
    return _of_release(release_id, subject, body)


def _of_decision(state: str, release_id: str) -> Letter | None:
    body = tk._("The page of the release says what happened and what comes next:\n\n{url}")
    return _of_release(release_id, tk._(_SUBJECTS[state]), body)


def _of_release(release_id: str, subject: str, body: str) -> Letter | None:
    release = Release.get(release_id)
    if release is None:
        return None
    title = str(release.snapshot.get("package", {}).get("title") or release.package_id)
    # A subject has one line, whatever an editor made of the title.
    words = {"title": " ".join(title.split()), "url": tk.url_for("dataset.read", id=release.package_id, _external=True)}
    return Letter(release.package_id, release.owner_org, subject.format(**words), body.format(**words))


def _of_agreement(_event: str, consent_id: str) -> Letter | None:
    record = Consent.get(consent_id)
    package = model.Session.get(model.Package, record.package_ids[0]) if record else None
    if package is None:
        return None
    url = tk.url_for("privacy.consents", id=package.id, _external=True)
    body = tk._("An agreement about this dataset ends soon; then the dataset is taken down. Ask people again:\n\n{url}")
    return Letter(package.id, package.owner_org, tk._("An agreement ends soon"), body.format(url=url))


def _of_concern(_event: str, concern_id: str) -> Letter | None:
    concern = Concern.get(concern_id)
    if concern is None:
        return None
    url = tk.url_for("privacy.concern", id=concern.id, _external=True)
    body = tk._("Somebody reported a concern about a public dataset. Please look at it soon:\n\n{url}").format(url=url)
    return Letter(concern.package_id, concern.owner_org, tk._("A concern was reported"), body)


def _of_reminder(step: str, reminder_id: str) -> Letter | None:
    reminder = model.Session.get(Reminder, reminder_id)
    if reminder is None:
        return None
    page, kind = {"release": ("privacy.review", Release), "concern": ("privacy.concern", Concern)}[reminder.object_type]
    about = kind.get(reminder.object_id)
    subject, body = map(tk._, _REMINDERS[step])
    words = {
        "date": reminder.due.date().isoformat(),
        "url": tk.url_for(page, id=reminder.object_id, _external=True),
    }
    return Letter(reminder.package_id, about.owner_org if about else None, subject, body.format(**words))


#: Who writes about which event. The events about a release that was decided on are called like its state.
_LETTERS: dict[str, Callable[[str, str], Letter | None]] = {
    "requested": _of_request,
    "agreement_ends": _of_agreement,
    "concern_came": _of_concern,
    **dict.fromkeys(_SUBJECTS, _of_decision),
    **dict.fromkeys(_REMINDERS, _of_reminder),
}
