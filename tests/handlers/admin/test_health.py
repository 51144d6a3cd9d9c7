"""How the deployment does, as staff is told it."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from runtime.web.extensions.checkup import MOST_SECONDS
from tests.handlers.support import insert
from tests.harness import Api, Server, Tables
from tests.providers.servers import silent_server
from tests.staff import Hired, hired, member


@pytest.fixture
def operator(server: Server) -> Hired:
    return member(server, "OPERATOR")


class TestGet:
    def test_has_the_lines_of_the_doctor(self, api: Api, tables: Tables, operator: Hired) -> None:
        insert(tables, "outbox", topic="x", payload={}, dead_at=datetime.now(UTC))
        told = api.call("admin.health.get", headers=operator.headers).json()["data"]
        lines = {item["name"]: item for item in told["items"]}
        assert (lines["database"]["level"], lines["database.schema"]["level"]) == ("OK", "OK")
        assert lines["worker.dead_letters"]["level"] == "WARN"
        assert "biore jobs dead" in lines["worker.dead_letters"]["remedy"]
        assert told["healthy"] is all(item["level"] != "FAIL" for item in told["items"])

    def test_who_asks_meanwhile_is_told_the_same(self, server: Server) -> None:
        members = [hired(server, "OPERATOR") for _ in range(5)]

        def ask(headers: dict[str, str]) -> bytes:
            with server.client() as api:
                return api.call("admin.health.get", headers=headers).content

        with ThreadPoolExecutor(5) as beside:
            assert len(set(beside.map(ask, members))) < len(members)

    def test_ends_in_time_whatever_hangs(self, start_server: Callable[..., Server]) -> None:
        """A Redis that says nothing has a line of its own, and the others have theirs."""
        with silent_server() as port:
            server = start_server(redis_url=f"redis://127.0.0.1:{port}/0")
            server.configure(**{"ratelimit.enabled": False})
            headers = hired(server, "OPERATOR")
            began = time.monotonic()
            with server.client() as api:
                told = api.call("admin.health.get", headers=headers).json()["data"]
            assert time.monotonic() - began < MOST_SECONDS + 5
        lines = {item["name"]: item["level"] for item in told["items"]}
        assert (lines["redis"], lines["database"], told["healthy"]) == ("FAIL", "OK", False)
