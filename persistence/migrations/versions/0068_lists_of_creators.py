"""Indexes by which staff lists creators, the newest first."""

from persistence.migrations.beside import build_index, drop_index

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None

previous_release = "It needs no index of these."

TABLE = "creator_profiles"
INDEXES = {
    "newest": ["created_at", "id"],
    "level": ["level", "created_at", "id"],
    "kyc_status": ["kyc_status", "created_at", "id"],
    "creator_status": ["creator_status", "created_at", "id"],
}
EXCLUDED = "ix_creator_profiles_excluded"


def upgrade() -> None:
    for name, columns in INDEXES.items():
        build_index(f"ix_{TABLE}_{name}", TABLE, columns)
    build_index(EXCLUDED, TABLE, ["created_at", "id"], where="discover_excluded")


def downgrade() -> None:
    drop_index(EXCLUDED, TABLE)
    for name in INDEXES:
        drop_index(f"ix_{TABLE}_{name}", TABLE)
