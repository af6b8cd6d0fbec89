"""Approving several releases on one page: each shown with what it would change, each decided by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.privacy.logic.schema import MOST_AT_ONCE
from ckanext.privacy.views import decisions, differences, errors, fields, review, words
from ckanext.privacy.views.calls import act

Json = Mapping[str, Any]


def show() -> str:
    """Show the releases that were ticked in the queue, each as the approval would name it."""
    chosen = list(dict.fromkeys(tk.request.args.getlist("release")))[:MOST_AT_ONCE]
    return tk.render("privacy/several.html", {"rows": [_row(each) for each in chosen]})


def approve() -> str:
    """Approve what is ticked and say for each what came of it."""
    pairs = [given.split(" ", 1) for given in tk.request.form.getlist("approve") if " " in given]
    items = [{"id": release_id, "snapshot_sha256": sha256} for release_id, sha256 in pairs]
    try:
        answer = act("privacy_release_approve_bulk", items=items, note=tk.request.form.get("note", ""))
    except tk.ValidationError as error:
        return tk.render("privacy/several.html", {"rows": [], "errors": errors.summary(error, "several-note")})
    heading = tk.ungettext("{n} release is approved.", "{n} releases are approved.", answer["approved"])
    told = [_result(each) for each in answer["results"]]
    return tk.render("privacy/several.html", {"results": told, "results_heading": heading.format(n=answer["approved"])})


def _row(release_id: str) -> dict[str, Any]:
    release = act("privacy_release_show", id=release_id)
    diff = act("privacy_release_diff", id=release_id)
    full = review.difference(release, diff, fields.of_type(release["dataset"]["type"]))
    asked = {"person": decisions.named(release["requested_by"]), "date": words.date(release["created"])}
    return {
        **{key: release[key] for key in ("id", "snapshot_sha256")},
        "title": _title(release),
        "organization": (release["organization"] or {}).get("title", ""),
        "asked": tk._("Asked for by {person} on {date}").format(**asked),
        "reasons": review.reasons(release),
        "first": full["first_release"],
        "changes": _changes(diff, release["dataset"]["type"]),
        "new_files": full["new_files"],
        "description": full["description"],
        "full": full["changes"],
        "cannot": _why_not(release),
    }


def _why_not(release: Json) -> str | None:
    if release["changed"]:
        return tk._("The dataset has changed since this release was asked for.")
    if release["state"] != "in_review":
        return words.state(release["state"])["meaning"]
    return release["may"]["approve"]


def _changes(diff: Json, dataset_type: str) -> list[str]:
    described = ({"what": "metadata", "name": each["field"], "change": each["change"]} for each in diff["metadata"])
    files = ({**each, "what": "resource"} for each in diff["resources"])
    return differences.sentences([*described, *files], fields.of_type(dataset_type))


def _result(each: Json) -> dict[str, str]:
    release = act("privacy_release_show", id=each["id"])
    said = words.state(each["state"])["word"] if each["ok"] else each["message"]
    return {"id": each["id"], "title": _title(release), "said": said}


def _title(release: Json) -> str:
    return release["dataset"]["title"] or release["dataset"]["name"]
