"""All families of providers, made from the config."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from domain.config_keys import Config
from providers import captcha, email, geoip, kyc, leaked_passwords, payment, payout, sms
from providers.families.files import StorageFamily
from providers.families.messages import EmailFamily, SmsFamily
from providers.families.money import KycFamily, PaymentFamily, PayoutFamily
from providers.families.visitors import CaptchaFamily, GeoIpFamily, LeakedPasswordsFamily
from providers.kyc.sandbox import KycBook
from providers.observing import Watch, nobody
from providers.payment.sandbox import PaymentBook
from providers.payout.sandbox import PayoutBook
from providers.ports import MailStore, ObserveAttempt, StorageProvider
from providers.sandbox import Sandbox
from providers.storage import storage_adapters
from providers.storage.local import LocalStorage, Sign
from providers.storage.observed import ObservedStorage


@dataclass(frozen=True, slots=True)
class Providers:
    """All families. ``aclose`` when no call is under way any more.

    Files have a client of their own: who reads one slowly holds its connection, and captcha and sign-in need theirs.
    """

    email: EmailFamily
    sms: SmsFamily
    captcha: CaptchaFamily
    geoip: GeoIpFamily
    leaked_passwords: LeakedPasswordsFamily
    payment: PaymentFamily
    payout: PayoutFamily
    storage: StorageFamily
    kyc: KycFamily
    watch: Watch
    http: httpx.AsyncClient
    files_http: httpx.AsyncClient

    async def aclose(self) -> None:
        await self.http.aclose()
        await self.files_http.aclose()


def build_providers(
    config: Config,
    mail_store: MailStore,
    env: str,
    folder: Path,
    sign: Sign,
    new_client: Callable[[], httpx.AsyncClient],
    observe: ObserveAttempt = nobody,
    verifications: Sandbox[KycBook] | None = None,
    checkouts: Sandbox[PaymentBook] | None = None,
    payouts: Sandbox[PayoutBook] | None = None,
) -> Providers:
    """``folder`` is where local files are kept, ``sign`` a keyed hash for the URLs that lead there.
    ``verifications``, ``checkouts`` and ``payouts`` are what the providers of our own have, outside production.

    What ``new_client`` makes, for vendors to be asked with, is closed with them.
    """
    http, files_http, watch = new_client(), new_client(), Watch(observe)
    storages = [_watched(adapter, watch) for adapter in storage_adapters(config, files_http, folder, sign)]
    return Providers(
        EmailFamily(config, email.email_adapters(config, mail_store, env), watch),
        SmsFamily(config, sms.sms_adapters(config, http, mail_store, env), watch),
        CaptchaFamily(config, captcha.captcha_adapters(config, http), watch),
        GeoIpFamily(config, geoip.geoip_adapters(config), watch),
        LeakedPasswordsFamily(config, leaked_passwords.leaked_passwords_adapters(config, http), watch),
        PaymentFamily(config, payment.payment_adapters(config, http, env, checkouts), watch),
        PayoutFamily(config, payout.payout_adapters(config, http, env, payouts), watch),
        StorageFamily(config, storages, watch),
        KycFamily(config, kyc.kyc_adapters(config, http, env, verifications), watch),
        watch,
        http,
        files_http,
    )


def _watched(adapter: StorageProvider, watch: Watch) -> StorageProvider:
    """A folder of our own is no provider that could be away."""
    return adapter if isinstance(adapter, LocalStorage) else ObservedStorage(adapter, watch)
