"""A release: the immutable record that a given snapshot of a dataset may be public, and what was decided about it."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.privacy.model.columns import (
    Created,
    Id,
    IndexedText,
    JsonDict,
    JsonList,
    OptionalText,
    OptionalTime,
    Text,
    now,
)
from ckanext.privacy.workflow.transitions import OPEN_STATES, STANDING_STATES, WAITING_STATES, State


class Release(tk.BaseModel):
    """One request to make a dataset public, from the asking to the end of its public life.

    ``snapshot`` is what the public would see (see :mod:`ckanext.privacy.gate.snapshot`), ``snapshot_sha256`` its
    fingerprint. Both never change once written; a changed dataset needs a new release.
    """

    __tablename__ = "privacy_release"
    __table_args__ = (
        # The database itself refuses two public versions, or two open requests, of one dataset.
        sa.Index(
            "privacy_release_one_public",
            "package_id",
            unique=True,
            postgresql_where=sa.text("state IN ('released', 'held')"),
        ),
        sa.Index(
            "privacy_release_one_open",
            "package_id",
            unique=True,
            postgresql_where=sa.text("state IN ('requested', 'scanning', 'in_review', 'blocked', 'scheduled')"),
        ),
    )

    id: Mapped[Id]
    package_id: Mapped[IndexedText]
    #: The organisation at the time of the request: whose stewards decide.
    owner_org: Mapped[OptionalText]
    state: Mapped[IndexedText]
    #: How it came to be: ``request``, ``legacy`` (adopted) or ``override``.
    origin: Mapped[Text]
    snapshot: Mapped[JsonDict]
    snapshot_sha256: Mapped[Text]
    #: Resource id -> id of the scan that looked at exactly these bytes.
    scans: Mapped[JsonDict]
    #: ``automatic``, ``one_steward``, ``two_stewards`` or ``blocked``; empty until judged.
    outcome: Mapped[OptionalText]
    #: How often people were asked to decide: anew after another scan or an appeal. Earlier approvals count no more.
    round: Mapped[int] = mapped_column(default=0)
    #: How many approvals the outcome asks for.
    needs: Mapped[int]
    #: Why the policy came to its outcome, as plain sentences.
    reasons: Mapped[JsonList]
    policy: Mapped[JsonDict]
    requested_by: Mapped[Text]
    note: Mapped[OptionalText]
    created: Mapped[Created]
    judged: Mapped[OptionalTime]
    released: Mapped[OptionalTime]
    #: Not public before this moment, however early it is approved.
    public_on: Mapped[OptionalTime]
    #: Until when the person it waits for takes the next step; of an adopted dataset, where something was found in it.
    due: Mapped[OptionalTime]
    #: When it has to be looked at again; the public stops seeing it then if nobody did.
    review_by: Mapped[OptionalTime]
    #: When its public life ends for good.
    expires: Mapped[OptionalTime]
    ended: Mapped[OptionalTime]
    ended_reason: Mapped[OptionalText]
    #: The agreements it rests on, bound when it became public: ``{"records": [{"id", "sha256"}], "expires": own end}``.
    consents: Mapped[JsonDict]
    #: The search index may still show what was before the last step; it is brought in line as soon as it answers.
    index_behind: Mapped[bool] = mapped_column(default=False)

    @classmethod
    def get(cls, release_id: str, *, for_update: bool = False) -> Release | None:
        """Return one release by its id; ``for_update`` locks the row until the transaction ends."""
        return model.Session.get(cls, release_id, with_for_update=for_update or None, populate_existing=for_update)

    @classmethod
    def public(cls, package_id: str) -> Release | None:
        """Return the release that the public may see now, or None."""
        query = sa.select(cls).where(cls.package_id == package_id, *cls.is_public())
        return model.Session.scalars(query).one_or_none()

    @classmethod
    def is_public(cls) -> tuple[sa.ColumnElement[bool], ...]:
        """The one definition of "public": released, and neither past its end nor past its day of review."""
        ends = cls.closes()
        # Asked for when the statement is sent, so that statements can be made ahead.
        moment = sa.bindparam("moment", callable_=now, type_=sa.DateTime(timezone=True), unique=True)
        return cls.state == State.RELEASED, sa.or_(ends.is_(None), ends > moment)

    @classmethod
    def closes(cls) -> sa.ColumnElement[dt.datetime]:
        """When the public stops seeing it by itself: the earlier of its end and its day of review."""
        return sa.func.least(cls.expires, cls.review_by)

    @classmethod
    def to_decide(cls) -> sa.ColumnElement[bool]:
        """Whether it waits for a person who has a day to act by; also adopted, where something was found."""
        adopted = sa.and_(cls.origin == "legacy", cls.state == State.RELEASED, cls.due.is_not(None))
        return sa.or_(cls.state.in_(WAITING_STATES), adopted)

    @property
    def is_to_decide(self) -> bool:
        """The same of one release that is at hand."""
        adopted = self.origin == "legacy" and self.state == State.RELEASED and self.due is not None
        return self.state in WAITING_STATES or adopted

    @classmethod
    def standing(cls, package_id: str) -> Release | None:
        """Return the release that is public or was put on hold, whatever its end date says, or None."""
        query = sa.select(cls).where(cls.package_id == package_id, cls.state.in_(STANDING_STATES))
        return model.Session.scalars(query).one_or_none()

    @classmethod
    def open(cls, package_id: str) -> Release | None:
        """Return the request that is under way for a dataset, or None."""
        query = sa.select(cls).where(cls.package_id == package_id, cls.state.in_(OPEN_STATES))
        return model.Session.scalars(query).one_or_none()

    @classmethod
    def latest(cls, package_id: str) -> Release | None:
        """Return the newest release record of a dataset in whatever state, or None."""
        query = sa.select(cls).where(cls.package_id == package_id).order_by(cls.created.desc()).limit(1)
        return model.Session.scalars(query).one_or_none()

    @classmethod
    def last_ended(cls, package_id: str) -> Release | None:
        """Return the release or request of a dataset that ended last, or None."""
        query = sa.select(cls).where(cls.package_id == package_id, cls.ended.is_not(None))
        return model.Session.scalars(query.order_by(cls.ended.desc()).limit(1)).one_or_none()

    @classmethod
    def last_whole(cls, package_id: str) -> dt.datetime | None:
        """Return the time of the newest snapshot with all files of a dataset that is or was public, or None."""
        whole = cls.snapshot["left_out"].is_(None)
        query = sa.select(sa.func.max(cls.created)).where(
            cls.package_id == package_id, cls.released.is_not(None), whole
        )
        return model.Session.scalar(query)


class Decision(tk.BaseModel):
    """What one person decided about one release, and about which bytes."""

    __tablename__ = "privacy_decision"
    __table_args__ = (
        sa.Index(
            "privacy_decision_one_approval",
            "release_id",
            "user_id",
            "round",
            unique=True,
            postgresql_where=sa.text("event = 'approve'"),
        ),
    )

    id: Mapped[Id]
    release_id: Mapped[IndexedText]
    user_id: Mapped[Text]
    #: The role the person had then; the register names roles, never people.
    role: Mapped[Text]
    event: Mapped[Text]
    #: The release's round it belongs to.
    round: Mapped[int] = mapped_column(default=0)
    snapshot_sha256: Mapped[Text]
    reason: Mapped[OptionalText]
    created: Mapped[Created]

    @classmethod
    def of(cls, release_id: str) -> list[Decision]:
        """Return all decisions about a release, oldest first."""
        query = sa.select(cls).where(cls.release_id == release_id).order_by(cls.created)
        return list(model.Session.scalars(query))
