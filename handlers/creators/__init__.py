"""What a creator runs the page with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.content import CANONICAL_BASE_URL
from domain.creators import creator_id_of, social_account_view
from domain.creators.bio import CREATOR, creator_view, page_view, template_id_of
from domain.errors import ApiError
from domain.users.usernames import require_no_path, require_well_formed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.wire import creators as wire
    from handlers.needs import Clock, Config, Moderation, Principal, Repositories, SitePaths, Vault


async def upgrade(
    body: wire.UpgradeToCreatorRequest,
    principal: Principal,
    db: Repositories,
    config: Config,
    clock: Clock,
    site_paths: SitePaths,
    moderation: Moderation,
) -> wire.Upgraded:
    user, wished, now = await db.users.get_for_update(principal.user_id), body.get("username"), clock()
    if user.status == "DELETED":  # erased since the call began
        raise ApiError("error.user.not_found")
    creator_id = await db.creators.add(user.id)
    if creator_id is None:
        raise ApiError("creator.upgrade.already_creator")
    if user.username is not None and wished not in (None, user.username):
        raise ApiError("creator.upgrade.username_differs")
    names: dict[str, Any] = {"display_name": body["displayName"] or None} if "displayName" in body else {}
    bio = body.get("bio", body.get("displayName", ""))
    flagged = moderation.texts({**names, "bio": bio}, user.locale, code="creator.bio.content_flagged")
    username = user.username
    if username is None:
        if not wished:
            raise ApiError("creator.upgrade.username_required")
        username = wished
        require_well_formed(username, config)
        require_no_path(username, site_paths)
        if await db.users.is_username_claimed(username, user.id):
            raise ApiError("auth.register.username_unavailable")
        flagged += moderation.name(username, user.locale)
        names["username"] = username
    template_id = template_id_of(body["themeId"]) if "themeId" in body else None
    if template_id is not None and not await db.bio_templates.is_offered(template_id):
        raise ApiError("creator.bio.template_not_found")
    await db.users.change(user.id, intent=CREATOR, **names)
    if user.username is None:
        await db.usernames.remember(user.id, None, username, now)
        await db.referrals.repoint(user.id, username)
    await db.bio_pages.add(creator_id, {"bio": bio, "template_id": template_id})
    await db.cases.flag(user.id, [found.written(now) for found in flagged])
    await db.audit.record("creator.upgrade.success", actor=user.id, target=user.id)
    site = config[CANONICAL_BASE_URL].partition("://")[2].rstrip("/")
    return {"creatorId": str(creator_id), "bioPageUrl": f"{site}/{username}"}


async def profile(principal: Principal, db: Repositories, vault: Vault) -> wire.CreatorProfile:
    found = await db.bio_pages.whole(creator_id_of(principal))
    if found is None:
        raise ApiError("error.creator.not_found")
    profile, page, template, categories, bank = found
    own_page = page_view(page, template, await db.bio_pages.links(page.id))
    packages = await db.dm_packages.all(profile.id)
    return creator_view(profile, own_page, packages, categories, vault.bank_account(bank))


async def social(principal: Principal, db: Repositories, max_items: int) -> Sequence[wire.SocialAccount]:
    accounts = await db.creators.social_accounts(principal.user_id, max_items)
    return [social_account_view(account) for account in accounts]
