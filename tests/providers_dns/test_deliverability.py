import asyncio
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.errors import ApiError
from providers.dns.deliverability import MOST_AT_ONCE, MailRules, VerdictCache
from providers.dns.lookup import Verdict, name_servers, stub_resolver
from providers.observing import Watch
from tests.dns_server import LOSSY, SERVFAIL, SILENT, DnsServer, Records, Zone
from tests.providers.fakes import FakeConfig

IMPATIENT = 0.5  # seconds a test waits for a silent server

DELIVERABLE: Records = {"MX": ["10 mx1.example.test.", "20 mx2.example.test."]}
NULL_MX: Records = {"MX": ["0 ."], "A": ["192.0.2.1"]}
NOTHING: Records = {}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Registry:
    """The rules, a DNS of their own and the clock they tell time by."""

    def __init__(self, server: DnsServer, *, seconds: float = 3.0) -> None:
        self.server = server
        self.clock = Clock()
        self.config = FakeConfig()
        self.calls: list[tuple[str, str, str]] = []
        self.rules = MailRules(
            self.config, server.address, clock=self.clock, seconds=seconds, watch=Watch(self._observe)
        )

    def _observe(self, family: str, provider: str, outcome: str, _seconds: float) -> None:
        self.calls.append((family, provider, outcome))

    @property
    def zone(self) -> Zone:
        return self.server.zone

    async def accept(self, *domains: str) -> list[bool]:
        """Whether an address of each domain is accepted, asked at the same time."""
        return await asyncio.gather(*(accepts(self.rules, f"ada@{domain}") for domain in domains))

    def accepts(self, domain: str) -> bool:
        return asyncio.run(self.accept(domain))[0]


async def accepts(rules: MailRules, address: str) -> bool:
    try:
        await rules.require_deliverable(address)
    except ApiError:
        return False
    return True


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with DnsServer({}) as server:
        yield server


@pytest.fixture
def registry(server: DnsServer) -> Registry:
    return Registry(server)


class TestRules:
    @pytest.mark.parametrize(
        "records",
        [
            pytest.param(DELIVERABLE, id="MX"),
            pytest.param({"A": ["192.0.2.1"]}, id="A alone (RFC 5321 section 5.1)"),
            pytest.param({"AAAA": ["2001:db8::1"]}, id="AAAA alone"),
            pytest.param({"A": ["192.0.2.1"], "AAAA": SERVFAIL}, id="A, and AAAA is broken"),
            pytest.param({"MX": ["10 ."]}, id="not a null MX by its preference"),
            pytest.param({"MX": ["0 .", "10 mx.example.test."]}, id="not a null MX for it is not alone"),
            pytest.param({"MX": ["0 mx.example.test."]}, id="preference 0"),
            pytest.param(SERVFAIL, id="SERVFAIL"),
            pytest.param({"A": SERVFAIL}, id="SERVFAIL to one address question"),
        ],
    )
    def test_accepts(self, registry: Registry, records: Records) -> None:
        registry.zone["example.test"] = records
        assert registry.accepts("example.test")

    @pytest.mark.parametrize(
        "records", [pytest.param(NULL_MX, id="null MX (RFC 7505)"), pytest.param(NOTHING, id="nothing")]
    )
    def test_refuses(self, registry: Registry, records: Records) -> None:
        registry.zone["example.test"] = records
        assert not registry.accepts("example.test")

    @pytest.mark.parametrize(
        ("records", "outcome"), [(DELIVERABLE, "ok"), (NULL_MX, "rejected"), (SERVFAIL, "unavailable")]
    )
    def test_each_look_is_told_of(self, registry: Registry, records: Records, outcome: str) -> None:
        registry.zone["example.test"] = records
        asyncio.run(registry.accept("example.test", "example.test"))
        assert registry.calls == [("dns", "resolver", outcome)]

    def test_refuses_by_the_documented_code(self, registry: Registry) -> None:
        with pytest.raises(ApiError) as refusal:
            asyncio.run(registry.rules.require_deliverable("ada@missing.test"))
        assert refusal.value.code == "auth.register.invalid_email"

    def test_refuses_a_domain_that_does_not_exist(self, registry: Registry) -> None:
        assert not registry.accepts("missing.test")
        assert registry.server.count("missing.test") == 1

    def test_does_not_ask_for_addresses_where_there_is_mx(self, registry: Registry) -> None:
        registry.zone["example.test"] = DELIVERABLE
        assert registry.accepts("example.test")
        assert [query.rdtype for query in registry.server.queries] == ["MX"]

    def test_asks_for_the_ascii_name(self, registry: Registry) -> None:
        registry.zone["xn--bcher-kva.test"] = DELIVERABLE
        assert registry.accepts("B\u00fccher.test")

    def test_reads_long_answers_over_tcp(self, registry: Registry) -> None:
        registry.zone["example.test"] = {"MX": [f"{n} mx{n}.long-name-of-a-mail-host.test." for n in range(40)]}
        assert registry.accepts("example.test")
        assert [query.transport for query in registry.server.queries] == ["udp", "tcp"]

    @pytest.mark.parametrize("address", ["", "ada", "ada@localhost", '"ada"@example.test', "ada@[192.0.2.1]"])
    def test_refuses_what_is_no_address(self, registry: Registry, address: str) -> None:
        assert not asyncio.run(accepts(registry.rules, address))
        assert not registry.server.queries

    @pytest.mark.parametrize("domain", ["mailinator.com", "sub.mailinator.com", "MAILINATOR.com"])
    def test_refuses_disposable_domains_by_suffix(self, registry: Registry, domain: str) -> None:
        assert not registry.accepts(domain)
        assert not registry.server.queries


class TestSwitch:
    def test_off_means_no_query(self, registry: Registry) -> None:
        registry.config["auth.email_mx_check"] = False
        assert registry.accepts("missing.test")
        assert not registry.server.queries

    def test_off_still_refuses_bad_and_disposable_addresses(self, registry: Registry) -> None:
        registry.config["auth.email_mx_check"] = False
        assert not registry.accepts("localhost")
        assert not registry.accepts("mailinator.com")

    def test_takes_effect_at_once(self, registry: Registry) -> None:
        registry.config["auth.email_mx_check"] = False
        assert registry.accepts("missing.test")
        registry.config["auth.email_mx_check"] = True
        assert not registry.accepts("missing.test")


class TestSingleFlight:
    def test_concurrent_callers_share_one_lookup(self, registry: Registry) -> None:
        registry.zone["example.test"] = DELIVERABLE
        assert asyncio.run(registry.accept(*["example.test"] * 50)) == [True] * 50
        assert registry.server.count("example.test", "MX") == 1

    def test_concurrent_callers_share_a_refusal(self, registry: Registry) -> None:
        registry.zone["example.test"] = NOTHING
        assert asyncio.run(registry.accept(*["example.test"] * 50)) == [False] * 50
        assert len(registry.server.queries) == 3

    def test_strangers_keep_it_busy_with_so_many_domains_and_no_more(self, registry: Registry) -> None:
        answers = asyncio.run(registry.accept(*(f"missing-{number}.test" for number in range(MOST_AT_ONCE + 40))))
        assert answers.count(False) == len({query.name for query in registry.server.queries}) == MOST_AT_ONCE
        assert answers.count(True) == 40  # the verification mail decides

    def test_a_caller_who_leaves_does_not_stop_the_others(self, registry: Registry) -> None:
        async def scenario() -> bool:
            first = asyncio.create_task(accepts(registry.rules, "ada@missing.test"))
            second = asyncio.create_task(accepts(registry.rules, "bob@missing.test"))
            asyncio.get_running_loop().call_soon(first.cancel)
            with pytest.raises(asyncio.CancelledError):
                await first
            return await second

        assert not asyncio.run(scenario())
        assert registry.server.count("missing.test") == 1


class TestCache:
    @pytest.mark.parametrize(
        ("ttl", "held"),
        [pytest.param(0, 60, id="at least a minute"), (600, 600), pytest.param(86400, 3600, id="at most an hour")],
    )
    def test_acceptance_lives_as_long_as_its_records(self, ttl: int, held: int) -> None:
        with DnsServer({"mx.test": DELIVERABLE, "host.test": {"A": ["192.0.2.1"]}}, ttl=ttl) as server:
            registry = Registry(server)
            for domain in ("mx.test", "host.test"):
                assert self.seconds_held(registry, domain) == held

    @pytest.mark.parametrize(("ttl", "held"), [(30, 30), pytest.param(86400, 300, id="at most five minutes")])
    def test_refusal_lives_as_long_as_the_zone_says(self, ttl: int, held: int) -> None:
        with DnsServer({"nothing.test": NOTHING}, negative_ttl=ttl) as server:
            registry = Registry(server)
            for domain in ("missing.test", "nothing.test"):
                assert self.seconds_held(registry, domain) == held

    def test_null_mx_is_a_refusal(self) -> None:
        with DnsServer({"null.test": NULL_MX}, ttl=3600) as server:
            assert self.seconds_held(Registry(server), "null.test") == 300

    def test_the_undecided_is_asked_again(self, registry: Registry) -> None:
        registry.zone["example.test"] = SERVFAIL
        assert registry.accepts("example.test")
        del registry.zone["example.test"]
        assert not registry.accepts("example.test")

    def test_is_bounded_and_forgets_what_was_used_least(self) -> None:
        cache = VerdictCache(Clock(), size=2)
        for domain in ("a.test", "b.test"):
            cache.put(domain, Verdict(accepts=True, ttl=60))
        cache.get("a.test")
        cache.put("c.test", Verdict(accepts=False, ttl=60))
        assert [cache.get(f"{letter}.test") for letter in "abc"] == [True, None, False]

    @staticmethod
    def seconds_held(registry: Registry, domain: str) -> int:
        """The longest time after which the same question still makes no query, among the limits that matter."""
        verdict = registry.accepts(domain)
        asked = registry.server.count(domain, "MX")
        start = registry.clock.now
        for seconds in (30, 60, 300, 600, 3600):
            registry.clock.now = start + seconds - 1
            assert registry.accepts(domain) == verdict
            assert registry.server.count(domain, "MX") == asked
            registry.clock.now = start + seconds
            assert registry.accepts(domain) == verdict
            if registry.server.count(domain, "MX") > asked:
                return seconds
        raise AssertionError(f"{domain} is remembered for too long")


class TestSilence:
    def test_a_silent_resolver_costs_three_seconds_in_all(self, registry: Registry) -> None:
        registry.zone["example.test"] = SILENT
        started = time.monotonic()
        assert registry.accepts("example.test")
        assert time.monotonic() - started < 3.5
        assert registry.calls == [("dns", "resolver", "unavailable")]

    def test_a_lost_datagram_is_sent_again(self, registry: Registry) -> None:
        registry.zone["example.test"] = {"MX": LOSSY}
        assert not registry.accepts("example.test")
        assert registry.server.count("example.test", "MX") == 2

    def test_the_limit_spans_all_queries(self, server: DnsServer) -> None:
        server.zone["example.test"] = {"MX": LOSSY, "A": SILENT, "AAAA": SILENT}
        started = time.monotonic()
        assert Registry(server, seconds=1.5).accepts("example.test")
        assert time.monotonic() - started < 2  # the second MX question alone comes after half a second
        assert server.count("example.test", "A") > 0

    def test_an_address_found_does_not_wait_for_the_other_kind(self, registry: Registry) -> None:
        registry.zone["example.test"] = {"A": ["192.0.2.1"], "AAAA": SILENT}
        started = time.monotonic()
        assert registry.accepts("example.test")
        assert time.monotonic() - started < 1

    def test_a_resolver_nobody_listens_on_accepts(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        rules = MailRules(FakeConfig(), f"127.0.0.1:{port}", seconds=IMPATIENT)
        assert asyncio.run(accepts(rules, "ada@example.test"))

    def test_a_system_without_resolver_accepts(self, tmp_path: Path) -> None:
        rules = MailRules(FakeConfig(), resolv_conf=tmp_path / "absent")
        assert asyncio.run(accepts(rules, "ada@example.test"))


class TestBreaker:
    @pytest.fixture
    def registry(self, server: DnsServer) -> Registry:
        """A registry that has just given up on its resolver."""
        registry = Registry(server, seconds=IMPATIENT)
        silent = [f"silent{n}.test" for n in range(3)]
        server.zone.update(dict.fromkeys([*silent, "probe.test"], SILENT))
        assert asyncio.run(registry.accept(*silent)) == [True] * 3
        return registry

    def test_accepts_at_once_without_a_query(self, registry: Registry) -> None:
        registry.clock.now += 29
        assert registry.accepts("missing.test")
        assert registry.server.count("missing.test") == 0

    def test_asks_again_after_the_pause(self, registry: Registry) -> None:
        registry.clock.now += 30
        assert not registry.accepts("missing.test")
        assert not registry.accepts("missing-too.test")

    def test_one_question_probes_and_the_others_do_not_wait(self, registry: Registry) -> None:
        registry.clock.now += 30
        assert asyncio.run(registry.accept("probe.test", "missing.test")) == [True, True]
        assert registry.server.count("probe.test") > 0
        assert registry.server.count("missing.test") == 0

    def test_a_failed_probe_starts_another_pause(self, registry: Registry) -> None:
        registry.clock.now += 30
        assert registry.accepts("probe.test")
        registry.clock.now += 29
        assert registry.accepts("missing.test")
        registry.clock.now += 1
        assert not registry.accepts("missing.test")

    def test_what_is_known_stays_known(self, server: DnsServer) -> None:
        registry = Registry(server, seconds=IMPATIENT)
        server.zone.update(dict.fromkeys(["silent1.test", "silent2.test", "silent3.test"], SILENT))
        assert not registry.accepts("missing.test")
        asyncio.run(registry.accept("silent1.test", "silent2.test", "silent3.test"))
        assert not registry.accepts("missing.test")

    def test_a_resolver_that_answers_servfail_is_alive(self, server: DnsServer) -> None:
        registry = Registry(server)
        failing = [f"failing{n}.test" for n in range(10)]
        server.zone.update(dict.fromkeys(failing, SERVFAIL))
        assert all(asyncio.run(registry.accept(*failing)))
        assert not registry.accepts("missing.test")

    def test_only_silences_in_a_row_count(self, server: DnsServer) -> None:
        registry = Registry(server, seconds=IMPATIENT)
        server.zone.update(dict.fromkeys(["silent1.test", "silent2.test", "silent3.test"], SILENT))
        asyncio.run(registry.accept("silent1.test", "silent2.test"))
        assert not registry.accepts("missing.test")
        assert registry.accepts("silent3.test")
        assert not registry.accepts("missing-too.test")


class TestResolver:
    def test_the_systems_is_read_from_its_file(self, tmp_path: Path) -> None:
        file = tmp_path / "resolv.conf"
        file.write_text("nameserver 192.0.2.53\n")
        resolver = stub_resolver(None, file)
        assert resolver is not None
        assert resolver.nameservers == ["192.0.2.53"]

    @pytest.mark.parametrize("content", ["", "search example.test\n", "nameserver nonsense\n"])
    def test_a_file_that_names_none_is_no_resolver(self, tmp_path: Path, content: str) -> None:
        file = tmp_path / "resolv.conf"
        file.write_text(content)
        assert stub_resolver(None, file) is None

    @pytest.mark.parametrize(
        ("address", "server"),
        [
            ("192.0.2.53:5353", "Do53:192.0.2.53@5353"),
            ("192.0.2.53", "Do53:192.0.2.53@53"),
            ("[::1]:53", "Do53:::1@53"),
        ],
    )
    def test_an_address_names_a_server(self, address: str, server: str) -> None:
        assert [str(found) for found in name_servers(address)] == [server]

    @pytest.mark.parametrize("address", ["", ":53", "127.0.0.1:dns", "127.0.0.1:99999"])
    def test_a_wrong_address_is_told_at_once(self, address: str) -> None:
        with pytest.raises(ValueError):
            stub_resolver(address)
