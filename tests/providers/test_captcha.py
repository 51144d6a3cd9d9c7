"""One contract, kept by every vendor."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from providers.captcha import captcha_adapters
from providers.captcha.siteverify import SiteVerify
from providers.ports import ProviderUnavailable
from tests.providers.fakes import FakeConfig
from tests.providers.servers import SiteVerifyServer, closed_port

pytestmark = pytest.mark.parametrize("vendor", ["turnstile", "hcaptcha", "recaptcha"])


@pytest.fixture
def configured(config: FakeConfig, siteverify: SiteVerifyServer, vendor: str) -> FakeConfig:
    config[f"external.captcha.{vendor}.secret"] = siteverify.secret
    config[f"external.captcha.{vendor}.verify_url"] = siteverify.url
    return config


def verify(config: FakeConfig, vendor: str, token: str, remote_ip: str | None = "203.0.113.7", **options: Any) -> bool:
    async def ask() -> bool:
        async with httpx.AsyncClient(trust_env=False) as http:
            (kind,) = (type(adapter) for adapter in captcha_adapters(config, http) if adapter.name == vendor)
            assert issubclass(kind, SiteVerify)
            return await kind(config, http, **options).verify(token, remote_ip)

    return asyncio.run(ask())


class TestToken:
    def test_a_solved_challenge_is_accepted(
        self, configured: FakeConfig, siteverify: SiteVerifyServer, vendor: str
    ) -> None:
        assert verify(configured, vendor, "good+&=ü") is True
        assert siteverify.forms == [{"secret": siteverify.secret, "response": "good+&=ü", "remoteip": "203.0.113.7"}]

    def test_an_unknown_client_address_is_left_out(
        self, configured: FakeConfig, siteverify: SiteVerifyServer, vendor: str
    ) -> None:
        assert verify(configured, vendor, "good", remote_ip=None) is True
        assert siteverify.forms == [{"secret": siteverify.secret, "response": "good"}]

    def test_a_wrong_one_is_refused(self, configured: FakeConfig, vendor: str) -> None:
        assert verify(configured, vendor, "bad") is False

    def test_it_is_good_once(self, configured: FakeConfig, vendor: str) -> None:
        assert [verify(configured, vendor, "good") for _ in range(2)] == [True, False]

    @pytest.mark.parametrize(
        "answer",
        [
            {"success": False},
            {"success": False, "error-codes": None},
            {"success": False, "error-codes": []},
            {"success": False, "error-codes": ["expired-input-response"]},
            {"success": False, "error-codes": ["unheard-of"]},
            {"success": False, "error-codes": [7, {}]},
            {"success": "true"},
            {"success": 1},
            {},
        ],
    )
    def test_nothing_but_success_is_success(
        self, configured: FakeConfig, siteverify: SiteVerifyServer, vendor: str, answer: Any
    ) -> None:
        siteverify.outage = (200, json.dumps(answer).encode())
        assert verify(configured, vendor, "good") is False


class TestAccount:
    def test_a_wrong_secret_is_no_verdict_on_the_token(self, configured: FakeConfig, vendor: str) -> None:
        configured[f"external.captcha.{vendor}.secret"] = "another"
        with pytest.raises(ProviderUnavailable, match="invalid-input-secret"):
            verify(configured, vendor, "good")

    def test_without_a_secret_nobody_is_asked(
        self, configured: FakeConfig, siteverify: SiteVerifyServer, vendor: str
    ) -> None:
        configured[f"external.captcha.{vendor}.secret"] = ""
        with pytest.raises(ProviderUnavailable, match=rf"external\.captcha\.{vendor}\.secret"):
            verify(configured, vendor, "good")
        assert siteverify.forms == []

    def test_a_fault_of_ours_outweighs_one_of_the_token(
        self, configured: FakeConfig, siteverify: SiteVerifyServer, vendor: str
    ) -> None:
        codes = ["invalid-input-response", "missing-input-secret"]
        siteverify.outage = (200, json.dumps({"success": False, "error-codes": codes}).encode())
        with pytest.raises(ProviderUnavailable, match="missing-input-secret"):
            verify(configured, vendor, "bad")


class TestOutage:
    @pytest.mark.parametrize(
        "answer",
        [
            (500, b'{"success": true}'),
            (302, b""),
            (429, b""),
            (200, b"<html>"),
            (200, b""),
            (200, b"[true]"),
            (200, b"\xff"),
        ],
    )
    def test_an_answer_that_is_none(
        self, configured: FakeConfig, siteverify: SiteVerifyServer, vendor: str, answer: tuple[int, bytes]
    ) -> None:
        siteverify.outage = answer
        with pytest.raises(ProviderUnavailable):
            verify(configured, vendor, "good")

    def test_a_vendor_that_hangs_is_given_up(
        self, configured: FakeConfig, siteverify: SiteVerifyServer, vendor: str
    ) -> None:
        siteverify.hangs = True
        with pytest.raises(ProviderUnavailable):
            verify(configured, vendor, "good", seconds=0.2)

    @pytest.mark.parametrize("url", ["", "not a url", "https://", "http://[", "ftp://127.0.0.1/"])
    def test_a_url_that_is_none(self, configured: FakeConfig, vendor: str, url: str) -> None:
        configured.slip(f"external.captcha.{vendor}.verify_url", url)
        with pytest.raises(ProviderUnavailable):
            verify(configured, vendor, "good")

    def test_a_vendor_that_is_not_there(self, configured: FakeConfig, vendor: str) -> None:
        configured[f"external.captcha.{vendor}.verify_url"] = f"http://127.0.0.1:{closed_port()}/"
        with pytest.raises(ProviderUnavailable) as caught:
            verify(configured, vendor, "good-token")
        assert "good-token" not in str(caught.value)
        assert SiteVerifyServer.secret not in str(caught.value)
