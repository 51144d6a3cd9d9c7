"""Bank details of creators: which of them wait, and what the staff decides."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.users import moment
from tests.bank import BIC, HOLDER, IBAN, enter, identified, with_details
from tests.creators import Creator, creator, signed_in
from tests.handlers.support import audited
from tests.harness import Api, Server, Tables, code_of
from tests.staff import Hired, member
from tests.tax import NAME, submitted

REASON = "The name is that of the verified identity."


@pytest.fixture
def clerk(server: Server) -> Hired:
    return member(server, "FINANCE")


@pytest.fixture
def ada(api: Api, tables: Tables) -> Creator:
    one = creator(api, tables)
    with_details(api, one)
    return one


def listed(api: Api, clerk: Hired, **params: Any) -> Any:
    response = api.call("admin.bank_details.list", params=params, headers=clerk.headers)
    assert response.status_code == 200, response.text
    return response.json()["data"]


def decide(api: Api, clerk: Hired, verb: str, creator_id: UUID, version: int = 1, **body: Any) -> httpx.Response:
    more = {"rejectedFor": "NAME_MISMATCH"} if verb == "reject" else {}
    headers = clerk.headers | {"If-Match": f'"{version}"'}
    path = f"/admin/bank-details/{creator_id}/{verb}"
    return api.call(f"admin.bank_details.{verb}", {"reason": REASON} | more | body, path=path, headers=headers)


def refused(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, code_of(response)


class TestList:
    def test_those_that_wait_are_shown_with_the_names_that_must_agree(
        self, api: Api, clerk: Hired, ada: Creator, tables: Tables
    ) -> None:
        tables.run("UPDATE users SET display_name = 'Ada' WHERE id = %s", ada.user_id)
        (item,) = listed(api, clerk)["items"]
        assert item.items() >= {
            "creatorId": str(ada.creator_id), "userId": str(ada.user_id), "username": "ada", "displayName": "Ada",
            "kycStatus": "NOT_STARTED", "state": "PENDING", "accountHolderName": HOLDER, "swiftCode": BIC,
            "ibanLast4": "3000", "bankCountry": "DE", "decidedBy": None, "version": 1,
        }.items()  # fmt: skip
        assert IBAN not in str(item)

    def test_the_name_of_the_document_stands_beside_them(
        self, api: Api, clerk: Hired, ada: Creator, tables: Tables
    ) -> None:
        """That of the newest verification that still holds; it is stored sealed."""

        assert listed(api, clerk)["items"][0]["verifiedName"] is None
        identified(api, tables, ada, "Ada Byron")
        identified(api, tables, ada, "Ada Lovelace")
        identified(api, tables, ada, "Eve", "REJECTED")
        (item,) = listed(api, clerk)["items"]
        assert item["verifiedName"] == "Ada Lovelace"
        stored = tables.rows("SELECT verified_name FROM kyc_sessions WHERE verified_name IS NOT NULL")
        assert len(stored) == 2
        assert not any(b"Ada" in bytes(row["verified_name"]) for row in stored)
        decided = decide(api, clerk, "verify", ada.creator_id).json()["data"]
        assert decided["verifiedName"] == "Ada Lovelace"
        tables.run("UPDATE kyc_sessions SET verified_name = '0badc0de.00'::bytea WHERE verified_name IS NOT NULL")
        assert listed(api, clerk, state="VERIFIED")["items"][0]["verifiedName"] is None

    def test_the_name_of_the_tax_form_stands_beside_them(
        self, api: Api, clerk: Hired, ada: Creator, tables: Tables
    ) -> None:
        submitted(api, ada)
        assert listed(api, clerk)["items"][0]["taxName"] is None
        tables.run("UPDATE tax_forms SET state = 'APPROVED', decided_at = now()")
        assert listed(api, clerk)["items"][0]["taxName"] == NAME
        tables.run("UPDATE tax_forms SET details = '0badc0de.00'::bytea")
        assert listed(api, clerk)["items"][0]["taxName"] is None

    def test_what_no_secret_opens_is_shown_as_such(self, api: Api, clerk: Hired, ada: Creator, tables: Tables) -> None:
        tables.run("UPDATE bank_details SET details = '0badc0de.00'::bytea")
        (item,) = listed(api, clerk)["items"]
        assert (item["accountHolderName"], item["swiftCode"], item["ibanLast4"]) == ("?", None, "3000")
        assert decide(api, clerk, "reject", ada.creator_id).status_code == 200

    def test_what_waits_longest_is_first_and_the_list_is_walked(
        self, api: Api, clerk: Hired, ada: Creator, tables: Tables
    ) -> None:
        for name in ("bob", "cyd"):
            with_details(api, creator(api, tables, f"{name}@example.com", name))
        tables.run("UPDATE bank_details SET changed_at = '2026-01-01T00:00Z' WHERE user_id <> %s", ada.user_id)
        seen: list[str] = []
        params: dict[str, Any] = {"limit": 1}
        for _ in range(3):
            page = listed(api, clerk, **params)
            seen += [item["username"] for item in page["items"]]
            params = {"limit": 1, "cursor": page["nextCursor"]}
        assert (set(seen[:2]), seen[2], page["nextCursor"]) == ({"bob", "cyd"}, "ada", None)

    def test_only_one_state_is_shown(self, api: Api, clerk: Hired, ada: Creator, tables: Tables) -> None:
        incomplete = creator(api, tables, "bob@example.com", "bob")
        enter(api, signed_in(api, incomplete), iban=IBAN)
        assert [item["username"] for item in listed(api, clerk, state="PENDING")["items"]] == ["ada"]
        for state in ("VERIFIED", "REJECTED"):
            assert listed(api, clerk, state=state)["items"] == []

    def test_what_is_no_state_or_no_cursor_is_refused(self, api: Api, clerk: Hired) -> None:
        for params, code in (({"state": "LOST"}, "validation.failed"), ({"cursor": "x"}, "admin.cursor_invalid")):
            response = api.call("admin.bank_details.list", params=params, headers=clerk.headers)
            assert refused(response) == (400, code)

    def test_who_may_not_verify_sees_none(self, api: Api, server: Server) -> None:
        response = api.call("admin.bank_details.list", headers=member(server, "SUPPORT").headers)
        assert refused(response) == (403, "admin.permission_denied")


class TestVerify:
    def test_money_can_be_paid_by_them_and_the_owner_is_mailed(
        self, api: Api, server: Server, clerk: Hired, ada: Creator, tables: Tables
    ) -> None:
        response = decide(api, clerk, "verify", ada.creator_id)
        assert response.status_code == 200, response.text
        told = response.json()["data"]
        assert (told["state"], told["decidedBy"], told["version"]) == ("VERIFIED", str(clerk.id), 2)
        assert response.headers["etag"] == '"2"'
        settings = api.call("creators.bank.settings", headers=signed_in(api, ada)).json()["data"]
        assert settings["availableMethods"]["BANK_TRANSFER"] is True
        assert settings["bankDetails"]["verifiedAt"] == told["decidedAt"]
        server.work_off()
        assert "3000" in api.mails(ada.email)[0]["text"]
        (entry,) = audited(tables, "admin.bank_details.verify")
        assert (entry["reason"], entry["before"]["state"], entry["after"]["state"]) == (REASON, "PENDING", "VERIFIED")
        assert IBAN not in str(entry)

    def test_the_mail_says_from_when_money_is_paid_out(
        self, api: Api, server: Server, clerk: Hired, ada: Creator, tables: Tables
    ) -> None:
        """Not while a change holds payouts up."""
        until = tables.one("SELECT held_until FROM bank_details")["held_until"]
        decide(api, clerk, "verify", ada.creator_id)
        server.work_off()
        mail = api.mails(ada.email)[0]["text"]
        assert f"paid out to this account, but not before {moment(until)}." in mail
        tables.run("UPDATE bank_details SET held_until = now(), state = 'PENDING'")
        decide(api, clerk, "verify", ada.creator_id, 2)
        server.work_off()
        mail = api.mails(ada.email)[0]["text"]
        assert "paid out to this account.\n" in mail

    def test_what_the_owner_changed_meanwhile_is_not_verified(
        self, api: Api, clerk: Hired, ada: Creator, tables: Tables
    ) -> None:
        enter(api, signed_in(api, ada), accountHolderName="Eve")
        before = tables.fingerprints()
        response = decide(api, clerk, "verify", ada.creator_id)
        assert refused(response) == (412, "precondition.failed")
        assert response.headers["etag"] == '"2"'
        assert tables.changed_since(before) <= {"audit_logs"}

    def test_without_a_version_nothing_is_verified(self, api: Api, clerk: Hired, ada: Creator) -> None:
        path = f"/admin/bank-details/{ada.creator_id}/verify"
        response = api.call("admin.bank_details.verify", {"reason": REASON}, path=path, headers=clerk.headers)
        assert refused(response) == (428, "precondition.required")

    def test_what_is_not_there_or_not_complete_is_not_found(self, api: Api, clerk: Hired, tables: Tables) -> None:
        bob, cyd = (creator(api, tables, f"{name}@example.com", name) for name in ("bob", "cyd"))
        enter(api, signed_in(api, cyd), iban=IBAN)
        for creator_id in (uuid4(), bob.creator_id, cyd.creator_id):
            assert refused(decide(api, clerk, "verify", creator_id)) == (404, "admin.not_found")

    def test_nobody_verifies_the_own(self, api: Api, server: Server, ada: Creator, tables: Tables) -> None:
        own = member(server, "FINANCE")
        tables.run("UPDATE bank_details SET user_id = %s", own.id)
        tables.run("UPDATE creator_profiles SET user_id = %s", own.id)
        assert refused(decide(api, own, "verify", ada.creator_id)) == (403, "admin.finance.own_account")

    def test_once_is_enough(self, api: Api, clerk: Hired, ada: Creator) -> None:
        assert decide(api, clerk, "verify", ada.creator_id).status_code == 200
        response = decide(api, clerk, "verify", ada.creator_id, 2)
        assert refused(response) == (400, "admin.transition_invalid")

    def test_a_rejection_can_be_taken_back(self, api: Api, clerk: Hired, ada: Creator) -> None:
        assert decide(api, clerk, "reject", ada.creator_id).status_code == 200
        told = decide(api, clerk, "verify", ada.creator_id, 2).json()["data"]
        assert (told["state"], told["rejectedFor"]) == ("VERIFIED", None)


class TestReject:
    @pytest.mark.parametrize("why", ["NAME_MISMATCH", "UNKNOWN_ACCOUNT", "UNSUPPORTED_BANK", "OTHER"])
    def test_the_owner_reads_why_and_not_the_reason(
        self, api: Api, server: Server, clerk: Hired, ada: Creator, tables: Tables, why: str
    ) -> None:
        response = decide(api, clerk, "reject", ada.creator_id, rejectedFor=why)
        assert response.status_code == 200, response.text
        told = api.call("creators.bank.settings", headers=signed_in(api, ada)).json()["data"]["bankDetails"]
        assert (told["state"], told["rejectedFor"], told["verified"]) == ("REJECTED", why, False)
        server.work_off()
        mail = api.mails(ada.email)[0]["text"]
        said = api.server.app.parts.texts.namespace("en", "mails")[f"bank_details_rejected.{why}"]
        assert said in mail
        assert REASON not in mail
        (entry,) = audited(tables, "admin.bank_details.reject")
        assert entry["after"] == {"state": "REJECTED", "rejected_for": why}

    def test_what_was_verified_can_be_rejected_and_once_is_enough(self, api: Api, clerk: Hired, ada: Creator) -> None:
        assert decide(api, clerk, "verify", ada.creator_id).status_code == 200
        assert decide(api, clerk, "reject", ada.creator_id, 2).status_code == 200
        assert refused(decide(api, clerk, "reject", ada.creator_id, 3)) == (400, "admin.transition_invalid")

    def test_a_change_by_the_owner_is_looked_at_anew(self, api: Api, clerk: Hired, ada: Creator) -> None:
        decide(api, clerk, "reject", ada.creator_id)
        enter(api, signed_in(api, ada), accountHolderName="Ada King")
        (item,) = listed(api, clerk)["items"]
        assert (item["state"], item["rejectedFor"], item["decidedBy"]) == ("PENDING", None, None)

    def test_another_version_nobodys_and_the_own(
        self, api: Api, server: Server, clerk: Hired, ada: Creator, tables: Tables
    ) -> None:
        assert refused(decide(api, clerk, "reject", ada.creator_id, 7)) == (412, "precondition.failed")
        assert refused(decide(api, clerk, "reject", uuid4())) == (404, "admin.not_found")
        own = member(server, "FINANCE")
        tables.run("UPDATE bank_details SET user_id = %s", own.id)
        tables.run("UPDATE creator_profiles SET user_id = %s", own.id)
        assert refused(decide(api, own, "reject", ada.creator_id)) == (403, "admin.finance.own_account")
