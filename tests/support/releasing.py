"""Making a dataset public in a test without walking through request, scan and approval."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ckan import model

from ckanext.privacy.gate import freeze, publish
from ckanext.privacy.gate.snapshot import fingerprint
from ckanext.privacy.model import Release
from ckanext.privacy.model.columns import now
from ckanext.privacy.workflow.transitions import State


def release(package_id: str, left_out: Collection[str] = (), **facts: Any) -> Release:
    """Release a dataset as it is now, in place of the release before it, without some of its resources."""
    snapshot = freeze.freeze(package_id, left_out)
    before = Release.public(package_id)
    if before is not None:
        before.state = State.SUPERSEDED.value
        model.Session.flush()
    made = Release(
        package_id=package_id,
        owner_org=snapshot["package"].get("owner_org"),
        state=State.RELEASED.value,
        origin="request",
        snapshot=snapshot,
        snapshot_sha256=fingerprint(snapshot),
        scans={},
        needs=1,
        reasons=[],
        policy={},
        requested_by=snapshot["package"]["creator_user_id"],
        released=now(),
        **facts,
    )
    model.Session.add(made)
    model.Session.flush()
    publish.make_public(made)
    model.Session.commit()
    return made


def end(release: Release, *, erase: bool = False) -> None:
    """Take a release down."""
    found = Release.get(release.id, for_update=True)
    assert found is not None
    found.state, found.ended = State.WITHDRAWN.value, now()
    model.Session.flush()
    publish.take_down(found, erase=erase)
    model.Session.commit()
