"""One contract, kept by every vendor, and the family's failover."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import httpx
import pytest
from structlog.testing import capture_logs

from domain.auth.sms import Sms
from providers.ports import Attempt, ProviderRejected, ProviderUnavailable
from providers.registry import build_providers
from providers.sms import PROVIDERS, sms_adapters
from providers.sms.vendor import Vendor
from tests.providers.fakes import NOWHERE, FakeConfig, FakeMailStore, fake_sign
from tests.providers.servers import closed_port
from tests.providers.sms_vendors import VENDORS, Received, SmsVendor, sms_vendor

PHONE = "+905551112212"
MESSAGE_ID = UUID("6f1d3c52-2a0f-4a8e-9d3e-0c4b1a2f3e4d")

each_vendor = pytest.mark.parametrize("name", sorted(VENDORS))


def put(config: FakeConfig, values: dict[str, str]) -> None:
    for key, value in values.items():
        config.slip(key, value)


def message(text: str = "Your BIO.RE code is 123456 & more+") -> Sms:
    return Sms(MESSAGE_ID, PHONE, text, "en")


@pytest.fixture
def vendor(name: str, config: FakeConfig) -> Iterator[SmsVendor]:
    with sms_vendor(name) as server:
        put(config, server.configured())
        yield server


def send(config: FakeConfig, name: str, sms: Sms | None = None, **options: Any) -> None:
    async def hand_over() -> None:
        async with httpx.AsyncClient(trust_env=False) as http:
            adapters = sms_adapters(config, http, FakeMailStore(), "development")
            (kind,) = (type(adapter) for adapter in adapters if adapter.name == name)
            assert issubclass(kind, Vendor)
            await getattr(kind(config, http, **options), "send")(sms or message())  # noqa: B009 - of the subclasses only

    asyncio.run(hand_over())


@each_vendor
class TestMessage:
    def test_it_arrives_as_it_was_written(self, config: FakeConfig, vendor: SmsVendor, name: str) -> None:
        send(config, name)
        (received,) = vendor.received
        assert (received.to, received.text) == (PHONE, message().text)
        assert received.sender == vendor.settings["from"]
        assert received.reference in (None, str(MESSAGE_ID))

    def test_every_script_arrives(self, config: FakeConfig, vendor: SmsVendor, name: str) -> None:
        text = "رمزك 123456 — не говорите никому 🔑"
        send(config, name, message(text))
        assert [received.text for received in vendor.received] == [text]

    def test_a_slash_behind_the_base_url_does_no_harm(self, config: FakeConfig, vendor: SmsVendor, name: str) -> None:
        put(config, vendor.configured(base_url=vendor.url + "/"))
        send(config, name)
        assert len(vendor.received) == 1

    def test_a_number_refused_for_good_is_rejected(self, config: FakeConfig, vendor: SmsVendor, name: str) -> None:
        for code in vendor.refusals:
            vendor.fault = code
            with pytest.raises(ProviderRejected, match=str(code)) as refusal:
                send(config, name)
            assert PHONE.removeprefix("+") not in str(refusal.value)

    def test_any_other_fault_lets_the_next_one_try(self, config: FakeConfig, vendor: SmsVendor, name: str) -> None:
        for code in vendor.troubles:
            vendor.fault = code
            with pytest.raises(ProviderUnavailable, match=str(code)) as fault:
                send(config, name)
            assert PHONE.removeprefix("+") not in str(fault.value)


@each_vendor
class TestAccount:
    def test_wrong_credentials_are_no_verdict_on_the_number(
        self, config: FakeConfig, vendor: SmsVendor, name: str
    ) -> None:
        secret = {"twilio": "auth_token", "vonage": "api_secret"}[name]
        put(config, vendor.configured(**{secret: "another"}))
        with pytest.raises(ProviderUnavailable):
            send(config, name)
        assert vendor.received == []

    def test_without_its_settings_nobody_is_asked(self, config: FakeConfig, vendor: SmsVendor, name: str) -> None:
        for setting in ("base_url", *vendor.settings):
            put(config, vendor.configured(**{setting: ""}))
            with pytest.raises(ProviderUnavailable, match=rf"external\.sms\.{name}\.{setting} is empty"):
                send(config, name)
        assert vendor.calls == 0


@each_vendor
class TestOutage:
    @pytest.mark.parametrize(
        "answer",
        [
            (500, b""),
            (503, b"{}"),
            (429, b'{"code": 20429}'),
            (200, b""),
            (200, b"null"),
            (200, b"[]"),
            (200, b"{}"),
            (200, b'{"messages": []}'),
            (200, b'{"messages": "0"}'),
            (200, b'{"messages": [7]}'),
            (200, b'{"messages": [{"status": 0}]}'),
            (200, b'{"messages": [{"status": "\xd9\xa0"}]}'),
            (201, b"{}"),
            (302, b""),
            (400, b'{"code": "21211"}'),
        ],
    )
    def test_nothing_but_success_is_success(
        self, config: FakeConfig, vendor: SmsVendor, name: str, answer: tuple[int, bytes]
    ) -> None:
        vendor.outage = answer
        with pytest.raises(ProviderUnavailable):
            send(config, name)

    def test_a_closed_port(self, config: FakeConfig, vendor: SmsVendor, name: str) -> None:
        put(config, vendor.configured(base_url=f"http://127.0.0.1:{closed_port()}"))
        with pytest.raises(ProviderUnavailable, match="ConnectError"):
            send(config, name)

    @pytest.mark.parametrize("url", ["nonsense", "http://[", "ftp://127.0.0.1"])
    def test_no_url(self, config: FakeConfig, vendor: SmsVendor, name: str, url: str) -> None:
        put(config, vendor.configured(base_url=url))
        with pytest.raises(ProviderUnavailable):
            send(config, name)

    def test_a_vendor_that_does_not_answer_is_given_up(self, config: FakeConfig, vendor: SmsVendor, name: str) -> None:
        vendor.hangs = True
        with pytest.raises(ProviderUnavailable):
            send(config, name, seconds=0.1)


class TestSender:
    @pytest.fixture
    def name(self) -> str:
        return "twilio"

    @pytest.mark.parametrize("sender", ["MG" + "0" * 32, "MGMT", "+15005550006"])
    def test_a_number_a_name_or_a_service(self, config: FakeConfig, vendor: SmsVendor, sender: str) -> None:
        put(config, vendor.configured(**{"from": sender}))
        send(config, "twilio")
        assert vendor.received == [Received(PHONE, message().text, sender)]


class TestFamily:
    @pytest.fixture
    def vendors(self, config: FakeConfig, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, SmsVendor]]:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")  # wherever the tests run, loopback is reached directly
        with ExitStack() as stack:
            vendors = {name: stack.enter_context(sms_vendor(name)) for name in VENDORS}
            for server in vendors.values():
                put(config, server.configured())
            config["external.sms.active_provider"] = "twilio"
            config["external.sms.failover_providers"] = ["vonage"]
            yield vendors

    @staticmethod
    def _send(config: FakeConfig, store: FakeMailStore | None = None, env: str = "development") -> list[Attempt]:
        attempts: list[Attempt] = []

        async def run() -> None:
            providers = build_providers(config, store or FakeMailStore(), env, NOWHERE, fake_sign, httpx.AsyncClient)
            try:
                await providers.sms.send(message("1 < 2"), attempts.append)
            finally:
                await providers.aclose()

        asyncio.run(run())
        return attempts

    def test_the_active_one_delivers_and_no_other_is_asked(
        self, config: FakeConfig, vendors: dict[str, SmsVendor]
    ) -> None:
        attempts = self._send(config)
        assert [(attempt.provider, attempt.outcome) for attempt in attempts] == [("twilio", "delivered")]
        assert (vendors["twilio"].calls, vendors["vonage"].calls) == (1, 0)

    def test_the_next_one_delivers_when_the_first_is_down(
        self, config: FakeConfig, vendors: dict[str, SmsVendor]
    ) -> None:
        vendors["twilio"].outage = (503, b"")
        with capture_logs() as logs:
            attempts = self._send(config)
        assert [(attempt.provider, attempt.outcome) for attempt in attempts] == [
            ("twilio", "unavailable"),
            ("vonage", "delivered"),
        ]
        assert len(vendors["vonage"].received) == 1
        assert [(line["event"], line["family"], line["provider"]) for line in logs] == [
            ("provider.unavailable", "sms", "twilio")
        ]

    def test_a_refusal_for_good_ends_it(self, config: FakeConfig, vendors: dict[str, SmsVendor]) -> None:
        vendors["twilio"].fault = 21211
        with pytest.raises(ProviderRejected):
            self._send(config)
        assert vendors["vonage"].calls == 0

    def test_all_down_is_unavailable(self, config: FakeConfig, vendors: dict[str, SmsVendor]) -> None:
        for server in vendors.values():
            server.outage = (500, b"")
        with pytest.raises(ProviderUnavailable, match=r"no sms provider is available \(twilio: .*; vonage: .*\)"):
            self._send(config)

    @pytest.mark.parametrize("env", ["development", "staging"])
    def test_the_mailbox_keeps_messages_outside_production(self, config: FakeConfig, env: str) -> None:
        config["external.sms.active_provider"] = "mailbox"
        store = FakeMailStore()
        self._send(config, store, env)
        (kept,) = store.mails.values()
        assert (kept.id, kept.to, kept.subject, kept.locale) == (MESSAGE_ID, PHONE, "", "en")
        assert (kept.text, kept.html) == ("1 < 2", "1 &lt; 2")

    def test_the_mailbox_does_not_exist_in_production(self, config: FakeConfig) -> None:
        config["external.sms.active_provider"] = "mailbox"
        store = FakeMailStore()
        with pytest.raises(ProviderUnavailable, match="mailbox does not exist in this environment"):
            self._send(config, store, "production")
        assert store.mails == {}

    def test_every_choice_of_the_config_has_its_adapter(self, config: FakeConfig) -> None:
        async def names() -> set[str]:
            async with httpx.AsyncClient() as http:
                return {adapter.name for adapter in sms_adapters(config, http, FakeMailStore(), "development")}

        assert asyncio.run(names()) == set(PROVIDERS)
