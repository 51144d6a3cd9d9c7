"""Search and lists of creators, for the test of side effects."""

import httpx

from tests.contract.scenario import Act, Scenario
from tests.creators import changed, findable
from tests.handlers.support import insert
from tests.harness import Api, Tables


def searched(api: Api, tables: Tables) -> Act:
    """By whole words, by their parts, and by what is nearly right."""
    findable(api, tables, username="leonardo")

    def search() -> httpx.Response:
        for query in ("leonrado", "nard"):
            api.call("discover.search", params={"query": query})
        return api.call("discover.search", params={"query": "leo"})

    return search


def listed(api: Api, tables: Tables) -> Act:
    one = findable(api, tables)
    row = {"user_id": one.user_id, "platform": "tiktok", "platform_user_id": "1"}
    insert(tables, "social_accounts", **row, verified=True, signs_in=False)
    changed(api, one)
    return lambda: api.call("discover.category", path="/discover/category/tiktok")


SCENARIOS: dict[str, Scenario] = {"discover.search": searched, "discover.category": listed}
