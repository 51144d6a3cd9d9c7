"""Sessions and one-time tokens. Every change of state is one guarded statement."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Uuid,
    and_,
    any_,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)

from domain.auth import one_time_hash, read_one_time_token
from domain.errors import ApiError
from domain.users import Client, Return
from persistence.engine.connection import Connection
from persistence.engine.keyset import Keyset
from persistence.engine.statements import insertion
from persistence.models import (
    Challenge,
    EmailChange,
    EmailVerification,
    GdprRequest,
    OneTimeToken,
    PasswordReset,
    ReactivationToken,
    Session,
    User,
)
from persistence.users import BY_ID_HELD, hold

DELETION = "DELETION"
START = (
    insert(Session)
    .values(
        user_id=bindparam("owner"),
        last_active_at=bindparam("now"),
        confirmed_at=bindparam("now"),
        expires_at=bindparam("ends"),
        user_agent=bindparam("device"),
        ip=bindparam("address"),
        country=bindparam("place"),
        second_factor_at=bindparam("passed"),
    )
    .returning(Session.id)
)
NOTE_LOGIN = update(User).where(User.id == bindparam("owner")).values(last_login_at=bindparam("now"))
NOT_ENDED = (
    Session.revoked_at.is_(None),
    Session.expires_at > bindparam("now"),
    Session.last_active_at > bindparam("used_since"),
)
LIVE = select(Session).where(Session.id == any_(bindparam("ids", type_=ARRAY(Uuid))), *NOT_ENDED)
LIVE_OF_ACCOUNT = (
    select(Session)
    .where(Session.user_id == bindparam("user_id"), *NOT_ENDED)
    .order_by(Session.last_active_at.desc(), Session.id)
    .limit(bindparam("limit", type_=Integer))
)
ROTATE = (
    update(Session)
    .where(Session.id == bindparam("session_id"), Session.counter == bindparam("presented"), *NOT_ENDED)
    .values(counter=Session.counter + 1, rotated_at=bindparam("now"), last_active_at=bindparam("now"))
    .returning(Session.id)
)
STILL_LIVE = select(Session.confirmed_at).where(
    Session.id == bindparam("session_id"), Session.user_id == bindparam("user_id"), Session.revoked_at.is_(None)
)

LATEST = Keyset(Session.created_at.desc(), Session.id.desc())

PENDING_DELETION = (
    select(GdprRequest.grace_ends_at)
    .where(GdprRequest.user_id == User.id, GdprRequest.kind == DELETION, GdprRequest.status == "PENDING")
    .limit(1)
    .scalar_subquery()
)
STILL_GOOD = and_(
    ReactivationToken.used_at.is_(None),
    ReactivationToken.invalidated_at.is_(None),
    ReactivationToken.expires_at > bindparam("now"),
)
LEADS_TO = (
    select(STILL_GOOD, User.email, User.status, PENDING_DELETION)
    .select_from(ReactivationToken)
    .join(User, User.id == ReactivationToken.user_id)
    .where(ReactivationToken.token_hash == bindparam("token"))
)


class Sessions:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def start(
        self,
        user_id: UUID,
        client: Client,
        country: str | None,
        now: datetime,
        expires_at: datetime,
        *,
        second_factor: bool = False,
    ) -> UUID:
        """Open a session and note the login on the account. ``second_factor``: the sign-in passed one."""
        session_id = await self._connection.scalar_one(
            START,
            owner=user_id,
            now=now,
            ends=expires_at,
            device=client.user_agent,
            address=client.ip,
            place=country,
            passed=now if second_factor else None,
        )
        await self._connection.execute(NOTE_LOGIN, owner=user_id, now=now)
        return session_id

    async def get_live(self, session_id: UUID, now: datetime, idle: timedelta) -> Session:
        """Raises ApiError auth.refresh.invalid_token for a session that ended or never was."""
        row = await self._connection.scalar(select(Session).where(Session.id == session_id))
        if row is None or row.revoked_at or row.expires_at <= now or row.last_active_at <= now - idle:
            raise ApiError("auth.refresh.invalid_token")
        return row

    async def find_live(self, ids: Sequence[UUID], now: datetime, idle: timedelta) -> dict[UUID, Session]:
        """Those that neither ended nor lay idle, by id."""
        found = await self._connection.scalars(LIVE, ids=list(ids), now=now, used_since=now - idle) if ids else ()
        return {row.id: row for row in found}

    async def rotate(self, session_id: UUID, counter: int, now: datetime, idle: timedelta) -> bool:
        """Move on from ``counter``; False when another call did so first, or the session ended meanwhile."""
        values = {"session_id": session_id, "presented": counter, "now": now, "used_since": now - idle}
        return await self._connection.scalar(ROTATE, **values) is not None

    async def hold_owners(self, session_ids: Sequence[UUID]) -> None:
        """To be called before several are revoked: accounts are held before sessions, as by all who end sessions."""
        owners = select(Session.user_id).where(Session.id.in_(session_ids))
        held = select(User.id).where(User.id.in_(owners)).order_by(User.id)
        await self._connection.execute(held.with_for_update())

    async def revoke(self, session_id: UUID, now: datetime) -> UUID | None:
        """Whose live session it was, or None when there was none to revoke."""
        live = update(Session).where(Session.id == session_id, Session.revoked_at.is_(None))
        return await self._connection.scalar(live.values(revoked_at=now).returning(Session.user_id))

    async def revoke_own(self, session_id: UUID, user_id: UUID, now: datetime) -> bool:
        """False when the account has no such live session."""
        own = update(Session).where(
            Session.id == session_id, Session.user_id == user_id, Session.revoked_at.is_(None), Session.expires_at > now
        )
        return await self._connection.scalar(own.values(revoked_at=now).returning(Session.id)) is not None

    async def revoke_all(self, user_id: UUID, now: datetime, but: UUID | None = None) -> int:
        """How many live sessions of the account ended; ``but`` stays. What proofs opened ends with them."""
        await self.void_opened(user_id, now, but=but)
        live = update(Session).where(Session.user_id == user_id, Session.revoked_at.is_(None))
        if but is not None:
            live = live.where(Session.id != but)
        return len(await self._connection.scalars(live.values(revoked_at=now).returning(Session.id)))

    async def confirm(self, session_id: UUID, now: datetime) -> bool:
        """Note that the bearer of a live session proved who they are; False when it ended meanwhile."""
        live = update(Session).where(Session.id == session_id, Session.revoked_at.is_(None))
        return await self._connection.scalar(live.values(confirmed_at=now).returning(Session.id)) is not None

    async def lock_owner(self, session_id: UUID, user_id: UUID, *, fresh: bool = False) -> User:
        """The account of a session that is still live; nobody else changes the account until the transaction ends.

        To be called first in the transaction that writes: what ended the session held the account, too. Raises ApiError
        auth.unauthenticated when it ended, and with ``fresh`` auth.confirmation_required when its proof was voided.
        """
        user = await self._connection.scalar(BY_ID_HELD, user_id=user_id)
        found = await self._connection.row(STILL_LIVE, session_id=session_id, user_id=user_id)
        if user is None or found is None:
            raise ApiError("auth.unauthenticated")
        if fresh and found.confirmed_at is None:
            raise ApiError("auth.confirmation_required")
        return user

    async def hold_compared(self, session_id: UUID, compared: User, refusal: str) -> User:
        """As ``lock_owner``, of the account as it was when the password in a body was compared with its own.

        Raises ApiError ``refusal`` when another password was set since.
        """
        held = await self.lock_owner(session_id, compared.id, fresh=compared.two_factor_enabled)
        if held.password_hash != compared.password_hash:
            raise ApiError(refusal)
        return held

    async def void_opened(self, user_id: UUID, now: datetime, *, but: UUID | None = None) -> None:
        """End what earlier proofs of the account opened and did not finish. No code is spent by it.

        Sign-ins that wait for their second factor, codes on their way to a phone, the set-up of an authenticator app,
        a change of the address that nobody confirmed yet, and the confirmations of all sessions except ``but``. Links
        that anybody may have mailed to the owner are not of a proof and stay. The account is held before anything that
        hangs on it, as by all who void tokens of an account, so that none waits for the other.
        """
        await hold(self._connection, user_id)
        unfinished = update(User).where(
            User.id == user_id, User.two_factor_secret.is_not(None), User.two_factor_enabled.is_(False)
        )
        await self._connection.execute(unfinished.values(two_factor_secret=None, two_factor_last_step=None))
        unused = delete(Challenge).where(Challenge.user_id == user_id, Challenge.used_at.is_(None))
        await self._connection.execute(unused)
        await EmailChanges(self._connection).invalidate(user_id, now)
        confirmed = update(Session).where(
            Session.user_id == user_id, Session.revoked_at.is_(None), Session.confirmed_at.is_not(None)
        )
        if but is not None:
            confirmed = confirmed.where(Session.id != but)
        await self._connection.execute(confirmed.values(confirmed_at=None))

    async def list_live(self, user_id: UUID, now: datetime, idle_days: int, limit: int) -> Sequence[Session]:
        """The last used first."""
        since = now - timedelta(days=idle_days)
        return await self._connection.scalars(LIVE_OF_ACCOUNT, user_id=user_id, now=now, used_since=since, limit=limit)

    async def page_live(
        self, user_id: UUID, now: datetime, idle: timedelta, keys: Sequence[Any] | None, rows: int
    ) -> Sequence[Session]:
        """Those that neither ended nor lay idle, the latest sign-in first."""
        live = select(Session).where(Session.user_id == user_id, Session.revoked_at.is_(None))
        live = live.where(Session.expires_at > now, Session.last_active_at > now - idle)
        return await self._connection.scalars(LATEST.page(live, keys, rows))

    async def purge(self, before: datetime, idle: timedelta) -> None:
        """Forget those that ended before: by their age, by somebody, or because nobody used them.

        This reads all of them, now and then: an index on when they were used would cost each refresh.
        """
        ended = or_(Session.expires_at < before, Session.revoked_at < before, Session.last_active_at < before - idle)
        await self._connection.execute(delete(Session).where(ended))


class OneTimeTokens:
    """Tokens of one kind, each good for one thing once; the first that is used ends the account's others.

    An account has up to ``at_once`` of them: who has links mailed to somebody else ends none that these still have.
    """

    model: type[OneTimeToken]
    at_once = 3

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def start(self, user_id: UUID, now: datetime, life: timedelta, **columns: str) -> UUID:
        """A new token; the account's oldest one too many stops working. ``columns`` are further ones of its kind."""
        await hold(self._connection, user_id)
        await self._make_room(user_id, now)
        return await self.first(user_id, now, life, **columns)

    async def first(self, user_id: UUID, now: datetime, life: timedelta, **columns: str) -> UUID:
        """As ``start``, for an account that this transaction made: it has no other token, and nobody else sees it."""
        token = uuid4()
        row = {"user_id": user_id, "token_hash": one_time_hash(token), "expires_at": now + life} | columns
        await self._connection.execute(insertion(self.model, *row), **row)
        return token

    async def invalidate(self, user_id: UUID, now: datetime) -> None:
        row = self.model
        live = update(row).where(row.user_id == user_id, row.used_at.is_(None), row.invalidated_at.is_(None))
        await self._connection.execute(live.values(invalidated_at=now))

    async def consume(self, token: UUID, now: datetime) -> UUID | None:
        """Whose the token is; None when it is unknown, expired, replaced or consumed.

        The account is held before its token, as by all who void tokens of an account, so that none waits for the other.
        """
        row = self.model
        owner = await self.find(token, now)
        if owner is None:
            return None
        await hold(self._connection, owner)
        used = update(row).where(*self._good(token, now)).values(used_at=now)
        user_id = await self._connection.scalar(used.returning(row.user_id))
        if user_id is not None:
            await self.invalidate(user_id, now)
        return user_id

    async def find(self, token: UUID, now: datetime) -> UUID | None:
        """Whose a token is that ``consume`` would take."""
        return await self._connection.scalar(select(self.model.user_id).where(*self._good(token, now)))

    async def purge(self, before: datetime) -> None:
        await self._connection.execute(delete(self.model).where(self.model.expires_at < before))

    async def _make_room(self, user_id: UUID, now: datetime) -> None:
        row = self.model
        live = (row.user_id == user_id, row.used_at.is_(None), row.invalidated_at.is_(None))
        newest = select(row.id).where(*live, row.expires_at > now).order_by(row.created_at.desc(), row.id)
        spared = newest.limit(self.at_once - 1)
        await self._connection.execute(update(row).where(*live, row.id.not_in(spared)).values(invalidated_at=now))

    def _good(self, token: UUID, now: datetime) -> tuple[ColumnElement[bool], ...]:
        row = self.model
        return (
            row.token_hash == one_time_hash(token),
            row.used_at.is_(None),
            row.invalidated_at.is_(None),
            row.expires_at > now,
        )


class EmailChanges(OneTimeTokens):
    model = EmailChange
    at_once = 1  # only the owner asks, and a later wish replaces the earlier

    async def new_email(self, token: UUID) -> str:
        """The address that the token, which must be known, was mailed to."""
        found = select(EmailChange.new_email).where(EmailChange.token_hash == one_time_hash(token))
        return await self._connection.scalar_one(found)

    async def note_former(self, token: UUID, former: str, undo: UUID) -> None:
        """Which address the change that the token opened has replaced, and the token that puts it back."""
        changed = update(EmailChange).where(EmailChange.token_hash == one_time_hash(token))
        await self._connection.execute(changed.values(former_email=former, undo_hash=one_time_hash(undo)))

    async def note_moved(
        self, user_id: UUID, now: datetime, life: timedelta, *, former: str, new: str, undo: str
    ) -> None:
        """As a change that a token opened, of an account that somebody else moved to a proven address."""
        token = await self.start(user_id, now, life, new_email=new)
        await self.consume(token, now)
        await self.note_former(token, former, UUID(undo))

    async def purge(self, before: datetime) -> None:
        """Forget wishes that came to nothing; what was changed leads an erasure to the former address."""
        unused = delete(EmailChange).where(EmailChange.expires_at < before, EmailChange.used_at.is_(None))
        await self._connection.execute(unused)

    async def was_consumed(self, token: UUID, now: datetime) -> bool:
        """Whether the token gave its account the address that it still has, and would still live."""
        used = (
            select(EmailChange.id)
            .join(User, and_(User.id == EmailChange.user_id, User.email == EmailChange.new_email))
            .where(
                EmailChange.token_hash == one_time_hash(token),
                EmailChange.used_at.is_not(None),
                EmailChange.expires_at > now,
            )
        )
        return await self._connection.scalar(used) is not None


class PasswordResets(OneTimeTokens):
    model = PasswordReset


class ReactivationTokens(OneTimeTokens):
    model = ReactivationToken

    async def redeem(self, token: str, now: datetime) -> UUID:
        """Whose the token is, as the person showed it. Raises ApiError error.user.reactivation_invalid."""
        parsed = read_one_time_token(token)
        user_id = await self.consume(parsed, now) if parsed is not None else None
        if user_id is None:
            raise ApiError("error.user.reactivation_invalid")
        return user_id

    async def state(self, token: UUID, now: datetime) -> Return | None:
        """What the token leads to, dead ones included."""
        found: Any = await self._connection.row(LEADS_TO, token=one_time_hash(token), now=now)
        return None if found is None else Return(*found)


class EmailVerifications(OneTimeTokens):
    model = EmailVerification

    async def was_consumed(self, token: UUID, now: datetime) -> bool:
        """Whether the token verified its account before and would still live."""
        used = (
            select(EmailVerification.id)
            .join(User, User.id == EmailVerification.user_id)
            .where(
                EmailVerification.token_hash == one_time_hash(token),
                EmailVerification.used_at.is_not(None),
                EmailVerification.expires_at > now,
                User.email_verified,
            )
        )
        return await self._connection.scalar(used) is not None
