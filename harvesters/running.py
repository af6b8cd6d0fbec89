"""Run a job in this process, through the same functions as ckanext-harvest's consumers."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan import model
from ckanext.harvest import queue
from ckanext.harvest.model import HarvestJob, HarvestObject

from ckanext.cityportals.withdrawal import context


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
