"""Files of bank transfers, which the staff takes to the bank."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from domain.admin import not_found
from domain.admin.money import require_not_own
from domain.admin.money.payout_batches import batch_in_full, batch_view, require_by_file, require_status
from domain.errors import ApiError
from domain.money import flows
from domain.money.bank_files import BANK_FILE, Batch, Transfer, Unwritable, creditor_of, debtor_of
from domain.money.ledger import WalletName
from domain.money.payout_rules import judge_standing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.wire import admin as wire
    from handlers.needs import Clock, Config, Payouts, Principal, Repositories, Vault, Walk


async def list(db: Repositories, walk: Walk) -> wire.PayoutBatches:  # noqa: A001
    rows = await db.payout_batches.page(walk.after(datetime, UUID), walk.rows)
    shown, further = walk.page(rows, lambda row: (row.created_at, row.id))
    return {"items": [batch_view(row) for row in shown], "nextCursor": further}


async def create(
    body: wire.CreatePayoutBatchRequest,
    principal: Principal,
    db: Repositories,
    vault: Vault,
    config: Config,
    clock: Clock,
    payouts: Payouts,
) -> wire.PayoutBatchInFull:
    debtor, wanted = debtor_of(config), {UUID(each) for each in body["payoutIds"]}
    if debtor is None:
        raise ApiError("admin.provider.not_ready", provider=BANK_FILE, fault="something is not set: payout.bank_*")
    held = await db.payout_batches.hold([*wanted])
    if len(held) < len(wanted):
        raise not_found("payout")
    for payout in held:
        require_not_own(payout.user_id, principal)
        require_by_file(payout)
        require_status(payout, "APPROVED", "PROCESSING")
    await _require_conditions(held, db, payouts, config, clock())
    transfers = [_transfer(payout, vault) for payout in held]
    batch = Batch(uuid4(), clock(), held[0].currency, debtor, transfers)
    await db.payout_batches.add(
        [payout.id for payout in held], id=batch.id, created_at=batch.created_at, created_by=principal.user_id,
        count=len(transfers), amount=batch.amount, currency=batch.currency, file=vault.sealed_bank_file(batch),
    )  # fmt: skip
    for payout in held:
        await db.ledger.post(flows.payout_sent(payout.id, payout.attempt, payout.amount))
    after = {"batch": str(batch.id), "count": len(transfers), "amount": batch.amount}
    await db.audit.record(
        "admin.payouts.batches.create", actor=principal.user_id, target=batch.id, reason=body["reason"], after=after
    )
    return await _view(batch.id, db)


async def find(id: str, db: Repositories) -> wire.PayoutBatchInFull:  # noqa: A002
    return await _view(UUID(id), db)


async def file(id: str, principal: Principal, db: Repositories, vault: Vault) -> bytes:  # noqa: A002
    sealed = await db.payout_batches.file(UUID(id))
    if sealed is None:
        raise not_found("file")
    try:
        opened = vault.bank_file(sealed)
    except ValueError as lost:  # sealed under a secret that is gone
        raise not_found("file") from lost
    await db.audit.record("admin.payouts.batches.file", actor=principal.user_id, target=UUID(id))
    return opened


async def _require_conditions(
    held: Sequence[Any], db: Repositories, payouts: Payouts, config: Config, now: datetime
) -> None:
    """What held when each was approved must hold still. Raises ApiError admin.payout.not_payable."""
    await db.ledger.hold(*(WalletName(payout.user_id, "CREATOR") for payout in held))
    for payout in held:
        refusal = judge_standing(await payouts.examine_again(db, payout), config, now)
        if refusal is not None:
            raise ApiError("admin.payout.not_payable", payout=str(payout.id), condition=refusal.code)


def _transfer(payout: Any, vault: Vault) -> Transfer:
    try:
        return Transfer(payout.id, payout.amount, creditor_of(vault.destination(payout), payout.currency))
    except Unwritable as fault:
        raise ApiError("admin.payout.unwritable", payout=str(payout.id)) from fault


async def _view(batch_id: UUID, db: Repositories) -> wire.PayoutBatchInFull:
    batch = await db.payout_batches.find(batch_id)
    if batch is None:
        raise not_found("batch")
    return batch_in_full(batch, await db.payout_batches.payouts(batch_id))
