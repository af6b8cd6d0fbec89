"""Making snapshots: a dataset as it is now, its bytes put aside, or only looked at to see whether it has changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa
from ckan import logic, model
from ckan.lib.dictization import model_dictize
from ckan.lib.navl.dictization_functions import MissingNullEncoder
from ckan.types import Context

from ckanext.privacy.gate import rows, store, uploads
from ckanext.privacy.gate.snapshot import FORMAT, fingerprint

Entry = dict[str, Any]
Package = dict[str, Any]


@dataclass(frozen=True)
class Hands:
    """What is done with the content of a dataset while it is looked at."""

    bytes_of: Callable[[Entry], store.Stored]
    rows_of: Callable[[str], Entry | None]


def freeze(package_id: str, left_out: Collection[str] = ()) -> dict[str, Any]:
    """Return a dataset's snapshot (see :mod:`ckanext.privacy.gate.snapshot`); its bytes and rows are put aside.

    ``left_out`` names resources that stay behind. Raises ``ValidationError`` when a file is missing, ``ObjectNotFound``
    when the dataset is.
    """
    return _snapshot(package_id, Hands(_keep, rows.freeze), left_out)


def current(package_id: str, left_out: Collection[str] = ()) -> dict[str, Any]:
    """Return the snapshot that a release asked for now would have; nothing is put aside."""
    return _snapshot(package_id, Hands(_measure, rows.look), left_out)


def in_words(package: Package) -> dict[str, Any]:
    """Return of a dataset's snapshot what is written about it: fields, previews, data dictionaries. No byte is read."""
    with_rows = [resource["id"] for resource in package["resources"] if resource.get("datastore_active")]
    columns = rows.described(with_rows) if with_rows else {}
    return {
        "package": package,
        "resources": {resource_id: {"fields": fields} for resource_id, fields in columns.items()},
        "views": _views([resource["id"] for resource in package["resources"]]),
    }


def is_current(package_id: str, snapshot: dict[str, Any], sha256: str) -> bool:
    """Say whether a dataset is still what a snapshot with this fingerprint shows."""
    return fingerprint(current(package_id, snapshot.get("left_out", ()))) == sha256


def working_package(package_id: str) -> Package:
    """Return a dataset as its editors keep it (``package_show`` with the type's own schema)."""
    return _both(package_id)[1]


def resource_ids(package_id: str) -> list[str]:
    """Return the ids of all resources a dataset has or had; removed ones keep their tables and files."""
    return list(model.Session.scalars(sa.select(model.Resource.id).where(model.Resource.package_id == package_id)))


def _both(package_id: str) -> tuple[Package, Package]:
    context = cast("Context", {"ignore_auth": True})
    return logic.package_show_default_and_custom_schemas(context, package_id)


def _snapshot(package_id: str, hands: Hands, left_out: Collection[str]) -> dict[str, Any]:
    default, custom = (without(_portable(package), left_out) for package in _both(package_id))
    kept_back = {"left_out": sorted(left_out)} if left_out else {}
    return {
        "format": FORMAT,
        **kept_back,
        "package": custom,
        "package_default": default,
        "resources": {resource["id"]: _entry(resource, hands) for resource in custom["resources"]},
        "views": _views([resource["id"] for resource in custom["resources"]]),
    }


def without(package: Package, left_out: Collection[str]) -> Package:
    """Return a dataset without some of its resources."""
    kept = [resource for resource in package["resources"] if resource["id"] not in left_out]
    return {**package, "resources": kept, "num_resources": len(kept)}


def _portable(package: Package) -> Package:
    """Leave out addresses that follow from where the site runs; they are derived again when the snapshot is shown."""
    resources = [{**resource, "url": _own_url(resource)} for resource in package["resources"]]
    portable = _plain({**package, "resources": resources})
    if package.get("type") == "harvest":
        # What ckanext-harvest adds tells of the runs of a source, and quotes records that nobody released.
        portable.pop("status", None)
    return portable


def _own_url(resource: Entry) -> str:
    if resource.get("url_type") == "upload":
        return str(resource["url"]).rpartition("/")[2]
    if resource.get("url_type") == "datastore":
        return ""
    return resource.get("url") or ""


def _plain(value: Any) -> Any:
    """Return what JSON would make of a value; validators leave their markers for missing values behind."""
    return json.loads(json.dumps(value, cls=MissingNullEncoder))


def _entry(resource: Entry, hands: Hands) -> Entry:
    kind = resource.get("url_type")
    found = hands.rows_of(resource["id"]) if resource.get("datastore_active") or kind == "datastore" else None
    if kind == "upload":
        stored = hands.bytes_of(resource)
        name = str(resource["url"]).rpartition("/")[2]
        entry: Entry = {"kind": "file", "sha256": stored.sha256, "bytes": stored.bytes, "filename": name}
    elif kind == "datastore" or not resource.get("url"):
        return found or {"kind": "none"}
    else:
        # Rows were loaded from it once: what it leads to now, and whether it still leads there, is another matter.
        entry = {"kind": "link", "url": resource["url"]}
    return {**entry, "rows": found} if found else entry


def _views(resource_ids: list[str]) -> dict[str, list[Entry]]:
    query = (
        sa.select(model.ResourceView)
        .where(model.ResourceView.resource_id.in_(resource_ids))
        .order_by(model.ResourceView.resource_id, model.ResourceView.order, model.ResourceView.id)
    )
    context = cast("Context", {"model": model, "session": model.Session})
    found: dict[str, list[Entry]] = {resource_id: [] for resource_id in resource_ids}
    for view in model.Session.scalars(query):
        found[view.resource_id].append(_plain(model_dictize.resource_view_dictize(view, context)))
    return found


def _keep(resource: Entry) -> store.Stored:
    with uploads.working_file(resource) as source:
        return store.put(source)


def _measure(resource: Entry) -> store.Stored:
    """Hash a working file; on the local disk an untouched file is hashed once."""
    path = uploads.working_path(resource)
    if path is None:
        with uploads.working_file(resource) as source:
            return store.measure(source)
    facts = path.stat()
    return _hash_of(str(path), facts.st_ino, facts.st_size, facts.st_mtime_ns)


@lru_cache(maxsize=4096)
def _hash_of(path: str, *facts: int) -> store.Stored:
    del facts  # only part of the key
    with Path(path).open("rb") as source:
        return store.measure(source)
