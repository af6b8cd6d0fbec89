"""Consent: what was agreed to, for which datasets, and everything that happened to it since.

A record may hold personal data itself: it lies here and nowhere else, never in the index, an activity or the catalogue.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.privacy.model.columns import (
    Created,
    Id,
    IndexedText,
    JsonDict,
    OptionalText,
    OptionalTime,
    Text,
)


class Consent(tk.BaseModel):
    """One agreement. ``content`` (see :mod:`ckanext.privacy.engine.consent`) never changes, ``sha256`` is its hash.

    ``status`` and ``until`` say where the events lead; they are written with each event, for lists and for the clock.
    """

    __tablename__ = "privacy_consent"
    __table_args__ = (sa.Index("privacy_consent_datasets", "package_ids", postgresql_using="gin"),)

    id: Mapped[Id]
    #: The datasets it covers.
    package_ids: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    level: Mapped[Text]
    content: Mapped[JsonDict]
    sha256: Mapped[Text]
    #: Whoever agreed: a random identifier, or a keyed hash of one; never a name.
    principal: Mapped[Text]
    #: Whether what was agreed to includes that everyone can see the data.
    allows_release: Mapped[bool]
    status: Mapped[IndexedText]
    until: Mapped[OptionalTime]
    #: SHA-256 of the secret in the withdrawal link; the secret itself is kept nowhere.
    token_sha256: Mapped[str] = mapped_column(sa.Text, unique=True)
    created: Mapped[Created]
    created_by: Mapped[Text]
    #: The end that people were reminded of already.
    reminded: Mapped[OptionalTime]

    @classmethod
    def get(cls, consent_id: str, *, for_update: bool = False) -> Consent | None:
        """Return one record by its id; ``for_update`` locks the row until the transaction ends."""
        return model.Session.get(cls, consent_id, with_for_update=for_update or None, populate_existing=for_update)

    @classmethod
    def by_token(cls, token_sha256: str) -> Consent | None:
        """Return the record whose withdrawal link holds the secret with this hash, or None."""
        return model.Session.scalars(sa.select(cls).where(cls.token_sha256 == token_sha256)).one_or_none()

    @classmethod
    def covering(cls, package_id: str) -> list[Consent]:
        """Return all records about a dataset, oldest first, whatever became of them."""
        query = sa.select(cls).where(cls.package_ids.contains([package_id])).order_by(cls.created, cls.id)
        return list(model.Session.scalars(query))

    @classmethod
    def written_by(cls, ids: Collection[str]) -> set[str]:
        """Return who wrote these records down."""
        return set(model.Session.scalars(sa.select(cls.created_by).where(cls.id.in_(ids))))


class ConsentChange(tk.BaseModel):
    """One thing that happened to a consent. Append-only; ``hash`` covers it and the hash before (or the record's)."""

    __tablename__ = "privacy_consent_event"
    __table_args__ = (sa.UniqueConstraint("consent_id", "seq"),)

    id: Mapped[Id]
    consent_id: Mapped[IndexedText]
    seq: Mapped[int]
    event: Mapped[Text]
    status: Mapped[Text]
    at: Mapped[dt.datetime] = mapped_column(sa.DateTime(timezone=True))
    until: Mapped[OptionalTime]
    #: In which role it was done: ``community``, ``editor``, ``steward``, ``clock`` ...
    role: Mapped[Text]
    #: The account that wrote it down; None for somebody with the link.
    actor: Mapped[OptionalText]
    hash: Mapped[Text]

    @classmethod
    def of(cls, consent_id: str) -> list[ConsentChange]:
        """Return everything that happened to a consent, oldest first."""
        return list(model.Session.scalars(sa.select(cls).where(cls.consent_id == consent_id).order_by(cls.seq)))

    @classmethod
    def newest(cls, consent_ids: Collection[str]) -> dict[str, str]:
        """Return the hash of the last thing that happened to each of these consents; it covers all before it."""
        query = sa.select(cls.consent_id, cls.hash).where(cls.consent_id.in_(consent_ids)).order_by(cls.seq)
        return dict(model.Session.execute(query).tuples().all())

    @classmethod
    def written_by(cls, consent_ids: Collection[str]) -> set[str]:
        """Return the accounts that wrote down what happened to these consents."""
        query = sa.select(cls.actor).where(cls.consent_id.in_(consent_ids), cls.actor.is_not(None))
        return {actor for actor in model.Session.scalars(query) if actor}


class ConsentEvidence(tk.BaseModel):
    """One file that shows an agreement and came after the record was written down. Append-only."""

    __tablename__ = "privacy_consent_evidence"

    #: Its name in the store (see :mod:`ckanext.privacy.gate.evidence`).
    id: Mapped[Id]
    consent_id: Mapped[IndexedText]
    sha256: Mapped[Text]
    filename: Mapped[Text]
    bytes: Mapped[int] = mapped_column(sa.BigInteger)
    added_by: Mapped[Text]
    created: Mapped[Created]

    @classmethod
    def of(cls, consent_id: str) -> list[ConsentEvidence]:
        """Return what was added to a record, oldest first."""
        return list(model.Session.scalars(sa.select(cls).where(cls.consent_id == consent_id).order_by(cls.created)))

    @classmethod
    def added_to(cls, consent_ids: Collection[str]) -> set[str]:
        """Return who added evidence to these records."""
        return set(model.Session.scalars(sa.select(cls.added_by).where(cls.consent_id.in_(consent_ids))))
