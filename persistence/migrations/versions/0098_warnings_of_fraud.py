"""When the bank of who paid warned that it may have been somebody else."""

from alembic import op

from persistence.migrations.tables import TIME, column

revision = "0098"
down_revision = "0097"
branch_labels = None
depends_on = None

previous_release = "It notes no warnings, and shows refunds by the platform as those of an account of zeros."

PAYMENTS, WARNED_AT = "payments", "warned_at"


def upgrade() -> None:
    op.add_column(PAYMENTS, column(WARNED_AT, TIME, null=True), if_not_exists=True)


def downgrade() -> None:
    op.drop_column(PAYMENTS, WARNED_AT, if_exists=True)
