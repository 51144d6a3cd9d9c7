"""The blog, for readers of feeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.answers.prepared import Made
from domain.content import CANONICAL_BASE_URL
from domain.content.feeds import MOST, feed_of, write_atom, write_rss
from domain.content.lists import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from domain.answers.prepared import Prepared
    from domain.content.feeds import Feed
    from handlers.needs import Config, Editions, OperationUrls, Prepare, Repositories


async def rss(config: Config, editions: Editions, prepare: Prepare, operation_urls: OperationUrls) -> Prepared[str]:
    return await _written(write_rss, operation_urls.of("content.feeds.rss"), config, editions, prepare)


async def atom(config: Config, editions: Editions, prepare: Prepare, operation_urls: OperationUrls) -> Prepared[str]:
    return await _written(write_atom, operation_urls.of("content.feeds.atom"), config, editions, prepare)


async def _written(
    write: Callable[[Feed, str], str], own: str, config: Config, editions: Editions, prepare: Prepare
) -> Prepared[str]:
    site = config[CANONICAL_BASE_URL]

    async def make(db: Repositories, now: datetime) -> Made[str]:
        rows = await db.publications.list(Wanted("post"), now, MOST)
        return Made(write(feed_of(site, rows), own), await db.publications.next_change("post", now))

    return await editions.get("blog", (site, own), prepare, make)
