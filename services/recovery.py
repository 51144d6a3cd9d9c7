"""An account given back to its owner, who lost second factor and platforms: by two people of ours, audited."""

import hashlib
import json
import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.auth.oauth import PLATFORM_NAMES
from domain.config_keys import Config
from domain.email_address import normalize
from domain.keys import Purpose
from domain.users import timestamp
from persistence.engine.database import Database
from persistence.models import User
from persistence.repositories import Repositories
from services.changes import Changes
from services.keyring import Keyring

LIFE = timedelta(hours=24)


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

    async def show(self, email: str) -> dict[str, Any]:
        """What support needs to know of an account. Raises NotRecovered."""
        async with self._database.unit() as db:
            user = await self._find(db, email)
            sessions = await db.sessions.list_live(user.id, self._clock(), self._idle_days, 100)
            accounts = await db.creators.social_accounts(user.id, 50)
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
                account.platform: timestamp(account.created_at)
                for account in accounts
                if account.platform in PLATFORM_NAMES
            },
        }

    async def prepare(self, email: str, by: str) -> str:
        """The code with which another person approves. Raises NotRecovered."""
        async with self._database.unit() as db:
            user = await self._find(db, email)
            asked = {"user": str(user.id), "by": _name(by), "state": await self._state(db, user)}
            asked["until"] = str(int((self._clock() + LIFE).timestamp()))
            await db.audit.record("users.recover.prepared", target=user.id, by=asked["by"])
        return self._keyring.seal(Purpose.RECOVERY, json.dumps(asked))

    async def approve(self, email: str, by: str, code: str) -> None:
        """Void all that leads into the account, and mail its address a link to choose a password.

        Raises NotRecovered.
        """
        asked, approver, now = self._read(code), _name(by), self._clock()
        if approver == asked["by"]:
            raise NotRecovered("another person than the one who prepared it must approve")
        if int(asked["until"]) <= now.timestamp():
            raise NotRecovered("the code has expired; prepare the recovery anew")
        async with self._database.unit() as db:
            user = await self._find(db, email)
            if str(user.id) != asked["user"] or await self._state(db, user) != asked["state"]:
                raise NotRecovered("the account is another one, or has changed since; prepare the recovery anew")
            await self._give_back(db, user.id, now)
            await db.audit.record(
                "users.recover.success", target=user.id, prepared_by=asked["by"], approved_by=approver
            )

    async def _give_back(self, db: Repositories, user_id: UUID, now: datetime) -> None:
        await db.credential_changes.close(user_id, now)
        notice = await self._changes.note(db, user_id, "account_recovered")
        await db.users.void(user_id, now)
        await db.sessions.revoke_all(user_id, now)
        life = timedelta(minutes=self._config["auth.reset_ttl_minutes"])
        token = await db.password_resets.start(user_id, now, life)
        await db.outbox.add("email.account_recovered", notice.written(str(token)), user=str(user_id))

    def _read(self, code: str) -> dict[str, str]:
        try:
            asked: dict[str, str] = json.loads(self._keyring.unseal(Purpose.RECOVERY, code))
        except ValueError:
            raise NotRecovered("that is no code of `biore users recover`") from None
        return asked

    async def _find(self, db: Repositories, email: str) -> User:
        user = await db.users.find_by_email(normalize(email))
        if user is None or not user.email_verified:
            raise NotRecovered("no account has proven this address")
        return user

    async def _state(self, db: Repositories, user: User) -> str:
        _, state = await db.credential_changes.present(user.id) or ("", "")
        return hashlib.sha256(f"{state}{user.password_hash}".encode()).hexdigest()

    @property
    def _idle_days(self) -> int:
        return int(self._config["auth.refresh_idle_days"])


def _name(text: str) -> str:
    """Of one of our people, as it is audited; spelled otherwise it is the same person."""
    name = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    if not 2 <= len(name) <= 100:
        raise NotRecovered("a name has 2 to 100 characters")
    return name
