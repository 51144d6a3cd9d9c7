"""Jobs have lanes, so that none waits for another kind; those of dead workers are found by their lease."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.beside import build_index, committed

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

previous_release = "Its jobs stand in the lane of the default, and its workers take jobs of every lane as before."

OPEN = "done_at IS NULL AND dead_at IS NULL"
LEASED = "leased_until IS NOT NULL"
outbox = sa.table("outbox", sa.column("lane"), sa.column("topic"))
LANES = {0: ("auth", "email", "sms"), 2: ("gdpr",), 3: ("storage",)}


def upgrade() -> None:
    lane = sa.Column("lane", sa.SmallInteger(), server_default=sa.text("1"), nullable=False)
    op.add_column("outbox", lane, if_not_exists=True)
    kind = sa.func.split_part(outbox.c.topic, ".", 1)
    with committed():
        for number, kinds in LANES.items():
            op.execute(sa.update(outbox).where(sa.text(OPEN), kind.in_(kinds)).values(lane=number))
    build_index("ix_outbox_lane", "outbox", ["lane", "available_at"], where=OPEN)
    build_index("ix_outbox_leased", "outbox", ["leased_until"], where=LEASED)


def downgrade() -> None:
    op.drop_index("ix_outbox_leased", table_name="outbox", postgresql_where=sa.text(LEASED))
    op.drop_index("ix_outbox_lane", table_name="outbox", postgresql_where=sa.text(OPEN))
    op.drop_column("outbox", "lane")
