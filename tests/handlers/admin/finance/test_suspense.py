"""Money that fits nothing: given to a wallet by staff, or back to who paid."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.topics import ExamineSession
from tests.handlers.admin.pages import walked
from tests.handlers.support import account, audited, insert
from tests.harness import Api, Server, Tables, bearer, code_of
from tests.ledger import tally, wallet_row
from tests.money import assert_books_agree, begin, do, fan, load, press
from tests.movements import compare
from tests.payment_vendor import faulty, silence
from tests.staff import Hired, member

WHY = "Ticket 4711."
OLD = datetime.now(UTC) - timedelta(days=30)


@pytest.fixture
def ada(api: Api, tables: Tables) -> UUID:
    return account(api, tables, created_at=OLD)


@pytest.fixture
def misfit(api: Api, tables: Tables, ada: UUID) -> dict[str, str]:
    """A session that was paid with another amount."""
    session = begin(api, bearer(api.sign_in()))
    tables.run("UPDATE sandbox_payments SET amount = 2400")
    do(api, session, "pay")
    return session


@pytest.fixture
def stranger(api: Api, server: Server, tables: Tables, ada: UUID) -> dict[str, str]:
    """A session that nobody here began."""
    session = begin(api, bearer(api.sign_in()))
    tables.run("UPDATE sandbox_payments SET payment_id = gen_random_uuid()")
    tables.run("DELETE FROM payments")
    press(api, session, "pay")
    tables.run("DELETE FROM provider_events")
    examine(server, session)
    return session


def ref_of(session: dict[str, str]) -> UUID:
    return UUID(session["checkoutUrl"].rpartition("/")[2])


def examine(server: Server, session: dict[str, str]) -> None:
    """Somebody told of it, and it is looked at."""

    async def work() -> None:
        async with server.app.parts.database.unit() as db:
            await db.outbox.add(ExamineSession("sandbox", str(ref_of(session))))

    server.on_loop(work())
    server.work_off()


def listed(api: Api, caller: Hired, **params: str) -> list[dict[str, Any]]:
    response = api.call("admin.finance.suspense.list", params=params, headers=caller.headers)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["data"]["items"]
    return found


def act(api: Api, caller: Hired, what: str, stray_id: str, **body: str) -> httpx.Response:
    path = f"/admin/suspense/{stray_id}/{what}"
    return api.call(f"admin.finance.suspense.{what}", {"reason": WHY} | body, path=path, headers=caller.headers)


def give(api: Api, caller: Hired, stray_id: str, user_id: UUID) -> httpx.Response:
    return act(api, caller, "credit", stray_id, walletId=str(fan(user_id).id))


def refused(response: httpx.Response) -> tuple[int, str | None]:
    return response.status_code, None if response.is_success else code_of(response)


def returned_by_staff(api: Api, server: Server, finance: Hired) -> dict[str, Any]:
    (row,) = listed(api, finance)
    response = act(api, finance, "refund", row["id"])
    assert (response.status_code, response.json()["data"]["state"]) == (202, "RETURNING")
    server.work_off()
    return row


class TestList:
    def test_what_it_is_and_how_old(self, api: Api, finance: Hired, tables: Tables, misfit: dict[str, str]) -> None:
        tables.run("UPDATE strays SET created_at = now() - interval '49 hours'")
        (row,) = listed(api, finance)
        assert (row["amount"], row["state"], row["ageDays"]) == ("24.00", "HELD", 2)
        assert (row["paymentId"], row["ref"]) == (misfit["sessionId"], misfit["checkoutUrl"].rpartition("/")[2])
        assert walked(api, "admin.finance.suspense.list", finance, state="HELD") == [row["id"]]
        assert listed(api, finance, state="CREDITED") == []
        assert_books_agree(tables)

    def test_pages_go_on(self, api: Api, finance: Hired, tables: Tables, misfit: dict[str, str]) -> None:
        session = begin(api, bearer(api.sign_in()))
        tables.run("UPDATE sandbox_payments SET amount = 2300 WHERE payment_id = %s", UUID(session["sessionId"]))
        do(api, session, "pay")
        found = listed(api, finance)
        assert [row["paymentId"] for row in found] == [session["sessionId"], misfit["sessionId"]]
        assert walked(api, "admin.finance.suspense.list", finance) == [row["id"] for row in found]

    def test_refusals(self, api: Api, finance: Hired) -> None:
        for params, code in (({"state": "LOST"}, "validation.failed"), ({"cursor": "x"}, "admin.cursor_invalid")):
            response = api.call("admin.finance.suspense.list", params=params, headers=finance.headers)
            assert refused(response) == (400, code)


class TestCredit:
    def test_the_wallet_has_it(
        self, api: Api, finance: Hired, tables: Tables, ada: UUID, misfit: dict[str, str]
    ) -> None:
        (row,) = listed(api, finance)
        told = give(api, finance, row["id"], ada).json()["data"]
        assert (told["state"], told["walletId"]) == ("CREDITED", str(fan(ada).id))
        assert (wallet_row(tables, fan(ada))["balance"], tally(tables, "suspense:sandbox")) == (2400, 0)
        assert_books_agree(tables)
        (entry,) = audited(tables, "admin.finance.suspense.credit")
        assert (entry["actor_id"], entry["target_id"], entry["reason"]) == (finance.id, str(ada), WHY)

    def test_once(self, api: Api, finance: Hired, tables: Tables, ada: UUID, misfit: dict[str, str]) -> None:
        (row,) = listed(api, finance)
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: refused(give(api, finance, row["id"], ada)), range(4)))
        assert sorted(answers, key=str) == [(200, None), *[(400, "admin.transition_invalid")] * 3]
        assert refused(act(api, finance, "refund", row["id"])) == (400, "admin.transition_invalid")
        assert wallet_row(tables, fan(ada))["balance"] == 2400

    def test_nobody_gives_to_themselves(self, api: Api, finance: Hired, misfit: dict[str, str]) -> None:
        load(api.server, finance.id)
        (row,) = listed(api, finance)
        assert refused(give(api, finance, row["id"], finance.id)) == (403, "admin.adjustment.own")

    def test_a_closed_wallet_takes_none(
        self, api: Api, finance: Hired, tables: Tables, ada: UUID, misfit: dict[str, str]
    ) -> None:
        tables.run("UPDATE wallets SET closed_at = now()")
        (row,) = listed(api, finance)
        assert refused(give(api, finance, row["id"], ada)) == (400, "admin.transition_invalid")
        assert listed(api, finance)[0]["state"] == "HELD"

    def test_what_corrections_took_is_not_there(
        self, api: Api, server: Server, finance: Hired, ada: UUID, misfit: dict[str, str]
    ) -> None:
        second, asked = member(server, "FINANCE"), {"amount": "1", "account": "fan", "contra": "suspense:sandbox"}
        path = f"/admin/wallets/{fan(ada).id}/adjust"
        asked |= {"reason": WHY}
        request = api.call("admin.finance.wallets.adjust", asked, path=path, headers=second.headers).json()["data"]
        path = f"/admin/adjustments/{request['id']}/approve"
        approved = api.call("admin.finance.adjustments.approve", {"reason": WHY}, path=path, headers=finance.headers)
        assert approved.status_code == 200
        (row,) = listed(api, finance)
        assert refused(give(api, finance, row["id"], ada)) == (400, "admin.wallet.insufficient")
        assert refused(act(api, finance, "refund", row["id"])) == (400, "admin.wallet.insufficient")

    def test_one_that_is_none(self, api: Api, finance: Hired, ada: UUID, misfit: dict[str, str]) -> None:
        (row,) = listed(api, finance)
        assert refused(give(api, finance, str(uuid4()), ada)) == (404, "admin.not_found")
        assert refused(give(api, finance, row["id"], uuid4())) == (404, "admin.not_found")
        assert refused(act(api, finance, "refund", str(uuid4()))) == (404, "admin.not_found")

    def test_what_goes_back_after_that_is_taken_from_the_wallet(
        self, api: Api, finance: Hired, tables: Tables, ada: UUID, misfit: dict[str, str]
    ) -> None:
        (row,) = listed(api, finance)
        assert give(api, finance, row["id"], ada).status_code == 200
        do(api, misfit, "refund")
        assert listed(api, finance)[0]["state"] == "RETURNED"
        assert wallet_row(tables, fan(ada))["balance"] == 0
        assert_books_agree(tables)

    def test_that_comes_back_to_the_wallet(
        self, api: Api, server: Server, finance: Hired, tables: Tables, ada: UUID, misfit: dict[str, str]
    ) -> None:
        """However often. By then it may have been spent, and be debt."""
        (row,) = listed(api, finance)
        assert give(api, finance, row["id"], ada).is_success
        for number in (1, 2):
            do(api, misfit, "refund")
            assert (listed(api, finance)[0]["state"], wallet_row(tables, fan(ada))["balance"]) == ("RETURNED", 0)
            assert findings(server) == []
            do(api, misfit, "fail_refund")
            (again,) = listed(api, finance)
            assert (again["state"], again["walletId"]) == ("CREDITED", str(fan(ada).id))
            assert wallet_row(tables, fan(ada))["balance"] == 2400
            assert tables.one("SELECT undone, came_back FROM strays") == {"undone": number, "came_back": 0}
            assert tables.one("SELECT due_at > now() + interval '50 minutes' AS later FROM strays") == {"later": True}
            assert findings(server) == []
        do(api, misfit, "refund")
        assert findings(server) == []
        assert compared(server, tables) == []
        assert_books_agree(tables)

    def test_that_was_disputed_and_won_after_it_was_lost(
        self, api: Api, server: Server, finance: Hired, tables: Tables, ada: UUID, misfit: dict[str, str]
    ) -> None:
        assert give(api, finance, listed(api, finance)[0]["id"], ada).is_success
        do(api, misfit, "charge_back", "lose")
        assert (listed(api, finance)[0]["state"], findings(server)) == ("RETURNED", [])
        won(server, tables, misfit)
        assert (listed(api, finance)[0]["state"], wallet_row(tables, fan(ada))["balance"]) == ("CREDITED", 2400)
        assert (findings(server), compared(server, tables)) == ([], [])
        assert_books_agree(tables)

    def test_what_is_not_all_there_is_given_to_nobody(
        self, api: Api, server: Server, finance: Hired, tables: Tables, ada: UUID, misfit: dict[str, str]
    ) -> None:
        (row,) = listed(api, finance)
        refund(server, tables, misfit, 1000)
        assert refused(give(api, finance, row["id"], ada)) == (400, "admin.wallet.insufficient")
        assert listed(api, finance)[0]["state"] == "HELD"
        assert findings(server) == [("suspense_overdue", row["id"])]
        assert compared(server, tables) == []
        fail_refunds(server, tables, misfit, 1000)
        assert give(api, finance, row["id"], ada).is_success
        assert_books_agree(tables)

    def test_what_is_disputed_is_given_to_nobody(
        self, api: Api, finance: Hired, ada: UUID, misfit: dict[str, str]
    ) -> None:
        (row,) = listed(api, finance)
        do(api, misfit, "charge_back")
        assert refused(give(api, finance, row["id"], ada)) == (400, "admin.wallet.insufficient")
        do(api, misfit, "win")
        assert give(api, finance, row["id"], ada).is_success


class TestRefund:
    def test_it_goes_back(
        self, api: Api, server: Server, finance: Hired, tables: Tables, misfit: dict[str, str]
    ) -> None:
        row = returned_by_staff(api, server, finance)
        assert tally(tables, "suspense:sandbox") == 2400
        do(api, misfit, "confirm_refund")
        assert listed(api, finance)[0]["state"] == "RETURNED"
        assert tally(tables, "suspense:sandbox") == 0
        assert_books_agree(tables)
        (entry,) = audited(tables, "admin.finance.suspense.refund")
        assert (entry["actor_id"], entry["target_id"], entry["reason"]) == (finance.id, row["id"], WHY)

    def test_that_of_a_session_of_nobody(
        self, api: Api, server: Server, finance: Hired, tables: Tables, stranger: dict[str, str]
    ) -> None:
        assert returned_by_staff(api, server, finance)["paymentId"] is None
        press(api, stranger, "confirm_refund")
        tables.run("UPDATE strays SET due_at = now()")
        server.let_time_come("payments.sweep")
        assert listed(api, finance)[0]["state"] == "RETURNED"
        assert_books_agree(tables)

    def test_one_that_fails_is_held_and_asked_for_anew(
        self, api: Api, server: Server, finance: Hired, tables: Tables, misfit: dict[str, str]
    ) -> None:
        returned_by_staff(api, server, finance)
        do(api, misfit, "fail_refund")
        assert listed(api, finance)[0]["state"] == "HELD"
        returned_by_staff(api, server, finance)
        do(api, misfit, "confirm_refund")
        assert listed(api, finance)[0]["state"] == "RETURNED"
        assert_books_agree(tables)

    def test_what_the_provider_refuses_is_held(
        self, api: Api, server: Server, finance: Hired, tables: Tables, misfit: dict[str, str]
    ) -> None:
        tables.run("UPDATE sandbox_payments SET dispute = 'LOST'")
        returned_by_staff(api, server, finance)
        assert listed(api, finance)[0]["state"] == "HELD"

    @pytest.mark.parametrize("cut", ["before", "after"])
    def test_without_an_answer_it_is_asked_for_again(
        self, api: Api, server: Server, finance: Hired, tables: Tables, misfit: dict[str, str], cut: str
    ) -> None:
        with faulty(server) as vendor:
            setattr(vendor, cut, silence)
            returned_by_staff(api, server, finance)
        tables.run("DELETE FROM outbox WHERE topic = 'payments.give_back'")
        tables.run("UPDATE strays SET due_at = now()")
        server.let_time_come("payments.sweep")
        assert tables.count("sandbox_refunds") == 1
        assert listed(api, finance)[0]["state"] == "RETURNING"

    def test_a_session_that_is_gone_is_left_to_people(
        self, api: Api, server: Server, finance: Hired, tables: Tables, misfit: dict[str, str]
    ) -> None:
        tables.run("UPDATE strays SET ref = %s", str(uuid4()))
        returned_by_staff(api, server, finance)
        assert tables.one("SELECT due_at > now() + interval '23 hours' AS later FROM strays") == {"later": True}


class TestOutside:
    """What becomes of it at the provider, without staff."""

    @pytest.mark.parametrize(
        ("actions", "state"),
        [
            (["refund"], "RETURNED"),
            (["charge_back"], "HELD"),
            (["charge_back", "lose"], "RETURNED"),
            (["charge_back", "win"], "HELD"),
        ],
    )
    def test_as_it_goes(
        self, api: Api, server: Server, finance: Hired, tables: Tables, misfit: dict[str, str], actions: list[str],
        state: str,
    ) -> None:  # fmt: skip
        do(api, misfit, *actions)
        (row,) = listed(api, finance)
        assert row["state"] == state
        assert tally(tables, "suspense:sandbox") == (0 if state == "RETURNED" else 2400)
        assert findings(server) == []
        if actions[-1] != "charge_back":
            assert_books_agree(tables)
        assert compared(server, tables) == []

    def test_of_a_session_of_nobody(
        self, api: Api, server: Server, finance: Hired, tables: Tables, stranger: dict[str, str]
    ) -> None:
        press(api, stranger, "refund")
        examine(server, stranger)
        assert listed(api, finance)[0]["state"] == "RETURNED"
        assert_books_agree(tables)

    def test_a_refund_that_fails_after_it_was_made(
        self, api: Api, server: Server, finance: Hired, tables: Tables, misfit: dict[str, str], ada: UUID
    ) -> None:
        """The money is ours again, and may go back or be given once more."""
        for number in (1, 2):
            returned_by_staff(api, server, finance)
            do(api, misfit, "confirm_refund")
            assert (listed(api, finance)[0]["state"], tally(tables, "suspense:sandbox")) == ("RETURNED", 0)
            do(api, misfit, "fail_refund")
            assert (listed(api, finance)[0]["state"], tally(tables, "suspense:sandbox")) == ("HELD", 2400)
            assert tables.one("SELECT came_back FROM strays")["came_back"] == number
            assert findings(server) == []
        assert compared(server, tables) == []
        assert give(api, finance, listed(api, finance)[0]["id"], ada).is_success
        assert tally(tables, "suspense:sandbox") == 0
        assert (findings(server), compared(server, tables)) == ([], [])
        do(api, misfit, "refund")
        assert (listed(api, finance)[0]["state"], findings(server)) == ("RETURNED", [])
        do(api, misfit, "fail_refund")
        assert tables.one("SELECT state, undone, came_back FROM strays") == {
            "state": "CREDITED", "undone": 1, "came_back": 2,
        }  # fmt: skip
        assert (findings(server), compared(server, tables)) == ([], [])
        assert_books_agree(tables)

    def test_a_dispute_that_is_won_after_it_was_lost(
        self, api: Api, server: Server, finance: Hired, tables: Tables, misfit: dict[str, str]
    ) -> None:
        do(api, misfit, "charge_back", "lose")
        assert listed(api, finance)[0]["state"] == "RETURNED"
        won(server, tables, misfit)
        assert (listed(api, finance)[0]["state"], tally(tables, "suspense:sandbox")) == ("HELD", 2400)
        assert (findings(server), compared(server, tables)) == ([], [])
        assert_books_agree(tables)

    def test_a_part_that_comes_back_waits_for_the_rest(
        self, api: Api, server: Server, finance: Hired, tables: Tables, misfit: dict[str, str]
    ) -> None:
        """It is found, but stops nothing."""
        for amount in (1000, 1400):
            refund(server, tables, misfit, amount)
        (row,) = listed(api, finance)
        assert (row["state"], findings(server)) == ("RETURNED", [])
        fail_refunds(server, tables, misfit, 1400)
        assert (listed(api, finance)[0]["state"], tally(tables, "suspense:sandbox")) == ("RETURNED", 0)
        assert findings(server) == [("suspense_overdue", row["id"])]
        assert compared(server, tables) == []
        assert tables.one("SELECT due_at > now() + interval '50 minutes' AS later FROM strays") == {"later": True}
        fail_refunds(server, tables, misfit, 1000)
        assert (listed(api, finance)[0]["state"], tally(tables, "suspense:sandbox")) == ("HELD", 2400)
        assert (findings(server), compared(server, tables)) == ([], [])
        assert_books_agree(tables)

    def test_one_of_which_nobody_tells_is_found_by_a_look(
        self, api: Api, server: Server, finance: Hired, tables: Tables, misfit: dict[str, str]
    ) -> None:
        do(api, misfit, "refund")
        assert listed(api, finance)[0]["state"] == "RETURNED"
        tables.run("UPDATE sandbox_refunds SET status = 'FAILED'")
        tables.run("UPDATE strays SET due_at = now() WHERE due_at IS NOT NULL")
        server.let_time_come("payments.sweep")
        assert (listed(api, finance)[0]["state"], tally(tables, "suspense:sandbox")) == ("HELD", 2400)


def findings(server: Server) -> list[tuple[str, str]]:
    """What a reconciliation says."""

    async def look() -> list[tuple[str, str]]:
        async with server.app.parts.database.unit() as db:
            return [(each.check, each.what) async for each in db.reconciliations.findings()]

    return server.on_loop(look())


def compared(server: Server, tables: Tables) -> list[tuple[str, str, bool]]:
    """What its provider's book says otherwise, read anew."""
    tables.run("UPDATE provider_days SET read_at = NULL, lines = NULL, compared_at = NULL")
    return compare(server, tables)


def moved(tables: Tables, session: dict[str, str], kind: str, amount: int) -> None:
    """A line of the sandbox's book that has no button."""
    insert(tables, "sandbox_movements", sandbox_id=ref_of(session), kind=kind, amount=amount)


def refund(server: Server, tables: Tables, session: dict[str, str], amount: int) -> None:
    """Of a part, at the provider."""
    insert(tables, "sandbox_refunds", sandbox_id=ref_of(session), amount=amount, status="DONE")
    moved(tables, session, "REFUND", -amount)
    examine(server, session)


def fail_refunds(server: Server, tables: Tables, session: dict[str, str], amount: int) -> None:
    """Those of this amount fail after they were made."""
    tables.run("UPDATE sandbox_refunds SET status = 'FAILED' WHERE amount = %s", amount)
    moved(tables, session, "REFUND_FAILED", amount)
    examine(server, session)


def won(server: Server, tables: Tables, session: dict[str, str]) -> None:
    """A dispute that had been lost."""
    tables.run("UPDATE sandbox_payments SET dispute = 'WON'")
    moved(tables, session, "REINSTATED", 2400)
    examine(server, session)
