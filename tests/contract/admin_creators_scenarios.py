"""What staff leaves behind that arranges creators."""

from collections.abc import Mapping
from typing import Any

from tests.contract.scenario import Act, Conditional, Scenario, as_staff
from tests.creators import category, creator
from tests.handlers.support import insert
from tests.harness import Api, Tables
from tests.staff import hired

SEEN = {"If-Match": '"1"'}
REASON = "Ticket 1042."


def profile(tables: Tables) -> Mapping[str, Any]:
    user_id = insert(tables, "users", email="ada@example.com", username="ada", email_verified=True, locale="en")
    creator_id = insert(tables, "creator_profiles", user_id=user_id)
    insert(tables, "bio_pages", creator_id=creator_id)
    return {"id": creator_id}


def with_music(tables: Tables) -> Mapping[str, Any]:
    category(tables, "music")
    return profile(tables)


def entry(tables: Tables) -> Mapping[str, Any]:
    return {"id": insert(tables, "featured_creators", creator_id=profile(tables)["id"], position=1)}


def feature(api: Api, tables: Tables) -> Act:
    body = {"creatorId": str(creator(api, tables).creator_id), "position": 1}
    headers = hired(api.server, "OWNER")
    return lambda: api.call("admin.featured.add", body, headers=headers)


LEVEL, CATEGORIES = {"level": "GOLD", "reason": REASON}, {"categories": ["music"], "reason": REASON}
LIST = {"items": [{"slug": "music", "name": "Music", "active": True, "sortOrder": 1}], "reason": REASON}
SCENARIOS: dict[str, Scenario] = {
    "admin.categories.get": as_staff("admin.categories.get"),
    "admin.categories.set": as_staff("admin.categories.set", LIST, headers={"If-Match": '"0"'}),
    "admin.creators.list": as_staff("admin.creators.list", prepare=profile),
    "admin.creators.find": as_staff("admin.creators.find", prepare=profile),
    "admin.creators.update": as_staff("admin.creators.update", LEVEL, prepare=profile, headers=SEEN),
    "admin.featured.list": as_staff("admin.featured.list"),
    "admin.featured.add": feature,
    "admin.featured.update": as_staff("admin.featured.update", {"position": 2}, prepare=entry, headers=SEEN),
    "admin.featured.remove": as_staff("admin.featured.remove", prepare=entry, headers=SEEN),
}
CONDITIONAL: Conditional = {
    "admin.creators.update": [
        (as_staff("admin.creators.update", CATEGORIES, prepare=with_music, headers=SEEN), {"creator_categories"})
    ]
}
