"""Rights that follow from the dataset: its editors, and the stewards of its organisation."""

from __future__ import annotations

from typing import Any

from ckan import authz, model
from ckan.plugins import toolkit as tk
from ckan.types import AuthResult, Context, DataDict

from ckanext.privacy.gate import audience
from ckanext.privacy.model import Scan
from ckanext.privacy.workflow import people


def may_look(context: Context, package: model.Package) -> AuthResult:
    """Allow those who may see the working copy: editors of the dataset and stewards of its organisation."""
    user = audience.reader(context)
    if user and (people.is_steward(user, package.owner_org) or _may_update(context, package.id)):
        return {"success": True}
    return {"success": False, "msg": tk._("Only editors of this dataset and its stewards can see this.")}


def _may_update(context: Context, package_id: str) -> bool:
    return authz.is_authorized_boolean("package_update", tk.fresh_context(context), {"id": package_id})


def package_of(data_dict: DataDict | None) -> model.Package:
    """Return the dataset that ``id`` or ``resource_id`` is about."""
    data: dict[str, Any] = data_dict or {}
    if data.get("resource_id"):
        return _found(audience.package_of(data["resource_id"]))
    return _found(audience.dataset(data["id"]) if data.get("id") else None)


def kept(package_id: str) -> model.Package:
    """Return the dataset of a record of the gate, by its id: another can be called as one that was purged."""
    return _found(model.Session.get(model.Package, package_id))


def _found(package: model.Package | None) -> model.Package:
    if package is None:
        raise tk.ObjectNotFound(tk._("There is no such dataset or file."))
    return package


def privacy_scan_create(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Editors of the dataset and its stewards."""
    return may_look(context, package_of(data_dict))


def privacy_scan_list(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Editors of the dataset and its stewards."""
    return may_look(context, package_of(data_dict))


def privacy_scan_show(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Editors of the dataset and its stewards."""
    scan = Scan.get((data_dict or {}).get("id", ""))
    if scan is None:
        raise tk.ObjectNotFound(tk._("There is no such scan."))
    return may_look(context, kept(scan.package_id))


@tk.auth_allow_anonymous_access
def privacy_status_show(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Everyone; the action itself tells outsiders nothing about datasets that are not public."""
    return {"success": True}


def privacy_release_request(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Those who may change the dataset."""
    return _update(context, package_of(data_dict))


def privacy_remediation_suggest(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Those who may change the dataset."""
    return _update(context, package_of(data_dict))


privacy_remediation_preview = privacy_remediation_suggest
privacy_remediation_apply = privacy_remediation_suggest


def _update(context: Context, package: model.Package) -> AuthResult:
    return authz.is_authorized("package_update", tk.fresh_context(context), {"id": package.id})
