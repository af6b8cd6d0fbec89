"""Harvest sources: a source can be read by those who may run it. Its settings may hold keys."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Action, Context, DataDict

from ckanext.privacy.gate import audience


@tk.chained_action
@tk.side_effect_free
def harvest_source_list(original: Action, context: Context, data_dict: DataDict) -> list[Any]:
    """List the sources the reader works on."""
    found = original(context, data_dict)
    if context.get("ignore_auth"):
        return found
    user = audience.reader(context)
    return [source for source in found if _works_on(user, source["id"])]


def _works_on(user: model.User | None, source_id: str) -> bool:
    package = model.Package.get(source_id)
    return package is not None and audience.works_on(user, package)
