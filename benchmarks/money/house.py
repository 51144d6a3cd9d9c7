"""A deployment for the drill of money: PostgreSQL, API processes, workers, and vendors with books of their own."""

import random
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from benchmarks.house import LEASE_SECONDS
from benchmarks.money.plan import Plan
from benchmarks.money.vendors import Courier, Told, Unreliable, their_clock
from domain.clock import utc_now
from persistence.migrate import upgrade
from runtime.compose import Parts
from runtime.serve.embedded import EmbeddedPostgres
from tests.handlers.support import insert
from tests.http_server import served
from tests.money import earning, earnings
from tests.payees import payout_account, tax_form
from tests.processes.biore import Deployment, Process
from tests.providers.payment_vendors import StripeTill
from tests.providers.payout_vendors import ConnectWorld
from tests.redis_server import RedisServer

EARNED = 10_000_000_00
"""In cents, of each creator: more than is asked for."""
TREASURY = 1_000_000_000_00
CONFIG: dict[str, Any] = {
    "auth.salt_rounds": 10,
    "auth.access_token_ttl_seconds": 3600,  # nobody signs in anew
    "ratelimit.enabled": False,
    "admin.fresh_minutes": 60,
    "wallet.max_balance": 100_000,
    "wallet.velocity_per_hour": 1000,
    "wallet.velocity_per_day": 1000,
    "wallet.velocity_amount_per_day": 100_000,
    "wallet.velocity_open": 100,
    "wallet.velocity_failed_per_hour": 100,
    "payout.cooldown_days": 0,
    "dispute.auto_refund_below": "20",
    "external.payment.active_provider": "stripe",
    "external.payout.active_provider": "stripe_connect",
}
TILL, CONNECT = "payment/stripe", "payout/stripe_connect"


class Person(NamedTuple):
    id: UUID
    token: str


class MoneyHouse:
    """``vendors``: those that fail, as long as their ``share`` is not 0. ``url``: of a migrated database that stands
    already, and which then cannot be restarted.
    """

    def __init__(self, stack: ExitStack, plan: Plan, chance: random.Random, url: str | None = None) -> None:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="money")))
        if url is None:
            self._postgres = EmbeddedPostgres(work / "pg")
            stack.callback(self._postgres.stop)
            upgrade(url := self._postgres.start())
        self.till, self.world = StripeTill(clock=their_clock), ConnectWorld()
        self.world.book.move("world", "platform", TREASURY)
        self.vendors = [Unreliable(each, plan.faults, plan.late, chance) for each in (self.till, self.world)]
        self.till.url, self.world.url = (stack.enter_context(served(vendor)) for vendor in self.vendors)
        redis = stack.enter_context(RedisServer(work))
        own = {"database_url": url, "redis_url": redis.url, "trusted_proxies": "127.0.0.0/8"}
        self.biore = stack.enter_context(Deployment(work, **own))
        self.biore.configure(CONFIG | self._of_vendors())
        self.server = self.biore.serve("--no-worker", "--workers", str(plan.servers))
        self.courier = Courier(self.biore.origin, chance)
        stack.callback(self.courier.stop)
        self.workers = [self._worker() for _ in range(plan.workers)]
        self.restarts = self.kills = 0

    def _of_vendors(self) -> dict[str, str]:
        till = {"base_url": self.till.url, "api_key": self.till.key, "webhook_secret": self.till.secret}
        world = {"base_url": self.world.url, "api_key": self.world.key}
        world |= {"connect_webhook_secret": self.world.webhook_secret}
        return {f"external.payment.stripe.{name}": value for name, value in till.items()} | {
            f"external.payout.stripe_connect.{name}": value for name, value in world.items()
        }

    def _worker(self) -> Process:
        return self.biore.start("worker", "--lease-seconds", str(LEASE_SECONDS))

    def kill_worker(self) -> None:
        """The oldest; another one takes its place."""
        self.biore.kill(self.workers.pop(0))
        self.workers.append(self._worker())
        self.kills += 1

    def restart_postgres(self) -> None:
        self._postgres.stop()
        self._postgres.start()
        self.restarts += 1

    def still(self) -> None:
        """From now on vendors answer."""
        for vendor in self.vendors:
            vendor.share = 0.0

    def people(self, count: int) -> list[Person]:
        return [Person(*each) for each in self.biore.people(count)]

    def creators(self, count: int) -> list[Person]:
        """Who may be paid out, and have earned."""
        found = self.people(count)
        with self.biore.tables() as tables:
            for person in found:
                insert(tables, "creator_profiles", user_id=person.id, kyc_status="APPROVED")
                tax_form(tables, person.id)
                self.world.open({"metadata[account]": str(uuid4())})
                ref = list(self.world.accounts)[-1]
                self.world.ready(ref)
                payout_account(tables, person.id, provider="stripe_connect", ref=ref)

        given = [earnings(person.id, EARNED) for person in found]

        async def earn(parts: Parts) -> None:
            for transfer in given:
                async with parts.database.unit() as db:
                    await db.ledger.post(transfer)

        self.biore.with_parts(earn)
        with self.biore.tables() as tables:  # as staff would have asked for it, and others of them approved it
            for person, transfer in zip(found, given, strict=True):
                row = {"id": UUID(transfer.about_id), "wallet_id": earning(person.id).id, "amount": EARNED}
                row |= {"account": "creator", "contra": "goodwill", "currency": "USD", "requested_by": uuid4()}
                decided = {"status": "APPROVED", "decided_by": uuid4(), "decided_at": utc_now(), "decision": "fine"}
                insert(tables, "adjustments", **row, **decided, reason="of messages")
        return found

    def post_notices(self) -> None:
        """Hand the courier what vendors have to tell."""
        with self.till.lock:
            told, self.till.told = self.till.told, []
        self.courier.tell([Told(TILL, self.till.secret, body) for body in told])

    def tell_payout(self, kind: str, ref: str) -> None:
        world = self.world
        body = world.event(kind, world.payouts[ref], world.owners[ref])
        self.courier.tell([Told(CONNECT, world.webhook_secret, body)])

    def faults(self) -> Counter[str]:
        """What befell processes that nobody had expected: how each trace in a log ends."""
        return Counter(trace.splitlines()[-1] for trace in self.biore.traces())
