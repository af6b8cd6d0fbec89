"""What must follow when a release becomes public or ends: activities and index at once, erasing after the commit."""

from __future__ import annotations

import logging
from typing import Any

import sqlalchemy as sa
from ckan import logic, model
from sqlalchemy import event

from ckanext.privacy.gate import activities, index, rows, store
from ckanext.privacy.model import Release
from ckanext.privacy.workflow.transitions import OPEN_STATES, State

log = logging.getLogger(__name__)

_TO_ERASE = "privacy_to_erase"

#: What a release keeps of its snapshot when it is erased.
_KEPT = ("id", "name", "type", "owner_org")


def make_public(release: Release) -> None:
    """Show a release that is in the state "released", not committed yet; raise when the index does not take it."""
    activities.publish(release)
    reindex(release.package_id)


def take_down(release: Release, *, erase: bool = False) -> None:
    """Hide a release that has just ended, not committed yet; ``erase`` also removes its content for good."""
    index.forget(release.package_id)
    package = model.Package.get(release.package_id)
    if package is not None:
        activities.close(model.Session, package)
    if erase:
        _erase(release)
    if package is not None:
        reindex(release.package_id)


def reindex(package_id: str) -> None:
    """Bring a dataset's document in the index in line with the releases, within the caller's transaction."""
    logic.index_update_package({"ignore_auth": True}, package_id)


def _erase(release: Release) -> None:
    """Empty all ended releases of a dataset: the same people may be in an older version of it."""
    query = sa.select(Release).where(
        Release.package_id == release.package_id, Release.state.not_in((State.RELEASED, *OPEN_STATES))
    )
    doomed = [*model.Session.scalars(query)]
    content = [part for each in doomed for part in _content(each.snapshot)]
    for each in doomed:
        each.snapshot = _emptied(each.snapshot)
    model.Session.flush()
    activities.erase(release.package_id)
    model.Session.info.setdefault(_TO_ERASE, set()).update(set(content) - _needed())


def _content(snapshot: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what of a snapshot lies elsewhere: ("bytes", SHA-256) and ("rows", table)."""
    entries = [*snapshot["resources"].values()]
    entries += [entry["rows"] for entry in entries if isinstance(entry.get("rows"), dict)]
    stored = [("bytes", entry["sha256"]) for entry in entries if entry.get("sha256")]
    return stored + [("rows", entry["table"]) for entry in entries if entry.get("table")]


def _emptied(snapshot: dict[str, Any]) -> dict[str, Any]:
    package = {key: snapshot["package"].get(key) for key in _KEPT} | {"title": "", "resources": []}
    return {**snapshot, "package": package, "package_default": package, "resources": {}, "views": {}, "erased": True}


def _needed() -> set[tuple[str, str]]:
    """Return the content that a release of any dataset still needs: equal bytes are stored once."""
    query = sa.select(Release.snapshot).where(Release.state.in_((State.RELEASED, *OPEN_STATES)))
    return {part for snapshot in model.Session.scalars(query) for part in _content(snapshot)}


def install() -> None:
    """Erase after the commit, never before: what is erased cannot be rolled back. Again does nothing."""
    for name, handler in (("after_commit", _erase_now), ("after_rollback", _forget)):
        if not event.contains(model.Session, name, handler):
            event.listen(model.Session, name, handler)


def _erase_now(session: Any) -> None:
    for part in session.info.pop(_TO_ERASE, set()):
        _erase_part(*part)


def _erase_part(kind: str, name: str) -> None:
    erase = store.remove if kind == "bytes" else rows.drop
    try:
        erase(name)
    except Exception:
        # The commit has happened: nothing can be taken back, and the other parts must be erased too.
        log.exception("Released content could not be erased: %s %s.", kind, name)


def _forget(session: Any) -> None:
    session.info.pop(_TO_ERASE, None)
