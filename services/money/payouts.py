"""Payouts, from who asks for one until it is sent: what is known of them, and how they end before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import structlog

from domain import topics
from domain.creators.bank import BANK_TRANSFER, PLATFORM_ACCOUNT, UNREADABLE, VERIFIED
from domain.errors import ApiError
from domain.money import flows
from domain.money.amounts import MINOR, Money
from domain.money.ledger import WalletName
from domain.money.payout_rules import BARRED, CLEARING_DAYS, MOST, Destination, Facts, judge, next_at, require
from domain.money.payouts import UNSENT, NewPayout, Target, automatic_id, destination_of, week_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from domain.config_keys import Config
    from domain.money.payout_rules import Purse
    from domain.money.payouts import Method, News, Status, Why
    from persistence.models import Payout
    from persistence.repositories import Repositories
    from providers.families.money import PayoutFamily
    from services.money.vault import Vault

log = structlog.get_logger(__name__)


class Examined(NamedTuple):
    """``target``: where a new payout would go. None where that is nowhere, for which the facts are refused."""

    facts: Facts
    target: Target | None

    @property
    def chosen(self) -> Target:
        """Raises ApiError payment.payout.error.method_not_ready."""
        if self.target is None:
            raise ApiError("payment.payout.error.method_not_ready")
        return self.target


def wallet_of(user_id: UUID) -> WalletName:
    return WalletName(user_id, "CREATOR")


class PayoutEnds:
    """How payouts end that were not sent. Works inside the caller's unit of work."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    async def cancel_open(self, db: Repositories, user_id: UUID, method: Method | None, why: Why | None) -> None:
        """What was requested and not sent, of one method or of all: what it needed is no longer so.

        The caller has made it so in this unit, and holds the profile where a request could not see it. ``why``: None
        where nobody is there to be told.
        """
        for payout in await db.payouts.hold_unsent(user_id):
            if method in {None, payout.method}:
                await self.end(db, payout, "CANCELLED", None)
                if why is not None:
                    await self.tell(db, payout, "stopped", why)

    async def end(
        self, db: Repositories, payout: Payout, status: Status, by: UUID | None, statement: str | None = None
    ) -> bool:
        """Cancel or reject one that was not sent: its money is in the balance again. False where it was, or ended.

        ``statement``: what its owner is told. The payout is held.
        """
        ended = await db.payouts.end(payout.id, status, by, statement, self._clock())
        if ended is not None:
            undone = flows.payout_undone(wallet_of(payout.user_id), payout.id, payout.attempt, payout.amount)
            await db.ledger.post(undone)
        return ended is not None

    async def tell(self, db: Repositories, payout: Payout, news: News, why: Why | None = None) -> None:
        """Its owner, once for each ``news``. What staff stated stands in the payout."""
        told = {"payout": payout.id, "news": news, "why": why}
        await db.notifications.notify("payout_told", payout.user_id, told, f"payout:{payout.id}:{news}")


class PayoutService(PayoutEnds):
    """Works inside the caller's unit of work."""

    def __init__(self, providers: PayoutFamily, vault: Vault, config: Config, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self._providers = providers
        self._vault = vault
        self._config = config

    async def request(
        self,
        db: Repositories,
        payout_id: UUID,
        wallet: WalletName,
        method: Method | None,
        now: datetime,
        amount: int | None = None,
    ) -> Payout:
        """In the name of its creator, whose profile is held. ``amount`` None: all that is available, up to the most.

        Raises ApiError for the first condition that does not hold.
        """
        found = await self.examine(db, wallet.user_id, amount or 0, method)
        require(judge(found.facts, self._config, now))
        await db.payouts.hold_unsent(wallet.user_id)  # whoever ends one holds it before the wallet
        await db.ledger.hold(wallet)
        purse = await self.purse(db, wallet.user_id)
        if amount is None:
            amount = min(purse.available, self._config[MOST] * MINOR)
        facts = replace(found.facts, amount=amount).with_purse(purse)
        require(judge(facts, self._config, now))
        new = NewPayout(payout_id, wallet, amount, found.chosen)
        payout = await db.payouts.add(new, now, next_at(now, self._config))
        await db.ledger.post(flows.payout_requested(wallet, payout.id, payout.attempt, amount))
        await db.outbox.add(topics.ReviewPayout(payout.id))
        await self.tell(db, payout, "requested")
        owner = wallet.user_id
        told: dict[str, Any] = {"payout": str(payout.id), "amount": str(Money(amount)), "method": payout.method}
        await db.audit.record("payout.requested", actor=owner, target=owner, **told)
        return payout

    async def request_automatic(self, db: Repositories, user_id: UUID, now: datetime) -> bool:
        """Of all that is available, once a week. False where that was done, or its owner does not want it any more.

        What was requested in this week counts as done, also where the bank details are new since then.

        Raises ApiError for the first condition that does not hold.
        """
        since = week_of(now)
        await db.payouts.hold_owner(user_id)
        if not await db.bank_details.requested(user_id, since, now, None):
            return False
        payout_id = automatic_id(user_id, since)
        if await db.payouts.among([payout_id]):
            return False
        await self.request(db, payout_id, wallet_of(user_id), None, now)
        return True

    def failed(self, user_id: UUID, fault: Exception) -> None:
        """Of a weekly one, by no refusal."""
        log.error("payout.automatic_failed", user=str(user_id), exc_info=fault)

    async def examine(self, db: Repositories, user_id: UUID, amount: int, method: Method | None) -> Examined:
        """What is known of who asks, before the wallet is held. ``method`` None: the preferred one."""
        found = await db.payouts.standing(user_id)
        if found is None:
            return Examined(Facts(amount), None)
        if method is None and found.BankDetail is not None:
            method = found.BankDetail.preferred_method
        target, held_until = None, None
        if method == PLATFORM_ACCOUNT:
            target, held_until = self._account(found.PayoutAccount)
        elif method is not None:
            target, held_until = self._bank(found.BankDetail, found.TaxForm)
        destination = Destination(target is not None, held_until)
        return Examined(_facts(found, amount, method, destination, barred=found.status != "ACTIVE"), target)

    async def examine_again(self, db: Repositories, payout: Payout) -> Facts:
        """What is known of a payout by now, for whom ``judge_standing`` asks; with the money where it is held."""
        found = await db.payouts.standing(payout.user_id, payout.account_id)
        if found is None:
            return Facts(payout.amount, purse=await self.purse(db, payout.user_id, payout))
        row, is_known = found.BankDetail, self._is_there(payout.provider)
        if payout.method == PLATFORM_ACCOUNT:
            account = found.PayoutAccount
            ready = is_known and _can_be_paid(account) and not _has_moved(account, payout)
            until = None if account is None else account.held_until
        else:
            ready, until = is_known and _is_verified(row, payout), row and row.held_until
        purse = await self.purse(db, payout.user_id, payout)
        method: Any = payout.method
        barred = found.status in BARRED
        return _facts(found, payout.amount, method, Destination(ready, until), barred=barred).with_purse(purse)

    async def is_moved(self, db: Repositories, payout: Payout) -> bool:
        """Whether money would go elsewhere by now, so that it can never be made: it was under way at the change, and
        then certainly was not made.
        """
        found = await db.payouts.standing(payout.user_id, payout.account_id)
        if found is None:
            return False
        if payout.method == BANK_TRANSFER:
            return not _is_same(found.BankDetail, payout)
        return found.PayoutAccount is not None and _has_moved(found.PayoutAccount, payout)

    def _is_there(self, provider: str) -> bool:
        return self._providers.by_file(provider) or self._providers.source(provider) is not None

    async def purse(self, db: Repositories, user_id: UUID, payout: Payout | None = None) -> Purse:
        """What is known of the money of a creator; for a payout, as if that had not been requested.

        True until the unit ends where the wallet is held.
        """
        since = self._clock() - timedelta(days=self._config[CLEARING_DAYS])
        but = None if payout is None else payout.id
        purse = await db.payouts.purse(user_id, wallet_of(user_id).id, since, but)
        reserved = payout.amount if payout is not None and payout.status in UNSENT else 0
        return replace(purse, balance=purse.balance + reserved)

    def _account(self, account: Any) -> tuple[Target | None, datetime | None]:
        if not _can_be_paid(account) or self._providers.source(account.provider) is None:
            return None, None
        return Target(PLATFORM_ACCOUNT, account.provider, account.id), account.held_until

    def _bank(self, row: Any, form: Any) -> tuple[Target | None, datetime | None]:
        provider, bank = self._providers.for_banks, self._vault.bank_account(row)
        if provider is None or form is None or bank.state != VERIFIED:
            return None, None
        address = self._vault.tax_details(form)["address"]
        if address["line"] == UNREADABLE:
            return None, None
        details = bank.details.secret | {"bankCountry": bank.details.bank_country}
        sealed = self._vault.sealed_destination(destination_of(details, address))
        return Target(BANK_TRANSFER, provider, None, sealed, bank.details.last4), row.held_until


def _is_verified(row: Any, payout: Payout) -> bool:
    return bool(_is_same(row, payout) and row.state == VERIFIED)


def _is_same(row: Any, payout: Payout) -> bool:
    """The very details to which it was requested."""
    return bool(row is not None and row.changed_at <= payout.created_at and row.last4 == payout.destination_last4)


def _has_moved(account: Any, payout: Payout) -> bool:
    """Whether its bank account changed since the request: at that no hold was left, so that this one is of later."""
    return bool(account.held_until is not None and account.held_until > payout.created_at)


def _can_be_paid(account: Any) -> bool:
    if account is None or account.closed_at is not None or account.ref is None:
        return False
    return bool(account.status == "ACTIVE" and account.payouts_enabled)


def _facts(found: Any, amount: int, method: Method | None, destination: Destination, *, barred: bool) -> Facts:
    form = found.TaxForm
    return Facts(
        amount=amount,
        barred=barred,
        creator_status=found.creator_status,
        kyc_status=found.kyc_status,
        kyc_until=found.kyc_until,
        tax_approved=form is not None,
        tax_until=None if form is None else form.ends_at,
        method=method,
        destination=destination,
    )
