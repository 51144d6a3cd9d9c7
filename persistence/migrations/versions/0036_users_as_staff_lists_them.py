"""Indexes for each order and filter of the staff's list of accounts, notes about accounts, unlocked sign-ins."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.beside import build_index, drop_index

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

previous_release = (
    "It neither reads nor writes the table and the column; a sign-in that is unlocked stays locked on its nodes."
)

SIGNED_IN_AT = sa.text("coalesce(last_login_at, '1970-01-01 00:00:00+00'::timestamptz)")
EXCEPTIONAL, PROTECTED = "status <> 'ACTIVE'", "two_factor_enabled"
KNOWN_COUNTRY = "registration_country IS NOT NULL"
INDEXES = (
    ("ix_users_username_prefix", [sa.text("username text_pattern_ops")], None),
    ("ix_users_newest", ["created_at", "id"], None),
    ("ix_users_last_login", [SIGNED_IN_AT, "id"], None),
    ("ix_users_status_newest", ["status", "created_at", "id"], EXCEPTIONAL),
    ("ix_users_status_last_login", ["status", SIGNED_IN_AT, "id"], EXCEPTIONAL),
    ("ix_users_two_factor_newest", ["created_at", "id"], PROTECTED),
    ("ix_users_two_factor_last_login", [SIGNED_IN_AT, "id"], PROTECTED),
    ("ix_users_country_newest", ["registration_country", "created_at", "id"], KNOWN_COUNTRY),
    ("ix_users_country_last_login", ["registration_country", SIGNED_IN_AT, "id"], KNOWN_COUNTRY),
)


def upgrade() -> None:
    for name, columns, where in INDEXES:
        build_index(name, "users", columns, where)
    op.add_column("users", sa.Column("unlocked_at", sa.DateTime(timezone=True)))
    op.create_table(
        "user_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_user_notes"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_user_notes_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_user_notes_newest", "user_notes", ["user_id", "created_at", "id"])


def downgrade() -> None:
    op.drop_table("user_notes")
    op.drop_column("users", "unlocked_at")
    for name, _, _ in INDEXES:
        drop_index(name, "users")
