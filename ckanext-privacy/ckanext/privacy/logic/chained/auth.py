"""CKAN's auth functions with the gate in front. None of them lets through what CKAN refuses."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.logic import auth as core
from ckan.logic.auth import get, update
from ckan.plugins import toolkit as tk
from ckan.types import AuthFunction, AuthResult, Context, DataDict

from ckanext.privacy.gate import audience, released


def _refused() -> AuthResult:
    return {"success": False, "msg": tk._("Not authorized")}


@tk.chained_auth_function
@tk.auth_allow_anonymous_access
def resource_show(next_auth: AuthFunction, context: Context, data_dict: DataDict | None) -> AuthResult:
    """A resource outside of the release exists for nobody but those who work on it."""
    found = next_auth(context, data_dict or {})
    if not found.get("success"):
        return found
    resource = core.get_resource_object(context, data_dict)
    if not _is_its_id(resource, data_dict):
        return _refused()
    if audience.works_on_resource(audience.reader(context), resource.id):
        return found
    return found if released.entry(resource.id) is not None else _refused()


def _is_its_id(resource: model.Resource, data_dict: DataDict | None) -> bool:
    """Say whether a call gave the id. CKAN finds a file by its name too, and would then read the table called so."""
    return (data_dict or {}).get("id") == resource.id


@tk.chained_auth_function
def resource_update(next_auth: AuthFunction, context: Context, data_dict: DataDict | None) -> AuthResult:
    """Who may change a file has rights to its id, and not to what is called as the file is."""
    found = next_auth(context, data_dict or {})
    return found if _is_its_id(core.get_resource_object(context, data_dict), data_dict) else _refused()


@tk.chained_auth_function
@tk.auth_allow_anonymous_access
def package_show(next_auth: AuthFunction, context: Context, data_dict: DataDict | None) -> AuthResult:
    """Let pass who works on a dataset: they have one of its labels, so CKAN need not gather all they have to find it.

    Rules of others are asked in any case.
    """
    reference = (data_dict or {}).get("id")
    if next_auth is get.package_show and reference and audience.works_on_named(audience.reader(context), reference):
        return {"success": True}
    return next_auth(context, data_dict or {})


@tk.chained_auth_function
def package_update(next_auth: AuthFunction, context: Context, data_dict: DataDict | None) -> AuthResult:
    """Who may not see the working copy may not change it: an answer to a change shows all of it."""
    package = core.get_package_object(context, data_dict)  # at hand from here on, as CKAN asks for it again
    found = next_auth(context, data_dict or {})
    if not found.get("success"):
        return found
    user = audience.reader(context)
    if user is not None and package.owner_org and next_auth is update.package_update:
        # CKAN lets pass who edits for the organisation, and editing collaborators: they work on it.
        audience.note_works_on(user, package)
    return found if audience.works_on(user, package) else _refused()


@tk.chained_auth_function
@tk.auth_allow_anonymous_access
def package_collaborator_list(next_auth: AuthFunction, context: Context, data_dict: DataDict | None) -> AuthResult:
    """Who works together on a dataset is no visitor's business; CKAN's own function fails on one."""
    return next_auth(context, data_dict or {}) if audience.reader(context) is not None else _refused()


@tk.chained_auth_function
@tk.auth_allow_anonymous_access
def task_status_show(next_auth: AuthFunction, context: Context, data_dict: DataDict | None) -> AuthResult:
    """The state of work on a dataset or resource may quote its content: for those who work on it."""
    found = next_auth(context, data_dict or {})
    task: Any = context.get("task_status")
    if not found.get("success") or task is None:
        return found
    user = audience.reader(context)
    package = audience.package_of(task.entity_id) or model.Session.get(model.Package, task.entity_id)
    return found if package is not None and audience.works_on(user, package) else _refused()
