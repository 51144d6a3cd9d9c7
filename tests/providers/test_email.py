import asyncio
import gc
import ssl
import traceback
import warnings
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from providers.email.mailbox import MailboxEmail
from providers.email.message import compose, parse_mailbox
from providers.email.smtp import SmtpEmail
from providers.ports import EmailProvider, Mail, ProviderRejected, ProviderUnavailable
from tests.providers.conftest import MailMaker
from tests.providers.fakes import FakeConfig, FakeMailStore
from tests.providers.servers import SmtpServer, closed_port, silent_server, silent_tls_server, smtp_server

SENDER = parse_mailbox("BIO.RE <no-reply@bio.re>")
EVERYWHERE = ["\r\nBcc: eve@evil.example", "\nBcc: eve@evil.example", "\rBcc: eve@evil.example", "\r\n\r\nbody"]


def read(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def send(config: FakeConfig, url: str, mail: Mail, *, seconds: float = 10.0) -> None:
    config.slip("external.email.smtp.url", url)
    asyncio.run(SmtpEmail("smtp", config, seconds=seconds).send(mail))


class TestMessage:
    def test_carries_text_and_html_as_alternatives(self, make_mail: MailMaker) -> None:
        message = read(compose(make_mail(), SENDER))
        assert message.get_content_type() == "multipart/alternative"
        assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
        assert ["".join(part.get_content().split()) for part in message.iter_parts()] == [
            "".join(body.split()) for body in (make_mail().text, make_mail().html)
        ]

    def test_headers_say_who_what_and_in_which_language(self, make_mail: MailMaker) -> None:
        message = read(compose(make_mail(), SENDER))
        assert message["From"].addresses == (SENDER,)
        assert message["To"] == "ada@example.org"
        assert message["Subject"] == "Adresini doğrula"
        assert message["Content-Language"] == "tr"
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["Reply-To"] is None
        assert read(compose(make_mail(reply_to="eve@example.org"), SENDER))["Reply-To"] == "eve@example.org"
        assert message["Date"].datetime.tzinfo is not None

    def test_message_id_is_the_mails_own_and_stable(self, make_mail: MailMaker) -> None:
        first, again = (read(compose(make_mail(), SENDER)) for _ in range(2))
        assert first["Message-ID"] == again["Message-ID"] == "<6f1d3c52-2a0f-4a8e-9d3e-0c4b1a2f3e4d@bio.re>"

    def test_is_seven_bit_whatever_the_language(self, make_mail: MailMaker) -> None:
        assert compose(make_mail(text="日本語 " * 400, html="<p>العربية</p>", subject="日本語 " * 60), SENDER).isascii()

    @pytest.mark.parametrize(
        "address",
        [f"{'a' * 64}@{'b' * 60}.{'c' * 60}.example", "o'neil+x@xn--bcher-kva.de", "a=?utf-8?q?b?=@example.org"],
    )
    def test_long_and_rare_addresses_stay_whole(self, make_mail: MailMaker, address: str) -> None:
        raw = compose(make_mail(to=address), SENDER)
        assert f"\r\nTo: {address}\r\n".encode() in raw

    def test_a_long_sender_stays_whole(self, make_mail: MailMaker) -> None:
        domain = f"{'b' * 60}.{'c' * 60}.example"
        raw = compose(make_mail(), parse_mailbox(f"Ünlü <{'a' * 64}@{domain}>"))
        assert f"<{'a' * 64}@{domain}>".encode() in raw
        assert f"<{make_mail().id}@{domain}>".encode() in raw

    @pytest.mark.parametrize("attack", EVERYWHERE)
    def test_a_subject_cannot_add_a_header(self, make_mail: MailMaker, attack: str) -> None:
        message = read(compose(make_mail(subject="Hello" + attack), SENDER))
        assert message["Bcc"] is None
        assert message["Subject"] == f"Hello {attack.strip()}"

    @pytest.mark.parametrize("attack", EVERYWHERE)
    @pytest.mark.parametrize("field", ["to", "locale"])
    def test_a_recipient_or_language_with_a_line_break_is_no_mail(
        self, make_mail: MailMaker, field: str, attack: str
    ) -> None:
        mail = make_mail(**{field: getattr(make_mail(), field) + attack})
        with pytest.raises(ValueError):
            compose(mail, SENDER)

    @pytest.mark.parametrize(
        "address",
        [
            "",
            "ada",
            "ada@",
            "@example.org",
            "a@b@c.org",
            "a@x.org, b@x.org",
            "<a@x.org>",
            "A <a@x.org>",
            '"a b"@x.org',
            "a@x.org ",
            "a@x.org\n",
            "a..b@x.org",
            "ä@x.org",
            "a@bücher.de",
            "a@x.org>",
            "a@[127.0.0.1]",
            "a;b@x.org",
        ],
    )
    def test_only_one_plain_address_is_a_recipient(self, make_mail: MailMaker, address: str) -> None:
        with pytest.raises(ValueError):
            compose(make_mail(to=address), SENDER)


class TestDelivery:
    def test_hands_the_mail_to_the_server(self, config: FakeConfig, make_mail: MailMaker, smtp: SmtpServer) -> None:
        send(config, f"{smtp.url}?tls=none", make_mail())
        (envelope,) = smtp.accepted
        assert (envelope.mail_from, envelope.rcpt_tos) == ("no-reply@bio.re", ["ada@example.org"])
        assert read(envelope.content)["Subject"] == "Adresini doğrula"
        assert smtp.seen == ["EHLO", "QUIT"]

    def test_reads_server_and_sender_at_each_call(
        self, config: FakeConfig, make_mail: MailMaker, smtp: SmtpServer, second_smtp: SmtpServer
    ) -> None:
        email = SmtpEmail("smtp_secondary", config)
        config["external.email.smtp_secondary.url"] = f"{smtp.url}?tls=none"
        asyncio.run(email.send(make_mail()))
        config["external.email.smtp_secondary.url"] = f"{second_smtp.url}?tls=none"
        config["external.email.from"] = "other@bio.re"
        asyncio.run(email.send(make_mail()))
        assert [envelope.mail_from for envelope in smtp.accepted] == ["no-reply@bio.re"]
        assert [envelope.mail_from for envelope in second_smtp.accepted] == ["other@bio.re"]

    @pytest.mark.parametrize("reply", ["421 going away", "554 what?"])
    def test_a_bad_goodbye_does_not_undo_a_delivery(
        self, config: FakeConfig, make_mail: MailMaker, smtp: SmtpServer, reply: str
    ) -> None:
        smtp.replies["QUIT"] = reply
        send(config, f"{smtp.url}?tls=none", make_mail())
        assert len(smtp.accepted) == 1

    @pytest.mark.parametrize("attack", EVERYWHERE)
    def test_a_forged_recipient_never_reaches_the_server(
        self, config: FakeConfig, make_mail: MailMaker, smtp: SmtpServer, attack: str
    ) -> None:
        with pytest.raises(ProviderRejected):
            send(config, f"{smtp.url}?tls=none", make_mail(to="ada@example.org" + attack))
        assert smtp.seen == []


class TestTls:
    def test_starttls_is_the_default(
        self, config: FakeConfig, make_mail: MailMaker, server_tls: ssl.SSLContext, trusted: None
    ) -> None:
        with smtp_server(starttls=server_tls) as server:
            send(config, server.url, make_mail())
        assert server.seen == ["EHLO", "EHLO over TLS", "QUIT"]
        assert len(server.accepted) == 1

    def test_smtps_is_encrypted_from_the_start(
        self, config: FakeConfig, make_mail: MailMaker, server_tls: ssl.SSLContext, trusted: None
    ) -> None:
        with smtp_server(tls=server_tls) as server:
            send(config, server.url, make_mail())
        assert len(server.accepted) == 1

    def test_does_not_send_in_the_clear_when_tls_is_wanted(
        self, config: FakeConfig, make_mail: MailMaker, smtp: SmtpServer
    ) -> None:
        with pytest.raises(ProviderUnavailable):
            send(config, smtp.url, make_mail())
        assert smtp.accepted == []

    def test_an_unknown_certificate_is_refused(
        self, config: FakeConfig, make_mail: MailMaker, server_tls: ssl.SSLContext
    ) -> None:
        with smtp_server(starttls=server_tls) as server, pytest.raises(ProviderUnavailable):
            send(config, server.url, make_mail())
        assert server.accepted == []


class TestLogin:
    def test_user_and_password_are_percent_decoded(
        self, config: FakeConfig, make_mail: MailMaker, server_tls: ssl.SSLContext, trusted: None
    ) -> None:
        with smtp_server(login=True, starttls=server_tls) as server:
            send(config, server.url.replace("//", "//user%40x:pass%3Aword@"), make_mail())
        assert len(server.accepted) == 1

    @pytest.mark.parametrize("credentials", ["", "user%40x:wrong@", "user%40x@"])
    def test_missing_or_wrong_credentials_are_our_fault(
        self, config: FakeConfig, make_mail: MailMaker, server_tls: ssl.SSLContext, trusted: None, credentials: str
    ) -> None:
        with smtp_server(login=True, starttls=server_tls) as server, pytest.raises(ProviderUnavailable):
            send(config, server.url.replace("//", f"//{credentials}"), make_mail())
        assert server.accepted == []


class TestFaults:
    @pytest.mark.parametrize(
        ("command", "reply", "verdict"),
        [
            ("RCPT", "550 5.1.1 no such user", ProviderRejected),
            ("RCPT", "450 4.2.1 try later", ProviderUnavailable),
            ("RCPT", "530 5.7.0 authentication required", ProviderUnavailable),
            ("RCPT", "550 no such user", ProviderRejected),
            ("RCPT", "550 5.4.5 daily quota exceeded", ProviderUnavailable),
            ("RCPT", "550 5.7.1 not from this network", ProviderUnavailable),
            ("RCPT", "552 no room for you", ProviderUnavailable),
            ("DATA", "554 5.6.0 not this", ProviderRejected),
            ("DATA", "554 5.7.1 looks like spam", ProviderUnavailable),
            ("DATA", "451 4.3.0 disk full", ProviderUnavailable),
            ("MAIL", "550 5.7.1 not your sender", ProviderUnavailable),
            ("MAIL", "452 4.3.1 no room", ProviderUnavailable),
        ],
    )
    def test_refusals_for_good_differ_from_those_for_now(
        self,
        config: FakeConfig,
        make_mail: MailMaker,
        smtp: SmtpServer,
        command: str,
        reply: str,
        verdict: type[Exception],
    ) -> None:
        smtp.replies[command] = reply
        with pytest.raises(verdict, match=reply[:3]):
            send(config, f"{smtp.url}?tls=none", make_mail())
        assert smtp.accepted == []

    def test_a_closed_port_is_unavailable(self, config: FakeConfig, make_mail: MailMaker) -> None:
        with pytest.raises(ProviderUnavailable):
            send(config, f"smtp://127.0.0.1:{closed_port()}", make_mail())

    def test_a_silent_server_is_given_up(self, config: FakeConfig, make_mail: MailMaker) -> None:
        with silent_server() as port, pytest.raises(ProviderUnavailable):
            send(config, f"smtp://127.0.0.1:{port}", make_mail(), seconds=0.2)

    def test_a_server_that_says_no_goodbye_leaves_nothing_open(
        self, config: FakeConfig, make_mail: MailMaker, server_tls: ssl.SSLContext, trusted: None
    ) -> None:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            with silent_tls_server(server_tls) as port, pytest.raises(ProviderUnavailable):
                send(config, f"smtps://127.0.0.1:{port}", make_mail(), seconds=0.5)
            gc.collect()
        assert [str(one.message) for one in warned] == []

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "mail.example",
            "http://mail.example",
            "smtp://",
            "smtp://:587",
            "smtp://mail.example:notaport",
            "smtp://mail.example:99999",
            "smtp://[::1",
            "smtp://mail.example?tls=maybe",
            "smtps://mail.example?tls=none",
        ],
    )
    def test_a_url_that_is_none_is_unavailable(self, config: FakeConfig, make_mail: MailMaker, url: str) -> None:
        with pytest.raises(ProviderUnavailable, match=r"external\.email\.smtp\.url"):
            send(config, url, make_mail())

    @pytest.mark.parametrize(
        "sender",
        ["", "BIO.RE", "BIO.RE <>", "a@b@c", "a@b.example, c@d.example", "a@b.example\nBcc: eve@evil.example"],
    )
    def test_a_sender_that_is_none_is_unavailable(
        self, config: FakeConfig, make_mail: MailMaker, smtp: SmtpServer, sender: str
    ) -> None:
        config.slip("external.email.from", sender)
        with pytest.raises(ProviderUnavailable, match=r"external\.email\.from"):
            send(config, f"{smtp.url}?tls=none", make_mail())
        assert smtp.seen == []

    @pytest.mark.parametrize(
        ("command", "credentials"), [("MAIL", ""), ("RCPT", ""), ("DATA", ""), ("AUTH", "geheim:passwort@")]
    )
    def test_no_error_tells_address_credentials_or_body(
        self, config: FakeConfig, make_mail: MailMaker, smtp: SmtpServer, command: str, credentials: str
    ) -> None:
        smtp.replies[command] = "550 <ada@example.org> https://bio.re/verify?token=abc"
        with pytest.raises((ProviderUnavailable, ProviderRejected)) as caught:
            send(config, f"{smtp.url.replace('//', '//' + credentials)}?tls=none", make_mail())
        told = "".join(traceback.format_exception(caught.value)) + repr(caught.value.args)
        assert not [secret for secret in ("ada@example", "token=abc", "geheim", "passwort") if secret in told]


def probe(config: FakeConfig, url: str, *, seconds: float = 10.0) -> str:
    config["external.email.smtp.url"] = url
    return asyncio.run(SmtpEmail("smtp", config, seconds=seconds).probe())


class TestProbe:
    """It goes as far as a delivery, up to the sender, and nothing is sent."""

    def test_signs_in_over_tls(self, config: FakeConfig, server_tls: ssl.SSLContext, trusted: None) -> None:
        with smtp_server(login=True, starttls=server_tls) as server:
            found = probe(config, server.url.replace("//", "//user%40x:pass%3Aword@"))
            assert found == f"{server.url.removeprefix('smtp://')}, TLS starttls, signed in"
            assert server.accepted == []

    def test_a_relay_needs_neither(self, config: FakeConfig, smtp: SmtpServer) -> None:
        assert "TLS none, no user to sign in" in probe(config, f"{smtp.url}?tls=none")

    @pytest.mark.parametrize(
        ("command", "words"), [("MAIL", "sender .external.email.from. is refused with 550"), ("RSET", "answered 502")]
    )
    def test_a_refusal_is_told(self, config: FakeConfig, smtp: SmtpServer, command: str, words: str) -> None:
        smtp.replies[command] = "550 not you, no-reply@bio.re" if command == "MAIL" else "502 no"
        with pytest.raises(ProviderUnavailable, match=words) as fault:
            probe(config, f"{smtp.url}?tls=none")
        assert "@" not in str(fault.value)

    def test_what_tls_lacks_is_told(self, config: FakeConfig, smtp: SmtpServer, server_tls: ssl.SSLContext) -> None:
        with pytest.raises(ProviderUnavailable, match="offers no STARTTLS"):
            probe(config, smtp.url)
        with pytest.raises(ProviderUnavailable, match="does not speak TLS"):
            probe(config, smtp.url.replace("smtp:", "smtps:"))
        refused = pytest.raises(ProviderUnavailable, match="certificate is refused: self-signed certificate")
        with smtp_server(starttls=server_tls) as server, refused:
            probe(config, server.url)

    def test_bad_credentials_are_told(
        self, config: FakeConfig, smtp: SmtpServer, server_tls: ssl.SSLContext, trusted: None
    ) -> None:
        with smtp_server(login=True, starttls=server_tls) as server:
            with pytest.raises(ProviderUnavailable, match="user and password are refused with 535") as fault:
                probe(config, server.url.replace("//", "//user%40x:hunter2@"))
            assert "hunter2" not in str(fault.value)
        with pytest.raises(ProviderUnavailable, match="offers no sign-in"):
            probe(config, smtp.url.replace("//", "//user:hunter2@") + "?tls=none")

    def test_whoever_does_not_answer_is_told(self, config: FakeConfig) -> None:
        with pytest.raises(ProviderUnavailable, match="nothing listens there"):
            probe(config, f"smtp://127.0.0.1:{closed_port()}?tls=none")
        with pytest.raises(ProviderUnavailable, match="name is not known"):
            probe(config, "smtp://mail.invalid?tls=none")
        with silent_server() as port, pytest.raises(ProviderUnavailable, match="not answer in time"):
            probe(config, f"smtp://127.0.0.1:{port}?tls=none", seconds=0.2)


class TestMailbox:
    def test_keeps_the_mail_once(self, make_mail: MailMaker) -> None:
        store = FakeMailStore()
        mailbox: EmailProvider = MailboxEmail(store)
        asyncio.run(mailbox.send(make_mail()))
        asyncio.run(mailbox.send(make_mail()))
        assert list(store.mails.values()) == [make_mail()]
        assert mailbox.name == "mailbox"
