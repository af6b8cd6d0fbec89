"""Actions of others that we narrow."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

#: A practice tells what a city did; a catalogue of data must not list it as data.
ONLY_DATA = '-dataset_type:"city-practice"'


def _only_data(data_dict: dict[str, Any]) -> dict[str, Any]:
    return {**data_dict, "fq": f"{data_dict.get('fq') or ''} {ONLY_DATA}".strip()}


@tk.side_effect_free
@tk.chained_action
def dcat_catalog_show(next_action: Any, context: Any, data_dict: dict[str, Any]) -> Any:
    """The catalogue in RDF, without city practices."""
    return next_action(context, _only_data(data_dict))


@tk.side_effect_free
@tk.chained_action
def dcat_catalog_search(next_action: Any, context: Any, data_dict: dict[str, Any]) -> Any:
    """A search in the catalogue in RDF, without city practices."""
    return next_action(context, _only_data(data_dict))


#: Chained only where ckanext-dcat is loaded: CKAN refuses to chain onto an action that is not there.
DCAT_ACTIONS = {"dcat_catalog_show": dcat_catalog_show, "dcat_catalog_search": dcat_catalog_search}
