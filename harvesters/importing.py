"""Second stage of a run: save a batch of records as private datasets, all in one transaction.

A batch is one database transaction and one commit of the search index; that, and not touching what has not changed, is
where the speed comes from. When a batch fails its records are saved one by one, so that one bad record costs only
itself. Saving a batch twice, or twice at once, does nothing the second time.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import logic, model
from ckan.lib import search
from ckan.lib.munge import munge_title_to_name
from ckanext.harvest.model import HarvestObject, HarvestObjectError, HarvestObjectExtra

from ckanext.cityportals import ledger
from ckanext.cityportals.gathering import GATHERED, PLAN, source_settings
from ckanext.cityportals.mapping import Mapped
from ckanext.cityportals.merge import fingerprints, merge
from ckanext.cityportals.placing import DATASET_TYPE, lift, place, schema_fields
from ckanext.cityportals.portals import Portal
from ckanext.cityportals.withdrawal import context

log = logging.getLogger(__name__)

#: what a record can be at fault for; everything else (no database, no search index) is tried again later
_RECORD_ERRORS = (tk.ValidationError, tk.NotAuthorized, sa.exc.DataError, sa.exc.IntegrityError, ValueError, KeyError)
#: fields a dataset cannot do without
_INDISPENSABLE = frozenset({"id", "name", "owner_org", "resources", "type"})
_REPORT_STATUS = {"added": "added", "changed": "updated", "renamed": "updated"}
_OPEN_STATES = (GATHERED, "WAITING", "FETCH", "IMPORT")


@dataclass(frozen=True)
class Item:
    """One record to save: its harvest object and what gathering planned for it."""

    object: HarvestObject
    plan: dict[str, Any]


def import_batch(portal: Portal, leader: HarvestObject) -> bool:
    """Save the batch this object stands for. Whether its own record was saved."""
    leader_id = leader.id
    object_ids = plan_of(leader)["batch"] or [leader_id]
    try:
        _save(portal, object_ids)
    except _RECORD_ERRORS:
        model.Session.rollback()
        for object_id in object_ids:
            _save_alone(portal, object_id)
    return HarvestObject.get(leader_id).report_status != "errored"


def plan_of(harvest_object: HarvestObject) -> dict[str, Any]:
    """What gathering planned for an object."""
    return next(json.loads(extra.value) for extra in harvest_object.extras if extra.key == PLAN)


def _save(portal: Portal, object_ids: list[str], without: frozenset[str] = frozenset()) -> None:
    items = _open_items(object_ids)
    known_fields = schema_fields()
    dataset_ids = [_save_one(portal, item, known_fields, without) for item in items]
    _index(dataset_ids)
    model.Session.commit()
    if items:
        search.index_for("Package").commit()


def _open_items(object_ids: list[str]) -> list[Item]:
    """The objects still to save, locked: a second consumer with the same batch waits, then finds nothing to do."""
    query = (
        sa.select(HarvestObject)
        .where(HarvestObject.id.in_(object_ids), HarvestObject.state.in_(_OPEN_STATES))
        .where(HarvestObject.report_status.is_(None))
        .order_by(HarvestObject.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    by_id = {each.id: each for each in model.Session.scalars(query)}
    return [Item(by_id[each], plan_of(by_id[each])) for each in object_ids if each in by_id]


def _save_alone(portal: Portal, object_id: str) -> None:
    """Save one record, without the fields that are at fault where it can do without them."""
    problem = _attempt(portal, object_id, frozenset())
    dispensable = frozenset(getattr(problem, "error_dict", {})) - _INDISPENSABLE
    if problem and dispensable:
        problem = _attempt(portal, object_id, dispensable)
    if problem:
        _set_aside(object_id, _sentence(problem))


def _attempt(portal: Portal, object_id: str, without: frozenset[str]) -> Exception | None:
    """Save one record in a transaction of its own; what was wrong with it."""
    try:
        _save(portal, [object_id], without)
    except _RECORD_ERRORS as error:
        model.Session.rollback()
        return error
    return None


def _set_aside(object_id: str, reason: str) -> None:
    harvest_object = HarvestObject.get(object_id)
    harvest_object.state = "ERROR"
    harvest_object.report_status = "errored"
    harvest_object.import_finished = _now()
    model.Session.add(HarvestObjectError(message=reason, object=harvest_object, stage="Import"))
    model.Session.commit()


def _sentence(error: Exception) -> str:
    """Why a record was not saved, for the report."""
    if isinstance(error, tk.ValidationError):
        said = "; ".join(f"{name}: {message}" for name, message in error.error_summary.items())
        return f"The record does not fit this catalogue: {said}"
    return f"The record could not be saved ({type(error).__name__}): {str(error).splitlines()[0][:300]}"


def _save_one(portal: Portal, item: Item, known_fields: frozenset[str], without: frozenset[str]) -> str:
    """Save one record in the open transaction; the id of its dataset."""
    mapped = portal.to_dataset(json.loads(item.object.content))
    settings = source_settings(item.object.source)
    source_id, remote_ids = item.object.harvest_source_id, item.plan["entry"]["remote_ids"]
    complete = complete_fields(mapped.dataset, settings, source_id, remote_ids)
    fields = {name: value for name, value in complete.items() if name not in without}
    warnings = [
        *mapped.warnings,
        *(f"{name} does not fit this catalogue and was left out." for name in sorted(without)),
    ]
    package = model.Package.get(item.plan["dataset_id"])
    if package is None:
        _create(item, fields, known_fields)
    else:
        conflicts = _update(package, fields, known_fields)
        warnings += [f"{name} was changed here and at the source; ours stays." for name in conflicts]
    _remember(item, Mapped(fields, mapped.leftovers, warnings))
    _close(item)
    return item.plan["dataset_id"]


def complete_fields(
    dataset: dict[str, Any], settings: dict[str, Any], source_id: str, remote_ids: list[str]
) -> dict[str, Any]:
    """The mapped fields and where they came from, the texts marked with their language.

    Where the portal does not say the language of a text, the source's settings do, or else the site's own is assumed.
    """
    language = settings.get("language") or tk.config["ckan.locale_default"]
    translated = {
        f"{name}_translated": dataset.get(f"{name}_translated") or {language: dataset[name]}
        for name in ("title", "notes")
        if dataset.get(name)
    }
    return {**dataset, **translated, "harvest_source_id": source_id, "harvest_remote_ids": remote_ids}


def _create(item: Item, fields: dict[str, Any], known_fields: frozenset[str]) -> None:
    dataset_id = item.plan["dataset_id"]
    source = model.Package.get(item.object.harvest_source_id)
    dataset = {
        **fields,
        "id": dataset_id,
        "name": _free_name(fields.get("title") or item.object.guid, dataset_id),
        "type": DATASET_TYPE,
        "owner_org": source.owner_org,
        "private": True,
    }
    tk.get_action("package_create")(_batch_context(), place(dataset, fields, known_fields))


def _update(package: model.Package, fields: dict[str, Any], known_fields: frozenset[str]) -> list[str]:
    """Bring the record's changes into a dataset; names of the fields where the local edit was kept."""
    own = {*fields, *(ledger.entry(package).get("mapped") or {})}
    stored = tk.get_action("package_show")(context(use_cache=False), {"id": package.id})
    remembered = ledger.entry(package)
    merged = merge(lift(stored, own), fields, remembered.get("mapped") or {}, remembered.get("saved") or {})
    dataset = place(merged.dataset, own, known_fields)
    tk.get_action("package_update")(_batch_context(changed_entities={"packages": {package.id}}), dataset)
    savepoint = model.Session.get_nested_transaction()
    if savepoint is not None:
        savepoint.commit()  # package_update leaves its savepoint open when it is told not to commit
    return merged.conflicts


def _batch_context(**members: Any) -> dict[str, Any]:
    return context(defer_commit=True, return_id_only=True, **members)


def _free_name(title: str, dataset_id: str) -> str:
    """A name from the title; with a piece of the id where another dataset, also a deleted one, has it already."""
    name = munge_title_to_name(title)[:90].strip("-") or "dataset"
    return f"{name}-{dataset_id[:8]}" if model.Package.get(name) or len(name) < 2 else name


def _remember(item: Item, mapped: Mapped) -> None:
    fields = mapped.dataset
    package = model.Package.get(item.plan["dataset_id"])
    saved = tk.get_action("package_show")(context(use_cache=False), {"id": package.id})
    ledger.write(
        package,
        {
            **item.plan["entry"],
            "source_id": item.object.harvest_source_id,
            "mapped": fields,
            "saved": fingerprints(lift(saved, fields), sorted(fields)),
            "warnings": mapped.warnings,
            "leftovers": mapped.leftovers,
            "missing_since": None,
            "missing_runs": 0,
            "withdrawn": False,
        },
    )


def _close(item: Item) -> None:
    """Make the object the current one of its dataset."""
    earlier = sa.update(HarvestObject).where(HarvestObject.package_id == item.plan["dataset_id"])
    model.Session.execute(earlier.values(current=False))
    item.object.package_id = item.plan["dataset_id"]
    item.object.current = True
    item.object.state = "COMPLETE"
    item.object.report_status = _REPORT_STATUS[item.plan["kind"]]
    item.object.import_finished = _now()
    model.Session.flush()


def _index(dataset_ids: list[str]) -> None:
    """Put the datasets into the search index, without committing it."""
    index = search.index_for("Package")
    for dataset_id in dataset_ids:
        default, custom = logic.package_show_default_and_custom_schemas(context(), dataset_id)
        index.update_dict({**default, "with_custom_schema": custom}, defer_commit=True)


def close_abandoned() -> None:
    """Set aside what belongs to batches that ckanext-harvest has given up, so that their jobs end."""
    leaders = (
        sa.select(HarvestObjectExtra.value)
        .join(HarvestObject, HarvestObject.id == HarvestObjectExtra.harvest_object_id)
        .where(HarvestObjectExtra.key == PLAN, HarvestObject.state == "ERROR")
        .where(HarvestObject.harvest_job_id.in_(_jobs_with_open_objects()))
    )
    for (value,) in model.Session.execute(leaders).all():
        for object_id in json.loads(value)["batch"]:
            if HarvestObject.get(object_id).state == GATHERED:
                _set_aside(object_id, "The batch of this record could not be saved in five attempts.")


def _jobs_with_open_objects() -> sa.Select[Any]:
    return sa.select(HarvestObject.harvest_job_id).where(HarvestObject.state == GATHERED)


def _now() -> datetime:
    # ckanext-harvest's columns hold UTC without saying so
    return datetime.now(timezone.utc).replace(tzinfo=None)
