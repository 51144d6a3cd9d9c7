"""Addresses that want mails from a creator."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain import topics
from domain.answers.pages import Page
from domain.auth import read_one_time_token
from domain.creators.subscribers import link_life, require_taking, require_unsubscribed, subscriber_view
from domain.errors import ApiError
from domain.texts import something

if TYPE_CHECKING:
    from domain.wire import common
    from domain.wire import creators as wire
    from handlers.needs import (
        Client,
        Clock,
        Config,
        MailRules,
        Principal,
        Repositories,
        Say,
        Subscriptions,
        UnitOfWork,
    )


async def subscribe(
    bio_page_id: str,
    body: wire.SubscribeRequest,
    uow: UnitOfWork,
    client: Client,
    clock: Clock,
    config: Config,
    mail_rules: MailRules,
    subscriptions: Subscriptions,
    say: Say,
) -> common.Message:
    page_id, email = UUID(bio_page_id), body["email"]
    async with uow() as db:
        require_taking(await db.subscribers.takes(page_id))
    await mail_rules.require_deliverable(email)
    now = clock()
    async with uow() as db:
        require_taking(await db.subscribers.still_takes(page_id))
        subscriber = await db.subscribers.enter(page_id, email, client.locale, now, now + link_life(config))
        require_unsubscribed(subscriber)
        if await subscriptions.mail_link(db, subscriber, now):
            await db.subscribers.rename(subscriber.id, something(body.get("name")), client.locale)
    return {"message": say("creators.subscribers.subscribe.done")}


async def list(page: int, limit: int, principal: Principal, db: Repositories) -> wire.Subscribers:  # noqa: A001
    rows, total = await db.subscribers.list_for(principal.creator_id, Page(page, limit))
    return {"items": [subscriber_view(row) for row in rows], "total": total}


async def unsubscribe(id: str, db: Repositories, clock: Clock, subscriptions: Subscriptions) -> None:  # noqa: A002
    if not await subscriptions.end(db, UUID(id), clock()):
        raise ApiError("creator.subscribe.not_found")


async def unsubscribe_one_click(
    id: str,  # noqa: A002
    db: Repositories,
    clock: Clock,
    subscriptions: Subscriptions,
) -> None:
    await unsubscribe(id, db, clock, subscriptions)


async def confirm(db: Repositories, clock: Clock, token: str | None = None) -> None:
    read = read_one_time_token(token or "")
    if read is None or not await db.subscribers.confirm(read, clock()):
        raise ApiError("creator.subscribe.token_invalid")


async def resend(body: wire.ResendConfirmationRequest, db: Repositories, say: Say) -> common.Message:
    """Whether there is anything to confirm is the worker's to find out: the answer takes the same time for all."""
    await db.outbox.add(topics.ResendSubscriptions(), secret=body["email"])
    return {"message": say("creators.subscribers.resend.done")}
