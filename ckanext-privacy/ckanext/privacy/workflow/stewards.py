"""Appointing stewards."""

from __future__ import annotations

from typing import Any

from ckan import model

from ckanext.privacy.model import Steward
from ckanext.privacy.workflow import audit


def appoint(user: model.User, organization: model.Group, actor: model.User) -> Steward:
    """Make a person steward for an organisation; again changes nothing."""
    existing = model.Session.get(Steward, (user.id, organization.id))
    if existing:
        return existing
    steward = Steward(user_id=user.id, organization_id=organization.id, added_by=actor.id)
    model.Session.add(steward)
    audit.record("steward.added", "organization", organization.id, {"user": user.id}, actor.id)
    model.Session.commit()
    return steward


def dismiss(user: model.User, organization: model.Group, actor: model.User) -> bool:
    """End a person's stewardship; say whether there was one."""
    steward = model.Session.get(Steward, (user.id, organization.id))
    if steward is not None:
        model.Session.delete(steward)
        audit.record("steward.removed", "organization", organization.id, {"user": user.id}, actor.id)
    model.Session.commit()
    return steward is not None


def listing(organization_id: str) -> list[dict[str, Any]]:
    """Return an organisation's stewards with their names, oldest first."""
    stewards = sorted(Steward.of(organization_id), key=lambda each: each.created)
    users = {steward.user_id: model.User.get(steward.user_id) for steward in stewards}
    return [dictize(steward, user) for steward in stewards if (user := users[steward.user_id]) and user.is_active]


def dictize(steward: Steward, user: model.User) -> dict[str, Any]:
    """Turn a stewardship into plain JSON."""
    return {
        "username": user.name,
        "display_name": user.display_name,
        "organization": steward.organization_id,
        "created": steward.created.isoformat(),
    }
