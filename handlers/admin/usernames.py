"""Usernames that violate the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain.admin import not_found
from domain.admin.statements import VISIBILITY_REMOVED, new_statement
from domain.admin.users import require_unerased
from domain.errors import ApiError
from domain.users.usernames import require_no_path, require_well_formed

if TYPE_CHECKING:
    from domain.wire import admin as wire
    from handlers.needs import Clock, Config, Principal, Repositories, SitePaths


async def replace(
    id: str,  # noqa: A002
    body: wire.ReplaceUsernameRequest,
    expected_version: int,
    principal: Principal,
    db: Repositories,
    config: Config,
    clock: Clock,
    site_paths: SitePaths,
) -> wire.AccountUsername:
    username = body["username"]
    require_well_formed(username, config)
    user = await db.admin_users.hold(UUID(id), principal)
    require_unerased(user.status)
    former = user.username
    if former is None:
        raise not_found("username")
    if username == former:
        raise ApiError("error.user.username_same")
    require_no_path(username, site_paths)
    if await db.users.is_username_claimed(username, user.id):
        raise ApiError("auth.register.username_unavailable")
    now, by = clock(), principal.user_id
    changed = await db.users.change_seen(user.id, expected_version, username=username)
    await db.usernames.remember(user.id, former, username, now)
    await db.referrals.repoint(user.id, username)
    told = new_statement(
        VISIBILITY_REMOVED,
        body["statement"],
        user_id=user.id,
        by=by,
        now=now,
        target=("USERNAME", None),
        before={"username": former},
        after={"username": username},
    )
    statement = await db.statements.add(told)
    after = {"version": changed.admin_version, "statement": str(statement.id)}
    await db.audit.record("admin.usernames.replace", actor=by, target=user.id, reason=body["reason"], after=after)
    return {"userId": str(user.id), "username": username, "version": changed.admin_version}
