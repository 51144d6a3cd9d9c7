"""Mails that strangers may cause, counted by the address that gets them."""

from datetime import datetime

from sqlalchemy import and_, case, delete, false, or_, true
from sqlalchemy.dialects.postgresql import insert as pg_insert

from domain.keys import Digests
from domain.mails import DAY, Allowance
from persistence.engine.connection import Connection
from persistence.models import MailQuota


class MailQuotas:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def take(self, subject: Digests, now: datetime, allowance: Allowance) -> int:
        """Count one mail to an address or account: its number in the day.

        0 when there was one a moment ago, or enough of them today.

        It is counted under each known secret: a node that knows only some of them counts the same mails.
        """
        for digest in reversed(subject):  # under the longest known first: nothing is counted that will not be sent
            if not (sent := await self._take(digest.value, now, allowance)):
                return 0
        return sent

    async def _take(self, address_hash: bytes, now: datetime, allowance: Allowance) -> int:
        quota = MailQuota
        # Without a gap the order of calls is nobody's matter, and their clocks may differ.
        rested = quota.last_at <= now - allowance.gap if allowance.gap else true()
        over, some_left = quota.opened_at <= now - DAY, quota.sent < allowance.a_day
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
