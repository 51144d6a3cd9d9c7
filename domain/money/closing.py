"""What is left of money when an account is erased."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.auth import read_one_time_token
from domain.errors import ApiError
from domain.money.amounts import Currency, Money
from domain.money.ledger import WalletName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.users import Principal
    from domain.wire import wallet as wire

PATIENCE = timedelta(days=30)
"""For so long an erasure waits for money that is on its way, or a dispute that is undecided."""
ERASED = "The account is erased."
"""Why a refund is asked for."""


@dataclass(frozen=True, slots=True)
class Left:
    """Amounts in minor units; ``earnings`` are a part of ``amount``. ``code``: whoever has it may claim that."""

    amount: int
    earnings: int
    currency: Currency
    code: UUID = field(repr=False)

    @property
    def told(self) -> str:
        """For a mail."""
        return self._told(self.amount)

    @property
    def told_earnings(self) -> str | None:
        """For the same mail: what only a creator can claim; None for nothing."""
        return self._told(self.earnings) if self.earnings else None

    def _told(self, amount: int) -> str:
        return f"{Money(amount)} {self.currency}"


def code_of(text: str) -> UUID:
    """Raises ApiError wallet.claim.not_found for what is no code."""
    code = read_one_time_token(text)
    if code is None:
        raise ApiError("wallet.claim.not_found")
    return code


def claimant_wallets(balances: Sequence[Any], principal: Principal) -> list[WalletName]:
    """To which the balances go, each to one of its type.

    Raises ApiError wallet.claim.not_found where there is none, and wallet.claim.not_creator for earnings that are
    claimed by who is no creator.
    """
    if not balances:
        raise ApiError("wallet.claim.not_found")
    if principal.creator_id is None and any(each.type == "CREATOR" for each in balances):
        raise ApiError("wallet.claim.not_creator")
    return [WalletName(principal.user_id, each.type, each.currency) for each in balances]


def claim_view(balances: Sequence[Any]) -> wire.WalletClaim:
    paid = {type_: sum(each.amount for each in balances if each.type == type_) for type_ in ("FAN", "CREATOR")}
    return {
        "balance": str(Money(paid["FAN"])),
        "earnings": str(Money(paid["CREATOR"])),
        "currency": balances[0].currency,
    }
