"""The blog, for readers of feeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.answers.prepared import Made
from domain.content import CANONICAL_BASE_URL
from domain.content.feeds import MOST, feed_of
from domain.content.lists import Wanted

if TYPE_CHECKING:
    from datetime import datetime

    from domain.answers.prepared import Prepared
    from handlers.needs import Config, Editions, FeedWriter, Prepare, Repositories


async def rss(config: Config, editions: Editions, prepare: Prepare, feed_writer: FeedWriter) -> Prepared[str]:
    return await _written("rss", config, editions, prepare, feed_writer)


async def atom(config: Config, editions: Editions, prepare: Prepare, feed_writer: FeedWriter) -> Prepared[str]:
    return await _written("atom", config, editions, prepare, feed_writer)


async def _written(
    form: str, config: Config, editions: Editions, prepare: Prepare, feed_writer: FeedWriter
) -> Prepared[str]:
    site, own = config[CANONICAL_BASE_URL], feed_writer.address(form)

    async def make(db: Repositories, now: datetime) -> Made[str]:
        rows = await db.publications.list(Wanted("post"), now, MOST)
        feed = await feed_writer.write(form, feed_of(site, rows))
        return Made(feed, await db.publications.next_change("post", now))

    return await editions.get("blog", (form, site, own), prepare, make)
