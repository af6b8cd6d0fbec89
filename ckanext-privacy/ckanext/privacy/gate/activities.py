"""The activity stream: one public activity a released dataset, written from the release; the rest is for editors."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan import plugins as p
from ckan.plugins import toolkit as tk
from sqlalchemy.orm import Session

from ckanext.privacy.gate import labels, released
from ckanext.privacy.model import Release


def table() -> sa.Table | None:
    """Return the table of activities; None without the plugin."""
    if not p.plugin_loaded("activity"):
        return None
    from ckanext.activity.model import Activity

    return Activity.__table__


def publish(release: Release) -> None:
    """Write the public activity of a release in place of the one before it, in the caller's transaction."""
    package = model.Session.get(model.Package, release.package_id)
    if package is None or table() is None:
        return
    from ckanext.activity.model import Activity

    close(model.Session, package)
    user = _author(release)
    model.Session.add(
        Activity(
            user_id=user.id,
            object_id=release.package_id,
            activity_type="changed package" if _was_released_before(release) else "new package",
            data={"package": released.show(release.snapshot[released.CUSTOM]), "actor": user.name},
            permission_labels=[labels.PUBLIC, *labels.working_labels(package)],
        )
    )
    model.Session.flush()


def _author(release: Release) -> model.User:
    """Return who asked for the release; the catalogue itself where nobody did. Who approved is named nowhere."""
    asked = model.User.get(release.requested_by)
    site = None if asked else model.User.get(tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"])
    if (author := asked or site) is None:
        raise LookupError("CKAN could not make its site user, so nobody can be named as the author of an activity.")
    return author


def _was_released_before(release: Release) -> bool:
    query = sa.select(Release.id).where(
        Release.package_id == release.package_id, Release.id != release.id, Release.released.is_not(None)
    )
    return model.Session.execute(query).first() is not None


def close(session: Session | Any, package: model.Package) -> None:
    """Show all activities of a dataset to those who work on it and nobody else."""
    stream = table()
    if stream is None:
        return
    query = sa.update(stream).where(stream.c.object_id == package.id)
    session.execute(query.values(permission_labels=labels.working_labels(package)))


def erase(session: Session | Any, package_id: str, *, but_public: bool) -> None:
    """Forget what the activities of a dataset said, ``but_public`` not the public's; that something happened stays."""
    stream = table()
    if stream is None:
        return
    nothing = {"package": {"id": package_id, "name": package_id, "title": "—", "resources": []}}
    query = sa.update(stream).where(stream.c.object_id == package_id)
    if but_public:
        query = query.where(sa.text("'public' != ALL(COALESCE(permission_labels, '{}'))"))
    session.execute(query.values(data=nothing))
