"""Cleaning a file before it is released."""

from __future__ import annotations

from typing import Any

from ckan.plugins import toolkit as tk
from ckan.types import Context, DataDict

from ckanext.privacy.logic import access, schema
from ckanext.privacy.logic.auth.datasets import package_of
from ckanext.privacy.workflow import remediation


@tk.side_effect_free
@schema.accepts(schema.remediation_suggest)
def privacy_remediation_suggest(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Suggest what to do with each column of a file, going by its newest scan.

    :param resource_id: the file
    :returns: ``{plan, scan_id}``
    """
    access.check("privacy_remediation_suggest", context, data_dict)
    return remediation.suggest(package_of(data_dict).id, data_dict["resource_id"])


@tk.side_effect_free
@schema.accepts(schema.remediation)
def privacy_remediation_preview(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Show the first rows of a file before and after a plan; nothing is changed or kept.

    :param resource_id: the file
    :param plan: the plan
    :returns: ``{tables: [{name, columns_before, columns_after, before, after}], plan}``
    """
    access.check("privacy_remediation_preview", context, data_dict)
    return remediation.preview(package_of(data_dict).id, data_dict["resource_id"], data_dict["plan"])


@schema.accepts(schema.remediation)
def privacy_remediation_apply(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Make the cleaned file the new version of the resource; it is scanned again.

    :param resource_id: the file
    :param plan: the plan
    :returns: ``{resource, result, scans, message}``; ``result`` says what was done, table by table
    """
    access.check("privacy_remediation_apply", context, data_dict)
    return remediation.apply(context, package_of(data_dict).id, data_dict["resource_id"], data_dict["plan"])
