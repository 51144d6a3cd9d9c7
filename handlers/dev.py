"""Tools of development and staging."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain.admin.providers import COUNTRIES, FILES, MAILS, MESSAGES, TOKENS, Sample, probe_view, tries_view
from domain.creators.sandbox import document_of
from domain.mails import message_view
from domain.webhooks import webhook_event_view

if TYPE_CHECKING:
    from domain.wire import common
    from domain.wire import dev as wire
    from handlers.needs import Client, Clock, ProviderDesk, ProviderSamples, Repositories, Simulations, UnitOfWork


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


async def simulate_payment(
    session_id: str, body: wire.SimulatePaymentRequest, simulations: Simulations
) -> wire.Simulation:
    return await simulations.payment(UUID(session_id), body["outcome"])


async def simulate_kyc(session_id: str, body: wire.SimulateKycRequest, simulations: Simulations) -> wire.Simulation:
    return await simulations.verification(UUID(session_id), body["outcome"], document_of(body))


async def simulate_payout_account(
    id: str,  # noqa: A002
    body: wire.SimulatePayoutAccountRequest,
    simulations: Simulations,
) -> wire.Simulation:
    return await simulations.payout_account(id, body["outcome"])


async def simulate_payout(
    payout_id: str, body: wire.SimulatePayoutRequest, simulations: Simulations
) -> wire.Simulation:
    return await simulations.payout(UUID(payout_id), body["outcome"])


async def webhooks(
    db: Repositories,
    max_items: int,
    state: common.WebhookEventState | None = None,
    family: str | None = None,
) -> wire.ReceivedWebhooks:
    rows = await db.provider_events.page(None, max_items, {"state": state, "family": family})
    return {"events": [webhook_event_view(row) for row in rows]}


async def probe(
    family: str, name: str, provider_desk: ProviderDesk, uow: UnitOfWork, clock: Clock
) -> common.ProviderProbe:
    found = await provider_desk.probe(family, name)
    if found.ok:
        async with uow() as db:
            await db.providers.pass_probe(family, name, clock())
    return probe_view(found)
