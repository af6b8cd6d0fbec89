"""The release panel of a dataset: what stands between it and the public, as a list of tasks, and who acts next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.privacy.engine.findings import Outcome
from ckanext.privacy.engine.policy import Reason
from ckanext.privacy.model import Release
from ckanext.privacy.model.scan import DONE, FAILED
from ckanext.privacy.views import differences, fields, places, words
from ckanext.privacy.views.calls import act, may
from ckanext.privacy.views.dataset import newest_scans, under_way
from ckanext.privacy.workflow import judging, legal_basis, requesting
from ckanext.privacy.workflow.transitions import OPEN_STATES, State

Json = Mapping[str, Any]
#: The section of the form that asks who agreed; its gaps are a task of their own.
BASIS_ANCHOR = "section-consent"
REQUEST_STATES = frozenset({State.REQUESTED, State.SCANNING, State.IN_REVIEW})


def build(package: dict[str, Any]) -> dict[str, Any] | None:
    """Return the panel for those who keep a dataset or decide about it; None for everybody else."""
    if package.get("state", "active") != "active" or not may("privacy_scan_list", id=package["id"]):
        return None
    status = act("privacy_status_show", id=package["id"])
    edits = may("package_update", id=package["id"])
    release = Release.get(status["release_id"]) if status["release_id"] else None
    scans = newest_scans(package["id"])
    tasks = _tasks(package, status, scans)
    return {
        "state": _state(status),
        "public_sentence": _public_sentence(package["id"], status),
        "next_sentence": _next_sentence(tasks, status),
        "next_actor": words.say(words.ACTORS, "" if status["next_actor"] == "nobody" else status["next_actor"]),
        "running": under_way(package["resources"], scans),
        "tasks": tasks if status["pending"] or status["state"] != State.RELEASED else [],
        "changes": differences.sentences(status["pending"], fields.of_type(package["type"])),
        "ended": _ended(release),
        "may_scan": edits and bool(package["resources"]),
        "agreements_href": tk.h.url_for("privacy.consents", id=package["name"]),
        "may_request": edits and _may_request(status),
        "files": [(each["id"], each.get("name") or tk._("Unnamed file")) for each in package["resources"]],
        "dates": _dates(release),
        "cancel_id": status["release_id"] if edits and status["state"] in OPEN_STATES else None,
        "review_href": tk.h.url_for("privacy.review", id=status["release_id"]) if status["release_id"] else None,
    }


def _state(status: Json) -> dict[str, str]:
    if status["state"] == State.RELEASED and status["pending"]:
        return {"code": "pending", "word": tk._("Released, with pending changes"), "tone": "waiting", "meaning": ""}
    return words.state(status["state"])


def _next_sentence(tasks: list[dict[str, Any]], status: Json) -> str:
    """Name the first thing that has to be put right, where the officer's own work comes before the request.

    The last task is the steward's: what they said stands in the state's own sentence.
    """
    if _may_request(status):
        first = next((task for task in tasks[:-1] if task["state"]["tone"] == "stop"), None)
        if first:
            return tk._("{task}, then request the release.").format(task=first["title"])
    return status["next_step"] or tk._("Nothing needs to be done.")


def _public_sentence(package_id: str, status: Json) -> str:
    if not status["released"]:
        return tk._("The public sees nothing of this dataset.")
    public = Release.public(package_id)
    date = words.date(public.released) if public else ""
    if status["pending"]:
        return tk._("The public sees the version of {date}; your changes wait for a release.").format(date=date)
    return tk._("The public sees this version, released on {date}.").format(date=date)


def _ended(release: Release | None) -> dict[str, str] | None:
    """Return the reason why the last request ended, where somebody gave one that the officer should read."""
    if release is None or release.state not in (State.RETURNED, State.REJECTED, State.WITHDRAWN, State.EXPIRED):
        return None
    told = words.state(release.state)
    return {"title": f"{told['word']}, {words.date(release.ended)}", "reason": release.ended_reason or ""}


def _dates(release: Release | None) -> list[str]:
    """Return what the calendar will do to the release that the panel speaks of."""
    if release is None:
        return []
    said = []
    if release.state == State.SCHEDULED and release.public_on:
        said.append(tk._("It becomes public on {date}, if it is still the same then."))
    dates = [release.public_on] if said else []
    if release.state == State.RELEASED and release.review_by:
        said.append(tk._("A steward looks at it again by {date}; if nobody does, the public stops seeing it."))
        dates.append(release.review_by)
    if release.state == State.RELEASED and release.expires:
        said.append(tk._("It is taken down on {date}."))
        dates.append(release.expires)
    return [sentence.format(date=words.date(date)) for sentence, date in zip(said, dates, strict=True)]


def _may_request(status: Json) -> bool:
    if status["state"] in OPEN_STATES:
        return status["state"] == State.BLOCKED
    return bool(status["pending"]) or status["state"] != State.RELEASED


# Tasks ----------------------------------------------------------------------------------------------------------


def _tasks(package: dict[str, Any], status: Json, scans: Mapping[str, Json]) -> list[dict[str, Any]]:
    missing = requesting.missing(dict(package))
    basis = [each for each in missing if each["anchor"] == BASIS_ANCHOR]
    newest = [scans.get(resource["id"]) for resource in package["resources"]]
    tasks = [
        _described(tk._("Describe the dataset"), [each for each in missing if each not in basis], package),
        _scanned(package, newest),
        _resolved(package, newest),
        _described(tk._("Say on which legal basis, and who agreed"), basis, package),
    ]
    return [*tasks, _requested(status), _reviewed(status)]


def _task(title: str, state: tuple[str, str], hint: str = "", href: str = "", missing: Any = ()) -> dict[str, Any]:
    word, tone = state
    return {"title": title, "state": {"word": word, "tone": tone}, "hint": hint, "href": href, "missing": missing}


def _described(title: str, missing: list[Any], package: Json) -> dict[str, Any]:
    edit = tk.h.url_for(f"{package['type']}.edit", id=package["name"])
    if not missing:
        return _task(title, _done(), href=edit)
    linked = [{**each, "href": _where(each, package, edit)} for each in missing]
    must = sum(each["blocking"] for each in missing)
    if not must:
        return _task(title, (tk._("Could say more"), "held"), href=linked[0]["href"], missing=linked)
    word = tk.ungettext("{n} thing missing", "{n} things missing", must).format(n=must)
    return _task(title, (word, "stop"), href=linked[0]["href"], missing=linked)


def _where(lack: Json, package: Json, edit: str) -> str:
    """Return where something that is missing can be put right: a section of the form, or the page of agreements."""
    if lack["field"] == legal_basis.FIELD:
        return tk.h.url_for("privacy.consents", id=package["name"])
    return f"{edit}#{lack['anchor']}" if lack["anchor"] else edit


def _scanned(package: Json, newest: Sequence[Json | None]) -> dict[str, Any]:
    title, href = tk._("Have the files scanned"), tk.h.url_for("privacy.scan_result", id=package["name"])
    if not newest:
        href = tk.h.url_for(f"{package['type']}_resource.new", id=package["name"])
        return _task(title, (tk._("No file yet"), "held"), tk._("A dataset can be released without files."), href)
    ended = [scan for scan in newest if scan and scan["status"] in (DONE, FAILED)]
    if len(ended) == len(newest):
        return _task(title, _done(), href=href)
    word = tk._("{done} of {all} scanned").format(done=len(ended), all=len(newest))
    return _task(title, (word, "waiting"), tk._("Files are also scanned when you request the release."), href)


def _resolved(package: dict[str, Any], newest: Sequence[Json | None]) -> dict[str, Any]:
    title, href = tk._("Resolve what was found"), tk.h.url_for("privacy.scan_result", id=package["name"])
    outcomes = [scan["outcome"] for scan in newest if scan and scan["outcome"]]
    in_words = judging.on_description(package)
    if in_words:
        stops = Outcome.BLOCKED in [*outcomes, *(reason.outcome for reason in in_words)]
        told = [_told(reason, package) for reason in in_words]
        return {**_task(title, (tk._("To do"), "stop" if stops else "held"), href=told[0]["href"]), "found": told}
    if any(scan and scan["status"] == FAILED for scan in newest):
        return _task(
            title,
            (tk._("To do"), "stop"),
            tk._("A file could not be looked at: replace it, or ask again to have it scanned anew."),
            href,
        )
    if not newest:
        return _task(title, _done(), tk._("Nothing was found in the description."))
    if not outcomes:
        return _task(title, (tk._("Cannot start yet"), "held"))
    worst = max(outcomes, key=lambda outcome: Outcome(outcome).rank)
    said = words.say(words.OUTCOMES, worst)
    if worst == Outcome.BLOCKED:
        return _task(
            title, (tk._("To do"), "stop"), tk._("Clean the file, or replace it by one without this data."), href
        )
    return _task(title, _done(), said, href)


def _told(reason: Reason, package: Json) -> dict[str, str]:
    """Return a reason in words, and where what it speaks of can be changed."""
    edit = tk.h.url_for(f"{package['type']}.edit", id=package["name"])
    href = places.href(reason.fields[0], package) if reason.fields else edit
    return {"sentence": places.reason(reason.sentence, reason.fields, package), "href": href}


def _requested(status: Json) -> dict[str, Any]:
    title = tk._("Request the release")
    if status["state"] in REQUEST_STATES:
        return _task(title, _done())
    return _task(title, (tk._("To do"), "held"), href="#release-note" if _may_request(status) else "")


def _reviewed(status: Json) -> dict[str, Any]:
    title = tk._("Review by a steward")
    if status["state"] == State.IN_REVIEW:
        return _task(title, (tk._("Waiting for a steward"), "waiting"), href=_review(status))
    if status["state"] in (State.RETURNED, State.REJECTED, State.BLOCKED):
        return _task(title, (words.state(status["state"])["word"], "stop"), href=_review(status))
    return _task(title, (tk._("Cannot start yet"), "held"))


def _review(status: Json) -> str:
    return tk.h.url_for("privacy.review", id=status["release_id"])


def _done() -> tuple[str, str]:
    return tk._("Done"), "ok"
