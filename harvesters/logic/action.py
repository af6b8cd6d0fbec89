"""The actions ``cityportals_*``, and those of ckanext-harvest and CKAN that need a closer look."""

from __future__ import annotations

import json
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.logic import auth_audit_exempt
from ckan.types import Action, Context, DataDict
from ckanext.harvest.model import HarvestSource

from ckanext.cityportals import (
    approval,
    config,
    conflicts,
    gathering,
    history,
    importing,
    ledger,
    presets,
    purge,
    report,
    running,
    twins,
)
from ckanext.cityportals.addresses import AddressError, check_url
from ckanext.cityportals.client import NotModified, PortalError
from ckanext.cityportals.harvester import check_settings
from ckanext.cityportals.identity import within
from ckanext.cityportals.logic import schema
from ckanext.cityportals.portals import PORTALS, Portal, Record, base
from ckanext.cityportals.said import said_of_record
from ckanext.cityportals.saving import complete_fields
from ckanext.privacy.engine.sentences import say
from ckanext.privacy.said import said

__all__ = [
    "cityportals_city_list",
    "cityportals_conflict_list",
    "cityportals_conflict_resolve",
    "cityportals_duplicate_list",
    "cityportals_preview",
    "cityportals_purge",
    "cityportals_report_show",
    "cityportals_run",
    "cityportals_source_add",
    "cityportals_source_approve",
    "harvest_job_report",
    "harvest_job_show",
    "harvest_jobs_run",
    "package_create",
    "package_update",
]

PREVIEW_RECORDS = 20
#: dataset type of ckanext-harvest's sources
HARVEST_TYPE = "harvest"


@tk.side_effect_free
def cityportals_city_list(context: Context, data_dict: DataDict) -> list[dict[str, Any]]:
    """The cities whose portals are known.

    :returns: ``[{"name", "title", "place", "source_type", "url", "language", "known": [...], "not_verified": [...]}]``
    """
    tk.check_access("cityportals_city_list", context, data_dict)
    return [{"name": name, **city} for name, city in presets.cities().items()]


@tk.validate_action_data(schema.source_add)
def cityportals_source_add(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Make the harvest source of a known city. It does not run by itself until it is given a frequency.

    :param city: name from ``cityportals_city_list``
    :param organization: name or id of the organisation the datasets will belong to
    :returns: the harvest source
    """
    tk.check_access("cityportals_source_add", context, data_dict)
    city = presets.cities().get(data_dict["city"])
    if city is None:
        known = ", ".join(presets.cities())
        raise tk.ValidationError({"city": [tk._("This city is not known. Known cities: {}.").format(known)]})
    organization = model.Group.get(data_dict["organization"])
    if organization is None:
        raise tk.ValidationError({"organization": [tk._("There is no such organization.")]})
    source = {
        "name": _source_name(data_dict["city"], organization.name),
        "title": city["title"],
        "url": city["url"],
        "source_type": city["source_type"],
        "owner_org": organization.id,
        "frequency": "MANUAL",
        "config": json.dumps({"language": city["language"], **city.get("config", {})}),
    }
    return tk.get_action("harvest_source_create")(tk.fresh_context(context), source)


def _source_name(city: str, organization: str) -> str:
    """The city's name, with the organisation's where another one harvests the same city already."""
    return f"{city}-{organization}"[:100] if model.Package.get(city) else city


@tk.validate_action_data(schema.preview)
def cityportals_preview(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """The first records of a catalogue as they would be saved. Saves nothing.

    :param source_type: kind of portal, such as ``city-ckan``
    :param url: address of the portal
    :param config: settings of the source, as an object or as JSON text (optional)
    :returns: ``{"announced", "records": [{"remote_id", "dataset", "leftovers": [...], "warnings": [...]}], "leftovers":
        {member: how many records}}``; ``announced`` is how many records the portal says it has, or null
    """
    tk.check_access("cityportals_preview", context, data_dict)
    portal = PORTALS.get(data_dict["source_type"])
    if portal is None:
        raise tk.ValidationError({"source_type": [tk._("Choose from: {}.").format(", ".join(PORTALS))]})
    settings = _settings(data_dict.get("config"), portal)
    try:
        page = gathering.first_page(portal, data_dict["url"], settings, config.client())
    except (PortalError, NotModified) as error:
        raise tk.ValidationError({"url": [said(str(error))]}) from error
    records = [_previewed(portal, record, settings) for record in page.records[:PREVIEW_RECORDS]]
    leftovers = sorted({name for record in records for name in record["leftovers"]})
    counts = {name: sum(name in record["leftovers"] for record in records) for name in leftovers}
    return {"announced": page.announced, "records": records, "leftovers": counts}


def _settings(given: Any, portal: Portal) -> dict[str, Any]:
    try:
        text = check_settings(given if isinstance(given, str) or given is None else json.dumps(given), portal)
    except ValueError as error:
        raise tk.ValidationError({"config": [said(str(error))]}) from error
    return json.loads(text or "{}")


def _previewed(portal: Portal, record: Record, settings: dict[str, Any]) -> dict[str, Any]:
    try:
        return _as_saved(portal, record, settings)
    except base.Unreadable as error:
        return {"remote_id": "", "dataset": {}, "leftovers": [], "warnings": [str(error)]}


def _as_saved(portal: Portal, record: Record, settings: dict[str, Any]) -> dict[str, Any]:
    mapped = base.mapped(portal, record)
    remote_id = base.identifier(portal, record)
    fields = complete_fields(mapped.dataset, settings, "", [remote_id])
    fields.pop("harvest_source_id")
    return {
        "remote_id": remote_id,
        "dataset": {**fields, "private": True},
        "leftovers": mapped.leftovers,
        "warnings": mapped.warnings,
    }


@tk.validate_action_data(schema.run)
def cityportals_run(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Run a source now.

    :param id: name or id of the source
    :param wait: run it in this process and return when it has ended; otherwise it is queued
    :param accept_loss: believe the answer also when an unusual share of the records is missing from it
    :returns: the report, as ``cityportals_report_show``
    """
    tk.check_access("cityportals_run", context, data_dict)
    source_id = _source(data_dict["id"]).id
    if approval.waits(source_id):
        raise tk.ValidationError({"approval": [approval.sentence()]})
    job = tk.get_action("harvest_job_create")(
        tk.fresh_context(context),
        {"source_id": source_id, "run": not data_dict["wait"] and not data_dict["accept_loss"]},
    )
    if data_dict["accept_loss"]:
        ledger.write(ledger.package(source_id), {"accept_loss": job["id"]})
        model.Session.commit()
    if data_dict["wait"]:
        running.run_here(job["id"])
    elif data_dict["accept_loss"]:
        tk.get_action("harvest_send_job_to_gather_queue")(tk.fresh_context(context), {"id": job["id"]})
    return report.last_report(source_id)


@tk.validate_action_data(schema.approve)
def cityportals_source_approve(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Approve a source of somebody else: its kind, its address and its settings as they are now.

    :param id: name or id of the source
    :param note: what you looked at (optional)
    :param automatic_release: whether the gate may release without a person what is public at the source under an open
        licence, when it finds nothing in the description and in the files; for stewards (optional, default: false)
    :param members_sha256: fingerprint of what you looked at, from ``cityportals_report_show``; a source that changed
        since is refused (optional, but needed for ``automatic_release``)
    :returns: ``{"by", "name", "note", "automatic_release", "at", "members": {"url", "source_type", "config"}}``
    """
    tk.check_access("cityportals_source_approve", context, data_dict)
    source_id = _source(data_dict["id"]).id
    seen = data_dict.get("members_sha256")
    if data_dict["automatic_release"] and not seen:
        needed = tk._("Say what you looked at: its fingerprint stands in the report of the source.")
        raise tk.ValidationError({"members_sha256": [needed]})
    if seen not in (None, "", approval.fingerprint(source_id)):
        raise tk.ValidationError({"approval": [tk._("The source has changed since you opened it: look at it again.")]})
    approved = approval.approve(
        source_id,
        context.get("user", ""),
        data_dict.get("note") or "",
        automatic_release=data_dict["automatic_release"],
    )
    model.Session.commit()
    return approved


@tk.side_effect_free
@tk.validate_action_data(schema.source)
def cityportals_report_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """What the last run of a source did.

    :param id: name or id of the source
    :returns: ``{"complete", "seen", "added", "changed", "unchanged", "renamed", "missing", "withdrawn", "errors":
        [{"record", "reason"}], "seconds", "state", "members_sha256"}``; the last is the fingerprint of the source's
        kind, address and settings as they are now, which an approval names
    """
    tk.check_access("cityportals_report_show", context, data_dict)
    source_id = _source(data_dict["id"]).id
    return {**report.last_report(source_id), "members_sha256": approval.fingerprint(source_id)}


@tk.side_effect_free
@tk.validate_action_data(schema.listing)
def cityportals_conflict_list(context: Context, data_dict: DataDict) -> list[dict[str, Any]]:
    """What was changed here and at the source, and waits for somebody to decide.

    :param id: name or id of a dataset, or of a source for all of its datasets that you may edit
    :param limit: at most the conflicts of so many of a source's datasets (optional, default: 50)
    :returns: ``[{"dataset_id", "dataset_name", "dataset_title", "field", "last", "remote", "local", "at"}]``: what the
        source said before, what it says now and since when (UTC), and what stands here. Of a text in several languages
        only the ``…_translated`` field is listed.
    """
    tk.check_access("cityportals_conflict_list", context, data_dict)
    package = ledger.package(data_dict["id"])
    if package.type == HARVEST_TYPE:
        return list(conflicts.of_source(context, package.id, data_dict["limit"]))
    return conflicts.of_dataset(conflicts.show(context, package.id))


@tk.validate_action_data(schema.conflict_resolve)
def cityportals_conflict_resolve(context: Context, data_dict: DataDict) -> list[dict[str, Any]]:
    """Decide a conflict: take what the source says, as an edit of your own, or keep what stands here.

    What was kept is not asked about again until the source says something else.

    :param id: name or id of the dataset
    :param field: name of the field, as ``cityportals_conflict_list`` gives it
    :param take: ``remote`` or ``local``
    :param at: ``at`` of the conflict you saw; refused where the source has changed the field again (optional)
    :returns: the conflicts of the dataset that are left, as ``cityportals_conflict_list``
    """
    tk.check_access("cityportals_conflict_resolve", context, data_dict)
    dataset_id = ledger.package(data_dict["id"]).id
    found = conflicts.waiting(dataset_id)
    conflict = found.get(data_dict["field"])
    if conflict is None:
        raise tk.ValidationError({"field": [tk._("This field waits for no decision.")]})
    if data_dict.get("at") not in (None, conflict["at"]):
        raise tk.ValidationError({"at": [tk._("The source has changed this field again. Please look once more.")]})
    decided = conflicts.together(data_dict["field"], found)
    if data_dict["take"] == "remote":
        conflicts.take_remote(context, dataset_id, decided)
    else:
        conflicts.keep_local(dataset_id, decided)
    return cityportals_conflict_list(tk.fresh_context(context), {"id": dataset_id})


@tk.side_effect_free
@tk.validate_action_data(schema.listing)
def cityportals_duplicate_list(context: Context, data_dict: DataDict) -> list[dict[str, Any]]:
    """Datasets that two sources bring.

    :param id: name or id of a dataset, or of a source for all of its datasets
    :param limit: at most so many of a source's datasets (optional, default: 50)
    :returns: ``[{"id", "name", "title", "duplicates": [{"id", "name", "title", "source_title"}]}]``; of the other
        sources' datasets only those that you may see
    """
    tk.check_access("cityportals_duplicate_list", context, data_dict)
    package = ledger.package(data_dict["id"])
    ids = [package.id]
    if package.type == HARVEST_TYPE:
        ids = twins.of_source(package.id)[: data_dict["limit"]]
    return [each for each in twins.seen_by(context, ids) if each["duplicates"]]


@tk.validate_action_data(schema.purge)
def cityportals_purge(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Remove a dataset for good that was withdrawn because its record is gone. This cannot be undone.

    :param id: name or id of the dataset
    :param name: its name once more, to confirm
    :param reason: why, in a sentence that stays
    :returns: the tombstone ``{"dataset_id", "name", "remote_id", "missing_since", "by", "by_name", "reason", "at"}``
    """
    tk.check_access("cityportals_purge", context, data_dict)
    package = ledger.package(data_dict["id"])
    refused = purge.refusal(package)
    if refused:
        raise tk.ValidationError({"id": [refused]})
    if data_dict["name"] != package.name:
        raise tk.ValidationError({"name": [tk._("This is not the name of the dataset.")]})
    return purge.purge(context, package, data_dict["reason"])


def _source(name_or_id: str) -> HarvestSource:
    package = model.Package.get(name_or_id)
    source = HarvestSource.get(package.id) if package else None
    if source is None:
        raise tk.ObjectNotFound(tk._("There is no such harvest source."))
    return source


@tk.chained_action
def harvest_jobs_run(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Close what belongs to batches that were given up, so that their jobs end; keep the figures of runs that ended.

    Jobs that the queue did not take when they were asked for are handed to it again.
    """
    tk.check_access("harvest_jobs_run", context, data_dict)
    importing.close_abandoned()
    running.hand_over_again()
    done = original(context, data_dict)
    history.file_ended()
    return done


@tk.chained_action
def package_create(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Refuse harvest sources that point to addresses this site must not contact."""
    if data_dict.get("type") == HARVEST_TYPE:
        _check_source(data_dict)
    return original(context, data_dict)


@tk.chained_action
def package_update(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Refuse harvest sources that point to addresses this site must not contact; note who answers for a new one."""
    # the stored type counts: CKAN lets nobody change it, whatever the request says
    package = model.Package.get(data_dict.get("id") or data_dict.get("name"))
    if package is None or package.type != HARVEST_TYPE:
        return original(context, data_dict)
    _check_source(data_dict)
    before = approval.members(package.id)
    saved = original(context, data_dict)
    approval.note_author(package.id, before, context.get("user", ""))
    if not context.get("defer_commit"):
        model.Session.commit()
    return saved


def _check_source(data_dict: DataDict) -> None:
    """Sources of every type are checked: ckanext-harvest itself would open whatever it is given."""
    url = str(data_dict.get("url") or "").strip()
    if within(url, tk.config["ckan.site_url"]):
        sentence = say("This is the address of this catalogue itself; it cannot harvest itself.")
        raise tk.ValidationError({"url": [said(sentence)]})
    try:
        check_url(url, config.allowed_private_hosts())
    except AddressError as error:
        raise tk.ValidationError({"url": [said(str(error))]}) from error
    portal = PORTALS.get(str(data_dict.get("source_type")))
    if portal:
        _settings(data_dict.get("config"), portal)


@auth_audit_exempt  # ckanext-harvest's own asks for the authority of another action
@tk.side_effect_free
@tk.chained_action
def harvest_job_report(original: Action, context: Context, data_dict: DataDict) -> Any:
    """What went wrong in a job, in the language of whoever asks."""
    tk.check_access("harvest_job_show", context, data_dict)
    found = original(context, data_dict)
    of_records = [error for each in found["object_errors"].values() for error in each["errors"]]
    for error in (*found["gather_errors"], *of_records):
        error["message"] = said_of_record(error["message"])
    return found


@tk.side_effect_free
@tk.chained_action
def harvest_job_show(original: Action, context: Context, data_dict: DataDict) -> Any:
    """A job; what went wrong in it in the language of whoever asks."""
    found = original(context, data_dict)
    for name in ("gather_error_summary", "object_error_summary"):
        for error in found.get(name) or []:
            error["message"] = said_of_record(error["message"])
    return found
