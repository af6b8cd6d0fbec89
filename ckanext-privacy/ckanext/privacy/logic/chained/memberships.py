"""Datasets in groups: who may change a dataset puts it into a group or takes it out, whichever action is used.

CKAN asks only who manages the group. The groups of a dataset are part of it: they are released with it, and whoever
changes them is its last editor.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from ckan import authz, model
from ckan.plugins import toolkit as tk
from ckan.types import Action, Context, DataDict

from ckanext.privacy.gate import edits, notice, publishers


def _note(context: Context, references: Iterable[str]) -> None:
    """Note who changes the groups of datasets, given by id or name; who may not change all of them is refused."""
    edits.record_all(context, {_to_be_changed(context, each) for each in references})


def _to_be_changed(context: Context, reference: str) -> str:
    """Return the id of a dataset that the caller may change. For who may not even read it nothing is there."""
    package = model.Package.get(reference)
    if package is None:
        raise tk.ObjectNotFound(tk._("Not found"))
    asked, named = tk.fresh_context(context), {"id": package.id}
    try:
        tk.check_access("package_update", asked, named)
    except tk.NotAuthorized:
        if authz.is_authorized_boolean("package_show", asked, named):
            raise
        raise tk.ObjectNotFound(tk._("Not found")) from None
    return package.id


def _around_member(original: Action, context: Context, data_dict: DataDict) -> Any:
    # CKAN finds the kind of an object whatever its case, and a dataset its groups whatever the kind.
    if str(data_dict.get("object_type")).lower() == "package" and data_dict.get("object"):
        _note(context, [str(data_dict["object"])])
    return original(context, data_dict)


@tk.chained_action
def member_create(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Put a dataset into a group: a change that waits like any other."""
    return _around_member(original, context, data_dict)


@tk.chained_action
def member_delete(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Take a dataset out of a group: a change that waits like any other."""
    return _around_member(original, context, data_dict)


def _around_group(original: Action, context: Context, data_dict: DataDict, group: model.Group | None) -> Any:
    listed = data_dict.get("packages")
    if isinstance(listed, list):
        now = _members(group.id) if group else set()
        _note(context, {package_id for package_id, _ in now ^ _listed(listed)})
    return _around_texts(original, context, data_dict)


def _around_texts(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Save what an organisation or group says of itself, unless there is in it what nobody may publish."""
    reaching = publishers.check(data_dict)
    saved = original(context, data_dict)
    notice.pointed_at(reaching)
    return saved


def _members(group_id: str) -> set[tuple[str, str]]:
    """The datasets in a group, by id, each with its capacity."""
    member = model.Member
    active = (member.group_id == group_id, member.table_name == "package", member.state == "active")
    found = model.Session.execute(sa.select(member.table_id, member.capacity).where(*active))
    return {(str(package_id), capacity) for package_id, capacity in found}


def _listed(packages: list[Any]) -> set[tuple[str, str]]:
    """The datasets that a group is to have, as ``_members`` gives them; of what does not exist what it is called."""
    references = (str((each.get("id") or each.get("name")) if isinstance(each, dict) else each) for each in packages)
    found = ((model.Package.get(each), each) for each in references)
    # CKAN forgets what else is sent of their capacity.
    return {(package.id if package else reference, "public") for package, reference in found}


@tk.chained_action
def group_create(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Make a group; each dataset that it lists is changed by it."""
    return _around_group(original, context, data_dict, None)


@tk.chained_action
def organization_create(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Make an organisation; CKAN takes datasets as it does for a group."""
    return _around_group(original, context, data_dict, None)


@tk.chained_action
def group_update(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Change a group; each dataset that is listed anew, or no more, is changed by it."""
    return _around_group(original, context, data_dict, model.Group.get(data_dict.get("id") or ""))


@tk.chained_action
def organization_update(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Change an organisation; what it says of itself is public at once. CKAN leaves its datasets as they are."""
    return _around_texts(original, context, data_dict)


def _around_end(original: Action, context: Context, data_dict: DataDict) -> Any:
    group = model.Group.get(data_dict.get("id") or "")
    if group is not None:
        # Whoever manages a group may end it, and need not be an editor of what is in it: that hides no editor.
        edits.record_beside(context, {package_id for package_id, _ in _members(group.id)})
    try:
        return original(context, data_dict)
    except BaseException:
        model.Session.rollback()  # what was noted did not happen
        raise


@tk.chained_action
def group_delete(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Delete a group: each dataset in it is changed by that, and waits for a release without it."""
    return _around_end(original, context, data_dict)


@tk.chained_action
def group_purge(original: Action, context: Context, data_dict: DataDict) -> Any:
    """Purge a group: each dataset in it is changed by that, and waits for a release without it."""
    return _around_end(original, context, data_dict)
