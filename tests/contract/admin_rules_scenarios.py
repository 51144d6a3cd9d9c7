"""Rules of moderation, for the test of side effects."""

from typing import Any
from uuid import uuid4

from tests.contract.scenario import Act, Conditional, Scenario, as_staff, calling
from tests.handlers.support import insert
from tests.harness import Api, Tables
from tests.moderation import ruled

NEW = {"kind": "TERM", "pattern": "scam", "match": "WORD", "scopes": ["bio"], "action": "FLAG"}
RULE = NEW | {"folded": "scam"}
RESERVED = "reserved_usernames"
FLAGGED = {"moderation_cases"}


def rule(tables: Tables) -> dict[str, Any]:
    return {"id": insert(tables, "moderation_rules", **RULE)}


def reserved(tables: Tables) -> dict[str, Any]:
    """The table is not emptied, so each has another name."""
    return {"id": insert(tables, RESERVED, username=f"scenario-{uuid4().hex}")}


def reserving(api: Api, tables: Tables) -> Act:
    name = {"kind": "USERNAME", "pattern": f"scenario-{uuid4().hex}", "match": "EXACT", "scopes": ["username"]}
    return as_staff("admin.rules.add", {"rules": [name | {"action": "BLOCK"}]})(api, tables)


def freeing(api: Api, tables: Tables) -> Act:
    """A reserved name becomes one that is looked at."""
    return as_staff("admin.rules.update", {"action": "FLAG"}, prepare=reserved, headers=SEEN)(api, tables)


def with_rule(scenario: Scenario) -> Scenario:
    """A rule flags texts of accounts."""
    return _ruled(scenario)


def rule_for(scope: str, scenario: Scenario) -> Scenario:
    """A rule flags texts of the scope."""
    return _ruled(scenario, scopes=[scope])


def _ruled(scenario: Scenario, **columns: Any) -> Scenario:
    def prepare(api: Api, tables: Tables) -> Act:
        ruled(api.server, "scam", **columns)
        return scenario(api, tables)

    return prepare


def register(api: Api, tables: Tables) -> Act:
    return lambda: api.register(displayName="Scam")


SEEN = {"If-Match": '"1"'}
NOTHING = {"action": "BLOCK"}
SCENARIOS: dict[str, Scenario] = {
    "admin.rules.add": as_staff("admin.rules.add", {"rules": [NEW]}),
    "admin.rules.update": as_staff("admin.rules.update", NOTHING, prepare=rule, headers=SEEN),
    "admin.rules.remove": as_staff("admin.rules.remove", prepare=rule),
    "admin.rules.list": as_staff("admin.rules.list"),
    "admin.rules.test": as_staff("admin.rules.test", {"text": "scam", "scope": "bio"}),
}
CONDITIONAL: Conditional = {
    "admin.rules.add": [(reserving, {RESERVED})],
    "admin.rules.update": [(freeing, {RESERVED})],
    "admin.rules.remove": [(as_staff("admin.rules.remove", prepare=reserved), {RESERVED})],
}
WRITTEN: Conditional = {
    "auth.register": [(with_rule(register), FLAGGED)],
    "users.update_profile": [(with_rule(calling("users.update_profile", {"bio": "scam"})), FLAGGED)],
    "users.usernames.change": [(with_rule(calling("users.usernames.change", {"username": "scam"})), FLAGGED)],
}
"""Operations that write texts, which a rule flags."""
