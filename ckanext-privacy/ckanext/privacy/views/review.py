"""The steward's pages: the queue, and the page on which a release is decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.privacy.model import Release
from ckanext.privacy.translation import N_
from ckanext.privacy.views import agreements, decisions, described, differences, errors, fields, lists, places, words
from ckanext.privacy.views.calls import act, may
from ckanext.privacy.views.dataset import scanned_file
from ckanext.privacy.workflow import leak_watch, notify
from ckanext.privacy.workflow.transitions import WAITING_STATES, State

Json = Mapping[str, Any]

QUEUE_STATES = (
    "open",
    "came_back",
    "in_review",
    "blocked",
    "scheduled",
    "scanning",
    "released",
    "held",
    "returned",
    "rejected",
    "withdrawn",
    "expired",
)
OUTCOMES = ("", "one_steward", "two_stewards", "blocked", "automatic")
#: States that wait for something.
OPEN = ("requested", "scanning", "in_review", "blocked", "scheduled")


# The queue ------------------------------------------------------------------------------------------------------


def queue() -> str:
    """Show what waits for a decision, the oldest first, narrowed by what the address says."""
    filters = _queue_filters()
    asked = {each["name"]: each["chosen"] for each in filters if each["chosen"]}
    found = act("privacy_release_list", **asked, limit=lists.PAGE_SIZE, offset=(lists.page() - 1) * lists.PAGE_SIZE)
    waiting = found["counts"].get("in_review", 0)
    heading = tk.ungettext("{n} release waits for a steward.", "{n} releases wait for a steward.", waiting)
    rows = [_queue_row(release) for release in found["results"]]
    frame = {
        "heading": heading.format(n=waiting),
        "filters": _with_counts(filters, {**found["counts"], "came_back": found["came_back"]}),
        "rows": rows,
        "several": sum(row["can_choose"] for row in rows) > 1,
        "adopted": _adopted(found["adopted"]),
        "watch": _watch(),
        "reminders": [_reminder(each) for each in (*act("privacy_steward_change_list"), *act("privacy_reminder_list"))],
    }
    return tk.render("privacy/queue.html", {**frame, **lists.paging("privacy.queue", found["count"])})


def _watch() -> dict[str, str] | None:
    """Say to system administrators what the last look for leaks found, and when it was."""
    if not getattr(tk.current_user, "sysadmin", False):
        return None
    found = leak_watch.last()
    when = words.time(found.at.isoformat()) if found.at else ""
    if found.leaks:
        said = tk.ungettext(
            "{n} place shows what no release shows, or could not be compared.",
            "{n} places show what no release shows, or could not be compared.",
            found.leaks,
        )
        return {"tone": "stop", "said": said.format(n=found.leaks), "when": when}
    if found.is_stale:
        said = tk._("Nobody has looked for leaks for two days: give “ckan privacy leak-check” to the scheduler.")
        return {"tone": "stop", "said": said, "when": when}
    return {"tone": "ok", "said": tk._("The public reads what is released and nothing else."), "when": when}


def _queue_filters() -> list[dict[str, Any]]:
    mine = act("organization_list_for_user", permission="read")
    organizations = [("", tk._("All"))] + [(each["id"], each["display_name"]) for each in mine]
    kinds = {"open": tk._("Everything open"), "came_back": tk._("Came back to you")}
    states = [(code, kinds.get(code) or words.state(code)["word"]) for code in QUEUE_STATES]
    outcomes = [(code, words.say(words.OUTCOMES, code) or tk._("All")) for code in OUTCOMES]
    return [
        lists.choice("state", tk._("State"), states),
        lists.choice("organization", tk._("Organization"), organizations),
        lists.choice("outcome", tk._("Who decides"), outcomes),
        lists.choice("overdue", tk._("Deadline"), [("", tk._("All")), ("true", tk._("Only what is late"))]),
    ]


def _with_counts(filters: list[dict[str, Any]], counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """Write behind each state how many releases are in it."""
    totals = {
        **counts,
        "open": sum(counts.get(state, 0) for state in OPEN),
    }
    states = filters[0]
    states["options"] = [(code, f"{word} ({totals.get(code, 0)})") for code, word in states["options"]]
    return filters


def _queue_row(release: Json) -> dict[str, Any]:
    return {
        "id": release["id"],
        "title": release["dataset"]["title"] or release["dataset"]["name"],
        "organization": (release["organization"] or {}).get("title", ""),
        "state": words.state(release["state"]),
        "worst": "".join(reasons(release, most=1)),
        "outcome": words.say(words.OUTCOMES, release["outcome"]),
        "approvals": decisions.approvals(release),
        "requested_by": decisions.named(release["requested_by"]),
        "created": release["created"],
        "age": words.age(release["created"]),
        "due": words.date(release["due"]) if release["state"] in WAITING_STATES else "",
        "overdue": release["overdue"],
        "can_choose": release["state"] == "in_review",
    }


def _adopted(counts: Mapping[str, int]) -> dict[str, Any] | None:
    """Say how far the look at what was public before the gate has come; nothing once all of it was looked at."""
    total, looked_at = counts["total"], counts["looked_at"]
    if looked_at == total:
        return None
    said = tk.ungettext(
        "{looked_at} of {n} dataset that was public before the gate has been scanned.",
        "{looked_at} of {n} datasets that were public before the gate have been scanned.",
        total,
    ).format(looked_at=looked_at, n=total)
    found = tk.ungettext(
        "Something was found in {n} of them.", "Something was found in {n} of them.", counts["found"]
    ).format(n=counts["found"])
    return {"total": total, "looked_at": looked_at, "said": said, "found": found if counts["found"] else ""}


#: Step of a reminder -> what it says.
REMINDERS = {
    "due_soon": N_("Decide by {date}"),
    "late": N_("Late since {date}"),
    "review_again": N_("Look at it again by {date}"),
    "stewards_changed": N_("Its stewards are others since {date}: see whether that is right"),
}
REMINDERS_OF_BLOCKED = {**REMINDERS, "due_soon": N_("Change it by {date}")}


def _reminder(each: Json) -> dict[str, str]:
    page = notify.PAGES[each["object_type"]]
    table = REMINDERS_OF_BLOCKED if each.get("state") == State.BLOCKED else REMINDERS
    said = words.say(table, each["step"]).format(date=words.date(each["due"]))
    return {"title": each["title"], "said": said, "href": tk.h.url_for(page, id=each["object_id"])}


# The review page ------------------------------------------------------------------------------------------------


def show(id: str) -> str:
    """Show all that a person needs to put their name to a release, or not."""
    return _page(id)


def decide(id: str, decision: str) -> Any:
    """Carry out a decision; on any objection show the page again with what was typed."""
    if decision not in decisions.FORMS and decision != "approve":
        raise tk.ObjectNotFound
    typed = decisions.typed(decision, tk.request.form)
    try:
        answer = act(
            decisions.ACTIONS.get(decision, f"privacy_release_{decision}"),
            id=id,
            **decisions.parameters(decision, tk.request.form),
        )
    except tk.ValidationError as error:
        return _page(id, _objections(error, decision), typed), 409
    except tk.NotAuthorized as error:
        if not tk.current_user.is_authenticated:
            raise
        said = getattr(error, "sentence", None) or str(error)
        return _page(id, [{"anchor": "decide", "text": said}], typed), 403
    tk.h.flash_success(tk._(decisions.DONE[decision]))
    if answer.get("message"):
        tk.h.flash_notice(answer["message"])
    return tk.redirect_to("privacy.review", id=id)


def _objections(error: tk.ValidationError, decision: str) -> list[dict[str, str]]:
    """Lead to the difference where the dataset changed meanwhile, else to the field that the objection is about."""
    where = next((anchor for field, anchor in _CHANGED.items() if field in error.error_dict), None)
    approving = "approve-note" if "note" in error.error_dict else "decide"
    return errors.summary(error, where or (approving if decision == "approve" else f"reason-{decision}"))


#: Where the page shows what changed since it was looked at.
_CHANGED = {"snapshot_sha256": "difference", "consent_records": "agreements"}


def _page(id: str, problems: list[dict[str, str]] | None = None, typed: Json | None = None) -> str:
    release = act("privacy_release_show", id=id)
    diff = act("privacy_release_diff", id=id)
    dataset = release["dataset"]
    known = fields.of_type(dataset["type"])
    return tk.render(
        "privacy/review.html",
        {
            "release": release,
            "title": dataset["title"] or dataset["name"],
            "pkg": {**dataset, "organization": release["organization"]},
            "state": words.state(release["state"]),
            "requested_by": decisions.named(release["requested_by"]),
            "requested": words.time(release["created"]),
            "outcome": words.say(words.OUTCOMES, release["outcome"]),
            "approvals": decisions.approvals(release),
            "facts": _facts(release),
            "reasons": reasons(release),
            "described": described.findings(release["metadata"], _snapshot(id)),
            "files": _files(release),
            "parts": _parts(release),
            "history": decisions.history(release),
            "agreements": _agreements(release),
            "basis": known.section(_as_requested(id), "consent"),
            **difference(release, diff, known),
            **decisions.offered(release),
            "errors": problems,
            "typed": typed or {},
        },
    )


def narrow(id: str) -> Any:
    """Put a request for some of the files in the place of the open one, and lead to it."""
    form = tk.request.form
    chosen = {"snapshot_sha256": form.get("snapshot_sha256", ""), "resources": form.getlist("resources")}
    try:
        made = act("privacy_release_narrow", id=id, **chosen)
    except tk.ValidationError as error:
        return _page(id, errors.summary(error, "part")), 409
    tk.h.flash_success(tk._("This request is for the files that you chose. The others stay held. Now decide about it."))
    return tk.redirect_to("privacy.review", id=made["id"])


def _parts(release: Json) -> list[dict[str, Any]]:
    """Return the files of which some could go on their own, each with what the scan says of it."""
    if release["state"] not in ("in_review", "blocked") or release["may"]["narrow"] is not None:
        return []
    outcomes = {scan["resource_id"]: scan["outcome"] for scan in release["scans"]}
    files = [
        {
            "id": each["id"],
            "name": each.get("name") or tk._("Unnamed file"),
            "said": words.say(words.OUTCOMES, outcomes.get(each["id"])),
            "chosen": outcomes.get(each["id"]) != "blocked",
        }
        for each in _as_requested(release["id"]).get("resources", [])
    ]
    return files if len(files) > 1 else []


def reasons(release: Json, most: int | None = None) -> list[str]:
    """Return the reasons of the policy, the gravest first, as the reader of a release is told them."""
    given = (release["reasons"] or [])[:most]
    package = _as_requested(release["id"]) if any(each.get("fields") for each in given) else {}
    return [places.reason(each["sentence"], each.get("fields", ()), package) for each in given]


def _as_requested(release_id: str) -> dict[str, Any]:
    """Return the dataset that a release holds, for a reader who was shown the release already."""
    return _snapshot(release_id)["package"]


def _snapshot(release_id: str) -> Json:
    release = Release.get(release_id)
    return release.snapshot if release else {"package": {}, "resources": {}, "views": {}}


def _files(release: Json) -> list[dict[str, Any]]:
    """Return what the scan says of each file, which is called as on the dataset's page, and by its own name."""
    names = {each["id"]: each.get("name") for each in _as_requested(release["id"]).get("resources", [])}
    called = [(names.get(scan["resource_id"]) or scan["name"], scan) for scan in release["scans"]]
    return [{**scanned_file(name, scan, everything=False), "filename": scan["name"]} for name, scan in called]


def _agreements(release: Json) -> list[dict[str, Any]]:
    """Return the agreements about a dataset in words, first those a release rests on; none where it was purged."""
    if not may("privacy_consent_list", dataset_id=release["package_id"]):
        return []
    bound = {each["id"] for each in release["consents"]}
    found = act("privacy_consent_list", dataset_id=release["package_id"])
    told = [{**agreements.told(each), "bound": each["id"] in bound} for each in found]
    return sorted(told, key=lambda each: not each["bound"])


def _facts(release: Json) -> list[dict[str, str]]:
    policy = release["policy"] or {}
    facts = [
        _due(release),
        (tk._("Not public before"), words.date(release["public_on"])),
        (tk._("Released"), words.date(release["released"])),
        (tk._("Look at it again by"), words.date(release["review_by"])),
        (tk._("Ends"), words.date(release["expires"])),
        (tk._("Policy"), " ".join(filter(None, (policy.get("name"), policy.get("version"))))),
    ]
    return [{"label": label, "value": value} for label, value in facts if value]


def _due(release: Json) -> tuple[str, str]:
    label = tk._("Change it by") if release["state"] == State.BLOCKED else tk._("Decide by")
    return label, words.date(release["due"]) if release["state"] in WAITING_STATES else ""


def difference(release: Json, diff: Json, known: fields.Fields) -> dict[str, Any]:
    """Return all that a release makes public, or changes of it, as the pages show it."""
    first = diff["public_id"] is None
    new_files = [each for each in diff["resources"] if each["change"] == "added"]
    return {
        "is_open": release["state"] in OPEN,
        "is_public": diff["public_id"] == release["id"],
        "first_release": first,
        "description": differences.description(diff, known) if first else [],
        "new_files": [_new_file(each, release["scans"], known) for each in new_files] if first else [],
        "changes": [] if first else differences.groups(diff, known),
    }


def _new_file(each: Json, scans: list[Json], known: fields.Fields) -> dict[str, Any]:
    sha256 = next((scan["sha256"] for scan in scans if scan["resource_id"] == each["id"]), None)
    tables = [
        tk.ungettext(
            "{name}: {rows} row, columns {columns}", "{name}: {rows} rows, columns {columns}", table["rows_after"]
        ).format(name=table["name"], rows=table["rows_after"], columns=", ".join(table["columns_added"]))
        for table in each["tables"]
    ]
    described_as = differences.said_of_a_file(each, known)
    return {"name": each["name"], "sha256": sha256, "tables": tables, "said": described_as}
