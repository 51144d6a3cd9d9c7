"""Appeals are listed by age, by status and by type, and found by their statement."""

from persistence.migrations.beside import build_index, drop_index

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

previous_release = "It lists no appeals; the indexes cost it a little with each one that it takes."

INDEXES = {
    "ix_appeals_oldest": ["created_at", "id"],
    "ix_appeals_status": ["status", "created_at", "id"],
    "ix_appeals_type": ["type", "created_at", "id"],
    "ix_appeals_statement_id": ["statement_id"],
}


def upgrade() -> None:
    for name, columns in INDEXES.items():
        build_index(name, "appeals", columns)


def downgrade() -> None:
    for name in INDEXES:
        drop_index(name, "appeals")
