"""People sign in at a payout provider to show which account there is theirs."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.tables import TIME, column

revision = "0102"
down_revision = "0101"
branch_labels = None
depends_on = None

previous_release = "It knows no such provider, and leaves the columns empty."

ACCOUNTS = "payout_accounts"


def upgrade() -> None:
    for added in (
        column("sign_in_hash", sa.LargeBinary(), null=True),
        column("sign_in_session", sa.Uuid(), null=True),
        column("sign_in_until", TIME, null=True),
    ):
        op.add_column(ACCOUNTS, added, if_not_exists=True)


def downgrade() -> None:
    for name in ("sign_in_until", "sign_in_session", "sign_in_hash"):
        op.drop_column(ACCOUNTS, name)
