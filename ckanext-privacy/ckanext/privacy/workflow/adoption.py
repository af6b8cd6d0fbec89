"""Turning the gate on in a catalogue that is public already: nothing disappears, everything gets a record.

It also gets the dates that the policy sets, counted from that day.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.privacy.engine.sentences import say
from ckanext.privacy.gate import freeze, uploads
from ckanext.privacy.gate.snapshot import fingerprint
from ckanext.privacy.model import Decision, Release
from ckanext.privacy.model.columns import now
from ckanext.privacy.workflow import audit, publishing, register, requesting, scans, steps
from ckanext.privacy.workflow.transitions import State

log = logging.getLogger(__name__)

REASON = say("It was public before the gate was turned on.")


def candidates() -> list[str]:
    """Return the ids of the datasets that are public by CKAN's own flag and that the gate knows nothing of."""
    known = sa.select(Release.package_id)
    query = (
        sa.select(model.Package.id)
        .where(model.Package.state == "active", model.Package.private.is_(False), model.Package.id.not_in(known))
        .order_by(model.Package.metadata_created)
    )
    return list(model.Session.scalars(query))


def adopt(package_ids: list[str]) -> Iterator[tuple[str, str | None]]:
    """Write a release for each dataset as it is now and queue its scans; yield its id, and a sentence if that failed.

    Each is a transaction of its own: the run can be stopped and started again.
    """
    for package_id in package_ids:
        try:
            _adopt(package_id)
        except tk.ValidationError as error:
            model.Session.rollback()
            yield package_id, steps.told(error)
            continue
        yield package_id, None


def _adopt(package_id: str) -> None:
    """Adopt one dataset, without those of its files that CKAN has lost: they could not be downloaded before either."""
    steps.lock_package(package_id)
    snapshot = freeze.freeze(package_id, _without_file(package_id))
    release = Release(
        package_id=package_id,
        owner_org=snapshot["package"].get("owner_org"),
        state=State.RELEASED.value,
        origin="legacy",
        snapshot=snapshot,
        snapshot_sha256=fingerprint(snapshot),
        scans={key: scan.id for key, scan in requesting.scans_for(package_id, snapshot, None).items()},
        needs=0,
        reasons=[],
        policy={},
        requested_by=steps.POLICY.id,
        released=now(),
    )
    publishing.set_ends(release)
    model.Session.add(release)
    model.Session.flush()
    decision = Decision(
        release_id=release.id,
        user_id=steps.POLICY.id,
        role=steps.POLICY.role,
        event=register.ADOPTED,
        snapshot_sha256=release.snapshot_sha256,
        reason=REASON,
    )
    model.Session.add(decision)
    data = {"package": package_id, "snapshot_sha256": release.snapshot_sha256, "role": steps.POLICY.role}
    audit.record("release.adopt", "release", release.id, data, None)
    model.Session.flush()
    publishing.show_to_public(release)
    scans.pick_up(package_id)


def _without_file(package_id: str) -> list[str]:
    """Return the ids of a dataset's uploaded resources whose file is not on the server any more."""
    resources = freeze.working_package(package_id)["resources"]
    uploaded = [resource["id"] for resource in resources if resource.get("url_type") == "upload"]
    lost = [resource_id for resource_id in uploaded if not uploads.has_working_file(resource_id)]
    if lost:
        log.warning("Dataset %s is adopted without the files that are not there: %s.", package_id, ", ".join(lost))
    return lost
