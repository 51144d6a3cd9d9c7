"""Where a link of a bio page may lead: to a public host, by a URL that browsers and people read alike."""

import re
from urllib.parse import urlsplit

from domain.email_address import MAX_DOMAIN, ascii_domain, is_domain
from domain.errors import ApiError
from domain.texts import visible

LONGEST = 2048
# No credentials, no address literal; a backslash would be a slash to browsers, and begin the path for them.
FORM = re.compile(r"(https?)://([^/?#\\@:\[\]]+)(?::([0-9]{1,5}))?((?:[/?#][^\\]*)?)", re.IGNORECASE)
LAST_PORT = 65535
# As browsers encode them before they ask for the address; as they are, they could end the attribute that holds it.
MARKUP = str.maketrans({'"': "%22", "<": "%3C", ">": "%3E"})

# Whose hosts they are, with those below them. Accounts that are connected have the same names.
PLATFORMS = {
    "bsky.app": "bluesky",
    "discord.com": "discord",
    "discord.gg": "discord",
    "facebook.com": "facebook",
    "fb.com": "facebook",
    "fb.me": "facebook",
    "github.com": "github",
    "instagram.com": "instagram",
    "instagr.am": "instagram",
    "kick.com": "kick",
    "line.me": "line",
    "linkedin.com": "linkedin",
    "lnkd.in": "linkedin",
    "medium.com": "medium",
    "music.apple.com": "apple_music",
    "onlyfans.com": "onlyfans",
    "open.spotify.com": "spotify",
    "patreon.com": "patreon",
    "pin.it": "pinterest",
    "pinterest.com": "pinterest",
    "reddit.com": "reddit",
    "snapchat.com": "snapchat",
    "soundcloud.com": "soundcloud",
    "spotify.link": "spotify",
    "substack.com": "substack",
    "t.me": "telegram",
    "telegram.me": "telegram",
    "threads.com": "threads",
    "threads.net": "threads",
    "tiktok.com": "tiktok",
    "twitch.tv": "twitch",
    "twitter.com": "x",
    "vk.com": "vk",
    "wa.me": "whatsapp",
    "weibo.com": "weibo",
    "whatsapp.com": "whatsapp",
    "x.com": "x",
    "youtu.be": "youtube",
    "youtube.com": "youtube",
}


def canonical(url: str) -> str:
    """The URL as it is kept: scheme in lower case and the host in ASCII, so that it leads where it seems to lead, and
    signs of markup encoded.

    Raises ApiError creator.links.invalid_url.
    """
    found = FORM.fullmatch(url)
    if found is None or visible(url) != url or url.split() != [url]:
        raise ApiError("creator.links.invalid_url")
    scheme, given, port, rest = found.groups()
    host = _host(given)
    if host is None or (port and not 0 < int(port) <= LAST_PORT):
        raise ApiError("creator.links.invalid_url")
    whole = f"{scheme.lower()}://{host}{f':{port}' if port else ''}{rest.translate(MARKUP)}"
    if len(whole) > LONGEST:
        raise ApiError("creator.links.invalid_url")
    return whole


def _host(given: str) -> str | None:
    """In lower case and ASCII (UTS 46); None for what no public host is called."""
    if len(given) > MAX_DOMAIN:
        return None
    try:
        host = given.lower() if given.isascii() else ascii_domain(given)
    except UnicodeError:
        return None
    return host if is_domain(host) else None


def host_of(url: str) -> str:
    """Of a URL that is ``canonical``."""
    return urlsplit(url).netloc.partition(":")[0]


def platform_of(url: str) -> str | None:
    """Whose host a ``canonical`` URL has; None for others than ``PLATFORMS``."""
    host = host_of(url)
    while host:
        if host in PLATFORMS:
            return PLATFORMS[host]
        host = host.partition(".")[2]
    return None
