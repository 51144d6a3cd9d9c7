"""Wallets, as staff sees them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.admin import not_found
from domain.admin.money.books import adjustment_view, wallet_in_full, wallet_view
from domain.errors import transition_invalid
from domain.money.adjustments import DEBT, amount_of, are_a_pair, require_due, require_other
from domain.money.ledger import FORMS, Account

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Clock, Freezes, Principal, Repositories, Walk


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
    freezes: Freezes,
    clock: Clock,
) -> wire.WalletFrozen:
    owner, why = (await _found(db, id)).user_id, body["frozenFor"]
    await db.admin_users.hold(owner, principal)
    wallet, actor = await _found(db, id), principal.user_id
    statement_id = await freezes.begin(db, wallet, why, body["statement"], actor, clock())
    if statement_id is not None:
        after = {"wallet": str(wallet.id), "frozenFor": why, "statement": str(statement_id)}
        reason = body["reason"]
        await db.audit.record("admin.finance.wallets.freeze", actor=actor, target=owner, reason=reason, after=after)
    return {"frozen": True}


async def unfreeze(
    id: str,  # noqa: A002
    body: wire.UnfreezeWalletRequest,
    principal: Principal,
    db: Repositories,
    freezes: Freezes,
    clock: Clock,
) -> wire.WalletFrozen:
    owner = (await _found(db, id)).user_id
    await db.admin_users.hold(owner, principal)
    wallet, actor = await _found(db, id), principal.user_id
    why = await freezes.end(db, wallet, body.get("frozenFor"), actor, clock())
    if why is not None:
        before, reason = {"wallet": str(wallet.id), "frozenFor": why}, body["reason"]
        await db.audit.record("admin.finance.wallets.unfreeze", actor=actor, target=owner, reason=reason, before=before)
    return {"frozen": (await _found(db, id)).frozen_for is not None}


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
    amount, now = amount_of(body["amount"]).minor, clock()
    if body["account"] == DEBT:
        require_due(await db.debts.of(wallet.id), amount, now)
    elif wallet.closed_at is not None:
        raise transition_invalid("CLOSED", "ADJUSTED")
    request = await db.adjustments.add(
        wallet_id=wallet.id, account=body["account"], contra=body["contra"], currency=wallet.currency,
        amount=amount, reason=reason, requested_by=by, created_at=now,
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
    """One that a wallet of this type has, and one of ours that goes with it; of suspense, one to which money came."""
    other = Account(contra, currency=wallet.currency)
    if (
        wallet.type not in FORMS[code].wallets
        or not are_a_pair(code, contra)
        or (other.form.of_provider and await db.ledger_desk.account(other.id) is None)
    ):
        raise not_found("ledger account")
