"""Payouts as staff sees and decides on them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.creators import Creator
from tests.handlers.admin.pages import walked
from tests.handlers.support import audited, change, insert
from tests.harness import Api, Server, Tables, code_of
from tests.ledger import tally
from tests.payees import available
from tests.payout_vendor import VENDOR, PayoutVendor, payout_of, ready
from tests.staff import Hired, member

WHY, STATEMENT = "I have compared the earnings.", "The messages were paid for by yourself."
KYC = "payment.payout.error.kyc_required"
BROKEN = {
    "payment.payout.error.creator_inactive": "UPDATE users SET status = 'BANNED' WHERE username = 'ada'",
    KYC: "UPDATE creator_profiles SET kyc_status = 'REJECTED'",
    "payment.payout.error.tax_form_required": "UPDATE tax_forms SET ends_at = '2026-01-05'",
    "payment.payout.error.method_not_ready": "UPDATE payout_accounts SET status = 'RESTRICTED'",
    "payment.payout.error.wallet_frozen": "UPDATE wallets SET frozen_for = 'FRAUD', frozen_at = now()",
}


def decide(api: Api, caller: Hired, what: str, payout: UUID) -> httpx.Response:
    body = {"reason": WHY} | ({} if what == "approve" else {"statement": STATEMENT})
    path = f"/admin/payouts/{payout}/{what}"
    return api.call(f"admin.payouts.{what}", body, path=path, headers=caller.headers)


def told(response: httpx.Response) -> tuple[int, Any]:
    """What was answered, or with which code it was refused."""
    return response.status_code, response.json()["data"] if response.is_success else code_of(response)


def row(tables: Tables) -> dict[str, Any]:
    return tables.one("SELECT * FROM payouts")


class TestApprove:
    def test_it_is_sent(
        self, api: Api, server: Server, vendor: PayoutVendor, tables: Tables, finance: Hired, ada: Creator
    ) -> None:
        payout = payout_of(server, ada, 50_000)
        assert told(decide(api, finance, "approve", payout)) == (200, {"status": "APPROVED", "approvals": 1})
        server.work_off()
        assert (row(tables)["status"], vendor.paid) == ("PROCESSED", 50_000)
        (entry,) = audited(tables, "admin.payouts.approve")
        assert (entry["actor_id"], entry["target_id"], entry["reason"]) == (finance.id, str(ada.user_id), WHY)
        assert told(decide(api, finance, "approve", payout)) == (400, "admin.transition_invalid")

    def test_above_a_limit_two_must_agree(
        self,
        api: Api,
        server: Server,
        vendor: PayoutVendor,
        tables: Tables,
        finance: Hired,
        second: Hired,
        ada: Creator,
    ) -> None:
        payout = payout_of(server, ada, 50_001)
        assert told(decide(api, finance, "approve", payout)) == (200, {"status": "PENDING", "approvals": 1})
        server.work_off()
        assert (row(tables)["status"], vendor.asked) == ("PENDING", 0)
        assert told(decide(api, finance, "approve", payout)) == (403, "admin.payout.second_person")
        assert told(decide(api, second, "approve", payout)) == (200, {"status": "APPROVED", "approvals": 2})
        found = row(tables)
        assert (found["first_by"], found["second_by"]) == (finance.id, second.id)
        server.work_off()
        assert vendor.paid == 50_001

    def test_the_limit_is_that_of_the_config(self, api: Api, server: Server, finance: Hired, ada: Creator) -> None:
        payout = payout_of(server, ada, 5_000)
        server.configure(**{"admin.four_eyes_above": 49})
        assert told(decide(api, finance, "approve", payout)) == (200, {"status": "PENDING", "approvals": 1})
        server.configure(**{"admin.four_eyes_above": 50})
        assert told(decide(api, finance, "approve", payout)) == (200, {"status": "APPROVED", "approvals": 1})

    def test_nobody_decides_on_their_own(
        self, api: Api, server: Server, tables: Tables, finance: Hired, ada: Creator
    ) -> None:
        payout = payout_of(server, ada)
        tables.run("UPDATE payouts SET user_id = %s", finance.id)
        for what in ("approve", "reject", "cancel"):
            assert told(decide(api, finance, what, payout)) == (403, "admin.finance.own_account")
        assert row(tables)["status"] == "PENDING"

    @pytest.mark.parametrize("code", BROKEN)
    def test_what_does_not_hold_any_more_refuses_it(
        self, api: Api, server: Server, tables: Tables, finance: Hired, ada: Creator, code: str
    ) -> None:
        payout = payout_of(server, ada)
        tables.run(BROKEN[code])
        response = decide(api, finance, "approve", payout)
        assert told(response) == (409, "admin.payout.precondition_failed")
        assert response.json()["error"]["i18nVars"] == {"condition": code}
        assert (row(tables)["status"], row(tables)["first_by"]) == ("PENDING", None)

    def test_bank_details_are_those_that_were_verified(
        self, api: Api, server: Server, tables: Tables, finance: Hired, ada: Creator
    ) -> None:
        sealed = {"details": b"sealed", "last4": "3000", "state": "VERIFIED"}
        tables.run(
            "INSERT INTO bank_details (user_id, details, last4, state) VALUES (%s, %s, %s, %s)",
            ada.user_id, *sealed.values(),
        )  # fmt: skip
        payout = payout_of(server, ada, method="BANK_TRANSFER", destination=b"sealed", destination_last4="6819")
        assert told(decide(api, finance, "approve", payout)) == (409, "admin.payout.precondition_failed")
        tables.run("UPDATE bank_details SET last4 = '6819'")
        assert told(decide(api, finance, "approve", payout)) == (200, {"status": "APPROVED", "approvals": 1})

    def test_one_that_is_none_is_refused(self, api: Api, finance: Hired) -> None:
        for what in ("approve", "reject", "cancel"):
            assert told(decide(api, finance, what, uuid4())) == (404, "admin.not_found")

    def test_who_did_not_confirm_lately_is_asked(self, api: Api, server: Server, ada: Creator) -> None:
        stale = member(server, "FINANCE", session={"confirmed_at": datetime.now(UTC) - timedelta(hours=1)})
        response = decide(api, stale, "approve", payout_of(server, ada))
        assert told(response) == (403, "admin.reauthentication_required")

    def test_whose_role_lacks_it_is_refused(self, api: Api, server: Server, ada: Creator) -> None:
        auditor = member(server, "AUDITOR")
        response = decide(api, auditor, "approve", payout_of(server, ada))
        assert told(response) == (403, "admin.permission_denied")

    def test_of_all_that_is_decided_at_once_one_comes_true(
        self,
        api: Api,
        server: Server,
        vendor: PayoutVendor,
        tables: Tables,
        finance: Hired,
        second: Hired,
        ada: Creator,
    ) -> None:
        payout = payout_of(server, ada)
        calls = [(finance, "approve"), (second, "reject"), (finance, "cancel"), (second, "approve")] * 2
        with ThreadPoolExecutor(len(calls)) as threads:
            answers = list(threads.map(lambda call: decide(api, call[0], call[1], payout), calls))
        won = {answer.json()["data"]["status"] for answer in answers if answer.is_success}
        assert {code_of(answer) for answer in answers if not answer.is_success} == {"admin.transition_invalid"}
        server.work_off()
        status = row(tables)["status"]
        ways = {
            "PROCESSED": [{"APPROVED"}],
            "CANCELLED": [{"CANCELLED"}, {"APPROVED", "CANCELLED"}],
            "REJECTED": [{"REJECTED"}],
        }
        assert won in ways[status]
        back = 0 if status == "PROCESSED" else 10_000
        assert (available(tables, ada.user_id), vendor.paid) == (back, 10_000 - back)
        assert tally(tables, "payout_reserved") == 0


class TestReject:
    def test_the_money_comes_back(self, api: Api, server: Server, tables: Tables, finance: Hired, ada: Creator) -> None:
        payout = payout_of(server, ada)
        assert told(decide(api, finance, "reject", payout)) == (200, {"status": "REJECTED", "approvals": 0})
        found = row(tables)
        assert (found["ended_by"], found["statement"], found["due_at"]) == (finance.id, STATEMENT, None)
        assert available(tables, ada.user_id) == 10_000
        (mail,) = api.mails(ada.email)
        assert mail["subject"] == "Your payout was not made"
        assert "100.00 USD" in mail["text"]
        assert STATEMENT in mail["text"]
        assert WHY not in mail["text"]
        (entry,) = audited(tables, "admin.payouts.reject")
        assert (entry["target_id"], entry["reason"]) == (str(ada.user_id), WHY)

    def test_what_is_approved_can_be_cancelled_alone(
        self, api: Api, server: Server, finance: Hired, ada: Creator
    ) -> None:
        payout = payout_of(server, ada, status="APPROVED")
        assert told(decide(api, finance, "reject", payout)) == (400, "admin.transition_invalid")

    def test_a_statement_is_needed(self, api: Api, server: Server, finance: Hired, ada: Creator) -> None:
        for what in ("reject", "cancel"):
            path = f"/admin/payouts/{payout_of(server, ada) if what == 'reject' else uuid4()}/{what}"
            response = api.call(f"admin.payouts.{what}", {"reason": WHY}, path=path, headers=finance.headers)
            assert told(response) == (400, "validation.failed")


class TestCancel:
    @pytest.mark.parametrize("status", ["PENDING", "APPROVED"])
    def test_the_money_comes_back(
        self, api: Api, server: Server, tables: Tables, finance: Hired, ada: Creator, status: str
    ) -> None:
        payout = payout_of(server, ada, status=status)
        assert told(decide(api, finance, "cancel", payout)) == (200, {"status": "CANCELLED", "approvals": 0})
        assert (row(tables)["ended_by"], available(tables, ada.user_id)) == (finance.id, 10_000)
        (mail,) = api.mails(ada.email)
        assert STATEMENT in mail["text"]
        assert told(decide(api, finance, "cancel", payout)) == (400, "admin.transition_invalid")

    def test_what_is_on_its_way_cannot_be_stopped(
        self, api: Api, server: Server, vendor: PayoutVendor, tables: Tables, finance: Hired, ada: Creator
    ) -> None:
        vendor.becomes = "SENT"
        payout = payout_of(server, ada)
        decide(api, finance, "approve", payout)
        server.work_off()
        assert told(decide(api, finance, "cancel", payout)) == (400, "admin.transition_invalid")
        assert row(tables)["status"] == "PROCESSING"


class TestFind:
    def broken(self, api: Api, caller: Hired, payout: UUID) -> list[str]:
        return [each["code"] for each in self.found(api, caller, payout)["conditions"] if not each["holds"]]

    def found(self, api: Api, caller: Hired, payout: UUID) -> Any:
        response = api.call("admin.payouts.find", path=f"/admin/payouts/{payout}", headers=caller.headers)
        assert response.status_code == 200, response.text
        return response.json()["data"]

    def test_all_that_is_to_be_known(
        self, api: Api, server: Server, vendor: PayoutVendor, tables: Tables, finance: Hired, ada: Creator
    ) -> None:
        payout = payout_of(server, ada)
        found = self.found(api, finance, payout)
        assert (found["payout"]["amount"], found["payout"]["userId"]) == ("100.00", str(ada.user_id))
        assert [each["code"] for each in found["conditions"] if each["standing"]] == list(BROKEN)
        assert [each["holds"] for each in found["conditions"]] == [True] * 12
        assert (found["risks"], found["attempts"]) == (["FIRST_PAYOUT"], [])
        tables.run(BROKEN[KYC])
        decide(api, finance, "approve", payout)
        assert self.broken(api, finance, payout) == [KYC]
        change(tables, "creator_profiles", ada.creator_id, kyc_status="APPROVED")
        decide(api, finance, "approve", payout)
        server.work_off()
        (attempt,) = self.found(api, finance, payout)["attempts"]
        assert (attempt["number"], attempt["provider"], attempt["state"]) == (1, VENDOR, "PAID")
        assert (attempt["fee"], attempt["ref"]) == ("0.25", vendor.book[f"payout:{payout}:1"].state.ref)

    def test_what_two_approved_and_is_under_way(
        self, api: Api, server: Server, tables: Tables, finance: Hired, second: Hired, ada: Creator
    ) -> None:
        times = {"created_at": "2026-01-02", "approved_at": "2026-01-03"}
        people = {"first_by": finance.id, "second_by": second.id}
        payout = payout_of(server, ada, 62_000, status="PROCESSING", **times, **people)
        tables.run(
            "INSERT INTO payout_attempts (payout_id, number, provider, ref, state) VALUES (%s, 1, %s, 'po_1', 'SENT')",
            payout, VENDOR,
        )  # fmt: skip
        found = self.found(api, finance, payout)
        told, (attempt,) = found["payout"], found["attempts"]
        assert (told["firstBy"], told["secondBy"], told["approvals"]) == (str(finance.id), str(second.id), 2)
        assert told["approvedAt"].startswith("2026-01-03")
        assert (attempt["state"], attempt["fee"], attempt["settledAt"]) == ("SENT", None, None)
        items = api.call("admin.payouts.list", headers=finance.headers).json()["data"]["items"]
        assert items == [told]

    def test_an_identity_that_has_ended(
        self, api: Api, server: Server, tables: Tables, finance: Hired, ada: Creator
    ) -> None:
        session = {"provider": "sandbox", "ref": "kyc_1", "state": "APPROVED", "identity_hash": "k:1"}
        insert(tables, "kyc_sessions", user_id=ada.user_id, **session, valid_until="2026-01-05")
        found = self.found(api, finance, payout_of(server, ada))
        assert [each["code"] for each in found["conditions"] if not each["holds"]] == [KYC]
        assert found["risks"] == ["FIRST_PAYOUT"]

    def test_one_document_of_two_accounts_is_told_of_both_while_both_live(
        self, api: Api, server: Server, tables: Tables, finance: Hired, ada: Creator
    ) -> None:
        """Whichever was verified first, and whether its verification has ended since."""
        eve = ready(api, tables, email="eve@example.com", username="eve")
        for one, state in ((ada, "EXPIRED"), (ada, "APPROVED"), (eve, "APPROVED")):
            session = {"provider": "sandbox", "state": state, "identity_hash": "k:1"}
            insert(tables, "kyc_sessions", user_id=one.user_id, **session)
        payouts = [payout_of(server, one) for one in (ada, eve)]
        for payout in payouts:
            assert self.found(api, finance, payout)["risks"] == ["FIRST_PAYOUT", "SAME_DOCUMENT"]
        tables.run("DELETE FROM kyc_sessions WHERE user_id = %s", eve.user_id)  # as their erasure does
        for payout in payouts:
            assert self.found(api, finance, payout)["risks"] == ["FIRST_PAYOUT"]

    def test_one_that_is_none_is_refused(self, api: Api, finance: Hired) -> None:
        response = api.call("admin.payouts.find", path=f"/admin/payouts/{uuid4()}", headers=finance.headers)
        assert told(response) == (404, "admin.not_found")


class TestList:
    def listed(self, api: Api, caller: Hired, **params: Any) -> list[str]:
        response = api.call("admin.payouts.list", params=params, headers=caller.headers)
        assert response.status_code == 200, response.text
        return [item["id"] for item in response.json()["data"]["items"]]

    def test_the_newest_come_first_and_filters_are_combined(
        self, api: Api, server: Server, tables: Tables, finance: Hired, ada: Creator
    ) -> None:
        eve = ready(api, tables, email="eve@example.com", username="eve")
        first = payout_of(server, ada, created_at="2026-01-02", status="CANCELLED", ended_at="2026-01-03")
        second = payout_of(server, ada, created_at="2026-01-03")
        third = payout_of(server, eve, created_at="2026-01-04", method="BANK_TRANSFER", destination_last4="6819")
        ids = [str(third), str(second), str(first)]
        assert self.listed(api, finance) == ids
        assert self.listed(api, finance, status="PENDING") == ids[:2]
        assert self.listed(api, finance, method="BANK_TRANSFER") == ids[:1]
        assert self.listed(api, finance, creator=str(ada.user_id)) == ids[1:]
        assert self.listed(api, finance, creator=str(ada.user_id), status="CANCELLED") == ids[2:]
        assert walked(api, "admin.payouts.list", finance) == ids

    def test_a_cursor_that_is_none_is_refused(self, api: Api, finance: Hired) -> None:
        response = api.call("admin.payouts.list", params={"cursor": "x"}, headers=finance.headers)
        assert told(response) == (400, "admin.cursor_invalid")

    def test_a_status_that_is_none_is_refused(self, api: Api, finance: Hired) -> None:
        response = api.call("admin.payouts.list", params={"status": "DONE"}, headers=finance.headers)
        assert told(response) == (400, "validation.failed")
