"""E-mails about releases. A courtesy: no step of a release waits for one or fails with one."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from ckan import model
from ckan.lib.mailer import MailerException, mail_user
from ckan.plugins import toolkit as tk
from redis.exceptions import RedisError

from ckanext.privacy import config
from ckanext.privacy.model import Concern, Consent, Release, Reminder, Steward
from ckanext.privacy.translation import N_
from ckanext.privacy.workflow import next_step
from ckanext.privacy.workflow.transitions import State

log = logging.getLogger(__name__)


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
    url = tk.url_for("privacy.consents", id=package.id, _external=True)
    body = tk._("An agreement about this dataset ends soon; then the dataset is taken down. Ask people again:\n\n{url}")
    readers = {record.created_by, *(steward.user_id for steward in Steward.of(package.owner_org))}
    _queue(readers, tk._("An agreement ends soon"), body.format(url=url))


def concern_came(concern_id: str) -> None:
    """Tell the stewards of the organisation that somebody is worried; what they wrote stands on the page alone."""
    concern = Concern.get(concern_id)
    if concern is None or not concern.owner_org:
        return
    url = tk.url_for("privacy.concern", id=concern.id, _external=True)
    body = tk._("Somebody reported a concern about a public dataset. Please look at it soon:\n\n{url}").format(url=url)
    _queue([each.user_id for each in Steward.of(concern.owner_org)], tk._("A concern was reported"), body)


def reminded(reminder_id: str) -> None:
    """Tell the people of a reminder what waits for them, and until when."""
    reminder = model.Session.get(Reminder, reminder_id)
    if reminder is None:
        return
    url = tk.url_for(PAGES[reminder.object_type], id=reminder.object_id, _external=True)
    release = Release.get(reminder.object_id)
    blocked = release is not None and release.state == State.BLOCKED
    subject, body = (_BLOCKED if blocked else _REMINDERS)[reminder.step]
    words = {"date": reminder.due.date().isoformat(), "url": url}
    _queue(reminder.readers, tk._(subject), tk._(body).format(**words))


#: The page of what somebody is reminded of.
PAGES = {"release": "privacy.review", "concern": "privacy.concern", "organization": "privacy.stewards"}
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


def send(user_id: str, subject: str, body: str) -> None:
    """Send one e-mail; one that cannot be sent is logged and forgotten."""
    user = model.User.get(user_id)
    if user is None or not user.is_active or not user.email:
        return
    try:
        mail_user(user, subject, body)
    except (MailerException, OSError) as error:
        log.warning("A notification could not be sent (%s).", type(error).__name__)


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
    "cancelled": N_("It changed while it was scanned, so please ask again: {title}"),
}


def _tell_stewards(release: Release) -> None:
    if not release.owner_org:
        return
    readers = [steward.user_id for steward in Steward.of(release.owner_org) if steward.user_id != release.requested_by]
    title, url = _title(release), _url(release)
    if release.state == State.HELD:
        subject, body = _SUBJECTS["held"], N_("Please look at it, and show the dataset again or take it down:\n\n{url}")
    else:
        subject = N_("A release is waiting for you: {title}")
        body = N_("Somebody asked to make the dataset “{title}” public. Please look at it:\n\n{url}")
    _queue(readers, tk._(subject).format(title=title), tk._(body).format(title=title, url=url))


def _tell_requester(release: Release) -> None:
    subject = _SUBJECTS.get(release.state)
    if subject is None:
        return
    title = _title(release)
    body = tk._("The page of the release says what happened and what comes next:\n\n{url}").format(url=_url(release))
    _queue([release.requested_by], tk._(subject).format(title=title), body)


def _queue(readers: Iterable[str], subject: str, body: str) -> None:
    from ckanext.privacy import jobs

    if not (tk.config["smtp.server"] and tk.config["smtp.mail_from"]):
        return
    try:
        for reader in readers:
            tk.enqueue_job(jobs.send_mail, [reader, subject, body], title="Privacy notification", queue=config.queue())
    except (RedisError, OSError) as error:
        log.warning("Notifications could not be queued (%s).", type(error).__name__)


def _title(release: Release) -> str:
    return str(release.snapshot.get("package", {}).get("title") or release.package_id)


def _url(release: Release) -> str:
    return tk.url_for("dataset.read", id=release.package_id, _external=True)
