"""Names of devices, as people know them."""

import asyncio
import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Literal, TypeAlias

from ua_parser import parse_device, parse_os, parse_user_agent

MOST_CHARACTERS = 256  # hundreds of patterns look at each of them, and hardly any browser sends more

(
    parse_user_agent(""),
    parse_os(""),
    parse_device(""),
)  # compiles their patterns, which takes too long for a request to wait for

# A User-Agent is what its sender likes: of its words only those that stand here are ever shown to somebody.
BROWSERS = {
    name: name
    for name in (
        "Chrome", "Chromium", "Firefox", "Safari", "Edge", "Opera", "IE", "Brave", "Vivaldi", "Samsung Internet",
        "DuckDuckGo", "Yandex Browser", "UC Browser", "QQ Browser", "Whale", "Silk",
    )
} | {
    "Chrome Mobile": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Chrome Mobile WebView": "Chrome",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": "Safari",
    "Edge Mobile": "Edge",
    "Opera Mobile": "Opera",
    "Opera Mini": "Opera",
    "DuckDuckGo Mobile": "DuckDuckGo",
    "Amazon Silk": "Silk",
}  # fmt: skip
SYSTEMS = {
    name: name
    for name in (
        "Windows", "macOS", "iOS", "iPadOS", "Android", "Linux", "Ubuntu", "Fedora", "Debian", "HarmonyOS", "KaiOS",
        "Tizen",
    )
} | {"Mac OS X": "macOS", "Chrome OS": "ChromeOS"}  # fmt: skip

Kind: TypeAlias = Literal["mobile", "tablet", "desktop"]
# What calls itself a browser's name and is none, beside the crawlers that ua-parser knows.
PROGRAM = re.compile(
    r"bot\b|crawl|spider|slurp|headless|phantomjs|puppeteer|playwright|selenium|lighthouse|preview|monitor|scrap"
    r"|curl/|wget/|httpie/|python|httpx|aiohttp|axios|node-fetch|undici|go-http-client|java/|libwww|ruby|guzzle|postman",
    re.IGNORECASE,
)


@lru_cache(maxsize=1024)
def device_of(user_agent: str | None) -> str | None:
    """``Chrome on macOS`` from a User-Agent; None when it names neither a browser nor a system of our lists."""
    if not user_agent:
        return None
    user_agent = user_agent[:MOST_CHARACTERS]
    found, runs_on = parse_user_agent(user_agent), parse_os(user_agent)
    browser = BROWSERS.get(found.family) if found else None
    system = SYSTEMS.get(runs_on.family) if runs_on else None
    return f"{browser} on {system}" if browser and system else browser or system


@lru_cache(maxsize=4096)
def kind_of(user_agent: str | None) -> Kind | None:
    """What a person holds in their hands; None for a program without one: a crawler, a library, a headless browser.

    An Android device that does not say ``Mobile`` is a tablet.
    """
    if not user_agent:
        return None
    user_agent = user_agent[:MOST_CHARACTERS]
    found, runs_on, device = parse_user_agent(user_agent), parse_os(user_agent), parse_device(user_agent)
    if found is None or (device is not None and device.family == "Spider") or PROGRAM.search(user_agent):
        return None
    system = runs_on.family if runs_on else ""
    if system == "iPadOS" or "iPad" in user_agent or (system == "Android" and "Mobile" not in user_agent):
        return "tablet"
    return "mobile" if system in ("Android", "iOS", "KaiOS") or "Mobile" in user_agent else "desktop"


async def devices_of(user_agents: Collection[str | None]) -> Mapping[str | None, str | None]:
    """Each with its ``device_of``. Other calls have their turn after each, because a new one takes milliseconds; a
    thread would hold the interpreter as long.
    """
    devices = dict[str | None, str | None]()
    for user_agent in dict.fromkeys(user_agents):
        devices[user_agent] = device_of(user_agent)
        await asyncio.sleep(0)
    return devices
