"""Pages for whoever looks after a harvest source: look before it runs, see what a run did."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import authz, model
from ckan.plugins import plugin_loaded
from flask import Blueprint

from ckanext.cityportals import approval, history, ledger, purge, report
from ckanext.cityportals.helpers import cityportals_said
from ckanext.cityportals.portals import PORTALS

cityportals = Blueprint("cityportals", __name__, url_prefix="/harvest-portals")

#: datasets listed on a page for each thing that happened
LISTED = 50


def get_blueprints() -> list[Blueprint]:
    """The pages, for the plugin."""
    return [cityportals]


def _act(action: str, **data: Any) -> Any:
    """Call an action for the person at the page."""
    return tk.get_action(action)({"user": tk.current_user.name}, data)


def preview() -> Any:
    """The form, and what the first records of a portal would become."""
    asked = {name: tk.request.args.get(name, "").strip() for name in ("source_type", "url", "config")}
    try:
        tk.check_access("cityportals_preview", {"user": tk.current_user.name}, asked)
    except tk.NotAuthorized as error:
        return tk.abort(403, str(error))
    found, problems = None, {}
    if asked["url"]:
        try:
            found = _act("cityportals_preview", **asked)
        except tk.ValidationError as error:
            problems = {
                name.lower().replace(" ", "_"): cityportals_said(text) for name, text in error.error_summary.items()
            }
    page = tk.render(
        "cityportals/preview.html",
        {"asked": asked, "found": found, "problems": problems, "portals": list(PORTALS.values())},
    )
    return (page, 400) if problems else page


def conflicts(id: str) -> Any:
    """What was changed here and at the source, for a person to decide."""
    try:
        shown = _act("harvest_source_show", id=id)
        found = _act("cityportals_conflict_list", id=shown["id"], limit=LISTED)
    except tk.NotAuthorized as error:
        return tk.abort(403, str(error))
    except tk.ObjectNotFound:
        return tk.abort(404, tk._("There is no such harvest source."))
    more = len(ledger.in_conflict(shown["id"])) > LISTED
    portal = PORTALS.get(shown["source_type"])
    listed = [{**each, **_called(each["field"], portal.dataset_type if portal else "dataset")} for each in found]
    return tk.render("cityportals/conflicts.html", {"harvest_source": shown, "conflicts": listed, "more": more})


def _called(name: str, dataset_type: str) -> dict[str, Any]:
    """What the form of a type calls a field (``label``) and its parts (``parts``, by name); codes where it does not."""
    if name == "resources":
        return {"label": tk._("Files"), "parts": {}}
    schema = tk.h.scheming_get_dataset_schema(dataset_type) if plugin_loaded("scheming_datasets") else None
    form = {field["field_name"]: field for field in (schema or {}).get("dataset_fields", ())}
    field = form.get("tag_string" if name == "tags" else name, {})
    parts = {each["field_name"]: _label(each) for each in field.get("repeating_subfields", ())}
    return {"label": _label(field) or name, "parts": parts}


def _label(field: dict[str, Any]) -> str:
    return tk.h.scheming_language_text(field["label"]) if field.get("label") else field.get("field_name", "")


def resolve(id: str) -> Any:
    """Decide a conflict."""
    wanted = {name: tk.request.form.get(name, "") for name in ("dataset_id", "field", "take", "at")}
    wanted["id"] = wanted.pop("dataset_id")
    done = tk._("The value of the source was taken as a change of yours.")
    if wanted["take"] == "local":
        done = tk._("What stands here was kept.")
    return _step(id, "cityportals_conflict_resolve", done, "cityportals.conflicts", **wanted)


def source(id: str) -> Any:
    """How a source is doing: its last runs, what changed, what was not understood."""
    try:
        shown = _act("harvest_source_show", id=id)
        figures = _act("cityportals_report_show", id=id)
    except tk.NotAuthorized as error:
        return tk.abort(403, str(error))
    except tk.ObjectNotFound:
        return tk.abort(404, tk._("There is no such harvest source."))
    source_id = shown["id"]
    edits = tk.h.check_access("package_update", {"id": source_id})
    return tk.render(
        "cityportals/source.html",
        {
            "harvest_source": shown,
            "report": figures,
            "runs": _bars(history.runs(source_id)),
            "lists": report.datasets(source_id, LISTED),
            "waits": approval.waits(source_id),
            "waits_sentence": approval.sentence(),
            "members_sha256": figures["members_sha256"],
            "may_edit": edits,
            "may_approve": approval.may_approve(source_id, tk.current_user.name),
            "may_release": approval.may_release(source_id, tk.current_user.name),
            "running": history.is_running(source_id),
            "conflicts": len(_act("cityportals_conflict_list", id=source_id, limit=LISTED)) if edits else 0,
            "duplicates": _act("cityportals_duplicate_list", id=source_id, limit=LISTED),
            "own": (ledger.entry(ledger.package(source_id)).get("run") or {}).get("own", [])[:LISTED],
            "purged": purge.tombstones(source_id)[:LISTED],
            "may_purge": authz.is_sysadmin(tk.current_user.name),
        },
    )


def _bars(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Runs as bars: the share of the longest each part has, in percent."""
    longest = max((run["seen"] for run in runs), default=0) or 1
    parts = ("added", "changed", "renamed", "unchanged")
    return [run | {"parts": {name: round(100 * run[name] / longest, 1) for name in parts}} for run in runs]


def purge_form(id: str, problem: str = "", reason: str = "") -> Any:
    """What purging a dataset means, and the name to type."""
    try:
        tk.check_access("cityportals_purge", {"user": tk.current_user.name}, {"id": id})
        dataset = _act("package_show", id=id)
        shown = _act("harvest_source_show", id=ledger.entry(ledger.package(dataset["id"]))["source_id"])
    except tk.NotAuthorized as error:
        return tk.abort(403, str(error))
    except (tk.ObjectNotFound, KeyError):
        return tk.abort(404, tk._("There is no such dataset or harvest source."))
    package = ledger.package(dataset["id"])
    page = tk.render(
        "cityportals/purge.html",
        {
            "harvest_source": shown,
            "dataset": dataset,
            "refusal": purge.refusal(package),
            "missing_since": ledger.entry(package).get("missing_since"),
            "problem": problem,
            "reason": reason,
        },
    )
    return (page, 400) if problem else page


def purge_dataset(id: str) -> Any:
    """Purge a dataset whose name was typed."""
    form = tk.request.form
    package = model.Package.get(id)
    source_id = ledger.entry(package).get("source_id") if package else None
    try:
        _act("cityportals_purge", id=id, name=form.get("name", "").strip(), reason=form.get("reason", "").strip())
    except tk.NotAuthorized as error:
        return tk.abort(403, str(error))
    except tk.ObjectNotFound:
        return tk.abort(404, tk._("There is no such dataset or harvest source."))
    except tk.ValidationError as error:
        return purge_form(id, " ".join(error.error_summary.values()), form.get("reason", ""))
    tk.h.flash_success(tk._("The dataset is purged."))
    return tk.redirect_to("cityportals.source", id=source_id)


def run(id: str) -> Any:
    """Queue a run."""
    return _step(id, "cityportals_run", tk._("The run is queued. This page shows how far it is."))


def approve(id: str) -> Any:
    """Approve a source of somebody else."""
    form = tk.request.form
    said = {"note": form.get("note", ""), "automatic_release": bool(form.get("automatic_release"))}
    said["members_sha256"] = form.get("members_sha256", "")
    return _step(id, "cityportals_source_approve", tk._("The source is approved and may run."), **said)


def _step(source: str, action: str, done: str, page: str = "cityportals.source", **data: Any) -> Any:
    """Do what a form asks for, then show a page of the source: what the action is about unless ``id`` says else."""
    try:
        _act(action, **{"id": source, **data})
        tk.h.flash_success(done)
    except tk.NotAuthorized as error:
        return tk.abort(403, str(error))
    except tk.ObjectNotFound:
        return tk.abort(404, tk._("There is no such harvest source."))
    except tk.ValidationError as error:
        model.Session.rollback()
        tk.h.flash_error(" ".join(error.error_summary.values()))
    return tk.redirect_to(page, id=source)


cityportals.add_url_rule("/preview", view_func=preview)
cityportals.add_url_rule("/source/<id>", view_func=source)
cityportals.add_url_rule("/source/<id>/run", view_func=run, methods=["POST"])
cityportals.add_url_rule("/source/<id>/conflicts", view_func=conflicts)
cityportals.add_url_rule("/source/<id>/conflicts", "resolve", view_func=resolve, methods=["POST"])
cityportals.add_url_rule("/purge/<id>", "purge", view_func=purge_form)
cityportals.add_url_rule("/purge/<id>", "purge_dataset", view_func=purge_dataset, methods=["POST"])
cityportals.add_url_rule("/source/<id>/approve", view_func=approve, methods=["POST"])
