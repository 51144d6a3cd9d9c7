"""Dead letters are counted and purged without reading the whole outbox."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.beside import build_index

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    build_index("ix_outbox_dead", "outbox", ["dead_at"], where="dead_at IS NOT NULL")


def downgrade() -> None:
    op.drop_index("ix_outbox_dead", table_name="outbox", postgresql_where=sa.text("dead_at IS NOT NULL"))
