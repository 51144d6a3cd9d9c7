"""A wallet may be frozen for several reasons, each with the statement that its owner was sent."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.tables import TIME, column, one_of, primary, refers

revision = "0097"
down_revision = "0096"
branch_labels = None
depends_on = None

previous_release = (
    "It knows one reason of a wallet, and writes that alone: whoever freezes or unfreezes the wallet next makes the "
    "rows agree with it."
)

FREEZES = "wallet_freezes"


def upgrade() -> None:
    op.create_table(
        FREEZES,
        column("wallet_id", sa.Uuid()),
        column("frozen_for", sa.Text()),
        column("frozen_at", TIME),
        column("statement_id", sa.Uuid(), null=True),
        primary(FREEZES, "wallet_id", "frozen_for"),
        refers(FREEZES, "wallet_id", "wallets.id"),
        one_of(FREEZES, "frozen_for", "DISPUTE", "FRAUD", "ADMIN", "CLOSING"),
    )
    op.execute(
        "INSERT INTO wallet_freezes (wallet_id, frozen_for, frozen_at) "
        "SELECT id, frozen_for, frozen_at FROM wallets WHERE frozen_for IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_table(FREEZES)
