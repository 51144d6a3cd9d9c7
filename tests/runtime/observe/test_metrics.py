"""What /metrics tells, to whom, and that it tells the truth."""

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open
from prometheus_client.parser import text_string_to_metric_families as parse_text
from starlette.types import Message

from contract.loader import ROOT, Contract
from domain.errors import ApiError
from persistence.engine.pool import PoolState
from runtime.observe.metrics import BOUNDS, NO_OPERATION, Metrics, WholeServer
from runtime.serve.metrics_port import LIMITS, MOST_OF_A_NETWORK, serving
from runtime.settings import InvalidSettings, Settings, load
from runtime.web.scrape import Scrape, outbox
from runtime.worker.worker import Worker
from services.passwords import Hasher
from services.turns import Caller, Standing
from tests.creators import Creator
from tests.handlers.support import insert
from tests.harness import Api, Server, Tables, bare_database, bearer
from tests.money import load as paid_in
from tests.payout_vendor import payout_of, ready
from tests.processes.biore import until
from tests.providers.fakes import FakeConfig
from tests.providers.servers import closed_port
from tests.redis_server import RedisServer
from tests.runtime.web.wire import exchange, request

TOKEN = "a-token-of-the-tests-0123456789-abcdef"
LOOPBACK = {"X-Forwarded-For": "127.0.0.1"}
OPEN_METRICS = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"

DOCUMENT = ROOT / "docs" / "metrics.md"
NO_DATABASE = "postgresql://127.0.0.1:1/none"
METHODS = ("GET", "OPTIONS", "TRACE", "PROPFIND", "M-SEARCH", "PURGE", "LINK")
STATES = ("due", "running", "scheduled", "dead")

Labels = dict[str, str]


class Scraped:
    """The samples of one answer by name."""

    def __init__(self, text: str, parse: Callable[[str], Any] = parse_text) -> None:
        self.families = {family.name: family for family in parse(text)}
        self.samples = [sample for family in self.families.values() for sample in family.samples]

    def value(self, name: str, **labels: str) -> float:
        """The sum of all samples that have these labels; 0 if there is none."""
        return sum(float(s.value) for s in self.samples if s.name == name and labels.items() <= s.labels.items())

    def labels(self, name: str) -> list[Labels]:
        return [sample.labels for sample in self.samples if sample.name == name]


def scrape(server: Server) -> Scraped:
    answer = httpx.get(f"{server.origin}/metrics", headers=LOOPBACK | bearer(TOKEN), trust_env=False)
    assert answer.status_code == 200, answer.text
    return Scraped(answer.text)


def told(metrics: Metrics) -> Scraped:
    """What the process would tell, without a database."""
    metrics.publish()
    registry = CollectorRegistry()
    registry.register(WholeServer(metrics))
    return Scraped(generate_latest(registry).decode())


class TestRequests:
    def test_are_counted_by_operation_and_status(self, server: Server, api: Api) -> None:
        before = scrape(server)
        api.sign_up()
        token = api.sign_in()
        for _ in range(3):
            assert api.call("auth.me", headers=bearer(token)).status_code == 200
        assert api.call("auth.me").status_code == 401
        assert api.call("auth.login", {"email": 1}).status_code == 400
        after = scrape(server)
        counts = {("auth.me", "200"): 3, ("auth.me", "401"): 1, ("auth.login", "200"): 1, ("auth.login", "400"): 1,
                  ("auth.register", "201"): 1}  # fmt: skip
        for (operation, status), number in counts.items():
            of = {"operation": operation, "status": status}
            assert after.value("biore_requests_total", **of) - before.value("biore_requests_total", **of) == number, of
        histogram = [scraped.value("biore_request_seconds_count", operation="auth.me") for scraped in (before, after)]
        assert histogram[1] - histogram[0] == 4
        assert after.value("biore_request_seconds_sum", operation="auth.login") > 0.01  # a password was hashed

    def test_go_into_the_bucket_of_their_time(self) -> None:
        metrics = Metrics("api")
        for seconds in (0.0, 0.001, 0.0011, 0.3, 10.0, 11.0):
            metrics.observe("auth.me", 200, seconds)
        metrics.observe("auth.me", 503, 0.3)
        scraped = told(metrics)
        counts = {le: scraped.value("biore_request_seconds_bucket", operation="auth.me", le=le)
                  for le in ("0.001", "0.0025", "0.25", "0.5", "10.0", "+Inf")}  # fmt: skip
        assert counts == {"0.001": 2, "0.0025": 3, "0.25": 3, "0.5": 5, "10.0": 6, "+Inf": 7}
        assert scraped.value("biore_request_seconds_sum", operation="auth.me") == pytest.approx(21.6021)
        assert scraped.value("biore_requests_total", operation="auth.me", status="200") == 6
        assert (BOUNDS[0], BOUNDS[-1]) == (0.001, 10.0)

    def test_of_strangers_add_no_labels(self, server: Server) -> None:
        before = scrape(server)
        for number, method in enumerate(METHODS * 4):
            request(server, method, f"/nowhere/{number}")
            request(server, method, f"/api/v1/auth/{number}")
            request(server, method, "/api/v1/auth/me")
        exchange(server, b"GET /api/v1/users/\xff\xfe%0a%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        after = scrape(server)
        known = {NO_OPERATION, *server.app.parts.contract.policies}
        assert {labels["operation"] for labels in after.labels("biore_requests_total")} <= known
        assert len(after.samples) - len(before.samples) < 100
        none = [scraped.value("biore_requests_total", operation=NO_OPERATION) for scraped in (before, after)]
        assert none[1] - none[0] >= 2 * 4 * len(METHODS)


class TestFormat:
    @pytest.mark.parametrize(
        ("accept", "content_type", "parse"),
        [
            ("", "text/plain; version=0.0.4; charset=utf-8", parse_text),
            ("*/*", "text/plain; version=0.0.4; charset=utf-8", parse_text),
            (
                OPEN_METRICS,
                "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores",
                parse_open,
            ),
        ],
    )
    def test_is_the_one_that_is_asked_for(
        self, server: Server, accept: str, content_type: str, parse: Callable[[str], Any]
    ) -> None:
        headers = LOOPBACK | {"Accept": accept}
        answer = httpx.get(f"{server.origin}/metrics", headers=headers, trust_env=False)
        assert answer.headers["content-type"] == content_type
        assert answer.headers["cache-control"] == "no-store"
        scraped = Scraped(answer.text, parse)
        assert scraped.value("biore_processes", role="api") == 1
        assert [labels.keys() for labels in scraped.labels("biore_build_info")] == [{"version"}]
        assert scraped.value("process_resident_memory_bytes", process="api-0") > 1e6

    def test_is_no_part_of_the_contract(self, server: Server) -> None:
        assert not [path for path in server.app.parts.contract.document["paths"] if "metrics" in path]


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("r")) as running:
        yield running


@pytest.fixture(scope="module")
def guarded(start_server: Callable[..., Server], redis: RedisServer) -> Server:
    return start_server(env="production", metrics_token=TOKEN, redis_url=redis.url)


def refusal(server: Server, method: str = "GET", **headers: str) -> tuple[int, str | None]:
    answer = request(server, method, "/metrics", None, tuple(headers.items()))
    return answer.status, None if answer.status == 200 else answer.code


class TestAccess:
    def test_development_shows_them_to_its_own_machine_only(self, server: Server) -> None:
        assert httpx.get(f"{server.origin}/metrics", trust_env=False).status_code == 200
        assert refusal(server) == (404, "route.not_found")
        assert refusal(server, Authorization=f"Bearer {TOKEN}") == (404, "route.not_found")

    def test_elsewhere_the_token_opens(self, guarded: Server) -> None:
        assert refusal(guarded, Authorization=f"Bearer {TOKEN}") == (200, None)
        assert refusal(guarded, Authorization=f"bearer  {TOKEN}") == (200, None)
        assert refusal(guarded, "HEAD", Authorization=f"Bearer {TOKEN}") == (200, None)

    @pytest.mark.parametrize(
        "given", ["", "Bearer", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", TOKEN]
    )
    def test_nothing_else_does(self, guarded: Server, given: str) -> None:
        assert refusal(guarded, Authorization=given) == (401, "auth.unauthenticated")

    def test_nor_does_being_near(self, guarded: Server) -> None:
        answer = httpx.get(f"{guarded.origin}/metrics", trust_env=False)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="BIO.RE"')

    def test_they_are_only_read(self, guarded: Server) -> None:
        assert refusal(guarded, "POST", Authorization=f"Bearer {TOKEN}") == (405, "route.method_not_allowed")

    @pytest.mark.parametrize("env", ["staging", "production"])
    @pytest.mark.parametrize("authorization", [b"Bearer ", b"Bearer None", None])
    def test_without_a_token_there_is_nothing(self, env: str, authorization: bytes | None) -> None:
        headers = [] if authorization is None else [(b"authorization", authorization)]
        scope = {"type": "http", "method": "GET", "path": "/metrics", "headers": headers, "client": ("127.0.0.1", 1)}

        async def ask() -> None:
            scraped = Scrape(Metrics("api"), bare_database(NO_DATABASE), Settings(env=env))
            await scraped(scope, nothing_more, answer_nobody)

        with pytest.raises(ApiError, match=r"route\.not_found"):
            asyncio.run(ask())

    def test_a_short_token_stops_the_start(self) -> None:
        given = {"BIORE_SECRET_KEY": TOKEN, "BIORE_METRICS_TOKEN": "short"}
        with pytest.raises(InvalidSettings, match="BIORE_METRICS_TOKEN needs 32"):
            load(given)
        assert load(given | {"BIORE_METRICS_TOKEN": TOKEN}).metrics_token == TOKEN


class TestPortOfItsOwn:
    SETTINGS = Settings(env="production", metrics_token=TOKEN)

    def at(self, contract: Contract, port: int, **limits: Any) -> AbstractAsyncContextManager[None]:
        scraped = Scrape(Metrics("worker"), bare_database(NO_DATABASE), self.SETTINGS)
        return serving(scraped, contract.errors, self.SETTINGS, "127.0.0.1", port, replace(LIMITS, **limits))

    def test_of_a_worker_tells_the_same_to_the_same(self, contract: Contract) -> None:
        async def ask(port: int) -> list[httpx.Response]:
            async with self.at(contract, port), httpx.AsyncClient(trust_env=False) as client:
                with pytest.raises(InvalidSettings, match=f"port {port}"):
                    await self.at(contract, port).__aenter__()
                url = f"http://127.0.0.1:{port}"
                return [
                    await client.get(f"{url}/metrics", headers=bearer(TOKEN)),
                    await client.get(f"{url}/metrics"),
                    await client.post(f"{url}/metrics", headers=bearer(TOKEN)),
                    await client.get(f"{url}/", headers=bearer(TOKEN)),
                ]

        answers = asyncio.run(ask(closed_port()))
        assert [answer.status_code for answer in answers] == [200, 401, 405, 404]
        assert Scraped(answers[0].text).value("biore_processes", role="worker") == 1
        assert (answers[0].headers["cache-control"], answers[1].headers["www-authenticate"]) == ("no-store", "Bearer")

    def test_whoever_sends_slowly_is_cut_off(self, contract: Contract) -> None:
        async def ask(port: int) -> bytes:
            async with self.at(contract, port, head_seconds=0.2):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n")
                try:
                    return await asyncio.wait_for(reader.read(), 10)
                except ConnectionResetError:
                    return b""
                finally:
                    writer.close()

        assert asyncio.run(ask(closed_port())) == b""

    def test_a_head_has_a_largest_size(self, contract: Contract) -> None:
        async def ask(port: int) -> bytes:
            async with self.at(contract, port):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: " + b"x" * LIMITS.head_bytes + b"\r\n\r\n")
                answer = await asyncio.wait_for(reader.readline(), 10)
                writer.close()
                return answer

        assert asyncio.run(ask(closed_port())).startswith(b"HTTP/1.1 431 ")

    def test_many_connections_keep_nobody_out(self, contract: Contract) -> None:
        """One network has its share: its oldest connection that asks for nothing gives way."""

        async def ask(port: int) -> tuple[int, int]:
            async with self.at(contract, port):
                idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(MOST_OF_A_NETWORK + 2)]
                async with httpx.AsyncClient(trust_env=False) as client:
                    answer = await client.get(f"http://127.0.0.1:{port}/metrics", headers=bearer(TOKEN))
                ended = 0
                for reader, _ in idle[:3]:
                    with suppress(ConnectionResetError):
                        assert await asyncio.wait_for(reader.read(), 10) == b""
                    ended += 1
                for _, writer in idle:
                    writer.close()
                return answer.status_code, ended

        assert asyncio.run(ask(closed_port())) == (200, 3)


async def nothing_more() -> Message:
    return {"type": "http.disconnect"}


async def answer_nobody(_message: Message) -> None:
    raise AssertionError("an answer")


class TestOutbox:
    def test_depths_and_age_are_those_of_the_table(self, server: Server, tables: Tables) -> None:
        assert [depth(scrape(server), state) for state in STATES] == [0, 0, 0, 0]
        assert scrape(server).value("biore_outbox_oldest_due_seconds") == 0
        add = "INSERT INTO outbox (id, topic, payload, {}) VALUES (gen_random_uuid(), 'x', '{{}}', {})"
        for columns, values in (
            ("available_at", "now() - interval '90 s'"),
            ("available_at", "now() - interval '30 s'"),
            ("available_at, leased_until", "now() - interval '100 s', now() - interval '1 s'"),
            ("available_at, leased_until", "now() - interval '60 s', now() + interval '1 h'"),
            ("available_at", "now() + interval '1 h'"),
            ("dead_at", "now()"),
            ("dead_at", "now()"),
            ("done_at", "now()"),
        ):
            tables.run(add.format(columns, values))
        scraped = scrape(server)
        assert {state: depth(scraped, state) for state in STATES} == {"due": 3, "running": 1, "scheduled": 1, "dead": 2}
        assert 100 <= scraped.value("biore_outbox_oldest_due_seconds") < 130
        assert scraped.value("biore_database_up") == 1

    def test_a_database_that_is_away_is_told_and_nothing_else(self) -> None:
        async def ask() -> list[str]:
            return [
                f"{s.name} {s.value}" for family in await outbox(bare_database(NO_DATABASE)) for s in family.samples
            ]

        assert asyncio.run(ask()) == ["biore_database_up 0"]

    def test_nor_is_one_waited_for_that_does_not_answer(self, server: Server) -> None:
        """All connections are lent: the look at the outbox is given up, and the pool says why."""

        async def ask() -> tuple[PoolState, list[str]]:
            database = bare_database(server.database_url, pool_size=1)
            lent = await database.pool.take()
            try:
                asking = asyncio.create_task(outbox(database, seconds=0.2))
                while not database.pool.state.waiting:  # noqa: ASYNC110 - the pool tells nobody
                    await asyncio.sleep(0)
                state = database.pool.state
                found = [f"{s.name} {s.value}" for family in await asking for s in family.samples]
            finally:
                await database.pool.give_back(lent)
                await database.close()
            return state, found

        assert asyncio.run(ask()) == (PoolState(size=1, in_use=1, waiting=1), ["biore_database_up 0"])


def depth(scraped: Scraped, state: str) -> float:
    return scraped.value("biore_outbox_jobs", state=state)


class TestParts:
    def test_attempts_of_providers_and_runs_of_jobs(self, server: Server, api: Api) -> None:
        server.configure(**{"external.email.active_provider": "smtp"})
        server.configure(**{"external.email.smtp.url": f"smtp://127.0.0.1:{closed_port()}"})
        server.configure(**{"external.email.failover_providers": ["mailbox"]})
        before = scrape(server)
        assert api.register().status_code == 201
        worker = Worker(server.app.parts, observe=server.app.metrics.job)
        assert server.on_loop(worker.work_off()) == 1
        after = scrape(server)
        for provider, outcome in (("smtp", "unavailable"), ("mailbox", "ok")):
            of = {"family": "email", "provider": provider, "outcome": outcome}
            name = "biore_provider_attempts_total"
            assert after.value(name, **of) - before.value(name, **of) == 1, of
        assert after.value("biore_provider_seconds_count", provider="smtp") >= 1
        done = {"topic": "email.verify_address", "outcome": "done"}
        assert after.value("biore_jobs_total", **done) - before.value("biore_jobs_total", **done) == 1

    def test_jobs_of_unknown_topics_have_one_name(self, server: Server, tables: Tables) -> None:
        for number in range(3):
            topic = f"nothing.{number}"
            tables.run("INSERT INTO outbox (id, topic, payload) VALUES (gen_random_uuid(), %s, '{}')", topic)
        worker = Worker(server.app.parts, observe=server.app.metrics.job)
        assert server.on_loop(worker.work_off()) == 3
        scraped = scrape(server)
        assert scraped.value("biore_jobs_total", topic="unknown", outcome="failed") >= 3
        assert not [labels for labels in scraped.labels("biore_jobs_total") if "nothing" in labels["topic"]]
        assert (depth(scraped, "dead"), depth(scraped, "scheduled")) == (0, 3)

    def test_the_queue_of_passwords(self) -> None:
        metrics = Metrics("api")
        hasher = Hasher(FakeConfig(), threads=1, refused=metrics.refused)
        metrics.watch(lambda: {"biore_bcrypt_running": hasher.running, "biore_bcrypt_waiting": hasher.waiting})

        async def crowd() -> Scraped:
            calls = [asyncio.create_task(hasher.hash("x", Caller(Standing.STRANGER, ("a",)))) for _ in range(7)]
            await asyncio.to_thread(until, lambda: hasher.running, "a hash")
            busy = told(metrics)
            await asyncio.gather(*calls, return_exceptions=True)
            await asyncio.to_thread(until, lambda: not hasher.running, "an idle thread")
            return busy

        busy = asyncio.run(crowd())
        hasher.close()
        assert [busy.value(f"biore_bcrypt_{state}") for state in ("running", "waiting", "refused_total")] == [1, 4, 2]
        assert [told(metrics).value(f"biore_bcrypt_{state}") for state in ("running", "waiting")] == [0, 0]

    def test_a_limiter_without_its_redis(self, guarded: Server, redis: RedisServer) -> None:
        with guarded.client() as api:
            api.call("auth.logout")
            assert scrape(guarded).value("biore_ratelimit_degraded", role="api") == 0
            redis.kill()
            api.call("auth.logout")
            assert scrape(guarded).value("biore_ratelimit_degraded", role="api") == 1

    def test_what_an_ended_process_was_busy_with_is_over(self, tmp_path: Path) -> None:
        ended, present = Metrics("api", tmp_path), Metrics("api", tmp_path)
        for metrics in (ended, present):
            metrics.watch(lambda: {"biore_bcrypt_waiting": 7})
            metrics.observe("auth.me", 200, 0.1)
        ended.publish()
        assert told(present).value("biore_bcrypt_waiting") == 14
        ended.close()
        scraped = told(present)
        assert scraped.value("biore_bcrypt_waiting") == scraped.value("biore_processes", role="api") * 7 == 7
        assert scraped.value("biore_requests_total", operation="auth.me") == 2


def waiting_for_money(server: Server, one: Creator) -> None:
    """A payout of 100 dollars that its provider refused because our balance there was too small."""
    paid_in(server, one.user_id)
    payout_id = payout_of(server, one, status="APPROVED", attempt=2)
    server.tables.run(
        "INSERT INTO payout_attempts (payout_id, number, provider, state, reason, settled_at) "
        "VALUES (%s, 1, 'vendor', 'FAILED', 'TREASURY_EMPTY', now())",
        payout_id,
    )


class TestTreasury:
    def test_it_tells_what_lies_where_and_what_is_short(self, server: Server, api: Api) -> None:
        waiting_for_money(server, ready(api, server.tables))
        other = ready(api, server.tables, email="eve@example.com", username="eve")
        payout_of(server, other, 4_000, status="APPROVED")
        scraped = scrape(server)
        assert scraped.value("biore_money_balance_cents", account="clearing:sandbox") == 2500
        assert scraped.value("biore_money_needed_cents", provider="vendor") == 14_000
        assert scraped.value("biore_money_short_cents", provider="vendor") == 10_000
        server.tables.run("UPDATE payouts SET status = 'PENDING', approved_at = NULL")
        assert scrape(server).labels("biore_money_needed_cents") == []


class TestDocument:
    def test_names_every_metric_with_its_labels(self, server: Server, api: Api) -> None:
        api.register()
        api.call("auth.otp.send", {"phone": "+905551112212", "purpose": "verify-phone-fan"})
        metrics = server.app.metrics
        metrics.job("email.verify_address", "done", 0.1)
        metrics.attempt("email", "smtp", "ok", 0.1)
        metrics.webhook("kyc", "vendor", "taken", 0.1)
        insert(server.tables, "provider_events", family="kyc", provider="vendor", external_id="1", type="x")
        waiting_for_money(server, ready(api, server.tables, email="eve@example.com", username="eve"))
        server.tables.run("INSERT INTO provider_days (account, day) VALUES ('clearing:vendor', '2026-01-01')")
        shown = {}
        for family in scrape(server).families.values():
            labels = {label for sample in family.samples for label in sample.labels} - {"le"}
            shown[family.name + ("_total" if family.type == "counter" else "")] = (family.type, labels)
        assert documented() == shown

    def test_its_rules_ask_for_metrics_that_there_are(self) -> None:
        blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)]
        (rules,) = (group["rules"] for block in blocks for group in block.get("groups", ()))
        asked = {name for rule in rules for name in re.findall(r"biore_\w+", rule["expr"])}
        assert {name.removesuffix("_bucket") for name in asked} <= documented().keys()
        assert len(asked) > 5


def documented() -> dict[str, tuple[str, set[str]]]:
    """Type and labels of each metric in the table of docs/metrics.md."""
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]*)\|", DOCUMENT.read_text(), re.MULTILINE)
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}
