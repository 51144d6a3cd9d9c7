"""What providers tell of themselves is stored once, until a job has looked at it."""

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None

previous_release = "It takes no notices of providers, and leaves their jobs, which are of a lane of their own."

EVENTS = "provider_events"
TIME = sa.DateTime(timezone=True)
NOW, ZERO = sa.func.now(), sa.text("0")
STATES = "state IN ('RECEIVED', 'WAITING', 'DONE', 'IGNORED', 'UNMATCHED', 'PARKED')"


def upgrade() -> None:
    op.create_table(
        EVENTS,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("object_ref", sa.Text()),
        sa.Column("occurred_at", TIME),
        sa.Column("received_at", TIME, server_default=NOW, nullable=False),
        sa.Column("payload", sa.LargeBinary()),
        sa.Column("state", sa.Text(), server_default="RECEIVED", nullable=False),
        sa.Column("pings", sa.Integer(), server_default=ZERO, nullable=False),
        sa.Column("tries", sa.Integer(), server_default=ZERO, nullable=False),
        sa.Column("waits", sa.Integer(), server_default=ZERO, nullable=False),
        sa.Column("due_at", TIME),
        sa.Column("parked_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("fault", sa.Text()),
        sa.CheckConstraint(STATES, name=op.f("ck_provider_events_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_events")),
        sa.UniqueConstraint(
            "family", "provider", "external_id", name=op.f("uq_provider_events_family_provider_external_id")
        ),
    )
    op.create_index("ix_provider_events_due_at", EVENTS, ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"))
    undone = sa.text("state NOT IN ('DONE', 'IGNORED')")
    op.create_index("ix_provider_events_open", EVENTS, ["family", "state"], postgresql_where=undone)
    kept = sa.text("payload IS NOT NULL")
    op.create_index("ix_provider_events_ended_at", EVENTS, ["ended_at"], postgresql_where=kept)
    op.create_index("ix_provider_events_object", EVENTS, ["object_ref", "provider", "family"])


def downgrade() -> None:
    op.drop_table(EVENTS, if_exists=True)
