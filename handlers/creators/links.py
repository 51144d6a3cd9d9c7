"""Links of a creator's bio page. Whoever changes one holds the page first, so that edits of a page are one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.creators.links import (
    MAX_LINKS,
    changed_link,
    link_view,
    new_link,
    require_no_messages,
    require_room,
    texts_of,
)
from domain.creators.pages import creator_of, require_own
from domain.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from domain.wire import creators as wire
    from handlers.needs import Clock, Config, Moderation, Principal, Repositories


async def add(
    creator_id: str,
    body: wire.AddLinkRequest,
    principal: Principal,
    db: Repositories,
    config: Config,
    moderation: Moderation,
    clock: Clock,
) -> wire.BioLink:
    owner = require_own(principal, creator_id)
    columns = new_link(body)
    await _moderate(body, principal, db, moderation, clock())
    page = await _held(db, owner)
    room = await db.bio_links.room(page.id)
    require_room(room, config[MAX_LINKS])
    if columns["is_social"]:
        require_no_messages(room)
    link = await db.bio_links.add(page.id, {"sort_order": room.links} | columns)
    await db.bio_pages.changed(owner)
    return link_view(link)


async def delete(link_id: str, principal: Principal, db: Repositories) -> None:
    owner = creator_of(principal)
    page = await db.bio_pages.hold(owner)
    if page is None or not await db.bio_links.delete(page.id, UUID(link_id)):
        raise await _not_yours(db, UUID(link_id))
    await db.bio_pages.changed(owner)


async def update(
    link_id: str,
    body: wire.UpdateLinkRequest,
    principal: Principal,
    db: Repositories,
    moderation: Moderation,
    clock: Clock,
) -> wire.BioLink:
    owner = creator_of(principal)
    await _moderate(body, principal, db, moderation, clock())
    page = await db.bio_pages.hold(owner)
    link = await db.bio_links.find(page.id, UUID(link_id)) if page is not None else None
    if page is None or link is None:
        raise await _not_yours(db, UUID(link_id))
    columns = changed_link(link, body)
    if link.is_social and body.get("active"):
        require_no_messages(await db.bio_links.room(page.id))
    if columns:
        link = await db.bio_links.change(link.id, columns)
        await db.bio_pages.changed(owner)
    return link_view(link)


async def reorder(creator_id: str, body: wire.ReorderLinksRequest, principal: Principal, db: Repositories) -> None:
    owner = require_own(principal, creator_id)
    page = await _held(db, owner)
    link_ids: Sequence[UUID] = [UUID(link_id) for link_id in body["linkIds"]]
    if await db.bio_links.reorder(page.id, link_ids) != len(link_ids):
        raise ApiError("creator.links.not_owned")
    await db.bio_pages.changed(owner)


async def _moderate(
    body: Mapping[str, Any], principal: Principal, db: Repositories, moderation: Moderation, now: datetime
) -> None:
    """Whoever decides about the account holds it before the case, and the case before the page; so does this.

    Raises ApiError content_flagged, invalid_url.
    """
    told = texts_of(body)
    if not any(told.values()):
        return
    user = await db.users.get(principal.user_id)
    flagged = moderation.texts(told, user.locale, code="creator.bio.content_flagged")
    if flagged:
        await db.cases.hold_accounts(user.id)
        await db.cases.flag(user.id, [found.written(now) for found in flagged])


async def _held(db: Repositories, owner: UUID) -> Any:
    page = await db.bio_pages.hold(owner)
    if page is None:
        raise ApiError("creator.bio.not_found")
    return page


async def _not_yours(db: Repositories, link_id: UUID) -> ApiError:
    known = await db.bio_links.is_known(link_id)
    return ApiError("creator.links.not_owner" if known else "creator.links.not_found")
