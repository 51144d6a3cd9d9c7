"""What creators declare for taxes."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from domain.creators.tax import APPROVED, declared, form_view, status_view
from domain.errors import ApiError

if TYPE_CHECKING:
    from domain.wire import creators as wire
    from handlers.needs import Clock, Principal, Repositories, Vault


async def find(principal: Principal, db: Repositories, vault: Vault, clock: Clock) -> wire.TaxStatus:
    newest = await db.tax_forms.newest(principal.user_id)
    approved = newest if newest is None or newest.state == APPROVED else await db.tax_forms.approved(principal.user_id)
    form = None if newest is None else form_view(newest, vault.tax_details(newest))
    return status_view(form, approved, clock())


async def submit(
    body: wire.SubmitTaxFormRequest, principal: Principal, db: Repositories, vault: Vault, clock: Clock
) -> wire.TaxForm:
    form = declared(body, clock())
    if await db.bank_details.hold(principal.user_id) is None:  # erased since the call began
        raise ApiError("error.creator.not_found")
    row = await db.tax_forms.add(principal.user_id, uuid4(), form, vault.sealed_tax_details(form.secret))
    await db.audit.record(
        "creator.tax.submit.success",
        actor=principal.user_id,
        target=principal.user_id,
        type=form.type,
        country=form.country,
        tin_last4=form.tin_last4,
    )
    return form_view(row, form.secret)
