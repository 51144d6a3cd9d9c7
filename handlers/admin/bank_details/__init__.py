"""Bank details of creators, which the staff verifies before money is sent by them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain import topics
from domain.admin import not_found
from domain.admin.money import require_not_own
from domain.admin.money.bank_details import details_view, require_move
from domain.creators.bank import REJECTED, VERIFIED
from domain.errors import moved_on
from domain.users import moment

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Clock, Principal, Repositories, Vault, Walk


async def list(  # noqa: A001
    walk: Walk, db: Repositories, vault: Vault, state: str
) -> wire.BankDetailsList:
    rows = await db.bank_details.page(state, walk.after(datetime, UUID), walk.rows)
    shown, further = walk.page(rows, lambda row: (row.BankDetail.changed_at, row.BankDetail.user_id))
    return {
        "items": [_view(row, vault) for row in shown],
        "nextCursor": further,
    }


async def verify(
    creator_id: str,
    body: wire.VerifyBankDetailsRequest,
    expected_version: int,
    principal: Principal,
    db: Repositories,
    vault: Vault,
    clock: Clock,
) -> wire.BankDetailsToReview:
    return await _decide(creator_id, VERIFIED, None, body["reason"], expected_version, principal, db, vault, clock())


async def reject(
    creator_id: str,
    body: wire.RejectBankDetailsRequest,
    expected_version: int,
    principal: Principal,
    db: Repositories,
    vault: Vault,
    clock: Clock,
) -> wire.BankDetailsToReview:
    return await _decide(
        creator_id, REJECTED, body["rejectedFor"], body["reason"], expected_version, principal, db, vault, clock()
    )


async def _decide(
    creator_id: str,
    state: str,
    rejected_for: str | None,
    reason: str,
    expected_version: int,
    principal: Principal,
    db: Repositories,
    vault: Vault,
    now: datetime,
) -> wire.BankDetailsToReview:
    found = await db.bank_details.hold_of(UUID(creator_id))
    if found is None or found.BankDetail is None or found.BankDetail.state is None:
        raise not_found("bank details")
    former = found.BankDetail
    if former.version != expected_version:
        raise moved_on(former.version)
    require_not_own(former.user_id, principal)
    require_move(former.state, state)
    decided = {"state": state, "rejected_for": rejected_for, "decided_at": now, "decided_by": principal.user_id}
    await db.bank_details.write(former.user_id, decided)
    is_held = state == VERIFIED and former.held_until is not None and former.held_until > now
    until = moment(former.held_until) if is_held else None
    await db.outbox.add(topics.BankDetailsDecided(former.user_id, state, former.last4, rejected_for, until))
    action = "admin.bank_details.verify" if state == VERIFIED else "admin.bank_details.reject"
    await db.audit.record(
        action,
        actor=principal.user_id,
        target=former.user_id,
        reason=reason,
        before={"state": former.state, "rejected_for": former.rejected_for},
        after={"state": state, "rejected_for": rejected_for},
        last4=former.last4,
    )
    row = await db.bank_details.find_of(UUID(creator_id))
    return _view(row, vault)


def _view(row: Any, vault: Vault) -> wire.BankDetailsToReview:
    names = vault.verified_name(row.verified_name), vault.tax_name(row.tax_details)
    return details_view(row, vault.bank_account(row.BankDetail).details, *names)
