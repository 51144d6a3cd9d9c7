"""Files of bank transfers: payouts go into one, and are under way from then on."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.keys import Purpose
from tests.bank_files import DESTINATION, REASON, approved, batched
from tests.domain.money.test_bank_files import parsed, texts
from tests.handlers.support import account, audited
from tests.harness import Api, Server, Tables, code_of
from tests.ledger import tally
from tests.staff import Hired, member

CREATE, FIND, FILE = (f"admin.payouts.batches.{name}" for name in ("create", "find", "file"))


@pytest.fixture
def ada(api: Api, tables: Tables) -> UUID:
    return account(api, tables)


@pytest.fixture
def eve(api: Api, tables: Tables) -> UUID:
    return account(api, tables, email="eve@example.com", username="eve")


def made(api: Api, caller: Hired, *payouts: UUID) -> dict[str, Any]:
    response = batched(api, caller, *payouts)
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()["data"]
    return found


def asked(api: Api, operation_id: str, caller: Hired, batch_id: object) -> httpx.Response:
    path = api.policy(operation_id).path.format(id=batch_id)
    return api.call(operation_id, path=path, headers=caller.headers)


def refused(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, code_of(response)


def payout(tables: Tables, payout_id: UUID) -> dict[str, Any]:
    return tables.one("SELECT * FROM payouts WHERE id = %s", payout_id)


class TestCreate:
    def test_all_are_under_way_with_an_attempt_and_a_posting(
        self, api: Api, server: Server, finance: Hired, tables: Tables, ada: UUID, eve: UUID
    ) -> None:
        payouts = sorted([approved(server, ada), approved(server, eve, 10001)])
        told = made(api, finance, *payouts)
        assert (told["batch"]["count"], told["batch"]["amount"], told["batch"]["hasFile"]) == (2, "350.01", True)
        assert told["batch"]["createdBy"] == str(finance.id)
        assert [(each["id"], each["status"]) for each in told["payouts"]] == [(str(p), "PROCESSING") for p in payouts]
        for payout_id in payouts:
            row = payout(tables, payout_id)
            assert (row["status"], row["batch_id"]) == ("PROCESSING", UUID(told["batch"]["id"]))
            attempt = tables.one("SELECT * FROM payout_attempts WHERE payout_id = %s", payout_id)
            assert (attempt["number"], attempt["provider"], attempt["state"]) == (1, "bank_file", "SENT")
            assert attempt["ref"] == payout_id.hex
        assert (tally(tables, "payout_reserved"), tally(tables, "payout_transit")) == (0, 35001)
        (entry,) = audited(tables, CREATE)
        assert (entry["actor_id"], entry["target_id"], entry["reason"]) == (finance.id, told["batch"]["id"], REASON)
        assert (entry["after"]["count"], entry["after"]["amount"]) == (2, 35001)

    def test_one_payout_is_in_one_batch(
        self, api: Api, server: Server, finance: Hired, tables: Tables, ada: UUID
    ) -> None:
        payout_id = approved(server, ada)
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(lambda _: batched(api, finance, payout_id), range(4)))
        assert sorted(answer.status_code for answer in answers) == [201, 400, 400, 400]
        assert {code_of(answer) for answer in answers if not answer.is_success} == {"admin.transition_invalid"}
        assert tables.count("payout_batches") == tables.count("payout_attempts") == 1
        assert tally(tables, "payout_transit") == 25000

    def test_none_is_in_it_where_one_cannot_be(
        self, api: Api, server: Server, finance: Hired, tables: Tables, ada: UUID, eve: UUID
    ) -> None:
        good, waits = approved(server, ada), approved(server, eve, status="PENDING", approved_at=None)
        assert refused(batched(api, finance, good, waits)) == (400, "admin.transition_invalid")
        assert refused(batched(api, finance, good, uuid4())) == (404, "admin.not_found")
        assert payout(tables, good)["status"] == "APPROVED"
        assert tables.count("payout_batches") == tables.count("payout_attempts") == 0

    def test_what_a_provider_pays_is_refused(self, api: Api, server: Server, finance: Hired, ada: UUID) -> None:
        payout_id = approved(server, ada, provider="sandbox")
        assert refused(batched(api, finance, payout_id)) == (409, "admin.payout.not_by_file")

    @pytest.mark.parametrize(
        ("change", "condition"),
        [
            ("UPDATE creator_profiles SET kyc_status = 'REJECTED'", "payment.payout.error.kyc_required"),
            ("DELETE FROM tax_forms", "payment.payout.error.tax_form_required"),
            ("UPDATE bank_details SET last4 = '1234'", "payment.payout.error.method_not_ready"),
            ("UPDATE wallets SET frozen_at = now(), frozen_for = 'FRAUD'", "payment.payout.error.wallet_frozen"),
        ],
    )
    def test_what_held_for_the_approval_holds_still(
        self, api: Api, server: Server, finance: Hired, tables: Tables, ada: UUID, change: str, condition: str
    ) -> None:
        payout_id = approved(server, ada)
        tables.run(change)
        response = batched(api, finance, payout_id)
        assert refused(response) == (409, "admin.payout.not_payable")
        assert response.json()["error"]["i18nVars"] == {"payout": str(payout_id), "condition": condition}
        assert payout(tables, payout_id)["status"] == "APPROVED"

    @pytest.mark.parametrize("broken", [{"swiftCode": None}, {"accountHolderName": "Анна"}, {"address": None}], ids=str)
    def test_what_no_file_can_have_is_refused(
        self, api: Api, server: Server, finance: Hired, tables: Tables, ada: UUID, broken: dict[str, Any]
    ) -> None:
        sealed = server.app.parts.keyring.seal(Purpose.BANK_DETAILS, json.dumps(DESTINATION | broken)).encode()
        response = batched(api, finance, payout_id := approved(server, ada, destination=sealed))
        assert refused(response) == (409, "admin.payout.unwritable")
        assert str(payout_id) in response.json()["error"]["message"]
        assert payout(tables, payout_id)["status"] == "APPROVED"

    @pytest.mark.parametrize("lost", [None, b"00000000.00"], ids=str)
    def test_a_destination_that_is_gone_is_refused(
        self, api: Api, server: Server, finance: Hired, ada: UUID, lost: bytes | None
    ) -> None:
        response = batched(api, finance, approved(server, ada, destination=lost))
        assert refused(response) == (409, "admin.payout.unwritable")

    def test_nobody_pays_themselves(self, api: Api, server: Server, finance: Hired) -> None:
        assert refused(batched(api, finance, approved(server, finance.id))) == (403, "admin.finance.own_account")

    def test_our_own_account_must_be_set(self, api: Api, server: Server, finance: Hired, ada: UUID) -> None:
        payout_id = approved(server, ada)
        server.configure(**{"payout.bank_iban": ""})
        assert refused(batched(api, finance, payout_id)) == (400, "admin.provider.not_ready")

    def test_payouts_can_be_stopped(self, api: Api, server: Server, finance: Hired, ada: UUID) -> None:
        server.configure(**{"kill_switch.PAYOUT": True})
        assert refused(batched(api, finance, approved(server, ada))) == (503, "features.payout_disabled")

    @pytest.mark.parametrize("ids", [[], ["x"], [str(uuid4())] * 2], ids=["none", "no id", "twice"])
    def test_ids_are_ids_and_stand_once(self, api: Api, finance: Hired, ids: list[str]) -> None:
        body = {"payoutIds": ids, "reason": REASON}
        assert refused(api.call(CREATE, body, headers=finance.headers)) == (400, "validation.failed")

    def test_who_did_not_confirm_lately_is_asked(self, api: Api, server: Server, finance: Hired, ada: UUID) -> None:
        stale = member(server, "FINANCE", session={"confirmed_at": datetime.now(UTC) - timedelta(hours=1)})
        assert refused(batched(api, stale, approved(server, ada))) == (403, "admin.reauthentication_required")


class TestFile:
    def test_it_is_the_same_each_time_and_says_who_gets_what(
        self, api: Api, server: Server, finance: Hired, tables: Tables, ada: UUID, eve: UUID
    ) -> None:
        payouts = sorted([approved(server, ada), approved(server, eve, 10001)])
        batch_id = made(api, finance, *payouts)["batch"]["id"]
        first, again = (asked(api, FILE, finance, batch_id) for _ in range(2))
        server.configure(**{"payout.bank_name": "Another Ltd."})
        assert first.status_code == 200, first.text
        assert first.content == again.content == asked(api, FILE, finance, batch_id).content
        assert first.headers["Content-Type"].startswith("application/xml")
        assert first.headers["Content-Disposition"] == 'attachment; filename="payouts.xml"'
        document = parsed(first.content)
        assert texts(document, "//p:MsgId") == [UUID(batch_id).hex]
        assert texts(document, "//p:GrpHdr/p:CtrlSum") == ["350.01"]
        assert texts(document, "//p:EndToEndId") == [each.hex for each in payouts]
        assert texts(document, "//p:Dbtr/p:Nm") == ["BIO.RE Ltd."]
        assert set(texts(document, "//p:Cdtr/p:PstlAdr/p:TwnNm")) == {"London"}
        assert [(entry["actor_id"], entry["target_id"]) for entry in audited(tables, FILE)] == [
            (finance.id, batch_id)
        ] * 3

    def test_it_is_kept_sealed(self, api: Api, server: Server, finance: Hired, tables: Tables, ada: UUID) -> None:
        made(api, finance, approved(server, ada))
        stored = bytes(tables.one("SELECT file FROM payout_batches")["file"])
        assert DESTINATION["iban"].encode() not in stored
        assert b"Lovelace" not in stored

    def test_one_that_is_none_or_was_wiped_is_refused(
        self, api: Api, server: Server, finance: Hired, tables: Tables, ada: UUID
    ) -> None:
        assert refused(asked(api, FILE, finance, uuid4())) == (404, "admin.not_found")
        batch_id = made(api, finance, approved(server, ada))["batch"]["id"]
        tables.run("UPDATE payout_batches SET file = NULL")
        assert refused(asked(api, FILE, finance, batch_id)) == (404, "admin.not_found")
        assert asked(api, FIND, finance, batch_id).json()["data"]["batch"]["hasFile"] is False
        assert audited(tables, FILE) == []

    def test_one_that_was_sealed_under_a_secret_that_is_gone_is_refused(
        self, api: Api, server: Server, finance: Hired, tables: Tables, ada: UUID
    ) -> None:
        batch_id = made(api, finance, approved(server, ada))["batch"]["id"]
        tables.run("UPDATE payout_batches SET file = '0badc0de.00'::bytea")
        assert refused(asked(api, FILE, finance, batch_id)) == (404, "admin.not_found")

    @pytest.mark.parametrize(("days", "status"), [(31, "PROCESSED"), (31, "PROCESSING"), (29, "PROCESSED")], ids=str)
    def test_it_is_wiped_after_30_days_unless_a_transfer_is_under_way(
        self, api: Api, server: Server, finance: Hired, tables: Tables, ada: UUID, days: int, status: str
    ) -> None:
        batch_id = made(api, finance, approved(server, ada))["batch"]["id"]
        tables.run("UPDATE payout_batches SET created_at = now() - make_interval(days => %s)", days)
        if status == "PROCESSED":
            tables.run("UPDATE payouts SET status = 'PROCESSED', processed_at = now()")
        server.let_time_come("housekeeping.forget_ended")
        has_file = asked(api, FIND, finance, batch_id).json()["data"]["batch"]["hasFile"]
        assert has_file is ((days, status) != (31, "PROCESSED"))

    def test_an_id_that_is_none_is_refused(self, api: Api, finance: Hired) -> None:
        assert refused(asked(api, FILE, finance, "x")) == (400, "validation.failed")


class TestFind:
    def test_with_its_payouts(self, api: Api, server: Server, finance: Hired, ada: UUID) -> None:
        told = made(api, finance, payout_id := approved(server, ada))
        found = asked(api, FIND, finance, told["batch"]["id"]).json()["data"]
        assert found == told
        (one,) = found["payouts"]
        assert (one["id"], one["userId"], one["amount"]) == (str(payout_id), str(ada), "250.00")
        assert (one["destinationLast4"], one["reference"], one["failureReason"]) == ("3000", None, None)

    def test_one_that_is_none_is_refused(self, api: Api, finance: Hired) -> None:
        assert refused(asked(api, FIND, finance, uuid4())) == (404, "admin.not_found")


class TestList:
    def listed(self, api: Api, caller: Hired, **params: Any) -> dict[str, Any]:
        response = api.call("admin.payouts.batches.list", params=params, headers=caller.headers)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()["data"]
        return found

    def test_the_newest_come_first(self, api: Api, server: Server, finance: Hired, ada: UUID, eve: UUID) -> None:
        first, second = (made(api, finance, approved(server, each))["batch"] for each in (ada, eve))
        assert self.listed(api, finance)["items"] == [second, first]
        page = self.listed(api, finance, limit=1)
        assert page["items"] == [second]
        assert self.listed(api, finance, limit=1, cursor=page["nextCursor"])["items"] == [first]

    def test_a_cursor_that_is_none_is_refused(self, api: Api, finance: Hired) -> None:
        response = api.call("admin.payouts.batches.list", params={"cursor": "x"}, headers=finance.headers)
        assert refused(response) == (400, "admin.cursor_invalid")
