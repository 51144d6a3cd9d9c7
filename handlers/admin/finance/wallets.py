"""Wallets, as staff sees them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.admin import not_found
from domain.admin.money import freeze_to_end
from domain.admin.money.books import adjustment_view, wallet_in_full, wallet_view
from domain.admin.statements import MONEY_SUSPENDED, new_statement
from domain.errors import transition_invalid
from domain.money.adjustments import GOODWILL, amount_of, require_other
from domain.money.ledger import FORMS, Account

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.wire import admin as wire
    from handlers.needs import Clock, Principal, Repositories, Walk


async def list(  # noqa: A001
    db: Repositories,
    walk: Walk,
    user_id: str | None = None,
    frozen: bool | None = None,
) -> wire.Wallets:
    owner = None if user_id is None else UUID(user_id)
    rows = await db.ledger_desk.wallets(walk.after(datetime, UUID), walk.rows, user_id=owner, frozen=frozen)
    shown, further = walk.page(rows, lambda row: (row.created_at, row.id))
    reasons = await db.wallets.reasons([row.id for row in shown])
    return {"items": [wallet_view(row, reasons[row.id]) for row in shown], "nextCursor": further}


async def find(id: str, db: Repositories) -> wire.WalletInFull:  # noqa: A002
    wallet = await _found(db, id)
    reasons = await db.wallets.reasons([wallet.id])
    return wallet_in_full(wallet, reasons[wallet.id], await db.ledger_desk.accounts(wallet.id))


async def freeze(
    id: str,  # noqa: A002
    body: wire.FreezeWalletRequest,
    principal: Principal,
    db: Repositories,
    clock: Clock,
) -> wire.WalletFrozen:
    owner, why, now = (await _found(db, id)).user_id, body["frozenFor"], clock()
    await db.admin_users.hold(owner, principal)
    wallet = await _found(db, id)
    if not await db.wallets.freeze(wallet.id, why, now):
        return {"frozen": True}
    told = new_statement(MONEY_SUSPENDED, body["statement"], user_id=owner, by=principal.user_id, now=now)
    statement = await db.statements.add(told | {"after": {}})
    await db.wallets.explain(wallet.id, why, statement.id)
    after = {"wallet": str(wallet.id), "frozenFor": why, "statement": str(statement.id)}
    actor, reason = principal.user_id, body["reason"]
    await db.audit.record("admin.finance.wallets.freeze", actor=actor, target=owner, reason=reason, after=after)
    return {"frozen": True}


async def unfreeze(
    id: str,  # noqa: A002
    body: wire.UnfreezeWalletRequest,
    principal: Principal,
    db: Repositories,
    clock: Clock,
) -> wire.WalletFrozen:
    owner, now = (await _found(db, id)).user_id, clock()
    await db.admin_users.hold(owner, principal)
    wallet = await _found(db, id)
    if wallet.frozen_for is None:
        return {"frozen": False}
    reasons = [row.frozen_for for row in (await db.wallets.reasons([wallet.id]))[wallet.id]] or [wallet.frozen_for]
    why = freeze_to_end(reasons, body.get("frozenFor"))
    gone = None if why is None else await db.wallets.unfreeze(wallet.id, why)
    if gone is None:  # it does not hold, or another call was first
        return {"frozen": (await _found(db, id)).frozen_for is not None}
    for statement_id in await _statements_of(db, owner, gone):
        await db.statements.lift(statement_id, principal.user_id, now)
    if await db.disputes.any_undecided(wallet.id):  # the dispute that is open freezes it, too
        await db.wallets.freeze(wallet.id, "DISPUTE", now)
    before = {"wallet": str(wallet.id), "frozenFor": why}
    actor, reason = principal.user_id, body["reason"]
    await db.audit.record("admin.finance.wallets.unfreeze", actor=actor, target=owner, reason=reason, before=before)
    return {"frozen": (await _found(db, id)).frozen_for is not None}


async def _statements_of(db: Repositories, owner: UUID, gone: Any) -> Sequence[UUID]:
    """Of a freeze that has ended. A former release kept none with it: then it is those that belong to no other."""
    if gone.statement_id is not None:
        return [gone.statement_id]
    others = {*await db.wallets.statements(owner)}
    return [each for each in await db.statements.live_of(owner, MONEY_SUSPENDED) if each not in others]


async def adjust(
    id: str,  # noqa: A002
    body: wire.AdjustWalletRequest,
    principal: Principal,
    db: Repositories,
    clock: Clock,
) -> wire.Adjustment:
    wallet, by, reason = await _found(db, id), principal.user_id, body["reason"]
    require_other(by, wallet.user_id)
    await _require_accounts(db, wallet, body["account"], body["contra"])
    if wallet.closed_at is not None:
        raise transition_invalid("CLOSED", "ADJUSTED")
    request = await db.adjustments.add(
        wallet_id=wallet.id, account=body["account"], contra=body["contra"], currency=wallet.currency,
        amount=amount_of(body["amount"]).minor, reason=reason, requested_by=by, created_at=clock(),
    )  # fmt: skip
    after = {"request": str(request.id), "wallet": str(wallet.id), "amount": request.amount, "account": request.account}
    await db.audit.record("admin.finance.wallets.adjust", actor=by, target=wallet.user_id, reason=reason, after=after)
    return adjustment_view(request)


async def _found(db: Repositories, given: str) -> Any:
    wallet = await db.ledger_desk.wallet(UUID(given))
    if wallet is None:
        raise not_found("wallet")
    return wallet


async def _require_accounts(db: Repositories, wallet: Any, code: str, contra: str) -> None:
    """One that a wallet of this type has, and one of ours to which money came before."""
    other = Account(contra, currency=wallet.currency)
    if wallet.type not in FORMS[code].wallets or (
        contra != GOODWILL and await db.ledger_desk.account(other.id) is None
    ):
        raise not_found("ledger account")
