"""Who may do what with city portals."""

from __future__ import annotations

from collections.abc import Callable

import ckan.plugins.toolkit as tk
from ckan import authz, model
from ckan.types import AuthFunction, AuthResult, Context, DataDict
from ckanext.harvest.model import HarvestObject

from ckanext.cityportals import approval, gate

__all__ = [
    "cityportals_city_list",
    "cityportals_conflict_list",
    "cityportals_conflict_resolve",
    "cityportals_duplicate_list",
    "cityportals_preview",
    "cityportals_purge",
    "cityportals_report_show",
    "cityportals_run",
    "cityportals_source_add",
    "cityportals_source_approve",
    "harvest_job_list",
    "harvest_object_list",
    "harvest_object_show",
]


def cityportals_city_list(context: Context, data_dict: DataDict) -> AuthResult:
    """Anyone who is logged in."""
    return {"success": True}


def cityportals_source_add(context: Context, data_dict: DataDict) -> AuthResult:
    """Whoever may add datasets to the organisation."""
    organization = data_dict.get("organization", "")
    allowed = authz.has_user_permission_for_group_or_org(organization, context.get("user", ""), "create_dataset")
    return _answer(allowed, tk._("You may not add harvest sources to this organization."))


def cityportals_preview(context: Context, data_dict: DataDict) -> AuthResult:
    """Whoever may add datasets somewhere: a preview makes this site call another one."""
    allowed = authz.has_user_permission_for_some_org(context.get("user", ""), "create_dataset")
    return _answer(allowed, tk._("You may not preview harvest sources."))


def cityportals_run(context: Context, data_dict: DataDict) -> AuthResult:
    """Whoever may edit the source."""
    return _may_edit_source(context, data_dict["id"])


@tk.auth_sysadmins_check
def cityportals_source_approve(context: Context, data_dict: DataDict) -> AuthResult:
    """An editor or a steward of the source's organisation, or a system administrator, who did not add it.

    Releases without a person are for stewards and system administrators to allow.
    """
    package = model.Package.get(data_dict["id"])
    if package is None:
        raise tk.ObjectNotFound(tk._("There is no such harvest source."))
    if data_dict.get("automatic_release"):
        allowed = approval.may_release(package.id, context.get("user", ""))
        return _answer(allowed, tk._("Only a steward who did not add the source can let its records be released."))
    allowed = approval.may_approve(package.id, context.get("user", ""))
    return _answer(allowed, tk._("Somebody else than the person who added the source must approve it."))


def cityportals_report_show(context: Context, data_dict: DataDict) -> AuthResult:
    """Whoever may edit the source, or decides about its datasets: errors quote records that are not released."""
    return _may_read(context, data_dict["id"], _may_edit_source)


def cityportals_conflict_list(context: Context, data_dict: DataDict) -> AuthResult:
    """Whoever may edit the dataset, or the source whose datasets' conflicts are asked for."""
    return cityportals_conflict_resolve(context, data_dict)


def cityportals_conflict_resolve(context: Context, data_dict: DataDict) -> AuthResult:
    """Whoever may edit the dataset: what the source says is not released."""
    refusal = tk._("Only who may edit the dataset may do this.")
    return _may_edit(context, data_dict["id"], tk._("There is no such dataset or harvest source."), refusal)


def cityportals_duplicate_list(context: Context, data_dict: DataDict) -> AuthResult:
    """Whoever may edit the dataset, or the source, or decides about it."""
    return _may_read(
        context, data_dict["id"], lambda context, name: cityportals_conflict_resolve(context, {"id": name})
    )


def cityportals_purge(context: Context, data_dict: DataDict) -> AuthResult:
    """Whoever may purge datasets: system administrators, unless the site has decided otherwise."""
    package = model.Package.get(data_dict["id"])
    if package is None:
        raise tk.ObjectNotFound(tk._("There is no such dataset or harvest source."))
    try:
        tk.check_access("dataset_purge", tk.fresh_context(context), {"id": package.id})
    except tk.NotAuthorized:
        return _answer(False, tk._("Only who may purge datasets may do this."))
    return _answer(True, "")


@tk.chained_auth_function
def harvest_object_show(original: AuthFunction, context: Context, data_dict: DataDict | None) -> AuthResult:
    """A harvest object holds a whole unreleased record, so only who may edit its source sees it."""
    wanted = data_dict or {}
    harvest_object = HarvestObject.get(wanted.get("id")) or _current_object(wanted.get("dataset_id"))
    if harvest_object is None:
        return original(context, wanted)
    return _may_edit_source(context, harvest_object.harvest_source_id)


@tk.chained_auth_function
def harvest_object_list(original: AuthFunction, context: Context, data_dict: DataDict | None) -> AuthResult:
    """The list names every harvested record; sysadmins only, unless it is asked for one source by its editor."""
    source_id = (data_dict or {}).get("source_id")
    return _may_edit_source(context, source_id) if source_id else _answer(False, tk._("Name a harvest source."))


@tk.chained_auth_function
def harvest_job_list(original: AuthFunction, context: Context, data_dict: DataDict | None) -> AuthResult:
    """The runs of one source can be listed by who may edit it, those of all by sysadmins."""
    asked = data_dict or {}
    return original(context, asked) if asked.get("source_id") else _answer(False, tk._("Name a harvest source."))


def _current_object(dataset_id: str | None) -> HarvestObject | None:
    package = model.Package.get(dataset_id) if dataset_id else None
    return HarvestObject.get(package.id, attr="package_id") if package else None


def _may_read(context: Context, name_or_id: str, otherwise: Callable[[Context, str], AuthResult]) -> AuthResult:
    """Stewards of the organisation read what its editors do; whoever else is answered as ``otherwise`` says."""
    package, user = model.Package.get(name_or_id), model.User.get(context.get("user", ""))
    if (
        package is not None
        and user is not None
        and user.is_active
        and gate.is_steward(user.id, package.owner_org or "")
    ):
        return _answer(True, "")
    return otherwise(context, name_or_id)


def _may_edit_source(context: Context, source_id: str) -> AuthResult:
    refusal = tk._("Only who may edit the harvest source may do this.")
    return _may_edit(context, source_id, tk._("There is no such harvest source."), refusal)


def _may_edit(context: Context, name_or_id: str, missing: str, refusal: str) -> AuthResult:
    package = model.Package.get(name_or_id)
    if package is None:
        raise tk.ObjectNotFound(missing)
    try:
        tk.check_access("package_update", tk.fresh_context(context), {"id": package.id})
    except tk.NotAuthorized:
        return _answer(False, refusal)
    return _answer(True, "")


def _answer(allowed: bool, otherwise: str) -> AuthResult:
    return {"success": True} if allowed else {"success": False, "msg": otherwise}
