"""Tickets from their owners' side."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.handlers.conftest import Clients
from tests.handlers.gdpr.test_export import archive, built
from tests.handlers.support import account, audited, insert, somebody, topics
from tests.harness import Api, Server, Tables, bearer, broken_rules, code_of
from tests.staff import Hired, member
from tests.tickets import ASKED, answer, category, create, find, move, note, reopen, reply, row_of, seen, ticket

STATUSES = ("OPEN", "ASSIGNED", "IN_PROGRESS", "WAITING_USER", "WAITING_INTERNAL", "RESOLVED", "CLOSED")
DESK = "help@bio.re"


@pytest.fixture
def ada(api: Api, tables: Tables) -> UUID:
    return account(api, tables, display_name="Ada")


@pytest.fixture
def access(api: Api, ada: UUID) -> str:
    return api.sign_in()


@pytest.fixture
def agent(server: Server) -> Hired:
    return member(server, "SUPPORT", display_name="Grace")


def contents(response: httpx.Response) -> list[str]:
    return [message["content"] for message in response.json()["data"]["messages"]]


def listed(api: Api, access: str, **params: Any) -> dict[str, Any]:
    response = api.call("support.list", params=params, headers=bearer(access))
    assert response.status_code == 200, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


class TestCreate:
    def test_opens_a_ticket_with_its_first_message(self, api: Api, access: str, ada: UUID, tables: Tables) -> None:
        response = create(api, access, subject=" My <b>payout</b>\n &amp; more\u202e ", content=" It is <i>late</i>.\n")
        assert response.status_code == 201
        ticket_id = response.json()["data"]["ticketId"]
        row = row_of(tables, ticket_id)
        assert (row["user_id"], row["status"], row["priority"], row["version"]) == (ada, "OPEN", "MEDIUM", 1)
        assert row["subject"] == "My payout & more"
        assert row["waiting_since"] == row["updated_at"] == row["created_at"]
        (message,) = tables.rows("SELECT author_type, author_id, content FROM ticket_messages")
        assert message == {"author_type": "USER", "author_id": ada, "content": "It is late."}
        (entry,) = audited(tables, "support.ticket.created")
        assert (entry["actor_id"], entry["target_id"]) == (ada, ticket_id)

    @pytest.mark.parametrize(
        ("chosen", "usual", "priority"),
        [("LOW", "URGENT", "LOW"), (None, "URGENT", "URGENT"), ("HIGH", None, "HIGH"), (None, None, "MEDIUM")],
    )
    def test_the_priority(
        self, api: Api, access: str, tables: Tables, chosen: str | None, usual: str | None, priority: str
    ) -> None:
        category_id = category(tables, priority=usual)
        fields = {"categoryId": str(category_id)} | ({"priority": chosen} if chosen else {})
        created = row_of(tables, create(api, access, **fields).json()["data"]["ticketId"])
        assert (created["priority"], created["category_id"]) == (priority, category_id)

    def test_a_category_that_is_unknown_or_inactive(self, api: Api, access: str, tables: Tables) -> None:
        for category_id in (uuid4(), category(tables, active=False)):
            response = create(api, access, categoryId=str(category_id))
            assert (response.status_code, code_of(response)) == (404, "support.category.not_found")
        assert tables.count("tickets") == tables.count("ticket_messages") == 0

    def test_as_many_may_be_open(self, api: Api, server: Server, access: str, ada: UUID, tables: Tables) -> None:
        server.configure(**{"support.max_open_tickets": 2})
        for status in ("RESOLVED", "CLOSED", "WAITING_USER"):
            ticket(tables, ada, status)
        assert create(api, access).status_code == 201
        response = create(api, access)
        assert (response.status_code, code_of(response)) == (400, "support.ticket.too_many_open")
        assert response.json()["error"]["i18nVars"] == {"max": 2}

    def test_of_thirty_at_the_last_free_place_one_is_opened(
        self, api: Api, server: Server, access: str, ada: UUID, tables: Tables, clients: Clients
    ) -> None:
        server.configure(**{"support.max_open_tickets": 3, "ratelimit.enabled": False})
        for _ in range(2):
            ticket(tables, ada)
        callers = [clients(server) for _ in range(30)]
        with ThreadPoolExecutor(30) as pool:
            answers = list(pool.map(lambda caller: create(caller, access).status_code, callers))
        assert sorted(answers) == [201] + [400] * 29
        assert (tables.count("tickets"), tables.count("ticket_messages")) == (3, 3)

    def test_support_is_mailed(self, api: Api, server: Server, access: str) -> None:
        server.configure(**{"support.contact_email": DESK})
        ticket_id = create(api, access).json()["data"]["ticketId"]
        (mail,) = api.mails(DESK)
        assert mail["subject"] == "A new ticket arrived"
        assert ASKED["subject"] in mail["text"]
        assert ticket_id in mail["text"]
        assert ASKED["content"] not in mail["text"]

    def test_without_an_address_nobody_is(self, api: Api, access: str, tables: Tables) -> None:
        create(api, access)
        assert topics(tables) == ["email.ticket_created"]
        api.server.work_off()
        assert tables.count("mailbox_messages") == 0

    @pytest.mark.parametrize(
        ("field", "value", "rule"),
        [
            ("subject", "<b>ab</b>", "minLength"),
            ("subject", "a" * 201, "maxLength"),
            ("content", "too short", "minLength"),
            ("content", "a" * 5001, "maxLength"),
            ("categoryId", "7", "format"),
            ("priority", "SOON", "enum"),
        ],
    )
    def test_a_field_outside_its_rules_is_refused(
        self, api: Api, access: str, tables: Tables, field: str, value: str, rule: str
    ) -> None:
        assert broken_rules(create(api, access, **{field: value})) == {(field, rule)}
        assert tables.count("tickets") == 0

    def test_an_account_that_is_gone_is_not_found(self, api: Api, access: str, tables: Tables) -> None:
        tables.run("DELETE FROM users")
        response = create(api, access)
        assert (response.status_code, code_of(response)) == (404, "error.user.not_found")


class TestList:
    def test_the_one_that_changed_last_first(self, api: Api, access: str, ada: UUID, tables: Tables) -> None:
        first, second = (ticket(tables, ada, updated_at=f"2026-01-0{day}") for day in (1, 2))
        ticket(tables, account(api, tables, "eve@example.com"))
        data = listed(api, access)
        assert [item["id"] for item in data["items"]] == [str(second), str(first)]
        assert {name: data[name] for name in ("total", "page", "limit", "totalPages")} == {
            "total": 2, "page": 1, "limit": 20, "totalPages": 1,
        }  # fmt: skip
        reply(api, access, first)
        assert [item["id"] for item in listed(api, access)["items"]] == [str(first), str(second)]

    def test_pages(self, api: Api, access: str, ada: UUID, tables: Tables) -> None:
        ids = [str(ticket(tables, ada, updated_at=f"2026-01-0{day}")) for day in range(5, 0, -1)]
        pages = [listed(api, access, page=page, limit=2) for page in (1, 2, 3, 4)]
        assert [[item["id"] for item in page["items"]] for page in pages] == [ids[:2], ids[2:4], ids[4:], []]
        assert {(page["total"], page["totalPages"]) for page in pages} == {(5, 3)}
        clamped = listed(api, access, page=0, limit=1000)
        assert (clamped["page"], clamped["limit"], len(clamped["items"])) == (1, 100, 5)

    def test_of_one_status(self, api: Api, access: str, ada: UUID, tables: Tables) -> None:
        ids = {status: str(ticket(tables, ada, status)) for status in STATUSES}
        for status, ticket_id in ids.items():
            data = listed(api, access, status=status)
            assert ([item["id"] for item in data["items"]], data["total"]) == ([ticket_id], 1)
        response = api.call("support.list", params={"status": "LOST"}, headers=bearer(access))
        assert broken_rules(response) == {("status", "enum")}


class TestFind:
    def test_with_its_messages_and_without_notes(
        self, api: Api, access: str, ada: UUID, tables: Tables, agent: Hired
    ) -> None:
        ticket_id = ticket(tables, ada, category_id=category(tables))
        note(api, agent, ticket_id, "Probably a liar.")
        answer(api, agent, ticket_id, "Tomorrow.")
        reply(api, access, ticket_id, "Thank you.")
        response = find(api, access, ticket_id)
        data = response.json()["data"]
        assert contents(response) == [ASKED["content"], "Tomorrow.", "Thank you."]
        assert [(told["authorType"], told["authorName"]) for told in data["messages"]] == [
            ("USER", "Ada"), ("AGENT", "Grace"), ("USER", "Ada"),
        ]  # fmt: skip
        assert data["category"] == {"id": data["categoryId"], "name": "Payouts"}
        assert (data["status"], data["assignedTo"]) == ("IN_PROGRESS", str(agent.id))
        assert "liar" not in response.text
        assert "internal" not in response.text.lower()

    def test_of_very_many_messages_the_newest(self, api: Api, access: str, ada: UUID, tables: Tables) -> None:
        ticket_id = ticket(tables, ada)
        tables.run(
            "INSERT INTO ticket_messages (id, ticket_id, author_type, content, created_at) "
            "SELECT gen_random_uuid(), %s, 'USER', n, now() + n * interval '1 s' FROM generate_series(1, 500) n",
            ticket_id,
        )
        assert contents(find(api, access, ticket_id)) == [str(number) for number in range(1, 501)]

    def test_that_of_somebody_else_is_like_none(self, api: Api, server: Server, ada: UUID, tables: Tables) -> None:
        stranger = somebody(server)
        foreign, missing = (find(api, stranger, ticket_id) for ticket_id in (ticket(tables, ada), uuid4()))
        assert (foreign.status_code, code_of(foreign)) == (404, "support.ticket.not_found")
        told, same = (answered.json()["error"] | {"correlationId": ""} for answered in (foreign, missing))
        assert told == same


class TestReply:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("OPEN", "OPEN"),
            ("ASSIGNED", "ASSIGNED"),
            ("IN_PROGRESS", "IN_PROGRESS"),
            ("WAITING_INTERNAL", "WAITING_INTERNAL"),
            ("WAITING_USER", "IN_PROGRESS"),
            ("RESOLVED", "OPEN"),
        ],
    )
    def test_where_it_leads(self, api: Api, access: str, ada: UUID, tables: Tables, before: str, after: str) -> None:
        ticket_id = ticket(tables, ada, before)
        former = row_of(tables, ticket_id)
        assert reply(api, access, ticket_id, " <b>Thank</b> you. ").json()["data"] is None
        row = row_of(tables, ticket_id)
        assert (row["status"], row["resolved_at"], row["version"]) == (after, None, 2)
        assert row["updated_at"] > former["updated_at"]
        assert row["waiting_since"] == (former["waiting_since"] or row["updated_at"])
        newest = tables.one("SELECT * FROM ticket_messages ORDER BY created_at DESC LIMIT 1")
        assert (newest["author_type"], newest["author_id"], newest["content"]) == ("USER", ada, "Thank you.")

    def test_a_closed_one_takes_none(self, api: Api, access: str, ada: UUID, tables: Tables) -> None:
        ticket_id = ticket(tables, ada, "CLOSED")
        response = reply(api, access, ticket_id)
        assert (response.status_code, code_of(response)) == (400, "support.ticket.closed")
        assert tables.count("ticket_messages") == 1
        reopen(api, access, ticket_id)
        assert reply(api, access, ticket_id).status_code == 200

    def test_whose_it_is_comes_first(self, api: Api, server: Server, ada: UUID, tables: Tables) -> None:
        stranger, ticket_id = somebody(server), ticket(tables, ada, "CLOSED")
        missing, foreign = reply(api, stranger, uuid4()), reply(api, stranger, ticket_id)
        assert (missing.status_code, code_of(missing)) == (404, "support.ticket.not_found")
        assert (foreign.status_code, code_of(foreign)) == (403, "support.ticket.not_owner")
        assert tables.count("ticket_messages") == 1

    def test_nobody_makes_it_an_internal_note(self, api: Api, access: str, ada: UUID, tables: Tables) -> None:
        ticket_id = ticket(tables, ada)
        assert reply(api, access, ticket_id, isInternal=True).status_code == 200
        assert contents(find(api, access, ticket_id)) == [ASKED["content"], "Thank you."]
        assert tables.count("ticket_notes") == 0

    def test_the_assignee_is_mailed(self, api: Api, server: Server, access: str, ada: UUID, tables: Tables) -> None:
        server.configure(**{"support.contact_email": DESK})
        agent = member(server, "SUPPORT", locale="de")
        ticket_id = ticket(tables, ada, assigned_to=agent.id)
        reply(api, access, ticket_id, "A secret.")
        (mail,) = api.mails(agent.email)
        assert mail["subject"] == "Ein Ticket hat eine neue Antwort"
        assert str(ticket_id) in mail["text"]
        assert "A secret" not in mail["text"]
        assert api.mails(DESK) == []

    def test_of_nobodys_ticket_support_is(
        self, api: Api, server: Server, access: str, ada: UUID, tables: Tables
    ) -> None:
        server.configure(**{"support.contact_email": DESK})
        reply(api, access, ticket(tables, ada))
        (mail,) = api.mails(DESK)
        assert mail["subject"] == "A ticket has a new reply"

    def test_who_left_the_staff_is_told_nothing(
        self, api: Api, server: Server, access: str, ada: UUID, tables: Tables, agent: Hired
    ) -> None:
        server.configure(**{"support.contact_email": DESK})
        reply(api, access, ticket(tables, ada, assigned_to=agent.id))
        tables.run("DELETE FROM staff_roles")
        assert api.mails(agent.email) == []
        assert len(api.mails(DESK)) == 1

    def test_a_mail_of_a_ticket_that_is_gone_is_not_sent(
        self, api: Api, server: Server, access: str, ada: UUID, tables: Tables
    ) -> None:
        server.configure(**{"support.contact_email": DESK})
        create(api, access)
        reply(api, access, ticket(tables, ada))
        tables.run("DELETE FROM tickets")
        assert api.mails(DESK) == []

    def test_of_many_at_once_none_is_lost(
        self, api: Api, server: Server, access: str, ada: UUID, tables: Tables, clients: Clients, agent: Hired
    ) -> None:
        """While support answers, moves and closes: what was taken is there, and nothing is said to a closed one."""
        server.configure(**{"ratelimit.enabled": False})
        ticket_id = ticket(tables, ada)
        apis = [clients(server) for _ in range(16)]

        def act(number: int) -> int:
            if number % 4 == 0:
                return answer(apis[number], agent, ticket_id).status_code
            if number == 7:
                version = row_of(tables, ticket_id)["version"]
                return move(apis[number], agent, ticket_id, "CLOSED", version).status_code
            return reply(apis[number], access, ticket_id).status_code

        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(act, range(16)))
        taken = sum(status in (200, 201) for number, status in enumerate(answers) if number != 7)
        assert set(answers) <= {200, 201, 400, 412}
        assert tables.count("ticket_messages") == 1 + taken
        row = row_of(tables, ticket_id)
        assert row["version"] == 1 + taken + (answers[7] == 200)
        assert (row["status"] == "CLOSED") is (row["closed_at"] is not None)


class TestReopen:
    @pytest.mark.parametrize("status", STATUSES)
    def test_what_is_resolved_or_closed(
        self, api: Api, access: str, ada: UUID, tables: Tables, agent: Hired, status: str
    ) -> None:
        ticket_id = ticket(tables, ada, status, assigned_to=agent.id)
        response = reopen(api, access, ticket_id)
        row = row_of(tables, ticket_id)
        if status in ("RESOLVED", "CLOSED"):
            assert response.json()["data"] is None
            assert (row["status"], row["resolved_at"], row["closed_at"], row["version"]) == ("OPEN", None, None, 2)
            assert row["waiting_since"] == row["updated_at"]
            assert row["assigned_to"] == agent.id
            (entry,) = audited(tables, "support.ticket.reopened")
            assert (entry["actor_id"], entry["target_id"]) == (ada, str(ticket_id))
            assert topics(tables) == []
        else:
            assert (response.status_code, code_of(response)) == (400, "support.ticket.invalid_transition")
            assert response.json()["error"]["i18nVars"] == {"status": status}
            assert (row["status"], row["version"]) == (status, 1)

    def test_the_status_comes_before_the_owner(self, api: Api, server: Server, ada: UUID, tables: Tables) -> None:
        stranger = somebody(server)
        answers = [
            reopen(api, stranger, made) for made in (uuid4(), ticket(tables, ada), ticket(tables, ada, "CLOSED"))
        ]
        assert [(told.status_code, code_of(told)) for told in answers] == [
            (404, "support.ticket.not_found"),
            (400, "support.ticket.invalid_transition"),
            (403, "support.ticket.not_owner"),
        ]

    def test_of_many_at_once_one_does(
        self, api: Api, server: Server, access: str, ada: UUID, tables: Tables, clients: Clients
    ) -> None:
        server.configure(**{"ratelimit.enabled": False})
        ticket_id = ticket(tables, ada, "CLOSED")
        callers = [clients(server) for _ in range(12)]
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda caller: reopen(caller, access, ticket_id), callers))
        assert sorted(answered.status_code for answered in answers) == [200] + [400] * 11
        assert len(audited(tables, "support.ticket.reopened")) == 1
        assert row_of(tables, ticket_id)["version"] == 2


class TestSweep:
    def test_what_was_resolved_long_ago_is_closed(self, server: Server, ada: UUID, tables: Tables) -> None:
        now = datetime.now(UTC)
        ids = [ticket(tables, ada, "RESOLVED", resolved_at=now - timedelta(days=days)) for days in (15, 13)]
        ids += [ticket(tables, ada, "WAITING_USER", updated_at=now - timedelta(days=90))]
        server.let_time_come("support.sweep")
        rows = [row_of(tables, ticket_id) for ticket_id in ids]
        assert [row["status"] for row in rows] == ["CLOSED", "RESOLVED", "WAITING_USER"]
        assert [row["version"] for row in rows] == [2, 1, 1]
        assert rows[0]["closed_at"] == rows[0]["updated_at"] > now - timedelta(minutes=1)

    def test_however_many_there_are(self, server: Server, ada: UUID, tables: Tables) -> None:
        tables.run(
            "INSERT INTO tickets (id, user_id, subject, priority, status, resolved_at) "
            "SELECT gen_random_uuid(), %s, 'x', 'LOW', 'RESOLVED', '2026-01-01' FROM generate_series(1, 2001)",
            ada,
        )
        server.let_time_come("support.sweep")
        assert tables.rows("SELECT DISTINCT status FROM tickets") == [{"status": "CLOSED"}]


class TestPersonalData:
    def test_an_archive_has_texts_and_notes_and_no_names_of_staff(
        self, api: Api, server: Server, access: str, ada: UUID, tables: Tables, agent: Hired
    ) -> None:
        ticket_id = create(api, access).json()["data"]["ticketId"]
        answer(api, agent, ticket_id, "Tomorrow.")
        note(api, agent, ticket_id, "Called her.")
        other = ticket(tables, account(api, tables, "eve@example.com"))
        insert(tables, "ticket_notes", ticket_id=other, author_id=agent.id, content="About Eve.")
        files = archive(api.get(built(api, server, bearer(access))))
        assert [row["subject"] for row in files["tickets.json"]] == [ASKED["subject"]]
        assert {row["content"] for row in files["ticket_messages.json"]} == {ASKED["content"], "Tomorrow."}
        assert [row["content"] for row in files["ticket_notes.json"]] == ["Called her."]
        told = [files[f"{name}.json"] for name in ("tickets", "ticket_messages", "ticket_notes")]
        assert str(agent.id) not in str(told)


class TestAWalk:
    """From the first question to the last word, as a fan and support take it."""

    def test_open_answer_resolve_reopen(self, api: Api, access: str, agent: Hired) -> None:
        ticket_id = create(api, access).json()["data"]["ticketId"]
        assert listed(api, access, status="OPEN")["items"][0]["id"] == ticket_id
        assert answer(api, agent, ticket_id, "Which bank?").status_code == 201
        newest, *_ = api.mails("ada@example.com")
        assert newest["subject"] == "Our support replied to you"
        assert "Which bank?" not in newest["text"]
        assert find(api, access, ticket_id).json()["data"]["status"] == "WAITING_USER"
        assert reply(api, access, ticket_id, "The usual one.").status_code == 200
        version = seen(api, agent, ticket_id).json()["data"]["version"]
        assert move(api, agent, ticket_id, "RESOLVED", version).status_code == 200
        assert reply(api, access, ticket_id, "It is not!").status_code == 200
        after = seen(api, agent, ticket_id)
        assert (after.json()["data"]["status"], after.json()["data"]["resolvedAt"]) == ("OPEN", None)
        assert move(api, agent, ticket_id, "CLOSED", after.json()["data"]["version"]).status_code == 200
        assert code_of(reply(api, access, ticket_id)) == "support.ticket.closed"
        assert reopen(api, access, ticket_id).status_code == 200
        response = find(api, access, ticket_id)
        assert response.json()["data"]["status"] == "OPEN"
        assert contents(response) == [ASKED["content"], "Which bank?", "The usual one.", "It is not!"]
