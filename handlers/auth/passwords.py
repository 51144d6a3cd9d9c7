"""Passwords that were forgotten, and such that shall change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.auth import read_one_time_token
from domain.devices import Known
from domain.errors import ApiError
from domain.keys import Purpose
from domain.passwords import require_impersonal, require_unleaked

if TYPE_CHECKING:
    from datetime import datetime

    from handlers.needs import (
        Body,
        Client,
        Clock,
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


async def forgot(body: Body, db: Repositories, digests: DigestsOf, say: Say) -> dict[str, Any]:
    await db.outbox.add("auth.forgot_password", secret=body["email"])
    await db.audit.record(
        "auth.forgot_password.requested", target=digests(Purpose.AUDIT_ADDRESS, body["email"])[0].text
    )
    return {"message": say("auth.passwords.forgot.done")}


async def reset(
    body: Body,
    uow: UnitOfWork,
    client: Client,
    clock: Clock,
    hasher: Hasher,
    visitor: Visitor,
    device_of: DeviceOf,
    leaked_passwords: LeakedPasswords,
    one_by_one: OneByOne,
) -> None:
    token, now = read_one_time_token(body["token"]), clock()
    async with one_by_one(body["token"]):  # a crowd that shows one token costs one hash
        async with uow() as db:  # a dead token costs no hash
            owner = await db.password_resets.find(token, now) if token is not None else None
            account = await db.users.find(owner) if owner is not None else None
        if token is None or account is None:
            raise ApiError("auth.reset_password.invalid_token")
        require_impersonal("newPassword", body["newPassword"], account.email, account.username)
        require_unleaked("newPassword", leaked=await leaked_passwords.know(body["newPassword"]))
        password_hash = await hasher.hash(body["newPassword"])

        async with uow() as db:
            user_id = await db.password_resets.consume(token, now)
            user = await db.users.find(user_id) if user_id is not None else None
            if user is None:
                raise ApiError("auth.reset_password.invalid_token")
            if not user.email_verified:
                await db.users.void_unproven(user.id, now)
            await db.users.set_password(user.id, password_hash)
            await db.email_changes.invalidate(user.id, now)
            await db.sessions.revoke_all(user.id, now)
            await db.known_devices.forget(user.id)
            await visitor.forget_failures(db, user.email, Known(), now)
            await _tell(db, user.id, client, now, device_of)
            await db.audit.record("auth.reset_password.success", actor=user.id, target=user.id)


async def change(
    body: Body,
    principal: Principal,
    uow: UnitOfWork,
    client: Client,
    clock: Clock,
    hasher: Hasher,
    visitor: Visitor,
    device_of: DeviceOf,
    leaked_passwords: LeakedPasswords,
) -> None:
    async with uow() as db:
        user = await db.users.find(principal.user_id)
    if user is None or not await hasher.matches(body["currentPassword"], user.password_hash):
        raise ApiError("auth.change_password.invalid_current")
    if body["newPassword"] == body["currentPassword"]:
        raise ApiError("auth.change_password.same_as_current")
    require_impersonal("newPassword", body["newPassword"], user.email, user.username)
    require_unleaked("newPassword", leaked=await leaked_passwords.know(body["newPassword"]))
    password_hash, now = await hasher.hash(body["newPassword"]), clock()

    async with uow.last() as db:
        await db.users.set_password(user.id, password_hash)
        await db.password_resets.invalidate(user.id, now)
        await db.email_changes.invalidate(user.id, now)
        await db.sessions.revoke_all(user.id, now, but=principal.session_id)
        await visitor.forget_others(db, user.id)
        await _tell(db, user.id, client, now, device_of)
        await db.audit.record("auth.change_password.success", actor=user.id, target=user.id)


async def _tell(db: Repositories, user_id: UUID, client: Client, now: datetime, device_of: DeviceOf) -> None:
    device = device_of(client.user_agent) or ""
    await db.outbox.add("email.password_changed", user=str(user_id), device=device, when=f"{now:%Y-%m-%d %H:%M} UTC")
