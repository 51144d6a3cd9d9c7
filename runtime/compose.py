"""What the API, the worker and the commands have in common. Nothing of the web, so that a command starts fast."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from contract import loader as spec
from contract.texts import Texts
from domain.clock import utc_now
from domain.keys import Purpose
from persistence.engine.database import Database
from providers.families.accounts import SocialFamily
from providers.kyc.sandbox import SandboxKyc
from providers.observing import nobody
from providers.payment.sandbox import SandboxPayments
from providers.payout.sandbox import SandboxPayouts
from providers.ports import ObserveAttempt
from providers.registry import Providers, build_providers
from providers.sandbox import Sandbox
from providers.social import social_adapters
from runtime.observe.tracing import Tracing, tracing_of
from runtime.settings import Settings
from services.config.live import LiveConfig
from services.creators.kyc import KycDesk
from services.creators.payout_accounts import PayoutAccountDesk
from services.i18n.wordings import Wordings
from services.keyring import Keyring
from services.mailer import MailStorage
from services.money.escrows import EscrowService
from services.money.payments import PaymentBooks, PaymentNotices
from services.money.payout_notices import PayoutNotices
from services.money.payout_sending import PayoutsTold
from services.money.payouts import PayoutService
from services.money.rewards import RewardService
from services.money.vault import Vault
from services.platforms import OAuthDirectory
from services.providers.sandbox import KycSandboxStorage, PaymentSandboxStorage, PayoutSandboxStorage, sandbox_secrets
from services.providers.social import SocialDesk
from services.providers.states import ProviderStates
from services.webhooks import Webhooks


@dataclass(frozen=True)
class Parts:
    settings: Settings
    contract: spec.Contract
    keyring: Keyring
    database: Database
    config: LiveConfig
    texts: Texts
    wordings: Wordings
    providers: Providers
    tracing: Tracing
    kyc: KycDesk
    payout_accounts: PayoutAccountDesk
    payouts: PayoutService
    webhooks: Webhooks

    async def close(self) -> None:
        await self.providers.aclose()
        await self.database.close()
        await self.tracing.close()


def social_desk(parts: Parts) -> SocialDesk:
    """Connected accounts, for handlers and for jobs."""
    clients, providers = OAuthDirectory(parts.database, parts.keyring), parts.providers
    return SocialDesk(SocialFamily(clients, social_adapters(providers.http), providers.watch), parts.keyring)


def build_parts(
    settings: Settings,
    database_url: str,
    process: str | None = None,
    *,
    contract: spec.Contract | None = None,
    observe: ObserveAttempt = nobody,
    defaults: Mapping[str, Any] | None = None,
) -> Parts:
    """``process`` is the name under which a long-lived one is traced where tracing is on; others are not.

    ``contract``: where it was loaded already, or another one than ours. ``observe`` is told of each call of a provider.
    ``defaults`` replace the catalogue's, whatever its bounds.
    """
    tracing = tracing_of(settings, process)
    contract = contract or spec.load()
    keyring = Keyring(settings.secrets)
    database = Database(database_url, seal=partial(keyring.seal, Purpose.OUTBOX), digests=keyring.digests)
    tracing.listen(database.pool)
    tracing.listen(database.sessions)
    origin = settings.own_origin
    own_origin = {"site.base_url": origin, "site.api_url": origin} if settings.development else {}
    defaults = own_origin | dict(defaults or {})
    config = LiveConfig(database, keyring, settings.env, contract.limited, defaults)
    texts = Texts(contract.errors)
    files, sign = settings.data_dir / "uploads", partial(keyring.digests, Purpose.UPLOAD_URL)
    wordings = Wordings(database, texts)
    storage = MailStorage(database)
    verifications = Sandbox(KycSandboxStorage(database), sandbox_secrets(keyring.digests, SandboxKyc.family))
    checkouts = Sandbox(PaymentSandboxStorage(database), sandbox_secrets(keyring.digests, SandboxPayments.family))
    transfers = Sandbox(PayoutSandboxStorage(database), sandbox_secrets(keyring.digests, SandboxPayouts.family))
    providers = build_providers(
        config, storage, settings.env, files, sign, tracing.http_client, observe, verifications, checkouts, transfers
    )
    payouts = PayoutService(providers.payout, Vault(keyring), config, utc_now)
    kyc = KycDesk(providers.kyc, keyring, config, utc_now, payouts)
    payout_accounts = PayoutAccountDesk(providers.payout, config, utc_now, payouts)
    payments = PaymentNotices(providers.payment, PaymentBooks(EscrowService(), RewardService(config), config))
    webhooks = Webhooks(
        keyring, [kyc, payments, PayoutNotices(providers.payout, database, [payout_accounts, PayoutsTold()])]
    )
    if process is not None:
        config.follow(ProviderStates(database, providers.watch, process).keep_up)
        config.follow(wordings.refresh)
    return Parts(
        settings=settings,
        contract=contract,
        keyring=keyring,
        database=database,
        config=config,
        texts=texts,
        wordings=wordings,
        providers=providers,
        tracing=tracing,
        kyc=kyc,
        payout_accounts=payout_accounts,
        payouts=payouts,
        webhooks=webhooks,
    )
