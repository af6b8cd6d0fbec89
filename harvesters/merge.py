"""Bring a changed record into a dataset that people here may have edited.

For every field there are three versions: what the source said last time, what it says now, and what stands here. Only
where the source changed *and* nobody edited the field here is the new value taken; where both changed, the edit stays
and a sentence says so. Plain Python: nothing here knows CKAN or a network.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

#: members of a resource that the source speaks about
RESOURCE_MEMBERS = ("url", "name", "description", "format", "mimetype", "size", "last_modified")


@dataclass
class Merged:
    """``dataset`` with the source's changes in it; ``conflicts`` are names of fields where the local edit was kept."""

    dataset: dict[str, Any]
    conflicts: list[str] = field(default_factory=list)


def fingerprint(name: str, value: Any) -> str:
    """A short hash of a field's value as far as the source speaks about it; equal for equal content.

    CKAN adds ids, positions and states to tags and resources, and they do not count.
    """
    if name == "tags":
        value = sorted(str(tag.get("name")) for tag in value or [])
    if name == "resources":
        value = [
            {member: each.get(member) or None for member in ("url", "name", "description")} for each in value or []
        ]
    text = json.dumps(value or None, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def fingerprints(dataset: dict[str, Any], names: list[str]) -> dict[str, str]:
    """Fingerprints of these fields as they stand in a dataset."""
    return {name: fingerprint(name, dataset.get(name)) for name in names}


def merge(
    local: dict[str, Any], remote: dict[str, Any], last_remote: dict[str, Any], last_saved: dict[str, str]
) -> Merged:
    """The dataset after this run.

    :param local: the dataset as it stands here (``package_show``)
    :param remote: the record mapped just now
    :param last_remote: the record as it was mapped last time
    :param last_saved: fingerprints of the fields as they stood right after the last run saved them
    """
    merged = Merged(dict(local))
    for name in sorted(set(remote) | set(last_remote)):
        now = remote.get(name)
        if now == last_remote.get(name):
            continue
        edited = name in last_saved and fingerprint(name, local.get(name)) != last_saved[name]
        if edited and fingerprint(name, local.get(name)) != fingerprint(name, now):
            merged.conflicts.append(name)
            continue
        merged.dataset[name] = now if now is not None else _nothing_like(local.get(name))
    if "resources" in merged.dataset and merged.dataset["resources"] is remote.get("resources"):
        merged.dataset["resources"] = _merge_resources(local, remote, last_remote)
    return merged


def _nothing_like(value: Any) -> Any:
    """The empty value of the same kind; a field is emptied, not dropped."""
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
