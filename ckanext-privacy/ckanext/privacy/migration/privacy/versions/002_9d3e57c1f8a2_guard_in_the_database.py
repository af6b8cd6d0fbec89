"""Put the last line of the guard into the database itself.

A package row is private whoever writes it (raw SQL and ``Query.update`` pass every hook in Python), and the audit log
takes no update and no delete.

Revision ID: 9d3e57c1f8a2
Revises: 6f1c2a90b7d4
Create Date: 2026-11-22 02:51:00
"""

from __future__ import annotations

from alembic import op

revision = "9d3e57c1f8a2"
down_revision = "6f1c2a90b7d4"
branch_labels = None
depends_on = None

KEEP_PRIVATE = """
CREATE FUNCTION privacy_keep_private() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.private := TRUE;
    RETURN NEW;
END $$;
CREATE TRIGGER privacy_keep_private BEFORE INSERT OR UPDATE ON package
    FOR EACH ROW EXECUTE FUNCTION privacy_keep_private();
"""

APPEND_ONLY = """
CREATE FUNCTION privacy_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit log is append-only: % is refused.', TG_OP;
END $$;
CREATE TRIGGER privacy_append_only BEFORE UPDATE OR DELETE ON privacy_audit
    FOR EACH ROW EXECUTE FUNCTION privacy_append_only();
CREATE TRIGGER privacy_append_only_truncate BEFORE TRUNCATE ON privacy_audit
    FOR EACH STATEMENT EXECUTE FUNCTION privacy_append_only();
"""


def upgrade() -> None:
    op.execute(KEEP_PRIVATE)
    op.execute(APPEND_ONLY)


def downgrade() -> None:
    op.execute("DROP TRIGGER IF EXISTS privacy_keep_private ON package")
    op.execute("DROP FUNCTION privacy_keep_private()")
    op.execute("DROP TRIGGER IF EXISTS privacy_append_only ON privacy_audit")
    op.execute("DROP TRIGGER IF EXISTS privacy_append_only_truncate ON privacy_audit")
    op.execute("DROP FUNCTION privacy_append_only()")
