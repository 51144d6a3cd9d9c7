"""Bio pages: as their owners change them, and as everybody sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.answers.prepared import Made
from domain.creators.bio import TEMPLATES, offered_view, page_columns, page_view
from domain.css import ALLOWED_HOSTS
from domain.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from domain.answers.prepared import Prepared
    from domain.wire import creators as wire
    from handlers.needs import (
        CleanCss,
        Clock,
        Config,
        Editions,
        Moderation,
        Prepare,
        Principal,
        PublicPages,
        Repositories,
    )


async def find(creator_id: str, principal: Principal, db: Repositories) -> wire.OwnBioPage:
    _require_own(creator_id, principal)
    found = await db.bio_pages.whole(UUID(creator_id))
    if found is None:
        raise ApiError("creator.bio.not_found")
    _, page, template, *_ = found
    return page_view(page, template, await db.bio_pages.links(page.id))


async def update(
    creator_id: str,
    body: wire.UpdateBioPageRequest,
    principal: Principal,
    db: Repositories,
    config: Config,
    clock: Clock,
    moderation: Moderation,
    clean_css: CleanCss,
) -> None:
    _require_own(creator_id, principal)
    columns, told = page_columns(body), {"bio": body.get("bio")}
    if css := columns.get("custom_css"):
        columns["custom_css"], told["bio_style"] = await clean_css(css, config[ALLOWED_HOSTS])
    # The account before its case, and the case before the page, as whoever decides about the account holds them.
    user = await db.users.get_for_update(principal.user_id)
    flagged = moderation.texts(told, user.locale, code="creator.bio.content_flagged")
    await db.cases.flag(user.id, [found.written(clock()) for found in flagged])
    if await db.bio_pages.hold(UUID(creator_id)) is None:
        raise ApiError("creator.bio.not_found")
    template_id = columns.get("template_id")
    if template_id is not None and not await db.bio_templates.is_offered(template_id):
        raise ApiError("creator.bio.template_not_found")
    if columns:
        await db.bio_pages.write(UUID(creator_id), columns)


async def public(username: str, public_pages: PublicPages, prepare: Prepare) -> Prepared[wire.PublicBioPage]:
    return await _shown(await public_pages.head(username), public_pages, prepare)


async def embed(username: str, public_pages: PublicPages, prepare: Prepare) -> Prepared[wire.PublicBioPage]:
    head = await public_pages.head(username)
    if head is not None and not head.embed_enabled:
        raise ApiError("creator.bio.embed_disabled")
    return await _shown(head, public_pages, prepare)


async def _shown(head: Any, public_pages: PublicPages, prepare: Prepare) -> Prepared[wire.PublicBioPage]:
    page = None if head is None else await public_pages.payload(head, prepare)
    if page is None:
        raise ApiError("creator.bio.not_found")
    return page


def _require_own(creator_id: str, principal: Principal) -> None:
    if UUID(creator_id) != principal.creator_id:
        raise ApiError("creator.bio.not_owner")


async def templates(
    editions: Editions, prepare: Prepare, max_items: int
) -> Prepared[Sequence[wire.OfferedBioTemplate]]:
    async def made(db: Repositories, _now: datetime) -> Made[Sequence[wire.OfferedBioTemplate]]:
        return Made([offered_view(template) for template in await db.bio_templates.offered(max_items)])

    return await editions.get(TEMPLATES, "offered", prepare, made)
