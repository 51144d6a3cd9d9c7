"""Themes, figures and templates of mails, for the test of side effects."""

from typing import Any

from tests.contract.scenario import Act, Conditional, Scenario, as_staff
from tests.handlers.support import insert
from tests.harness import Api, Tables

NEW = {"name": "Day", "slug": "day", "target": "CLIENT"}
SEEN = {"If-Match": '"1"'}


def draft(tables: Tables) -> dict[str, Any]:
    return {"id": insert(tables, "theme_presets", **NEW)}


def reading(operation_id: str, **options: Any) -> Scenario:
    return lambda api, tables: lambda: api.call(operation_id, **options)


def counted(api: Api, tables: Tables) -> Act:
    api.server.let_time_come("platform.count")
    return lambda: api.call("platform.stats")


def never_counted(api: Api, tables: Tables) -> Act:
    api.server.app.editions.forget()
    return lambda: api.call("platform.stats")


SCENARIOS: dict[str, Scenario] = {
    "platform.stats": counted,
    "themes.active": reading("themes.active", params={"target": "CLIENT"}),
    "themes.list": reading("themes.list"),
    "admin.themes.list": as_staff("admin.themes.list"),
    "admin.themes.add": as_staff("admin.themes.add", NEW),
    "admin.themes.find": as_staff("admin.themes.find", prepare=draft),
    "admin.themes.update": as_staff("admin.themes.update", {"name": "Night"}, prepare=draft, headers=SEEN),
    "admin.themes.change_state": as_staff(
        "admin.themes.change_state", {"to": "PUBLISHED"}, prepare=draft, headers=SEEN
    ),
    "admin.mail_templates.list": as_staff("admin.mail_templates.list"),
    "admin.mail_templates.preview": as_staff(
        "admin.mail_templates.preview", path="/admin/mail-templates/reset_password/preview"
    ),
}
CONDITIONAL: Conditional = {"platform.stats": [(never_counted, {"platform_stats"})]}
