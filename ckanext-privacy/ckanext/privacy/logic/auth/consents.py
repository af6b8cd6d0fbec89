"""Rights that follow from an agreement: the editors and stewards of its datasets, and whoever has its link."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import AuthResult, Context, DataDict

from ckanext.privacy.logic.auth import datasets
from ckanext.privacy.model import Consent
from ckanext.privacy.workflow import consents


def packages(data_dict: DataDict | None) -> list[model.Package]:
    """Return the datasets that ``datasets`` or ``dataset_id`` names; at least one."""
    data: dict[str, Any] = data_dict or {}
    named = data.get("datasets") or [data.get("dataset_id")]
    return list({found.id: found for each in named for found in [datasets.package_of({"id": each})]}.values())


def record_of(data_dict: DataDict | None) -> Consent:
    """Return the record that ``token`` or ``id`` names."""
    data: dict[str, Any] = data_dict or {}
    token = data.get("token")
    found = Consent.by_token(consents.token_hash(str(token))) if token else Consent.get(str(data.get("id") or ""))
    if found is None:
        raise tk.ObjectNotFound(tk._("There is no such agreement."))
    return found


def privacy_consent_create(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Those who may change every dataset it is about."""
    return _all(context, data_dict, datasets.privacy_release_request)


def privacy_consent_list(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Editors of the dataset and its stewards."""
    return _all(context, data_dict, lambda context, data: datasets.may_look(context, datasets.package_of(data)))


@tk.auth_allow_anonymous_access
def privacy_consent_show(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Whoever has the link; else editors of its datasets and their stewards."""
    record = record_of(data_dict)
    return {"success": True} if (data_dict or {}).get("token") else _look(context, record)


@tk.auth_allow_anonymous_access
def privacy_consent_withdraw(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Whoever has the link; else editors of its datasets and their stewards."""
    return privacy_consent_show(context, data_dict)


def privacy_consent_renew(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Those who may change every dataset it is about."""
    record = record_of({"id": (data_dict or {}).get("id")})
    return _all(context, {"datasets": _existing(record)}, datasets.privacy_release_request)


def privacy_consent_evidence_create(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Those who may change every dataset it is about."""
    return privacy_consent_renew(context, data_dict)


def _look(context: Context, record: Consent) -> AuthResult:
    for package_id in _existing(record):
        found = datasets.may_look(context, datasets.kept(package_id))
        if found.get("success"):
            return found
    return {"success": False, "msg": tk._("Only editors of this dataset and its stewards can see this.")}


def _existing(record: Consent) -> list[str]:
    return [package_id for package_id in record.package_ids if model.Session.get(model.Package, package_id)]


def _all(context: Context, data_dict: DataDict | None, rule: Any) -> AuthResult:
    answers = [rule(context, {"id": package.id}) for package in packages(data_dict)]
    refused: AuthResult = {"success": False, "msg": tk._("There is no such dataset or file.")}
    return next((each for each in answers if not each.get("success")), answers[0] if answers else refused)
