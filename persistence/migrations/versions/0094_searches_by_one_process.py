"""Searches for creators are not split among processes of the database: to start those takes longer than to search."""

from alembic import op

revision = "0094"
down_revision = "0093"
branch_labels = None
depends_on = None

previous_release = "It finds the same."


def upgrade() -> None:
    op.execute("ALTER TABLE creator_search SET (parallel_workers = 0)")


def downgrade() -> None:
    op.execute("ALTER TABLE creator_search RESET (parallel_workers)")
