"""Messages of the contact form: what is kept, who is mailed, and what becomes of them."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any

import httpx
import pytest

from tests.handlers.gdpr.test_export import archive, built
from tests.handlers.support import account, insert, topics
from tests.harness import Api, Server, Tables, bearer, broken_rules, code_of
from tests.persistence.test_gdpr_completeness import erase
from tests.providers.servers import SiteVerifyServer, SmtpServer, smtp_server

MESSAGE = {
    "name": "Grace  Hopper",
    "email": " Grace@Example.com ",
    "subject": "Invoices\nof <b>last</b> year",
    "message": "Where are <i>they</i>?\n\nI need Tom &amp; Jerry's.",
}
SUPPORT = "help@example.org"


def send(api: Api, **fields: Any) -> httpx.Response:
    body = {name: value for name, value in (MESSAGE | fields).items() if value is not None}
    return api.call("content.contact.submit", body)


def mailed(api: Api, server: Server) -> dict[str, Any]:
    """What arrived at the address of the support."""
    (mail,) = api.mails(SUPPORT)
    return mail


class TestSubmit:
    def test_it_is_kept_as_text_with_where_from(self, api: Api, tables: Tables) -> None:
        response = send(api)
        assert response.status_code == 200
        assert response.json()["data"] == {"message": "Thank you for your message. We will get back to you soon."}
        row = tables.one("SELECT * FROM contact_messages")
        assert (row["name"], row["email"]) == ("Grace Hopper", "grace@example.com")
        assert row["subject"] == "Invoices of last year"
        assert row["message"] == "Where are they?\n\nI need Tom & Jerry's."
        assert (row["ip_address"], row["user_agent"], row["locale"]) == (api.address, "tests", "en")
        assert (row["state"], row["version"]) == ("NEW", 1)

    def test_the_answer_is_in_the_callers_language(self, api: Api) -> None:
        body = MESSAGE | {"name": "Grace"}
        response = api.call("content.contact.submit", body, headers={"Accept-Language": "de"})
        assert response.json()["data"]["message"] == "Vielen Dank für Ihre Nachricht. Wir melden uns bald."

    @pytest.mark.parametrize(
        ("field", "value", "rule"),
        [
            ("email", None, "required"),
            ("email", "grace", "pattern"),
            ("email", "a@example.com\r\nBcc: b@example.com", "pattern"),
            ("subject", None, "required"),
            ("subject", "<b>Hi</b>", "minLength"),
            ("subject", "x" * 201, "maxLength"),
            ("message", None, "required"),
            ("message", "  Too short ", "minLength"),
            ("message", "x" * 5001, "maxLength"),
            ("name", "x" * 101, "maxLength"),
        ],
    )
    def test_a_field_outside_its_rules_is_refused(
        self, api: Api, tables: Tables, field: str, value: str | None, rule: str
    ) -> None:
        assert (field, rule) in broken_rules(send(api, **{field: value}))
        assert tables.count("contact_messages") == 0

    def test_a_network_sends_three_an_hour(self, api: Api, tables: Tables) -> None:
        assert [send(api).status_code for _ in range(4)] == [200] * 3 + [429]
        assert tables.count("contact_messages") == 3

    @pytest.mark.parametrize("field", ["captchaToken", "turnstileToken"])
    def test_a_captcha_is_asked_for_by_either_name(
        self, api: Api, captcha: SiteVerifyServer, tables: Tables, field: str
    ) -> None:
        assert code_of(send(api)) == "captcha.required"
        assert code_of(send(api, **{field: "bad"})) == "captcha.invalid"
        assert tables.count("contact_messages") == 0
        assert send(api, **{field: "good"}).status_code == 200


class TestMail:
    def test_the_support_is_mailed(self, api: Api, server: Server) -> None:
        server.configure(**{"support.contact_email": SUPPORT})
        send(api)
        mail = mailed(api, server)
        assert mail["subject"] == "Contact form: Invoices of last year"
        assert "From Grace Hopper, grace@example.com." in mail["text"]
        assert "Message: Where are they?\n\nI need Tom & Jerry's." in mail["text"]
        assert "Tom &amp; Jerry" in mail["html"]

    def test_who_gave_no_name_is_told_to_have_none(self, api: Api, server: Server) -> None:
        server.configure(**{"support.contact_email": SUPPORT})
        send(api, name="\u200b")
        assert "From somebody without a name, grace@example.com." in mailed(api, server)["text"]

    def test_an_answer_goes_to_who_wrote(self, api: Api, server: Server) -> None:
        with smtp_server() as smtp:
            to_server = {"external.email.active_provider": "smtp", "external.email.smtp.url": f"{smtp.url}?tls=none"}
            server.configure(**{"support.contact_email": SUPPORT}, **to_server)
            send(api)
            server.work_off()
            assert reply_to(smtp) == "grace@example.com"

    def test_without_an_address_of_the_support_nobody_is_mailed(self, api: Api, server: Server, tables: Tables) -> None:
        send(api)
        assert topics(tables) == ["email.contact_received"]
        server.work_off()
        assert tables.count("mailbox_messages") == 0

    @pytest.mark.parametrize("locale", ["ar", "ja"])
    def test_speaks_the_first_language_of_the_platform(self, api: Api, server: Server, locale: str) -> None:
        server.configure(**{"support.contact_email": SUPPORT, "platform.supported_locales": [locale, "en"]})
        send(api)
        mail = mailed(api, server)
        assert f'dir="{"rtl" if locale == "ar" else "ltr"}"' in mail["html"]
        assert MESSAGE["message"].split("\n")[0] not in mail["html"]


class TestKept:
    def test_for_a_time(self, server: Server, tables: Tables) -> None:
        for age in (364, 366):
            made = datetime.now(UTC) - timedelta(days=age)
            row = {"email": f"{age}@example.com", "subject": "s", "message": "m", "locale": "en", "created_at": made}
            insert(tables, "contact_messages", **row)
        server.let_time_come("housekeeping.forget_visitors")
        assert tables.one("SELECT email FROM contact_messages") == {"email": "364@example.com"}

    def test_as_long_as_is_configured(self, server: Server, tables: Tables) -> None:
        made = datetime.now(UTC) - timedelta(days=31)
        row = {"email": "a@example.com", "subject": "s", "message": "m", "locale": "en", "created_at": made}
        insert(tables, "contact_messages", **row)
        server.configure(**{"support.contact_retention_days": 30})
        server.let_time_come("housekeeping.forget_visitors")
        assert tables.count("contact_messages") == 0

    def test_whoever_has_proven_the_address_gets_them_in_the_archive(
        self, api: Api, server: Server, tables: Tables
    ) -> None:
        send(api)
        send(api, email="somebody@example.com")
        account(api, tables, "grace@example.com")
        headers = bearer(api.sign_in("grace@example.com"))
        (told,) = archive(api.get(built(api, server, headers)))["contact_messages.json"]
        assert (told["email"], told["subject"]) == ("grace@example.com", "Invoices of last year")

    def test_they_go_with_the_account(self, api: Api, server: Server, tables: Tables) -> None:
        send(api)
        send(api, email="somebody@example.com")
        erase(server, tables, account(api, tables, "grace@example.com"))
        assert tables.one("SELECT email FROM contact_messages") == {"email": "somebody@example.com"}

    def test_an_account_that_has_not_proven_the_address_is_nobody(
        self, api: Api, server: Server, tables: Tables
    ) -> None:
        send(api)
        erase(server, tables, account(api, tables, "grace@example.com", email_verified=False))
        assert tables.count("contact_messages") == 1


def reply_to(smtp: SmtpServer) -> str:
    (mail,) = smtp.accepted
    return str(message_from_bytes(mail.content, policy=policy.default)["Reply-To"])
