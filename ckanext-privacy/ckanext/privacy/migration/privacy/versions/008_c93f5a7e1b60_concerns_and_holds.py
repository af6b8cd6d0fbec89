"""Keep concerns, and the name of a dataset whose release is on hold.

Revision ID: c93f5a7e1b60
Revises: 7d20b4e8c5a1
Create Date: 2026-11-26 22:40:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "c93f5a7e1b60"
down_revision = "7d20b4e8c5a1"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
KEEP_NAME = """
CREATE OR REPLACE FUNCTION privacy_keep_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM privacy_release WHERE package_id = OLD.id AND state IN ({states})) THEN
        NEW.name := OLD.name;
    END IF;
    RETURN NEW;
END $$;
"""


def upgrade() -> None:
    op.create_table(
        "privacy_concern",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("package_id", sa.Text, nullable=False, index=True),
        sa.Column("owner_org", sa.Text),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("contact", sa.Text),
        sa.Column("state", sa.Text, nullable=False, index=True),
        sa.Column("token_sha256", sa.Text, nullable=False, unique=True),
        *(sa.Column(name, TIME, nullable=False) for name in ("created", "due")),
        sa.Column("resolved", TIME),
        *(sa.Column(name, sa.Text) for name in ("resolved_by", "outcome", "answer")),
    )
    _one_standing("state IN ('released', 'held')")
    op.execute(KEEP_NAME.format(states="'released', 'held'"))


def _one_standing(where: str) -> None:
    """Of one dataset there is one version that is public or on hold, never two."""
    name = "privacy_release_one_public"
    op.drop_index(name, "privacy_release")
    op.create_index(name, "privacy_release", ["package_id"], unique=True, postgresql_where=sa.text(where))


def downgrade() -> None:
    op.execute(KEEP_NAME.format(states="'released'"))
    _one_standing("state = 'released'")
    op.drop_table("privacy_concern")
