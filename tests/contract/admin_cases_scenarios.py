"""Cases of moderation, for the test of side effects."""

from typing import Any

from tests.contract.scenario import PAGES, Conditional, Scenario, as_staff, of_creators
from tests.creators import link, page_of
from tests.handlers.support import change, insert
from tests.harness import Tables

STATEMENT = {
    "facts": "The account shows pictures of somebody else.",
    "ground": "TERMS",
    "reference": "Terms of use, section 4.2",
    "explanation": "Nobody may pretend to be another person.",
}
REJECTED = {"type": "VISIBILITY_REMOVED", "statement": STATEMENT, "reason": "Confirmed by the person shown."}
SENT = {"email.statement_of_reasons"}


def case(tables: Tables) -> dict[str, Any]:
    owner = insert(tables, "users", email="mallory@example.com", username="mallory", bio="Pay me.")
    shown = {"username": "mallory", "displayName": None, "bio": "Pay me.", "avatarUrl": None}
    row = {"target_type": "USER", "target_id": owner, "user_id": owner, "origin": "NOTICE", "evidence": shown}
    case_id = insert(tables, "moderation_cases", **row, notices=1, category="SCAM")
    told = {"name": "Ada", "email": "ada@example.com", "locale": "en", "category": "SCAM"}
    insert(tables, "moderation_notices", case_id=case_id, **told, explanation="It takes money.")
    return {"id": case_id}


def of_link(tables: Tables, *, findable: bool = False) -> dict[str, Any]:
    made = case(tables)
    owner = tables.one("SELECT id FROM users WHERE username = 'mallory'")["id"]
    link_id = link(tables, page_of(tables, owner, published=findable))
    change(tables, "moderation_cases", made["id"], target_type="LINK", target_id=link_id)
    return made


def of_findable_link(tables: Tables) -> dict[str, Any]:
    return of_link(tables, findable=True)


def signed_in(tables: Tables) -> dict[str, Any]:
    """The owner has a session."""
    made = case(tables)
    owner = tables.one("SELECT id FROM users WHERE username = 'mallory'")["id"]
    insert(tables, "sessions", user_id=owner, last_active_at="2999-01-01", expires_at="2999-01-01")
    return made


SPAM = REJECTED | {"statement": STATEMENT | {"massSpam": True}}
SCENARIOS: dict[str, Scenario] = {
    "admin.cases.list": as_staff("admin.cases.list", prepare=case),
    "admin.cases.find": as_staff("admin.cases.find", prepare=case),
    "admin.cases.claim": as_staff("admin.cases.claim", prepare=case),
    "admin.cases.approve": as_staff("admin.cases.approve", {"note": "The pictures are the owner's own."}, prepare=case),
    "admin.cases.reject": as_staff("admin.cases.reject", SPAM, prepare=case),
}
CONDITIONAL: Conditional = {
    "admin.cases.reject": [
        (as_staff("admin.cases.reject", REJECTED, prepare=case), SENT),
        (of_creators(as_staff("admin.cases.reject", SPAM, prepare=case)), PAGES),
        (as_staff("admin.cases.reject", SPAM, prepare=of_link), {"bio_links", "bio_pages", "-users"}),
        (
            as_staff("admin.cases.reject", SPAM, prepare=of_findable_link),
            {"bio_links", "bio_pages", "creator_search", "-users"},
        ),
        (
            as_staff("admin.cases.reject", REJECTED | {"type": "ACCOUNT_BANNED"}, prepare=signed_in),
            SENT | {"bans", "sessions"},
        ),
    ]
}
