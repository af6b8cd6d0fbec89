"""What is to be erased is written down until it is gone, whatever was out of reach at the moment of erasing.

Revision ID: 5e8b2f7c4d19
Revises: a14e6d0f93c7
Create Date: 2026-11-27 05:20:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "5e8b2f7c4d19"
down_revision = "a14e6d0f93c7"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "privacy_removal",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("privacy_removal")
