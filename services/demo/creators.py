"""Three creators whom the search finds, one of them featured. Nobody can sign in as one: they have no password."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.clock import timestamp
from domain.creators.bio import CREATOR
from domain.creators.dm import Offer
from domain.creators.links import new_link
from domain.wire import creators as wire
from persistence.models import BioLink, BioPage, CreatorProfile, FeaturedCreator, SocialAccount, SocialMetrics, User
from persistence.repositories import Repositories

MOST_TEMPLATES = 100


@dataclass(frozen=True)
class Link:
    """``days``: from when until when it is shown, counted from the first start."""

    title: str
    url: str
    is_social: bool = False
    days: tuple[int, int] | None = None

    def given(self, now: datetime) -> wire.AddLinkRequest:
        """As its owner would add it."""
        body: wire.AddLinkRequest = {"title": self.title, "url": self.url, "isSocial": self.is_social}
        if self.days is not None:
            starts, ends = (timestamp(now + timedelta(days=day)) for day in self.days)
            body |= {"scheduledStart": starts, "scheduledEnd": ends}
        return body


@dataclass(frozen=True)
class Example:
    """``number``: ends the ids, which examples of the contract name. ``template``: by name; without it where staff has
    taken it away. ``followers``: by platform.
    """

    number: int

    username: str
    display_name: str
    bio: str
    template: str
    categories: Sequence[str]
    followers: Mapping[str, int]
    links: Sequence[Link]
    offer: Offer | None = None
    featured: bool = False
    mails: bool = False


CREATORS = (
    Example(
        1,
        "lena.bakes",
        "Lena Bakes",
        "Sourdough, rye and the occasional croissant. A new recipe every Sunday.",
        "Sunrise",
        ("baking", "food"),
        {"instagram": 18_400, "youtube": 52_300},
        (
            Link("Bread in a day", "https://www.youtube.com/watch?v=dQw4w9WgXcQ"),
            Link("All recipes", "https://example.com/recipes"),
            Link("Meet me at the market", "https://example.com/market", days=(-1, 30)),
            Link("Pictures", "https://www.instagram.com/example", is_social=True),
        ),
        featured=True,
        mails=True,
    ),
    Example(
        2,
        "tariq.plays",
        "Tariq Plays",
        "Speedruns of old games, live three nights a week. Questions are welcome.",
        "Midnight",
        ("games", "streaming"),
        {"twitch": 9_750, "youtube": 4_100},
        (
            Link("Watch live", "https://www.twitch.tv/example"),
            Link("Best times", "https://example.com/times"),
            Link("The charity marathon", "https://example.com/marathon", days=(30, 60)),
        ),
        offer=Offer("SINGLE_PAY", Decimal("5.00"), active=True),
    ),
    Example(
        3,
        "yuki.draws",
        "Yuki Draws",
        "Ink and watercolor. Prints, brushes and how I use them.",
        "Forest",
        ("art", "illustration"),
        {"instagram": 31_200},
        (
            Link("Prints", "https://example.com/prints"),
            Link("Pictures", "https://www.instagram.com/example", is_social=True),
        ),
    ),
)


async def seed(db: Repositories, now: datetime) -> None:
    templates = {template.name: template.id for template in await db.bio_templates.offered(MOST_TEMPLATES)}
    for example in CREATORS:
        user_id = await db.demo.add(User, **_account(example))
        creator_id = await db.demo.add(CreatorProfile, id=_id("c", example.number), user_id=user_id)
        look = templates.get(example.template)
        page = {"bio": example.bio, "template_id": look, "email_collection_enabled": example.mails}
        page_id = await db.demo.add(BioPage, id=_id("d", example.number), creator_id=creator_id, **page)
        for place, link in enumerate(example.links):
            link_id = _id("e", 100 * place + example.number)
            await db.demo.add(BioLink, id=link_id, page_id=page_id, sort_order=place, **new_link(link.given(now)))
        await _connect(db, user_id, example.followers)
        await db.social_accounts.recount(creator_id)
        offered = await db.discover_categories.offered(example.categories)
        await db.admin_creators.set_categories(creator_id, sorted(offered))
        if (offer := example.offer) is not None:
            columns = {"dm_type": offer.kind, "dm_price": offer.price, "dm_active": offer.active}
            await db.creator_modes.change(creator_id, columns)
            await db.dm_packages.keep_to(creator_id, offer)
        if example.featured:
            await db.demo.add(FeaturedCreator, creator_id=creator_id, position=1)
        await db.bio_pages.changed(creator_id)


def _id(kind: str, number: int) -> UUID:
    """As those of templates, which begin with 0b10a."""
    return UUID(f"0b10{kind}000-0000-4000-8000-{number:012}")


def _account(example: Example) -> dict[str, Any]:
    return {
        "email": f"{example.username}@example.com",
        "email_verified": True,
        "username": example.username,
        "display_name": example.display_name,
        "intent": CREATOR,
        "locale": "en",
    }


async def _connect(db: Repositories, user_id: UUID, followers: Mapping[str, int]) -> None:
    """No platform is ever asked how many follow them: the accounts have no tokens, and are never due."""
    for platform, count in followers.items():
        there = {"platform": platform, "platform_user_id": f"demo-{user_id}"}
        account_id = await db.demo.add(SocialAccount, user_id=user_id, verified=True, signs_in=False, **there)
        await db.demo.add(SocialMetrics, account_id=account_id, user_id=user_id, follower_count=count)
