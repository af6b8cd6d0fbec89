"""The net under the gate."""

from __future__ import annotations

from ckan.plugins import toolkit as tk
from ckan.types import Context, DataDict

from ckanext.privacy.gate import leak_check
from ckanext.privacy.logic import access


@tk.side_effect_free
def privacy_leak_check(context: Context, data_dict: DataDict) -> dict[str, list[dict[str, str]]]:
    """Compare everything an anonymous visitor can read with the releases.

    :returns: ``{"leaks": [{"where", "what"}]}``; empty when all is well
    """
    access.check("privacy_leak_check", context, data_dict)
    return {"leaks": leak_check.find_leaks()}
