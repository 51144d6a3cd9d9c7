"""Providers at run time: versions of what is chosen, breakers of processes, outcomes by the hour."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

previous_release = "It chooses and sets providers without moving their versions, and tells no state of its breakers."


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "provider_families",
        _text("family"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("family", name=op.f("pk_provider_families")),
    )
    op.create_table(
        "provider_probes",
        _text("family"),
        _text("provider"),
        _time("passed_at"),
        sa.PrimaryKeyConstraint("family", "provider", name=op.f("pk_provider_probes")),
    )
    op.create_table(
        "provider_states",
        sa.Column("process", sa.Uuid(), nullable=False),
        _text("family"),
        _text("provider"),
        _text("host"),
        sa.Column("pid", sa.Integer(), nullable=False),
        _text("role"),
        _text("state"),
        _time("opened_at", nullable=True),
        _time("failed_at", nullable=True),
        _text("fault", nullable=True),
        _time("seen_at"),
        sa.PrimaryKeyConstraint("process", "family", "provider", name=op.f("pk_provider_states")),
    )
    op.create_index(op.f("ix_provider_states_seen_at"), "provider_states", ["seen_at"])
    op.create_table(
        "provider_outcomes",
        _time("hour"),
        _text("family"),
        _text("provider"),
        _text("outcome"),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("micros", sa.BigInteger(), nullable=False),
        sa.Column("slowest_micros", sa.BigInteger(), nullable=False),
        _time("last_at"),
        _text("fault", nullable=True),
        sa.PrimaryKeyConstraint("hour", "family", "provider", "outcome", name=op.f("pk_provider_outcomes")),
    )
    op.create_index(
        "ix_provider_outcomes_faults",
        "provider_outcomes",
        [sa.text("last_at DESC")],
        postgresql_where=sa.text("fault IS NOT NULL"),
    )
    op.add_column("oauth_providers", sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False))


def downgrade() -> None:
    op.drop_column("oauth_providers", "version")
    for table in ("provider_outcomes", "provider_states", "provider_probes", "provider_families"):
        op.drop_table(table)
