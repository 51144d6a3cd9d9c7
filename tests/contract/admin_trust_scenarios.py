"""What staff leaves behind that shuts people out, lets them in again, and decides on appeals."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from tests.contract.scenario import PAGES, Act, Conditional, Scenario, as_staff, of_creators, with_proofs_open
from tests.creators import link, page_of
from tests.handlers.support import change, insert
from tests.harness import Tables
from tests.restrictions import TOLD, excluded, restriction
from tests.staff import member

REASON = "A test of what it leaves behind."
STATEMENTS, APPEALS = "/admin/moderation/statements", "/admin/appeals"
EXCLUSION = {"statements_of_reasons", "bans"}
LINKS = {"bio_links", "bio_pages"}
GIVEN_BACK = {"statements_of_reasons", "email.restriction_ended"}
PENDING = {"sessions", "challenges", "email_changes"}


def somebody(tables: Tables, **columns: Any) -> UUID:
    row = {"email": f"{uuid4().hex}@example.com", "email_verified": True, "locale": "en"}
    user_id = insert(tables, "users", **(row | columns))
    insert(tables, "sessions", user_id=user_id, last_active_at=datetime.now(UTC), expires_at="2999-01-01")
    return user_id


def changing(status: str, prepare: Callable[[Tables], UUID], version: int = 1) -> Scenario:
    body: dict[str, Any] = {"status": status, "reason": REASON}
    body |= {} if status == "ACTIVE" else {"statement": TOLD}
    return as_staff(
        "admin.user_status.change",
        body,
        path="/admin/users/{id}/status",
        prepare=lambda tables: {"id": prepare(tables)},
        headers={"If-Match": f'"{version}"'},
    )


def changing_many(status: str, prepare: Callable[[Tables], UUID]) -> Scenario:
    """One account, whose id the body must have."""

    def scenario(api: Any, tables: Tables) -> Act:
        body: dict[str, Any] = {"ids": [str(prepare(tables))], "status": status, "reason": REASON}
        body |= {} if status == "ACTIVE" else {"statement": TOLD}
        headers = member(api.server, "OWNER").headers
        return lambda: api.call("admin.user_status.change_many", body, headers=headers)

    return scenario


def shut_out(tables: Tables) -> UUID:
    user_id = somebody(tables)
    excluded(tables, user_id)
    return user_id


def adding(kind: str) -> Scenario:
    """Of somebody whose id the body must have, so that the member of the staff comes after."""

    def prepare(api: Any, tables: Tables) -> Act:
        body = {"userId": str(somebody(tables, bio="of numbers")), "type": kind, "statement": TOLD, "reason": REASON}
        headers = member(api.server, "OWNER").headers
        return lambda: api.call("admin.statements.add", body, headers=headers)

    return prepare


def lifting(make: Callable[[Tables], UUID]) -> Scenario:
    body, path = {"reason": REASON}, STATEMENTS + "/{id}/lift"
    return as_staff("admin.statements.lift", body, path=path, prepare=lambda tables: {"id": make(tables)})


def profile_taken(tables: Tables) -> UUID:
    before, after = {"bio": "of numbers"}, {"bio": None}
    return restriction(tables, somebody(tables), type="VISIBILITY_REMOVED", before=before, after=after)


def name_taken(tables: Tables) -> UUID:
    before, after = {"username": "ada"}, {"username": "user-1"}
    user_id = somebody(tables, username="user-1")
    return restriction(tables, user_id, type="VISIBILITY_REMOVED", target_type="USERNAME", before=before, after=after)


def link_taken(tables: Tables, user_id: UUID, *, findable: bool = False) -> UUID:
    link_id = link(tables, page_of(tables, user_id, published=findable))
    statement = restriction(tables, user_id, type="VISIBILITY_REMOVED", target_type="LINK", target_id=str(link_id))
    change(tables, "bio_links", link_id, statement_id=statement)
    return statement


def findable_link_taken(tables: Tables, user_id: UUID) -> UUID:
    return link_taken(tables, user_id, findable=True)


def creator(tables: Tables) -> UUID:
    return somebody(tables, username="mallory")


def appealed(
    tables: Tables, statement: Callable[[Tables, UUID], UUID] | None = None, **columns: Any
) -> Mapping[str, Any]:
    user_id = creator(tables)
    against = statement(tables, user_id) if statement else None
    row = {"type": "ban", "reason": "It was not me.", "status": "PENDING", "statement_id": against}
    return {"id": insert(tables, "appeals", user_id=user_id, **(row | columns))}


def deciding(outcome: str, statement: Callable[[Tables, UUID], UUID] | None = None) -> Scenario:
    """Of an appeal that the caller has claimed."""

    def prepare(api: Any, tables: Tables) -> Act:
        caller = member(api.server, "OWNER")
        found = appealed(tables, statement)["id"]
        change(tables, "appeals", found, status="UNDER_REVIEW", assignee=caller.id)
        body = {"outcome": outcome, "explanation": "It was another account."}
        body |= {"until": "2999-01-01T00:00:00Z"} if outcome == "PARTLY" else {}
        path = f"{APPEALS}/{found}/decide"
        return lambda: api.call("admin.appeals.decide", body, path=path, headers=caller.headers)

    return prepare


def of_statement(tables: Tables) -> Mapping[str, Any]:
    return {"id": restriction(tables, somebody(tables))}


SCENARIOS: dict[str, Scenario] = {
    "admin.user_status.change": changing("ACTIVE", lambda tables: somebody(tables, status="BANNED")),
    "admin.user_status.change_many": changing_many("ACTIVE", lambda tables: somebody(tables, status="BANNED")),
    "admin.statements.list": as_staff("admin.statements.list"),
    "admin.statements.find": as_staff("admin.statements.find", path=STATEMENTS + "/{id}", prepare=of_statement),
    "admin.statements.add": adding("VISIBILITY_REMOVED"),
    "admin.statements.lift": lifting(profile_taken),
    "admin.appeals.list": as_staff("admin.appeals.list"),
    "admin.appeals.find": as_staff("admin.appeals.find", path=APPEALS + "/{id}", prepare=appealed),
    "admin.appeals.claim": as_staff("admin.appeals.claim", path=APPEALS + "/{id}/claim", prepare=appealed),
    "admin.appeals.decide": deciding("DENIED"),
}
CONDITIONAL: Conditional = {
    "admin.user_status.change": [
        (changing("BANNED", somebody), EXCLUSION | {"sessions", "email.statement_of_reasons"}),
        (with_proofs_open(changing("BANNED", somebody)), EXCLUSION | PENDING | {"email.statement_of_reasons"}),
        (of_creators(changing("BANNED", somebody)), EXCLUSION | {"email.statement_of_reasons"} | PAGES),
        (of_creators(changing("ACTIVE", shut_out)), EXCLUSION | {"email.restriction_ended"} | PAGES),
        (changing("ACTIVE", shut_out), EXCLUSION | {"email.restriction_ended"}),
    ],
    "admin.user_status.change_many": [
        (changing_many("BANNED", somebody), EXCLUSION | {"sessions", "email.statement_of_reasons"}),
        (with_proofs_open(changing_many("BANNED", somebody)), EXCLUSION | PENDING | {"email.statement_of_reasons"}),
        (of_creators(changing_many("BANNED", somebody)), EXCLUSION | {"email.statement_of_reasons"} | PAGES),
        (changing_many("ACTIVE", shut_out), EXCLUSION | {"email.restriction_ended"}),
    ],
    "admin.statements.add": [
        (of_creators(adding("VISIBILITY_REMOVED")), PAGES),
        (of_creators(adding("ACCOUNT_BANNED")), {"bans"} | PAGES),
        (adding("ACCOUNT_BANNED"), {"bans", "sessions"}),
        (with_proofs_open(adding("ACCOUNT_BANNED")), {"bans"} | PENDING),
    ],
    "admin.statements.lift": [
        (of_creators(lifting(profile_taken)), PAGES),
        (of_creators(lifting(name_taken)), {"username_history"} | PAGES),
        (lifting(lambda tables: excluded(tables, somebody(tables))), {"bans"}),
        (lifting(name_taken), {"username_history"}),
        (lifting(lambda tables: link_taken(tables, creator(tables))), LINKS | {"-users"}),
        (
            lifting(lambda tables: findable_link_taken(tables, creator(tables))),
            LINKS | {"creator_search", "-users"},
        ),
    ],
    "admin.appeals.decide": [
        (deciding("PARTLY", lambda tables, user_id: restriction(tables, user_id)), {"statements_of_reasons"}),
        (of_creators(deciding("GRANTED", excluded)), EXCLUSION | {"users", "email.restriction_ended"} | PAGES),
        (deciding("GRANTED", excluded), EXCLUSION | {"users", "email.restriction_ended"}),
        (deciding("GRANTED", link_taken), LINKS | GIVEN_BACK),
        (
            deciding("GRANTED", findable_link_taken),
            LINKS | GIVEN_BACK | {"creator_search"},
        ),
    ],
}
