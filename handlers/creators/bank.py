"""Where creators have their money paid out to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain import topics
from domain.creators.bank import BANK_TRANSFER, PENDING, PlatformAccount, held_until, require_method, settings_view
from domain.errors import ApiError
from domain.users import moment

if TYPE_CHECKING:
    from domain.wire import creators as wire
    from handlers.needs import Clock, Config, Payouts, Principal, Repositories, Vault


async def settings(principal: Principal, db: Repositories, vault: Vault) -> wire.PayoutSettings:
    found = await db.bank_details.find(principal.user_id)
    if found is None:  # erased since the call began
        raise ApiError("error.creator.not_found")
    return settings_view(vault.bank_account(found.BankDetail), _platform_account(found))


async def update(
    body: wire.UpdateBankDetailsRequest,
    principal: Principal,
    db: Repositories,
    vault: Vault,
    payouts: Payouts,
    config: Config,
    clock: Clock,
) -> wire.PayoutSettings:
    found = await db.bank_details.hold(principal.user_id)
    if found is None:  # erased since the call began
        raise ApiError("error.creator.not_found")
    account, former, now = _platform_account(found), vault.bank_account(found.BankDetail), clock()
    details, method = former.details.changed(body), body.get("preferredPayoutMethod", former.preferred_method)
    columns: dict[str, Any] = {}
    if method is not None and method != former.preferred_method:
        require_method(method, details, account)
        columns["preferred_method"] = method
    automatic = body.get("autoPayoutEnabled", former.auto_payout)
    if automatic != former.auto_payout:
        columns["auto_payout"] = automatic
    if details != former.details:
        undecided = dict.fromkeys(("rejected_for", "decided_at", "decided_by"))
        state, until = PENDING if details.complete else None, held_until(now, config)
        columns |= vault.bank_columns(details) | undecided
        columns |= {"state": state, "changed_at": now, "held_until": until}
        told = topics.BankDetailsChanged(principal.user_id, moment(now), moment(until), details.last4)
        await db.outbox.add(told)
        await payouts.cancel_open(db, principal.user_id, BANK_TRANSFER, "BANK_DETAILS")
    if not columns:
        return settings_view(former, account)
    row = await db.bank_details.write(principal.user_id, columns)
    await db.audit.record(
        "creator.bank.update.success",
        actor=principal.user_id,
        target=principal.user_id,
        fields=sorted(body),
        last4=details.last4,
    )
    return settings_view(vault.bank_account(row), account)


def _platform_account(found: Any) -> PlatformAccount:
    is_open = found.payout_account_id is not None and found.payout_account_status != "DISABLED"
    return PlatformAccount(is_open, found.payout_payouts_enabled)
