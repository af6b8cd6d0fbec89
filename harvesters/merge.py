"""Bring a changed record into a dataset that people here may have edited.

For every field there are three versions: what the source said last time, what it says now, and what stands here. Only
where the source changed *and* nobody edited the field here is the new value taken; where both changed, the edit stays
and the three versions wait for a person to decide. Plain Python: nothing here knows CKAN or a network.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

#: members of a resource whose change by a person counts as an edit
RESOURCE_MEMBERS = ("url", "name", "description")


@dataclass
class Merged:
    """``dataset`` with the source's changes in it, and names of fields.

    ``edited`` are those in which an edit of people here stands, ``conflicts`` those of them the source changed too.
    """

    dataset: dict[str, Any]
    conflicts: list[str] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)


def fingerprint(name: str, value: Any) -> str:
    """A short hash of a field's value as far as the source speaks about it; equal for equal content.

    CKAN adds ids, positions and states to tags and resources, and they do not count.
    """
    if name == "tags":
        value = sorted(str(tag.get("name")) for tag in value or [])
    if name == "resources":
        value = [{member: each.get(member) or None for member in RESOURCE_MEMBERS} for each in value or []]
    text = json.dumps(value or None, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def fingerprints(local: dict[str, Any], remote: dict[str, Any]) -> dict[str, str]:
    """Fingerprints of the fields a record speaks about, as they stand in a dataset."""
    return {name: _print_here(name, local, value) for name, value in remote.items()}


def _print_here(name: str, local: dict[str, Any], *from_source: Any) -> str:
    """A field's fingerprint here; resources that are not ``from_source`` are those people added, and do not count."""
    value = local.get(name)
    if name == "resources":
        known = [each for listed in from_source for each in listed or []]
        value = [each for each in value or [] if any(_same(each, other) for other in known)]
    return fingerprint(name, value)


def merge(
    local: dict[str, Any], remote: dict[str, Any], last_remote: dict[str, Any], last_saved: dict[str, str]
) -> Merged:
    """The dataset after this run.

    :param local: the dataset as it stands here (``package_show``)
    :param remote: the record mapped just now
    :param last_remote: the record as it was mapped last time
    :param last_saved: fingerprints of the fields as they stood right after a run last saved the source's values
    """
    merged = Merged(dict(local))
    for name in sorted({*remote, *last_remote, *last_saved}):
        changed_here = name in last_saved and _print_here(name, local, last_remote.get(name)) != last_saved[name]
        edited = changed_here and not says_the_same(name, local, last_remote.get(name))
        if edited and not says_the_same(name, local, remote.get(name), last_remote.get(name)):
            merged.edited.append(name)
        if remote.get(name) == last_remote.get(name):
            continue
        if name in merged.edited:
            merged.conflicts.append(name)
            continue
        merged.dataset[name] = taken(name, local, remote, last_remote)
    return merged


def says_the_same(name: str, local: dict[str, Any], value: Any, before: Any = None) -> bool:
    """Whether a field stands here as the source says it.

    :param before: what the source said earlier: files of it that are still here are not people's own
    """
    return _print_here(name, local, value, before) == fingerprint(name, value)


def standing(
    before: dict[str, dict[str, Any]],
    merged: Merged,
    records: tuple[dict[str, Any], dict[str, Any]],
    declined: dict[str, list[str]],
    at: str,
) -> dict[str, dict[str, Any]]:
    """The conflicts that wait for a person after this run, by field: ``last``, ``remote`` and ``at``.

    ``last`` is what the source said before they parted, ``remote`` what it says now, ``at`` when it began to say so.

    :param before: those that waited before it
    :param records: the record as it is now, and as it was last time
    :param declined: fingerprints of the source's values that a person decided against, by field
    :param at: the moment of this run
    """
    remote, last_remote = records
    waiting = {}
    for name in sorted({*before, *merged.conflicts}):
        now = remote.get(name)
        last = before[name]["last"] if name in before else last_remote.get(name)
        refused = fingerprint(name, now) in declined.get(name, ())
        if now == last or refused or says_the_same(name, merged.dataset, now, last):
            continue
        known = name in before and before[name]["remote"] == now
        waiting[name] = before[name] if known else {"last": last, "remote": now, "at": at}
    return waiting


def taken(name: str, local: dict[str, Any], remote: dict[str, Any], last_remote: dict[str, Any]) -> Any:
    """The source's value of a field; a field it no longer speaks about is emptied, not dropped."""
    if name == "resources":
        return _merge_resources(local, remote, last_remote)
    return remote[name] if name in remote else _nothing_like(local.get(name))


def _nothing_like(value: Any) -> Any:
    """The empty value of the same kind."""
    return type(value)() if isinstance(value, (str, list, dict)) else None


def _merge_resources(
    local: dict[str, Any], remote: dict[str, Any], last_remote: dict[str, Any]
) -> list[dict[str, Any]]:
    """The source's resources under the ids they have here, then those that people added here."""
    here = list(local.get("resources") or [])
    merged = []
    for resource in remote.get("resources") or []:
        known = next((each for each in here if _same(each, resource)), None)
        if known is not None:
            here.remove(known)
        merged.append({**(known or {}), **resource})
    from_source = last_remote.get("resources") or []
    added_here = [each for each in here if not any(_same(each, gone) for gone in from_source)]
    return merged + added_here


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two resources are the same file: by the source's id, else by address, else by name and format."""
    if one.get("remote_id") and other.get("remote_id"):
        return one["remote_id"] == other["remote_id"]
    if one.get("url") == other.get("url"):
        return True
    return (one.get("name"), one.get("format")) == (other.get("name"), other.get("format"))
