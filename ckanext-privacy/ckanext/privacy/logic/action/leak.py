"""The net under the gate."""

from __future__ import annotations

from ckan.plugins import toolkit as tk
from ckan.types import Context, DataDict

from ckanext.privacy.logic import access, schema
from ckanext.privacy.workflow import leak_watch


@tk.side_effect_free
@schema.accepts(schema.leak_check)
def privacy_leak_check(context: Context, data_dict: DataDict) -> dict[str, list[dict[str, str]]]:
    """Compare everything an anonymous visitor can read with the releases: what is stored, answers, pages, files, feeds.

    It reads every page and file of the catalogue, so it takes long on a large one: there give it to the scheduler.

    :param quick: only what is stored, and the visitor's own actions
    :returns: ``{"leaks": [{"where", "what"}]}``; empty when all is well
    """
    access.check("privacy_leak_check", context, data_dict)
    return {"leaks": leak_watch.look(quick=bool(data_dict.get("quick")))}
