"""What creators earned, by when: younger earnings may have to wait before they are paid out."""

from persistence.migrations.beside import build_index, drop_index

revision = "0092"
down_revision = "0091"
branch_labels = None
depends_on = None

previous_release = "It does not look anything up by it."

INDEX, TABLE = "ix_escrows_released", "escrows"


def upgrade() -> None:
    build_index(INDEX, TABLE, ["creator_user_id", "settled_at"], "status = 'RELEASED'")


def downgrade() -> None:
    drop_index(INDEX, TABLE)
