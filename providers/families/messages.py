"""Who delivers mails and text messages."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import structlog

from providers import email, sms
from providers.families.family import AdapterT, Chain
from providers.ports import (
    Attempt,
    EmailProvider,
    Mail,
    ProviderRejected,
    ProviderUnavailable,
    RecordAttempt,
    Sms,
    SmsProvider,
)

log = structlog.get_logger()


class _Senders(Chain[AdapterT]):
    async def _deliver(self, hand_over: Callable[[AdapterT], Awaitable[None]], record: RecordAttempt) -> None:
        """Returns when a provider has the message. Every try is recorded.

        Raises ProviderRejected at the first refusal for good, ProviderUnavailable when every provider failed.
        """

        async def attempt(name: str) -> None:
            started_at = datetime.now(UTC)
            try:
                with self._watch.call(self.family, name):
                    await hand_over(self.adapter(name))
            except ProviderUnavailable as fault:
                record(Attempt(self.family, name, "unavailable", str(fault), started_at))
                raise
            except ProviderRejected as refusal:
                record(Attempt(self.family, name, "rejected", str(refusal), started_at))
                raise
            record(Attempt(self.family, name, "delivered", None, started_at))

        await self._first_available(attempt)


class EmailFamily(_Senders[EmailProvider]):
    family = "email"
    active_provider = email.ACTIVE_PROVIDER
    failover_providers = email.FAILOVER_PROVIDERS

    async def send(self, mail: Mail, record: RecordAttempt) -> None:
        """As ``_deliver``."""
        await self._deliver(lambda adapter: adapter.send(mail), record)


class SmsFamily(_Senders[SmsProvider]):
    family = "sms"
    active_provider = sms.ACTIVE_PROVIDER
    failover_providers = sms.FAILOVER_PROVIDERS

    async def send(self, sms: Sms, record: RecordAttempt) -> None:
        """As ``_deliver``."""
        await self._deliver(lambda adapter: adapter.send(sms), record)
