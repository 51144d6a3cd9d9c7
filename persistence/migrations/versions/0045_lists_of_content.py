"""The orders in which the public lists texts."""

from typing import Any

import sqlalchemy as sa

from persistence.migrations.beside import build_index, drop_index

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

previous_release = "It does not know that there are indexes."

TABLE = "publications"
NEWEST = ["kind", "locale", sa.text("published_at DESC"), sa.text("id DESC")]
INDEXES: dict[str, tuple[list[Any], str | None]] = {
    "ix_publications_locale": (NEWEST, None),
    "ix_publications_featured": (NEWEST, "featured"),
    "ix_publications_order": (["kind", "locale", "sort_order", "id"], None),
    "ix_publications_starts": (["kind", sa.text("starts_at DESC NULLS LAST"), "id"], None),
    "ix_publications_ends": (["kind", "ends_at"], "ends_at IS NOT NULL"),
}


def upgrade() -> None:
    for name, (columns, where) in INDEXES.items():
        build_index(name, TABLE, columns, where)


def downgrade() -> None:
    for name in INDEXES:
        drop_index(name, TABLE)
