"""What the privacy gate wants to know of a batch; where the gate is not loaded, there is nothing to tell.

It hears of single datasets through CKAN's hooks. A batch tells it once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from typing import Any

import ckan.plugins as p
from ckan import model
from ckan.lib import plugins
from ckan.types import Context

#: name of the gate's plugin
PLUGIN = "privacy"


def loaded() -> bool:
    """Whether this site has the gate."""
    return p.plugin_loaded(PLUGIN)


def never_released(package_ids: Collection[str]) -> AbstractContextManager[None]:
    """While this lasts, the gate does not look for releases of these datasets, which are known to have none."""
    if not loaded():
        return contextlib.nullcontext()
    from ckanext.privacy.gate import released

    return released.none_of(package_ids)


def not_released(package_ids: Collection[str]) -> set[str]:
    """Those of these datasets of which the gate shows nothing to the public, found in one query."""
    if not loaded() or not package_ids:
        return set()
    from ckanext.privacy.gate import released

    return set(package_ids) - released.in_force(package_ids)


def note_edits(context: Context, package_ids: Collection[str]) -> None:
    """Who changed these datasets: the last editor cannot approve their release."""
    if loaded():
        from ckanext.privacy.gate import edits

        edits.record_all(context, package_ids)


def editors(package_id: str) -> set[str]:
    """The ids of everyone who ever changed a dataset here."""
    if not loaded():
        return set()
    from ckanext.privacy.model import Edit

    return set(Edit.times(package_id))


def activity_labels(package: model.Package) -> list[str]:
    """Who may read an activity that holds the working copy of a dataset: behind the gate only those who work on it."""
    if not loaded():
        return plugins.get_permission_labels().get_dataset_labels(package)
    from ckanext.privacy.gate import labels

    return labels.working_labels(package)


def is_steward(user_id: str, organization_id: str) -> bool:
    """Whether the gate knows this person as a steward of the organisation."""
    if not loaded():
        return False
    from ckanext.privacy.model import Steward

    return organization_id in Steward.organizations(user_id)


def hold_changed(package_ids: Collection[str]) -> list[str]:
    """Hold those of these datasets of which a released link leads to another file than was scanned; their ids."""
    if not loaded():
        return []
    from ckanext.privacy.workflow import watching

    return watching.watch(package_ids)


def appointed_by(user: model.User, organization_id: str) -> str | None:
    """The id of the administrator who made this person a steward; None where a system administrator did."""
    if not loaded():
        return None
    from ckanext.privacy.workflow import people

    return people.appointed_by(user, organization_id)


def title_for(context: Context, package: model.Package) -> str | None:
    """What a dataset is called for whoever asks: those who do not work on it know its released title, or none."""
    if not loaded():
        return package.title or package.name
    from ckanext.privacy.gate import audience, released

    if audience.sees_working_copy(context, package):
        return package.title or package.name
    shown = released.package(package.id)
    return (shown.get("title") or package.name) if shown else None


def is_released(package_id: str) -> bool:
    """Whether something of this dataset is public by the gate."""
    if not loaded():
        return False
    from ckanext.privacy.gate import released

    return released.is_public(package_id)


def note_purge(tombstone: Mapping[str, Any], source_id: str) -> None:
    """Write into the audit log that a person purged a harvested dataset."""
    if loaded():
        from ckanext.privacy.workflow import audit

        data = {"source": source_id, "missing_since": tombstone["missing_since"]}
        audit.record("harvest.purge", "package", tombstone["dataset_id"], data, tombstone["by"])
