"""Our actions, and those of others that we narrow."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.communitydata.logic import imports

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


# -- Imports
def communitydata_import_xlsform(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Read an XLSForm (Kobo, ODK) into a proposal for a dataset's description. Nothing is saved.

    :param upload: the form as .xlsx or .xls, in a multipart request; at most 5 MB
    :returns: ``fields`` as ``package_create`` takes them; ``columns``, a Table Schema field for each question with its
        labels; ``device_metadata`` and ``not_understood``, each a list of ``{where, message, advice}``
    """
    tk.check_access("communitydata_import", context, data_dict)
    return imports.xlsform(data_dict)


def communitydata_import_answers(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Read an export of answers from Kobo or ODK into a proposal. Only headings, the number of rows and days are kept.

    :param upload: the export as .csv, .xlsx, .json or .zip, in a multipart request; at most 50 MB
    :param form: the XLSForm it came from, if you have it: columns then get the questions' labels
    :returns: as ``communitydata_import_xlsform``
    """
    tk.check_access("communitydata_import", context, data_dict)
    return imports.answers(data_dict)


def communitydata_import_datapackage(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Read a Data Package into a proposal. Its files are not opened and no address in it is fetched.

    :param upload: ``datapackage.json`` or a zip that holds one, in a multipart request
    :returns: as ``communitydata_import_xlsform``, with ``resources``: name, description, format, address and ``schema``
    """
    tk.check_access("communitydata_import", context, data_dict)
    return imports.datapackage(data_dict)


ACTIONS = {
    action.__name__: action
    for action in (communitydata_import_xlsform, communitydata_import_answers, communitydata_import_datapackage)
}
