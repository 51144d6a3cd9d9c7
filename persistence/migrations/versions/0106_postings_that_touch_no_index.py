"""A posting writes a new version of its wallet and its accounts without touching their indexes (HOT updates).

PostgreSQL does so unless an index, or the condition of one, names a column that changes.
"""

from alembic import op
from psycopg import sql

from persistence.migrations.beside import build_index, drop_index

revision = "0106"
down_revision = "0105"
branch_labels = None
depends_on = None

previous_release = "It reads and writes the same rows."

WALLETS, FORMER, INDEX = "wallets", "ix_wallets_closed", "ix_wallets_ended"
MOVED = (WALLETS, "ledger_accounts")
# A page with room takes the next version of a row.
ROOM, NO_ROOM = sql.SQL("ALTER TABLE {} SET (fillfactor = 85)"), sql.SQL("ALTER TABLE {} RESET (fillfactor)")


def upgrade() -> None:
    for table in MOVED:
        op.execute(ROOM.format(sql.Identifier(table)).as_string())
    build_index(INDEX, WALLETS, ["id"], "closed_at IS NOT NULL")
    drop_index(FORMER, WALLETS)


def downgrade() -> None:
    build_index(FORMER, WALLETS, ["id"], "closed_at IS NOT NULL AND balance > 0")
    drop_index(INDEX, WALLETS)
    for table in MOVED:
        op.execute(NO_ROOM.format(sql.Identifier(table)).as_string())
