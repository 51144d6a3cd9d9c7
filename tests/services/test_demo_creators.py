"""The example creators, as visitors and the search meet them."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from contract.loader import Contract
from domain.discover.entries import NOBODY
from services import demo
from services.demo import creators
from tests.creators import category
from tests.handlers.support import account, somebody
from tests.harness import Api, Server, Tables, bearer
from tests.staff import hired

FOUND = {"sourdough": "lena.bakes", "tariq": "tariq.plays", "illustration": "yuki.draws", "yuki.draws": "yuki.draws"}
OPEN_FORMS = ("creators.bio.public", "creators.bio.embed", "creators.subscribers.subscribe", "discover.search")
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
GONE = ("users", "creator_profiles", "bio_pages", "bio_links", "creator_search", "featured_creators", "social_accounts")


def seed(server: Server) -> None:
    now = datetime.now(UTC)
    server.on_loop(demo.seed(server.app.parts.database, now, seeds={"creators": creators.seed}))


@pytest.fixture
def seeded(server: Server) -> Server:
    for slug in sorted({slug for example in creators.CREATORS for slug in example.categories}):
        category(server.tables, slug)
    seed(server)
    return server


def data(api: Api, operation_id: str, path: str | None = None, **params: str) -> Any:
    response = api.call(operation_id, path=path, params=params)
    assert response.status_code == 200, response.text
    return response.json()["data"]


def names(found: Any) -> list[str]:
    return [one["username"] for one in found["creators"]]


def test_their_pages_show_players_schedules_looks_and_prices(seeded: Server, api: Api) -> None:
    lena, tariq = (
        data(api, "creators.bio.public", "/bio/lena.bakes"),
        data(api, "creators.bio.embed", "/bio/embed/tariq.plays"),
    )
    assert (lena["bioPage"]["template"]["name"], lena["categories"], lena["totalFollowers"]) == (
        "Sunrise",
        ["baking", "food"],
        70_700,
    )
    titles = [link["title"] for link in lena["bioPage"]["links"]]
    assert titles == ["Bread in a day", "All recipes", "Meet me at the market", "Pictures"]
    assert [link["embedType"] for link in lena["bioPage"]["links"]][:2] == ["YOUTUBE", None]
    assert (tariq["dmActive"], tariq["dmPrice"], tariq["dmType"]) == (True, "5.00", "SINGLE_PAY")
    assert [link["title"] for link in tariq["bioPage"]["links"]] == ["Watch live", "Best times"]


def test_they_are_found_at_once(seeded: Server, api: Api) -> None:
    for query, username in FOUND.items():
        assert names(data(api, "discover.search", query=query)) == [username]
    assert names(data(api, "discover.featured")) == ["lena.bakes"]
    of_platform = data(api, "discover.category", "/discover/category/INSTAGRAM")
    assert set(names(of_platform)) == {"lena.bakes", "yuki.draws"}


def test_the_search_says_of_them_what_the_comparison_expects(seeded: Server) -> None:
    async def faults() -> Any:
        async with seeded.app.parts.database.reading() as db:
            return (await db.search_entries.compare(NOBODY, 10)).faults

    assert seeded.on_loop(faults()) == {}


def test_a_username_that_somebody_has_keeps_them_away(server: Server, api: Api, tables: Tables) -> None:
    account(api, tables, username="yuki.draws")
    seed(server)
    assert (tables.count("users"), tables.count("creator_profiles")) == (1, 0)


def test_nothing_is_left_of_them(seeded: Server, api: Api) -> None:
    assert seeded.on_loop(demo.clear(seeded.app.parts.database)).kept == 0
    assert {name: seeded.tables.count(name) for name in GONE} == dict.fromkeys(GONE, 0)
    assert names(data(api, "discover.featured")) == []
    assert api.call("creators.bio.public", path="/bio/lena.bakes").status_code == 404


def test_the_staff_finds_who_is_featured(seeded: Server, api: Api) -> None:
    headers = hired(seeded, "ADMIN")
    (entry,) = api.call("admin.featured.list", headers=headers).json()["data"]["items"]
    assert (entry["username"], entry["position"]) == ("lena.bakes", 1)


class TestTheExamplesOfTheContract:
    """Who sends a form of the portal as it is after a first start meets an example creator."""

    @pytest.mark.parametrize("operation_id", OPEN_FORMS)
    def test_meet_them(self, seeded: Server, api: Api, contract: Contract, operation_id: str) -> None:
        response = sent_as_it_is(api, contract, operation_id)
        assert response.status_code < 300, response.text
        if operation_id == "discover.search":
            assert names(response.json()["data"]) == ["lena.bakes"]

    def test_count_a_click(self, seeded: Server, api: Api, contract: Contract) -> None:
        sent_as_it_is(api, contract, "creators.visits.click", headers={"User-Agent": BROWSER})
        assert [row["title"] for row in seeded.tables.rows("SELECT title FROM bio_links WHERE click_count > 0")] == [
            "Bread in a day"
        ]

    def test_are_found_by_whoever_signed_in(self, seeded: Server, api: Api, contract: Contract) -> None:
        headers = bearer(somebody(seeded))
        assert sent_as_it_is(api, contract, "discover.history.record", headers=headers).status_code == 200

    def test_make_anybody_a_creator(self, server: Server, api: Api, contract: Contract) -> None:
        headers = bearer(somebody(server, username="grace", locale="en"))
        assert sent_as_it_is(api, contract, "creators.upgrade", headers=headers).status_code == 201


def sent_as_it_is(api: Api, contract: Contract, operation_id: str, **options: Any) -> httpx.Response:
    operation, path = contract.operation(operation_id), contract.policies[operation_id].path
    required = [parameter for parameter in operation.get("parameters", ()) if parameter.get("required")]
    for parameter in required:
        path = path.replace(f"{{{parameter['name']}}}", parameter["example"])
    query = {one["name"]: one["example"] for one in required if one["in"] == "query"}
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
    return api.call(operation_id, body, path=path, params=query, **options)
