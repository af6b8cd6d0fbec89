"""The officer's pages: what the scan found in a dataset, and asking for its release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.privacy.said import said
from ckanext.privacy.views import errors, findings, steps, words
from ckanext.privacy.views.calls import act, may, working_copy

Json = Mapping[str, Any]
#: Seconds between two looks at a running scan, where no JavaScript asks more often.
REFRESH_SECONDS = 5
UNFINISHED = ("queued", "running")


def scan_result(id: str, resource_id: str | None = None) -> str:
    """Show what the scanner found, file by file and column by column."""
    package = working_copy(id)
    everything = tk.request.args.get("show") == "all"
    files = _files(package, resource_id, everything=everything)
    shown = {"files": files, "resource_id": resource_id, "show": "all" if everything else "people"}
    return tk.render("privacy/scan_result.html", {**_frame(package), **shown})


def scan_progress(id: str) -> str:
    """Answer the piece of the page that tells how far the scans are; asked again until all are done."""
    package = working_copy(id)
    files = _files(package, tk.request.args.get("resource") or None, everything=False)
    return tk.render("privacy/snippets/progress.html", {**_frame(package), "files": files})


def scan_start(id: str) -> Any:
    """Queue a scan of every file of a dataset, or of one."""
    resource_id = tk.request.form.get("resource_id")
    asked = {"resource_id": resource_id} if resource_id else {"id": id}
    _attempt("privacy_scan_create", tk._("The scan has started. You can close this page; it goes on."), **asked)
    return tk.redirect_to("privacy.scan_result", id=id)


def release_request(id: str) -> Any:
    """Ask for a release of the dataset as it is now."""
    done = tk._("You asked for the release. Nothing is public before it is approved.")
    form = tk.request.form
    asked: dict[str, Any] = {name: form.get(name, "") for name in ("note", "public_on", "review_by", "expires")}
    _attempt("privacy_release_request", done, id=id, **asked, resources=form.getlist("resources"))
    return _back_to_dataset(id)


def release_cancel(id: str) -> Any:
    """Take a request back."""
    done = tk._("The request was taken back. The dataset stays as it was.")
    _attempt("privacy_release_cancel", done, id=tk.request.form.get("release_id", ""))
    return _back_to_dataset(id)


def _attempt(action: str, done: str, **data: Any) -> None:
    """Do it and say so, with what the action itself has to tell; or say why not."""
    try:
        answer = act(action, **data)
    except tk.ValidationError as error:
        for sentence in errors.sentences(error):
            tk.h.flash_error(sentence)
        return
    tk.h.flash_success(done)
    if answer.get("message"):
        tk.h.flash_notice(answer["message"])


def _back_to_dataset(id: str) -> Any:
    package = act("package_show", id=id)
    return tk.redirect_to(f"{package['type']}.read", id=package["name"], _anchor="release")


def _frame(package: dict[str, Any]) -> dict[str, Any]:
    return {"pkg_dict": package, "pkg": package, "dataset_type": package["type"], "refresh_seconds": REFRESH_SECONDS}


def _files(package: dict[str, Any], resource_id: str | None, *, everything: bool) -> list[dict[str, Any]]:
    """Return the dataset's files with their newest scan, or one of them; an unknown one is not found."""
    resources = [each for each in package["resources"] if resource_id in (None, each["id"])]
    if resource_id and not resources:
        raise tk.ObjectNotFound
    scans = newest_scans(package["id"])
    return [_file(each, scans.get(each["id"]), everything=everything) for each in resources]


def under_way(resources: Sequence[Json], scans: Mapping[str, Json]) -> list[dict[str, Any]]:
    """Return the files whose newest scan has not ended, each with how far it is."""
    waiting = [each for each in resources if scans.get(each["id"], {}).get("status") in UNFINISHED]
    return [_progress(each.get("name") or tk._("Unnamed file"), scans[each["id"]]) for each in waiting]


def _progress(name: str, scan: Json) -> dict[str, Any]:
    return {
        "id": scan.get("resource_id"),
        "name": name,
        "status_word": words.say(words.SCAN_STATES, scan["status"]),
        "unfinished": scan["status"] in UNFINISHED,
        "progress": round((scan.get("progress") or 0) * 100),
    }


def newest_scans(package_id: str) -> dict[str, dict[str, Any]]:
    """Return the newest scan of each resource of a dataset, by resource id."""
    scans = act("privacy_scan_list", id=package_id)
    return {scan["resource_id"]: scan for scan in sorted(scans, key=lambda scan: scan["created"])}


def _file(resource: dict[str, Any], scan: dict[str, Any] | None, *, everything: bool) -> dict[str, Any]:
    name = resource.get("name") or tk._("Unnamed file")
    told = scanned_file(name, scan or {"status": "none"}, everything=everything)
    may_clean = bool(told["tables"]) and may("privacy_remediation_apply", resource_id=resource["id"])
    for table in told["tables"] if may_clean else ():
        suggested = steps.suggestions((scan or {})["report"], table["name"])
        table["columns"] = [{**column, "advice": suggested.get(column["name"])} for column in table["columns"]]
    return {**told, "id": resource["id"], "may_clean": may_clean}


def scanned_file(name: str, scan: Mapping[str, Any], *, everything: bool) -> dict[str, Any]:
    """Return one file with its scan, in words."""
    report = scan.get("report") or {}
    return {
        **_progress(name, scan),
        "status": scan["status"],
        "failure": said(scan.get("failure")),
        "finished": words.time(scan.get("finished")),
        "sha256": scan.get("sha256"),
        "outcome_word": words.say(words.OUTCOMES, scan.get("outcome")),
        "held": [{"where": said(each["where"]), "reason": said(each["reason"])} for each in report.get("held", ())],
        "tables": findings.tables(report, everything=everything),
        "quality": findings.quality(scan.get("quality")),
        "engine": report.get("engine"),
    }
