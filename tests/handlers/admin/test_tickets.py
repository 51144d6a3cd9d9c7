"""Tickets from the side of support."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.support import TRANSITIONS
from tests.handlers.conftest import Clients
from tests.handlers.support import account, audited, topics
from tests.harness import Api, Server, Tables, broken_rules, code_of
from tests.staff import Hired, member
from tests.tickets import ASKED, answer, category, change_many, move, note, row_of, seen, ticket, update

NOW = datetime.now(UTC)
STATUSES = tuple(TRANSITIONS)
EVERY_MOVE = [(before, to) for before in STATUSES for to in STATUSES]
STAFFS_TURN = {"OPEN", "ASSIGNED", "IN_PROGRESS", "WAITING_INTERNAL"}


@pytest.fixture
def ada(api: Api, tables: Tables) -> UUID:
    return account(api, tables, username="ada", display_name="Ada")


@pytest.fixture
def agent(server: Server) -> Hired:
    return member(server, "SUPPORT", display_name="Grace")


@pytest.fixture
def other(server: Server) -> Hired:
    return member(server, "SUPPORT")


def listed(api: Api, caller: Hired, **params: Any) -> list[str]:
    """The ids of the whole list, walked in pages of two."""
    ids: list[str] = []
    cursor: str | None = None
    while True:
        more = {"cursor": cursor} if cursor else {}
        response = api.call("admin.tickets.list", params={"limit": 2, **params, **more}, headers=caller.headers)
        assert response.status_code == 200, response.text
        ids += [found["id"] for found in response.json()["data"]["items"]]
        cursor = response.json()["data"]["nextCursor"]
        if cursor is None:
            return ids


class TestList:
    def test_by_age_and_by_how_long_they_wait(self, api: Api, ada: UUID, tables: Tables, agent: Hired) -> None:
        waiting = [3, None, 1, 2, None]
        ids = [
            str(
                ticket(
                    tables,
                    ada,
                    created_at=NOW - timedelta(hours=10 - age),
                    waiting_since=hours and NOW - timedelta(hours=hours),
                )
            )
            for age, hours in enumerate(waiting)
        ]
        assert listed(api, agent) == ids[::-1]
        assert listed(api, agent, sort="createdAt") == ids
        assert listed(api, agent, sort="waitingSince") == [ids[0], ids[3], ids[2]]

    def test_filters_narrow_it(self, api: Api, ada: UUID, tables: Tables, agent: Hired, other: Hired) -> None:
        category_id = category(tables)
        mine = ticket(tables, ada, "ASSIGNED", assigned_to=agent.id, priority="URGENT")
        theirs = ticket(tables, ada, "RESOLVED", assigned_to=other.id, category_id=category_id)
        nobodys = ticket(tables, ada, category_id=category_id, created_at=NOW + timedelta(hours=1))
        told = {
            "status=RESOLVED": [theirs],
            "priority=URGENT": [mine],
            f"category={category_id}": [nobodys, theirs],
            "assignee=me": [mine],
            "assignee=none": [nobodys],
            f"assignee={other.id}": [theirs],
            f"category={category_id}&sort=waitingSince": [nobodys],
            f"category={category_id}&assignee=me": [],
        }
        for query, ids in told.items():
            params = dict(part.split("=") for part in query.split("&"))
            assert listed(api, agent, **params) == [str(ticket_id) for ticket_id in ids], query

    def test_a_cursor_of_another_order_is_refused(self, api: Api, ada: UUID, tables: Tables, agent: Hired) -> None:
        for _ in range(2):
            ticket(tables, ada)
        first = api.call("admin.tickets.list", params={"limit": 1}, headers=agent.headers)
        params = {"cursor": first.json()["data"]["nextCursor"], "sort": "waitingSince"}
        response = api.call("admin.tickets.list", params=params, headers=agent.headers)
        assert (response.status_code, code_of(response)) == (400, "admin.cursor_invalid")


class TestFind:
    def test_with_messages_and_notes(self, api: Api, server: Server, ada: UUID, tables: Tables, agent: Hired) -> None:
        ticket_id = ticket(tables, ada, category_id=category(tables))
        note(api, agent, ticket_id, "We asked the bank.")
        answer(api, agent, ticket_id, "Tomorrow.")
        response = seen(api, agent, ticket_id)
        data = response.json()["data"]
        assert response.headers["ETag"] == f'"{data["version"]}"' == '"2"'
        assert [(told["content"], told["internal"], told["authorType"]) for told in data["messages"]] == [
            (ASKED["content"], False, "USER"), ("We asked the bank.", True, "AGENT"), ("Tomorrow.", False, "AGENT"),
        ]  # fmt: skip
        assert {(told["authorId"], told["authorName"]) for told in data["messages"]} == {
            (str(ada), "Ada"), (str(agent.id), "Grace"),
        }  # fmt: skip
        assert data["category"] == {"id": data["categoryId"], "name": "Payouts"}
        assert data["owner"] == {
            "id": str(ada), "username": "ada", "displayName": "Ada", "email": "a***@e***.com",
        }  # fmt: skip
        whole = seen(api, member(server, "ADMIN"), ticket_id).json()["data"]
        assert whole["owner"]["email"] == "ada@example.com"

    def test_an_unknown_one_is_not_found(self, api: Api, agent: Hired) -> None:
        response = seen(api, agent, uuid4())
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")


class TestReply:
    @pytest.mark.parametrize("status", ["OPEN", "ASSIGNED", "IN_PROGRESS", "WAITING_USER", "WAITING_INTERNAL"])
    def test_the_owner_is_asked(self, api: Api, ada: UUID, tables: Tables, agent: Hired, status: str) -> None:
        ticket_id = ticket(tables, ada, status)
        response = answer(api, agent, ticket_id, " <b>Tomorrow</b>. ")
        assert response.status_code == 201
        message = response.json()["data"]
        assert (message["content"], message["authorType"], message["internal"]) == ("Tomorrow.", "AGENT", False)
        row = row_of(tables, ticket_id)
        assert (row["status"], row["waiting_since"], row["version"]) == ("WAITING_USER", None, 2)
        assert row["assigned_to"] == agent.id
        (entry,) = audited(tables, "admin.tickets.reply")
        assert (entry["target_id"], entry["details"]) == (str(ticket_id), {"message": message["id"]})
        assert "Tomorrow" not in str(entry)
        (mail,) = api.mails("ada@example.com")
        assert mail["subject"] == "Our support replied to you"
        assert "Tomorrow" not in mail["text"]

    @pytest.mark.parametrize("status", ["RESOLVED", "CLOSED"])
    def test_what_has_ended_takes_none(self, api: Api, ada: UUID, tables: Tables, agent: Hired, status: str) -> None:
        ticket_id = ticket(tables, ada, status)
        response = answer(api, agent, ticket_id)
        assert (response.status_code, code_of(response)) == (400, "admin.transition_invalid")
        assert response.json()["error"]["i18nVars"] == {"from": status, "to": "WAITING_USER"}
        assert tables.count("ticket_messages") == 1

    def test_that_of_somebody_else_is_refused(
        self, api: Api, ada: UUID, tables: Tables, agent: Hired, other: Hired
    ) -> None:
        ticket_id = ticket(tables, ada, "ASSIGNED", assigned_to=other.id)
        response = answer(api, agent, ticket_id)
        assert (response.status_code, code_of(response)) == (409, "admin.case.taken")
        assert update(api, agent, ticket_id, assignedTo=str(agent.id), takeOver=True).status_code == 200
        assert answer(api, agent, ticket_id).status_code == 201

    def test_of_several_at_once_one_has_it(self, server: Server, ada: UUID, tables: Tables, clients: Clients) -> None:
        ticket_id = ticket(tables, ada)
        callers, apis = [member(server, "SUPPORT") for _ in range(8)], [clients(server) for _ in range(8)]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda n: answer(apis[n], callers[n], ticket_id).status_code, range(8)))
        assert sorted(answers) == [201] + [409] * 7
        assert tables.count("ticket_messages") == 2
        assert topics(tables) == ["email.ticket_update"]

    def test_one_idempotency_key_makes_one(self, api: Api, ada: UUID, tables: Tables, agent: Hired) -> None:
        ticket_id = ticket(tables, ada)
        caller = agent._replace(headers=agent.headers | {"Idempotency-Key": "k"})
        assert answer(api, caller, ticket_id).json() == answer(api, caller, ticket_id).json()
        assert note(api, caller, ticket_id).json() == note(api, caller, ticket_id).json()
        assert (tables.count("ticket_messages"), tables.count("ticket_notes")) == (2, 1)

    @pytest.mark.parametrize("write", [answer, note])
    def test_bad_input(
        self, api: Api, ada: UUID, tables: Tables, agent: Hired, write: Callable[..., httpx.Response]
    ) -> None:
        ticket_id = ticket(tables, ada)
        assert broken_rules(write(api, agent, ticket_id, " <b></b> ")) == {("content", "minLength")}
        assert broken_rules(write(api, agent, ticket_id, "x" * 5001)) == {("content", "maxLength")}
        assert code_of(write(api, agent, uuid4())) == "admin.not_found"


class TestNote:
    def test_nothing_else_changes(self, api: Api, ada: UUID, tables: Tables, agent: Hired, other: Hired) -> None:
        ticket_id = ticket(tables, ada, "CLOSED", assigned_to=other.id)
        former = row_of(tables, ticket_id)
        response = note(api, agent, ticket_id, "Called her.")
        assert response.status_code == 201
        told = response.json()["data"]
        assert (told["content"], told["internal"], told["authorName"]) == ("Called her.", True, "Grace")
        assert row_of(tables, ticket_id) == former
        assert topics(tables) == []
        assert tables.count("ticket_messages") == 1
        (entry,) = audited(tables, "admin.tickets.note")
        assert (entry["target_id"], entry["details"]) == (str(ticket_id), {"note": told["id"]})
        assert "Called" not in str(entry)


class TestUpdate:
    def test_who_works_on_it(self, api: Api, ada: UUID, tables: Tables, agent: Hired, other: Hired) -> None:
        ticket_id = ticket(tables, ada)
        data = update(api, agent, ticket_id, assignedTo=str(other.id)).json()["data"]
        assert (data["status"], data["assignedTo"], data["version"]) == ("ASSIGNED", str(other.id), 2)
        refused = update(api, agent, ticket_id, version=2, assignedTo=str(agent.id))
        assert (refused.status_code, code_of(refused)) == (409, "admin.case.taken")
        taken = update(api, agent, ticket_id, version=2, assignedTo=str(agent.id), takeOver=True).json()["data"]
        assert (taken["status"], taken["assignedTo"]) == ("ASSIGNED", str(agent.id))
        released = update(api, agent, ticket_id, version=3, assignedTo=None).json()["data"]
        assert (released["status"], released["assignedTo"], released["version"]) == ("OPEN", None, 4)
        first, *_, last = audited(tables, "admin.tickets.update")
        assert (first["before"]["assignedTo"], first["after"]["assignedTo"]) == (None, str(other.id))
        assert (last["before"]["status"], last["after"]["status"]) == ("ASSIGNED", "OPEN")
        assert topics(tables) == []

    @pytest.mark.parametrize("status", ["IN_PROGRESS", "WAITING_USER", "RESOLVED", "CLOSED"])
    def test_a_ticket_under_way_stays_where_it_is(
        self, api: Api, ada: UUID, tables: Tables, agent: Hired, status: str
    ) -> None:
        ticket_id = ticket(tables, ada, status)
        assert update(api, agent, ticket_id, assignedTo=str(agent.id)).json()["data"]["status"] == status
        assert update(api, agent, ticket_id, 2, assignedTo=None).json()["data"]["status"] == status

    def test_priority_and_category(self, api: Api, ada: UUID, tables: Tables, agent: Hired) -> None:
        ticket_id, category_id = ticket(tables, ada), str(category(tables, active=False))
        data = update(api, agent, ticket_id, priority="URGENT", categoryId=category_id).json()["data"]
        assert (data["priority"], data["categoryId"], data["status"]) == ("URGENT", category_id, "OPEN")
        assert update(api, agent, ticket_id, 2, categoryId=None).json()["data"]["categoryId"] is None

    def test_what_there_is_not(self, api: Api, server: Server, ada: UUID, tables: Tables, agent: Hired) -> None:
        ticket_id = ticket(tables, ada)
        unable = member(server, "AUDITOR")
        nobody = [{"assignedTo": str(user_id)} for user_id in (unable.id, ada, uuid4())]
        for fields in (*nobody, {"categoryId": str(uuid4())}):
            response = update(api, agent, ticket_id, 1, **fields)
            assert (response.status_code, code_of(response)) == (404, "admin.not_found")
        assert code_of(update(api, agent, uuid4(), priority="LOW")) == "admin.not_found"
        assert row_of(tables, ticket_id)["version"] == 1

    def test_nobody_overwrites_unseen(self, api: Api, ada: UUID, tables: Tables, agent: Hired) -> None:
        """A reply of the owner counts: nobody resolves what they did not read."""
        ticket_id = ticket(tables, ada, version=2)
        for response in (
            update(api, agent, ticket_id, priority="LOW"),
            move(api, agent, ticket_id, "RESOLVED"),
        ):
            assert (response.status_code, code_of(response)) == (412, "precondition.failed")
            assert response.headers["ETag"] == '"2"'

    def test_of_many_at_once_one_does(
        self, api: Api, server: Server, ada: UUID, tables: Tables, clients: Clients, agent: Hired
    ) -> None:
        ticket_id = ticket(tables, ada)
        apis = [clients(server) for _ in range(12)]
        acts = [
            lambda caller: update(caller, agent, ticket_id, assignedTo=str(agent.id)),
            lambda caller: move(caller, agent, ticket_id, "RESOLVED"),
            lambda caller: update(caller, agent, ticket_id, priority="LOW"),
        ]
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda n: acts[n % 3](apis[n]).status_code, range(12)))
        assert sorted(answers) == [200] + [412] * 11
        assert row_of(tables, ticket_id)["version"] == 2


class TestMove:
    @pytest.mark.parametrize(("before", "to"), EVERY_MOVE)
    def test_the_whole_map(self, api: Api, ada: UUID, tables: Tables, agent: Hired, before: str, to: str) -> None:
        ticket_id = ticket(tables, ada, before)
        former = row_of(tables, ticket_id)
        response = move(api, agent, ticket_id, to)
        row = row_of(tables, ticket_id)
        if to not in TRANSITIONS[before]:
            assert (response.status_code, code_of(response)) == (400, "admin.transition_invalid")
            assert response.json()["error"]["i18nVars"] == {"from": before, "to": to}
            assert row == former
            return
        assert (response.json()["data"]["status"], row["status"], row["version"]) == (to, to, 2)
        moments = {name: row[name] for name in ("resolved_at", "closed_at", "waiting_since")}
        assert moments == {
            "resolved_at": row["updated_at"] if to == "RESOLVED" else None if to == "OPEN" else former["resolved_at"],
            "closed_at": row["updated_at"] if to == "CLOSED" else None if to == "OPEN" else former["closed_at"],
            "waiting_since": (former["waiting_since"] or row["updated_at"]) if to in STAFFS_TURN else None,
        }
        assert row["assigned_to"] == (agent.id if to == "ASSIGNED" else None)
        assert topics(tables) == []

    def test_to_open_again_is_to_be_nobodys(self, api: Api, ada: UUID, tables: Tables, agent: Hired) -> None:
        ticket_id = ticket(tables, ada, "ASSIGNED", assigned_to=agent.id)
        assert move(api, agent, ticket_id, "OPEN").json()["data"]["assignedTo"] is None
        ended = ticket(tables, ada, "RESOLVED", assigned_to=agent.id)
        assert move(api, agent, ended, "OPEN").json()["data"]["assignedTo"] == str(agent.id)

    def test_the_reason_is_recorded(self, api: Api, ada: UUID, tables: Tables, agent: Hired) -> None:
        ticket_id = ticket(tables, ada)
        move(api, agent, ticket_id, "CLOSED", reason="Nothing but advertising.")
        (entry,) = audited(tables, "admin.tickets.move")
        assert (entry["target_id"], entry["reason"]) == (str(ticket_id), "Nothing but advertising.")
        assert (entry["before"]["status"], entry["after"]["status"]) == ("OPEN", "CLOSED")

    def test_that_of_somebody_else_is_refused(
        self, api: Api, ada: UUID, tables: Tables, agent: Hired, other: Hired
    ) -> None:
        ticket_id = ticket(tables, ada, "ASSIGNED", assigned_to=other.id)
        response = move(api, agent, ticket_id, "CLOSED")
        assert (response.status_code, code_of(response)) == (409, "admin.case.taken")
        assert code_of(move(api, agent, uuid4(), "CLOSED")) == "admin.not_found"


class TestChangeMany:
    def test_each_by_itself(self, api: Api, ada: UUID, tables: Tables, agent: Hired, other: Hired) -> None:
        open_, closed, reopened = (ticket(tables, ada, status) for status in ("OPEN", "CLOSED", "WAITING_USER"))
        theirs, unknown = ticket(tables, ada, assigned_to=other.id), uuid4()
        ids = (open_, closed, theirs, unknown, reopened)
        response = change_many(api, agent, *ids, to="CLOSED", reason="Advertising.")
        assert [(told["id"], told["outcome"], told["code"]) for told in response.json()["data"]["results"]] == [
            (str(open_), "DONE", None),
            (str(closed), "UNCHANGED", None),
            (str(theirs), "FAILED", "admin.case.taken"),
            (str(unknown), "FAILED", "admin.not_found"),
            (str(reopened), "DONE", None),
        ]
        assert [row_of(tables, ticket_id)["version"] for ticket_id in (open_, closed, theirs, reopened)] == [2, 1, 1, 2]
        *each, whole = audited(tables, "admin.tickets.change_many")
        assert [(entry["target_id"], entry["after"]["status"]) for entry in each] == [
            (str(open_), "CLOSED"), (str(reopened), "CLOSED"),
        ]  # fmt: skip
        assert {entry["reason"] for entry in (*each, whole)} == {"Advertising."}
        assert whole["after"] == {"DONE": 2, "UNCHANGED": 1, "FAILED": 2}
        assert topics(tables) == []

    def test_who_works_on_them(self, api: Api, ada: UUID, tables: Tables, agent: Hired, other: Hired) -> None:
        mine, theirs = ticket(tables, ada), ticket(tables, ada, "IN_PROGRESS", assigned_to=other.id)
        change_many(api, agent, mine, theirs, assignedTo=str(agent.id), takeOver=True)
        rows = [row_of(tables, ticket_id) for ticket_id in (mine, theirs)]
        assert [(row["assigned_to"], row["status"]) for row in rows] == [
            (agent.id, "ASSIGNED"), (agent.id, "IN_PROGRESS"),
        ]  # fmt: skip
        again = change_many(api, agent, mine, assignedTo=str(agent.id)).json()["data"]["results"]
        assert [told["outcome"] for told in again] == ["UNCHANGED"]
        assert change_many(api, agent, mine, assignedTo=None).status_code == 200
        assert row_of(tables, mine)["status"] == "OPEN"

    def test_both_and_neither(self, api: Api, ada: UUID, tables: Tables, agent: Hired, other: Hired) -> None:
        ended, waiting = ticket(tables, ada, "CLOSED"), ticket(tables, ada, "WAITING_USER")
        change_many(api, agent, ended, to="OPEN", assignedTo=str(other.id))
        row = row_of(tables, ended)
        assert (row["status"], row["assigned_to"], row["closed_at"]) == ("ASSIGNED", other.id, None)
        assert row["waiting_since"] == row["updated_at"]
        (told,) = change_many(api, agent, waiting).json()["data"]["results"]
        assert told["outcome"] == "UNCHANGED"

    def test_where_none_leads_there(self, api: Api, ada: UUID, tables: Tables, agent: Hired) -> None:
        ticket_id = ticket(tables, ada, "CLOSED")
        (told,) = change_many(api, agent, ticket_id, to="RESOLVED").json()["data"]["results"]
        assert (told["outcome"], told["code"]) == ("FAILED", "admin.transition_invalid")

    def test_bad_input(self, api: Api, ada: UUID, tables: Tables, agent: Hired) -> None:
        ticket_id = ticket(tables, ada)
        assert broken_rules(change_many(api, agent, to="CLOSED")) == {("ids", "minItems")}
        response = change_many(api, agent, ticket_id, assignedTo=str(ada))
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")
        assert row_of(tables, ticket_id)["version"] == 1


def categories(api: Api, caller: Hired) -> dict[str, Any]:
    data: dict[str, Any] = api.call("admin.tickets.list_categories", headers=caller.headers).json()["data"]
    return data


def replace(api: Api, caller: Hired, version: int, *items: dict[str, Any]) -> httpx.Response:
    headers = caller.headers | {"If-Match": f'"{version}"'}
    return api.call("admin.tickets.replace_categories", {"items": items}, headers=headers)


class TestListCategories:
    def test_in_their_order(self, api: Api, tables: Tables, agent: Hired) -> None:
        assert categories(api, agent) == {"items": [], "version": 0}
        later, first = category(tables, name="Later", sort_order=1), category(tables, priority="HIGH", active=False)
        data = categories(api, agent)
        assert [item["id"] for item in data["items"]] == [str(first), str(later)]
        assert data["items"][0] == {
            "id": str(first), "name": "Payouts", "description": None, "priority": "HIGH", "active": False,
        }  # fmt: skip


class TestReplaceCategories:
    def test_it_is_the_list(self, api: Api, tables: Tables, agent: Hired) -> None:
        made = replace(api, agent, 0, {"name": " <b>Payouts</b> ", "priority": "HIGH"}, {"name": "Sign-in"})
        data = made.json()["data"]
        assert made.headers["ETag"] == '"1"'
        assert [(item["name"], item["priority"], item["active"]) for item in data["items"]] == [
            ("Payouts", "HIGH", True), ("Sign-in", None, True),
        ]  # fmt: skip
        payouts, sign_in = (item["id"] for item in data["items"])
        items = [{"name": "New"}, {"id": payouts, "name": "Money", "description": "All of it.", "active": False}]
        after = replace(api, agent, 1, *items).json()["data"]
        assert after == categories(api, agent)
        assert [(item["name"], item["description"], item["active"]) for item in after["items"]] == [
            ("New", None, True), ("Money", "All of it.", False),
        ]  # fmt: skip
        assert payouts in [item["id"] for item in after["items"]]
        assert sign_in not in [item["id"] for item in after["items"]]
        _, entry = audited(tables, "admin.tickets.replace_categories")
        assert (entry["before"]["version"], entry["after"]["items"]) == (1, after["items"])
        assert replace(api, agent, 2).json()["data"] == {"items": [], "version": 3}

    def test_one_with_tickets_stays(self, api: Api, ada: UUID, tables: Tables, agent: Hired) -> None:
        category_id = category(tables)
        ticket(tables, ada, category_id=category_id)
        response = replace(api, agent, 0, {"name": "Another"})
        assert (response.status_code, code_of(response)) == (409, "admin.ticket_category.in_use")
        assert categories(api, agent)["version"] == 0
        assert replace(api, agent, 0, {"id": str(category_id), "name": "Old", "active": False}).status_code == 200

    def test_bad_input(self, api: Api, tables: Tables, agent: Hired) -> None:
        assert code_of(replace(api, agent, 0, {"id": str(uuid4()), "name": "x"})) == "admin.not_found"
        again = {"id": str(category(tables)), "name": "x"}
        twice = replace(api, agent, 0, again, again)
        assert (code_of(twice), broken_rules(twice)) == ("admin.entry_twice", {("items.1.id", "duplicate")})
        assert broken_rules(replace(api, agent, 0, {"name": " "})) == {("items.0.name", "minLength")}
        assert categories(api, agent)["version"] == 0

    def test_nobody_overwrites_unseen(self, api: Api, agent: Hired) -> None:
        replace(api, agent, 0, {"name": "First"})
        response = replace(api, agent, 0, {"name": "Second"})
        assert (response.status_code, code_of(response)) == (412, "precondition.failed")
        assert response.headers["ETag"] == '"1"'

    @pytest.mark.parametrize("version", [0, 1])
    def test_of_many_at_once_one_does(
        self, api: Api, server: Server, clients: Clients, agent: Hired, version: int
    ) -> None:
        for number in range(version):
            replace(api, agent, number)
        apis = [clients(server) for _ in range(12)]
        with ThreadPoolExecutor(12) as pool:
            answers = list(
                pool.map(lambda n: replace(apis[n], agent, version, {"name": f"N{n}"}).status_code, range(12))
            )
        assert sorted(answers) == [200] + [412] * 11
        assert len(categories(api, agent)["items"]) == 1
