"""Clients of the fault drill: they come at a steady rate, answered or not, and try again as good clients do.

A registration is one undertaking under one ``Idempotency-Key``: it is tried until it is answered for good. A refresh
token is shown again until it was rotated. Who wants to read or to sign in just comes again later.
"""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from contract.policy import Policy
from tests.harness import PASSWORD, bearer, refresh_token
from tests.processes.biore import Deployment, registration
from tests.processes.crowd import client

LONGEST_ANSWER = 10.0
LONGEST_PAUSE = 2.0
# Of one kind under way at a time; who comes then goes away again, or a slow moment would never end.
ROOM = 100
LAST_SECONDS = 75.0  # more than the lease of a key whose holder was cut off
SUCCESS = {"auth.me": 200, "auth.register": 201, "auth.login": 200, "auth.refresh": 200}
PER_SECOND = {"auth.me": 30.0, "auth.register": 4.0, "auth.login": 4.0}
REFRESH_SECONDS = 1.0
CALLERS = {"auth.me": ("GET", "auth/me")} | {
    f"auth.{name}": ("POST", f"auth/{name}") for name in ("register", "login", "refresh")
}


@dataclass(frozen=True, slots=True)
class Answer:
    """``status`` 0 and the name of the fault as ``code`` where none came. Times are of ``time.monotonic``."""

    operation: str
    status: int
    code: str | None
    began: float
    ended: float
    retry_after: float | None

    @property
    def seconds(self) -> float:
        return self.ended - self.began

    @property
    def good(self) -> bool:
        return self.status == SUCCESS[self.operation]

    @property
    def patient(self) -> bool:
        """Told to come again: not yet what was wanted, but no failure of the server either."""
        return self.code == "idempotency.in_progress"

    def fault(self, policies: Mapping[str, Policy]) -> str | None:
        """What the contract does not allow about it."""
        if self.good:
            return None
        if self.status == 0:
            return f"{self.operation}: {self.code}"
        if policies[self.operation].statuses.get(self.code or "") != self.status:
            return f"{self.operation}: undocumented {self.status} {self.code}"
        if self.status == 503 and self.retry_after is None:
            return f"{self.operation}: 503 without Retry-After"
        return None


@dataclass(frozen=True, slots=True)
class Person:
    email: str
    access: str
    refresh: str


class Clients:
    """``registered`` maps the addresses whose registration was confirmed to the ids of their accounts.

    ``unanswered`` are those still being tried, ``refused`` what was answered otherwise; ``signed_out`` are the sessions
    that ended although nobody wanted it. ``pace`` is the part of the usual rate at which they come.
    """

    def __init__(self, biore: Deployment, people: list[Person]) -> None:
        self._biore = biore
        self._people = people
        self._leaving = False
        self._tasks: dict[str, set[asyncio.Task[None]]] = {name: set() for name in PER_SECOND}
        self.pace = 1.0
        self.people = {person.email for person in people}
        self.answers: list[Answer] = []
        self.registered: dict[str, str] = {}
        self.unanswered: set[str] = set()
        self.refused: list[str] = []
        self.signed_out: list[str] = []

    @asynccontextmanager
    async def calling(self) -> Any:
        """Clients call inside of the block. Its end waits for registrations under way, not for ever."""
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=50, keepalive_expiry=2)
        async with client(self._biore, timeout=LONGEST_ANSWER, limits=limits) as self._http:
            coming = [asyncio.create_task(self._come(name)) for name in PER_SECOND]
            coming += [asyncio.create_task(self._keep_rotating(person)) for person in self._people]
            try:
                yield
            finally:
                self._leaving = True
                await asyncio.gather(*coming)
            if left := set().union(*self._tasks.values()):
                _, late = await asyncio.wait(left, timeout=LAST_SECONDS)
                for task in late:
                    task.cancel()
                await asyncio.gather(*late, return_exceptions=True)

    async def _come(self, operation: str) -> None:
        """At even distances, whether or not those before were answered: a slow server sees no fewer clients."""
        calls: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "auth.me": self._read,
            "auth.register": self._register,
            "auth.login": self._sign_in,
        }
        due, under_way = time.monotonic(), self._tasks[operation]
        while not self._leaving:
            if len(under_way) < ROOM:
                under_way.add(task := asyncio.create_task(calls[operation]()))
                task.add_done_callback(under_way.discard)
            due += 1 / PER_SECOND[operation] / self.pace
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _read(self) -> None:
        await self._call("auth.me", headers=bearer(random.choice(self._people).access))  # noqa: S311

    async def _sign_in(self) -> None:
        body = {"email": random.choice(self._people).email, "password": PASSWORD}  # noqa: S311
        await self._call("auth.login", json=body, headers=somewhere())

    async def _register(self) -> None:
        email = f"{uuid4().hex}@{uuid4().hex[:12]}.example"
        headers = somewhere() | {"Idempotency-Key": uuid4().hex}
        self.unanswered.add(email)
        answer, response = await self._call("auth.register", json=registration(email), headers=headers)
        while answer.status in (0, 429, 503) or answer.patient:
            await asyncio.sleep(min(answer.retry_after or 1.0, LONGEST_PAUSE))
            answer, response = await self._call("auth.register", json=registration(email), headers=headers)
        self.unanswered.discard(email)
        if answer.good:
            self.registered[email] = response.json()["data"]["userId"]
        else:
            self.refused.append(f"{email}: {answer.status} {answer.code}")

    async def _keep_rotating(self, person: Person) -> None:
        token, headers = person.refresh, somewhere()
        while not self._leaving:
            answer, response = await self._call("auth.refresh", json={"refreshToken": token}, headers=headers)
            if answer.status == 401:
                self.signed_out.append(f"{person.email}: {answer.code}")
                return
            token = refresh_token(response) if answer.good else token
            await asyncio.sleep(REFRESH_SECONDS / self.pace)

    async def _call(self, operation: str, **options: Any) -> tuple[Answer, Any]:
        """What came, and the whole response if one did."""
        began = time.monotonic()
        try:
            response = await self._http.request(*CALLERS[operation], **options)
        except httpx.TransportError as error:
            answer = Answer(operation, 0, type(error).__name__, began, time.monotonic(), None)
            self.answers.append(answer)
            return answer, None
        ended, wait = time.monotonic(), response.headers.get("Retry-After")
        code = response.json()["error"]["code"] if response.status_code >= 400 else None
        answer = Answer(operation, response.status_code, code, began, ended, float(wait) if wait else None)
        self.answers.append(answer)
        return answer, response


def somewhere() -> dict[str, str]:
    """A client address of its own, so that no limit by address is what answers."""
    return {"X-Forwarded-For": f"10.{'.'.join(str(random.randrange(1, 255)) for _ in range(3))}"}  # noqa: S311
