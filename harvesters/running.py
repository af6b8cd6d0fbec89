"""Run a job in this process, through the same functions as ckanext-harvest's consumers; hand over what was not."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import ckan.plugins.toolkit as tk
from ckan import model
from ckanext.harvest import queue
from ckanext.harvest.model import HarvestJob, HarvestObject

from ckanext.cityportals.withdrawal import context

#: A job that no consumer began so long after it was asked for may have no message in the queue.
NOT_BEGUN = timedelta(minutes=1)


def hand_over_again() -> None:
    """Send the jobs that nobody began to the queue once more: it may not have answered when they were asked for.

    ckanext-harvest takes such a job for a running one, and would refuse every later run of its source. A message that
    is still in the queue is replaced.
    """
    before = datetime.now(timezone.utc).replace(tzinfo=None) - NOT_BEGUN
    not_begun = model.Session.query(HarvestJob).filter_by(status="Running", gather_started=None)
    waiting = not_begun.filter(HarvestJob.created < before).all()
    publisher = queue.get_gather_publisher() if waiting else None
    if publisher is None:
        return
    for job in waiting:
        publisher.send({"harvest_job_id": job.id})


def run_here(job_id: str) -> None:
    """Gather, save and finish a job that was created but not queued."""
    job = HarvestJob.get(job_id)
    job.status = "Running"
    job.save()
    source_id = job.source_id
    harvester = queue.get_harvester(job.source.type)
    for object_id in queue.gather_stage(harvester, job) or []:
        queue.fetch_and_import_stages(harvester, HarvestObject.get(object_id))
        model.Session.remove()
    tk.get_action("harvest_jobs_run")(context(session=model.Session, model=model), {"source_id": source_id})
