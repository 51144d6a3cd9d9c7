"""Whether a creator was ever shown a subscriber."""

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None

previous_release = (
    "It sets no such mark: who confirms through it counts as never shown. If they leave, are asked again and decline, "
    "all pages keep their mails from them for a month, not that page alone."
)

SUBSCRIBERS = "bio_email_subscribers"


def upgrade() -> None:
    # Of those who are there nobody knows whether they were confirmed once.
    op.add_column(SUBSCRIBERS, sa.Column("was_listed", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.alter_column(SUBSCRIBERS, "was_listed", server_default=sa.false())


def downgrade() -> None:
    op.drop_column(SUBSCRIBERS, "was_listed")
