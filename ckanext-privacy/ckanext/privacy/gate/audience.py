"""The two audiences of a dataset: those who work on it, and everyone else.

Who works on a dataset sees it as CKAN keeps it: sysadmins, editors and admins of its organisation, the organisation's
stewards, editing collaborators, and its creator while it has no organisation. Everyone else is the public, members of
the organisation included, and sees the last release.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, TypeVar

import sqlalchemy as sa
from ckan import authz, model
from ckan.plugins import toolkit as tk
from ckan.types import Context
from flask import has_request_context

from ckanext.privacy.gate import remembered
from ckanext.privacy.model import Steward

EDITING = ["editor", "admin"]

T = TypeVar("T")


def account(context: Context) -> model.User | None:
    """Return the account behind a call, active or not, or None for a visitor."""
    name = context.get("user")
    if not name:
        return None
    known = context.get("auth_user_obj")
    return known if isinstance(known, model.User) and name in (known.name, known.id) else model.User.get(name)


def reader(context: Context) -> model.User | None:
    """Return the active account behind a call, or None for a visitor."""
    user = account(context)
    return user if user is not None and user.is_active else None


def sees_working_copy(context: Context, package: model.Package) -> bool:
    """Say whether a call may see the dataset as it is kept. CKAN's own inner calls (``ignore_auth``) may."""
    if context.get("ignore_auth"):
        return True
    return works_on(reader(context), package)


def sees_working_copy_of(context: Context, reference: str) -> bool:
    """Say the same of a dataset by its id or name; of what does not exist nobody sees anything."""
    return bool(context.get("ignore_auth")) or works_on_named(reader(context), reference)


def works_on(user: model.User | None, package: model.Package) -> bool:
    """Say whether a person works on a dataset."""
    if user is None:
        return False
    return user.sysadmin or remembered.once(_question(user, package.id), partial(_works_on, user, package))


def works_on_named(user: model.User | None, reference: str) -> bool:
    """Say the same of a dataset by its id or name. Where the answer is known, no row is read for it.

    Nor is one held: CKAN locks the row for a save, and what others saved meanwhile is only seen in one that is new.
    """
    if user is None:
        return False
    if isinstance(reference, sa.Row):  # CKAN's bulk actions name a dataset so
        reference = reference[0]
    return user.sysadmin or remembered.once(_question(user, reference), partial(_works_on_found, user, reference))


def note_works_on(user: model.User, package: model.Package) -> None:
    """Remember that a person works on a dataset, which CKAN has found out just now.

    Never under its name: that may be another dataset's id, and ids go first.
    """
    remembered.keep(_question(user, package.id), value=True)


def _question(user: model.User, reference: str) -> tuple[str, str, str]:
    return "works on", user.id, reference


def _works_on_found(user: model.User, reference: str) -> bool:
    if _speaks_for(user, _owner_of(reference)):
        return True
    package = dataset(reference)
    return package is not None and _works_on_otherwise(user, package)


def _owner_of(reference: str) -> sa.ScalarSelect[str]:
    """The organisation of a dataset; who has the text as its id goes before who has it as its name, as in CKAN."""
    table = model.package_table.c
    query = sa.select(table.owner_org).where(sa.or_(table.id == reference, table.name == reference))
    return query.order_by((table.id == reference).desc()).limit(1).scalar_subquery()


def _works_on(user: model.User, package: model.Package) -> bool:
    owner = package.owner_org
    return bool(owner and _speaks_for(user, owner)) or _works_on_otherwise(user, package)


def _speaks_for(user: model.User, organization_id: Any) -> bool:
    """Say in one statement what is true of nearly everybody: editor, admin or steward of the organisation itself."""
    member = model.Member
    editor = sa.exists().where(
        member.group_id == organization_id,
        member.table_name == "user",
        member.table_id == user.id,
        member.state == "active",
        member.capacity.in_(authz.get_roles_with_permission("update_dataset")),
    )
    steward = sa.exists().where(Steward.user_id == user.id, Steward.organization_id == organization_id)
    return bool(model.Session.scalar(sa.select(sa.or_(editor, steward))))


def _works_on_otherwise(user: model.User, package: model.Package) -> bool:
    """Say the same of those who edit for an organisation above it, of creators, and of collaborators."""
    if package.owner_org:
        if edits_for(user, package.owner_org):
            return True
    elif package.creator_user_id == user.id:
        return True
    return _collaborates(user, package)


def edits_for(user: model.User, organization_id: str) -> bool:
    """Say whether a person is editor or admin of an organisation, or admin of one above it."""
    ask = partial(authz.has_user_permission_for_group_or_org, organization_id, user.name, "update_dataset")
    return remembered.once(("edits for", user.id, organization_id), ask)


def _collaborates(user: model.User, package: model.Package) -> bool:
    if not authz.check_config_permission("allow_dataset_collaborators"):
        return False
    return authz.user_is_collaborator_on_dataset(user.id, package.id, EDITING)


def works_on_resource(user: model.User | None, resource_id: str | None) -> bool:
    """Say whether a person works on the dataset a resource belongs to; nobody works on what does not exist."""
    package = package_of(resource_id)
    return package is not None and works_on(user, package)


def package_of(resource_id: str | None) -> model.Package | None:
    """Return the dataset a resource belongs to, or None. By its id: a file can have the id of another as its name."""
    resource = _by_id(model.Resource, resource_id) if resource_id else None
    return _by_id(model.Package, resource.package_id) if resource and resource.package_id else None


def dataset(reference: str) -> model.Package | None:
    """Return a dataset by its id or name, or None."""
    return while_reading(("named", reference), partial(model.Package.get, reference))


def _by_id(kind: Any, id_: str) -> Any:
    """Return a row, and hold it while a page is read: sessions drop what nobody holds."""
    return while_reading((kind.__name__, id_), partial(model.Session.get, kind, id_))


def while_reading(key: Hashable, ask: Callable[[], T]) -> T:
    """Return the answer to a question, which is asked once for a page. Whoever writes or decides asks anew."""
    reading = has_request_context() and tk.request.method in ("GET", "HEAD")
    return remembered.once(key, ask) if reading else ask()


def outside_of_requests() -> bool:
    """Say whether no visitor can be behind this call: a command, a job, a migration."""
    return not has_request_context()


def visitor() -> model.User | None:
    """Return the active account behind the current web request, or None."""
    if outside_of_requests():
        return None
    user: Any = tk.current_user
    if not getattr(user, "is_authenticated", False):
        return None
    return user if user.is_active else None


def visitor_works_on_resource(resource_id: str | None) -> bool:
    """Say whether whoever sent the current web request works on a resource's dataset."""
    return works_on_resource(visitor(), resource_id)
