"""Keep what was done to a file before it was released.

Revision ID: e27a90c4d1b6
Revises: b85d1f6a2c37
Create Date: 2026-11-22 03:25:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "e27a90c4d1b6"
down_revision = "b85d1f6a2c37"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "privacy_cleaning",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("package_id", sa.Text, nullable=False, index=True),
        sa.Column("resource_id", sa.Text, nullable=False, index=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("sha256_before", "sha256_after")),
        *(sa.Column(name, JSONB, nullable=False) for name in ("plan", "result", "table_schemas")),
        sa.Column("cleaned_by", sa.Text, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("privacy_cleaning")
