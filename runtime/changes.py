"""The way back from a change of how an account is signed in to: what was before, sealed, under a mailed token."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from domain.changes import OPENED, Notice
from domain.config_keys import Config
from domain.errors import ApiError
from domain.keys import Purpose
from domain.two_factor import STEP_SECONDS
from persistence.changes import Change
from persistence.repositories import Repositories
from runtime.keyring import Keyring


class Changes:
    def __init__(self, keyring: Keyring, config: Config, clock: Callable[[], datetime]) -> None:
        self._keyring = keyring
        self._config = config
        self._clock = clock

    async def note(self, db: Repositories, user_id: UUID, kind: str) -> Notice:
        """To be called before the change, in its transaction. What the mail about it needs.

        Raises ApiError auth.unauthenticated for an account that is gone.
        """
        present = await db.credential_changes.present(user_id)
        if present is None:
            raise ApiError("auth.unauthenticated")
        email, state = present
        token = await self._start(db, user_id, kind, former=self._keyring.seal(Purpose.FORMER_CREDENTIALS, state))
        return Notice(to=email, undo=str(token))

    async def note_opening(self, db: Repositories, user_id: UUID) -> Notice:
        """As ``note``, of an account that is just being opened: before it there was nothing."""
        return Notice(undo=str(await self._start(db, user_id, OPENED)))

    async def _start(self, db: Repositories, user_id: UUID, kind: str, **columns: str) -> UUID:
        life = timedelta(hours=self._config["auth.undo_hours"])
        return await db.credential_changes.start(user_id, self._clock(), life, kind=kind, **columns)

    async def put_back(self, db: Repositories, change: Change, former: str) -> None:
        """Raises ApiError auth.undo_change.address_taken, or invalid_token when the secret of the seal is gone."""
        step = int(self._clock().timestamp()) // STEP_SECONDS
        try:
            state = self._keyring.unseal(Purpose.FORMER_CREDENTIALS, former)
        except ValueError:
            raise ApiError("auth.undo_change.invalid_token") from None
        await db.credential_changes.put_back(change.user_id, state, step)
