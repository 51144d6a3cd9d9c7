"""Passwords that were forgotten, and such that shall change."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain import topics
from domain.auth import read_one_time_token
from domain.auth.changes import OPENED, YOUNG_DAYS, Notice
from domain.auth.devices import Known
from domain.auth.passwords import require_impersonal, require_unleaked
from domain.errors import ApiError
from domain.keys import Purpose
from domain.users import moment

if TYPE_CHECKING:
    from datetime import datetime

    from domain.wire import auth as wire
    from domain.wire import common
    from handlers.needs import (
        Changes,
        Client,
        Clock,
        Config,
        CurrentPassword,
        DeviceOf,
        DigestsOf,
        Hasher,
        LeakedPasswords,
        OneByOne,
        Principal,
        Repositories,
        Say,
        UnitOfWork,
        Visitor,
    )


async def forgot(
    body: wire.ForgotPasswordRequest, db: Repositories, digests: DigestsOf, say: Say, visitor: Visitor
) -> common.Message:
    user = await db.users.find_by_email(body["email"])
    known = await visitor.recognise(db, user.id if user else None)
    asker = "known" if known.device or known.network else "stranger"
    await db.outbox.add(topics.ForgotPassword(asker), secret=body["email"])
    await db.audit.record(
        "auth.forgot_password.requested", target=digests(Purpose.AUDIT_ADDRESS, body["email"])[0].text
    )
    return {"message": say("auth.passwords.forgot.done")}


async def reset(
    body: wire.ResetPasswordRequest,
    uow: UnitOfWork,
    client: Client,
    config: Config,
    clock: Clock,
    hasher: Hasher,
    visitor: Visitor,
    current_password: CurrentPassword,
    device_of: DeviceOf,
    leaked_passwords: LeakedPasswords,
    one_by_one: OneByOne,
    changes: Changes,
) -> wire.PasswordReset:
    token, now = read_one_time_token(body["token"]), clock()
    async with one_by_one(body["token"]):  # a crowd that shows one token costs one hash
        async with uow() as db:  # a dead token costs no hash
            owner = await db.password_resets.find(token, now) if token is not None else None
            account = await db.users.find(owner) if owner is not None else None
        if token is None or account is None:
            raise ApiError("auth.reset_password.invalid_token")
        require_impersonal("newPassword", body["newPassword"], account.email, account.username)
        require_unleaked("newPassword", leaked=await leaked_passwords.knows(body["newPassword"]))
        password_hash = await hasher.hash(body["newPassword"])

        async with uow() as db:
            user_id = await db.password_resets.consume(token, now)
            user = await db.users.find(user_id) if user_id is not None else None
            if user is None:
                raise ApiError("auth.reset_password.invalid_token")
            linked = await db.oauth_links.platforms_of(user.id)
            await changes.void_unproven(db, user, now)
            await db.users.mark_verified(user.id, owner_unproven=False)
            await db.credential_changes.close(user.id, now, OPENED)
            notice = await changes.note(db, user.id, "password_reset")
            standing = await _unlink_young(db, user.id, config, now)
            await db.users.set_password(user.id, password_hash)
            await db.sessions.revoke_all(user.id, now)
            await db.known_devices.forget(user.id)
            await visitor.forget_failures(db, user.email, Known(), now)
            await current_password.forget_guesses(db, user.id)
            platforms = _as_told(standing, linked)
            await _tell(db, notice, user.id, client, now, device_of, **platforms)
            await db.audit.record("auth.reset_password.success", actor=user.id, target=user.id, **platforms)
    return {"linkedPlatforms": sorted(standing), "unlinkedPlatforms": sorted(linked - standing)}


async def change(
    body: wire.ChangePasswordRequest,
    principal: Principal,
    uow: UnitOfWork,
    client: Client,
    config: Config,
    clock: Clock,
    hasher: Hasher,
    visitor: Visitor,
    current_password: CurrentPassword,
    device_of: DeviceOf,
    leaked_passwords: LeakedPasswords,
    changes: Changes,
) -> None:
    async with uow() as db:
        user = await db.users.find(principal.user_id)
    if user is None or not await current_password.matches(uow, user.id, user.password_hash, body["currentPassword"]):
        raise ApiError("auth.change_password.invalid_current")
    if body["newPassword"] == body["currentPassword"]:
        raise ApiError("auth.change_password.same_as_current")
    require_impersonal("newPassword", body["newPassword"], user.email, user.username)
    require_unleaked("newPassword", leaked=await leaked_passwords.knows(body["newPassword"]))
    password_hash, now = await hasher.hash(body["newPassword"]), clock()

    async with uow.last() as db:
        await db.sessions.hold_compared(principal.session_id, user, "auth.change_password.invalid_current")
        notice = await changes.note(db, user.id, "password_changed")
        linked = await db.oauth_links.platforms_of(user.id)
        platforms = _as_told(await _unlink_young(db, user.id, config, now), linked)
        await db.users.set_password(user.id, password_hash)
        await db.password_resets.invalidate(user.id, now)
        await db.sessions.revoke_all(user.id, now, but=principal.session_id)
        await visitor.forget_others(db, user.id)
        await _tell(db, notice, user.id, client, now, device_of, **platforms)
        await db.audit.record("auth.change_password.success", actor=user.id, target=user.id, **platforms)


async def _unlink_young(db: Repositories, user_id: UUID, config: Config, now: datetime) -> set[wire.OAuthPlatform]:
    """The platforms that stand. Whoever got in may have linked the others."""
    await db.oauth_links.remove_since(user_id, now - timedelta(days=config[YOUNG_DAYS]))
    return await db.oauth_links.platforms_of(user_id)


def _as_told(standing: set[wire.OAuthPlatform], linked: set[wire.OAuthPlatform]) -> dict[str, Any]:
    """In the mail about a new password."""
    return {"standing": ",".join(sorted(standing)), "unlinked": ",".join(sorted(linked - standing))}


async def _tell(
    db: Repositories,
    notice: Notice,
    user_id: UUID,
    client: Client,
    now: datetime,
    device_of: DeviceOf,
    **platforms: str,
) -> None:
    told = topics.PasswordChanged(user_id, moment(now), device_of(client.user_agent) or "", **platforms)
    await db.outbox.add(told, notice.written())
