"""Featured and trending creators. Whoever may not be found is not in the lists, whatever the tables say."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Date,
    DateTime,
    Double,
    Integer,
    bindparam,
    cast,
    column,
    delete,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert

from domain.discover.lists import (
    AVERAGE_RATING,
    BEST_RATING,
    HALF_LIFE,
    HIGHEST_FACTOR,
    LEAST_VISITORS,
    LOWEST_FACTOR,
    MOST_FEATURED,
    MOST_TRENDING,
    RATINGS_OF_AVERAGE,
    WEIGHTS,
)
from persistence.discover.search import CARD
from persistence.engine.connection import Connection
from persistence.models import (
    BioPage,
    CreatorProfile,
    CreatorSearch,
    DailySum,
    EmailSubscriber,
    FeaturedCreator,
    TrendingCreator,
)

Row = CreatorSearch
NOW = bindparam("now", type_=DateTime(timezone=True))
LIMIT = bindparam("limit", type_=Integer)
FEATURED = (
    select(*CARD)
    .join(FeaturedCreator, FeaturedCreator.creator_id == Row.creator_id)
    .where(
        or_(FeaturedCreator.starts_at.is_(None), FeaturedCreator.starts_at <= NOW),
        or_(FeaturedCreator.ends_at.is_(None), FeaturedCreator.ends_at > NOW),
    )
    .order_by(FeaturedCreator.position, FeaturedCreator.id)
    .limit(MOST_FEATURED)
)
_bound = func.least(
    func.min(FeaturedCreator.starts_at).filter(FeaturedCreator.starts_at > NOW),
    func.min(FeaturedCreator.ends_at).filter(FeaturedCreator.ends_at > NOW),
)
NEXT_CHANGE = select(_bound)
TRENDING = (
    select(*CARD)
    .join(TrendingCreator, TrendingCreator.creator_id == Row.creator_id)
    .join(CreatorProfile, CreatorProfile.id == Row.creator_id)
    .where(TrendingCreator.score > 0, ~CreatorProfile.discover_excluded)
    .order_by(TrendingCreator.position)
    .limit(LIMIT)
)
POPULAR = (
    select(*CARD)
    .join(CreatorProfile, CreatorProfile.id == Row.creator_id)
    .where(~CreatorProfile.discover_excluded)
    .order_by(Row.total_messages.desc(), Row.total_followers.desc(), Row.creator_id.desc())
    .limit(LIMIT)
)

FIRST = bindparam("first", type_=Date)
TODAY = bindparam("today", type_=Date)
_visits = select(
    DailySum.page_id, DailySum.day, DailySum.visitors, DailySum.clicks, literal(0, Integer).label("subscribers")
).where(DailySum.day >= FIRST)
_day = cast(func.timezone("UTC", EmailSubscriber.confirmed_at), Date)
_subscribed = (
    select(
        EmailSubscriber.page_id,
        _day.label("day"),
        literal(0, Integer).label("visitors"),
        literal(0, Integer).label("clicks"),
        func.count().label("subscribers"),
    )
    .where(EmailSubscriber.confirmed_at >= FIRST, EmailSubscriber.unsubscribed_at.is_(None))
    .group_by(EmailSubscriber.page_id, _day)
)
_seen = union_all(_visits, _subscribed).subquery()
_sums = {name: cast(func.sum(_seen.c[name]), Double) for name in WEIGHTS}
_days = (
    select(_seen.c.page_id, _seen.c.day, *(total.label(name) for name, total in _sums.items()))
    .group_by(_seen.c.page_id, _seen.c.day)
    .subquery()
)
_decay = func.power(0.5, (TODAY - _days.c.day) / float(HALF_LIFE.days))
_worth = sum((weight * func.ln(1 + _days.c[name]) for name, weight in WEIGHTS.items()), start=literal(0.0))
_scores = (
    select(_days.c.page_id, func.sum(_decay * _worth).label("score"))
    .group_by(_days.c.page_id)
    .having(func.sum(_days.c.visitors) >= LEAST_VISITORS)
    .subquery()
)
_rated = cast(CreatorProfile.rating_count, Double)
_rating = (
    AVERAGE_RATING * RATINGS_OF_AVERAGE + func.coalesce(cast(CreatorProfile.avg_rating, Double), 0.0) * _rated
) / (RATINGS_OF_AVERAGE + _rated)
_factor = LOWEST_FACTOR + (HIGHEST_FACTOR - LOWEST_FACTOR) * _rating / BEST_RATING
_ranked = (
    select(Row.creator_id, (_scores.c.score * _factor).label("score"))
    .join(CreatorProfile, CreatorProfile.id == Row.creator_id)
    .join(BioPage, BioPage.creator_id == Row.creator_id)
    .join(_scores, _scores.c.page_id == BioPage.id)
    .where(~CreatorProfile.discover_excluded)
    .order_by(column("score").desc(), Row.creator_id)
    .limit(MOST_TRENDING)
    .subquery()
)
_place = func.row_number().over(order_by=(_ranked.c.score.desc(), _ranked.c.creator_id))
PUT_TRENDING = insert(TrendingCreator).from_select(
    ["position", "creator_id", "score"], select(_place, _ranked.c.creator_id, _ranked.c.score)
)


class CreatorLists:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def featured(self, now: datetime) -> Sequence[Any]:
        """Rows of cards, by position."""
        return await self._connection.rows(FEATURED, now=now)

    async def next_change(self, now: datetime) -> datetime | None:
        """When the next entry begins or ends."""
        return await self._connection.scalar(NEXT_CHANGE, now=now)

    async def trending(self, limit: int) -> Sequence[Any]:
        """Rows of cards; of the most popular where nobody trends."""
        return await self._connection.rows(TRENDING, limit=limit) or await self._connection.rows(POPULAR, limit=limit)

    async def rank(self, first: date, today: date) -> None:
        """Put those into the list who trend from the ``first`` day on, in place of all who were there."""
        await self._connection.execute(delete(TrendingCreator))
        await self._connection.execute(PUT_TRENDING, first=first, today=today)
