"""``biore doctor``: looks at a deployment from where it runs, and says of each thing what is wrong. Changes nothing."""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, TypeVar

from contract.loader import Contract, load
from domain.answers.hiding import hide
from domain.clock import utc_now
from runtime.doctor import database, outside, safekeeping, surroundings
from runtime.doctor.deployment import PATIENCE, Deployment, opened
from runtime.doctor.verdict import Level, Verdict, fail, ok, warn
from runtime.settings import InvalidSettings, Settings, faults, read

T = TypeVar("T")

Look = Callable[[Deployment], Verdict | Awaitable[Verdict]]


@dataclass(frozen=True, slots=True)
class Check:
    """``needs``: what must be there to look at all: nothing, ``database`` or ``config``, its migrated tables."""

    name: str
    look: Look
    needs: str = ""


CHECKS = (
    Check("secret", safekeeping.secret),
    Check("secret.file", safekeeping.secret_file),
    Check("secret.sealed", safekeeping.sealed, "config"),
    Check("secret.digests", safekeeping.digests, "config"),
    Check("secret.retired", safekeeping.retired, "config"),
    Check("database", database.reachable),
    Check("database.version", database.version, "database"),
    Check("database.schema", database.schema, "database"),
    Check("database.encoding", database.encoding, "database"),
    Check("database.time_zone", database.time_zone, "database"),
    Check("database.connections", database.connections, "database"),
    Check("database.writable", database.writable, "database"),
    Check("database.durable", database.durable, "database"),
    Check("clock", database.clock, "database"),
    Check("worker", database.worker, "config"),
    Check("worker.dead_letters", database.dead_letters, "config"),
    Check("ledger", database.ledger, "config"),
    Check("ledger.movements", database.movements, "config"),
    Check("staff.owners", database.owners, "config"),
    Check("redis", outside.redis),
    Check("mail", outside.mail, "config"),
    Check("sms", outside.sms, "config"),
    Check("captcha", outside.captcha, "config"),
    Check("storage", outside.storage, "config"),
    Check("oauth", outside.oauth, "config"),
    Check("dns", outside.dns, "config"),
    Check("config", surroundings.config, "config"),
    Check("config.environment", surroundings.environment, "config"),
    Check("addresses", surroundings.addresses, "config"),
    Check("cookie", surroundings.cookie, "config"),
    Check("cors", surroundings.cors),
    Check("proxies", surroundings.proxies),
    Check("proxies.country", surroundings.country, "config"),
    Check("disk", surroundings.disk),
    Check("files", surroundings.files),
    Check("portal", surroundings.portal),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line."""

    level: Level
    name: str
    what: str
    remedy: str


def examine(
    environ: Mapping[str, str] | None = None,
    *,
    contract: Contract | None = None,
    checks: Sequence[Check] = CHECKS,
    clock: Callable[[], datetime] = utc_now,
    seconds: float = PATIENCE,
) -> list[Finding]:
    """What was found. The database is asked first, then everything at once, each for ``seconds`` at most.

    ``contract``: where it was loaded already.
    """
    try:
        settings = read() if environ is None else read(environ)
    except InvalidSettings as error:
        return [_finding("settings", fail(str(error), "mend it; nothing else was looked at"))]
    return look_at(settings, contract or load(), checks=checks, clock=clock, seconds=seconds)


def look_at(
    settings: Settings,
    contract: Contract,
    *,
    checks: Sequence[Check] = CHECKS,
    clock: Callable[[], datetime] = utc_now,
    seconds: float = PATIENCE,
) -> list[Finding]:
    """As ``examine``, with settings that were read already. Not for a thread that has an event loop."""
    wrong, known = _secrets(settings)
    told = fail("; ".join(wrong), "no process starts like this") if wrong else ok(f"{settings.env}, all can be read")
    found = _run(_examine(opened(settings, known, contract, clock, seconds), checks))
    return [_finding("settings", told), *found]


def _secrets(settings: Settings) -> tuple[list[str], tuple[str, ...]]:
    """What is wrong with the settings, and the secrets that there are."""
    try:
        return list(faults(settings)), settings.known_secrets
    except OSError as error:
        return [f"{settings.secret_file} cannot be read ({type(error).__name__})"], ()


async def _examine(opening: AbstractAsyncContextManager[Deployment], checks: Sequence[Check]) -> list[Finding]:
    async with opening as deployment:
        able = [check for check in checks if not check.needs or check.needs in deployment.abilities]
        verdicts = await asyncio.gather(*(_ask(check, deployment) for check in able))
    found = [_finding(check.name, verdict) for check, verdict in zip(able, verdicts, strict=True)]
    if len(able) < len(checks):
        words = f"{len(checks) - len(able)} checks, which need the database and its tables"
        found.append(_finding("skipped", warn(words, "mend the database and ask again")))
    return found


async def _ask(check: Check, deployment: Deployment) -> Verdict:
    try:
        async with asyncio.timeout(deployment.seconds):
            # In a thread, because what asks the disk may hang; what asks the network only makes its coroutine there.
            told = await asyncio.to_thread(check.look, deployment)
            return told if isinstance(told, Verdict) else await told
    except TimeoutError:
        return fail(f"no answer within {deployment.seconds:g} s", "see whether what it asks is up and not overloaded")
    except Exception as error:  # a check that breaks must not take the others with it, nor tell what its text may hold
        return fail(f"could not be looked at ({type(error).__name__})", "look by hand")


def _finding(name: str, verdict: Verdict) -> Finding:
    return Finding(verdict.level, name, *(hide(" ".join(text.split())) for text in (verdict.what, verdict.remedy)))


class _Threads(ThreadPoolExecutor):
    """One daemon for each call: a name server or a disk that is dead keeps its thread, and nobody waits for it."""

    def submit(self, function: Callable[..., T], /, *args: Any, **kwargs: Any) -> "Future[T]":
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()  # from now on nobody can cancel it, and it may be answered any time

        def run() -> None:
            try:
                future.set_result(function(*args, **kwargs))
            except BaseException as error:
                future.set_exception(error)

        threading.Thread(target=run, daemon=True).start()
        return future


def _run(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner() as runner:
        runner.get_loop().set_default_executor(_Threads())
        return runner.run(work)


def lines(findings: Sequence[Finding]) -> list[str]:
    width = max(len(finding.name) for finding in findings)
    return [
        f"{finding.level:<4}  {finding.name:<{width}}  {finding.what}{' -> ' if finding.remedy else ''}{finding.remedy}"
        for finding in findings
    ]


def summary(findings: Sequence[Finding]) -> str:
    """``33 checks: 30 ok, 2 warnings, 1 failed``"""
    counts = Counter(finding.level for finding in findings)
    warnings = f"{counts['warn']} warning{'s' if counts['warn'] != 1 else ''}"
    return f"{len(findings)} checks: {counts['ok']} ok, {warnings}, {counts['FAIL']} failed"


def as_json(findings: Sequence[Finding]) -> str:
    """One document for programs."""
    return json.dumps({"checks": [asdict(finding) for finding in findings]}, ensure_ascii=False, indent=2)


def is_healthy(findings: Sequence[Finding], *, strict: bool) -> bool:
    """``strict``: warnings count as well."""
    bad = {"FAIL", "warn"} if strict else {"FAIL"}
    return not any(finding.level in bad for finding in findings)
