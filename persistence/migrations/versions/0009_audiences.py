"""A platform knows an app on a phone by another id than the web client: id tokens of both are accepted."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ids = sa.ARRAY(sa.Text())
    op.add_column("oauth_providers", sa.Column("audiences", ids, server_default=sa.text("'{}'"), nullable=False))


def downgrade() -> None:
    op.drop_column("oauth_providers", "audiences")
