"""Payouts on their way: whatever stops in between, the provider pays once, and the books have what it did."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from domain import topics
from domain.clock import utc_now
from domain.creators.payout_account import AccountLook
from domain.money.payouts import AccountState
from providers.payout.sandbox import TRANSFER_PAGE
from runtime.worker.worker import Worker
from services.money.payout_sending import PayoutBooks
from services.money.vault import Vault
from tests.creators import Creator
from tests.handlers.support import change, insert, until, waiting_for_locks
from tests.harness import Api, Server, Tables
from tests.ledger import tally
from tests.payees import available, tax_form
from tests.payment_vendor import Fault, nothing, silence
from tests.payout_vendor import (
    VENDOR,
    PayoutVendor,
    death,
    payout_of,
    payout_vendor,
    ready,
    refused,
)
from tests.payouts import enabled, press

AMOUNT = 10_000
OF_PAYOUTS = {"payouts", "payout", "overdue"}


@pytest.fixture
def vendor(server: Server) -> Iterator[PayoutVendor]:
    with payout_vendor(server) as made:
        yield made


@pytest.fixture
def ada(api: Api, tables: Tables) -> Creator:
    return ready(api, tables)


@pytest.fixture
def payout(server: Server, vendor: PayoutVendor, ada: Creator) -> UUID:
    assert vendor.name == VENDOR
    return payout_of(server, ada, AMOUNT, status="APPROVED")


def row(tables: Tables) -> dict[str, Any]:
    return tables.one("SELECT * FROM payouts")


def states(tables: Tables) -> list[tuple[str, str | None]]:
    found = tables.rows("SELECT state, reason FROM payout_attempts ORDER BY number")
    return [(each["state"], each["reason"]) for each in found]


def sweep(server: Server) -> None:
    """All that waits is due, and what was begun was begun a while ago."""
    tables = server.tables
    tables.run("UPDATE payouts SET due_at = now() WHERE due_at IS NOT NULL")
    tables.run("UPDATE payout_attempts SET created_at = created_at - interval '5 minutes' WHERE state = 'SENDING'")
    server.let_time_come("payouts.sweep")


def move(server: Server) -> None:
    """The provider tells of another bank account inside the payout account."""

    async def look() -> None:
        parts = server.app.parts
        async with parts.database.unit() as db:
            ref = server.tables.one("SELECT ref FROM payout_accounts")["ref"]
            account = await db.payout_accounts.find(VENDOR, ref)
            assert account is not None
            told = AccountState(ref, "ACTIVE", payouts_enabled=True, details_submitted=True, destination="second")
            await parts.payout_accounts.settle(db, account, AccountLook(told, utc_now()))

    server.on_loop(look())


def is_due(tables: Tables, *, within: str) -> bool | None:
    """None where it is not looked at by the clock."""
    is_so: bool | None = tables.one("SELECT due_at < now() + %s::interval AS it FROM payouts", within)["it"]
    return is_so


def mails(api: Api, one: Creator) -> list[str]:
    return [str(mail["subject"]) for mail in api.mails(one.email)]


def findings(server: Server) -> list[tuple[str, str, str]]:
    """What a reconciliation says of payouts: check, what is expected, and what there is."""

    async def look() -> list[Any]:
        async with server.app.parts.database.unit() as db:
            found = [each async for each in db.reconciliations.findings()]
        return [(each.check, each.expected, each.found) for each in found if each.check in OF_PAYOUTS]

    return server.on_loop(look())


def assert_agree(server: Server, vendor: PayoutVendor) -> None:
    """Our books, our payouts, and the book of who paid them."""

    assert findings(server) == []
    tables = server.tables
    fees = -tally(tables, "processing_fees")
    assert tally(tables, f"rail:{VENDOR}") == vendor.paid + fees
    assert tables.one("SELECT coalesce(sum(amount), 0)::bigint AS n FROM ledger_entries")["n"] == 0


class TestSending:
    def test_it_is_paid(self, server: Server, vendor: PayoutVendor, tables: Tables, payout: UUID, ada: Creator) -> None:
        sweep(server)
        assert (row(tables)["status"], states(tables), vendor.paid) == ("PROCESSED", [("PAID", None)], AMOUNT)
        assert (available(tables, ada.user_id), tally(tables, "payout_reserved")) == (0, 0)
        assert tally(tables, "payout_transit") == 0
        assert tally(tables, "processing_fees") == -25
        sweep(server)
        assert (vendor.asked, row(tables)["id"]) == (1, payout)
        assert_agree(server, vendor)

    def test_it_takes_a_while(self, server: Server, vendor: PayoutVendor, tables: Tables, payout: UUID) -> None:
        vendor.becomes = "SENT"
        sweep(server)
        assert (row(tables)["status"], states(tables)) == ("PROCESSING", [("SENT", None)])
        assert tally(tables, "payout_transit") == AMOUNT
        vendor.now(f"payout:{payout}:1", "PAID")
        sweep(server)
        assert row(tables)["status"] == "PROCESSED"
        assert_agree(server, vendor)

    @pytest.mark.parametrize("when", ["before", "after"])
    @pytest.mark.parametrize("fault", [silence, death])
    def test_whatever_stops_it_it_is_paid_once(
        self, server: Server, vendor: PayoutVendor, tables: Tables, payout: UUID, when: str, fault: Fault
    ) -> None:
        """Before the provider acted, and after it, in silence or with the end of the worker."""
        setattr(vendor, when, fault)
        sweep(server)
        assert (row(tables)["status"], states(tables)) == ("PROCESSING", [("SENDING", None)])
        setattr(vendor, when, nothing)
        sweep(server)
        server.work_off()
        lost = when == "before"
        assert row(tables)["status"] == "PROCESSED"
        assert states(tables) == [("FAILED", None), ("PAID", None)] if lost else [("PAID", None)]
        assert (vendor.paid, len(vendor.book)) == (AMOUNT, 1)
        assert f"payout:{payout}:{2 if lost else 1}" in vendor.book
        assert_agree(server, vendor)

    def test_a_worker_that_dies_after_the_answer(
        self, server: Server, vendor: PayoutVendor, tables: Tables, payout: UUID
    ) -> None:
        """The provider has said so, and what it said was lost with the worker."""
        assert row(tables)["id"] == payout

        async def begin() -> None:
            parts = server.app.parts
            books = PayoutBooks(Vault(parts.keyring), parts.payouts, parts.config)
            async with parts.database.unit() as db:
                sending = await books.begin(db, payout, parts.providers.payout, utc_now(), stopped=False)
            assert sending is not None
            await vendor.pay(sending.order)

        server.on_loop(begin())
        assert (row(tables)["status"], states(tables)) == ("PROCESSING", [("SENDING", None)])
        sweep(server)
        assert (row(tables)["status"], vendor.asked) == ("PROCESSED", 1)
        assert_agree(server, vendor)

    def test_who_cannot_tell_is_asked_again(
        self, server: Server, vendor: PayoutVendor, tables: Tables, payout: UUID
    ) -> None:
        vendor.after, vendor.gone = silence, True
        for _ in range(3):
            sweep(server)
            assert (row(tables)["status"], states(tables), vendor.asked) == ("PROCESSING", [("SENDING", None)], 1)
        vendor.gone = False
        sweep(server)
        assert (row(tables)["status"], row(tables)["id"]) == ("PROCESSED", payout)
        assert_agree(server, vendor)

    def test_who_cannot_tell_at_a_notice_is_asked_again_soon(
        self, server: Server, vendor: PayoutVendor, tables: Tables, payout: UUID
    ) -> None:
        """Without one it would be asked an hour later."""
        vendor.becomes = "SENT"
        sweep(server)
        assert (states(tables), is_due(tables, within="59 minutes")) == ([("SENT", None)], False)
        vendor.gone = True

        async def told() -> None:
            async with server.app.parts.database.unit() as db:
                await db.outbox.add(topics.LookAtPayout(payout))

        server.on_loop(told())
        server.work_off()
        assert (states(tables), is_due(tables, within="3 minutes")) == ([("SENT", None)], True)

    def test_what_was_just_begun_is_not_taken_for_lost(
        self, server: Server, vendor: PayoutVendor, tables: Tables, payout: UUID
    ) -> None:
        vendor.before = silence
        sweep(server)
        tables.run("UPDATE payouts SET due_at = now()")
        server.let_time_come("payouts.sweep")
        assert (states(tables), row(tables)["id"]) == ([("SENDING", None)], payout)

    def test_an_empty_treasury_is_waited_for(
        self, server: Server, vendor: PayoutVendor, tables: Tables, payout: UUID, ada: Creator
    ) -> None:
        """Refused, given back, reserved anew: it is debited once for the one time that it is paid."""
        vendor.before = refused("TREASURY_EMPTY")
        sweep(server)
        found = row(tables)
        assert (found["status"], found["attempt"], states(tables)) == ("APPROVED", 2, [("FAILED", "TREASURY_EMPTY")])
        assert (available(tables, ada.user_id), tally(tables, "payout_reserved")) == (0, AMOUNT)
        waits = tables.one("SELECT due_at > now() + interval '50 minutes' AS waits FROM payouts")
        assert waits == {"waits": True}
        sweep(server)
        vendor.before = nothing
        sweep(server)
        assert [state for state, _ in states(tables)] == ["FAILED", "FAILED", "PAID"]
        assert (row(tables)["status"], vendor.paid, available(tables, ada.user_id)) == ("PROCESSED", AMOUNT, 0)
        assert row(tables)["id"] == payout
        assert_agree(server, vendor)

    @pytest.mark.parametrize(
        ("told", "reason"),
        [("DESTINATION_REJECTED", "DESTINATION_REJECTED"), ("an unknown word", "PROVIDER_REJECTED")],
    )
    def test_what_is_refused_for_good_comes_back(
        self,
        api: Api,
        server: Server,
        vendor: PayoutVendor,
        tables: Tables,
        payout: UUID,
        ada: Creator,
        told: str,
        reason: str,
    ) -> None:
        vendor.before = refused(told)
        sweep(server)
        found = row(tables)
        assert (found["status"], found["failure_reason"], found["id"]) == ("FAILED", reason, payout)
        assert (available(tables, ada.user_id), states(tables)) == (AMOUNT, [("FAILED", reason)])
        assert mails(api, ada) == ["Your payout was not made"]
        sweep(server)
        assert vendor.asked == 1
        assert_agree(server, vendor)

    @pytest.mark.parametrize("told", ["FAILED", "RETURNED"])
    def test_what_comes_back_after_it_was_paid(
        self, api: Api, server: Server, vendor: PayoutVendor, tables: Tables, payout: UUID, ada: Creator, told: str
    ) -> None:
        sweep(server)
        vendor.now(f"payout:{payout}:1", told, "DESTINATION_REJECTED")
        for _ in range(2):
            sweep(server)
        found = row(tables)
        assert (found["status"], found["failure_reason"], found["processed_at"]) == ("FAILED", "RETURNED", None)
        assert (available(tables, ada.user_id), states(tables)) == (AMOUNT, [("RETURNED", "RETURNED")])
        assert mails(api, ada) == ["Your payout was not made"]
        assert_agree(server, vendor)

    def test_one_that_fails_on_its_way(
        self, server: Server, vendor: PayoutVendor, tables: Tables, payout: UUID, ada: Creator
    ) -> None:
        vendor.becomes = "SENT"
        sweep(server)
        vendor.now(f"payout:{payout}:1", "FAILED", "DESTINATION_REJECTED")
        sweep(server)
        assert (row(tables)["status"], available(tables, ada.user_id)) == ("FAILED", AMOUNT)
        assert_agree(server, vendor)

    def test_one_that_its_provider_lost(
        self, server: Server, vendor: PayoutVendor, tables: Tables, payout: UUID
    ) -> None:
        """It was there: nobody pays it again before somebody has looked."""
        vendor.becomes = "SENT"
        sweep(server)
        del vendor.book[f"payout:{payout}:1"]
        sweep(server)
        assert (row(tables)["status"], states(tables), vendor.asked) == ("PROCESSING", [("SENT", None)], 1)

    def test_four_workers_at_once(self, server: Server, vendor: PayoutVendor, tables: Tables, payout: UUID) -> None:
        async def work() -> None:
            async with server.app.parts.database.unit() as db:
                for _ in range(8):
                    await db.outbox.add(topics.SendPayout(payout))
            await asyncio.gather(*(Worker(server.app.parts).work_off() for _ in range(4)))

        server.on_loop(work())
        assert (row(tables)["status"], vendor.asked, len(vendor.book)) == ("PROCESSED", 1, 1)
        assert_agree(server, vendor)

    @pytest.mark.parametrize("lost", [True, False], ids=["lost", "refused"])
    def test_one_under_way_does_not_follow_a_change_of_the_bank_account(
        self,
        api: Api,
        server: Server,
        vendor: PayoutVendor,
        tables: Tables,
        payout: UUID,
        ada: Creator,
        lost: bool,
    ) -> None:
        """Inside the payout account: money went elsewhere when the payout was asked for."""
        tables.run("UPDATE payout_accounts SET destination = 'first', held_until = now() - interval '1 hour'")
        if lost:
            vendor.before = silence
        vendor.becomes = "SENT"
        sweep(server)
        move(server)
        assert row(tables)["status"] == "PROCESSING"
        vendor.before = nothing
        if not lost:
            vendor.now(f"payout:{payout}:1", "FAILED", "TREASURY_EMPTY")
        for _ in range(2):
            sweep(server)
            server.work_off()
        assert (row(tables)["status"], row(tables)["due_at"], vendor.asked) == ("CANCELLED", None, 1)
        assert available(tables, ada.user_id) == AMOUNT
        assert "Payout of 100.00 USD stopped" in mails(api, ada)
        assert_agree(server, vendor)

    def test_a_hold_that_was_over_at_the_request_stops_nothing(
        self, server: Server, vendor: PayoutVendor, tables: Tables, payout: UUID
    ) -> None:
        tables.run("UPDATE payout_accounts SET destination = 'first', held_until = (SELECT created_at FROM payouts)")
        vendor.before = silence
        sweep(server)
        vendor.before = nothing
        sweep(server)
        server.work_off()
        assert (row(tables)["status"], row(tables)["id"], vendor.paid) == ("PROCESSED", payout, AMOUNT)
        assert_agree(server, vendor)

    @pytest.mark.parametrize("says", ["SENT", "nothing", "that there is none"])
    def test_one_that_is_made_is_looked_at_each_day_and_not_for_ever(
        self, server: Server, vendor: PayoutVendor, tables: Tables, payout: UUID, says: str
    ) -> None:
        """Whatever its provider says that is not an end."""
        sweep(server)
        if says == "SENT":
            vendor.now(f"payout:{payout}:1", "SENT")
        elif says == "nothing":
            vendor.gone = True
        else:
            vendor.book.clear()
        tables.run("UPDATE payout_attempts SET created_at = created_at - interval '5 minutes'")
        sweep(server)
        assert (row(tables)["status"], is_due(tables, within="23 hours")) == ("PROCESSED", False)
        tables.run("UPDATE payout_attempts SET settled_at = now() - interval '15 days'")
        sweep(server)
        assert (row(tables)["status"], is_due(tables, within="1000 years")) == ("PROCESSED", None)


class TestWhatMustHold:
    def test_the_switch_lets_it_wait(self, server: Server, vendor: PayoutVendor, tables: Tables, payout: UUID) -> None:
        server.configure(**{"kill_switch.PAYOUT": True})
        sweep(server)
        assert (row(tables)["status"], row(tables)["id"], vendor.asked) == ("APPROVED", payout, 0)
        server.configure(**{"kill_switch.PAYOUT": False})
        sweep(server)
        assert (row(tables)["status"], vendor.asked) == ("PROCESSED", 1)

    def test_the_switch_does_not_stop_who_asks_what_became_of_it(
        self, server: Server, vendor: PayoutVendor, tables: Tables, payout: UUID
    ) -> None:
        vendor.after = silence
        sweep(server)
        assert (row(tables)["status"], states(tables)) == ("PROCESSING", [("SENDING", None)])
        server.configure(**{"kill_switch.PAYOUT": True})
        sweep(server)
        assert (row(tables)["status"], row(tables)["id"], vendor.asked) == ("PROCESSED", payout, 1)
        assert_agree(server, vendor)

    def test_what_was_never_there_is_not_sent_anew_before_the_switch_is_lifted(
        self, server: Server, vendor: PayoutVendor, tables: Tables, payout: UUID
    ) -> None:
        vendor.before = silence
        sweep(server)
        vendor.before = nothing
        server.configure(**{"kill_switch.PAYOUT": True})
        for _ in range(2):
            sweep(server)
            assert (row(tables)["status"], row(tables)["attempt"], vendor.asked) == ("APPROVED", 2, 1)
        server.configure(**{"kill_switch.PAYOUT": False})
        sweep(server)
        assert (row(tables)["status"], row(tables)["id"], vendor.paid) == ("PROCESSED", payout, AMOUNT)
        assert_agree(server, vendor)

    def test_without_an_identity_nothing_is_paid(
        self, api: Api, server: Server, vendor: PayoutVendor, tables: Tables, payout: UUID, ada: Creator
    ) -> None:
        change(tables, "creator_profiles", ada.creator_id, kyc_status="EXPIRED")
        sweep(server)
        found = row(tables)
        assert (found["status"], found["ended_by"], found["id"], vendor.asked) == ("CANCELLED", None, payout, 0)
        assert (available(tables, ada.user_id), mails(api, ada)) == (AMOUNT, ["Payout of 100.00 USD stopped"])
        assert_agree(server, vendor)

    @pytest.mark.parametrize(
        "change_of",
        [
            "UPDATE users SET status = 'BANNED'",
            "UPDATE users SET status = 'SUSPENDED'",
            "UPDATE tax_forms SET ends_at = '2026-01-05'",
            "UPDATE payout_accounts SET payouts_enabled = false",
            "UPDATE wallets SET frozen_for = 'FRAUD', frozen_at = now()",
        ],
    )
    def test_what_can_be_put_right_waits_for_staff(
        self, server: Server, vendor: PayoutVendor, tables: Tables, payout: UUID, change_of: str
    ) -> None:
        tables.run(change_of)
        sweep(server)
        found = row(tables)
        assert (found["status"], found["approved_at"], found["due_at"]) == ("PENDING", None, None)
        assert (found["id"], vendor.asked) == (payout, 0)
        assert_agree(server, vendor)

    @pytest.mark.parametrize(("provider", "waits"), [("bank_file", False), ("unknown", True)])
    def test_files_of_bank_transfers_are_for_staff_and_who_is_not_there_may_come_back(
        self, server: Server, vendor: PayoutVendor, tables: Tables, payout: UUID, provider: str, waits: bool
    ) -> None:
        tables.run("UPDATE payouts SET provider = %s", provider)
        sweep(server)
        found = row(tables)
        assert (found["status"], found["due_at"] is not None, vendor.asked) == ("APPROVED", waits, 0)
        assert found["id"] == payout

    def test_who_left_gets_what_was_requested_before(
        self, server: Server, vendor: PayoutVendor, tables: Tables, payout: UUID
    ) -> None:
        tables.run("UPDATE users SET status = 'DEACTIVATED'")
        sweep(server)
        assert (row(tables)["id"], row(tables)["status"], vendor.asked) == (payout, "PROCESSED", 1)


class TestErasure:
    @pytest.mark.parametrize("status", ["PENDING", "APPROVED"])
    def test_what_was_not_sent_goes_back_before_the_wallet_is_closed(
        self, server: Server, vendor: PayoutVendor, tables: Tables, ada: Creator, status: str
    ) -> None:
        payout_of(server, ada, AMOUNT, status=status)
        grace = {"kind": "DELETION", "status": "PENDING", "grace_ends_at": "2026-01-02"}
        insert(tables, "gdpr_requests", user_id=ada.user_id, **grace)
        server.let_time_come("gdpr.erase_due")
        assert (row(tables)["status"], row(tables)["destination"], vendor.asked) == ("CANCELLED", None, 0)
        assert (tally(tables, "unclaimed"), tally(tables, "payout_reserved")) == (AMOUNT, 0)
        assert_agree(server, vendor)

    @pytest.mark.parametrize("days", [0, 40], ids=["early", "when its patience is over"])
    def test_one_that_came_while_files_went_lets_it_begin_anew(
        self, api: Api, server: Server, vendor: PayoutVendor, tables: Tables, ada: Creator, days: int
    ) -> None:
        grace = {"kind": "DELETION", "status": "PENDING", "grace_ends_at": utc_now() - timedelta(days=days)}
        insert(tables, "gdpr_requests", user_id=ada.user_id, **grace)
        key = f"media/{ada.user_id}/{uuid4()}.png"
        upload = {"kind": "media", "key": key, "provider": "local", "content_type": "image/png", "max_bytes": 9}
        insert(tables, "uploads", user_id=ada.user_id, status="STORED", expires_at=utc_now(), **upload)
        with ThreadPoolExecutor(1) as beside, psycopg.connect(server.database_url) as slow:
            slow.execute("SELECT FROM uploads FOR UPDATE")
            erasing = beside.submit(server.let_time_come, "gdpr.erase_due")
            until(lambda: waiting_for_locks(tables))
            payout_of(server, ada, AMOUNT)
            slow.rollback()
            erasing.result()
        assert (row(tables)["status"], tally(tables, "unclaimed")) == ("PENDING", 0)
        server.let_time_come("gdpr.erase_due")
        assert (row(tables)["status"], tally(tables, "unclaimed")) == ("CANCELLED", AMOUNT)
        assert tables.one("SELECT status FROM gdpr_requests") == {"status": "COMPLETED"}
        assert "100.00 USD" in api.mails(ada.email)[-1]["text"]
        assert_agree(server, vendor)


class TestReview:
    def test_little_ones_are_approved_where_the_config_has_it(
        self, server: Server, vendor: PayoutVendor, tables: Tables, ada: Creator
    ) -> None:
        payout_of(server, ada, 4999, due_at="2026-01-02")
        server.configure(**{"payout.auto_approve_below": 50})
        sweep(server)
        assert (row(tables)["status"], row(tables)["first_by"], vendor.paid) == ("PROCESSED", None, 4999)

    @pytest.mark.parametrize(("amount", "below"), [(5000, 50), (4999, 0)])
    def test_others_wait_for_staff(
        self, server: Server, vendor: PayoutVendor, tables: Tables, ada: Creator, amount: int, below: int
    ) -> None:
        payout_of(server, ada, amount, due_at="2026-01-02")
        server.configure(**{"payout.auto_approve_below": below})
        sweep(server)
        assert (row(tables)["status"], row(tables)["due_at"], vendor.asked) == ("PENDING", None, 0)

    def test_one_whose_conditions_do_not_hold_waits_for_staff(
        self, server: Server, vendor: PayoutVendor, tables: Tables, ada: Creator
    ) -> None:
        payout_of(server, ada, 4999, due_at="2026-01-02")
        tables.run("UPDATE tax_forms SET state = 'REJECTED'")
        server.configure(**{"payout.auto_approve_below": 50})
        sweep(server)
        assert (row(tables)["status"], vendor.asked) == ("PENDING", 0)


class TestReconciliation:
    """Each damage is named."""

    def test_a_status_that_the_ledger_does_not_know(
        self, server: Server, vendor: PayoutVendor, tables: Tables, payout: UUID
    ) -> None:
        tables.run("UPDATE payouts SET status = 'PROCESSING'")
        assert (vendor.asked, row(tables)["id"]) == (0, payout)
        assert findings(server) == [
            ("payouts", "0 of payouts", "10000 in the account"),
            ("payouts", "10000 of payouts", "0 in the account"),
            ("payout", "a transfer", "no transfer"),
        ]

    def test_an_attempt_that_was_not_given_back(
        self, server: Server, vendor: PayoutVendor, tables: Tables, payout: UUID
    ) -> None:
        sweep(server)
        tables.run("UPDATE payouts SET attempt = 2")
        assert (vendor.asked, row(tables)["id"]) == (1, payout)
        missing = [("payout", "a transfer", "no transfer")] * 4
        assert sorted(findings(server)) == sorted([*missing, ("payout", "no transfer", "a transfer")])

    def test_a_transfer_without_a_payout(
        self, server: Server, vendor: PayoutVendor, tables: Tables, payout: UUID
    ) -> None:
        sweep(server)
        tables.run("DELETE FROM payout_attempts")
        tables.run("DELETE FROM payouts WHERE id = %s", payout)
        assert findings(server) == [("payout", "no transfer", "a transfer")] * 3
        assert vendor.paid == AMOUNT

    def test_one_that_is_under_way_for_too_long(
        self, server: Server, vendor: PayoutVendor, tables: Tables, payout: UUID
    ) -> None:
        vendor.becomes = "SENT"
        sweep(server)
        tables.run("UPDATE payout_attempts SET created_at = '2026-01-02' WHERE payout_id = %s", payout)
        assert findings(server) == [("overdue", "settled by 2026-01-12 00:00:00+00", "PROCESSING")]


class TestNotices:
    """The sandbox tells of its transfers by webhooks."""

    @pytest.mark.parametrize(
        ("actions", "status", "reason", "left"),
        [
            (["pay"], "PROCESSED", None, 0),
            (["fail"], "FAILED", "DESTINATION_REJECTED", AMOUNT),
            (["pay", "return"], "FAILED", "RETURNED", AMOUNT),
        ],
    )
    def test_what_is_told_is_looked_at(
        self, api: Api, server: Server, tables: Tables, actions: list[str], status: str, reason: str | None, left: int
    ) -> None:
        server.configure(**{"external.payout.sandbox.pays_at_once": False})
        ada, _, _ = enabled(api, tables)
        tax_form(tables, ada.user_id)
        payout_of(server, ada, AMOUNT, status="APPROVED", provider="sandbox")
        server.let_time_come("payouts.sweep")
        assert row(tables)["status"] == "PROCESSING"
        ref = tables.one("SELECT ref FROM payout_attempts")["ref"]
        for action in actions:
            assert press(api, TRANSFER_PAGE, ref, action).status_code == 303
            server.work_off()
        assert (row(tables)["status"], row(tables)["failure_reason"]) == (status, reason)
        assert available(tables, ada.user_id) == left
        assert findings(server) == []
