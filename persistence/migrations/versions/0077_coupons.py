"""Coupons, and who reserved and used them."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.tables import (
    NEWEST,
    NOW,
    TIME,
    ZERO,
    check,
    column,
    number,
    one_of,
    primary,
    refers,
    unique,
)

revision = "0077"
down_revision = "0076"
branch_labels = None
depends_on = None

previous_release = "It knows nothing of coupons: the prices that it holds have none."

RESERVED = sa.text("status = 'RESERVED'")
COUNTED = sa.text("status IN ('RESERVED', 'USED')")


def upgrade() -> None:
    op.create_table(
        "coupons",
        column("id", sa.Uuid()),
        column("created_at", TIME, NOW),
        column("code", sa.Text()),
        column("type", sa.Text()),
        column("value", sa.Integer()),
        column("applies_to", sa.Text()),
        number("min_purchase", ZERO),
        number("max_discount", null=True),
        column("starts_at", TIME, null=True),
        column("ends_at", TIME, null=True),
        column("max_uses", sa.Integer(), null=True),
        column("max_uses_per_user", sa.Integer(), null=True),
        column("active", sa.Boolean(), sa.true()),
        column("version", sa.Integer(), sa.text("1")),
        primary("coupons", "id"),
        unique("coupons", "code"),
        one_of("coupons", "type", "PERCENT", "FIXED"),
        one_of("coupons", "applies_to", "MESSAGE", "LOAD", "BOTH"),
        check("coupons", "value", "value > 0 AND (type <> 'PERCENT' OR value <= 10000)"),
        check("coupons", "amounts", "min_purchase >= 0 AND max_discount > 0"),
        check("coupons", "limits", "max_uses > 0 AND max_uses_per_user > 0"),
        check("coupons", "window", "ends_at > starts_at"),
    )
    op.create_index("ix_coupons_newest", "coupons", [*NEWEST])
    op.create_index("ix_coupons_active", "coupons", ["active", *NEWEST])
    op.create_table(
        "coupon_usages",
        column("id", sa.Uuid()),
        column("created_at", TIME, NOW),
        column("coupon_id", sa.Uuid()),
        column("user_id", sa.Uuid()),
        column("applies_to", sa.Text()),
        number("amount"),
        number("discount"),
        column("status", sa.Text(), "RESERVED"),
        column("expires_at", TIME),
        column("settled_at", TIME, null=True),
        primary("coupon_usages", "id"),
        refers("coupon_usages", "coupon_id", "coupons.id"),
        refers("coupon_usages", "user_id", "users.id"),
        one_of("coupon_usages", "applies_to", "MESSAGE", "LOAD"),
        one_of("coupon_usages", "status", "RESERVED", "USED", "RELEASED", "EXPIRED"),
        check("coupon_usages", "amounts", "amount > 0 AND discount BETWEEN 0 AND amount"),
        check("coupon_usages", "settled_at", "(status = 'RESERVED') = (settled_at IS NULL)"),
    )
    op.create_index(
        "uq_coupon_usages_reserved", "coupon_usages", ["coupon_id", "user_id"], unique=True, postgresql_where=RESERVED
    )
    op.create_index("ix_coupon_usages_counted", "coupon_usages", ["coupon_id", "user_id"], postgresql_where=COUNTED)
    op.create_index("ix_coupon_usages_due", "coupon_usages", ["expires_at", "id"], postgresql_where=RESERVED)
    op.create_index("ix_coupon_usages_user_id", "coupon_usages", ["user_id"])
    op.add_column("escrows", column("coupon_usage_id", sa.Uuid(), null=True))
    op.create_foreign_key(op.f("fk_escrows_coupon_usage_id"), "escrows", "coupon_usages", ["coupon_usage_id"], ["id"])
    op.create_check_constraint(op.f("ck_escrows_coupon"), "escrows", "coupon = 0 OR coupon_usage_id IS NOT NULL")


def downgrade() -> None:
    op.drop_constraint("ck_escrows_coupon", "escrows")
    op.drop_column("escrows", "coupon_usage_id")
    for table in ("coupon_usages", "coupons"):
        op.drop_table(table)
