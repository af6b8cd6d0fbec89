"""Appointing stewards."""

from __future__ import annotations

from typing import Any

from ckan import model
from ckan.plugins import toolkit as tk

from ckanext.privacy.model import Steward
from ckanext.privacy.workflow import audit, notify, people, reminding


def appoint(user: model.User, organization: model.Group, actor: model.User) -> Steward:
    """Make a person steward for an organisation, and tell its other stewards and the sysadmins; again changes nothing.

    Nobody but a sysadmin appoints themselves.
    """
    existing = Steward.get(user.id, organization.id)
    if existing:
        return existing
    if user.id == actor.id and not actor.sysadmin:
        why_not = tk._("Nobody makes themselves a steward: another administrator of the organization has to do it.")
        audit.record_denied("steward.add", organization.id, why_not, actor.id)
        raise people.MayNot(why_not)
    steward = Steward(user_id=user.id, organization_id=organization.id, added_by=actor.id)
    model.Session.add(steward)
    audit.record("steward.added", "organization", organization.id, {"user": user.id}, actor.id)
    _commit_and_tell(organization, user, actor)
    return steward


def dismiss(user: model.User, organization: model.Group, actor: model.User) -> bool:
    """End a person's stewardship, and tell whom an appointment is told; say whether there was one."""
    steward = Steward.get(user.id, organization.id)
    if steward is None:
        return False
    model.Session.delete(steward)
    audit.record("steward.removed", "organization", organization.id, {"user": user.id}, actor.id)
    _commit_and_tell(organization, user, actor)
    return True


def _commit_and_tell(organization: model.Group, user: model.User, actor: model.User) -> None:
    """Tell who decides that somebody else does now: the stewards, the sysadmins and the person; not who did it."""
    stewards = {steward.user_id for steward in Steward.of(organization.id)}
    readers = ({user.id} | stewards | people.sysadmins()) - {actor.id}
    reminder = reminding.note_stewards_changed(organization.id, readers)
    model.Session.commit()
    notify.reminded(reminder.id)


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
        "added_by": added_by.display_name if (added_by := model.User.get(steward.added_by)) else None,
        "created": steward.created.isoformat(),
    }
