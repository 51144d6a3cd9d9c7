"""The sandbox as a payout provider: its accounts, its transfers, its pages."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.money.payouts import AccountState, NewAccount, PayoutOrder, PayoutState
from providers.payout import payout_adapters
from providers.payout.sandbox import ACCOUNT_PAGE, TRANSFER_PAGE, SandboxPayouts
from providers.ports import ProviderRejected
from providers.sandbox import Sandbox
from tests.harness import Api, Server, Tables
from tests.payouts import press
from tests.providers.fakes import FakeConfig
from tests.providers.servers import closed_port

BACK = "https://bio.re/creator/payouts"


@pytest.fixture
def sandbox(server: Server) -> SandboxPayouts:
    found: Any = server.app.parts.providers.payout.adapter("sandbox")
    assert isinstance(found, SandboxPayouts)
    return found


@pytest.fixture
def ref(server: Server, sandbox: SandboxPayouts) -> str:
    return server.on_loop(sandbox.open_account(NewAccount(uuid4(), None))).ref


def order(account: str | None = None, amount: int = 5000, payout_id: UUID | None = None) -> PayoutOrder:
    return PayoutOrder(payout_id or uuid4(), 1, amount, "USD", account)


class TestAccounts:
    def test_one_key_is_one_account(self, server: Server, sandbox: SandboxPayouts) -> None:
        new = NewAccount(uuid4(), "ada@example.com")
        first, second = (server.on_loop(sandbox.open_account(new)) for _ in range(2))
        assert first == second == AccountState(first.ref, "PENDING")
        assert server.on_loop(sandbox.open_account(NewAccount(uuid4(), None))).ref != first.ref

    def test_what_its_buttons_make_of_it(self, api: Api, server: Server, sandbox: SandboxPayouts, ref: str) -> None:
        def after(action: str) -> AccountState:
            assert press(api, ACCOUNT_PAGE, ref, action).status_code == 303
            return server.on_loop(sandbox.account(ref))

        assert after("submit") == AccountState(ref, "RESTRICTED", details_submitted=True)
        assert after("enable") == AccountState(ref, "ACTIVE", True, True, True)
        assert after("restrict") == AccountState(ref, "RESTRICTED", details_submitted=True)
        assert after("enable").status == "ACTIVE"
        assert after("disable") == AccountState(ref, "DISABLED", details_submitted=True)
        assert press(api, ACCOUNT_PAGE, ref, "enable").status_code == 404

    def test_links_lead_to_its_page_and_back(self, api: Api, server: Server, sandbox: SandboxPayouts, ref: str) -> None:
        url = server.on_loop(sandbox.onboarding_link(ref, BACK, BACK))
        assert url == server.on_loop(sandbox.dashboard_link(ref)) == f"{server.origin}{ACCOUNT_PAGE}{ref}"
        page = api.get(url)
        assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
        assert "form-action 'self'" in page.headers["content-security-policy"]
        assert (f'href="{BACK}"' in page.text, "Hand in" in page.text) == (True, True)

    @pytest.mark.parametrize("ref", ["x", "00000000-0000-4000-8000-000000000000"])
    def test_there_is_no_other(self, server: Server, sandbox: SandboxPayouts, ref: str) -> None:
        for call in (sandbox.account, sandbox.dashboard_link):
            with pytest.raises(ProviderRejected):
                server.on_loop(call(ref))
        with pytest.raises(ProviderRejected):
            server.on_loop(sandbox.onboarding_link(ref, BACK, BACK))


class TestTransfers:
    def test_one_key_is_paid_once(self, api: Api, server: Server, sandbox: SandboxPayouts, ref: str) -> None:
        for action in ("submit", "enable"):
            press(api, ACCOUNT_PAGE, ref, action)
        asked = order(ref)
        first = server.on_loop(sandbox.pay(asked))
        assert first == PayoutState(first.ref, "PAID", fee=25)
        press(api, ACCOUNT_PAGE, ref, "disable")
        assert server.on_loop(sandbox.pay(asked)) == first == server.on_loop(sandbox.find(asked, None))
        assert server.on_loop(sandbox.find(order(ref), None)) is None

    def test_a_key_is_of_one_amount(self, server: Server, sandbox: SandboxPayouts) -> None:
        payout_id = uuid4()
        server.on_loop(sandbox.pay(order(payout_id=payout_id)))
        with pytest.raises(ProviderRejected, match="PROVIDER_REJECTED"):
            server.on_loop(sandbox.pay(order(amount=4999, payout_id=payout_id)))

    @pytest.mark.parametrize("account", [None, "x", "00000000-0000-4000-8000-000000000000"])
    def test_an_account_that_is_not_enabled_takes_nothing(
        self, server: Server, sandbox: SandboxPayouts, ref: str, account: str | None
    ) -> None:
        asked = order(account or ref)
        with pytest.raises(ProviderRejected, match="DESTINATION_REJECTED"):
            server.on_loop(sandbox.pay(asked))
        assert server.on_loop(sandbox.find(asked, None)) is None

    def test_its_page_pays_fails_and_returns(
        self, api: Api, server: Server, tables: Tables, sandbox: SandboxPayouts
    ) -> None:
        server.configure(**{"external.payout.sandbox.pays_at_once": False})

        def after(asked: PayoutOrder, action: str) -> PayoutState:
            ref = server.on_loop(sandbox.pay(asked)).ref
            assert press(api, TRANSFER_PAGE, ref, action).status_code == 303
            found = server.on_loop(sandbox.find(asked, ref))
            assert found is not None
            return found

        paid, failed = order(), order()
        assert server.on_loop(sandbox.pay(paid)).state == "SENT"
        assert (after(paid, "pay").state, after(paid, "return").state) == ("PAID", "RETURNED")
        told = after(failed, "fail")
        assert (told.state, told.reason, told.fee) == ("FAILED", "DESTINATION_REJECTED", None)
        assert press(api, TRANSFER_PAGE, told.ref, "pay").status_code == 404
        assert "50.00 USD" in api.get(f"{TRANSFER_PAGE}{told.ref}").text
        assert {row["family"] for row in tables.rows("SELECT * FROM provider_events")} == {"payout"}

    def test_the_page_of_an_account_has_its_transfers(
        self, api: Api, server: Server, sandbox: SandboxPayouts, ref: str
    ) -> None:
        for action in ("submit", "enable"):
            press(api, ACCOUNT_PAGE, ref, action)
        paid = server.on_loop(sandbox.pay(order(ref)))
        assert f"{TRANSFER_PAGE}{paid.ref}" in api.get(f"{ACCOUNT_PAGE}{ref}").text
        assert f"{ACCOUNT_PAGE}{ref}" in api.get(f"{TRANSFER_PAGE}{paid.ref}").text


class TestPages:
    @pytest.mark.parametrize("path", [ACCOUNT_PAGE, TRANSFER_PAGE])
    @pytest.mark.parametrize("ref", ["", "x", "00000000-0000-4000-8000-000000000000", "%00", "a/b"])
    def test_nothing_is_elsewhere(self, api: Api, path: str, ref: str) -> None:
        assert api.get(f"{path}{ref}").status_code == 404
        assert press(api, path, ref, "pay").status_code == 404

    def test_a_notice_that_is_not_taken_is_told(self, api: Api, server: Server, tables: Tables, ref: str) -> None:
        server.configure(**{"site.api_url": f"http://127.0.0.1:{closed_port()}"})
        answer = press(api, ACCOUNT_PAGE, ref, "submit")
        assert (answer.status_code, "was not taken" in answer.text) == (200, True)
        assert tables.one("SELECT state FROM sandbox_payout_accounts")["state"] == "SUBMITTED"


@pytest.mark.parametrize(("env", "there"), [("production", False), ("staging", True)])
def test_in_production_there_is_none(env: str, there: bool) -> None:
    unused: Any = None
    adapters = payout_adapters(FakeConfig(), httpx.AsyncClient(), env, Sandbox(unused, list))
    assert ("sandbox" in {each.name for each in adapters}) is there


def test_a_staff_member_probes_it(server: Server) -> None:
    assert "sandbox" in server.on_loop(server.app.parts.providers.payout.probe("sandbox"))
