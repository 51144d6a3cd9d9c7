"""How many entries accounts of the platform had at a time, so that fewer are counted."""

import sqlalchemy as sa
from alembic import op

from persistence.models.money.ledger import TransactionId

revision = "0104"
down_revision = "0103"
branch_labels = None
depends_on = None

previous_release = "It moves `upto` alone: what was counted has an end of its own."

TABLE = "ledger_checkpoints"


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("counted", TransactionId(), nullable=True))
    op.add_column(TABLE, sa.Column("entries", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column(TABLE, "entries")
    op.drop_column(TABLE, "counted")
