"""What the public sees, read from the release table alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, partial
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.lib import munge
from ckan.plugins import toolkit as tk

from ckanext.privacy.gate import audience, remembered
from ckanext.privacy.model import Release
from ckanext.privacy.model.columns import now

Package = dict[str, Any]

#: Which of a snapshot's two dicts is meant.
CUSTOM, DEFAULT = "package", "package_default"


def conditions() -> tuple[sa.ColumnElement[bool], ...]:
    """The one definition of "the public may see it": a release in force, of a dataset whose row is active."""
    active = sa.select(model.Package.id).where(model.Package.id == Release.package_id, model.Package.state == "active")
    return (*Release.is_public(), active.correlate(Release).exists())


_new: ContextVar[frozenset[str]] = ContextVar("privacy_new_datasets", default=frozenset())


@contextmanager
def none_of(package_ids: Collection[str]) -> Iterator[None]:
    """While this lasts, do not look for releases of these datasets: they are new, or were looked up just before."""
    token = _new.set(_new.get() | frozenset(package_ids))
    try:
        yield
    finally:
        _new.reset(token)


def is_public(package_id: str) -> bool:
    """Say whether a dataset has a release in force."""
    if package_id in _new.get():
        return False
    return model.Session.execute(_reading_time(), {"package_id": package_id}).first() is not None


def since(package_id: str) -> dt.datetime | None:
    """Return when what the public sees of a dataset was released; None when it sees nothing."""
    return model.Session.scalar(_reading_time(), {"package_id": package_id})


@cache
def _reading_time() -> sa.Select[Any]:
    return _reading(Release.released)


def _reading(*columns: Any) -> sa.Select[Any]:
    """Make the statement that reads something of the release in force of a dataset; those sent all the time, once."""
    return sa.select(*columns).where(Release.package_id == sa.bindparam("package_id"), *conditions())


_IN_FORCE = sa.text("""
    SELECT package_id FROM privacy_release
    WHERE state = 'released' AND COALESCE(LEAST(expires, review_by) > :now, TRUE) AND package_id = ANY(:ids)
""")


def in_force(package_ids: Collection[str]) -> set[str]:
    """Return which of these datasets have a release in force. Asked once in every search, so it is kept plain."""
    return set(model.Session.execute(_IN_FORCE, {"ids": list(package_ids), "now": now()}).scalars())


def package(package_id: str, form: str = CUSTOM) -> Package | None:
    """Return a dataset as released, ready to show, or None."""
    found = _forms(package_id, form)
    return found[0] if found else None


def both(package_id: str) -> tuple[Package, Package] | None:
    """Return a dataset as released with CKAN's default schema and with its type's own, or None; asked at every save."""
    found = _forms(package_id, DEFAULT, CUSTOM)
    return (found[0], found[1]) if found else None


def _forms(package_id: str, *forms: str) -> list[Package] | None:
    """Return forms of a dataset as released, and read its organisation along with them, in one statement."""
    if package_id in _new.get():
        return None
    found = model.Session.execute(_reading_forms(*forms), {"package_id": package_id}).one_or_none()
    if found is None:
        return None
    today, *shown = found
    return [show(form, today) for form in shown]


@cache
def _reading_forms(*forms: str) -> sa.Select[Any]:
    return _reading(_organization_today(), *(Release.snapshot[form] for form in forms))


#: What links and lists need. Its description stays the one that was looked at with the release.
_OF_TODAY = ("id", "name", "title", "image_url", "state")


def _organization_today() -> sa.ScalarSelect[Any]:
    """The organisation of a release: it may have been renamed, and links must lead there."""
    group = model.group_table.c
    facts = [part for key in _OF_TODAY for part in (sa.literal_column(f"'{key}'"), group[key])]
    today = sa.func.json_build_object(*facts, type_=sa.JSON)
    return sa.select(today).where(group.id == Release.owner_org).scalar_subquery()


def waits_for_index(package_id: str) -> bool:
    """Say whether a release in force waits for the index to follow, which the clock sees to."""
    query = sa.select(Release.id).where(Release.package_id == package_id, Release.index_behind, *conditions())
    return model.Session.execute(query).first() is not None


def snapshot(package_id: str) -> dict[str, Any]:
    """Return the whole snapshot of the release in force; raise ``LookupError`` when there is none."""
    query = sa.select(Release.snapshot).where(Release.package_id == package_id, *conditions())
    found = model.Session.scalars(query).one_or_none()
    if found is None:
        raise LookupError(f"The dataset {package_id} has no release in force.")
    return found


def packages(package_ids: Sequence[str], form: str = CUSTOM) -> dict[str, Package]:
    """Return datasets as released by id; what is not released is left out."""
    query = sa.select(Release.package_id, Release.snapshot[form]).where(
        Release.package_id.in_(package_ids), *conditions()
    )
    return {package_id: show(found) for package_id, found in model.Session.execute(query)}


def entry(resource_id: str) -> dict[str, Any] | None:
    """Return what a release says about the content of a resource, or None when no release shows it."""
    return _of_resource(resource_id)[0]


def rows(resource_id: str) -> dict[str, Any] | None:
    """Return the released copy of a resource's rows (see :mod:`ckanext.privacy.gate.rows`), or None.

    Rows beside a file, uploaded or linked, count as released only if they were scanned themselves.
    """
    found = entry(resource_id)
    if found is None or found["kind"] == "rows":
        return found
    beside = found.get("rows")
    return beside if beside and rows_key(resource_id) in _scans(resource_id) else None


def rows_key(resource_id: str) -> str:
    """The name under which a release's ``scans`` keep the scan of rows beside a file."""
    return f"{resource_id}/rows"


def _scans(resource_id: str) -> dict[str, str]:
    owner = audience.package_of(resource_id)
    if owner is None:
        return {}
    query = sa.select(Release.scans).where(Release.package_id == owner.id, *conditions())
    return model.Session.scalars(query).one_or_none() or {}


def views(resource_id: str) -> list[dict[str, Any]]:
    """Return the views a release shows for a resource, in their order."""
    return _of_resource(resource_id)[1] or []


def _of_resource(resource_id: str) -> tuple[dict[str, Any] | None, list[dict[str, Any]] | None]:
    """Return what a release says about the content of a resource, and its views; both are asked for of each file."""
    owner = audience.package_of(resource_id)
    if owner is None or owner.id in _new.get():
        return None, None
    return audience.while_reading(("released", resource_id), partial(_read_resource, owner.id, resource_id))


def _read_resource(package_id: str, resource_id: str) -> tuple[Any, Any]:
    names = {"package_id": package_id, "resource_id": resource_id}
    found = model.Session.execute(_reading_resource(), names).one_or_none()
    return (found[0], found[1]) if found else (None, None)


@cache
def _reading_resource() -> sa.Select[Any]:
    resource_id = sa.bindparam("resource_id", type_=sa.Text)
    return _reading(Release.snapshot["resources"][resource_id], Release.snapshot["views"][resource_id])


def show(snapshot: Package, organization: Mapping[str, Any] | None = None) -> Package:
    """Turn a snapshot's dict into what ``package_show`` answers: public, with addresses of this site.

    ``organization`` is its organisation of today; it is looked up where nobody has it at hand.
    """
    resources = [{**resource, "url": _url(snapshot, resource)} for resource in snapshot["resources"]]
    shown = {**snapshot, "private": False, "state": "active", "resources": resources}
    if snapshot.get("organization"):
        shown["organization"] = _organization(snapshot["organization"], organization)
    return shown


def _url(package: Package, resource: dict[str, Any]) -> str:
    kind = resource.get("url_type")
    if kind == "upload":
        return tk.h.url_for(
            f"{package['type']}_resource.download",
            id=package["id"],
            resource_id=resource["id"],
            filename=munge.munge_filename(resource["url"]),
            qualified=True,
        )
    if kind == "datastore":
        return tk.h.url_for("datastore.dump", resource_id=resource["id"], qualified=True)
    return resource["url"]


def _organization(known: dict[str, Any], today: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the organisation under its name of today."""
    if today is None or today["id"] != known["id"]:
        group = remembered.once(("organization", known["id"]), partial(model.Session.get, model.Group, known["id"]))
        today = {key: getattr(group, key) for key in _OF_TODAY} if group else {}
    return {**known, **today}
