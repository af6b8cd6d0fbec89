"""Asking for a release: what is missing, the frozen snapshot, the scans it waits for."""

from __future__ import annotations

import datetime as dt
from typing import Any

from ckan import model
from ckan import plugins as p
from ckan.plugins import toolkit as tk
from sqlalchemy.exc import IntegrityError

from ckanext.privacy.gate import freeze
from ckanext.privacy.gate.snapshot import fingerprint
from ckanext.privacy.interfaces import IReleaseRequirements, Requirement
from ckanext.privacy.model import Release, Scan
from ckanext.privacy.model.columns import now
from ckanext.privacy.workflow import audit, judging, notify, scans, steps
from ckanext.privacy.workflow.transitions import Event, State


def missing(package: dict[str, Any]) -> list[Requirement]:
    """Return what a dataset still lacks before its release can be asked for."""
    found = [
        requirement
        for plugin in p.PluginImplementations(IReleaseRequirements)
        for requirement in plugin.release_requirements(package)
    ]
    if not package.get("owner_org"):
        message = tk._("Choose the organization that is responsible for the dataset: its stewards decide.")
        found.insert(0, Requirement(field="owner_org", label=tk._("Organization"), message=message, anchor=""))
    return found


def request(
    package_id: str, user: model.User, note: str | None, expires: dt.datetime | None = None
) -> tuple[Release, str | None]:
    """Ask for a release of a dataset as it is now; return it, and a sentence if its scans have to wait for the queue.

    Asking again without a change returns the request that is under way. After a change the old request is cancelled.
    """
    _check_ready(package_id, expires)
    steps.lock_package(package_id)
    model.Session.expire_all()
    snapshot = freeze.freeze(package_id)
    sha256 = fingerprint(snapshot)
    found = _under_way(package_id, sha256, user)
    release = found or _write(package_id, snapshot, sha256, user, note, expires)
    model.Session.commit()
    _, waits = scans.pick_up(package_id)
    if found is None:
        judging.judge(release.id)
        notify.requested(release.id)
    return _read(release.id), waits


def _read(release_id: str) -> Release:
    release = Release.get(release_id, for_update=False)
    if release is None:
        raise tk.ObjectNotFound(tk._("There is no such release."))
    model.Session.refresh(release)
    return release


def _check_ready(package_id: str, expires: dt.datetime | None) -> None:
    package = freeze.working_package(package_id)
    if package["state"] != "active":
        raise steps.invalid(tk._("Only a finished dataset can be released; this one is '{state}'.").format(**package))
    if expires and expires <= now():
        raise steps.invalid(tk._("The end date lies in the past; choose a later one."), "expires")
    lacks = missing(package)
    if lacks:
        errors: dict[str, list[str]] = {}
        for requirement in lacks:
            errors.setdefault(requirement["field"], []).append(requirement["message"])
        raise tk.ValidationError(errors)


def _under_way(package_id: str, sha256: str, user: model.User) -> Release | None:
    """Return the open request for exactly this snapshot; cancel one for an older state of the dataset."""
    public = Release.public(package_id)
    if public is not None and public.snapshot_sha256 == sha256 and public.origin == "request":
        raise steps.invalid(tk._("The public sees exactly this version already; nothing has changed since."))
    found = Release.open(package_id)
    if found is None:
        return None
    found = Release.get(found.id, for_update=True)
    if found is None or found.snapshot_sha256 == sha256:
        return found
    reason = tk._("A newer request took its place.")
    steps.take(found, Event.CANCEL, steps.Actor.person(user, found.owner_org), reason)
    return None


def _write(
    package_id: str, snapshot: dict[str, Any], sha256: str, user: model.User, note: str | None, expires: dt.datetime | None
) -> Release:
    owner_org = snapshot["package"].get("owner_org")
    release = Release(
        package_id=package_id,
        owner_org=owner_org,
        state=State.REQUESTED.value,
        origin="request",
        snapshot=snapshot,
        snapshot_sha256=sha256,
        scans={key: scan.id for key, scan in scans_for(package_id, snapshot, user.id).items()},
        needs=0,
        reasons=[],
        policy={},
        requested_by=user.id,
        note=note,
        expires=expires,
    )
    model.Session.add(release)
    try:
        model.Session.flush()
    except IntegrityError as error:
        model.Session.rollback()
        raise steps.invalid(tk._("Somebody else asked for this release at the same moment; reload the page.")) from error
    actor = steps.Actor.person(user, owner_org)
    data = {"package": package_id, "snapshot_sha256": sha256, "role": actor.role}
    audit.record("release.request", "release", release.id, data, user.id)
    steps.take(release, Event.SCAN, steps.POLICY, scans=len(release.scans))
    return release


def scans_for(package_id: str, snapshot: dict[str, Any], requested_by: str | None) -> dict[str, Scan]:
    """Return a scan for every file of a snapshot, by resource id: one that fits already, else a new queued one."""
    found: dict[str, Scan] = {}
    for resource in snapshot["package"]["resources"]:
        entry = snapshot["resources"][resource["id"]]
        if entry["kind"] == "none":
            continue
        fits = scans.reusable(resource["id"], entry)
        found[resource["id"]] = fits or scans.create(package_id, resource, entry, requested_by)
    return found
