"""Mails that strangers may cause, counted by the address that gets them, and addresses that take none."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from sqlalchemy import ARRAY, DateTime, LargeBinary, and_, any_, bindparam, case, delete, false, func, or_, select, true
from sqlalchemy.dialects.postgresql import insert as pg_insert

from domain.keys import Digests
from domain.mails import Allowance
from persistence.engine.connection import Connection
from persistence.models import MailQuota, MailSuppression

_HASHES = bindparam("hashes", type_=ARRAY(LargeBinary))
COVERED = select(
    select(MailSuppression.address_hash)
    .where(MailSuppression.address_hash == any_(_HASHES), MailSuppression.ends_at > bindparam("now"))
    .exists()
)
_SUPPRESS = pg_insert(MailSuppression).from_select(
    ["address_hash", "ends_at"], select(func.unnest(_HASHES), bindparam("ends", type_=DateTime(timezone=True)))
)
SUPPRESS = _SUPPRESS.on_conflict_do_update(
    index_elements=[MailSuppression.address_hash], set_={"ends_at": _SUPPRESS.excluded.ends_at}
)


class _NoneLeft(Exception):
    pass


class MailQuotas:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def take(self, subject: Digests, now: datetime, allowance: Allowance) -> int:
        """Count one mail to an address or account: its number in the span.

        0 when there was one a moment ago, or enough of them in the span.

        It is counted under each known secret: a node that knows only some of them counts the same mails.
        """
        for digest in reversed(subject):  # under the longest known first: nothing is counted that will not be sent
            if not (sent := await self._take(digest.value, now, allowance)):
                return 0
        return sent

    async def take_all(self, now: datetime, wanted: Sequence[tuple[Digests, Allowance]]) -> bool:
        """Count one mail against each; where one has none left, nothing is counted."""
        with suppress(_NoneLeft):
            async with self._connection.savepoint():
                for subject, allowance in wanted:
                    if not await self.take(subject, now, allowance):
                        raise _NoneLeft
            return True
        return False

    async def _take(self, address_hash: bytes, now: datetime, allowance: Allowance) -> int:
        quota = MailQuota
        # Without a gap the order of calls is nobody's matter, and their clocks may differ.
        rested = quota.last_at <= now - allowance.gap if allowance.gap else true()
        over, some_left = quota.opened_at <= now - allowance.span, quota.sent < allowance.most
        refilled = quota.last_at <= now - allowance.refill if allowance.refill else false()
        first = pg_insert(quota).values(address_hash=address_hash, sent=1, opened_at=now, last_at=now)
        counted = first.on_conflict_do_update(
            index_elements=[quota.address_hash],
            set_={
                "sent": case((over, 1), (some_left, quota.sent + 1), else_=quota.sent),
                "opened_at": case((over, now), else_=quota.opened_at),
                "last_at": now,
            },
            where=and_(rested, or_(over, some_left, refilled)),
        ).returning(quota.sent)
        return await self._connection.scalar(counted) or 0

    async def purge(self, before: datetime) -> None:
        await self._connection.execute(delete(MailQuota).where(MailQuota.last_at < before))


class MailSuppressions:
    """Noted under each known secret, so that nodes with different lists of them know the same."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def covers(self, address: Digests, now: datetime) -> bool:
        return await self._connection.scalar_one(COVERED, hashes=[digest.value for digest in address], now=now)

    async def add(self, address: Digests, until: datetime) -> None:
        hashes = sorted(digest.value for digest in address)
        await self._connection.execute(SUPPRESS, hashes=hashes, ends=until)

    async def purge(self, now: datetime) -> None:
        await self._connection.execute(delete(MailSuppression).where(MailSuppression.ends_at <= now))
