"""An index for the subscribers of the last days, by which creators trend."""

from persistence.migrations.beside import build_index, drop_index

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None

previous_release = "It needs no index of this."

NAME, TABLE = "ix_bio_email_subscribers_confirmed", "bio_email_subscribers"


def upgrade() -> None:
    build_index(NAME, TABLE, ["confirmed_at", "page_id"], where="unsubscribed_at IS NULL")


def downgrade() -> None:
    drop_index(NAME, TABLE)
