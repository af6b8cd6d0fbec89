"""Asking for a release: what is missing, the frozen snapshot, the scans it waits for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan import plugins as p
from ckan.plugins import toolkit as tk
from sqlalchemy.exc import IntegrityError

from ckanext.privacy import config
from ckanext.privacy.gate import freeze, released
from ckanext.privacy.gate.snapshot import fingerprint, rows_beside, without_scan
from ckanext.privacy.interfaces import IReleaseRequirements, Requirement
from ckanext.privacy.model import Release, Scan
from ckanext.privacy.model.columns import now
from ckanext.privacy.model.scan import DONE, FAILED
from ckanext.privacy.workflow import audit, deciding, judging, legal_basis, links, people, scans, steps
from ckanext.privacy.workflow.one_by_one import Done, one_by_one
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
    """Who asks, with which words to the stewards, and for how long the release should last.

    ``resources`` names the files to release where it is not all of them; the others stay held.
    """

    user: model.User
    note: str | None = None
    public_on: dt.datetime | None = None
    review_by: dt.datetime | None = None
    expires: dt.datetime | None = None
    resources: Collection[str] = ()


def request(package_id: str, wish: Wish) -> tuple[Release, str | None]:
    """Ask for a release of a dataset as it is now; return it, and a sentence if its scans have to wait for the queue.

    Asking again without a change returns the request that is under way. After a change the old request is cancelled.
    """
    package = _check_ready(package_id)
    _check_dates(wish)
    steps.lock_package(package_id)
    model.Session.expire_all()
    snapshot = freeze.freeze(package_id, _left_out(package, wish.resources))
    sha256 = fingerprint(snapshot)
    found = _under_way(package_id, sha256, wish.user)
    release = found or _write(package_id, snapshot, sha256, wish)
    model.Session.commit()
    _, waits = scans.pick_up(package_id)
    judging.judge(release.id)
    return _read(release.id), waits


def _read(release_id: str) -> Release:
    release = Release.get(release_id, for_update=False)
    if release is None:
        raise tk.ObjectNotFound(tk._("There is no such release."))
    model.Session.refresh(release)
    return release


def narrow(release_id: str, seen: str, resources: Collection[str], user: model.User) -> Release:
    """Put a request for some of its files in the place of an open one, for a steward; the other files stay held.

    It is still asked for by whoever asked, and is judged at once from the scans that are there. Refused when
    ``seen`` is not the fingerprint of what the dataset is now.
    """
    old = steps.lock(release_id)
    why_not = people.why_not_judge(user, old) or people.why_not_yet(user, old, old.created)
    deciding.refuse(why_not, "narrow", old, user)
    deciding.check_unchanged(old, seen)
    left_out = {*old.snapshot.get("left_out", ()), *_left_out(old.snapshot["package"], resources)}
    dates = {name: getattr(old, name) for name in ("note", "public_on", "review_by", "expires")}
    asked_by = model.User.get(old.requested_by) or user
    steps.take(old, Event.CANCEL, steps.Actor.person(user, old.owner_org), tk._("A part of it is released on its own."))
    snapshot = freeze.freeze(old.package_id, left_out)
    release = _write(old.package_id, snapshot, fingerprint(snapshot), Wish(asked_by, **dates))
    model.Session.commit()
    scans.pick_up(release.package_id)
    judging.judge(release.id)
    return _read(release.id)


def _left_out(package: dict[str, Any], wanted: Collection[str]) -> list[str]:
    """Return the ids of the resources that are not wanted; where none are named, all are."""
    known = [resource["id"] for resource in package["resources"]]
    unknown = set(wanted) - set(known)
    if unknown:
        model.Session.rollback()
        raise steps.invalid(tk._("This dataset has no such file: {id}").format(id=min(unknown)), "resources")
    return [each for each in known if wanted and each not in wanted]


def _check_dates(wish: Wish) -> None:
    """Refuse dates that contradict each other: what ends before it begins would never be seen."""
    begins = max(now(), wish.public_on or now())
    for name in ("review_by", "expires"):
        moment = getattr(wish, name)
        if moment is not None and moment <= begins:
            raise steps.invalid(tk._("This date comes before the dataset would be public; choose a later one."), name)


def _check_ready(package_id: str) -> dict[str, Any]:
    """Return a dataset whose release can be asked for; ``ValidationError`` names what is missing."""
    package = freeze.working_package(package_id)
    if package["state"] != "active":
        raise steps.invalid(tk._("Only a finished dataset can be released: this one is a draft, or was deleted."))
    lacks = [requirement for requirement in missing(package) if requirement["blocking"]]
    if lacks:
        fields = dict.fromkeys(requirement["field"] for requirement in lacks)
        raise tk.ValidationError(
            {field: [each["message"] for each in lacks if each["field"] == field] for field in fields}
        )
    return package


def _under_way(package_id: str, sha256: str, user: model.User) -> Release | None:
    """Return the open request for exactly this snapshot; cancel one for an older state of the dataset."""
    public = Release.public(package_id)
    if public is not None and _shows(public, sha256):
        raise steps.invalid(tk._("The public sees exactly this version already; nothing has changed since."))
    found = Release.open(package_id)
    if found is None:
        return None
    found = Release.get(found.id, for_update=True)
    if found is None or (found.snapshot_sha256 == sha256 and not links.why_not(found) and legal_basis.as_seen(found)):
        if found is not None and found.state == State.BLOCKED:
            look_again(found, scans_for(package_id, found.snapshot, user.id))
        return found
    reason = tk._("A newer request took its place.")
    steps.take(found, Event.CANCEL, steps.Actor.person(user, found.owner_org), reason)
    return None


def _shows(public: Release, sha256: str) -> bool:
    """Say whether what is public is exactly this, asked for by somebody, on the agreements that there are now."""
    return public.snapshot_sha256 == sha256 and public.origin == "request" and legal_basis.as_seen(public)


def look_again(release: Release, fresh: Mapping[str, Scan]) -> None:
    """Have a locked release that is blocked judged anew, by scans of the same bytes in the place of those it had.

    What blocked it may be gone: a scan failed, the policy or the scanner is another one, an agreement is there now.
    """
    release.scans = {**release.scans, **{key: scan.id for key, scan in fresh.items()}}
    steps.take(release, Event.SCAN, steps.POLICY, scans=len(fresh))


def _write(package_id: str, snapshot: dict[str, Any], sha256: str, wish: Wish) -> Release:
    owner_org, agreed = snapshot["package"].get("owner_org"), legal_basis.frozen(snapshot["package"])
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
        public_on=wish.public_on,
        review_by=wish.review_by,
        expires=wish.expires,
        consents=agreed,
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
    agreements = [{**each, "event_sha256": agreed["versions"][each["id"]]} for each in agreed["records"]]
    data = {"package": package_id, "snapshot_sha256": sha256, "role": actor.role, "agreements": agreements}
    audit.record("release.request", "release", release.id, data, wish.user.id)
    steps.take(release, Event.SCAN, steps.POLICY, scans=len(release.scans))
    return release


def scan(package_id: str, user: model.User, resource_id: str | None = None) -> list[Scan]:
    """Add a scan for every file of a dataset, or for one, and commit; one that is under way already is returned.

    A blocked request for release takes the new scans of its bytes and is judged anew when they have ended.
    """
    snapshot = freeze.freeze(package_id)
    wanted = {
        key: (_under_way_scan(resource["id"], entry) or scans.create(package_id, resource, entry, user.id), entry)
        for resource, key, entry in _entries(snapshot)
        if resource_id in (None, resource["id"])
    }
    _revive(package_id, wanted)
    model.Session.commit()
    return [found for found, _ in wanted.values()]


def _revive(package_id: str, wanted: Mapping[str, tuple[Scan, scans.Entry]]) -> None:
    steps.lock_package(package_id)
    open_ = Release.open(package_id)
    blocked = Release.get(open_.id, for_update=True) if open_ else None
    if blocked is None or blocked.state != State.BLOCKED:
        return
    asked_for = {key: without_scan(entry) for _, key, entry in _entries(blocked.snapshot)}
    fresh = {key: found for key, (found, entry) in wanted.items() if asked_for.get(key) == entry}
    if fresh:
        look_again(blocked, fresh)


def scan_failed(user: model.User) -> Done[list[Scan]]:
    """Add scans of the files whose last scan failed, and have judged anew what they block; return them by file."""
    newest = (
        sa.select(Scan)
        .distinct(Scan.resource_id, Scan.kind)
        .order_by(Scan.resource_id, Scan.kind, Scan.created.desc())
        .subquery()
    )
    query = sa.select(newest.c.package_id, newest.c.resource_id).where(newest.c.status == FAILED).distinct()
    return one_by_one(model.Session.execute(query).tuples().all(), lambda each: scan(each[0], user, each[1]))


def look_again_at_blocked(user: model.User) -> Done[str]:
    """Have judged anew what is blocked by a scan that failed, or under another policy or scanner; return the ids."""
    blocked = model.Session.scalars(sa.select(Release.id).where(Release.state == State.BLOCKED.value))
    return one_by_one(blocked.all(), lambda release_id: _look_again_if_stale(release_id, user))


def _look_again_if_stale(release_id: str, user: model.User) -> str | None:
    release = steps.lock(release_id)
    if release.state != State.BLOCKED or not _is_stale(release):
        model.Session.rollback()
        return None
    look_again(release, scans_for(release.package_id, release.snapshot, user.id))
    model.Session.commit()
    return release_id


def _is_stale(release: Release) -> bool:
    policy = config.policy()
    if release.policy != {"name": policy.name, "version": policy.version}:
        return True
    return not all(scan.status == DONE and scans.is_current(scan) for scan in judging.scans_of(release).values())


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
        beside = rows_beside(entry)
        if beside:
            yield resource, released.rows_key(resource["id"]), beside
