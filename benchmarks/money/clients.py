"""People of the drill of money: fans who load wallets, creators who are paid out, staff, and who acts at the vendors.

What carries an ``Idempotency-Key`` is one undertaking: it is tried until it is answered for good, as good clients do.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import httpx

from benchmarks.money.house import MoneyHouse
from contract.loader import load
from contract.policy import Policy
from tests.harness import bearer
from tests.processes.crowd import client

LONGEST_ANSWER = 60.0
LONGEST_PAUSE = 2.0
LAST_SECONDS = 120.0
WHY, STATEMENT = "I have compared the earnings.", "The messages were paid for by yourself."
LOADS = ("5.00", "10.00", "19.99", "25.00", "123.45")
PAYOUTS = ("50.00", "77.77", "120.00", "600.00")
AT_CLIENT = 12
"""Creators, for each has one payout under way at most."""
RECENT = 5
"""Loads that may not be paid here yet."""
NOTHING: Mapping[str, str] = MappingProxyType({})
EIGHTH = {"creator": 2, "staff": 1}
"""How many of eight clients are these; the others are fans."""


@dataclass(frozen=True, slots=True)
class Answer:
    """``status`` 0 and the name of the fault as ``code`` where none came."""

    operation: str
    status: int
    code: str | None
    seconds: float
    patient: bool = False

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300

    @property
    def passes(self) -> bool:
        """Nobody knows yet what came of it, or nothing did."""
        return self.status in (0, 503) or self.code == "idempotency.in_progress"

    def fault(self, policies: Mapping[str, Policy]) -> str | None:
        """What must not be: of all that a server may be to blame for, a documented 503 alone."""
        if self.good:
            return None
        if self.status == 0:
            return f"{self.operation}: {self.code}"
        if self.status > 503 or self.status in range(500, 503):
            return f"{self.operation}: {self.status} {self.code}"
        if policies[self.operation].statuses.get(self.code or "") != self.status:
            return f"{self.operation}: undocumented {self.status} {self.code}"
        if self.status == 503 and not self.patient:
            return f"{self.operation}: 503 without Retry-After"
        return None


class Clients:
    """``promised``: loads and payouts that were confirmed, by their ids. ``given_up``: what was never answered."""

    def __init__(self, house: MoneyHouse, count: int, pause: float, chance: random.Random) -> None:
        self.house = house
        self.answers: list[Answer] = []
        self.promised: dict[str, set[str]] = {"payments": set(), "payouts": set()}
        self.given_up: list[str] = []
        self._policies = load().policies
        self._base = load().base_path
        self._pause = pause
        self._chance = chance
        self._leaving = False
        self._paid: list[str] = []
        creators, staff = (max(1, count * share // 8) for share in EIGHTH.values())
        self._creators = house.creators(creators * AT_CLIENT)
        self._fans = house.people(max(1, count - creators - staff))
        self._staff = [house.biore.owner() for _ in range(max(2, staff))]
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=count, keepalive_expiry=2)
        self._http = client(house.biore, timeout=LONGEST_ANSWER, limits=limits)
        self._calling: list[asyncio.Task[None]] = []
        self._deciding: list[asyncio.Task[None]] = []

    def begin(self) -> None:
        for each in self._fans:
            self._calling.append(asyncio.create_task(self._live(self._load, each.token)))
        for place in range(0, len(self._creators), AT_CLIENT):
            group = [each.token for each in self._creators[place : place + AT_CLIENT]]
            self._calling.append(asyncio.create_task(self._live(self._ask, *group)))
        for token in self._staff:
            self._calling.append(asyncio.create_task(self._live(self._refund, token)))
            self._deciding.append(asyncio.create_task(self._decide(token)))

    async def leave(self) -> None:
        """What is under way is answered first; the staff goes on to decide."""
        self._leaving = True
        _, late = await asyncio.wait(self._calling, timeout=LAST_SECONDS)
        self.given_up += [f"a client was not answered in {LAST_SECONDS:.0f} s" for _ in late]
        await _ended(self._calling)

    async def end(self) -> None:
        await _ended([*self._calling, *self._deciding])
        await self._http.aclose()

    async def _live(self, once: Callable[[str], Awaitable[None]], *tokens: str) -> None:
        while not self._leaving:
            await asyncio.sleep(self._chance.uniform(0, 2 * self._pause))
            await once(self._chance.choice(tokens))

    # What fans do.

    async def _load(self, token: str) -> None:
        """And then what people do at the vendor."""
        body = {"amount": self._chance.choice(LOADS)}
        found = await self._undertake("wallet.loads.start", token, body)
        if found is None:
            return
        payment, session = found["sessionId"], found["checkoutUrl"].rpartition("/")[2]
        self.promised["payments"].add(payment)
        await asyncio.sleep(self._chance.uniform(0, self._pause))
        till, what = self.house.till, self._chance.random()
        with till.lock:
            if till.sessions[session]["status"] == "open":
                (till.expire if what < 0.1 else till.pay_later if what < 0.25 else till.pay)(session)
        if what >= 0.25:
            self._paid.append(payment)
        await self._call("wallet.balance", token)
        await self._call("wallet.loads.find", token, {"sessionId": payment})

    # What creators do.

    async def _ask(self, token: str) -> None:
        body = {"amount": self._chance.choice(PAYOUTS), "method": "PLATFORM_ACCOUNT"}
        found = await self._undertake("payouts.request", token, body)
        if found is None:
            return
        self.promised["payouts"].add(found["payoutId"])
        if self._chance.random() < 0.1:
            await self._call("payouts.cancel", token, {"payoutId": found["payoutId"]})

    # What staff does.

    async def _refund(self, token: str) -> None:
        if len(self._paid) <= RECENT:
            return
        payment = self._chance.choice(self._paid[:-RECENT])
        body = {"amount": self._chance.choice(("1.00", "5.00")), "reason": WHY}
        await self._undertake("admin.finance.payments.refund", token, body, {"id": payment})

    async def _decide(self, token: str) -> None:
        """On whatever waits, until the end."""
        while True:
            await asyncio.sleep(self._chance.uniform(0, 2 * self._pause))
            page = await self._call("admin.payouts.list", token, {"status": "PENDING", "limit": "20"})
            for payout in (page or {}).get("items", ()):
                what = self._chance.choices(("approve", "reject", "cancel"), (8, 1, 1))[0]
                body = {"reason": WHY} | ({} if what == "approve" else {"statement": STATEMENT})
                await self._call(f"admin.payouts.{what}", token, {"id": payout["id"]}, body)

    async def _undertake(
        self, operation: str, token: str, body: Any, path: Mapping[str, str] = NOTHING
    ) -> dict[str, Any] | None:
        """What came of it; None where it was refused."""
        key = {"Idempotency-Key": uuid4().hex}
        while True:
            answer, found = await self._asked(operation, token, path, body, key)
            if not answer.passes:
                return found
            await asyncio.sleep(self._chance.uniform(0.1, LONGEST_PAUSE))

    async def _call(
        self, operation: str, token: str, path: Mapping[str, str] = NOTHING, body: Any = None
    ) -> dict[str, Any] | None:
        """Once: who reads, or cannot say whether it was done, comes again another time."""
        return (await self._asked(operation, token, path, body, NOTHING))[1]

    async def _asked(
        self, operation: str, token: str, values: Mapping[str, str], body: Any, headers: Mapping[str, str]
    ) -> tuple[Answer, dict[str, Any] | None]:
        policy, began = self._policies[operation], time.monotonic()
        path = policy.path.removeprefix("/")
        query = {name: value for name, value in values.items() if "{" + name + "}" not in path}
        try:
            response = await self._http.request(
                policy.method, path.format_map(values), params=query, json=body, headers={**bearer(token), **headers}
            )
        except httpx.TransportError as error:
            answer = Answer(operation, 0, type(error).__name__, time.monotonic() - began)
            self.answers.append(answer)
            return answer, None
        told, seconds = response.json(), time.monotonic() - began
        code = told["error"]["code"] if response.is_error else None
        answer = Answer(operation, response.status_code, code, seconds, "Retry-After" in response.headers)
        self.answers.append(answer)
        return answer, None if response.is_error else told["data"]


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Raises what befell one of them."""
    for task in tasks:
        task.cancel()
    for found in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(found, Exception):
            raise found
