"""A question to a vendor, bounded in time, and its answer: a status and JSON.

Texts of faults hold codes, never words of a vendor: its answers name people, numbers and tokens.
"""

import asyncio
from typing import Any, NamedTuple

import httpx

from providers.ports import ProviderUnavailable


class Answer(NamedTuple):
    """``body`` is empty for what is no JSON object."""

    status: int
    body: dict[str, Any]


async def ask(http: httpx.AsyncClient, method: str, url: str, seconds: float, *, whom: str, **options: Any) -> Answer:
    """Raises ProviderUnavailable where ``whom`` we ask gives no answer in time."""
    status, body = await _asked(http, method, url, seconds, whom, options)
    return Answer(status, body if isinstance(body, dict) else {})


async def ask_rows(
    http: httpx.AsyncClient, method: str, url: str, seconds: float, *, whom: str, **options: Any
) -> tuple[int, list[Any] | None]:
    """As ``ask``, of an array of JSON; None for what is none."""
    status, body = await _asked(http, method, url, seconds, whom, options)
    return status, body if isinstance(body, list) else None


async def _asked(
    http: httpx.AsyncClient, method: str, url: str, seconds: float, whom: str, options: dict[str, Any]
) -> tuple[int, Any]:
    try:
        # The client's own timeout holds for each read; this one for all of them.
        async with asyncio.timeout(seconds):
            response = await http.request(method, url, timeout=seconds, **options)
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as fault:
        raise ProviderUnavailable(f"{whom} cannot be reached ({type(fault).__name__})") from None
    try:
        return response.status_code, response.json()
    except (ValueError, RecursionError):
        return response.status_code, None
