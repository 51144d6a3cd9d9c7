"""What the vendors share: a request with a body of ours, an answer of JSON."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import httpx

from domain.clock import utc_now
from domain.config_keys import Config, TextKey
from providers.asking import Answer, Seconds, ask, ask_rows
from providers.ports import ProviderUnavailable
from providers.settings import required

ANSWER_SECONDS = 10.0
LONGEST_REF = 255


class Vendor:
    """``live``: whether it is about real people and money. Of a vendor's two modes, only that one counts."""

    name: str
    base_url: TextKey

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
        url = required(self._config, self.base_url).rstrip("/") + path
        # With no auth at all the client would take a name and a password out of the URL.
        return url, options | {"headers": headers, "auth": httpx.Auth()}


def below(found: Any, *names: str) -> Any:
    """What lies under the names, of objects within objects; None where there is nothing."""
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def text(found: Any, *names: str) -> str | None:
    value = below(found, *names)
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST_REF else None


def page(found: Any, *names: str) -> str | None:
    """Where the vendor sends people; None for anything else."""
    url = below(found, *names)
    return url if isinstance(url, str) and url.startswith("https://") else None


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
