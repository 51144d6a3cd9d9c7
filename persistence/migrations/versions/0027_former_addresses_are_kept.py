"""A change of address names the link that takes it back: as long as that works, nobody else gets the former address."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.beside import build_index

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

previous_release = "It neither reads nor writes the column; addresses that it replaces meanwhile are not kept."


def upgrade() -> None:
    build_index("ix_email_changes_former_email", "email_changes", ["former_email"])
    op.add_column("email_changes", sa.Column("undo_hash", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_index("ix_email_changes_former_email", "email_changes")
    op.drop_column("email_changes", "undo_hash")
