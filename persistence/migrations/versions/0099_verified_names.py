"""The name by which an identity was verified, sealed, for whoever reviews bank details."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.tables import column

revision = "0099"
down_revision = "0098"
branch_labels = None
depends_on = None

previous_release = "It keeps no names."

SESSIONS, NAME = "kyc_sessions", "verified_name"


def upgrade() -> None:
    op.add_column(SESSIONS, column(NAME, sa.LargeBinary(), null=True), if_not_exists=True)


def downgrade() -> None:
    op.drop_column(SESSIONS, NAME, if_exists=True)
