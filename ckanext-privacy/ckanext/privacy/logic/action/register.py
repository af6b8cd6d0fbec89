"""The public register."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Context, DataDict

from ckanext.privacy.logic import schema
from ckanext.privacy.workflow import register, scanner_entry

_PAGE = 100


@tk.side_effect_free
@schema.accepts(schema.register_list)
def privacy_register_list(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """List what was released, refused, taken down or overridden; open to everyone.

    People are named by their role only. Datasets that were never public are counted and not named.

    :param event: ``release``, ``override``, ``adopt``, ``reject``, ``hold``, ``resume``, ``withdraw`` or ``expire``
    :param organization: an organisation, by id or name
    :param since: ISO date; only what happened from then on
    :param limit: at most so many (100)
    :param offset: after so many
    :returns: ``{count, results, counts, months, never_released, not_yet_scanned, audit}``; see
        :func:`ckanext.privacy.workflow.register.listing`
    """
    tk.check_access("privacy_register_list", context, data_dict)
    group = model.Group.get(data_dict["organization"]) if data_dict.get("organization") else None
    filters = register.Filters(
        event=data_dict.get("event"),
        organization=group.id if group else data_dict.get("organization"),
        since=data_dict.get("since"),
    )
    return register.listing(filters, int(data_dict.get("limit", _PAGE)), int(data_dict.get("offset", 0)))


@tk.side_effect_free
def privacy_scanner_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Return the scanner's entry for an algorithm register; open to everyone.

    :returns: ``{name, version, purpose, decides, network, policy, kinds, languages, countries, identifiers, recall,
        known_misses, contact, appeal}``; ``recall`` maps a language to the share of names found
    """
    tk.check_access("privacy_scanner_show", context, data_dict)
    return scanner_entry.entry()
