"""One-time codes sent to phones."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain import topics
from domain.auth import otp as rules
from domain.auth import require_fresh
from domain.auth.otp import MAX_ATTEMPTS, MAX_RESENDS, PER_NETWORK_MAX_PER_HOUR, PER_PHONE_MAX_PER_HOUR
from domain.auth.sms import DAILY_PER_ACCOUNT, EVERYWHERE, Spending, budget_exhausted, budget_of, require_reachable
from domain.auth.two_factor import CHALLENGE_TRIES
from domain.errors import ApiError
from domain.keys import Purpose

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from domain.wire import auth as wire
    from handlers.needs import (
        Changes,
        Client,
        Clock,
        Config,
        DigestsOf,
        Principal,
        RandomBytes,
        RegionOf,
        Repositories,
        UnitOfWork,
    )


async def send(
    body: wire.SendOtpRequest,
    principal: Principal | None,
    db: Repositories,
    client: Client,
    config: Config,
    clock: Clock,
    digests: DigestsOf,
    random_bytes: RandomBytes,
    region_of: RegionOf,
) -> wire.ChallengeDispatch:
    now, phone, purpose = clock(), body["phone"], body["purpose"]
    asker = await _asker(body, principal, db, config, now)
    if asker is not None:  # held before all that is counted, as by who shows a code: so none waits for the other
        await db.users.find_for_update(asker)
    owner = await db.challenges.find_owner(asker, phone) if asker is not None else None
    reached = rules.reaches_somebody(purpose, owner)
    country = require_reachable(phone, region_of, config)
    await _count_of_account(db, purpose, asker, now, config, digests)
    shares = [share.value for share in digests(Purpose.OTP_PHONE, phone, *rules.share_of(purpose, asker, owner))]
    of_all_phones = rules.share_of_all_phones(purpose, asker)
    everywhere = digests(Purpose.OTP_PHONE, *of_all_phones) if of_all_phones else ()
    cap = config[PER_PHONE_MAX_PER_HOUR]
    wait = await _count(db, shares, now, cap)
    wait = wait or await _count(db, [share.value for share in everywhere], now, cap * rules.PHONES_OF_A_SIGN_IN)
    wait = wait or await _count_of_network(db, purpose, client, now, config, digests)
    if wait is not None:
        raise ApiError("auth.otp.send.rate_limit", retry_after=wait)
    await _spend(db, purpose, country, now, config, reached=reached)
    challenge_id = rules.new_id(random_bytes)
    code = _code(random_bytes, reached=reached)
    expires_at = now + rules.life(config)
    await db.challenges.add(
        id=challenge_id,
        purpose=purpose,
        user_id=asker,
        phone=phone,
        phone_hash=shares[0],
        code_hash=_code_hashes(digests, challenge_id, code)[0],
        sent_at=now,
        expires_at=expires_at,
    )
    await _hand_out(db, code, challenge_id, asker, 0, client)
    await db.audit.record("auth.otp.send.requested", actor=asker, target=challenge_id, purpose=purpose)
    return rules.dispatch_view(challenge_id, expires_at, config)


async def _asker(
    body: wire.SendOtpRequest, principal: Principal | None, db: Repositories, config: Config, now: datetime
) -> UUID | None:
    """The account that asks or signs in, if any. Raises ApiError for who may not ask."""
    if body["purpose"] in rules.OF_AN_ACCOUNT:
        if principal is None or principal.user is None:
            raise ApiError("auth.unauthenticated")
        require_fresh(principal.confirmed_at, now, config)
        await db.sessions.lock_owner(principal.session_id, principal.user_id, fresh=True)
        return principal.user_id
    if body["purpose"] != rules.SIGN_IN:
        return None
    if "tempToken" not in body:
        raise ApiError("validation.failed", details=[{"field": "tempToken", "rule": "required"}])
    user_id = await db.challenges.find_sign_in(UUID(body["tempToken"]), now, CHALLENGE_TRIES)
    if user_id is None:
        raise ApiError("auth.2fa.challenge_expired")
    return user_id


async def _count_of_account(
    db: Repositories, purpose: str, account: UUID | None, now: datetime, config: Config, digests: DigestsOf
) -> None:
    """To be counted first, by all who count. Raises ApiError auth.otp.daily_limit."""
    share = rules.share_of_account(purpose, account)
    counted = [digest.value for digest in digests(Purpose.OTP_PHONE, *share)] if share else []
    wait = await _count(db, counted, now, config[DAILY_PER_ACCOUNT], rules.DAY)
    if wait is not None:
        raise ApiError("auth.otp.daily_limit", retry_after=wait)


async def _count_of_network(
    db: Repositories, purpose: str, client: Client, now: datetime, config: Config, digests: DigestsOf
) -> float | None:
    """To be counted last, as ``_count`` does."""
    cap = config[PER_NETWORK_MAX_PER_HOUR]
    for share, times in rules.shares_of_network(purpose, client.network):
        counted = [digest.value for digest in digests(Purpose.OTP_PHONE, *share)]
        wait = await _count(db, counted, now, cap * times)
        if wait is not None:
            return wait
    return None


async def _count(
    db: Repositories, shares: list[bytes], now: datetime, cap: int, window: timedelta = rules.QUOTA_WINDOW
) -> float | None:
    """Seconds until a share has another code; None when it has now, and this one is counted."""
    for share in shares:
        wait = await db.challenges.count_code(share, now, window, cap)
        if wait is not None:
            return wait
    return None


async def _spend(db: Repositories, purpose: str, country: str, now: datetime, config: Config, *, reached: bool) -> None:
    """What nobody gets costs nothing, but is asked for as what costs. Raises ApiError auth.otp.budget_exhausted."""
    spending = Spending(now.date(), rules.asked_by(purpose), country)
    most, of_all = budget_of(country, config), budget_of(EVERYWHERE, config)
    if not await db.sms_budgets.take(spending, most, of_all, messages=1 if reached else 0):
        raise budget_exhausted(now)


def _code(random_bytes: RandomBytes, *, reached: bool) -> str:
    """Who must not get one has an empty code: no guess is right, and the worker sends nothing."""
    return rules.new_code(random_bytes) if reached else ""


async def _hand_out(
    db: Repositories, code: str, challenge_id: UUID, user_id: UUID | None, resends: int, client: Client
) -> None:
    """Leave the code to the worker. A job that names its account goes with it when that is erased."""
    await db.outbox.add(topics.OtpSms(challenge_id, resends, client.locale, user_id), secret=code)


def _code_hashes(digests: DigestsOf, challenge_id: UUID, code: str) -> list[bytes]:
    """The one to keep first, then those that it may have been kept as."""
    return [digest.value for digest in digests(Purpose.OTP_CODE, str(challenge_id), code)]


async def verify(
    body: wire.VerifyOtpRequest,
    uow: UnitOfWork,
    config: Config,
    clock: Clock,
    digests: DigestsOf,
    changes: Changes,
    region_of: RegionOf,
) -> wire.OtpVerification:
    challenge_id, now = UUID(body["challengeId"]), clock()
    guesses = _code_hashes(digests, challenge_id, body["code"])
    async with uow() as db:
        refusal = await _attempt(db, challenge_id, guesses, now, config, changes, region_of)
    if refusal is not None:  # told after the commit: the attempt stays counted although the request fails
        raise ApiError(refusal)
    return {"success": True}


async def _attempt(
    db: Repositories,
    challenge_id: UUID,
    guesses: list[bytes],
    now: datetime,
    config: Config,
    changes: Changes,
    region_of: RegionOf,
) -> str | None:
    """Why the guess did not pass; None when it did."""
    tried = await db.challenges.attempt(challenge_id, guesses, now, config[MAX_ATTEMPTS])
    if tried is None:
        return rules.verify_refusal(await db.challenges.find(challenge_id), now)
    if not tried.passed:
        await db.audit.record("auth.otp.verify.failure", result="failure", target=challenge_id)
        return "auth.otp.verify.invalid"
    if tried.purpose == rules.PROFILE and tried.user_id is not None:
        await _keep_phone(db, tried.user_id, tried.phone, now, changes)
    country = region_of(tried.phone)
    if country is not None:
        await db.sms_budgets.note_verified(Spending(now.date(), rules.asked_by(tried.purpose), country))
    await db.audit.record("auth.otp.verify.success", actor=tried.user_id, target=challenge_id, purpose=tried.purpose)
    return None


async def _keep_phone(db: Repositories, user_id: UUID, phone: str, now: datetime, changes: Changes) -> None:
    user = await db.users.find_for_update(user_id)
    if user is None or user.status == "DELETED":  # an account that was erased meanwhile must not get a phone back
        return
    notice = await changes.note(db, user_id, "phone_changed")
    await db.challenges.set_verified_phone(user_id, phone, now)
    await db.outbox.add(topics.PhoneChanged(user_id), notice.written())


async def resend(
    body: wire.ResendOtpRequest,
    db: Repositories,
    client: Client,
    config: Config,
    clock: Clock,
    digests: DigestsOf,
    random_bytes: RandomBytes,
    region_of: RegionOf,
) -> wire.ChallengeResend:
    challenge_id, now = UUID(body["challengeId"]), clock()
    challenge = await db.challenges.take_resend(challenge_id, now, config[MAX_RESENDS], rules.cooldown(config))
    if challenge is None:
        raise rules.resend_refusal(await db.challenges.find(challenge_id), now, config)
    country = require_reachable(challenge.phone, region_of, config)
    await _count_of_account(db, challenge.purpose, challenge.user_id, now, config, digests)
    wait = await _count(db, [challenge.share], now, config[PER_PHONE_MAX_PER_HOUR])
    wait = wait or await _count_of_network(db, challenge.purpose, client, now, config, digests)
    if wait is not None:
        raise ApiError("auth.otp.resend.cap_reached", retry_after=wait)
    owner = await db.challenges.find_owner(challenge.user_id, challenge.phone) if challenge.user_id else None
    reached = rules.reaches_somebody(challenge.purpose, owner)
    await _spend(db, challenge.purpose, country, now, config, reached=reached)
    code = _code(random_bytes, reached=reached)
    expires_at = now + rules.life(config)
    await db.challenges.replace_code(challenge_id, _code_hashes(digests, challenge_id, code)[0], expires_at)
    resends = challenge.resend_count
    await _hand_out(db, code, challenge_id, challenge.user_id, resends, client)
    await db.audit.record("auth.otp.resend.requested", actor=challenge.user_id, target=challenge_id)
    return {**rules.dispatch_view(challenge_id, expires_at, config), "resendCount": resends}


async def challenge(id: str, db: Repositories, config: Config, clock: Clock) -> wire.ChallengeMetadata:  # noqa: A002 - the parameter's name
    found = await db.challenges.find(UUID(id))
    if found is None or found.expires_at <= clock():
        raise ApiError("auth.challenge.not_found")
    return rules.challenge_view(found, config)
