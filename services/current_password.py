"""Whether somebody who is signed in, or shows a token that was mailed, knows the password of the account.

Who has only a stolen session, or reads the mail of another, must not find it by guessing.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from domain.auth import LOCKOUT_BASE_SECONDS, LOCKOUT_MAX_SECONDS, LOCKOUT_THRESHOLD
from domain.config_keys import Config
from domain.errors import ApiError
from domain.keys import Digests, Purpose
from domain.topics import PasswordGuessed
from persistence.engine.uow import UnitOfWork
from persistence.repositories import Repositories
from services.callers import PasswordHasher
from services.keyring import Keyring


class CurrentPassword:
    """All operations that ask for it share one count of wrong ones, by account. Sign-ins have counts of their own."""

    def __init__(self, keyring: Keyring, config: Config, hasher: PasswordHasher, clock: Callable[[], datetime]) -> None:
        self._keyring = keyring
        self._config = config
        self._hasher = hasher
        self._clock = clock

    async def matches(
        self, uow: UnitOfWork, user_id: UUID, password_hash: str | None, password: str, *, target: str | None = None
    ) -> bool:
        """Counted before it is looked at; a wrong one leaves its trace. No transaction is open meanwhile.
        ``target``: whom somebody who is not signed in wants to be.

        Raises ApiError auth.password.locked.
        """
        if password_hash is None:
            return False
        number = await self._count(uow, user_id)
        matched = await self._hasher.matches(password, password_hash, target=target)
        async with uow() as db:
            if matched:
                await self.forget_guesses(db, user_id)
                return True
            await db.audit.record("auth.password.failure", result="failure", actor=user_id, target=user_id)
            if number == self._config[LOCKOUT_THRESHOLD]:
                await db.outbox.add(PasswordGuessed(user_id))
        return False

    async def _count(self, uow: UnitOfWork, user_id: UUID) -> int:
        """The how many-th attempt in a row this is."""
        config, subjects = self._config, [subject.value for subject in self._subjects(user_id)]
        threshold, base = config[LOCKOUT_THRESHOLD], config[LOCKOUT_BASE_SECONDS]
        maximum = config[LOCKOUT_MAX_SECONDS]
        async with uow() as db:
            counted = await db.login_attempts.count_all(subjects, self._clock(), threshold, base, maximum)
        if counted.locked_for is not None:
            raise ApiError("auth.password.locked", retry_after=counted.locked_for)
        return counted.number

    async def forget_guesses(self, db: Repositories, user_id: UUID) -> None:
        await db.login_attempts.forget_all([subject.value for subject in self._subjects(user_id)], self._clock())

    def _subjects(self, user_id: UUID) -> Digests:
        return self._keyring.digests(Purpose.PASSWORD_GUESSES, str(user_id))
