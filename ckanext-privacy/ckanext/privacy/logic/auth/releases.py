"""Rights that follow from a release. Stewards decide; the services refuse requester and last editor."""

from __future__ import annotations

from collections.abc import Callable

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import AuthResult, Context, DataDict

from ckanext.privacy.gate import audience
from ckanext.privacy.logic.auth import datasets
from ckanext.privacy.model import Release
from ckanext.privacy.workflow import people


def _release(data_dict: DataDict | None) -> Release:
    release = Release.get((data_dict or {}).get("id", ""))
    if release is None:
        raise tk.ObjectNotFound(tk._("There is no such release."))
    return release


def _look(context: Context, data_dict: DataDict | None) -> AuthResult:
    release = _release(data_dict)
    user = audience.reader(context)
    if user and people.is_steward(user, release.owner_org):
        return {"success": True}
    return datasets.may_look(context, datasets.kept(release.package_id))


def _unless(
    why_not: Callable[[model.User, Release], str | None], context: Context, data_dict: DataDict | None
) -> AuthResult:
    user = model.User.get(context.get("user") or "")
    sentence = why_not(user, _release(data_dict)) if user else tk._("Please log in first.")
    return {"success": False, "msg": sentence} if sentence else {"success": True}


def privacy_release_show(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Editors of the dataset and its stewards."""
    return _look(context, data_dict)


def privacy_release_diff(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Editors of the dataset and its stewards."""
    return _look(context, data_dict)


def privacy_release_list(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Everyone with an account; each sees the releases they have to do with."""
    return {"success": True}


def privacy_release_approve(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Stewards of the organisation who neither asked for the release nor changed the dataset last."""
    return _unless(people.why_not_approve, context, data_dict)


def privacy_release_return(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Stewards of the organisation."""
    return _unless(people.why_not_decide, context, data_dict)


privacy_release_narrow = privacy_release_return
privacy_release_reject = privacy_release_return
privacy_release_hold = privacy_release_return


def privacy_release_resume(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Those who could be the second person for the release, and were stewards before it was put on hold."""
    return _unless(people.why_not_resume, context, data_dict)


def privacy_release_confirm(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Those who could be the second person for the release."""
    return _unless(people.why_not_vouch, context, data_dict)


def privacy_release_approve_bulk(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Everyone with an account; each release is asked about by itself."""
    return {"success": True}


privacy_reminder_list = privacy_release_approve_bulk


def privacy_release_withdraw(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Stewards of the organisation and editors of the dataset."""
    return _look(context, data_dict)


privacy_release_appeal = privacy_release_withdraw
privacy_release_cancel = privacy_release_withdraw
