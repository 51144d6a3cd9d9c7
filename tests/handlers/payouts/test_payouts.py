"""Creators ask for what they earned: by which conditions, where it goes, and how it comes back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.clock import utc_now
from domain.money import flows
from domain.money.escrows import Order as Escrowed
from domain.money.ledger import platform
from services.money.escrows import EscrowService
from services.money.vault import Vault
from tests.bank import IBAN, OTHER_IBAN, enter
from tests.creators import Creator, creator, signed_in
from tests.handlers.support import account, audited, change, insert
from tests.harness import Api, Server, Tables, bearer, broken_rules, code_of
from tests.ledger import tally
from tests.money import assert_books_agree, earn, earning, fan, freeze, load, post
from tests.payees import ask, available, cancel, payee, payout_account, requested
from tests.staff import hired
from tests.tax import ADDRESS

OFF = {"kill_switch.PAYOUT": True}
ERROR = "payment.payout.error"


@pytest.fixture(autouse=True)
def unlimited(server: Server) -> None:
    server.configure(**{"ratelimit.enabled": False})


@pytest.fixture
def ada_and_headers(api: Api, tables: Tables) -> tuple[Creator, dict[str, str]]:
    return payee(api, tables)


@pytest.fixture
def ada(ada_and_headers: tuple[Creator, dict[str, str]]) -> Creator:
    return ada_and_headers[0]


@pytest.fixture
def headers(ada_and_headers: tuple[Creator, dict[str, str]]) -> dict[str, str]:
    return ada_and_headers[1]


def refused(
    api: Api, headers: dict[str, str], tables: Tables, amount: str = "120.00", **body: Any
) -> tuple[int, str, dict[str, Any]]:
    """Status, code and what is told beside; nothing changed."""
    before = tables.fingerprints()
    response = ask(api, headers, amount, **body)
    assert tables.changed_since(before) == set()
    error = response.json()["error"]
    return response.status_code, error["code"].removeprefix(f"{ERROR}."), error.get("i18nVars", {})


def row(tables: Tables) -> dict[str, Any]:
    """Of the only payout."""
    return tables.one("SELECT * FROM payouts")


def report(api: Api, headers: dict[str, str], query: str = "") -> Any:
    response = api.call("payouts.report", path=f"/payouts/report{query}", headers=headers)
    assert response.status_code == 200, response.text
    return response.json()["data"]


def row_of(tables: Tables, payout_id: UUID) -> dict[str, Any]:
    return tables.one("SELECT * FROM payouts WHERE id = %s", payout_id)


def ended(tables: Tables, one: Creator, **columns: Any) -> UUID:
    told = {"amount": 6000, "currency": "USD", "method": "BANK_TRANSFER", "provider": "sandbox"}
    told |= {"status": "CANCELLED", "ended_at": utc_now()} | columns
    return insert(tables, "payouts", user_id=one.user_id, wallet_id=earning(one.user_id).id, **told)


class TestRequest:
    def test_the_anonymous_and_fans_are_refused(self, api: Api, tables: Tables) -> None:
        assert code_of(ask(api, {})) == "auth.unauthenticated"
        account(api, tables, "fan@example.com")
        response = ask(api, bearer(api.sign_in("fan@example.com")))
        assert (response.status_code, code_of(response)) == (404, "error.creator.not_found")

    def test_the_switch_turns_it_off(self, api: Api, server: Server, headers: dict[str, str], tables: Tables) -> None:
        server.configure(**OFF)
        assert refused(api, headers, tables)[:2] == (503, "features.payout_disabled")

    def test_the_amount_leaves_the_balance(
        self, api: Api, server: Server, ada: Creator, headers: dict[str, str], tables: Tables
    ) -> None:
        payout_id = requested(api, headers)
        found = row(tables)
        assert (found["id"], found["status"], found["amount"], found["attempt"]) == (payout_id, "PENDING", 12_000, 1)
        assert (found["method"], found["provider"], found["destination_last4"]) == ("BANK_TRANSFER", "sandbox", "3000")
        assert available(tables, ada.user_id) == 38_000
        assert tally(tables, "payout_reserved") == 12_000
        server.work_off()
        (mail,) = [each for each in api.mails(ada.email) if "payout" in each["subject"].lower()]
        assert "120.00 USD" in mail["subject"]
        (entry,) = audited(tables, "payout.requested")
        assert entry["actor_id"] == ada.user_id
        assert_books_agree(tables)

    def test_where_it_goes_is_sealed_with_it(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables
    ) -> None:
        requested(api, headers)
        sealed = bytes(row(tables)["destination"])
        assert IBAN.encode() not in sealed
        found = Vault(server.app.parts.keyring).destination(SimpleNamespace(destination=sealed))
        assert found["iban"] == IBAN
        assert (found["addressLine"], found["addressCity"]) == (ADDRESS["line"], ADDRESS["city"])
        assert found["address"].items() >= ADDRESS.items()

    def test_a_small_one_goes_by_itself(
        self, api: Api, server: Server, ada: Creator, headers: dict[str, str], tables: Tables
    ) -> None:
        server.configure(**{"payout.auto_approve_below": 120})
        requested(api, headers, "119.99")
        server.work_off()
        assert row(tables)["status"] == "PROCESSED"
        assert (available(tables, ada.user_id), tally(tables, "payout_reserved")) == (38_001, 0)

    def test_a_payout_account_is_pinned(self, api: Api, ada: Creator, headers: dict[str, str], tables: Tables) -> None:
        account_id = payout_account(tables, ada.user_id)
        requested(api, headers, method="PLATFORM_ACCOUNT")
        found = row(tables)
        assert (found["account_id"], found["provider"], found["destination"]) == (account_id, "sandbox", None)

    @pytest.mark.parametrize("amount", ["5.", "1e3", "\u0665", "-5", "5.001", "12345678", ""])
    def test_what_is_no_amount_is_refused(self, api: Api, headers: dict[str, str], amount: str) -> None:
        assert broken_rules(ask(api, headers, amount)) & {("amount", "pattern"), ("amount", "maxLength")}

    def test_who_was_erased_since_is_no_creator(
        self, api: Api, ada: Creator, headers: dict[str, str], tables: Tables
    ) -> None:
        tables.run("DELETE FROM creator_profiles WHERE id = %s", ada.creator_id)
        assert refused(api, headers, tables)[:2] == (404, "error.creator.not_found")

    @pytest.mark.parametrize("status", ["SUSPENDED", "BANNED", "DEACTIVATED"])
    def test_the_creator_is_working(
        self, api: Api, ada: Creator, headers: dict[str, str], tables: Tables, status: str
    ) -> None:
        change(tables, "creator_profiles", ada.creator_id, creator_status=status)
        assert refused(api, headers, tables)[:2] == (403, "creator_inactive")

    def test_who_is_on_vacation_may(self, api: Api, ada: Creator, headers: dict[str, str], tables: Tables) -> None:
        change(tables, "creator_profiles", ada.creator_id, creator_status="VACATION")
        requested(api, headers)

    @pytest.mark.parametrize("status", ["NOT_STARTED", "PENDING", "REJECTED", "EXPIRED"])
    def test_the_identity_is_verified(
        self, api: Api, ada: Creator, headers: dict[str, str], tables: Tables, status: str
    ) -> None:
        change(tables, "creator_profiles", ada.creator_id, kyc_status=status)
        assert refused(api, headers, tables)[:2] == (400, "kyc_required")

    def test_a_verification_that_is_over_counts_no_more(
        self, api: Api, ada: Creator, headers: dict[str, str], tables: Tables
    ) -> None:
        over = {"state": "APPROVED", "valid_until": utc_now() - timedelta(seconds=1), "ended_at": utc_now()}
        insert(tables, "kyc_sessions", user_id=ada.user_id, provider="sandbox", ref="r", **over)
        assert refused(api, headers, tables)[:2] == (400, "kyc_required")

    @pytest.mark.parametrize(
        "query",
        [
            "UPDATE tax_forms SET state = 'PENDING'",
            "UPDATE tax_forms SET state = 'REJECTED'",
            "UPDATE tax_forms SET ends_at = now() - interval '1 second'",
        ],
    )
    def test_the_tax_form_is_approved(self, api: Api, headers: dict[str, str], tables: Tables, query: str) -> None:
        tables.run(query)
        assert refused(api, headers, tables)[:2] == (400, "tax_form_required")

    def test_there_is_a_method(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        tables.run("UPDATE bank_details SET preferred_method = NULL")
        assert refused(api, headers, tables)[:2] == (400, "method_required")
        requested(api, headers, method="BANK_TRANSFER")

    @pytest.mark.parametrize("state", ["PENDING", "REJECTED"])
    def test_bank_details_are_verified(self, api: Api, headers: dict[str, str], tables: Tables, state: str) -> None:
        tables.run("UPDATE bank_details SET state = %s", state)
        assert refused(api, headers, tables)[:2] == (400, "method_not_ready")

    def test_somebody_makes_bank_transfers(
        self, api: Api, server: Server, headers: dict[str, str], tables: Tables
    ) -> None:
        server.configure(**{"external.payout.bank_provider": "none"})
        assert refused(api, headers, tables)[:2] == (400, "method_not_ready")

    @pytest.mark.parametrize(
        "query",
        [
            "UPDATE bank_details SET details = '0badc0de.00'::bytea",
            "UPDATE tax_forms SET details = '0badc0de.00'::bytea",
        ],
    )
    def test_what_no_secret_opens_is_nowhere_to_send_to(
        self, api: Api, headers: dict[str, str], tables: Tables, query: str
    ) -> None:
        tables.run(query)
        assert refused(api, headers, tables)[:2] == (400, "method_not_ready")

    @pytest.mark.parametrize(
        "columns",
        [
            {"status": "RESTRICTED"}, {"payouts_enabled": False}, {"closed_at": datetime(2026, 1, 1, tzinfo=UTC)},
            {"ref": None}, {"provider": "gone"},
        ],
    )  # fmt: skip
    def test_the_account_takes_money(
        self, api: Api, ada: Creator, headers: dict[str, str], tables: Tables, columns: dict[str, Any]
    ) -> None:
        payout_account(tables, ada.user_id, **columns)
        assert refused(api, headers, tables, method="PLATFORM_ACCOUNT")[:2] == (400, "method_not_ready")

    def test_without_an_account_there_is_none(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        assert refused(api, headers, tables, method="PLATFORM_ACCOUNT")[:2] == (400, "method_not_ready")

    def test_a_new_destination_waits(self, api: Api, ada: Creator, headers: dict[str, str], tables: Tables) -> None:
        tables.run("UPDATE bank_details SET held_until = '2999-01-01T00:00:00Z'")
        until = {"availableAt": "2999-01-01T00:00:00.000Z"}
        assert refused(api, headers, tables) == (400, "destination_on_hold", until)
        payout_account(tables, ada.user_id, held_until=datetime(2999, 1, 1, tzinfo=UTC))
        assert refused(api, headers, tables, method="PLATFORM_ACCOUNT") == (400, "destination_on_hold", until)

    def test_a_frozen_or_closed_wallet_pays_nothing(
        self, api: Api, ada: Creator, headers: dict[str, str], tables: Tables
    ) -> None:
        freeze(tables, ada.user_id)
        assert refused(api, headers, tables)[:2] == (403, "wallet_frozen")
        tables.run("UPDATE wallets SET frozen_at = NULL, frozen_for = NULL, closed_at = now()")
        assert refused(api, headers, tables)[:2] == (403, "wallet_frozen")

    def test_who_owes_as_a_fan_gets_nothing_as_a_creator(
        self, api: Api, server: Server, ada: Creator, headers: dict[str, str], tables: Tables
    ) -> None:
        wallet = fan(ada.user_id)
        load(server, ada.user_id, 1000)
        spent = flows.adjusted(wallet, uuid4(), "fan", -1000, platform("goodwill"), ada.user_id)
        post(server, spent, flows.disputed(wallet, uuid4(), "sandbox", 1000, flows.Balances()))
        assert refused(api, headers, tables)[:2] == (403, "wallet_frozen")
        post(server, flows.debt_written_off(wallet, uuid4(), 1000, uuid4()))
        assert ask(api, headers).status_code == 201

    def test_the_amount_has_bounds(
        self, api: Api, server: Server, ada: Creator, headers: dict[str, str], tables: Tables
    ) -> None:
        earn(server, ada.user_id, 2_000_000)
        assert refused(api, headers, tables, "49.99") == (400, "below_minimum", {"min": "50.00"})
        assert refused(api, headers, tables, "10000.01") == (400, "above_maximum", {"max": "10000.00"})
        requested(api, headers, "10000")

    def test_there_is_as_much(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        assert refused(api, headers, tables, "500.01") == (400, "insufficient_balance", {"available": "500.00"})
        requested(api, headers, "500")

    def test_without_a_wallet_there_is_nothing(self, api: Api, tables: Tables) -> None:
        one, _ = payee(api, tables)
        eve = creator(api, tables, "eve@example.com", "eve", kyc_status="APPROVED")
        tables.run("UPDATE bank_details SET user_id = %s WHERE user_id = %s", eve.user_id, one.user_id)
        tables.run("UPDATE tax_forms SET user_id = %s WHERE user_id = %s", eve.user_id, one.user_id)
        assert refused(api, signed_in(api, eve), tables) == (400, "insufficient_balance", {"available": "0.00"})

    def test_what_was_earned_just_now_may_have_to_wait(
        self, api: Api, server: Server, ada: Creator, headers: dict[str, str], tables: Tables
    ) -> None:
        fan_id = account(api, tables, "fan@example.com")
        load(server, fan_id, 10_000)
        order = Escrowed(uuid4(), uuid4(), fan_id, ada.user_id, 10_000, 2000, utc_now() + timedelta(days=1))

        async def answered() -> None:
            async with server.app.parts.database.unit() as db:
                await EscrowService().hold(db, order)
                await EscrowService().release(db, order.id, utc_now())

        server.on_loop(answered())
        server.configure(**{"payout.clearing_days": 3})
        assert refused(api, headers, tables, "500.01")[2] == {"available": "500.00"}
        tables.run("UPDATE escrows SET settled_at = now() - interval '3 days 1 second'")
        requested(api, headers, "580")

    def test_the_next_one_waits_a_week(self, api: Api, ada: Creator, headers: dict[str, str], tables: Tables) -> None:
        payout_id = requested(api, headers)
        at = row(tables)["created_at"] + timedelta(days=7)
        status, code, told = refused(api, headers, tables)
        assert (status, code) == (400, "frequency_limit")
        assert datetime.fromisoformat(told["nextAt"]) == at.replace(microsecond=at.microsecond // 1000 * 1000)
        before = utc_now() - timedelta(days=6, hours=23)
        change(tables, "payouts", payout_id, status="PROCESSED", processed_at=utc_now(), created_at=before)
        assert refused(api, headers, tables)[1] == "frequency_limit"
        tables.run("UPDATE payouts SET created_at = now() - interval '7 days'")
        requested(api, headers)

    def test_one_is_open_at_a_time_however_old(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        requested(api, headers)
        tables.run("UPDATE payouts SET created_at = now() - interval '70 days'")
        told = [refused(api, headers, tables) for _ in range(2)]
        over = row(tables)["created_at"] + timedelta(days=7)
        assert [code for _, code, _ in told] == ["frequency_limit"] * 2
        assert [datetime.fromisoformat(each["nextAt"]) for *_, each in told] == [
            over.replace(microsecond=over.microsecond // 1000 * 1000)
        ] * 2

    @pytest.mark.parametrize(
        "columns",
        [
            {"status": "REJECTED", "ended_at": utc_now()},
            {"status": "FAILED", "failure_reason": "RETURNED"},
            {"status": "CANCELLED", "ended_at": utc_now()},
        ],
    )
    def test_what_came_to_nothing_does_not_count(
        self, api: Api, headers: dict[str, str], tables: Tables, columns: dict[str, Any]
    ) -> None:
        change(tables, "payouts", requested(api, headers), **columns)
        requested(api, headers)

    def test_conditions_are_told_in_their_order(
        self, api: Api, ada: Creator, headers: dict[str, str], tables: Tables
    ) -> None:
        """All are broken at first; each one that is put right brings up the next."""
        change(tables, "creator_profiles", ada.creator_id, creator_status="SUSPENDED", kyc_status="PENDING")
        tables.run("UPDATE tax_forms SET state = 'PENDING'")
        tables.run("UPDATE bank_details SET state = 'PENDING', preferred_method = NULL, held_until = '2999-01-01'")
        freeze(tables, ada.user_id)
        told = []
        for query in (
            "UPDATE creator_profiles SET creator_status = 'ACTIVE'",
            "UPDATE creator_profiles SET kyc_status = 'APPROVED'",
            "UPDATE tax_forms SET state = 'APPROVED'",
            "UPDATE bank_details SET preferred_method = 'BANK_TRANSFER'",
            "UPDATE bank_details SET state = 'VERIFIED'",
            "UPDATE bank_details SET held_until = now()",
            "UPDATE wallets SET frozen_at = NULL, frozen_for = NULL",
        ):
            told.append(refused(api, headers, tables, "5")[1])
            tables.run(query)
        assert told == [
            "creator_inactive", "kyc_required", "tax_form_required", "method_required", "method_not_ready",
            "destination_on_hold", "wallet_frozen",
        ]  # fmt: skip
        assert refused(api, headers, tables, "5")[1] == "below_minimum"

    def test_a_repeated_call_returns_the_same_one(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        with_key = headers | {"Idempotency-Key": "payout-1"}
        first = requested(api, with_key)
        assert requested(api, with_key) == first
        tables.run("DELETE FROM idempotency_keys")  # as if the answer had never been kept
        assert requested(api, with_key) == first
        assert tables.count("payouts") == 1
        assert cancel(api, headers, first).status_code == 200
        tables.run("DELETE FROM idempotency_keys")
        assert requested(api, with_key) != first

    def test_of_many_at_once_one_is_made(self, api: Api, ada: Creator, headers: dict[str, str], tables: Tables) -> None:
        def call(_: int) -> tuple[int, str | None]:
            response = ask(api, headers)
            return response.status_code, None if response.status_code == 201 else code_of(response)

        with ThreadPoolExecutor(8) as pool:
            told = list(pool.map(call, range(8)))
        assert sorted(told, key=str) == [(201, None)] + [(400, f"{ERROR}.frequency_limit")] * 7
        assert (tables.count("payouts"), available(tables, ada.user_id)) == (1, 38_000)
        assert_books_agree(tables)


class TestCancel:
    def test_the_money_comes_back(
        self, api: Api, server: Server, ada: Creator, headers: dict[str, str], tables: Tables
    ) -> None:
        payout_id = requested(api, headers)
        response = cancel(api, headers, payout_id)
        assert response.json()["data"] == {"payoutId": str(payout_id), "status": "CANCELLED"}
        found = row(tables)
        assert (found["status"], found["ended_by"]) == ("CANCELLED", ada.user_id)
        assert (available(tables, ada.user_id), tally(tables, "payout_reserved")) == (50_000, 0)
        server.work_off()
        assert any("cancelled" in mail["subject"] for mail in api.mails(ada.email))
        assert len(audited(tables, "payout.cancelled")) == 1
        assert_books_agree(tables)

    def test_it_works_while_payouts_are_off(self, api: Api, server: Server, headers: dict[str, str]) -> None:
        payout_id = requested(api, headers)
        server.configure(**OFF)
        assert cancel(api, headers, payout_id).status_code == 200

    @pytest.mark.parametrize(
        "columns",
        [
            {"status": "APPROVED", "approved_at": utc_now()}, {"status": "PROCESSING"},
            {"status": "CANCELLED", "ended_at": utc_now()},
        ],
    )  # fmt: skip
    def test_what_was_decided_stays(
        self, api: Api, headers: dict[str, str], tables: Tables, columns: dict[str, Any]
    ) -> None:
        payout_id = requested(api, headers)
        change(tables, "payouts", payout_id, **columns)
        before = tables.fingerprints()
        response = cancel(api, headers, payout_id)
        assert (response.status_code, code_of(response)) == (409, f"{ERROR}.not_cancellable")
        assert tables.changed_since(before) == set()

    def test_that_of_another_is_not_found(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        payout_id = requested(api, headers)
        eve = signed_in(api, creator(api, tables, "eve@example.com", "eve"))
        theirs, nobodys = cancel(api, eve, payout_id), cancel(api, eve, uuid4())
        assert code_of(theirs) == code_of(nobodys) == f"{ERROR}.not_found"
        assert theirs.status_code == nobodys.status_code == 404

    def test_twice_at_once_is_once(self, api: Api, ada: Creator, headers: dict[str, str], tables: Tables) -> None:
        payout_id = requested(api, headers)
        with ThreadPoolExecutor(4) as pool:
            told = list(pool.map(lambda _: cancel(api, headers, payout_id).status_code, range(4)))
        assert sorted(told) == [200, 409, 409, 409]
        assert available(tables, ada.user_id) == 50_000


class TestReport:
    def test_there_are_none_at_first(self, api: Api, headers: dict[str, str]) -> None:
        assert report(api, headers) == {"payouts": [], "total": 0, "count": 0}

    def test_the_switch_turns_it_off(self, api: Api, server: Server, headers: dict[str, str]) -> None:
        server.configure(**OFF)
        response = api.call("payouts.report", headers=headers)
        assert (response.status_code, code_of(response)) == (503, "features.payout_disabled")

    def test_all_statuses_count(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        cancelled = requested(api, headers, "100.10")
        cancel(api, headers, cancelled)
        payout_id = requested(api, headers, "99.91")
        found = report(api, headers)
        assert (found["total"], found["count"]) == (200.01, 2)
        assert [each["status"] for each in found["payouts"]] == ["PENDING", "CANCELLED"]
        at = row_of(tables, payout_id)["created_at"]
        newest = found["payouts"][0]
        assert timedelta() <= at - datetime.fromisoformat(newest.pop("requestedAt")) < timedelta(milliseconds=1)
        assert newest == {
            "payoutId": str(payout_id), "amount": "99.91", "currency": "USD", "method": "BANK_TRANSFER",
            "status": "PENDING", "failureReason": None, "processedAt": None,
        }  # fmt: skip

    def test_a_month_is_that_of_utc(self, api: Api, ada: Creator, headers: dict[str, str], tables: Tables) -> None:
        days = ["2026-01-31T23:59:59.999Z", "2026-02-01T00:00:00Z", "2026-02-28T23:59:59.999Z", "2026-03-01T00:00:00Z"]
        for day in days:
            ended(tables, ada, created_at=datetime.fromisoformat(day))
        assert [report(api, headers, f"?month=2026-0{month}")["count"] for month in (1, 2, 3, 4)] == [1, 2, 1, 0]
        assert report(api, headers)["count"] == 4

    def test_why_one_failed_is_told(self, api: Api, ada: Creator, headers: dict[str, str], tables: Tables) -> None:
        ended(tables, ada, status="FAILED", failure_reason="RETURNED", ended_at=None)
        (found,) = report(api, headers)["payouts"]
        assert (found["status"], found["failureReason"]) == ("FAILED", "RETURNED")

    def test_the_list_has_an_end_and_the_sum_has_not(
        self, api: Api, ada: Creator, headers: dict[str, str], tables: Tables
    ) -> None:
        ended(tables, ada)
        tables.run(
            "INSERT INTO payouts (id, user_id, wallet_id, amount, currency, method, provider, status, ended_at)"
            " SELECT gen_random_uuid(), user_id, wallet_id, amount, currency, method, provider, status, ended_at"
            " FROM payouts, generate_series(1, 500)"
        )
        found = report(api, headers)
        assert (len(found["payouts"]), found["count"], found["total"]) == (500, 501, 501 * 60)

    @pytest.mark.parametrize(
        "month",
        ["", "2026", "2026-00", "2026-13", "2026-1", "2026-011", "26-01", "\u0662026-01", "2026-01%0A", "2" * 200],
    )
    def test_what_is_no_month_is_refused(self, api: Api, headers: dict[str, str], month: str) -> None:
        response = api.call("payouts.report", path=f"/payouts/report?month={month}", headers=headers)
        assert (response.status_code, code_of(response)) == (400, f"{ERROR}.invalid_month")

    @pytest.mark.parametrize("query", ["month=2026-01&month=2026-02", "month=%FF"])
    def test_what_is_no_text_is_refused(self, api: Api, headers: dict[str, str], query: str) -> None:
        response = api.call("payouts.report", path=f"/payouts/report?{query}", headers=headers)
        assert (response.status_code, code_of(response)) == (400, "validation.failed")

    @pytest.mark.parametrize("month", ["0000-01", "0001-12", "9999-12", "9998-12"])
    def test_far_away_there_is_nothing(self, api: Api, headers: dict[str, str], month: str) -> None:
        requested(api, headers)
        assert report(api, headers, f"?month={month}")["count"] == 0

    def test_nobody_sees_those_of_others(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        requested(api, headers)
        eve = signed_in(api, creator(api, tables, "eve@example.com", "eve"))
        assert report(api, eve)["count"] == 0


class TestStopped:
    """What was requested ends where what it needed is no longer so."""

    @staticmethod
    def stopped(api: Api, server: Server, ada: Creator, tables: Tables, why: str) -> None:
        found = row(tables)
        assert (found["status"], found["ended_by"]) == ("CANCELLED", None)
        assert (available(tables, ada.user_id), tally(tables, "payout_reserved")) == (50_000, 0)
        server.work_off()
        (mail,) = [each for each in api.mails(ada.email) if "stopped" in each["subject"]]
        assert why in mail["text"]
        assert_books_agree(tables)

    @pytest.mark.parametrize("status", ["PENDING", "APPROVED"])
    def test_by_other_bank_details(
        self, api: Api, server: Server, ada: Creator, headers: dict[str, str], tables: Tables, status: str
    ) -> None:
        payout_id = requested(api, headers)
        change(tables, "payouts", payout_id, status=status, approved_at=utc_now())
        assert enter(api, headers, iban=OTHER_IBAN, swiftCode="NWBKGB2L").status_code == 200
        self.stopped(api, server, ada, tables, "bank details")

    def test_not_by_the_same_bank_details(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        requested(api, headers)
        assert enter(api, headers, iban=IBAN).status_code == 200
        assert row(tables)["status"] == "PENDING"

    def test_not_one_to_a_payout_account(self, api: Api, ada: Creator, headers: dict[str, str], tables: Tables) -> None:
        payout_account(tables, ada.user_id)
        requested(api, headers, method="PLATFORM_ACCOUNT")
        assert enter(api, headers, iban=OTHER_IBAN, swiftCode="NWBKGB2L").status_code == 200
        assert row(tables)["status"] == "PENDING"

    def test_not_one_that_was_sent(self, api: Api, headers: dict[str, str], tables: Tables) -> None:
        payout_id = requested(api, headers)
        change(tables, "payouts", payout_id, status="PROCESSING")
        assert enter(api, headers, iban=OTHER_IBAN, swiftCode="NWBKGB2L").status_code == 200
        assert row(tables)["status"] == "PROCESSING"

    def test_by_an_identity_that_is_over(
        self, api: Api, server: Server, ada: Creator, headers: dict[str, str], tables: Tables
    ) -> None:
        requested(api, headers)
        over = {"state": "APPROVED", "valid_until": utc_now() - timedelta(seconds=1), "ended_at": utc_now()}
        insert(tables, "kyc_sessions", user_id=ada.user_id, provider="sandbox", ref="r", **over)
        tables.run("INSERT INTO outbox (id, topic, payload) VALUES (gen_random_uuid(), 'creators.end_kyc', '{}')")
        server.work_off()
        self.stopped(api, server, ada, tables, "identity")

    def test_by_a_tax_form_that_is_rejected_after_all(
        self, api: Api, server: Server, ada: Creator, headers: dict[str, str], tables: Tables
    ) -> None:
        requested(api, headers)
        form = tables.one("SELECT id, version FROM tax_forms")
        response = api.call(
            "admin.tax_forms.reject", {"reason": "Ticket 1042.", "statement": "The name is another one."},
            path=f"/admin/tax-forms/{form['id']}/reject",
            headers=hired(server, "FINANCE") | {"If-Match": f'"{form["version"]}"'},
        )  # fmt: skip
        assert response.status_code == 200, response.text
        self.stopped(api, server, ada, tables, "tax form")


def test_nobody_is_paid_out_what_another_has_earned(api: Api, tables: Tables) -> None:
    _, ada = payee(api, tables, amount=20_000)
    _, eve = payee(api, tables, "eve@example.com", "eve", amount=10_000)
    assert code_of(ask(api, eve, "150")) == f"{ERROR}.insufficient_balance"
    requested(api, ada, "150")
