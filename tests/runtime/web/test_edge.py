"""Who is calling, and under which id: what a stranger may claim, and what only our own proxies may."""

import asyncio
import gzip
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from typing import Any, cast
from uuid import UUID

import pytest
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from domain.network import network_of, traced_network
from runtime.settings import Settings
from runtime.web.edge import EdgeMiddleware, forwarded_ip, is_correlation_id
from runtime.web.http.headers import Headers
from tests.harness import Server, Tables, broken_rules, code_of
from tests.providers.fakes import FakeConfig
from tests.runtime.web.wire import Answer, Header, new_address, request

MAILBOX = "/api/v1/dev/mailbox"
LOGOUT = "/api/v1/auth/logout"
DOCUMENTS = ["/openapi.json", "/openapi.yaml"]
GZIP = (("Accept-Encoding", "gzip"),)
REGISTER = (
    b'{"email": "%s", "password": "Correct-Horse-7", "acceptedTerms": true, "acceptedPrivacy": true, "locale": "en"}'
)
TRUSTED = (ip_network("127.0.0.0/8"), ip_network("10.1.0.0/16"), ip_network("fd00::/8"))


def headers(*pairs: tuple[str, str]) -> Headers:
    return Headers([(name.lower().encode(), value.encode("latin-1")) for name, value in pairs])


class TestNetworkOf:
    @pytest.mark.parametrize(
        ("ip", "network"),
        [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("::FFFF:c000:0207", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
            ("::1", "::/64"),
            (None, "unknown"),
            ("", "unknown"),
            ("testclient", "unknown"),
            ("192.0.2", "unknown"),
            ("192.0.2.07", "unknown"),
            ("::1%" + "a" * 100, "unknown"),
            ("0000:0000:0000:0000:0000:ffff:192.168.100.200", "192.168.100.200"),
            ("2002:c000:207::1", "192.0.2.7"),
            ("2002:c000:207:ffff:1:2:3:4", "192.0.2.7"),
            ("64:ff9b::192.0.2.7", "192.0.2.7"),
            ("64:ff9b:0:0:0:1::", "64:ff9b::/64"),
            ("2001:0:4136:e378:8000:63bf:3fff:fdf8", "192.0.2.7"),
        ],
    )
    def test_is_what_one_customer_has(self, ip: str | None, network: str) -> None:
        assert network_of(ip) == network

    @pytest.mark.parametrize(
        ("network", "traced"),
        [
            ("192.0.2.7", "192.0.2.0/24"),
            ("2001:db8:1:2::/64", "2001:db8:1::/48"),
            ("unknown", None),
        ],
    )
    def test_traces_are_coarser(self, network: str, traced: str | None) -> None:
        assert traced_network(network) == traced


class TestBrokenOff:
    def test_a_call_that_ends_in_an_error_is_counted_and_logged(self) -> None:
        async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
            raise ConnectionError

        observed: list[tuple[str | None, int]] = []
        config = FakeConfig({"platform.supported_locales": ["en"]})
        door = EdgeMiddleware(
            broken, Settings(), config, lambda operation, status, _: observed.append((operation, status)), {}
        )
        scope = {"type": "http", "method": "GET", "path": "/api/v1/auth/me", "headers": [], "client": ("192.0.2.7", 1)}
        with capture_logs() as logs, pytest.raises(ConnectionError):
            asyncio.run(door(scope, cast("Receive", None), cast("Send", None)))
        assert observed == [(None, 0)]
        assert [(line["event"], line["status"]) for line in logs] == [("request", 0)]


class TestForwardedIp:
    @pytest.mark.parametrize(
        ("chain", "client"),
        [
            (["192.0.2.7"], "192.0.2.7"),
            (["192.0.2.7, 10.1.0.5"], "192.0.2.7"),
            (["192.0.2.7, 10.1.0.5, 10.1.0.6"], "192.0.2.7"),
            (["6.6.6.6, 192.0.2.7, 10.1.0.5"], "192.0.2.7"),
            (["6.6.6.6", "192.0.2.7 ,10.1.0.5"], "192.0.2.7"),
            (["::ffff:192.0.2.7"], "::ffff:192.0.2.7"),
            (["2001:db8::7, fd00::1"], "2001:db8::7"),
            (["192.0.2.7, ::ffff:10.1.0.5"], "192.0.2.7"),
            (["10.1.0.7, 10.1.0.5"], "10.1.0.7"),
            ([], "127.0.0.1"),
            ([""], "127.0.0.1"),
            (["garbage"], "127.0.0.1"),
            (["192.0.2.7, garbage"], "127.0.0.1"),
            (["192.0.2.7, garbage, 10.1.0.5"], "10.1.0.5"),
            (["192.0.2.7,"], "127.0.0.1"),
            (["192.0.2.7:443"], "192.0.2.7"),
            (["6.6.6.6:1, 192.0.2.7:5678, 10.1.0.5:80"], "192.0.2.7"),
            (["[2001:db8::7]:443, [fd00::1]"], "2001:db8::7"),
            (["[::ffff:192.0.2.7]:443"], "::ffff:192.0.2.7"),
            (["192.0.2.7, 2002:a01:5::1"], "2002:a01:5::1"),
            (["192.0.2.7:"], "127.0.0.1"),
            (["192.0.2.7:port"], "127.0.0.1"),
            (["[2001:db8::7"], "127.0.0.1"),
            (["[2001:db8::7%eth0]:443"], "127.0.0.1"),
            ([f"[2001:db8::7]:{'4' * 9000}"], "127.0.0.1"),
        ],
    )
    def test_is_the_nearest_hop_that_is_not_ours(self, chain: list[str], client: str) -> None:
        given = headers(*(("X-Forwarded-For", value) for value in chain))
        assert forwarded_ip(given, "127.0.0.1", TRUSTED) == client

    def test_is_what_the_named_header_holds(self) -> None:
        chain, cdn = ("X-Forwarded-For", "192.0.2.7"), ("CF-Connecting-IP", "198.51.100.1")
        assert forwarded_ip(headers(chain, cdn), "127.0.0.1", TRUSTED) == "192.0.2.7"
        named = "cf-connecting-ip"
        assert forwarded_ip(headers(chain, cdn), "127.0.0.1", TRUSTED, named) == "198.51.100.1"
        told = headers(chain, ("CF-Connecting-IP", "[2001:db8::7]:443"))
        assert forwarded_ip(told, "127.0.0.1", TRUSTED, named) == "2001:db8::7"
        assert forwarded_ip(headers(chain), "127.0.0.1", TRUSTED, named) == "127.0.0.1"
        for given in ("garbage", "198.51.100.1, 192.0.2.1", "", "::1%eth0", "1" * 60_000):
            assert forwarded_ip(headers(chain, ("CF-Connecting-IP", given)), "127.0.0.1", TRUSTED, named) == "127.0.0.1"
        assert forwarded_ip(headers(chain, cdn, cdn), "127.0.0.1", TRUSTED, named) == "127.0.0.1"

    def test_a_chain_is_read_so_far(self) -> None:
        own, stranger = ["10.1.0.5"] * 5000, "192.0.2.7"
        assert forwarded_ip(headers(("X-Forwarded-For", ",".join([*own, stranger]))), "127.0.0.1", TRUSTED) == stranger
        endless = headers(("X-Forwarded-For", ",".join([stranger, *own])))
        assert forwarded_ip(endless, "127.0.0.1", TRUSTED) == "10.1.0.5"


class TestCorrelation:
    @pytest.mark.parametrize("given", ["a", "0190d3f4-7c1e-4a52-8f3b-2d1c9e6a5b40", "A.b_c-9", "x" * 128])
    def test_the_callers_own_is_kept(self, server: Server, given: str) -> None:
        answer = request(server, "POST", LOGOUT, None, (("X-Correlation-Id", given),))
        assert answer.all("x-correlation-id") == [given]

    @pytest.mark.parametrize("given", ["x" * 129, "a b", "a\tb", "a;b", "\u00e9", "", "a/b"])
    def test_another_is_replaced(self, server: Server, given: str) -> None:
        answer = request(server, "POST", LOGOUT, None, (("X-Correlation-Id", given),))
        (own,) = answer.all("x-correlation-id")
        assert str(UUID(own)) == own

    def test_each_call_has_its_own(self, server: Server) -> None:
        ids = {request(server, "POST", LOGOUT).all("x-correlation-id")[0] for _ in range(5)}
        assert len(ids) == 5

    def test_stands_in_the_refusal(self, server: Server) -> None:
        for target in ("/nowhere", "/api/v1/auth/me"):
            answer = request(server, "GET", target, None, (("X-Correlation-Id", "mine"),))
            assert answer.json()["error"]["correlationId"] == "mine"

    def test_is_on_answers_outside_the_contract(self, server: Server) -> None:
        for target in ("/health/live", "/health/ready", "/openapi.json"):
            assert request(server, "GET", target, None, (("X-Correlation-Id", "mine"),)).all("x-correlation-id") == [
                "mine"
            ]

    def test_leads_to_what_the_call_left_behind(self, server: Server, tables: Tables) -> None:
        mine = (("X-Correlation-Id", "mine"), ("X-Forwarded-For", "192.0.2.7"))
        assert request(server, "POST", "/api/v1/auth/register", REGISTER % b"ada@example.com", mine).status == 201
        resend = b'{"email": "ada@example.com"}'
        assert request(server, "POST", "/api/v1/auth/resend-verification", resend, mine).status == 200
        assert {row["correlation_id"] for row in tables.rows("SELECT correlation_id FROM outbox")} == {"mine"}
        audit = tables.one("SELECT correlation_id, ip_prefix FROM audit_logs WHERE action LIKE 'auth.%%'")
        assert audit == {"correlation_id": "mine", "ip_prefix": "192.0.2.0/24"}


@pytest.fixture(scope="module")
def open_server(start_server: Callable[..., Server]) -> Server:
    """Believes nobody."""
    return start_server(trusted_proxies=())


@pytest.fixture
def untrusting(open_server: Server) -> Server:
    open_server.reset()
    return open_server


@pytest.fixture(scope="module")
def chained_server(start_server: Callable[..., Server]) -> Server:
    """Stands behind more than one proxy."""
    return start_server(trusted_proxies=TRUSTED)


@pytest.fixture
def chained(chained_server: Server) -> Server:
    chained_server.reset()
    return chained_server


@pytest.fixture
def untrusting_tables(untrusting: Server) -> Iterator[Tables]:
    with Tables(untrusting.database_url) as tables:
        yield tables


def claims(ip: str) -> tuple[Header, ...]:
    return (("CF-Connecting-IP", ip), ("CF-IPCountry", "FR"), ("X-Forwarded-For", ip), ("Forwarded", f"for={ip}"),
            ("X-Real-IP", ip), ("True-Client-IP", ip))  # fmt: skip


def log_in(server: Server, *given: Header, email: bytes = b"ada@example.com") -> Answer:
    return request(server, "POST", "/api/v1/auth/login", b'{"email": "%s", "password": "Wrong-1"}' % email, given)


class TestUntrustedPeer:
    def test_cannot_choose_its_rate_limit(self, untrusting: Server) -> None:
        untrusting.configure(**{"ratelimit.auth.resend_verification": "2/hour"})
        body = b'{"email": "ada@example.com"}'
        target = "/api/v1/auth/resend-verification"
        answers = [request(untrusting, "POST", target, body, claims(f"192.0.2.{n}")) for n in range(3)]
        assert [answer.status for answer in answers] == [200, 200, 429]

    def test_cannot_choose_its_country(self, untrusting: Server, untrusting_tables: Tables) -> None:
        body = REGISTER % b"ada@example.com"
        assert request(untrusting, "POST", "/api/v1/auth/register", body, claims("192.0.2.7")).status == 201
        assert untrusting_tables.one("SELECT registration_country FROM users")["registration_country"] is None

    def test_cannot_escape_the_lockout(self, untrusting: Server) -> None:
        codes = [log_in(untrusting, *claims(f"192.0.2.{n}")).code for n in range(6)]
        assert codes == ["auth.login.invalid_credentials"] * 5 + ["auth.login.account_locked"]

    def test_its_own_address_is_kept(self, untrusting: Server, untrusting_tables: Tables) -> None:
        log_in(untrusting, *claims("192.0.2.7"))
        traced = untrusting_tables.one("SELECT ip_prefix FROM audit_logs WHERE action = 'auth.login.failure'")
        assert traced["ip_prefix"] == "127.0.0.0/24"


NAMES = ["CF-Connecting-IP", "True-Client-IP", "X-Real-IP", "Forwarded", "X-Client-IP", "X-Forwarded-Host",
         "X-Original-Forwarded-For", "X_Forwarded_For"]  # fmt: skip


class TestNamesThatTheProxyDoesNotOwn:
    """A proxy of the usual kind appends to X-Forwarded-For and passes on whatever else a client sends."""

    @pytest.mark.parametrize("name", NAMES)
    def test_choose_no_address(self, server: Server, tables: Tables, name: str) -> None:
        address = new_address()
        seen = ("X-Forwarded-For", address)
        for n in range(5):
            claimed = f"for=198.51.100.{n}" if name == "Forwarded" else f"198.51.100.{n}"
            assert log_in(server, (name, claimed), seen).code == "auth.login.invalid_credentials"
        assert log_in(server, (name, "198.51.100.9"), seen).code == "auth.login.account_locked"
        traced = tables.rows("SELECT DISTINCT ip_prefix FROM audit_logs WHERE action = 'auth.login.failure'")
        assert [row["ip_prefix"] for row in traced] == [f"{address.rpartition('.')[0]}.0/24"]

    def test_choose_no_country(self, start_server: Callable[..., Server]) -> None:
        server = start_server(country_header=None)
        body = REGISTER % b"ada@example.com"
        assert request(server, "POST", "/api/v1/auth/register", body, claims("192.0.2.7")).status == 201
        with Tables(server.database_url) as tables:
            assert tables.one("SELECT registration_country FROM users")["registration_country"] is None

    def test_are_believed_once_they_are_named(self, start_server: Callable[..., Server]) -> None:
        server = start_server(client_address_header="CF-Connecting-IP")
        with Tables(server.database_url) as tables:
            log_in(server, ("CF-Connecting-IP", "198.51.100.1"), ("X-Forwarded-For", "192.0.2.7"))
            traced = tables.one("SELECT ip_prefix FROM audit_logs WHERE action = 'auth.login.failure'")
            assert traced["ip_prefix"] == "198.51.100.0/24"

    def test_are_told_once(self, start_server: Callable[..., Server], capfd: pytest.CaptureFixture[str]) -> None:
        server = start_server()
        for _ in range(2):
            request(server, "GET", "/health/live", None, claims("192.0.2.7"))
        told = capfd.readouterr()
        assert (told.out + told.err).count("proxy.unnamed_header") == 1


class TestTrustedPeer:
    def locked(self, server: Server, first: str, second: str) -> bool:
        """Whether failures from the first address lock the second one out too."""
        for _ in range(5):
            log_in(server, ("X-Forwarded-For", first))
        return log_in(server, ("X-Forwarded-For", second)).code == "auth.login.account_locked"

    def test_tells_the_country(self, server: Server, tables: Tables) -> None:
        body = REGISTER % b"ada@example.com"
        assert request(server, "POST", "/api/v1/auth/register", body, claims("192.0.2.7")).status == 201
        assert tables.one("SELECT registration_country FROM users")["registration_country"] == "FR"

    def test_tells_whose_rate_limit(self, server: Server) -> None:
        server.configure(**{"ratelimit.auth.resend_verification": "2/hour"})
        body = b'{"email": "ada@example.com"}'
        target = "/api/v1/auth/resend-verification"
        statuses = [
            request(server, "POST", target, body, claims(ip)).status
            for ip in ("198.51.100.1", "198.51.100.1", "198.51.100.2", "::ffff:198.51.100.1", "198.51.100.1")
        ]
        assert statuses == [200, 200, 200, 429, 429]

    def test_tells_who_is_locked_out(self, server: Server) -> None:
        assert self.locked(server, "192.0.2.1", "192.0.2.1")
        assert log_in(server, ("X-Forwarded-For", "192.0.2.2")).code == "auth.login.invalid_credentials"

    @pytest.mark.parametrize(
        ("first", "second", "same"),
        [
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
            ("192.0.2.1", "::ffff:192.0.2.1", True),
            ("198.18.0.1:1234", "198.18.0.1:4321", True),
            ("2002:c612:2:1::1", "2002:c612:2:2::1", True),
            ("192.0.2.1", "192.0.2.2", False),
        ],
    )
    def test_one_customer_is_counted_once(self, server: Server, first: str, second: str, same: bool) -> None:
        assert self.locked(server, first, second) is same

    def test_a_mapped_address_is_traced_as_what_it_is(self, server: Server, tables: Tables) -> None:
        log_in(server, ("X-Forwarded-For", "::ffff:192.0.2.7"))
        traced = tables.one("SELECT ip_prefix FROM audit_logs WHERE action = 'auth.login.failure'")
        assert traced["ip_prefix"] == "192.0.2.0/24"

    def test_several_hops(self, chained: Server) -> None:
        chained.configure(**{"ratelimit.auth.resend_verification": "1/hour"})
        with chained.client(address="6.6.6.6, 192.0.2.7, 10.1.0.5") as one, chained.client(address="192.0.2.7") as two:
            assert one.call("auth.resend_verification", {"email": "ada@example.com"}).status_code == 200
            assert code_of(two.call("auth.resend_verification", {"email": "ada@example.com"})) == "rate_limit.exceeded"
        with chained.client(address="192.0.2.8, 10.1.0.5") as other:
            assert other.call("auth.resend_verification", {"email": "ada@example.com"}).status_code == 200

    @pytest.mark.parametrize(
        "garbage", ["", ",", "garbage", "1.2.3.4.5", "\u00ff\u00fe", "," * 5000, "[::1]:80", "::1%eth0"]
    )
    def test_garbage_harms_nobody(self, server: Server, garbage: str) -> None:
        given: tuple[Header, ...] = (
            ("CF-Connecting-IP", garbage),
            ("X-Forwarded-For", garbage),
            ("CF-IPCountry", garbage),
        )
        assert request(server, "GET", MAILBOX, None, given).status == 200
        assert log_in(server, *given).code == "auth.login.invalid_credentials"


class TestDocuments:
    @pytest.mark.parametrize("target", DOCUMENTS)
    def test_are_small_for_who_takes_gzip(self, server: Server, target: str) -> None:
        plain, packed = request(server, "GET", target), request(server, "GET", target, None, GZIP)
        assert packed.all("content-encoding") == ["gzip"]
        assert gzip.decompress(packed.body) == plain.body
        assert len(packed.body) * 5 < len(plain.body)
        assert packed.all("vary") == plain.all("vary") == ["Accept-Encoding"]

    @pytest.mark.parametrize("target", DOCUMENTS)
    @pytest.mark.parametrize("coding", [(), GZIP])
    def test_are_not_sent_to_who_has_them(self, server: Server, target: str, coding: tuple[Any, ...]) -> None:
        (tag,) = request(server, "GET", target, None, coding).all("etag")
        again = request(server, "GET", target, None, (*coding, ("If-None-Match", tag)))
        assert (again.status, again.body, again.all("etag")) == (304, b"", [tag])


class TestAnswers:
    @pytest.mark.parametrize("target", ["/health/live", "/health/ready", *DOCUMENTS, MAILBOX, "/nowhere", LOGOUT])
    def test_all_carry_the_headers_of_the_house(self, server: Server, target: str) -> None:
        answer = request(server, "GET", target)
        assert answer.all("x-content-type-options") == ["nosniff"]
        assert answer.all("cache-control") == ["public, max-age=300" if target in DOCUMENTS else "no-store"]
        assert answer.all("referrer-policy") == ["no-referrer"]
        (policy,) = answer.all("content-security-policy")
        assert {"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(policy.split("; "))
        assert answer.all("server") == []

    def test_production_keeps_browsers_to_tls(self, server: Server, start_server: Callable[..., Server]) -> None:
        production = start_server(env="production")
        for target in ("/health/live", "/docs", "/files/nowhere", MAILBOX, LOGOUT):
            answer = request(production, "GET", target)
            assert answer.all("strict-transport-security") == ["max-age=31536000; includeSubDomains"]
        assert request(server, "GET", LOGOUT).all("strict-transport-security") == []

    def test_the_language_is_the_callers(self, server: Server) -> None:
        with server.client() as api:
            answer = api.call("auth.login", {"email": 1}, headers={"Accept-Language": "sv, tr;q=0.9, en;q=0.8"})
        assert answer.json()["error"]["message"] == "\u0130stek ge\u00e7erli de\u011fil."
        assert broken_rules(answer) == {("email", "type"), ("password", "required")}


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("0190d3f4-7c1e-4a52-8f3b-2d1c9e6a5b40", True),
        ("order-7.retry_2", True),
        ("", False),
        ("two words", False),
        ("a" * 129, False),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", False),  # a token would stand in every log line
    ],
)
def test_a_client_may_choose_the_correlation_id_if_logs_may_show_it(text: str, good: bool) -> None:
    assert is_correlation_id(text) is good
