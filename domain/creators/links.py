"""Links of a bio page: what one may be, when it is shown, and how its owner sees it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from domain.config_keys import IntKey
from domain.creators.embeds import Embed, player
from domain.creators.urls import canonical, host_of, platform_of
from domain.errors import ApiError
from domain.presenting import presented
from domain.texts import something
from domain.wire import creators as wire

MAX_LINKS = IntKey("bio.max_links", 50, "how many links a bio page can have", 1, 500)
# Fields of a body that are columns as they come.
PLAIN = {"title": "title", "sortOrder": "sort_order", "active": "active"}
TIMES = {"scheduledStart": "scheduled_start", "scheduledEnd": "scheduled_end"}
EMBEDDED = ("url", "embedType", "embedMeta")


class Room(NamedTuple):
    """What there is of a page that is held: how many links, and whether its creator takes messages."""

    links: int
    dm_active: bool


def texts_of(body: Mapping[str, Any]) -> dict[str, str | None]:
    """What is held against the rules of moderation. Raises ApiError invalid_url."""
    shown = {f"link_{field}": body.get(field) for field in ("title", "icon", "platform")}
    return shown | {"link_url": canonical(body["url"]) if "url" in body else None}


def new_link(body: wire.AddLinkRequest) -> dict[str, Any]:
    """The columns of a link. Without a place of its own it comes last, which is known when the page is held.

    Raises ApiError invalid_url, invalid_schedule.
    """
    url, social = canonical(body["url"]), body.get("isSocial", False)
    columns = _columns(body) | {"url": url, "is_social": social}
    require_order(columns.get("scheduled_start"), columns.get("scheduled_end"))
    columns["platform"] = something(body.get("platform")) or (platform_of(url) if social else None)
    return columns | _embed(player(url, body.get("embedType"), body.get("embedMeta")))


def changed_link(link: Any, body: wire.UpdateLinkRequest) -> dict[str, Any]:
    """The columns that change. Raises ApiError invalid_url, invalid_schedule."""
    columns = _columns(body)
    if TIMES.keys() & body.keys():
        times = [columns.get(name, getattr(link, name)) for name in TIMES.values()]
        require_order(*times)
    if "active" in body:
        columns["paused_by_dm"] = False  # its owner has said what shall be; the end of messages says no more
    if "url" in body:
        columns["url"] = canonical(body["url"])
        if link.is_social and host_of(columns["url"]) != host_of(link.url):
            columns["platform"] = platform_of(columns["url"])
    if any(name in body for name in EMBEDDED):
        columns |= _embed(_new_player(link, body, columns.get("url", link.url)))
    return columns


def _columns(body: Mapping[str, Any]) -> dict[str, Any]:
    columns = {column: body[field] for field, column in PLAIN.items() if field in body}
    columns |= {column: datetime.fromisoformat(body[field]) for field, column in TIMES.items() if field in body}
    return columns | ({"icon": something(body["icon"])} if "icon" in body else {})


def _new_player(link: Any, body: wire.UpdateLinkRequest, url: str) -> Embed | None:
    """Another URL has another player, unless the client says which; its old parameters are of no use to it."""
    moved, meta = url != link.url, body.get("embedMeta")
    kind = body.get("embedType") or (None if moved and meta is None else link.embed_type)
    if meta is None and not moved and kind == link.embed_type:
        meta = link.embed_meta
    return player(url, kind, meta)


def _embed(embed: Embed | None) -> dict[str, Any]:
    if embed is None:
        return {"embed_type": None, "embed_meta": None}
    return {"embed_type": embed.type, "embed_meta": dict(embed.meta) or None}


def require_order(start: datetime | None, end: datetime | None) -> None:
    """Raises ApiError invalid_schedule for a link that would end before it is shown."""
    if start is not None and end is not None and end <= start:
        raise ApiError("creator.links.invalid_schedule")


def require_room(room: Room, most: int) -> None:
    """Raises ApiError limit_reached."""
    if room.links >= most:
        raise ApiError("creator.links.limit_reached", max=most)


def require_no_messages(room: Room) -> None:
    """While a creator takes messages, the page leads nobody to where they could be written elsewhere.

    Raises ApiError social_dm_active.
    """
    if room.dm_active:
        raise ApiError("creator.links.social_dm_active")


def link_view(link: Any) -> wire.BioLink:
    return presented(wire.BioLink, link)
