"""Rows of the datastore: editors read and write working tables, everyone else reads the copy a release shows."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Action, Context, DataDict

from ckanext.privacy.gate import audience, edits, released
from ckanext.privacy.gate.rows import PREFIX, is_reserved


def _works_on(context: Context, resource_id: str) -> bool:
    if context.get("ignore_auth"):
        return True
    user = audience.reader(context)
    # Besides working tables there are others: aliases, listings, released copies. They have no editors.
    return user is not None and (user.sysadmin or audience.works_on_resource(user, resource_id))


def _with_one_name(data_dict: DataDict) -> DataDict:
    """Return a call that names its table once. Of two names CKAN goes by ``id``, and would ask for rights to either."""
    named = data_dict.get("id") or data_dict.get("resource_id")
    rest = {key: value for key, value in data_dict.items() if key not in ("id", "resource_id")}
    return {**rest, "resource_id": str(named)} if named else rest


def _table(resource_id: str) -> str:
    """Return the working table's name for a resource id or an alias."""
    from ckanext.datastore.backend import DatastoreBackend

    if model.Session.get(model.Resource, resource_id) is not None:
        return resource_id
    _, behind = DatastoreBackend.get_active_backend().resource_id_from_alias(resource_id)
    return behind or resource_id


def _copy(action: str, context: Context, resource_id: str) -> str:
    """Return the released copy's table; everything else is not there for the public."""
    copy = released.rows(resource_id)
    if copy is None:
        raise tk.ObjectNotFound(tk._("Not found"))
    tk.check_access(action, context, {"resource_id": resource_id})
    return copy["table"]


def _inner(context: Context) -> Context:
    inner = context.copy()
    inner["ignore_auth"] = True
    return inner


@tk.chained_action
@tk.side_effect_free
def datastore_search(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Search the working rows, or for everyone else the released ones."""
    data_dict = _with_one_name(data_dict)
    resource_id = _table(tk.get_or_bust(data_dict, "resource_id"))
    if _works_on(context, resource_id):
        return original(context, {**data_dict, "resource_id": resource_id})
    table = _copy("datastore_search", context, resource_id)
    found = original(_inner(context), {**data_dict, "resource_id": table})
    return {**found, "resource_id": resource_id}


@tk.chained_action
@tk.side_effect_free
def datastore_info(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Describe the working table, or for everyone else the released one."""
    data_dict = _with_one_name(data_dict)
    resource_id = _table(tk.get_or_bust(data_dict, "resource_id"))
    if _works_on(context, resource_id):
        return original(context, {**data_dict, "resource_id": resource_id})
    return _described(resource_id, _copy("datastore_info", context, resource_id), data_dict)


def _described(resource_id: str, table: str, data_dict: DataDict) -> dict[str, Any]:
    """Describe a released copy. CKAN's own action insists that a table belongs to a resource."""
    from ckanext.datastore.backend import DatastoreBackend

    wanted = [tk.asbool(data_dict.get(key, True)) for key in ("include_meta", "include_fields_schema")]
    info = DatastoreBackend.get_active_backend().resource_fields(table, *wanted)
    if "meta" in info:
        info["meta"] = {**info["meta"], "id": resource_id, "aliases": []}
    return info


def _noted(action: str, original: Action, context: Context, data_dict: DataDict) -> Any:
    """Note who changes rows before they change: one who fails half-way has changed them too.

    Who may not change them is refused first: else anybody could pass for the last editor in the real one's place.
    """
    data_dict = _with_one_name(data_dict)
    resource = data_dict.get("resource")
    package = audience.package_of(data_dict.get("resource_id"))
    package_id = package.id if package else resource.get("package_id") if isinstance(resource, dict) else None
    if package_id:
        tk.check_access(action, context.copy(), dict(data_dict))
        edits.record_now(context, package_id)
    return original(context, data_dict)


def _refuse_names_of_copies(data_dict: DataDict) -> None:
    """Keep the names of released copies free: a view of one would be read, as if released, in the copy's place."""
    from ckanext.datastore.helpers import get_list

    if any(map(is_reserved, get_list(data_dict.get("aliases")) or [])):
        sentence = tk._("An alias cannot begin with '{prefix}': released copies are called so. Choose another name.")
        raise tk.ValidationError({"aliases": [sentence.format(prefix=PREFIX)]})


def _refuse_two_places(data_dict: DataDict) -> None:
    """Refuse at once what CKAN refuses late: it asks for rights to the new resource, and the other's would be noted."""
    if data_dict.get("resource") and (data_dict.get("resource_id") or data_dict.get("id")):
        raise tk.ValidationError({"resource": ["resource cannot be used with resource_id"]})


@tk.chained_action
def datastore_create(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Write working rows; the public's copy stays as it is, and so does its name."""
    _refuse_names_of_copies(data_dict)
    _refuse_two_places(data_dict)
    return _noted("datastore_create", original, context, data_dict)


@tk.chained_action
def datastore_upsert(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Write working rows; the public's copy stays as it is."""
    return _noted("datastore_upsert", original, context, data_dict)


@tk.chained_action
def datastore_delete(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Delete working rows; the public's copy stays as it is."""
    return _noted("datastore_delete", original, context, data_dict)


@tk.chained_action
def datastore_records_delete(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Delete working rows; the public's copy stays as it is."""
    return _noted("datastore_records_delete", original, context, data_dict)


@tk.chained_action
def datastore_run_triggers(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Write working rows; the public's copy stays as it is."""
    return _noted("datastore_run_triggers", original, context, data_dict)
