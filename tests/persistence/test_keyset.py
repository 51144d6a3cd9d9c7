"""Walks over a real table: whatever comes and goes meanwhile, a row that stays is shown once."""

import random
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Uuid,
    create_engine,
    delete,
    func,
    insert,
    select,
    text,
)

from persistence.engine.keyset import Keyset
from persistence.engine.url import driver_url

WALKED = Table(
    "walked",
    MetaData(),
    Column("id", Uuid, primary_key=True),
    Column("score", Integer, nullable=False),
    Column("name", String, nullable=False),
    Column("note", String),
    Index("walked_falling", "score", "name", "id"),
)
C = WALKED.c
ORDERS = {
    "falling": Keyset(C.score.desc(), C.name.desc(), C.id.desc()),
    "rising": Keyset(C.score, C.name.asc(), C.id),
    "mixed": Keyset(C.score.desc(), C.name.asc(), C.id.desc()),
    "mixed the other way": Keyset(C.score.asc(), C.name.desc(), C.id.asc()),
    "by two": Keyset(C.score.desc(), C.id.asc()),
    "by the id alone": Keyset(C.id.desc()),
}


@pytest.fixture(scope="module")
def connection(database_url: str) -> Iterator[Connection]:
    engine = create_engine(driver_url(database_url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        WALKED.create(connection)
        yield connection
        WALKED.drop(connection)
    engine.dispose()


class Shelf:
    """The table, with chance."""

    def __init__(self, connection: Connection, seed: int) -> None:
        self.connection = connection
        self.chance = random.Random(seed)
        self.stayed: set[UUID] = set()
        connection.execute(delete(WALKED))

    def add(self, count: int) -> set[UUID]:
        """Rows of which many have the same score, the same name, or both."""
        rows = [
            {"id": UUID(int=self.chance.getrandbits(128)), "score": self.chance.randint(0, 3),
             "name": self.chance.choice(["a", "b", "B", "ä"])}
            for _ in range(count)
        ]  # fmt: skip
        self.connection.execute(insert(WALKED), rows)
        return {row["id"] for row in rows}  # type: ignore[misc]

    def take_away(self, count: int, *gone: UUID) -> None:
        some = [*gone, *self.chance.sample(sorted(self.stayed), min(count, len(self.stayed)))]
        self.connection.execute(delete(WALKED).where(C.id.in_(some)))
        self.stayed -= set(some)

    def page(self, order: Keyset, keys: Any, rows: int) -> list[Any]:
        return list(self.connection.execute(order.page(select(WALKED), keys, rows)))


def keys_of(order: Keyset) -> Callable[[Any], tuple[Any, ...]]:
    names = [str(column.name) for column in order._columns]
    return lambda row: tuple(getattr(row, name) for name in names)


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
class TestWalk:
    @pytest.mark.parametrize("seed", range(6))
    def test_shows_each_row_that_stays_once(self, connection: Connection, order: Keyset, seed: int) -> None:
        """Rows come and go between the pages, also the very one that the last page ended with."""
        shelf = Shelf(connection, seed)
        shelf.stayed = shelf.add(60)
        seen: list[UUID] = []
        keys = None
        while rows := shelf.page(order, keys, shelf.chance.randint(1, 7)):
            seen += [row.id for row in rows]
            keys = keys_of(order)(rows[-1])
            shelf.add(shelf.chance.randint(1, 4))
            gone = [rows[-1].id] if shelf.chance.random() < 0.5 else []
            shelf.take_away(shelf.chance.randint(0, 2), *gone)
            if len(seen) > 500:
                break
        assert len(seen) == len(set(seen))
        assert shelf.stayed <= set(seen)

    def test_is_in_order(self, connection: Connection, order: Keyset) -> None:
        shelf = Shelf(connection, 7)
        shelf.add(40)
        whole = [row.id for row in connection.execute(select(WALKED).order_by(*order.order_by))]
        walked: list[UUID] = []
        keys = None
        while rows := shelf.page(order, keys, 3):
            walked += [row.id for row in rows]
            keys = keys_of(order)(rows[-1])
        assert walked == whole

    def test_a_page_may_begin_at_a_row_that_never_was(self, connection: Connection, order: Keyset) -> None:
        shelf = Shelf(connection, 8)
        shelf.add(5)
        everything = {"score": -9, "name": "", "id": UUID(int=0)}
        keys = tuple(everything[name] for name in (str(c.name) for c in order._columns))
        beyond = len(shelf.page(order, keys, 99))
        assert beyond in (0, 5)


class TestKeyset:
    def test_compares_rows_where_it_can(self) -> None:
        said = str(ORDERS["falling"].after((1, "a", UUID(int=0))))
        assert "(walked.score, walked.name, walked.id) < (" in said
        assert "(walked.score, walked.name, walked.id) > (" in str(ORDERS["rising"].after((1, "a", UUID(int=0))))

    def test_begins_with_all(self, connection: Connection) -> None:
        shelf = Shelf(connection, 9)
        shelf.add(3)
        assert len(shelf.page(ORDERS["mixed"], None, 9)) == 3

    @pytest.mark.parametrize("name", ["falling", "rising", "mixed"])
    def test_an_index_serves_it(self, connection: Connection, name: str) -> None:
        """It is entered where the page begins, however far into the list that is."""
        shelf = Shelf(connection, 10)
        shelf.add(2000)
        connection.execute(text("ANALYZE walked"))
        statement = ORDERS[name].page(select(C.id), (2, "b", UUID(int=0)), 5)
        plain = statement.compile(connection, compile_kwargs={"literal_binds": True})
        connection.execute(text("SET enable_seqscan = off"))
        try:
            plan = "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {plain}"))
        finally:
            connection.execute(text("RESET enable_seqscan"))
        assert "Index Cond" in plan

    @pytest.mark.parametrize("keys", [(), (1,), (1, "a", UUID(int=0), 4)])
    def test_takes_a_key_for_each_column(self, keys: Any) -> None:
        with pytest.raises(ValueError, match="zip"):
            ORDERS["falling"].after(keys)

    def test_has_no_place_for_what_may_be_null(self) -> None:
        with pytest.raises(ValueError, match=r"walked\.note"):
            Keyset(C.note.desc(), C.id.desc())
        Keyset(func.coalesce(C.note, "").desc(), C.id.desc())
