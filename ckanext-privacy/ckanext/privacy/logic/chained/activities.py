"""Activities keep the whole dataset of their moment, so those of a dataset are for the people who work on it."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Action, Context, DataDict

from ckanext.privacy.gate import audience, labels


@tk.chained_action
def activity_create(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Note what happened to a dataset for those who work on it; what is public is written on release, by the gate.

    CKAN hides activities by their labels only if their type ends in "package"; other kinds (views, an extension's own)
    would be open to everyone and are not kept.
    """
    object_id = data_dict.get("object_id")
    package = model.Package.get(object_id) or audience.package_of(object_id)
    if package is None:
        return original(context, data_dict)
    if not str(data_dict.get("activity_type")).endswith("package"):
        tk.check_access("activity_create", context, data_dict)
        return None
    return original(context, {**data_dict, "permission_labels": labels.working_labels(package)})
