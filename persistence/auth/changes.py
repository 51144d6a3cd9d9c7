"""What accounts were signed in to with before a change of it, kept so that their owners can undo the change."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg import IntegrityError
from sqlalchemy import ColumnElement, case, cast, delete, exists, func, literal_column, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import aliased

from domain.auth import one_time_hash
from domain.auth.changes import MOVED
from domain.auth.oauth import PLATFORM_NAMES
from domain.codes import in_one_form
from domain.errors import ApiError
from persistence.auth import OneTimeTokens
from persistence.creators.pages import BioPages
from persistence.engine.statements import insertion
from persistence.models import BackupCode, CredentialChange, SocialAccount, User
from persistence.users import MOVED_ON, hold, squatting, was_removed

COLUMNS = (
    "username",
    "email",
    "email_verified",
    "owner_unproven",
    "phone",
    "phone_verified_at",
    "two_factor_enabled",
    "two_factor_enabled_at",
    "two_factor_secret",
)
OWNED = (BackupCode, SocialAccount)


@dataclass(frozen=True, slots=True)
class Change:
    """``former`` is sealed; None for the opening of the account. ``spent``: the backup codes that were used since."""

    user_id: UUID
    kind: str
    former: str | None
    spent: Sequence[UUID] = ()


class CredentialChanges(OneTimeTokens):
    """Every change has a token of its own, and undoing one voids the tokens of later ones."""

    model = CredentialChange

    async def present(self, user_id: UUID) -> tuple[str, str] | None:
        """The address of the account, and all that it is signed in to with, as JSON without the password.

        Holds the account until the transaction ends, so that changes have their places in the order of their effects.
        None for an account that is gone.
        """
        held = select(User.id).where(User.id == user_id, User.status != "DELETED").with_for_update()
        if await self._connection.scalar(held) is None:
            return None
        columns = [part for name in ("id", *COLUMNS) for part in (name, getattr(User, name))]
        whole = select(func.jsonb_build_object(*columns)).where(User.id == user_id)
        user: dict[str, Any] = await self._connection.scalar_one(whole)
        rows = {owned.__tablename__: await self._rows(owned, user_id) for owned in OWNED}
        return user["email"], json.dumps({"user": user} | rows)

    async def _rows(self, owned: Any, user_id: UUID) -> list[Any]:
        whole = func.to_jsonb(owned.__table__.table_valued())
        return list(await self._connection.scalars(select(whole).where(*_of(owned, user_id)).order_by(owned.id)))

    async def start(self, user_id: UUID, now: datetime, life: timedelta, **columns: Any) -> UUID:
        """A token beside those of earlier changes."""
        token = uuid4()
        row = {"user_id": user_id, "token_hash": one_time_hash(token), "expires_at": now + life} | columns
        await self._connection.execute(insertion(CredentialChange, *row), **row)
        return token

    async def take(self, token: UUID, now: datetime) -> Change | None:
        """Consume the token, and void those of all later changes. None when the token is no good."""
        owner = await self.find(token, now)
        if owner is None:
            return None
        await hold(self._connection, owner)
        row = CredentialChange
        good = (
            select(row.id, row.place, row.kind, row.former, row.spent).where(*self._good(token, now)).with_for_update()
        )
        found = await self._connection.row(good)
        if found is None:
            return None
        used = update(row).where(row.id == found.id, row.used_at.is_(None))
        await self._connection.execute(used.values(used_at=now, former=None))
        later = update(row).where(row.user_id == owner, row.place > found.place, row.used_at.is_(None))
        await self._connection.execute(later.values(invalidated_at=now, former=None))
        return Change(owner, found.kind, found.former, found.spent)

    async def close(self, user_id: UUID, now: datetime, kind: str | None = None) -> None:
        """Void the tokens of the account, all or those of one kind."""
        row = CredentialChange
        live = update(row).where(row.user_id == user_id, row.used_at.is_(None))
        if kind is not None:
            live = live.where(row.kind == kind)
        await self._connection.execute(live.values(invalidated_at=now, former=None))

    async def close_since_moved(self, user_id: UUID, now: datetime) -> None:
        """Void the tokens of changes since the account has its present address.

        Those of the move itself and of what came before were mailed to another address: whoever moved the account away
        from there can do nothing that ends them.
        """
        row = CredentialChange
        live = (row.user_id == user_id, row.used_at.is_(None), row.invalidated_at.is_(None), row.expires_at > now)
        moved = select(func.coalesce(func.max(row.place), 0)).where(*live, row.kind == MOVED).scalar_subquery()
        since = update(row).where(row.user_id == user_id, row.used_at.is_(None), row.place > moved)
        await self._connection.execute(since.values(invalidated_at=now, former=None))

    async def put_back(self, user_id: UUID, former: str, step: int, spent: Sequence[UUID], now: datetime) -> None:
        """The account is signed in to with what it was then, but no password, which its owner has to choose first.

        Codes of the app up to ``step`` stay spent, and so do the backup codes ``spent``. Raises ApiError
        auth.undo_change.address_taken when another account proved the address meanwhile.
        """
        state = json.loads(former)
        # What was kept before revision 0020, or by a node of its previous release, may have another form.
        if phone := state["user"].get("phone"):
            state["user"]["phone"] = in_one_form(phone)
        await self._connection.execute(squatting(state["user"]["email"], user_id))
        known = [name for name in COLUMNS if name in state["user"]]  # a former release kept no usernames
        then = _populated("jsonb_populate_record", User, ("id", *known), state["user"])
        void = {"password_hash": None, "password_due": True, "two_factor_last_step": step}
        values = {name: then.c[name] for name in known} | void
        if "username" in known:
            values["username"] = _name_of(then, user_id)
            values |= dict(MOVED_ON)
        try:
            await self._connection.execute(update(User).where(User.id == user_id, User.id == then.c.id).values(values))
        except IntegrityError as error:
            raise ApiError("auth.undo_change.address_taken") from error
        await BioPages(self._connection).changed_of(user_id, by_owner=False)
        for owned in OWNED:
            await self._put_back(owned, user_id, state[owned.__tablename__])
        unused = update(BackupCode).where(BackupCode.id.in_(spent), BackupCode.used_at.is_(None))
        await self._connection.execute(unused.where(BackupCode.user_id == user_id).values(used_at=now))

    async def _put_back(self, owned: Any, user_id: UUID, rows: list[Any]) -> None:
        """What came since goes, what went since comes; what stayed is left alone: a code that was used stays used."""
        rows = [row for row in rows if row.get("signs_in", row.get("platform", "google") in PLATFORM_NAMES)]
        kept = [UUID(row["id"]) for row in rows]
        await self._connection.execute(delete(owned).where(*_of(owned, user_id), owned.id.not_in(kept)))
        if rows:
            names = rows[0].keys()
            then = _populated("jsonb_populate_recordset", owned, names, rows)
            restored = pg_insert(owned).from_select(list(names), select(then))
            await self._connection.execute(restored.on_conflict_do_nothing())


def _of(owned: Any, user_id: UUID) -> list[ColumnElement[bool]]:
    """What of its rows the account is signed in to with: no accounts that were connected."""
    ways = [owned.signs_in.is_(True)] if owned is SocialAccount else []
    return [owned.user_id == user_id, *ways]


def _name_of(then: Any, user_id: UUID) -> Any:
    """The name of then, unless there was none yet, somebody else has it or staff took it away."""
    other = aliased(User)
    elsewhere = exists().where(other.username == then.c.username, other.id != then.c.id)
    return case(
        (elsewhere | was_removed(user_id, then.c.username), User.username),
        else_=func.coalesce(then.c.username, User.username),
    )


def _populated(function: str, model: Any, names: Any, state: Any) -> Any:
    """Rows of the model's table, made of JSON by PostgreSQL."""
    shape: Any = literal_column(f"NULL::{model.__tablename__}")
    return getattr(func, function)(shape, cast(state, JSONB)).table_valued(*names)
