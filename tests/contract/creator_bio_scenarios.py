"""Creators, their pages and the templates of these, for the test of side effects."""

from typing import Any

from tests.contract.scenario import Act, Conditional, Scenario, as_staff, calling
from tests.creators import creator, signed_in
from tests.handlers.support import account, insert
from tests.harness import Api, Tables, bearer
from tests.moderation import ruled

PAGE = "/creators/{creator}/bio"
SEEN = {"If-Match": '"1"'}


def template(tables: Tables) -> dict[str, Any]:
    return {"id": insert(tables, "bio_templates", name="Paper")}


def upgrade_with_a_name(api: Api, tables: Tables) -> Act:
    user_id = account(api, tables)
    insert(tables, "referral_links", user_id=user_id, code="former")
    ruled(api.server, "engines")
    headers = bearer(api.sign_in())
    body = {"username": "ada", "bio": "Notes on engines."}
    return lambda: api.call("creators.upgrade", body, headers=headers)


def as_creator(operation_id: str, body: Any = None, path: str | None = None, **page: Any) -> Scenario:
    def prepare(api: Api, tables: Tables) -> Act:
        one = creator(api, tables, page=page)
        headers = signed_in(api, one)
        place = None if path is None else path.format(creator=one.creator_id)
        return lambda: api.call(operation_id, body, path=place, headers=headers)

    return prepare


def reading(operation_id: str, **options: Any) -> Scenario:
    return lambda api, tables: lambda: api.call(operation_id, **options)


def published(operation_id: str, path: str) -> Scenario:
    def prepare(api: Api, tables: Tables) -> Act:
        creator(api, tables)
        return lambda: api.call(operation_id, path=path)

    return prepare


def flagged(api: Api, tables: Tables) -> Act:
    ruled(api.server, "notes")
    return as_creator("creators.bio.update", {"bio": "Notes."}, PAGE)(api, tables)


SCENARIOS: dict[str, Scenario] = {
    "creators.upgrade": calling("creators.upgrade", {"bio": "Notes."}, username="ada"),
    "creators.profile": as_creator("creators.profile"),
    "creators.bio.find": as_creator("creators.bio.find", path=PAGE),
    "creators.bio.update": as_creator("creators.bio.update", {"bio": "Notes."}, PAGE, published=False),
    "creators.bio.public": published("creators.bio.public", "/bio/ada"),
    "creators.bio.embed": published("creators.bio.embed", "/bio/embed/ada"),
    "creators.bio.templates": reading("creators.bio.templates"),
    "admin.bio_templates.list": as_staff("admin.bio_templates.list"),
    "admin.bio_templates.add": as_staff("admin.bio_templates.add", {"name": "Paper"}),
    "admin.bio_templates.find": as_staff("admin.bio_templates.find", prepare=template),
    "admin.bio_templates.update": as_staff(
        "admin.bio_templates.update", {"active": False}, prepare=template, headers=SEEN
    ),
    "admin.bio_templates.remove": as_staff("admin.bio_templates.remove", prepare=template, headers=SEEN),
}
CONDITIONAL: Conditional = {
    "creators.bio.update": [(flagged, {"moderation_cases", "creator_search"})],
    "creators.upgrade": [
        (
            upgrade_with_a_name,
            {"username_history", "referral_links", "referral_link_aliases", "moderation_cases"},
        )
    ],
}
