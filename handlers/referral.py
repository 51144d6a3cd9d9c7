"""Who brings others here, and what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.errors import ApiError
from domain.money.amounts import Money
from domain.referral import CODE_BYTES, TRIES, candidate_codes, coupon_view, dashboard_view, link_view

if TYPE_CHECKING:
    from domain.wire import referral as wire
    from handlers.needs import (
        Client,
        Clock,
        Config,
        Coupons,
        Principal,
        RandomBytes,
        ReferralClicks,
        Repositories,
        UnitOfWork,
    )


async def link(principal: Principal, uow: UnitOfWork, config: Config, random_bytes: RandomBytes) -> wire.ReferralLink:
    async with uow.reading() as db:
        own = await db.referral_links.find(principal.user_id)
    if own is None:
        random = [random_bytes(CODE_BYTES) for _ in range(TRIES)]
        async with uow() as db:  # the name is held, so that a change of it finds the link
            user = await db.users.get_for_update(principal.user_id)
            if user.status == "DELETED":  # erased since the call began
                raise ApiError("error.user.not_found")
            own = await db.referral_links.start(user.id, candidate_codes(user.username, random))
    if own is None:
        raise ApiError("referral.link.code_collision")
    return link_view(own, config)


async def dashboard(principal: Principal, db: Repositories) -> wire.ReferralDashboard:
    own = await db.referral_links.find(principal.user_id)
    return dashboard_view(own, await db.referral_links.rewards(principal.user_id))


async def click(
    code: str, principal: Principal | None, client: Client, referral_clicks: ReferralClicks
) -> wire.ClickTracked:
    await referral_clicks.count(code, client.user_agent, principal.user_id if principal else None)
    return {"tracked": True}


async def apply_coupon(
    body: wire.ApplyCouponRequest, principal: Principal, db: Repositories, coupons: Coupons, clock: Clock
) -> wire.AppliedCoupon:
    amount = Money.of(body["transactionAmount"]).minor
    reserved = await coupons.reserve(db, principal.user_id, body["code"], body["appliesTo"], amount, clock())
    return coupon_view(reserved)
