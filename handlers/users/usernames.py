"""The name that an account goes by."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from domain import topics
from domain.auth.changes import UNDO_HOURS
from domain.errors import ApiError
from domain.users.usernames import (
    CHANGE_COOLDOWN_DAYS,
    may_be_asked_for,
    require_no_path,
    require_rested,
    require_well_formed,
)

if TYPE_CHECKING:
    from domain.wire import users as wire
    from handlers.needs import Changes, Clock, Config, Moderation, Principal, Repositories, SitePaths


async def check(
    username: str, db: Repositories, config: Config, site_paths: SitePaths, moderation: Moderation
) -> wire.UsernameAvailability:
    allowed = may_be_asked_for(username, config, site_paths) and not moderation.refuses_name(username)
    return {"available": allowed and not await db.users.is_username_claimed(username)}


async def change(
    body: wire.ChangeUsernameRequest,
    principal: Principal,
    db: Repositories,
    config: Config,
    clock: Clock,
    site_paths: SitePaths,
    changes: Changes,
    moderation: Moderation,
) -> None:
    username, now = body["username"], clock()
    require_well_formed(username, config)
    user = await db.users.get_for_update(principal.user_id)
    await db.sessions.lock_owner(principal.session_id, user.id, fresh=True)
    former = user.username
    if username == former:
        raise ApiError("error.user.username_same")
    if former is not None:
        require_rested(await db.usernames.changed_at(user.id), now, config[CHANGE_COOLDOWN_DAYS])
    require_no_path(username, site_paths)
    if await db.users.is_username_claimed(username, user.id):
        raise ApiError("auth.register.username_unavailable")
    flagged = moderation.name(username, user.locale)
    # Nobody else can take the former one for as long as the owner can undo the change.
    held_until = now + timedelta(hours=config[UNDO_HOURS])
    notice = await changes.note(db, user.id, "username_changed") if former is not None else None
    await db.users.change(user.id, username=username)
    await db.cases.flag(user.id, [found.written(now) for found in flagged])
    await db.usernames.remember(user.id, former, username, now, held_until)
    if notice is not None:
        await db.outbox.add(topics.UsernameChanged(user.id), notice.written())
    await db.referrals.repoint(user.id, username)
    await db.audit.record("user.username.change.success", actor=principal.user_id, target=principal.user_id)
