"""Jobs have lanes, so that none waits for another kind; those of dead workers are found by their lease."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

previous_release = "Its jobs stand in the lane of the default, and its workers take jobs of every lane as before."

OPEN = sa.text("done_at IS NULL AND dead_at IS NULL")
LEASED = sa.text("leased_until IS NOT NULL")
outbox = sa.table("outbox", sa.column("lane"), sa.column("topic"))
LANES = {0: ("auth", "email", "sms"), 2: ("gdpr",), 3: ("storage",)}


def upgrade() -> None:
    op.add_column("outbox", sa.Column("lane", sa.SmallInteger(), server_default=sa.text("1"), nullable=False))
    kind = sa.func.split_part(outbox.c.topic, ".", 1)
    for lane, kinds in LANES.items():
        op.execute(sa.update(outbox).where(OPEN, kind.in_(kinds)).values(lane=lane))
    op.create_index("ix_outbox_lane", "outbox", ["lane", "available_at"], unique=False, postgresql_where=OPEN)
    op.create_index("ix_outbox_leased", "outbox", ["leased_until"], unique=False, postgresql_where=LEASED)


def downgrade() -> None:
    op.drop_index("ix_outbox_leased", table_name="outbox", postgresql_where=LEASED)
    op.drop_index("ix_outbox_lane", table_name="outbox", postgresql_where=OPEN)
    op.drop_column("outbox", "lane")
