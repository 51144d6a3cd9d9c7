"""What is said of a database that cannot be used: one line, which names place and cause and no secret."""

from collections.abc import Callable

import psycopg
import pytest
from sqlalchemy.exc import OperationalError, ProgrammingError

from persistence.engine.pool import PoolExhausted
from persistence.engine.reach import NotMigrated, OutOfReach, cause_of, is_away, place_of, reaching
from tests.providers.servers import closed_port

REMEDY = "start it"


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://ada:hunter2@db.example.com/biore", "db.example.com:5432"),
        ("postgresql://db.example.com:6543/biore", "db.example.com:6543"),
        ("postgresql://[::1]:6543/biore", "[::1]:6543"),
        ("postgresql://a,b:6543/biore", "a:5432 or b:6543"),
        ("postgresql://ada@/biore?host=/run/postgresql", "/run/postgresql"),
        ("postgresql:///biore", "the local socket"),
    ],
)
def test_a_place_is_host_and_port(url: str, place: str) -> None:
    assert place_of(url) == place


def refused_by(url: str) -> psycopg.Error:
    with pytest.raises(psycopg.Error) as refusal:
        psycopg.connect(url)
    return refusal.value


class TestCause:
    def test_of_nobody_who_listens(self) -> None:
        error = refused_by(f"postgresql://ada:hunter2@127.0.0.1:{closed_port()}/biore")
        assert is_away(error)
        assert cause_of(error) == "Connection refused"

    def test_of_two_of_whom_none_listens(self) -> None:
        assert cause_of(refused_by(f"postgresql://127.0.0.1,127.0.0.1:{closed_port()}/x")) == "Connection refused"

    def test_of_a_socket_that_is_not_there(self) -> None:
        assert cause_of(refused_by("postgresql:///biore?host=/tmp/nobody")) == "No such file or directory"

    def test_of_a_database_that_is_not_there(self, database_url: str) -> None:
        error = refused_by(f"{database_url}&dbname=nowhere")
        assert is_away(error)
        assert cause_of(error) == 'FATAL:  database "nowhere" does not exist'

    def test_a_pool_without_a_free_connection_says_nothing_of_the_server(self) -> None:
        assert not is_away(PoolExhausted("no connection was free"))


class TestReaching:
    def test_what_the_driver_says_becomes_one_line(self) -> None:
        url = f"postgresql://ada:hunter2@127.0.0.1:{closed_port()}/biore"
        with pytest.raises(OutOfReach) as told, reaching(url, REMEDY):
            psycopg.connect(url)
        assert str(told.value) == f"the database at {place_of(url)} cannot be used: Connection refused; {REMEDY}"

    @pytest.mark.parametrize(
        "wrapped", [lambda error: error, lambda error: ProgrammingError("select", {}, error)], ids=["driver", "alchemy"]
    )
    def test_missing_tables_are_to_be_migrated(self, wrapped: Callable[[psycopg.Error], Exception]) -> None:
        with pytest.raises(NotMigrated, match="not migrated; run `biore migrate`"), reaching("postgresql://db/x", ""):
            raise wrapped(psycopg.errors.UndefinedTable("relation"))

    def test_everything_else_stays_what_it_is(self) -> None:
        with pytest.raises(OperationalError), reaching("postgresql://db/x", REMEDY):
            raise OperationalError("select", {}, psycopg.errors.LockNotAvailable("locked"))
