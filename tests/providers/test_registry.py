import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
from structlog.testing import capture_logs

from domain.errors import ApiError
from providers import captcha, email, geoip
from providers.breaker import FAILURES
from providers.captcha import captcha_adapters
from providers.email import email_adapters
from providers.families.accounts import OAuthFamily
from providers.geoip import geoip_adapters
from providers.observing import Watch, observed
from providers.ports import (
    Attempt,
    OAuthClient,
    OAuthIdentity,
    OAuthProof,
    ProviderRejected,
    ProviderUnavailable,
)
from providers.registry import Providers, build_providers
from tests.providers.conftest import DatabaseMaker, MailMaker
from tests.providers.fakes import NOWHERE, FakeConfig, FakeMailStore, fake_sign
from tests.providers.s3_server import s3_server
from tests.providers.servers import SiteVerifyServer, SmtpServer, closed_port, silent_server
from tests.providers.sms_vendors import VENDORS, sms_vendor

AnswerT = TypeVar("AnswerT")
CONNECTIONS = 100  # of one client of httpx


@dataclass
class World:
    """A process with its providers, one event loop per question."""

    config: FakeConfig
    env: str = "development"
    store: FakeMailStore = field(default_factory=FakeMailStore)
    attempts: list[Attempt] = field(default_factory=list)
    calls: list[tuple[str, str, str]] = field(default_factory=list)

    def ask(self, question: Callable[[Providers], Awaitable[AnswerT]]) -> AnswerT:
        async def run() -> AnswerT:
            providers = build_providers(
                self.config, self.store, self.env, NOWHERE, fake_sign, httpx.AsyncClient, self.observe
            )
            try:
                return await question(providers)
            finally:
                await providers.aclose()

        return asyncio.run(run())

    def observe(self, family: str, provider: str, outcome: str, seconds: float) -> None:
        assert 0 <= seconds < 60
        self.calls.append((family, provider, outcome))

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        return [(attempt.provider, attempt.outcome) for attempt in self.attempts]


@pytest.fixture
def world(config: FakeConfig) -> World:
    return World(config)


def use(config: FakeConfig, family: str, active: str, *failover: str) -> None:
    config[f"external.{family}.active_provider"] = active
    config[f"external.{family}.failover_providers"] = list(failover)


class TestEmail:
    @pytest.fixture(autouse=True)
    def servers(self, config: FakeConfig, smtp: SmtpServer, second_smtp: SmtpServer) -> None:
        config["external.email.smtp.url"] = f"{smtp.url}?tls=none"
        config["external.email.smtp_secondary.url"] = f"{second_smtp.url}?tls=none"
        use(config, "email", "smtp", "smtp_secondary")

    def test_the_active_one_delivers_and_no_other_is_asked(
        self, world: World, make_mail: MailMaker, smtp: SmtpServer, second_smtp: SmtpServer
    ) -> None:
        before = datetime.now(UTC)
        world.ask(lambda providers: providers.email.send(make_mail(), world.attempts.append))
        assert (len(smtp.accepted), len(second_smtp.accepted)) == (1, 0)
        (attempt,) = world.attempts
        assert (attempt.provider, attempt.outcome, attempt.error) == ("smtp", "delivered", None)
        assert before <= attempt.started_at <= datetime.now(UTC)

    def test_the_next_one_delivers_when_the_first_is_down(
        self, world: World, make_mail: MailMaker, second_smtp: SmtpServer
    ) -> None:
        world.config["external.email.smtp.url"] = f"smtp://127.0.0.1:{closed_port()}"
        world.ask(lambda providers: providers.email.send(make_mail(), world.attempts.append))
        assert len(second_smtp.accepted) == 1
        assert world.outcomes == [("smtp", "unavailable"), ("smtp_secondary", "delivered")]
        assert world.attempts[0].error
        assert world.calls == [("email", "smtp", "unavailable"), ("email", "smtp_secondary", "ok")]

    def test_all_down_is_unavailable_and_tells_of_each(
        self, world: World, make_mail: MailMaker, smtp: SmtpServer, second_smtp: SmtpServer
    ) -> None:
        smtp.replies["RCPT"], second_smtp.replies["DATA"] = "450 later", "451 later"
        with capture_logs() as logs, pytest.raises(ProviderUnavailable, match=r"smtp: .*450.*; smtp_secondary: .*451"):
            world.ask(lambda providers: providers.email.send(make_mail(), world.attempts.append))
        assert world.outcomes == [("smtp", "unavailable"), ("smtp_secondary", "unavailable")]
        assert [(line["event"], line["provider"]) for line in logs] == [
            ("provider.unavailable", "smtp"),
            ("provider.unavailable", "smtp_secondary"),
        ]

    def test_a_refusal_for_good_ends_it(
        self, world: World, make_mail: MailMaker, smtp: SmtpServer, second_smtp: SmtpServer
    ) -> None:
        smtp.replies["RCPT"] = "550 no such user"
        with pytest.raises(ProviderRejected):
            world.ask(lambda providers: providers.email.send(make_mail(), world.attempts.append))
        assert world.outcomes == [("smtp", "rejected")]
        assert second_smtp.accepted == []

    def test_nobody_is_asked_twice(self, world: World, make_mail: MailMaker, smtp: SmtpServer) -> None:
        use(world.config, "email", "smtp", "smtp", "smtp_secondary", "smtp")
        smtp.replies["MAIL"] = "451 later"
        world.ask(lambda providers: providers.email.send(make_mail(), world.attempts.append))
        assert world.outcomes == [("smtp", "unavailable"), ("smtp_secondary", "delivered")]

    def test_a_change_of_the_config_holds_from_the_next_call(
        self, world: World, make_mail: MailMaker, smtp: SmtpServer, second_smtp: SmtpServer
    ) -> None:
        async def send_switch_send(providers: Providers) -> None:
            await providers.email.send(make_mail(), world.attempts.append)
            use(world.config, "email", "smtp_secondary")
            await providers.email.send(make_mail(), world.attempts.append)

        world.ask(send_switch_send)
        assert world.outcomes == [("smtp", "delivered"), ("smtp_secondary", "delivered")]
        assert (len(smtp.accepted), len(second_smtp.accepted)) == (1, 1)

    @pytest.mark.parametrize("env", ["development", "staging"])
    def test_the_mailbox_keeps_mail_outside_production(
        self, config: FakeConfig, make_mail: MailMaker, env: str
    ) -> None:
        world = World(config, env)
        use(config, "email", "mailbox")
        world.ask(lambda providers: providers.email.send(make_mail(), world.attempts.append))
        assert list(world.store.mails.values()) == [make_mail()]
        assert world.outcomes == [("mailbox", "delivered")]

    def test_the_mailbox_does_not_exist_in_production(self, config: FakeConfig, make_mail: MailMaker) -> None:
        world = World(config, "production")
        use(config, "email", "mailbox")
        with pytest.raises(ProviderUnavailable, match="mailbox does not exist in this environment"):
            world.ask(lambda providers: providers.email.send(make_mail(), world.attempts.append))
        assert world.store.mails == {}
        assert world.outcomes == [("mailbox", "unavailable")]


class TestCaptcha:
    @pytest.fixture(autouse=True)
    def vendors(
        self,
        config: FakeConfig,
        siteverify: SiteVerifyServer,
        second_siteverify: SiteVerifyServer,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")  # wherever the tests run, loopback is reached directly
        for vendor, server in (("turnstile", siteverify), ("hcaptcha", second_siteverify)):
            config[f"external.captcha.{vendor}.secret"] = server.secret
            config[f"external.captcha.{vendor}.verify_url"] = server.url
        use(config, "captcha", "turnstile", "hcaptcha")

    def test_the_active_vendor_decides(self, world: World, second_siteverify: SiteVerifyServer) -> None:
        assert world.ask(lambda providers: providers.captcha.verify("good", "203.0.113.7")) is True
        assert world.ask(lambda providers: providers.captcha.verify("bad", "203.0.113.7")) is False
        assert second_siteverify.forms == []
        assert world.calls == [("captcha", "turnstile", "ok"), ("captcha", "turnstile", "rejected")]

    def test_the_next_vendor_decides_when_the_first_is_out(
        self, world: World, siteverify: SiteVerifyServer, second_siteverify: SiteVerifyServer
    ) -> None:
        siteverify.outage = (503, b"")
        assert world.ask(lambda providers: providers.captcha.verify("good", None)) is True
        assert (len(siteverify.forms), len(second_siteverify.forms)) == (1, 1)

    def test_no_vendor_left_lets_nobody_pass(
        self, world: World, siteverify: SiteVerifyServer, second_siteverify: SiteVerifyServer
    ) -> None:
        siteverify.outage = second_siteverify.outage = (503, b"")
        with pytest.raises(ProviderUnavailable, match="captcha"):
            world.ask(lambda providers: providers.captcha.verify("good", None))

    @pytest.mark.parametrize(
        ("active", "failover", "enabled"),
        [("none", [], False), ("none", ["turnstile"], False), ("turnstile", [], True), ("turnstile", ["none"], True)],
    )
    def test_none_switches_it_off(self, world: World, active: str, failover: list[str], enabled: bool) -> None:
        async def ask(providers: Providers) -> bool:
            return providers.captcha.enabled

        use(world.config, "captcha", active, *failover)
        assert world.ask(ask) is enabled

    def test_none_in_the_list_is_no_way_around_an_outage(self, world: World, siteverify: SiteVerifyServer) -> None:
        use(world.config, "captcha", "turnstile", "none", "hcaptcha")
        siteverify.outage = (503, b"")
        with pytest.raises(ProviderUnavailable):
            world.ask(lambda providers: providers.captcha.verify("good", None))

    def test_nothing_is_verified_while_switched_off(self, world: World) -> None:
        use(world.config, "captcha", "none")
        with pytest.raises(ProviderUnavailable, match="none is active"):
            world.ask(lambda providers: providers.captcha.verify("good", None))


class TestGeoIp:
    @pytest.fixture(autouse=True)
    def database(self, config: FakeConfig, make_database: DatabaseMaker) -> None:
        config["external.geoip.maxmind.path"] = make_database({"203.0.113.0/24": {"country": {"iso_code": "TR"}}})
        use(config, "geoip", "cdn_header", "maxmind")

    @pytest.mark.parametrize(
        ("order", "cdn_country", "known"),
        [
            (["cdn_header", "maxmind"], "DE", "DE"),
            (["cdn_header", "maxmind"], None, "TR"),
            (["cdn_header", "maxmind"], "XX", "TR"),
            (["maxmind", "cdn_header"], "DE", "TR"),
            (["cdn_header"], None, None),
            (["cdn_header", "none", "maxmind"], None, None),
            (["none", "cdn_header"], "DE", None),
        ],
    )
    def test_the_first_that_knows_tells(
        self, world: World, order: list[str], cdn_country: str | None, known: str | None
    ) -> None:
        use(world.config, "geoip", *order)
        assert world.ask(lambda providers: providers.geoip.country("203.0.113.7", cdn_country)) == known

    def test_each_source_that_is_asked_is_told_of(self, world: World) -> None:
        world.ask(lambda providers: providers.geoip.country("203.0.113.7", None))
        assert world.calls == [("geoip", "cdn_header", "unknown"), ("geoip", "maxmind", "ok")]

    def test_an_unknown_client_has_no_country(self, world: World) -> None:
        assert world.ask(lambda providers: providers.geoip.country(None, None)) is None
        assert world.ask(lambda providers: providers.geoip.country("198.51.100.1", None)) is None


class TestStorage:
    def test_what_goes_over_the_network_is_told_of(self, world: World, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"x")
        key = "avatars/6f1d3c52-2a0f-4a8e-9d3e-0c4b1a2f3e4d/7c1e0190-d3f4-4a52-8f3b-2d1c9e6a5b40.png"

        async def use_it(providers: Providers) -> list[bytes]:
            storage = providers.storage.active
            assert await storage.find(key) is None
            await storage.put(key, "image/png", tmp_path / "file")
            async with storage.read(key) as pieces:
                found = [piece async for piece in pieces]
            await storage.delete(key)
            assert storage.key_of(storage.public_url(key)) == key
            with pytest.raises(ProviderRejected):
                await storage.read(key).__aenter__()
            return found

        with s3_server() as vendor:
            for name, value in vendor.configured().items():
                world.config[name] = value
            assert world.ask(use_it) == [b"x"]
        with pytest.raises(ProviderUnavailable):
            world.ask(lambda providers: providers.storage.active.find(key))
        outcomes = ["ok", "ok", "ok", "ok", "rejected", "unavailable"]
        assert world.calls == [("storage", "s3", outcome) for outcome in outcomes]

    def test_files_that_are_read_slowly_keep_no_other_vendor_waiting(
        self, world: World, siteverify: SiteVerifyServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")  # wherever the tests run, loopback is reached directly
        world.config["external.captcha.turnstile.secret"] = siteverify.secret
        world.config["external.captcha.turnstile.verify_url"] = siteverify.url
        use(world.config, "captcha", "turnstile")

        async def ask_beside_readers(providers: Providers) -> bool:
            async with AsyncExitStack() as readers:
                for _ in range(CONNECTIONS):
                    await readers.enter_async_context(providers.storage.active.read("exports/large"))
                return await providers.captcha.verify("good", None)

        with s3_server() as vendor:
            vendor.files["exports/large"] = ("application/zip", b"x" * 1_000)
            for name, value in vendor.configured().items():
                world.config[name] = value
            assert world.ask(ask_beside_readers) is True


class Platform:
    """Says, or raises, what it was given."""

    name = "google"

    def __init__(self, fault: Exception | None) -> None:
        self._fault = fault

    async def verify(self, _client: OAuthClient, _proof: OAuthProof) -> OAuthIdentity:
        if self._fault is not None:
            raise self._fault
        return OAuthIdentity(self.name, "1")

    async def require_keys(self, client: OAuthClient) -> None:
        raise NotImplementedError

    async def find(self, platform: str) -> OAuthClient | None:
        return OAuthClient(platform, "us") if platform == self.name else None


class TestOAuth:
    @pytest.mark.parametrize(
        ("fault", "outcome"),
        [
            (None, "ok"),
            (ProviderRejected("no"), "rejected"),
            (ProviderUnavailable("later"), "unavailable"),
            (KeyError("x"), "failed"),
        ],
    )
    def test_each_call_of_a_platform_is_told_of(self, world: World, fault: Exception | None, outcome: str) -> None:
        platform = Platform(fault)
        family = OAuthFamily(platform, [platform], Watch(world.observe))
        with suppress(ApiError, KeyError):
            asyncio.run(family.verify("google", OAuthProof()))
        assert world.calls == [("oauth", "google", outcome)]

    def test_a_platform_that_is_closed_is_not_called(self, world: World) -> None:
        with pytest.raises(ApiError, match="provider_disabled"):
            asyncio.run(OAuthFamily(Platform(None), [], Watch(world.observe)).verify("apple", OAuthProof()))
        assert world.calls == []


class TestBreakers:
    @pytest.fixture(autouse=True)
    def servers(self, config: FakeConfig, second_smtp: SmtpServer) -> None:
        config["external.email.smtp.url"] = f"smtp://127.0.0.1:{closed_port()}"
        config["external.email.smtp_secondary.url"] = f"{second_smtp.url}?tls=none"
        use(config, "email", "smtp", "smtp_secondary")

    def test_one_that_keeps_failing_is_skipped(self, world: World, make_mail: MailMaker) -> None:
        async def send_often(providers: Providers) -> None:
            for _ in range(FAILURES + 2):
                await providers.email.send(make_mail(), world.attempts.append)

        world.ask(send_often)
        assert world.outcomes.count(("smtp", "unavailable")) == FAILURES
        assert world.outcomes.count(("smtp_secondary", "delivered")) == FAILURES + 2

    def test_all_are_asked_where_none_is_left(self, world: World, make_mail: MailMaker) -> None:
        use(world.config, "email", "smtp")

        async def send_often(providers: Providers) -> None:
            for _ in range(FAILURES + 2):
                with suppress(ProviderUnavailable):
                    await providers.email.send(make_mail(), world.attempts.append)

        world.ask(send_often)
        assert world.outcomes == [("smtp", "unavailable")] * (FAILURES + 2)

    def test_a_good_probe_closes_it(self, world: World, smtp: SmtpServer) -> None:
        async def mend(providers: Providers) -> list[bool]:
            circuit = providers.watch.circuit("email", "smtp")
            for _ in range(FAILURES):
                circuit.breaker.failed()
            seen = [circuit.breaker.allows()]
            with suppress(ProviderUnavailable):
                await providers.email.probe("smtp")
            seen.append(circuit.breaker.allows())
            world.config["external.email.smtp.url"] = f"{smtp.url}?tls=none"
            await providers.email.probe("smtp")
            return [*seen, circuit.breaker.allows()]

        assert world.ask(mend) == [False, False, True]

    def test_a_call_ends_with_those_that_it_began_with(self, world: World, make_mail: MailMaker) -> None:
        """The order is changed while the first one is asked."""

        def change(attempt: Attempt) -> None:
            world.attempts.append(attempt)
            use(world.config, "email", "mailbox")

        world.ask(lambda providers: providers.email.send(make_mail(), change))
        assert [name for name, _ in world.outcomes] == ["smtp", "smtp_secondary"]


class TestProbes:
    @pytest.mark.parametrize("name", sorted(VENDORS))
    def test_an_account_for_text_messages(self, world: World, name: str) -> None:
        with sms_vendor(name) as vendor:
            for key, value in vendor.configured().items():
                world.config.slip(key, value)
            world.ask(lambda providers: providers.sms.probe(name))
            assert vendor.received == []
            vendor.closed = True
            with pytest.raises(ProviderUnavailable):
                world.ask(lambda providers: providers.sms.probe(name))
            vendor.closed, vendor.outage = False, (500, b"")
            with pytest.raises(ProviderUnavailable, match="500"):
                world.ask(lambda providers: providers.sms.probe(name))

    @pytest.mark.parametrize(("name", "key"), [("twilio", "auth_token"), ("vonage", "api_secret")])
    def test_credentials_that_are_refused(self, world: World, name: str, key: str) -> None:
        with sms_vendor(name) as vendor:
            for setting, value in vendor.configured(**{key: "planted-secret"}).items():
                world.config.slip(setting, value)
            with pytest.raises(ProviderUnavailable) as refused:
                world.ask(lambda providers: providers.sms.probe(name))
        assert "planted-secret" not in str(refused.value)

    @pytest.mark.parametrize("name", ["hcaptcha", "recaptcha", "turnstile"])
    def test_the_secret_of_a_captcha(self, world: World, siteverify: SiteVerifyServer, name: str) -> None:
        world.config[f"external.captcha.{name}.verify_url"] = siteverify.url
        with pytest.raises(ProviderUnavailable, match="secret is empty"):
            world.ask(lambda providers: providers.captcha.probe(name))
        world.config[f"external.captcha.{name}.secret"] = siteverify.secret
        assert world.ask(lambda providers: providers.captcha.probe(name)) == "the secret is good"
        world.config[f"external.captcha.{name}.secret"] = "another"
        with pytest.raises(ProviderUnavailable, match="invalid-input-secret"):
            world.ask(lambda providers: providers.captcha.probe(name))

    def test_a_captcha_that_takes_anything(self, world: World, siteverify: SiteVerifyServer) -> None:
        siteverify.outage = (200, b'{"success": true}')
        world.config["external.captcha.turnstile.verify_url"] = siteverify.url
        world.config["external.captcha.turnstile.secret"] = "test-key"
        assert "test key" in world.ask(lambda providers: providers.captcha.probe("turnstile"))

    def test_a_database_of_countries(self, world: World, make_database: DatabaseMaker, tmp_path: Path) -> None:
        with pytest.raises(ProviderUnavailable, match="path is empty"):
            world.ask(lambda providers: providers.geoip.probe("maxmind"))
        world.config["external.geoip.maxmind.path"] = make_database({"192.0.2.0/24": {"country": {"iso_code": "TR"}}})
        assert "IPv6" in world.ask(lambda providers: providers.geoip.probe("maxmind"))
        broken = tmp_path / "broken.mmdb"
        broken.write_bytes(b"no database")
        world.config["external.geoip.maxmind.path"] = str(broken)
        with pytest.raises(ProviderUnavailable, match="cannot be used"):
            world.ask(lambda providers: providers.geoip.probe("maxmind"))

    @pytest.mark.parametrize(("family", "name"), [("email", "mailbox"), ("sms", "mailbox"), ("geoip", "cdn_header")])
    def test_what_asks_nobody_is_always_ready(self, world: World, family: str, name: str) -> None:
        assert world.ask(lambda providers: getattr(providers, family).probe(name))

    def test_what_production_has_not_is_not_ready(self, config: FakeConfig) -> None:
        with pytest.raises(ProviderUnavailable, match="does not exist"):
            World(config, "production").ask(lambda providers: providers.email.probe("mailbox"))

    def test_one_that_says_nothing_is_not_waited_for(self, world: World) -> None:
        with silent_server() as port:
            world.config["external.email.smtp.url"] = f"smtp://127.0.0.1:{port}?tls=none"
            with pytest.raises(ProviderUnavailable, match=r"no answer within 0\.2 seconds"):
                world.ask(lambda providers: providers.email.probe("smtp", 0.2))

    @pytest.mark.parametrize("state", ["silent", "dead"])
    def test_a_vendor_of_text_messages_that_is_away(self, world: World, state: str) -> None:
        with sms_vendor("twilio") as vendor:
            vendor.hangs = state == "silent"
            gone = {} if vendor.hangs else {"base_url": f"http://127.0.0.1:{closed_port()}"}
            for key, value in vendor.configured(**gone).items():
                world.config.slip(key, value)
            with pytest.raises(ProviderUnavailable):
                world.ask(lambda providers: providers.sms.probe("twilio", 0.2))


class TestGivingUp:
    def test_is_told_of(self, world: World) -> None:
        async def give_up() -> None:
            with observed(world.observe, "email", "smtp"):
                await asyncio.sleep(3600)

        async def scenario() -> None:
            waiting = asyncio.create_task(give_up())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)

        asyncio.run(scenario())
        assert world.calls == [("email", "smtp", "cancelled")]


class TestCatalogue:
    def test_every_choice_of_the_config_has_its_adapter(self, config: FakeConfig) -> None:
        async def names() -> dict[str, set[str]]:
            async with httpx.AsyncClient() as http:
                return {
                    "email": {adapter.name for adapter in email_adapters(config, FakeMailStore(), "development")},
                    "captcha": {adapter.name for adapter in captcha_adapters(config, http)},
                    "geoip": {adapter.name for adapter in geoip_adapters(config)},
                }

        assert asyncio.run(names()) == {
            "email": set(email.PROVIDERS),
            "captcha": set(captcha.PROVIDERS) - {"none"},
            "geoip": set(geoip.PROVIDERS) - {"none"},
        }

    def test_closing_closes_the_shared_client(self, world: World) -> None:
        async def keep(providers: Providers) -> Providers:
            return providers

        assert world.ask(keep).http.is_closed
