"""Keep consent records, and which of them a release rests on.

Revision ID: 7d20b4e8c5a1
Revises: 0c6b7d92e5f3
Create Date: 2026-11-26 22:30:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "7d20b4e8c5a1"
down_revision = "0c6b7d92e5f3"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
#: What happened to a consent is never rewritten; the record itself may have to be erased one day, its hash stays.
APPEND_ONLY = """
CREATE FUNCTION privacy_consent_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The events of a consent are append-only: % is refused.', TG_OP;
END $$;
CREATE TRIGGER privacy_consent_append_only BEFORE UPDATE OR DELETE ON privacy_consent_event
    FOR EACH ROW EXECUTE FUNCTION privacy_consent_append_only();
CREATE TRIGGER privacy_consent_append_only_truncate BEFORE TRUNCATE ON privacy_consent_event
    FOR EACH STATEMENT EXECUTE FUNCTION privacy_consent_append_only();
"""


def upgrade() -> None:
    op.create_table(
        "privacy_consent",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("package_ids", ARRAY(sa.Text), nullable=False),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("content", JSONB, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("principal", sa.Text, nullable=False),
        sa.Column("allows_release", sa.Boolean, nullable=False),
        sa.Column("status", sa.Text, nullable=False, index=True),
        sa.Column("until", TIME),
        sa.Column("token_sha256", sa.Text, nullable=False, unique=True),
        sa.Column("created", TIME, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("reminded", TIME),
    )
    op.create_index("privacy_consent_datasets", "privacy_consent", ["package_ids"], postgresql_using="gin")
    op.create_table(
        "privacy_consent_event",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("consent_id", sa.Text, nullable=False, index=True),
        sa.Column("seq", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("event", "status")),
        sa.Column("at", TIME, nullable=False),
        sa.Column("until", TIME),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("actor", sa.Text),
        sa.Column("hash", sa.Text, nullable=False),
        sa.UniqueConstraint("consent_id", "seq"),
    )
    op.execute(APPEND_ONLY)
    op.add_column("privacy_release", sa.Column("consents", JSONB, nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("privacy_release", "consents")
    for table in ("privacy_consent_event", "privacy_consent"):
        op.drop_table(table)
    op.execute("DROP FUNCTION privacy_consent_append_only()")
