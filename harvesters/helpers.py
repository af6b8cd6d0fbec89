"""What the templates ask for."""

from __future__ import annotations

import ckan.plugins.toolkit as tk

from ckanext.cityportals import conflicts, ledger


def cityportals_conflicts_source(dataset_id: str) -> str | None:
    """The source on whose page this person may decide this dataset's conflicts; None where nothing waits for them."""
    if not conflicts.waiting(dataset_id):
        return None
    source_id = ledger.entry(ledger.package(dataset_id))["source_id"]
    user = tk.current_user.name
    try:
        tk.check_access("cityportals_conflict_list", {"user": user}, {"id": source_id})
        found = tk.get_action("cityportals_conflict_list")({"user": user}, {"id": dataset_id})
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return None
    return source_id if found else None
