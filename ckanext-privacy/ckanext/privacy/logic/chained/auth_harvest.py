"""Harvested records are unreleased content until a release says otherwise."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import AuthFunction, AuthResult, Context, DataDict

from ckanext.privacy.gate import audience


@tk.chained_auth_function
@tk.auth_allow_anonymous_access
def harvest_object_show(next_auth: AuthFunction, context: Context, data_dict: DataDict | None) -> AuthResult:
    """A record as it was harvested can be read by those who work on its dataset or on its source."""
    owner = _owner(data_dict or {})
    user = audience.reader(context)
    package = model.Session.get(model.Package, owner) if owner else None
    if package is not None and audience.works_on(user, package):
        return next_auth(context, data_dict or {})
    return {"success": False, "msg": tk._("Not authorized")}


def _owner(data_dict: DataDict) -> str | None:
    """Return the id of the dataset, or of the source, that a record belongs to. The record's own id counts first."""
    from ckanext.harvest.model import HarvestObject

    if not data_dict.get("id"):
        named = audience.dataset(data_dict.get("dataset_id") or "")
        return named.id if named else None
    record: Any = HarvestObject.get(data_dict["id"], attr=data_dict.get("attr"))
    return (record.package_id or record.harvest_source_id) if record else None


@tk.chained_auth_function
def harvest_object_list(next_auth: AuthFunction, context: Context, data_dict: DataDict | None) -> AuthResult:
    """The list of all records is for system administrators, who are asked nowhere."""
    return {"success": False, "msg": tk._("Not authorized")}
