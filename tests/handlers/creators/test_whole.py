"""Answers about a creator of whom everything is known: they have the form that the contract shows."""

from decimal import Decimal
from typing import Any

import httpx
import pytest

from portal.evidence import deviations
from tests.contract.operations import CONTRACT
from tests.creators import Creator, changed, findable, link, signed_in
from tests.handlers.support import account, change, insert
from tests.harness import Api, Server, Tables, bearer
from tests.staff import member

TOKENS = {"background": "#ffffff", "primary": "#2563eb"}
START = "2026-01-03T08:00:00.000Z"


@pytest.fixture
def ada(api: Api, tables: Tables) -> Creator:
    look = {"name": "Plain", "description": "Dark text on white, blue buttons.", "tokens": TOKENS}
    page = {
        "template_id": insert(tables, "bio_templates", **look),
        "bio": "Notes on engines.",
        "theme_override": {"primary": "#be185d"},
        "custom_css": ".links a { border-radius: 0 }",
    }
    profile: dict[str, Any] = {
        "dm_type": "PER_MESSAGE",
        "dm_price": Decimal("4.50"),
        "dm_active": True,
        "level": "GOLD",
    }
    figures: dict[str, Any] = {"avg_rating": Decimal("4.80"), "rating_count": 31, "total_followers": 1843}
    one = findable(api, tables, page=page, **profile, **figures)
    change(tables, "users", one.user_id, display_name="Ada Lovelace", avatar_url="https://cdn.bio.re/ada.webp")
    for platform in ("instagram", "youtube"):
        row = {"user_id": one.user_id, "platform": platform, "platform_user_id": "1", "signs_in": False}
        insert(tables, "social_accounts", **row, verified=True)
    tables.run("INSERT INTO creator_categories VALUES (%s, 'music')", one.creator_id)
    link(tables, one.page_id)
    changed(api, one)
    return one


def has_the_form(operation_id: str, response: httpx.Response) -> None:
    assert response.status_code == 200, response.text
    documented = CONTRACT.operation(operation_id)["responses"]["200"]["content"]["application/json"]["example"]
    assert deviations(documented, (response.json(),)) == ()


CARDS: list[tuple[str, dict[str, Any]]] = [
    ("discover.search", {"params": {"query": "ada", "limit": 1}}),
    ("discover.category", {"path": "/discover/category/instagram", "params": {"limit": 1}}),
    ("discover.featured", {}),
    ("discover.trending", {}),
]


@pytest.mark.parametrize(("operation_id", "options"), CARDS, ids=[name for name, _ in CARDS])
def test_cards(api: Api, tables: Tables, ada: Creator, operation_id: str, options: dict[str, Any]) -> None:
    eve = findable(api, tables, "eve@example.com", "ada.eve")  # so that there is a further page
    row = {"user_id": eve.user_id, "platform": "instagram", "platform_user_id": "2", "signs_in": False}
    insert(tables, "social_accounts", **row, verified=True)
    changed(api, eve)
    changed(api, ada)
    insert(tables, "featured_creators", creator_id=ada.creator_id, position=1)
    response = api.call(operation_id, **options)
    has_the_form(operation_id, response)
    kept = api.call(operation_id, **options, headers={"If-None-Match": response.headers["etag"]})
    assert kept.status_code == 304


def test_history(api: Api, tables: Tables, ada: Creator) -> None:
    account(api, tables, "fan@example.com")
    fan = bearer(api.sign_in("fan@example.com"))
    assert api.call("discover.history.record", path=f"/discover/history/{ada.creator_id}", headers=fan).is_success
    has_the_form("discover.history.list", api.call("discover.history.list", headers=fan))


@pytest.mark.parametrize("name", ["public", "embed"])
def test_pages(api: Api, tables: Tables, ada: Creator, name: str) -> None:
    player = """UPDATE bio_links SET embed_type = 'YOUTUBE', embed_meta = '{"videoId": "dQw4w9WgXcQ"}'"""
    assert tables.run(player) == 1
    path = "/bio/ada" if name == "public" else "/bio/embed/ada"
    response = api.call(f"creators.bio.{name}", path=path)
    has_the_form(f"creators.bio.{name}", response)
    kept = api.call(f"creators.bio.{name}", path=path, headers={"If-None-Match": response.headers["etag"]})
    assert kept.status_code == 304


def test_of_the_owner(api: Api, tables: Tables, ada: Creator) -> None:
    tables.run("UPDATE creator_profiles SET avg_rating = NULL")
    insert(tables, "dm_packages", creator_id=ada.creator_id, dm_type="SINGLE_PAY", price=Decimal(5), active=True)
    headers = signed_in(api, ada)
    has_the_form("creators.profile", api.call("creators.profile", headers=headers))
    own = api.call("creators.bio.find", path=f"/creators/{ada.creator_id}/bio", headers=headers)
    has_the_form("creators.bio.find", own)


def test_of_staff(api: Api, server: Server, tables: Tables, ada: Creator) -> None:
    staff = member(server, "OWNER").headers
    path = f"/admin/creators/{ada.creator_id}"
    has_the_form("admin.creators.find", api.call("admin.creators.find", path=path, headers=staff))
    body = {"categories": ["music"], "reason": "Ticket 1042."}
    seen = staff | {"If-Match": '"1"'}
    has_the_form("admin.creators.update", api.call("admin.creators.update", body, path=path, headers=seen))
    insert(tables, "featured_creators", creator_id=ada.creator_id, position=1, starts_at=START)
    insert(
        tables,
        "featured_creators",
        creator_id=findable(api, tables, "eve@example.com", "eve").creator_id,
        position=2,
    )
    found = api.call("admin.creators.list", params={"category": "music", "limit": 1}, headers=staff)
    assert found.json()["data"]["nextCursor"] is None
    tables.run("INSERT INTO creator_categories SELECT id, 'music' FROM creator_profiles ON CONFLICT DO NOTHING")
    tables.run("UPDATE creator_profiles SET created_at = now() + interval '1 day' WHERE id = %s", ada.creator_id)
    found = api.call("admin.creators.list", params={"category": "music", "limit": 1}, headers=staff)
    has_the_form("admin.creators.list", found)
    listed = api.call("admin.featured.list", params={"limit": 1}, headers=staff)
    has_the_form("admin.featured.list", listed)
    look = tables.one("SELECT id FROM bio_templates WHERE name = 'Plain'")["id"]
    path = f"/admin/bio-templates/{look}"
    changed_look = api.call("admin.bio_templates.update", {"active": False}, path=path, headers=seen)
    has_the_form("admin.bio_templates.update", changed_look)
