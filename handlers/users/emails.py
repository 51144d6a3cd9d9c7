"""The address of an account."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from domain import topics
from domain.auth import VERIFICATION_TTL_HOURS, require_password
from domain.auth.changes import Notice
from domain.errors import ApiError
from domain.keys import Purpose
from domain.mails import allowance
from domain.users import mask_email, moment

if TYPE_CHECKING:
    from datetime import datetime

    from domain.wire import common
    from domain.wire import users as wire
    from handlers.needs import (
        Client,
        Clock,
        Config,
        CurrentPassword,
        DeviceOf,
        DigestsOf,
        MailRules,
        Principal,
        Repositories,
        Say,
        UnitOfWork,
    )


async def change(
    body: wire.ChangeEmailRequest,
    principal: Principal,
    uow: UnitOfWork,
    client: Client,
    config: Config,
    clock: Clock,
    device_of: DeviceOf,
    current_password: CurrentPassword,
    mail_rules: MailRules,
    digests: DigestsOf,
    say: Say,
) -> common.Message:
    email = body["newEmail"]
    async with uow() as db:
        user = await db.users.get(principal.user_id)
    # First of all the password: a stolen session must not learn which addresses have accounts.
    matched = await current_password.matches(uow, user.id, user.password_hash, body["password"])
    require_password(user.password_hash, matched=matched)
    if email == user.email:
        raise ApiError("error.user.email_same")
    await mail_rules.require_deliverable(email)
    now, life = clock(), timedelta(hours=config[VERIFICATION_TTL_HOURS])

    async with uow.last() as db:
        held = await db.sessions.hold_compared(principal.session_id, user, "error.user.password_incorrect")
        await db.users.require_unclaimed(email, None, now, by=user.id)
        if await db.mail_quotas.take(digests(Purpose.MAIL_QUOTA, "change", email), now, allowance(config)):
            await _start(db, held, email, now, life, device_of(client.user_agent) or "")
    return {"message": say("users.emails.change.done")}


async def _start(db: Repositories, user: Any, email: str, now: datetime, life: timedelta, device: str) -> None:
    token = await db.email_changes.start(user.id, now, life, new_email=email)
    await db.outbox.add(topics.ConfirmNewAddress(user.id, when=moment(now), device=device), str(token))
    notice = Notice(to=user.email).written()
    await db.outbox.add(topics.AddressChangeRequested(user.id, mask_email(email)), notice)
    await db.audit.record("user.change_email.requested", actor=user.id, target=user.id)
