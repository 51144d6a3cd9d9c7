"""What the vendors share: a request with a body of ours, an answer of JSON.

Texts of faults hold codes, never words of a vendor: its answers name people and documents.
"""

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

import httpx

from domain.config_keys import Config, TextKey
from providers.ports import ProviderUnavailable
from providers.settings import required

ANSWER_SECONDS = 10.0
LONGEST_REF = 255


class Answer(NamedTuple):
    """``body`` is empty for what is no JSON object."""

    status: int
    body: dict[str, Any]


class KycVendor:
    name: str
    base_url: TextKey

    def __init__(self, config: Config, http: httpx.AsyncClient, *, seconds: float = ANSWER_SECONDS) -> None:
        self._config = config
        self._http = http
        self._seconds = seconds

    async def _ask(self, method: str, path: str, headers: Mapping[str, str], **options: Any) -> Answer:
        url = required(self._config, self.base_url).rstrip("/") + path
        known = options.pop("auth", None) or httpx.Auth()  # with none at all the client would look for a .netrc
        try:
            # The client's own timeout holds for each read; this one for all of them.
            async with asyncio.timeout(self._seconds):
                response = await self._http.request(
                    method, url, headers=headers, auth=known, timeout=self._seconds, **options
                )
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as fault:
            raise ProviderUnavailable(f"the vendor cannot be reached ({type(fault).__name__})") from None
        try:
            body = response.json()
        except (ValueError, RecursionError):
            body = None
        return Answer(response.status_code, body if isinstance(body, dict) else {})


def below(found: Any, *names: str) -> Any:
    """What lies under the names, of objects within objects; None where there is nothing."""
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def text(found: Any, *names: str) -> str | None:
    value = below(found, *names)
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST_REF else None


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
