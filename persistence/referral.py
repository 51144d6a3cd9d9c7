"""Referral links with their figures, and rewards. What a code is and whose, ``persistence.users`` tells too."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Integer,
    Text,
    Uuid,
    any_,
    bindparam,
    column,
    exists,
    func,
    literal,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from persistence.engine.connection import Connection
from persistence.models import ReferralLink, ReferralLinkAlias, ReferralReward, User

REWARDS = 50
Row = ReferralLink
OWN = select(Row).where(Row.user_id == bindparam("user_id")).order_by(Row.created_at, Row.id).limit(1)
_code = bindparam("code", type_=Text)
_user = bindparam("user_id", type_=Uuid)
_paid = (ReferralReward.user_id == _user, ReferralReward.state == "PAID")
_conversions = select(func.count()).select_from(ReferralReward).where(*_paid).scalar_subquery()
_earnings = select(func.coalesce(func.sum(ReferralReward.amount), 0)).where(*_paid).scalar_subquery()
# People may have been referred by the account's own code before it had a link.
_free = select(func.gen_random_uuid(), _user, _code, _conversions, _earnings).where(
    ~exists().where(User.referral_code == _code), ~exists().where(ReferralLinkAlias.code == _code)
)
_NEW = ["id", "user_id", "code", "conversions", "total_earnings"]
STARTED = insert(Row).from_select(_NEW, _free).on_conflict_do_nothing().returning(Row)
NEWEST_REWARDS = (
    select(ReferralReward)
    .where(ReferralReward.user_id == bindparam("user_id"), ReferralReward.state == "PAID")
    .order_by(ReferralReward.created_at.desc(), ReferralReward.id.desc())
    .limit(bindparam("limit", type_=Integer))
)
_codes = any_(bindparam("codes", type_=ARRAY(Text)))
_links: tuple[Any, ...] = (
    select(literal(1).label("rank"), User.referral_code.label("code"), Row.id, Row.user_id)
    .join(Row, Row.user_id == User.id)
    .where(User.referral_code == _codes, Row.active),
    select(literal(2), Row.code, Row.id, Row.user_id).where(Row.code == _codes, Row.active),
    select(literal(3), ReferralLinkAlias.code, Row.id, Row.user_id)
    .join(Row, Row.id == ReferralLinkAlias.link_id)
    .where(ReferralLinkAlias.code == _codes, Row.active),
)
LED_TO = union_all(*_links).order_by("rank")
# One order of locks, whoever counts at the same time.
HELD = (
    select(Row.id)
    .where(Row.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    .order_by(Row.id)
    .with_for_update(key_share=True)
)
_clicked = (
    func.unnest(bindparam("links", type_=ARRAY(Uuid)), bindparam("counts", type_=ARRAY(BigInteger)))
    .table_valued(column("link", Uuid), column("count", BigInteger))
    .render_derived()
)
CLICKED = update(Row).where(Row.id == _clicked.c.link).values(clicks=Row.clicks + _clicked.c.count)
SIGNED_UP = update(Row).where(Row.user_id == bindparam("of_user"), Row.active).values(signups=Row.signups + 1)


class ReferralLinks:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self, user_id: UUID) -> ReferralLink | None:
        return await self._connection.scalar(OWN, user_id=user_id)

    async def start(self, user_id: UUID, codes: Iterable[str]) -> ReferralLink | None:
        """The link of the account, made with the first of the codes that leads nowhere yet; None if each does.

        Of calls at the same time one makes it, and all get it.
        """
        for code in codes:
            made = await self._connection.scalar(STARTED, user_id=user_id, code=code)
            own = made or await self.find(user_id)
            if own is not None:
                return own
        return None

    async def rewards(self, user_id: UUID) -> Sequence[ReferralReward]:
        return await self._connection.scalars(NEWEST_REWARDS, user_id=user_id, limit=REWARDS)

    async def led_to(self, codes: Iterable[str]) -> Mapping[str, tuple[UUID, UUID]]:
        """Link and owner of each code that leads to a link: an account's own, a link's, or a former one of it."""
        found: dict[str, tuple[UUID, UUID]] = {}
        for _, code, link_id, user_id in await self._connection.rows(LED_TO, codes=list(codes)):
            found.setdefault(code, (link_id, user_id))
        return found

    async def count_clicks(self, counts: Mapping[UUID, int]) -> None:
        ids = sorted(counts)
        await self._connection.scalars(HELD, ids=ids)
        await self._connection.execute(CLICKED, links=ids, counts=[counts[each] for each in ids])

    async def count_signup(self, user_id: UUID) -> None:
        """Somebody registered whom the account has referred; nothing if that has no link."""
        await self._connection.execute(SIGNED_UP, of_user=user_id)
