"""Reading datasets, resources and views: editors get the working copy, everyone else the release."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan import plugins as p
from ckan.plugins import toolkit as tk
from ckan.types import Action, Context, DataDict
from flask import has_request_context

from ckanext.privacy.gate import audience, released, working


def _name(data_dict: DataDict, key: str = "id") -> str:
    return data_dict.get(key) or tk.get_or_bust(data_dict, "id")


def _check(action: str, context: Context, data_dict: DataDict) -> None:
    """Check access; who may not read is told that nothing is there, which is all the public may know."""
    try:
        tk.check_access(action, context, data_dict)
    except tk.NotAuthorized:
        raise tk.ObjectNotFound(tk._("Not found")) from None


@tk.chained_action
@tk.side_effect_free
def package_show(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Answer with the working copy for those who work on it (never from the index), else with the release."""
    reference = data_dict.get("id") or _name(data_dict, "name_or_id")
    if not audience.sees_working_copy_of(context, reference):
        return _released(context, data_dict, reference)
    if saved := working.just_saved(context, data_dict):
        _check("package_show", context, data_dict)
        return saved
    context["use_cache"] = False
    return _without_relationships(original(context, data_dict))


def _released(context: Context, data_dict: DataDict, reference: str) -> dict[str, Any]:
    package = audience.dataset(reference)
    if package is None:
        raise tk.ObjectNotFound(tk._("Not found"))
    form = released.DEFAULT if tk.asbool(data_dict.get("use_default_schema", False)) else released.CUSTOM
    found = released.package(package.id, form)
    if found is None:  # at once, so that it takes hardly longer than where there is no dataset
        raise tk.ObjectNotFound(tk._("Not found"))
    context["session"] = model.Session
    context["package"] = package
    _check("package_show", context, {**data_dict, "id": package.id})
    return _prepared(found) if context.get("for_view") else found


def _without_relationships(package: dict[str, Any]) -> dict[str, Any]:
    """Leave out relationships to other datasets: CKAN 2.12 can neither index what it shows of them nor save it again.

    Its own ``package_show`` reads an index that never heard of them. They stay in the database, and
    ``package_relationships_list`` tells of them.
    """
    for part in ("relationships_as_subject", "relationships_as_object"):
        if package.get(part):
            del package[part]
    return package


def _prepared(package: dict[str, Any]) -> dict[str, Any]:
    for plugin in p.PluginImplementations(p.IPackageController):
        package = plugin.before_dataset_view(package)
    return package


@tk.chained_action
@tk.side_effect_free
def resource_show(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Answer with the working resource for those who work on it, else with the released one."""
    resource_id = _name(data_dict)
    package = audience.package_of(resource_id)
    if package is None:
        raise tk.ObjectNotFound(tk._("Not found"))
    if audience.sees_working_copy(context, package):
        return original(context, data_dict)
    _check("resource_show", context, {"id": resource_id})
    shown = released.package(package.id) or {"resources": []}
    for resource in shown["resources"]:
        if resource["id"] == resource_id:
            return resource
    raise tk.ObjectNotFound(tk._("Not found"))


@tk.chained_action
@tk.side_effect_free
def resource_view_list(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Answer with the views the reader may see: the working ones, or those that were released."""
    resource_id = _name(data_dict)
    package = audience.package_of(resource_id)
    if package is None:
        raise tk.ObjectNotFound(tk._("Not found"))
    if audience.sees_working_copy(context, package):
        return original(context, data_dict)
    _check("resource_view_list", context, {"id": resource_id})
    return [view for view in released.views(resource_id) if _can_be_drawn(view)]


def _can_be_drawn(view: dict[str, Any]) -> bool:
    from ckan.lib import datapreview

    return datapreview.get_view_plugin(view["view_type"]) is not None


@tk.chained_action
@tk.side_effect_free
def resource_view_show(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Answer with one view, in the state the reader may see."""
    view_id = _name(data_dict)
    view = model.ResourceView.get(view_id)
    package = audience.package_of(view.resource_id) if view else None
    if view is None or package is None:
        raise tk.ObjectNotFound(tk._("Not found"))
    if audience.sees_working_copy(context, package):
        return original(context, data_dict)
    _check("resource_view_show", context, {"id": view_id})
    for shown in released.views(view.resource_id):
        if shown["id"] == view_id:
            return shown
    raise tk.ObjectNotFound(tk._("Not found"))


@tk.chained_action
@tk.side_effect_free
def package_autocomplete(original: Action, context: Context, data_dict: DataDict) -> list[dict[str, Any]]:
    """Complete names of datasets the reader may see now; the index may lag behind."""
    found = original(context, data_dict)
    rows = {row.name: row for row in _rows([each["name"] for each in found])}
    public = released.in_force([row.id for row in rows.values()])
    return [
        each
        for each in found
        if (row := rows.get(each["name"])) and (row.id in public or audience.sees_working_copy(context, row))
    ]


def _rows(names: list[str]) -> Iterable[model.Package]:
    return model.Session.scalars(sa.select(model.Package).where(model.Package.name.in_(names)))


@tk.chained_action
@tk.side_effect_free
def package_search(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Search with the reader's own rights: CKAN's front page searches with none checked."""
    if has_request_context() and context.get("ignore_auth"):
        context = context.copy()
        context.pop("ignore_auth")
        context["user"] = tk.current_user.name
        context["auth_user_obj"] = tk.current_user
    return original(context, data_dict)
