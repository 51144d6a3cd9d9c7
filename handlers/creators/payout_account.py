"""The account at a payout provider that a creator is paid out to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.creators.payout_account import live_view, require_may_connect, stored_view
from domain.errors import ApiError

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from domain.wire import creators as wire
    from handlers.needs import Clock, PayoutAccounts, Principal, Repositories, UnitOfWork


async def initiate(
    principal: Principal, payout_accounts: PayoutAccounts, uow: UnitOfWork, clock: Clock
) -> wire.PayoutAccountStarted:
    """A row says first that the provider will be asked: whoever comes again after a fault goes on with it."""
    owner = principal.user_id
    async with uow() as db:
        account = await _current(db, owner, payout_accounts.provider, clock())
        user, form = await db.users.find(owner), await db.tax_forms.newest(owner)
    if account.ref is None:
        email, country = None if user is None else user.email, None if form is None else form.country
        try:
            found = await payout_accounts.open(account, email, country)
        except ApiError:
            async with uow() as db:
                await db.payout_accounts.release(account.id)
            raise
        async with uow() as db:
            await payout_accounts.connect(db, account, found, owner)
            account = await db.payout_accounts.get(account.id)
        if not _is_open(account):  # another call took it over, or the provider disabled it at once
            raise ApiError("creator.payout_account.connect_in_progress")
    url = await _link(account, principal, payout_accounts, uow)
    return {"payoutAccountId": account.ref, "onboardingUrl": url}


async def complete(
    body: wire.PayoutSignIn, principal: Principal, payout_accounts: PayoutAccounts, uow: UnitOfWork
) -> wire.PayoutAccount:
    """The state is used up before the provider is asked: a second call with it is refused."""
    owner = principal.user_id
    async with uow() as db:
        account = await payout_accounts.returned(db, owner, principal.session_id, body["state"])
    found = await payout_accounts.signed_in(account, body["code"])
    async with uow() as db:
        await payout_accounts.identify(db, account, found, owner)
    return live_view(found)


async def refresh_link(
    principal: Principal, payout_accounts: PayoutAccounts, uow: UnitOfWork
) -> wire.PayoutAccountLink:
    account = await _own(uow, principal)
    return {"onboardingUrl": await _link(account, principal, payout_accounts, uow)}


async def status(principal: Principal, payout_accounts: PayoutAccounts, uow: UnitOfWork) -> wire.PayoutAccount:
    """As the provider has it now, which not every provider tells of by itself."""
    async with uow.reading() as db:
        profile = await db.payout_accounts.profile(principal.user_id)
        account: Any = await db.payout_accounts.newest(principal.user_id)
    if profile is None:  # erased since the call began
        raise ApiError("error.creator.not_found")
    found = await payout_accounts.live(account) if _is_open(account) else None
    if found is None:
        return stored_view(profile)
    async with uow() as db:
        await payout_accounts.settle(db, account, found)
    return live_view(found)


async def dashboard_link(
    principal: Principal, payout_accounts: PayoutAccounts, uow: UnitOfWork
) -> wire.PayoutDashboard:
    account = await _own(uow, principal)
    if account.status != "ACTIVE":
        raise ApiError("creator.payout_account.not_active")
    url = await payout_accounts.dashboard_link(account)
    if url is None:
        raise ApiError("creator.payout_account.service_unavailable")
    return {"url": url}


async def _link(account: Any, principal: Principal, payout_accounts: PayoutAccounts, uow: UnitOfWork) -> str:
    """The URL at the provider. After a sign-in there the creator has to come back in the same session."""
    if not payout_accounts.signs_in(account):
        return await payout_accounts.onboarding_link(account)
    async with uow() as db:
        return await payout_accounts.sign_in_link(db, account, principal.session_id)


async def _current(db: Repositories, owner: UUID, provider: str | None, now: datetime) -> Any:
    """The account that there is, or one that is to be opened and that no other call asks for now."""
    profile = await db.payout_accounts.hold_profile(owner)
    if profile is None:  # erased since the call began
        raise ApiError("error.creator.not_found")
    newest = await db.payout_accounts.newest(owner)
    require_may_connect(profile, newest, provider)
    if _is_open(newest):
        return newest
    if provider is None:
        raise ApiError("service.unavailable", retry_after=60)
    if newest is None or newest.closed_at is not None:
        return await db.payout_accounts.begin(owner, provider, now)
    claimed = await db.payout_accounts.claim(newest.id, provider, now)
    if claimed is None:
        raise ApiError("creator.payout_account.connect_in_progress")
    return claimed


async def _own(uow: UnitOfWork, principal: Principal) -> Any:
    """Raises ApiError creator.payout_account.account_not_found."""
    async with uow.reading() as db:
        account = await db.payout_accounts.newest(principal.user_id)
    if not _is_open(account):
        raise ApiError("creator.payout_account.account_not_found")
    return account


def _is_open(account: Any) -> bool:
    """Whether the provider has it, and has not disabled it."""
    return account is not None and account.ref is not None and account.closed_at is None
