"""Keep the names of released datasets against raw SQL, and close the activities of the time before the gate.

CKAN labelled them "public" for good; what they show was never released. Those about views carry no labels at all.

Revision ID: 4c1d8e9a6b70
Revises: e27a90c4d1b6
Create Date: 2026-11-22 03:50:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "4c1d8e9a6b70"
down_revision = "e27a90c4d1b6"
branch_labels = None
depends_on = None

KEEP_NAME = """
CREATE FUNCTION privacy_keep_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM privacy_release WHERE package_id = OLD.id AND state = 'released') THEN
        NEW.name := OLD.name;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER privacy_keep_name BEFORE UPDATE OF name ON package
    FOR EACH ROW WHEN (NEW.name IS DISTINCT FROM OLD.name) EXECUTE FUNCTION privacy_keep_name();
"""

CLOSE_ACTIVITIES = """
UPDATE activity SET permission_labels = ARRAY[
        'collaborates-' || package.id,
        CASE WHEN package.owner_org IS NULL THEN 'created-' || COALESCE(package.creator_user_id, 'None')
             ELSE 'works-' || package.owner_org END]
    FROM package WHERE package.id = activity.object_id
"""
DROP_OTHERS = """
DELETE FROM activity USING package
    WHERE package.id = activity.object_id AND activity.activity_type NOT LIKE '%package'
"""


def upgrade() -> None:
    op.execute(KEEP_NAME)
    op.create_index(
        "privacy_release_ends", "privacy_release", ["expires"], postgresql_where=sa.text("state = 'released'")
    )
    # The activity plugin may not be there.
    columns = [column["name"] for column in _columns()]
    if "permission_labels" in columns:
        op.execute(CLOSE_ACTIVITIES)
        op.execute(DROP_OTHERS)


def _columns() -> list[dict[str, object]]:
    inspector = sa.inspect(op.get_bind())
    return inspector.get_columns("activity") if inspector.has_table("activity") else []


def downgrade() -> None:
    op.drop_index("privacy_release_ends", "privacy_release")
    op.execute("DROP TRIGGER IF EXISTS privacy_keep_name ON package")
    op.execute("DROP FUNCTION privacy_keep_name()")
