"""Accounts and referral codes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from psycopg import IntegrityError
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Delete,
    Integer,
    Text,
    Update,
    Uuid,
    and_,
    any_,
    bindparam,
    cast,
    delete,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.sql.selectable import TypedReturnsRows

from domain.errors import ApiError, moved_on
from domain.keys import DigestsOf
from domain.users import Identity, Referrer, keyed_tombstones, tombstones_of
from domain.users.usernames import is_made_of, readings, words_within
from persistence.creators import CONNECTED
from persistence.creators.pages import SHOWN, BioPages
from persistence.engine.connection import Connection
from persistence.engine.statements import insertion
from persistence.models import (
    BackupCode,
    BankDetail,
    Challenge,
    CouponUsage,
    CreatorProfile,
    CredentialChange,
    EmailChange,
    EmailVerification,
    Escrow,
    KnownDevice,
    KycSession,
    PasswordReset,
    PayoutAccount,
    ReactivationToken,
    ReferralLink,
    ReferralLinkAlias,
    ReferralReward,
    ReservedUsername,
    SocialAccount,
    StatementOfReasons,
    TaxForm,
    Upload,
    User,
    UsernameHistory,
    Wallet,
)
from persistence.models.users import PASSWORD_COST

# The database decides; the read before the write only makes the answer friendlier.
TAKEN = {
    "uq_users_email": "auth.register.email_exists",
    "uq_users_username": "auth.register.username_unavailable",
}
UNVERIFIED: Mapping[str, Any] = {
    "kyc_status": "NOT_STARTED",
    "kyc_provider": None,
    "kyc_provider_id": None,
    "kyc_completed_at": None,
}
DISCONNECTED: Mapping[str, Any] = {
    "payout_account_id": None,
    "payout_account_status": "NOT_STARTED",
    "payout_charges_enabled": False,
    "payout_payouts_enabled": False,
}
NO_FACTOR: Mapping[str, Any] = {
    "two_factor_enabled": False,
    "two_factor_enabled_at": None,
    "two_factor_secret": None,
    "two_factor_last_step": None,
}
STAFF_SEES = frozenset({"status", "username"})
"""Columns that staff changes, too: whoever changes one moves ``admin_version``."""
MOVED_ON: Mapping[str, Any] = {"admin_version": User.admin_version + 1}
IDENTITY = (
    User.id,
    User.email,
    User.username,
    User.display_name,
    User.avatar_url,
    User.status,
    User.email_verified,
    User.two_factor_enabled,
)


def was_removed(user_id: Any, username: Any) -> ColumnElement[bool]:
    """Whether staff took the name from the account, and the restriction did not end since."""
    row = StatementOfReasons
    names = row.before["username"].astext == username
    return exists().where(row.user_id == user_id, row.target_type == "USERNAME", row.lifted_at.is_(None), names)


BY_ID = select(User).where(User.id == bindparam("user_id"))
BY_ID_HELD = BY_ID.with_for_update()
PRESENT_HELD = BY_ID.where(User.status != literal_column("'DELETED'")).with_for_update(key_share=True)
BY_EMAIL = select(User).where(User.email == bindparam("email"))
WITH_SOCIAL_ACCOUNTS = (
    select(User, *CONNECTED)
    .outerjoin(SocialAccount, SocialAccount.user_id == User.id)
    .where(User.id == bindparam("user_id"))
    .order_by(SocialAccount.created_at, SocialAccount.id)
    .limit(bindparam("limit", type_=Integer))
)
# An account that its owner connected as a creator leads nowhere: it stays, as links and texts do.
UNLINKED = delete(SocialAccount).where(SocialAccount.user_id == bindparam("user_id"), SocialAccount.signs_in)
ID_HELD = select(User.id).where(User.id == bindparam("user_id")).with_for_update()
TAKEN_USERNAME = exists().where(User.username == bindparam("username"))
HELD_USERNAME = exists().where(
    UsernameHistory.former == bindparam("username"),
    UsernameHistory.held_until > func.now(),
    UsernameHistory.user_id.is_distinct_from(bindparam("by", type_=Uuid)),
)
REMOVED_USERNAME = was_removed(bindparam("by", type_=Uuid), bindparam("username"))
RESERVED_USERNAME = exists().where(ReservedUsername.skeleton.in_((bindparam("whole"), bindparam("behind"))))
THERE_OR_ERASED = select(User.email).where(
    or_(
        User.email == bindparam("email"),
        and_(User.email == any_(bindparam("erased", type_=ARRAY(Text))), User.status == "DELETED"),
    )
)
KEPT_FOR_ANOTHER = select(
    exists().where(
        EmailChange.former_email == bindparam("email"),
        EmailChange.user_id.is_distinct_from(bindparam("by", type_=Uuid)),
        CredentialChange.token_hash == EmailChange.undo_hash,
        CredentialChange.used_at.is_(None),
        CredentialChange.invalidated_at.is_(None),
        CredentialChange.expires_at > bindparam("now"),
    )
)
_codes = any_(bindparam("codes", type_=ARRAY(Text)))
TAKEN_CODES = union_all(
    select(ReferralLink.code).where(ReferralLink.code == _codes),
    select(ReferralLinkAlias.code).where(ReferralLinkAlias.code == _codes),
)
CLAIMED = select(TAKEN_USERNAME | HELD_USERNAME | REMOVED_USERNAME | RESERVED_USERNAME)


class Users:
    def __init__(self, connection: Connection, digests: DigestsOf) -> None:
        self._connection = connection
        self._digests = digests

    async def require_unclaimed(
        self, email: str, username: str | None, now: datetime, *, by: UUID | None = None
    ) -> None:
        """Raises ApiError email_exists, account_previously_deleted or username_unavailable, in this order.

        ``by`` is the account that wants the address, of which it may have been.
        """
        erased = tombstones_of(email, self._digests)
        found = set(await self._connection.scalars(THERE_OR_ERASED, email=email, erased=list(erased)))
        if email in found:
            raise ApiError("auth.register.email_exists")
        await self._require_unreserved(email, now, by)
        if found:
            raise ApiError("auth.register.account_previously_deleted")
        if username is not None and await self.is_username_claimed(username):
            raise ApiError("auth.register.username_unavailable")

    async def _require_unreserved(self, email: str, now: datetime, by: UUID | None) -> None:
        """A former address is kept for the account that was moved away from it, as long as that may be undone.

        Decided in the transaction that takes the address, after it did: whoever gave it up has committed by then.
        Raises ApiError email_exists.
        """
        if await self._connection.scalar(KEPT_FOR_ANOTHER, email=email, now=now, by=by):
            raise ApiError("auth.register.email_exists")

    async def is_username_claimed(self, username: str, by: UUID | None = None) -> bool:
        """Whether an account has it or may take it back, or nobody may have it or one that looks like it.

        What the account ``by`` gave up is free to that account, but for what staff took from it.
        """
        whole, behind = readings(username)
        if await self._connection.scalar(CLAIMED, username=username, by=by, whole=whole, behind=behind):
            return True
        return whole != behind and is_made_of(behind, await self._reserved_within(behind))

    async def _reserved_within(self, text: str) -> Sequence[str]:
        words = cast(words_within(text), ARRAY(Text))
        found = select(ReservedUsername.skeleton).where(ReservedUsername.skeleton == any_(words))
        return await self._connection.scalars(found)

    async def add(self, columns: Mapping[str, Any], referral_codes: Sequence[str], now: datetime) -> UUID:
        """The id of the new account, which gets the first of ``referral_codes`` that is free everywhere.

        Raises ApiError email_exists, username_unavailable or referral_code_collision.
        """
        try:
            for referral_code in await self._free(referral_codes):
                row = {**columns, "referral_code": referral_code}
                user_id = await self._connection.scalar(_addition(*row), **row)
                if user_id is not None:
                    await self._require_unreserved(columns["email"], now, user_id)
                    return user_id
        except IntegrityError as error:
            raise _refusal(error) from error
        raise ApiError("auth.register.referral_code_collision")

    async def _free(self, codes: Sequence[str]) -> list[str]:
        taken = set(await self._connection.scalars(TAKEN_CODES, codes=list(codes)))
        return [code for code in codes if code not in taken]

    async def find_by_email(self, email: str) -> User | None:
        return await self._connection.scalar(BY_EMAIL, email=email)

    async def find_moved_from(self, email: str, since: datetime) -> User | None:
        """The account that was moved away from the address, the first of several: later ones may be a thief's."""
        moved = select(User).join(EmailChange, EmailChange.user_id == User.id)
        moved = moved.where(EmailChange.former_email == email, EmailChange.used_at > since, User.email != email)
        return await self._connection.scalar(moved.order_by(EmailChange.used_at).limit(1))

    async def find(self, user_id: UUID) -> User | None:
        return await self._connection.scalar(BY_ID, user_id=user_id)

    async def find_identity(self, user_id: UUID) -> Identity | None:
        row = await self._connection.row(select(*IDENTITY).where(User.id == user_id))
        return None if row is None else Identity._make(row)

    async def get(self, user_id: UUID) -> User:
        """Raises ApiError error.user.not_found."""
        user = await self.find(user_id)
        if user is None:
            raise ApiError("error.user.not_found")
        return user

    async def get_with_social_accounts(self, user_id: UUID, limit: int) -> tuple[User, Sequence[Any]]:
        """The account, and what ``Creators.social_accounts`` tells of it. Raises ApiError error.user.not_found."""
        rows = await self._connection.rows(WITH_SOCIAL_ACCOUNTS, user_id=user_id, limit=limit)
        if not rows:
            raise ApiError("error.user.not_found")
        return rows[0][0], [row for row in rows if row.platform is not None]

    async def find_for_update(self, user_id: UUID) -> User | None:
        """The account, which nobody else changes until the transaction ends."""
        return await self._connection.scalar(BY_ID_HELD, user_id=user_id)

    async def get_for_update(self, user_id: UUID) -> User:
        """As ``find_for_update``. Raises ApiError error.user.not_found."""
        user = await self.find_for_update(user_id)
        if user is None:
            raise ApiError("error.user.not_found")
        return user

    async def hold_present(self, user_id: UUID) -> User:
        """The account, which nobody else holds so, changes or erases until the transaction ends.

        Unlike with ``get_for_update``, rows that name it may be written meanwhile. A second posting to a wallet in one
        transaction looks at the owner's row as if the wallet was new: with ``get_for_update`` before a wallet is held,
        both would wait for each other. Raises ApiError error.user.not_found, also for an erased one.
        """
        user: User | None = await self._connection.scalar(PRESENT_HELD, user_id=user_id)
        if user is None:
            raise ApiError("error.user.not_found")
        return user

    async def require_present(self, *user_ids: UUID) -> None:
        """The accounts stay until the transaction ends. Raises ApiError error.user.not_found, also for erased ones."""
        there = select(User.id).where(User.id.in_(user_ids), User.status != "DELETED").order_by(User.id)
        held = there.with_for_update(read=True, key_share=True)
        if len(await self._connection.scalars(held)) < len(set(user_ids)):
            raise ApiError("error.user.not_found")

    async def avatars_for_others(self, user_ids: Sequence[UUID]) -> Mapping[UUID, tuple[str, str]]:
        """Provider and key of each picture that others may see: a file of the account's own that was looked at."""
        shown = select(User.id, Upload.provider, Upload.key).join(Upload, Upload.key == User.avatar_key)
        mine = shown.where(User.id.in_(user_ids), Upload.user_id == User.id, Upload.status == "STORED")
        return {user_id: (provider, key) for user_id, provider, key in await self._connection.rows(mine)}

    async def change(self, user_id: UUID, *, by_owner: bool = True, **columns: Any) -> User:
        """The account as it is then. ``by_owner``: as ``BioPages.changed`` says.

        Raises ApiError error.user.not_found, and email_exists or username_unavailable when another one was faster.
        """
        user = await self._changed(user_id, update(User).where(User.id == user_id), columns, by_owner=by_owner)
        if user is None:
            raise ApiError("error.user.not_found")
        return user

    async def change_seen(self, user_id: UUID, expected_version: int, **columns: Any) -> User:
        """As ``change``, by staff, who has read the account in the version ``expected_version``.

        Raises ApiError precondition.failed when status or username were changed since.
        """
        seen = update(User).where(User.id == user_id, User.admin_version == expected_version)
        user = await self._changed(user_id, seen, {**columns, **MOVED_ON})
        if user is None:
            raise moved_on((await self.get(user_id)).admin_version)
        return user

    async def _changed(
        self, user_id: UUID, account: Update, columns: Mapping[str, Any], *, by_owner: bool = False
    ) -> User | None:
        moved = MOVED_ON if STAFF_SEES & columns.keys() else {}
        try:
            user = await self._connection.scalar(account.values(**{**columns, **moved}).returning(User))
        except IntegrityError as error:
            raise _refusal(error) from error
        if user is not None and SHOWN & columns.keys():
            await BioPages(self._connection).changed_of(user_id, by_owner=by_owner)
        return user

    async def move(self, user_id: UUID, email: str, now: datetime, *, owner_unproven: bool) -> None:
        """The account has the address, which was proven. Raises ApiError email_exists when another one was faster."""
        await self.change(user_id, email=email, email_verified=True, owner_unproven=owner_unproven)
        await self._require_unreserved(email, now, user_id)

    async def clear(self, email: str, user_id: UUID) -> None:
        """An account that waits to be verified gives way to ``user_id``, whose owner proved the address."""
        await self._connection.execute(squatting(email, user_id))

    async def forget_unused(self, user_id: UUID) -> bool:
        """False when somebody signed in to the account."""
        unused = delete(User).where(User.id == user_id, User.last_login_at.is_(None))
        return await self._connection.scalar(unused.returning(User.id)) is not None

    async def deactivate(self, user_id: UUID) -> bool:
        """False when the account is not active."""
        return await self.change_status(user_id, "ACTIVE", "DEACTIVATED")

    async def mark_verified(self, user_id: UUID, *, owner_unproven: bool) -> None:
        verified = update(User).where(User.id == user_id)
        await self._connection.execute(verified.values(email_verified=True, owner_unproven=owner_unproven))

    async def set_password(self, user_id: UUID, password_hash: str) -> None:
        chosen = {"password_hash": password_hash, "password_due": False}
        await self._connection.execute(update(User).where(User.id == user_id).values(**chosen))

    async def renew_password(self, user_id: UUID, before: str | None, password_hash: str) -> None:
        """Another hash of the same password, unless it was changed meanwhile."""
        same = update(User).where(User.id == user_id, User.password_hash == before)
        await self._connection.execute(same.values(password_hash=password_hash))

    async def dearest_hash(self) -> int:
        """The highest cost of a stored hash; 0 while there is none."""
        return int(await self._connection.scalar(select(func.max(PASSWORD_COST)).select_from(User)) or 0)

    async def void(self, user_id: UUID, now: datetime) -> None:
        """Nothing that was set up on the account leads into it any more."""
        void = {"password_hash": None, "phone": None, "phone_verified_at": None}
        await self._connection.execute(update(User).where(User.id == user_id).values(**void, **NO_FACTOR))
        for owned in (BackupCode, Challenge, KnownDevice):
            await self._connection.execute(delete(owned).where(owned.user_id == user_id))
        await self._connection.execute(UNLINKED, user_id=user_id)
        await self.void_links(user_id, now)

    async def void_links(self, user_id: UUID, now: datetime) -> None:
        """Links that were mailed to prove, to reset or to come back stop working."""
        for token in (EmailVerification, EmailChange, PasswordReset, ReactivationToken):
            live = update(token).where(token.user_id == user_id, token.used_at.is_(None))
            await self._connection.execute(live.values(invalidated_at=now))

    async def void_young(self, user_id: UUID, since: datetime, now: datetime) -> None:
        """Of an account whose owner was not proven: all goes as by ``void``, a second factor only if it is young.

        So do the identity that was verified, bank details and tax forms; the payout account is closed.

        An older one stays, for the account may be in honest hands since long, and a reset must not be a way past it.
        """
        # Whoever was verified here, and is to be paid, may be somebody else than the owner.
        for owned in (Challenge, KnownDevice, KycSession, BankDetail, TaxForm):
            await self._connection.execute(delete(owned).where(owned.user_id == user_id))
        profile = update(CreatorProfile).where(CreatorProfile.user_id == user_id)
        await self._connection.execute(profile.values(**UNVERIFIED, **DISCONNECTED))
        account = update(PayoutAccount).where(PayoutAccount.user_id == user_id, PayoutAccount.closed_at.is_(None))
        await self._connection.execute(account.values(closed_at=now, charges_enabled=False, payouts_enabled=False))
        await self._connection.execute(UNLINKED, user_id=user_id)
        await self.void_links(user_id, now)
        unproven = update(User).where(User.id == user_id)
        void = {"password_hash": None, "phone": None, "phone_verified_at": None}
        await self._connection.execute(unproven.values(**void))
        young = unproven.where(User.two_factor_enabled_at >= since)
        if await self._connection.scalar(young.values(**NO_FACTOR).returning(User.id)) is not None:
            await self._connection.execute(delete(BackupCode).where(BackupCode.user_id == user_id))

    async def change_status(self, user_id: UUID, before: str, after: str) -> bool:
        """False when the account was not in the state ``before``."""
        account = update(User).where(User.id == user_id, User.status == before)
        return await self._changed(user_id, account, {"status": after}) is not None

    async def key_tombstones(self, limit: int) -> None:
        """Give a key to what former releases left of erased addresses: a hash without one."""
        without = User.email.regexp_match("^deleted_[0-9a-f]{64}@")
        query = select(User.id, User.email).where(User.status == "DELETED", without).limit(limit)
        for user_id, email in await self._connection.rows(query.with_for_update(skip_locked=True)):
            plain = email.partition("@")[0].removeprefix("deleted_")
            keyed = keyed_tombstones(plain, self._digests)[0]
            await self._connection.execute(update(User).where(User.id == user_id).values(email=keyed))

    async def purge_unverified(self, before: datetime) -> None:
        """Forget accounts whose address was never proven."""
        unproven = delete(User).where(User.email_verified.is_(False), User.created_at < before)
        await self._connection.execute(unproven.where(User.status == "ACTIVE", ~IN_BOOKS))


# The books, which are kept by law, refer to these accounts. Creators may have no wallet before they earn.
_OWNERS = Wallet.user_id, CouponUsage.user_id, ReferralReward.referee_id, PayoutAccount.user_id, Escrow.creator_user_id
IN_BOOKS = or_(*(exists().where(column == User.id) for column in _OWNERS))


@cache
def _addition(*names: str) -> TypedReturnsRows[UUID]:
    added = insertion(User, *names).on_conflict_do_nothing(index_elements=[User.referral_code])
    return added.returning(User.id)


async def hold(connection: Connection, user_id: UUID) -> None:
    """Lock the account's row until the transaction ends; statements after it see what others committed before."""
    await connection.execute(ID_HELD, user_id=user_id)


def squatting(email: str, user_id: UUID) -> Delete:
    """Accounts of others that have the address and never proved it."""
    others = delete(User).where(User.email == email, User.id != user_id)
    return others.where(User.email_verified.is_(False), User.status == "ACTIVE", ~IN_BOOKS)


def _refusal(error: IntegrityError) -> Exception:
    """What the broken constraint means; the error itself when it is none that people can break."""
    constraint = error.diag.constraint_name
    return ApiError(TAKEN[constraint]) if constraint in TAKEN else error


class Referrals:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find_referrer(self, code: str | None) -> Referrer | None:
        """Whose code it is: an account's own first, then a link's, then an alias of a link."""
        if code is None:
            return None
        own = select(literal(1).label("rank"), User.id.label("user_id")).where(User.referral_code == code)
        link = select(literal(2), ReferralLink.user_id).where(ReferralLink.code == code)
        alias = select(literal(3), ReferralLink.user_id).join(
            ReferralLinkAlias, ReferralLinkAlias.link_id == ReferralLink.id
        )
        found = union_all(own, link, alias.where(ReferralLinkAlias.code == code)).subquery()
        query = select(found.c.user_id, literal(code), CreatorProfile.id).order_by(found.c.rank).limit(1)
        creators = query.outerjoin(CreatorProfile, CreatorProfile.user_id == found.c.user_id)
        row = await self._connection.row(creators)
        return None if row is None else Referrer(*row)

    async def repoint(self, user_id: UUID, code: str) -> None:
        """The account's link, if it has one, gets another code; the former one stays good as an alias.

        A code that leads elsewhere already is not taken away: then the link stays as it is.
        """
        own = select(ReferralLink).where(ReferralLink.user_id == user_id).order_by(ReferralLink.created_at).limit(1)
        link = await self._connection.scalar(own.with_for_update())
        if link is None or link.code == code or await self._leads_elsewhere(code, link.id):
            return
        former = {"link_id": link.id, "code": link.code}
        try:
            async with self._connection.savepoint():
                mine = delete(ReferralLinkAlias).where(ReferralLinkAlias.link_id == link.id)
                await self._connection.execute(mine.where(ReferralLinkAlias.code == code))
                await self._connection.execute(update(ReferralLink).where(ReferralLink.id == link.id).values(code=code))
                await self._connection.execute(pg_insert(ReferralLinkAlias).values(former).on_conflict_do_nothing())
        except IntegrityError:  # somebody else's link took the code meanwhile
            return

    async def _leads_elsewhere(self, code: str, link_id: UUID) -> bool:
        own = exists().where(User.referral_code == code)
        link = exists().where(ReferralLink.code == code)
        alias = exists().where(ReferralLinkAlias.code == code, ReferralLinkAlias.link_id != link_id)
        return bool(await self._connection.scalar(select(own | link | alias)))
