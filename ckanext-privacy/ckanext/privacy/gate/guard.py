"""The last line in Python: whatever is written to a dataset's row through SQLAlchemy keeps the row closed.

A row is private always; what is public comes from the releases. Without the gate's plugin nothing is public then. The
database has a trigger for what does not pass here (raw SQL, ``Query.update``).
"""

from __future__ import annotations

import re
from typing import Any, cast

import sqlalchemy as sa
from ckan import model
from ckan import plugins as p
from ckan.model import meta
from ckan.plugins import toolkit as tk
from sqlalchemy import event
from sqlalchemy.orm import Session

from ckanext.privacy.gate import accounts, lifecycle, released, resource_ids
from ckanext.privacy.model import Consent, Release

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def install() -> None:
    """Watch every session CKAN hands out; again does nothing."""
    resource_ids.install()
    for target in (model.Session, meta.create_local_session):
        for name, handler in (("before_flush", before_flush), ("after_flush_postexec", after_flush)):
            if not event.contains(target, name, handler):
                event.listen(target, name, handler)


def before_flush(session: Session, _context: Any, _instances: Any) -> None:
    """Close every dataset row that is about to be written, end releases whose dataset goes away, and stewardships.

    A resource that would take another's file or rows over is refused, and a dataset that would be called as one that
    was purged: ``ValidationError``.
    """
    if not p.plugin_loaded("privacy"):
        return
    for row in session.new:
        _look_at_new(session, row)
    for row in session.dirty:
        _look_at_changed(session, row)
    for row in list(session.deleted):
        _look_at_deleted(session, row)


def after_flush(session: Session, _context: Any) -> None:
    """Erase what was kept of datasets that have just been purged."""
    if p.plugin_loaded("privacy"):
        lifecycle.erase_purged(session)


def _look_at_new(session: Session, row: object) -> None:
    if isinstance(row, model.Package):
        row.private = True
        _refuse_name_of_gone(session, row)
    elif isinstance(row, model.Resource):
        resource_ids.refuse_left_over(row)


def _look_at_changed(session: Session, row: object) -> None:
    if isinstance(row, model.Package):
        _keep(session, row)
    elif isinstance(row, model.User):
        _look_at_account(session, row)
    elif isinstance(row, model.Group):
        _index_under_new_name(session, row)
    elif isinstance(row, model.Resource):
        resource_ids.refuse_moved(row)


def _look_at_account(session: Session, user: model.User) -> None:
    changed: Any = cast("Any", sa.inspect(user)).attrs
    if changed.state.history.has_changes() and user.state != "active":
        accounts.end_stewardships(session, user)


def _look_at_deleted(session: Session, row: object) -> None:
    if isinstance(row, model.Package):
        lifecycle.purge(session, row)
    elif isinstance(row, model.Resource):
        resource_ids.keep_shown(session, row)


def _keep(session: Session, package: model.Package) -> None:
    if package.private is not True:
        package.private = True
    changed: Any = cast("Any", sa.inspect(package)).attrs
    if changed.name.history.has_changes() and released.is_public(package.id):
        # Links to the released dataset must keep leading to it, and the new name may say what is not released.
        package.name = _stored_name(session, package)
    if changed.name.history.has_changes():
        _refuse_name_of_gone(session, package)
    reason = _reason_to_end(package, changed)
    if reason:
        lifecycle.end(session, package, reason)


def _refuse_name_of_gone(session: Session, package: model.Package) -> None:
    """Refuse the id of a purged dataset as a name: CKAN goes by names too, and the gate still knows what had the id."""
    name = package.name
    if name == package.id or not _UUID.fullmatch(name or ""):
        return
    of_it = (Release.package_id == name, Consent.package_ids.contains([name]))
    known = sa.or_(*(sa.exists().where(each) for each in of_it))
    there = sa.exists().where(model.package_table.c.id == name)
    if session.connection().execute(sa.select(known & ~there)).scalar_one():
        raise tk.ValidationError({"name": [tk._("That URL is already in use.")]})


def _index_under_new_name(session: Session, group: model.Group) -> None:
    """Have the clock index what an organisation released under its new name; CKAN leaves the old one in the index."""
    changed: Any = cast("Any", sa.inspect(group)).attrs
    if not any(getattr(changed, field).history.has_changes() for field in ("name", "title")):
        return
    owned = sa.select(model.Package.id).where(model.Package.owner_org == group.id)
    query = sa.update(Release).where(Release.package_id.in_(owned), *Release.is_public()).values(index_behind=True)
    session.execute(query.execution_options(synchronize_session=False))


def _stored_name(session: Session, package: model.Package) -> str:
    table = model.package_table
    query = sa.select(table.c.name).where(table.c.id == package.id)
    return session.connection().execute(query).scalar_one()


def _reason_to_end(package: model.Package, changed: Any) -> str | None:
    if changed.state.history.has_changes() and package.state != "active":
        return lifecycle.DELETED if package.state == "deleted" else lifecycle.UNPUBLISHED
    return lifecycle.MOVED if changed.owner_org.history.has_changes() else None
