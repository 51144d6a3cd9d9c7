"""Messages of the contact form as staff works on them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.handlers.conftest import Clients
from tests.handlers.support import audited, insert
from tests.harness import Api, Server, Tables, broken_rules, code_of
from tests.staff import Hired, member

ROW = {"name": "Ada", "email": "ada@example.com", "subject": "Invoices", "message": "Where are they?", "locale": "en"}


@pytest.fixture
def staff(server: Server) -> Hired:
    return member(server, "SUPPORT")


@pytest.fixture
def message(tables: Tables) -> UUID:
    return insert(tables, "contact_messages", **ROW)


def listed(api: Api, caller: Hired, **params: Any) -> dict[str, Any]:
    response = api.call("admin.support.contact_messages.list", params=params, headers=caller.headers)
    assert response.status_code == 200, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


def update(api: Api, caller: Hired, message_id: UUID, state: str = "DONE", version: int = 1) -> httpx.Response:
    headers = caller.headers | {"If-Match": f'"{version}"'}
    path = f"/admin/contact-messages/{message_id}"
    return api.call("admin.support.contact_messages.update", {"state": state}, path=path, headers=headers)


class TestContactMessages:
    def test_it_is_told_whole_but_for_the_address(self, api: Api, staff: Hired, message: UUID) -> None:
        (told,) = listed(api, staff)["items"]
        assert (told["id"], told["name"], told["subject"]) == (str(message), "Ada", "Invoices")
        assert (told["message"], told["locale"]) == ("Where are they?", "en")
        assert (told["email"], told["state"], told["version"]) == ("a***@e***.com", "NEW", 1)

    def test_who_may_see_addresses_sees_it(self, api: Api, server: Server, message: UUID) -> None:
        assert listed(api, member(server, "ADMIN"))["items"][0]["email"] == "ada@example.com"

    def test_the_newest_come_first_page_by_page(self, api: Api, staff: Hired, tables: Tables) -> None:
        now = datetime.now(UTC)
        ids = [
            str(insert(tables, "contact_messages", created_at=now - timedelta(minutes=number // 2), **ROW))
            for number in range(5)
        ]
        seen: list[str] = []
        cursor: str | None = None
        while cursor is not None or not seen:
            page = listed(api, staff, limit=2, **({"cursor": cursor} if cursor else {}))
            seen += [item["id"] for item in page["items"]]
            cursor = page["nextCursor"]
        assert sorted(seen) == sorted(ids)
        assert set(seen[:2]) == set(ids[:2])

    def test_by_state(self, api: Api, staff: Hired, message: UUID, tables: Tables) -> None:
        spam = insert(tables, "contact_messages", state="SPAM", **ROW)
        assert [item["id"] for item in listed(api, staff, state="SPAM")["items"]] == [str(spam)]
        assert [item["id"] for item in listed(api, staff, state="NEW")["items"]] == [str(message)]
        assert listed(api, staff, state="DONE")["items"] == []

    def test_a_cursor_of_another_list_is_refused(self, api: Api, staff: Hired) -> None:
        response = api.call("admin.support.contact_messages.list", params={"cursor": "x"}, headers=staff.headers)
        assert (response.status_code, code_of(response)) == (400, "admin.cursor_invalid")

    def test_the_state_is_set(self, api: Api, staff: Hired, message: UUID, tables: Tables) -> None:
        response = update(api, staff, message)
        assert response.status_code == 200, response.text
        assert response.headers["etag"] == '"2"'
        told = response.json()["data"]
        assert (told["state"], told["version"], told["email"]) == ("DONE", 2, "a***@e***.com")
        (entry,) = audited(tables, "admin.support.contact_messages.update")
        assert (entry["actor_id"], entry["target_id"]) == (staff.id, str(message))
        assert (entry["before"], entry["after"]) == ({"state": "NEW"}, {"state": "DONE"})
        assert update(api, staff, message, "NEW", version=2).json()["data"]["state"] == "NEW"

    def test_nobody_overwrites_it_unseen(self, api: Api, staff: Hired, message: UUID, tables: Tables) -> None:
        assert update(api, staff, message).status_code == 200
        response = update(api, staff, message, "SPAM")
        assert (response.status_code, code_of(response)) == (412, "precondition.failed")
        assert response.headers["etag"] == '"2"'
        assert tables.one("SELECT state FROM contact_messages") == {"state": "DONE"}

    def test_of_many_at_once_one_is_taken(
        self, server: Server, clients: Clients, staff: Hired, message: UUID, tables: Tables
    ) -> None:
        callers = [clients(server) for _ in range(8)]
        with ThreadPoolExecutor(8) as pool:
            codes = list(pool.map(lambda caller: update(caller, staff, message).status_code, callers))
        assert sorted(codes) == [200] + [412] * 7
        assert tables.one("SELECT version FROM contact_messages") == {"version": 2}

    def test_who_only_reads_may_not(self, api: Api, server: Server, message: UUID) -> None:
        auditor = member(server, "AUDITOR")
        assert len(listed(api, auditor)["items"]) == 1
        response = update(api, auditor, message)
        assert (response.status_code, code_of(response)) == (403, "admin.permission_denied")

    def test_what_is_not_there_is_not_found(self, api: Api, staff: Hired) -> None:
        response = update(api, staff, uuid4())
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")

    def test_a_state_that_there_is_not_is_refused(self, api: Api, staff: Hired, message: UUID) -> None:
        assert broken_rules(update(api, staff, message, "LATER")) == {("state", "enum")}
