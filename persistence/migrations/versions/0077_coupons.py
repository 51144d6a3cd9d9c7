"""Coupons, and who reserved and used them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0077"
down_revision = "0076"
branch_labels = None
depends_on = None

previous_release = "It knows nothing of coupons: the prices that it holds have none."

TIME = sa.DateTime(timezone=True)
NOW = sa.func.now()
NEWEST = (sa.text("created_at DESC"), sa.text("id DESC"))
RESERVED = sa.text("status = 'RESERVED'")
COUNTED = sa.text("status IN ('RESERVED', 'USED')")


def column(name: str, kind: Any, default: Any = None, *, null: bool = False) -> sa.Column[object]:
    return sa.Column(name, kind, server_default=default, nullable=null)


def number(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def refers(table: str, name: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([name], [target], name=op.f(f"fk_{table}_{name}"))


def upgrade() -> None:
    op.create_table(
        "coupons",
        column("id", sa.Uuid()),
        column("created_at", TIME, NOW),
        column("code", sa.Text()),
        column("type", sa.Text()),
        column("value", sa.Integer()),
        column("applies_to", sa.Text()),
        column("min_purchase", sa.BigInteger(), sa.text("0")),
        column("max_discount", sa.BigInteger(), null=True),
        column("starts_at", TIME, null=True),
        column("ends_at", TIME, null=True),
        column("max_uses", sa.Integer(), null=True),
        column("max_uses_per_user", sa.Integer(), null=True),
        column("active", sa.Boolean(), sa.true()),
        column("version", sa.Integer(), sa.text("1")),
        sa.PrimaryKeyConstraint("id", name="pk_coupons"),
        sa.UniqueConstraint("code", name=op.f("uq_coupons_code")),
        check("coupons", "type", "type IN ('PERCENT', 'FIXED')"),
        check("coupons", "applies_to", "applies_to IN ('MESSAGE', 'LOAD', 'BOTH')"),
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
        sa.PrimaryKeyConstraint("id", name="pk_coupon_usages"),
        refers("coupon_usages", "coupon_id", "coupons.id"),
        refers("coupon_usages", "user_id", "users.id"),
        check("coupon_usages", "applies_to", "applies_to IN ('MESSAGE', 'LOAD')"),
        check("coupon_usages", "status", "status IN ('RESERVED', 'USED', 'RELEASED', 'EXPIRED')"),
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
