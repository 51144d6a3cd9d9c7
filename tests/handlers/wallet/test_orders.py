"""The eight things that may be told of a payment, in any order, some twice and some never: one end."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID, uuid4

from domain.money import flows
from domain.money.flows import Parts
from domain.money.payments import Checkout, DisputeState, Order, PaymentState, RefundState
from services.money.escrows import EscrowService
from services.money.payments import PaymentBooks
from services.money.rewards import RewardService
from tests.handlers.support import insert
from tests.harness import Server, Tables
from tests.ledger import PROVIDER, tally
from tests.money import fan
from tests.providers.fakes import FakeConfig
from tests.sampling import Sampling

AMOUNT, FEE, BACK, MORE, TAKEN, DISPUTE_FEE = 2500, 102, 500, 300, 1700, 1500
AT_ONCE = 8
OF_ALL = 500
NOW = datetime.now(UTC)
BOOKS = PaymentBooks(EscrowService(), RewardService(FakeConfig()), FakeConfig())


def world(ref: str, payment_id: UUID) -> list[PaymentState]:
    """As it is at the provider after each of the eight, in the order in which they happen."""
    begun = PaymentState(ref, payment_id, "OPEN", AMOUNT, "USD")
    paid = replace(begun, status="PAID")
    one, other = RefundState(f"{ref}-1", BACK), RefundState(f"{ref}-2", MORE)
    refunded = replace(paid, fee=FEE, refunds=(one,))
    again = replace(refunded, refunds=(one, other))
    asked = DisputeState(f"{ref}-d", TAKEN, taken=False, returned=False, closed=False, fee=DISPUTE_FEE)
    disputes = [asked, replace(asked, taken=True), replace(asked, taken=True, returned=True)]
    disputes.append(replace(disputes[-1], closed=True))
    return [begun, paid, refunded, again, *(replace(again, disputes=(each,)) for each in disputes)]


def told(order: Sequence[int], chance: random.Random) -> list[int]:
    """How far the world is when each is looked at: nothing is told before it happened. One is lost, one comes twice."""
    seen, latest = [], 0
    lost, twice = chance.choice(order), chance.choice(order)
    for event in order:
        latest = max(latest, event)
        seen += [] if event == lost else [latest] * (2 if event == twice else 1)
    return [*seen, len(order) - 1]  # what was lost is found by the sweeper


class Life:
    def __init__(self, server: Server, user_id: UUID, order: Sequence[int]) -> None:
        self.database = server.app.parts.database
        self.wallet = fan(user_id)
        self.payment_id, self.ref = uuid4(), str(uuid4())
        self.states = world(self.ref, self.payment_id)
        chance = random.Random(repr(order))
        self.seen = told(order, chance)
        self.spends_at = chance.randrange(len(self.seen))
        self.spent = 0

    async def run(self) -> None:
        async with self.database.unit() as db:
            await db.ledger.hold(self.wallet)
            order = Order(self.payment_id, AMOUNT, "USD", "", NOW + timedelta(hours=1))
            await db.payments.begin(order, self.wallet.id, PROVIDER, NOW)
            await db.payments.bind(self.payment_id, PROVIDER, Checkout(self.ref, "", order.expires_at), NOW)
        for turn, stage in enumerate(self.seen):
            async with self.database.unit() as db:
                await BOOKS.settle(db, self.payment_id, self.states[stage], NOW)
                has = (await db.ledger.balances(self.wallet)).fan
                if has and turn >= self.spends_at and not self.spent:
                    self.spent = has
                    await db.ledger.post(flows.held(self.wallet, uuid4(), Parts(promo=0, fan=has)))


def test_every_order_has_one_end(server: Server, tables: Tables, sampling: Sampling) -> None:
    orders = sampling.of("orders", list(permutations(range(8))), OF_ALL)
    lives = [
        Life(server, insert(tables, "users", email=f"u{n}@example.com", username=f"u{n}", referral_code=f"U{n}"), order)
        for n, order in enumerate(orders)
    ]

    async def work(queue: list[Life]) -> None:
        while queue:
            await queue.pop().run()

    async def all_of_them(queue: list[Life]) -> None:
        await asyncio.gather(*(work(queue) for _ in range(AT_ONCE)))

    some = list(lives)
    while some:  # in parts, each of which is soon done
        part, some = some[:100], some[100:]
        server.on_loop(all_of_them(part))
    rows = tables.rows("SELECT status, refunded, disputed, fee FROM payments")
    assert len(rows) == len(lives)
    assert {tuple(row.values()) for row in rows} == {("PAID", BACK + MORE, 0, FEE)}
    assert {row["frozen_for"] for row in tables.rows("SELECT frozen_for FROM wallets")} == {None}
    assert tables.one("SELECT coalesce(sum(amount), 0)::bigint AS n FROM ledger_entries") == {"n": 0}
    one = -AMOUNT + FEE + BACK + MORE + DISPUTE_FEE
    assert tally(tables, "clearing:sandbox") == one * len(lives)
    has = "SELECT w.user_id, sum(a.balance)::bigint AS n FROM wallets w JOIN ledger_accounts a ON a.wallet_id = w.id"
    left = {row["user_id"]: row["n"] for row in tables.rows(f"{has} GROUP BY w.user_id")}
    assert {left[life.wallet.user_id] + life.spent for life in lives} == {AMOUNT - BACK - MORE}
    kinds = tables.rows("SELECT kind, count(*) AS n FROM ledger_transfers GROUP BY kind")
    count = {row["kind"]: row["n"] for row in kinds}
    assert count.pop("hold") > len(lives) / 2
    assert count == dict.fromkeys(("load", "load-fee", "dispute", "dispute-fee", "dispute-won"), len(lives)) | {
        "refund-outside": 2 * len(lives)
    }
