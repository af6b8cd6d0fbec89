"""The activity stream: one public activity a released dataset, written from the release; all else is for its editors."""

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
    package = model.Package.get(release.package_id)
    if package is None or table() is None:
        return
    from ckanext.activity.model import Activity

    close(model.Session, package)
    site = model.User.get(tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"])
    shown = released.show(release.snapshot[released.CUSTOM])
    model.Session.add(
        Activity(
            user_id=site.id if site else "",
            object_id=release.package_id,
            activity_type="changed package" if _was_released_before(release) else "new package",
            # People decide and the catalogue publishes: the stream names nobody.
            data={"package": shown, "actor": site.name if site else None, "release": release.id},
            permission_labels=[labels.PUBLIC, *labels.working_labels(package)],
        )
    )
    model.Session.flush()


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


def erase(package_id: str) -> None:
    """Forget what the activities of a dataset said; that something happened stays."""
    stream = table()
    if stream is not None:
        model.Session.execute(sa.update(stream).where(stream.c.object_id == package_id).values(data={}))
