"""What repositories ask the database by: rows, transactions, and connections on which something went wrong."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import Integer, Text, bindparam, func, insert, literal, select, text, update
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import aliased

from persistence.engine.connection import Connection
from persistence.engine.pool import Pool, PoolExhausted, PoolState
from persistence.engine.statements import bound, kept
from persistence.models import AuditLog, BlockList, ReferralLink, User
from tests.conftest import Databases
from tests.harness import Tables

PID = select(func.pg_backend_pid())
SLEEP = select(func.pg_sleep(30))
ADD = insert(User).values(email=bindparam("address"), referral_code=bindparam("code")).returning(User.id)
BY_EMAIL = select(User).where(User.email == bindparam("address"))


@pytest.fixture(scope="module")
def url(databases: Databases) -> str:
    return databases.migrated()


@asynccontextmanager
async def pool_of(url: str, size: int = 2, **options: Any) -> AsyncIterator[Pool]:
    pool = Pool(url, {"options": "-c timezone=UTC"}, size, **options)
    try:
        yield pool
    finally:
        await pool.close()


def using(url: str, work: Callable[[Pool], Awaitable[None]], size: int = 2, **options: Any) -> None:
    async def main() -> None:
        async with pool_of(url, size, **options) as pool:
            await work(pool)
            assert pool.state == PoolState(size, 0, 0), "not every connection came back"

    asyncio.run(main())


async def added(connection: Connection, address: str) -> UUID:
    return await connection.scalar_one(ADD, address=address, code=uuid4().hex)


async def there(pool: Pool, address: str) -> bool:
    async with Connection(pool, reading=True) as connection:
        return await connection.row(BY_EMAIL, address=address) is not None


class TestRows:
    def test_a_model_is_a_record_of_its_attributes(self, url: str) -> None:
        async def work(pool: Pool) -> None:
            async with Connection(pool) as connection:
                user_id = await added(connection, "record@example.com")
                user = await connection.scalar_one(BY_EMAIL, address="record@example.com")
            assert (user.id, user.email, user.status, user.two_factor_enabled) == (
                user_id,
                "record@example.com",
                "ACTIVE",
                False,
            )
            assert isinstance(user.created_at, datetime)
            assert user.created_at.tzinfo == UTC

        using(url, work)

    def test_models_and_columns_stand_side_by_side_by_name(self, url: str) -> None:
        other = aliased(User)
        both = select(User, other.email.label("theirs"), other, literal(7).label("seven"))
        both = both.join(other, other.email == "two@example.com").where(User.email == "one@example.com")

        async def work(pool: Pool) -> None:
            async with Connection(pool) as connection:
                one, two = await added(connection, "one@example.com"), await added(connection, "two@example.com")
                row = await connection.one(both)
                (mine, theirs, whole, seven) = row
            assert (mine.id, theirs, whole.id, seven) == (one, "two@example.com", two, 7)
            assert (row.seven, row.theirs) == (7, "two@example.com")

        using(url, work)

    def test_a_model_that_an_outer_join_did_not_find_is_none(self, url: str) -> None:
        links = select(User, ReferralLink).outerjoin(ReferralLink, ReferralLink.user_id == User.id)

        async def work(pool: Pool) -> None:
            async with Connection(pool) as connection:
                await added(connection, "outer@example.com")
                user, link = await connection.one(links.where(User.email == "outer@example.com"))
            found = (user.email, link is None)
            assert found == ("outer@example.com", True)

        using(url, work)

    def test_what_a_write_returns_is_read_alike(self, url: str) -> None:
        async def work(pool: Pool) -> None:
            async with Connection(pool) as connection:
                await added(connection, "write@example.com")
                changed = update(User).where(User.email == "write@example.com").values(bio="Else.")
                user = await connection.scalar_one(changed.returning(User))
                (row,) = await connection.rows(changed.returning(User, User.email.label("told")))
            assert (user.bio, row[0].bio, row.told) == ("Else.", "Else.", "write@example.com")

        using(url, work)

    def test_none_and_the_first(self, url: str) -> None:
        numbers = select(func.generate_series(1, bindparam("last", type_=Integer)).label("number"))

        async def work(pool: Pool) -> None:
            async with Connection(pool, reading=True) as connection:
                assert await connection.scalar(numbers, last=0) is None
                assert await connection.row(numbers, last=0) is None
                with pytest.raises(NoResultFound):
                    await connection.one(numbers, last=0)
                assert await connection.scalar(numbers, last=3) == 1
                assert await connection.scalars(numbers, last=3) == [1, 2, 3]
                assert [row.number for row in await connection.rows(numbers, last=3)] == [1, 2, 3]

        using(url, work)

    def test_more_than_fit_into_memory_come_in_batches(self, url: str) -> None:
        async def work(pool: Pool) -> None:
            async with Connection(pool) as connection:
                await connection.use_snapshot()
                found = connection.batches(select(func.generate_series(1, 7).label("number")), 3)
                seen = [[row.number for row in batch] async for batch in found]
                isolation = await connection.scalar(select(func.current_setting("transaction_isolation")))
            assert (seen, isolation) == ([[1, 2, 3], [4, 5, 6], [7]], "repeatable read")

        using(url, work)

    def test_two_connections_see_the_same_moment(self, url: str) -> None:
        address = f"{uuid4()}@example.com"

        async def work(pool: Pool) -> None:
            async with Connection(pool) as first, Connection(pool) as second:
                await first.use_snapshot(read_only=True)
                moment = await first.moment()
                async with Connection(pool) as writer:
                    await added(writer, address)
                await second.use_snapshot(moment, read_only=True)
                assert await first.row(BY_EMAIL, address=address) is None
                assert await second.row(BY_EMAIL, address=address) is None
            assert await there(pool, address)

        using(url, work, size=3)


class TestStatements:
    def test_of_one_form_are_compiled_once(self) -> None:
        one, other = (select(User.id).where(User.email == address) for address in ("a@example.com", "b@example.com"))
        (first, text_, values), (second, _, others) = bound(one, {}), bound(other, {})
        assert first is second
        assert (list(values.values()), list(others.values())) == (["a@example.com"], ["b@example.com"])
        assert "a@example.com" not in text_

    def test_that_are_kept_are_not_looked_at_again(self) -> None:
        (first, _, one), (second, _, other) = (bound(BY_EMAIL, {"address": address}) for address in "ab")
        assert first is second
        assert (one, other) == ({"address": "a"}, {"address": "b"})
        constant = kept(select(User.id))
        assert bound(constant, {})[0] is bound(constant, {})[0]

    def test_a_list_has_a_parameter_for_each_of_its_values(self) -> None:
        for count in (1, 3, 0, 3):
            _, text_, values = bound(select(User.id).where(User.email.in_([str(n) for n in range(count)])), {})
            assert text_.count("%(") == count
            assert sorted(values.values()) == [str(n) for n in range(count)]

    def test_an_insertion_makes_up_what_is_left_out(self) -> None:
        rows = [{"owner_id": uuid4(), "blocked_id": uuid4()} for _ in range(2)]
        _, _, values = bound(insert(BlockList).values(rows), {})
        assert len({value for value in values.values() if isinstance(value, UUID)}) == 6
        again = [bound(ADD, {"address": "", "code": ""})[2]["id"] for _ in range(2)]
        assert again[0] != again[1]

    def test_values_are_written_as_their_columns_are(self) -> None:
        _, _, values = bound(insert(AuditLog).values(action="x", result="y", details={"n": 1}), {})
        assert type(values["details"]).__name__ == "Jsonb"

    def test_are_let_go_of_with_whoever_made_them(self) -> None:
        statement = select(User.id).where(User.email == bindparam("address"))
        bound(statement, {"address": "x"})
        gone = weakref.ref(statement)
        del statement
        gc.collect()
        assert gone() is None

    def test_a_value_that_is_missing_is_told(self, url: str) -> None:
        async def work(pool: Pool) -> None:
            async with Connection(pool, reading=True) as connection:
                with pytest.raises(psycopg.ProgrammingError, match="address"):
                    await connection.row(BY_EMAIL, adress="x")

        using(url, work)


class TestTransactions:
    def test_commit_at_the_end_and_roll_back_what_raises(self, url: str) -> None:
        async def work(pool: Pool) -> None:
            async with Connection(pool) as connection:
                await added(connection, "kept@example.com")
            with suppress(ZeroDivisionError):
                async with Connection(pool) as connection:
                    await added(connection, "lost@example.com")
                    raise ZeroDivisionError
            assert [await there(pool, f"{name}@example.com") for name in ("kept", "lost")] == [True, False]

        using(url, work)

    def test_ask_for_no_connection_before_the_first_statement(self, url: str) -> None:
        async def work(pool: Pool) -> None:
            async with Connection(pool):
                assert pool.state.in_use == 0

        using(url, work)

    def test_undo_a_part(self, url: str) -> None:
        async def work(pool: Pool) -> None:
            async with Connection(pool) as connection:
                await added(connection, "whole@example.com")
                with suppress(psycopg.errors.UniqueViolation):
                    async with connection.savepoint():
                        await added(connection, "part@example.com")
                        await added(connection, "whole@example.com")
                async with connection.savepoint():
                    await added(connection, "other@example.com")
            found = [await there(pool, f"{name}@example.com") for name in ("whole", "part", "other")]
            assert found == [True, False, True]

        using(url, work)

    def test_that_failed_do_not_pass_for_committed(self, url: str) -> None:
        """PostgreSQL answers COMMIT by rolling back, and calls that a success."""

        async def half(pool: Pool) -> None:
            async with Connection(pool) as connection:
                await added(connection, "half@example.com")
                with suppress(psycopg.errors.UniqueViolation):
                    await added(connection, "half@example.com")

        async def work(pool: Pool) -> None:
            with pytest.raises(psycopg.errors.InFailedSqlTransaction):
                await half(pool)
            assert not await there(pool, "half@example.com")

        using(url, work)

    def test_whose_commit_is_refused_give_the_connection_back(self, url: str) -> None:
        later = text("ALTER TABLE referral_links ADD CONSTRAINT later UNIQUE (user_id) DEFERRABLE INITIALLY DEFERRED")

        async def link(pool: Pool, user_id: UUID) -> None:
            async with Connection(pool) as connection:
                await connection.execute(insert(ReferralLink).values(code=uuid4().hex, user_id=user_id))

        async def work(pool: Pool) -> None:
            async with Connection(pool) as connection:
                user_id = await added(connection, "deferred@example.com")
                await connection.execute(later)
            await link(pool, user_id)
            with pytest.raises(psycopg.errors.UniqueViolation):
                await link(pool, user_id)

        using(url, work)

    def test_that_only_read_write_nothing(self, url: str) -> None:
        async def work(pool: Pool) -> None:
            writes: Sequence[Any] = [
                insert(User).values(email="x@example.com"),
                update(User).values(bio=None),
                select(User.id).with_for_update(),
            ]
            for statement in writes:
                async with Connection(pool, reading=True) as connection:
                    with pytest.raises(RuntimeError, match="asked to write"):
                        await connection.execute(statement)
            async with Connection(pool, reading=True) as connection:
                inside = select(func.pg_current_xact_id_if_assigned(), func.now() == func.statement_timestamp())
                assert tuple(await connection.one(inside)) == (None, True)

        using(url, work)

    def test_take_turns_on_one_connection_with_reads(self, url: str) -> None:
        async def work(pool: Pool) -> None:
            for number in range(3):
                async with Connection(pool) as connection:
                    await added(connection, f"turn{number}@example.com")
                assert await there(pool, f"turn{number}@example.com")
            async with Connection(pool) as connection:
                await added(connection, "turn@example.com")
                await connection.close()
            assert not await there(pool, "turn@example.com")

        using(url, work, size=1)


class TestWaiting:
    def test_for_a_statement_that_is_larger_than_a_socket_takes(self, url: str) -> None:
        length = select(func.length(bindparam("words", type_=Text)))

        async def work(pool: Pool) -> None:
            async with Connection(pool, reading=True) as connection:
                for millions in (30, 0, 30):
                    assert await connection.scalar(length, words="x" * millions * 1_000_000) == millions * 1_000_000

        using(url, work)

    def test_on_sockets_that_come_and_go(self, url: str) -> None:
        """A file number is used again by the next connection, and must not be watched for the one before."""

        async def ask(pool: Pool, number: int) -> None:
            async with Connection(pool, reading=True) as connection:
                assert await connection.scalar(select(literal(number))) == number

        async def work(pool: Pool) -> None:
            for first in range(0, 60, 3):
                await asyncio.gather(*(ask(pool, number) for number in range(first, first + 3)))

        using(url, work, size=3, life=0)

    def test_for_nobody_costs_nothing(self, url: str) -> None:
        """A server that says goodbye to an idle connection is told of once."""

        async def work(pool: Pool) -> None:
            held = await pool.take()
            await held.send("SELECT 1", {})
            arrived = 0
            tell = held.connection._arrived

            def count() -> None:
                nonlocal arrived
                arrived += 1
                tell()

            held.connection._arrived = count  # type: ignore[method-assign]
            held.connection._unwatch()
            await held.send("SELECT 1", {})
            terminate(url, [held.connection.info.backend_pid])
            await until(lambda: held.connection._watched == -1)
            assert arrived == 2, "the answer, and the farewell"
            with pytest.raises(psycopg.OperationalError):
                await held.send("SELECT 1", {})
            await pool.discard(held)

        using(url, work)


class TestTrouble:
    """Whatever happens, the next call gets a good connection, and no answer but its own."""

    @pytest.mark.parametrize("reading", [True, False])
    def test_a_value_that_no_statement_can_have_costs_no_connection(self, url: str, reading: bool) -> None:
        async def work(pool: Pool) -> None:
            async with Connection(pool, reading=reading) as connection:
                before = await connection.scalar(PID)
            for value in ("\ud800", "\0", object()):
                with suppress(UnicodeEncodeError, psycopg.Error):
                    async with Connection(pool, reading=reading) as connection:
                        await connection.row(BY_EMAIL, address=value)
            async with Connection(pool, reading=reading) as connection:
                assert await connection.scalar(PID) == before

        using(url, work, size=1)

    @pytest.mark.parametrize("reading", [True, False])
    def test_a_call_that_was_cancelled_in_mid_query(self, url: str, reading: bool) -> None:
        async def ask(pool: Pool, statement: Any) -> Any:
            async with Connection(pool, reading=reading) as connection:
                return await connection.scalar(statement)

        async def work(pool: Pool) -> None:
            lost = await ask(pool, PID)
            hanging = asyncio.create_task(ask(pool, SLEEP))
            await until(lambda: busy(url, lost))
            hanging.cancel()
            with pytest.raises(asyncio.CancelledError):
                await hanging
            assert await ask(pool, select(literal("mine"))) == "mine"
            assert await ask(pool, PID) != lost
            await until(lambda: not busy(url, lost))  # nor does the server go on with what nobody waits for

        using(url, work, size=1)

    def test_a_call_that_was_cancelled_while_it_waited_for_a_connection(self, url: str) -> None:
        async def work(pool: Pool) -> None:
            held = await pool.take()
            waiting = [asyncio.create_task(pool.take()) for _ in range(3)]
            await asyncio.sleep(0)
            assert pool.state == PoolState(1, 1, 3)
            waiting[0].cancel()
            await pool.give_back(held)
            waiting[1].cancel()  # it has just been handed the connection
            await asyncio.gather(*waiting[:2], return_exceptions=True)
            assert waiting[1].cancelled()
            await pool.give_back(await waiting[2])

        using(url, work, size=1)

    def test_a_pool_that_is_exhausted(self, url: str) -> None:
        async def work(pool: Pool) -> None:
            held = await pool.take()
            with pytest.raises(PoolExhausted):
                async with Connection(pool) as connection:
                    await connection.scalar(PID)
            assert pool.state == PoolState(1, 1, 0)
            waiting = asyncio.create_task(pool.take())
            await asyncio.sleep(0)
            await pool.give_back(held)
            assert await waiting is held
            await pool.give_back(held)

        using(url, work, size=1, patience=0.05)

    def test_who_waits_gets_the_place_of_a_connection_that_broke(self, url: str) -> None:
        async def work(pool: Pool) -> None:
            held = await pool.take()
            waiting = asyncio.create_task(pool.take())
            await asyncio.sleep(0)
            await pool.discard(held)
            other = await waiting
            assert other is not held
            await pool.give_back(other)

        using(url, work, size=1)

    def test_a_server_that_was_restarted_costs_one_answer(self, url: str) -> None:
        async def work(pool: Pool) -> None:
            kepts = [await pool.take() for _ in range(2)]
            for held in kepts:
                await pool.give_back(held)
            terminate(url, [held.connection.info.backend_pid for held in kepts])
            with pytest.raises(psycopg.OperationalError):
                async with Connection(pool) as connection:
                    await connection.scalar(PID)
            for _ in range(2):
                async with Connection(pool) as connection:
                    assert await connection.scalar(PID)

        using(url, work)

    def test_a_server_that_goes_away_inside_a_transaction(self, url: str) -> None:
        async def cut_off(pool: Pool) -> None:
            async with Connection(pool) as connection:
                await added(connection, "away@example.com")
                terminate(url, [await connection.scalar_one(PID)])

        async def work(pool: Pool) -> None:
            with pytest.raises(psycopg.OperationalError):
                await cut_off(pool)
            assert not await there(pool, "away@example.com")

        using(url, work)

    def test_a_table_that_changed_under_a_prepared_statement(self, url: str) -> None:
        """A migration may change the type of a column; the plan of before is of no use then."""
        reading = select(User.bio).where(User.email == bindparam("address"))

        async def ask(pool: Pool) -> None:
            async with Connection(pool, reading=True) as connection:
                await connection.row(reading, address="x@example.com")

        async def work(pool: Pool) -> None:
            for _ in range(8):
                await ask(pool)
            with Tables(url) as tables:
                tables.run("ALTER TABLE users ALTER COLUMN bio TYPE varchar(9000)")
            with pytest.raises(psycopg.OperationalError):
                await ask(pool)
            await ask(pool)

        using(url, work, size=1)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not await asyncio.to_thread(holds):  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.01)


def busy(url: str, pid: int | None) -> bool:
    with Tables(url) as tables:
        return tables.rows("SELECT 1 FROM pg_stat_activity WHERE pid = %s AND state = 'active'", pid) != []


def terminate(url: str, pids: Sequence[int]) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS pid", [list(pids)])
