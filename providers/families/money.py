"""Who verifies identities, takes payments, and pays out."""

from collections.abc import Awaitable

import structlog

from domain.errors import ApiError
from domain.money.bank_files import BANK_FILE
from domain.money.payments import Checkout, Order, PaymentState, RefundOrder, RefundState
from domain.money.payouts import AccountState, NewAccount, PayoutOrder, PayoutState
from providers import kyc, payment, payout
from providers.families.family import AnswerT, Books, Chain, Family
from providers.ports import (
    AccountProvider,
    KycLink,
    KycProvider,
    KycSubject,
    KycVerdict,
    NoticeSource,
    OnboardingProvider,
    PaymentProvider,
    PayoutProvider,
    ProviderRejected,
    ProviderUnavailable,
    ProviderUntouched,
    SignInProvider,
)

log = structlog.get_logger()


class KycFamily(Family[KycProvider]):
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


class PaymentFamily(Chain[PaymentProvider], Books[PaymentProvider]):
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
        return await self._unless_refused(provider, self.checkout(provider, order))

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
        await self._unless_refused(provider, self.expire(provider, ref))

    async def refund(self, provider: str, order: RefundOrder) -> RefundState:
        """As ``PaymentProvider.refund``."""
        with self._watch.call(self.family, provider):
            return await self.adapter(provider).refund(order)

    async def give_back(self, provider: str, order: RefundOrder) -> RefundState | None:
        """A refund that we owe; None where the provider refuses. Raises ProviderUnavailable."""
        return await self._unless_refused(provider, self.refund(provider, order))

    async def _unless_refused(self, provider: str, asked: Awaitable[AnswerT]) -> AnswerT | None:
        try:
            return await asked
        except ProviderRejected as refusal:
            log.warning("provider.rejected", family=self.family, provider=provider, fault=str(refusal))
            return None

    def source(self, provider: str) -> PaymentProvider | None:
        return self._adapters.get(provider)

    def join(self, adapter: PaymentProvider) -> None:
        """In place of one of its name, if there is one."""
        self._adapters[adapter.name] = adapter


class PayoutFamily(Books[PayoutProvider]):
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
