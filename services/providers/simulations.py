"""What becomes of a payment, a verification or a payout at the sandbox, as a developer's test says it by our ids."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from domain.admin import not_found
from domain.creators.sandbox import NONE, Document
from domain.errors import ApiError
from domain.wire import dev as wire
from persistence.engine.database import Database
from providers.kyc.sandbox import SandboxKyc
from providers.payment.sandbox import SandboxPayments
from providers.payout.sandbox import SandboxPayouts
from providers.ports import ProviderUnavailable
from providers.registry import Providers
from services.providers.buttons import (
    Buttons,
    PaymentButtons,
    PayoutAccountButtons,
    TransferButtons,
    VerificationButtons,
)
from services.providers.sandbox import PaymentSandboxStorage, PayoutSandboxStorage


class SandboxPages(NamedTuple):
    """None for those of a provider that this environment does not have."""

    payments: PaymentButtons | None
    verifications: VerificationButtons | None
    payout_accounts: PayoutAccountButtons | None
    transfers: TransferButtons | None


def sandbox_pages(providers: Providers, database: Database, clock: Callable[[], datetime]) -> SandboxPages:
    kyc, payment = providers.kyc.source(SandboxKyc.name), providers.payment.source(SandboxPayments.name)
    payout, storage = providers.payout.source(SandboxPayouts.name), PayoutSandboxStorage(database)
    checkouts = PaymentSandboxStorage(database)
    return SandboxPages(
        PaymentButtons(payment, checkouts, clock) if isinstance(payment, SandboxPayments) else None,
        VerificationButtons(kyc) if isinstance(kyc, SandboxKyc) else None,
        PayoutAccountButtons(payout, storage) if isinstance(payout, SandboxPayouts) else None,
        TransferButtons(payout, storage) if isinstance(payout, SandboxPayouts) else None,
    )


class Simulations:
    """Each raises ApiError admin.not_found for what the sandbox does not have, and dev.outcome_not_offered for what it
    does not offer now."""

    def __init__(self, database: Database, pages: SandboxPages) -> None:
        self._database = database
        self._pages = pages

    async def payment(self, payment_id: UUID, outcome: str) -> wire.Simulation:
        async with self._database.reading() as db:
            ref = await db.payments.session_at(SandboxPayments.name, payment_id)
        return await _pressed(self._pages.payments, "payment", ref, outcome)

    async def verification(self, session_id: UUID, outcome: str, document: Document) -> wire.Simulation:
        return await _pressed(self._pages.verifications, "verification", str(session_id), outcome, document)

    async def payout_account(self, ref: str, outcome: str) -> wire.Simulation:
        """``ref``: as its owner was told, who knows no other id of it."""
        async with self._database.reading() as db:
            known = await db.payout_accounts.find(SandboxPayouts.name, ref)
        return await _pressed(self._pages.payout_accounts, "payout account", known.ref if known else None, outcome)

    async def payout(self, payout_id: UUID, outcome: str) -> wire.Simulation:
        """The latest transfer of it."""
        async with self._database.reading() as db:
            ref = await db.payout_desk.latest_at(SandboxPayouts.name, payout_id)
        return await _pressed(self._pages.transfers, "payout", ref, outcome)


async def _pressed(
    buttons: Buttons[Any] | None, what: str, known: str | None, outcome: str, document: Document = NONE
) -> wire.Simulation:
    if buttons is None or known is None:
        raise not_found(what)
    ref, notified = UUID(known), True
    try:
        pressed = await buttons.press(ref, outcome, document)
    except ProviderUnavailable:
        pressed, notified = True, False
    row = await buttons.find(ref)
    if row is None:
        raise not_found(what)
    if not pressed:
        raise ApiError("dev.outcome_not_offered", outcome=outcome, state=buttons.state(row))
    return {"state": buttons.state(row), "outcomes": [*buttons.offered(row)], "notified": notified}
