"""Texts for everybody, in the state that a test needs."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from psycopg.types.json import Jsonb

from tests.handlers.support import insert
from tests.harness import Api, Tables
from tests.staff import Hired

Json = dict[str, Any]

PAGE: Json = {"kind": "page", "slug": "about", "locale": "en", "title": "About", "html": "<p>About us.</p>"}
POST: Json = {
    "kind": "post", "slug": "hello-world", "locale": "en", "title": "Hello World", "excerpt": "The first.",
    "image": "https://cdn.example/hello.png", "html": "<p>Hello!</p>", "categoryIds": [],
}  # fmt: skip
TERMS: Json = {"kind": "legal", "slug": "terms", "locale": "en", "title": "Terms", "html": "<p>Be kind.</p>"}
ANNOUNCEMENT: Json = {"kind": "announcement", "title": "Maintenance", "html": "<p>At night.</p>", "type": "MAINTENANCE"}
SOURCE = {"slug": "about", "locale": "en", "title": "About", "html": "<p>About us.</p>"}


def category(tables: Tables, kind: str = "blog", slug: str = "news", **columns: Any) -> UUID:
    return insert(tables, "content_categories", kind=kind, slug=slug, name=slug.title(), **columns)


def text(tables: Tables, kind: str = "page", **changes: Any) -> UUID:
    """A draft of one revision, which nobody began."""
    source = SOURCE | changes
    named = {"slug": source["slug"], "locale": source["locale"], "title": source["title"]}
    entry_id = insert(tables, "content_entries", kind=kind, folded=source["title"].lower(), **named)
    revision(tables, entry_id, 1, **source)
    return entry_id


def revision(tables: Tables, entry_id: UUID, number: int, **changes: Any) -> None:
    query = "INSERT INTO content_revisions (entry_id, number, source) VALUES (%s, %s, %s)"
    tables.run(query, entry_id, number, Jsonb(SOURCE | changes))


def shown(tables: Tables, entry_id: UUID, kind: str = "page", **columns: Any) -> UUID:
    """Its first revision is public since yesterday."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    times = dict.fromkeys(("published_at", "updated_at", "shown_from"), yesterday)
    row: Json = {"revision": 1, "slug": "about", "locale": "en", "title": "About", "html": "<p>About us.</p>"}
    row |= {"entry_id": entry_id, "kind": kind, "sanitizer_version": 1}
    return insert(tables, "publications", **(row | times | columns))


class Desk:
    """One of the staff at work: each call with the version that is named, or that which the text has."""

    def __init__(self, api: Api, caller: Hired) -> None:
        self.api = api
        self.caller = caller

    def call(self, name: str, path: str, body: Any = None, version: int | None = None, **params: Any) -> httpx.Response:
        headers = self.caller.headers | ({} if version is None else {"If-Match": f'"{version}"'})
        return self.api.call(f"admin.{name}", body, path=f"/admin/content/{path}", headers=headers, params=params)

    def create(self, fields: Json) -> httpx.Response:
        return self.call("content.texts.create", fields["kind"], fields)

    def made(self, fields: Json) -> Json:
        return data_of(self.create(fields), 201)

    def get(self, entry: Json) -> Json:
        return data_of(self.call("content.texts.get", where(entry)))

    def update(self, entry: Json, version: int | None = None, **fields: Any) -> httpx.Response:
        body = {"kind": entry["kind"]} | fields
        return self.call("content.texts.update", where(entry), body, version or entry["version"])

    def updated(self, entry: Json, **fields: Any) -> Json:
        return data_of(self.update(entry, **fields))

    def publish(self, entry: Json, version: int | None = None, **fields: Any) -> httpx.Response:
        body = {"revision": entry["draft"]} | fields
        return self.call("content.texts.publish", f"{where(entry)}/publish", body, version or entry["version"])

    def published(self, entry: Json, **fields: Any) -> Json:
        return data_of(self.publish(entry, **fields))

    def unpublish(self, entry: Json, version: int | None = None, **fields: Any) -> httpx.Response:
        return self.call("content.texts.unpublish", f"{where(entry)}/unpublish", fields, version or entry["version"])

    def restore(self, entry: Json, revision: int, version: int | None = None) -> httpx.Response:
        body = {"revision": revision}
        return self.call("content.texts.restore", f"{where(entry)}/restore", body, version or entry["version"])

    def remove(self, entry: Json, version: int | None = None) -> httpx.Response:
        return self.call("content.texts.remove", where(entry), version=version or entry["version"])

    def preview(self, entry: Json, revision: int = 1, minutes: int = 5) -> httpx.Response:
        return self.call("content.texts.preview", f"{where(entry)}/preview", {"revision": revision, "minutes": minutes})

    def listed(self, kind: str = "page", **params: Any) -> list[Json]:
        items: list[Json] = data_of(self.call("content.texts.list", kind, **params))["items"]
        return items

    def revision(self, entry: Json, number: int, **params: Any) -> httpx.Response:
        return self.call("content.revisions.get", f"{where(entry)}/revisions/{number}", **params)


def where(entry: Json) -> str:
    return f"{entry['kind']}/{entry['id']}"


def data_of(response: httpx.Response, status: int = 200) -> Json:
    assert response.status_code == status, response.text
    data: Json = response.json()["data"]
    return data
