"""The job that counts followers of connected accounts anew."""

import asyncio
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from domain.clock import utc_now
from domain.creators.social_accounts import Untold
from jobs.social import AT_ONCE
from jobs.social import refresh as job
from persistence.engine.database import NOBODY
from persistence.engine.uow import UnitOfWork
from tests.creators import Creator, creator, signed_in
from tests.handlers.auth.test_oauth import set_up
from tests.handlers.creators.test_social_accounts import (
    NAMES,
    Platforms,
    connect,
    connected,
    followers,
    opened,
    page_version,
)
from tests.handlers.support import until
from tests.harness import Api, Server, Tables

HOUR = timedelta(hours=1)


@pytest.fixture
def platforms(server: Server) -> Iterator[Platforms]:
    with opened(server) as platforms:
        yield platforms


@pytest.fixture
def ada(api: Api, tables: Tables) -> Creator:
    return creator(api, tables)


@pytest.fixture
def headers(api: Api, ada: Creator) -> dict[str, str]:
    return signed_in(api, ada)


def make_due(tables: Tables) -> None:
    tables.run("UPDATE social_accounts SET refresh_at = now() - interval '1 minute'")


def refresh(server: Server) -> None:
    server.let_time_come("social.refresh")


def the_account(tables: Tables) -> dict[str, Any]:
    return dict(tables.one("SELECT * FROM social_accounts"))


def due_in(row: dict[str, Any]) -> timedelta:
    due: timedelta = row["refresh_at"] - datetime.now(UTC)
    return due


def found_by(tables: Tables) -> tuple[list[str], int]:
    """By which platforms the search finds the creator, and with how many followers."""
    row = tables.one("SELECT facets, total_followers FROM creator_search")
    return [facet.rstrip("/").lower() for facet in row["facets"]], row["total_followers"]


def shown(api: Api, headers: dict[str, str]) -> list[tuple[str, str | None, bool, bool]]:
    """What the owner is told of each connected account."""
    told = api.call("creators.social", headers=headers).json()["data"]
    return [(one["platform"], one["platformUsername"], one["verified"], one["reconnect"]) for one in told]


@contextmanager
def one_is_broken(tables: Tables, account_id: UUID) -> Iterator[None]:
    """The database takes no figures of this account."""
    body = f"BEGIN IF NEW.account_id = '{account_id}' THEN RAISE 'broken'; END IF; RETURN NEW; END"
    tables.run(f"CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
    tables.run("CREATE TRIGGER broken BEFORE INSERT ON social_metrics FOR EACH ROW EXECUTE FUNCTION broken()")
    try:
        yield
    finally:
        tables.run("DROP FUNCTION broken() CASCADE")


class Crowd:
    """Platforms that tell nothing, and answer nobody before as many ask as may at once."""

    def __init__(self, tables: Tables) -> None:
        self.outcomes: Mapping[str, int] = {}
        self.claimed = self.most = self._asking = 0
        self._tables = tables
        self._full = asyncio.Event()

    async def read(self, *_: object) -> Untold:
        self._asking += 1
        self.most = max(self.most, self._asking)
        if self._asking == AT_ONCE:
            claimed = "SELECT count(*) AS n FROM social_accounts WHERE refresh_at > now()"
            self.claimed = self._tables.one(claimed)["n"]
            self._full.set()
        await self._full.wait()
        self._asking -= 1
        return Untold.NOT_NOW

    def tell(self, outcomes: Mapping[str, int]) -> None:
        self.outcomes = outcomes


class TestRefresh:
    @pytest.mark.parametrize("name", NAMES)
    def test_followers_and_names_are_read_anew(
        self, server: Server, api: Api, platforms: Platforms, ada: Creator, headers: Any, name: str, tables: Tables
    ) -> None:
        connect(api, platforms[name].body(), headers)
        before = the_account(tables)
        version, recent = page_version(tables, ada.creator_id), tables.one("SELECT updated_at FROM bio_pages")
        person = platforms[name].people["ada-there"]
        person.followers, person.username = 2500, "countess"
        make_due(tables)
        refresh(server)
        row = the_account(tables)
        assert (row["id"], row["platform_username"].removeprefix("@")) == (before["id"], "countess")
        assert timedelta(hours=23) < due_in(row) <= timedelta(hours=24)
        assert tables.one("SELECT follower_count FROM social_metrics")["follower_count"] == 2500
        assert followers(tables, ada.creator_id) == 2500
        assert page_version(tables, ada.creator_id) == version + 1
        assert tables.one("SELECT updated_at FROM bio_pages") == recent  # the clock puts nobody first among the recent

    def test_a_page_that_shows_the_same_is_not_built_anew(
        self, server: Server, api: Api, platforms: Platforms, ada: Creator, headers: Any, tables: Tables
    ) -> None:
        connect(api, platforms["x"].body(), headers)
        version = page_version(tables, ada.creator_id)
        make_due(tables)
        refresh(server)
        assert page_version(tables, ada.creator_id) == version

    def test_nobody_is_asked_before_the_time(
        self, server: Server, api: Api, platforms: Platforms, headers: Any, tables: Tables
    ) -> None:
        connect(api, platforms["x"].body(), headers)
        platforms["x"].seen.clear()
        refresh(server)
        assert platforms["x"].seen == []

    def test_the_pace_is_that_of_the_config(
        self, server: Server, api: Api, platforms: Platforms, headers: Any, tables: Tables
    ) -> None:
        connect(api, platforms["x"].body(), headers)
        server.configure(**{"creator.social_refresh_hours": 2})
        make_due(tables)
        refresh(server)
        assert HOUR < due_in(the_account(tables)) <= 2 * HOUR

    @pytest.mark.parametrize("name", ["x", "youtube", "tiktok", "twitch"])
    @pytest.mark.parametrize("ended", ["as told", "early"])
    def test_an_access_token_that_ended_is_renewed_and_kept(
        self, server: Server, api: Api, platforms: Platforms, headers: Any, name: str, ended: str, tables: Tables
    ) -> None:
        connect(api, platforms[name].body(), headers)
        for followers_then in (2500, 2600):
            platforms[name].end_access()
            if ended == "as told":
                tables.run("UPDATE social_accounts SET token_expires_at = now()")
            former = the_account(tables)["access_token"]
            platforms[name].people["ada-there"].followers = followers_then
            make_due(tables)
            refresh(server)
            assert tables.one("SELECT follower_count FROM social_metrics")["follower_count"] == followers_then
            assert the_account(tables)["access_token"] != former

    def test_the_token_of_instagram_is_renewed_long_before_its_end(
        self, server: Server, api: Api, platforms: Platforms, headers: Any, tables: Tables
    ) -> None:
        connect(api, platforms["instagram"].body(), headers)
        tables.run("UPDATE social_accounts SET token_expires_at = now() + interval '20 days'")
        make_due(tables)
        refresh(server)
        assert the_account(tables)["token_expires_at"] - datetime.now(UTC) > timedelta(days=59)

    @pytest.mark.parametrize("name", NAMES)
    def test_who_withdrew_the_permission_is_forgotten_and_left_alone(
        self, server: Server, api: Api, platforms: Platforms, ada: Creator, headers: Any, name: str, tables: Tables
    ) -> None:
        connect(api, platforms[name].body(), headers)
        assert found_by(tables) == ([name], 1200)
        version, recent = page_version(tables, ada.creator_id), tables.one("SELECT updated_at FROM bio_pages")
        platforms[name].withdraw()
        make_due(tables)
        refresh(server)
        row = the_account(tables)
        assert row["refused_at"] is not None
        assert (row["refresh_at"], row["access_token"], row["refresh_token"]) == (None, None, None)
        assert (row["platform_user_id"], row["platform_username"], row["verified"]) == (None, None, False)
        assert (followers(tables, ada.creator_id), tables.count("social_metrics")) == (0, 0)
        assert page_version(tables, ada.creator_id) == version + 1
        assert (found_by(tables), tables.one("SELECT updated_at FROM bio_pages")) == (([], 0), recent)
        assert shown(api, headers) == [(name, None, False, True)]
        platforms[name].seen.clear()
        refresh(server)
        assert platforms[name].seen == []
        assert connect(api, platforms[name].body(), headers).status_code == 201
        row = the_account(tables)
        assert (row["refused_at"], row["access_token"] is None) == (None, False)
        assert [told[2:] for told in shown(api, headers)] == [(True, False)]
        assert found_by(tables) == ([name], 1200)

    def test_an_identity_that_was_given_back_is_for_others_to_connect(
        self, server: Server, api: Api, platforms: Platforms, ada: Creator, headers: Any, tables: Tables
    ) -> None:
        eve = creator(api, tables, "eve@example.com", "eve")
        connect(api, platforms["x"].body(), headers)
        platforms["x"].withdraw()
        make_due(tables)
        refresh(server)
        assert connect(api, platforms["x"].body(), signed_in(api, eve)).status_code == 201
        assert (followers(tables, ada.creator_id), followers(tables, eve.creator_id)) == (0, 1200)

    def test_other_platforms_still_count(
        self, server: Server, api: Api, platforms: Platforms, ada: Creator, headers: Any, tables: Tables
    ) -> None:
        for name in ("twitch", "x"):
            connect(api, platforms[name].body(), headers)
        platforms["x"].withdraw()
        make_due(tables)
        refresh(server)
        assert (followers(tables, ada.creator_id), found_by(tables)) == (1200, (["twitch"], 1200))

    def test_tokens_sealed_under_a_secret_that_this_process_does_not_know_are_kept(
        self, server: Server, api: Api, platforms: Platforms, headers: Any, tables: Tables
    ) -> None:
        connect(api, platforms["x"].body(), headers)
        tables.run("UPDATE social_accounts SET access_token = 'gone.00'")
        make_due(tables)
        refresh(server)
        row = the_account(tables)
        assert (row["refused_at"], row["access_token"]) == (None, b"gone.00")

    def test_an_answer_that_names_nobody_ends_no_consent(
        self, server: Server, api: Api, platforms: Platforms, headers: Any, tables: Tables
    ) -> None:
        connect(api, platforms["x"].body(), headers)
        platforms["x"].people["ada-there"].subject = ""
        make_due(tables)
        refresh(server)
        row = the_account(tables)
        assert (row["refused_at"], row["access_token"] is None) == (None, False)

    def test_tokens_of_another_account_count_for_nothing(
        self, server: Server, api: Api, platforms: Platforms, ada: Creator, headers: Any, tables: Tables
    ) -> None:
        connect(api, platforms["x"].body(), headers)
        platforms["x"].people["ada-there"].subject = "somebody-else"
        platforms["x"].people["ada-there"].followers = 9
        make_due(tables)
        refresh(server)
        assert the_account(tables)["refused_at"] is not None
        assert (followers(tables, ada.creator_id), tables.count("social_metrics")) == (0, 0)

    @pytest.mark.parametrize("trouble", ["away", "off"])
    def test_a_platform_that_cannot_tell_is_asked_an_hour_later(
        self, server: Server, api: Api, platforms: Platforms, headers: Any, trouble: str, tables: Tables
    ) -> None:
        connect(api, platforms["x"].body(), headers)
        if trouble == "away":
            platforms["x"].outage = (500, b"")
        else:
            set_up(server, "x", enabled=False)
        make_due(tables)
        refresh(server)
        row = the_account(tables)
        assert row["refused_at"] is None
        assert timedelta(minutes=55) < due_in(row) <= HOUR

    def test_one_platform_that_is_away_keeps_none_of_the_others_waiting(
        self, server: Server, api: Api, platforms: Platforms, headers: Any, tables: Tables
    ) -> None:
        for name in NAMES:
            connect(api, platforms[name].body(), headers)
            platforms[name].people["ada-there"].followers = 10
        platforms["x"].outage = (503, b"")
        make_due(tables)
        refresh(server)
        read = tables.rows("SELECT follower_count FROM social_metrics ORDER BY 1")
        assert [row["follower_count"] for row in read] == [10, 10, 10, 10, 1200]

    def test_one_account_that_fails_keeps_none_of_the_others_waiting(
        self, server: Server, api: Api, platforms: Platforms, headers: Any, tables: Tables
    ) -> None:
        """Each has an outcome of its own, in the next batch, too. What failed is told, counted and tried anew."""
        others = AT_ONCE + 1
        for number in range(others + 1):
            one = creator(api, tables, f"c{number}@example.com", f"c{number}")
            platforms["twitch"].person(f"{number}-there", followers=number)
            connect(api, platforms["twitch"].body(f"{number}-there"), signed_in(api, one))
        for person in platforms["twitch"].people.values():
            person.followers = 50
        make_due(tables)
        tables.run(
            "UPDATE social_accounts SET refresh_at = now() - interval '1 hour' WHERE platform_user_id = '0-there'"
        )
        broken = tables.one("SELECT id FROM social_accounts WHERE platform_user_id = '0-there'")["id"]
        with one_is_broken(tables, broken), capture_logs() as logs:
            refresh(server)
        read = tables.one("SELECT count(*) AS n FROM social_metrics WHERE follower_count = 50")
        assert read["n"] == others
        row = tables.one("SELECT refresh_at, refused_at FROM social_accounts WHERE id = %s", broken)
        assert timedelta(minutes=55) < due_in(row) <= HOUR
        assert row["refused_at"] is None
        (failed,) = [line for line in logs if line["event"] == "social.failed"]
        assert (failed["platform"], failed["account"], failed["log_level"]) == ("twitch", str(broken), "error")
        (told,) = [line for line in logs if line["event"] == "social.refreshed"]
        assert (told["read"], told["failed"], told["log_level"]) == (others, 1, "warning")
        tables.run("UPDATE social_accounts SET refresh_at = now() WHERE id = %s", broken)
        refresh(server)
        assert tables.one("SELECT DISTINCT follower_count FROM social_metrics") == {"follower_count": 50}

    def test_no_more_are_asked_at_once_than_may_be(self, server: Server, api: Api, tables: Tables) -> None:
        """No platform is asked over HTTP: whoever must wait there may wait for too long."""
        for number in range(AT_ONCE + 3):
            one = creator(api, tables, f"c{number}@example.com", f"c{number}")
            connected(tables, one.user_id, "twitch", platform_user_id=f"{number}-there")
        make_due(tables)
        crowd: Any = Crowd(tables)
        parts = server.app.parts
        server.on_loop(job(UnitOfWork(parts.database, NOBODY), crowd, parts.config, utc_now))
        assert (crowd.claimed, crowd.most, crowd.outcomes["put_off"]) == (AT_ONCE, AT_ONCE, AT_ONCE + 3)
        assert tables.one("SELECT count(*) AS n FROM social_accounts WHERE refresh_at > now()")["n"] == AT_ONCE + 3

    def test_no_more_are_claimed_than_asked_for_however_it_is_planned(
        self, server: Server, api: Api, tables: Tables
    ) -> None:
        """A subquery with a limit that is asked for each row finds others each time."""
        for number in range(AT_ONCE + 3):
            one = creator(api, tables, f"c{number}@example.com", f"c{number}")
            connected(tables, one.user_id, "twitch", platform_user_id=f"{number}-there")
        make_due(tables)

        async def claim() -> int:
            async with server.app.parts.database.unit() as db:
                for way in ("hashjoin", "mergejoin", "hashagg", "sort", "material"):
                    await db.connection.execute(select(func.set_config(f"enable_{way}", "off", True)))
                return len(await db.social_accounts.claim(utc_now(), HOUR, AT_ONCE))

        assert server.on_loop(claim()) == AT_ONCE

    def test_many_accounts_are_read_in_batches(
        self, server: Server, api: Api, platforms: Platforms, headers: Any, tables: Tables
    ) -> None:
        """Each by one worker, however many there are."""
        for number in range(15):
            one = creator(api, tables, f"c{number}@example.com", f"c{number}")
            platforms["twitch"].person(f"{number}-there", followers=number)
            connect(api, platforms["twitch"].body(f"{number}-there"), signed_in(api, one))
        for person in platforms["twitch"].people.values():
            person.followers = 7
        platforms["twitch"].seen.clear()
        make_due(tables)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: refresh(server), range(2)))
        assert platforms["twitch"].seen.count("/helix/users") == 15
        totals = tables.rows("SELECT DISTINCT total_followers FROM creator_profiles WHERE total_followers > 0")
        assert [row["total_followers"] for row in totals] == [7]

    def test_an_account_that_was_claimed_is_nobody_elses_until_the_lease_ends(
        self, server: Server, api: Api, platforms: Platforms, headers: Any, tables: Tables
    ) -> None:
        connect(api, platforms["x"].body(), headers)
        make_due(tables)

        async def claim() -> int:
            async with server.app.parts.database.unit() as db:
                return len(await db.social_accounts.claim(datetime.now(UTC), timedelta(minutes=10), 8))

        assert [server.on_loop(claim()) for _ in range(2)] == [1, 0]
        platforms["x"].seen.clear()
        refresh(server)
        assert platforms["x"].seen == []

    def test_an_account_that_went_meanwhile_leaves_nothing(
        self, server: Server, api: Api, platforms: Platforms, ada: Creator, headers: Any, tables: Tables
    ) -> None:
        connect(api, platforms["x"].body(), headers)
        platforms["x"].people["ada-there"].followers = 9
        make_due(tables)
        platforms["x"].hangs = True
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(refresh, server)
            until(lambda: len(platforms["x"].seen) == 3)  # the two of the connection, and the one that hangs
            api.call("creators.social_accounts.disconnect", {"platform": "x"}, headers=headers)
            platforms["x"].hangs = False
            platforms["x"].released.set()
            running.result()
        assert (tables.count("social_accounts"), tables.count("social_metrics")) == (0, 0)
        assert followers(tables, ada.creator_id) == 0
