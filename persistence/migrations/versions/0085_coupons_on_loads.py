"""The reservation of a coupon that a payment has."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.beside import build_index
from persistence.migrations.tables import column

revision = "0085"
down_revision = "0084"
branch_labels = None
depends_on = None

previous_release = (
    "It begins payments without coupons, and credits one that has a coupon without it: the reservation runs out."
)


def upgrade() -> None:
    op.add_column("payments", column("coupon_usage_id", sa.Uuid(), null=True), if_not_exists=True)
    build_index(
        "uq_payments_coupon_usage", "payments", ["coupon_usage_id"], where="coupon_usage_id IS NOT NULL", unique=True
    )
    op.create_foreign_key(op.f("fk_payments_coupon_usage_id"), "payments", "coupon_usages", ["coupon_usage_id"], ["id"])


def downgrade() -> None:
    op.drop_column("payments", "coupon_usage_id")
