"""Links of bio pages, for the test of side effects."""

from collections.abc import Callable
from typing import Any

from tests.contract.admin_rules_scenarios import FLAGGED, rule_for
from tests.contract.scenario import Act, Conditional, Scenario
from tests.creators import Creator, creator, link, signed_in
from tests.harness import Api, Tables

LINK = {"title": "My shop", "url": "https://shop.example.com/"}
Prepared = Callable[[Tables, Creator], tuple[str, Any]]
"""Brings about what comes before; the path and the body."""


def of_creator(operation_id: str, prepare: Prepared, *, findable: bool = False) -> Scenario:
    def before(api: Api, tables: Tables) -> Act:
        ada = creator(api, tables, page={"published": findable})
        path, body = prepare(tables, ada)
        headers = signed_in(api, ada)
        return lambda: api.call(operation_id, body, path=path, headers=headers)

    return before


def adding(tables: Tables, ada: Creator, **fields: Any) -> tuple[str, Any]:
    return f"/creators/{ada.creator_id}/links", LINK | fields


def updating(tables: Tables, ada: Creator, title: str = "My other shop") -> tuple[str, Any]:
    return f"/creators/links/{link(tables, ada.page_id)}", {"title": title}


def deleting(tables: Tables, ada: Creator) -> tuple[str, Any]:
    return f"/creators/links/{link(tables, ada.page_id)}", None


def reordering(tables: Tables, ada: Creator) -> tuple[str, Any]:
    links = [str(link(tables, ada.page_id, sort_order=place)) for place in (5, 6)]
    return f"/creators/{ada.creator_id}/links/reorder", {"linkIds": links}


def flagged(operation_id: str, prepare: Callable[..., tuple[str, Any]]) -> tuple[Scenario, set[str]]:
    scam = of_creator(operation_id, lambda tables, ada: prepare(tables, ada, title="Scam"))
    return rule_for("link_title", scam), FLAGGED


BROUGHT_ABOUT: dict[str, Prepared] = {
    "creators.links.add": adding,
    "creators.links.update": updating,
    "creators.links.delete": deleting,
    "creators.links.reorder": reordering,
}
SCENARIOS: dict[str, Scenario] = {name: of_creator(name, prepare) for name, prepare in BROUGHT_ABOUT.items()}
CONDITIONAL: Conditional = {
    name: [(of_creator(name, prepare, findable=True), {"creator_search"})] for name, prepare in BROUGHT_ABOUT.items()
}
CONDITIONAL["creators.links.add"].append(flagged("creators.links.add", adding))
CONDITIONAL["creators.links.update"].append(flagged("creators.links.update", updating))
