"""Scans: asking for them, queueing them, finding the ones that can be used again. ``scanning`` looks at bytes."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from redis.exceptions import RedisError

from ckanext.privacy import config
from ckanext.privacy.engine import VERSION
from ckanext.privacy.model import Scan
from ckanext.privacy.model.columns import now
from ckanext.privacy.model.scan import DONE, QUEUED, RUNNING

log = logging.getLogger(__name__)

#: A worker that gave no sign of life for so long is taken for dead.
STALE = dt.timedelta(seconds=60)
#: A worker may die once under a scan; the second time, the file itself is suspected and held.
MOST_ATTEMPTS = 2

Entry = Mapping[str, Any]
_PLAIN = (
    "id", "package_id", "resource_id", "kind", "sha256", "name", "status", "progress", "outcome", "failure",
)  # fmt: skip


def create(package_id: str, resource: Entry, entry: Entry, requested_by: str | None) -> Scan:
    """Add a queued scan of one resource in the caller's transaction. ``entry`` is its part of a snapshot."""
    scan = Scan(
        package_id=package_id,
        resource_id=resource["id"],
        kind=entry["kind"],
        sha256=entry.get("sha256"),
        name=file_name(resource, entry),
        status=QUEUED,
        progress=0.0,
        attempts=0,
        requested_by=requested_by,
    )
    model.Session.add(scan)
    model.Session.flush()
    return scan


def file_name(resource: Entry, entry: Entry) -> str:
    """Return the name people know a file by."""
    url = str(entry.get("filename") or entry.get("url") or resource.get("url") or "")
    last = urlsplit(url).path.rstrip("/").rpartition("/")[2] if "://" in url else url
    return last or str(resource.get("name") or resource["id"])


def reusable(resource_id: str, entry: Entry) -> Scan | None:
    """Return a scan of exactly these bytes by today's engine and policy, done or under way; None when there is none.

    Bytes that are not in the release store yet (links) are always looked at again.
    """
    sha256 = entry.get("sha256")
    if not sha256 or entry["kind"] == "link":
        return None
    query = (
        sa.select(Scan)
        .where(Scan.resource_id == resource_id, Scan.kind == entry["kind"], Scan.sha256 == sha256)
        .where(Scan.status.in_((QUEUED, RUNNING, DONE)))
        .order_by(Scan.created.desc())
    )
    return next((scan for scan in model.Session.scalars(query) if is_current(scan)), None)


def is_current(scan: Scan) -> bool:
    """Say whether a scan that is done was made by today's engine and policy; one under way will be."""
    if scan.status != DONE:
        return True
    report = scan.report or {}
    policy = report.get("policy") or {}
    facts = config.policy().facts
    return (report.get("engine") or {}).get("version") == VERSION and (
        (policy.get("name"), policy.get("version")) == (facts.name, facts.version)
    )


def enqueue(scans: Iterable[Scan]) -> str | None:
    """Hand committed scans to the workers; return one sentence when the queue does not take them, else None.

    A scan that was not taken stays ``queued`` in the database; ``pick_up`` hands it over later.
    """
    from ckanext.privacy import jobs

    waiting = [scan for scan in scans if scan.status == QUEUED]
    try:
        for scan in waiting:
            _enqueue(jobs.run_scan, scan)
    except (RedisError, OSError) as error:
        log.warning("The job queue does not answer (%s); scans wait in the database.", type(error).__name__)
        return tk._(
            "The scan is noted and waits: the job queue does not answer just now. Nothing is lost; "
            "it starts by itself once the queue is back."
        )
    return None


def _enqueue(job: Any, scan: Scan) -> None:
    # The engine ends its own child first; the queue's limit only catches a worker that hangs.
    seconds = config.scan_seconds() + config.link_limits().seconds + 300
    tk.enqueue_job(
        job,
        [scan.id],
        title=f"Privacy scan {scan.id}",
        queue=config.queue(),
        rq_kwargs={"timeout": int(seconds)},
    )


def waiting(package_id: str | None = None) -> list[Scan]:
    """Return the scans nobody works on: queued ones, oldest first, and those whose worker died."""
    dead = sa.and_(Scan.status == RUNNING, Scan.heartbeat < now() - STALE)
    query = sa.select(Scan).where(sa.or_(Scan.status == QUEUED, dead)).order_by(Scan.created)
    if package_id:
        query = query.where(Scan.package_id == package_id)
    return list(model.Session.scalars(query))


def pick_up(package_id: str | None = None) -> tuple[int, str | None]:
    """Hand every waiting scan to the workers again; return how many, and a sentence if the queue does not answer.

    Harmless when a scan is in the queue already: whichever worker comes second finds it taken.
    """
    found = waiting(package_id)
    revive = [scan.id for scan in found if scan.status == RUNNING]
    if revive:
        model.Session.execute(sa.update(Scan).where(Scan.id.in_(revive), Scan.status == RUNNING).values(status=QUEUED))
        model.Session.commit()
        model.Session.expire_all()
    return len(found), enqueue(found)


def dictize(scan: Scan, *, report: bool = True) -> dict[str, Any]:
    """Turn a scan into plain JSON; reports hold masked examples only."""
    answer: dict[str, Any] = {name: getattr(scan, name) for name in _PLAIN}
    for name in ("created", "started", "finished"):
        moment = getattr(scan, name)
        answer[name] = moment.isoformat() if moment else None
    if report:
        answer |= {"report": scan.report, "quality": scan.quality}
    return answer
