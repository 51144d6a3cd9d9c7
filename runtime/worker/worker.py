"""The worker: claims jobs from the outbox, runs them, and ends each in one transaction with its effect.

A job is claimed when a place of its lane is free, and begun at once: what is slow holds up nobody of another lane, and
no attempt is counted for what did not begin. What its last worker did not end runs in a place of its own, one such job
of each lane at a time: should it kill its worker again, others of its kind are not with it.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import uuid4

import psycopg
import structlog

from domain.answers.hiding import hide
from domain.clock import utc_now
from domain.jobs import LEASE, MAX_ATTEMPTS, PLACES, GivenUp, Job, Lane, UnknownTopic, require_try, retry_delay
from domain.keys import Purpose
from domain.schedule import RECURRING
from domain.users import Trace
from persistence.engine.database import is_deadlock, is_outage
from persistence.engine.uow import LostClaim, UnitOfWork
from persistence.migrate import is_up_to_date
from persistence.models import OutboxJob
from persistence.repositories import Repositories
from providers.ports import ProviderRejected, ProviderUnavailable
from runtime.compose import Parts, social_desk
from runtime.observe.context import CORRELATION, TRACEPARENT
from runtime.worker.jobs import wired_jobs
from runtime.worker.scheduler import Scheduler
from services.audit.heads import AuditHeads
from services.audit.seals import AuditSeals
from services.changes import Changes
from services.container import JobServices
from services.creators.discovery import SearchReport
from services.creators.recounts import VisitReport
from services.creators.subscriptions import Subscriptions
from services.devices import device_of
from services.gdpr.archive import Archives
from services.inspector import Inspector
from services.mailer import Mailer
from services.money.closings import ClosingService
from services.money.escrows import EscrowService
from services.money.gifts import GiftService
from services.money.movements import MovementBooks
from services.money.payments import PaymentBooks
from services.money.payout_sending import PayoutBooks
from services.money.reconciler import Reconciler
from services.money.rewards import RewardService
from services.money.vault import Vault
from services.texter import Texter
from services.urls.operations import OperationUrls

IDLE_SECONDS = 0.5
OUTAGE_SECONDS = 1.0
SCHEDULE_SECONDS = 1.0
# What may come of a job without anybody having made a mistake here.
RECURRING_TOPICS = frozenset(job.topic for job in RECURRING)
EXPECTED = (ProviderRejected, ProviderUnavailable, UnknownTopic, GivenUp)

ObserveJob = Callable[[str, str, float], None]

log = structlog.get_logger(__name__)


def _services(parts: Parts) -> JobServices:
    storage, escrows, gifts = parts.providers.storage, EscrowService(), GiftService()
    rewards, reconciler = RewardService(parts.config), Reconciler(parts.config.writer)
    return JobServices(
        archives=Archives(parts.database, storage),
        audit_heads=AuditHeads(storage),
        audit_seals=AuditSeals(parts.database, parts.keyring),
        changes=Changes(parts.keyring, parts.config, utc_now),
        clock=utc_now,
        closings=ClosingService(gifts),
        config=parts.config,
        config_writer=parts.config.writer,
        device_of=device_of,
        digests=parts.keyring.digests,
        escrows=escrows,
        gifts=gifts,
        inspector=Inspector(parts.config),
        reconciler=reconciler,
        movement_books=MovementBooks(parts.providers.payment, parts.providers.payout, reconciler),
        kyc=parts.kyc,
        payout_accounts=parts.payout_accounts,
        rewards=rewards,
        search_report=SearchReport(),
        operation_urls=OperationUrls(parts.config, parts.contract.operation_paths),
        payment_books=PaymentBooks(escrows, rewards, parts.config),
        payments=parts.providers.payment,
        payout_books=PayoutBooks(Vault(parts.keyring), parts.payouts, parts.config),
        payout_providers=parts.providers.payout,
        payouts=parts.payouts,
        social=social_desk(parts),
        storage=storage,
        subscriptions=Subscriptions(parts.keyring.digests, parts.config),
        visit_report=VisitReport(),
        webhooks=parts.webhooks,
    )


class _Place(NamedTuple):
    """``again``: for a job that its last worker did not end."""

    lane: Lane
    again: bool


class Worker:
    """Any number of workers may run; a job belongs to the one whose lease is on it.

    ``observe`` is told of each run of a job: topic, outcome, seconds. ``places``: how many jobs of each lane it runs at
    once.
    """

    def __init__(
        self,
        parts: Parts,
        lease: timedelta = LEASE,
        observe: ObserveJob = lambda *_: None,
        places: Mapping[Lane, int] = PLACES,
    ) -> None:
        self._parts = parts
        self._places = places
        self._jobs = wired_jobs(_services(parts))
        self._lease = lease
        self._observe = observe
        self._scheduler = Scheduler(parts.database, parts.config)
        self._running: dict[asyncio.Task[None], _Place] = {}
        self._faults: list[BaseException] = []
        self._woken = asyncio.Event()
        self.stopping = False

    def stop(self) -> None:
        """Finish what runs, claim nothing more."""
        self.stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Until ``stop``. Outages of the database, and migrations that are still to come, are waited out."""
        await self._wait_until_ready()
        beside = [asyncio.create_task(self._parts.config.watch()), asyncio.create_task(self._keep_schedule())]
        try:
            while not self.stopping or self._running or self._faults:
                await self._turn()
        finally:
            tasks = [*beside, *self._running]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _wait_until_ready(self) -> None:
        """Before any job: under default values it could take the wrong provider, and each revision of the schema that
        is still to come commits by itself."""
        await self._parts.config.keep_up()
        while not (await self._is_ready() or self.stopping):
            await self._pause(OUTAGE_SECONDS)
            await self._parts.config.keep_up()

    async def _is_ready(self) -> bool:
        return self._parts.config.known and await is_up_to_date(self._parts.database)

    async def _turn(self) -> None:
        """Fill the places that are free, and wait until another is, or until something may be due."""
        self._woken.clear()
        try:
            self._raise_faults()
            if not self.stopping:
                await self._fill()
        except Exception as error:
            if not is_outage(error):
                raise
            self._tell(error)
            await self._pause(OUTAGE_SECONDS)
            return
        await self._pause(IDLE_SECONDS)

    def _tell(self, error: Exception) -> None:
        if is_deadlock(error) or not (isinstance(error, psycopg.Error) and self._parts.config.reach.lost(error)):
            log.warning("worker.waiting", reason="deadlock" if is_deadlock(error) else type(error).__name__)

    async def _pause(self, seconds: float) -> None:
        """Shorter when a job ends, or when we shall stop."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)

    async def work_off(self) -> int:
        """Run all that is due, until nothing is; how many jobs there were."""
        ran = 0
        try:
            while True:
                was_busy = bool(self._running)  # in places that may have become free while it was asked for jobs
                begun = await self._fill()
                ran += begun
                if self._running:
                    await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
                elif not was_busy and not begun:
                    break
        finally:
            if self._running:
                await asyncio.wait(self._running)
        self._raise_faults()
        return ran

    async def _fill(self) -> int:
        """Begin a due job in each free place; how many there were."""
        taken = Counter(self._running.values())
        places = {lane: most - taken[_Place(lane, again=False)] for lane, most in self._places.items()}
        again = [lane for lane in self._places if not taken[_Place(lane, again=True)]]
        lease = uuid4()
        async with self._parts.database.unit() as db:
            claimed = await db.outbox.claim(lease, self._lease, places, again)
        for row, was_left in claimed:
            task = asyncio.create_task(self._run_leased(row, lease))
            self._running[task] = _Place(Lane(row.lane), was_left)
            task.add_done_callback(self._leave)
        return len(claimed)

    def _leave(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        fault = None if task.cancelled() else task.exception()
        if fault is not None:
            self._faults.append(fault)
        self._woken.set()

    def _raise_faults(self) -> None:
        """What befell the worker itself in a job; an outage only where there was nothing else."""
        faults, self._faults = self._faults, []
        if faults:
            raise min(faults, key=is_outage)

    async def _run_leased(self, row: OutboxJob, lease: Any) -> None:
        """A job that outlives its lease goes on only while the lease can be renewed."""
        running = asyncio.create_task(self._run_traced(row, lease))
        try:
            while not (await asyncio.wait([running], timeout=self._lease.total_seconds() / 3))[0]:
                if not await self._renewed(row, lease):
                    running.cancel()
            with suppress(asyncio.CancelledError):
                await running
        finally:
            running.cancel()

    async def _renewed(self, row: OutboxJob, lease: Any) -> bool:
        """False when the lease is another's now. While the database is away nobody can take it."""
        try:
            async with self._parts.database.unit() as db:
                return await db.outbox.renew(row.id, lease, self._lease)
        except Exception as error:
            if not is_outage(error):
                raise
            return True

    async def _run_traced(self, row: OutboxJob, lease: Any) -> None:
        with self._parts.tracing.job(row.id, row.topic, row.attempts, row.correlation_id, row.traceparent):
            await self._run_job(row, lease)

    async def _run_job(self, row: OutboxJob, lease: Any) -> None:
        began = time.perf_counter()
        outcome = await self._ran(row, lease)
        known = row.topic if row.topic in self._jobs else "unknown"  # others are counted in one place
        self._observe(known, outcome, time.perf_counter() - began)

    async def _ran(self, row: OutboxJob, lease: Any) -> str:
        """How it ended: done, failed (another try is due), dead, or lost to another worker."""
        CORRELATION.set(row.correlation_id)
        uow = UnitOfWork(self._parts.database, Trace(row.correlation_id, traceparent=TRACEPARENT.get()))
        parts = self._parts
        mailer = Mailer(parts.providers.email, parts.texts, parts.config, parts.tracing.delivery)
        try:
            require_try(row.attempts)
            await self._call(row, uow, mailer)
            await uow.conclude(lambda db: self._finish(db, row, lease, mailer))
        except LostClaim:
            log.warning("job.lost", job=str(row.id), topic=row.topic)
            return "lost"
        except Exception as error:
            await uow.abandon()
            return await self._failed(row, lease, mailer, error)
        # Nobody asked for what recurs, and metrics count it.
        tell = log.debug if row.topic in RECURRING_TOPICS else log.info
        tell("job.done", job=str(row.id), topic=row.topic, attempt=row.attempts)
        return "done"

    async def _call(self, row: OutboxJob, uow: UnitOfWork, mailer: Mailer) -> None:
        wired = self._jobs.get(row.topic)
        if wired is None:
            raise UnknownTopic(f"no job for topic {row.topic}")
        sealed = row.payload.get("sealed")
        secret = self._parts.keyring.unseal(Purpose.OUTBOX, sealed) if sealed else ""
        job = Job(row.id, wired.kind.read(row.payload), secret, row.attempts)
        texter = Texter(self._parts.providers.sms, self._parts.texts, mailer.attempts.append)
        await wired.run(job, uow, mailer, texter)

    async def _finish(self, db: Repositories, row: OutboxJob, lease: Any, mailer: Mailer) -> bool:
        await db.outbox.record_attempts(row.id, mailer.attempts)
        return await db.outbox.finish(row.id, lease)

    async def _failed(self, row: OutboxJob, lease: Any, mailer: Mailer, error: Exception) -> str:
        hopeless = isinstance(error, ProviderRejected) or row.attempts >= MAX_ATTEMPTS
        reason = hide(f"{type(error).__name__}: {error}")
        self._parts.tracing.failed(error)
        told = {"job": str(row.id), "topic": row.topic, "attempt": row.attempts, "reason": reason}
        if not isinstance(error, EXPECTED) and not is_outage(error):
            told["exc_info"] = error
        if hopeless:
            log.error("job.dead", **told)
        else:
            log.warning("job.failed", **told)
        async with self._parts.database.unit() as db:
            await db.outbox.record_attempts(row.id, mailer.attempts)
            if hopeless:
                await db.outbox.bury(row.id, lease, reason)
            else:
                delay = retry_delay(row.attempts, random.random())  # noqa: S311 - spreads retries
                await db.outbox.postpone(row.id, lease, delay, reason)
        return "dead" if hopeless else "failed"

    async def _keep_schedule(self) -> None:
        """Queue what recurs. While the database is away nothing can be due."""
        while True:
            try:
                await self._scheduler.tick()
            except psycopg.Error as error:
                if not self._parts.config.reach.lost(error):
                    log.warning("schedule.waiting", reason=type(error).__name__)
            await asyncio.sleep(SCHEDULE_SECONDS)
