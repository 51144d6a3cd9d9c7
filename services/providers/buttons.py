"""The buttons of the sandbox's pages, for whoever presses one: a person in a browser, or a developer's test without.

A button changes the sandbox's own book, and sends us signed notices, as vendors do.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar, get_args
from uuid import UUID

from domain.creators import sandbox as verifications
from domain.creators.sandbox import NONE, Document
from domain.money import sandbox as payments
from domain.money import sandbox_payouts as payouts
from persistence.models import SandboxPayout, SandboxPayoutAccount
from providers.kyc.sandbox import SandboxCase, SandboxKyc
from providers.payment.sandbox import SandboxPayments
from providers.payout.sandbox import SandboxPayouts
from services.providers.sandbox import PaymentSandboxStorage, PayoutSandboxStorage

Row = TypeVar("Row")


class Buttons(ABC, Generic[Row]):
    """``ref`` is the sandbox's id of what its page is about."""

    @abstractmethod
    async def find(self, ref: UUID) -> Row | None: ...

    @abstractmethod
    def state(self, row: Row) -> str: ...

    @abstractmethod
    def offered(self, row: Row) -> Mapping[str, str]:
        """Their labels by what they do."""

    @abstractmethod
    async def press(self, ref: UUID, action: str, document: Document = NONE) -> bool:
        """False for a button that is not there.

        Raises ProviderUnavailable where a notice of it was not taken, which a later look makes good.
        """


class PaymentButtons(Buttons[payments.Session]):
    def __init__(self, sandbox: SandboxPayments, storage: PaymentSandboxStorage, clock: Callable[[], datetime]) -> None:
        self._sandbox = sandbox
        self._storage = storage
        self._clock = clock

    async def find(self, ref: UUID) -> payments.Session | None:
        return await self._storage.find(ref)

    def state(self, row: payments.Session) -> payments.State:
        return payments.state_of(row.row, self._clock())

    def offered(self, row: payments.Session) -> Mapping[str, str]:
        return {action: payments.LABELS[action] for action in payments.actions(row, self._clock())}

    async def press(self, ref: UUID, action: str, document: Document = NONE) -> bool:
        known = next((one for one in get_args(payments.Action) if one == action), None)
        if known is None or not await self._storage.act(ref, known, self._clock()):
            return False
        await self._sandbox.tell_all(str(ref), payments.EVENTS[known])
        return True


class VerificationButtons(Buttons[SandboxCase]):
    def __init__(self, sandbox: SandboxKyc) -> None:
        self._sandbox = sandbox

    async def find(self, ref: UUID) -> SandboxCase | None:
        return await self._sandbox.case(str(ref))

    def state(self, row: SandboxCase) -> str:
        return row.status

    def offered(self, row: SandboxCase) -> Mapping[str, str]:
        return dict(verifications.LABELS.items())

    async def press(self, ref: UUID, action: str, document: Document = NONE) -> bool:
        return await self._sandbox.press(str(ref), action, document.number, document.until)


class PayoutAccountButtons(Buttons[SandboxPayoutAccount]):
    def __init__(self, sandbox: SandboxPayouts, storage: PayoutSandboxStorage) -> None:
        self._sandbox = sandbox
        self._storage = storage

    async def find(self, ref: UUID) -> SandboxPayoutAccount | None:
        return await self._storage.find(ref)

    def state(self, row: Any) -> payouts.State:
        state: payouts.State = row.state
        return state

    def offered(self, row: SandboxPayoutAccount) -> Mapping[str, str]:
        return payouts.account_actions(self.state(row))

    async def press(self, ref: UUID, action: str, document: Document = NONE) -> bool:
        if not await self._storage.change(ref, action):
            return False
        await self._sandbox.tell(str(ref), payouts.ACCOUNT_CHANGED)
        return True

    async def transfers(self, ref: UUID) -> Sequence[SandboxPayout]:
        """To the account, the newest first."""
        return await self._storage.transfers(ref)


class TransferButtons(Buttons[SandboxPayout]):
    def __init__(self, sandbox: SandboxPayouts, storage: PayoutSandboxStorage) -> None:
        self._sandbox = sandbox
        self._storage = storage

    async def find(self, ref: UUID) -> SandboxPayout | None:
        return await self._storage.transfer(ref)

    def state(self, row: Any) -> payouts.Transfer:
        state: payouts.Transfer = row.state
        return state

    def offered(self, row: SandboxPayout) -> Mapping[str, str]:
        return payouts.transfer_actions(self.state(row))

    async def press(self, ref: UUID, action: str, document: Document = NONE) -> bool:
        if not await self._storage.settle(ref, action):
            return False
        await self._sandbox.tell(str(ref), payouts.TRANSFER_CHANGED)
        return True
