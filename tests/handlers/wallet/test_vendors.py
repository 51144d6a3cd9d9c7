"""Loads through vendors that stand on this machine: their notices come by the intake, and both books agree."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import httpx
import pytest

from domain.money import flows
from domain.money.ledger import platform
from domain.money.payments import PLATFORM
from domain.money.refunds import WARNED
from tests.handlers.support import account, audited
from tests.harness import Api, Server, Tables, bearer, code_of
from tests.ledger import tally
from tests.money import assert_books_agree, begin, fan, hurry, post, press
from tests.movements import compare
from tests.providers.payment_vendors import (
    DISPUTE_FEE,
    OURS,
    MollieTill,
    StripeTill,
    fee_of,
    mollie_till,
    stripe_till,
)
from tests.providers.servers import closed_port
from tests.staff import member

OLD = datetime.now(UTC) - timedelta(days=30)


@pytest.fixture
def user_id(api: Api, tables: Tables) -> UUID:
    return account(api, tables, created_at=OLD)


@pytest.fixture
def headers(api: Api, user_id: UUID) -> dict[str, str]:
    return bearer(api.sign_in())


def choose(server: Server, provider: str, vendor: StripeTill | MollieTill) -> None:
    of_vendor = {"base_url": vendor.url, "api_key": vendor.key, "webhook_secret": vendor.secret}
    server.configure(**{f"external.payment.{provider}.{name}": value for name, value in of_vendor.items()})
    server.configure(**{"external.payment.active_provider": provider})


@pytest.fixture
def till(server: Server) -> Iterator[StripeTill]:
    with stripe_till() as found:
        choose(server, "stripe", found)
        yield found


@pytest.fixture
def pings(server: Server) -> Iterator[MollieTill]:
    with mollie_till() as found:
        choose(server, "mollie", found)
        yield found


def bound(tables: Tables) -> str:
    """The session of the newest load."""
    return str(tables.one("SELECT ref FROM payments ORDER BY created_at DESC LIMIT 1")["ref"])


def tell(server: Server, till: StripeTill) -> None:
    assert set(till.deliver(server.origin)) <= {200}
    server.work_off()


def look(server: Server, tables: Tables) -> None:
    """What was not told is found."""
    hurry(tables)
    server.let_time_come("payments.sweep")


def assert_agree(tables: Tables, till: StripeTill | MollieTill) -> None:
    """To the cent: what the vendor's own book says that it owes us, and what ours says."""
    name = "stripe" if isinstance(till, StripeTill) else "mollie"
    assert -tally(tables, f"clearing:{name}") == till.book.balance(OURS)
    assert_books_agree(tables)


def balance(api: Api, headers: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = api.call("wallet.balance", headers=headers).json()["data"]
    return found


def status(api: Api, headers: dict[str, str], session: dict[str, str]) -> str:
    told = api.call("wallet.loads.find", path=f"/wallet/load/{session['sessionId']}", headers=headers)
    return str(told.json()["data"]["status"])


def give_back(api: Api, server: Server, session: dict[str, str]) -> None:
    """Staff asks for a part, and the vendor is not asked yet."""
    path, body = f"/admin/payments/{session['sessionId']}/refund", {"amount": "10.00", "reason": "Ticket 4711."}
    staff = member(server, "FINANCE")
    answer = api.call("admin.finance.payments.refund", body, path=path, headers=staff.headers)
    assert answer.status_code == 202, answer.text


def of_refund(tables: Tables) -> tuple[str, str | None]:
    row = tables.one("SELECT status, failed_for FROM refunds")
    return row["status"], row["failed_for"]


def refused_for(why: str | None) -> tuple[int, tuple[str, str | None]]:
    """How many refunds the vendor has, and what became of ours."""
    return (1, ("OPEN", None)) if why is None else (0, ("FAILED", why))


class TestStripe:
    def test_the_whole_road(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, till: StripeTill
    ) -> None:
        session = begin(api, headers)
        ref = bound(tables)
        assert session["checkoutUrl"] == till.sessions[ref]["url"]
        assert till.sessions[ref]["client_reference_id"] == session["sessionId"]
        till.pay(ref)
        tell(server, till)
        assert status(api, headers, session) == "PAID"
        assert balance(api, headers) == {"balance": "25.00", "frozen": False}
        assert tally(tables, "processing_fees") == -fee_of(2500)
        assert_agree(tables, till)

    @pytest.mark.parametrize(
        ("actions", "ended", "shown"),
        [
            (["expire"], "EXPIRED", "0.00"),
            (["pay_later"], "OPEN", "0.00"),
            (["pay_later", "decline"], "FAILED", "0.00"),
            (["pay_later", "pay"], "PAID", "25.00"),
            (["pay", "refund"], "PAID", "0.00"),
            (["pay", "warn"], "PAID", "25.00"),
            (["pay", "dispute"], "PAID", "0.00"),
            (["pay", "dispute", "lose"], "PAID", "0.00"),
            (["pay", "dispute", "win"], "PAID", "25.00"),
        ],
    )
    def test_as_it_goes(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, till: StripeTill, actions: list[str],
        ended: str, shown: str,
    ) -> None:  # fmt: skip
        session = begin(api, headers)
        ref = bound(tables)
        for action in actions:
            getattr(till, action)(*(till.disputes if action in {"win", "lose"} else [ref]))
            tell(server, till)
        assert status(api, headers, session) == ended
        assert balance(api, headers) == {"balance": shown, "frozen": actions[-1] == "dispute"}
        assert_agree(tables, till)
        if till.book.balance(OURS) > 100:
            till.settle(till.book.balance(OURS) - 100, cost=35)
        assert compare(server, tables) == []
        assert_agree(tables, till)

    @pytest.mark.parametrize("order", list(permutations(range(3))))
    def test_refunded_in_part_and_disputed_in_any_order_of_notices(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, till: StripeTill, user_id: UUID,
        order: tuple[int, ...],
    ) -> None:  # fmt: skip
        """All have happened at the vendor before the first is heard; one comes twice, one never; half was spent."""
        begin(api, headers)
        ref = bound(tables)
        till.pay(ref)
        tell(server, till)
        post(server, flows.held(fan(user_id), user_id, flows.Parts(promo=0, fan=1500)))
        till.refund(ref, 500)
        dispute = till.dispute(ref, 1700)
        till.win(dispute)
        chance = random.Random(repr(order))
        thirds = [till.told[place::3] for place in order]
        told = [body for third in thirds for body in third]
        told.remove(chance.choice(told))
        told.append(chance.choice(told))
        assert set(till.deliver(server.origin, told)) == {200}
        server.work_off()
        assert balance(api, headers) == {"balance": "5.00", "frozen": False}
        assert tally(tables, "processing_fees") == -fee_of(2500) - DISPUTE_FEE
        row = tables.one("SELECT status, refunded, disputed, fee FROM payments")
        assert row == {"status": "PAID", "refunded": 500, "disputed": 0, "fee": fee_of(2500)}
        assert_agree(tables, till)

    @pytest.mark.parametrize(
        ("below", "spent", "before", "back"),
        [
            ("0", 0, [], 0),
            ("25", 0, [], 0),
            ("25.01", 0, [], 2500),
            ("25.01", 1000, [], 1500),
            ("25.01", 2500, [], 0),
            ("25.01", 2500, ["gift"], 0),
            ("25.01", 0, ["refund"], 2000),
            ("25.01", 0, ["dispute"], 0),
            ("25.01", 0, ["blind"], 0),
        ],
    )
    def test_a_warning_of_fraud(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, till: StripeTill, user_id: UUID,
        below: str, spent: int, before: list[str], back: int,
    ) -> None:  # fmt: skip
        """What nobody spent of a small payment goes back at once, and once; anything else is for staff to see."""
        server.configure(**{"dispute.auto_refund_below": below})
        begin(api, headers)
        ref = bound(tables)
        till.pay(ref)
        tell(server, till)
        if spent:
            post(server, flows.held(fan(user_id), user_id, flows.Parts(promo=0, fan=spent)))
        if "gift" in before:
            post(server, flows.adjusted(fan(user_id), user_id, "fan", 1000, platform("goodwill"), user_id))
        if "refund" in before:
            till.refund(ref, 500)
        if "dispute" in before:
            till.dispute(ref)
        till.shows_warnings = "blind" not in before
        for _ in range(2):
            till.warn(ref)
            tell(server, till)
        tell(server, till)
        ours = tables.rows("SELECT amount, requested_by, reason FROM refunds WHERE reason IS NOT NULL")
        assert ours == ([{"amount": back, "requested_by": PLATFORM, "reason": WARNED}] if back else [])
        assert sum(one["amount"] for one in till.refunds.values() if one["metadata"]) == back
        noted = audited(tables, "payment.refunded_at_once")
        assert [(entry["actor_id"], entry["target_id"], entry["reason"]) for entry in noted] == [
            (None, str(user_id), WARNED)
        ] * bool(back)
        warned = tables.one("SELECT warned_at FROM payments")["warned_at"] is not None
        assert warned == (not {"dispute", "blind"} & {*before})
        if back:
            (row,) = (one for one in till.refunds.values() if one["metadata"])
            till.end_refund(row["id"], "succeeded")
            tell(server, till)
            assert tables.one("SELECT status FROM refunds WHERE reason IS NOT NULL") == {"status": "DONE"}
        assert_agree(tables, till)

    @pytest.mark.parametrize(
        ("inquiry", "ended", "why"),
        [(False, None, "DISPUTED"), (False, "lose", "DISPUTED"), (True, None, "DISPUTED"), (True, "close", None)],
    )
    def test_a_dispute_comes_before_a_refund_that_waits(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, till: StripeTill, inquiry: bool,
        ended: str | None, why: str | None,
    ) -> None:  # fmt: skip
        """What the vendor states when it is looked at is enough: nobody was told of it."""
        session = begin(api, headers)
        ref = bound(tables)
        till.pay(ref)
        tell(server, till)
        give_back(api, server, session)
        dispute = till.dispute(ref, inquiry=inquiry)
        if ended is not None:
            till.lose(dispute, "warning_closed" if ended == "close" else "lost")
        till.told.clear()
        server.work_off()
        assert (len(till.refunds), of_refund(tables)) == refused_for(why)
        assert balance(api, headers)["balance"] == ("25.00" if inquiry and why else "15.00" if inquiry else "0.00")
        assert_agree(tables, till) if why else assert_books_agree(tables)

    def test_notices_that_never_came(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, till: StripeTill
    ) -> None:
        begin(api, headers)
        ref = bound(tables)
        for action in (till.pay, till.refund):
            action(ref)
            look(server, tables)
        till.told.clear()
        assert tables.count("provider_events") == 0
        assert balance(api, headers)["balance"] == "0.00"
        assert_agree(tables, till)

    def test_a_dispute_that_is_heard_of_before_the_payment(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, till: StripeTill
    ) -> None:
        """It names what we have not heard of yet, and waits until we have."""
        begin(api, headers)
        ref = bound(tables)
        till.pay(ref)
        till.dispute(ref)
        completed, *later = till.told
        till.deliver(server.origin, later)
        server.work_off()
        assert {row["state"] for row in tables.rows("SELECT state FROM provider_events")} == {"WAITING"}
        till.deliver(server.origin, [completed])
        server.work_off()  # in one go with those that wait, these may be looked at first, and wait on
        hurry(tables)
        server.work_off()
        assert {row["state"] for row in tables.rows("SELECT state FROM provider_events")} == {"DONE"}
        assert balance(api, headers) == {"balance": "0.00", "frozen": True}
        assert_agree(tables, till)

    @pytest.mark.parametrize("fault", ["drop", "drop_after"])
    def test_a_vendor_that_fails_makes_one_session(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, till: StripeTill, fault: str
    ) -> None:
        till.faults.extend([fault] * 3)
        keyed = headers | {"Idempotency-Key": "one"}
        response = api.call("wallet.loads.start", {"amount": "25.00"}, headers=keyed)
        assert (response.status_code, code_of(response)) == (503, "service.unavailable")
        session = begin(api, keyed)
        assert (tables.count("payments"), len(till.sessions)) == (1, 1)
        till.pay(bound(tables))
        tell(server, till)
        assert status(api, headers, session) == "PAID"
        assert_agree(tables, till)

    def test_a_session_that_was_never_bound_is_found_by_what_it_remembers(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, till: StripeTill
    ) -> None:
        session = begin(api, headers)
        ref = bound(tables)
        tables.run("UPDATE payments SET ref = NULL, url = NULL, due_at = NULL")
        till.pay(ref)
        till.refund(ref, 500)
        tell(server, till)
        tables.run("UPDATE provider_events SET received_at = now() - interval '11 minutes'")
        hurry(tables)
        server.work_off()
        assert (bound(tables), status(api, headers, session)) == (ref, "PAID")
        assert balance(api, headers)["balance"] == "20.00"
        assert_agree(tables, till)

    def test_another_amount_is_kept_apart(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, till: StripeTill
    ) -> None:
        session = begin(api, headers)
        ref = bound(tables)
        till.sessions[ref]["amount_total"] = 250_000
        till.pay(ref)
        tell(server, till)
        assert status(api, headers, session) == "FAILED"
        assert tally(tables, "suspense:stripe") == 250_000

    def test_a_secret_that_changes_loses_nothing(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, till: StripeTill
    ) -> None:
        session = begin(api, headers)
        till.pay(bound(tables))
        server.configure(
            **{
                "external.payment.stripe.webhook_secret": "whsec_new",
                "external.payment.stripe.webhook_secret_previous": till.secret,
            }
        )
        tell(server, till)
        assert status(api, headers, session) == "PAID"
        server.configure(**{"external.payment.stripe.webhook_secret_previous": ""})
        till.refund(bound(tables))
        assert set(till.deliver(server.origin)) == {401}
        look(server, tables)
        assert_agree(tables, till)

    def test_another_provider_is_active_meanwhile(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, till: StripeTill
    ) -> None:
        session = begin(api, headers)
        server.configure(**{"external.payment.active_provider": "none"})
        till.pay(bound(tables))
        tell(server, till)
        assert status(api, headers, session) == "PAID"
        assert_agree(tables, till)

    def test_without_a_secret_there_is_no_door(self, server: Server, till: StripeTill) -> None:
        server.configure(**{"external.payment.stripe.webhook_secret": ""})
        assert till.deliver(server.origin, [b"{}"], secret="x") == [404]


class TestMollie:
    def hear(self, server: Server, till: MollieTill) -> None:
        assert set(till.deliver()) <= {200}
        server.work_off()

    @pytest.mark.parametrize(
        ("actions", "ended", "shown"),
        [
            (["expire"], "EXPIRED", "0.00"),
            (["decline"], "FAILED", "0.00"),
            (["pay_later", "pay"], "PAID", "25.00"),
            (["expire", "pay"], "PAID", "25.00"),
            (["pay", "refund"], "PAID", "0.00"),
            (["pay", "dispute"], "PAID", "0.00"),
            (["pay", "dispute", "win"], "PAID", "25.00"),
        ],
    )
    def test_as_it_goes(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, pings: MollieTill, actions: list[str],
        ended: str, shown: str,
    ) -> None:  # fmt: skip
        session = begin(api, headers)
        ref, dispute = bound(tables), ""
        assert session["checkoutUrl"] == pings.payments[ref]["_links"]["checkout"]["href"]
        for action in actions:
            done = getattr(pings, action)(dispute if action == "win" else ref)
            dispute = done if action == "dispute" else dispute
            self.hear(server, pings)
        assert status(api, headers, session) == ended
        assert balance(api, headers) == {"balance": shown, "frozen": False}
        assert_agree(tables, pings)

    @pytest.mark.parametrize("won", [False, True])
    def test_a_chargeback_comes_before_a_refund_that_waits(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, pings: MollieTill, won: bool
    ) -> None:
        session = begin(api, headers)
        ref = bound(tables)
        pings.pay(ref)
        pings.deliver()
        server.work_off()
        give_back(api, server, session)
        chargeback = pings.dispute(ref)
        if won:
            pings.win(chargeback)
        pings.told.clear()
        server.work_off()
        refunds = pings.payments[ref]["_held"]["refunds"]
        assert (len(refunds), of_refund(tables)) == refused_for(None if won else "DISPUTED")
        assert balance(api, headers)["balance"] == ("15.00" if won else "0.00")
        if not won:
            assert_agree(tables, pings)

    def test_refunded_in_part_and_charged_back_before_anything_is_heard(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, pings: MollieTill, user_id: UUID
    ) -> None:
        """Pings all say the same; one of them is enough."""
        begin(api, headers)
        ref = bound(tables)
        pings.pay(ref)
        self.hear(server, pings)
        post(server, flows.held(fan(user_id), user_id, flows.Parts(promo=0, fan=1500)))
        pings.refund(ref, 500)
        pings.win(pings.dispute(ref, 1700))
        assert pings.deliver() == [200] * 3
        server.work_off()
        assert balance(api, headers) == {"balance": "5.00", "frozen": False}
        assert tables.count("provider_events") == 1
        assert_agree(tables, pings)

    @pytest.mark.parametrize("fault", ["drop", "drop_after"])
    def test_a_vendor_that_fails_makes_one_payment(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, pings: MollieTill, fault: str
    ) -> None:
        pings.faults.extend([fault] * 3)
        assert api.call("wallet.loads.start", {"amount": "25.00"}, headers=headers).status_code == 503
        look(server, tables)
        (ref,) = pings.payments
        pings.pay(ref)
        self.hear(server, pings)
        assert balance(api, headers)["balance"] == "25.00"
        assert_agree(tables, pings)

    def test_a_thousand_forged_pings_cost_nothing(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, pings: MollieTill
    ) -> None:
        begin(api, headers)
        ref = bound(tables)
        address = pings.payments[ref]["webhookUrl"]
        bare = address.partition("?")[0]
        forged = [
            (bare, ref), (f"{address}0", ref), (f"{bare}?p={UUID(int=1)}&k={'0' * 64}", ref), (address, "tr_unknown"),
            (address, "re_unknown"), (address, "chb_unknown"), (address, ""), (address, "x" * 5000),
        ]  # fmt: skip
        asked, jobs = len(pings.asked), tables.count("outbox")
        with httpx.Client(trust_env=False) as client:
            answers = {client.post(url, data={"id": told}).status_code for url, told in forged * 125}
        server.work_off()
        assert (answers, len(pings.asked)) == ({200}, asked)
        assert (tables.count("provider_events"), tables.count("outbox")) == (0, jobs)


class TestFailover:
    """A new load goes on to the next provider where the one before certainly has no session of it."""

    @pytest.fixture(autouse=True)
    def order(self, server: Server, till: StripeTill) -> None:
        server.configure(**{"external.payment.failover_providers": ["sandbox"]})
        server.app.parts.providers.watch.close("payment", "stripe")

    def providers(self, tables: Tables) -> list[str]:
        return [row["provider"] for row in tables.rows("SELECT provider FROM payments ORDER BY created_at")]

    def test_whom_nobody_reaches_is_left(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, till: StripeTill
    ) -> None:
        server.configure(**{"external.payment.stripe.base_url": f"http://127.0.0.1:{closed_port()}"})
        session = begin(api, headers)
        assert "/sandbox/checkout/" in session["checkoutUrl"]
        assert self.providers(tables) == ["sandbox"]
        assert press(api, session, "pay").status_code == 303
        server.work_off()
        assert balance(api, headers)["balance"] == "25.00"
        assert_books_agree(tables)

    def test_who_refuses_is_left(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, till: StripeTill
    ) -> None:
        server.configure(**{"external.payment.stripe.api_key": "sk_test_wrong"})
        begin(api, headers)
        assert (self.providers(tables), till.sessions) == (["sandbox"], {})

    def test_who_is_not_heard_keeps_it(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, till: StripeTill
    ) -> None:
        """It may have a session: two would be paid twice."""
        keyed = headers | {"Idempotency-Key": "one"}
        till.faults.extend(["drop_after", "drop", "429"])
        response = api.call("wallet.loads.start", {"amount": "25.00"}, headers=keyed)
        assert (response.status_code, code_of(response)) == (503, "service.unavailable")
        till.faults.append("429")  # which says nothing of the call before
        assert api.call("wallet.loads.start", {"amount": "25.00"}, headers=keyed).status_code == 503
        assert (self.providers(tables), tables.count("sandbox_payments")) == (["stripe"], 0)
        session = begin(api, keyed)
        assert (session["checkoutUrl"], len(till.sessions)) == (till.sessions[bound(tables)]["url"], 1)

    def test_who_failed_often_is_not_asked(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, till: StripeTill
    ) -> None:
        breaker = server.app.parts.providers.watch.circuit("payment", "stripe").breaker
        for _ in range(5):
            breaker.failed()
        begin(api, headers)
        assert (self.providers(tables), till.asked) == (["sandbox"], [])
        server.app.parts.providers.watch.close("payment", "stripe")

    def test_where_nobody_is_left_it_is_over(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, till: StripeTill
    ) -> None:
        server.configure(**{"external.payment.failover_providers": ["mollie"]})
        server.configure(**{"external.payment.stripe.api_key": "sk_test_wrong"})
        assert api.call("wallet.loads.start", {"amount": "25.00"}, headers=headers).status_code == 503
        assert self.providers(tables) == ["mollie"]
        server.app.parts.providers.watch.close("payment", "mollie")

    def test_a_session_of_a_provider_that_was_left_ends(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, till: StripeTill
    ) -> None:
        """The payment has moved on while its former provider was asked again."""
        till.faults.extend(["drop"] * 3)
        assert api.call("wallet.loads.start", {"amount": "25.00"}, headers=headers).status_code == 503

        def move() -> None:
            with Tables(server.database_url) as own:
                own.run("UPDATE payments SET provider = 'sandbox'")

        till.meanwhile = move
        look(server, tables)
        (left,) = till.sessions.values()
        assert left["status"] == "expired"
        assert tables.one("SELECT provider, ref, status FROM payments") == {
            "provider": "sandbox", "ref": None, "status": "OPEN",
        }  # fmt: skip
