"""Delivery through an SMTP server.

The config holds the server as a URL. ``smtp://user:password@host:587`` upgrades the connection by STARTTLS and does not
send without it; a relay on the own machine or network that has no TLS is ``smtp://host:25?tls=none``. ``smtps://host``
speaks TLS from the first byte. The ports are 587 and 465 unless given; user and password are optional and
percent-encoded. Certificates are always verified.
"""

import asyncio
import re
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.headerregistry import Address
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from domain.config_keys import Config, InvalidConfig, SecretKey, TextKey
from providers.email.message import compose, parse_mailbox
from providers.ports import Mail, ProviderRejected, ProviderUnavailable

DELIVERY_SECONDS = 10.0
GOODBYE_SECONDS = 1.0

_PORTS = {"smtp": 587, "smtps": 465}
_TLS = {"smtp": ("starttls", "none"), "smtps": ("implicit",)}
ENHANCED = re.compile(r"[245]\.(\d{1,3})\.\d{1,3}\b")  # RFC 3463: the second number says what it is about
OF_MAILBOX_OR_MAIL = ("1", "2", "6")
NO_SUCH_MAILBOX = (550, 551, 553)


class _Client(SMTP):
    def close(self) -> None:
        """Hang up at once. TLS would wait for the server's goodbye, half a minute from one that says nothing."""
        if self.transport is not None:
            cast("asyncio.WriteTransport", self.transport).abort()
        super().close()


@dataclass(frozen=True, slots=True)
class Server:
    host: str
    port: int
    tls: str
    user: str | None = field(repr=False)
    password: str | None = field(repr=False)

    @classmethod
    def parse(cls, url: str) -> "Server":
        """Raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("not an SMTP URL")
        tls = dict(parse_qsl(parts.query)).get("tls", _TLS[parts.scheme][0])
        if tls not in _TLS[parts.scheme]:
            raise ValueError("unknown kind of TLS")
        user, password = (unquote(part) if part else None for part in (parts.username, parts.password))
        return cls(parts.hostname, parts.port or _PORTS[parts.scheme], tls, user, password)

    def client(self, local_hostname: str, seconds: float) -> SMTP:
        return _Client(
            hostname=self.host,
            port=self.port,
            username=self.user,
            password=self.password,
            use_tls=self.tls == "implicit",
            start_tls=self.tls == "starttls",
            local_hostname=local_hostname,
            timeout=seconds,
        )


@dataclass(frozen=True, slots=True, eq=False)
class SenderKey(TextKey):
    """``Name <address>``, or the address alone."""

    def check(self, value: Any) -> str:
        text = TextKey.check(self, value)
        with suppress(ValueError):
            parse_mailbox(text)
            return text
        raise InvalidConfig(f"{self.name} must be a sender such as BIO.RE <no-reply@bio.re>, not {text!r}")


@dataclass(frozen=True, slots=True, eq=False)
class ServerKey(SecretKey):
    """The URL of an SMTP server, or empty."""

    def check(self, value: Any) -> str:
        text = SecretKey.check(self, value)
        with suppress(ValueError):
            _ = text and Server.parse(text)
            return text
        raise InvalidConfig(f"{self.name} must be like {SHAPE}")


SHAPE = "smtp://user:password@host:587?tls=starttls|none, smtps://…"
FROM = SenderKey("external.email.from", "BIO.RE <no-reply@bio.re>", "sender of all mails")
URL = ServerKey("external.email.smtp.url", "", SHAPE)
SECONDARY_URL = ServerKey("external.email.smtp_secondary.url", "", "the second SMTP server, for failover")
URLS = {"smtp": URL, "smtp_secondary": SECONDARY_URL}


class SmtpEmail:
    """``name`` tells which server of the config it is. Error texts carry reply codes only: replies quote addresses."""

    def __init__(self, name: str, config: Config, *, seconds: float = DELIVERY_SECONDS) -> None:
        self.name = name
        self._url = URLS[name]
        self._config = config
        self._seconds = seconds

    async def send(self, mail: Mail) -> None:
        sender, server = self._sender(), self._server()
        try:
            message = compose(mail, sender)
        except ValueError:
            raise ProviderRejected("the mail has no valid recipient, language or text") from None
        # The library's default would ask the DNS for our own name, which can take longer than the delivery.
        client = server.client(sender.domain, self._seconds)
        try:
            await self._deliver(client, sender.addr_spec, mail.to, message)
        finally:
            client.close()

    async def probe(self) -> str:
        """Up to a sender whom the server takes, and is told to forget."""
        sender, server = self._sender(), self._server()
        client = server.client(sender.domain, self._seconds)
        try:
            async with asyncio.timeout(self._seconds):
                await _sign_in(client, server)
                await client.mail(sender.addr_spec)
                await client.rset()
        except (SMTPException, OSError, ValueError) as fault:
            raise ProviderUnavailable(_reason(fault)) from None
        finally:
            client.close()
        return f"{server.host}:{server.port}, TLS {server.tls}, {'signed in' if server.user else 'no user to sign in'}"

    async def _deliver(self, client: SMTP, sender: str, recipient: str, message: bytes) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                await client.connect()
                await client.sendmail(sender, [recipient], message)
        except SMTPRecipientsRefused as refusal:
            raise _judged(refusal.recipients[0]) from None
        except SMTPDataError as refusal:
            raise _judged(refusal) from None
        except SMTPResponseException as refusal:
            raise ProviderUnavailable(f"the server answered {refusal.code}") from None
        except (SMTPException, OSError, ValueError) as fault:
            raise ProviderUnavailable(f"the server cannot be used ({type(fault).__name__})") from None
        # The server has the mail now: a failing goodbye must not send it a second time.
        with suppress(SMTPException, OSError):
            await client.quit(timeout=GOODBYE_SECONDS)

    def _server(self) -> Server:
        try:
            return Server.parse(self._config[self._url])
        except ValueError:
            raise ProviderUnavailable(f"{self._url.name} is empty or not an SMTP URL") from None

    def _sender(self) -> Address:
        try:
            return parse_mailbox(self._config[FROM])
        except ValueError:
            raise ProviderUnavailable(f"{FROM.name} is not a mail address") from None


def _judged(refusal: SMTPResponseException) -> ProviderUnavailable | ProviderRejected:
    """For good is what is wrong with the mailbox or the mail. A quota or a policy of the server, or a login that it
    asks for when it hears the recipient, is no fault of theirs: the mail is tried again, elsewhere too (RFC 3463, 3).
    """
    told = ENHANCED.match(refusal.message)
    final = told[1] in OF_MAILBOX_OR_MAIL if told else refusal.code in NO_SUCH_MAILBOX
    if refusal.code >= 500 and final:
        return ProviderRejected(f"the server refused the mail for good with {refusal.code}")
    return ProviderUnavailable(f"the server answered {refusal.code}")


async def _sign_in(client: SMTP, server: Server) -> None:
    """What ``connect`` does by itself, in steps that tell where it ends."""
    await client.connect(username=None, password=None, start_tls=False)
    await client.ehlo()
    if server.tls == "starttls":
        if not client.supports_extension("starttls"):
            raise ProviderUnavailable("the server offers no STARTTLS")
        await client.starttls()
        await client.ehlo()
    if server.user is not None:
        if not client.supports_extension("auth"):
            raise ProviderUnavailable("the server offers no sign-in")
        await client.login(server.user, server.password or "")


def _reason(fault: BaseException) -> str:
    """For people; without what the server said, which may quote addresses."""
    causes = [fault, *(cause for cause in (fault.__cause__, fault.__context__) if cause is not None)]
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the server's certificate is refused: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return "the server does not speak TLS there"
    match fault:
        case SMTPAuthenticationError():
            return f"user and password are refused with {fault.code}"
        case SMTPSenderRefused():
            return f"the sender (external.email.from) is refused with {fault.code}"
        case SMTPResponseException():
            return f"the server answered {fault.code}"
        case TimeoutError():
            return "the server does not answer in time"
    names = {type(cause) for cause in causes}
    if socket.gaierror in names:
        return "the server's name is not known"
    if ConnectionRefusedError in names:
        return "nothing listens there"
    return f"the connection failed ({type(fault).__name__})"
