"""Which provider is asked now: the active one of the config, then the others in their order, anew at every call."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice, takewhile
from pathlib import Path
from typing import ClassVar, Generic, NamedTuple, Protocol, TypeVar

import httpx
import structlog

from domain.config_keys import ChoiceKey, Config, ListKey
from domain.errors import ApiError
from domain.money.bank_files import BANK_FILE
from domain.money.movements import Movement
from domain.money.payments import Checkout, Order, PaymentState, RefundOrder, RefundState
from domain.money.payouts import AccountState, NewAccount, PayoutOrder, PayoutState
from domain.upload import STORAGE_PROVIDER, incoming, is_public
from providers import captcha, email, geoip, kyc, leaked_passwords, payment, payout, sms
from providers.dns.deliverability import RESOLVER, MailRules
from providers.kyc.sandbox import KycBook
from providers.observing import Watch, nobody
from providers.payment.sandbox import PaymentBook
from providers.payout.sandbox import PayoutBook
from providers.ports import (
    AccountProvider,
    Attempt,
    CaptchaProvider,
    EmailProvider,
    GeoIpProvider,
    KycLink,
    KycProvider,
    KycSubject,
    KycVerdict,
    LeakedPasswordsProvider,
    Mail,
    MailStore,
    MovementSource,
    NoticeSource,
    OAuthClient,
    OAuthClients,
    OAuthIdentity,
    OAuthProof,
    OAuthProvider,
    ObserveAttempt,
    OnboardingProvider,
    PaymentProvider,
    PayoutProvider,
    ProviderRejected,
    ProviderUnavailable,
    ProviderUntouched,
    RecordAttempt,
    SignedUpload,
    SignInProvider,
    Slot,
    Sms,
    SmsProvider,
    SocialClients,
    SocialGrant,
    SocialProfile,
    SocialProvider,
    SocialTokens,
    StorageProvider,
)
from providers.sandbox import Sandbox
from providers.storage import storage_adapters
from providers.storage.local import LocalStorage, Sign
from providers.storage.observed import ObservedStorage

REMOVED_AT_ONCE = 8
PROBE_SECONDS = 5.0

log = structlog.get_logger()


class _Probed(Protocol):
    name: str

    async def probe(self) -> str:
        """As ``EmailProvider.probe``."""


AdapterT = TypeVar("AdapterT", bound=_Probed)
AnswerT = TypeVar("AnswerT")


class _Telling(_Probed, MovementSource, Protocol):
    """It has a book of its own."""


TellingT = TypeVar("TellingT", bound=_Telling)


class _Family(Generic[AdapterT]):
    family: ClassVar[str]
    active_provider: ClassVar[ChoiceKey]

    def __init__(self, config: Config, adapters: Iterable[AdapterT], watch: Watch) -> None:
        self._config = config
        self._adapters = {adapter.name: adapter for adapter in adapters}
        self._watch = watch

    @property
    def names(self) -> tuple[str, ...]:
        """The providers that this environment has."""
        return tuple(self._adapters)

    @property
    def active_name(self) -> str:
        return self._config[self.active_provider]

    @property
    def stand_ins(self) -> list[str]:
        """Those that take over when the active one fails, in this order."""
        return []

    async def probe(self, name: str, seconds: float = PROBE_SECONDS) -> str:
        """What was found by going as far as one can without effect; a good probe closes the breaker.

        Raises ProviderUnavailable.
        """
        try:
            async with asyncio.timeout(seconds):
                found = await self.adapter(name).probe()
        except TimeoutError:
            raise ProviderUnavailable(f"no answer within {seconds:g} seconds") from None
        self._watch.close(self.family, name)
        return found

    def adapter(self, name: str) -> AdapterT:
        """Raises ProviderUnavailable."""
        if name not in self._adapters:
            raise ProviderUnavailable(f"the {self.family} provider {name} does not exist in this environment")
        return self._adapters[name]


class _Books(_Family[TellingT]):
    def tells_movements(self, provider: str) -> bool:
        """Whether there is a provider of that name here, with a list of what moved that we may read."""
        adapter = self._adapters.get(provider)
        return adapter is not None and adapter.tells_movements

    async def movements(self, provider: str, day: date) -> Sequence[Movement]:
        """As ``MovementSource.movements``."""
        with self._watch.call(self.family, provider):
            return await self.adapter(provider).movements(day)


class _Chain(_Family[AdapterT]):
    failover_providers: ClassVar[ListKey]

    def chosen(self) -> list[str]:
        """The providers to ask, each once. ``none`` ends the list."""
        chosen = [self.active_name, *self.stand_ins]
        return list(dict.fromkeys(takewhile(lambda name: name != "none", chosen)))

    @property
    def stand_ins(self) -> list[str]:
        return self._config[self.failover_providers]

    def _asked(self) -> Iterator[str]:
        """Those chosen whose breaker lets them be asked, one after the other; all of them where it lets none.

        Whoever goes through them ends with those that it began with.
        """
        skipped, asked = list[str](), False
        for name in self.chosen():
            if self._watch.allows(self.family, name):
                asked = True
                yield name
            else:
                skipped.append(name)
        if not asked:
            yield from skipped

    async def _first_available(self, ask: Callable[[str], Awaitable[AnswerT]]) -> AnswerT:
        faults = []
        for name in self._asked():
            try:
                return await ask(name)
            except ProviderUnavailable as fault:
                log.warning("provider.unavailable", family=self.family, provider=name, fault=str(fault))
                faults.append(f"{name}: {fault}")
        raise ProviderUnavailable(f"no {self.family} provider is available ({'; '.join(faults) or 'none is active'})")


class _Senders(_Chain[AdapterT]):
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


class CaptchaFamily(_Chain[CaptchaProvider]):
    family = "captcha"
    active_provider = captcha.ACTIVE_PROVIDER
    failover_providers = captcha.FAILOVER_PROVIDERS

    @property
    def enabled(self) -> bool:
        return bool(self.chosen())

    async def verify(self, token: str, remote_ip: str | None) -> bool:
        """Whether the token proves a solved challenge. Ask only when ``enabled``.

        Raises ProviderUnavailable when no vendor can tell; whoever lets people pass then has no captcha.
        """

        async def ask(name: str) -> bool:
            with self._watch.call(self.family, name) as ending:
                proven = await self.adapter(name).verify(token, remote_ip)
                ending.outcome = "ok" if proven else "rejected"
            return proven

        return await self._first_available(ask)


class GeoIpFamily(_Chain[GeoIpProvider]):
    family = "geoip"
    active_provider = geoip.ACTIVE_PROVIDER
    failover_providers = geoip.FAILOVER_PROVIDERS

    async def country(self, ip: str | None, cdn_country: str | None) -> str | None:
        """What the first source that knows the country says, or None. Never raises."""
        for name in self._asked():
            with self._watch.call(self.family, name) as ending:
                country = await self.adapter(name).country(ip, cdn_country)
                ending.outcome = "ok" if country is not None else "unknown"
            if country is not None:
                return country
        return None


class LeakedPasswordsFamily(_Chain[LeakedPasswordsProvider]):
    family = "leaked_passwords"
    active_provider = leaked_passwords.ACTIVE_PROVIDER
    failover_providers = leaked_passwords.FAILOVER_PROVIDERS

    async def knows(self, password: str) -> bool:
        """Whether the password is known to be leaked. Never raises: a service that is away keeps nobody out."""
        digest = hashlib.sha1(password.encode()).hexdigest().upper()  # noqa: S324 - what the services know them by

        async def ask(name: str) -> bool:
            with self._watch.call(self.family, name) as ending:
                leaked = await self.adapter(name).holds(digest)
                ending.outcome = "rejected" if leaked else "ok"
            return leaked

        try:
            return await self._first_available(ask) if self.chosen() else False
        except ProviderUnavailable:
            return False


class DnsFamily:
    """The name server, which nobody chooses here."""

    family = "dns"
    active_name = RESOLVER
    names = (RESOLVER,)

    def __init__(self, rules: MailRules, watch: Watch) -> None:
        self._rules = rules
        self._watch = watch

    @property
    def stand_ins(self) -> list[str]:
        return []

    async def probe(self, name: str) -> str:
        """Raises ProviderUnavailable."""
        found = await self._rules.probe()
        self._watch.close(self.family, name)
        return found


class OAuthFamily:
    """No failover here: a person is known to one platform. Which ones are open is asked anew at every call."""

    def __init__(self, clients: OAuthClients, adapters: Iterable[OAuthProvider], watch: Watch) -> None:
        self._clients = clients
        self._watch = watch
        self._adapters = {adapter.name: adapter for adapter in adapters}

    async def verify(self, platform: str, proof: OAuthProof) -> OAuthIdentity:
        """Raises ApiError auth.oauth.provider_disabled, auth.oauth.invalid_token or service.unavailable."""
        try:
            client = await self._clients.find(platform)
            if client is None:
                raise ApiError("auth.oauth.provider_disabled")
            with self._watch.call("oauth", platform):
                return await self._adapters[platform].verify(client, proof)
        except ProviderRejected as refusal:
            log.info("oauth.rejected", platform=platform, reason=str(refusal))
            raise ApiError("auth.oauth.invalid_token") from refusal
        except ProviderUnavailable as fault:
            log.warning("provider.unavailable", family="oauth", provider=platform, fault=str(fault))
            raise ApiError("service.unavailable", retry_after=5) from fault

    async def require_ready(self, client: OAuthClient) -> None:
        """That its issuer and keys can be fetched; nobody signs in through a platform without an adapter.

        Raises ApiError admin.provider.not_ready.
        """
        adapter = self._adapters.get(client.platform)
        try:
            if adapter is not None:
                await adapter.require_keys(client)
        except ProviderUnavailable as fault:
            raise ApiError("admin.provider.not_ready", provider=client.platform, fault=str(fault)) from None


class SocialFamily:
    """The platforms whose accounts creators connect. No failover here, either."""

    family = "social"

    def __init__(self, clients: SocialClients, adapters: Iterable[SocialProvider], watch: Watch) -> None:
        self._clients = clients
        self._watch = watch
        self._adapters = {adapter.name: adapter for adapter in adapters}

    @property
    def platforms(self) -> dict[str, bool]:
        """Those that can be connected, and whether their codes need a verifier."""
        return {name: adapter.needs_verifier for name, adapter in self._adapters.items()}

    async def connect(self, platform: str, grant: SocialGrant) -> tuple[SocialProfile, SocialTokens]:
        """Whose code it is, and the tokens that it was traded for.

        Raises ApiError creator.social.invalid_code or service.unavailable.
        """
        try:
            client, adapter = await self._client(platform), self._adapters[platform]
            with self._watch.call(self.family, platform):
                tokens = await adapter.exchange(client, grant)
                return await adapter.profile(client, tokens), tokens
        except ProviderRejected as refusal:
            log.info("social.rejected", platform=platform, reason=str(refusal))
            raise ApiError("creator.social.invalid_code") from refusal
        except ProviderUnavailable as fault:
            log.warning("provider.unavailable", family=self.family, provider=platform, fault=str(fault))
            raise ApiError("service.unavailable", retry_after=5) from fault

    def must_renew(self, platform: str, tokens: SocialTokens, now: datetime) -> bool:
        """Raises ProviderUnavailable for a platform that nobody knows."""
        return not tokens.last_until(now + self._adapter(platform).renewed_before)

    async def renew(self, platform: str, tokens: SocialTokens) -> SocialTokens:
        """As ``SocialProvider.renew``."""
        client, adapter = await self._client(platform), self._adapter(platform)
        with self._watch.call(self.family, platform):
            return await adapter.renew(client, tokens)

    async def profile(self, platform: str, tokens: SocialTokens) -> SocialProfile:
        """As ``SocialProvider.profile``."""
        client, adapter = await self._client(platform), self._adapter(platform)
        with self._watch.call(self.family, platform):
            return await adapter.profile(client, tokens)

    def allows(self, platform: str) -> bool:
        """Whether to ask the platform now, as its breaker has it."""
        return self._watch.allows(self.family, platform)

    async def _client(self, platform: str) -> OAuthClient:
        client = await self._clients.find_to_connect(platform)
        if client is None:
            raise ProviderUnavailable(f"{platform} is not enabled")
        return client

    def _adapter(self, platform: str) -> SocialProvider:
        adapter = self._adapters.get(platform)
        if adapter is None:
            raise ProviderUnavailable(f"nobody connects accounts of {platform}")
        return adapter


class KycFamily(_Family[KycProvider]):
    """No failover here: a verification is where it was begun, whichever provider is active by now."""

    family = "kyc"
    active_provider = kyc.ACTIVE_PROVIDER

    async def start(self, provider: str, subject: KycSubject) -> KycLink:
        """As ``KycProvider.start``."""
        adapter = self.adapter(provider)
        with self._watch.call(self.family, provider):
            return await adapter.start(subject)

    async def resume(self, provider: str, ref: str) -> KycLink | None:
        """As ``KycProvider.resume``."""
        adapter = self.adapter(provider)
        with self._watch.call(self.family, provider):
            return await adapter.resume(ref)

    async def find(self, provider: str, ref: str) -> KycVerdict:
        """As ``KycProvider.find``."""
        adapter = self.adapter(provider)
        with self._watch.call(self.family, provider):
            return await adapter.find(ref)

    def source(self, provider: str) -> NoticeSource | None:
        return self._adapters.get(provider)


class PaymentFamily(_Chain[PaymentProvider], _Books[PaymentProvider]):
    """New payments are begun with the first that can begin them. From then on a payment is where it was begun."""

    family = "payment"
    active_provider = payment.ACTIVE_PROVIDER
    failover_providers = payment.FAILOVER_PROVIDERS

    def first(self) -> str:
        """Who takes a new payment. Raises ApiError service.unavailable where nobody does."""
        found = next((name for name in self._asked() if name in self._adapters), None)
        if found is None:
            raise ApiError("service.unavailable", retry_after=60)
        return found

    def next_to(self, provider: str) -> str | None:
        """Who takes it when the provider certainly has not begun it."""
        names = [name for name in self.chosen() if name in self._adapters]
        later = names[names.index(provider) + 1 :] if provider in names else []
        return next((name for name in later if self._watch.allows(self.family, name)), None)

    async def begin(self, provider: str, order: Order) -> Checkout | None:
        """None where the provider certainly has no session. Raises ApiError service.unavailable where nobody knows:
        whoever asks next to it finds out.
        """
        try:
            return await self.checkout(provider, order)
        except (ProviderRejected, ProviderUntouched) as refusal:
            log.warning("provider.rejected", family=self.family, provider=provider, fault=str(refusal))
            return None
        except ProviderUnavailable as fault:
            log.warning("provider.unavailable", family=self.family, provider=provider, fault=str(fault))
            raise ApiError("service.unavailable", retry_after=5) from fault

    async def checkout(self, provider: str, order: Order) -> Checkout:
        """As ``PaymentProvider.checkout``."""
        with self._watch.call(self.family, provider):
            return await self.adapter(provider).checkout(order)

    async def again(self, provider: str, order: Order) -> Checkout | None:
        """What was asked for without an answer; None where the provider refuses. Raises ProviderUnavailable."""
        try:
            return await self.checkout(provider, order)
        except ProviderRejected as refusal:
            log.warning("provider.rejected", family=self.family, provider=provider, fault=str(refusal))
            return None

    async def find(self, provider: str, ref: str) -> PaymentState:
        """As ``PaymentProvider.find``."""
        with self._watch.call(self.family, provider):
            return await self.adapter(provider).find(ref)

    async def expire(self, provider: str, ref: str) -> None:
        """As ``PaymentProvider.expire``."""
        with self._watch.call(self.family, provider):
            await self.adapter(provider).expire(ref)

    async def end(self, provider: str, ref: str) -> None:
        """A session that nobody needs, unless the provider refuses. Raises ProviderUnavailable."""
        try:
            await self.expire(provider, ref)
        except ProviderRejected as refusal:
            log.warning("provider.rejected", family=self.family, provider=provider, fault=str(refusal))

    async def refund(self, provider: str, order: RefundOrder) -> RefundState:
        """As ``PaymentProvider.refund``."""
        with self._watch.call(self.family, provider):
            return await self.adapter(provider).refund(order)

    async def give_back(self, provider: str, order: RefundOrder) -> RefundState | None:
        """A refund that we owe; None where the provider refuses. Raises ProviderUnavailable."""
        try:
            return await self.refund(provider, order)
        except ProviderRejected as refusal:
            log.warning("provider.rejected", family=self.family, provider=provider, fault=str(refusal))
            return None

    def source(self, provider: str) -> PaymentProvider | None:
        return self._adapters.get(provider)

    def join(self, adapter: PaymentProvider) -> None:
        """In place of one of its name, if there is one."""
        self._adapters[adapter.name] = adapter


class PayoutFamily(_Books[PayoutProvider]):
    """No failover: a payout goes where it was requested to, whichever provider is active by then."""

    family = "payout"
    active_provider = payout.ACTIVE_PROVIDER

    @property
    def for_accounts(self) -> str | None:
        """At whom accounts are opened now; None where that is nobody."""
        return self._known(self.active_name)

    @property
    def for_banks(self) -> str | None:
        """Who makes bank transfers that are requested now; None where that is nobody."""
        name = self._config[payout.BANK_PROVIDER]
        return name if self.by_file(name) else self._known(name)

    @staticmethod
    def by_file(provider: str) -> bool:
        """Whether payouts wait for staff to take them to the bank in a file: nobody is asked to pay them."""
        return provider == BANK_FILE

    def _known(self, name: str) -> str | None:
        return name if name in self._adapters else None

    def pays(self, provider: str) -> bool:
        """Whether it is asked for each payout, and no file is made of many. Raises ProviderUnavailable."""
        if self.by_file(provider):
            return False
        self.adapter(provider)
        return True

    async def pay(self, provider: str, order: PayoutOrder) -> PayoutState:
        """As ``PayoutProvider.pay``."""
        with self._watch.call(self.family, provider):
            return await self.adapter(provider).pay(order)

    async def find(self, provider: str, order: PayoutOrder, ref: str | None) -> PayoutState | None:
        """As ``PayoutProvider.find``."""
        with self._watch.call(self.family, provider):
            return await self.adapter(provider).find(order, ref)

    async def open_account(self, provider: str, account: NewAccount) -> AccountState:
        """As ``AccountProvider.open_account``."""
        with self._watch.call(self.family, provider):
            return await self._accounts(provider).open_account(account)

    async def onboarding_link(self, provider: str, ref: str, return_url: str, refresh_url: str) -> str:
        """As ``AccountProvider.onboarding_link``."""
        with self._watch.call(self.family, provider):
            return await self._onboarding(provider).onboarding_link(ref, return_url, refresh_url)

    def signs_in(self, provider: str) -> bool:
        """Whether people sign in there to show which account is theirs."""
        return isinstance(self._adapters.get(provider), SignInProvider)

    def sign_in_link(self, provider: str, state: str, return_url: str) -> str:
        """As ``SignInProvider.sign_in_link``. Raises ProviderUnavailable."""
        return self._signing_in(provider).sign_in_link(state, return_url)

    async def signed_in(self, provider: str, code: str, return_url: str) -> AccountState:
        """As ``SignInProvider.signed_in``."""
        with self._watch.call(self.family, provider):
            return await self._signing_in(provider).signed_in(code, return_url)

    async def account(self, provider: str, ref: str) -> AccountState:
        """As ``AccountProvider.account``."""
        with self._watch.call(self.family, provider):
            return await self._accounts(provider).account(ref)

    async def dashboard_link(self, provider: str, ref: str) -> str | None:
        """As ``AccountProvider.dashboard_link``."""
        with self._watch.call(self.family, provider):
            return await self._accounts(provider).dashboard_link(ref)

    def source(self, provider: str) -> NoticeSource | None:
        return self._adapters.get(provider)

    def join(self, adapter: PayoutProvider) -> None:
        """In place of one of its name, if there is one."""
        self._adapters[adapter.name] = adapter

    def _accounts(self, provider: str) -> AccountProvider:
        adapter = self.adapter(provider)
        if not isinstance(adapter, AccountProvider):
            raise ProviderUnavailable(f"{provider} has no accounts")
        return adapter

    def _onboarding(self, provider: str) -> OnboardingProvider:
        adapter = self.adapter(provider)
        if not isinstance(adapter, OnboardingProvider):
            raise ProviderUnavailable(f"{provider} opens no accounts")
        return adapter

    def _signing_in(self, provider: str) -> SignInProvider:
        adapter = self.adapter(provider)
        if not isinstance(adapter, SignInProvider):
            raise ProviderUnavailable(f"nobody signs in at {provider}")
        return adapter


class Room(NamedTuple):
    """Where a file will be kept, the URL that takes it, and the one that shows it."""

    provider: str
    upload: SignedUpload
    public_url: str
    direct: bool


class StorageFamily(_Family[StorageProvider]):
    """No failover here: a file is where it was put. ``of`` finds it there, whichever provider is active by now."""

    family = "storage"
    active_provider = STORAGE_PROVIDER

    def presign(self, slot: Slot) -> Room:
        """With the active provider. Where it could not enforce a size, the file comes through our own process.

        Raises ApiError service.unavailable.
        """
        try:
            adapter = self.active
            direct = adapter.direct and slot.exact_bytes is not None
            signer = adapter if direct else self.of(LocalStorage.name)
            return Room(adapter.name, signer.presign(slot), adapter.public_url(slot.key), direct)
        except ProviderUnavailable as fault:
            log.warning("provider.unavailable", family=self.family, fault=str(fault))
            raise ApiError("service.unavailable", retry_after=5) from fault

    @property
    def active(self) -> StorageProvider:
        """Raises ProviderUnavailable."""
        return self.adapter(self._config[self.active_provider])

    def of(self, name: str) -> StorageProvider:
        """Raises ProviderUnavailable."""
        return self.adapter(name)

    def public_url(self, name: str, key: str) -> str:
        """Raises ApiError service.unavailable while the storage is not set up."""
        try:
            return self.of(name).public_url(key)
        except ProviderUnavailable as fault:
            raise ApiError("service.unavailable", retry_after=5) from fault

    async def remove(self, name: str, key: str) -> None:
        """Afterwards nothing is left of a file, whether it was looked at or not. Raises ProviderUnavailable."""
        provider = self.of(name)
        await provider.delete(key)
        if is_public(key):
            await provider.delete(incoming(key))

    async def remove_all(self, files: Iterable[tuple[str, str]]) -> None:
        """Several at a time. Raises ProviderUnavailable when one of them could not be removed."""
        places = iter(files)
        while some := list(islice(places, REMOVED_AT_ONCE)):
            ended = await asyncio.gather(*(self.remove(name, key) for name, key in some), return_exceptions=True)
            for fault in filter(None, ended):
                raise fault

    async def tidy(self) -> None:
        """Remove what was left on this machine of files that never came to their end."""
        await self.of(LocalStorage.name).tidy()

    def key_of(self, url: str) -> str | None:
        """Under which key the file of a public URL is kept; None for what is no URL of ours."""
        found = self.find(url)
        return found[1] if found else None

    def find(self, url: str) -> tuple[StorageProvider, str] | None:
        """Who keeps the file of a public URL, under which key; None for what is no URL of ours."""
        for adapter in self._adapters.values():
            key = adapter.key_of(url)
            if key is not None:
                return adapter, key
        return None


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
