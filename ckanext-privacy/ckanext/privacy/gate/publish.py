"""What must follow when a release becomes public or ends: activities and index, and erasing where it was asked for."""

from __future__ import annotations

from ckan import logic, model

from ckanext.privacy.gate import activities, erasure, index
from ckanext.privacy.model import Release


def make_public(release: Release) -> None:
    """Show a release that is in the state "released", not committed yet; raise when the index does not take it."""
    activities.publish(release)
    reindex(release.package_id)


def take_down(release: Release, *, erase: bool = False) -> None:
    """Hide a release that has just ended, index included; ``erase`` also removes its content for good."""
    close(release, erase=erase)
    if model.Session.get(model.Package, release.package_id) is not None:
        reindex(release.package_id)


def close(release: Release, *, erase: bool = False) -> None:
    """Hide a release that has just ended from everything but the index, not committed yet."""
    index.forget(release.package_id)
    package = model.Session.get(model.Package, release.package_id)
    if package is not None:
        activities.close(model.Session, package)
    if erase:
        erasure.erase(release, release.ended_reason)


def reindex(package_id: str) -> None:
    """Bring a dataset's document in the index in line with the releases, within the caller's transaction."""
    if model.Session.get(model.Package, package_id) is None:
        logic.index_remove_package(package_id)
    else:
        logic.index_update_package({"ignore_auth": True}, package_id)
