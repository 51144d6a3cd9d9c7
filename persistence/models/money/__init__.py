"""Rows of money."""

from persistence.models.money.adjustments import Adjustment
from persistence.models.money.bank import BankDetail
from persistence.models.money.closing import UnclaimedBalance
from persistence.models.money.coupons import Coupon, CouponUsage
from persistence.models.money.escrows import Escrow, PromoGrant, PromoSpend
from persistence.models.money.ledger import (
    LedgerAccount,
    LedgerCheckpoint,
    LedgerEntry,
    LedgerTransfer,
    Wallet,
    WalletActivity,
    WalletFreeze,
)
from persistence.models.money.movements import ProviderDay, ProviderMovement
from persistence.models.money.payments import Payment, PaymentDispute, Refund
from persistence.models.money.payouts import Payout, PayoutAccount, PayoutAttempt, PayoutBatch
from persistence.models.money.reconciliation import LedgerFinding, LedgerReconciliation
from persistence.models.money.sandbox import SandboxMovement, SandboxPayment, SandboxRefund
from persistence.models.money.sandbox_payouts import SandboxPayout, SandboxPayoutAccount
from persistence.models.money.strays import Stray
from persistence.models.money.tax import TaxForm

__all__ = [
    "Adjustment",
    "BankDetail",
    "Coupon",
    "CouponUsage",
    "Escrow",
    "LedgerAccount",
    "LedgerCheckpoint",
    "LedgerEntry",
    "LedgerFinding",
    "LedgerReconciliation",
    "LedgerTransfer",
    "Payment",
    "PaymentDispute",
    "Payout",
    "PayoutAccount",
    "PayoutAttempt",
    "PayoutBatch",
    "PromoGrant",
    "PromoSpend",
    "ProviderDay",
    "ProviderMovement",
    "Refund",
    "SandboxMovement",
    "SandboxPayment",
    "SandboxPayout",
    "SandboxPayoutAccount",
    "SandboxRefund",
    "Stray",
    "TaxForm",
    "UnclaimedBalance",
    "Wallet",
    "WalletActivity",
    "WalletFreeze",
]
