"""Sign-up, sign-in and sessions."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from uuid import UUID

from domain import auth as rules
from domain import topics
from domain.auth import (
    ALERT_EMAIL,
    LOCKOUT_BASE_SECONDS,
    LOCKOUT_MAX_SECONDS,
    PRIVACY_VERSION,
    REACTIVATION_TTL_DAYS,
    REFRESH_GRACE_SECONDS,
    RESET_TTL_MINUTES,
    TERMS_VERSION,
    VERIFICATION_TTL_HOURS,
    Judged,
    Presented,
)
from domain.auth.changes import MOVED, OPENED
from domain.auth.passwords import missing, require_impersonal, require_unleaked
from domain.auth.two_factor import CHALLENGE_LIFE
from domain.errors import ApiError
from domain.keys import Digest, Purpose
from domain.locales import SUPPORTED_LOCALES
from domain.mails import allowance
from domain.users import REFERRAL_LENGTH, Origin, identity_view, mask_email, new_user, referral_code
from domain.users.usernames import require_no_path

if TYPE_CHECKING:
    from datetime import datetime

    from domain.wire import auth as wire
    from domain.wire import common
    from handlers.needs import (
        Carrier,
        Changes,
        Client,
        Clock,
        Config,
        CurrentPassword,
        DigestsOf,
        GeoIp,
        Hasher,
        LeakedPasswords,
        MailRules,
        Moderation,
        OneByOne,
        Principal,
        RandomBytes,
        Repositories,
        Say,
        SitePaths,
        Tokens,
        UnitOfWork,
        Visitor,
    )

REFERRAL_TRIES = 3
COMPARISONS = 3

Subjects: TypeAlias = tuple[tuple[Digest, int], ...]


async def register(
    body: wire.RegisterRequest,
    uow: UnitOfWork,
    client: Client,
    config: Config,
    clock: Clock,
    say: Say,
    mail_rules: MailRules,
    hasher: Hasher,
    geoip: GeoIp,
    random_bytes: RandomBytes,
    site_paths: SitePaths,
    one_by_one: OneByOne,
    leaked_passwords: LeakedPasswords,
    changes: Changes,
    moderation: Moderation,
) -> wire.Registration:
    require_impersonal("password", body["password"], body["email"], body.get("username"))
    locale = rules.registration_locale(body.get("locale"), client.locale, config[SUPPORTED_LOCALES])
    await mail_rules.require_deliverable(body["email"])
    require_unleaked("password", leaked=await leaked_passwords.knows(body["password"]))
    async with one_by_one(body["email"]):  # a crowd that wants the same address costs no crowd of hashes
        async with uow() as db:  # friendly answers before the dear hash; the constraints still decide
            await db.users.require_unclaimed(body["email"], body.get("username"), clock())
            require_no_path(body.get("username"), site_paths)
            flagged = moderation.name(body.get("username"), locale)
            flagged += moderation.texts({"display_name": body.get("displayName")}, locale)
            referrer = await db.referrals.find_referrer(body.get("referralCode"))
        country = await geoip.country(client.ip, client.cdn_country)
        password_hash = await hasher.hash(body["password"])
    origin = Origin(client.user_agent, country, referrer)
    codes = [referral_code(random_bytes(REFERRAL_LENGTH)) for _ in range(REFERRAL_TRIES)]

    async with uow.last() as db:
        user_id = await db.users.add(new_user(body, password_hash, locale, origin), codes, clock())
        await db.cases.flag(user_id, [found.written(clock()) for found in flagged])
        life = timedelta(hours=config[VERIFICATION_TTL_HOURS])
        token = await db.email_verifications.first(user_id, clock(), life)
        versions = {"terms": config[TERMS_VERSION], "privacy": config[PRIVACY_VERSION]}
        await db.consents.record(user_id, versions, client)
        notice = await changes.note_opening(db, user_id)
        await db.outbox.add(topics.VerifyAddress(user_id), secret=notice.written(str(token)))
        if referrer is not None:  # the last: others who were referred by the same person wait for this
            await db.referral_links.count_signup(referrer.user_id)
    return {"userId": str(user_id), "message": say("auth.register.done")}


async def verify_email(
    body: wire.VerifyEmailRequest, uow: UnitOfWork, clock: Clock, config: Config, current_password: CurrentPassword
) -> None:
    token, now, compared = UUID(body["token"]), clock(), None
    if "password" in body:
        compared = await _require_password_of(
            "email_verifications", token, body["password"], uow, current_password, now
        )
    async with uow() as db:
        user_id = await db.email_verifications.consume(token, now)
        user = await db.users.find_for_update(user_id) if user_id is not None else None
        if user is not None:
            if "password" in body:
                rules.require_password(user.password_hash, matched=user.password_hash == compared)
            await _verify(db, user, config, now, owner_proven="password" in body)
        elif not await db.email_verifications.was_consumed(token, now):
            raise ApiError("auth.verify_email.invalid_token")


async def _require_password_of(
    kind: Literal["email_verifications", "email_changes"],
    token: UUID,
    password: str,
    uow: UnitOfWork,
    current_password: CurrentPassword,
    now: datetime,
) -> str | None:
    """Who reads the mail also has the account. A token that is no good costs no hash.

    What the password was compared with, to be asked for again under the lock: another one may be set meanwhile.
    """
    async with uow() as db:
        user_id = await getattr(db, kind).find(token, now)
        user = await db.users.find(user_id) if user_id is not None else None
    if user is None:
        return None
    matched = await current_password.matches(uow, user.id, user.password_hash, password, target=user.email)
    rules.require_password(user.password_hash, matched=matched)
    return user.password_hash


async def _verify(db: Repositories, user: Any, config: Config, now: datetime, *, owner_proven: bool) -> None:
    if user.password_hash is None:
        await _claim(db, user.id, config, now)
    else:
        await db.users.mark_verified(user.id, owner_unproven=not owner_proven)
    if owner_proven or user.password_hash is None:
        await db.credential_changes.close(user.id, now, OPENED)
    await db.audit.record("auth.verify_email.success", actor=user.id, target=user.id)


async def _claim(db: Repositories, user_id: UUID, config: Config, now: datetime) -> None:
    """A platform that did not verify the address opened the account: it is of who reads the mail, the platform goes."""
    await db.users.void(user_id, now)
    await db.users.mark_verified(user_id, owner_unproven=False)
    token = await db.password_resets.start(user_id, now, timedelta(minutes=config[RESET_TTL_MINUTES]))
    await db.outbox.add(topics.ResetPassword(user_id), secret=str(token))


async def verify_email_change(
    body: wire.VerifyEmailChangeRequest,
    uow: UnitOfWork,
    clock: Clock,
    current_password: CurrentPassword,
    changes: Changes,
) -> None:
    token, now, proven, compared = UUID(body["token"]), clock(), "password" in body, None
    if proven:
        compared = await _require_password_of("email_changes", token, body["password"], uow, current_password, now)
    async with uow() as db:
        owner = await db.email_changes.find(token, now)
        user = await db.users.find_for_update(owner) if owner is not None else None
        if user is not None and user.status == "ACTIVE" and await db.email_changes.consume(token, now) is not None:
            if proven:
                rules.require_password(user.password_hash, matched=user.password_hash == compared)
            elif user.two_factor_enabled:  # no mailbox alone gets an account past its factor, by no later proof either
                raise missing("password")
            await _change_email(db, user, token, changes, now, owner_proven=proven)
        elif not await db.email_changes.was_consumed(token, now):
            raise ApiError("auth.verify_email.invalid_token")


async def _change_email(
    db: Repositories, user: Any, token: UUID, changes: Changes, now: datetime, *, owner_proven: bool
) -> None:
    """Sessions stay, for whoever asked showed the password; what was mailed to the former address opens nothing now,
    but the link by which its reader takes the change back. The token alone only shows who reads the new address."""
    user_id, former = user.id, user.email
    email = await db.email_changes.new_email(token)
    if owner_proven:
        await db.users.clear(email, user_id)
        await db.credential_changes.close(user_id, now, OPENED)
    await db.users.require_unclaimed(email, None, now, by=user_id)
    notice = await changes.note(db, user_id, MOVED)
    await db.email_changes.note_former(token, former, UUID(notice.undo))
    await db.users.move(user_id, email, now, owner_unproven=not owner_proven)
    await db.password_resets.invalidate(user_id, now)
    await db.reactivation_tokens.invalidate(user_id, now)
    await db.sessions.void_opened(user_id, now)
    await db.outbox.add(topics.AddressChanged(user_id, mask_email(email)), notice.written())
    await db.audit.record("auth.verify_email_change.success", actor=user_id, target=user_id)


async def resend_verification(
    body: wire.ResendVerificationRequest, db: Repositories, digests: DigestsOf, say: Say
) -> common.Message:
    await db.outbox.add(topics.ResendVerification(), secret=body["email"])
    target = digests(Purpose.AUDIT_ADDRESS, body["email"])[0].text
    await db.audit.record("auth.resend_verification.requested", target=target)
    return {"message": say("auth.resend_verification.done")}


async def login(
    body: wire.LoginRequest,
    uow: UnitOfWork,
    client: Client,
    config: Config,
    clock: Clock,
    digests: DigestsOf,
    hasher: Hasher,
    geoip: GeoIp,
    tokens: Tokens,
    carrier: Carrier,
    visitor: Visitor,
) -> wire.LoginResult:
    now = clock()
    async with uow() as db:
        user = await db.users.find_by_email(body["email"])
        known = await visitor.recognise(db, user.id if user else None)
        subjects = visitor.counters(body["email"], known)
        locked_for = await _count_attempt(db, subjects, config, now, user.unlocked_at if user else None)
    if locked_for is not None:
        raise ApiError("auth.login.account_locked", retry_after=locked_for)

    country = await geoip.country(client.ip, client.cdn_country)
    idle, absolute = rules.session_life(config)
    refusal: str | None = rules.WRONG_CREDENTIALS
    for _ in range(COMPARISONS):  # again when the hash was replaced meanwhile, be it by another of the same password
        compared = user.password_hash if user else None
        matched = await hasher.matches(
            body["password"], compared, target=body["email"], known=known.device or known.network
        )
        renewed = await hasher.renewed(body["password"]) if matched else None
        async with uow() as db:
            held = await db.users.find_for_update(user.id) if user is not None and matched else None
            if matched and (held is None or held.password_hash != compared):
                user = held
                continue
            held = await db.statements.release(held, now) if held else None
            refusal = rules.login_refusal(held.status, held.email_verified) if held else rules.WRONG_CREDENTIALS
            failures = await visitor.forget_failures(db, held.email, known, now) if held else 0
            if held is None or refusal is not None:
                await _leave_trace(db, user, refusal, subjects)
                if held is not None:
                    await _offer_return(db, held, config, now, digests)
                break
            if renewed is not None:
                await db.users.renew_password(held.id, compared, renewed)
            if held.two_factor_enabled:
                await visitor.tell_of_failures(db, held.id, country, now, failures)
                temp_token = await db.sign_in_challenges.start(held.id, now, CHALLENGE_LIFE)
                return {"requiresTwoFactor": True, "tempToken": str(temp_token)}
            await visitor.welcome(db, held.id, country, now, failures)
            session_id = await db.sessions.start(held.id, client, country, now, now + absolute)
            await db.audit.record("auth.login.success", actor=held.id, target=session_id)
        visitor.keep()
        carrier.keep(tokens.refresh(session_id, 0), min(idle, absolute))
        return tokens.access(held.id, session_id)
    raise ApiError(refusal or rules.WRONG_CREDENTIALS)


async def _count_attempt(
    db: Repositories, subjects: Subjects, config: Config, now: datetime, unlocked_at: datetime | None
) -> float | None:
    """Seconds for which one of the subjects is locked."""
    base, maximum = config[LOCKOUT_BASE_SECONDS], config[LOCKOUT_MAX_SECONDS]
    await db.login_attempts.hold([subject.value for subject, _ in subjects])
    for subject, threshold in subjects:
        counted = await db.login_attempts.count(subject.value, now, threshold, base, maximum, unlocked_at)
        if counted.locked_for is not None:
            return counted.locked_for
    return None


async def _leave_trace(db: Repositories, user: Any, refusal: str | None, subjects: Subjects) -> None:
    target = user.id if user else None
    await db.audit.record(
        "auth.login.failure", result="failure", target=target, refusal=refusal, subject=subjects[0][0].text
    )


async def _offer_return(db: Repositories, user: Any, config: Config, now: datetime, digests: DigestsOf) -> None:
    """Mail the owner of a deactivated account a link to come back with, unless they were mailed one a moment ago."""
    if user.status != "DEACTIVATED":
        return
    if await db.mail_quotas.take(digests(Purpose.MAIL_QUOTA, "return", user.email), now, allowance(config)):
        life = timedelta(days=config[REACTIVATION_TTL_DAYS])
        token = await db.reactivation_tokens.start(user.id, now, life)
        await db.outbox.add(topics.Reactivation(user.id), secret=str(token))


async def refresh(
    body: wire.RefreshRequest, uow: UnitOfWork, config: Config, clock: Clock, tokens: Tokens, carrier: Carrier
) -> wire.AccessToken:
    presented = _read(carrier.presented(body), tokens)
    now = clock()
    idle, _ = rules.session_life(config)
    async with uow() as db:
        judged = await _judge(db, presented, config, now, idle)
        good, robbed = rules.weigh(judged)
        session = await _rotate(db, good, now, idle) if good else None
        for user_id in robbed:
            await _end_all(db, user_id, config, now)
    if robbed:  # told after the commit: the revocation stays although the request fails
        raise ApiError("auth.refresh.token_reuse_detected")
    if session is None:
        raise ApiError("auth.refresh.invalid_token")
    carrier.keep(tokens.refresh(session.id, session.counter), min(idle, session.expires_at - now))
    return tokens.access(session.user_id, session.id)


def _read(texts: tuple[str, ...], tokens: Tokens) -> list[rules.RefreshToken]:
    return [token for token in map(tokens.read_refresh, texts) if token is not None]


async def _judge(
    db: Repositories, presented: list[rules.RefreshToken], config: Config, now: datetime, idle: timedelta
) -> list[Judged]:
    """What each token is that belongs to a live session."""
    grace = timedelta(seconds=config[REFRESH_GRACE_SECONDS])
    live = await db.sessions.find_live([token.session_id for token in presented], now, idle)
    pairs = [(live[token.session_id], token.counter) for token in presented if token.session_id in live]
    return [
        Judged(session, counter, rules.judge(counter, session.counter, session.rotated_at, now, grace))
        for session, counter in pairs
    ]


async def _rotate(db: Repositories, good: list[Judged], now: datetime, idle: timedelta) -> Any:
    """The first session whose account may go on, moved on if the token was its current one."""
    one = await _first_allowed(db, good)
    if one.verdict is Presented.CURRENT:
        await db.sessions.rotate(one.session.id, one.counter, now, idle)
    return await db.sessions.get_live(one.session.id, now, idle)  # ours, or of the call that was faster


async def _first_allowed(db: Repositories, good: list[Judged]) -> Judged:
    refusal = ApiError("auth.refresh.invalid_token")
    for one in good[: rules.MOST_ACCOUNTS]:
        identity = await db.users.find_identity(one.session.user_id)
        try:
            rules.require_refresh_allowed(identity.status if identity else None)
        except ApiError as refused:
            refusal = refused
        else:
            return one
    raise refusal


async def _end_all(db: Repositories, user_id: UUID, config: Config, now: Any) -> None:
    """Whoever shows an old token may be a thief: that makes no stranger of the owner, who has known devices still."""
    ended = await db.sessions.revoke_all(user_id, now)
    await db.known_devices.estrange(user_id)
    await db.audit.record("auth.refresh.reuse_detected", result="failure", target=user_id, sessions=ended)
    if config[ALERT_EMAIL]:
        await db.outbox.add(topics.SessionTheftAlert(user_id))
    if await db.users.find(user_id) is not None:
        token = await db.password_resets.start(user_id, now, timedelta(minutes=config[RESET_TTL_MINUTES]))
        await db.outbox.add(topics.SessionTheft(user_id), secret=str(token))


async def logout(
    body: wire.RefreshRequest, uow: UnitOfWork, clock: Clock, tokens: Tokens, carrier: Carrier, say: Say
) -> common.Message:
    presented = _read(carrier.presented(body), tokens)
    carrier.drop()
    if presented:
        session_ids = sorted({token.session_id for token in presented})
        async with uow() as db:
            await db.sessions.hold_owners(session_ids)
            for session_id in session_ids:
                user_id = await db.sessions.revoke(session_id, clock())
                if user_id is not None:
                    await db.audit.record("auth.logout.success", actor=user_id, target=session_id)
    return {"message": say("auth.logout.done")}


async def me(principal: Principal) -> wire.UserIdentity:
    if principal.user is None:
        raise ApiError("auth.unauthenticated")
    return identity_view(principal.user)
