"""Money as staff sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain.money.amounts import Money
from domain.presenting import presented
from domain.wire import admin as wire


def transfer_view(row: Any, entries: Sequence[Any]) -> wire.LedgerTransfer:
    told = [_entry(entry) for entry in entries]
    return presented(wire.LedgerTransfer, row, referenceType=row.about, referenceId=row.about_id, entries=told)


def _entry(row: Any) -> wire.LedgerEntry:
    """Accounts of the platform store no balance."""
    after = row.balance_after
    before = None if after is None else str(Money(after - row.amount))
    return presented(
        wire.LedgerEntry,
        row,
        amount=str(Money(row.amount)),
        before=before,
        after=None if after is None else str(Money(after)),
    )


def account_view(row: Any, balance: int, entries: int) -> wire.LedgerAccount:
    return presented(wire.LedgerAccount, row, balance=str(Money(balance)), entries=entries)


def balances_view(rows: Sequence[Any]) -> wire.LedgerBalances:
    return {"items": [presented(wire.LedgerBalance, row, balance=str(Money(row.balance))) for row in rows]}


def wallet_view(row: Any, reasons: Sequence[Any]) -> wire.Wallet:
    """``reasons``: why it is frozen. A former release tells the wallet's own alone, and ends them there."""
    told = [] if row.frozen_for is None else [presented(wire.WalletFreeze, each) for each in reasons or [row]]
    return presented(wire.Wallet, row, balance=str(Money(row.balance)), lines=row.shown, freezes=told)


def adjustment_view(row: Any) -> wire.Adjustment:
    return presented(wire.Adjustment, row, amount=str(Money(row.amount)))


def reconciliation_view(row: Any) -> wire.Reconciliation:
    return presented(wire.Reconciliation, row)


def finding_view(row: Any) -> wire.LedgerFinding:
    return presented(wire.LedgerFinding, row)


def wallet_in_full(row: Any, reasons: Sequence[Any], accounts: Sequence[Any]) -> wire.WalletInFull:
    told = [presented(wire.WalletAccount, account, balance=str(Money(account.balance))) for account in accounts]
    return {"wallet": wallet_view(row, reasons), "accounts": told}
