"""Links that a restriction hides, with its statement."""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

previous_release = "It restricts no links, and shows one that is restricted meanwhile."


def upgrade() -> None:
    op.add_column("bio_links", sa.Column("statement_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("bio_links", "statement_id")
