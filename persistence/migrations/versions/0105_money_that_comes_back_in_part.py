"""Of money that fits nothing, a part may go back or come back, and what staff gave to a wallet may come back to it."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.tables import ZERO, column, number

revision = "0105"
down_revision = "0104"
branch_labels = None
depends_on = None

previous_release = (
    "It gives a wallet all of what fits nothing, though a part went back, and does not give back to a wallet what came "
    "back. It writes neither column: what it made goes back for the first time, and the next look tells how much."
)

STRAYS = "strays"


def upgrade() -> None:
    op.add_column(STRAYS, column("undone", sa.SmallInteger(), ZERO), if_not_exists=True)
    op.add_column(STRAYS, number("away", ZERO), if_not_exists=True)


def downgrade() -> None:
    op.drop_column(STRAYS, "away")
    op.drop_column(STRAYS, "undone")
