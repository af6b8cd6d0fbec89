"""Keep the role a decision was made in, and how often a scan was started.

Revision ID: b85d1f6a2c37
Revises: 9d3e57c1f8a2
Create Date: 2026-11-22 03:05:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "b85d1f6a2c37"
down_revision = "9d3e57c1f8a2"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("privacy_decision", sa.Column("role", sa.Text, nullable=False, server_default="other"))
    op.add_column("privacy_scan", sa.Column("attempts", sa.Integer, nullable=False, server_default="0"))
    op.create_index("privacy_scan_sha256", "privacy_scan", ["resource_id", "sha256"])


def downgrade() -> None:
    op.drop_index("privacy_scan_sha256", "privacy_scan")
    op.drop_column("privacy_scan", "attempts")
    op.drop_column("privacy_decision", "role")
