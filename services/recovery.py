"""An account given back to its owner, who lost second factor and platforms: by two people of ours, audited."""

import hashlib
import json
import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.auth import REFRESH_IDLE_DAYS, RESET_TTL_MINUTES
from domain.auth.changes import Notice
from domain.auth.oauth import PLATFORM_NAMES
from domain.clock import timestamp
from domain.config_keys import Config
from domain.email_address import normalize
from domain.errors import ApiError
from domain.keys import Purpose
from domain.topics import AccountRecovered, AddressReturned
from domain.users import mask_email
from persistence.engine.database import Database
from persistence.models import User
from persistence.repositories import Repositories
from services.changes import Changes
from services.keyring import Keyring

LIFE = timedelta(hours=24)
FORMER = timedelta(days=30)
"""For how long an account is found by an address that it was moved away from."""


class NotRecovered(Exception):
    """The account stays as it is; the message says why."""


class Recovery:
    """What the first person saw is what the second approves: a code is good for the account as it was then."""

    def __init__(self, database: Database, keyring: Keyring, config: Config, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._keyring = keyring
        self._config = config
        self._clock = clock
        self._changes = Changes(keyring, config, clock)

    async def show(self, email: str, *, former: bool = False) -> dict[str, Any]:
        """What support needs to know of an account. Raises NotRecovered."""
        async with self._database.unit() as db:
            user = await self._find(db, email, former=former)
            sessions = await db.sessions.list_live(user.id, self._clock(), self._idle_days, 100)
            accounts = await db.creators.social_accounts(user.id, 50, signs_in=True)
        return {
            "id": str(user.id),
            "email": user.email,
            "status": user.status,
            "emailVerified": user.email_verified,
            "password": user.password_hash is not None,
            "twoFactorEnabled": user.two_factor_enabled,
            "twoFactorEnabledAt": timestamp(user.two_factor_enabled_at),
            "phoneVerifiedAt": timestamp(user.phone_verified_at),
            "createdAt": timestamp(user.created_at),
            "lastLoginAt": timestamp(user.last_login_at),
            "openSessions": len(sessions),
            "platforms": {
                account.platform: timestamp(account.connected_at)
                for account in accounts
                if account.platform in PLATFORM_NAMES
            },
        }

    async def prepare(self, email: str, by: str, *, former: bool = False) -> str:
        """The code with which another person approves. Raises NotRecovered."""
        async with self._database.unit() as db:
            user = await self._find(db, email, former=former)
            asked = {"user": str(user.id), "by": _name(by), "state": await self._state(db, user, former=former)}
            asked["until"] = str(int((self._clock() + LIFE).timestamp()))
            await db.audit.record("users.recover.prepared", target=user.id, by=asked["by"])
        return self._keyring.seal(Purpose.RECOVERY, json.dumps(asked))

    async def approve(self, email: str, by: str, code: str, *, former: bool = False) -> None:
        """Void all that leads into the account, and mail its address a link to choose a password.

        ``former`` gives the account that address back first, which it was moved away from. Raises NotRecovered.
        """
        asked, approver, now = self._read(code), _name(by), self._clock()
        if approver == asked["by"]:
            raise NotRecovered("another person than the one who prepared it must approve")
        if int(asked["until"]) <= now.timestamp():
            raise NotRecovered("the code has expired; prepare the recovery anew")
        async with self._database.unit() as db:
            user = await self._find(db, email, former=former)
            if str(user.id) != asked["user"] or await self._state(db, user, former=former) != asked["state"]:
                raise NotRecovered("the account is another one, or has changed since; prepare the recovery anew")
            await db.credential_changes.close(user.id, now)
            if former:
                notice = await self._move_back(db, user, normalize(email))
            else:
                notice = await self._changes.note(db, user.id, "account_recovered")
            await self._give_back(db, user.id, notice, now)
            people: dict[str, Any] = {"prepared_by": asked["by"], "approved_by": approver}
            which: dict[str, Any] = {"former": True} if former else {}
            await db.audit.record("users.recover.success", target=user.id, **people, **which)

    async def _move_back(self, db: Repositories, user: User, former: str) -> Notice:
        """The address that loses the account learns of it, but gets no link: a thief may read it."""
        left = user.email
        await db.users.clear(former, user.id)
        try:
            await db.users.change(user.id, email=former, email_verified=True, owner_unproven=False)
        except ApiError:
            raise NotRecovered("another account has proven this address; its owner must give it up first") from None
        await db.outbox.add(AddressReturned(user.id, mask_email(former)), secret=left)
        return Notice(to=former)

    async def _give_back(self, db: Repositories, user_id: UUID, notice: Notice, now: datetime) -> None:
        await db.users.void(user_id, now)
        await db.sessions.revoke_all(user_id, now)
        life = timedelta(minutes=self._config[RESET_TTL_MINUTES])
        token = await db.password_resets.start(user_id, now, life)
        await db.outbox.add(AccountRecovered(user_id), notice.written(str(token)))

    def _read(self, code: str) -> dict[str, str]:
        try:
            asked: dict[str, str] = json.loads(self._keyring.unseal(Purpose.RECOVERY, code))
        except ValueError:
            raise NotRecovered("that is no code of `biore users recover`") from None
        return asked

    async def _find(self, db: Repositories, email: str, *, former: bool) -> User:
        address = normalize(email)
        moved = await db.users.find_moved_from(address, self._clock() - FORMER)
        if former:
            if moved is None:
                raise NotRecovered(f"no account was moved away from this address in the last {FORMER.days} days")
            return moved
        user = await db.users.find_by_email(address)
        if user is None or not user.email_verified:
            hint = "; one was moved away from it, which --former means" if moved is not None else ""
            raise NotRecovered(f"no account has proven this address{hint}")
        return user

    async def _state(self, db: Repositories, user: User, *, former: bool) -> str:
        _, state = await db.credential_changes.present(user.id) or ("", "")
        told = "former" if former else ""
        return hashlib.sha256(f"{state}{user.password_hash}{told}".encode()).hexdigest()

    @property
    def _idle_days(self) -> int:
        return int(self._config[REFRESH_IDLE_DAYS])


def _name(text: str) -> str:
    """Of one of our people, as it is audited; spelled otherwise it is the same person."""
    name = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    if not 2 <= len(name) <= 100:
        raise NotRecovered("a name has 2 to 100 characters")
    return name
