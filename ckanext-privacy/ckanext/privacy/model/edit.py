"""Who changed a dataset's content, and when last: the last editor cannot approve."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.privacy.model.columns import now
from ckanext.privacy.model.steward import KeyText


class Edit(tk.BaseModel):
    """The last time one person changed one dataset (metadata, files, rows or views)."""

    __tablename__ = "privacy_edit"

    package_id: Mapped[KeyText]
    user_id: Mapped[KeyText]
    at: Mapped[dt.datetime] = mapped_column(sa.DateTime(timezone=True), default=now)

    @classmethod
    def record(cls, package_id: str, user_id: str) -> None:
        """Note that a person changed a dataset just now."""
        model.Session.merge(cls(package_id=package_id, user_id=user_id, at=now()))

    @classmethod
    def last(cls, package_id: str) -> str | None:
        """Return the id of the person who changed a dataset last, or None."""
        query = sa.select(cls.user_id).where(cls.package_id == package_id).order_by(cls.at.desc()).limit(1)
        return model.Session.scalars(query).one_or_none()

    @classmethod
    def everybody(cls, package_id: str) -> set[str]:
        """Return the ids of all who ever changed a dataset."""
        return set(model.Session.scalars(sa.select(cls.user_id).where(cls.package_id == package_id)))
