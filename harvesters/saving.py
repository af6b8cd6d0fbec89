"""Save records as private datasets, in whatever transaction is open.

A new record becomes a new dataset; a record that is known changes its dataset, and keeps its id, its name and what
people edited here.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, cast

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context
from ckanext.harvest.model import HarvestObject, HarvestSource

from ckanext.cityportals import batch, gate, ledger, showing
from ckanext.cityportals.harvest_metadata import HarvestMetadata
from ckanext.cityportals.merge import Merged, fingerprints, merge, standing
from ckanext.cityportals.placing import lift, place, schema_fields
from ckanext.cityportals.portals import Portal, base
from ckanext.cityportals.portals.base import Unreadable
from ckanext.cityportals.validation import Validator
from ckanext.cityportals.withdrawal import harvest_user
from ckanext.privacy.engine.sentences import say, to_say

#: fields a dataset cannot do without
INDISPENSABLE = frozenset({"id", "name", "owner_org", "resources", "type"})
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
    source_title: str
    owner_org: str
    settings: Mapping[str, Any]
    known_fields: frozenset[str]
    validator: Validator
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
    return Desk(
        portal=portal,
        source_id=source.id,
        source_title=str(getattr(source, "title", "")),
        owner_org=owner_org,
        settings=json.loads(source.config or "{}"),
        known_fields=schema_fields(portal.dataset_type),
        validator=Validator(portal.dataset_type),
        user=harvest_user(),
        without=without,
    )


@dataclass
class Record:
    """One record on its way into the catalogue: its fields, and what there is to say about them.

    ``conflicts`` wait for a person (see ``merge.standing``), ``edited_from`` are fingerprints of what people edited.
    """

    item: Item
    fields: dict[str, Any]
    leftovers: list[str]
    warnings: list[str]
    aliases: tuple[str, ...] = ()
    public: bool = True
    conflicts: dict[str, dict[str, Any]] = field(default_factory=dict)
    edited_from: dict[str, str] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)

    @property
    def dataset_id(self) -> str:
        return self.item.plan["dataset_id"]

    def drop(self, names: Collection[str]) -> None:
        """Leave fields out that do not fit."""
        self.fields = {name: value for name, value in self.fields.items() if name not in names}
        self.left_out.update(names)
        self.warnings += [
            say("{field} does not fit this catalogue and was left out.", field=name) for name in sorted(names)
        ]

    def keep(self, last_mapped: Mapping[str, Any]) -> None:
        """For fields that were left out, let what the source said last time stand: it did not take that back."""
        self.fields |= {name: last_mapped[name] for name in self.left_out & last_mapped.keys()}


#: a record that was not saved, with the errors of its fields
Refused = tuple[Record, dict[str, Any]]


def save_all(items: list[Item], desk: Desk) -> list[Refused]:
    """Save records in the open transaction and give them to the search index, committing neither.

    Returns the records that do not fit this catalogue, whatever is left out of them.
    """
    records, refused = _records(items, desk)
    known = batch.existing([record.dataset_id for record in records])
    new = [record for record in records if record.dataset_id not in known]
    refused += _create_all(new, desk)
    changed, misfits = _change_all([record for record in records if record.dataset_id in known], known, desk)
    refused += misfits
    left_out = {id(record) for record, _ in refused}
    saved = [record for record in records if id(record) not in left_out]
    close(saved)
    created = {record.dataset_id for record in new}
    with gate.never_released(created | gate.not_released(known)):
        _finish(saved, {"new": created, "changed": changed}, desk)
    return refused


def _records(items: list[Item], desk: Desk) -> tuple[list[Record], list[Refused]]:
    """The items as records, and those that cannot be read as one."""
    read = [_record_or_refusal(item, desk) for item in items]
    return [each for each in read if isinstance(each, Record)], [each for each in read if isinstance(each, tuple)]


def _record_or_refusal(item: Item, desk: Desk) -> Record | Refused:
    try:
        return _record(item, desk)
    except Unreadable as error:
        return Record(item, {}, [], []), {"record": [str(error)]}


def _record(item: Item, desk: Desk) -> Record:
    content = json.loads(item.object.content or "{}")
    mapped = base.mapped(desk.portal, content)
    fields = complete_fields(mapped.dataset, desk.settings, desk.source_id, item.plan["entry"]["remote_ids"])
    aliases = base.aliases(desk.portal, content)
    record = Record(item, fields, list(mapped.leftovers), list(mapped.warnings), aliases, mapped.public)
    record.drop(desk.without & fields.keys())
    return record


def _finish(saved: list[Record], activities: Mapping[str, set[str]], desk: Desk) -> None:
    """Read back what was saved: remember it, note it in the activity stream, hand all to the index.

    :param activities: the datasets that are ``new`` and those that are ``changed``
    """
    packages = batch.existing([record.dataset_id for record in saved])
    ordered = [packages[record.dataset_id] for record in saved]
    shown = showing.show(ordered, desk.validator, desk.context(session=model.Session))
    read_back = [(each, read.custom) for each, read in zip(ordered, shown, strict=True)]
    for kind, ids in activities.items():
        batch.note_activities([pair for pair in read_back if pair[0].id in ids], desk.user, kind)
    entries = (_entry(record, desk, *pair) for record, pair in zip(saved, read_back, strict=True))
    ledger.write_all({record.dataset_id: entry for record, entry in zip(saved, entries, strict=True)})
    origins = {
        record.dataset_id: HarvestMetadata(record.item.object.id, desk.source_id, desk.source_title) for record in saved
    }
    showing.send(showing.documents(shown, origins))


def _create_all(records: list[Record], desk: Desk) -> list[Refused]:
    titles = {record.dataset_id: str(record.fields.get("title") or record.item.object.guid) for record in records}
    names = batch.free_names(titles)
    checked, refused = [], []
    for record in records:
        dataset, errors = _checked(record, names[record.dataset_id], desk)
        if errors:
            refused.append((record, errors))
        else:
            checked.append(dataset)
    if checked:
        batch.write(checked, desk.batch_context(session=model.Session))
    return refused


def _checked(record: Record, name: str, desk: Desk) -> tuple[dict[str, Any], dict[str, Any]]:
    """A new dataset as this site's schema makes it. Fields at fault that it can do without are left out."""
    dataset, errors = _check(record, name, desk)
    dispensable = record.fields.keys() & errors.keys() - INDISPENSABLE
    if dispensable:
        record.drop(dispensable)
        dataset, errors = _check(record, name, desk)
    return dataset, errors


def _check(record: Record, name: str, desk: Desk) -> tuple[dict[str, Any], dict[str, Any]]:
    members = {
        "id": record.dataset_id,
        "name": name,
        "type": desk.portal.dataset_type,
        "owner_org": desk.owner_org,
        "private": True,
    }
    placed = place({**record.fields, **members}, record.fields, desk.known_fields)
    return desk.validator.for_create(placed, desk.context(session=model.Session))


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


def _change_all(
    records: list[Record], known: Mapping[str, model.Package], desk: Desk
) -> tuple[set[str], list[Refused]]:
    """Bring the records' changes into their datasets; ids of those that are not as they were, and what did not fit."""
    if not records:
        return set(), []
    context = desk.batch_context(session=model.Session)
    packages = [known[record.dataset_id] for record in records]
    checked, refused = [], []
    for record, package, stands in zip(records, packages, showing.read(packages, desk.validator, context), strict=True):
        change, dataset, errors = _merged(record, package, stands, desk)
        if errors:
            refused.append((record, errors))
        elif change.before != change.after:
            checked.append((change, dataset))
    return batch.change_all(checked, context), refused


def _merged(
    record: Record, package: model.Package, stands: dict[str, Any], desk: Desk
) -> tuple[batch.Change, dict[str, Any], dict[str, Any]]:
    """What becomes of a dataset, checked. Fields at fault that it can do without stay as they are here."""
    last_mapped = ledger.entry(package).get("mapped") or {}
    record.keep(last_mapped)
    change, merged = _merge(record, package, stands, desk)
    dataset, errors = batch.check(change, desk.validator, desk.context(session=model.Session, package=package))
    dispensable = record.fields.keys() & errors.keys() - INDISPENSABLE
    if dispensable:
        record.drop(dispensable)
        record.keep(last_mapped)
        change, merged = _merge(record, package, stands, desk)
        dataset, errors = batch.check(change, desk.validator, desk.context(session=model.Session, package=package))
    _note_edits(record, merged, ledger.entry(package))
    return change, dataset, errors


def _merge(record: Record, package: model.Package, stands: dict[str, Any], desk: Desk) -> tuple[batch.Change, Merged]:
    """The dataset with the record's changes in it, and how they were merged."""
    remembered = ledger.entry(package)
    last_mapped = remembered.get("mapped") or {}
    own = {*record.fields, *last_mapped}
    local = lift(copy.deepcopy(stands), own)
    merged = merge(local, record.fields, last_mapped, remembered.get("saved") or {})
    return batch.Change(package, stands, place(merged.dataset, own, desk.known_fields)), merged


def _note_edits(record: Record, merged: Merged, remembered: dict[str, Any]) -> None:
    """Keep what was edited here known as edited, and what the source changed too for a person to decide."""
    record.edited_from = {name: remembered["saved"][name] for name in merged.edited}
    record.conflicts = standing(
        remembered.get("conflicts") or {},
        merged,
        (record.fields, remembered.get("mapped") or {}),
        remembered.get("declined") or {},
        now().isoformat(timespec="seconds"),
    )
    template = to_say("{field} was changed here and at the source; ours stays.")
    record.warnings += [
        say(template, field=name) for name in record.conflicts if f"{name}_translated" not in record.conflicts
    ]


def _entry(record: Record, desk: Desk, package: model.Package, saved: dict[str, Any]) -> dict[str, Any]:
    """What is remembered of a dataset, see ``ledger``. Every alias it ever had is kept."""
    earlier = ledger.entry(package).get("aliases") or []
    return {
        **record.item.plan["entry"],
        "aliases": sorted({*record.aliases, *earlier}),
        "source_id": desk.source_id,
        "mapped": record.fields,
        "saved": {**fingerprints(lift(saved, record.fields), record.fields), **record.edited_from},
        "conflicts": record.conflicts,
        "warnings": record.warnings,
        "leftovers": record.leftovers,
        "public": record.public,
        "missing_since": None,
        "missing_runs": 0,
        "doubted": False,
        "withdrawn": False,
    }


_NOT_CURRENT = sa.text("UPDATE harvest_object SET current = false WHERE current AND package_id = ANY(:ids)")
_CLOSE = sa.text("""
    UPDATE harvest_object AS each
       SET package_id = done.package_id, report_status = done.report_status, current = true, state = 'COMPLETE',
           import_finished = :moment
      FROM jsonb_to_recordset(CAST(:done AS jsonb)) AS done(id text, package_id text, report_status text)
     WHERE each.id = done.id
""")


def close(records: list[Record]) -> None:
    """Make the records' objects the current ones of their datasets."""
    done = [
        {
            "id": record.item.object.id,
            "package_id": record.dataset_id,
            "report_status": _REPORT_STATUS[record.item.plan["kind"]],
        }
        for record in records
    ]
    model.Session.execute(_NOT_CURRENT, {"ids": [record.dataset_id for record in records]})
    model.Session.execute(_CLOSE, {"done": json.dumps(done), "moment": now()})


def now() -> datetime:
    """This moment as ckanext-harvest's columns hold it: UTC, without saying so."""
    return datetime.now(timezone.utc).replace(tzinfo=None)
