"""Looking again at the linked files of what is public: the clock asks whether they are still what was scanned.

A server says so by the ETag or the date it said then; one that says neither, or others, is asked for the file, and its
bytes decide. What does not answer is left as it is: nobody can read it there either. A dataset whose link leads to
other bytes is on hold at once, and a release of it is asked for as it stands: the policy lets it go again where nothing
in it is new, people decide about the rest. The public is told that a file changed, not where it lies.
"""

from __future__ import annotations

import datetime as dt
import logging
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.privacy import config
from ckanext.privacy.gate import freeze
from ckanext.privacy.model import Release, Scan
from ckanext.privacy.model.columns import now
from ckanext.privacy.remote import Fetched, FetchError, Known, fetch_if_changed
from ckanext.privacy.translation import N_
from ckanext.privacy.workflow import notify, publishing, requesting, scans, steps
from ckanext.privacy.workflow.one_by_one import Done, one_by_one
from ckanext.privacy.workflow.transitions import Event, State

log = logging.getLogger(__name__)

CHANGED = N_("A linked file is not the one that was approved any more: it changed where it is kept.")
NOTE = N_("A linked file changed where it is kept, so it has to be looked at again.")


@dataclass(frozen=True)
class Link:
    """A link of a release in force, and what is known of the bytes that it led to when it was scanned."""

    release_id: str
    package_id: str
    resource_id: str
    scan_id: str
    url: str
    sha256: str
    said: Mapping[str, Any] | None


def watch(package_ids: Collection[str] | None = None, *, seconds: float | None = None) -> Done[str]:
    """Hold the datasets of which a link leads to other bytes than those that were scanned; return their ids.

    Without ``package_ids`` it looks at the links nobody looked at for as long as the site says, those first whose turn
    it has been for longest. After ``seconds`` it begins with no other. One that fails stops none of the others.
    """
    due = _in_time(_due(package_ids), seconds)
    return one_by_one(due, lambda link: link.package_id if _has_changed(link) and _hold(link) else None)


def _in_time(links: Collection[Link], seconds: float | None) -> Iterator[Link]:
    began = time.monotonic()
    for link in links:
        if seconds is not None and time.monotonic() - began > seconds:
            return
        yield link


def _due(package_ids: Collection[str] | None) -> list[Link]:
    looked = sa.func.coalesce(Scan.looked, Scan.finished, Scan.created)
    columns = {
        "release_id": Release.id,
        "package_id": Scan.package_id,
        "resource_id": Scan.resource_id,
        "scan_id": Scan.id,
        "url": Release.snapshot["resources"][Scan.resource_id]["url"].astext,
        "sha256": Scan.sha256,
        "said": Scan.link,
    }
    which = Release.package_id.in_(package_ids or ())
    if package_ids is None:
        which = looked <= now() - dt.timedelta(hours=config.watch_hours())
    query = (
        sa.select(*(column.label(name) for name, column in columns.items()))
        .join(Scan, Scan.package_id == Release.package_id)
        .where(Release.state == State.RELEASED.value, Release.scans[Scan.resource_id].astext == Scan.id)
        .where(Scan.kind == "link", Scan.sha256.is_not(None), which)
        .order_by(looked)
    )
    return [Link(**found) for found in model.Session.execute(query).mappings()]


def _has_changed(link: Link) -> bool:
    """Say whether a link leads to other bytes now; where it does not, note that somebody looked.

    One that does has its turn at the next run again, until its dataset is on hold.
    """
    # Nothing stays open while another site is asked.
    model.Session.rollback()
    try:
        found = _ask(link)
    except FetchError as error:
        log.info("A released link does not answer: %s", error)
        found = None
    if found is not None and found.sha256 != link.sha256:
        return True
    facts: dict[str, Any] = {"looked": now()}
    if found is not None:
        # By other words of the server they are known at the next look.
        said = {"etag": found.etag, "last_modified": found.last_modified}
        facts["link"] = {**(link.said or {}), "asked": link.url, **said}
    query = sa.update(Scan).where(Scan.id == link.scan_id).values(facts)
    model.Session.execute(query.execution_options(synchronize_session=False))
    model.Session.commit()
    return False


def _ask(link: Link) -> Fetched | None:
    said = link.said or {}
    known = Known(said.get("etag"), said.get("last_modified"))
    with tempfile.TemporaryFile() as spool:
        return fetch_if_changed(link.url, known, spool, config.link_limits())


def _hold(link: Link) -> bool:
    """Close a release, unless somebody ended it meanwhile, and have what the link leads to now looked at."""
    release = steps.lock(link.release_id)
    if release.state != State.RELEASED:
        model.Session.rollback()
        return False
    publishing.take_down(release, Event.HOLD, steps.POLICY, tk._(CHANGED))
    notify.decided(release.id)
    _look_at_it(release, link)
    return True


def _look_at_it(release: Release, link: Link) -> None:
    """Ask for a release of the dataset where it is still what was released; where it waits changed, scan the link."""
    user: Any = model.User.get(tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"])
    package_id = release.package_id
    try:
        if freeze.is_current(package_id, release.snapshot, release.snapshot_sha256) and not Release.open(package_id):
            requesting.request(package_id, _wish(release, user))
        else:
            requesting.scan(package_id, user, link.resource_id)
            scans.pick_up(package_id)
    except (tk.ValidationError, tk.ObjectNotFound) as error:
        # It is on hold; its editors ask for what they want to show instead.
        model.Session.rollback()
        log.info("Dataset %s stays on hold, its release cannot be asked for as it is: %s", package_id, error)


def _wish(release: Release, user: model.User) -> requesting.Wish:
    kept_back = release.snapshot.get("left_out", ())
    shown = list(release.snapshot["resources"]) if kept_back else []
    dates = {"review_by": release.review_by, "expires": release.expires}
    return requesting.Wish(user, tk._(NOTE), resources=shown, **dates)
