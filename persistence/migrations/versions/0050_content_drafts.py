"""What drafts are found by, and which cleaner made what is public."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from persistence.migrations.beside import build_index, drop_index

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

previous_release = "It writes no drafts; the new columns have defaults."

COLUMNS: dict[str, tuple[Any, str]] = {
    "title": (sa.Text(), "''"),
    "folded": (sa.Text(), "''"),
    "category_ids": (postgresql.ARRAY(sa.Uuid()), "'{}'"),
}


def upgrade() -> None:
    for name, (kind, default) in COLUMNS.items():
        column: sa.Column[Any] = sa.Column(name, kind, nullable=False, server_default=sa.text(default))
        op.add_column("content_entries", column, if_not_exists=True)
    build_index("ix_content_entries_categories", "content_entries", ["category_ids"], using="gin")
    build_index("ix_publications_sanitizer", "publications", ["sanitizer_version", "id"])


def downgrade() -> None:
    drop_index("ix_publications_sanitizer", "publications")
    drop_index("ix_content_entries_categories", "content_entries")
    for name in COLUMNS:
        op.drop_column("content_entries", name)
