"""What the states of releases and agreements are called, wherever people read of one: pages, answers, e-mails."""

from __future__ import annotations

from ckan.plugins import toolkit as tk

from ckanext.privacy.translation import N_

#: Release state -> (word, tone, what it means). The tone only picks a border; the word carries the meaning.
RELEASES = {
    "draft": (N_("Held"), "held", N_("Nobody has asked for a release yet.")),
    "requested": (N_("Requested"), "waiting", N_("A release was asked for; the files are about to be scanned.")),
    "scanning": (N_("Being scanned"), "waiting", N_("The files are being scanned for data about people.")),
    "in_review": (N_("In review"), "waiting", N_("A steward looks at it next.")),
    "blocked": (N_("Held: something must be changed"), "stop", N_("It cannot be released as it is.")),
    "scheduled": (N_("Approved for a day"), "waiting", N_("On its day it is looked at again and becomes public.")),
    "released": (N_("Released"), "ok", N_("The public sees this version.")),
    "held": (N_("On hold"), "stop", N_("It was public; it is closed for now, until a steward has looked at it.")),
    "returned": (N_("Returned"), "stop", N_("A steward asked for changes.")),
    "rejected": (N_("Refused"), "stop", N_("A steward refused the release.")),
    "withdrawn": (N_("Withdrawn"), "stop", N_("It was public and was taken down.")),
    "superseded": (N_("Replaced"), "held", N_("A newer release took its place.")),
    "expired": (N_("Expired"), "stop", N_("Its time ended; the public no longer sees it.")),
    "cancelled": (N_("Cancelled"), "held", N_("The person who asked took the request back.")),
}

#: DPV's status -> (word, tone).
AGREEMENTS = {
    "ConsentRequested": (N_("Asked, not answered yet"), "waiting"),
    "ConsentRequestDeferred": (N_("Asked, the answer was put off"), "waiting"),
    "ConsentRefused": (N_("Said no"), "stop"),
    "ConsentGiven": (N_("Agreed"), "ok"),
    "RenewedConsentGiven": (N_("Agreed again"), "ok"),
    "ConsentWithdrawn": (N_("Taken back"), "stop"),
    "ConsentRevoked": (N_("Ended by the organization"), "stop"),
    "ConsentExpired": (N_("Its time has passed"), "held"),
    "ConsentInvalidated": (N_("Was not valid"), "stop"),
}


def of_release(state: str) -> str:
    """Return what a release's state is called, in the reader's language."""
    return tk._(RELEASES[state][0])


def of_agreement(status: str | None) -> str:
    """Return what an agreement's status is called, in the reader's language; nothing before it is written down."""
    return tk._(AGREEMENTS[status][0]) if status else ""
