"""What the vendors share: a request with a body of ours, an answer of JSON."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from domain.clock import utc_now
from domain.config_keys import Config, TextKey
from providers.asking import Answer, Seconds, ask, ask_rows
from providers.ports import ProviderUnavailable, ProviderUntouched
from providers.settings import required

ANSWER_SECONDS = 10.0
LONGEST_REF = 255
LONGEST_LINK = 5000
"""Some vendors put all that their page needs into its address."""
LINK = re.compile(r"https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:[/?#][!-~]*)?")


class Vendor:
    """``live``: whether it is about real people and money. Of a vendor's two modes, only that one counts."""

    name: str
    base_url: TextKey
    live_domains: tuple[str, ...] = ()
    test_domains: tuple[str, ...] = ()
    """Of vendors whose modes are told by the address that is asked, not by the key. One below both is of a test."""

    def __init__(
        self,
        config: Config,
        http: httpx.AsyncClient,
        *,
        live: bool,
        seconds: Seconds = ANSWER_SECONDS,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._config = config
        self._http = http
        self._live = live
        self._seconds = seconds
        self._clock = clock

    async def _ask(self, method: str, path: str, headers: Mapping[str, str], **options: Any) -> Answer:
        url, options = self._question(path, headers, options)
        return await ask(self._http, method, url, self._seconds, whom="the vendor", **options)

    async def _ask_rows(self, path: str, headers: Mapping[str, str], **options: Any) -> list[Any]:
        """Raises ProviderUnavailable for anything but an array."""
        url, options = self._question(path, headers, options)
        status, rows = await ask_rows(self._http, "GET", url, self._seconds, whom="the vendor", **options)
        if status != httpx.codes.OK or rows is None:
            raise ProviderUnavailable(f"the vendor answered {status}")
        return rows

    def _question(self, path: str, headers: Mapping[str, str], options: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        url = self._base() + path
        # With no auth at all the client would take a name and a password out of the URL.
        return url, options | {"headers": headers, "auth": httpx.Auth()}

    def _base(self) -> str:
        """As ``_of_our_mode``."""
        return self._of_our_mode(self.base_url).rstrip("/")

    def _of_our_mode(self, key: TextKey) -> str:
        """Raises ProviderUntouched for the address of the other mode. One that nobody knows may be either's."""
        url = required(self._config, key)
        host = f".{_host_of(url)}"
        of_test = any(host.endswith(f".{domain}") for domain in self.test_domains)
        of_live = not of_test and any(host.endswith(f".{domain}") for domain in self.live_domains)
        if of_test if self._live else of_live:
            raise ProviderUntouched(f"{key.name} is of the vendor's other mode")
        return url


def _host_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def below(found: Any, *names: str) -> Any:
    """What lies under the names, of objects within objects; None where there is nothing."""
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def text(found: Any, *names: str) -> str | None:
    value = below(found, *names)
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST_REF else None


def name_of(found: Any, *names: str) -> str | None:
    """The first and the last name that stand under ``names``, as one; None where neither does."""
    parts = [text(found, name) for name in names]
    return " ".join(part.strip() for part in parts if part and part.strip())[:LONGEST_REF] or None


def page(found: Any, *names: str) -> str | None:
    """Where the vendor sends people, as it is handed to them; None for anything else."""
    url = below(found, *names)
    is_link = isinstance(url, str) and len(url) <= LONGEST_LINK and LINK.fullmatch(url) is not None
    return url if is_link else None


def day(value: Any) -> date | None:
    """A date as ISO 8601 has it, or as an object of year, month and day; None for anything else."""
    try:
        if isinstance(value, str):
            return date.fromisoformat(value[:10])
        if isinstance(value, dict):
            return date(value["year"], value["month"], value["day"])
    except (ValueError, KeyError, TypeError, OverflowError):
        return None
    return None
