"""Money that fits nothing may come back after it went, and money may come to wallets that are closed."""

from alembic import op

from persistence.migrations.beside import build_index, drop_index

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
    op.execute(f"ALTER TABLE {STRAYS} ADD COLUMN IF NOT EXISTS came_back smallint NOT NULL DEFAULT 0")
    build_index(INDEX, WALLETS, ["id"], "closed_at IS NOT NULL AND balance > 0")


def downgrade() -> None:
    drop_index(INDEX, WALLETS)
    op.drop_column(STRAYS, "came_back")
