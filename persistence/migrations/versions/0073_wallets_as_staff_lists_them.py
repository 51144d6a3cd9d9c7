"""Indexes by which staff lists wallets, and the transfers of an account."""

from persistence.migrations.beside import build_index, drop_index

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None

previous_release = "It posts as before: a transfer has one entry of an account, whichever the index names first."

FORMER, OF_ACCOUNT = "uq_ledger_entries_account", "uq_ledger_entries_of_account"


def upgrade() -> None:
    build_index(OF_ACCOUNT, "ledger_entries", ["account_id", "transfer_id"], unique=True)
    drop_index(FORMER, "ledger_entries")
    build_index("ix_wallets_newest", "wallets", ["created_at", "id"])
    build_index("ix_wallets_frozen", "wallets", ["created_at", "id"], where="frozen_at IS NOT NULL")


def downgrade() -> None:
    drop_index("ix_wallets_frozen", "wallets")
    drop_index("ix_wallets_newest", "wallets")
    build_index(FORMER, "ledger_entries", ["transfer_id", "account_id"], unique=True)
    drop_index(OF_ACCOUNT, "ledger_entries")
