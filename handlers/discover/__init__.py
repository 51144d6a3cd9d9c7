"""Creators, as whoever looks for somebody meets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.discover.cards import card_view
from domain.discover.entries import facet
from domain.discover.orders import ORDERS
from domain.discover.searching import place_of, sought

if TYPE_CHECKING:
    from domain.answers.prepared import Prepared
    from domain.wire import discover as wire
    from handlers.needs import Clock, Prepare, Repositories, Walk


async def search(query: str, walk: Walk, db: Repositories) -> wire.CreatorPage:
    found = await db.discovery.search(sought(query), place_of(walk), walk.rows)
    shown, further = walk.page(found, lambda each: each.place.keys)
    return {"creators": [card_view(each.row) for each in shown], "nextCursor": further}


async def category(
    platform: str, walk: Walk, db: Repositories, category: str | None = None, dm_type: str | None = None
) -> wire.CreatorPage:
    order = ORDERS[walk.sort]
    rows = await db.discovery.having(facet(platform, category, dm_type), walk.sort, order.after(walk), walk.rows)
    shown, further = walk.page(rows, order.keys)
    return {"creators": [card_view(row) for row in shown], "nextCursor": further}


async def featured(db: Repositories, clock: Clock, prepare: Prepare) -> Prepared[wire.Creators]:
    now = clock()
    rows = await db.creator_lists.featured(now)
    return prepare({"creators": [card_view(row) for row in rows]}, valid_until=await db.creator_lists.next_change(now))


async def trending(limit: int, db: Repositories) -> wire.Creators:
    return {"creators": [card_view(row) for row in await db.creator_lists.trending(limit)]}
