"""What a search costs does not depend on how many creators there are: asked of 200 000."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import pytest

from benchmarks.creators import fill
from domain.discover.entries import NOBODY, facet
from domain.discover.orders import ORDERS
from domain.discover.searching import BEGINNING, MOST_COMPARED, sought
from persistence.engine.database import Database
from persistence.repositories import Repositories
from tests.conftest import Databases
from tests.harness import bare_database
from tests.statements import asked

CREATORS = 200_000
Ask = Callable[[Repositories], Awaitable[Any]]


@pytest.fixture(scope="module")
def url(databases: Databases) -> str:
    url = databases.migrated()
    fill(url, CREATORS)
    return url


@dataclass(frozen=True)
class Plan:
    """How one statement was executed."""

    root: dict[str, Any]

    @property
    def nodes(self) -> list[dict[str, Any]]:
        return list(_nodes(self.root))

    @property
    def kinds(self) -> set[str]:
        return {node["Node Type"] for node in self.nodes}

    @property
    def indexes(self) -> set[str]:
        return {node["Index Name"].removeprefix("ix_creator_search_") for node in self.nodes if "Index Name" in node}

    @property
    def met(self) -> int:
        """Rows of creators that were looked at."""
        found = (node for node in self.nodes if node.get("Relation Name"))
        return int(sum(node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in found))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)


def plans(url: str, ask: Ask, *, generic: bool = False) -> list[Plan]:
    """Of all statements that are asked, in their order. ``generic``: made for any values, as a kept one may be."""

    async def run() -> list[tuple[str, Any]]:
        database: Database = bare_database(url)
        with asked(database) as seen:
            async with database.unit() as db:
                await ask(db)
        await database.close()
        return list(seen)

    found = []
    with psycopg.connect(url, autocommit=True, prepare_threshold=0 if generic else None) as connection:
        if generic:
            connection.execute("SET plan_cache_mode = force_generic_plan")
        for text, values in asyncio.run(run()):
            if text.startswith(("SELECT", "UPDATE")):
                explain = "EXPLAIN (ANALYZE, TIMING off, FORMAT JSON) " + text
                (row,) = connection.execute(explain.encode(), values).fetchall()
                plan = row[0] if isinstance(row[0], list) else json.loads(row[0])
                found.append(Plan(plan[0]["Plan"]))
    return found


def searching(query: str) -> Ask:
    return lambda db: db.discovery.search(sought(query), BEGINNING, 21)


def listing(platform: str, sort: str, keys: Any = None, category: str | None = None) -> Ask:
    return lambda db: db.discovery.having(facet(platform, category), sort, keys, 21)


class TestSearch:
    @pytest.mark.parametrize("generic", [False, True])
    @pytest.mark.parametrize(
        ("query", "most"),
        [
            ("mari", 500),  # many have it: of the first tier alone
            ("mari lokane", 500),
            ("elm", 3_000),  # the beginning of many words
        ],
    )
    def test_words_are_found_by_their_index(self, query: str, most: int, generic: bool, url: str) -> None:
        made = plans(url, searching(query), generic=generic)
        assert {index for plan in made for index in plan.indexes} <= {"username", "document", "grams"}
        assert not any("Scan" in kind and "Seq" in kind for plan in made for kind in plan.kinds)
        assert 0 < sum(plan.met for plan in made) <= most

    def test_what_nobody_has_is_asked_of_indexes_alone(self, url: str) -> None:
        """Whole words, parts of words, and what is nearly right, each in four tiers."""
        made = plans(url, searching("maridelmintas"))
        assert [plan.indexes for plan in made] == [{"username"}, *[{"document"}] * 4, *[{"grams"}] * 8]
        assert sum(plan.met for plan in made) <= 3_000

    def test_a_part_of_a_word_is_found_by_its_index(self, url: str) -> None:
        made = plans(url, searching("skpel"))
        assert [plan.indexes for plan in made if "grams" in plan.indexes]
        assert sum(plan.met for plan in made) <= 5_000

    def test_names_that_are_nearly_right_are_found_by_their_index_and_few(self, url: str) -> None:
        for query in ("osklpe", "gulperly"):
            made = plans(url, searching(query))
            assert all(plan.indexes <= {"username", "document", "grams"} for plan in made)
            returned = [plan.root["Actual Rows"] for plan in made[-4:]]
            assert 0 < sum(returned) <= MOST_COMPARED, query
            assert sum(plan.met for plan in made) <= 10_000


class TestLists:
    @pytest.mark.parametrize(("sort", "index"), [("recent", "recent"), ("popular", "popular"), ("rating", "rated")])
    @pytest.mark.parametrize("category", [None, "category1"])
    def test_of_what_many_have_are_read_in_their_order(
        self, sort: str, index: str, category: str | None, url: str
    ) -> None:
        (plan,) = plans(url, listing("INSTAGRAM", sort, category=category))
        assert plan.indexes == {index}
        assert "Sort" not in plan.kinds
        assert plan.met <= 2_000

    @pytest.mark.parametrize("sort", sorted(ORDERS))
    def test_of_what_few_have_are_found_first(self, sort: str, url: str) -> None:
        (plan,) = plans(url, listing("RARE", sort))
        assert plan.indexes == {"facets"}
        assert plan.met <= CREATORS / 5000

    @pytest.mark.parametrize("sort", sorted(ORDERS))
    def test_a_later_page_costs_no_more(self, sort: str, url: str) -> None:
        with psycopg.connect(url) as connection:
            columns = ", ".join(ORDERS[sort].columns)
            order = ", ".join(f"{column} DESC" for column in ORDERS[sort].columns)
            query = f"SELECT {columns} FROM creator_search ORDER BY {order} OFFSET 150000 LIMIT 1"  # noqa: S608
            keys = connection.execute(query.encode()).fetchone()
        (plan,) = plans(url, listing("INSTAGRAM", sort, keys))
        assert plan.met <= 2_000
        assert len(plan.indexes) == 1
        assert "facets" not in plan.indexes


class TestJobs:
    def test_read_the_next_creators_and_no_others(self, url: str) -> None:
        last = UUID(int=2**124)
        for ask in (
            lambda db: db.search_entries.count(NOBODY, 500),
            lambda db: db.search_entries.sort(NOBODY, 500, [(10, 1, last), (5, 1, last), (1, 1, last)]),
        ):
            for plan in plans(url, ask):
                assert "Seq Scan" not in {
                    n["Node Type"] for n in plan.nodes if n.get("Relation Name") == "creator_search"
                }
                assert plan.met <= 2_500

    def test_the_bounds_of_tiers_are_read_in_their_order(self, url: str) -> None:
        made = plans(url, lambda db: db.search_entries.bounds())
        assert [plan.indexes for plan in made] == [{"popular"}] * 3
        assert {"Sort", "Seq Scan"} & set().union(*(plan.kinds for plan in made)) == set()
