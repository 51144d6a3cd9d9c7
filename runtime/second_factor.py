"""Whether a code is good for an account: right, in time, never used before, and not one guess too many."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from domain import two_factor
from domain.config_keys import Config
from domain.errors import ApiError
from persistence.repositories import Repositories
from persistence.uow import UnitOfWork
from runtime.keyring import Keyring

SECRET = "totp"  # noqa: S105 - the purpose of a key


class SecondFactor:
    def __init__(self, keyring: Keyring, config: Config, clock: Callable[[], datetime]) -> None:
        self._keyring = keyring
        self._config = config
        self._clock = clock

    def seal(self, secret: str) -> str:
        """The secret as it is stored."""
        return self._keyring.seal(SECRET, secret)

    async def begin(self, uow: UnitOfWork, user_id: UUID) -> None:
        """Count an attempt before its code is looked at. Raises ApiError auth.2fa.locked."""
        lock = two_factor.LOCK_SECONDS
        async with uow() as db:
            locked_for = await db.login_attempts.begin(
                self._subject(user_id), self._clock(), two_factor.FAILURES_BEFORE_LOCK, lock, lock
            )
        if locked_for is not None:
            raise ApiError("auth.2fa.locked", retry_after=locked_for)

    async def accepts(self, db: Repositories, user_id: UUID, text: str) -> bool:
        """Consume the code of the authenticator app if it is good."""
        code = two_factor.clean_code(text)
        user = await db.users.find(user_id)
        if not two_factor.is_totp(code) or user is None or user.two_factor_secret is None:
            return False
        secret = self._keyring.unseal(SECRET, user.two_factor_secret)
        window = self._config["auth.totp_window"]
        step = two_factor.matching_step(secret, code, self._clock().timestamp(), window)
        return step is not None and await db.two_factor.use_step(user_id, step)

    async def accepts_any(self, db: Repositories, user_id: UUID, text: str) -> bool:
        """Consume the code of the app, or a backup code, if it is good."""
        code = two_factor.clean_code(text)
        if two_factor.is_totp(code):
            return await self.accepts(db, user_id, code)
        return await db.two_factor.use_backup_code(user_id, self._hash(user_id, code), self._clock())

    async def forget_failures(self, db: Repositories, user_id: UUID) -> None:
        await db.login_attempts.forget(self._subject(user_id))

    async def keep_backup_codes(self, db: Repositories, user_id: UUID, codes: list[str]) -> None:
        """They replace the former ones."""
        hashes = [self._hash(user_id, two_factor.clean_code(code)) for code in codes]
        await db.two_factor.replace_backup_codes(user_id, hashes)

    def _subject(self, user_id: UUID) -> bytes:
        return self._keyring.digest("two-factor-attempts", str(user_id))

    def _hash(self, user_id: UUID, code: str) -> bytes:
        return self._keyring.digest("backup-code", str(user_id), code)
