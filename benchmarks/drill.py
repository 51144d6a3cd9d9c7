"""The fault drill: one part after the other fails under steady load; what did clients see, and was anything lost?

`python -m benchmarks.drill` starts PostgreSQL, Redis, two API processes, a worker, a mail server and a name server,
all real, and takes them away in turn. Afterwards every confirmed registration must have its account, its consents and
one verification mail, every session must live, and no answer may be one that the contract does not know.
"""

import argparse
import asyncio
import json
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.clients import LONGEST_ANSWER, PER_SECOND, REFRESH_SECONDS, SUCCESS, Answer, Clients
from benchmarks.disk import small_disk
from benchmarks.house import LEASE_SECONDS, PEOPLE, House
from contract.loader import load
from contract.policy import Policy
from domain.clock import utc_now

RESULTS = Path(__file__).parent / "results"
HOLD_SECONDS = 5.0
CALM_SECONDS = 2.0
PATIENCE = 30.0
MOST_TOLD = 40
PACES = (1.0, 1.0, 0.5, 0.25, 0.125)  # twice at first, for what was never called is slow
AT_ONCE_MS = 500
SLOW_MAIL_SECONDS = 4.0

Step = Callable[[House], object]


@dataclass(frozen=True, slots=True)
class Fault:
    """``meanwhile`` is done again and again while it lasts. ``on_disk``: it needs a disk that may be filled.

    ``refuses``: without the part nobody can be served, so that a 503 is the right answer. No other part is worth one.
    """

    name: str
    inflict: Step
    cure: Step
    meanwhile: Step | None = None
    on_disk: bool = False
    refuses: bool = False


@dataclass(frozen=True, slots=True)
class Phase:
    """Times of ``time.monotonic``: it began, it ended, all answers were good again, no earlier mail waited any more."""

    fault: Fault
    inflicted: float
    cured: float
    calm: float | None
    sent: float | None

    def told(self) -> str:
        """While the drill goes on."""
        calm, sent = (f"{at - self.cured:.1f} s" if at else "never" for at in (self.calm, self.sent))
        return f"{self.fault.name}: lasted {self.cured - self.inflicted:.1f} s, calm after {calm}, mails after {sent}"


def nothing(_: House) -> None:
    pass


def fill(house: House) -> None:
    house.disk.fill()


def ask_for_more(house: House) -> None:
    """A checkpoint has to write where nothing can be written: PostgreSQL gives up, and comes back only when it can."""
    house.disk.fill()
    try:
        with psycopg.connect(house.url, autocommit=True, connect_timeout=1) as connection:
            connection.execute("SELECT pg_switch_wal()")
            connection.execute("CHECKPOINT")
    except psycopg.Error as error:  # its own log is on that disk too, and may not tell
        house.gave_up |= error.sqlstate is None or error.sqlstate.startswith("57P")


def make_room(house: House) -> None:
    house.disk.clear()
    house.restart_postgres()


def slow_mail(seconds: float) -> Step:
    def set_slowness(house: House) -> None:
        house.post_office.slowest = seconds

    return set_slowness


def silence_names(silent: bool) -> Step:
    def set_silence(house: House) -> None:
        house.zone.silent = silent

    return set_silence


GIVES_UP = "database disk full, PostgreSQL gives up"
FAULTS = (
    Fault("none", nothing, nothing),
    Fault("Redis killed", lambda house: house.redis.kill(), lambda house: house.redis.start()),
    Fault(
        "PostgreSQL stopped", lambda house: house.postgres.stop(), lambda house: house.restart_postgres(), refuses=True
    ),
    Fault("worker killed", lambda house: house.worker.kill(), lambda house: house.start_worker()),
    Fault(f"mail server takes up to {SLOW_MAIL_SECONDS:.0f} s", slow_mail(SLOW_MAIL_SECONDS), slow_mail(0)),
    Fault("name server silent", silence_names(True), silence_names(False)),
    Fault("database disk full", fill, make_room, fill, on_disk=True, refuses=True),
    Fault(GIVES_UP, ask_for_more, make_room, ask_for_more, on_disk=True, refuses=True),
)


class Drill:
    def __init__(self, house: House, hold: float) -> None:
        self.house = house
        self.clients = Clients(house.biore, house.settle())
        self.phases: list[Phase] = []
        self.skipped: dict[str, str] = {}
        self._hold = hold

    async def run(self, faults: Sequence[Fault]) -> None:
        async with self.clients.calling():
            await self._find_pace()
            for fault in faults:
                if fault.on_disk and self.house.disk.refusal:
                    self.skipped[fault.name] = self.house.disk.refusal
                    continue
                self.phases.append(phase := await self._suffer(fault))
                print(phase.told(), file=sys.stderr, flush=True)
        await self._until_sent(utc_now())

    async def _find_pace(self) -> None:
        """As many clients as are answered at once while nothing is wrong; fewer where the machine is slow or busy."""
        for self.clients.pace in PACES:
            await self._until_calm(time.monotonic())
            began = time.monotonic()
            await asyncio.sleep(2 * CALM_SECONDS)
            seen = [answer for answer in self.clients.answers if answer.began >= began]
            if all(answer.good for answer in seen) and p99(seen) < AT_ONCE_MS:
                return
            print(f"too fast: {self.clients.pace}; {Counter(map(told, seen))}, p99 {p99(seen)} ms", file=sys.stderr)

    async def _suffer(self, fault: Fault) -> Phase:
        await asyncio.sleep(CALM_SECONDS)
        inflicted = time.monotonic()
        await asyncio.to_thread(fault.inflict, self.house)
        while time.monotonic() < inflicted + self._hold:
            await asyncio.sleep(0.2)
            if fault.meanwhile is not None:
                await asyncio.to_thread(fault.meanwhile, self.house)
        await asyncio.to_thread(fault.cure, self.house)
        cured, moment = time.monotonic(), utc_now()
        calm, sent = await asyncio.gather(self._until_calm(cured), self._until_sent(moment))
        return Phase(fault, inflicted, cured, calm, sent)

    async def _until_calm(self, since: float) -> float | None:
        """Until every operation was answered well, and nothing else was seen, for a while."""
        deadline = since + PATIENCE
        while time.monotonic() < deadline:
            await asyncio.sleep(0.1)
            now = time.monotonic()
            latest = [answer for answer in self.clients.answers[-2000:] if answer.ended > now - CALM_SECONDS]
            bad = [answer for answer in latest if not answer.good and not answer.patient]
            if now > since + CALM_SECONDS and not bad and {answer.operation for answer in latest} == set(SUCCESS):
                return now
        return None

    async def _until_sent(self, moment: datetime) -> float | None:
        """Until no job from before the moment waits."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if await asyncio.to_thread(self.house.unsent, moment) == 0:
                return time.monotonic()
            await asyncio.sleep(0.1)
        return None


class Findings:
    """What the answers of each phase were, and what is missing after all of them."""

    def __init__(self, drill: Drill, policies: Mapping[str, Policy]) -> None:
        self._drill = drill
        self._policies = policies
        self.lost = [*lost(drill), *after_all(drill)]
        self.rows = [self._row(phase) for phase in drill.phases]

    @property
    def passed(self) -> bool:
        return not self.lost and all(row["verdict"] == "ok" for row in self.rows)

    def _row(self, phase: Phase) -> dict[str, Any]:
        until = phase.calm or phase.cured + PATIENCE
        answers = [a for a in self._drill.clients.answers if phase.inflicted <= a.began < until]
        bad = [a.ended for a in answers if not a.good and not a.patient]
        faults = Counter(found for a in answers if (found := a.fault(self._policies)))
        if not phase.fault.refuses and (refused := sum(answer.status == 503 for answer in answers)):
            faults["503 although the database was there"] = refused
        if phase.calm is None:
            faults[f"clients were not well again {PATIENCE:.0f} s after it"] = 1
        if phase.fault.name == GIVES_UP and not self._drill.house.gave_up:
            faults["PostgreSQL did not give up"] = 1
        if phase.sent is None:
            faults[f"mails were not through {PATIENCE:.0f} s after it"] = 1
        return {
            "fault": phase.fault.name,
            "lasted_s": round(phase.cured - phase.inflicted, 1),
            "statuses": dict(sorted(Counter(told(a) for a in answers).items())),
            "p99_ms": {name: p99([a for a in answers if a.operation == name]) for name in SUCCESS},
            "longest_ms": round(max(a.seconds for a in answers) * 1000),
            "well_again_after_s": round(max([0.0, *(ended - phase.cured for ended in bad)]), 1),
            "mails_through_after_s": round(phase.sent - phase.cured, 1) if phase.sent else None,
            "verdict": "; ".join(f"{count} x {what}" for what, count in faults.items()) or "ok",
        }


def told(answer: Answer) -> str:
    return str(answer.status) if answer.status else "none"


def p99(answers: Sequence[Answer]) -> int:
    ranked = sorted(answer.seconds for answer in answers)
    return round(ranked[int(len(ranked) * 0.99)] * 1000) if ranked else 0


def lost(drill: Drill) -> Iterator[str]:
    """Confirmed registrations that lack something, and what exists without one."""
    clients, delivered = drill.clients, defaultdict(set)
    for recipient, message_id in drill.house.post_office.accepted:
        delivered[recipient].add(message_id)
    with drill.house.biore.tables() as tables:
        accounts = {row["email"]: str(row["id"]) for row in tables.rows("SELECT id, email FROM users")}
        kinds = "SELECT user_id, array_agg(kind::text ORDER BY kind::text) AS kinds FROM consent_records GROUP BY 1"
        consents = {str(row["user_id"]): row["kinds"] for row in tables.rows(kinds)}
        dead = tables.rows("SELECT topic, last_error FROM outbox WHERE dead_at IS NOT NULL")
    for email, user_id in clients.registered.items():
        if accounts.get(email) != user_id:
            yield f"{email}: confirmed as {user_id}, has account {accounts.get(email)}"
        if consents.get(user_id) != ["privacy", "terms"]:
            yield f"{email}: consents {consents.get(user_id)}"
        if len(delivered[email]) != 1:
            yield f"{email}: {len(delivered[email])} verification mails"
    known = clients.registered.keys() | clients.unanswered | clients.people
    yield from (f"{email}: a mail without a registration" for email in delivered.keys() - known)
    yield from (f"dead letter {row['topic']}: {row['last_error']}" for row in dead)


def after_all(drill: Drill) -> Iterator[str]:
    clients = drill.clients
    yield from (f"{email}: never answered for good" for email in sorted(clients.unanswered))
    yield from (f"registration refused: {refusal}" for refusal in clients.refused)
    yield from (f"signed out: {session}" for session in clients.signed_out)
    if drill.house.server.code is not None:
        yield f"the server ended with {drill.house.server.code}"


HEAD = """# Fault drill

Per second {rate}, and {refreshes:.1f} auth.refresh; two API processes, one worker with a lease of {lease} s, cheap
hashes (10 rounds), documented limits widened, but counted in Redis. A call is given up after {longest:.0f} s. Times are of
the clients, who share the cores with everything else.

| fault | lasted s | answers by status | p99 ms of auth.me | longest ms | well again after s | mails through after s | verdict |
|---|---:|---|---:|---:|---:|---:|---|
"""  # noqa: E501 - one row of a table
FOOT = """
{registered} registrations were confirmed. The mail server took {mails} mails, {repeated} of them repetitions under the
same Message-ID. {verdict}
"""


def markdown(drill: Drill, findings: Findings) -> Iterator[str]:
    pace = drill.clients.pace
    rate = ", ".join(f"{count * pace:.1f} {name}" for name, count in PER_SECOND.items())
    refreshes = PEOPLE / REFRESH_SECONDS * pace
    yield HEAD.format(rate=rate, refreshes=refreshes, lease=LEASE_SECONDS, longest=LONGEST_ANSWER)
    for row in findings.rows:
        statuses = ", ".join(f"{count} x {status}" for status, count in row["statuses"].items())
        yield (
            f"| {row['fault']} | {row['lasted_s']} | {statuses} | {row['p99_ms']['auth.me']} | {row['longest_ms']}"
            f" | {row['well_again_after_s']} | {row['mails_through_after_s']} | {row['verdict']} |\n"
        )
    yield from (f"| {name} | | | | | | | skipped: {reason} |\n" for name, reason in drill.skipped.items())
    accepted = drill.house.post_office.accepted
    yield FOOT.format(
        registered=len(drill.clients.registered),
        mails=len(accepted),
        repeated=len(accepted) - len(set(accepted)),
        verdict=f"Lost or broken: {len(findings.lost)}." if findings.lost else "Nothing was lost.",
    )
    yield from (f"- {loss}\n" for loss in findings.lost[:MOST_TOLD])


def write(drill: Drill, findings: Findings) -> str:
    RESULTS.mkdir(exist_ok=True)
    text = "".join(markdown(drill, findings))
    (RESULTS / "drill.md").write_text(text)
    result = {"faults": findings.rows, "skipped": drill.skipped, "lost": findings.lost, "passed": findings.passed}
    (RESULTS / "drill.json").write_text(json.dumps(result, indent=2) + "\n")
    return text


def run(arguments: Sequence[str]) -> int:
    """The exit code is 1 when something was lost or clients saw what the contract does not know."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drill", description="Fail one part after the other.")
    parser.add_argument("--hold", type=float, default=HOLD_SECONDS, help="seconds of a fault (default: %(default)s)")
    parser.add_argument("--only", default="", help="faults whose name holds this")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nothing is left running or mounted
    with ExitStack() as stack:
        drill = Drill(House(stack, stack.enter_context(small_disk())), options.hold)
        asyncio.run(drill.run([fault for fault in FAULTS if options.only in fault.name]))
        findings = Findings(drill, load().policies)
        print(write(drill, findings))
    return 0 if findings.passed else 1


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
