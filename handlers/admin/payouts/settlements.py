"""What came of payouts whose provider says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.admin import not_found
from domain.admin.money import require_not_own
from domain.admin.money.payout_batches import require_status
from domain.admin.money.payouts import require_at_provider
from domain.money.payout_approval import require_stuck, statement

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Clock, Config, HeldPayout, PayoutSettler, Principal, Repositories, UnitOfWork


async def settle(
    id: str,  # noqa: A002
    body: wire.SettlePayoutRequest,
    principal: Principal,
    uow: UnitOfWork,
    clock: Clock,
    config: Config,
    payout_settler: PayoutSettler,
) -> wire.PayoutSettled:
    """The provider is asked between two units: afterwards everything is judged anew."""
    by = principal.user_id
    async with uow() as db:
        held, attempt = await _stuck(id, body, principal, db, clock, config)
        columns, settles = statement(held.row, attempt, body, by, config)
        if not settles:
            return await _stated(held, attempt, columns, "NOT_ASKED", body, principal, db)
    answer = await payout_settler.ask(held, attempt)
    async with uow.last() as db:
        held, attempt = await _stuck(id, body, principal, db, clock, config)
        says = payout_settler.says(answer)
        columns, settles = statement(held.row, attempt, body, by, config, says)
        if not settles:
            return await _stated(held, attempt, columns, says, body, principal, db)
        await db.payout_desk.state(attempt, **columns)
        settled = await payout_settler.settle(db, held, attempt, body["outcome"], answer, clock())
        await _record(held, body, settled, principal, db)
        return settled


async def _stuck(
    given: str, body: wire.SettlePayoutRequest, principal: Principal, db: Repositories, clock: Clock, config: Config
) -> tuple[HeldPayout, Any]:
    held = await db.payout_desk.hold(UUID(given))
    attempt = None if held is None else await db.payout_desk.attempt(held.row.id, held.row.attempt)
    if held is None:
        raise not_found("payout")
    require_not_own(held.row.user_id, principal)
    require_at_provider(held.row)
    require_status(held.row, "PROCESSING", body["outcome"])
    require_stuck(attempt, config, clock())
    return held, attempt


async def _stated(
    held: HeldPayout,
    attempt: Any,
    columns: dict[str, Any],
    says: wire.PayoutProviderSays,
    body: wire.SettlePayoutRequest,
    principal: Principal,
    db: Repositories,
) -> wire.PayoutSettled:
    """Somebody else has to say the same."""
    await db.payout_desk.state(attempt, **columns)
    told: wire.PayoutSettled = {"status": "PROCESSING", "settledBy": None, "providerSays": says}
    await _record(held, body, told, principal, db)
    return told


async def _record(
    held: HeldPayout, body: wire.SettlePayoutRequest, told: wire.PayoutSettled, principal: Principal, db: Repositories
) -> None:
    payout = held.row
    after = {"payout": str(payout.id), "amount": payout.amount, "outcome": body["outcome"], **told}
    await db.audit.record(
        "admin.payouts.settlements.settle",
        actor=principal.user_id,
        target=payout.user_id,
        reason=body["reason"],
        before={"payout": str(payout.id), "status": payout.status},
        after=after | {"evidence": body["evidence"]},
    )
