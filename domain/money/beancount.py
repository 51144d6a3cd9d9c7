"""The books as beancount reads them: a program of others, which adds up by itself whatever it is given.

What is credit here is negative there.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from domain.money.amounts import Currency, Money
from domain.money.books import AccountBalance, WrittenTransfer

# Income and liabilities are what we owe or earned (credit), assets and expenses what we have or spent (debit).
NAMES: Mapping[str, str] = {
    "fan": "Liabilities:Wallets:{wallet}:Fan",
    "fan_promo": "Liabilities:Wallets:{wallet}:Promo",
    "creator": "Liabilities:Wallets:{wallet}:Creator",
    "debt": "Assets:Wallets:{wallet}:Debt",
    "escrow": "Liabilities:Escrow",
    "payout_reserved": "Liabilities:Payouts:Reserved",
    "payout_transit": "Liabilities:Payouts:Transit",
    "refund_transit": "Liabilities:Refunds:Transit",
    "clearing": "Assets:Clearing:{provider}",
    "rail": "Assets:Rails:{provider}",
    "bank": "Assets:Bank",
    "suspense": "Liabilities:Suspense:{provider}",
    "unclaimed": "Liabilities:Unclaimed",
    "commission": "Income:Commission",
    "processing_fees": "Expenses:ProcessingFees",
    "promo_expense": "Expenses:Promotions",
    "dispute_loss": "Expenses:DisputeLosses",
    "goodwill": "Expenses:Goodwill",
}
# An account is open from its first transfer on; which one that is, is not known when the file begins.
OPENED = date(2026, 1, 1)
PLAIN = re.compile(r"[a-z][a-z0-9-]*")
ESCAPED = str.maketrans(
    {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f", "\b": "\\b"}
)  # fmt: skip


def name_of(code: str, wallet_id: UUID | None) -> str:
    """As beancount takes it: each part begins with a capital or a digit. Two accounts never have one name."""
    form, _, provider = code.partition(":")
    return NAMES[form].format(wallet=str(wallet_id).upper(), provider=_part(provider))


def opening(account: AccountBalance) -> str:
    return f"{OPENED} open {name_of(account.code, account.wallet_id)} {account.currency}\n"


def entry(transfer: WrittenTransfer) -> str:
    """A transaction with the transfer's key."""
    about = f"{transfer.about} {transfer.about_id}".rstrip()
    lines = [f"{_day(transfer.created_at)} * {_text(transfer.kind)} {_text(about)}"]
    told = {"key": transfer.key, "id": transfer.id, "resolves": transfer.resolves, "actor": transfer.actor_id}
    lines += [f"  {word}: {_text(str(value))}" for word, value in told.items() if value is not None]
    for leg in transfer.legs:
        amount = Money(-leg.amount, transfer.currency)
        lines.append(f"  {name_of(leg.code, leg.wallet_id)}  {amount} {amount.currency}")
    return "\n".join((*lines, "", ""))


def assertion(account: AccountBalance, after: datetime) -> str:
    """What the account must have on the day after: beancount refuses the file if it adds up to anything else."""
    day, name = _day(after) + timedelta(days=1), name_of(account.code, account.wallet_id)
    return f"{day} balance {name}  {Money(-account.balance, account.currency)} ~ 0.00 {account.currency}\n"


def heading(currencies: Iterable[Currency]) -> str:
    lines = ['option "title" "BIO.RE"', *(f'option "operating_currency" "{each}"' for each in currencies)]
    return "\n".join((*lines, "", ""))


def _part(provider: str) -> str:
    """Other names than plain ones are written in hexadecimal digits, behind a zero with which no plain one begins."""
    return provider.capitalize() if PLAIN.fullmatch(provider) else f"0{provider.encode().hex().upper()}"


def _text(value: str) -> str:
    return f'"{value.translate(ESCAPED)}"'


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
