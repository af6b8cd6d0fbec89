"""The last runs of a source, kept when they end: ckanext-harvest's job history may be cleared at any time."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model
from ckanext.harvest.model import HarvestJob

from ckanext.cityportals import ledger, report, twins

#: runs of a source that are kept
KEPT = 30
COUNTS = ("added", "changed", "renamed", "unchanged", "own", "duplicates", "missing", "withdrawn")

_ENDED = sa.text("""
    SELECT package.id, job.id AS job_id, job.gather_started AS started
      FROM package JOIN harvest_job AS job ON job.id = plugin_data -> :key -> 'run' ->> 'job_id'
     WHERE package.type = 'harvest' AND job.status IN ('Finished', 'Aborted')
       AND plugin_data -> :key ->> 'filed' IS DISTINCT FROM job.id
""")


def file_ended() -> None:
    """Keep the figures of every run that has ended since the last time, and commit."""
    for row in model.Session.execute(_ENDED, {"key": ledger.KEY}).all():
        source = ledger.package(row.id)
        figures = report.last_report(row.id)
        started = row.started.isoformat(timespec="seconds") if row.started else ""
        run = {"at": started, "errors": len(figures["errors"]), "complete": figures["complete"]}
        run |= {name: figures[name] for name in (*COUNTS, "seen", "seconds")}
        if any(figures[name] for name in ("added", "changed", "renamed")):
            twins.link(row.id)
            figures = report.last_report(row.id)
        ledger.write(source, {"runs": [*runs(row.id), run][-KEPT:], "filed": row.job_id})
    model.Session.commit()


def runs(source_id: str) -> list[dict[str, Any]]:
    """The last runs of a source, the oldest first: ``at``, ``complete``, counts, ``errors`` (how many), ``seconds``."""
    return ledger.entry(ledger.package(source_id)).get("runs") or []


def is_running(source_id: str) -> bool:
    """Whether a job of this source waits or works."""
    jobs = sa.select(HarvestJob.id).where(HarvestJob.source_id == source_id, HarvestJob.status.in_(("New", "Running")))
    return model.Session.execute(jobs.limit(1)).first() is not None
