"""Tracing, as a collector sees it: what a span tells, what it never tells, who decides, and what it may cost."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from contract.loader import ROOT
from runtime.observe.spans import Traced
from runtime.settings import Settings
from runtime.web.request_spans import RequestSpans
from tests.conftest import SECRET, Databases
from tests.harness import LOOPBACK, PASSWORD, Api, Server, Tables, bearer, refresh_token
from tests.providers.servers import closed_port, siteverify_server
from tests.runtime.observe.collector import Collector, Seen, collecting

EMAIL = "ada.lovelace@example.com"
ADDRESS = "203.0.113.77"
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
PARENT_ID = "b7ad6b7169203331"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
SECONDS = 60
NEVER = str(24 * 3600 * 1000)

SpanOf = Callable[[httpx.Response], Seen]
StartTraced = Callable[..., Traced]
Log = list[dict[str, Any]]


def traceparent(flags: str) -> dict[str, str]:
    return {"traceparent": f"00-{TRACE_ID}-{PARENT_ID}-{flags}"}


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="module")
def traced(start_server: Callable[..., Server], collector: Collector) -> Server:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")  # of OpenTelemetry; by itself it sends every 5 s
        return start_server(otlp_endpoint=collector.url, cors_origins=("https://app.example",))


@pytest.fixture
def api(traced: Server) -> Iterator[Api]:
    traced.reset()
    with traced.client(address=ADDRESS) as api:
        yield api


@pytest.fixture
def span_of(collector: Collector) -> SpanOf:
    return lambda response: collector.request(response.headers["x-correlation-id"])


@pytest.fixture
def start_traced(collector: Collector) -> Iterator[StartTraced]:
    """Without a server around it."""
    made: list[Traced] = []

    def start(endpoint: str = collector.url, patience: float = 5, **settings: Any) -> Traced:
        made.append(Traced(Settings(secret_key=SECRET, **settings), endpoint, "api", patience))
        return made[-1]

    yield start
    for traced in made:
        asyncio.run(traced.close())


@pytest.fixture(scope="module")
def walk_collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="module")
def walked(databases: Databases, walk_collector: Collector) -> Log:
    arguments = (databases.migrated(), walk_collector.url, traceparent("01")["traceparent"])
    command = [sys.executable, "-m", "tests.runtime.observe.trace_walk", *arguments]
    environment = os.environ | {"OTEL_BSP_SCHEDULE_DELAY": NEVER}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, env=environment)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stderr.splitlines()]


async def answering(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


class TestRequests:
    def test_are_told_in_the_words_of_the_contract(self, api: Api, span_of: SpanOf) -> None:
        answer = api.call("auth.me")
        span = span_of(answer)
        assert (span.name, span.kind, span.parent_id) == ("GET /api/v1/auth/me", "SERVER", "")
        assert span.attributes == {
            "http.request.method": "GET",
            "http.response.status_code": 401,
            "http.route": "/api/v1/auth/me",
            "url.path": "/api/v1/auth/me",
            "url.scheme": "http",
            "biore.client.network": "203.0.113.0/24",
            "biore.correlation_id": answer.headers["x-correlation-id"],
            "biore.operation_id": "auth.me",
        }
        assert not span.failed
        assert span.nothing_else

    def test_tell_which_process_it_was(self, api: Api, span_of: SpanOf) -> None:
        resource = span_of(api.call("auth.me")).resource
        told = {key: resource[key] for key in ("service.name", "deployment.environment.name", "biore.process")}
        assert told == {
            "service.name": "biore",
            "deployment.environment.name": "development",
            "biore.process": "api",
        }
        assert {"service.version", "service.instance.id", "process.pid"} <= resource.keys()

    def test_the_callers_trace_goes_on(self, api: Api, span_of: SpanOf) -> None:
        span = span_of(api.call("auth.me", headers=traceparent("01")))
        assert (span.trace_id, span.parent_id) == (TRACE_ID, PARENT_ID)

    @pytest.mark.parametrize("given", ["", "nonsense", f"00-{0:032x}-{PARENT_ID}-01", f"ff-{TRACE_ID}-{PARENT_ID}-01"])
    def test_what_is_no_trace_begins_one(self, api: Api, span_of: SpanOf, given: str) -> None:
        span = span_of(api.call("auth.me", headers={"traceparent": given}))
        assert span.trace_id not in (TRACE_ID, "0" * 32)
        assert span.parent_id == ""

    def test_a_path_with_an_id_is_told_as_its_template(self, api: Api, span_of: SpanOf) -> None:
        span = span_of(api.call("auth.sessions.revoke", path=f"/auth/sessions/{uuid4()}"))
        assert span.name == "DELETE /api/v1/auth/sessions/{id}"
        assert "url.path" not in span.attributes

    def test_a_file_is_told_without_its_key(self, api: Api, span_of: SpanOf) -> None:
        span = span_of(api.get(f"/files/avatar/{uuid4()}/x.png?signature=x"))
        assert span.name == "GET /files/{key}"
        assert "url.path" not in span.attributes

    def test_a_path_that_leads_nowhere_and_a_method_that_is_none_are_not_told(self, api: Api, span_of: SpanOf) -> None:
        lost, odd = api.get(f"/{EMAIL}/{uuid4()}"), api.request("PROPFIND", "/files/x")
        assert span_of(lost).name == "GET"
        assert span_of(odd).name == "_OTHER /files/{key}"
        assert span_of(odd).attributes["http.request.method"] == "_OTHER"
        assert "url.path" not in span_of(lost).attributes

    def test_a_preflight_is_told_without_its_path(self, api: Api, span_of: SpanOf) -> None:
        """It is answered for any path."""
        asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "GET"}
        span = span_of(api.options(f"/api/v1/{JWT}", headers=asked))
        assert (span.name, span.attributes["http.response.status_code"]) == ("OPTIONS", 200)
        assert "url.path" not in span.attributes

    def test_a_document_is_told_by_its_path(self, api: Api, span_of: SpanOf) -> None:
        span = span_of(api.get("/openapi.json?token=x"))
        assert (span.name, span.attributes["url.path"]) == ("GET", "/openapi.json")

    def test_probes_are_none(self, api: Api, span_of: SpanOf, collector: Collector) -> None:
        probe = api.get("/health/live").headers["x-correlation-id"]
        span_of(api.call("auth.me"))
        assert probe not in [span.attributes.get("biore.correlation_id") for span in collector.spans]

    def test_a_failure_tells_its_kind_alone(self, api: Api, span_of: SpanOf, collector: Collector) -> None:
        """The database's own words would hold the whole row."""
        with Tables(api.server.database_url) as tables:
            tables.run("ALTER TABLE users ADD CONSTRAINT unforeseen CHECK (email NOT LIKE 'grace%%')")
            try:
                answer = api.register("grace@example.com")
            finally:
                tables.run("ALTER TABLE users DROP CONSTRAINT unforeseen")
        span = span_of(answer)
        assert span.failed
        assert span.attributes["http.response.status_code"] == 500
        assert span.attributes["error.type"] == "CheckViolation"
        (insert,) = [child for child in collector.children(span) if child.failed]
        assert insert.attributes["error.type"] == "CheckViolation"
        assert insert.attributes["db.response.status_code"] == "23514"
        assert span.nothing_else
        assert insert.nothing_else


class TestStatements:
    def test_are_children_without_parameters(self, api: Api, span_of: SpanOf, collector: Collector) -> None:
        span = span_of(api.register(EMAIL))
        statements = collector.children(span)
        assert {"SELECT", "INSERT"} <= {statement.name for statement in statements}
        for statement in statements:
            assert (statement.kind, statement.trace_id) == ("CLIENT", span.trace_id)
            assert statement.attributes["db.system.name"] == "postgresql"
        (user,) = [s for s in statements if s.attributes["db.query.text"].startswith("INSERT INTO users ")]
        assert "%(email" in user.attributes["db.query.text"]

    def test_without_a_transaction_are_told_too(self, api: Api, span_of: SpanOf, collector: Collector) -> None:
        span = span_of(api.call("dev.mailbox", params={"to": EMAIL}))
        assert "SELECT" in {statement.name for statement in collector.children(span)}

    def test_that_ask_for_sessions_are_told_too(self, api: Api, span_of: SpanOf, collector: Collector) -> None:
        api.sign_up(EMAIL)
        span = span_of(api.call("auth.me", headers=bearer(api.sign_in(EMAIL))))
        (session,) = collector.children(span)
        assert "FROM sessions" in session.attributes["db.query.text"]


class TestVendors:
    def test_are_told_by_host_alone(self, api: Api, span_of: SpanOf, collector: Collector) -> None:
        with siteverify_server() as vendor:
            api.server.configure(
                **{
                    "external.captcha.active_provider": "turnstile",
                    "external.captcha.turnstile.secret": vendor.secret,
                    "external.captcha.turnstile.verify_url": vendor.url,
                }
            )
            span = span_of(api.register(EMAIL, captchaToken="good"))
        (asked,) = [child for child in collector.children(span) if child.name == "POST"]
        port = int(vendor.url.rpartition(":")[2].partition("/")[0])
        assert asked.attributes == {
            "http.request.method": "POST",
            "http.response.status_code": 200,
            "server.address": "127.0.0.1",
            "server.port": port,
            "url.scheme": "http",
        }


class TestJobs:
    def test_are_in_the_trace_of_their_cause(self, api: Api, span_of: SpanOf, collector: Collector) -> None:
        answer = api.register(EMAIL)
        cause = span_of(answer)
        api.server.work_off()
        job = collector.wait_for(lambda span: span.kind == "CONSUMER" and span.trace_id == cause.trace_id)
        assert (job.name, job.parent_id) == ("process email.verify_address", cause.span_id)
        assert job.attributes["biore.correlation_id"] == answer.headers["x-correlation-id"]
        assert job.attributes["messaging.destination.name"] == "email.verify_address"
        (mail,) = [child for child in collector.children(job) if child.name.startswith("email")]
        assert (mail.name, mail.failed) == ("email.send mailbox", False)

    def test_follow_what_was_decided_for_their_cause(self, api: Api, collector: Collector) -> None:
        api.call("auth.passwords.forgot", {"email": EMAIL}, headers=traceparent("00"))
        api.server.work_off()
        api.server.let_time_come("nobody.knows")
        collector.wait_for(lambda span: span.name == "process nobody.knows")
        assert "process email.reset_password" not in {span.name for span in collector.spans}

    def test_without_a_cause_begin_a_trace_and_may_fail(self, api: Api, collector: Collector) -> None:
        api.server.let_time_come("nobody.can")
        job = collector.wait_for(lambda span: span.name == "process nobody.can")
        assert (job.parent_id, job.failed, job.attributes["error.type"]) == ("", True, "UnknownTopic")


class TestSecrets:
    def test_no_span_holds_one(self, api: Api, span_of: SpanOf, collector: Collector) -> None:
        user_id = api.sign_up(EMAIL)
        verification = api.mails(EMAIL)[0]["text"].partition("token=")[2][:36]
        signed_in = api.call("auth.login", {"email": EMAIL, "password": PASSWORD})
        access, refresh = signed_in.json()["data"]["accessToken"], refresh_token(signed_in)
        api.call("auth.me", headers=bearer(access))
        api.call("auth.login", {"email": EMAIL, "password": PASSWORD + "x"})
        api.get(f"/verify-email?token={verification}&email={EMAIL}")
        api.get(f"/api/v1/{EMAIL}/{JWT}")
        api.call("auth.logout", headers={"X-Correlation-Id": JWT, "User-Agent": f"agent {EMAIL}"})
        span_of(api.call("auth.me"))
        told = b"".join(collector.received)
        for secret in (EMAIL, PASSWORD, verification, access, refresh, JWT, user_id, ADDRESS, SECRET):
            assert secret.encode() not in told


class TestSampling:
    @pytest.mark.parametrize(
        ("ratio", "trusted", "flags", "recorded"),
        [
            (0, (), None, False),
            (1, (), None, True),
            (0, (), "01", False),
            (1, (), "00", True),
            (0, LOOPBACK, "01", True),
            (1, LOOPBACK, "00", False),
            (0, LOOPBACK, None, False),
            (1, LOOPBACK, None, True),
        ],
    )
    def test_strangers_decide_nothing(
        self, start_traced: StartTraced, ratio: float, trusted: Any, flags: str | None, recorded: bool
    ) -> None:
        traced = start_traced(trace_ratio=ratio, trusted_proxies=trusted)
        given = traceparent(flags)["traceparent"] if flags else None
        span = traced.request("GET", "127.0.0.1", given)
        assert span.is_recording() is recorded
        assert (span.get_span_context().trace_id == int(TRACE_ID, 16)) is (flags is not None)

    def test_a_stranger_cannot_choose_an_id_that_is_recorded(self, start_traced: StartTraced) -> None:
        traced = start_traced(trace_ratio=0.5)
        lowest = f"00-{1:032x}-{1:016x}-01"
        decisions = {traced.request("GET", "203.0.113.1", lowest).is_recording() for _ in range(200)}
        assert decisions == {True, False}


class TestCollector:
    def test_may_be_slow_and_costs_nobody_anything(self, api: Api, collector: Collector, span_of: SpanOf) -> None:
        with collector.holding():
            api.call("auth.me")
            assert collector.waiting.wait(SECONDS)
            assert [api.call("auth.me").status_code for _ in range(40)] == [401] * 40
            last = api.register(EMAIL)
            assert len(api.mails(EMAIL)) == 1
        assert span_of(last).attributes["http.response.status_code"] == 201

    def test_may_be_down(self, start_traced: StartTraced) -> None:
        traced = start_traced(f"http://127.0.0.1:{closed_port()}", patience=0.1)
        app = RequestSpans(answering, traced, {})
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://down")

        async def ask() -> list[int]:
            async with client:
                statuses = [(await client.get("/")).status_code for _ in range(300)]
            await traced.close()
            return statuses

        assert asyncio.run(ask()) == [200] * 300

    def test_cannot_hold_up_the_end(self, start_traced: StartTraced) -> None:
        with collecting() as slow, slow.holding():
            traced = start_traced(slow.url, patience=0.1)
            traced.request("GET", None, None).end()
            began = time.monotonic()
            asyncio.run(traced.close())
            assert time.monotonic() - began < 5
            assert slow.waiting.is_set()


class TestProcess:
    def test_sends_the_last_spans_at_its_end(self, walk_collector: Collector, walked: Log) -> None:
        """None was due before. Whatever nobody asked for is not among them."""
        assert [span.trace_id for span in walk_collector.spans if span.kind == "SERVER"] == [TRACE_ID]

    def test_logs_name_the_trace(self, walk_collector: Collector, walked: Log) -> None:
        """That of a request which is not recorded too."""
        requests = {event["trace_id"]: event for event in walked if event["event"] == "request"}
        assert len(requests) == 2
        recorded = requests[TRACE_ID]
        assert recorded["span_id"] == walk_collector.request(recorded["correlation_id"]).span_id

    def test_without_the_extra_is_told_the_remedy(self) -> None:
        script = (
            "import sys; sys.modules['opentelemetry'] = None\n"
            "from runtime.settings import load, InvalidSettings\n"
            "try: load({'BIORE_SECRET_KEY': 'x' * 32, 'BIORE_OTLP_ENDPOINT': 'http://collector:4318'})\n"
            "except InvalidSettings as error: print(error)\n"
        )
        done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
        assert "pip install 'biore[tracing]'" in done.stdout
