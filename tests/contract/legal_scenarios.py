"""Legal texts, cookies and the contact form, for the test of side effects."""

from typing import Any

from tests.contract.scenario import Act, Scenario, as_staff
from tests.handlers.support import insert
from tests.harness import Api, Tables

CHOICE = {"analytics": True, "marketing": False, "functional": True}
WRITTEN = {"email": "ada@example.com", "subject": "Invoices", "message": "Where are they?"}


def visiting(operation_id: str, body: Any = None) -> Scenario:
    """Somebody without an account calls."""

    def prepare(api: Api, tables: Tables) -> Act:
        return lambda: api.call(operation_id, body)

    return prepare


def message(tables: Tables) -> dict[str, Any]:
    return {"id": insert(tables, "contact_messages", locale="en", **WRITTEN)}


SCENARIOS: dict[str, Scenario] = {
    "admin.support.contact_messages.list": as_staff("admin.support.contact_messages.list"),
    "admin.support.contact_messages.update": as_staff(
        "admin.support.contact_messages.update", {"state": "DONE"}, prepare=message, headers={"If-Match": '"1"'}
    ),
    "content.contact.submit": visiting("content.contact.submit", WRITTEN),
    "content.cookies.policy": visiting("content.cookies.policy"),
    "content.cookies.save": visiting("content.cookies.save", CHOICE),
    "content.cookies.status": visiting("content.cookies.status"),
    "legal.privacy": visiting("legal.privacy"),
    "legal.terms": visiting("legal.terms"),
}
