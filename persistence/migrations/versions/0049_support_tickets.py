"""Tickets of support, their messages, notes and categories."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

previous_release = "It knows no tickets."

NEWEST = [sa.text("created_at DESC"), sa.text("id DESC")]
PRIORITIES = "priority IN ('LOW', 'MEDIUM', 'HIGH', 'URGENT')"
STATUSES = "'OPEN', 'ASSIGNED', 'IN_PROGRESS', 'WAITING_USER', 'WAITING_INTERNAL', 'RESOLVED', 'CLOSED'"
WAITING = sa.text("waiting_since IS NOT NULL")


def _text(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _id(name: str, *constraints: sa.ForeignKey, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), *constraints, nullable=nullable)


def _time(name: str, *, now: bool = False) -> sa.Column[object]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()") if now else None, nullable=not now
    )


def upgrade() -> None:
    op.create_table(
        "ticket_categories",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _text("name"),
        _text("description", nullable=True),
        _text("priority", nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("sort_order", sa.Integer(), nullable=False),
        _time("created_at", now=True),
        sa.CheckConstraint(PRIORITIES, name="ck_ticket_categories_priority"),
    )
    op.create_table(
        "ticket_category_lists",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_table(
        "tickets",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _id("user_id", sa.ForeignKey("users.id", name="fk_tickets_user_id", ondelete="CASCADE")),
        _id("category_id", sa.ForeignKey("ticket_categories.id", name="fk_tickets_category_id"), nullable=True),
        _text("subject"),
        sa.Column("status", sa.Text(), server_default="OPEN", nullable=False),
        _text("priority"),
        _id("assigned_to", nullable=True),
        _time("waiting_since"),
        _time("resolved_at"),
        _time("closed_at"),
        _time("updated_at", now=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        _time("created_at", now=True),
        sa.CheckConstraint(f"status IN ({STATUSES})", name="ck_tickets_status"),
        sa.CheckConstraint(PRIORITIES, name="ck_tickets_priority"),
    )
    op.create_index("ix_tickets_owner", "tickets", ["user_id", sa.text("updated_at DESC"), sa.text("id DESC")])
    op.create_index(
        "ix_tickets_open", "tickets", ["user_id"], postgresql_where=sa.text("status NOT IN ('RESOLVED', 'CLOSED')")
    )
    op.create_index("ix_tickets_resolved", "tickets", ["resolved_at"], postgresql_where=sa.text("status = 'RESOLVED'"))
    op.create_index("ix_tickets_newest", "tickets", NEWEST)
    op.create_index("ix_tickets_waiting", "tickets", ["waiting_since", "id"], postgresql_where=WAITING)
    for column, name in (
        ("status", "status"),
        ("priority", "priority"),
        ("category_id", "category"),
        ("assigned_to", "assigned_to"),
    ):
        op.create_index(f"ix_tickets_{name}", "tickets", [column, *NEWEST])
        waiting = [column, "waiting_since", "id"]
        op.create_index(f"ix_tickets_{name}_waiting", "tickets", waiting, postgresql_where=WAITING)
    op.create_index("ix_tickets_nobodys", "tickets", NEWEST, postgresql_where=sa.text("assigned_to IS NULL"))
    op.create_index(
        "ix_tickets_nobodys_waiting",
        "tickets",
        ["waiting_since", "id"],
        postgresql_where=sa.text("assigned_to IS NULL AND waiting_since IS NOT NULL"),
    )
    op.create_table(
        "ticket_messages",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _id("ticket_id", sa.ForeignKey("tickets.id", name="fk_ticket_messages_ticket_id", ondelete="CASCADE")),
        _text("author_type"),
        _id("author_id", nullable=True),
        _text("content"),
        _time("created_at", now=True),
        sa.CheckConstraint("author_type IN ('USER', 'AGENT', 'SYSTEM')", name="ck_ticket_messages_author_type"),
    )
    op.create_index("ix_ticket_messages_newest", "ticket_messages", ["ticket_id", *NEWEST])
    op.create_table(
        "ticket_notes",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _id("ticket_id", sa.ForeignKey("tickets.id", name="fk_ticket_notes_ticket_id", ondelete="CASCADE")),
        _id("author_id"),
        _text("content"),
        _time("created_at", now=True),
    )
    op.create_index("ix_ticket_notes_newest", "ticket_notes", ["ticket_id", *NEWEST])


def downgrade() -> None:
    for table in ("ticket_notes", "ticket_messages", "tickets", "ticket_category_lists", "ticket_categories"):
        op.drop_table(table)
