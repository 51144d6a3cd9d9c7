"""Creators may have a payout requested each week."""

from alembic import op

from persistence.migrations.beside import build_index, drop_index

revision = "0101"
down_revision = "0100"
branch_labels = None
depends_on = None

previous_release = "It requests nothing by itself, and leaves these columns as they are."

INDEX, TABLE = "ix_bank_details_auto_payout", "bank_details"
COLUMNS = {
    "auto_payout": "boolean NOT NULL DEFAULT false",
    "auto_payout_at": "timestamptz",
    "auto_payout_refusal": "text",
}


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.execute(f"ALTER TABLE {TABLE} ADD COLUMN IF NOT EXISTS {name} {kind}")
    build_index(INDEX, TABLE, ["user_id"], "auto_payout")


def downgrade() -> None:
    drop_index(INDEX, TABLE)
    for name in COLUMNS:
        op.drop_column(TABLE, name)
