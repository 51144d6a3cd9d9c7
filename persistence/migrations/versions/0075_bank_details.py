"""Bank details of creators."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.tables import NOW, TIME, column, one_of, primary, refers

revision = "0075"
down_revision = "0074"
branch_labels = None
depends_on = None

previous_release = "It knows nothing of payouts: the table is new."


def upgrade() -> None:
    op.create_table(
        "bank_details",
        column("created_at", TIME, NOW),
        column("user_id", sa.Uuid()),
        column("details", sa.LargeBinary(), null=True),
        *(column(name, sa.Text(), null=True) for name in ("last4", "country", "state", "rejected_for")),
        column("decided_at", TIME, null=True),
        column("decided_by", sa.Uuid(), null=True),
        column("changed_at", TIME, NOW),
        column("held_until", TIME, null=True),
        column("preferred_method", sa.Text(), null=True),
        column("version", sa.Integer(), sa.text("1")),
        column("updated_at", TIME, NOW),
        primary("bank_details", "user_id"),
        refers("bank_details", "user_id", "users.id", ondelete="CASCADE"),
        one_of("bank_details", "state", "PENDING", "VERIFIED", "REJECTED"),
        one_of("bank_details", "rejected_for", "NAME_MISMATCH", "UNKNOWN_ACCOUNT", "UNSUPPORTED_BANK", "OTHER"),
        one_of("bank_details", "preferred_method", "PLATFORM_ACCOUNT", "BANK_TRANSFER"),
    )
    op.create_index(
        "ix_bank_details_state",
        "bank_details",
        ["state", "changed_at", "user_id"],
        postgresql_where=sa.text("state IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("bank_details")
