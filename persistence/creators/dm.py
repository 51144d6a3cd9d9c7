"""What messages to a creator cost, and the links that messages take the place of. The page must be held."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Text, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from domain.creators.dm import Offer
from persistence.engine.connection import Connection
from persistence.models import BioLink, DmPackage

WITHDRAWN = (
    update(DmPackage)
    .where(DmPackage.creator_id == bindparam("creator_id"), DmPackage.active)
    .where(DmPackage.dm_type.is_distinct_from(bindparam("kept", type_=Text)))
    .values(active=False)
)
_OFFERED = insert(DmPackage).values(
    id=func.gen_random_uuid(),
    creator_id=bindparam("creator_id"),
    dm_type=bindparam("dm_type"),
    price=bindparam("price"),
    active=True,
)
OFFERED = _OFFERED.on_conflict_do_update(
    index_elements=[DmPackage.creator_id, DmPackage.dm_type],
    set_={"price": _OFFERED.excluded.price, "active": True},
)
ALL = (
    select(DmPackage)
    .where(DmPackage.creator_id == bindparam("creator_id"))
    .order_by(DmPackage.created_at, DmPackage.id)
)
_LINKS = update(BioLink).where(BioLink.page_id == bindparam("of_page"))
PAUSED = _LINKS.where(BioLink.is_social, BioLink.active).values(active=False, paused_by_dm=True, updated_at=func.now())
RESUMED = _LINKS.where(BioLink.paused_by_dm).values(active=True, paused_by_dm=False, updated_at=func.now())


class DmPackages:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def all(self, creator_id: UUID) -> Sequence[DmPackage]:
        """The oldest first; one for each way of paying that the creator ever offered."""
        return await self._connection.scalars(ALL, creator_id=creator_id)

    async def keep_to(self, creator_id: UUID, offer: Offer) -> None:
        """The one active package is the offer; there is none while messages are off."""
        kept = offer.kind if offer.active else None
        await self._connection.execute(WITHDRAWN, creator_id=creator_id, kept=kept)
        if offer.active:
            told = {"dm_type": offer.kind, "price": offer.price}
            await self._connection.execute(OFFERED, creator_id=creator_id, **told)

    async def pause_social_links(self, page_id: UUID) -> None:
        """Those that are visible are not, until messages are off again."""
        await self._connection.execute(PAUSED, of_page=page_id)

    async def resume_social_links(self, page_id: UUID) -> None:
        await self._connection.execute(RESUMED, of_page=page_id)
