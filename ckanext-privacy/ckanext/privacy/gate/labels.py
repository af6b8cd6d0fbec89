"""Permission labels: who finds which dataset, and which activity. ``public`` comes from a release alone."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from ckan import authz, model
from ckan.plugins import toolkit as tk
from ckan.types import Context
from sqlalchemy.exc import SQLAlchemyError

from ckanext.privacy.gate import released
from ckanext.privacy.gate.audience import EDITING
from ckanext.privacy.model import Steward

log = logging.getLogger(__name__)

PUBLIC = "public"


def dataset_labels(package: model.Package) -> list[str]:
    """Return all labels of a dataset. When the releases cannot be read, nothing is public."""
    labels = working_labels(package)
    # The row in hand may be deleted already and not written yet.
    if package.state != "active":
        return labels
    try:
        return [PUBLIC, *labels] if released.is_public(package.id) else labels
    except SQLAlchemyError:
        log.exception("The releases could not be read; dataset %s is taken for not public.", package.id)
        return labels


def working_labels(package: model.Package) -> list[str]:
    """Return the labels of those who work on a dataset."""
    labels = [f"collaborates-{package.id}"]
    labels.append(f"works-{package.owner_org}" if package.owner_org else f"created-{package.creator_user_id}")
    return labels


def user_labels(user: Any) -> list[str]:
    """Return all labels a person may read; a visitor reads what is public."""
    if not user or getattr(user, "is_anonymous", False) or not user.is_active:
        return [PUBLIC]
    return [PUBLIC, f"created-{user.id}", *_organizations(user), *_collaborations(user)]


def _organizations(user: model.User) -> Iterator[str]:
    listing = tk.get_action("organization_list_for_user")(_as(user), {"permission": "update_dataset"})
    found = {organization["id"] for organization in listing} | set(Steward.organizations(user.id))
    return (f"works-{organization}" for organization in sorted(found))


def _as(user: model.User) -> Context:
    """Return the context of a call by a person who is at hand: without the object CKAN looks for it four times."""
    return {"user": user.name, "auth_user_obj": user}


def _collaborations(user: model.User) -> list[str]:
    if not authz.check_config_permission("allow_dataset_collaborators"):
        return []
    listing = tk.get_action("package_collaborator_list_for_user")({**_as(user), "ignore_auth": True}, {"id": user.id})
    return [f"collaborates-{each['package_id']}" for each in listing if each["capacity"] in EDITING]
