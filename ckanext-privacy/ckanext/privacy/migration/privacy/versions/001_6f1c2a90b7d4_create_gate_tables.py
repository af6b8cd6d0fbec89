"""Create the gate's tables.

Revision ID: 6f1c2a90b7d4
Revises:
Create Date: 2026-11-22 02:50:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "6f1c2a90b7d4"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
TABLES = ("privacy_audit", "privacy_decision", "privacy_edit", "privacy_release", "privacy_scan", "privacy_steward")


def upgrade() -> None:
    create_release()
    create_scan()
    create_people()
    create_audit()


def create_release() -> None:
    op.create_table(
        "privacy_release",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("package_id", sa.Text, nullable=False, index=True),
        sa.Column("owner_org", sa.Text),
        sa.Column("state", sa.Text, nullable=False, index=True),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("snapshot", JSONB, nullable=False),
        sa.Column("snapshot_sha256", sa.Text, nullable=False),
        sa.Column("scans", JSONB, nullable=False),
        sa.Column("outcome", sa.Text),
        sa.Column("needs", sa.Integer, nullable=False),
        sa.Column("reasons", JSONB, nullable=False),
        sa.Column("policy", JSONB, nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("created", TIME, nullable=False),
        *(sa.Column(name, TIME) for name in ("judged", "released", "expires", "ended")),
        sa.Column("ended_reason", sa.Text),
    )
    partial_index("privacy_release_one_public", "state = 'released'")
    partial_index("privacy_release_one_open", "state IN ('requested', 'scanning', 'in_review', 'blocked')")
    op.create_table(
        "privacy_decision",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("release_id", sa.Text, nullable=False, index=True),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("snapshot_sha256", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("created", TIME, nullable=False),
    )
    op.create_index(
        "privacy_decision_one_approval",
        "privacy_decision",
        ["release_id", "user_id"],
        unique=True,
        postgresql_where=sa.text("event = 'approve'"),
    )


def partial_index(name: str, where: str) -> None:
    op.create_index(name, "privacy_release", ["package_id"], unique=True, postgresql_where=sa.text(where))


def create_scan() -> None:
    op.create_table(
        "privacy_scan",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("package_id", sa.Text, nullable=False, index=True),
        sa.Column("resource_id", sa.Text, nullable=False, index=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("progress", sa.Float, nullable=False),
        sa.Column("outcome", sa.Text),
        sa.Column("report", JSONB),
        sa.Column("quality", JSONB),
        sa.Column("failure", sa.Text),
        sa.Column("requested_by", sa.Text),
        sa.Column("created", TIME, nullable=False),
        *(sa.Column(name, TIME) for name in ("started", "heartbeat", "finished")),
    )


def create_people() -> None:
    op.create_table(
        "privacy_steward",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("organization_id", sa.Text, primary_key=True),
        sa.Column("added_by", sa.Text, nullable=False),
        sa.Column("created", TIME, nullable=False),
    )
    op.create_table(
        "privacy_edit",
        sa.Column("package_id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("at", TIME, nullable=False),
    )


def create_audit() -> None:
    op.create_table(
        "privacy_audit",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("actor", sa.Text),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("object_type", sa.Text, nullable=False),
        sa.Column("object_id", sa.Text, nullable=False, index=True),
        sa.Column("data", JSONB, nullable=False),
        sa.Column("prev_hash", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False, unique=True),
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
