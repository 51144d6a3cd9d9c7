"""What the system asks of the outside world: one small Protocol per family.

An adapter is a class of one sibling module under ``providers/<family>/``. It reads its own settings from the config
it was given, at every call, so that an admin's change takes effect without a restart.
"""

from collections.abc import Callable
from typing import Protocol

from domain.mails import Attempt, Mail

__all__ = [
    "Attempt",
    "CaptchaProvider",
    "EmailProvider",
    "GeoIpProvider",
    "Mail",
    "MailStore",
    "ProviderRejected",
    "ProviderUnavailable",
    "RecordAttempt",
]


class ProviderUnavailable(Exception):
    """This provider cannot do it now (down, slow, misconfigured, over quota): the next one may."""


class ProviderRejected(Exception):
    """The request itself was refused for good (such as a recipient that does not exist): no other try will help."""


class EmailProvider(Protocol):
    name: str

    async def send(self, mail: Mail) -> None:
        """Hand the mail over; returning means the provider has taken responsibility for it.

        Raises ProviderUnavailable or ProviderRejected.
        """


class CaptchaProvider(Protocol):
    name: str

    async def verify(self, token: str, remote_ip: str | None) -> bool:
        """Whether the token proves a solved challenge. Tokens are spent by this call.

        Raises ProviderUnavailable when the vendor cannot tell or our credentials are refused.
        """


class GeoIpProvider(Protocol):
    name: str

    async def country(self, ip: str | None, cdn_country: str | None) -> str | None:
        """ISO 3166-1 alpha-2 country in upper case, or None when unknown. Never raises, never blocks the event loop.

        ``ip`` is the client's address; ``cdn_country`` is the CDN's country header, present only when it came from a
        trusted proxy.
        """


RecordAttempt = Callable[[Attempt], None]


class MailStore(Protocol):
    """Where the development mailbox keeps its mails."""

    async def add(self, mail: Mail) -> None:
        """Keep the mail; a mail whose id is already kept is left as it is."""
