"""Tax forms of creators: which of them wait, what the staff decides, and who sees a number."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.creators import Creator, creator, signed_in
from tests.handlers.support import audited
from tests.harness import Api, Server, Tables, code_of
from tests.staff import Hired, member
from tests.tax import NAME, TIN, submit, submitted

REASON, STATEMENT = "Compared with the identity.", "The name is not the one on your document."


@pytest.fixture
def clerk(server: Server) -> Hired:
    return member(server, "FINANCE")


@pytest.fixture
def ada(api: Api, tables: Tables) -> Creator:
    return creator(api, tables)


@pytest.fixture
def form(api: Api, ada: Creator) -> UUID:
    return submitted(api, ada)


def listed(api: Api, clerk: Hired, **params: Any) -> Any:
    response = api.call("admin.tax_forms.list", params=params, headers=clerk.headers)
    assert response.status_code == 200, response.text
    return response.json()["data"]


def decide(api: Api, clerk: Hired, verb: str, form: UUID, version: int = 1) -> httpx.Response:
    more = {"statement": STATEMENT} if verb == "reject" else {}
    headers = clerk.headers | {"If-Match": f'"{version}"'}
    return api.call(
        f"admin.tax_forms.{verb}", {"reason": REASON} | more, path=f"/admin/tax-forms/{form}/{verb}", headers=headers
    )


def reveal(api: Api, clerk: Hired, form: UUID) -> httpx.Response:
    path = f"/admin/tax-forms/{form}/reveal"
    return api.call("admin.tax_forms.reveal", {"reason": REASON}, path=path, headers=clerk.headers)


def refused(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, code_of(response)


def status(api: Api, one: Creator) -> Any:
    return api.call("creators.tax.find", headers=signed_in(api, one)).json()["data"]


def owned_by(tables: Tables, one: Hired) -> None:
    tables.run("UPDATE tax_forms SET user_id = %s", one.id)


class TestList:
    def test_those_that_wait_are_shown_without_their_numbers(
        self, api: Api, clerk: Hired, ada: Creator, form: UUID
    ) -> None:
        (item,) = listed(api, clerk)["items"]
        assert (item["id"], item["userId"], item["username"]) == (str(form), str(ada.user_id), "ada")
        assert (item["legalName"], item["tinLast4"], item["state"], item["version"]) == (NAME, "6789", "PENDING", 1)
        assert TIN not in str(item)

    def test_what_no_secret_opens_is_shown_as_such(self, api: Api, clerk: Hired, form: UUID, tables: Tables) -> None:
        tables.run("UPDATE tax_forms SET details = '0badc0de.00'::bytea")
        (item,) = listed(api, clerk)["items"]
        assert (item["legalName"], item["tinLast4"]) == ("?", "6789")
        assert reveal(api, clerk, form).json()["data"] == {"tin": None}
        assert decide(api, clerk, "reject", form).status_code == 200

    def test_what_waits_longest_is_first_and_the_list_is_walked(
        self, api: Api, clerk: Hired, form: UUID, tables: Tables
    ) -> None:
        for name in ("bob", "cyd"):
            submitted(api, creator(api, tables, f"{name}@example.com", name))
        tables.run("UPDATE tax_forms SET created_at = '2026-01-01T00:00Z' WHERE id <> %s", form)
        seen: list[str] = []
        params: dict[str, Any] = {"limit": 1}
        for _ in range(3):
            page = listed(api, clerk, **params)
            seen += [item["username"] for item in page["items"]]
            params = {"limit": 1, "cursor": page["nextCursor"]}
        assert (set(seen[:2]), seen[2], page["nextCursor"]) == ({"bob", "cyd"}, "ada", None)

    def test_only_one_state_is_shown_and_nothing_that_was_erased(
        self, api: Api, clerk: Hired, form: UUID, tables: Tables
    ) -> None:
        for state in ("APPROVED", "REJECTED", "REPLACED"):
            assert listed(api, clerk, state=state)["items"] == []
        tables.run("UPDATE tax_forms SET details = NULL")
        assert listed(api, clerk)["items"] == []

    def test_what_is_no_state_or_no_cursor_is_refused(self, api: Api, clerk: Hired) -> None:
        for params, code in (({"state": "LOST"}, "validation.failed"), ({"cursor": "x"}, "admin.cursor_invalid")):
            response = api.call("admin.tax_forms.list", params=params, headers=clerk.headers)
            assert refused(response) == (400, code)


class TestApprove:
    def test_it_holds_from_now_on_and_the_owner_is_mailed(
        self, api: Api, server: Server, clerk: Hired, ada: Creator, form: UUID, tables: Tables
    ) -> None:
        response = decide(api, clerk, "approve", form)
        assert response.status_code == 200, response.text
        told = response.json()["data"]
        assert (told["state"], told["decidedBy"], told["version"]) == ("APPROVED", str(clerk.id), 2)
        assert status(api, ada)["valid"] is True
        server.work_off()
        assert [mail["subject"] for mail in api.mails(ada.email)] == ["Your tax form was approved"]
        (entry,) = audited(tables, "admin.tax_forms.approve")
        assert (entry["reason"], entry["before"], entry["after"]) == (
            REASON, {"state": "PENDING"}, {"state": "APPROVED"},
        )  # fmt: skip

    def test_it_replaces_the_former_one(self, api: Api, clerk: Hired, ada: Creator, form: UUID, tables: Tables) -> None:
        decide(api, clerk, "approve", form)
        later = UUID(submit(api, signed_in(api, ada), type="OTHER").json()["data"]["id"])
        assert decide(api, clerk, "approve", later).status_code == 200
        states = {row["id"]: row["state"] for row in tables.rows("SELECT id, state FROM tax_forms")}
        assert states == {form: "REPLACED", later: "APPROVED"}

    def test_another_version_none_nobodys_and_the_own(
        self, api: Api, server: Server, clerk: Hired, form: UUID, tables: Tables
    ) -> None:
        assert refused(decide(api, clerk, "approve", form, 7)) == (412, "precondition.failed")
        path = f"/admin/tax-forms/{form}/approve"
        response = api.call("admin.tax_forms.approve", {"reason": REASON}, path=path, headers=clerk.headers)
        assert refused(response) == (428, "precondition.required")
        assert refused(decide(api, clerk, "approve", uuid4())) == (404, "admin.not_found")
        own = member(server, "FINANCE")
        owned_by(tables, own)
        assert refused(decide(api, own, "approve", form)) == (403, "admin.finance.own_account")

    @pytest.mark.parametrize("state", ["APPROVED", "REJECTED", "REPLACED"])
    def test_only_what_waits_is_approved(self, api: Api, clerk: Hired, form: UUID, tables: Tables, state: str) -> None:
        tables.run("UPDATE tax_forms SET state = %s", state)
        assert refused(decide(api, clerk, "approve", form)) == (400, "admin.transition_invalid")


class TestReject:
    def test_the_owner_reads_the_statement_and_not_the_reason(
        self, api: Api, server: Server, clerk: Hired, ada: Creator, form: UUID, tables: Tables
    ) -> None:
        response = decide(api, clerk, "reject", form)
        assert response.status_code == 200, response.text
        told = status(api, ada)
        assert (told["form"]["state"], told["form"]["statement"], told["valid"]) == ("REJECTED", STATEMENT, False)
        server.work_off()
        (mail,) = api.mails(ada.email)
        assert STATEMENT in mail["text"]
        assert REASON not in mail["text"]
        (entry,) = audited(tables, "admin.tax_forms.reject")
        assert entry["reason"] == REASON

    def test_one_that_held_holds_no_more(self, api: Api, clerk: Hired, ada: Creator, form: UUID) -> None:
        decide(api, clerk, "approve", form)
        assert decide(api, clerk, "reject", form, 2).status_code == 200
        assert status(api, ada)["valid"] is False
        assert refused(decide(api, clerk, "reject", form, 3)) == (400, "admin.transition_invalid")

    def test_another_version_nobodys_and_the_own(
        self, api: Api, server: Server, clerk: Hired, form: UUID, tables: Tables
    ) -> None:
        assert refused(decide(api, clerk, "reject", form, 7)) == (412, "precondition.failed")
        assert refused(decide(api, clerk, "reject", uuid4())) == (404, "admin.not_found")
        own = member(server, "FINANCE")
        owned_by(tables, own)
        assert refused(decide(api, own, "reject", form)) == (403, "admin.finance.own_account")


class TestReveal:
    def test_every_look_is_audited_without_the_number(
        self, api: Api, clerk: Hired, ada: Creator, form: UUID, tables: Tables
    ) -> None:
        response = reveal(api, clerk, form)
        assert (response.status_code, response.json()["data"]) == (200, {"tin": TIN})
        (entry,) = audited(tables, "admin.tax_forms.reveal")
        assert (entry["target_id"], entry["reason"], entry["details"]["tin_last4"]) == (
            str(ada.user_id),
            REASON,
            "6789",
        )
        assert TIN not in str(entry)

    def test_what_was_erased_or_never_was_is_not_found(
        self, api: Api, clerk: Hired, form: UUID, tables: Tables
    ) -> None:
        tables.run("UPDATE tax_forms SET details = NULL")
        for form_id in (form, uuid4()):
            assert refused(reveal(api, clerk, form_id)) == (404, "admin.not_found")

    def test_who_may_not_review_sees_none(self, api: Api, server: Server, form: UUID) -> None:
        assert refused(reveal(api, member(server, "SUPPORT"), form)) == (403, "admin.permission_denied")
