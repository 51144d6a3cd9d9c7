"""Of a database that is away is told once, and once when it is back."""

import psycopg
import pytest
from structlog.testing import capture_logs

from persistence.engine.pool import PoolExhausted
from services.config.reach import Reach

REFUSED = psycopg.OperationalError('connection to server at "db", port 5432 failed: Connection refused\n\tIs it up?')


@pytest.fixture
def reach() -> Reach:
    moments = iter((10.0, 12.5, 20.0, 21.0))
    return Reach("db:5432", lambda: next(moments))


class TestReach:
    def test_tells_only_when_something_changes(self, reach: Reach) -> None:
        with capture_logs() as told:
            reach.found()
            assert [reach.lost(REFUSED) for _ in range(3)] == [True] * 3
            reach.found()
            reach.found()
        assert told == [
            {"event": "database.unreachable", "at": "db:5432", "cause": "Connection refused", "log_level": "warning"},
            {"event": "database.reachable", "at": "db:5432", "after_seconds": 2.5, "log_level": "info"},
        ]

    def test_a_database_that_answers_may_still_wait_for_its_migrations(self, reach: Reach) -> None:
        with capture_logs() as told:
            reach.lost(REFUSED)
            reach.lost(psycopg.errors.UndefinedTable("no table"))
            reach.found()
        assert [line["event"] for line in told] == [
            "database.unreachable", "database.not_migrated", "database.reachable",
        ]  # fmt: skip

    def test_is_no_judge_of_other_errors(self, reach: Reach) -> None:
        with capture_logs() as told:
            assert not reach.lost(PoolExhausted("no connection was free"))
            assert not reach.lost(psycopg.errors.DeadlockDetected("a deadlock"))
        assert told == []

    def test_is_quiet_where_another_process_tells_the_same(self, reach: Reach) -> None:
        reach.quiet = True
        with capture_logs() as told:
            reach.lost(REFUSED)
            reach.found()
        assert told == []
