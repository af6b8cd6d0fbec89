"""What the last run of a source did, for people and for the API."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckanext.harvest.model import HarvestJob, HarvestObject, HarvestObjectError, HarvestObjectExtra

from ckanext.cityportals import ledger, twins
from ckanext.cityportals.gathering import PLAN

_MISSING = sa.text("""
    SELECT count(*) FILTER (WHERE NOT coalesce((plugin_data -> :key ->> 'withdrawn')::boolean, false)) AS missing,
           count(*) FILTER (WHERE (plugin_data -> :key ->> 'withdrawn')::boolean) AS withdrawn
      FROM package
     WHERE plugin_data -> :key ->> 'source_id' = :source_id AND state != 'deleted'
       AND plugin_data -> :key ->> 'missing_since' IS NOT NULL
""")


def last_report(source_id: str) -> dict[str, Any]:
    """The report of a source's last run; every count 0 before the first.

    ``seen`` is ``added + changed + renamed + unchanged + own`` plus what ``errors`` lists or is still being saved. A
    renamed record counts as renamed whether or not it changed otherwise. ``own`` are records that the portal took from
    this catalogue, ``duplicates`` datasets that another source brings as well. ``missing`` are datasets whose record is
    gone but in its time of grace, ``withdrawn`` those whose grace is over. ``state`` is ``none``, ``running`` or
    ``finished``, ``progress`` how much of the run is done (0..1).
    """
    run = ledger.entry(ledger.package(source_id)).get("run")
    job = _last_job(source_id)
    report = {
        "complete": False, "seen": 0, "added": 0, "changed": 0, "unchanged": 0, "renamed": 0, "own": 0,
        "duplicates": len(twins.of_source(source_id)), **_out_of_sight(source_id), "errors": [], "seconds": 0.0,
        "state": "none", "progress": 0.0,
    }  # fmt: skip
    if job is None:
        return report
    report |= {"state": "finished" if job.status == "Finished" else "running", "seconds": _seconds(job)}
    if run and run["job_id"] == job.id:
        report |= {name: run[name] for name in ("complete", "seen", "unchanged")} | {"own": len(run.get("own", ()))}
        report |= _saved(job.id)
        report["errors"] = run["errors"] + _record_errors(job.id)
    report["progress"] = 1.0 if report["state"] == "finished" else _progress(job.id)
    return report


def _progress(job_id: str) -> float:
    """How much of a run is done (0..1): reading the portal counts as a tenth, the rest is what has been saved."""
    settled = sa.func.count().filter(HarvestObject.state.in_(("COMPLETE", "ERROR")))
    done, all_objects = model.Session.execute(
        sa.select(settled, sa.func.count()).where(HarvestObject.harvest_job_id == job_id)
    ).one()
    return 0.1 + 0.9 * done / all_objects if all_objects else 0.0


_SAVED_DATASETS = sa.text("""
    SELECT package.name, package.title, plan.value::json ->> 'kind' AS kind,
           package.plugin_data -> :key -> 'warnings' AS warnings
      FROM harvest_object AS each
      JOIN harvest_object_extra AS plan ON plan.harvest_object_id = each.id AND plan.key = :plan
      JOIN package ON package.id = each.package_id
     WHERE each.harvest_job_id = :job_id AND each.state = 'COMPLETE'
     ORDER BY package.title
""")
_MISSING_DATASETS = sa.text("""
    SELECT name, title, '[]'::jsonb AS warnings,
           CASE WHEN (plugin_data -> :key ->> 'withdrawn')::boolean THEN 'withdrawn' ELSE 'missing' END AS kind
      FROM package
     WHERE plugin_data -> :key ->> 'source_id' = :source_id AND state != 'deleted'
       AND plugin_data -> :key ->> 'missing_since' IS NOT NULL
     ORDER BY title
""")


def datasets(source_id: str, most: int) -> dict[str, list[dict[str, Any]]]:
    """The datasets behind the last run's figures: ``name``, ``title``, ``warnings``; at most ``most`` of each kind."""
    job = _last_job(source_id)
    found: dict[str, list[dict[str, Any]]] = {}
    rows = [*model.Session.execute(_MISSING_DATASETS, {"key": ledger.KEY, "source_id": source_id})]
    if job is not None:
        rows += model.Session.execute(_SAVED_DATASETS, {"key": ledger.KEY, "plan": PLAN, "job_id": job.id})
    for row in rows:
        listed = found.setdefault(row.kind, [])
        if len(listed) < most:
            listed.append({"name": row.name, "title": row.title, "warnings": row.warnings or []})
    return found


def _last_job(source_id: str) -> HarvestJob | None:
    jobs = sa.select(HarvestJob).where(HarvestJob.source_id == source_id).order_by(HarvestJob.created.desc())
    return model.Session.scalars(jobs.limit(1)).first()


def _out_of_sight(source_id: str) -> dict[str, int]:
    row = model.Session.execute(_MISSING, {"key": ledger.KEY, "source_id": source_id}).one()
    return {"missing": row.missing, "withdrawn": row.withdrawn}


def _saved(job_id: str) -> dict[str, int]:
    plans = (
        sa.select(HarvestObjectExtra.value)
        .join(HarvestObject, HarvestObject.id == HarvestObjectExtra.harvest_object_id)
        .where(HarvestObject.harvest_job_id == job_id, HarvestObject.state == "COMPLETE")
        .where(HarvestObjectExtra.key == PLAN)
    )
    kinds = Counter(json.loads(value)["kind"] for value in model.Session.scalars(plans))
    return {kind: kinds[kind] for kind in ("added", "changed", "renamed")}


def _record_errors(job_id: str) -> list[dict[str, str]]:
    rows = (
        sa.select(HarvestObject.guid, HarvestObjectError.message)
        .join(HarvestObject, HarvestObject.id == HarvestObjectError.harvest_object_id)
        .where(HarvestObject.harvest_job_id == job_id)
        .order_by(HarvestObject.guid)
    )
    return [{"record": guid, "reason": message} for guid, message in model.Session.execute(rows)]


def _seconds(job: HarvestJob) -> float:
    """From the start of reading to the last thing saved."""
    last_saved = model.Session.scalar(
        sa.select(sa.func.max(HarvestObject.import_finished)).where(HarvestObject.harvest_job_id == job.id)
    )
    ends = [moment for moment in (job.gather_finished, last_saved) if isinstance(moment, datetime)]
    started = job.gather_started
    return round((max(ends) - started).total_seconds(), 3) if started and ends else 0.0
