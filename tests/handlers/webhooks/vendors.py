"""A family of the tests whose providers tell of themselves: one signs what it sends, one sends bare pings."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any
from uuid import uuid4

import httpx

from domain.clock import utc_now
from domain.webhooks import Hopeless, Notice, RawNotice
from persistence.models import ProviderEvent
from persistence.repositories import Repositories
from providers.ports import NoticeSource, NoticeUnreadable, ProviderRejected, ProviderUnavailable
from providers.signed import require_signed, signed
from tests.harness import Api

FAMILY = "drill"
SECRET, PREVIOUS = "whsec_the-secret-of-the-drill", "whsec_the-former-one"
HEADER = "X-Drill-Signature"


@dataclass
class Signing:
    name: str = "signing"
    types: frozenset[str] = frozenset({"thing.changed"})
    secrets: tuple[str, ...] = (SECRET, PREVIOUS)

    @property
    def verifies(self) -> bool:
        return bool(self.secrets[0])

    def read(self, notice: RawNotice) -> Sequence[Notice]:
        require_signed(notice, HEADER.lower(), self.secrets, utc_now())
        try:
            told = json.loads(notice.body)
            occurred_at = datetime.fromtimestamp(told["created"], UTC)
            return [Notice(told["id"], told["type"], told["object"], occurred_at)]
        except (ValueError, KeyError, TypeError) as fault:
            raise NoticeUnreadable(type(fault).__name__) from None


@dataclass
class Pinging:
    name: str = "pinging"
    types: frozenset[str] = frozenset({"ping"})
    verifies: bool = True

    def read(self, notice: RawNotice) -> Sequence[Notice]:
        if not notice.body.startswith(b"id="):
            raise ProviderRejected("this is no ping")
        return [Notice(None, "ping", notice.body[3:].decode())]


@dataclass
class DrillFamily:
    """``world`` is how things are at the provider, ``written`` what was found of them, each time."""

    family: str = FAMILY
    signing: Signing = field(default_factory=Signing)
    pinging: Pinging = field(default_factory=Pinging)
    known: set[str] = field(default_factory=set)
    world: dict[str, str] = field(default_factory=dict)
    written: list[tuple[str, str]] = field(default_factory=list)
    looks: int = 0
    given_up: list[str] = field(default_factory=list)
    away: bool = False
    hopeless: bool = False
    broken: bool = False
    on_look: Any = None
    lock: Lock = field(default_factory=Lock)

    def source(self, provider: str) -> NoticeSource | None:
        found: dict[str, NoticeSource] = {"signing": self.signing, "pinging": self.pinging}
        return found.get(provider)

    async def knows(self, _db: Repositories, _provider: str, ref: str) -> bool:
        return ref in self.known

    async def look(self, _provider: str, ref: str) -> str:
        self.looks += 1
        if self.away:
            raise ProviderUnavailable("the drill is away")
        if self.hopeless:
            raise Hopeless("the drill refuses")
        found = self.world.get(ref, "unchanged")
        if self.on_look is not None:
            await self.on_look()
        return found

    async def write(self, db: Repositories, event: ProviderEvent, found: str) -> None:
        if self.broken:
            raise RuntimeError("a fault of ours")
        with self.lock:
            self.written.append((event.object_ref or "", found))

    async def give_up(self, db: Repositories, event: ProviderEvent) -> None:
        self.given_up.append(event.object_ref or "")


def told(kind: str = "thing.changed", ref: str = "thing_1", **fields: Any) -> bytes:
    body = {"id": f"evt_{uuid4().hex}", "type": kind, "object": ref, "created": 1_780_000_000}
    return json.dumps(body | fields).encode()


def post(api: Api, body: bytes, provider: str = "signing", secret: str = SECRET, **options: Any) -> httpx.Response:
    headers = {"Content-Type": "application/json", HEADER: signed(secret, body, utc_now())}
    headers |= options.pop("headers", {})
    return api.post(f"/api/v1/webhooks/{FAMILY}/{provider}", content=body, headers=headers, **options)
