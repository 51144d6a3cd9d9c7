"""``/metrics``: who may read what the server counts, and what the database says of the outbox at that moment.

Beside the contract, like the probes: it is for those who run the server.
"""

import asyncio
import secrets
from collections.abc import Mapping
from typing import Any

import psycopg
import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from domain.clock import utc_now
from domain.errors import ApiError
from domain.hosts import is_loopback, is_loopback_address
from domain.money.movements import end_of
from persistence.engine.database import Database
from runtime.observe.metrics import Metrics, WholeServer
from runtime.settings import Settings
from runtime.web.call import SCOPE_KEY
from runtime.web.lifecycle import Lifecycle

PATH = "/metrics"
DATABASE_SECONDS = 1.0

log = structlog.get_logger(__name__)


class Scrape:
    """Pure ASGI. Raises ApiError route.not_found, auth.unauthenticated or route.method_not_allowed."""

    def __init__(self, metrics: Metrics, database: Database, settings: Settings) -> None:
        self._metrics = metrics
        self._database = database
        self._token = settings.metrics_token
        self._development = settings.development

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._admit(scope)
        response = await self._answer(Request(scope))
        await response(scope, receive, send)

    def _admit(self, scope: Scope) -> None:
        """Without a token there is nothing here; the developer's own machine needs none."""
        local = self._development and is_loopback_address(_address(scope)) and is_loopback(_host(scope))
        if scope["path"] != PATH or (self._token is None and not local):
            raise ApiError("route.not_found")
        if not local and not self._proves(Request(scope).headers.getlist("authorization")):
            raise ApiError("auth.unauthenticated")
        if scope["method"] not in ("GET", "HEAD"):
            raise ApiError("route.method_not_allowed")

    def _proves(self, given: list[str]) -> bool:
        scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        right = secrets.compare_digest(token.strip().encode(), (self._token or "").encode())
        return right and scheme.lower() == "bearer"

    async def _answer(self, request: Request) -> Response:
        self._metrics.publish()
        registry = CollectorRegistry()
        registry.register(WholeServer(self._metrics, await outbox(self._database)))
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        # Some thousand lines take longer to write than a request may wait for.
        content = await asyncio.to_thread(encode, registry)
        return Response(content, headers={"Content-Type": content_type, "Cache-Control": "no-store"})


async def outbox(database: Database, seconds: float = DATABASE_SECONDS) -> list[Metric]:
    """What the database says within ``seconds``; of one that does not, nothing but that."""
    up = GaugeMetricFamily("biore_database_up", "1 if the database answered this scrape", value=0)
    try:
        async with asyncio.timeout(seconds), database.reading() as db:
            depths, oldest = await db.outbox.depths(), await db.outbox.oldest_due()
            budgets = await db.sms_budgets.list_of(utc_now().date())
            last = await db.audit_seals.last()
            notices = await db.provider_events.open_ones()
            treasury, needed = await db.tallies.treasury(), await db.tallies.needed()
            findings, clean = await db.reconciliations.open(), await db.reconciliations.last_clean()
            compared = await db.movements.compared_until()
    except (psycopg.Error, TimeoutError) as error:
        log.warning("metrics.database_unavailable", reason=type(error).__name__)
        return [up]
    up.samples[0] = up.samples[0]._replace(value=1)
    jobs = GaugeMetricFamily("biore_outbox_jobs", "Jobs of the outbox, counted to 100000", labels=("state",))
    for state, count in depths.items():
        jobs.add_metric((state,), count)
    codes = GaugeMetricFamily(
        "biore_sms_codes_today",
        "Codes to phones of a country since midnight, UTC",
        labels=("country", "asked_by", "event"),
    )
    for budget in budgets:
        for event, count in (("sent", budget.sent), ("verified", budget.verified)):
            codes.add_metric((budget.country, budget.asked_by, event), count)
    events = GaugeMetricFamily(
        "biore_provider_events", "Notices of providers that are not done", labels=("family", "state")
    )
    for labels, count in sorted(notices.items()):
        events.add_metric(labels, count)
    wrong = GaugeMetricFamily("biore_ledger_findings", "Findings of the ledger that are open", labels=("check",))
    for check, count in findings.items():
        wrong.add_metric((check,), count)
    lies = GaugeMetricFamily(
        "biore_money_balance_cents", "Money that lies at providers, or is owed to us, by our books", labels=("account",)
    )
    for account, balance in treasury.items():
        lies.add_metric((account,), balance)
    asked = GaugeMetricFamily(
        "biore_money_needed_cents", "Payouts that are approved and not sent yet", labels=("provider",)
    )
    short = GaugeMetricFamily(
        "biore_money_short_cents", "Of these, what the provider refused for want of our money", labels=("provider",)
    )
    for row in needed:
        asked.add_metric((row.provider,), row.needed)
        short.add_metric((row.provider,), row.short)
    since = "When the ledger was last added up without a finding; 0 for never"
    right = GaugeMetricFamily("biore_ledger_clean_timestamp_seconds", since, value=clean.timestamp() if clean else 0)
    until = GaugeMetricFamily(
        "biore_movements_compared_timestamp_seconds",
        "The end of the last day for which a provider's book was compared with the ledger; 0 for none",
        labels=("account",),
    )
    for account, day in compared.items():
        until.add_metric((account,), end_of(day).timestamp() if day else 0)
    what = "How long the oldest job has been due"
    head = GaugeMetricFamily(
        "biore_audit_head", "Number of the last seal of the audit log", value=last.number if last else 0
    )
    return [
        up,
        jobs,
        codes,
        head,
        events,
        wrong,
        lies,
        asked,
        short,
        right,
        until,
        GaugeMetricFamily("biore_outbox_oldest_due_seconds", what, value=oldest.total_seconds()),
    ]


def _address(scope: Scope) -> str:
    """Where the request came from: behind our own proxies, who they say; else the other end of the connection."""
    if SCOPE_KEY in scope:
        ip: str | None = scope[SCOPE_KEY].client.ip
        return ip or ""
    return scope["client"][0] if scope.get("client") else ""


def _host(scope: Scope) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")


class MetricsApp:
    """The scrape of a process that serves nothing else, which has no envelope for refusals.

    ``catalogue`` is the contract's, of error codes.
    """

    def __init__(self, scrape: Scrape, catalogue: Mapping[str, Mapping[str, Any]], lifecycle: Lifecycle) -> None:
        self._scrape = scrape
        self._catalogue = catalogue
        self._lifecycle = lifecycle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._require_room(scope)
            await self._scrape(scope, receive, send)
        except ApiError as refusal:
            status = self._catalogue[refusal.code]["status"]
            headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
            await PlainTextResponse(refusal.code, status, headers)(scope, receive, send)

    def _require_room(self, scope: Scope) -> None:
        if self._lifecycle.is_full(scope):
            raise ApiError("service.unavailable")
