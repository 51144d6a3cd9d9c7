"""Sign-in through another platform."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain import auth as rules
from domain import topics
from domain.auth import PRIVACY_VERSION, REACTIVATION_TTL_DAYS, TERMS_VERSION, VERIFICATION_TTL_HOURS
from domain.auth.changes import OPENED, Notice
from domain.auth.oauth import (
    PLATFORM_NAMES,
    ConcurrentChange,
    Entry,
    OAuthIdentity,
    Visit,
    client_view,
    may_claim,
    proof_of,
    proves_owner,
)
from domain.auth.two_factor import CHALLENGE_LIFE
from domain.errors import ApiError
from domain.keys import Purpose
from domain.mails import allowance
from domain.switches import REGISTRATION_ENABLED
from domain.users import REFERRAL_LENGTH, Origin, new_user, referral_code

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
        DigestsOf,
        GeoIp,
        MailRules,
        Moderation,
        OAuth,
        Principal,
        RandomBytes,
        Repositories,
        Say,
        Tokens,
        UnitOfWork,
        Visitor,
    )

REFERRAL_TRIES = 3
TRIES = 3


async def providers(db: Repositories) -> wire.OAuthProviders:
    return {"providers": [client_view(row) for row in await db.oauth_providers.list_for_login()]}


async def login(
    body: wire.OAuthLoginRequest,
    uow: UnitOfWork,
    oauth: OAuth,
    mail_rules: MailRules,
    client: Client,
    config: Config,
    clock: Clock,
    geoip: GeoIp,
    random_bytes: RandomBytes,
    digests: DigestsOf,
    tokens: Tokens,
    carrier: Carrier,
    visitor: Visitor,
    changes: Changes,
    moderation: Moderation,
) -> wire.OAuthLoginResult:
    identity = await oauth.verify(body["provider"], proof_of(body))
    name = moderation.admitted("display_name", identity.display_name, client.locale)
    identity = replace(identity, display_name=name)
    mailed = UUID(body["verificationToken"]) if "verificationToken" in body else None
    visit = Visit(identity, client, await geoip.country(client.ip, client.cdn_country), clock(), mailed)
    await _require_welcome(identity, uow, config, mail_rules)
    codes = [referral_code(random_bytes(REFERRAL_LENGTH)) for _ in range(REFERRAL_TRIES)]
    entry = await _enter(visit, visitor, uow, config, digests, changes, body.get("referralCode"), codes)
    if entry.refusal is not None:  # told after the commit: what the visit left in the tables stays
        raise ApiError(entry.refusal)
    if entry.session_id is None:
        return {"requiresTwoFactor": True, "tempToken": str(entry.temp_token)}
    visitor.keep()
    carrier.keep(tokens.refresh(entry.session_id, 0), min(rules.session_life(config)))
    return {**tokens.access(entry.user_id, entry.session_id), "isNewUser": entry.is_new}


async def link(
    body: wire.OAuthLinkRequest,
    principal: Principal,
    uow: UnitOfWork,
    oauth: OAuth,
    say: Say,
    clock: Clock,
    changes: Changes,
) -> common.Message:
    if principal.user is None:
        raise ApiError("auth.unauthenticated")
    identity = await oauth.verify(body["provider"], proof_of(body))
    async with uow() as db:
        await _spend(db, identity)
        held = await db.sessions.lock_owner(principal.session_id, principal.user_id, fresh=True)
        notice = await changes.note(db, principal.user_id, "provider_linked")
        if not await db.oauth_links.add(principal.user_id, identity):
            owner = await db.oauth_links.find_owner(identity)
            mine = owner in (None, principal.user_id)  # none: another identity of the platform is linked
            raise ApiError("auth.oauth.already_linked" if mine else "auth.oauth.linked_to_other_user")
        if proves_owner(identity, held.email):
            await _prove_owner(db, principal.user_id, clock())
        await _tell_linked(db, notice, principal.user_id, identity.platform)
    return {"message": say("auth.oauth.link.done")}


async def unlink(
    provider: str, principal: Principal, db: Repositories, say: Say, clock: Clock, changes: Changes
) -> common.Message:
    if provider not in PLATFORM_NAMES:
        raise ApiError("auth.oauth.provider_disabled")
    user = await db.sessions.lock_owner(principal.session_id, principal.user_id, fresh=True)
    linked = await db.oauth_links.platforms_of(user.id)
    if provider not in linked:
        raise ApiError("auth.oauth.not_linked")
    if user.password_hash is None and linked == {provider}:
        raise ApiError("auth.oauth.only_auth_method")
    notice = await changes.note(db, user.id, "provider_unlinked")
    await db.oauth_links.remove(user.id, provider)
    await db.sessions.void_opened(user.id, clock(), but=principal.session_id)
    await db.outbox.add(topics.ProviderUnlinked(user.id, provider), notice.written())
    await db.audit.record("auth.oauth.unlink.success", actor=user.id, target=user.id, platform=provider)
    return {"message": say("auth.oauth.unlink.done")}


async def _require_welcome(identity: OAuthIdentity, uow: UnitOfWork, config: Config, mail_rules: MailRules) -> None:
    """What only a newcomer is asked. It may be slow, so no transaction is open; the constraints still decide."""
    async with uow() as db:
        known = await db.oauth_links.find_owner(identity) is not None
        known = known or (identity.email is not None and await db.users.find_by_email(identity.email) is not None)
    if known:
        return
    if not config[REGISTRATION_ENABLED]:
        raise ApiError("auth.register.closed")
    if identity.email is None:
        raise ApiError("auth.register.invalid_email")
    await mail_rules.require_deliverable(identity.email)


async def _enter(
    visit: Visit,
    visitor: Visitor,
    uow: UnitOfWork,
    config: Config,
    digests: DigestsOf,
    changes: Changes,
    referred: str | None,
    codes: list[str],
) -> Entry:
    for _ in range(TRIES):
        try:
            async with uow() as db:
                await _spend(db, visit.identity)
                user = await _known_account(db, visit, changes)
                user_id = user.id if user else await _open_account(db, visit, config, changes, referred, codes)
                return await _admit(db, visit, visitor, config, digests, user_id, is_new=user is None)
        except ConcurrentChange:
            continue
    raise ApiError("auth.oauth.email_exists")


async def _spend(db: Repositories, identity: OAuthIdentity) -> None:
    if not await db.oauth_used_tokens.spend(identity):
        raise ApiError("auth.oauth.invalid_token")


async def _known_account(db: Repositories, visit: Visit, changes: Changes) -> Any:
    """The account of the identity, else the one of its address, which is linked on the way; None for a newcomer."""
    identity = visit.identity
    user = await db.oauth_links.find_user(identity)
    user = await db.statements.release(user, visit.now) if user else None
    if user is not None and not may_claim(identity, user.email, user.email_verified):
        if visit.verification is not None and not user.email_verified:
            await _verify(db, visit, user, visit.verification)
        return user
    if user is None and identity.email is not None:
        user = await db.oauth_links.find_namesake(identity.email)
        user = await db.statements.release(user, visit.now) if user else None
    if user is None:
        return None
    # An address that the platform verified once may have changed hands: it takes no account from who proved it here.
    if not identity.email_verified or (user.email_verified and not identity.authoritative):
        if await db.oauth_links.find_owner(identity) is not None:  # another sign-in of this person was faster
            raise ConcurrentChange
        raise ApiError("auth.oauth.email_exists")
    if user.status == "ACTIVE" and not rules.is_password_due(user):
        await _adopt(db, visit, user, changes)
    return user


async def _verify(db: Repositories, visit: Visit, user: Any, token: UUID) -> None:
    """Who opened the account through the platform also reads the mail of its address."""
    if await db.email_verifications.consume(token, visit.now) != user.id:
        raise ApiError("auth.verify_email.invalid_token")
    await _prove_owner(db, user.id, visit.now)
    await db.audit.record("auth.verify_email.success", actor=user.id, target=user.id)


async def _adopt(db: Repositories, visit: Visit, user: Any, changes: Changes) -> None:
    """The address is this person's; what was set up by who never proved that it is theirs, too, is a stranger's."""
    verified = user.email_verified
    await changes.void_unproven(db, user, visit.now)
    if visit.identity.authoritative:
        await _prove_owner(db, user.id, visit.now)
    elif not verified:
        await db.users.mark_verified(user.id, owner_unproven=True)
    notice = await changes.note(db, user.id, "provider_linked")
    if not await db.oauth_links.add(user.id, visit.identity):
        if await db.oauth_links.find_owner(visit.identity) is None:  # another identity of the platform is linked
            raise ApiError("auth.oauth.email_exists")
        raise ConcurrentChange
    await _tell_linked(db, notice, user.id, visit.identity.platform)


async def _prove_owner(db: Repositories, user_id: UUID, now: datetime) -> None:
    await db.users.mark_verified(user_id, owner_unproven=False)
    await db.credential_changes.close(user_id, now, OPENED)


async def _open_account(
    db: Repositories, visit: Visit, config: Config, changes: Changes, referred: str | None, codes: list[str]
) -> UUID:
    """The button stands beside the terms and the privacy policy: who goes on agrees, and that is recorded."""
    identity, client = visit.identity, visit.client
    referrer = await db.referrals.find_referrer(referred)
    origin = Origin(client.user_agent, visit.country, referrer)
    known = {"email": identity.email, "displayName": identity.display_name}
    proven = {
        "email_verified": identity.email_verified,
        "owner_unproven": identity.email_verified and not identity.authoritative,
    }
    columns = new_user(known, None, client.locale, origin) | proven
    try:
        await db.users.require_unclaimed(columns["email"], None, visit.now)
        user_id = await db.users.add(columns, codes, visit.now)
    except ApiError as refusal:
        if refusal.code == "auth.register.email_exists":
            raise ConcurrentChange from refusal
        raise
    if not await db.oauth_links.add(user_id, identity):
        raise ConcurrentChange
    versions = {"terms": config[TERMS_VERSION], "privacy": config[PRIVACY_VERSION]}
    await db.consents.record(user_id, versions, client)
    if not identity.email_verified:
        life = timedelta(hours=config[VERIFICATION_TTL_HOURS])
        token = await db.email_verifications.first(user_id, visit.now, life)
        notice = await changes.note_opening(db, user_id)
        await db.outbox.add(topics.VerifyAddress(user_id, identity.platform), notice.written(str(token)))
    if referrer is not None:
        await db.referral_links.count_signup(referrer.user_id)
    return user_id


async def _admit(
    db: Repositories,
    visit: Visit,
    visitor: Visitor,
    config: Config,
    digests: DigestsOf,
    user_id: UUID,
    *,
    is_new: bool,
) -> Entry:
    user = await db.users.get(user_id)
    refusal = rules.platform_refusal(user)
    if refusal is not None:
        await _turn_away(db, visit, config, digests, user, refusal)
        # An erased account has no credentials that could be wrong.
        erased = refusal == rules.WRONG_CREDENTIALS
        return Entry(user_id, is_new, refusal="auth.register.account_previously_deleted" if erased else refusal)
    if user.two_factor_enabled:
        temp_token = await db.sign_in_challenges.start(user_id, visit.now, CHALLENGE_LIFE)
        return Entry(user_id, is_new, temp_token=temp_token)
    _, absolute = rules.session_life(config)
    await visitor.welcome(db, user_id, visit.country, visit.now)
    session_id = await db.sessions.start(user_id, visit.client, visit.country, visit.now, visit.now + absolute)
    platform = visit.identity.platform
    await db.audit.record("auth.oauth.login.success", actor=user_id, target=session_id, platform=platform, new=is_new)
    return Entry(user_id, is_new, session_id=session_id)


async def _turn_away(
    db: Repositories, visit: Visit, config: Config, digests: DigestsOf, user: Any, refusal: str
) -> None:
    """Leave the trace; the owner of a deactivated account gets a link to come back with, unless just mailed one."""
    returning = refusal == "auth.login.account_deactivated"
    address = digests(Purpose.MAIL_QUOTA, "return", user.email)
    if returning and await db.mail_quotas.take(address, visit.now, allowance(config)):
        life = timedelta(days=config[REACTIVATION_TTL_DAYS])
        token = await db.reactivation_tokens.start(user.id, visit.now, life)
        await db.outbox.add(topics.Reactivation(user.id), secret=str(token))
    platform = visit.identity.platform
    await db.audit.record(
        "auth.oauth.login.failure", result="failure", target=user.id, refusal=refusal, platform=platform
    )


async def _tell_linked(db: Repositories, notice: Notice, user_id: UUID, platform: str) -> None:
    await db.outbox.add(topics.ProviderLinked(user_id, platform), notice.written())
    await db.audit.record("auth.oauth.link.success", actor=user_id, target=user_id, platform=platform)
