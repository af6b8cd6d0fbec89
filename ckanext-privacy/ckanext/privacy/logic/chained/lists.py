"""Lists that CKAN reads from its rows, where every dataset is private: read from the releases instead."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.model import misc
from ckan.plugins import toolkit as tk
from ckan.types import Action, Context, DataDict
from sqlalchemy.dialects.postgresql import JSONB

from ckanext.privacy.gate import audience, released
from ckanext.privacy.logic.chained.tags import seen
from ckanext.privacy.logic.schema import page_of
from ckanext.privacy.model import Release


@tk.chained_action
@tk.side_effect_free
def package_list(original: Action, context: Context, data_dict: DataDict) -> list[str]:
    """Return the names of released datasets."""
    tk.check_access("package_list", context, data_dict)
    limit, offset = _page(data_dict)
    column = model.Package.id if context.get("api_version") == 2 else model.Package.name
    query = sa.select(column).join(Release, Release.package_id == model.Package.id).where(*released.conditions())
    return list(model.Session.scalars(query.order_by(column).limit(limit).offset(offset)))


def _page(data_dict: DataDict) -> tuple[int | None, int | None]:
    """Return limit and offset; here CKAN takes 0 for no limit."""
    limit, offset = page_of(data_dict)
    return limit or None, offset or None


@tk.chained_action
@tk.side_effect_free
def member_list(original: Action, context: Context, data_dict: DataDict) -> list[Any]:
    """Leave out datasets that the reader may not see, or that were not released as part of the group."""
    members = original(context, data_dict)
    if context.get("ignore_auth"):
        return members
    datasets = [member[0] for member in members if member[1] == "package"]
    if not datasets:
        return members
    group = model.Group.get(data_dict["id"])
    visible = _visible(context, datasets, group.id if group else "")
    return [member for member in members if member[1] != "package" or member[0] in visible]


def _visible(context: Context, package_ids: list[str], group_id: str) -> set[str]:
    shown = {key for key, package in released.packages(package_ids).items() if group_id in _groups(package)}
    user = audience.reader(context)
    if user is None:
        return shown
    held = model.Session.scalars(sa.select(model.Package).where(model.Package.id.in_(set(package_ids) - shown)))
    return shown | {package.id for package in held if audience.works_on(user, package)}


def _groups(package: dict[str, Any]) -> set[str | None]:
    return {package.get("owner_org"), *(group["id"] for group in package.get("groups", []))}


_RESOURCES = sa.text("""
    SELECT resource.value AS resource FROM privacy_release, package,
        jsonb_array_elements(snapshot #> '{package,resources}') AS resource
    WHERE privacy_release.state = 'released' AND COALESCE(LEAST(expires, review_by) > now(), TRUE)
        AND package.id = package_id AND package.state = 'active'
""").columns(resource=JSONB)


@tk.chained_action
@tk.side_effect_free
def resource_search(original: Action, context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Search the resources of releases, by the same ``field:term`` pairs as CKAN's."""
    tk.check_access("resource_search", context, data_dict)
    limit, offset = _page(data_dict)
    resource = _RESOURCES.subquery("released").c.resource
    query = sa.select(resource).where(*(_matches(resource, *pair) for pair in _terms(data_dict.get("query"))))
    count = model.Session.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one()
    order_by = data_dict.get("order_by")
    order = resource[order_by].astext if order_by in model.Resource.get_columns() else resource["id"].astext
    found = model.Session.scalars(query.order_by(order).limit(limit).offset(offset))
    return {"count": count, "results": _shown(list(found))}


def _terms(query: str | list[str] | None) -> list[tuple[str, str]]:
    if query is None:
        raise tk.ValidationError({"query": tk._("Missing value")})
    pairs = [tuple(str(pair).split(":", 1)) for pair in (query if isinstance(query, list) else [query])]
    if any(len(pair) != 2 for pair in pairs):
        raise tk.ValidationError({"query": tk._("Must be <field>:<value> pair(s)")})
    for field, _ in pairs:
        if field not in model.Resource.get_columns():
            message = tk._('Field "{field}" not recognised in resource_search.').format(field=field)
            raise tk.ValidationError({"query": message})
    return [(field, term) for field, term in pairs]


def _matches(resource: Any, field: str, term: str) -> sa.ColumnElement[bool]:
    text = misc.escape_sql_like_special_characters(term)
    pattern = f"{text}%" if field == "hash" else f"%{text}%"
    return resource[field].astext.ilike(pattern)


def _shown(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the resources the addresses they are shown with."""
    shown = released.packages([resource["package_id"] for resource in found])
    by_id = {resource["id"]: resource for package in shown.values() for resource in package["resources"]}
    return [by_id[resource["id"]] for resource in found if resource["id"] in by_id]


@tk.chained_action
@tk.side_effect_free
def package_relationships_list(original: Action, context: Context, data_dict: DataDict) -> list[Any]:
    """Name related datasets to those who work on the dataset; others find none."""
    package = model.Package.get(tk.get_or_bust(data_dict, "id"))
    if package is None:
        raise tk.ObjectNotFound(tk._("Not found"))
    if audience.sees_working_copy(context, package):
        return original(context, data_dict)
    try:
        tk.check_access("package_relationships_list", context, data_dict)
    except tk.NotAuthorized:
        raise tk.ObjectNotFound(tk._("Not found")) from None
    return []


def _ranked(original: Action, context: Context, data_dict: DataDict, field: str) -> list[Any]:
    """List groups; by number of datasets only as the reader may count them, since CKAN counts the held ones too."""
    sort = str(data_dict.get("sort") or data_dict.get("order_by") or tk.config["ckan.default_group_sort"])
    if "package" not in sort or context.get("ignore_auth"):
        return original(context, data_dict)
    apart = ("sort", "order_by", "limit", "offset", "all_fields")
    rest = {key: value for key, value in data_dict.items() if key not in apart}
    counts = seen(context, field)
    names = original(context.copy(), {**rest, "sort": "name asc"})
    names.sort(key=lambda name: counts.get(name, 0), reverse="asc" not in sort)
    limit, offset = _page(data_dict)
    names = names[offset or 0 :][:limit]
    if not tk.asbool(data_dict.get("all_fields", False)):
        return names
    full = original(context.copy(), {**data_dict, "groups": names, "sort": "name asc", "offset": 0})
    return sorted(full, key=lambda group: names.index(group["name"]))


@tk.chained_action
@tk.side_effect_free
def group_list(original: Action, context: Context, data_dict: DataDict) -> list[Any]:
    """List groups, in an order that says nothing about held datasets."""
    return _ranked(original, context, data_dict, "groups")


@tk.chained_action
@tk.side_effect_free
def organization_list(original: Action, context: Context, data_dict: DataDict) -> list[Any]:
    """List organisations, in an order that says nothing about held datasets."""
    return _ranked(original, context, data_dict, "organization")
