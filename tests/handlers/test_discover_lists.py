"""Featured and trending creators, and whom an account looked at last."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.discover.lists import LEAST_VISITORS, MOST_VIEWED
from tests.creators import Creator, changed, findable
from tests.handlers.support import account, insert
from tests.harness import Api, Server, Tables, bearer, code_of

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
OFF = {"kill_switch.DISCOVER": True}


def one(api: Api, tables: Tables, name: str, **profile: Any) -> Creator:
    return findable(api, tables, f"{name}@example.com", name, **profile)


def names(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [card["username"] for card in response.json()["data"]["creators"]]


def feature(tables: Tables, creator: Creator, position: int, **columns: Any) -> None:
    insert(tables, "featured_creators", creator_id=creator.creator_id, position=position, **columns)


def visits(tables: Tables, creator: Creator, visitors: int, clicks: int = 0, days_ago: int = 0) -> None:
    day = datetime.now(UTC).date() - timedelta(days=days_ago)
    query = "INSERT INTO bio_daily (page_id, day, views, clicks, visitors) VALUES (%s, %s, %s, %s, %s)"
    tables.run(query, creator.page_id, day, visitors, clicks, visitors)


def off(api: Api, server: Server, operation_id: str, **options: Any) -> None:
    server.configure(**OFF)
    response = api.call(operation_id, **options)
    assert (response.status_code, code_of(response)) == (503, "features.discover_disabled")


class TestFeatured:
    def test_the_switch_turns_it_off(self, api: Api, server: Server) -> None:
        off(api, server, "discover.featured")

    def test_they_come_by_position_while_their_time_lasts(self, api: Api, tables: Tables) -> None:
        feature(tables, one(api, tables, "late"), 2)
        feature(tables, one(api, tables, "first"), 1, starts_at=NOW - HOUR, ends_at=NOW + HOUR)
        feature(tables, one(api, tables, "over"), 3, ends_at=NOW - HOUR)
        feature(tables, one(api, tables, "coming"), 4, starts_at=NOW + HOUR)
        assert names(api.call("discover.featured")) == ["first", "late"]

    def test_who_cannot_be_found_is_left_out(self, api: Api, tables: Tables) -> None:
        ada = one(api, tables, "ada")
        feature(tables, ada, 1)
        tables.run("UPDATE bio_pages SET published = false")
        changed(api, ada)
        assert names(api.call("discover.featured")) == []

    def test_no_cache_keeps_it_beyond_a_beginning_or_an_end(self, api: Api, tables: Tables) -> None:
        feature(tables, one(api, tables, "ada"), 1, starts_at=NOW - HOUR)
        assert api.call("discover.featured").headers["cache-control"].startswith("public, s-maxage=300, stale")
        feature(tables, one(api, tables, "eve"), 2, starts_at=datetime.now(UTC) + timedelta(seconds=40))
        kept = api.call("discover.featured").headers["cache-control"]
        assert 30 <= int(kept.removeprefix("public, s-maxage=")) <= 40


class TestTrending:
    def test_the_switch_turns_it_off(self, api: Api, server: Server) -> None:
        off(api, server, "discover.trending")

    @pytest.mark.parametrize("limit", ["0", "51", "x"])
    def test_a_limit_out_of_bounds_is_refused(self, api: Api, limit: str) -> None:
        response = api.call("discover.trending", params={"limit": limit})
        assert (response.status_code, code_of(response)) == (400, "validation.failed")

    def test_before_anybody_trends_the_popular_ones_come(self, api: Api, tables: Tables) -> None:
        one(api, tables, "few", total_messages=1)
        one(api, tables, "many", total_messages=9)
        assert names(api.call("discover.trending")) == ["many", "few"]
        assert names(api.call("discover.trending", params={"limit": "1"})) == ["many"]

    def test_who_is_excluded_is_not_among_them_either(self, api: Api, tables: Tables) -> None:
        one(api, tables, "kept_out", total_messages=9, discover_excluded=True)
        assert names(api.call("discover.trending")) == []

    def test_recent_people_count_and_repeated_ones_little(self, api: Api, server: Server, tables: Tables) -> None:
        visits(tables, one(api, tables, "old"), 100, days_ago=6)
        visits(tables, one(api, tables, "fresh"), 100)
        visits(tables, one(api, tables, "farmed"), LEAST_VISITORS, clicks=100_000)
        visits(tables, one(api, tables, "busy"), 100, clicks=100_000)
        visits(tables, one(api, tables, "past"), 10_000, days_ago=7)
        visits(tables, one(api, tables, "handful"), LEAST_VISITORS - 1, clicks=100_000)
        server.let_time_come("discover.rank")
        assert names(api.call("discover.trending")) == ["busy", "farmed", "fresh", "old"]

    def test_who_is_subscribed_to_counts_more(self, api: Api, server: Server, tables: Tables) -> None:
        visits(tables, one(api, tables, "seen"), 30)
        wanted = one(api, tables, "wanted")
        visits(tables, wanted, 25)
        for number, gone in ((1, None), (2, None), (3, NOW)):
            row = {"page_id": wanted.page_id, "email": f"f{number}@example.com", "locale": "en", "subscribed_at": NOW}
            row |= {"confirmed_at": NOW, "token_expires_at": NOW, "unsubscribed_at": gone}
            insert(tables, "bio_email_subscribers", **row)
        server.let_time_come("discover.rank")
        assert names(api.call("discover.trending")) == ["wanted", "seen"]

    def test_ratings_of_many_move_it(self, api: Api, server: Server, tables: Tables) -> None:
        visits(tables, one(api, tables, "loved", avg_rating=5, rating_count=500), 100)
        visits(tables, one(api, tables, "unrated"), 100)
        visits(tables, one(api, tables, "hated", avg_rating=1, rating_count=500), 100)
        server.let_time_come("discover.rank")
        assert names(api.call("discover.trending")) == ["loved", "unrated", "hated"]

    def test_who_is_excluded_or_cannot_be_found_keeps_out(self, api: Api, server: Server, tables: Tables) -> None:
        visits(tables, one(api, tables, "kept_out", discover_excluded=True), 100)
        gone = one(api, tables, "gone")
        visits(tables, gone, 100)
        visits(tables, one(api, tables, "there"), 100)
        server.let_time_come("discover.rank")
        tables.run("UPDATE bio_pages SET published = false WHERE creator_id = %s", gone.creator_id)
        changed(api, gone)
        assert names(api.call("discover.trending")) == ["there"]

    def test_the_list_is_made_anew(self, api: Api, server: Server, tables: Tables) -> None:
        visits(tables, one(api, tables, "ada"), 100)
        server.let_time_come("discover.rank")
        tables.run("DELETE FROM bio_daily")
        visits(tables, one(api, tables, "eve"), 100)
        server.let_time_come("discover.rank")
        assert names(api.call("discover.trending")) == ["eve"]


@pytest.fixture
def user_id(api: Api, tables: Tables) -> UUID:
    return account(api, tables, "fan@example.com")


@pytest.fixture
def fan(api: Api, user_id: UUID) -> dict[str, str]:
    return bearer(api.sign_in("fan@example.com"))


def record(api: Api, fan: dict[str, str], creator_id: UUID) -> httpx.Response:
    return api.call("discover.history.record", path=f"/discover/history/{creator_id}", headers=fan)


class TestRecord:
    def test_the_switch_turns_it_off(self, api: Api, server: Server, fan: dict[str, str]) -> None:
        off(api, server, "discover.history.record", path=f"/discover/history/{uuid4()}", headers=fan)

    def test_without_a_token_it_is_refused(self, api: Api) -> None:
        assert code_of(record(api, {}, uuid4())) == "auth.unauthenticated"

    def test_an_id_that_is_none_is_refused(self, api: Api, fan: dict[str, str]) -> None:
        response = api.call("discover.history.record", path="/discover/history/7", headers=fan)
        assert (response.status_code, code_of(response)) == (400, "validation.failed")

    def test_nobody_who_cannot_be_found_is_recorded(self, api: Api, fan: dict[str, str], tables: Tables) -> None:
        ada = one(api, tables, "ada")
        tables.run("UPDATE bio_pages SET published = false")
        changed(api, ada)
        for creator_id in (uuid4(), ada.creator_id):
            response = record(api, fan, creator_id)
            assert (response.status_code, code_of(response)) == (404, "discover.creator_not_found")
        assert tables.count("recently_viewed") == 0

    def test_an_account_that_is_gone_is_not_found(self, api: Api, fan: dict[str, str], tables: Tables) -> None:
        ada = one(api, tables, "ada")
        tables.run("DELETE FROM users WHERE email = 'fan@example.com'")
        response = record(api, fan, ada.creator_id)
        assert (response.status_code, code_of(response)) == (404, "error.user.not_found")

    def test_the_last_one_comes_first_and_once(self, api: Api, fan: dict[str, str], tables: Tables) -> None:
        ada, eve = one(api, tables, "ada"), one(api, tables, "eve")
        for each in (ada, eve, ada):
            assert record(api, fan, each.creator_id).json()["data"] == {"recorded": True}
        assert names(api.call("discover.history.list", headers=fan)) == ["ada", "eve"]

    def test_of_many_the_newest_are_kept(self, api: Api, fan: dict[str, str], user_id: UUID, tables: Tables) -> None:
        ada = one(api, tables, "ada")
        tables.run(
            "WITH u AS (INSERT INTO users (id, email) SELECT gen_random_uuid(), 'u' || n || '@example.com' "
            "FROM generate_series(1, %s) n RETURNING id), "
            "p AS (INSERT INTO creator_profiles (id, user_id) SELECT gen_random_uuid(), id FROM u RETURNING id) "
            "INSERT INTO recently_viewed SELECT %s, id, now() - interval '1 day' FROM p",
            MOST_VIEWED,
            user_id,
        )
        record(api, fan, ada.creator_id)
        assert tables.count("recently_viewed") == MOST_VIEWED
        assert names(api.call("discover.history.list", headers=fan)) == ["ada"]


class TestHistory:
    def test_the_switch_turns_it_off(self, api: Api, server: Server, fan: dict[str, str]) -> None:
        off(api, server, "discover.history.list", headers=fan)

    def test_without_a_token_it_is_refused(self, api: Api) -> None:
        assert code_of(api.call("discover.history.list")) == "auth.unauthenticated"

    def test_a_limit_out_of_bounds_is_refused(self, api: Api, fan: dict[str, str]) -> None:
        response = api.call("discover.history.list", params={"limit": "51"}, headers=fan)
        assert (response.status_code, code_of(response)) == (400, "validation.failed")

    def test_nobody_sees_that_of_others(self, api: Api, fan: dict[str, str], tables: Tables) -> None:
        record(api, fan, one(api, tables, "ada").creator_id)
        account(api, tables, "eve@example.com")
        assert names(api.call("discover.history.list", headers=bearer(api.sign_in("eve@example.com")))) == []


class TestClear:
    def test_the_switch_turns_it_off(self, api: Api, server: Server, fan: dict[str, str]) -> None:
        off(api, server, "discover.history.clear", headers=fan)

    def test_without_a_token_it_is_refused(self, api: Api) -> None:
        assert code_of(api.call("discover.history.clear")) == "auth.unauthenticated"

    def test_it_tells_how_many_there_were(self, api: Api, fan: dict[str, str], tables: Tables) -> None:
        for name in ("ada", "bob"):
            record(api, fan, one(api, tables, name).creator_id)
        assert api.call("discover.history.clear", headers=fan).json()["data"] == {"deleted": 2}
        assert api.call("discover.history.clear", headers=fan).json()["data"] == {"deleted": 0}
        assert names(api.call("discover.history.list", headers=fan)) == []
