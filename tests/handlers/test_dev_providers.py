"""The tools with which developers try providers: the same code as the tests of the staff."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.handlers.conftest import Clients
from tests.harness import Api, Server, code_of
from tests.providers.servers import SiteVerifyServer, closed_port, smtp_server
from tests.providers.sms_vendors import sms_vendor

DEV_TOKEN = "the-token-of-the-developers"
PHONE = "+905551112212"
SAMPLES: dict[str, dict[str, Any]] = {
    "dev.captcha": {"token": "a-token"},
    "dev.geoip": {"address": "192.0.2.7"},
    "dev.mail": {"to": "ada@example.com"},
    "dev.sms": {"to": PHONE},
    "dev.storage": {},
}
each = pytest.mark.parametrize("operation_id", SAMPLES)


def told(api: Api, operation_id: str, **fields: Any) -> Any:
    response = api.call(operation_id, SAMPLES[operation_id] | fields)
    assert response.status_code == 200, response.text
    return response.json()["data"]


class TestWhere:
    @each
    def test_production_has_no_such_path(
        self, start_server: Callable[..., Server], clients: Clients, operation_id: str
    ) -> None:
        api = clients(start_server(env="production", dev_token=DEV_TOKEN))
        response = api.call(operation_id, SAMPLES[operation_id], headers={"X-Dev-Token": DEV_TOKEN})
        assert (response.status_code, code_of(response)) == (404, "route.not_found")

    @each
    def test_staging_asks_for_its_token(
        self, start_server: Callable[..., Server], clients: Clients, operation_id: str
    ) -> None:
        api = clients(start_server(env="staging", dev_token=DEV_TOKEN))
        for headers in ({}, {"X-Dev-Token": "guess"}):
            assert code_of(api.call(operation_id, SAMPLES[operation_id], headers=headers)) == "auth.unauthenticated"
        body = SAMPLES["dev.storage"] | {"provider": "local"}
        answer = api.call("dev.storage", body, headers={"X-Dev-Token": DEV_TOKEN}).json()["data"]
        assert answer["outcome"] == "OK"

    @each
    def test_development_answers_to_its_own_name_only(self, api: Api, operation_id: str) -> None:
        response = api.call(operation_id, SAMPLES[operation_id], headers={"Host": "rebind.evil.example"})
        assert (response.status_code, code_of(response)) == (403, "dev.host_refused")

    @each
    def test_an_unknown_provider(self, api: Api, operation_id: str) -> None:
        response = api.call(operation_id, SAMPLES[operation_id] | {"provider": "nobody"})
        assert (response.status_code, code_of(response)) == (404, "admin.not_found")


class TestMail:
    def test_the_next_one_takes_over(self, api: Api, server: Server) -> None:
        with smtp_server() as smtp:
            server.configure(
                **{
                    "external.email.active_provider": "smtp",
                    "external.email.failover_providers": ["smtp_secondary"],
                    "external.email.smtp.url": f"smtp://127.0.0.1:{closed_port()}?tls=none",
                    "external.email.smtp_secondary.url": f"{smtp.url}?tls=none",
                }
            )
            answer = told(api, "dev.mail")
            (envelope,) = smtp.accepted
        assert answer["outcome"] == "OK"
        outcomes = [(attempt["provider"], attempt["outcome"]) for attempt in answer["attempts"]]
        assert outcomes == [("smtp", "UNAVAILABLE"), ("smtp_secondary", "OK")]
        assert envelope.rcpt_tos == ["ada@example.com"]

    def test_a_refusal_ends_it(self, api: Api, server: Server) -> None:
        with smtp_server() as smtp:
            smtp.replies["RCPT"] = "550 5.1.1 no such user"
            server.configure(
                **{
                    "external.email.active_provider": "smtp",
                    "external.email.failover_providers": ["mailbox"],
                    "external.email.smtp.url": f"{smtp.url}?tls=none",
                }
            )
            answer = told(api, "dev.mail")
        assert (answer["outcome"], len(answer["attempts"])) == ("REJECTED", 1)
        assert "550" in answer["reason"]

    def test_it_is_in_the_readers_language(self, api: Api) -> None:
        api.call("dev.mail", SAMPLES["dev.mail"], headers={"Accept-Language": "de"})
        (mail,) = api.mails("ada@example.com")
        assert mail["subject"].startswith("TEST: eine Mail")


class TestSms:
    def test_it_arrives(self, api: Api, server: Server) -> None:
        with sms_vendor("vonage") as vendor:
            server.configure(**vendor.configured())
            assert told(api, "dev.sms", provider="vonage")["outcome"] == "OK"
            (received,) = vendor.received
        assert (received.to, received.text.startswith("TEST")) == (PHONE, True)


class TestCaptcha:
    def test_without_any(self, api: Api) -> None:
        answer = told(api, "dev.captcha")
        assert (answer["outcome"], answer["attempts"]) == ("UNAVAILABLE", [])

    def test_a_token(self, api: Api, captcha: SiteVerifyServer) -> None:
        assert told(api, "dev.captcha", token="good-one")["outcome"] == "OK"
        assert told(api, "dev.captcha", token="bad-one")["outcome"] == "REJECTED"
        captcha.outage = (503, b"")
        answer = told(api, "dev.captcha", token="good-two")
        assert (answer["outcome"], answer["reason"]) == ("UNAVAILABLE", "the vendor answered 503")


class TestGeoip:
    def test_those_that_know_nothing(self, api: Api) -> None:
        answer = told(api, "dev.geoip")
        assert (answer["outcome"], answer["reason"]) == ("REJECTED", "the country is not known")


class TestStorage:
    def test_a_file_comes_and_goes(self, api: Api, server: Server) -> None:
        folder = server.settings.data_dir / "uploads" / "documents"
        answer = told(api, "dev.storage")
        assert (answer["outcome"], answer["reason"]) == ("OK", "a file was stored, read and deleted")
        assert [path for path in folder.rglob("*") if path.is_file()] == []

    def test_one_that_is_not_set_up(self, api: Api) -> None:
        answer = told(api, "dev.storage", provider="s3")
        assert (answer["outcome"], answer["reason"]) == ("UNAVAILABLE", "external.storage.s3.access_key_id is empty")
