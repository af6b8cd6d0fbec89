"""What a server said of a linked file when it was scanned, and when somebody looked again.

Revision ID: f17c3d5a9e62
Revises: b3a6f0c82d47
Create Date: 2026-11-27 19:20:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "f17c3d5a9e62"
down_revision = "b3a6f0c82d47"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("privacy_scan", sa.Column("link", JSONB))
    op.add_column("privacy_scan", sa.Column("looked", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("privacy_scan", "looked")
    op.drop_column("privacy_scan", "link")
