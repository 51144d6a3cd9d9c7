"""What of suspense is being given back is added up by an index."""

from persistence.migrations.beside import build_index, drop_index

revision = "0093"
down_revision = "0092"
branch_labels = None
depends_on = None

previous_release = "It adds nothing up."

INDEX, STRAYS = "ix_strays_returning", "strays"


def upgrade() -> None:
    build_index(INDEX, STRAYS, ["provider"], "state = 'RETURNING'")


def downgrade() -> None:
    drop_index(INDEX, STRAYS)
