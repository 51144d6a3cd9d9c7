"""What accounts of the platform had at a time, so that fewer entries are added up."""

import sqlalchemy as sa
from alembic import op

from persistence.models.money.ledger import TransactionId

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None

previous_release = "It adds up all entries: the table is new."


def upgrade() -> None:
    op.create_table(
        "ledger_checkpoints",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("upto", TransactionId(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_ledger_checkpoints"),
        sa.ForeignKeyConstraint(["account_id"], ["ledger_accounts.id"], name=op.f("fk_ledger_checkpoints_account_id")),
    )


def downgrade() -> None:
    op.drop_table("ledger_checkpoints")
