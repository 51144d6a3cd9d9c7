"""Loading a wallet through the sandbox: by its page, its notices, and what finds those that were lost."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from domain.money import flows
from domain.money.escrows import Order as Escrowed
from domain.money.payments import PaymentState, RefundOrder, RefundState
from domain.topics import ExamineSession, TellOfDebt
from providers.payment import payment_adapters
from providers.ports import ProviderRejected
from providers.sandbox import HEADER, Sandbox
from providers.signed import signed
from services.money.escrows import EscrowService
from services.providers.sandbox import sandbox_secrets
from tests.handlers.support import account, change, waiting_for_locks
from tests.harness import Api, Server, Tables, bearer, broken_rules, code_of
from tests.ledger import tally
from tests.money import assert_books_agree, begin, do, fan, freeze, hurry, load, post, press
from tests.payment_vendor import faulty, silence
from tests.providers.fakes import FakeConfig
from tests.providers.servers import closed_port
from tests.until import until

OFF = {"kill_switch.PAYMENT": True}
OLD = datetime.now(UTC) - timedelta(days=30)
INTAKE = "/api/v1/webhooks/payment/sandbox"


@pytest.fixture
def user_id(api: Api, tables: Tables) -> UUID:
    return account(api, tables, created_at=OLD)


@pytest.fixture
def headers(api: Api, user_id: UUID) -> dict[str, str]:
    return bearer(api.sign_in())


def refused(api: Api, headers: dict[str, str], amount: str = "25.00", **options: Any) -> tuple[int, str]:
    response = api.call("wallet.loads.start", {"amount": amount}, headers=headers, **options)
    return response.status_code, code_of(response)


def state(api: Api, headers: dict[str, str], session: dict[str, str]) -> dict[str, Any]:
    response = api.call("wallet.loads.find", path=f"/wallet/load/{session['sessionId']}", headers=headers)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()["data"]
    return found


def balance(api: Api, headers: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = api.call("wallet.balance", headers=headers).json()["data"]
    return found


def indebt(api: Api, server: Server, headers: dict[str, str], user_id: UUID) -> None:
    """A dispute is lost of 25, of which 20 were spent."""
    session = begin(api, headers)
    do(api, session, "pay")
    post(server, flows.held(fan(user_id), uuid4(), flows.Parts(promo=0, fan=2000)))
    do(api, session, "charge_back", "lose")


def days_pass(server: Server, tables: Tables, days: int) -> None:
    """What is to be told so long after a debt began is due."""
    due = "UPDATE outbox SET available_at = now() WHERE topic = %s AND payload ->> 'days' = %s AND done_at IS NULL"
    tables.run(due, TellOfDebt.topic, str(days))
    server.work_off()


def told_of_debt(tables: Tables) -> list[str]:
    """The amounts in mails to the owner, the oldest first."""
    mails = "SELECT m.subject FROM mailbox_messages m JOIN outbox o ON o.id = m.id WHERE topic = 'email.debt_owed'"
    subjects = [row["subject"] for row in tables.rows(f"{mails} ORDER BY o.created_at, o.id")]
    return [subject.removeprefix("You owe ").removesuffix(" USD") for subject in subjects]


class TestStart:
    def test_the_switch_turns_it_off(self, api: Api, server: Server, headers: dict[str, str]) -> None:
        server.configure(**OFF)
        assert refused(api, headers) == (503, "features.payment_disabled")

    def test_the_whole_road(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        session = begin(api, headers)
        assert state(api, headers, session) == {
            "sessionId": session["sessionId"], "status": "OPEN", "amount": "25.00", "currency": "USD",
            "creditedAt": None,
        }  # fmt: skip
        assert balance(api, headers)["balance"] == "0.00"
        page = api.get(session["checkoutUrl"])
        assert (page.status_code, "25.00 USD" in page.text) == (200, True)
        do(api, session, "pay")
        found = state(api, headers, session)
        assert (found["status"], found["creditedAt"] is not None) == ("PAID", True)
        assert balance(api, headers) == {"balance": "25.00", "frozen": False}
        (line,) = api.call("wallet.activity", headers=headers).json()["data"]["items"]
        assert (line["referenceType"], line["referenceId"]) == ("PAYMENT_CHECKOUT", session["sessionId"])
        assert tally(tables, "processing_fees") == -(30 + 72)
        assert_books_agree(tables)

    @pytest.mark.parametrize(
        ("amount", "code"),
        [
            ("4.99", "wallet.load.amount_below_minimum"), ("0", "wallet.load.amount_below_minimum"),
            ("500.01", "wallet.load.amount_above_maximum"),
        ],
    )  # fmt: skip
    def test_an_amount_has_bounds(self, api: Api, headers: dict[str, str], amount: str, code: str) -> None:
        assert refused(api, headers, amount) == (400, code)

    @pytest.mark.parametrize("amount", ["5.", "1e3", "\u0665", "-5", "5.001", " 5", "12345678", "0x5", ""])
    def test_what_is_no_amount_is_refused(self, api: Api, headers: dict[str, str], amount: str) -> None:
        response = api.call("wallet.loads.start", {"amount": amount}, headers=headers)
        assert broken_rules(response) & {("amount", "pattern"), ("amount", "maxLength")}

    def test_leading_zeros_are_the_same_amount(self, api: Api, headers: dict[str, str]) -> None:
        assert state(api, headers, begin(api, headers, "00005.5"))["amount"] == "5.50"

    def test_the_site_is_come_back_to(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        session = begin(api, headers, returnPath="//evil/x")
        (row,) = tables.rows("SELECT return_url FROM payments")
        assert row["return_url"] == f"{api.server.origin}//evil/x?sessionId={session['sessionId']}"
        response = api.call(
            "wallet.loads.start", {"amount": "5", "returnPath": "https://evil.example"}, headers=headers
        )
        assert broken_rules(response) == {("returnPath", "pattern")}

    def test_a_frozen_wallet_takes_none(
        self, api: Api, server: Server, headers: dict[str, str], user_id: UUID, tables: Tables
    ) -> None:
        load(server, user_id)
        freeze(tables, user_id)
        assert refused(api, headers) == (403, "wallet.frozen")

    def test_open_sessions_count_as_held(
        self, api: Api, server: Server, headers: dict[str, str], user_id: UUID
    ) -> None:
        load(server, user_id, 60_000)
        begin(api, headers, "300.00")
        assert refused(api, headers, "100.01") == (400, "wallet.load.max_balance_exceeded")
        begin(api, headers, "100.00")

    def test_without_a_provider_there_is_none(self, api: Api, server: Server, headers: dict[str, str]) -> None:
        server.configure(**{"external.payment.active_provider": "none"})
        assert refused(api, headers) == (503, "service.unavailable")


class TestRaces:
    def test_it_waits_for_who_posts_twice_and_nobody_waits_for_it(
        self, api: Api, server: Server, tables: Tables, headers: dict[str, str], user_id: UUID
    ) -> None:
        """The second of two changes of a wallet looks at its owner's row, which whoever begins a load holds."""
        do(api, begin(api, headers), "pay")
        wallet = "UPDATE wallets SET frozen_for = frozen_for WHERE id = %s"
        with psycopg.connect(server.database_url) as poster, ThreadPoolExecutor(1) as beside:
            poster.execute(wallet, [fan(user_id).id])
            beginning = beside.submit(begin, api, headers)
            until(lambda: waiting_for_locks(tables), "the load waits")
            poster.execute(wallet, [fan(user_id).id])
            poster.commit()
            assert state(api, headers, beginning.result())["status"] == "OPEN"


class TestVelocity:
    @pytest.mark.parametrize(
        ("limits", "amount", "fit"),
        [
            ({"wallet.velocity_per_hour": 2}, "10.00", 2),
            ({"wallet.velocity_per_day": 2}, "10.00", 2),
            ({"wallet.velocity_open": 2}, "10.00", 2),
            ({"wallet.velocity_amount_per_day": 25}, "10.00", 2),
        ],
    )
    def test_so_many_and_no_more(
        self, api: Api, server: Server, headers: dict[str, str], limits: dict[str, int], amount: str, fit: int
    ) -> None:
        server.configure(**limits)
        for _ in range(fit):
            begin(api, headers, amount)
        response = api.call("wallet.loads.start", {"amount": amount}, headers=headers)
        assert (response.status_code, code_of(response)) == (429, "wallet.load.velocity_exceeded")
        assert 1 <= int(response.headers["retry-after"]) <= 86_400

    def test_failed_ones_stop_further_ones(self, api: Api, server: Server, headers: dict[str, str]) -> None:
        server.configure(**{"wallet.velocity_failed_per_hour": 2})
        for _ in range(2):
            do(api, begin(api, headers), "decline")
        assert refused(api, headers) == (429, "wallet.load.velocity_exceeded")

    def test_a_new_account_may_half(self, api: Api, tables: Tables, headers: dict[str, str], user_id: UUID) -> None:
        change(tables, "users", user_id, created_at=datetime.now(UTC) - timedelta(hours=2))
        for _ in range(2):
            begin(api, headers)
        assert refused(api, headers) == (429, "wallet.load.velocity_exceeded")

    def test_what_has_ended_makes_room(self, api: Api, server: Server, headers: dict[str, str], tables: Tables) -> None:
        server.configure(**{"wallet.velocity_open": 1})
        do(api, begin(api, headers), "expire")
        begin(api, headers)

    @pytest.mark.parametrize(
        ("limits", "amount", "fit"),
        [
            ({"wallet.velocity_open": 5}, "10.00", 5),
            ({"wallet.velocity_open": 20, "wallet.max_balance": 500}, "150", 3),
        ],
    )
    def test_twenty_at_once_are_as_many_as_fit(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, limits: dict[str, int], amount: str,
        fit: int,
    ) -> None:  # fmt: skip
        server.configure(**limits, **{"wallet.velocity_per_hour": 100, "ratelimit.wallet.loads.start": "100/hour"})

        def one(_: int) -> int:
            with server.client() as client:
                return client.call("wallet.loads.start", {"amount": amount}, headers=headers).status_code

        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(one, range(20)))
        assert (answers.count(200), tables.count("payments")) == (fit, fit)
        assert set(answers) <= {200, 400, 429}


class TestRepetitions:
    def test_the_same_key_is_the_same_session(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        keyed = headers | {"Idempotency-Key": "one"}
        assert begin(api, keyed) == begin(api, keyed)
        assert begin(api, headers | {"Idempotency-Key": "two"}) != begin(api, keyed)
        assert tables.count("payments") == 2

    @pytest.mark.parametrize("cut", ["before", "after"])
    def test_a_call_that_was_cut_short_is_met_again(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, cut: str
    ) -> None:
        """Before the provider acted, and after: there is one session, and one payment."""
        keyed = headers | {"Idempotency-Key": "one"}
        with faulty(server) as vendor:
            setattr(vendor, cut, silence)
            for _ in range(2):
                assert refused(api, keyed) == (503, "service.unavailable")
        session = begin(api, keyed)
        assert (tables.count("payments"), tables.count("sandbox_payments")) == (1, 1)
        do(api, session, "pay")
        assert balance(api, headers)["balance"] == "25.00"
        assert_books_agree(tables)

    def test_a_session_that_nobody_heard_of_is_bound_by_the_sweeper(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables
    ) -> None:
        with faulty(server) as vendor:
            vendor.after = silence
            assert refused(api, headers) == (503, "service.unavailable")
        hurry(tables)
        server.let_time_come("payments.sweep")
        assert tables.count("sandbox_payments") == 1
        row, made = tables.one("SELECT ref FROM payments"), tables.one("SELECT id FROM sandbox_payments")
        assert row["ref"] == str(made["id"])

    def test_when_the_key_is_forgotten_a_paid_one_is_not_met_again(
        self, api: Api, headers: dict[str, str], tables: Tables
    ) -> None:
        keyed = headers | {"Idempotency-Key": "one"}
        first = begin(api, keyed)
        tables.run("DELETE FROM idempotency_keys")
        assert begin(api, keyed) == first
        do(api, first, "pay")
        tables.run("DELETE FROM idempotency_keys")
        assert begin(api, keyed) != first


class TestFind:
    def test_the_switch_turns_it_off(self, api: Api, server: Server, headers: dict[str, str]) -> None:
        server.configure(**OFF)
        response = api.call("wallet.loads.find", path=f"/wallet/load/{uuid4()}", headers=headers)
        assert (response.status_code, code_of(response)) == (503, "features.payment_disabled")

    def test_that_of_another_is_not_there(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        session = begin(api, headers)
        account(api, tables, "eve@example.com")
        eve = bearer(api.sign_in("eve@example.com"))
        for session_id in (session["sessionId"], uuid4()):
            response = api.call("wallet.loads.find", path=f"/wallet/load/{session_id}", headers=eve)
            assert (response.status_code, code_of(response)) == (404, "wallet.load.not_found")


class TestLife:
    """What becomes of a payment at its provider, told by notices."""

    @pytest.mark.parametrize(
        ("actions", "status", "shown"),
        [
            (["expire"], "EXPIRED", "0.00"),
            (["decline"], "FAILED", "0.00"),
            (["pay_later"], "OPEN", "0.00"),
            (["pay_later", "decline"], "FAILED", "0.00"),
            (["pay_later", "pay"], "PAID", "25.00"),
            (["expire", "pay"], "PAID", "25.00"),
            (["pay", "refund"], "PAID", "0.00"),
            (["pay", "charge_back"], "PAID", "0.00"),
            (["pay", "charge_back", "lose"], "PAID", "0.00"),
            (["pay", "charge_back", "win"], "PAID", "25.00"),
        ],
    )
    def test_as_it_goes(
        self, api: Api, headers: dict[str, str], tables: Tables, actions: list[str], status: str,
        shown: str,
    ) -> None:  # fmt: skip
        session = begin(api, headers)
        do(api, session, *actions)
        assert state(api, headers, session)["status"] == status
        assert balance(api, headers) == {"balance": shown, "frozen": actions[-1] == "charge_back"}
        assert_books_agree(tables)

    def test_what_was_spent_becomes_debt_which_the_next_load_pays(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, user_id: UUID
    ) -> None:
        session = begin(api, headers)
        do(api, session, "pay")
        post(server, flows.held(fan(user_id), uuid4(), flows.Parts(promo=0, fan=2000)))
        do(api, session, "charge_back")
        assert refused(api, headers) == (403, "wallet.frozen")
        do(api, session, "lose")
        assert balance(api, headers) == {"balance": "0.00", "frozen": False, "owed": "20.00"}
        do(api, begin(api, headers, "30.00"), "pay")
        assert balance(api, headers) == {"balance": "10.00", "frozen": False}
        assert_books_agree(tables)

    def test_its_owner_is_told_of_debt_at_once_and_after_1_7_and_14_days(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, user_id: UUID
    ) -> None:
        indebt(api, server, headers, user_id)
        assert told_of_debt(tables) == ["20.00"]
        waiting = "SELECT payload, available_at - created_at AS after FROM outbox WHERE topic = %s AND done_at IS NULL"
        left = {int(row["payload"]["days"]): row["after"] for row in tables.rows(waiting, TellOfDebt.topic)}
        assert left == {days: timedelta(days=days) for days in (1, 7, 14)}
        post(server, flows.debt_settled(fan(user_id), f"load:{load(server, user_id, 500)}", 500))
        for days in (1, 7, 14):
            days_pass(server, tables, days)
        assert told_of_debt(tables) == ["20.00", "15.00", "15.00", "15.00"]

    def test_more_debt_begins_no_other_notices(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, user_id: UUID
    ) -> None:
        sessions = [begin(api, headers), begin(api, headers)]
        for session in sessions:
            do(api, session, "pay")
        post(server, flows.held(fan(user_id), uuid4(), flows.Parts(promo=0, fan=5000)))
        for session in sessions:
            do(api, session, "charge_back", "lose")
        assert balance(api, headers)["owed"] == "50.00"
        days_pass(server, tables, 1)
        assert told_of_debt(tables) == ["25.00", "50.00"]

    def test_nobody_is_told_of_debt_that_was_paid_but_of_another(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, user_id: UUID
    ) -> None:
        indebt(api, server, headers, user_id)
        do(api, begin(api, headers, "20.00"), "pay")
        days_pass(server, tables, 1)
        assert told_of_debt(tables) == ["20.00"]
        indebt(api, server, headers, user_id)
        for days in (7, 1):
            days_pass(server, tables, days)
        assert told_of_debt(tables) == ["20.00"] * 4

    def test_money_that_is_still_there_is_no_debt(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        do(api, begin(api, headers), "pay", "charge_back", "lose")
        assert "owed" not in balance(api, headers)
        assert tables.rows("SELECT 1 FROM outbox WHERE topic = %s", TellOfDebt.topic) == []

    def test_prices_that_wait_go_back_before_a_dispute_takes_the_money(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, user_id: UUID
    ) -> None:
        """The newest first, and no more than cover it."""
        creator = account(api, tables, "singer@example.com")
        load(server, user_id, 1500)
        session = begin(api, headers)
        do(api, session, "pay")
        held = [uuid4() for _ in range(4)]

        async def send() -> None:
            for escrow_id in held:
                order = Escrowed(escrow_id, escrow_id, user_id, creator, 1000, 2000, datetime.now(UTC))
                async with server.app.parts.database.unit() as db:
                    await EscrowService().hold(db, order)

        server.on_loop(send())
        do(api, session, "charge_back")
        rows = tables.rows("SELECT outcome FROM escrows ORDER BY created_at")
        assert [row["outcome"] for row in rows] == [None, *["DISPUTED"] * 3]
        assert balance(api, headers) == {"balance": "5.00", "frozen": True}

    def test_a_dispute_leaves_another_reason_to_freeze(
        self, api: Api, headers: dict[str, str], tables: Tables, user_id: UUID
    ) -> None:
        session = begin(api, headers)
        do(api, session, "pay")
        freeze(tables, user_id, "FRAUD")
        do(api, session, "charge_back", "win")
        assert tables.one("SELECT frozen_for FROM wallets")["frozen_for"] == "FRAUD"

    @pytest.mark.parametrize("fault", ["amount", "closed"])
    def test_money_that_fits_nothing_is_kept_apart(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, fault: str
    ) -> None:
        session = begin(api, headers)
        if fault == "amount":
            tables.run("UPDATE sandbox_payments SET amount = 2400")
        else:
            tables.run("UPDATE wallets SET closed_at = now()")
        do(api, session, "pay")
        assert tally(tables, "suspense:sandbox") == (2400 if fault == "amount" else 2500)
        assert balance(api, headers)["balance"] == "0.00"
        assert state(api, headers, session)["status"] == "FAILED"
        server.let_time_come("payments.sweep")
        assert tables.one("SELECT count(*) AS n FROM ledger_transfers WHERE kind = 'stray'")["n"] == 1


class TestNotices:
    def told(
        self, server: Server, session: dict[str, str], event: str = "payment.paid"
    ) -> tuple[bytes, dict[str, str]]:
        sandbox: Any = server.app.parts.providers.payment.adapter("sandbox")
        sandbox = getattr(sandbox, "sandbox", sandbox)
        ref = session["checkoutUrl"].rpartition("/")[2]
        told: tuple[bytes, dict[str, str]] = sandbox.told(ref, event)
        return told

    def test_one_event_a_hundred_times_is_one_credit(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables
    ) -> None:
        session = begin(api, headers)
        tables.run("UPDATE sandbox_payments SET status = 'PAID'")
        charge = "INSERT INTO sandbox_movements (id, sandbox_id, kind, amount) SELECT gen_random_uuid(), id, %s, %s"
        for kind, amount in (("CHARGE", 2500), ("FEE", -102)):
            tables.run(f"{charge} FROM sandbox_payments", kind, amount)
        body, header = self.told(server, session)

        def send(_: int) -> int:
            with server.client() as client:
                return client.post(INTAKE, content=body, headers=header).status_code

        with ThreadPoolExecutor(25) as pool:
            assert set(pool.map(send, range(50))) == {200}
        server.work_off()
        assert [send(0) for _ in range(50)] == [200] * 50
        server.work_off()
        assert tables.count("provider_events") == 1
        assert tables.one("SELECT count(*) AS n FROM ledger_transfers WHERE kind = 'load'")["n"] == 1
        assert balance(api, headers)["balance"] == "25.00"
        assert_books_agree(tables)

    def test_a_thousand_about_nothing_of_ours_ask_nobody(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables
    ) -> None:
        """Forged ones are refused; of those that are signed, and about sessions that nobody began, the rows wait."""
        body, header = self.told(server, begin(api, headers))
        with faulty(server) as vendor:
            sent = [api.post(INTAKE, content=body + b" " * n, headers=header).status_code for n in range(1, 1001)]
            assert set(sent) == {401}
            assert tables.count("provider_events") == 0
            stranger = {"checkoutUrl": f"x/{uuid4()}"}
            assert {api.post(INTAKE, content=b, headers=h).status_code for b, h in [self.told(server, stranger)]} == {
                200
            }
            server.work_off()
            assert vendor.asked == 0

    def test_a_signed_lie_changes_nothing(self, api: Api, server: Server, headers: dict[str, str]) -> None:
        session = begin(api, headers)
        body, header = self.told(server, session)
        assert api.post(INTAKE, content=body, headers=header).status_code == 200
        server.work_off()
        assert state(api, headers, session)["status"] == "OPEN"

    def test_what_the_sandbox_did_not_sign_is_refused(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables
    ) -> None:
        body, header = self.told(server, begin(api, headers))
        before = tables.fingerprints()
        for forged in (header | {HEADER: header[HEADER][:-1] + "x"}, {}):
            assert api.post(INTAKE, content=body, headers=forged).status_code == 401
        assert tables.changed_since(before) == set()

    def test_one_that_cannot_be_read_is_kept(self, api: Api, server: Server, tables: Tables) -> None:
        secret = sandbox_secrets(server.app.parts.keyring.digests, "payment")()[0]
        for body in (b"{", b"[]", b'{"created": 1e400}', b"[" * 50_000):
            header = {HEADER: signed(secret, body, datetime.now(UTC))}
            assert api.post(INTAKE, content=body, headers=header).status_code == 200
        assert {row["state"] for row in tables.rows("SELECT state FROM provider_events")} == {"PARKED"}


class TestSweep:
    @pytest.mark.parametrize(
        "actions", [["pay"], ["expire"], ["decline"], ["pay", "refund"], ["pay", "charge_back", "win"]]
    )
    def test_lost_notices_are_made_up_for(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables, actions: list[str]
    ) -> None:
        session = begin(api, headers)
        for action in actions:
            press(api, session, action)
        tables.run("DELETE FROM provider_events")
        server.work_off()
        assert state(api, headers, session)["status"] == "OPEN"
        hurry(tables)
        server.let_time_come("payments.sweep")
        wanted = {"pay": "PAID", "expire": "EXPIRED", "decline": "FAILED"}[actions[0]]
        assert state(api, headers, session)["status"] == wanted
        assert_books_agree(tables)

    def test_what_was_never_answered_is_asked_again(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables
    ) -> None:
        session = begin(api, headers)
        tables.run("UPDATE payments SET ref = NULL, url = NULL")
        hurry(tables)
        server.let_time_come("payments.sweep")
        row = tables.one("SELECT ref, url FROM payments")
        assert row["url"] == session["checkoutUrl"]
        assert tables.count("sandbox_payments") == 1

    def test_after_a_day_it_is_not(self, api: Api, server: Server, headers: dict[str, str], tables: Tables) -> None:
        begin(api, headers)
        tables.run("UPDATE payments SET ref = NULL, url = NULL, created_at = now() - interval '25 hours'")
        tables.run("DELETE FROM sandbox_payments")
        hurry(tables)
        server.let_time_come("payments.sweep")
        assert tables.one("SELECT status, due_at FROM payments") == {"status": "FAILED", "due_at": None}
        assert tables.count("sandbox_payments") == 0

    def test_one_that_is_refused_ends(self, api: Api, server: Server, headers: dict[str, str], tables: Tables) -> None:
        begin(api, headers)
        tables.run("UPDATE payments SET ref = NULL, url = NULL")
        tables.run("UPDATE sandbox_payments SET amount = 1")
        hurry(tables)
        server.let_time_come("payments.sweep")
        assert tables.one("SELECT status FROM payments") == {"status": "FAILED"}

    def test_what_time_has_ended_is_told(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables
    ) -> None:
        session = begin(api, headers)
        tables.run("UPDATE sandbox_payments SET expires_at = now()")
        hurry(tables)
        server.let_time_come("payments.sweep")
        assert state(api, headers, session)["status"] == "EXPIRED"

    def test_a_session_that_was_never_bound_is_examined(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables
    ) -> None:
        session = begin(api, headers)
        tables.run("UPDATE payments SET ref = NULL, url = NULL, due_at = NULL")
        do(api, session, "pay")
        assert tables.one("SELECT DISTINCT state FROM provider_events")["state"] == "WAITING"
        tables.run("UPDATE provider_events SET received_at = now() - interval '11 minutes'")
        hurry(tables)
        server.work_off()
        assert tables.one("SELECT DISTINCT state FROM provider_events")["state"] == "UNMATCHED"
        assert balance(api, headers)["balance"] == "25.00"
        assert_books_agree(tables)

    def test_one_that_is_not_ours_at_all_is_kept_apart(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables
    ) -> None:
        session = begin(api, headers)
        tables.run("UPDATE sandbox_payments SET payment_id = gen_random_uuid()")
        tables.run("DELETE FROM payments")
        press(api, session, "pay")
        leave(server, ExamineSession("sandbox", session["checkoutUrl"].rpartition("/")[2]))
        for _ in range(2):
            server.work_off()
        assert tally(tables, "suspense:sandbox") == 2500


def leave(server: Server, job: Any) -> None:
    async def work() -> None:
        async with server.app.parts.database.unit() as db:
            await db.outbox.add(job)

    server.on_loop(work())


class TestPage:
    def test_buttons_are_those_that_can_be_pressed(self, api: Api, headers: dict[str, str]) -> None:
        session = begin(api, headers)
        assert press(api, session, "win").status_code == 404
        assert press(api, session, "nonsense").status_code == 404
        assert press(api, session, "x" * 5000).status_code == 413
        page = api.get(session["checkoutUrl"])
        assert [name in page.text for name in ('value="pay"', 'value="win"')] == [True, False]
        assert "default-src 'none'" in page.headers["content-security-policy"]
        do(api, session, "pay", "charge_back", "win")
        assert "dispute won" in api.get(session["checkoutUrl"]).text

    def test_a_notice_that_is_lost_is_no_harm(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables
    ) -> None:
        session = begin(api, headers)
        server.configure(**{"site.api_url": f"http://127.0.0.1:{closed_port()}"})
        answer = press(api, session, "pay")
        assert (answer.status_code, "was not taken" in answer.text) == (200, True)
        assert tables.count("provider_events") == 0
        hurry(tables)
        server.let_time_come("payments.sweep")
        assert state(api, headers, session)["status"] == "PAID"

    @pytest.mark.parametrize("session", ["x", str(uuid4())])
    def test_another_session_is_not_there(self, api: Api, session: str) -> None:
        url = f"{api.server.origin}/sandbox/checkout/{session}"
        for answer in (api.get(url), api.post(url, data={"action": "pay"})):
            assert (answer.status_code, code_of(answer)) == (404, "route.not_found")

    @pytest.mark.parametrize(
        ("env", "names"), [("production", ["stripe", "mollie"]), ("staging", ["stripe", "mollie", "sandbox"])]
    )
    def test_in_production_it_is_not_there(self, env: str, names: list[str]) -> None:
        unused: Any = None
        assert [
            each.name for each in payment_adapters(FakeConfig(), httpx.AsyncClient(), env, Sandbox(unused, list))
        ] == names

    def test_a_staff_member_probes_it(self, server: Server) -> None:
        assert "sandbox" in server.on_loop(server.app.parts.providers.payment.probe("sandbox"))

    def test_a_refusal_of_the_book(self, server: Server) -> None:
        sandbox: Any = server.app.parts.providers.payment.adapter("sandbox")
        for ref in ("x", str(uuid4())):
            with pytest.raises(ProviderRejected):
                server.on_loop(sandbox.find(ref))

    def test_its_lines_of_a_day(self, api: Api, server: Server, headers: dict[str, str], tables: Tables) -> None:
        do(api, begin(api, headers), "pay")
        sandbox: Any = server.app.parts.providers.payment.adapter("sandbox")
        days = [datetime.now(UTC).date() + timedelta(days=n) for n in (-1, 0, 1)]
        lines = [line for day in days for line in server.on_loop(sandbox.movements(day))]
        assert sum(line.amount for line in lines) == -tally(tables, "clearing:sandbox") == 2500 - 102


class TestSandboxRefunds:
    """What its adapter is asked for, and what its buttons make of it."""

    @staticmethod
    def asked(server: Server, session: dict[str, str], amount: int, refund_id: UUID | None = None) -> RefundState:
        sandbox: Any = server.app.parts.providers.payment.adapter("sandbox")
        order = RefundOrder(refund_id or uuid4(), session["checkoutUrl"].rpartition("/")[2], amount, "USD")
        found: RefundState = server.on_loop(sandbox.refund(order))
        return found

    def refused(self, server: Server, session: dict[str, str], amount: int, refund_id: UUID | None = None) -> str:
        with pytest.raises(ProviderRejected) as fault:
            self.asked(server, session, amount, refund_id)
        return str(fault.value)

    def found(self, server: Server, session: dict[str, str]) -> tuple[RefundState, ...]:
        sandbox: Any = server.app.parts.providers.payment.adapter("sandbox")
        state: PaymentState = server.on_loop(sandbox.find(session["checkoutUrl"].rpartition("/")[2]))
        return state.refunds

    def test_several_until_nothing_is_left(self, api: Api, server: Server, headers: dict[str, str]) -> None:
        session, one = begin(api, headers), uuid4()
        assert "not paid" in self.refused(server, session, 100)
        press(api, session, "pay")
        made = self.asked(server, session, 1000, one)
        assert (made.status, made.refund_id, made.amount) == ("OPEN", one, 1000)
        assert self.asked(server, session, 1000, one) == made
        assert "another amount" in self.refused(server, session, 999, one)
        assert "not so much left" in self.refused(server, session, 1501)
        assert press(api, session, "confirm_refund").status_code == 303
        self.asked(server, session, 1500)
        assert press(api, session, "charge_back").status_code == 404
        assert press(api, session, "fail_refund").status_code == 303
        assert [each.status for each in self.found(server, session)] == ["DONE", "FAILED"]
        assert press(api, session, "confirm_refund").status_code == 404
        assert press(api, session, "fail_refund").status_code == 303  # one that was made
        assert [each.status for each in self.found(server, session)] == ["FAILED", "FAILED"]
        assert "refund of 10.00 failed" in api.get(session["checkoutUrl"]).text
        press(api, session, "refund")
        (outside,) = [each for each in self.found(server, session) if each.refund_id is None]
        assert (outside.amount, outside.status) == (2500, "DONE")

    def test_what_is_disputed_is_not_given_back(self, api: Api, server: Server, headers: dict[str, str]) -> None:
        session = begin(api, headers)
        press(api, session, "pay")
        self.asked(server, session, 500)
        press(api, session, "charge_back")
        assert "disputed" in self.refused(server, session, 100)
        press(api, session, "win")
        assert self.asked(server, session, 2000).amount == 2000

    def test_one_that_was_never_begun(self, server: Server) -> None:
        assert "no such session" in self.refused(server, {"checkoutUrl": f"x/{uuid4()}"}, 100)

    def test_a_session_is_ended(self, api: Api, server: Server, headers: dict[str, str]) -> None:
        family, session = server.app.parts.providers.payment, begin(api, headers)
        ref = session["checkoutUrl"].rpartition("/")[2]
        for _ in range(2):
            server.on_loop(family.expire("sandbox", ref))
        assert server.on_loop(family.find("sandbox", ref)).status == "EXPIRED"
        paid = begin(api, headers)
        press(api, paid, "pay")
        for gone in (paid["checkoutUrl"].rpartition("/")[2], str(uuid4())):
            with pytest.raises(ProviderRejected):
                server.on_loop(family.expire("sandbox", gone))
