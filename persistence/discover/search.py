"""Creators who may be found: by words, by parts of names, by names that are nearly right, and by what they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Integer,
    Select,
    String,
    Text,
    Uuid,
    bindparam,
    cast,
    func,
    literal,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from domain.discover.entries import TIERS
from domain.discover.orders import ORDERS
from domain.discover.searching import (
    BEGINNING,
    MOST_COMPARED,
    MOST_FOUND,
    MOST_MISSPELT,
    STAGES,
    Place,
    Sought,
    closest,
)
from persistence.engine.connection import Connection
from persistence.engine.keyset import Keyset
from persistence.models import CreatorSearch

Row = CreatorSearch
CARD = (Row.creator_id, Row.card, Row.level, Row.avg_rating, Row.rating_count, Row.total_followers)
MOST_RANKED = 20_000
"""Of one tier. A walk from the beginning never meets so many; a cursor that somebody made up costs no more."""

RANKS = 1_000_000

_words = cast(bindparam("words", type_=String), TSQUERY)
_another = Row.username != bindparam("username", type_=Text)


def _page(found: Select[Any]) -> Select[Any]:
    """Of rows with a rank those after the one that was shown last."""
    rows = found.subquery()
    last = tuple_(bindparam("rank", type_=BigInteger), bindparam("creator_id", type_=Uuid))
    return (
        select(*rows.c)
        .where(tuple_(rows.c.rank, rows.c.creator_id) < last)
        .order_by(rows.c.rank.desc(), rows.c.creator_id.desc())
        .limit(bindparam("rows", type_=Integer))
    )


BY_USERNAME = select(*CARD).where(Row.username == bindparam("username", type_=Text))
_rank = cast(func.ts_rank(Row.document, _words) * RANKS, Integer).label("rank")
BY_WORDS = _page(select(*CARD, _rank).where(Row.document.bool_op("@@")(_words), _another).limit(MOST_RANKED))
BY_PARTS = _page(
    select(*CARD, literal(0, Integer).label("rank"))
    .where(
        Row.grams.bool_op("@>")(bindparam("parts", type_=ARRAY(Text))),
        Row.folded.contains(bindparam("folded", type_=Text)),
        ~Row.document.bool_op("@@")(_words),
        _another,
    )
    .limit(MOST_RANKED)
)


def _nearly(words: int) -> Select[Any]:
    """Names that have something in common with each of so many words. Ordered by what no index has, so that none is
    read in the hope of meeting enough of them soon."""
    overlaps = (Row.grams.bool_op("&&")(bindparam(f"forms_{at}", type_=ARRAY(Text))) for at in range(words))
    rows = select(*CARD, Row.folded).where(*overlaps)
    most_popular_first = (Row.total_followers + Row.total_messages).desc()
    return rows.order_by(most_popular_first, Row.creator_id).limit(bindparam("rows", type_=Integer))


NEARLY = {words: _nearly(words) for words in range(1, MOST_MISSPELT + 1)}
KEYSETS = {name: Keyset(*(getattr(Row, column).desc() for column in order.columns)) for name, order in ORDERS.items()}
LISTED = (*CARD, Row.updated_at, Row.total_messages)


@dataclass(frozen=True, slots=True)
class Found:
    """A row of ``CARD``, and where a walk goes on that showed it last."""

    row: Any
    place: Place


class Discovery:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def search(self, sought: Sought, place: Place, rows: int) -> Sequence[Found]:
        """So many after ``place``. One statement per stage, until there are enough: of the most popular first, so that
        a word which many have is ranked for a few of them alone."""
        if not sought.words:
            return []
        rows = min(rows, MOST_FOUND - place.shown)
        found = await self._named(sought) if place is BEGINNING else []
        for stage in range(place.stage, STAGES):
            if len(found) >= rows:
                break
            after = place if stage == place.stage else BEGINNING
            shown = place.shown + len(found) + 1
            ranked = await self._stage(sought, stage, after, rows - len(found))
            found += [Found(row, Place(stage, at, row.rank, row.creator_id)) for at, row in enumerate(ranked, shown)]
        return found or (await self._nearly(sought, rows) if place is BEGINNING else [])

    async def having(self, facet: str, sort: str, keys: Sequence[Any] | None, rows: int) -> Sequence[Any]:
        """So many with the facet after those keys. The form of the statement holds no facet, which the plan depends on:
        how many have it is known to the database."""
        listed = select(*LISTED).where(Row.facets.bool_op("@>")(literal([facet], ARRAY(Text))))
        return await self._connection.rows(KEYSETS[sort].page(listed, keys, rows))

    async def _named(self, sought: Sought) -> list[Found]:
        """Whoever has exactly that username."""
        if not sought.username:
            return []
        rows = await self._connection.rows(BY_USERNAME, username=sought.username)
        return [Found(row, BEGINNING._replace(shown=1)) for row in rows[:1]]

    async def _stage(self, sought: Sought, stage: int, after: Place, rows: int) -> Sequence[Any]:
        """Whoever was found by the username is not found again."""
        tier = stage % len(TIERS)
        values = {"words": sought.whole(tier), "username": sought.username, "rows": rows}
        values |= {"rank": after.rank, "creator_id": after.creator_id}
        if stage < len(TIERS):
            return await self._connection.rows(BY_WORDS, **values)
        parts = sought.parts(tier)
        if not parts:
            return []
        return await self._connection.rows(BY_PARTS, **values, parts=parts, folded=sought.folded)

    async def _nearly(self, sought: Sought, rows: int) -> list[Found]:
        """Names that are written nearly so, on one page."""
        words = sought.misspelt()
        candidates: list[Any] = []
        for tier in TIERS if words else ():
            most = MOST_COMPARED - len(candidates)
            if most > 0:
                forms = {f"forms_{at}": sought.near(word, tier) for at, word in enumerate(words)}
                candidates += await self._connection.rows(NEARLY[len(words)], **forms, rows=most)
        names = closest(words, candidates, lambda row: row.folded, rows - 1)
        return [Found(row, BEGINNING) for row in names]
