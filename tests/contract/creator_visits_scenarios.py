"""Visits of bio pages, for the test of side effects."""

from tests.contract.scenario import Act, Conditional, Scenario
from tests.creators import creator, link
from tests.handlers.creators.test_visits import BROWSER
from tests.harness import Api, Tables

SUMS = {"bio_page_views", "bio_daily", "bio_daily_values", "bio_daily_visitors"}
FIRST = {"bio_visit_salts"}


def bots_click(api: Api, tables: Tables) -> Act:
    page_id = creator(api, tables).page_id
    body = {"linkId": str(link(tables, page_id))}
    return lambda: api.call("creators.visits.click", body, path=f"/bio/{page_id}/click")


def bots_view(api: Api, tables: Tables) -> Act:
    page_id = creator(api, tables).page_id
    return lambda: api.call("creators.visits.view", {}, path=f"/bio/{page_id}/view")


def first_click(api: Api, tables: Tables) -> Act:
    api.server.app.visits.forget()
    page_id = creator(api, tables).page_id
    body = {"linkId": str(link(tables, page_id))}
    return lambda: api.call("creators.visits.click", body, path=f"/bio/{page_id}/click", headers=BROWSER)


def first_view(api: Api, tables: Tables) -> Act:
    api.server.app.visits.forget()
    page_id = creator(api, tables).page_id
    return lambda: api.call("creators.visits.view", {}, path=f"/bio/{page_id}/view", headers=BROWSER)


SCENARIOS: dict[str, Scenario] = {"creators.visits.click": bots_click, "creators.visits.view": bots_view}
CONDITIONAL: Conditional = {
    "creators.visits.click": [(first_click, SUMS | FIRST | {"bio_links"})],
    "creators.visits.view": [(first_view, SUMS | FIRST)],
}
