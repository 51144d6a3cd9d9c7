"""What the sandbox does wrong where it is told to, and that the wallet and the books end as they do without."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.config_keys import InvalidConfig
from domain.money.payments import RefundOrder
from domain.money.sandbox import EVENTS, FAULTS
from providers.payment.sandbox import SandboxPayments
from providers.ports import ProviderRejected, ProviderUnavailable
from providers.sandbox import Sandbox
from tests.handlers.support import account
from tests.harness import Api, Server, Tables, bearer, code_of
from tests.ledger import tally
from tests.money import assert_books_agree, balance, begin, do, hurry, press
from tests.providers.fakes import FakeConfig
from tests.simulations import simulate
from tests.staff import member

OLD = datetime.now(UTC) - timedelta(days=30)
KEY = "external.payment.sandbox.faults"
ROADS = [
    (["pay"], "25.00"), (["pay_later", "pay"], "25.00"), (["expire"], "0.00"), (["decline"], "0.00"),
    (["expire", "pay"], "25.00"), (["pay", "refund"], "0.00"), (["pay", "charge_back"], "0.00"),
    (["pay", "charge_back", "win"], "25.00"), (["pay", "charge_back", "lose"], "0.00"),
]  # fmt: skip
roads = pytest.mark.parametrize(("actions", "left"), ROADS, ids=["-".join(actions) for actions, _ in ROADS])


@pytest.fixture
def headers(api: Api, tables: Tables) -> dict[str, str]:
    account(api, tables, created_at=OLD)
    return bearer(api.sign_in())


def switch_on(server: Server, *faults: str) -> None:
    server.configure(**{KEY: list(faults)})


def taken(tables: Tables) -> list[str]:
    """The types of the notices that came, in their order."""
    return [row["type"] for row in tables.rows("SELECT type FROM provider_events ORDER BY received_at, id")]


class TestSwitch:
    @pytest.mark.parametrize("value", [["LIE"], ["drop"], ["DROP", 1], "DROP"])
    def test_there_are_no_others(self, server: Server, value: Any) -> None:
        with pytest.raises(InvalidConfig):
            server.configure(**{KEY: value})

    def test_by_default_it_does_nothing_wrong(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        do(api, begin(api, headers), "pay", "charge_back", "win")
        assert taken(tables) == [*EVENTS["pay"], *EVENTS["charge_back"], *EVENTS["win"]]
        assert balance(api, headers) == "25.00"
        assert_books_agree(tables)


class TestSent:
    """What leaves the sandbox for a button with two notices, as who takes them sees it."""

    @staticmethod
    def sent(*faults: str) -> list[tuple[str, str]]:
        """The id and the type of each, as they come."""
        came = list[tuple[str, str]]()

        def take(request: httpx.Request) -> httpx.Response:
            told = json.loads(request.content)
            came.append((told["id"], told["type"]))
            return httpx.Response(200)

        async def tell() -> None:
            unused: Any = None
            async with httpx.AsyncClient(transport=httpx.MockTransport(take)) as http:
                config = FakeConfig({KEY: list(faults)})
                sandbox = SandboxPayments(config, http, Sandbox(unused, lambda: ["secret"]))
                await sandbox.tell_all(str(uuid4()), EVENTS["charge_back"])

        try:
            asyncio.run(tell())
        except ProviderUnavailable:
            assert "DROP" in faults
        return came

    @pytest.mark.parametrize(
        ("faults", "order"),
        [
            ([], [0, 1]), (["TIMEOUT"], [0, 1]), (["DUPLICATE"], [0, 0, 1, 1]), (["REORDER"], [1, 0]),
            (["DUPLICATE", "REORDER"], [1, 1, 0, 0]), (["DROP"], []), (FAULTS, []),
        ],
    )  # fmt: skip
    def test_so_often_and_in_this_order(self, faults: Sequence[str], order: list[int]) -> None:
        came = self.sent(*faults)
        assert [event for _, event in came] == [EVENTS["charge_back"][each] for each in order]
        assert len({event_id for event_id, _ in came}) == len(set(order))  # the same twice, not another one


class TestNotices:
    @roads
    @pytest.mark.parametrize("faults", [["DUPLICATE"], ["REORDER"], ["DUPLICATE", "REORDER"]], ids="-".join)
    def test_the_end_is_the_same(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, faults: list[str],
        actions: list[str], left: str,
    ) -> None:  # fmt: skip
        session = begin(api, headers)
        switch_on(server, *faults)
        do(api, session, *actions)
        assert balance(api, headers) == left
        assert_books_agree(tables)

    @roads
    def test_what_was_dropped_is_found_by_the_sweeper(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, actions: list[str], left: str
    ) -> None:
        session = begin(api, headers)
        switch_on(server, "DROP")
        for action in actions:
            answer = press(api, session, action)
            assert (answer.status_code, "was not taken" in answer.text) == (200, True)
            server.work_off()
        assert (balance(api, headers), taken(tables)) == ("0.00", [])
        hurry(tables)
        server.let_time_come("payments.sweep")
        assert balance(api, headers) == left
        assert_books_agree(tables)

    def test_what_was_dropped_after_the_payment_is_found_too(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables
    ) -> None:
        session = begin(api, headers)
        do(api, session, "pay")
        switch_on(server, "DROP")
        press(api, session, "charge_back")
        server.work_off()
        assert balance(api, headers) == "25.00"
        hurry(tables)
        server.let_time_come("payments.sweep")
        assert balance(api, headers) == "0.00"
        assert_books_agree(tables)

    def test_a_developer_is_told_that_nothing_came(self, api: Api, server: Server, headers: dict[str, str]) -> None:
        session_id = begin(api, headers)["sessionId"]
        switch_on(server, "DROP")
        told = simulate(api, "dev.simulate_payment", session_id, "pay").json()["data"]
        assert (told["state"], told["notified"]) == ("PAID", False)


class TestTimeout:
    def test_a_load_that_is_repeated_meets_its_session(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables
    ) -> None:
        keyed = headers | {"Idempotency-Key": "one"}
        switch_on(server, "TIMEOUT")
        response = api.call("wallet.loads.start", {"amount": "25.00"}, headers=keyed)
        assert (response.status_code, code_of(response)) == (503, "service.unavailable")
        assert tables.count("sandbox_payments") == 1
        session = begin(api, keyed)
        assert (tables.count("payments"), tables.count("sandbox_payments")) == (1, 1)
        do(api, session, "pay")
        assert balance(api, headers) == "25.00"
        assert_books_agree(tables)

    def test_a_load_that_nobody_repeats_is_bound_by_the_sweeper(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables
    ) -> None:
        switch_on(server, "TIMEOUT")
        assert api.call("wallet.loads.start", {"amount": "25.00"}, headers=headers).status_code == 503
        hurry(tables)
        server.let_time_come("payments.sweep")
        made = tables.one("SELECT id FROM sandbox_payments")
        assert tables.one("SELECT ref FROM payments") == {"ref": str(made["id"])}

    def test_a_refund_is_made_once(self, api: Api, server: Server, headers: dict[str, str], tables: Tables) -> None:
        session, staff = begin(api, headers), member(server, "FINANCE")
        do(api, session, "pay")
        switch_on(server, "TIMEOUT")
        path = f"/admin/payments/{session['sessionId']}/refund"
        body = {"reason": "Ticket 4711.", "amount": "10.00"}
        assert api.call("admin.finance.payments.refund", body, path=path, headers=staff.headers).status_code == 202
        server.work_off()
        assert (tables.count("sandbox_refunds"), tables.one("SELECT ref FROM refunds")) == (1, {"ref": None})
        hurry(tables)
        server.work_off()
        assert tables.count("sandbox_refunds") == 1
        do(api, session, "confirm_refund")
        assert tables.one("SELECT status FROM refunds") == {"status": "DONE"}
        assert (balance(api, headers), tally(tables, "refund_transit")) == ("15.00", 0)
        assert_books_agree(tables)

    def test_what_is_refused_is_refused(self, server: Server) -> None:
        switch_on(server, "TIMEOUT")
        sandbox: Any = server.app.parts.providers.payment.adapter("sandbox")
        with pytest.raises(ProviderRejected, match="no such session"):
            server.on_loop(sandbox.refund(RefundOrder(uuid4(), str(uuid4()), 100, "USD")))
