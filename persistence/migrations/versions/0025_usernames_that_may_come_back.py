"""Until when a username that an account gave up is kept for it."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.beside import build_index

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

previous_release = "It neither reads nor writes the column: what is given up on its nodes is free at once, as before."


def upgrade() -> None:
    held_until = sa.Column("held_until", sa.DateTime(timezone=True), nullable=True)
    op.add_column("username_history", held_until, if_not_exists=True)
    build_index("ix_username_history_former", "username_history", ["former"], where="held_until IS NOT NULL")


def downgrade() -> None:
    op.drop_index("ix_username_history_former", "username_history")
    op.drop_column("username_history", "held_until")
