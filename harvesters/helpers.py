"""What the templates ask for."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.cityportals import conflicts, facets, ledger, twins
from ckanext.privacy.said import said
from ckanext.privacy.views import words


def cityportals_said(sentence: str) -> str:
    """A sentence of a report, in the reader's language, whether the gate is on this site or not."""
    return said(sentence)


def cityportals_filters() -> dict[str, str]:
    """The filters of the page of harvest sources, by field of the index, with their headings."""
    return {name: tk._(heading) for name, heading in facets.HEADINGS.items()}


def cityportals_licence(license_id: str) -> str:
    """What this catalogue calls a licence; empty where none is said."""
    known = model.Package.get_license_register().get(license_id)
    return known.title if known and license_id != "notspecified" else ""


def cityportals_language(code: str) -> str:
    """What the reader's language calls a language; its code where nobody knows one."""
    return words.language(code)


def cityportals_conflicts(dataset_id: str) -> dict[str, Any] | None:
    """How many conflicts of a dataset this person may decide, and on which source's page: ``source``, ``count``.

    None where nothing waits for them.
    """
    if not conflicts.waiting(dataset_id):
        return None
    source_id = ledger.entry(ledger.package(dataset_id))["source_id"]
    user = tk.current_user.name
    try:
        tk.check_access("cityportals_conflict_list", {"user": user}, {"id": source_id})
        found = tk.get_action("cityportals_conflict_list")({"user": user}, {"id": dataset_id})
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return None
    return {"source": source_id, "count": len(found)} if found else None


def cityportals_duplicates(dataset_id: str) -> list[dict[str, str]]:
    """What other sources brought of the same thing, for whoever may edit this dataset, as the action gives it."""
    if not twins.of_dataset(dataset_id):
        return []
    try:
        found = tk.get_action("cityportals_duplicate_list")({"user": tk.current_user.name}, {"id": dataset_id})
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return []
    return [other for each in found for other in each["duplicates"]]
