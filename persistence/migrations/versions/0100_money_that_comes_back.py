"""Money that fits nothing may come back after it went, and money may come to wallets that are closed."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.beside import build_index, drop_index
from persistence.migrations.tables import ZERO, column

revision = "0100"
down_revision = "0099"
branch_labels = None
depends_on = None

previous_release = (
    "It leaves money that came back where it is, and does not give back or away what came back here. What comes to "
    "closed wallets stays in them."
)

INDEX, WALLETS, STRAYS = "ix_wallets_closed", "wallets", "strays"


def upgrade() -> None:
    op.add_column(STRAYS, column("came_back", sa.SmallInteger(), ZERO), if_not_exists=True)
    build_index(INDEX, WALLETS, ["id"], "closed_at IS NOT NULL AND balance > 0")


def downgrade() -> None:
    drop_index(INDEX, WALLETS)
    op.drop_column(STRAYS, "came_back")
