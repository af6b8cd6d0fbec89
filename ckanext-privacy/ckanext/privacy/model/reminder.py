"""Reminders: who was told, once for each step, that something is due."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.privacy.model.columns import Created, Id, JsonList, Text, new_id, now


class Reminder(tk.BaseModel):
    """One step of reminding about a release, a concern or an organisation. The database refuses the same step twice."""

    __tablename__ = "privacy_reminder"
    __table_args__ = (sa.UniqueConstraint("object_id", "step", "due", name="privacy_reminder_once"),)

    id: Mapped[Id]
    #: ``release``, ``concern`` or ``organization``
    object_type: Mapped[Text]
    object_id: Mapped[Text]
    #: Empty for an organisation.
    package_id: Mapped[Text]
    #: ``due_soon``, ``late``, ``review_again`` or ``stewards_changed``
    step: Mapped[Text]
    due: Mapped[dt.datetime] = mapped_column(sa.DateTime(timezone=True))
    #: Ids of the people who were told.
    readers: Mapped[JsonList]
    created: Mapped[Created]

    @classmethod
    def add_once(cls, **facts: object) -> bool:
        """Note a step in the caller's transaction; say whether it is the first time."""
        values = {"id": new_id(), "created": now(), **facts}
        added = model.Session.execute(insert(cls).values(values).on_conflict_do_nothing().returning(cls.id))
        return added.first() is not None

    @classmethod
    def of_reader(cls, user_id: str) -> list[Reminder]:
        """Return what a person was told, newest first."""
        query = sa.select(cls).where(cls.readers.contains([user_id])).order_by(cls.created.desc())
        return list(model.Session.scalars(query.limit(100)))
