"""The net under the gate."""

from __future__ import annotations

from ckan.plugins import toolkit as tk
from ckan.types import Context, DataDict

from ckanext.privacy.logic import access, schema
from ckanext.privacy.workflow import leak_watch


@tk.side_effect_free
@schema.accepts(schema.leak_check)
def privacy_leak_check(context: Context, data_dict: DataDict) -> dict[str, list[dict[str, str]]]:
    """Compare what an anonymous visitor can read with the releases: what is stored, and what actions answer.

    :param whole: also walk as a visitor through every page, feed and file, about a second for each dataset: for large
        catalogues give ``ckan privacy leak-check`` to the scheduler, which does the same
    :returns: ``{"leaks": [{"where", "what"}]}``; empty when all is well
    """
    access.check("privacy_leak_check", context, data_dict)
    return {"leaks": leak_watch.look(quick=not data_dict.get("whole"))}
