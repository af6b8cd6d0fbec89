"""Saving: everything may be saved, nothing becomes public by it, and the answer says so."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk
from ckan.types import Action, Context, DataDict

from ckanext.privacy.gate import audience, edits, notice, working


@tk.chained_action
def package_create(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Save a new dataset; it is held until it is released."""
    saved = original(context, data_dict)
    notice.saved(context, saved)
    return saved


@tk.chained_action
def package_update(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Save a dataset; the public keeps what was released."""
    if _brings_files(data_dict):
        _note_before_files(context, data_dict)
    saved = original(context, data_dict)
    notice.saved(context, saved)
    if isinstance(saved, dict) and not context.get("defer_commit"):
        working.keep(saved)
    return saved


def _brings_files(data_dict: DataDict) -> bool:
    """Say whether a save puts files in the place of others, or takes some away."""
    resources = data_dict.get("resources")
    listed = resources if isinstance(resources, list) else []
    return any("upload" in each or "clear_upload" in each for each in listed if isinstance(each, dict))


def _note_before_files(context: Context, data_dict: DataDict) -> None:
    """Note who sends files before they are stored: when a save fails after that, they stay where they are.

    Who may not change the dataset is refused first, as for rows.
    """
    package = model.Package.get(data_dict.get("id") or data_dict.get("name") or "")
    if package is not None:
        tk.check_access("package_update", context.copy(), {**data_dict, "id": package.id})
        edits.record_now(context, package.id)


@tk.chained_action
def package_owner_org_update(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Move a dataset to another organisation; its release ends, since others answer for it now."""
    if context.get("defer_commit"):
        return original(context, data_dict)  # part of a save, which notes its editor and writes the index itself
    package = model.Package.get(data_dict.get("id") or "")
    before = package.owner_org if package else None
    answer = original(context, data_dict)
    if package is not None and package.owner_org != before:
        edits.record_now(context, package.id)
        _reindex(package.id)
    return answer


def _reindex(package_id: str) -> None:
    from ckan.logic import index_update_package

    index_update_package({"ignore_auth": True}, package_id)


def _around_view(original: Action, context: Context, data_dict: DataDict, *resource_ids: str | None) -> Any:
    packages = map(audience.package_of, resource_ids)
    edits.record_all(context, {each.id for each in packages if each is not None})
    return original(context, data_dict)


def _view_of(data_dict: DataDict) -> str | None:
    view = model.ResourceView.get(data_dict.get("id") or "") if data_dict.get("id") else None
    return view.resource_id if view else None


@tk.chained_action
def resource_view_create(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Add a view to the working copy."""
    return _around_view(original, context, data_dict, data_dict.get("resource_id"))


@tk.chained_action
def resource_view_update(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Change a view of the working copy, for who may change its file, and the one that it moves to.

    CKAN asks about one of them. Both datasets are changed.
    """
    resource_id = _view_of(data_dict)
    if resource_id is None:
        return original(context, data_dict)
    data_dict = {"resource_id": resource_id, **data_dict}
    both = {resource_id, str(data_dict["resource_id"])}
    for each in both:
        tk.check_access("resource_view_update", context.copy(), {**data_dict, "resource_id": each})
    return _around_view(original, context, data_dict, *both)


@tk.chained_action
def resource_view_delete(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Remove a view from the working copy."""
    return _around_view(original, context, data_dict, _view_of(data_dict))


@tk.chained_action
def resource_view_reorder(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Put the views of the working copy in another order."""
    return _around_view(original, context, data_dict, data_dict.get("id"))


def _around_relationship(original: Action, context: Context, data_dict: DataDict) -> Any:
    package = model.Package.get(data_dict.get("subject"))
    if package is not None:
        edits.record(context, package.id)
    return original(context, data_dict)


@tk.chained_action
def package_relationship_create(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Relate a dataset to another: a change that waits like any other."""
    return _around_relationship(original, context, data_dict)


@tk.chained_action
def package_relationship_update(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Change how a dataset relates to another: a change that waits like any other."""
    return _around_relationship(original, context, data_dict)


@tk.chained_action
def package_relationship_delete(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Forget how a dataset relates to another: a change that waits like any other."""
    return _around_relationship(original, context, data_dict)
