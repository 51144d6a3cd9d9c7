"""Lists of creators, and the history of whoever looks at them, for the test of side effects."""

from datetime import UTC, datetime
from uuid import UUID

from tests.contract.scenario import Act, Conditional, Scenario, calling
from tests.creators import findable
from tests.handlers.support import account, insert
from tests.harness import Api, Tables, bearer


def featured(api: Api, tables: Tables) -> Act:
    insert(tables, "featured_creators", creator_id=findable(api, tables).creator_id, position=1)
    return lambda: api.call("discover.featured")


def trending(api: Api, tables: Tables) -> Act:
    findable(api, tables)
    return lambda: api.call("discover.trending")


def viewed(tables: Tables, user_id: UUID, creator_id: UUID) -> None:
    tables.run("INSERT INTO recently_viewed VALUES (%s, %s, %s)", user_id, creator_id, datetime.now(UTC))


def cleared(api: Api, tables: Tables) -> Act:
    creator_id = findable(api, tables, "eve@example.com", "eve").creator_id
    viewed(tables, account(api, tables), creator_id)
    headers = bearer(api.sign_in())
    return lambda: api.call("discover.history.clear", headers=headers)


def recorded(api: Api, tables: Tables) -> Act:
    creator_id = findable(api, tables, "eve@example.com", "eve").creator_id
    account(api, tables)
    headers = bearer(api.sign_in())
    return lambda: api.call("discover.history.record", path=f"/discover/history/{creator_id}", headers=headers)


SCENARIOS: dict[str, Scenario] = {
    "discover.featured": featured,
    "discover.trending": trending,
    "discover.history.list": calling("discover.history.list"),
    "discover.history.clear": calling("discover.history.clear"),
    "discover.history.record": recorded,
}
CONDITIONAL: Conditional = {"discover.history.clear": [(cleared, {"recently_viewed"})]}
