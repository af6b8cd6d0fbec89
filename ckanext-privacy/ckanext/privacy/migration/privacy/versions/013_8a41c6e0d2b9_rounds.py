"""Rounds of deciding: who approved before an appeal or another scan can, and must, approve anew.

Revision ID: 8a41c6e0d2b9
Revises: f17c3d5a9e62
Create Date: 2026-11-27 19:20:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "8a41c6e0d2b9"
down_revision = "f17c3d5a9e62"
branch_labels = None
depends_on = None

ONE_APPROVAL = "privacy_decision_one_approval"
#: What waited without a named day gets one, a week from now, instead of being late at once.
DUE = "UPDATE privacy_release SET due = now() + interval '7 days' WHERE state IN ('held', 'blocked')"
#: An older version knows one approval of each person: the newest stays.
NEWEST_APPROVALS = """
DELETE FROM privacy_decision AS older USING privacy_decision AS newer
 WHERE older.event = 'approve' AND newer.event = 'approve' AND older.release_id = newer.release_id
   AND older.user_id = newer.user_id AND older.round < newer.round
"""


def upgrade() -> None:
    for table in ("privacy_release", "privacy_decision"):
        op.add_column(table, sa.Column("round", sa.Integer, nullable=False, server_default="0"))
    _one_approval("release_id", "user_id", "round")
    op.execute(DUE)


def _one_approval(*columns: str) -> None:
    op.drop_index(ONE_APPROVAL, "privacy_decision")
    where = sa.text("event = 'approve'")
    op.create_index(ONE_APPROVAL, "privacy_decision", list(columns), unique=True, postgresql_where=where)


def downgrade() -> None:
    op.execute(NEWEST_APPROVALS)
    _one_approval("release_id", "user_id")
    for table in ("privacy_decision", "privacy_release"):
        op.drop_column(table, "round")
