"""Erasing what was released of a dataset, everywhere: snapshots, stored bytes, copies of rows, activities, what scans
and cleanings noted, settled concerns. That something was there and was erased stays: in releases and audit log.

The working copy is its editors': they replace or delete it. Bytes that another dataset's release shows stay for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.privacy.engine.sentences import say
from ckanext.privacy.gate import activities, freeze, removal, rows
from ckanext.privacy.gate.removal import ALIVE, Part, content
from ckanext.privacy.model import Cleaning, Concern, Release, Scan
from ckanext.privacy.model.columns import now
from ckanext.privacy.model.concern import RESOLVED
from ckanext.privacy.model.scan import FAILED
from ckanext.privacy.workflow import audit

#: What a release keeps of its snapshot when it is erased.
_KEPT = ("id", "name", "type", "owner_org")
EVENT = "release.erased"
#: What a scan says that had not ended when its bytes were erased.
ERASED = say("The bytes were erased before the scan had ended.")


def erase(release: Release) -> None:
    """Erase everything of a dataset whose release has just ended, older versions too, in the caller's transaction.

    Bytes and rows go right after the commit, or as soon as their store answers (:mod:`ckanext.privacy.gate.removal`).
    """
    package_id = release.package_id
    alive = _snapshots(Release.package_id == package_id, Release.state.in_(ALIVE))
    mine = {part for snapshot in alive for part in content(snapshot)}
    doomed = _all_of(package_id) - mine
    shared = {owner: parts & doomed for owner, parts in _alive_elsewhere(package_id).items()}
    others = {owner: parts for owner, parts in shared.items() if parts}
    _empty_releases(package_id)
    _empty_notes(package_id, keep={sha256 for kind, sha256 in mine if kind == "bytes"})
    model.Session.flush()
    activities.erase(package_id)
    gone = doomed.difference(*others.values())
    removal.ask(gone)
    data = {"package": package_id, "parts": len(gone), "kept_for": sorted(others)}
    audit.record(EVENT, "release", release.id, data, None)


def _snapshots(*conditions: Any) -> Iterable[dict[str, Any]]:
    return model.Session.scalars(sa.select(Release.snapshot).where(*conditions))


def _all_of(package_id: str) -> set[Part]:
    """Return all content that was ever put aside for a dataset, released, only scanned, or cleaned."""
    found = {part for snapshot in _snapshots(Release.package_id == package_id) for part in content(snapshot)}
    looked_at = sa.select(Scan.sha256).where(Scan.package_id == package_id, Scan.sha256.is_not(None))
    found |= {("bytes", sha256) for sha256 in model.Session.scalars(looked_at) if sha256}
    for cleaning in _cleanings(package_id):
        found |= {("bytes", cleaning.sha256_before), ("bytes", cleaning.sha256_after)}
    return found | {("rows", table) for table in rows.copies_of(freeze.resource_ids(package_id))}


def _cleanings(package_id: str) -> Iterator[Cleaning]:
    yield from model.Session.scalars(sa.select(Cleaning).where(Cleaning.package_id == package_id))


def _alive_elsewhere(package_id: str) -> dict[str, set[Part]]:
    """Return by dataset the content that releases of others still need: equal bytes are stored once."""
    query = sa.select(Release.package_id, Release.snapshot["resources"]).where(
        Release.package_id != package_id, Release.state.in_(ALIVE)
    )
    found: dict[str, set[Part]] = {}
    for owner, resources in model.Session.execute(query):
        found.setdefault(owner, set()).update(content({"resources": resources}))
    return found


def _empty_releases(package_id: str) -> None:
    query = sa.select(Release).where(Release.package_id == package_id, Release.state.not_in(ALIVE))
    for release in model.Session.scalars(query):
        release.snapshot, release.note = _emptied(release.snapshot), None


def _emptied(snapshot: dict[str, Any]) -> dict[str, Any]:
    package = {key: snapshot["package"].get(key) for key in _KEPT} | {"title": "", "resources": []}
    return {**snapshot, "package": package, "package_default": package, "resources": {}, "views": {}, "erased": True}


def _empty_notes(package_id: str, keep: set[str]) -> None:
    """Forget masked examples, table errors, plans and the words of settled concerns."""
    sha256 = sa.func.coalesce(Scan.sha256, "")
    scans = sa.update(Scan).where(Scan.package_id == package_id, sha256.not_in(keep), Scan.finished.is_not(None))
    _run(scans.values(report=None, quality=None))
    unfinished = sa.update(Scan).where(Scan.package_id == package_id, sha256.not_in({*keep, ""}))
    _run(unfinished.where(Scan.finished.is_(None)).values(status=FAILED, failure=ERASED, finished=now()))
    _run(sa.update(Cleaning).where(Cleaning.package_id == package_id).values(plan={}, result={}, table_schemas={}))
    settled = sa.update(Concern).where(Concern.package_id == package_id, Concern.state == RESOLVED)
    _run(settled.values(text="", contact=None))


def _run(statement: sa.Update) -> None:
    model.Session.execute(statement.execution_options(synchronize_session="fetch"))
