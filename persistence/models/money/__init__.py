"""Rows of money."""

from persistence.models.money.ledger import (
    LedgerAccount,
    LedgerEntry,
    LedgerTransfer,
    Wallet,
    WalletActivity,
)

__all__ = ["LedgerAccount", "LedgerEntry", "LedgerTransfer", "Wallet", "WalletActivity"]
