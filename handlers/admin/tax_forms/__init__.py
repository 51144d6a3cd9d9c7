"""Tax forms of creators, which the staff reviews."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain import topics
from domain.admin import not_found
from domain.admin.money import require_not_own
from domain.admin.money.tax_forms import form_view, require_move
from domain.creators.tax import APPROVED, REJECTED
from domain.errors import moved_on

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Clock, Payouts, Principal, Repositories, Vault, Walk


async def list(walk: Walk, db: Repositories, vault: Vault, state: str) -> wire.TaxFormsList:  # noqa: A001
    rows = await db.tax_forms.page(state, walk.after(datetime, UUID), walk.rows)
    shown, further = walk.page(rows, lambda row: (row.TaxForm.created_at, row.TaxForm.id))
    return {"items": [form_view(row, vault.tax_details(row.TaxForm)) for row in shown], "nextCursor": further}


async def approve(
    id: str,  # noqa: A002
    body: wire.ApproveTaxFormRequest,
    expected_version: int,
    principal: Principal,
    db: Repositories,
    vault: Vault,
    clock: Clock,
) -> wire.TaxFormToReview:
    former = await _held(id, expected_version, APPROVED, principal, db)
    await db.tax_forms.decide(former, APPROVED, None, principal.user_id, clock())
    await db.outbox.add(topics.TaxFormDecided(former.user_id, APPROVED))
    await _record("admin.tax_forms.approve", former, APPROVED, body["reason"], principal, db)
    return await _view(id, db, vault)


async def reject(
    id: str,  # noqa: A002
    body: wire.RejectTaxFormRequest,
    expected_version: int,
    principal: Principal,
    db: Repositories,
    vault: Vault,
    payouts: Payouts,
    clock: Clock,
) -> wire.TaxFormToReview:
    former = await _held(id, expected_version, REJECTED, principal, db)
    await db.tax_forms.decide(former, REJECTED, body["statement"], principal.user_id, clock())
    await db.outbox.add(topics.TaxFormDecided(former.user_id, REJECTED, former.id))
    if former.state == APPROVED:
        await payouts.cancel_open(db, former.user_id, None, "TAX_FORM")
    await _record("admin.tax_forms.reject", former, REJECTED, body["reason"], principal, db)
    return await _view(id, db, vault)


async def reveal(
    id: str,  # noqa: A002
    body: wire.RevealTaxNumberRequest,
    principal: Principal,
    db: Repositories,
    vault: Vault,
) -> wire.TaxNumber:
    found = await db.tax_forms.find_of(UUID(id))
    if found is None or found.TaxForm.details is None:
        raise not_found("tax form")
    form = found.TaxForm
    await db.audit.record(
        "admin.tax_forms.reveal",
        actor=principal.user_id,
        target=form.user_id,
        reason=body["reason"],
        form=str(form.id),
        tin_last4=form.tin_last4,
    )
    return {"tin": vault.tax_details(form)["tin"]}


async def _held(given: str, expected_version: int, state: str, principal: Principal, db: Repositories) -> Any:
    former = await db.tax_forms.hold(UUID(given))
    if former is None or former.details is None:
        raise not_found("tax form")
    if former.version != expected_version:
        raise moved_on(former.version)
    require_not_own(former.user_id, principal)
    require_move(former.state, state)
    return former


async def _record(action: str, former: Any, state: str, reason: str, principal: Principal, db: Repositories) -> None:
    await db.audit.record(
        action,
        actor=principal.user_id,
        target=former.user_id,
        reason=reason,
        before={"state": former.state},
        after={"state": state},
        form=str(former.id),
        type=former.type,
        tin_last4=former.tin_last4,
    )


async def _view(given: str, db: Repositories, vault: Vault) -> wire.TaxFormToReview:
    row = await db.tax_forms.find_of(UUID(given))
    return form_view(row, vault.tax_details(row.TaxForm))
