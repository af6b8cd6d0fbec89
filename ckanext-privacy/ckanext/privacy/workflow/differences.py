"""What differs between two snapshots: metadata, files, columns and rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.privacy.gate import freeze
from ckanext.privacy.gate.snapshot import VOLATILE, VOLATILE_RESOURCE, dictionary_of
from ckanext.privacy.model import Release, Scan
from ckanext.privacy.translation import N_
from ckanext.privacy.workflow import judging

Snapshot = Mapping[str, Any]
#: Compared on their own, or the same by definition.
_LEFT_OUT = VOLATILE | {"resources", "organization", "relationships_as_subject", "relationships_as_object", "state"}
_EMPTY: Snapshot = {"package": {"resources": []}, "resources": {}, "views": {}}


def of_release(release: Release) -> dict[str, Any]:
    """Return what a release would change for the public.

    ``{release_id, public_id, identical, metadata: [...], resources: [...]}``; ``public_id`` is None where nothing is
    public, and then everything is new.
    """
    public = Release.public(release.package_id)
    before = public.snapshot if public else _EMPTY
    return {
        "release_id": release.id,
        "public_id": public.id if public else None,
        "identical": bool(public) and public.snapshot_sha256 == release.snapshot_sha256,
        "metadata": list(metadata(before, release.snapshot)),
        "resources": list(_resources(public, release)),
    }


def from_public(package_id: str) -> list[dict[str, Any]]:
    """Return what waits to be released in a public dataset: one ``{what, name, change, sentence}`` for each change."""
    public = Release.public(package_id)
    if public is None:
        return []
    now = freeze.current(package_id)
    changes = [tell("metadata", each["field"], each["change"]) for each in metadata(public.snapshot, now)]
    changes += [tell("resource", each["name"], each["change"]) for each in resources(public.snapshot, now)]
    return changes


def metadata(before: Snapshot, after: Snapshot) -> Iterator[dict[str, Any]]:
    """Yield ``{field, change, before, after}`` for every field of the description that differs."""
    old, new = before["package"], after["package"]
    for field in sorted({*old, *new} - _LEFT_OUT):
        yield from _field(field, old.get(field), new.get(field))


def resources(before: Snapshot, after: Snapshot) -> Iterator[dict[str, Any]]:
    """Yield ``{id, name, change, content, fields, columns}`` for every file that differs.

    ``content`` says whether the bytes, address or rows differ, ``fields`` lists what differs in its description,
    ``columns`` what differs in the data dictionary of its rows, ``previews`` the texts of its previews where they do.
    """
    old = {each["id"]: each for each in before["package"]["resources"]}
    new = {each["id"]: each for each in after["package"]["resources"]}
    for key in [*new, *(key for key in old if key not in new)]:
        name = (new.get(key) or old[key]).get("name") or tk._("Unnamed file")
        parts = _parts(before, after, key, (old.get(key, {}), new.get(key, {})))
        if key not in old or key not in new:
            yield {"id": key, "name": name, "change": _change(key in old, key in new), **parts}
        elif any(parts.values()):
            yield {"id": key, "name": name, "change": "changed", **parts}


def _parts(before: Snapshot, after: Snapshot, key: str, described: tuple[Snapshot, Snapshot]) -> dict[str, Any]:
    old, new = described
    views = before["views"].get(key, []), after["views"].get(key, [])
    names = sorted({*old, *new} - VOLATILE_RESOURCE - {"position"}) if new else []
    return {
        "content": before["resources"].get(key) != after["resources"].get(key),
        "fields": [each for name in names for each in _field(name, old.get(name), new.get(name))],
        "columns": list(_dictionary(before, after, key)),
        "views": views[0] != views[1],
        "previews": [_preview(view) for view in views[1]] if views[0] != views[1] else [],
    }


def _preview(view: dict[str, Any]) -> dict[str, str]:
    return {name: view.get(name) or "" for name in ("title", "description")}


def _dictionary(before: Snapshot, after: Snapshot, resource_id: str) -> Iterator[dict[str, Any]]:
    old, new = dictionary_of(before, resource_id), dictionary_of(after, resource_id)
    for column in [*new, *(column for column in old if column not in new)]:
        yield from _field(column, old.get(column), new.get(column))


def _resources(public: Release | None, release: Release) -> Iterator[dict[str, Any]]:
    old_scans = judging.scans_of(public) if public else {}
    new_scans = judging.scans_of(release)
    for each in resources(public.snapshot if public else _EMPTY, release.snapshot):
        yield {**each, "tables": list(_tables(old_scans.get(each["id"]), new_scans.get(each["id"])))}


def _tables(old: Scan | None, new: Scan | None) -> Iterator[dict[str, Any]]:
    before, after = _table_facts(old), _table_facts(new)
    for name in [*after, *(name for name in before if name not in after)]:
        was, will = before.get(name), after.get(name)
        old_columns, new_columns = (was or {}).get("columns", []), (will or {}).get("columns", [])
        yield {
            "name": name,
            "rows_before": was["rows"] if was else None,
            "rows_after": will["rows"] if will else None,
            "columns_added": [column for column in new_columns if column not in old_columns],
            "columns_removed": [column for column in old_columns if column not in new_columns],
        }


def _table_facts(scan: Scan | None) -> dict[str, dict[str, Any]]:
    tables = ((scan.report if scan else None) or {}).get("tables", [])
    return {
        table["name"]: {"rows": table["rows"], "columns": [column["name"] for column in table["columns"]]}
        for table in tables
    }


def _field(field: str, old: Any, new: Any) -> Iterator[dict[str, Any]]:
    # An empty field and a missing one say the same.
    if (old or None) != (new or None):
        yield {"field": field, "change": _change(bool(old), bool(new)), "before": old, "after": new}


def _change(was: bool, will_be: bool) -> str:
    if was and will_be:
        return "changed"
    return "added" if will_be else "removed"


_SENTENCES = {
    ("metadata", "added"): N_("“{name}” was filled in."),
    ("metadata", "changed"): N_("“{name}” was changed."),
    ("metadata", "removed"): N_("“{name}” was emptied."),
    ("resource", "added"): N_("The file “{name}” is new."),
    ("resource", "changed"): N_("The file “{name}” was changed."),
    ("resource", "removed"): N_("The file “{name}” was removed."),
}


def tell(what: str, name: str, change: str) -> dict[str, str]:
    """Return one change, of ``metadata`` or a ``resource``, with the sentence that says it."""
    sentence = tk._(_SENTENCES[what, change]).format(name=name)
    return {"what": what, "name": name, "change": change, "sentence": sentence}
