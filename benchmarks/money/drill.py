"""The drill of money: PostgreSQL, workers and vendors fail under load, and no cent may be lost.

`python -m benchmarks.money.drill` starts PostgreSQL, two API processes, workers, and vendors that keep books of their
own. Fans load wallets, payers and banks take money back, staff refunds, creators are paid out. Meanwhile PostgreSQL is
restarted, workers are killed, and a part of all calls to vendors goes wrong. When it is over, what vendors have in
their books must be what we have in ours, by each of their ids.
"""

import argparse
import asyncio
import json
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg.errors import DeadlockDetected

from benchmarks.money.clients import Answer, Clients
from benchmarks.money.house import MoneyHouse
from benchmarks.money.judge import faults, lost, waiting
from benchmarks.money.plan import Plan
from benchmarks.money.vendors import DRIFT
from benchmarks.money.world import World
from contract.loader import load
from domain.clock import utc_now
from tests.processes.biore import Deployment, until
from tests.processes.zygote import Zygote

RESULTS = Path(__file__).parents[1] / "results"
PATIENCE = 300.0
"""Seconds after the end in which everything is to be settled."""
TURN = 1.0
MOST_TOLD = 40
HURRY = (
    "UPDATE payments SET due_at = now() WHERE due_at IS NOT NULL AND status = 'OPEN'",
    "UPDATE refunds SET due_at = now() WHERE due_at IS NOT NULL AND status = 'OPEN'",
    "UPDATE payout_attempts SET created_at = created_at - interval '4 minutes' WHERE state = 'SENDING'",
    "UPDATE payouts SET due_at = now() WHERE due_at IS NOT NULL AND status IN ('APPROVED', 'PROCESSING')",
    "UPDATE provider_events SET received_at = received_at - interval '1 minute' WHERE state = 'WAITING'",
    "UPDATE outbox SET available_at = now() WHERE done_at IS NULL AND dead_at IS NULL",
    "INSERT INTO outbox (id, topic, payload) SELECT gen_random_uuid(), topic, '{}'"
    " FROM unnest(ARRAY['payments.sweep', 'payouts.sweep', 'events.sweep']) AS topic",
)


@dataclass
class Outcome:
    """``settled_after``: seconds from the end until nothing waited; None where something still did, which ``left``
    counts."""

    plan: Plan
    answers: list[Answer] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    settled_after: float | None = None
    left: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    notices: Counter[str] = field(default_factory=Counter)

    @property
    def passed(self) -> bool:
        return self.settled_after is not None and not self.faults and not self.lost


class Drill:
    def __init__(self, house: MoneyHouse, plan: Plan, chance: random.Random) -> None:
        self.house = house
        self._plan = plan
        self._clients = Clients(house, plan.clients, plan.pause, chance)
        self._world = World(house, chance)

    async def run(self) -> Outcome:
        plan, outcome = self._plan, Outcome(self._plan)
        self._clients.begin()
        say("all begins")
        try:
            async with asyncio.timeout(plan.seconds + PATIENCE):
                await self._suffer()
            say("the end")
            await self._clients.leave()
            say("all clients were answered")
            self.house.still()
            outcome.settled_after = await self._until_settled()
        finally:
            await self._clients.end()
        await asyncio.to_thread(self._judge, outcome)
        return outcome

    async def _suffer(self) -> None:
        plan, began = self._plan, time.monotonic()
        kills, restarts = 0, 0
        while (passed := time.monotonic() - began) < plan.seconds:
            await asyncio.to_thread(self._world.turn)
            if passed > (kills + 1) * plan.kill_every:
                kills += 1
                await asyncio.to_thread(self.house.kill_worker)
            if restarts < plan.restarts and passed > (restarts + 1) * plan.seconds / (plan.restarts + 1):
                restarts += 1
                await asyncio.to_thread(self.house.restart_postgres)
                print(
                    f"{passed:.0f} s: PostgreSQL was restarted, {len(self._clients.answers)} answers", file=sys.stderr
                )
            await asyncio.sleep(min(TURN, plan.kill_every / 4))

    async def _until_settled(self) -> float | None:
        began = time.monotonic()
        while (passed := time.monotonic() - began) < PATIENCE:
            await asyncio.to_thread(self._world.turn, last=True)
            left = await asyncio.to_thread(self._waiting)
            if not left:
                return passed
            say(f"{passed:.0f} s after the end: {left}")
            await asyncio.sleep(TURN)
        return None

    def _waiting(self) -> dict[str, int]:
        with self.house.biore.tables() as tables:
            if self._plan.hurry:
                for statement in HURRY:
                    with suppress(DeadlockDetected):  # another time
                        tables.run(statement)
            return waiting(self.house, tables)

    def _judge(self, outcome: Outcome) -> None:
        house, clients = self.house, self._clients
        with house.biore.tables() as tables:
            if outcome.settled_after is None:
                outcome.left = waiting(house, tables)
            tables.run("INSERT INTO outbox (id, topic, payload) VALUES (gen_random_uuid(), 'money.reconcile', '{}')")
            waits = "SELECT count(*) AS n FROM outbox WHERE topic = 'money.reconcile' AND done_at IS NULL"
            until(lambda: tables.one(waits)["n"] == 0, "the books read", PATIENCE)
            outcome.lost = [*lost(house, clients, tables)]
            outcome.figures = {what: int(tables.one(query)["n"]) for what, query in COUNTED.items()}
        outcome.figures |= {"restarts": house.restarts, "workers killed": house.kills}
        outcome.answers, outcome.faults = clients.answers, faults(clients, load().policies)
        outcome.calls = sum((vendor.met for vendor in house.vendors), Counter[str]())
        outcome.notices = house.courier.statuses
        others = {told: number for told, number in outcome.notices.items() if told not in ("200", "503")}
        outcome.faults.update({f"a notice was answered {told}": number for told, number in others.items()})


def say(what: str) -> None:
    """While the drill goes on."""
    print(f"{utc_now():%H:%M:%S} {what}", file=sys.stderr, flush=True)


COUNTED = {
    "loads begun": "SELECT count(*) AS n FROM payments",
    "loads paid": "SELECT count(*) AS n FROM payments WHERE status = 'PAID'",
    "cents paid in": "SELECT coalesce(sum(amount), 0)::bigint AS n FROM payments WHERE status = 'PAID'",
    "refunds": "SELECT count(*) AS n FROM refunds",
    "disputes": "SELECT count(*) AS n FROM disputes",
    "payouts": "SELECT count(*) AS n FROM payouts",
    "payouts that arrived": "SELECT count(*) AS n FROM payouts WHERE status = 'PROCESSED'",
    "attempts to pay out": "SELECT count(*) AS n FROM payout_attempts",
    "notices": "SELECT count(*) AS n FROM provider_events",
    "notices that waited for what they are about": "SELECT count(*) AS n FROM provider_events WHERE waits > 0",
    "transfers": "SELECT count(*) AS n FROM ledger_transfers",
    "jobs given up": "SELECT count(*) AS n FROM outbox WHERE dead_at IS NOT NULL",
}


def rehearse(plan: Plan, url: str | None = None, afterwards: Callable[[MoneyHouse], None] = lambda _: None) -> Outcome:
    """One drill; ``afterwards`` looks at the house while everything still stands. ``url``: of a database to use."""
    chance = random.Random(plan.seed)  # noqa: S311
    with ExitStack() as stack:
        house = MoneyHouse(stack, plan, chance, url)
        say("the house is built")
        outcome = asyncio.run(Drill(house, plan, chance).run())
        afterwards(house)
        return outcome


HEAD = """# Drill of money

{seconds:.0f} seconds, seed {seed}: {clients} clients who wait {pause} s on average, two API processes, {workers} workers of which one is killed
every {kill_every} s. Of all calls to vendors {faults:.0%} were to go wrong, half of these when all was done. The vendors' clock is {drift:.0f} s ahead.

| operation | answers | p50 ms | p99 ms |
|---|---|---:|---:|
"""  # noqa: E501 - one row of a table
FOOT = """
{figures}.

Vendors were asked {calls} times, and failed {failed} of them ({met}). Notices were answered {notices}.
{settled} {verdict}
"""


def markdown(outcome: Outcome) -> Iterator[str]:
    plan = outcome.plan
    told = {name: getattr(plan, name) for name in ("seconds", "seed", "clients", "pause", "workers", "faults")}
    yield HEAD.format(**told, kill_every=plan.kill_every, drift=DRIFT.total_seconds())
    for operation in sorted({answer.operation for answer in outcome.answers}):
        answers = [answer for answer in outcome.answers if answer.operation == operation]
        kinds = Counter(str(answer.status) if answer.good else f"{answer.status} {answer.code}" for answer in answers)
        counts = ", ".join(f"{number} x {what}" for what, number in sorted(kinds.items()))
        ranked = sorted(answer.seconds for answer in answers)
        p50, p99 = (round(ranked[int(len(ranked) * share)] * 1000) for share in (0.5, 0.99))
        yield f"| {operation} | {counts} | {p50} | {p99} |\n"
    calls, good = outcome.calls.total(), outcome.calls["none"]
    wrong = {what: number for what, number in sorted(outcome.calls.items()) if what != "none"}
    after = outcome.settled_after
    broken = sum(outcome.faults.values()) + len(outcome.lost)
    yield FOOT.format(
        figures=", ".join(f"{what}: {number}" for what, number in outcome.figures.items()),
        calls=calls,
        failed=calls - good,
        met=", ".join(f"{number} {what}" for what, number in wrong.items()),
        notices=", ".join(f"{number} x {what}" for what, number in sorted(outcome.notices.items())),
        settled=f"All was settled {after:.0f} s after the end."
        if after is not None
        else f"Not settled: {outcome.left}.",
        verdict=f"Lost or broken: {broken}." if broken else "Both books agree to the cent, and nothing was lost.",
    )
    yield from (f"- {number} x {what}\n" for what, number in outcome.faults.most_common(MOST_TOLD))
    yield from (f"- {loss}\n" for loss in outcome.lost[:MOST_TOLD])


def write(outcome: Outcome) -> str:
    RESULTS.mkdir(exist_ok=True)
    text = "".join(markdown(outcome))
    (RESULTS / "drill_money.md").write_text(text)
    result: dict[str, Any] = {"passed": outcome.passed, "settled_after_s": outcome.settled_after}
    result |= {"figures": outcome.figures, "calls": dict(outcome.calls), "faults": dict(outcome.faults)}
    result |= {"left": outcome.left, "lost": outcome.lost}
    (RESULTS / "drill_money.json").write_text(json.dumps(result, indent=2) + "\n")
    return text


def run(arguments: Sequence[str]) -> int:
    """The exit code is 1 when something was lost, did not settle, or was answered as the contract does not know."""
    plan = Plan()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.money.drill", description="Fail whatever moves money.")
    parser.add_argument("--minutes", type=float, default=plan.seconds / 60, help="for how long (default: %(default)s)")
    parser.add_argument("--clients", type=int, default=plan.clients, help="how many at once (default: %(default)s)")
    parser.add_argument("--pause", type=float, default=plan.pause, help="seconds a client waits (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=plan.seed, help="of all chances (default: %(default)s)")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nothing is left running
    with Zygote() as zygote:
        Deployment.starts = zygote.start
        outcome = rehearse(Plan(options.minutes * 60, clients=options.clients, seed=options.seed, pause=options.pause))
    print(write(outcome))
    return 0 if outcome.passed else 1


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
