"""Prices of messages that wait for an answer, and gifts."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.tables import NEWEST, NOW, TIME, ZERO, check, column, number, one_of, primary, refers

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None

previous_release = "It knows nothing of money: the tables are new."

HELD = sa.text("status = 'HELD'")
LEFT = sa.text("remaining > 0")
OUTCOMES = ("REPLIED", "REJECTED", "EXPIRED", "REMOVED", "CREATOR_GONE", "DISPUTED")


def upgrade() -> None:
    op.create_table(
        "escrows",
        column("id", sa.Uuid()),
        column("created_at", TIME, NOW),
        column("message_id", sa.Uuid()),
        column("fan_id", sa.Uuid()),
        column("creator_user_id", sa.Uuid()),
        column("currency", sa.Text()),
        number("price"),
        number("promo"),
        number("paid"),
        number("coupon"),
        column("commission_bps", sa.SmallInteger()),
        column("status", sa.Text(), "HELD"),
        column("deadline", TIME),
        column("outcome", sa.Text(), null=True),
        column("settled_at", TIME, null=True),
        primary("escrows", "id"),
        refers("escrows", "fan_id", "users.id"),
        refers("escrows", "creator_user_id", "users.id"),
        one_of("escrows", "status", "HELD", "RELEASED", "REFUNDED"),
        one_of("escrows", "outcome", *OUTCOMES),
        check("escrows", "amounts", "price > 0 AND promo >= 0 AND paid >= 0 AND coupon >= 0"),
        check("escrows", "parts", "promo + paid + coupon = price"),
        check("escrows", "commission", "commission_bps BETWEEN 0 AND 10000"),
        check("escrows", "settled_at", "(status = 'HELD') = (settled_at IS NULL)"),
        check("escrows", "settled", "(status = 'HELD') = (outcome IS NULL)"),
        check("escrows", "released", "(status = 'RELEASED') = (outcome IS NOT DISTINCT FROM 'REPLIED')"),
        check("escrows", "two", "fan_id <> creator_user_id"),
    )
    op.create_index("uq_escrows_message", "escrows", ["message_id"], unique=True, postgresql_where=HELD)
    op.create_index("ix_escrows_due", "escrows", ["deadline", "id"], postgresql_where=HELD)
    op.create_index("ix_escrows_held_by", "escrows", ["fan_id", *NEWEST], postgresql_where=HELD)
    op.create_index("ix_escrows_fan", "escrows", ["fan_id", *NEWEST])
    op.create_index("ix_escrows_creator", "escrows", ["creator_user_id", *NEWEST])
    op.create_table(
        "promo_grants",
        column("id", sa.Uuid()),
        column("created_at", TIME, NOW),
        column("wallet_id", sa.Uuid()),
        column("source", sa.Text()),
        column("source_id", sa.Uuid()),
        number("amount"),
        number("remaining"),
        column("expires_at", TIME, null=True),
        column("ended", sa.SmallInteger(), ZERO),
        primary("promo_grants", "id"),
        refers("promo_grants", "wallet_id", "wallets.id"),
        one_of("promo_grants", "source", "REWARD", "COUPON", "GOODWILL"),
        check("promo_grants", "amounts", "amount > 0 AND remaining BETWEEN 0 AND amount"),
    )
    op.create_index("uq_promo_grants_source", "promo_grants", ["source", "source_id"], unique=True)
    op.create_index("ix_promo_grants_open", "promo_grants", ["wallet_id", "expires_at", "id"], postgresql_where=LEFT)
    op.create_index("ix_promo_grants_due", "promo_grants", ["expires_at", "id"], postgresql_where=LEFT)
    op.create_table(
        "promo_spends",
        column("escrow_id", sa.Uuid()),
        column("grant_id", sa.Uuid()),
        number("amount"),
        primary("promo_spends", "escrow_id", "grant_id"),
        refers("promo_spends", "escrow_id", "escrows.id"),
        refers("promo_spends", "grant_id", "promo_grants.id"),
        check("promo_spends", "amount", "amount > 0"),
    )
    op.create_index(op.f("ix_promo_spends_grant_id"), "promo_spends", ["grant_id"])


def downgrade() -> None:
    for table in ("promo_spends", "promo_grants", "escrows"):
        op.drop_table(table)
