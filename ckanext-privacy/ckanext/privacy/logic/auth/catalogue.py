"""Rights that concern the whole catalogue or an organisation."""

from __future__ import annotations

from ckan import authz, model
from ckan.plugins import toolkit as tk
from ckan.types import AuthResult, Context, DataDict

from ckanext.privacy.gate import audience
from ckanext.privacy.model import Steward


def _sysadmin_only(context: Context, data_dict: DataDict | None) -> AuthResult:
    return {"success": False, "msg": tk._("Only system administrators can do this.")}


# Sysadmins never reach an auth function: refusing everybody leaves exactly them.
privacy_leak_check = _sysadmin_only
privacy_override = _sysadmin_only


def organization_of(data_dict: DataDict | None) -> model.Group:
    """Return the organisation that ``organization`` names."""
    group = model.Group.get((data_dict or {}).get("organization") or "")
    if group is None or not group.is_organization or group.state != "active":
        raise tk.ObjectNotFound(tk._("There is no such organization."))
    return group


def privacy_steward_add(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Administrators of the organisation."""
    group = organization_of(data_dict)
    if authz.users_role_for_group_or_org(group.id, context.get("user")) == "admin":
        return {"success": True}
    return {"success": False, "msg": tk._("Only administrators of the organization can appoint its stewards.")}


privacy_steward_remove = privacy_steward_add


def privacy_steward_list(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Members of the organisation and its stewards."""
    group = organization_of(data_dict)
    user = model.User.get(context.get("user") or "")
    if user and (group.id in Steward.organizations(user.id) or authz.users_role_for_group_or_org(group.id, user.name)):
        return {"success": True}
    return {"success": False, "msg": tk._("Only members of the organization can see its stewards.")}


def privacy_steward_change_list(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Everyone with an account; each sees what they were told."""
    return {"success": True}


def privacy_audit_list(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Stewards of any organisation; each sees what concerns theirs."""
    user = audience.reader(context)
    if user and Steward.organizations(user.id):
        return {"success": True}
    return {"success": False, "msg": tk._("Only stewards can read the audit log.")}


privacy_audit_verify = privacy_audit_list


@tk.auth_allow_anonymous_access
def privacy_register_list(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Everyone."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def privacy_scanner_show(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Everyone."""
    return {"success": True}
