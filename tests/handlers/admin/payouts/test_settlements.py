"""Payouts whose provider says nothing: staff says what came of them, and the provider may say otherwise later."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.bank_files import approved, batched
from tests.creators import Creator
from tests.handlers.support import audited, change
from tests.harness import Api, Server, Tables, code_of
from tests.ledger import tally
from tests.payees import available
from tests.payout_vendor import VENDOR, PayoutVendor, payout_of
from tests.staff import Hired, member

SETTLE = "admin.payouts.settlements.settle"
EVIDENCE = "Mail of the provider of Monday: the transfer is lost."
AMOUNT = 100_00
ABOVE = 500_01
"""For which two must agree."""
SECOND = (403, "admin.payout.second_person")


@pytest.fixture
def vendor(vendor: PayoutVendor) -> PayoutVendor:
    """It keeps what it is asked for, and says nothing of how that ended."""
    vendor.becomes = "SENT"
    return vendor


@pytest.fixture
def stuck(server: Server, ada: Creator) -> UUID:
    return under_way(server, ada)


def under_way(server: Server, one: Creator, amount: int = AMOUNT, days: int = 11) -> UUID:
    """Its provider has it, for so many days."""
    payout = payout_of(server, one, amount, status="APPROVED")
    sweep(server)
    server.tables.run("UPDATE payout_attempts SET created_at = now() - %s * interval '1 day'", days)
    return payout


def sweep(server: Server) -> None:
    """All that waits is due."""
    server.tables.run("UPDATE payouts SET due_at = now() WHERE due_at IS NOT NULL")
    server.let_time_come("payouts.sweep")


def settle(api: Api, caller: Hired, payout: object, outcome: str = "FAILED", **body: str) -> httpx.Response:
    told = {"outcome": outcome, "evidence": EVIDENCE, "reason": "Ticket 4711."} | body
    return api.call(SETTLE, told, path=f"/admin/payouts/{payout}/settle", headers=caller.headers)


def failed(api: Api, payout: UUID, *callers: Hired) -> bool:
    """One after the other says so, until the last one is believed."""
    told = [str(settle(api, each, payout).json()["data"]["status"]) for each in callers]
    return told[-1] == "FAILED"


def told(response: httpx.Response) -> tuple[int, Any]:
    if not response.is_success:
        return response.status_code, code_of(response)
    data = response.json()["data"]
    return response.status_code, (data["status"], data["settledBy"], data["providerSays"])


def key_of(vendor: PayoutVendor) -> str:
    (key,) = vendor.book
    return key


def attempt(tables: Tables) -> dict[str, Any]:
    return tables.one("SELECT * FROM payout_attempts")


class TestSettle:
    def test_the_money_goes_back_and_the_creator_is_told(
        self, api: Api, tables: Tables, vendor: PayoutVendor, finance: Hired, ada: Creator, stuck: UUID
    ) -> None:
        vendor.book.clear()
        assert told(settle(api, finance, stuck)) == (200, ("FAILED", "STAFF", "NOT_FOUND"))
        row, one = tables.one("SELECT * FROM payouts"), attempt(tables)
        assert (row["status"], row["failure_reason"]) == ("FAILED", "PROVIDER_REJECTED")
        assert (one["state"], one["stated"], one["stated_by"], one["confirmed_by"]) == (
            "FAILED", "FAILED", finance.id, None,
        )  # fmt: skip
        assert (available(tables, ada.user_id), tally(tables, "payout_transit")) == (AMOUNT, 0)
        assert len(tables.rows("SELECT id FROM outbox WHERE topic = 'email.payout_told'")) == 1
        (entry,) = audited(tables, SETTLE)
        assert (entry["actor_id"], entry["target_id"], entry["reason"]) == (
            finance.id, str(ada.user_id), "Ticket 4711.",
        )  # fmt: skip
        assert {name: entry["after"][name] for name in ("outcome", "evidence", "providerSays")} == {
            "outcome": "FAILED", "evidence": EVIDENCE, "providerSays": "NOT_FOUND",
        }  # fmt: skip

    def test_it_arrived(self, api: Api, tables: Tables, finance: Hired, ada: Creator, stuck: UUID) -> None:
        assert told(settle(api, finance, stuck, "PROCESSED")) == (200, ("PROCESSED", "STAFF", "SENT"))
        assert (available(tables, ada.user_id), tally(tables, "payout_transit")) == (0, 0)
        assert tally(tables, f"rail:{VENDOR}") == AMOUNT + 25

    @pytest.mark.parametrize(
        ("state", "status", "mine"), [("PAID", "PROCESSED", "FAILED"), ("FAILED", "FAILED", "PROCESSED")], ids=str
    )
    def test_what_the_provider_says_holds(
        self, api: Api, tables: Tables, vendor: PayoutVendor, finance: Hired, stuck: UUID, state: str, status: str,
        mine: str,
    ) -> None:  # fmt: skip
        vendor.now(key_of(vendor), state, "DESTINATION_REJECTED" if state == "FAILED" else None)
        assert told(settle(api, finance, stuck, mine)) == (200, (status, "PROVIDER", state))
        assert attempt(tables)["state"] == state
        assert told(settle(api, finance, stuck, mine)) == (400, "admin.transition_invalid")

    def test_one_that_the_provider_has_lost(
        self, api: Api, tables: Tables, vendor: PayoutVendor, finance: Hired, ada: Creator, stuck: UUID
    ) -> None:
        vendor.book.clear()
        assert told(settle(api, finance, stuck)) == (200, ("FAILED", "STAFF", "NOT_FOUND"))
        assert (available(tables, ada.user_id), vendor.book) == (AMOUNT, {})

    def test_above_a_limit_two_must_say_the_same(
        self,
        api: Api,
        server: Server,
        tables: Tables,
        vendor: PayoutVendor,
        finance: Hired,
        second: Hired,
        ada: Creator,
    ) -> None:
        payout, waits = under_way(server, ada, ABOVE), (200, ("PROCESSING", None, "NOT_ASKED"))
        assert told(settle(api, finance, payout)) == waits
        assert told(settle(api, finance, payout)) == SECOND
        shown = api.call("admin.payouts.find", path=f"/admin/payouts/{payout}", headers=second.headers)
        assert shown.json()["data"]["attempts"][0]["statement"] == {
            "outcome": "FAILED", "evidence": EVIDENCE, "statedBy": str(finance.id), "confirmedBy": None,
        }  # fmt: skip
        assert told(settle(api, second, payout, "PROCESSED")) == waits  # they do not agree, so that one begins anew
        assert told(settle(api, second, payout, "PROCESSED")) == SECOND
        assert told(settle(api, finance, payout)) == waits
        assert told(settle(api, second, payout)) == (200, ("FAILED", "STAFF", "SENT"))
        assert (attempt(tables)["stated_by"], attempt(tables)["confirmed_by"]) == (finance.id, second.id)
        assert [entry["actor_id"] for entry in audited(tables, SETTLE) if entry["after"]] == [
            finance.id, second.id, finance.id, second.id,
        ]  # fmt: skip
        assert vendor.asked == 1

    @pytest.mark.parametrize("says", ["SENT", "UNKNOWN"])
    def test_one_alone_does_not_give_back_what_may_be_under_way(
        self,
        api: Api,
        tables: Tables,
        vendor: PayoutVendor,
        finance: Hired,
        second: Hired,
        ada: Creator,
        stuck: UUID,
        says: str,
    ) -> None:
        """Little as it is: its provider has it, or may have it, so its owner could get the money twice."""
        vendor.gone = says == "UNKNOWN"
        waits = (200, ("PROCESSING", None, says))
        assert told(settle(api, finance, stuck)) == waits
        assert told(settle(api, finance, stuck)) == SECOND
        assert (available(tables, ada.user_id), attempt(tables)["stated_by"]) == (0, finance.id)
        assert told(settle(api, second, stuck, evidence="I have called them, too.")) == (200, ("FAILED", "STAFF", says))
        one = attempt(tables)
        assert (one["stated_by"], one["confirmed_by"], one["evidence"]) == (finance.id, second.id, EVIDENCE)
        assert available(tables, ada.user_id) == AMOUNT
        entries = [entry["after"] for entry in audited(tables, SETTLE) if entry["after"]]
        assert [entry["evidence"] for entry in entries] == [EVIDENCE, "I have called them, too."]

    def test_one_whose_statement_waits_is_believed_once_the_provider_says_so(
        self, api: Api, tables: Tables, vendor: PayoutVendor, finance: Hired, ada: Creator, stuck: UUID
    ) -> None:
        assert told(settle(api, finance, stuck)) == (200, ("PROCESSING", None, "SENT"))
        vendor.now(key_of(vendor), "FAILED", "DESTINATION_REJECTED")
        assert told(settle(api, finance, stuck)) == (200, ("FAILED", "PROVIDER", "FAILED"))
        assert available(tables, ada.user_id) == AMOUNT

    @pytest.mark.parametrize("column", ["first_by", "second_by"])
    @pytest.mark.parametrize("outcome", ["FAILED", "PROCESSED"])
    def test_who_approved_it_does_not_settle_it_alone(
        self,
        api: Api,
        tables: Tables,
        vendor: PayoutVendor,
        finance: Hired,
        second: Hired,
        stuck: UUID,
        column: str,
        outcome: str,
    ) -> None:
        vendor.book.clear()
        change(tables, "payouts", stuck, **{column: finance.id})
        assert told(settle(api, finance, stuck, outcome)) == (200, ("PROCESSING", None, "NOT_ASKED"))
        assert told(settle(api, finance, stuck, outcome)) == SECOND
        assert told(settle(api, second, stuck, outcome)) == (200, (outcome, "STAFF", "NOT_FOUND"))
        assert (attempt(tables)["stated_by"], attempt(tables)["confirmed_by"]) == (finance.id, second.id)

    def test_nothing_is_begun_anew_of_what_is_settled(
        self, api: Api, server: Server, tables: Tables, vendor: PayoutVendor, finance: Hired, ada: Creator, stuck: UUID
    ) -> None:
        """Though the reason that the provider gives is one for which it would be tried again."""
        vendor.now(key_of(vendor), "FAILED", "TREASURY_EMPTY")
        assert told(settle(api, finance, stuck)) == (200, ("FAILED", "PROVIDER", "FAILED"))
        sweep(server)
        row = tables.one("SELECT * FROM payouts")
        assert (row["status"], row["attempt"], row["failure_reason"]) == ("FAILED", 1, "TREASURY_EMPTY")
        assert (available(tables, ada.user_id), vendor.asked) == (AMOUNT, 1)

    def test_nothing_is_begun_anew_of_what_one_has_settled_and_another_has_not(
        self, api: Api, server: Server, tables: Tables, vendor: PayoutVendor, finance: Hired, ada: Creator
    ) -> None:
        payout = under_way(server, ada, ABOVE)
        assert told(settle(api, finance, payout)) == (200, ("PROCESSING", None, "NOT_ASKED"))
        tables.run("UPDATE payout_attempts SET state = 'SENDING'")
        vendor.book.clear()
        sweep(server)
        server.work_off()
        assert (tables.one("SELECT status FROM payouts")["status"], vendor.asked) == ("PROCESSING", 1)
        assert tables.count("payout_attempts") == 1

    def test_not_before_it_is_stuck(self, api: Api, server: Server, finance: Hired, ada: Creator) -> None:
        payout = under_way(server, ada, days=9)
        assert told(settle(api, finance, payout)) == (409, "admin.payout.too_early")
        server.configure(**{"payout.stuck_days": 9})
        assert settle(api, finance, payout).is_success

    def test_what_is_not_under_way_is_refused(self, api: Api, server: Server, finance: Hired, ada: Creator) -> None:
        payout = payout_of(server, ada, status="APPROVED")
        assert told(settle(api, finance, payout)) == (400, "admin.transition_invalid")

    def test_what_goes_by_file_is_marked_instead(
        self, api: Api, server: Server, finance: Hired, second: Hired, ada: Creator
    ) -> None:
        server.tables.run("DELETE FROM tax_forms; DELETE FROM payout_accounts; DELETE FROM creator_profiles")
        payout = approved(server, ada.user_id)
        assert batched(api, second, payout).status_code == 201
        assert told(settle(api, finance, payout)) == (409, "admin.payout.by_file")

    def test_nobody_settles_their_own(
        self, api: Api, server: Server, tables: Tables, finance: Hired, stuck: UUID
    ) -> None:
        tables.run("UPDATE payouts SET user_id = %s", finance.id)
        assert told(settle(api, finance, stuck)) == (403, "admin.finance.own_account")

    def test_one_that_is_none_is_refused(self, api: Api, finance: Hired) -> None:
        assert told(settle(api, finance, uuid4())) == (404, "admin.not_found")

    def test_evidence_says_something(self, api: Api, finance: Hired, stuck: UUID) -> None:
        assert told(settle(api, finance, stuck, evidence="lost")) == (400, "validation.failed")

    def test_who_did_not_confirm_lately_is_asked(self, api: Api, server: Server, stuck: UUID) -> None:
        stale = member(server, "FINANCE", session={"confirmed_at": datetime.now(UTC) - timedelta(hours=1)})
        assert told(settle(api, stale, stuck)) == (403, "admin.reauthentication_required")

    def test_whose_role_lacks_it_is_refused(self, api: Api, server: Server, stuck: UUID) -> None:
        assert told(settle(api, member(server, "AUDITOR"), stuck)) == (403, "admin.permission_denied")

    def test_of_many_at_once_one_comes_true(
        self, api: Api, tables: Tables, vendor: PayoutVendor, finance: Hired, ada: Creator, stuck: UUID
    ) -> None:
        vendor.book.clear()
        with ThreadPoolExecutor(6) as threads:
            ended = list(threads.map(lambda name: told(settle(api, finance, stuck, name)), ["FAILED", "PROCESSED"] * 3))
        assert sorted(status for status, _ in ended) == [200] + [400] * 5
        assert tally(tables, "payout_transit") == 0
        assert available(tables, ada.user_id) + tally(tables, f"rail:{VENDOR}") in (AMOUNT + 25, AMOUNT)


class TestWhatTheProviderSaysLater:
    def test_that_it_came_back(
        self, api: Api, server: Server, tables: Tables, vendor: PayoutVendor, finance: Hired, ada: Creator, stuck: UUID
    ) -> None:
        assert settle(api, finance, stuck, "PROCESSED").is_success
        vendor.now(key_of(vendor), "FAILED", "DESTINATION_REJECTED")
        sweep(server)
        row = tables.one("SELECT * FROM payouts")
        assert (row["status"], row["failure_reason"], attempt(tables)["state"]) == ("FAILED", "RETURNED", "RETURNED")
        assert available(tables, ada.user_id) == AMOUNT

    def test_that_it_paid_what_failed(
        self, api: Api, server: Server, tables: Tables, vendor: PayoutVendor, finance: Hired, second: Hired,
        ada: Creator, stuck: UUID,
    ) -> None:  # fmt: skip
        """Payouts stop, and somebody looks: nothing is paid a second time."""
        assert failed(api, stuck, finance, second)
        vendor.now(key_of(vendor), "PAID")
        for _ in range(2):
            sweep(server)
        assert attempt(tables)["contradicted_at"] is not None
        server.let_time_come("money.reconcile")
        found = tables.one("SELECT * FROM ledger_findings WHERE \"check\" = 'contradicted'")
        assert (found["what"], found["severe"]) == (f"{stuck}:1", True)
        assert tables.one("SELECT value FROM config_entries WHERE name = 'kill_switch.PAYOUT'")["value"] is True
        assert len(audited(tables, "payout.contradicted")) == 1
        assert (vendor.asked, available(tables, ada.user_id)) == (1, AMOUNT)
        assert tables.one("SELECT due_at FROM payouts")["due_at"] is None

    def test_that_it_failed_as_staff_said(
        self, api: Api, server: Server, tables: Tables, vendor: PayoutVendor, finance: Hired, second: Hired,
        stuck: UUID,
    ) -> None:  # fmt: skip
        assert failed(api, stuck, finance, second)
        sweep(server)
        assert tables.one("SELECT due_at FROM payouts")["due_at"] is not None
        vendor.now(key_of(vendor), "FAILED", "PROVIDER_REJECTED")
        sweep(server)
        assert tables.one("SELECT due_at FROM payouts")["due_at"] is None
        assert tables.count("ledger_findings") == 0

    @pytest.mark.parametrize(("outcome", "days"), [("FAILED", 60), ("PROCESSED", 14)])
    @pytest.mark.parametrize("says", ["SENT", "nothing", "that there is none"])
    def test_nothing_for_so_long_that_nobody_looks_any_more(
        self, api: Api, server: Server, tables: Tables, vendor: PayoutVendor, finance: Hired, second: Hired,
        stuck: UUID, says: str, outcome: str, days: int,
    ) -> None:  # fmt: skip
        assert settle(api, finance, stuck, outcome).is_success
        if outcome == "FAILED":
            assert settle(api, second, stuck).is_success
        if says == "nothing":
            vendor.gone = True
        elif says != "SENT":
            vendor.book.clear()
        for past, looks in ((0, True), (days - 1, True), (days + 1, False)):
            tables.run("UPDATE payout_attempts SET settled_at = now() - %s * interval '1 day'", past)
            sweep(server)
            tomorrow = "SELECT due_at BETWEEN now() + interval '23 hours' AND now() + interval '25 hours' AS it"
            assert tables.one(f"{tomorrow} FROM payouts")["it"] is (True if looks else None)
        assert tables.one("SELECT status FROM payouts")["status"] == outcome
