"""Tools of development and staging."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.admin.providers import COUNTRIES, FILES, MAILS, MESSAGES, TOKENS, Sample, tries_view
from domain.mails import message_view

if TYPE_CHECKING:
    from domain.wire import common
    from domain.wire import dev as wire
    from handlers.needs import Client, ProviderSamples, Repositories


async def mailbox(to: str | None, db: Repositories, max_items: int) -> wire.Mailbox:
    return {"messages": [message_view(message) for message in await db.mailbox.newest(to, max_items)]}


async def mail(body: wire.TestMailRequest, client: Client, provider_samples: ProviderSamples) -> common.ProviderTest:
    sample = Sample(to=body["to"], locale=client.locale)
    return tries_view(await provider_samples.try_out(MAILS, sample, body.get("provider")))


async def sms(body: wire.TestSmsRequest, client: Client, provider_samples: ProviderSamples) -> common.ProviderTest:
    sample = Sample(to=body["to"], locale=client.locale)
    return tries_view(await provider_samples.try_out(MESSAGES, sample, body.get("provider")))


async def captcha(body: wire.TestTokenRequest, provider_samples: ProviderSamples) -> common.ProviderTest:
    return tries_view(await provider_samples.try_out(TOKENS, Sample(token=body["token"]), body.get("provider")))


async def storage(body: wire.TestStorageRequest, provider_samples: ProviderSamples) -> common.ProviderTest:
    return tries_view(await provider_samples.try_out(FILES, Sample(), body.get("provider")))


async def geoip(body: wire.TestGeoIpRequest, provider_samples: ProviderSamples) -> common.ProviderTest:
    return tries_view(await provider_samples.try_out(COUNTRIES, Sample(address=body["address"]), body.get("provider")))
