"""Rights that follow from a concern: everyone reports, whoever has the receipt follows, stewards read and settle."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import AuthResult, Context, DataDict

from ckanext.privacy.gate import audience
from ckanext.privacy.model import Concern, Release, Steward
from ckanext.privacy.workflow import concerns, people


def dataset(data_dict: DataDict | None) -> str:
    """Return the id of the public dataset that ``dataset_id`` names; a held one does not exist for who asks here."""
    named = str((data_dict or {}).get("dataset_id") or "")
    package = model.Package.get(named) if named else None
    if package is None or Release.standing(package.id) is None:
        raise tk.ObjectNotFound(tk._("There is no such dataset."))
    return package.id


def concern_of(data_dict: DataDict | None) -> Concern:
    """Return the concern that ``token`` or ``id`` names."""
    data: dict[str, Any] = data_dict or {}
    token = data.get("token")
    found = Concern.by_token(concerns.token_hash(str(token))) if token else Concern.get(str(data.get("id") or ""))
    if found is None:
        raise tk.ObjectNotFound(tk._("There is no such concern."))
    return found


@tk.auth_allow_anonymous_access
def privacy_concern_create(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Everyone."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def privacy_concern_show(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Whoever has the receipt, and stewards of the dataset's organisation."""
    concern = concern_of(data_dict)
    user = audience.reader(context)
    if (data_dict or {}).get("token") or (user and people.is_steward(user, concern.owner_org)):
        return {"success": True}
    return {"success": False, "msg": tk._("Only stewards of the dataset's organization can read a concern.")}


def privacy_concern_list(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Stewards of any organisation; each sees those of theirs."""
    user = audience.reader(context)
    if user and (user.sysadmin or Steward.organizations(user.id)):
        return {"success": True}
    return {"success": False, "msg": tk._("Only stewards can read concerns.")}


def privacy_concern_resolve(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Everyone with an account may try; the service refuses all but stewards, and notes who was refused."""
    concern_of({"id": (data_dict or {}).get("id")})
    return {"success": True}
