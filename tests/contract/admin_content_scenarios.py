"""Texts for everybody, for the test of side effects."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.contract.scenario import Conditional, Scenario, as_staff
from tests.handlers.support import insert
from tests.harness import Tables
from tests.texts import PAGE, category, shown, text

SEEN = {"If-Match": '"1"'}
ENTRY = "/admin/content/page/{id}"


def draft(tables: Tables) -> Mapping[str, Any]:
    return {"id": text(tables)}


def live(tables: Tables) -> Mapping[str, Any]:
    entry_id = text(tables)
    shown(tables, entry_id)
    return {"id": entry_id}


def categories(tables: Tables) -> Mapping[str, Any]:
    category(tables)
    return {}


def on_text(
    name: str,
    body: Any = None,
    *,
    way: str = "",
    prepare: Callable[[Tables], Mapping[str, Any]] = draft,
    **options: Any,
) -> Scenario:
    return as_staff(f"admin.{name}", body, path=ENTRY + way, prepare=prepare, **options)


def version(tables: Tables) -> Mapping[str, Any]:
    return {"id": text(tables, "legal", slug="terms")}


def scheduled_version(tables: Tables) -> Mapping[str, Any]:
    entry_id = text(tables, "legal", slug="terms")
    told = {"slug": "terms", "label": "2.0", "requires_consent": True, "summary": "Shorter."}
    shown(tables, entry_id, "legal", shown_from=TOMORROW, **told)
    insert(tables, "legal_versions", effective_at=TOMORROW, **told)
    return {"id": entry_id}


TOMORROW = datetime.now(UTC) + timedelta(days=1)
LEGAL = "/admin/content/legal/{id}"
VERSION = {"requiresConsent": True, "summary": "Shorter.", "reason": "The lawyers said so."}
CATEGORIES = {"items": [{"slug": "tips", "locale": "en", "name": "Tips", "active": True}]}
BLOG = "/admin/content/categories/blog"
SCENARIOS: dict[str, Scenario] = {
    "admin.content.texts.create": as_staff("admin.content.texts.create", PAGE, path="/admin/content/page"),
    "admin.content.texts.get": on_text("content.texts.get", prepare=live),
    "admin.content.texts.list": as_staff("admin.content.texts.list", path="/admin/content/page", prepare=live),
    "admin.content.texts.preview": on_text("content.texts.preview", {"revision": 1, "minutes": 5}, way="/preview"),
    "admin.content.texts.publish": on_text("content.texts.publish", {"revision": 1}, way="/publish", headers=SEEN),
    "admin.content.texts.remove": on_text("content.texts.remove", headers=SEEN),
    "admin.content.texts.restore": on_text("content.texts.restore", {"revision": 1}, way="/restore", headers=SEEN),
    "admin.content.texts.unpublish": on_text(
        "content.texts.unpublish", {}, way="/unpublish", prepare=live, headers=SEEN
    ),
    "admin.content.texts.update": on_text("content.texts.update", {"kind": "page", "title": "Us"}, headers=SEEN),
    "admin.content.categories.get": as_staff("admin.content.categories.get", path=BLOG, prepare=categories),
    "admin.content.categories.set": as_staff(
        "admin.content.categories.set", CATEGORIES, path=BLOG, headers={"If-Match": '"0"'}
    ),
    "admin.content.revisions.get": on_text("content.revisions.get", way="/revisions/1"),
    "admin.content.revisions.list": on_text("content.revisions.list", way="/revisions"),
}
CONDITIONAL: Conditional = {
    "admin.content.texts.publish": [
        (
            as_staff(
                "admin.content.texts.publish",
                {"revision": 1, "effectiveAt": TOMORROW.isoformat(), **VERSION},
                path=f"{LEGAL}/publish",
                prepare=version,
                headers=SEEN,
            ),
            {"legal_versions", "legal.tell", "legal.in_force"},
        )
    ],
    "admin.content.texts.unpublish": [
        (
            as_staff(
                "admin.content.texts.unpublish",
                {"reason": "It came too early."},
                path=f"{LEGAL}/unpublish",
                prepare=scheduled_version,
                headers=SEEN,
            ),
            {"legal_versions"},
        )
    ],
}
