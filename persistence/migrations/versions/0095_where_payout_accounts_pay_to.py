"""Where the provider of a payout account sends the money on to, as a hash."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.tables import column

revision = "0095"
down_revision = "0094"
branch_labels = None
depends_on = None

previous_release = "It sees no change of the bank account, and leaves the column as it is."

ACCOUNTS, DESTINATION = "payout_accounts", "destination"


def upgrade() -> None:
    op.add_column(ACCOUNTS, column(DESTINATION, sa.Text(), null=True), if_not_exists=True)


def downgrade() -> None:
    op.drop_column(ACCOUNTS, DESTINATION, if_exists=True)
