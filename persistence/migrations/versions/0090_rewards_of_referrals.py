"""Rewards of referrals: whom they are for, by which payment, and what becomes of them."""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.beside import build_index
from persistence.migrations.tables import TIME, column

revision = "0090"
down_revision = "0089"
branch_labels = None
depends_on = None

previous_release = (
    "It makes no rewards, as none before it did: the table is empty. Beside this release it shows those that are held "
    "as if they were paid."
)

REWARDS = "referral_rewards"
CHECKS = {
    "state": "state IN ('HELD', 'PAID', 'VOID', 'CLAWED_BACK')",
    "why": "why IN ('SAME_DOCUMENT', 'SAME_DEVICE', 'SAME_NETWORK', 'PAYMENT_TAKEN_BACK', 'REFERRER_NOT_ACTIVE', "
    "'REFEREE_NOT_ACTIVE', 'DAILY_LIMIT', 'REFERRER_LIMIT')",
    "paid": "(state IN ('PAID', 'CLAWED_BACK')) = (paid_at IS NOT NULL)",
    "ended": "(state IN ('VOID', 'CLAWED_BACK')) = (ended_at IS NOT NULL)",
    "void": "(state = 'VOID') = (why IS NOT NULL)",
    "clawed_back": "(state = 'CLAWED_BACK') = clawed_back",
    "two": "user_id <> referee_id",
}


def upgrade() -> None:
    for added in (
        column("referee_id", sa.Uuid()),
        column("payment_id", sa.Uuid()),
        column("state", sa.Text(), "HELD"),
        column("why", sa.Text(), null=True),
        column("held_until", TIME),
        *(column(name, TIME, null=True) for name in ("due_at", "paid_at", "ended_at")),
    ):
        op.add_column(REWARDS, added, if_not_exists=True)
    build_index("ix_referral_rewards_payment", REWARDS, ["payment_id"])
    build_index("ix_referral_rewards_due_at", REWARDS, ["due_at", "id"], where="due_at IS NOT NULL")
    build_index("ix_referral_rewards_paid_at", REWARDS, ["paid_at"], where="paid_at IS NOT NULL")
    op.create_foreign_key(op.f("fk_referral_rewards_referee_id"), REWARDS, "users", ["referee_id"], ["id"])
    op.create_foreign_key(op.f("fk_referral_rewards_payment_id"), REWARDS, "payments", ["payment_id"], ["id"])
    op.create_unique_constraint(
        op.f("uq_referral_rewards_referee_id_trigger_type"), REWARDS, ["referee_id", "trigger_type"]
    )
    for name, condition in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_referral_rewards_{name}"), REWARDS, condition)


def downgrade() -> None:
    for name in ("ended_at", "paid_at", "due_at", "held_until", "why", "state", "payment_id", "referee_id"):
        op.drop_column(REWARDS, name)
