"""The way back from a change of how an account is signed in to: what was before, sealed, under a mailed token."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from domain.auth.changes import OPENED, UNDO_HOURS, YOUNG_DAYS, Notice
from domain.auth.two_factor import STEP_SECONDS
from domain.config_keys import Config
from domain.errors import ApiError
from domain.keys import Purpose
from persistence.auth.changes import Change
from persistence.models import User
from persistence.repositories import Repositories
from services.keyring import Keyring
from services.money.payouts import PayoutEnds


class Changes:
    def __init__(self, keyring: Keyring, config: Config, clock: Callable[[], datetime]) -> None:
        self._keyring = keyring
        self._config = config
        self._clock = clock
        self._payouts = PayoutEnds(clock)

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
        life = timedelta(hours=self._config[UNDO_HOURS])
        return await db.credential_changes.start(user_id, self._clock(), life, kind=kind, **columns)

    async def void_unproven(self, db: Repositories, user: User, now: datetime) -> None:
        """The address is proven to be of who calls: what was set up by who never proved that is a stranger's.

        What was mailed to another address, from which the account was moved, is not: it stays good.
        """
        if not user.email_verified:
            await db.users.void(user.id, now)
            await db.sessions.revoke_all(user.id, now)
        elif user.owner_unproven:
            young = now - timedelta(days=self._config[YOUNG_DAYS])
            await db.users.void_young(user.id, young, now)
            # A payout that its provider was asked for cannot be stopped here. If the provider never had it, it is
            # judged again before it is sent, and cancelled because the identity is no longer verified.
            await self._payouts.cancel_open(db, user.id, None, "IDENTITY")
            await db.credential_changes.close_since_moved(user.id, now)
            await db.sessions.revoke_all(user.id, now)

    async def put_back(self, db: Repositories, change: Change, former: str) -> None:
        """Raises ApiError auth.undo_change.address_taken, or invalid_token when the secret of the seal is gone."""
        now = self._clock()
        step = int(now.timestamp()) // STEP_SECONDS
        try:
            state = self._keyring.unseal(Purpose.FORMER_CREDENTIALS, former)
        except ValueError:
            raise ApiError("auth.undo_change.invalid_token") from None
        await db.credential_changes.put_back(change.user_id, state, step, change.spent, now)
