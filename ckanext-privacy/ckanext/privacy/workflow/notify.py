"""E-mails about releases. A courtesy: no step of a release waits for one or fails with one."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ckan import model
from ckan.lib.mailer import MailerException, mail_user
from ckan.plugins import toolkit as tk
from redis.exceptions import RedisError

from ckanext.privacy import config
from ckanext.privacy.model import Concern, Consent, Release, Reminder, Steward
from ckanext.privacy.translation import N_
from ckanext.privacy.workflow import next_step, people
from ckanext.privacy.workflow.transitions import State

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Mail:
    """What an e-mail says, and about which dataset: only who works on that gets it. None: for system administrators.

    ``readers`` are who gets it besides, whatever they may do by then: who is dismissed is told so.
    """

    subject: str
    body: str
    package_id: str | None
    readers: Collection[str] = ()


def judged(release_id: str) -> None:
    """Tell whose turn it is once the scan has ended: the stewards, or who asked where something must be changed."""
    release = Release.get(release_id)
    if release is not None and next_step.actor(release.state) == next_step.STEWARD:
        _tell_stewards(release)
    elif release is not None:
        _tell_requester(release)


def decided(release_id: str) -> None:
    """Tell the person who asked what was decided, and the stewards where it is their turn now."""
    release = Release.get(release_id)
    if release is None:
        return
    _tell_requester(release)
    if next_step.actor(release.state) == next_step.STEWARD:
        _tell_stewards(release)


def agreement_ends(consent_id: str) -> None:
    """Remind the editors and stewards of a dataset that an agreement about it ends soon."""
    record = Consent.get(consent_id)
    package = model.Session.get(model.Package, record.package_ids[0]) if record else None
    if record is None or package is None or not package.owner_org:
        return
    readers = {record.created_by, *(steward.user_id for steward in Steward.of(package.owner_org))}
    _queue(readers, "agreement_ends", package.id)


def concern_came(concern_id: str) -> None:
    """Tell the stewards of the organisation that somebody is worried; what they wrote stands on the page alone."""
    concern = Concern.get(concern_id)
    if concern is not None and concern.owner_org:
        _queue([each.user_id for each in Steward.of(concern.owner_org)], "concern_came", concern_id)


def leaks_found() -> None:
    """Tell whoever runs the site that the public may read what no release shows; what it is stands in no e-mail."""
    _queue(people.sysadmins(), "leaks_found", "")


def reminded(reminder_id: str) -> None:
    """Tell the people of a reminder what waits for them, and until when."""
    reminder = model.Session.get(Reminder, reminder_id)
    if reminder is not None:
        _queue(reminder.readers, reminder.step, reminder_id)


def send(user_id: str, about: str, subject_id: str) -> None:
    """Write and send one e-mail; one that cannot be sent is logged and forgotten.

    It is written only now: what was erased meanwhile is in no queue, and in no e-mail, and who is no steward or editor
    any more gets none.
    """
    user = model.User.get(user_id)
    mail = _written(about, subject_id)
    if mail is None or user is None or not user.is_active or not user.email or not _may_read(user, mail):
        return
    try:
        mail_user(user, mail.subject, mail.body)
    except (MailerException, OSError, ValueError) as error:
        log.warning("A notification could not be sent (%s).", type(error).__name__)


def _may_read(user: model.User, mail: Mail) -> bool:
    if user.id in mail.readers:
        return True
    if mail.package_id is None:
        return bool(user.sysadmin)
    package = model.Session.get(model.Package, mail.package_id)
    return package is not None and (people.is_steward(user, package.owner_org) or people.may_update(user, package.id))


def _written(about: str, subject_id: str) -> Mail | None:
    """Return what is to be said, or None where there is nothing to say it about any more."""
    if about in _REMINDERS:
        return _of_reminder(model.Session.get(Reminder, subject_id))
    if about in _ADDRESSES:
        subject, body, endpoint = _ADDRESSES[about]
        url = tk.url_for(endpoint, id=subject_id or None, _external=True)
        return Mail(tk._(subject), tk._(body).format(url=url), _dataset_of(about, subject_id))
    return _of_release(about, Release.get(subject_id))


def _dataset_of(about: str, subject_id: str) -> str | None:
    concern = Concern.get(subject_id) if about == "concern_came" else None
    return concern.package_id if concern else subject_id or None


def _of_release(about: str, release: Release | None) -> Mail | None:
    if release is None or about not in _SUBJECTS:
        return None
    # A subject has one line, whatever an editor made of the title.
    title = " ".join(str(release.snapshot.get("package", {}).get("title") or release.package_id).split())
    url = tk.url_for("dataset.read", id=release.package_id, _external=True)
    body = _BODIES.get(about, _DECIDED)
    subject = tk._(_SUBJECTS[about]).format(title=title)
    return Mail(subject, tk._(body).format(title=title, url=url), release.package_id)


def _of_reminder(reminder: Reminder | None) -> Mail | None:
    if reminder is None:
        return None
    url = tk.url_for(PAGES[reminder.object_type], id=reminder.object_id, _external=True)
    release = Release.get(reminder.object_id)
    blocked = release is not None and release.state == State.BLOCKED and reminder.step in _BLOCKED
    subject, body = (_BLOCKED if blocked else _REMINDERS)[reminder.step]
    text = tk._(body).format(date=reminder.due.date().isoformat(), url=url)
    readers = reminder.readers if reminder.object_type == "organization" else ()
    return Mail(tk._(subject), text, reminder.package_id or None, readers)


#: The page of what somebody is reminded of.
PAGES = {"release": "privacy.review", "concern": "privacy.concern", "organization": "privacy.stewards"}
#: What is about something that is named by its address alone: subject, text, and the page.
_ADDRESSES = {
    "leaks_found": (
        N_("ALARM: something unreleased may be public"),
        N_(
            "The leak check found what no release shows, or could not compare something. On the server, “ckan privacy "
            "leak-check” names each place. The queue says how many there are:\n\n{url}"
        ),
        "privacy.queue",
    ),
    "agreement_ends": (
        N_("An agreement ends soon"),
        N_("An agreement about this dataset ends soon; then the dataset is taken down. Ask people again:\n\n{url}"),
        "privacy.consents",
    ),
    "concern_came": (
        N_("A concern was reported"),
        N_("Somebody reported a concern about a public dataset. Please look at it soon:\n\n{url}"),
        "privacy.concern",
    ),
}

_BLOCKED = {
    "due_soon": (
        N_("A change is due soon"),
        N_("Please change what holds this release by {date}, or take the request back:\n\n{url}"),
    ),
    "late": (
        N_("A change is late"),
        N_("What holds this release should have been changed by {date}. Please see to it:\n\n{url}"),
    ),
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
    "stewards_changed": (
        N_("The stewards of an organization have changed"),
        N_("Since {date} others decide what it makes public. Please see whether that is right:\n\n{url}"),
    ),
}


#: What stewards are told of a release whose turn it is for them to decide.
_WAITS, _WAITS_ON_HOLD = "waits", "waits_on_hold"
_BODIES = {
    _WAITS: N_("Somebody asked to make the dataset “{title}” public. Please look at it:\n\n{url}"),
    _WAITS_ON_HOLD: N_("Please look at it, and show the dataset again or take it down:\n\n{url}"),
}
_DECIDED = N_("The page of the release says what happened and what comes next:\n\n{url}")
_SUBJECTS = {
    _WAITS: N_("A release is waiting for you: {title}"),
    _WAITS_ON_HOLD: N_("On hold: {title}"),
    "scheduled": N_("Approved, and public on its day: {title}"),
    "in_review": N_("Back in review: {title}"),
    "released": N_("Released: {title}"),
    "returned": N_("Returned with a reason: {title}"),
    "rejected": N_("Refused with a reason: {title}"),
    "held": N_("On hold: {title}"),
    "withdrawn": N_("Taken down: {title}"),
    "expired": N_("Ended: {title}"),
    "blocked": N_("Something must be changed first: {title}"),
    "cancelled": N_("It changed while it was scanned, so please ask again: {title}"),
}


def _tell_stewards(release: Release) -> None:
    if not release.owner_org:
        return
    readers = [steward.user_id for steward in Steward.of(release.owner_org) if steward.user_id != release.requested_by]
    _queue(readers, _WAITS_ON_HOLD if release.state == State.HELD else _WAITS, release.id)


def _tell_requester(release: Release) -> None:
    if release.state in _SUBJECTS:
        _queue([release.requested_by], str(release.state), release.id)


def _queue(readers: Iterable[str], about: str, subject_id: str) -> None:
    """Hand e-mails to the workers: to whom, and about what, by ids. A queue keeps its jobs for a long time."""
    from ckanext.privacy import jobs

    if not (tk.config["smtp.server"] and tk.config["smtp.mail_from"]):
        return
    try:
        for reader in readers:
            args = [reader, about, subject_id]
            tk.enqueue_job(jobs.send_mail, args, title="Privacy notification", queue=config.queue())
    except (RedisError, OSError) as error:
        log.warning("Notifications could not be queued (%s).", type(error).__name__)
