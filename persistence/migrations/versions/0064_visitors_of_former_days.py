"""An index by which the visitors of former days are forgotten."""

from persistence.migrations.beside import build_index, drop_index

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

previous_release = "It needs no index of this."

NAME, TABLE = "ix_bio_daily_visitors_day", "bio_daily_visitors"


def upgrade() -> None:
    build_index(NAME, TABLE, ["day"])


def downgrade() -> None:
    drop_index(NAME, TABLE)
