"""Dates of a release, one reminder a step, and a queue that stays fast.

Revision ID: a14e6d0f93c7
Revises: c93f5a7e1b60
Create Date: 2026-11-27 02:20:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "a14e6d0f93c7"
down_revision = "c93f5a7e1b60"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
DATES = ("public_on", "due", "review_by")
OPEN = "'requested', 'scanning', 'in_review', 'blocked'"


def upgrade() -> None:
    for name in DATES:
        op.add_column("privacy_release", sa.Column(name, TIME))
    _one_open(f"state IN ({OPEN}, 'scheduled')")
    op.create_index("privacy_release_queue", "privacy_release", ["state", "created"])
    op.create_table(
        "privacy_reminder",
        sa.Column("id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("object_type", "object_id", "package_id", "step")),
        sa.Column("due", TIME, nullable=False),
        sa.Column("readers", JSONB, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.UniqueConstraint("object_id", "step", "due", name="privacy_reminder_once"),
    )


def _one_open(where: str) -> None:
    """Of one dataset there is one request under way, never two."""
    name = "privacy_release_one_open"
    op.drop_index(name, "privacy_release")
    op.create_index(name, "privacy_release", ["package_id"], unique=True, postgresql_where=sa.text(where))


def downgrade() -> None:
    op.drop_table("privacy_reminder")
    op.drop_index("privacy_release_queue", "privacy_release")
    # What was scheduled waits for its stewards again: an older version knows no day to wait for.
    op.execute("UPDATE privacy_release SET state = 'in_review' WHERE state = 'scheduled'")
    _one_open(f"state IN ({OPEN})")
    for name in reversed(DATES):
        op.drop_column("privacy_release", name)
