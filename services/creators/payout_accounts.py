"""Payout accounts of creators, between the providers that have them and the rows that say how they are."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from domain import topics
from domain.config_keys import Config
from domain.creators.bank import PLATFORM_ACCOUNT, held_until
from domain.creators.payout_account import (
    LIVE_SECONDS,
    REFRESH_URL,
    RETURN_URL,
    SIGN_IN_LIFE,
    STATE_BYTES,
    AccountLook,
    is_moved,
    require_own,
    settled,
    shadow,
    state_hash,
)
from domain.errors import ApiError
from domain.money.payouts import NewAccount
from domain.users import moment
from domain.webhooks import Hopeless
from persistence.models import PayoutAccount, ProviderEvent
from persistence.repositories import Repositories
from providers.families.money import PayoutFamily
from providers.ports import ProviderRejected, ProviderUnavailable
from services.money.payouts import PayoutEnds

RETRY_SECONDS = 5

log = structlog.get_logger(__name__)


class PayoutAccountDesk:
    """Also what is done with notices of accounts (``services.money.payout_notices.Kind``)."""

    def __init__(
        self, providers: PayoutFamily, config: Config, clock: Callable[[], datetime], payouts: PayoutEnds
    ) -> None:
        self._providers = providers
        self._config = config
        self._clock = clock
        self._payouts = payouts

    @property
    def provider(self) -> str | None:
        """The one at which accounts are opened now; None where that is nobody."""
        return self._providers.for_accounts

    async def open(self, account: PayoutAccount, email: str | None, country: str | None) -> AccountLook:
        """Let the provider open it; repeated, the same one. Raises ApiError service.unavailable."""
        at, new = self._clock(), NewAccount(account.id, email, country)
        return AccountLook(await self._asked(account, self._providers.open_account(account.provider, new)), at)

    async def onboarding_link(self, account: PayoutAccount) -> str:
        """Where its owner hands in what the provider asks for. Raises ApiError service.unavailable."""
        back, again = self._config[RETURN_URL], self._config[REFRESH_URL]
        asked = self._providers.onboarding_link(account.provider, account.ref or "", back, again)
        url: str = await self._asked(account, asked)
        return url

    def signs_in(self, account: PayoutAccount) -> bool:
        """Whether its owner signs in at the provider to show which one it is."""
        return self._providers.signs_in(account.provider)

    async def sign_in_link(self, db: Repositories, account: PayoutAccount, session_id: UUID) -> str:
        """Where its owner signs in, who is expected back in the same session. Raises ApiError service.unavailable."""
        state = secrets.token_urlsafe(STATE_BYTES)
        await db.payout_accounts.expect(account.id, session_id, state_hash(state), self._clock() + SIGN_IN_LIFE)
        try:
            return self._providers.sign_in_link(account.provider, state, self._config[RETURN_URL])
        except ProviderUnavailable as fault:
            raise self._unavailable(account, fault) from fault

    async def returned(self, db: Repositories, owner: UUID, session_id: UUID, state: str) -> PayoutAccount:
        """The account for which somebody signed in. The state is over with this unit, whatever comes of it.

        Raises ApiError creator.payout_account.sign_in_invalid.
        """
        await db.payout_accounts.hold_profile(owner)
        account = await db.payout_accounts.returned(owner, session_id, state_hash(state), self._clock())
        if account is None:
            raise ApiError("creator.payout_account.sign_in_invalid")
        return account

    async def signed_in(self, account: PayoutAccount, code: str) -> AccountLook:
        """Which account it is. Raises ApiError creator.payout_account.sign_in_invalid or unverified, or
        service.unavailable.
        """
        at = self._clock()
        try:
            state = await self._providers.signed_in(account.provider, code, self._config[RETURN_URL])
        except ProviderRejected as refusal:
            log.info("payout_account.rejected", provider=account.provider, reason=str(refusal))
            raise ApiError("creator.payout_account.sign_in_invalid") from refusal
        except ProviderUnavailable as fault:
            raise self._unavailable(account, fault) from fault
        if state.status != "ACTIVE":
            raise ApiError("creator.payout_account.unverified")
        return AccountLook(state, at)

    async def identify(self, db: Repositories, account: PayoutAccount, found: AccountLook, actor: UUID) -> None:
        """Make the account the one that was signed in with, and tell the owner. If it is that one already, the owner is
        not told, and it stays held for as long as it was. Raises ApiError creator.payout_account.other_account, or
        sign_in_invalid if it was closed meanwhile.
        """
        ref, now = found.state.ref, self._clock()
        await db.payout_accounts.hold_profile(account.user_id)
        await db.payout_accounts.take_turn(account.provider, ref)
        held: Any = await db.payout_accounts.get(account.id)
        require_own(held, ref, await db.payout_accounts.find(account.provider, ref))
        if held.ref != ref:
            until = held_until(now, self._config)
            identified = await db.payout_accounts.identify(held.id, ref, until)
            if identified is None:  # closed since the call began
                raise ApiError("creator.payout_account.sign_in_invalid")
            await self._tell(db, identified, now, until, actor)
        # As of now: a look at the account while it was nobody's may be newer than the answer to the sign-in.
        await self.settle(db, held, AccountLook(found.state, now))

    async def dashboard_link(self, account: PayoutAccount) -> str | None:
        """Where its owner sees it; None where the provider has no such page. Raises ApiError service.unavailable."""
        asked = self._providers.dashboard_link(account.provider, account.ref or "")
        url: str | None = await self._asked(account, asked)
        return url

    async def live(self, account: PayoutAccount) -> AccountLook | None:
        """How it is now; None where the provider does not say so within seconds."""
        try:
            async with asyncio.timeout(LIVE_SECONDS):
                return await self.look(account.provider, account.ref or "")
        except (TimeoutError, ProviderUnavailable, Hopeless) as fault:
            log.info("payout_account.put_off", provider=account.provider, fault=str(fault) or type(fault).__name__)
            return None

    async def knows(self, db: Repositories, provider: str, ref: str) -> bool:
        return await db.payout_accounts.find(provider, ref) is not None

    async def look(self, provider: str, ref: str) -> AccountLook:
        at = self._clock()
        try:
            return AccountLook(await self._providers.account(provider, ref), at)
        except ProviderRejected as refusal:
            raise Hopeless(str(refusal)) from refusal

    async def write(self, db: Repositories, event: ProviderEvent, found: AccountLook) -> None:
        account = await db.payout_accounts.find(event.provider, event.object_ref or "")
        if account is not None:
            await self.settle(db, account, found)

    async def connect(self, db: Repositories, account: PayoutAccount, found: AccountLook, actor: UUID | None) -> None:
        """Make what the provider opened the creator's account, and tell the owner. Once: a repetition changes nothing.

        Nothing is paid out to it for a while: whoever got into an account of ours is noticed by then.
        """
        now = self._clock()
        until = held_until(now, self._config)
        await db.payout_accounts.hold_profile(account.user_id)
        bound = await db.payout_accounts.bind(account, found.state.ref, until)
        if bound is None:
            return
        await self.settle(db, bound, found)
        if not self.signs_in(bound):  # until then it is nobody's
            await self._tell(db, bound, now, until, actor)

    async def _tell(
        self, db: Repositories, account: PayoutAccount, now: datetime, until: datetime, actor: UUID | None
    ) -> None:
        told: dict[str, Any] = {"provider": account.provider, "account": str(account.id)}
        await db.audit.record("creator.payout_account.connected", actor=actor, target=account.user_id, **told)
        await db.outbox.add(topics.PayoutAccountConnected(account.user_id, moment(now), moment(until)))

    async def settle(self, db: Repositories, account: PayoutAccount, found: AccountLook) -> None:
        """Make the account, and the profile that shows it, what the provider says. An older look changes nothing."""
        profile = await db.payout_accounts.hold_profile(account.user_id)
        held = await db.payout_accounts.get(account.id)
        if held is None or held.closed_at is not None or held.ref != found.state.ref:
            return
        if held.looked_at is not None and held.looked_at > found.at:
            return
        columns, until = settled(found), held_until(self._clock(), self._config) if is_moved(held, found) else None
        kept = {"destination": found.state.destination or held.destination, "held_until": until or held.held_until}
        await db.payout_accounts.settle(held.id, {**columns, **kept})
        if profile is not None:
            shown = shadow(held.ref, columns)
            if any(getattr(profile, name) != value for name, value in shown.items()):
                await db.creator_modes.change(profile.id, shown)
        if held.status != found.state.status:
            told: dict[str, Any] = {"provider": held.provider, "account": str(held.id), "status": found.state.status}
            await db.audit.record("creator.payout_account.changed", target=held.user_id, **told)
        if until is not None:
            await self._move(db, held, until)

    async def _move(self, db: Repositories, account: PayoutAccount, until: datetime) -> None:
        """The money would go to another bank account than it did: as after a change of bank details, that waits.

        Whoever got into the owner's account at the provider is noticed by then.
        """
        told: dict[str, Any] = {"provider": account.provider, "account": str(account.id)}
        await db.audit.record("creator.payout_account.destination_changed", target=account.user_id, **told)
        mail = topics.PayoutDestinationChanged(account.user_id, moment(self._clock()), moment(until))
        await db.outbox.add(mail)
        await self._payouts.cancel_open(db, account.user_id, PLATFORM_ACCOUNT, "BANK_DETAILS")

    def failed(self, account: PayoutAccount, error: Exception) -> None:
        """What concerns this account alone."""
        log.error("payout_account.failed", provider=account.provider, account=str(account.id), exc_info=error)

    async def _asked(self, account: PayoutAccount, answer: Awaitable[Any]) -> Any:
        try:
            return await answer
        except (ProviderRejected, ProviderUnavailable) as fault:
            raise self._unavailable(account, fault) from fault

    def _unavailable(self, account: PayoutAccount, fault: Exception) -> ApiError:
        log.warning("provider.unavailable", family="payout", provider=account.provider, fault=str(fault))
        return ApiError("service.unavailable", retry_after=RETRY_SECONDS)
