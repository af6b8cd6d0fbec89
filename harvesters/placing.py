"""Where a mapped field is kept: in the dataset's schema where that has it, among the extras where it has not.

So nothing is lost when ``communitydata`` is not loaded, and everything is a proper field when it is.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk

#: fields every CKAN dataset has
CORE_FIELDS = frozenset(
    {
        *("id", "name", "title", "notes", "url", "version", "state", "type", "private", "owner_org", "license_id"),
        *("author", "author_email", "maintainer", "maintainer_email", "tags", "resources", "groups", "extras"),
    }
)


def schema_fields(dataset_type: str) -> frozenset[str]:
    """Names of the fields a dataset of this type has on this site."""
    if not p.plugin_loaded("scheming_datasets"):
        return CORE_FIELDS
    schema = tk.h.scheming_get_dataset_schema(dataset_type) or {}
    return CORE_FIELDS | {field["field_name"] for field in schema.get("dataset_fields", [])}


def place(dataset: Mapping[str, Any], own: Collection[str], known: Collection[str]) -> dict[str, Any]:
    """A dataset for ``package_create`` or ``package_update``.

    :param own: names of the fields that harvesting fills; those the schema lacks become extras
    :param known: names of the fields the schema has
    """
    extras = {each["key"]: each["value"] for each in dataset.get("extras") or []}
    placed = {}
    for name, value in dataset.items():
        if name in known or name not in own:
            placed[name] = value
        elif value not in (None, "", [], {}):
            extras[name] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        else:
            extras.pop(name, None)
    placed["extras"] = [{"key": key, "value": value} for key, value in extras.items()]
    return placed


def lift(dataset: Mapping[str, Any], own: Collection[str]) -> dict[str, Any]:
    """The other way round: a stored dataset with the fields that harvesting fills as members."""
    extras = {each["key"]: each["value"] for each in dataset.get("extras") or []}
    lifted = {name: _read(extras[name]) for name in own if name in extras}
    rest = [each for each in dataset.get("extras") or [] if each["key"] not in lifted]
    return {**lifted, **{name: value for name, value in dataset.items() if name != "extras"}, "extras": rest}


def _read(value: str) -> Any:
    try:
        return json.loads(value) if value[:1] in ("[", "{") else value
    except ValueError:
        return value
