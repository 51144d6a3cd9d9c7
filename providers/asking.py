"""A question to a vendor, bounded in time, and its answer: a status and JSON.

Texts of faults hold codes, never words of a vendor: its answers name people, numbers and tokens.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import httpx

from providers.ports import ProviderUnavailable, ProviderUntouched

# We are turned away before it is looked at what we ask for.
TURNED_AWAY = frozenset({401, 403, 429})
# Of these nothing left this machine.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL)

Seconds: TypeAlias = float
"""For how long somebody waits."""


class Answer(NamedTuple):
    """``body`` is empty for what is no JSON object."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str] = MappingProxyType({})


async def ask(http: httpx.AsyncClient, method: str, url: str, seconds: Seconds, *, whom: str, **options: Any) -> Answer:
    """Raises ProviderUnavailable where ``whom`` we ask gives no answer in time; ProviderUntouched where the question
    was not even sent.
    """
    response, body = await _asked(http, method, url, seconds, whom, options)
    return Answer(response.status_code, body if isinstance(body, dict) else {}, response.headers)


async def ask_rows(
    http: httpx.AsyncClient, method: str, url: str, seconds: Seconds, *, whom: str, **options: Any
) -> tuple[int, list[Any] | None]:
    """As ``ask``, of an array of JSON; None for what is none."""
    response, body = await _asked(http, method, url, seconds, whom, options)
    return response.status_code, body if isinstance(body, list) else None


async def _asked(
    http: httpx.AsyncClient, method: str, url: str, seconds: Seconds, whom: str, options: dict[str, Any]
) -> tuple[httpx.Response, Any]:
    try:
        # The client's own timeout holds for each read; this one for all of them.
        async with asyncio.timeout(seconds):
            response = await http.request(method, url, timeout=seconds, **options)
    except NOT_SENT as fault:
        raise ProviderUntouched(f"{whom} cannot be reached ({type(fault).__name__})") from None
    except (httpx.HTTPError, TimeoutError) as fault:
        raise ProviderUnavailable(f"{whom} cannot be reached ({type(fault).__name__})") from None
    try:
        return response, response.json()
    except (ValueError, RecursionError):
        return response, None


@dataclass(frozen=True, slots=True)
class Patience:
    """``seconds`` are those of all tries together: somebody waits for the answer."""

    seconds: Seconds = 10.0
    first_pause: float = 0.5
    longest_pause: float = 5.0
    tries: int = 3


async def ask_again(
    http: httpx.AsyncClient, method: str, url: str, patience: Patience, passing: Callable[[Answer], bool],
    *, whom: str, **options: Any,
) -> Answer:  # fmt: skip
    """As ``ask``, of what does no harm when it is asked twice; again where the answer is ``passing``, or is none.

    Raises ProviderUnavailable also where we are turned away; ProviderUntouched where no try can have done anything.
    """
    until, touched, turn = time.monotonic() + patience.seconds, False, 0
    while True:
        answer, fault = None, None
        try:
            answer = await ask(http, method, url, max(until - time.monotonic(), 0.0), whom=whom, **options)
        except ProviderUnavailable as found:
            fault = found
            touched = touched or not isinstance(found, ProviderUntouched)
        pause = min(patience.first_pause * 2**turn, patience.longest_pause)
        turn += 1
        again = answer is None or passing(answer)
        if not again or turn == patience.tries or time.monotonic() + pause >= until:
            break
        touched = touched or (answer is not None and answer.status not in TURNED_AWAY)
        await asyncio.sleep(pause)
    if answer is not None and answer.status not in TURNED_AWAY:
        return answer
    told = str(fault) if answer is None else f"{whom} answered {answer.status}"
    raise (ProviderUnavailable if touched else ProviderUntouched)(told)


def may_pass(answer: Answer) -> bool:
    """Whether the same question may have another answer in a moment."""
    return answer.status == httpx.codes.CONFLICT or answer.status >= httpx.codes.INTERNAL_SERVER_ERROR
