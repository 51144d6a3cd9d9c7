"""What was left in the wallets of an account that its owner has erased."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.errors import ApiError
from domain.money.closing import claim_view, claimant_wallets, code_of

if TYPE_CHECKING:
    from domain.wire import wallet as wire
    from handlers.needs import Clock, Closings, Principal, Repositories


async def redeem(
    body: wire.ClaimRequest, principal: Principal, db: Repositories, closings: Closings, clock: Clock
) -> wire.WalletClaim:
    await db.users.require_present(principal.user_id)
    balances = await db.closings.standing(code_of(body["claimCode"]))
    wallets = claimant_wallets(balances, principal)
    if await db.closings.is_blocked(balances):  # until staff has ended what there was with the former account
        raise ApiError("wallet.frozen")
    await closings.claim(db, balances, wallets, clock())
    await db.audit.record("wallet.claims.redeem.success", actor=principal.user_id, target=principal.user_id)
    return claim_view(balances)
