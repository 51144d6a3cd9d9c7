"""Tickets, for the test of side effects."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from tests.contract.scenario import Act, Conditional, Scenario, as_staff
from tests.handlers.support import account, insert
from tests.harness import Api, Tables, bearer
from tests.tickets import ASKED, category, ticket

SEEN = {"If-Match": '"1"'}
UNSEEN = {"If-Match": '"0"'}


def asking(api: Api, tables: Tables) -> Act:
    account(api, tables)
    headers = bearer(api.sign_in())
    return lambda: api.call("support.create", ASKED, headers=headers)


def listing(api: Api, tables: Tables) -> Act:
    ticket(tables, account(api, tables))
    headers = bearer(api.sign_in())
    return lambda: api.call("support.list", headers=headers)


def about(verb: str, body: Any = None, status: str = "OPEN") -> Scenario:
    """The owner calls."""

    def prepare(api: Api, tables: Tables) -> Act:
        ticket_id = ticket(tables, account(api, tables), status)
        headers = bearer(api.sign_in())
        path = api.policy(f"support.{verb}").path.format(ticketId=ticket_id)
        return lambda: api.call(f"support.{verb}", body, path=path, headers=headers)

    return prepare


def _with(make: Callable[[Tables, UUID], Any]) -> Callable[[Tables], dict[str, Any]]:
    return lambda tables: {"id": make(tables, insert(tables, "users", email="ada@example.com"))}


def closing_many(api: Api, tables: Tables) -> Act:
    ticket_id = ticket(tables, insert(tables, "users", email="ada@example.com"))
    return as_staff("admin.tickets.change_many", {"ids": [str(ticket_id)], "to": "CLOSED"})(api, tables)


THERE = _with(ticket)
SCENARIOS: dict[str, Scenario] = {
    "support.create": asking,
    "support.list": listing,
    "support.find": about("find"),
    "support.reply": about("reply", {"content": "Thank you."}),
    "support.reopen": about("reopen", status="CLOSED"),
    "admin.tickets.list": as_staff("admin.tickets.list", prepare=THERE),
    "admin.tickets.find": as_staff("admin.tickets.find", prepare=THERE),
    "admin.tickets.reply": as_staff("admin.tickets.reply", {"content": "Tomorrow."}, prepare=THERE),
    "admin.tickets.note": as_staff("admin.tickets.note", {"content": "Called her."}, prepare=THERE),
    "admin.tickets.update": as_staff("admin.tickets.update", {"priority": "LOW"}, prepare=THERE, headers=SEEN),
    "admin.tickets.move": as_staff("admin.tickets.move", {"to": "CLOSED"}, prepare=THERE, headers=SEEN),
    "admin.tickets.change_many": closing_many,
    "admin.tickets.list_categories": as_staff("admin.tickets.list_categories"),
    "admin.tickets.replace_categories": as_staff("admin.tickets.replace_categories", {"items": []}, headers=UNSEEN),
}
CONDITIONAL: Conditional = {
    "admin.tickets.replace_categories": [
        (
            as_staff("admin.tickets.replace_categories", {"items": [{"name": "New"}]}, headers=UNSEEN),
            {"ticket_categories"},
        ),
        (
            as_staff(
                "admin.tickets.replace_categories",
                {"items": []},
                prepare=lambda tables: {"id": category(tables)},
                headers=UNSEEN,
            ),
            {"ticket_categories"},
        ),
    ],
}
