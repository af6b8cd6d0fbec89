"""Scans: what was looked at, how far it got, what was found."""

from __future__ import annotations

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.privacy.model.columns import Created, Id, IndexedText, OptionalJson, OptionalText, OptionalTime, Text

QUEUED, RUNNING, DONE, FAILED = "queued", "running", "done", "failed"


class Scan(tk.BaseModel):
    """One look at the bytes of one resource.

    ``report`` is the engine's JSON report (masked examples only), ``quality`` the Frictionless validity of the table.
    ``failure`` is one sentence when the bytes could not be looked at; such a scan holds the release.
    """

    __tablename__ = "privacy_scan"

    id: Mapped[Id]
    package_id: Mapped[IndexedText]
    resource_id: Mapped[IndexedText]
    #: What was scanned: ``file``, ``link`` or ``rows``.
    kind: Mapped[Text]
    #: SHA-256 of the bytes, once they are in the release store.
    sha256: Mapped[OptionalText]
    #: Of a linked file: where it was asked for and what was said of it, ``{"asked", "url", "bytes", "etag",
    #: "last_modified"}``; ``url`` is where redirects led.
    link: Mapped[OptionalJson]
    #: When somebody looked last whether the link still leads to these bytes.
    looked: Mapped[OptionalTime]
    name: Mapped[Text]
    status: Mapped[Text]
    #: 0..1
    progress: Mapped[float]
    outcome: Mapped[OptionalText]
    report: Mapped[OptionalJson]
    quality: Mapped[OptionalJson]
    failure: Mapped[OptionalText]
    requested_by: Mapped[OptionalText]
    #: How often a worker began; a worker may die once.
    attempts: Mapped[int] = mapped_column(default=0)
    created: Mapped[Created]
    started: Mapped[OptionalTime]
    #: Last sign of life of the worker; a running scan without one is taken up again.
    heartbeat: Mapped[OptionalTime]
    finished: Mapped[OptionalTime]

    @classmethod
    def get(cls, scan_id: str) -> Scan | None:
        """Return one scan by its id."""
        return model.Session.get(cls, scan_id)

    @classmethod
    def latest(cls, resource_id: str) -> Scan | None:
        """Return the newest scan of a resource, or None."""
        query = sa.select(cls).where(cls.resource_id == resource_id).order_by(cls.created.desc()).limit(1)
        return model.Session.scalars(query).one_or_none()
