"""Concerns: what anybody told us could hurt people in a public dataset. What they wrote is for the stewards alone."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.privacy.model.columns import Created, Id, IndexedText, OptionalText, OptionalTime, Text

OPEN, RESOLVED = "open", "resolved"


class Concern(tk.BaseModel):
    """One report about one dataset. Who sent it is not kept; how to reach them only if they said so."""

    __tablename__ = "privacy_concern"

    id: Mapped[Id]
    package_id: Mapped[IndexedText]
    owner_org: Mapped[OptionalText]
    text: Mapped[Text]
    contact: Mapped[OptionalText]
    state: Mapped[IndexedText]
    #: SHA-256 of the secret on the receipt.
    token_sha256: Mapped[str] = mapped_column(sa.Text, unique=True)
    created: Mapped[Created]
    #: Until when whoever sent it hears from a steward.
    due: Mapped[dt.datetime] = mapped_column(sa.DateTime(timezone=True))
    resolved: Mapped[OptionalTime]
    resolved_by: Mapped[OptionalText]
    #: ``kept``, ``corrected`` or ``taken_down``.
    outcome: Mapped[OptionalText]
    #: What the steward answered; whoever sent the concern reads it.
    answer: Mapped[OptionalText]

    @classmethod
    def get(cls, concern_id: str, *, for_update: bool = False) -> Concern | None:
        """Return one concern by its id; ``for_update`` locks the row until the transaction ends."""
        return model.Session.get(cls, concern_id, with_for_update=for_update or None, populate_existing=for_update)

    @classmethod
    def by_token(cls, token_sha256: str) -> Concern | None:
        """Return the concern whose receipt holds the secret with this hash, or None."""
        return model.Session.scalars(sa.select(cls).where(cls.token_sha256 == token_sha256)).one_or_none()
