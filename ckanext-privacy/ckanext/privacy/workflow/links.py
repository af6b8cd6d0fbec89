"""Linked files: a release is bound to the bytes that were scanned, wherever the link leads later.

What a link leads to is another's to change. So the release's entry of it says which bytes the scan had, from where, and
what their server said of them; nothing is approved of which a later look found other bytes. No request of a person asks
another site: :mod:`ckanext.privacy.workflow.watching` looks again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.privacy.gate.snapshot import SCANNED
from ckanext.privacy.model import Decision, Release, Scan
from ckanext.privacy.translation import N_
from ckanext.privacy.workflow import people
from ckanext.privacy.workflow.transitions import Event, State

#: Why a release that has to be asked for again cannot go on.
CHANGED = N_("A linked file is not the one that was scanned any more: ask for a new release, so that it is looked at.")
#: What a scan notes of a link that a release says as well.
_FACTS = ("url", "bytes", "etag")


def bind(release: Release, scans: Mapping[str, Scan]) -> dict[str, Any]:
    """Write into a locked release which bytes the scans of its links had; return the same for the audit log.

    Its fingerprint stays what it is.
    """
    had = {key: scan for key, scan in scans.items() if scan.kind == "link" and scan.sha256}
    if not had:
        return {}
    entries = release.snapshot["resources"]
    bound = {key: {**entries[key], SCANNED: _scanned(scan)} for key, scan in had.items()}
    release.snapshot = {**release.snapshot, "resources": {**entries, **bound}}
    return {"links": {key: scan.sha256 for key, scan in had.items()}}


def _scanned(scan: Scan) -> dict[str, Any]:
    said = scan.link or {}
    return {"sha256": scan.sha256, **{name: said.get(name) for name in _FACTS}}


def changed_under(release: Release) -> bool:
    """Say whether a release is on hold since a link of it led to other bytes: the next release takes its place."""
    if release.state != State.HELD:
        return False
    last = Decision.of(release.id)[-1]
    return (last.event, last.user_id) == (Event.HOLD.value, people.POLICY)


def why_not(release: Release) -> str | None:
    """Return why a release cannot go on where a later look at one of its links found other bytes; else None."""
    bound = model.Session.scalars(sa.select(Scan).where(Scan.id.in_(release.scans.values()), Scan.kind == "link"))
    return tk._(CHANGED) if any(_has_moved(release, scan) for scan in bound) else None


def _has_moved(release: Release, bound: Scan) -> bool:
    """Say whether the newest later look at the same address had other bytes than the scan that a release rests on."""
    asked = release.snapshot["resources"][bound.resource_id].get("url")
    later = (
        sa.select(Scan.sha256)
        .where(Scan.resource_id == bound.resource_id, Scan.kind == "link", Scan.sha256.is_not(None))
        .where(Scan.created > bound.created, Scan.link["asked"].astext == asked)
        .order_by(Scan.created.desc())
        .limit(1)
    )
    newest = model.Session.scalar(later)
    return newest is not None and newest != bound.sha256
