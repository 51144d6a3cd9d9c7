"""Subscribers of bio pages, and addresses that take no mail."""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

previous_release = "It knows neither table."

TIME = sa.DateTime(timezone=True)
SUBSCRIBERS = "bio_email_subscribers"


def upgrade() -> None:
    op.create_table(
        SUBSCRIBERS,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", TIME, server_default=sa.func.now(), nullable=False),
        sa.Column("page_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("subscribed_at", TIME, nullable=False),
        sa.Column("confirmed_at", TIME, nullable=True),
        sa.Column("unsubscribed_at", TIME, nullable=True),
        sa.Column("mailed_at", TIME, nullable=True),
        sa.Column("token_hash", sa.LargeBinary(), nullable=True),
        sa.Column("token_expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{SUBSCRIBERS}")),
        sa.UniqueConstraint("page_id", "email", name=op.f(f"uq_{SUBSCRIBERS}_page_id_email")),
        sa.UniqueConstraint("token_hash", name=op.f(f"uq_{SUBSCRIBERS}_token_hash")),
        sa.ForeignKeyConstraint(
            ["page_id"], ["bio_pages.id"], name=op.f(f"fk_{SUBSCRIBERS}_page_id"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f(f"ix_{SUBSCRIBERS}_email"), SUBSCRIBERS, ["email"])
    op.create_index(
        f"ix_{SUBSCRIBERS}_listed",
        SUBSCRIBERS,
        ["page_id", sa.text("subscribed_at DESC"), "id"],
        postgresql_where=sa.text("confirmed_at IS NOT NULL AND unsubscribed_at IS NULL"),
    )
    op.create_index(
        f"ix_{SUBSCRIBERS}_unconfirmed",
        SUBSCRIBERS,
        ["token_expires_at"],
        postgresql_where=sa.text("confirmed_at IS NULL AND unsubscribed_at IS NULL"),
    )
    op.create_index(
        f"ix_{SUBSCRIBERS}_unsubscribed",
        SUBSCRIBERS,
        ["unsubscribed_at"],
        postgresql_where=sa.text("unsubscribed_at IS NOT NULL"),
    )
    op.create_table(
        "mail_suppressions",
        sa.Column("address_hash", sa.LargeBinary(), nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name=op.f("pk_mail_suppressions")),
    )
    op.create_index(op.f("ix_mail_suppressions_ends_at"), "mail_suppressions", ["ends_at"])


def downgrade() -> None:
    op.drop_table("mail_suppressions")
    op.drop_table(SUBSCRIBERS)
