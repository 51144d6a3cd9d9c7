"""Corrections of balances: what another person of the staff has approved is posted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.errors import transition_invalid
from domain.money import flows
from domain.money.adjustments import DEBT, GOODWILL, require_due
from domain.money.escrows import spent_of
from domain.money.ledger import Account, InsufficientBalance, WalletName, platform
from domain.money.payments import reference_of
from services.money.credits import credit

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from persistence.models import Adjustment, Stray, Wallet
    from persistence.repositories import Repositories


class AdjustmentService:
    """Works inside the caller's unit of work."""

    async def post(self, db: Repositories, request: Adjustment, wallet: Wallet, now: datetime) -> None:
        """Raises InsufficientBalance where whichever account gives has less; the unit can only end then.

        Raises ApiError admin.transition_invalid where the wallet was closed since it was asked for. Of debt that is
        given up, raises ApiError admin.wallet.insufficient and admin.debt.too_early: it may be paid by now, or another.
        """
        name = WalletName(wallet.user_id, wallet.type, wallet.currency)  # type: ignore[arg-type]
        if request.account == DEBT:
            await self._give_up(db, request, name, now)
            return
        contra = Account(request.contra, currency=name.currency)
        if request.contra != GOODWILL and request.amount > 0:
            await self._require_held(db, contra, request.amount)
        if (await db.ledger.hold(name))[name.id].closed_at is not None and request.amount > 0:
            raise transition_invalid("CLOSED", "ADJUSTED")
        if request.account == "fan_promo":
            await self._give_or_take(db, request, name)
        posted = flows.adjusted(name, request.id, request.account, request.amount, contra, request.requested_by)
        await db.ledger.post(posted)

    async def _give_up(self, db: Repositories, request: Adjustment, wallet: WalletName, now: datetime) -> None:
        """That of a closed wallet, too."""
        await db.ledger.hold(wallet)
        require_due(await db.debts.of(wallet.id), request.amount, now)
        await db.ledger.post(flows.debt_written_off(wallet, request.id, request.amount, request.requested_by))

    async def require_there(self, db: Repositories, stray: Stray) -> None:
        """Money that is to go back to who paid. Raises InsufficientBalance where corrections took it before.

        Whoever holds a wallet, too, holds it after this.
        """
        await self._require_held(db, platform("suspense", stray.provider), stray.amount)

    async def credit_stray(self, db: Repositories, stray: Stray, wallet: WalletName, actor: UUID) -> None:
        """Money that fits nothing is this wallet's: ``require_there`` was asked before."""
        given = flows.stray_credited(wallet, stray.provider, reference_of(stray), stray.amount, actor)
        await credit(db, wallet, given)

    async def _require_held(self, db: Repositories, contra: Account, amount: int) -> None:
        """Money that fits nothing is given once. Nobody else's approval takes of it until the unit ends."""
        await db.ledger_desk.take_turns(contra.id)
        held = await db.tallies.balance(contra) - await db.strays.leaving(contra.code.partition(":")[2])
        if held < amount:
            raise InsufficientBalance(f"{contra.code}: {amount} of {held}")

    async def _give_or_take(self, db: Repositories, request: Adjustment, wallet: WalletName) -> None:
        """What gifts have left is what their account holds. A gift of goodwill has no end; the soonest to expire go."""
        if request.amount > 0:
            await db.gifts.give(wallet, "GOODWILL", request.id, request.amount, None)
            return
        if (await db.ledger.balances(wallet)).promo < -request.amount:
            raise InsufficientBalance(f"{request.id}: {-request.amount} of gifts")
        await db.gifts.take(spent_of(-request.amount, await db.gifts.open(wallet)))
