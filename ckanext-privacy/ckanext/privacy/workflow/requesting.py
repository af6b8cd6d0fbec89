"""Asking for a release: what is missing, the frozen snapshot, the scans it waits for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
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
from ckanext.privacy.model.scan import DONE
from ckanext.privacy.workflow import audit, judging, legal_basis, notify, scans, steps
from ckanext.privacy.workflow.transitions import Event, State


def missing(package: dict[str, Any]) -> list[Requirement]:
    """Return what a dataset still lacks before its release can be asked for."""
    found = [
        requirement
        for plugin in p.PluginImplementations(IReleaseRequirements)
        for requirement in plugin.release_requirements(package)
    ]
    found += legal_basis.requirements(package)
    if not package.get("owner_org"):
        message = tk._("Choose the organization that is responsible for the dataset: its stewards decide.")
        organization = Requirement(
            field="owner_org", label=tk._("Organization"), message=message, anchor="", blocking=True
        )
        found.insert(0, organization)
    return found


@dataclass(frozen=True)
class Wish:
    """Who asks, with which words to the stewards, and until when the release should last."""

    user: model.User
    note: str | None = None
    expires: dt.datetime | None = None


def request(package_id: str, wish: Wish) -> tuple[Release, str | None]:
    """Ask for a release of a dataset as it is now; return it, and a sentence if its scans have to wait for the queue.

    Asking again without a change returns the request that is under way. After a change the old request is cancelled.
    """
    _check_ready(package_id, wish.expires)
    steps.lock_package(package_id)
    model.Session.expire_all()
    snapshot = freeze.freeze(package_id)
    sha256 = fingerprint(snapshot)
    found = _under_way(package_id, sha256, wish.user)
    release = found or _write(package_id, snapshot, sha256, wish)
    model.Session.commit()
    _, waits = scans.pick_up(package_id)
    judging.judge(release.id)
    if found is None:
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
    lacks = [requirement for requirement in missing(package) if requirement["blocking"]]
    if lacks:
        fields = dict.fromkeys(requirement["field"] for requirement in lacks)
        raise tk.ValidationError(
            {field: [each["message"] for each in lacks if each["field"] == field] for field in fields}
        )


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
        _look_again(found)
        return found
    reason = tk._("A newer request took its place.")
    steps.take(found, Event.CANCEL, steps.Actor.person(user, found.owner_org), reason)
    return None


def _look_again(release: Release | None) -> None:
    """Have a request judged anew that only waited for an agreement: by now that is there."""
    rules = {reason["rule"] for reason in release.reasons} if release else set()
    if release is not None and release.state == State.BLOCKED and legal_basis.RULE in rules:
        steps.take(release, Event.SCAN, steps.POLICY)


def _write(package_id: str, snapshot: dict[str, Any], sha256: str, wish: Wish) -> Release:
    owner_org = snapshot["package"].get("owner_org")
    release = Release(
        package_id=package_id,
        owner_org=owner_org,
        state=State.REQUESTED.value,
        origin="request",
        snapshot=snapshot,
        snapshot_sha256=sha256,
        scans={key: scan.id for key, scan in scans_for(package_id, snapshot, wish.user.id).items()},
        needs=0,
        reasons=[],
        policy={},
        requested_by=wish.user.id,
        note=wish.note,
        expires=wish.expires,
    )
    model.Session.add(release)
    try:
        model.Session.flush()
    except IntegrityError as error:
        model.Session.rollback()
        raise steps.invalid(
            tk._("Somebody else asked for this release at the same moment; reload the page.")
        ) from error
    actor = steps.Actor.person(wish.user, owner_org)
    data = {"package": package_id, "snapshot_sha256": sha256, "role": actor.role}
    audit.record("release.request", "release", release.id, data, wish.user.id)
    steps.take(release, Event.SCAN, steps.POLICY, scans=len(release.scans))
    return release


def scan(package_id: str, user: model.User, resource_id: str | None = None) -> list[Scan]:
    """Add a scan for every file of a dataset, or for one, and commit; one that is under way already is returned."""
    snapshot = freeze.freeze(package_id)
    found = [
        _under_way_scan(resource["id"], entry) or scans.create(package_id, resource, entry, user.id)
        for resource, _, entry in _entries(snapshot)
        if resource_id in (None, resource["id"])
    ]
    model.Session.commit()
    return found


def _under_way_scan(resource_id: str, entry: scans.Entry) -> Scan | None:
    found = scans.reusable(resource_id, entry)
    return found if found and found.status != DONE else None


def scans_for(package_id: str, snapshot: dict[str, Any], requested_by: str | None) -> dict[str, Scan]:
    """Return a scan for every file of a snapshot: one that fits already, else a new queued one.

    The keys are resource ids; where a file has rows in the datastore beside it, these are scanned under ``<id>/rows``.
    """
    return {
        key: scans.reusable(resource["id"], entry) or scans.create(package_id, resource, entry, requested_by)
        for resource, key, entry in _entries(snapshot)
    }


def _entries(snapshot: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str, dict[str, Any]]]:
    """Yield resource, key and snapshot entry of everything in a snapshot that has bytes."""
    for resource in snapshot["package"]["resources"]:
        entry = snapshot["resources"][resource["id"]]
        if entry["kind"] != "none":
            yield resource, resource["id"], entry
        if entry["kind"] == "file" and "rows" in entry:
            yield resource, f"{resource['id']}/rows", entry["rows"]
