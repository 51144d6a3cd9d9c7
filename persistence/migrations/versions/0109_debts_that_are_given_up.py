"""Debt that staff gives up is asked for and approved as corrections of balances are."""

from alembic import op

from persistence.migrations.tables import one_of

revision = "0109"
down_revision = "0108"
branch_labels = None
depends_on = None

previous_release = "It asks for no debt to be given up, and refuses to approve what this one asked for."

TABLE, ACCOUNTS = "adjustments", ("fan", "fan_promo", "creator")


def upgrade() -> None:
    _allow(*ACCOUNTS, "debt")


def downgrade() -> None:
    op.execute("DELETE FROM adjustments WHERE account = 'debt'")
    _allow(*ACCOUNTS)


def _allow(*accounts: str) -> None:
    op.drop_constraint(op.f("ck_adjustments_account"), TABLE)
    words = one_of(TABLE, "account", *accounts)
    op.create_check_constraint(op.f("ck_adjustments_account"), TABLE, words.sqltext)
