"""Payments as staff sees them, and giving them back through their provider."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from structlog.testing import capture_logs

from domain.money import flows
from domain.money.flows import Balances, Parts
from domain.money.ledger import Transfer, platform
from domain.money.payments import PaymentState, RefundState
from providers.ports import ProviderRejected
from services.money.escrows import EscrowService
from services.money.payments import PaymentBooks
from services.money.rewards import RewardService
from tests.handlers.admin.pages import walked
from tests.handlers.support import account, audited, insert, until, waiting_for_locks
from tests.harness import Api, Server, Tables, bearer, broken_rules, code_of
from tests.ledger import PROVIDER, tally
from tests.money import assert_books_agree, balance, begin, do, fan, post, press
from tests.payment_vendor import faulty, silence
from tests.providers.fakes import FakeConfig
from tests.staff import Hired, member

WHY = "Ticket 4711."
OLD = datetime.now(UTC) - timedelta(days=30)


@pytest.fixture
def ada(api: Api, tables: Tables) -> UUID:
    return account(api, tables, created_at=OLD)


@pytest.fixture
def headers(api: Api, ada: UUID) -> dict[str, str]:
    return bearer(api.sign_in())


@pytest.fixture
def paid(api: Api, headers: dict[str, str]) -> dict[str, str]:
    session = begin(api, headers)
    do(api, session, "pay")
    return session


def ask(api: Api, caller: Hired, payment_id: str, amount: str | None = None, **headers: str) -> httpx.Response:
    body = {"reason": WHY} | ({} if amount is None else {"amount": amount})
    path = f"/admin/payments/{payment_id}/refund"
    return api.call("admin.finance.payments.refund", body, path=path, headers=caller.headers | headers)


def asked(api: Api, caller: Hired, payment_id: str, amount: str | None = None) -> str:
    response = ask(api, caller, payment_id, amount)
    assert response.status_code == 202, response.text
    told = response.json()["data"]
    assert told["status"] == "OPEN"
    return str(told["refundId"])


def refused(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, code_of(response)


def refusal() -> None:
    raise ProviderRejected("not this one")


def exceeds(response: httpx.Response) -> str:
    """How much could be given back."""
    assert refused(response) == (400, "admin.refund.exceeds")
    return str(response.json()["error"]["i18nVars"]["available"])


def load_again(api: Api, headers: dict[str, str]) -> dict[str, str]:
    session = begin(api, headers)
    do(api, session, "pay")
    return session


def spent(user_id: UUID, amount: int) -> Transfer:
    return flows.held(fan(user_id), uuid4(), Parts(promo=0, fan=amount))


def given(tables: Tables, user_id: UUID, source: str, amount: int) -> list[Transfer]:
    """Money in the wallet that is of no payment."""
    wallet = fan(user_id)
    if source == "goodwill":
        return [flows.adjusted(wallet, uuid4(), "fan", amount, platform("goodwill"), user_id)]
    if source == "stray":
        strayed = flows.strayed(PROVIDER, "stray_1", amount)
        return [strayed, flows.stray_credited(wallet, PROVIDER, "stray_1", amount, user_id)]
    former = fan(insert(tables, "users", email="gone@example.com", referral_code="GONE"))
    there = flows.loaded(former, uuid4(), PROVIDER, amount)
    if source == "claim":
        return [there, flows.closed(former, amount), flows.claimed(wallet, former.id, amount)]
    return [there, flows.closed_again(former, amount, 1), flows.claimed_again(wallet, former.id, amount, 1)]


def in_full(api: Api, caller: Hired, payment_id: str) -> dict[str, Any]:
    response = api.call("admin.finance.payments.find", path=f"/admin/payments/{payment_id}", headers=caller.headers)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()["data"]
    return found


class TestRefund:
    def test_the_whole_road(
        self, api: Api, server: Server, finance: Hired, tables: Tables, ada: UUID, headers: dict[str, str],
        paid: dict[str, str],
    ) -> None:  # fmt: skip
        refund = asked(api, finance, paid["sessionId"], "10.00")
        assert (balance(api, headers), tally(tables, "refund_transit")) == ("15.00", 1000)
        server.work_off()
        (row,) = in_full(api, finance, paid["sessionId"])["refunds"]
        assert (row["id"], row["status"], row["settledAt"]) == (refund, "OPEN", None)
        assert row["ref"] is not None
        do(api, paid, "confirm_refund")
        told = in_full(api, finance, paid["sessionId"])
        assert [each["status"] for each in told["refunds"]] == ["DONE"]
        assert told["payment"]["refunded"] == "10.00"
        assert tally(tables, "refund_transit") == 0
        assert_books_agree(tables)
        kinds = {row["kind"] for row in tables.rows("SELECT kind FROM ledger_transfers WHERE kind LIKE 'refund%%'")}
        assert kinds == {"refund", "refund-done"}  # its echo is no refund of somebody else
        (entry,) = audited(tables, "admin.finance.payments.refund")
        assert (entry["actor_id"], entry["target_id"], entry["reason"]) == (finance.id, str(ada), WHY)
        (line, _) = api.call("wallet.activity", headers=headers).json()["data"]["items"]
        assert (line["type"], line["amount"], line["referenceType"]) == ("DEBIT", "10.00", "PAYMENT_REFUND")

    def test_all_that_is_left_by_default(
        self, api: Api, server: Server, finance: Hired, headers: dict[str, str], paid: dict[str, str]
    ) -> None:
        asked(api, finance, paid["sessionId"], "10.00")
        asked(api, finance, paid["sessionId"])
        assert balance(api, headers) == "0.00"
        assert refused(ask(api, finance, paid["sessionId"])) == (400, "admin.refund.exceeds")

    @pytest.mark.parametrize("made", [False, True])
    def test_one_that_fails_gives_the_money_back(
        self, api: Api, server: Server, finance: Hired, tables: Tables, headers: dict[str, str],
        paid: dict[str, str], made: bool,
    ) -> None:  # fmt: skip
        """Also after it had been made."""
        asked(api, finance, paid["sessionId"], "10.00")
        server.work_off()
        do(api, paid, *(["confirm_refund"] if made else []), "fail_refund")
        told = in_full(api, finance, paid["sessionId"])
        assert (told["refunds"][0]["status"], told["payment"]["refunded"]) == ("FAILED", "0.00")
        assert told["refunds"][0]["failureReason"] == "UNDONE"
        assert (balance(api, headers), tally(tables, "refund_transit")) == ("25.00", 0)
        assert_books_agree(tables)
        asked(api, finance, paid["sessionId"], "25.00")

    def test_what_the_provider_refuses_comes_back(
        self, api: Api, server: Server, finance: Hired, tables: Tables, headers: dict[str, str], paid: dict[str, str]
    ) -> None:
        asked(api, finance, paid["sessionId"], "10.00")
        with faulty(server) as vendor:
            vendor.before = refusal
            server.work_off()
        (row,) = in_full(api, finance, paid["sessionId"])["refunds"]
        assert (row["status"], row["failureReason"]) == ("FAILED", "REFUSED")
        assert balance(api, headers) == "25.00"

    @pytest.mark.parametrize("actions", [["charge_back"], ["charge_back", "lose"]])
    def test_a_dispute_that_comes_before_the_provider_is_asked_comes_first(
        self, api: Api, server: Server, finance: Hired, tables: Tables, headers: dict[str, str], paid: dict[str, str],
        actions: list[str],
    ) -> None:  # fmt: skip
        """What came back of the refund pays what the dispute left owing, and nobody is asked for it."""
        asked(api, finance, paid["sessionId"], "10.00")
        for action in actions:
            assert press(api, paid, action).status_code == 303
        tables.run("DELETE FROM provider_events")  # nobody was told
        server.work_off()
        told = in_full(api, finance, paid["sessionId"])
        (row,) = told["refunds"]
        assert (row["status"], row["failureReason"], row["ref"]) == ("FAILED", "DISPUTED", None)
        assert (told["payment"]["refunded"], told["payment"]["disputed"]) == ("0.00", "25.00")
        assert (tables.count("sandbox_refunds"), tally(tables, "refund_transit")) == (0, 0)
        debt = tables.one("SELECT balance FROM ledger_accounts WHERE code = 'debt'")["balance"]
        assert (balance(api, headers), debt) == ("0.00", 0)
        assert_books_agree(tables)

    def test_a_dispute_that_is_won_by_then_hinders_nothing(
        self, api: Api, server: Server, finance: Hired, tables: Tables, headers: dict[str, str], paid: dict[str, str]
    ) -> None:
        asked(api, finance, paid["sessionId"], "10.00")
        for action in ("charge_back", "win"):
            assert press(api, paid, action).status_code == 303
        server.work_off()
        do(api, paid, "confirm_refund")
        assert in_full(api, finance, paid["sessionId"])["refunds"][0]["status"] == "DONE"
        assert balance(api, headers) == "15.00"
        assert_books_agree(tables)

    def test_what_the_provider_gave_back_itself_comes_first(
        self, api: Api, server: Server, finance: Hired, tables: Tables, headers: dict[str, str], paid: dict[str, str]
    ) -> None:
        """Also where nobody was told of it."""
        asked(api, finance, paid["sessionId"], "10.00")
        assert press(api, paid, "refund").status_code == 303
        tables.run("DELETE FROM provider_events")
        server.work_off()
        rows = in_full(api, finance, paid["sessionId"])["refunds"]
        assert {(row["amount"], row["status"], row["failureReason"]) for row in rows} == {
            ("25.00", "DONE", None), ("10.00", "FAILED", "EXCEEDS"),
        }  # fmt: skip
        assert (tables.count("sandbox_refunds"), balance(api, headers)) == (1, "0.00")
        assert_books_agree(tables)

    @pytest.mark.parametrize("cut", ["before", "after"])
    def test_one_without_an_answer_is_asked_for_again(
        self, api: Api, server: Server, finance: Hired, tables: Tables, paid: dict[str, str], cut: str
    ) -> None:
        """And there is one, whether the provider had acted or not."""
        asked(api, finance, paid["sessionId"], "10.00")
        with faulty(server) as vendor:
            setattr(vendor, cut, silence)
            server.work_off()
        tables.run("DELETE FROM outbox WHERE topic = 'payments.refund'")
        tables.run("UPDATE refunds SET due_at = now()")
        server.let_time_come("payments.sweep")
        assert tables.count("sandbox_refunds") == 1
        assert in_full(api, finance, paid["sessionId"])["refunds"][0]["ref"] is not None

    def test_after_a_day_it_is_only_looked_for(
        self, api: Api, server: Server, finance: Hired, tables: Tables, headers: dict[str, str], paid: dict[str, str]
    ) -> None:
        asked(api, finance, paid["sessionId"], "10.00")
        tables.run("UPDATE refunds SET created_at = now() - interval '25 hours'")
        server.work_off()
        assert tables.count("sandbox_refunds") == 0
        assert in_full(api, finance, paid["sessionId"])["refunds"][0]["status"] == "FAILED"
        assert balance(api, headers) == "25.00"

    def test_lost_notices_are_made_up_for(
        self, api: Api, server: Server, finance: Hired, tables: Tables, paid: dict[str, str]
    ) -> None:
        asked(api, finance, paid["sessionId"], "10.00")
        server.work_off()
        press(api, paid, "confirm_refund")
        tables.run("DELETE FROM provider_events")
        server.work_off()
        tables.run("UPDATE refunds SET due_at = now()")
        server.let_time_come("payments.sweep")
        assert in_full(api, finance, paid["sessionId"])["refunds"][0]["status"] == "DONE"

    def test_a_session_that_is_gone_is_left_to_people(
        self, api: Api, server: Server, finance: Hired, tables: Tables, paid: dict[str, str]
    ) -> None:
        asked(api, finance, paid["sessionId"], "10.00")
        tables.run("UPDATE payments SET ref = %s", str(uuid4()))
        server.work_off()
        assert in_full(api, finance, paid["sessionId"])["refunds"][0]["status"] == "OPEN"
        assert tables.one("SELECT due_at > now() + interval '23 hours' AS later FROM refunds") == {"later": True}

    def test_no_more_than_is_left(self, api: Api, finance: Hired, paid: dict[str, str]) -> None:
        response = ask(api, finance, paid["sessionId"], "25.01")
        assert refused(response) == (400, "admin.refund.exceeds")
        assert response.json()["error"]["i18nVars"] == {"available": "25.00"}

    def test_what_is_spent_is_not_given_back(
        self, api: Api, server: Server, finance: Hired, ada: UUID, paid: dict[str, str]
    ) -> None:
        post(server, flows.held(fan(ada), uuid4(), Parts(promo=0, fan=2000)))
        response = ask(api, finance, paid["sessionId"])
        assert refused(response) == (400, "admin.refund.spent")
        assert response.json()["error"]["i18nVars"] == {"available": "5.00"}
        asked(api, finance, paid["sessionId"], "5.00")

    def test_no_payment_gives_back_the_money_of_a_later_one(
        self, api: Api, server: Server, finance: Hired, ada: UUID, headers: dict[str, str], paid: dict[str, str]
    ) -> None:
        """Money is spent oldest first: what is there is what came last, whoever paid it."""
        later = load_again(api, headers)
        post(server, spent(ada, 2500))
        assert exceeds(ask(api, finance, paid["sessionId"])) == "0.00"
        assert exceeds(ask(api, finance, paid["sessionId"], "0.01")) == "0.00"
        asked(api, finance, later["sessionId"], "25.00")
        assert balance(api, headers) == "0.00"

    def test_of_what_is_spent_in_part_the_rest(
        self, api: Api, server: Server, finance: Hired, ada: UUID, headers: dict[str, str], paid: dict[str, str]
    ) -> None:
        later = load_again(api, headers)
        post(server, spent(ada, 2000))
        assert exceeds(ask(api, finance, paid["sessionId"])) == "5.00"
        asked(api, finance, later["sessionId"], "10.00")
        assert exceeds(ask(api, finance, paid["sessionId"], "5.01")) == "5.00"
        asked(api, finance, paid["sessionId"], "5.00")
        asked(api, finance, later["sessionId"])
        assert balance(api, headers) == "0.00"

    @pytest.mark.parametrize("source", ["goodwill", "stray", "claim", "claim-again"])
    def test_what_came_otherwise_becomes_no_refund(
        self, api: Api, server: Server, finance: Hired, tables: Tables, ada: UUID, paid: dict[str, str], source: str
    ) -> None:
        """Such as a gift of staff, which would become cash."""
        post(server, spent(ada, 2500), *given(tables, ada, source, 1000))
        assert exceeds(ask(api, finance, paid["sessionId"], "10.00")) == "0.00"
        response = ask(api, finance, paid["sessionId"], "10.01")
        assert refused(response) == (400, "admin.refund.spent")
        assert response.json()["error"]["i18nVars"] == {"available": "0.00"}

    def test_what_came_before_was_spent_before(
        self, api: Api, server: Server, finance: Hired, tables: Tables, ada: UUID, headers: dict[str, str]
    ) -> None:
        post(server, *given(tables, ada, "goodwill", 1000))
        session = load_again(api, headers)
        post(server, spent(ada, 1500))
        asked(api, finance, session["sessionId"], "20.00")

    def test_a_gift_that_was_a_mistake_keeps_nothing_back(
        self, api: Api, server: Server, finance: Hired, tables: Tables, ada: UUID, paid: dict[str, str]
    ) -> None:
        post(server, *given(tables, ada, "goodwill", 1000), *given(tables, ada, "goodwill", -1000))
        asked(api, finance, paid["sessionId"], "25.00")

    def test_a_price_that_comes_back_is_the_money_that_it_was(
        self, api: Api, server: Server, finance: Hired, ada: UUID, headers: dict[str, str], paid: dict[str, str]
    ) -> None:
        escrow, parts = uuid4(), Parts(promo=0, fan=2500)
        post(server, flows.held(fan(ada), escrow, parts), flows.unheld(fan(ada), escrow, parts))
        asked(api, finance, paid["sessionId"], "25.00")

    def test_one_that_failed_is_money_of_its_payment_again(
        self, api: Api, server: Server, finance: Hired, ada: UUID, headers: dict[str, str], paid: dict[str, str]
    ) -> None:
        later = load_again(api, headers)
        asked(api, finance, later["sessionId"])
        server.work_off()
        do(api, later, "fail_refund")
        post(server, spent(ada, 2500))
        assert exceeds(ask(api, finance, paid["sessionId"])) == "0.00"
        asked(api, finance, later["sessionId"])

    @pytest.mark.parametrize("whose", ["own", "later"])
    def test_what_the_provider_gives_back_is_not_given_back_twice(
        self, api: Api, server: Server, finance: Hired, ada: UUID, headers: dict[str, str], paid: dict[str, str],
        whose: str,
    ) -> None:  # fmt: skip
        """It is counted once it is told of, and leaves the wallet once it is made."""
        later = load_again(api, headers)
        settle(server, paid if whose == "own" else later, RefundState("re_1", 1500, "OPEN"))
        post(server, spent(ada, 1000))
        first, second = ("0.00", "25.00") if whose == "own" else ("15.00", "10.00")
        assert exceeds(ask(api, finance, paid["sessionId"], "25.00" if whose == "later" else "10.00")) == first
        assert exceeds(ask(api, finance, later["sessionId"], second.replace(".00", ".01"))) == second

    def test_money_of_staff_that_the_provider_gave_back_keeps_nothing_back(
        self, api: Api, server: Server, finance: Hired, tables: Tables, ada: UUID, paid: dict[str, str]
    ) -> None:
        has = Balances(fan=3500)
        gone = flows.refunded_outside(fan(ada), PROVIDER, "stray_1", 1000, has)
        post(server, *given(tables, ada, "stray", 1000), gone)
        asked(api, finance, paid["sessionId"], "25.00")

    def test_who_spends_meanwhile_comes_first(
        self, api: Api, server: Server, finance: Hired, tables: Tables, ada: UUID, headers: dict[str, str],
        paid: dict[str, str],
    ) -> None:  # fmt: skip
        """How much there is is judged while the wallet is held."""
        load_again(api, headers)
        with ThreadPoolExecutor(1) as pool:

            async def work() -> Any:
                async with server.app.parts.database.unit() as db:
                    await db.ledger.post(spent(ada, 2500))
                    answer = pool.submit(ask, api, finance, paid["sessionId"])
                    await asyncio.to_thread(until, lambda: waiting_for_locks(tables))
                    return answer

            assert exceeds(server.on_loop(work()).result()) == "0.00"

    @pytest.mark.parametrize("actions", [["charge_back"], ["charge_back", "lose"]])
    def test_what_is_disputed_is_not(self, api: Api, finance: Hired, paid: dict[str, str], actions: list[str]) -> None:
        do(api, paid, *actions)
        assert refused(ask(api, finance, paid["sessionId"], "1")) == (409, "admin.refund.disputed")

    def test_a_dispute_that_was_won_is_over(self, api: Api, finance: Hired, paid: dict[str, str]) -> None:
        do(api, paid, "charge_back", "win")
        asked(api, finance, paid["sessionId"])

    def test_an_old_one_is_not(
        self, api: Api, server: Server, finance: Hired, tables: Tables, paid: dict[str, str]
    ) -> None:
        server.configure(**{"wallet.refund_days": 1})
        tables.run("UPDATE payments SET paid_at = now() - interval '25 hours'")
        assert refused(ask(api, finance, paid["sessionId"])) == (409, "admin.refund.too_old")

    def test_what_was_not_paid_is_not(self, api: Api, finance: Hired, headers: dict[str, str]) -> None:
        session = begin(api, headers)
        assert refused(ask(api, finance, session["sessionId"])) == (400, "admin.transition_invalid")
        assert refused(ask(api, finance, str(uuid4()))) == (404, "admin.not_found")

    @pytest.mark.parametrize("amount", ["0", "-1", "1.001", "1e2", "\u0665"])
    def test_what_is_no_amount_is_refused(self, api: Api, finance: Hired, paid: dict[str, str], amount: str) -> None:
        assert broken_rules(ask(api, finance, paid["sessionId"], amount)) == {("amount", "pattern")}

    def test_the_same_key_is_the_same_refund(
        self, api: Api, finance: Hired, tables: Tables, paid: dict[str, str]
    ) -> None:
        key = {"Idempotency-Key": "one"}
        first, again = (ask(api, finance, paid["sessionId"], "5", **key) for _ in range(2))
        assert first.json()["data"] == again.json()["data"]
        assert tables.count("refunds") == 1

    def test_many_at_once_are_as_many_as_fit(
        self, api: Api, finance: Hired, tables: Tables, headers: dict[str, str], paid: dict[str, str]
    ) -> None:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: ask(api, finance, paid["sessionId"], "10").status_code, range(8)))
        assert sorted(answers) == [202, 202] + [400] * 6
        assert (balance(api, headers), tally(tables, "refund_transit")) == ("5.00", 2000)

    def test_who_did_not_confirm_lately_is_asked(self, api: Api, server: Server, paid: dict[str, str]) -> None:
        stale = member(server, "FINANCE", session={"confirmed_at": datetime.now(UTC) - timedelta(hours=1)})
        assert refused(ask(api, stale, paid["sessionId"])) == (403, "admin.reauthentication_required")


BOOKS = PaymentBooks(EscrowService(), RewardService(FakeConfig()), FakeConfig())


def settle(server: Server, session: dict[str, str], *refunds: RefundState) -> None:
    """The provider was looked at, and told this."""
    payment_id = UUID(session["sessionId"])
    ref = session["checkoutUrl"].rpartition("/")[2]
    state = PaymentState(ref, payment_id, "PAID", 2500, "USD", 102, refunds)

    async def work() -> None:
        async with server.app.parts.database.unit() as db:
            await BOOKS.settle(db, payment_id, state, datetime.now(UTC))

    server.on_loop(work())


class TestTold:
    """Refunds that providers tell of, in any order."""

    def test_one_made_outside_that_fails_comes_back(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], ada: UUID, paid: dict[str, str]
    ) -> None:
        post(server, flows.held(fan(ada), uuid4(), Parts(promo=0, fan=2000)))
        made = RefundState("re_1", 1500)
        settle(server, paid, replace(made, status="OPEN"))
        assert balance(api, headers) == "5.00"
        for _ in range(2):
            settle(server, paid, made)
        debt = "SELECT balance FROM ledger_accounts WHERE code = 'debt'"
        assert (balance(api, headers), tables.one(debt)["balance"]) == ("0.00", -1000)
        assert len(tables.rows("SELECT 1 FROM outbox WHERE topic = 'money.tell_of_debt'")) == 4
        for _ in range(2):
            settle(server, paid, replace(made, status="FAILED"))
        settle(server, paid, made)  # told late
        assert (balance(api, headers), tables.one(debt)["balance"]) == ("5.00", 0)
        assert tables.one("SELECT status, refunded FROM payments") == {"status": "PAID", "refunded": 0}

    def test_one_made_outside_that_never_was_made(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], paid: dict[str, str]
    ) -> None:
        settle(server, paid, RefundState("re_1", 1500, "OPEN"))
        settle(server, paid, RefundState("re_1", 1500, "FAILED"))
        assert balance(api, headers) == "25.00"
        assert tables.rows("SELECT 1 FROM ledger_transfers WHERE kind LIKE 'refund%%'") == []

    def test_the_echo_comes_before_the_answer(
        self, api: Api, server: Server, finance: Hired, tables: Tables, paid: dict[str, str]
    ) -> None:
        refund = UUID(asked(api, finance, paid["sessionId"], "10.00"))
        settle(server, paid, RefundState("re_1", 1000, "DONE", refund))
        assert tables.one("SELECT id, ref, status FROM refunds") == {"id": refund, "ref": "re_1", "status": "DONE"}
        settle(server, paid, RefundState("re_1", 1000, "OPEN", refund))
        assert tables.count("refunds") == 1
        assert tally(tables, "refund_transit") == 0

    def test_one_that_was_given_up_and_made_after_all(
        self, api: Api, server: Server, finance: Hired, tables: Tables, headers: dict[str, str], paid: dict[str, str]
    ) -> None:
        """Its money went back to the wallet: what the provider made takes it from there anew."""
        refund = UUID(asked(api, finance, paid["sessionId"], "10.00"))
        tables.run("UPDATE refunds SET created_at = now() - interval '25 hours'")
        server.work_off()
        assert balance(api, headers) == "25.00"
        settle(server, paid, RefundState("re_1", 1000, "DONE", refund))
        assert (balance(api, headers), tables.count("refunds")) == ("15.00", 2)

    def test_another_amount_is_told_to_people(
        self, api: Api, server: Server, finance: Hired, tables: Tables, paid: dict[str, str]
    ) -> None:
        refund = UUID(asked(api, finance, paid["sessionId"], "10.00"))
        with capture_logs() as logs:
            settle(server, paid, RefundState("re_1", 900, "DONE", refund))
        (told,) = [line for line in logs if line["event"] == "payment.refund_differs"]
        assert (told["refund"], told["asked"], told["made"]) == (str(refund), 1000, 900)
        assert tables.one("SELECT amount, status FROM refunds") == {"amount": 1000, "status": "DONE"}


class TestList:
    def test_the_newest_first(
        self, api: Api, finance: Hired, headers: dict[str, str], tables: Tables, ada: UUID
    ) -> None:
        sessions = [begin(api, headers) for _ in range(3)]
        do(api, sessions[0], "pay")
        tables.run("UPDATE sandbox_payments SET amount = 2400 WHERE payment_id = %s", UUID(sessions[1]["sessionId"]))
        do(api, sessions[1], "pay")
        listed = "admin.finance.payments.list"
        assert walked(api, listed, finance) == [each["sessionId"] for each in reversed(sessions)]
        for params, wanted in (
            ({"status": "PAID"}, [0]),
            ({"misfit": "true"}, [1]),
            ({"misfit": "false"}, [2, 0]),
            ({"provider": "sandbox"}, [2, 1, 0]),
            ({"provider": "other"}, []),
            ({"walletId": str(fan(ada).id)}, [2, 1, 0]),
            ({"walletId": str(uuid4())}, []),
        ):
            found = api.call(listed, params=params, headers=finance.headers).json()["data"]["items"]
            assert [row["id"] for row in found] == [sessions[n]["sessionId"] for n in wanted]

    def test_a_cursor_that_is_none_is_refused(self, api: Api, finance: Hired) -> None:
        response = api.call("admin.finance.payments.list", params={"cursor": "x"}, headers=finance.headers)
        assert (response.status_code, code_of(response)) == (400, "admin.cursor_invalid")


class TestFind:
    def test_with_all_that_became_of_it(self, api: Api, finance: Hired, ada: UUID, paid: dict[str, str]) -> None:
        asked(api, finance, paid["sessionId"], "5.00")
        do(api, paid, "charge_back")
        told = in_full(api, finance, paid["sessionId"])
        assert (told["payment"]["userId"], told["payment"]["fee"]) == (str(ada), "1.02")
        assert [each["amount"] for each in told["refunds"]] == ["5.00"]
        (dispute,) = told["disputes"]
        assert (dispute["closedAt"], dispute["takenAt"] is None) == (None, False)

    def test_one_that_is_none(self, api: Api, finance: Hired) -> None:
        response = api.call("admin.finance.payments.find", path=f"/admin/payments/{uuid4()}", headers=finance.headers)
        assert refused(response) == (404, "admin.not_found")
