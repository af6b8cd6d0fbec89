"""Save one record as a private dataset, in whatever transaction is open.

A new record becomes a new dataset; a record that is known changes its dataset, and keeps its id, its name and what
people edited here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, cast

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import logic, model
from ckan.lib import search
from ckan.lib.munge import munge_title_to_name
from ckan.types import Context
from ckanext.harvest.model import HarvestObject, HarvestSource

from ckanext.cityportals import ledger
from ckanext.cityportals.mapping import Mapped
from ckanext.cityportals.merge import fingerprints, merge
from ckanext.cityportals.placing import lift, place, schema_fields
from ckanext.cityportals.portals import Portal
from ckanext.cityportals.withdrawal import harvest_user

_REPORT_STATUS = {"added": "added", "changed": "updated", "renamed": "updated"}


@dataclass(frozen=True)
class Item:
    """One record to save: its harvest object and what gathering planned for it."""

    object: HarvestObject
    plan: dict[str, Any]


@dataclass(frozen=True)
class Desk:
    """What the records of one source have in common. ``without`` are fields to leave out."""

    portal: Portal
    source_id: str
    owner_org: str
    settings: Mapping[str, Any]
    known_fields: frozenset[str]
    user: str
    without: frozenset[str] = frozenset()

    def context(self, **members: Any) -> Context:
        return cast(Context, {"user": self.user, "ignore_auth": True, **members})

    def batch_context(self, **members: Any) -> Context:
        """A context that leaves committing and indexing to the end of the batch."""
        return self.context(defer_commit=True, return_id_only=True, **members)


def desk_for(portal: Portal, source: HarvestSource, without: frozenset[str] = frozenset()) -> Desk:
    """The desk at which a source's records are saved."""
    owner_org = ledger.package(source.id).owner_org or ""
    settings = json.loads(source.config or "{}")
    return Desk(portal, source.id, owner_org, settings, schema_fields(portal.dataset_type), harvest_user(), without)


def save(item: Item, desk: Desk) -> str:
    """Save one record in the open transaction and index it, committing neither; the id of its dataset."""
    mapped = desk.portal.to_dataset(json.loads(item.object.content or "{}"))
    complete = complete_fields(mapped.dataset, desk.settings, desk.source_id, item.plan["entry"]["remote_ids"])
    fields = {name: value for name, value in complete.items() if name not in desk.without}
    warnings = list(mapped.warnings)
    warnings += [f"{name} does not fit this catalogue and was left out." for name in sorted(desk.without)]
    package = model.Package.get(item.plan["dataset_id"])
    if package is None:
        _create(item, fields, desk)
    else:
        warnings += [
            f"{name} was changed here and at the source; ours stays." for name in _update(package, fields, desk)
        ]
    _close(item)
    default, custom = logic.package_show_default_and_custom_schemas(desk.context(), item.plan["dataset_id"])
    _remember(item, desk, Mapped(fields, mapped.leftovers, warnings), custom)
    search.index_for("Package").update_dict({**default, "with_custom_schema": custom}, defer_commit=True)
    return item.plan["dataset_id"]


def complete_fields(
    dataset: Mapping[str, Any], settings: Mapping[str, Any], source_id: str, remote_ids: list[str]
) -> dict[str, Any]:
    """The mapped fields and where they came from, the texts marked with their language.

    Where the portal does not say the language of a text, it is the one of the source's settings, else the only one of
    the data, else this site's own.
    """
    of_data = dataset.get("language") or []
    language = settings.get("language") or (of_data[0] if len(of_data) == 1 else tk.config["ckan.locale_default"])
    translated = {
        f"{name}_translated": dataset.get(f"{name}_translated") or {language: dataset[name]}
        for name in ("title", "notes")
        if dataset.get(name)
    }
    return {**dataset, **translated, "harvest_source_id": source_id, "harvest_remote_ids": remote_ids}


def _create(item: Item, fields: dict[str, Any], desk: Desk) -> None:
    dataset_id = item.plan["dataset_id"]
    dataset = {
        **fields,
        "id": dataset_id,
        "name": _free_name(fields.get("title") or item.object.guid, dataset_id),
        "type": desk.portal.dataset_type,
        "owner_org": desk.owner_org,
        "private": True,
    }
    tk.get_action("package_create")(desk.batch_context(), place(dataset, fields, desk.known_fields))


def _update(package: model.Package, fields: dict[str, Any], desk: Desk) -> list[str]:
    """Bring the record's changes into a dataset; names of the fields where the local edit was kept."""
    remembered = ledger.entry(package)
    last_mapped = remembered.get("mapped") or {}
    own = {*fields, *last_mapped}
    stored = tk.get_action("package_show")(desk.context(use_cache=False), {"id": package.id})
    merged = merge(lift(stored, own), fields, last_mapped, remembered.get("saved") or {})
    # with the dataset named among the changed ones its history is kept although nothing is committed yet
    context = desk.batch_context(changed_entities={"packages": {package.id}})
    tk.get_action("package_update")(context, place(merged.dataset, own, desk.known_fields))
    savepoint = model.Session().get_nested_transaction()
    if savepoint is not None:
        savepoint.commit()  # package_update leaves its savepoint open when it is told not to commit
    return merged.conflicts


def _free_name(title: str, dataset_id: str) -> str:
    """A name from the title; with a piece of the id where another dataset, also a deleted one, has it already."""
    name = munge_title_to_name(title)[:90].strip("-") or "dataset"
    return f"{name}-{dataset_id[:8]}" if model.Package.get(name) or len(name) < 2 else name


def _remember(item: Item, desk: Desk, mapped: Mapped, saved: dict[str, Any]) -> None:
    fields = mapped.dataset
    ledger.write(
        ledger.package(item.plan["dataset_id"]),
        {
            **item.plan["entry"],
            "source_id": desk.source_id,
            "mapped": fields,
            "saved": fingerprints(lift(saved, fields), fields),
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
    item.object.import_finished = now()
    model.Session.flush()


def now() -> datetime:
    """This moment as ckanext-harvest's columns hold it: UTC, without saying so."""
    return datetime.now(timezone.utc).replace(tzinfo=None)
