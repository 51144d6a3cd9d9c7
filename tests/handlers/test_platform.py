"""Figures of the platform that everybody may see."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.editions import follow
from tests.handlers.conftest import Clients
from tests.handlers.support import insert
from tests.harness import Api, Server, Tables


def creators(tables: Tables, count: int, **columns: Any) -> None:
    for number in range(count):
        row = {"email": f"{number}.{columns.get('status', '')}@example.com"} | columns
        insert(tables, "creator_profiles", user_id=insert(tables, "users", **row))


def stats(api: Api, **headers: str) -> httpx.Response:
    response = api.call("platform.stats", headers=headers)
    assert response.status_code in (200, 304), response.text
    return response


@pytest.fixture(autouse=True)
def nothing_kept(server: Server) -> None:
    server.app.editions.forget()


class TestStats:
    def test_the_first_read_counts(self, api: Api, tables: Tables) -> None:
        creators(tables, 3)
        for status in ("SUSPENDED", "BANNED", "DEACTIVATED", "DELETED"):
            creators(tables, 1, status=status)
        insert(tables, "users", email="fan@example.com")
        response = stats(api)
        told = response.json()["data"]
        assert told.pop("cachedAt").endswith("Z")
        assert told == {"totalCreators": 3, "totalMessagesSent": 0, "totalEarned": "0.00"}
        assert response.headers["Cache-Control"] == "public, s-maxage=3600"

    def test_it_is_counted_once_per_hour(self, api: Api, server: Server, tables: Tables) -> None:
        creators(tables, 1)
        first = stats(api).json()["data"]
        creators(tables, 2, status="ACTIVE")
        follow(server)
        assert stats(api).json()["data"] == first
        server.let_time_come("platform.count")
        follow(server)
        second = stats(api).json()["data"]
        assert second["totalCreators"] == 3
        assert second["cachedAt"] > first["cachedAt"]

    def test_the_job_may_come_first_and_leaves_the_other_figures(
        self, api: Api, server: Server, tables: Tables
    ) -> None:
        server.let_time_come("platform.count")
        tables.run("UPDATE platform_stats SET total_messages_sent = 7, total_earned_cents = 12540005")
        server.let_time_come("platform.count")
        follow(server)
        told = stats(api).json()["data"]
        assert (told["totalMessagesSent"], told["totalEarned"]) == (7, "125400.05")

    def test_the_second_read_is_unchanged(self, api: Api) -> None:
        first = stats(api)
        again = stats(api, **{"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")

    def test_many_first_reads_count_once(self, server: Server, clients: Clients, tables: Tables) -> None:
        creators(tables, 2)
        callers = [clients(server) for _ in range(10)]
        with ThreadPoolExecutor(len(callers)) as pool:
            answers = {stats.content for stats in pool.map(stats, callers)}
        assert len(answers) == 1
        assert tables.count("platform_stats") == 1

    def test_a_token_is_ignored(self, api: Api) -> None:
        assert stats(api, Authorization="Bearer nonsense").content == stats(api).content
