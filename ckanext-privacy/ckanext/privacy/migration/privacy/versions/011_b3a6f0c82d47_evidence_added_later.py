"""Evidence of an agreement that comes after the record was written down.

Revision ID: b3a6f0c82d47
Revises: 5e8b2f7c4d19
Create Date: 2026-11-27 05:45:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "b3a6f0c82d47"
down_revision = "5e8b2f7c4d19"
branch_labels = None
depends_on = None

APPEND_ONLY = """
CREATE TRIGGER privacy_consent_append_only BEFORE UPDATE OR DELETE ON privacy_consent_evidence
    FOR EACH ROW EXECUTE FUNCTION privacy_consent_append_only();
CREATE TRIGGER privacy_consent_append_only_truncate BEFORE TRUNCATE ON privacy_consent_evidence
    FOR EACH STATEMENT EXECUTE FUNCTION privacy_consent_append_only();
"""


def upgrade() -> None:
    op.create_table(
        "privacy_consent_evidence",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("consent_id", sa.Text, nullable=False, index=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("sha256", "filename", "added_by")),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
    )
    op.execute(APPEND_ONLY)


def downgrade() -> None:
    op.drop_table("privacy_consent_evidence")
