"""Activities keep the whole dataset of their moment, so those of a dataset are for the people who work on it."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import ChainedAction, Context, DataDict

from ckanext.privacy.gate import labels


@tk.chained_action
def activity_create(original: ChainedAction, context: Context, data_dict: DataDict) -> Any:
    """Note what happened to a dataset for those who work on it; what is public is written on release, by the gate."""
    package = model.Package.get(data_dict.get("object_id"))
    if package is not None:
        data_dict = {**data_dict, "permission_labels": labels.working_labels(package)}
    return original(context, data_dict)
