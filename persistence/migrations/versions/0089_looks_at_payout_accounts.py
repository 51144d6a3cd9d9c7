"""Payout accounts are looked at by the clock."""

from persistence.migrations.beside import build_index, drop_index

revision = "0089"
down_revision = "0088"
branch_labels = None
depends_on = None

previous_release = "It opens no payout accounts; indexes alone are new."

ACCOUNTS = "payout_accounts"
LOOKED_AT, UNANSWERED = "ix_payout_accounts_looked_at", "ix_payout_accounts_unanswered"


def upgrade() -> None:
    build_index(LOOKED_AT, ACCOUNTS, ["looked_at"], "closed_at IS NULL AND ref IS NOT NULL")
    build_index(UNANSWERED, ACCOUNTS, ["created_at"], "closed_at IS NULL AND ref IS NULL")


def downgrade() -> None:
    drop_index(UNANSWERED, ACCOUNTS)
    drop_index(LOOKED_AT, ACCOUNTS)
