"""Roles given and taken on the command line: the first owner, and what must work when the web does not."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from contract.permissions import Permissions
from domain import topics
from domain.admin import OWNER
from domain.admin.staff import require_suitable
from domain.auth import RESET_TTL_MINUTES
from domain.clock import timestamp
from domain.config_keys import Config
from domain.email_address import is_valid, normalize
from domain.errors import ApiError
from domain.locales import SUPPORTED_LOCALES
from domain.mailed_pages import RESET_PASSWORD
from domain.users import REFERRAL_LENGTH, Origin, new_user, referral_code
from persistence.admin.staff import Member
from persistence.engine.database import Database
from persistence.models import User
from persistence.repositories import Repositories
from services.changes import Changes
from services.keyring import Keyring

CODES = 5
BY_COMMAND: dict[str, Any] = {"by": "cli"}


class NotDone(Exception):
    """Nobody's role or account has changed; the message says why."""


class StaffOffice:
    """Audited with the command line as actor. All owners are told by mail, as when one of them did it."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        config: Config,
        permissions: Permissions,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._database = database
        self._config = config
        self._permissions = permissions
        self._clock = clock
        self._random_bytes = random_bytes
        self._changes = Changes(keyring, config, clock)

    async def create(self, email: str, role: str, reason: str) -> str:
        """Open an account with a role; the address is mailed the link to choose a password, which is returned.

        Raises NotDone.
        """
        address, now = self._address(email), self._clock()
        self._require_role(role)
        async with self._database.unit() as db:
            if await db.users.find_by_email(address) is not None:
                raise NotDone(f"{address} has an account; `biore admin grant {address} {role}` gives it the role")
            user_id = await self._open(db, address, now)
            await self._grant(db, user_id, role, reason, None)
            minutes = self._config[RESET_TTL_MINUTES]
            token = str(await db.password_resets.first(user_id, now, timedelta(minutes=minutes)))
            await db.outbox.add(topics.StaffInvited(user_id, role), token)
            await db.audit.record("admin.create", target=user_id, reason=reason, after={"role": role}, **BY_COMMAND)
        return RESET_PASSWORD.link(token).written(self._config, self._config[SUPPORTED_LOCALES][0])

    async def _open(self, db: Repositories, address: str, now: datetime) -> UUID:
        locale = self._config[SUPPORTED_LOCALES][0]
        columns = new_user({"email": address}, None, locale, Origin(None, None, None)) | {"email_verified": True}
        codes = [referral_code(self._random_bytes(REFERRAL_LENGTH)) for _ in range(CODES)]
        try:
            return await db.users.add(columns, codes, now)
        except ApiError as error:
            raise NotDone(f"no account can be opened for {address}: {error.code}") from None

    async def grant(self, email: str, role: str, reason: str, expires_at: datetime | None = None) -> None:
        """Raises NotDone."""
        self._require_role(role)
        if expires_at is not None and expires_at <= self._clock():
            raise NotDone("the role would have ended already")
        async with self._database.unit() as db:
            user = await self._find(db, email)
            try:
                require_suitable(user)
            except ApiError:
                raise NotDone(f"{user.email} is no active account with a verified address") from None
            await self._grant(db, user.id, role, reason, expires_at)
            told: dict[str, Any] = {"role": role, "expiresAt": timestamp(expires_at)}
            await db.audit.record("admin.staff.grant", target=user.id, reason=reason, after=told, **BY_COMMAND)

    async def _grant(
        self, db: Repositories, user_id: UUID, role: str, reason: str, expires_at: datetime | None
    ) -> None:
        if not await db.staff.add(user_id, role, reason, by=None, expires_at=expires_at, now=self._clock()):
            raise NotDone(f"the account has the role {role} already")
        await self._tell_owners(db, topics.GRANTED, user_id, role)

    async def revoke(self, email: str, role: str, reason: str) -> None:
        """Raises NotDone."""
        self._require_role(role)
        async with self._database.unit() as db:
            user = await self._find(db, email)
            try:
                if role == OWNER:
                    await db.staff.require_other_owner(user.id)
            except ApiError:
                raise NotDone(f"{user.email} is the last owner; grant the role to somebody else first") from None
            if not await db.staff.remove(user.id, role):
                raise NotDone(f"{user.email} does not have the role {role}")
            await self._tell_owners(db, topics.REVOKED, user.id, role)
            before = {"role": role}
            await db.audit.record("admin.staff.revoke", target=user.id, reason=reason, before=before, **BY_COMMAND)

    async def reset_two_factor(self, email: str, reason: str) -> None:
        """The second factor of a member of the staff is off, its backup codes are gone and its sessions over.

        Raises NotDone.
        """
        now = self._clock()
        async with self._database.unit() as db:
            user = await self._find(db, email)
            if not await db.staff.roles_of(user.id):
                raise NotDone(f"{user.email} has no role; `biore users recover` gives an account back to its owner")
            if not user.two_factor_enabled:
                raise NotDone(f"{user.email} has no second factor")
            notice = await self._changes.note(db, user.id, "two_factor_disabled")
            await db.two_factor.disable(user.id)
            await db.sessions.revoke_all(user.id, now)
            await db.outbox.add(topics.TwoFactorDisabled(user.id), notice.written())
            await db.audit.record("admin.reset_2fa", target=user.id, reason=reason, **BY_COMMAND)

    async def members(self) -> list[Member]:
        """All who have a role, by the ids of their accounts."""
        found: list[Member] = []
        async with self._database.reading() as db:
            while page := await db.staff.page([found[-1].id] if found else None, 100):
                found += page
        return found

    async def _tell_owners(self, db: Repositories, change: str, member: UUID, role: str) -> None:
        for owner in await db.staff.owners():
            await db.outbox.add(topics.StaffChanged(owner, member, role, change))

    async def _find(self, db: Repositories, email: str) -> User:
        address = self._address(email)
        user = await db.users.find_by_email(address)
        held = None if user is None else await db.users.find_for_update(user.id)
        if held is None:
            raise NotDone(f"{address} has no account; `biore admin create {address}` opens one")
        return held

    def _address(self, email: str) -> str:
        address = normalize(email)
        if not is_valid(address):
            raise NotDone(f"{email!r} is no mail address such as ada@example.com")
        return address

    def _require_role(self, role: str) -> None:
        if role not in self._permissions.roles:
            raise NotDone(f"{role!r} is no role; there are {', '.join(self._permissions.roles)}")
