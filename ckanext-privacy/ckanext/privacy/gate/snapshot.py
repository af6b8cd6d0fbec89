"""Snapshots: what exactly a release makes public.

A snapshot is a plain JSON object::

    {
      "format": 1,
      "package": {...},          # package_show with the dataset type's own schema
      "package_default": {...},  # the same with CKAN's default schema (the search index needs both)
      "resources": {resource id: {"kind": "file", "sha256": ..., "bytes": ..., "filename": ...[, "rows": {...}]}
                                | {"kind": "link", "url": ...[, "rows": {...}]
                                   [, "scanned": {"sha256", "bytes", "etag", "url"}]}
                                | {"kind": "rows", "table": ..., "fingerprint": ..., "fields": [...], "rows": count,
                                   "filename": ..., "sha256": ..., "bytes": ...}   # hash of the rows as CSV
                                | {"kind": "none"}},
      "views": {resource id: [resource_view_show, ...]},
      "left_out": [resource id, ...]  # of a partial release only: what was held back on purpose
    }

Its fingerprint is the SHA-256 of its canonical JSON. Counters and times that change without the content changing are
left out, so that looking at a dataset never makes it "changed"; so is what belongs to others (the titles and pictures
of its organisation and groups) and what a scan had from a link, which is known only once it was asked for
(``scanned``: those bytes, and where redirects led, see :mod:`ckanext.privacy.workflow.links`). Addresses that follow
from where the site runs are empty or file names only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ckanext.privacy.engine.description import Together

FORMAT = 1
#: Part of a link's entry: what was fetched from it for the scan.
SCANNED = "scanned"

#: Fields of package_show that move without anybody changing the content.
VOLATILE = frozenset({"metadata_modified", "tracking_summary", "num_resources", "num_tags", "private", "isopen"})
#: Of the groups a dataset is in, only which they are; the organisation stands in ``owner_org``.
FOREIGN = frozenset({"organization", "groups"})
#: Extras that a harvest run moves without the content changing.
VOLATILE_EXTRAS = frozenset({"harvest_object_id", "harvest_source_title"})
VOLATILE_RESOURCE = frozenset({"metadata_modified", "last_modified", "tracking_summary", "datastore_active", "hash"})


def canonical(value: object) -> bytes:
    """Return the one JSON form of a value: sorted keys, no spaces, UTF-8 (RFC 8785 for the values that occur here)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def fingerprint(snapshot: Mapping[str, Any]) -> str:
    """Return the SHA-256 (hex) of what matters in a snapshot."""
    matter = {
        "format": snapshot["format"],
        "package": content(snapshot["package"]),
        "resources": {key: without_scan(entry) for key, entry in snapshot["resources"].items()},
        "views": snapshot["views"],
    }
    return hashlib.sha256(canonical(matter)).hexdigest()


def without_scan(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry as it was when the release was asked for."""
    return {key: value for key, value in entry.items() if key != SCANNED}


def content(package: Mapping[str, Any]) -> dict[str, Any]:
    """Return what matters in a dataset: what makes another fingerprint when it changes."""
    kept = {key: value for key, value in package.items() if key not in VOLATILE | FOREIGN}
    kept["groups"] = sorted(group["id"] for group in package.get("groups", []))
    kept["extras"] = [extra for extra in package.get("extras", []) if extra["key"] not in VOLATILE_EXTRAS]
    kept["resources"] = [
        {key: value for key, value in resource.items() if key not in VOLATILE_RESOURCE}
        for resource in package.get("resources", [])
    ]
    return kept


def described(snapshot: Mapping[str, Any]) -> Together:
    """Everything that a snapshot lets the public read beside files and rows: fields, previews, data dictionaries.

    As ``{field: value, "resource 1": {field: value, "preview": [...], "column": {name: notes}}}``; a field that an
    editor called so stands beside those. What belongs to others (the organisation's title) is not the dataset's to
    describe.
    """
    package = snapshot["package"]
    fields = {key: value for key, value in package.items() if key not in VOLATILE | FOREIGN | {"resources"}}
    files = {
        f"resource {number}": Together((resource, _beside(snapshot, resource["id"])))
        for number, resource in enumerate(package.get("resources", []), start=1)
    }
    return Together((fields, files))


def rows_beside(entry: Mapping[str, Any]) -> dict[str, Any] | None:
    """The entry of the rows beside a resource's file. Where rows are all there is, ``rows`` is how many there are."""
    rows = entry.get("rows")
    return rows if isinstance(rows, dict) else None


def dictionary_of(snapshot: Mapping[str, Any], resource_id: str) -> dict[str, Any]:
    """What the data dictionary says of a resource's columns: notes by column, without those it says nothing of."""
    fields = _columns(snapshot, resource_id)
    return {field["id"]: _read(field["info"]) for field in fields if field.get("info")}


def fields_of(snapshot: Mapping[str, Any], resource_id: str) -> dict[str, str]:
    """The columns of a resource's rows in their order, each with its type; none where there are no rows."""
    return {field["id"]: field["type"] for field in _columns(snapshot, resource_id)}


def _columns(snapshot: Mapping[str, Any], resource_id: str) -> list[dict[str, Any]]:
    entry = snapshot["resources"].get(resource_id, {})
    return (rows_beside(entry) or entry).get("fields") or []


def _beside(snapshot: Mapping[str, Any], resource_id: str) -> dict[str, Any]:
    return {
        "file": snapshot["resources"].get(resource_id, {}).get("filename"),
        "preview": snapshot["views"].get(resource_id),
        "column": dictionary_of(snapshot, resource_id),
    }


def _read(info: str) -> Any:
    """The datastore keeps it as JSON in the column's comment, what people wrote in ``_info``."""
    try:
        said = json.loads(info)
    except ValueError:
        return info
    if not isinstance(said, dict) or not isinstance(said.get("_info"), dict):
        return said
    return {**said.pop("_info"), **said}
