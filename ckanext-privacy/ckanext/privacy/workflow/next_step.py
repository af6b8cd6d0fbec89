"""What happens next to a release, and whose turn it is: one table, which pages, answers and e-mails share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.privacy.translation import N_
from ckanext.privacy.workflow import legal_basis
from ckanext.privacy.workflow.transitions import State

OFFICER, STEWARD, SCANNER, CLOCK, NOBODY = "officer", "steward", "scanner", "clock", "nobody"

#: Release state -> (what happens next, who does it). What is blocked is told by its reasons.
_NEXT: dict[str, tuple[str, str]] = {
    "draft": (N_("Ask for the release."), OFFICER),
    State.REQUESTED: (N_("The files are about to be scanned."), SCANNER),
    State.SCANNING: (N_("The files are being scanned."), SCANNER),
    State.IN_REVIEW: (N_("A steward looks at it and decides."), STEWARD),
    State.BLOCKED: ("", OFFICER),
    State.RETURNED: (N_("Read the reason, change the dataset, then ask again."), OFFICER),
    State.REJECTED: (N_("Read the reason; you can appeal, or change the dataset and ask again."), OFFICER),
    State.WITHDRAWN: (N_("It was taken down; change the dataset, then ask again."), OFFICER),
    State.EXPIRED: (N_("Its end date has passed; look at it again, then ask for a new release."), OFFICER),
    State.SCHEDULED: (N_("It is approved; on its day it is looked at again and released."), CLOCK),
    State.RELEASED: ("", NOBODY),
    State.HELD: (N_("It is on hold; a steward looks at it and decides."), STEWARD),
    State.CANCELLED: (N_("Ask for the release."), OFFICER),
    State.SUPERSEDED: (N_("Ask for the release."), OFFICER),
}

_CLEAN = N_("Clean or replace what was found, then ask again.")
#: Rule that blocks a release -> what opens the way again, where that is not cleaning.
_OPENS = {
    legal_basis.RULE: N_("See to the agreement of the people in the data, then ask again."),
    "held": N_("A file could not be looked at: ask again to have it scanned anew, or replace it."),
    "address": N_("Put right the addresses of the linked files, then ask again."),
}


def actor(state: str) -> str:
    """Return whose turn it is: ``officer``, ``steward``, ``scanner``, ``clock`` or ``nobody``."""
    return _NEXT[state][1]


def sentence(state: str, reasons: Sequence[Mapping[str, Any]] = ()) -> str:
    """Return what happens next; of what is blocked, what each of the reasons that block it asks for."""
    if state != State.BLOCKED:
        said = _NEXT[state][0]
        return tk._(said) if said else ""
    rules = (reason["rule"] for reason in reasons if reason["outcome"] == "blocked")
    asked = dict.fromkeys(_OPENS.get(rule, _CLEAN) for rule in rules)
    return " ".join(tk._(each) for each in asked or [_CLEAN])
