"""Who changed a dataset's content, and when last: the last person who did cannot approve."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.privacy.model.columns import now
from ckanext.privacy.model.steward import KeyText


class Edit(tk.BaseModel):
    """The last time one account changed one dataset (metadata, files, rows or views)."""

    __tablename__ = "privacy_edit"

    package_id: Mapped[KeyText]
    user_id: Mapped[KeyText]
    at: Mapped[dt.datetime] = mapped_column(sa.DateTime(timezone=True), default=now)

    @classmethod
    def record(cls, package_id: str, user_id: str) -> None:
        """Note that an account changed a dataset just now."""
        model.Session.merge(cls(package_id=package_id, user_id=user_id, at=now()))

    @classmethod
    def times(cls, package_id: str) -> dict[str, dt.datetime]:
        """Return when each account changed a dataset last, newest first, by the account's id."""
        query = sa.select(cls.user_id, cls.at).where(cls.package_id == package_id).order_by(cls.at.desc())
        return dict(model.Session.execute(query).tuples().all())
