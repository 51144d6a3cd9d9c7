"""Templates of bio pages, as everybody reads them."""

import pytest

from tests.editions import move_on
from tests.handlers.support import insert
from tests.harness import Api, Server, Tables

SEEDED = ["Classic", "Midnight", "Sunrise", "Forest", "Minimal", "Terminal"]


@pytest.fixture(autouse=True)
def fresh(server: Server) -> None:
    move_on(server, "bio_templates")


def names(api: Api) -> list[str]:
    response = api.call("creators.bio.templates")
    assert response.status_code == 200, response.text
    return [each["name"] for each in response.json()["data"]]


class TestTemplates:
    def test_six_come_with_the_platform(self, api: Api) -> None:
        response = api.call("creators.bio.templates")
        assert names(api) == SEEDED
        classic = response.json()["data"][0]
        assert classic.keys() == {"id", "name", "description", "tokens", "thumbnail"}
        assert classic["tokens"]["background"] == "#ffffff"
        assert response.headers["Cache-Control"] == "public, s-maxage=300, stale-while-revalidate=600"

    def test_in_their_order_without_those_switched_off(self, api: Api, server: Server, tables: Tables) -> None:
        insert(tables, "bio_templates", name="B", sort_order=5)
        insert(tables, "bio_templates", name="A", sort_order=5)
        insert(tables, "bio_templates", name="C", active=False)
        move_on(server, "bio_templates")
        assert names(api) == ["Classic", "A", "B", *SEEDED[1:]]

    def test_the_second_read_is_unchanged(self, api: Api) -> None:
        first = api.call("creators.bio.templates")
        again = api.call("creators.bio.templates", headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")

    def test_a_hundred_at_most(self, api: Api, server: Server, tables: Tables) -> None:
        for number in range(100):
            insert(tables, "bio_templates", name=f"Paper {number:03}", sort_order=100)
        move_on(server, "bio_templates")
        assert names(api)[-1] == "Paper 093"
