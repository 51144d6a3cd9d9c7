"""Creators, as rows: those that tests need before they ask anything."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from tests.handlers.support import account, change, insert
from tests.harness import Api, Tables, bearer


@dataclass(frozen=True)
class Creator:
    user_id: UUID
    creator_id: UUID
    page_id: UUID
    email: str
    username: str


def creator(
    api: Api, tables: Tables, email: str = "ada@example.com", username: str = "ada", page: Any = None, **profile: Any
) -> Creator:
    """An account with a profile and a published page; ``page`` and ``profile`` are columns that are otherwise."""
    user_id, creator_id, page_id = account(api, tables, email), uuid4(), uuid4()
    change(tables, "users", user_id, username=username)
    insert(tables, "creator_profiles", id=creator_id, user_id=user_id, **profile)
    insert(tables, "bio_pages", id=page_id, creator_id=creator_id, **(page or {}))
    return Creator(user_id, creator_id, page_id, email, username)


def findable(
    api: Api, tables: Tables, email: str = "ada@example.com", username: str = "ada", page: Any = None, **profile: Any
) -> Creator:
    """A creator whom the search finds, unless the columns say otherwise."""
    made = creator(api, tables, email, username, page, **profile)
    changed(api, made)
    return made


def changed(api: Api, one: Creator) -> None:
    """What the code says that changes something of a creator, after a test has changed it beside the code."""

    async def tell() -> None:
        async with api.server.app.parts.database.unit() as db:
            await db.bio_pages.changed(one.creator_id)

    api.server.on_loop(tell())


def multiplied(tables: Tables, times: int) -> None:
    """So many further creators who are found by what the only one is found by."""
    tables.run(
        "INSERT INTO users (id, email) SELECT gen_random_uuid(), n || '@example.org' FROM generate_series(1, %s) n",
        times,
    )
    more = "SELECT gen_random_uuid(), id FROM users WHERE email LIKE '%%.org'"
    tables.run(f"INSERT INTO creator_profiles (id, user_id) {more}")
    tables.run(
        "INSERT INTO creator_search SELECT p.id, p.user_id, u.email, document, folded, grams, facets, tier,"
        " s.updated_at, 0, 0, 0, 0, s.level, card FROM creator_search s, creator_profiles p"
        " JOIN users u ON u.id = p.user_id WHERE u.email LIKE '%%.org'"
    )


def link(tables: Tables, page_id: UUID, **columns: Any) -> UUID:
    link_id = uuid4()
    row = {"id": link_id, "page_id": page_id, "title": "My shop", "url": "https://shop.example.com/"}
    insert(tables, "bio_links", **(row | columns))
    return link_id


def signed_in(api: Api, one: Creator) -> dict[str, str]:
    """The header of the creator's calls."""
    return bearer(api.sign_in(one.email))


def page_of(tables: Tables, user_id: UUID, **columns: Any) -> UUID:
    """The page of an account that becomes a creator; its id."""
    return insert(tables, "bio_pages", creator_id=insert(tables, "creator_profiles", user_id=user_id), **columns)


def category(tables: Tables, slug: str, *, active: bool = True, sort_order: int = 0) -> None:
    """One that creators can be given; ``active``: still."""
    tables.run(
        "INSERT INTO discover_categories (slug, name, active, sort_order) VALUES (%s, %s, %s, %s)",
        slug, slug.title(), active, sort_order,
    )  # fmt: skip
