"""What can be decided about a release, in words: forms, ready-made reasons, and what was decided before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.privacy.said import said
from ckanext.privacy.translation import N_
from ckanext.privacy.views import words
from ckanext.privacy.workflow import next_step
from ckanext.privacy.workflow.transitions import OPEN_STATES, STANDING_STATES, TRANSITIONS, Event, State

Json = Mapping[str, Any]

#: decision -> title, hint, button, and reasons that can be picked and edited
FORMS: dict[str, dict[str, Any]] = {
    "return": {
        "title": N_("Return it for changes"),
        "hint": N_("The person who asked sees your reason, changes the dataset and asks again."),
        "button": N_("Return for changes"),
        "style": "btn-outline",
        "reasons": (
            N_("A column names or reaches people directly. Please remove or mask it, then ask again."),
            N_("Some groups of people are too small. Please make ages, places or dates coarser, then ask again."),
            N_("The description does not say how the data was collected, or who agreed to it. Please add it."),
            N_("The table has errors that readers would stumble over. Please correct them, then ask again."),
        ),
    },
    "reject": {
        "title": N_("Refuse it"),
        "hint": N_("For data that should not be public at all. The person who asked can appeal."),
        "button": N_("Refuse this release"),
        "style": "btn-danger",
        "reasons": (
            N_("Releasing this data could harm the people in it, and no cleaning would leave it useful."),
            N_("There is no legal basis, or no agreement of the community, for making this public."),
            N_("The community asked that this data is not released."),
        ),
    },
    "withdraw": {
        "title": N_("Take it down"),
        "hint": N_("The public stops seeing the dataset at once: page, downloads, tables and search."),
        "button": N_("Take this release down"),
        "style": "btn-danger",
        "reasons": (
            N_("People in the data can be recognised."),
            N_("The community, or a person in the data, asked for it."),
            N_("The data is wrong, or was released by mistake."),
        ),
    },
    "erase": {
        "title": N_("Erase it for good"),
        "hint": N_(
            "Everything that was kept of it goes, older versions too: files, rows, titles, names of files, notes and "
            "reasons. What another version shows stays for that."
        ),
        "button": N_("Erase it for good"),
        "style": "btn-danger",
        "reasons": (
            N_("The community, or a person in the data, asked for it."),
            N_("It is not needed any more."),
        ),
    },
    "hold": {
        "title": N_("Put it on hold"),
        "hint": N_("The public stops seeing the dataset at once; it can be shown again later, exactly as it was."),
        "button": N_("Put this release on hold"),
        "style": "btn-danger",
        "reasons": (
            N_("Somebody reported a concern; a steward looks at it."),
            N_("It may be wrong; a steward looks at it."),
        ),
    },
    "resume": {
        "title": N_("Show it again"),
        "hint": N_("The public sees the dataset again, exactly as it was before the hold."),
        "button": N_("Show this release again"),
        "style": "btn-primary",
        "reasons": (N_("The concern was looked into; nobody is at risk."),),
    },
    "confirm": {
        "title": N_("Look at it again"),
        "hint": N_("Say that you looked at it and that it may stay public, and until when."),
        "button": N_("It may stay public"),
        "style": "btn-primary",
        "reasons": (N_("Looked at it again; nothing has changed for the people in the data."),),
    },
    "override": {
        "title": N_("Use the emergency exit"),
        "hint": N_(
            "For danger to life and nothing less: the data goes out without the approvals that the policy asks for. "
            "The public register shows that you did, and why. Where people said no it does not open."
        ),
        "button": N_("Release it as an emergency"),
        "style": "btn-danger",
        "reasons": (),
    },
    "appeal": {
        "title": N_("Appeal against the refusal"),
        "hint": N_("Openness is a right too. Say why this should be looked at again; a steward decides anew."),
        "button": N_("Appeal"),
        "style": "btn-primary",
        "reasons": (),
    },
}

#: Decisions whose reason the public register shows.
PUBLIC = frozenset({"reject", "withdraw", "erase", "hold", "resume", "confirm", "override"})
#: Decisions whose action is not called ``privacy_release_`` and their name.
ACTIONS = {"override": "privacy_override", "erase": "privacy_release_withdraw"}

DONE = {
    "approve": N_("Your approval is recorded."),
    "return": N_("You returned the release. The person who asked sees your reason."),
    "reject": N_("You refused the release. The person who asked sees your reason and can appeal."),
    "withdraw": N_("You took the release down. The public no longer sees the dataset."),
    "erase": N_("What was kept of it is erased for good."),
    "hold": N_("The release is on hold. The public no longer sees the dataset."),
    "resume": N_("The public sees the dataset again."),
    "confirm": N_("Your look is recorded. The dataset stays public."),
    "override": N_("The dataset is public. The register says that it was an emergency, and why."),
    "appeal": N_("Your appeal is recorded. A steward looks at the release again."),
}


def offered(release: Json) -> dict[str, Any]:
    """Return the decisions that fit the state and the reader, and why the reader cannot approve where that is so."""
    state = State(release["state"])
    fit = {str(event) for (before, event) in TRANSITIONS if before is state}
    if state not in (*OPEN_STATES, *STANDING_STATES) and not release["erased"]:
        fit.add("erase")
    open_to = [name for name in ("approve", *FORMS) if name in fit and release["may"][name] is None]
    return {
        "decisions": open_to,
        "forms": [_form(name) for name in FORMS if name in open_to],
        "cannot": _why_not_approve(state, release),
        "own_refusal": _own_refusal(open_to, release),
        "approve_sentence": _approve_sentence(release),
    }


def _why_not_approve(state: State, release: Json) -> str | None:
    if state is State.BLOCKED:
        opens = next_step.sentence(state, release["reasons"] or ())
        return f"{tk._('Nobody can approve this as it is. What an editor can do:')} {opens}"
    return release["may"]["approve"] if state is State.IN_REVIEW else None


def _own_refusal(open_to: list[str], release: Json) -> str | None:
    if not release["own_refusal"] or not {"approve", "return", "reject"} & {*open_to}:
        return None
    return tk._(
        "You refused this yourself, and no other steward can decide about the appeal. The log says that you did."
    )


def _form(decision: str) -> dict[str, Any]:
    form = FORMS[decision]
    said = {key: tk._(form[key]) for key in ("title", "hint", "button")}
    reasons = [tk._(each) for each in form["reasons"]]
    return {**said, "decision": decision, "style": form["style"], "reasons": reasons, "public": decision in PUBLIC}


def _approve_sentence(release: Json) -> str:
    left = max((release["needs"] or 1) - release["approvals"], 1)
    if left > 1:
        return tk._("Two stewards must approve. After you, one more is needed before anything is public.")
    if release["public_on"]:
        return tk._("After your approval it waits for its day, is looked at again, and becomes public then.")
    return tk._("After your approval the public sees exactly this version.")


def approvals(release: Json) -> str:
    """Say how many of the needed approvals are there, where more than one is needed."""
    if (release["needs"] or 0) < 2:
        return ""
    return tk._("{have} of {needs} have approved").format(have=release["approvals"], needs=release["needs"])


def parameters(decision: str, form: Mapping[str, str]) -> dict[str, Any]:
    """Return what the action is asked with."""
    if decision == "approve":
        return {name: form.get(name, "") for name in ("snapshot_sha256", "note", "public_on")}
    asked: dict[str, Any] = {"reason": reason(decision, form)}
    if decision == "withdraw":
        asked["erase"] = form.get("erase") == "true"
    if decision == "erase":
        asked["erase"] = True
    if decision == "confirm":
        asked["review_by"] = form.get("review_by", "")
    return asked


def reason(decision: str, form: Mapping[str, str]) -> str:
    """Join the reason that was picked with the words that were written; the same words twice count once."""
    ready = FORMS[decision]["reasons"]
    number = form.get("picked", "")
    picked = tk._(ready[int(number)]) if number.isdigit() and int(number) < len(ready) else ""
    written = form.get("reason", "").strip()
    if not picked or written.startswith(picked):
        return written
    return f"{picked} {written}".strip()


def typed(decision: str, form: Mapping[str, str]) -> dict[str, str]:
    """Return what a form held, so that nothing has to be typed twice."""
    kept = ("note", "reason", "picked", "public_on", "review_by")
    return {"decision": decision, **{name: form.get(name, "") for name in kept}}


def history(release: Json) -> list[dict[str, str]]:
    """Return who did what to a release, oldest first."""
    asked = {
        "person": named(release["requested_by"]),
        "event": tk._(words.EVENTS["request"]),
        "time": words.time(release["created"]),
        "reason": said(release["note"]),
    }
    return [asked, *(_told(each) for each in release["decisions"] if each["event"] != Event.SCAN)]


def _told(each: Json) -> dict[str, str]:
    return {
        "person": named(each["user"]) if each["user"] else words.say(words.ROLES, each["role"]),
        "event": words.say(words.EVENTS, each["event"]),
        "time": words.time(each["created"]),
        "reason": said(each["reason"]),
    }


def named(person: Json | None) -> str:
    """Return the name a person goes by; an account that is gone has none, and the site's own is nobody's."""
    if person is None:
        return tk._("somebody whose account is gone")
    return tk._("the catalogue itself") if person["name"] == tk.config["ckan.site_id"] else person["display_name"]
