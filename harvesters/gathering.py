"""First stage of a run: read the catalogue, decide what each record is, and hand on only what must be saved.

Records that say what they said last time are counted and forgotten as they come: of them only a hash is kept, so that
memory does not grow with the catalogue. The others are stored as harvest objects and handed on in batches: one message
in ckanext-harvest's queue is one batch, its first object standing for the rest. Objects that wait for their batch carry
a state of their own, so that ckanext-harvest's cron command does not pick them up early.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from functools import partial
from itertools import islice
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from ckan import model
from ckanext.harvest.model import HarvestJob, HarvestObject, HarvestObjectExtra

from ckanext.cityportals import config, ledger, withdrawal
from ckanext.cityportals.client import Client, NotModified, Validators
from ckanext.cityportals.completeness import Answer, gaps, mass_loss, still_missing
from ckanext.cityportals.last_time import LastTime
from ckanext.cityportals.portals import Page, Portal, base
from ckanext.cityportals.reading import Reader, Reading
from ckanext.cityportals.reconcile import Known, Match, Reconciliation, Seen, parted, reconcile
from ckanext.privacy.engine.sentences import say

#: key of the object extra that says what is to be done with it
PLAN = "cityportals"


def gather(portal: Portal, job: HarvestJob, client: Client) -> list[str]:
    """Run the first stage. Returns the ids of the objects that stand for a batch each."""
    source = ledger.package(job.source_id)
    forget_objects(job)
    last_time = LastTime(ledger.digests(job.source_id))
    reader = Reader(portal, job, last_time, first=not ledger.has_datasets(job.source_id))
    try:
        reading = reader.read(client, _validators(source))
    except NotModified:
        reading = Reading(settled=last_time.settle_all())
    open_datasets = ledger.known_datasets(job.source_id, only_missing=last_time.all_settled and not reading.seen)
    known = [each for each in open_datasets if not last_time.is_settled(each.remote_ids[0])]
    settled, seen = parted(reading.seen, lambda each: last_time.is_settled(each.remote_id))
    found = reconcile(seen, known, partial(ledger.shared, job.source_id))
    found.repeated += settled  # another record under the same identifier says what was said last time
    run, doubted = _judge(job, reading, found, len(last_time) + _others(known))
    batches = _plan(found)
    _note_returned(found.matches)
    if run["read"]:
        withdrawal.count_missing(found.missing, datetime.now(timezone.utc), doubted)
    answers = {url: [each.etag, each.last_modified] for url, each in client.validators.items()}
    ledger.write(source, {"run": run, "validators": answers if run["complete"] else {}})
    model.Session.commit()
    return batches


def refuse(job: HarvestJob, reason: str) -> None:
    """Note that a job read nothing, and why."""
    forget_objects(job)
    error = {"record": job.source.url, "reason": reason}
    run = {"job_id": job.id, "read": False, "complete": False, "seen": 0, "unchanged": 0, "own": [], "errors": [error]}
    ledger.write(ledger.package(job.source_id), {"run": run})
    model.Session.commit()


def _others(known: list[Known]) -> int:
    """Of the datasets that are not in ``LastTime``: how many live."""
    return sum(each.missing_since is not None and not each.deleted and not each.withdrawn for each in known)


def forget_objects(job: HarvestJob) -> None:
    """Drop what an earlier attempt at this job left, so that a gathering that was killed starts afresh."""
    ids = sa.select(HarvestObject.id).where(HarvestObject.harvest_job_id == job.id)
    model.Session.execute(sa.delete(HarvestObjectExtra).where(HarvestObjectExtra.harvest_object_id.in_(ids)))
    model.Session.execute(sa.delete(HarvestObject).where(HarvestObject.harvest_job_id == job.id))
    model.Session.commit()


def _validators(source: model.Package) -> dict[str, Validators]:
    """What to ask "has it changed since?" with; nothing unless the last run was complete and saved everything."""
    stored = ledger.entry(source)
    if not stored.get("run", {}).get("complete") or _unfinished(stored["run"]["job_id"]):
        return {}
    return {url: Validators(*pair) for url, pair in stored.get("validators", {}).items()}


def _unfinished(job_id: str) -> bool:
    """Whether a job left objects that were not saved."""
    states = sa.select(HarvestObject.id).where(
        HarvestObject.harvest_job_id == job_id, HarvestObject.state != "COMPLETE"
    )
    return model.Session.execute(states.limit(1)).first() is not None


def _judge(job: HarvestJob, reading: Reading, found: Reconciliation, known: int) -> tuple[dict[str, Any], set[str]]:
    """What the report says about this gathering, and the missing datasets that wait for a person's word."""
    new = [each for each in found.missing if each.missing_since is None]
    unread = gaps(Answer(reading.records - reading.again, reading.announced, reading.stopped), missing=len(new))
    accepted = ledger.entry(ledger.package(job.source_id)).get("accept_loss") == job.id
    doubted = set() if accepted else {each.dataset_id for each in found.missing if each.doubted}
    loss = None if unread or accepted else mass_loss(known, len(new), config.loss_threshold())
    if loss:
        doubted |= {each.dataset_id for each in new}
    elif doubted:
        loss = still_missing(len(doubted))
    repeated = [
        {"record": each, "reason": say("The portal lists this identifier twice; the first record was used.")}
        for each in (*reading.repeated, *(seen.remote_id for seen in found.repeated))
    ]
    doubts = [{"record": job.source.url, "reason": reason} for reason in (*unread, *([loss] if loss else []))]
    run = {
        "job_id": job.id,
        "read": not unread,
        "complete": not doubts,
        "seen": reading.records,
        "own": reading.own,
        "unchanged": reading.settled + sum(not each.changed and not each.renamed for each in found.matches),
        "errors": doubts + reading.errors + repeated,
    }
    return run, doubted


def _plan(found: Reconciliation) -> list[str]:
    """Write down what is to be done with each stored object, and cut the work into batches."""
    unchanged = [match.seen.key for match in found.matches if not match.renamed and not match.changed]
    _drop([*(seen.key for seen in found.repeated), *unchanged])
    leaders = []
    remaining = _todos(found)
    while batch := list(islice(remaining, config.batch_size())):
        leaders.append(batch[0]["harvest_object_id"])
        _store_batch(batch)
    _wake(leaders)
    return leaders


def _todos(found: Reconciliation) -> Iterator[dict[str, Any]]:
    for match in found.matches:
        if match.renamed or match.changed:
            yield _todo(match.seen, "renamed" if match.renamed else "changed", match.known)
    yield from (_todo(seen, "added") for seen in found.added)


def _todo(seen: Seen, kind: str, known: Known | None = None) -> dict[str, Any]:
    remote_ids = ledger.remembered_ids(seen.remote_id, known.remote_ids if known else ())
    return {
        "harvest_object_id": seen.key,
        "kind": kind,
        # The new dataset's id is settled here: saving a batch twice cannot make two datasets.
        "dataset_id": known.dataset_id if known else str(uuid4()),
        "entry": {"remote_ids": remote_ids, "digest": seen.digest},
    }


def _store_batch(batch: list[dict[str, Any]]) -> None:
    members = [plan["harvest_object_id"] for plan in batch]
    rows = [
        {"id": str(uuid4()), "harvest_object_id": plan["harvest_object_id"], "key": PLAN,
         "value": json.dumps({**plan, "batch": members if position == 0 else []})}
        for position, plan in enumerate(batch)
    ]  # fmt: skip
    model.Session.execute(sa.insert(HarvestObjectExtra), rows)


def _wake(leaders: list[str]) -> None:
    """Let ckanext-harvest see the objects that stand for a batch."""
    model.Session.execute(sa.update(HarvestObject).where(HarvestObject.id.in_(leaders)).values(state="WAITING"))


def _drop(object_ids: list[str]) -> None:
    model.Session.execute(sa.delete(HarvestObject).where(HarvestObject.id.in_(object_ids)))


def _note_returned(matches: list[Match]) -> None:
    returned = [match.known.dataset_id for match in matches if match.returned]
    ledger.note(returned, missing_since=None, missing_runs=0, doubted=False, withdrawn=False)


def first_page(portal: Portal, url: str, settings: dict[str, Any], client: Client) -> Page:
    """The first records of a catalogue, nothing stored.

    :raises PortalError: when the portal gives no usable answer
    """
    return next(base.read(portal, client, url, settings, {}))


def errors_of(job: HarvestJob) -> list[dict[str, str]]:
    """What the gathering of this job complained about."""
    run = ledger.entry(ledger.package(job.source_id)).get("run", {})
    return run["errors"] if run.get("job_id") == job.id else []
