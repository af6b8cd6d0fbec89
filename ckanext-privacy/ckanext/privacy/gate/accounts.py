"""Accounts that go: who is deleted is steward no more, and is not again when the account is restored."""

from __future__ import annotations

import sqlalchemy as sa
from ckan import model
from sqlalchemy.orm import Session

from ckanext.privacy.gate import audience
from ckanext.privacy.model import Steward
from ckanext.privacy.workflow import audit


def end_stewardships(session: Session, user: model.User) -> None:
    """End all stewardships of an account that is no longer active. Called while ``session`` is about to flush."""
    actor = audience.visitor()
    for steward in session.scalars(sa.select(Steward).where(Steward.user_id == user.id)).all():
        session.delete(steward)
        data = {"user": user.id, "because": "account"}
        entry = audit.Entry(
            "steward.removed", "organization", steward.organization_id, data, actor.id if actor else None
        )
        audit.append(session, entry)
