"""A creator stands in the search exactly while the page may be found, with what is true of it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from psycopg.types.json import Jsonb
from structlog.testing import capture_logs

from jobs.discover import BATCH, COMPARED
from tests.creators import Creator, changed, creator, findable, multiplied
from tests.handlers.support import change, insert, until, waiting_for_locks
from tests.harness import Api, Tables

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


def entry(tables: Tables, one: Creator) -> dict[str, Any] | None:
    rows = tables.rows("SELECT * FROM creator_search WHERE creator_id = %s", one.creator_id)
    return rows[0] if rows else None


class TestWhoMayBeFound:
    @pytest.mark.parametrize(
        ("table", "columns", "found"),
        [
            ("users", {"status": "SUSPENDED"}, False),
            ("users", {"status": "DEACTIVATED"}, False),
            ("users", {"username": None}, False),
            ("creator_profiles", {"creator_status": "SUSPENDED"}, False),
            ("creator_profiles", {"creator_status": "DEACTIVATED"}, False),
            ("creator_profiles", {"creator_status": "VACATION"}, True),  # it has ended
            ("creator_profiles", {"vacation_mode": True}, False),
            ("creator_profiles", {"vacation_mode": True, "vacation_start": NOW + HOUR}, True),
            ("creator_profiles", {"vacation_mode": True, "vacation_start": NOW - HOUR}, False),
            ("creator_profiles", {"vacation_mode": True, "vacation_end": NOW + HOUR}, False),
            ("creator_profiles", {"vacation_mode": True, "vacation_end": NOW - HOUR}, True),
            ("creator_profiles", {"vacation_mode": False, "vacation_end": NOW + HOUR}, True),
            ("bio_pages", {"published": False}, False),
        ],
    )
    def test_is_who_is_active_and_published(
        self, table: str, columns: dict[str, Any], found: bool, api: Api, tables: Tables
    ) -> None:
        one = findable(api, tables)
        assert entry(tables, one)
        before = tables.one(f"SELECT * FROM {table} WHERE id = %s", ids(one)[table])  # noqa: S608
        change(tables, table, ids(one)[table], **columns)
        changed(api, one)
        assert bool(entry(tables, one)) is found
        change(tables, table, ids(one)[table], **{name: before[name] for name in columns})
        changed(api, one)
        assert entry(tables, one)

    def test_needs_a_page(self, api: Api, tables: Tables) -> None:
        one = findable(api, tables)
        tables.run("DELETE FROM bio_pages WHERE id = %s", one.page_id)
        changed(api, one)
        assert entry(tables, one) is None


def ids(one: Creator) -> dict[str, Any]:
    return {"users": one.user_id, "creator_profiles": one.creator_id, "bio_pages": one.page_id}


class TestWhatIsKept:
    def test_is_what_account_profile_and_page_say(self, api: Api, tables: Tables) -> None:
        one = creator(
            api, tables, username="ada.love", page={"bio": "I compute."}, dm_type="FREE", dm_price=Decimal("4.50"),
            dm_active=True, total_messages=7, total_followers=9, avg_rating=Decimal("4.25"), rating_count=3,
            level="GOLD",
        )  # fmt: skip
        change(tables, "users", one.user_id, display_name="Ada Müller", avatar_url="https://cdn.bio.re/a.webp")
        for platform, verified in (("twitch", True), ("instagram", True), ("tiktok", False)):
            row = {"user_id": one.user_id, "platform": platform, "platform_user_id": "1", "signs_in": False}
            insert(tables, "social_accounts", **row, verified=verified)
        for category in ("music", "art"):
            tables.run("INSERT INTO creator_categories VALUES (%s, %s)", one.creator_id, category)
        changed(api, one)
        kept = entry(tables, one)
        assert kept is not None
        assert kept["card"] == {
            "id": str(one.creator_id),
            "userId": str(one.user_id),
            "username": "ada.love",
            "displayName": "Ada Müller",
            "avatarUrl": "https://cdn.bio.re/a.webp",
            "bio": "I compute.",
            "dmType": "FREE",
            "dmPrice": "4.50",
            "dmActive": True,
            "platforms": ["INSTAGRAM", "TWITCH"],
            "categories": ["art", "music"],
        }
        counted = ("total_messages", "total_followers", "avg_rating", "rating_count", "level", "tier", "username")
        assert [kept[name] for name in counted] == [7, 9, Decimal("4.25"), 3, "GOLD", 3, "ada.love"]
        assert kept["folded"] == "ada love adalove ada muller"
        assert set(kept["facets"]) == {
            f"{platform}/{category}/{kind}"
            for platform in ("INSTAGRAM", "TWITCH")
            for category in ("", "art", "music")
            for kind in ("", "FREE")
        }
        words = dict(part.split(":") for part in kept["document"].split())
        assert words["'3adalove'"] == "3A"
        assert words["'3mueller'"] == words["'3muller'"] == "5B"
        assert words["'3compute'"] == "11"

    def test_an_account_without_words_of_its_own_is_kept_too(self, api: Api, tables: Tables) -> None:
        kept = entry(tables, findable(api, tables))
        assert kept is not None
        assert kept["card"]["bio"] == ""
        assert kept["avg_rating"] == 0
        assert kept["facets"] == []

    def test_the_bio_of_the_account_stands_in_for_that_of_the_page(self, api: Api, tables: Tables) -> None:
        one = creator(api, tables)
        change(tables, "users", one.user_id, bio="x" * 500)
        changed(api, one)
        kept = entry(tables, one)
        assert kept is not None
        assert kept["card"]["bio"] == "x" * 160

    def test_two_changes_at_once_leave_what_both_made(self, api: Api, tables: Tables) -> None:
        """The second one reads what the first one wrote, though it began before that was committed."""
        one = findable(api, tables)
        with Tables(api.server.database_url) as first, ThreadPoolExecutor(1) as pool:
            first.run("BEGIN")
            change(first, "users", one.user_id, display_name="Countess")
            first.run("UPDATE bio_pages SET version = version + 1 WHERE id = %s", one.page_id)
            second = pool.submit(changed, api, one)
            until(lambda: waiting_for_locks(tables))
            first.run("COMMIT")
            second.result()
        kept = entry(tables, one)
        assert kept is not None
        assert kept["card"]["displayName"] == "Countess"


def counted(api: Api) -> None:
    api.server.let_time_come("discover.count")


class TestCount:
    def test_brings_counters_into_the_row_and_nothing_else(self, api: Api, tables: Tables) -> None:
        one = findable(api, tables)
        change(
            tables, "creator_profiles", one.creator_id, total_messages=5, total_followers=6, avg_rating="3.5",
            rating_count=2, level="SILVER",
        )  # fmt: skip
        change(tables, "users", one.user_id, display_name="Unsaid")
        counted(api)
        kept = entry(tables, one)
        assert kept is not None
        told = [kept[name] for name in ("total_messages", "total_followers", "avg_rating", "rating_count", "level")]
        assert told == [5, 6, Decimal("3.50"), 2, "SILVER"]
        assert kept["card"]["displayName"] is None

    def test_puts_the_most_popular_into_the_first_tier_by_all_words(self, api: Api, tables: Tables) -> None:
        one = findable(api, tables, username="leonardo")
        before = entry(tables, one)
        assert before is not None
        assert before["tier"] == 3
        counted(api)
        after = entry(tables, one)
        assert after is not None
        assert after["tier"] == 0
        assert after["document"] == before["document"].replace("'3", "'0")
        assert sorted(after["grams"]) == [f"0{gram[1:]}" for gram in sorted(before["grams"])]
        changed(api, one)
        assert entry(tables, one) == after | {"updated_at": (entry(tables, one) or {})["updated_at"]}  # it stays there

    def test_writes_nothing_where_nothing_is_another(self, api: Api, tables: Tables) -> None:
        findable(api, tables)
        counted(api)
        place = "SELECT ctid::text AS place FROM creator_search"
        before = tables.one(place)
        counted(api)
        assert tables.one(place) == before

    def test_goes_through_all_in_batches(self, api: Api, tables: Tables) -> None:
        findable(api, tables)
        multiplied(tables, BATCH + 1)
        tables.run("UPDATE creator_profiles SET total_messages = 7")
        counted(api)
        assert tables.one("SELECT min(total_messages) AS least, count(*) AS n FROM creator_search") == {
            "least": 7,
            "n": BATCH + 2,
        }
        assert tables.rows("SELECT tier, count(*) AS n FROM creator_search GROUP BY tier ORDER BY tier") == [
            {"tier": 0, "n": 1000},
            {"tier": 1, "n": BATCH + 2 - 1000},
        ]


class TestRepair:
    def test_finds_who_is_missing_wrong_or_left_and_writes_them_anew(self, api: Api, tables: Tables) -> None:
        right, missing, wrong, left, gone = (
            findable(api, tables, f"{name}@example.com", name) for name in ("right", "missing", "wrong", "left", "gone")
        )
        tables.run("DELETE FROM creator_search WHERE creator_id = %s", missing.creator_id)
        change(tables, "users", wrong.user_id, display_name="Another")
        change(tables, "bio_pages", left.page_id, published=False)
        tables.run("DELETE FROM bio_pages WHERE id = %s", gone.page_id)
        before = entry(tables, right)
        with capture_logs() as logs:
            api.server.let_time_come("discover.repair")
        (line,) = (line for line in logs if line["event"] == "discover.compared")
        found = {name: line[name] for name in ("compared", "missing", "wrong", "left", "log_level")}
        assert found == {"compared": 5, "missing": 1, "wrong": 1, "left": 2, "log_level": "warning"}
        assert entry(tables, right) == before
        assert entry(tables, missing)
        assert (entry(tables, wrong) or {})["card"]["displayName"] == "Another"
        assert entry(tables, left) is entry(tables, gone) is None

    @pytest.mark.parametrize("column", ["document", "grams", "facets", "folded", "username", "card", "updated_at"])
    def test_compares_every_column(self, column: str, api: Api, tables: Tables) -> None:
        one = findable(api, tables, dm_type="FREE")
        insert(
            tables,
            "social_accounts",
            user_id=one.user_id,
            platform="x",
            platform_user_id="1",
            verified=True,
            signs_in=False,
        )
        changed(api, one)
        before = entry(tables, one)
        other = {"document": "'3x':1", "grams": [], "facets": [], "card": Jsonb({}), "updated_at": NOW - HOUR}
        tables.run(f"UPDATE creator_search SET {column} = %s", other.get(column, "x"))  # noqa: S608
        assert entry(tables, one) != before
        api.server.let_time_come("discover.repair")
        assert entry(tables, one) == before

    def test_nothing_is_found_where_all_is_right(self, api: Api, tables: Tables) -> None:
        one = findable(api, tables, username="ada.love")
        change(tables, "users", one.user_id, display_name="Ada Müller 東京 タワー", bio="ada ada ada " * 30)
        changed(api, one)
        counted(api)
        with capture_logs() as logs:
            api.server.let_time_come("discover.repair")
        (line,) = (line for line in logs if line["event"] == "discover.compared")
        assert (line["log_level"], line["wrong"], line["missing"], line["left"]) == ("info", 0, 0, 0)

    def test_goes_through_all_in_batches(self, api: Api, tables: Tables) -> None:
        findable(api, tables)
        multiplied(tables, COMPARED + 1)  # of whom none has a page
        api.server.let_time_come("discover.repair")
        assert tables.count("creator_search") == 1
