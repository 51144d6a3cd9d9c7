"""The platforms that people sign in through, as staff sets them up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.admin import not_found
from domain.admin.oauth import SECRET, changes_of, platform_view, told
from domain.admin.providers import ConfigRefused, require_no_mask
from domain.auth.oauth import PLATFORMS
from domain.errors import moved_on

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import OAuth, Platforms, Principal, Repositories, UnitOfWork


async def list(db: Repositories, platforms: Platforms) -> wire.OAuthSettingsList:  # noqa: A001
    rows = {row.platform: row for row in await db.oauth_providers.all()}
    return {"items": [platform_view(platforms.facts(rows.get(name), name)) for name in sorted(PLATFORMS)]}


async def set(  # noqa: A001
    platform: str,
    body: wire.OAuthSettingsRequest,
    expected_version: int,
    principal: Principal,
    oauth: OAuth,
    platforms: Platforms,
    uow: UnitOfWork,
) -> wire.OAuthSettings:
    if platform not in PLATFORMS:
        raise not_found("platform")
    changes = changes_of(body)
    async with uow.reading() as db:
        row = await db.oauth_providers.find(platform)
    before = platforms.facts(row, platform)
    if (row is None and expected_version) or (row is not None and row.version != expected_version):
        raise moved_on(row.version if row else 0)
    with ConfigRefused(platform):
        if changes.get(SECRET):
            require_no_mask("clientSecret", changes[SECRET], before.fingerprint)
        client = platforms.client_after(row, platform, changes)
    if client is not None:
        await oauth.require_ready(client)
    async with uow() as db:
        with ConfigRefused(platform):
            now = await platforms.put(db, platform, changes, expected_version)
        if now is None:
            found = await db.oauth_providers.find(platform)
            raise moved_on(found.version if found else 0)
        after = platforms.facts(now, platform)
        await db.audit.record(
            "admin.providers.oauth.set",
            actor=principal.user_id,
            target=platform,
            reason=body["reason"],
            before=told(before),
            after=told(after),
        )
    return platform_view(after)
