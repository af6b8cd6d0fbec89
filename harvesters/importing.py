"""Second stage of a run: save a batch of records as private datasets, all in one transaction.

A batch is one database transaction and one commit of the search index; that, and not touching what has not changed, is
where the speed comes from. When a batch fails its records are saved one by one, so that one bad record costs only
itself. Saving a batch twice, or twice at once, does nothing the second time.
"""

from __future__ import annotations

import json
import re
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.lib.search.index import PackageSearchIndex
from ckanext.harvest.model import HarvestObject, HarvestObjectError, HarvestObjectExtra
from sqlalchemy.exc import DataError, IntegrityError

from ckanext.cityportals import automatic
from ckanext.cityportals.gathering import PLAN
from ckanext.cityportals.portals import Portal
from ckanext.cityportals.reading import GATHERED
from ckanext.cityportals.saving import INDISPENSABLE, Item, desk_for, now, save_all
from ckanext.cityportals.showing import NotIndexable
from ckanext.privacy.engine.sentences import say

#: what a record can be at fault for; everything else (no database, no search index) is tried again later
_RECORD_ERRORS = (tk.ValidationError, tk.NotAuthorized, DataError, IntegrityError, ValueError, KeyError)
_OPEN_STATES = (GATHERED, "WAITING", "FETCH", "IMPORT")
_MAIL = re.compile(r"\S+@\S+")


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
    if not items:
        return
    desk = desk_for(portal, items[0].object.source, without)
    refused = save_all(items, desk)
    for record, errors in refused:
        _note_refusal(record.item.object.id, _sentence(tk.ValidationError(errors)))
    saved = {item.plan["dataset_id"] for item in items} - {record.dataset_id for record, _ in refused}
    model.Session.commit()
    _forget_changed()
    PackageSearchIndex().commit()
    automatic.ask_later(desk.source_id, sorted(saved))


def _forget_changed() -> None:
    """These were changed beside the session, and ckanext-harvest goes on with the leader."""
    for each in list(model.Session):
        if isinstance(each, HarvestObject | model.Package):
            model.Session.expire(each)


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
    plans = sa.select(HarvestObjectExtra.harvest_object_id, HarvestObjectExtra.value).where(
        HarvestObjectExtra.harvest_object_id.in_(by_id), HarvestObjectExtra.key == PLAN
    )
    plan_by_id = {object_id: json.loads(value) for object_id, value in model.Session.execute(plans)}
    return [Item(by_id[each], plan_by_id[each]) for each in object_ids if each in by_id]


def _save_alone(portal: Portal, object_id: str) -> None:
    """Save one record, without the fields that are at fault where it can do without them."""
    problem = _attempt(portal, object_id, frozenset())
    dispensable = frozenset(getattr(problem, "error_dict", {})) - INDISPENSABLE
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
    _note_refusal(object_id, reason)
    model.Session.commit()


def _note_refusal(object_id: str, reason: str) -> None:
    harvest_object = HarvestObject.get(object_id)
    harvest_object.state = "ERROR"
    harvest_object.report_status = "errored"
    harvest_object.import_finished = now()
    model.Session.add(HarvestObjectError(message=reason, object=harvest_object, stage="Import"))


def _sentence(error: Exception) -> str:
    """Why a record was not saved, for the report; without the e-mail addresses that messages may quote."""
    if isinstance(error, tk.ValidationError):
        said = "; ".join(f"{name}: {message}" for name, message in error.error_summary.items())
        return _MAIL.sub("…@…", say("The record does not fit this catalogue: {said}", said=said))
    if isinstance(error, NotIndexable):
        return say("The search index does not take this record; something in it is too long.")
    return say("The record could not be saved ({error}).", error=type(error).__name__)


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
                _set_aside(object_id, say("The batch of this record could not be saved in five attempts."))


def _jobs_with_open_objects() -> sa.Select[Any]:
    return sa.select(HarvestObject.harvest_job_id).where(HarvestObject.state == GATHERED)
