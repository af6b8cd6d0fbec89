"""Datasets as DCAT, without what is only said of the whole catalogue."""

from __future__ import annotations

from typing import Any

from ckan.plugins import toolkit as tk
from ckan.types import Action, Context, DataDict

from ckanext.privacy import tombstone_profile


@tk.chained_action
def dcat_dataset_show(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Leave out the profile of tombstones: for each profile, ckanext-dcat looks through all packages of Python."""
    profiles = data_dict.get("profiles") or tombstone_profile.of_datasets(tk.config)
    return original(context, {**data_dict, "profiles": profiles})
