"""The second factor."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain import auth, topics
from domain.auth import two_factor
from domain.auth.two_factor import BACKUP_CODE_COUNT
from domain.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from domain.wire import auth as wire
    from handlers.needs import (
        Carrier,
        Changes,
        Client,
        Clock,
        Config,
        CurrentPassword,
        GeoIp,
        Principal,
        QrCode,
        RandomBytes,
        Repositories,
        SecondFactor,
        Tokens,
        UnitOfWork,
        Visitor,
    )


async def login(
    body: wire.LoginTwoFactorRequest,
    uow: UnitOfWork,
    client: Client,
    config: Config,
    clock: Clock,
    second_factor: SecondFactor,
    geoip: GeoIp,
    tokens: Tokens,
    carrier: Carrier,
    visitor: Visitor,
) -> wire.AccessToken:
    now = clock()
    async with uow() as db:
        challenge = await db.sign_in_challenges.attempt(UUID(body["tempToken"]), now, two_factor.CHALLENGE_TRIES)
    if challenge is None:
        raise ApiError("auth.2fa.challenge_expired")
    user_id = challenge.user_id
    await second_factor.begin(uow, user_id)
    idle, absolute = auth.session_life(config)
    country = await geoip.country(client.ip, client.cdn_country)

    session_id = None
    async with uow() as db:
        user = await db.users.find_for_update(user_id)
        refusal = auth.login_refusal(user.status, user.email_verified) if user else auth.WRONG_CREDENTIALS
        right = refusal is None and await second_factor.accepts_any(db, user_id, body["code"])
        if right and await db.sign_in_challenges.consume(challenge.id, now):
            await second_factor.forget_failures(db, user_id)
            await visitor.welcome(db, user_id, country, now)
            ends = now + absolute
            session_id = await db.sessions.start(user_id, client, country, now, ends, second_factor=True)
            await db.audit.record("auth.2fa.login.success", actor=user_id, target=session_id)
        else:
            await db.audit.record("auth.2fa.login.failure", result="failure", target=user_id)
            if await second_factor.failed_often(db, user_id):
                await visitor.tell(db, topics.WrongSecondFactors, user_id, country, now)
    if session_id is None:  # told after the commit: the counters stay although the request fails
        raise ApiError("auth.2fa.invalid_code" if refusal in (None, auth.WRONG_CREDENTIALS) else refusal)
    visitor.keep()
    carrier.keep(tokens.refresh(session_id, 0), min(idle, absolute))
    return tokens.access(user_id, session_id)


async def setup(
    principal: Principal, db: Repositories, random_bytes: RandomBytes, second_factor: SecondFactor, qr_code: QrCode
) -> wire.TwoFactorSetup:
    secret, url = await _start_setup(principal, db, random_bytes, second_factor)
    return {"secret": secret, "qrCodeDataUrl": qr_code(url), "otpauthUrl": url}


async def setup_init(
    principal: Principal, db: Repositories, random_bytes: RandomBytes, second_factor: SecondFactor, qr_code: QrCode
) -> wire.TwoFactorSetupInit:
    secret, url = await _start_setup(principal, db, random_bytes, second_factor)
    return {"secret": secret, "qrCodeUrl": qr_code(url), "otpauthUrl": url, "recoveryCodes": None}


async def _start_setup(
    principal: Principal, db: Repositories, random_bytes: RandomBytes, second_factor: SecondFactor
) -> tuple[str, str]:
    if principal.user is None:
        raise ApiError("auth.2fa.user_not_found")
    secret = two_factor.new_secret(random_bytes)
    await db.sessions.lock_owner(principal.session_id, principal.user_id, fresh=True)
    if not await db.two_factor.set_pending(principal.user_id, second_factor.seal(secret)):
        raise ApiError("auth.2fa.already_enabled")
    return secret, two_factor.otpauth_url(secret, principal.user.email)


async def verify(
    body: wire.TotpCode,
    principal: Principal,
    uow: UnitOfWork,
    config: Config,
    clock: Clock,
    second_factor: SecondFactor,
    random_bytes: RandomBytes,
    changes: Changes,
) -> wire.BackupCodes:
    user_id = principal.user_id
    async with uow() as db:
        user = await db.users.find(user_id)
    if user is not None and user.two_factor_enabled:
        raise ApiError("auth.2fa.already_enabled")
    if user is None or user.two_factor_secret is None:
        raise ApiError("auth.2fa.setup_required")

    async def switch_on(db: Repositories) -> bool:
        notice = await changes.note(db, user_id, "two_factor_enabled")
        if not await db.two_factor.enable(user_id, clock()):
            return False
        await db.sessions.revoke_all(user_id, clock())
        await db.outbox.add(topics.TwoFactorEnabled(user_id), notice.written())
        await db.audit.record("auth.2fa.enable.success", actor=user_id, target=user_id)
        return True

    return await _for_a_code(body["code"], principal, uow, config, second_factor, random_bytes, switch_on)


async def disable(
    body: wire.DisableTwoFactorRequest,
    principal: Principal,
    uow: UnitOfWork,
    current_password: CurrentPassword,
    clock: Clock,
    changes: Changes,
) -> None:
    async with uow() as db:
        user = await db.users.find(principal.user_id)
    if user is None or user.password_hash is None:
        raise ApiError("auth.2fa.no_password")
    if not await current_password.matches(uow, user.id, user.password_hash, body["password"]):
        raise ApiError("auth.2fa.invalid_password")
    async with uow() as db:
        await db.sessions.hold_compared(principal.session_id, user, "auth.2fa.invalid_password")
        notice = await changes.note(db, user.id, "two_factor_disabled")
        await db.two_factor.disable(user.id)
        await db.sessions.revoke_all(user.id, clock())
        await db.outbox.add(topics.TwoFactorDisabled(user.id), notice.written())
        await db.audit.record("auth.2fa.disable.success", actor=user.id, target=user.id)


async def regenerate_backup_codes(
    body: wire.TotpCode,
    principal: Principal,
    uow: UnitOfWork,
    config: Config,
    clock: Clock,
    second_factor: SecondFactor,
    random_bytes: RandomBytes,
    changes: Changes,
) -> wire.BackupCodes:
    user_id = principal.user_id
    async with uow() as db:
        user = await db.users.find(user_id)
    if user is None or not user.two_factor_enabled:
        raise ApiError("auth.2fa.not_enabled")

    async def replace(db: Repositories) -> bool:
        notice = await changes.note(db, user_id, "backup_codes_renewed")
        await db.sessions.void_opened(user_id, clock(), but=principal.session_id)
        await db.outbox.add(topics.BackupCodesRenewed(user_id), notice.written())
        await db.audit.record("auth.2fa.backup_codes.regenerate.success", actor=user_id, target=user_id)
        return True

    return await _for_a_code(body["code"], principal, uow, config, second_factor, random_bytes, replace)


async def _for_a_code(
    code: str,
    principal: Principal,
    uow: UnitOfWork,
    config: Config,
    second_factor: SecondFactor,
    random_bytes: RandomBytes,
    effect: Callable[[Repositories], Awaitable[bool]],
) -> wire.BackupCodes:
    """New backup codes for a right code of the app, together with ``effect``, unless that was overtaken."""
    user_id = principal.user_id
    await second_factor.begin(uow, user_id)
    backup_codes = two_factor.backup_codes(config[BACKUP_CODE_COUNT], random_bytes)
    async with uow() as db:
        await db.sessions.lock_owner(principal.session_id, user_id)
        right = await second_factor.accepts(db, user_id, code) and await effect(db)
        if right:
            await second_factor.forget_failures(db, user_id)
            await second_factor.keep_backup_codes(db, user_id, backup_codes)
    if not right:  # told after the commit: the code is consumed although the request fails
        raise ApiError("auth.2fa.invalid_code")
    return {"backupCodes": backup_codes}


async def status(principal: Principal) -> wire.TwoFactorStatus:
    if principal.user is None:
        raise ApiError("auth.unauthenticated")
    return {"enabled": principal.user.two_factor_enabled}
