"""Mails that strangers may cause, counted by the address that gets them."""

from datetime import datetime

from sqlalchemy import and_, case, delete, or_, true
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.keys import Digests
from domain.mails import DAY, Allowance
from persistence.models import MailQuota


class MailQuotas:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def take(self, subject: Digests, now: datetime, allowance: Allowance) -> bool:
        """Count one mail to an address or account; False when it had one a moment ago, or enough of them today.

        It is counted under each known secret: a node that knows only some of them counts the same mails.
        """
        for digest in reversed(subject):  # under the longest known first: nothing is counted that will not be sent
            if not await self._take(digest.value, now, allowance):
                return False
        return True

    async def _take(self, address_hash: bytes, now: datetime, allowance: Allowance) -> bool:
        quota = MailQuota
        # Without a gap the order of calls is nobody's matter, and their clocks may differ.
        rested = quota.last_at <= now - allowance.gap if allowance.gap else true()
        over = quota.opened_at <= now - DAY
        first = pg_insert(quota).values(address_hash=address_hash, sent=1, opened_at=now, last_at=now)
        counted = first.on_conflict_do_update(
            index_elements=[quota.address_hash],
            set_={
                "sent": case((over, 1), else_=quota.sent + 1),
                "opened_at": case((over, now), else_=quota.opened_at),
                "last_at": now,
            },
            where=and_(rested, or_(over, quota.sent < allowance.a_day)),
        ).returning(quota.sent)
        return await self._session.scalar(counted) is not None

    async def purge(self, before: datetime) -> None:
        await self._session.execute(delete(MailQuota).where(MailQuota.last_at < before))
