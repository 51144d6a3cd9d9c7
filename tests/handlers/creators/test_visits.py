"""Views and clicks as visitors send them, and what is counted of them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.creators.visits import OTHERS, VALUES_PER_DAY
from tests.conftest import Databases
from tests.creators import Creator, creator, link, signed_in
from tests.handlers.conftest import Clients
from tests.handlers.support import begin
from tests.harness import Api, Server, Tables, broken_rules, code_of

AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/124.0.0.0 Safari/537.36"
BROWSER = {"User-Agent": AGENT}
TRACKED = {"success": True, "data": {"tracked": True}}


def click(api: Api, page_id: UUID, link_id: UUID, headers: dict[str, str] = BROWSER, **body: Any) -> httpx.Response:
    path = f"/bio/{page_id}/click"
    return api.call("creators.visits.click", {"linkId": str(link_id)} | body, path=path, headers=headers)


def view(api: Api, page_id: UUID, headers: dict[str, str] = BROWSER, **body: Any) -> httpx.Response:
    return api.call("creators.visits.view", body, path=f"/bio/{page_id}/view", headers=headers)


def sums(tables: Tables, page_id: UUID) -> tuple[int, int, int]:
    """Views, clicks and visitors of all days."""
    query = "SELECT sum(views) v, sum(clicks) c, sum(visitors) p FROM bio_daily WHERE page_id = %s"
    row = tables.one(query, page_id)
    return int(row["v"] or 0), int(row["c"] or 0), int(row["p"] or 0)


def values(tables: Tables, dimension: str) -> dict[str, int]:
    rows = tables.rows("SELECT value, count FROM bio_daily_values WHERE dimension = %s", dimension)
    return {row["value"]: row["count"] for row in rows}


def metric(server: Server, reason: str) -> float:
    rows = server.app.metrics.counters.row(("biore_visits_uncounted", reason), 1)
    return float(rows[0])


@pytest.fixture
def ada(api: Api, tables: Tables) -> Creator:
    return creator(api, tables)


class TestClick:
    def test_a_malformed_body_is_refused(self, api: Api, ada: Creator) -> None:
        path = f"/bio/{ada.page_id}/click"
        response = api.call("creators.visits.click", {"linkId": "7", "visitorId": "a b"}, path=path)
        assert (response.status_code, code_of(response)) == (400, "validation.failed")
        assert {rule for _, rule in broken_rules(response)} == {"format", "minLength", "pattern"}

    def test_it_is_counted_at_the_link_and_on_the_day(self, api: Api, ada: Creator, tables: Tables) -> None:
        link_id = link(tables, ada.page_id)
        assert click(api, ada.page_id, link_id).json() == TRACKED
        assert click(api, ada.page_id, link_id).json() == TRACKED
        assert tables.one("SELECT click_count FROM bio_links")["click_count"] == 2
        assert sums(tables, ada.page_id) == (0, 2, 1)
        assert values(tables, "link") == {str(link_id): 2}
        assert {row["link_id"] for row in tables.rows("SELECT link_id FROM bio_page_views")} == {link_id}

    def test_a_link_of_another_page_is_not_counted(self, api: Api, ada: Creator, tables: Tables) -> None:
        eve = creator(api, tables, "eve@example.com", "eve")
        foreign = link(tables, eve.page_id)
        for link_id in (foreign, uuid4()):
            assert click(api, ada.page_id, link_id).json() == TRACKED
        assert click(api, uuid4(), foreign).json() == TRACKED
        assert (tables.count("bio_page_views"), sums(tables, ada.page_id)) == (0, (0, 0, 0))
        assert tables.one("SELECT click_count FROM bio_links")["click_count"] == 0

    def test_those_of_the_owner_are_not_counted(self, api: Api, ada: Creator, tables: Tables) -> None:
        link_id = link(tables, ada.page_id)
        assert click(api, ada.page_id, link_id, BROWSER | signed_in(api, ada)).json() == TRACKED
        assert tables.count("bio_page_views") == 0


class TestView:
    def test_a_malformed_body_is_refused(self, api: Api, ada: Creator) -> None:
        response = view(api, ada.page_id, referrer="https://example.com/" + "a" * 2048)
        assert (response.status_code, code_of(response)) == (400, "validation.failed")

    def test_a_token_that_is_none_is_a_strangers(self, api: Api, ada: Creator, tables: Tables) -> None:
        assert view(api, ada.page_id, BROWSER | {"Authorization": "Bearer nonsense"}).json() == TRACKED
        assert tables.count("bio_page_views") == 1

    def test_it_is_counted_by_where_it_came_from(self, api: Api, ada: Creator, tables: Tables) -> None:
        assert view(api, ada.page_id, referrer="https://www.instagram.com/ada").json() == TRACKED
        assert view(api, ada.page_id).json() == TRACKED
        assert sums(tables, ada.page_id) == (2, 0, 1)
        assert values(tables, "referrer") == {"instagram.com": 1, "(direct)": 1}
        assert values(tables, "device") == {"desktop": 2}
        assert values(tables, "country") == {"(unknown)": 2}

    def test_visitors_are_told_apart_by_their_id_too(self, api: Api, ada: Creator, tables: Tables) -> None:
        for visitor in ("visitor-1", "visitor-2", "visitor-1"):
            view(api, ada.page_id, visitorId=visitor)
        assert sums(tables, ada.page_id) == (3, 0, 2)

    def test_programs_are_not_counted(self, api: Api, server: Server, ada: Creator, tables: Tables) -> None:
        before = metric(server, "bot")
        for agent in ("curl/8.5.0", "Mozilla/5.0 (compatible; Googlebot/2.1)"):
            assert view(api, ada.page_id, {"User-Agent": agent}).json() == TRACKED
        assert (tables.count("bio_page_views"), metric(server, "bot") - before) == (0, 2)

    def test_a_page_that_is_not_published_has_none(self, api: Api, ada: Creator, tables: Tables) -> None:
        tables.run("UPDATE bio_pages SET published = false")
        assert view(api, ada.page_id).json() == TRACKED
        assert tables.count("bio_page_views") == 0

    def test_made_up_referrers_fill_no_table(self, api: Api, ada: Creator, tables: Tables) -> None:
        insert_values(tables, ada.page_id, VALUES_PER_DAY)
        for number in range(3):
            view(api, ada.page_id, referrer=f"https://r{number}.example.net/")
        view(api, ada.page_id, referrer="https://known7.example.com/")
        found = values(tables, "referrer")
        assert (len(found), found[OTHERS], found["known7.example.com"]) == (VALUES_PER_DAY + 1, 3, 2)

    def test_nothing_names_the_visitor(self, api: Api, ada: Creator, tables: Tables) -> None:
        view(api, ada.page_id, visitorId="visitor-of-old")
        stored = str(tables.rows("SELECT * FROM bio_page_views")) + str(tables.rows("SELECT * FROM bio_daily_values"))
        assert "visitor-of-old" not in stored
        assert AGENT not in stored

    def test_while_the_tables_cannot_be_used_the_answer_is_the_same(
        self, api: Api, server: Server, ada: Creator, tables: Tables
    ) -> None:
        view(api, ada.page_id)
        before = metric(server, "outage")
        with out_of_order(tables):
            assert view(api, ada.page_id).json() == TRACKED
        assert (sums(tables, ada.page_id), metric(server, "outage") - before) == ((1, 0, 1), 1)


@contextmanager
def out_of_order(tables: Tables) -> Iterator[None]:
    """The database says that it is going down to whoever stores a visit."""
    body = "BEGIN RAISE EXCEPTION 'going down' USING ERRCODE = '57P03'; END"
    tables.run(f"CREATE FUNCTION going_down() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
    tables.run("CREATE TRIGGER down BEFORE INSERT ON bio_page_views EXECUTE FUNCTION going_down()")
    try:
        yield
    finally:
        tables.run("DROP FUNCTION going_down() CASCADE")


def insert_values(tables: Tables, page_id: UUID, number: int) -> None:
    day = datetime.now(UTC).date()
    tables.run("INSERT INTO bio_daily (page_id, day) VALUES (%s, %s)", page_id, day)
    tables.run(
        "INSERT INTO bio_daily_values SELECT %s, %s, 'referrer', 'known' || n || '.example.com', 1 "
        "FROM generate_series(1, %s) n",
        page_id,
        day,
        number,
    )


def a_day_ago(tables: Tables) -> None:
    """Whatever came today came yesterday."""
    tables.run("SET session_replication_role = replica")
    try:
        tables.run("UPDATE bio_page_views SET at = at - interval '1 day'")
        for table in ("bio_daily", "bio_daily_values", "bio_daily_visitors"):
            tables.run(f"UPDATE {table} SET day = day - 1")  # noqa: S608
    finally:
        tables.run("SET session_replication_role = origin")


class TestRecount:
    @pytest.fixture
    def visited(self, api: Api, ada: Creator, tables: Tables) -> Creator:
        """Three views and two clicks of two visitors, yesterday."""
        link_id = link(tables, ada.page_id)
        for visitor in ("visitor-1", "visitor-2", "visitor-1"):
            view(api, ada.page_id, visitorId=visitor, referrer="https://www.instagram.com/ada")
        for _ in range(2):
            click(api, ada.page_id, link_id, visitorId="visitor-1")
        a_day_ago(tables)
        return ada

    def state(self, tables: Tables) -> tuple[Any, Any]:
        ordered = "SELECT * FROM bio_daily_values ORDER BY day, page_id, dimension, value"
        return tables.rows("SELECT * FROM bio_daily ORDER BY day, page_id"), tables.rows(ordered)

    def test_what_is_right_stays(self, server: Server, visited: Creator, tables: Tables) -> None:
        before = tables.fingerprints()
        server.let_time_come("creators.recount_visits")
        assert not {"bio_daily", "bio_daily_values", "bio_daily_visitors"} & tables.changed_since(before)
        assert sums(tables, visited.page_id) == (3, 2, 2)

    @pytest.mark.parametrize(
        "fault",
        [
            "UPDATE bio_daily SET views = views + 1",
            "UPDATE bio_daily SET clicks = 0",
            "UPDATE bio_daily SET visitors = 1",
            "UPDATE bio_daily_values SET count = count - 1 WHERE dimension = 'link'",
            "UPDATE bio_daily_values SET count = count + 7 WHERE dimension = 'country'",
            "DELETE FROM bio_daily_values WHERE dimension IN ('referrer', 'device')",
            "INSERT INTO bio_daily_values SELECT page_id, day, 'referrer', 'nobody.example.com', 1 FROM bio_daily",
            "DELETE FROM bio_daily",
        ],
    )
    def test_what_is_wrong_is_made_anew(self, server: Server, visited: Creator, tables: Tables, fault: str) -> None:
        before = self.state(tables)
        assert tables.run(fault) > 0
        assert self.state(tables) != before
        server.let_time_come("creators.recount_visits")
        assert self.state(tables) == before

    def test_so_are_sums_without_any_visit(self, server: Server, visited: Creator, tables: Tables) -> None:
        tables.run("DELETE FROM bio_page_views")
        server.let_time_come("creators.recount_visits")
        assert sums(tables, visited.page_id) == (0, 0, 0)
        assert tables.count("bio_daily_values") == 0

    def test_other_days_and_pages_stay(self, api: Api, server: Server, visited: Creator, tables: Tables) -> None:
        eve = creator(api, tables, "eve@example.com", "eve")
        view(api, eve.page_id)
        tables.run("UPDATE bio_daily SET views = 9 WHERE page_id = %s", eve.page_id)
        before = self.state(tables)
        tables.run("UPDATE bio_daily SET views = 9 WHERE page_id = %s", visited.page_id)
        server.let_time_come("creators.recount_visits")
        assert self.state(tables) == before

    def test_of_more_values_than_are_kept_apart_the_rest_are_one(
        self, api: Api, server: Server, ada: Creator, tables: Tables
    ) -> None:
        view(api, ada.page_id, referrer="https://known.example.com/")
        a_day_ago(tables)
        tables.run(
            "INSERT INTO bio_page_views "
            "SELECT gen_random_uuid(), page_id, at, NULL, visitor, device, n || '.example.net' "
            "FROM bio_page_views, generate_series(1, %s) n, generate_series(1, 2)",
            VALUES_PER_DAY + 4,
        )
        server.let_time_come("creators.recount_visits")
        found = values(tables, "referrer")
        assert (len(found), found["known.example.com"], found[OTHERS]) == (VALUES_PER_DAY + 1, 1, 10)
        assert sum(found.values()) == 1 + 2 * (VALUES_PER_DAY + 4)


class TestEnds:
    def test_single_visits_go_after_their_days_and_salts_with_the_next_one(
        self, api: Api, server: Server, ada: Creator, tables: Tables
    ) -> None:
        view(api, ada.page_id)
        tables.run("UPDATE bio_page_views SET at = at - interval '91 days'")
        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        tables.run("INSERT INTO bio_daily (page_id, day, visitors) VALUES (%s, %s, 1)", ada.page_id, yesterday)
        tables.run("INSERT INTO bio_daily_visitors VALUES (%s, %s, 'somebody')", ada.page_id, yesterday)
        insert_salt(tables, datetime.now(UTC) - timedelta(days=1))
        server.let_time_come("housekeeping.forget_visitors")
        assert tables.count("bio_page_views") == 0
        assert sums(tables, ada.page_id) == (1, 0, 2)
        assert yesterday not in {row["day"] for row in tables.rows("SELECT day FROM bio_daily_visitors")}
        days = [row["day"] for row in tables.rows("SELECT day FROM bio_visit_salts")]
        assert datetime.now(UTC).date() - timedelta(days=1) not in days


def insert_salt(tables: Tables, at: datetime) -> None:
    tables.run("INSERT INTO bio_visit_salts VALUES (%s, 'salt') ON CONFLICT DO NOTHING", at.date())


@pytest.fixture(scope="module")
def both(start_server: Callable[..., Server], databases: Databases) -> list[Server]:
    url = databases.migrated()
    return [start_server(url), start_server(url)]


class TestRaces:
    def test_of_500_clicks_on_two_nodes_none_is_lost(self, both: list[Server], clients: Clients) -> None:
        begin(both)
        apis = [clients(both[number % 2]) for number in range(20)]
        tables = both[0].tables
        pages = [creator(apis[0], tables, f"c{number}@example.com", f"c{number}").page_id for number in range(3)]
        links = [link(tables, page_id) for page_id in pages for _ in range(2)]

        def some(number: int) -> int:
            api, at = apis[number], number
            done = 0
            for turn in range(25):
                place = (at + turn) % len(links)
                done += click(api, pages[place // 2], links[place]).json() == TRACKED
            return done

        with ThreadPoolExecutor(len(apis)) as pool:
            assert sum(pool.map(some, range(len(apis)))) == 500
        assert tables.one("SELECT sum(click_count) n FROM bio_links")["n"] == 500
        assert tables.one("SELECT sum(clicks) n FROM bio_daily")["n"] == 500
        assert tables.one("SELECT sum(count) n FROM bio_daily_values WHERE dimension = 'link'")["n"] == 500
        assert tables.count("bio_page_views") == 500
