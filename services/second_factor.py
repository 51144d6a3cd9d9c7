"""Whether a code is good for an account: right, in time, never used before, and not one guess too many."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from domain.auth import two_factor
from domain.auth.two_factor import TOTP_WINDOW
from domain.codes import clean_code
from domain.config_keys import Config
from domain.errors import ApiError
from domain.keys import Digests, Purpose
from persistence.engine.uow import UnitOfWork
from persistence.repositories import Repositories
from services.keyring import Keyring


class SecondFactor:
    """Codes come cleaned, as the contract says of each."""

    def __init__(self, keyring: Keyring, config: Config, clock: Callable[[], datetime]) -> None:
        self._keyring = keyring
        self._config = config
        self._clock = clock

    def seal(self, secret: str) -> str:
        """The secret as it is stored."""
        return self._keyring.seal(Purpose.TOTP, secret)

    async def begin(self, uow: UnitOfWork, user_id: UUID) -> None:
        """Count an attempt before its code is looked at. Raises ApiError auth.2fa.locked."""
        lock, subjects = two_factor.LOCK_SECONDS, [subject.value for subject in self._subjects(user_id)]
        async with uow() as db:
            counted = await db.login_attempts.count_all(
                subjects, self._clock(), two_factor.FAILURES_BEFORE_LOCK, lock, lock
            )
        if counted.locked_for is not None:
            raise ApiError("auth.2fa.locked", retry_after=counted.locked_for)

    async def accepts(self, db: Repositories, user_id: UUID, code: str) -> bool:
        """Consume the code of the authenticator app if it is good."""
        user = await db.users.find(user_id)
        if not two_factor.is_totp(code) or user is None or user.two_factor_secret is None:
            return False
        secret = self._keyring.unseal(Purpose.TOTP, user.two_factor_secret)
        window = self._config[TOTP_WINDOW]
        step = two_factor.matching_step(secret, code, self._clock().timestamp(), window)
        return step is not None and await db.two_factor.use_step(user_id, step)

    async def accepts_any(self, db: Repositories, user_id: UUID, code: str) -> bool:
        """Consume the code of the app, or a backup code, if it is good."""
        if two_factor.is_totp(code):
            return await self.accepts(db, user_id, code)
        hashes = [digest.value for digest in self._hashes(user_id, code)]
        return await db.two_factor.use_backup_code(user_id, hashes, self._clock())

    async def failed_often(self, db: Repositories, user_id: UUID) -> bool:
        """Whether there were so many wrong codes in a row that the owner is to be told, which holds once an hour."""
        subjects = [subject.value for subject in self._subjects(user_id)]
        if await db.login_attempts.most_failures(subjects) < two_factor.FAILURES_BEFORE_WARNING:
            return False
        told = self._keyring.digests(Purpose.MAIL_QUOTA, "second-factor", str(user_id))
        return bool(await db.mail_quotas.take(told, self._clock(), two_factor.WARNINGS))

    async def forget_failures(self, db: Repositories, user_id: UUID) -> None:
        """Under each known secret: while it is rotated, attempts were counted under several."""
        await db.login_attempts.forget_all([subject.value for subject in self._subjects(user_id)], self._clock())

    async def keep_backup_codes(self, db: Repositories, user_id: UUID, codes: list[str]) -> None:
        """They replace the former ones."""
        hashes = [self._hashes(user_id, clean_code(code))[0] for code in codes]
        await db.two_factor.replace_backup_codes(user_id, hashes)

    def _subjects(self, user_id: UUID) -> Digests:
        return self._keyring.digests(Purpose.TWO_FACTOR_ATTEMPTS, str(user_id))

    def _hashes(self, user_id: UUID, code: str) -> Digests:
        return self._keyring.digests(Purpose.BACKUP_CODE, str(user_id), code)
