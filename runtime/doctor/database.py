"""PostgreSQL: whether it is the one that a deployment needs, and whether a worker lives on it."""

from datetime import datetime, timedelta

from domain.clock import utc_now
from domain.money.movements import last_settled
from domain.schedule import RECURRING
from persistence import health
from persistence.health import Vitals
from runtime.doctor.deployment import Deployment
from runtime.doctor.verdict import Verdict, fail, ok, warn
from runtime.settings import PREFIX

OLDEST = 150000
UTC_NAMES = {"UTC", "Etc/UTC", "GMT", "Etc/GMT"}
ROOM = 0.8
SKEW, WORST_SKEW = timedelta(seconds=1), timedelta(seconds=5)
BEHIND = timedelta(days=2)
LATE, TOO_LATE = timedelta(minutes=1), timedelta(minutes=10)


def reachable(deployment: Deployment) -> Verdict:
    if deployment.vitals is not None:
        return ok("it answers")
    embedded = deployment.settings.embedded and deployment.settings.development
    start = f"start `biore serve`, which runs one, or set {PREFIX}DATABASE_URL"
    return fail(deployment.outage, start if embedded else f"see that it runs and that {PREFIX}DATABASE_URL leads there")


def version(deployment: Deployment) -> Verdict:
    return judged_version(vitals_of(deployment))


def judged_version(vitals: Vitals) -> Verdict:
    told = f"PostgreSQL {vitals.version}"
    return ok(told) if vitals.version_number >= OLDEST else fail(told, "upgrade to PostgreSQL 15 or later")


def schema(deployment: Deployment) -> Verdict:
    """Current, behind, or of a newer version than this code."""
    known, found = health.known_revisions(), deployment.revision
    if found is None:
        return fail("no migration was ever applied", "run `biore migrate`")
    if found > known[0]:
        return warn(
            f"revision {found} is newer than this code", "go on replacing nodes: run the newer version here too"
        )
    if found not in known:
        return fail(f"revision {found} is not of this code", "connect to the database of this deployment")
    behind = known.index(found)
    if behind:
        return fail(f"{behind} migrations are pending after {found}", "run `biore migrate`")
    return ok(f"revision {found} is the newest")


def encoding(deployment: Deployment) -> Verdict:
    found = vitals_of(deployment).encoding
    return ok(found) if found == "UTF8" else fail(found, "move the data to a database of ENCODING 'UTF8'")


def time_zone(deployment: Deployment) -> Verdict:
    """Ours ask for UTC when they connect; what stands between may not pass that on."""
    found = vitals_of(deployment).time_zone
    if found in UTC_NAMES:
        return ok(found)
    remedy = "let the pooler pass on startup options, or ALTER DATABASE … SET timezone TO 'UTC'"
    return warn(f"sessions run in {found} although they ask for UTC", remedy)


def connections(deployment: Deployment) -> Verdict:
    """Each API process keeps a pool and connections that ask for sessions, and a worker a pool."""
    room, processes = vitals_of(deployment).connections, deployment.settings.processes
    pool = deployment.parts.database.pool.size
    asking = deployment.parts.database.sessions.size
    needed = (pool + asking) * processes + pool
    told = f"{room} allowed, {needed} wanted: {pool + asking} for each API process ({processes}), {pool} for a worker"
    remedy = "raise max_connections (or the limit of the role or the database), or put a pooler between"
    if needed > room:
        return fail(told, remedy)
    return ok(told) if needed <= room * ROOM else warn(told, remedy)


def writable(deployment: Deployment) -> Verdict:
    vitals = vitals_of(deployment)
    if vitals.standby:
        return fail("this is a standby, which takes no writes", f"let {PREFIX}DATABASE_URL lead to the primary")
    if vitals.read_only:
        return fail("sessions are read-only", "take default_transaction_read_only back from the role or the database")
    return ok("a primary that takes writes")


def durable(deployment: Deployment) -> Verdict:
    """Development may lose what it wrote."""
    vitals = vitals_of(deployment)
    settings = {"fsync": vitals.fsync, "full_page_writes": vitals.full_page_writes}
    off = [name for name, on in settings.items() if not on]
    if not off:
        return ok("fsync and full_page_writes are on")
    if deployment.settings.development:
        return ok(f"{' and '.join(off)} off, as development may")
    return fail(f"{' and '.join(off)} off: a crash may ruin the database", "switch them on and reload PostgreSQL")


async def clock(deployment: Deployment) -> Verdict:
    ahead = await health.ahead(deployment.parts.database, deployment.clock)
    side = "ahead of" if ahead > timedelta() else "behind"
    told = f"{abs(ahead.total_seconds()):.1f} s {side} the database's"
    if abs(ahead) <= SKEW:
        return ok(told)
    remedy = "let both machines follow a time server (chrony, systemd-timesyncd)"
    return fail(told, remedy) if abs(ahead) > WORST_SKEW else warn(told, remedy)


async def worker(deployment: Deployment) -> Verdict:
    """One that lives leaves no job waiting and moves the times of recurring ones on, even when nobody is about."""
    seen = await health.backlog(deployment.parts.database, [job.topic for job in RECURRING])
    if seen.next_due is None and seen.oldest is None:
        return warn("none has ever run here", "run `biore worker`")
    late = seen.now - min(_known(seen.oldest, seen.now), _known(seen.next_due, seen.now))
    if late <= LATE:
        return ok(f"{seen.waiting} jobs wait, none for long")
    told = f"{seen.waiting} jobs wait, and nothing was done for {round(late.total_seconds() / 60)} minutes"
    return fail(told, "run `biore worker`") if late > TOO_LATE else warn(told, "run `biore worker`, or one more")


def _known(moment: datetime | None, now: datetime) -> datetime:
    return now if moment is None else moment


async def dead_letters(deployment: Deployment) -> Verdict:
    seen = await health.backlog(deployment.parts.database, [job.topic for job in RECURRING])
    if seen.dead == 0:
        return ok("none")
    return warn(f"{seen.dead} jobs were given up", "`biore jobs dead` shows why; retry or discard them")


async def ledger(deployment: Deployment) -> Verdict:
    state = await health.ledger_state(deployment.parts.database)
    if state.severe:
        remedy = "`biore ledger verify` names what is wrong; close findings when somebody knows why"
        return fail(f"{state.severe} findings say that money is wrong; payouts are stopped", remedy)
    if state.others:
        return warn(f"{state.others} findings are open", "`GET /admin/ledger/findings` tells them")
    if state.ended_at is None:
        return ok("it was not added up yet")
    return ok(f"added up at {state.ended_at:%Y-%m-%d %H:%M} UTC, and right")


async def movements(deployment: Deployment) -> Verdict:
    """Whether the books of providers are compared with the ledger day by day."""
    compared = await health.compared_until(deployment.parts.database)
    oldest = last_settled(utc_now()) - BEHIND
    behind = sorted(account for account, day in compared.items() if day is None or day < oldest)
    if not behind:
        return ok(f"{len(compared)} books of providers are compared day by day")
    remedy = "the log of the worker has the reason: `movements.unread`"
    return warn(f"{', '.join(behind)}: not compared for more than {BEHIND.days} days", remedy)


async def owners(deployment: Deployment) -> Verdict:
    """Of the staff: those who can act, and whose role does not end by itself."""
    count = await health.lasting_owners(deployment.parts.database)
    if count == 0:
        return warn("nobody has the role OWNER", "run `biore admin create EMAIL`")
    if count == 1 and not deployment.settings.development:
        return warn("one account has the role OWNER", "grant it to another, so that one lost account locks nobody out")
    return ok(f"{count} accounts have the role OWNER")


def vitals_of(deployment: Deployment) -> Vitals:
    if deployment.vitals is None:
        raise ValueError("the database was not asked")
    return deployment.vitals
