"""Harvest sources: a source can be read by those who may run it. Its settings may hold keys."""

from __future__ import annotations

from itertools import islice
from typing import Any

from ckan import model
from ckan.logic import auth_audit_exempt
from ckan.plugins import toolkit as tk
from ckan.types import Action, Context, DataDict

from ckanext.privacy.gate import audience


@tk.chained_action
@tk.side_effect_free
def harvest_source_list(original: Action, context: Context, data_dict: DataDict) -> list[Any]:
    """List the sources the reader works on; ckanext-harvest asks nobody, and lists to most people none.

    Its limit counts what the reader may see: it would cut the list before that is asked.
    """
    from ckanext.harvest.logic.action.get import _get_sources_for_user, harvest_source_dictize

    tk.check_access("harvest_source_list", context, data_dict)
    inner = _as_nobody(context)
    if context.get("ignore_auth"):
        return original(inner, data_dict)
    user = audience.reader(context)
    found = _get_sources_for_user(inner, data_dict, organization_id=data_dict.get("organization_id"))
    seen = (source for source in found if _works_on(user, source.id))
    with_last_job = tk.asbool(data_dict.get("return_last_job_status", False))
    most = tk.config["ckan.harvest.harvest_source_limit"]
    return [harvest_source_dictize(source, inner, with_last_job) for source in islice(seen, most)]


@tk.chained_action
@tk.side_effect_free
def harvest_log_list(original: Action, context: Context, data_dict: DataDict) -> list[Any]:
    """List what all harvests noted, which quotes records, to sysadmins; ckanext-harvest has no rule for it."""
    tk.check_access("sysadmin", context.copy(), {})
    return original(_as_nobody(context), data_dict)


@tk.chained_action
@tk.side_effect_free
def harvest_source_show_status(original: Action, context: Context, data_dict: DataDict) -> dict[str, Any]:
    """Tell how the runs of a source went; what went wrong quotes records, and is for those who work on the source."""
    found = original(context, data_dict)
    if not context.get("ignore_auth") and not _works_on(audience.reader(context), str(data_dict["id"])):
        for name in _QUOTING & (found["last_job"] or {}).keys():
            found["last_job"][name] = []
    return found


#: Members of a job that repeat what a harvester said of its records.
_QUOTING = frozenset({"gather_error_summary", "object_error_summary"})


def _as_nobody(context: Context) -> Context:
    """Return a context in which ckanext-harvest leaves out no source: it asks for groups of a kind that is no more."""
    inner = context.copy()
    inner.update(user="", ignore_auth=True)
    return inner


@tk.chained_action
@auth_audit_exempt
def harvest_source_reindex(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Index a source anew for those who work on it; ckanext-harvest asks nobody."""
    if not context.get("ignore_auth"):
        tk.check_access("harvest_source_update", context.copy(), {"id": tk.get_or_bust(data_dict, "id")})
    return original(context, data_dict)


def _works_on(user: model.User | None, source_id: str) -> bool:
    package = model.Package.get(source_id)
    return package is not None and audience.works_on(user, package)
