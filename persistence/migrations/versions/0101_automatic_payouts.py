"""Creators may have a payout requested each week."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.beside import build_index, drop_index
from persistence.migrations.tables import TIME, column

revision = "0101"
down_revision = "0100"
branch_labels = None
depends_on = None

previous_release = "It requests nothing by itself, and leaves these columns as they are."

INDEX, TABLE = "ix_bank_details_auto_payout", "bank_details"


def upgrade() -> None:
    for added in (
        column("auto_payout", sa.Boolean(), sa.false()),
        column("auto_payout_at", TIME, null=True),
        column("auto_payout_refusal", sa.Text(), null=True),
    ):
        op.add_column(TABLE, added, if_not_exists=True)
    build_index(INDEX, TABLE, ["user_id"], "auto_payout")


def downgrade() -> None:
    drop_index(INDEX, TABLE)
    for name in ("auto_payout_refusal", "auto_payout_at", "auto_payout"):
        op.drop_column(TABLE, name)
