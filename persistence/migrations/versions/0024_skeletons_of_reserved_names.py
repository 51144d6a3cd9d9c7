"""What names that look like a reserved one have in common with it, so that they are found by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

previous_release = "It neither reads nor writes the column, which the database fills in."


def upgrade() -> None:
    skeleton = sa.Computed("translate(username, '01i5._-'::text, 'olls'::text)", persisted=True)
    op.add_column("reserved_usernames", sa.Column("skeleton", sa.Text(), skeleton, nullable=False))
    op.create_index("ix_reserved_usernames_skeleton", "reserved_usernames", ["skeleton"])


def downgrade() -> None:
    op.drop_index("ix_reserved_usernames_skeleton", "reserved_usernames")
    op.drop_column("reserved_usernames", "skeleton")
