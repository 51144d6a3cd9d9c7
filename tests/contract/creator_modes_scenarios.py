"""Vacations and messages of creators, for the test of side effects."""

from typing import Any

from tests.contract.scenario import Act, Conditional, Scenario
from tests.creators import creator, link, signed_in
from tests.harness import Api, Tables


def calling(operation_id: str, body: Any = None, **columns: Any) -> Scenario:
    """A creator calls; ``columns`` are as those of ``tests.creators.creator``."""

    def prepare(api: Api, tables: Tables) -> Act:
        one = creator(api, tables, **columns)
        path = api.policy(operation_id).path.format(creatorId=one.creator_id)
        headers = signed_in(api, one)
        return lambda: api.call(operation_id, body, path=path, headers=headers)

    return prepare


def with_social_link(scenario: Scenario, **columns: Any) -> Scenario:
    """``columns`` are of the link."""

    def prepare(api: Api, tables: Tables) -> Act:
        act = scenario(api, tables)
        link(tables, tables.one("SELECT id FROM bio_pages")["id"], is_social=True, **columns)
        return act

    return prepare


DM = "creators.dm.update"
ON, OFF = {"dmType": "FREE", "dmActive": True}, {"dmType": "FREE", "dmActive": False}
SCENARIOS: dict[str, Scenario] = {
    "creators.vacation.find": calling("creators.vacation.find"),
    "creators.vacation.update": calling("creators.vacation.update", {"enabled": True}),
    "creators.dm.find": calling("creators.dm.find"),
    DM: calling(DM, OFF, page={"published": False}),
}
CONDITIONAL: Conditional = {
    DM: [
        (with_social_link(calling(DM, ON)), {"dm_packages", "bio_links", "creator_search"}),
        (with_social_link(calling(DM, OFF, dm_active=True), active=False, paused_by_dm=True), {"bio_links"}),
    ],
    "creators.vacation.update": [
        (calling("creators.vacation.update", {"enabled": False}, creator_status="VACATION"), {"creator_search"})
    ],
}
