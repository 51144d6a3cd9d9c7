"""The end of an account, asked for by its owner, or by staff on behalf of one who cannot."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain import topics
from domain.config_keys import Config
from domain.gdpr import DELETE_GRACE_DAYS, DELETION, day
from persistence.repositories import Repositories
from services.changes import Changes


@dataclass(frozen=True, slots=True)
class Erasure:
    """A pending request, and when it is carried out."""

    id: UUID
    ends: datetime


UNLESS = ("PENDING", "PROCESSING")


class Erasures:
    """In the transaction of who asks, which holds the account. None while another request stands in the way."""

    def __init__(self, changes: Changes, config: Config, clock: Callable[[], datetime]) -> None:
        self._changes = changes
        self._config = config
        self._clock = clock

    async def schedule(self, db: Repositories, user_id: UUID) -> Erasure | None:
        """After the grace, until whose end the mailed link brings the account back."""
        now, grace = self._clock(), timedelta(days=self._config[DELETE_GRACE_DAYS])
        request = await db.gdpr_requests.add(user_id, DELETION, unless=UNLESS, ends=now + grace)
        if request is not None:
            notice = await self._changes.note(db, user_id, "deletion_scheduled")
            await self._close(db, user_id, now)
            token = await db.reactivation_tokens.start(user_id, now, grace)
            secret = notice.written(str(token))
            await db.outbox.add(topics.DeletionScheduled(user_id, day(now + grace)), secret)
        return None if request is None else Erasure(request.id, now + grace)

    async def begin(self, db: Repositories, user_id: UUID) -> Erasure | None:
        """Now, without a way back; the only mail is the farewell."""
        now = self._clock()
        request = await db.gdpr_requests.add(user_id, DELETION, unless=UNLESS, ends=now)
        if request is not None:
            await self._close(db, user_id, now)
            await db.outbox.add(topics.Erase(request.id))
        return None if request is None else Erasure(request.id, now)

    async def _close(self, db: Repositories, user_id: UUID, now: datetime) -> None:
        await db.users.change_status(user_id, "ACTIVE", "DEACTIVATED")
        await db.sessions.revoke_all(user_id, now)
        await db.password_resets.invalidate(user_id, now)
