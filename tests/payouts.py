"""What tests of payouts do at the sandbox."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from providers.payout.sandbox import ACCOUNT_PAGE
from providers.ports import ProviderUnavailable
from tests.creators import Creator, creator, signed_in
from tests.providers.payout_vendors import paypal_world

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    import httpx

    from domain.money.movements import Movement
    from domain.money.payouts import AccountState, NewAccount, PayoutOrder, PayoutState
    from domain.webhooks import Notice, RawNotice
    from providers.payout.sandbox import SandboxPayouts
    from tests.harness import Api, Server, Tables
    from tests.providers.payout_vendors import PayPalWorld


SIGN_IN_PAGE = "https://www.sandbox.paypal.com/connect"


def press(api: Api, path: str, ref: str, action: str) -> httpx.Response:
    """A button of one of the sandbox's pages, whose notices come to us over HTTP."""
    return api.post(f"{path}{ref}", data={"action": action})


def verified(api: Api, tables: Tables, **columns: Any) -> Creator:
    """A creator who may connect a payout account."""
    return creator(api, tables, **({"kyc_status": "APPROVED"} | columns))


def connected(api: Api, headers: dict[str, str]) -> str:
    """The payout account of the caller, as it is once it was opened; its id at the sandbox."""
    response = api.call("creators.payout_account.initiate", headers=headers)
    assert response.status_code == 201, response.text
    return str(response.json()["data"]["payoutAccountId"])


def enabled(api: Api, tables: Tables, **columns: Any) -> tuple[Creator, dict[str, str], str]:
    """A creator with an active account, the header of their calls, and the account's id at the sandbox."""
    ada = verified(api, tables, **columns)
    headers = signed_in(api, ada)
    ref = connected(api, headers)
    for action in ("submit", "enable"):
        assert press(api, ACCOUNT_PAGE, ref, action).status_code == 303
    api.server.work_off()
    return ada, headers, ref


@contextmanager
def at_paypal(server: Server) -> Iterator[PayPalWorld]:
    """Creators connect accounts there, where they sign in."""
    with paypal_world() as world:
        client_id, secret = world.client
        told = {"base_url": world.url, "client_id": client_id, "client_secret": secret, "sign_in_url": SIGN_IN_PAGE}
        server.configure(**{f"external.payout.paypal.{name}": value for name, value in told.items()})
        server.configure(**{"external.payout.active_provider": "paypal"})
        yield world


class Faulty:
    """The sandbox, as vendors are on bad days. ``silent``: it acts, and does not answer; ``bare``: no dashboard.

    ``destination``: where it says that the money goes.
    """

    def __init__(self, sandbox: SandboxPayouts) -> None:
        self.sandbox = sandbox
        self.name = sandbox.name
        self.types = sandbox.types
        self.tells_movements = sandbox.tells_movements
        self.silent = self.bare = False
        self.asked = 0
        self.destination: str | None = None

    @property
    def verifies(self) -> bool:
        return self.sandbox.verifies

    def read(self, notice: RawNotice) -> Sequence[Notice]:
        return self.sandbox.read(notice)

    async def open_account(self, account: NewAccount) -> AccountState:
        self.asked += 1
        opened = await self.sandbox.open_account(account)
        self._answer()
        return opened

    async def onboarding_link(self, ref: str, return_url: str, refresh_url: str) -> str:
        self._answer()
        return await self.sandbox.onboarding_link(ref, return_url, refresh_url)

    async def account(self, ref: str) -> AccountState:
        self.asked += 1
        self._answer()
        return replace(await self.sandbox.account(ref), destination=self.destination)

    async def dashboard_link(self, ref: str) -> str | None:
        self._answer()
        return None if self.bare else await self.sandbox.dashboard_link(ref)

    async def pay(self, order: PayoutOrder) -> PayoutState:
        self.asked += 1
        paid = await self.sandbox.pay(order)
        self._answer()
        return paid

    async def find(self, order: PayoutOrder, ref: str | None) -> PayoutState | None:
        self.asked += 1
        return await self.sandbox.find(order, ref)

    async def movements(self, day: date) -> Sequence[Movement]:
        return await self.sandbox.movements(day)

    async def probe(self) -> str:
        return await self.sandbox.probe()

    def _answer(self) -> None:
        if self.silent:
            raise ProviderUnavailable("no answer in time")


@contextmanager
def faulty(server: Server) -> Iterator[Faulty]:
    """In place of the sandbox."""
    payouts = server.app.parts.providers.payout
    sandbox: Any = payouts.adapter("sandbox")
    vendor = Faulty(sandbox)
    payouts.join(vendor)
    try:
        yield vendor
    finally:
        payouts.join(sandbox)
