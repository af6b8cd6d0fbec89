"""Note which releases the search index has not caught up with.

Revision ID: 0c6b7d92e5f3
Revises: 4c1d8e9a6b70
Create Date: 2026-11-22 03:58:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0c6b7d92e5f3"
down_revision = "4c1d8e9a6b70"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("index_behind", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("privacy_release", column)
    op.create_index(
        "privacy_release_index_behind", "privacy_release", ["package_id"], postgresql_where=sa.text("index_behind")
    )


def downgrade() -> None:
    op.drop_index("privacy_release_index_behind", "privacy_release")
    op.drop_column("privacy_release", "index_behind")
