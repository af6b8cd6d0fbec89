"""Stewards: who may approve releases of which organisation."""

from __future__ import annotations

from typing import Annotated

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.privacy.model.columns import Created, Text

KeyText = Annotated[str, mapped_column(sa.Text, primary_key=True)]


class Steward(tk.BaseModel):
    """A person who may look at and decide about the held datasets of one organisation."""

    __tablename__ = "privacy_steward"

    user_id: Mapped[KeyText]
    organization_id: Mapped[KeyText]
    added_by: Mapped[Text]
    created: Mapped[Created]

    @classmethod
    def organizations(cls, user_id: str) -> list[str]:
        """Return the ids of the organisations a person is steward for."""
        return list(model.Session.scalars(sa.select(cls.organization_id).where(cls.user_id == user_id)))

    @classmethod
    def get(cls, user_id: str, organization_id: str | None) -> Steward | None:
        """Return a person's stewardship for an organisation, or None."""
        return model.Session.get(cls, (user_id, organization_id)) if organization_id else None

    @classmethod
    def of(cls, organization_id: str) -> list[Steward]:
        """Return the stewards of an organisation."""
        return list(model.Session.scalars(sa.select(cls).where(cls.organization_id == organization_id)))
