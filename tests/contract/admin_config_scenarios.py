"""What staff leaves behind who changes config or throws a switch."""

from typing import Any

from domain.switches import REGISTRATION_ENABLED
from tests.contract.scenario import Act, Conditional, Scenario, as_staff
from tests.handlers.support import insert
from tests.harness import Api, Tables

KEY, REASON = "auth.lockout_threshold", "A test of what it leaves behind."
FIRST, SECOND = {"If-Match": '"0"'}, {"If-Match": '"1"'}
CHANGES = [{"key": KEY, "value": 8, "version": 0}]


def with_value(scenario: Scenario) -> Scenario:
    """Of a key that was changed before, for which the default holds no more."""

    def prepare(api: Api, tables: Tables) -> Act:
        api.server.configure(**{KEY: 8})
        return scenario(api, tables)

    return prepare


def earlier(tables: Tables) -> dict[str, Any]:
    columns = {"name": KEY, "version": 1, "source": "COMMAND"}
    change = insert(tables, "config_history", **columns)
    tables.run("UPDATE config_history SET after = '7' WHERE id = %s", change)
    return {"change": change}


def roll_back(api: Api, tables: Tables) -> Act:
    body = {"historyId": str(earlier(tables)["change"]), "reason": REASON}
    path = f"/admin/config/{KEY}/rollback"
    return as_staff("admin.config.rollback", body, path=path, headers=FIRST)(api, tables)


def _reset(version: dict[str, str]) -> Scenario:
    return as_staff("admin.config.reset", {"reason": REASON}, path=f"/admin/config/{KEY}/reset", headers=version)


SCENARIOS: dict[str, Scenario] = {
    "admin.config.list": as_staff("admin.config.list"),
    "admin.config.get": as_staff("admin.config.get", path=f"/admin/config/{KEY}"),
    "admin.config.set": as_staff(
        "admin.config.set", {"value": 8, "reason": REASON}, path=f"/admin/config/{KEY}", headers=FIRST
    ),
    "admin.config.reset": _reset(FIRST),
    "admin.config.change": as_staff("admin.config.change", {"changes": CHANGES, "reason": REASON}),
    "admin.config.history": with_value(as_staff("admin.config.history", path=f"/admin/config/{KEY}/history")),
    "admin.config.rollback": roll_back,
    "admin.switches.list": as_staff("admin.switches.list"),
    "admin.switches.set": as_staff(
        "admin.switches.set",
        {"on": False, "reason": REASON},
        path=f"/admin/switches/{REGISTRATION_ENABLED.name}",
        headers=FIRST,
    ),
}
CONDITIONAL: Conditional = {
    "admin.config.reset": [(with_value(_reset(SECOND)), {"config_entries", "config_history"})],
}
