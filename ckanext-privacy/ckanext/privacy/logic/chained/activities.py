"""Activities keep the whole dataset of their moment, so those of a dataset are for the people who work on it."""

from __future__ import annotations

from typing import Any

from ckan import authz, model
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


@tk.chained_action
@tk.side_effect_free
def activity_diff(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Compare an activity with the one before it, for who may read both: CKAN asks about the later one alone."""
    found = original(context, data_dict)
    for activity in found["activities"]:
        asked = tk.fresh_context(context)  # CKAN keeps an activity in it, and would ask about that one again
        if not authz.is_authorized_boolean("activity_show", asked, {"id": activity["id"], "include_data": True}):
            raise tk.ObjectNotFound(tk._("Not found"))
    return found
