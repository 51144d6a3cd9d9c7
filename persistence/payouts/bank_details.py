"""Bank details of creators. Whoever changes them holds the account and the profile, in this order."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Integer, Text, Uuid, and_, bindparam, func, literal_column, or_, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert

from domain.money.payout_rules import TOO_EARLY
from domain.money.payouts import OPEN
from persistence.engine.connection import Connection
from persistence.engine.keyset import Keyset
from persistence.models import BankDetail, CreatorProfile, KycSession, Payout, TaxForm, User

Row = BankDetail
TIME = DateTime(timezone=True)
OWNER_HELD = select(User.id).where(User.id == bindparam("user_id")).with_for_update(read=True, key_share=True)
OWN = (
    select(
        CreatorProfile.payout_account_id,
        CreatorProfile.payout_account_status,
        CreatorProfile.payout_payouts_enabled,
        Row,
    )
    .outerjoin(Row, Row.user_id == CreatorProfile.user_id)
    .where(CreatorProfile.user_id == bindparam("user_id"))
)
PROFILE_HELD = (
    select(CreatorProfile.id).where(CreatorProfile.user_id == bindparam("user_id")).with_for_update(key_share=True)
)
_verified = (
    select(KycSession.verified_name)
    .where(KycSession.user_id == CreatorProfile.user_id, KycSession.state == "APPROVED")
    .order_by(KycSession.created_at.desc(), KycSession.id.desc())
    .limit(1)
    .scalar_subquery()
    .label("verified_name")
)
_taxed = (
    select(TaxForm.details)
    .where(TaxForm.user_id == CreatorProfile.user_id, TaxForm.state == "APPROVED")
    .scalar_subquery()
    .label("tax_details")
)
# As the staff sees them: whose they are, beside what they say.
OF = (
    select(
        CreatorProfile.id.label("creator_id"),
        User.username,
        User.display_name,
        CreatorProfile.kyc_status,
        _verified,
        _taxed,
        Row,
    )
    .join(User, User.id == CreatorProfile.user_id)
    .join(Row, Row.user_id == CreatorProfile.user_id)
)
ONE_OF = OF.where(CreatorProfile.id == bindparam("creator_id"))
OWNER_OF = select(CreatorProfile.user_id).where(CreatorProfile.id == bindparam("creator_id"))
OLDEST = Keyset(Row.changed_at, Row.user_id)


_AUTOMATIC = Row.auto_payout.is_(literal_column("true"))
_TOO_EARLY = Row.auto_payout_refusal == bindparam("too_early", type_=Text)
_NOT_SINCE = or_(Row.auto_payout_at.is_(None), Row.auto_payout_at < bindparam("since", type_=TIME))
# Written out where an index has them: a plan for any status could not use it. An EXISTS might be answered by reading
# all that are open for a few creators.
_OPEN = Payout.status.in_([literal_column(f"'{status}'") for status in OPEN])
_NONE_OPEN = select(Payout.id).where(Payout.user_id == Row.user_id, _OPEN).limit(1).scalar_subquery().is_(None)
AUTOMATIC = (
    select(Row.user_id)
    .join(User, User.id == Row.user_id)
    .where(_AUTOMATIC, or_(_NOT_SINCE, and_(_TOO_EARLY, _NONE_OPEN)), User.status == literal_column("'ACTIVE'"))
    .where(Row.user_id > bindparam("after", type_=Uuid))
    .order_by(Row.user_id)
    .limit(bindparam("most", type_=Integer))
)
REQUESTED = (
    update(Row)
    .where(Row.user_id == bindparam("user", type_=Uuid), _AUTOMATIC, or_(_NOT_SINCE, _TOO_EARLY))
    .values(auto_payout_at=bindparam("now", type_=TIME), auto_payout_refusal=bindparam("refusal", type_=Text))
    .returning(Row.user_id)
)


class BankDetails:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self, user_id: UUID) -> Any:
        """What the profile says of the payout account, and the row of the details, which may be None.

        None for who is no creator.
        """
        return await self._connection.row(OWN, user_id=user_id)

    async def hold(self, user_id: UUID) -> Any:
        """As ``find``; nobody else changes it until the transaction ends."""
        await self._connection.scalar(OWNER_HELD, user_id=user_id)
        await self._connection.scalar(PROFILE_HELD, user_id=user_id)
        # Only a statement that begins after the lock sees what was written by whoever had it.
        return await self._connection.row(OWN, user_id=user_id)

    async def write(self, user_id: UUID, columns: Mapping[str, Any]) -> BankDetail:
        """The row as it is then. It is held."""
        moved = {"version": Row.version + 1, "updated_at": func.now()}
        row = pg_insert(Row).values(user_id=user_id, **columns)
        written = row.on_conflict_do_update(index_elements=[Row.user_id], set_={**columns, **moved})
        return await self._connection.scalar_one(written.returning(Row))

    async def automatic(self, since: datetime, after: UUID, most: int) -> Sequence[UUID]:
        """Whose payouts are requested by themselves, and were not since then: in the order of their ids.

        Of active accounts. What was too early is not done for the week, but waits for the end of one that is open.
        """
        given = {"since": since, "too_early": TOO_EARLY, "after": after, "most": most}
        return await self._connection.scalars(AUTOMATIC, **given)

    async def requested(self, user_id: UUID, since: datetime, now: datetime, refusal: str | None) -> bool:
        """Note that one was, or why not. False where that was done since then, or is not wanted any more.

        What was too early counts as not done.
        """
        given = {"user": user_id, "since": since, "too_early": TOO_EARLY, "now": now, "refusal": refusal}
        return await self._connection.scalar(REQUESTED, **given) is not None

    async def page(self, state: str, keys: Sequence[Any] | None, rows: int) -> Sequence[Any]:
        """Those in one state with whose they are, what waits longest first."""
        return await self._connection.rows(OLDEST.page(OF.where(Row.state == state), keys, rows))

    async def find_of(self, creator_id: UUID) -> Any:
        """Those of a creator, as ``page`` has them. None where there are none."""
        return await self._connection.row(ONE_OF, creator_id=creator_id)

    async def hold_of(self, creator_id: UUID) -> Any:
        """As ``hold``, of a creator."""
        user_id = await self._connection.scalar(OWNER_OF, creator_id=creator_id)
        return None if user_id is None else await self.hold(user_id)
