"""Devices and networks that accounts were signed in to from."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, bindparam, delete, not_, or_, select, update

from domain.auth.devices import MAX_KNOWN, Known, Sighting, device_hash
from persistence.engine.connection import Connection
from persistence.engine.statements import insertion
from persistence.models import KnownDevice

NOBODY = UUID(int=0)
OF_ACCOUNT = select(KnownDevice.device_hash, KnownDevice.network, KnownDevice.area, KnownDevice.family)
OF_ACCOUNT = OF_ACCOUNT.where(KnownDevice.user_id == bindparam("user_id"))
_seen = insertion(KnownDevice, "user_id", "device_hash", "network", "area", "family", "last_seen_at")
NOTE = _seen.on_conflict_do_update(
    index_elements=[KnownDevice.user_id, KnownDevice.device_hash, KnownDevice.network],
    set_={name: _seen.excluded[name] for name in ("last_seen_at", "family", "area")},
)
_one_too_many = (
    select(KnownDevice.id)
    .where(KnownDevice.user_id == bindparam("user_id"))
    .order_by(KnownDevice.last_seen_at.desc())
    .offset(MAX_KNOWN)
)
FORGET_OLDER = delete(KnownDevice).where(KnownDevice.user_id == bindparam("user_id"), KnownDevice.id.in_(_one_too_many))


class KnownDevices:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def recognise(self, user_id: UUID | None, seen: Sighting) -> Known:
        """What the account knows of it. For an unknown account the same query runs, and the answer is: nothing known.

        A client that keeps no cookies is familiar by its kind of device in the very same network.
        """
        of = user_id or NOBODY
        rows = await self._connection.rows(OF_ACCOUNT, user_id=of)
        own = device_hash(of, seen.device_id) if seen.device_id else None
        device = any(known.device_hash == own for known in rows)
        alike = any(known.network in seen.network and known.family == seen.family for known in rows)
        return Known(
            device=device,
            network=any(known.network in seen.network for known in rows),
            familiar=alike or (device and any(known.area in seen.area for known in rows)),
        )

    async def note(self, user_id: UUID, device_id: UUID, seen: Sighting, now: datetime) -> None:
        """Remember the sign-in, and no more than ``MAX_KNOWN`` of them."""
        await self._connection.execute(
            NOTE,
            user_id=user_id,
            device_hash=device_hash(user_id, device_id),
            network=seen.network[0],
            area=seen.area[0],
            family=seen.family,
            last_seen_at=now,
        )
        await self._connection.execute(FORGET_OLDER, user_id=user_id)

    async def forget(self, user_id: UUID, but: Sighting | None = None) -> None:
        """Forget where the account was signed in to from; ``but`` stays known."""
        row = KnownDevice
        gone = row.user_id == user_id
        if but is not None:
            own = device_hash(user_id, but.device_id) if but.device_id else b""
            gone = and_(gone, not_(or_(row.device_hash == own, row.network.in_(but.network))))
        await self._connection.execute(delete(row).where(gone))

    async def estrange(self, user_id: UUID) -> None:
        """They stay known, but the next sign-in from each is told to the owner as if it were new."""
        row = KnownDevice
        await self._connection.execute(update(row).where(row.user_id == user_id).values(family="", area=b""))

    async def purge(self, before: datetime) -> None:
        await self._connection.execute(delete(KnownDevice).where(KnownDevice.last_seen_at < before))
