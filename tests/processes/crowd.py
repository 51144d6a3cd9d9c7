"""Many requests at once, from one process, over connections of their own."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import httpx

from tests.processes.biore import Deployment

Call = Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]

SECONDS = 60.0


def all_at_once(biore: Deployment, calls: Iterable[Call], width: int = 200) -> list[httpx.Response]:
    """The answers, in the order of the calls; up to ``width`` are under way at a time."""
    return asyncio.run(_all_at_once(biore, calls, width))


async def _all_at_once(biore: Deployment, calls: Iterable[Call], width: int) -> list[httpx.Response]:
    limits = httpx.Limits(max_connections=width, max_keepalive_connections=width)
    async with client(biore, limits=limits, timeout=SECONDS) as crowd:
        return await asyncio.gather(*(call(crowd) for call in calls))


def client(biore: Deployment, **options: Any) -> httpx.AsyncClient:
    # A client that makes no TLS is spared loading the certificates.
    return httpx.AsyncClient(base_url=f"{biore.origin}/api/v1/", trust_env=False, verify=False, **options)  # noqa: S501


def post(path: str, body: Any = None, **headers: str) -> Call:
    return request("POST", path, body, **headers)


def request(method: str, path: str, body: Any = None, **headers: str) -> Call:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda crowd: crowd.request(method, path, json=body, headers=sent)


def statuses(answers: Iterable[httpx.Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def codes(answers: Iterable[httpx.Response]) -> Counter[str]:
    """Error codes; successes count under their status."""
    return Counter(
        answer.json()["error"]["code"] if answer.status_code >= 400 else str(answer.status_code) for answer in answers
    )
