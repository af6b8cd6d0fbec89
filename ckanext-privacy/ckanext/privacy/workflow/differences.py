"""What differs between two snapshots: metadata, files, columns and rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from ckan.plugins import toolkit as tk

from ckanext.privacy.gate import freeze
from ckanext.privacy.gate.snapshot import SCANNED, content, dictionary_of, fields_of, without_scan
from ckanext.privacy.model import Release, Scan
from ckanext.privacy.translation import N_
from ckanext.privacy.workflow import judging
from ckanext.privacy.workflow.noise import is_noise

Snapshot = Mapping[str, Any]
#: Compared on their own; the organisation is public by itself, and which one it is stands in ``owner_org``.
_APART = frozenset({"resources", "organization"})
_EMPTY = (None, "", [], {}, False)
#: What the public sees where nothing was released.
NOTHING: Snapshot = {"package": {"resources": []}, "resources": {}, "views": {}}


def of_release(release: Release) -> dict[str, Any]:
    """Return what a release would change for the public.

    ``{release_id, public_id, identical, metadata: [...], resources: [...]}``; ``public_id`` is None where nothing is
    public, and then everything is new.
    """
    public = Release.public(release.package_id)
    found = between(public.snapshot if public else NOTHING, release.snapshot)
    same = public is not None and public.snapshot_sha256 == release.snapshot_sha256
    return {
        "release_id": release.id,
        "public_id": public.id if public else None,
        "identical": same and not any(each["content"] for each in found["resources"]),
        **found,
        "resources": list(_with_tables(public, release, found["resources"])),
    }


def from_public(package_id: str) -> list[dict[str, Any]]:
    """Return what waits to be released in a public dataset: one ``{what, name, change, sentence}`` for each change.

    That is what makes its fingerprint another one; what CKAN's loaders write beside it waits for nothing.
    """
    public = Release.public(package_id)
    if public is None:
        return []
    found = between(_that_counts(public.snapshot), _that_counts(freeze.current(package_id)))
    changes = [tell("metadata", each["field"], each["change"]) for each in found["metadata"]]
    changes += [tell("resource", each["name"], each["change"]) for each in found["resources"]]
    return changes


def _that_counts(snapshot: Snapshot) -> Snapshot:
    return {**snapshot, "package": content(snapshot["package"])}


def between(before: Snapshot, after: Snapshot) -> dict[str, list[dict[str, Any]]]:
    """Return what differs between what two snapshots make public, as ``{metadata, resources}``."""
    return {"metadata": list(_metadata(before, after)), "resources": list(_resources(before, after))}


def _metadata(before: Snapshot, after: Snapshot) -> Iterator[dict[str, Any]]:
    """Yield ``{field, change, before, after}`` for every field of the description that differs."""
    yield from _fields(before["package"], after["package"], _APART)


def _resources(before: Snapshot, after: Snapshot) -> Iterator[dict[str, Any]]:
    """Yield ``{id, name, change, content, fields, columns, schema, previews}`` for every file that differs.

    ``content`` says whether the bytes, address or rows differ, ``fields`` lists what differs in its description,
    ``columns`` what differs in the data dictionary of its rows, ``schema`` what their columns are where they differ,
    ``previews`` what differs in each of its previews.
    """
    old = {each["id"]: each for each in before["package"]["resources"]}
    new = {each["id"]: each for each in after["package"]["resources"]}
    turned = [key for key in old if key in new] != [key for key in new if key in old]
    for key in [*new, *(key for key in old if key not in new)]:
        name = (new.get(key) or old[key]).get("name") or tk._("Unnamed file")
        parts = _parts(before, after, key, (old.get(key, {}), new.get(key, {})))
        if turned and key in old and key in new:
            parts["fields"] += _field("position", old[key].get("position"), new[key].get("position"))
        if key not in old or key not in new:
            yield {"id": key, "name": name, "change": _change(key in old, key in new), **parts}
        elif any(parts.values()):
            yield {"id": key, "name": name, "change": "changed", **parts}


def _parts(before: Snapshot, after: Snapshot, key: str, described: tuple[Snapshot, Snapshot]) -> dict[str, Any]:
    old, new = described
    views = before["views"].get(key, []), after["views"].get(key, [])
    return {
        "content": not _same(before["resources"].get(key), after["resources"].get(key)),
        "fields": list(_fields(old, new)) if new else [],
        "columns": list(_dictionary(before, after, key)),
        "schema": list(_field("columns", fields_of(before, key), fields_of(after, key))),
        "previews": list(_previews(*views)),
    }


def _same(old: Snapshot | None, new: Snapshot | None) -> bool:
    """Say whether a file is the same. Two links are, where they led to the same bytes when both were scanned."""
    if old is None or new is None:
        return old is new
    scanned = [entry[SCANNED]["sha256"] for entry in (old, new) if SCANNED in entry]
    return without_scan(old) == without_scan(new) and (len(scanned) < 2 or scanned[0] == scanned[1])


def _previews(before: Iterable[Snapshot], after: Iterable[Snapshot]) -> Iterator[dict[str, Any]]:
    """Yield ``{id, name, change, fields}`` for each preview that differs."""
    old, new = ({each["id"]: each for each in views} for views in (before, after))
    for key in [*new, *(key for key in old if key not in new)]:
        differing = list(_fields(old.get(key, {}), new.get(key, {})))
        if differing:
            name = (new.get(key) or old[key]).get("title") or ""
            yield {"id": key, "name": name, "change": _change(key in old, key in new), "fields": differing}


def _dictionary(before: Snapshot, after: Snapshot, resource_id: str) -> Iterator[dict[str, Any]]:
    old, new = dictionary_of(before, resource_id), dictionary_of(after, resource_id)
    for column in [*new, *(column for column in old if column not in new)]:
        yield from _field(column, old.get(column), new.get(column))


def _with_tables(public: Release | None, release: Release, found: Iterable[Snapshot]) -> Iterator[dict[str, Any]]:
    old_scans = judging.scans_of(public) if public else {}
    new_scans = judging.scans_of(release)
    for each in found:
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


def _fields(old: Snapshot, new: Snapshot, apart: Collection[str] = ()) -> Iterator[dict[str, Any]]:
    """Yield every member that differs, but those that a machine wrote."""
    for field in sorted({*old, *new} - {*apart}):
        if not is_noise(field, old.get(field), new.get(field)):
            yield from _field(field, old.get(field), new.get(field))


def _field(field: str, old: Any, new: Any) -> Iterator[dict[str, Any]]:
    # An empty field and a missing one say the same.
    was, will_be = old not in _EMPTY, new not in _EMPTY
    if old != new and (was or will_be):
        yield {"field": field, "change": _change(was, will_be), "before": old, "after": new}


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
