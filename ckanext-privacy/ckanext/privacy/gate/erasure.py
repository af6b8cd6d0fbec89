"""Erasing what was released of a dataset, everywhere: snapshots, stored bytes, copies of rows, activities, what scans
and cleanings noted, settled concerns. That something was there and was erased stays: in releases and audit log.

The working copy is its editors': they replace or delete it. Bytes that another dataset's release shows stay for that.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from ckan import model
from sqlalchemy import event

from ckanext.privacy.gate import activities, freeze, rows, store
from ckanext.privacy.model import Cleaning, Concern, Release, Scan
from ckanext.privacy.model.concern import RESOLVED
from ckanext.privacy.workflow import audit
from ckanext.privacy.workflow.transitions import OPEN_STATES, STANDING_STATES

log = logging.getLogger(__name__)

_TO_ERASE = "privacy_to_erase"
#: What a release keeps of its snapshot when it is erased.
_KEPT = ("id", "name", "type", "owner_org")
_ALIVE = (*STANDING_STATES, *OPEN_STATES)
EVENT = "release.erased"

#: Something that lies elsewhere: ("bytes", SHA-256) or ("rows", name of a copy).
Part = tuple[str, str]


def erase(release: Release) -> None:
    """Erase everything of a dataset whose release has just ended, older versions too, in the caller's transaction.

    Bytes and rows go after the commit, never before: what is erased cannot be rolled back.
    """
    package_id = release.package_id
    alive = _snapshots(Release.package_id == package_id, Release.state.in_(_ALIVE))
    mine = {part for snapshot in alive for part in content(snapshot)}
    doomed = _all_of(package_id) - mine
    shared = {owner: parts & doomed for owner, parts in _alive_elsewhere(package_id).items()}
    others = {owner: parts for owner, parts in shared.items() if parts}
    _empty_releases(package_id)
    _empty_notes(package_id, keep={sha256 for kind, sha256 in mine if kind == "bytes"})
    model.Session.flush()
    activities.erase(package_id)
    gone = doomed.difference(*others.values())
    model.Session.info.setdefault(_TO_ERASE, set()).update(gone)
    data = {"package": package_id, "parts": len(gone), "kept_for": sorted(others)}
    audit.record(EVENT, "release", release.id, data, None)


def content(snapshot: dict[str, Any]) -> list[Part]:
    """Return what of a snapshot lies elsewhere."""
    entries = [*snapshot.get("resources", {}).values()]
    entries += [entry["rows"] for entry in entries if isinstance(entry.get("rows"), dict)]
    stored = [("bytes", entry["sha256"]) for entry in entries if entry.get("sha256")]
    return stored + [("rows", entry["table"]) for entry in entries if entry.get("table")]


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
        Release.package_id != package_id, Release.state.in_(_ALIVE)
    )
    found: dict[str, set[Part]] = {}
    for owner, resources in model.Session.execute(query):
        found.setdefault(owner, set()).update(content({"resources": resources}))
    return found


def _empty_releases(package_id: str) -> None:
    query = sa.select(Release).where(Release.package_id == package_id, Release.state.not_in(_ALIVE))
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
    _run(sa.update(Cleaning).where(Cleaning.package_id == package_id).values(plan={}, result={}, table_schemas={}))
    settled = sa.update(Concern).where(Concern.package_id == package_id, Concern.state == RESOLVED)
    _run(settled.values(text="", contact=None))


def _run(statement: sa.Update) -> None:
    model.Session.execute(statement.execution_options(synchronize_session="fetch"))


def install() -> None:
    """Erase after the commit, never before: what is erased cannot be rolled back. Again does nothing."""
    for name, handler in (("after_commit", _erase_now), ("after_rollback", _forget)):
        if not event.contains(model.Session, name, handler):
            event.listen(model.Session, name, handler)


def _erase_now(session: Any) -> None:
    for part in session.info.pop(_TO_ERASE, set()):
        _erase_part(*part)


def _erase_part(kind: str, name: str) -> None:
    erase_one = store.remove if kind == "bytes" else rows.drop
    try:
        erase_one(name)
    except Exception:
        # The commit has happened: nothing can be taken back, and the other parts must be erased too.
        log.exception("Released content could not be erased: %s %s.", kind, name)


def _forget(session: Any) -> None:
    session.info.pop(_TO_ERASE, None)
