"""The highest cost of a stored password hash is found by an index."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.beside import build_index

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    build_index("ix_users_password_cost", "users", [sa.literal_column("substr(password_hash, 5, 2)")])


def downgrade() -> None:
    op.drop_index("ix_users_password_cost", table_name="users")
