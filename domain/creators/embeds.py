"""Players: which one a link has is read off its URL. Nothing is asked of a platform, so nothing waits for one."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

YOUTUBE_ID = "(?P<videoId>[A-Za-z0-9_-]{11})"
MOST_PARAMETERS = 50
SPOTIFY_KINDS = "track|album|playlist|artist|episode|show"
TWITCH_PAGES = "directory|downloads|jobs|p|search|settings|store|subscriptions|turbo|videos|wallet"
SOUNDCLOUD_PAGES = "charts|discover|feed|jobs|pages|search|settings|stream|terms-of-use|upload|you"
APPLE_KINDS = "album|artist|music-video|playlist|song|station"


class Embed(NamedTuple):
    type: str
    meta: Mapping[str, Any]


class Form(NamedTuple):
    """What the path of a URL of these hosts looks like, whole; ``query`` says more, or must be there.

    The names of the groups are those of the fields of ``embedMeta``.
    """

    type: str
    hosts: frozenset[str]
    path: re.Pattern[str]
    query: Mapping[str, re.Pattern[str]] = {}
    optional: frozenset[str] = frozenset()


def _form(
    kind: str, hosts: Sequence[str], path: str, query: Mapping[str, str] | None = None, optional: Sequence[str] = ()
) -> Form:
    patterns = {name: re.compile(pattern) for name, pattern in (query or {}).items()}
    return Form(kind, frozenset(hosts), re.compile(path), patterns, frozenset(optional))


YOUTUBE = ("youtube.com", "www.youtube.com", "m.youtube.com", "music.youtube.com", "www.youtube-nocookie.com")
TIKTOK = ("tiktok.com", "www.tiktok.com", "m.tiktok.com")
SOUNDCLOUD = ("soundcloud.com", "www.soundcloud.com", "m.soundcloud.com")
TWITCH = ("twitch.tv", "www.twitch.tv", "m.twitch.tv")
FORMS = (
    _form("YOUTUBE", YOUTUBE, "/watch/?", {"v": YOUTUBE_ID}),
    _form("YOUTUBE", YOUTUBE, f"/(?:shorts|live|embed|v)/{YOUTUBE_ID}/?"),
    _form("YOUTUBE", ("youtu.be", "www.youtu.be"), f"/{YOUTUBE_ID}/?"),
    _form(
        "SPOTIFY",
        ("open.spotify.com",),
        f"(?:/intl-[a-z-]{{2,8}})?(?:/embed)?/(?P<contentType>{SPOTIFY_KINDS})/(?P<contentId>[A-Za-z0-9]{{22}})/?",
    ),
    _form("TIKTOK", TIKTOK, r"/@(?P<username>[A-Za-z0-9_.]{1,24})/video/(?P<videoId>[0-9]{15,21})/?"),
    _form(
        "SOUNDCLOUD",
        SOUNDCLOUD,
        rf"/(?P<path>(?!(?:{SOUNDCLOUD_PAGES})/)[a-z0-9_-]{{1,60}}/(?:sets/)?(?!sets/?$)[a-z0-9_-]{{1,120}})/?",
    ),
    _form("TWITCH", TWITCH, "/videos/(?P<videoId>[0-9]{6,12})/?"),
    _form("TWITCH", TWITCH, "/[A-Za-z0-9_]{3,25}/clip/(?P<clip>[A-Za-z0-9_-]{4,100})/?"),
    _form("TWITCH", ("clips.twitch.tv",), "/(?P<clip>[A-Za-z0-9_-]{4,100})/?"),
    _form("TWITCH", TWITCH, f"/(?P<channel>(?!(?:{TWITCH_PAGES})/?$)[A-Za-z0-9_]{{3,25}})/?"),
    _form(
        "APPLE_MUSIC",
        ("music.apple.com", "embed.music.apple.com"),
        rf"/(?P<country>[a-z]{{2}})/(?P<contentType>{APPLE_KINDS})/(?:[^/]{{1,200}}/)?"
        r"(?P<contentId>[0-9]{5,15}|(?:pl|ra)\.[A-Za-z0-9-]{4,60})/?",
        {"i": "(?P<trackId>[0-9]{5,15})"},
        ["i"],
    ),
)


def detect(url: str) -> Embed | None:
    """The player of a URL that is ``canonical``; None for a page like any other."""
    parts = urlsplit(url)
    for form in FORMS:
        if parts.netloc in form.hosts and (found := form.path.fullmatch(parts.path)) is not None:
            meta = _asked(form, parts.query)
            if meta is not None:
                return Embed(form.type, found.groupdict() | meta)
    return None


def _asked(form: Form, query: str) -> dict[str, str] | None:
    """What the query adds; None where it lacks what the form needs."""
    given = parse_qs(query) if form.query and query.count("&") < MOST_PARAMETERS else {}
    meta = dict[str, str]()
    for name, pattern in form.query.items():
        found = pattern.fullmatch(given.get(name, [""])[0])
        if found is not None:
            meta |= found.groupdict()
        elif name not in form.optional:
            return None
    return meta


def player(url: str, kind: str | None, meta: Mapping[str, Any] | None) -> Embed | None:
    """The player of a link for which a client says what it wants: a type, its parameters, both or nothing.

    What is not said is read off the URL. Parameters alone, of a page without a player, are of no use.
    """
    found = detect(url)
    if found is None or kind not in (None, found.type):
        return None if kind is None else Embed(kind, meta or {})
    return found if meta is None else Embed(found.type, meta)
