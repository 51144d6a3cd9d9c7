"""What the system asks of the outside world: one small Protocol per family.

An adapter is a class of one sibling module under ``providers/<family>/``. It reads its own settings from the config
it was given, at every call, so that an admin's change takes effect without a restart.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, timedelta
from pathlib import Path
from typing import Protocol, runtime_checkable

from domain.auth.oauth import OAuthClient, OAuthIdentity, OAuthProof
from domain.auth.sms import Sms
from domain.creators.kyc import KycLink, KycSubject, KycVerdict
from domain.creators.social_accounts import SocialGrant, SocialProfile, SocialTokens
from domain.mails import Attempt, Mail
from domain.money.movements import Movement
from domain.money.payments import Checkout, Order, PaymentState, RefundOrder, RefundState
from domain.money.payouts import AccountState, NewAccount, PayoutOrder, PayoutState
from domain.upload import SignedUpload, Slot, StoredFile
from domain.webhooks import Notice, RawNotice

__all__ = [
    "AccountProvider",
    "Attempt",
    "CaptchaProvider",
    "EmailProvider",
    "GeoIpProvider",
    "KycLink",
    "KycProvider",
    "KycSubject",
    "KycVerdict",
    "LeakedPasswordsProvider",
    "Mail",
    "MailStore",
    "MovementSource",
    "Notice",
    "NoticeSource",
    "NoticeUnreadable",
    "OAuthClient",
    "OAuthClients",
    "OAuthIdentity",
    "OAuthProof",
    "OAuthProvider",
    "ObserveAttempt",
    "OnboardingProvider",
    "PaymentProvider",
    "PayoutProvider",
    "ProviderForgot",
    "ProviderRejected",
    "ProviderUnavailable",
    "ProviderUntouched",
    "RawNotice",
    "RecordAttempt",
    "SignInProvider",
    "SignedUpload",
    "Slot",
    "Sms",
    "SmsProvider",
    "SocialClients",
    "SocialGrant",
    "SocialProfile",
    "SocialProvider",
    "SocialTokens",
    "StorageProvider",
    "StoredFile",
]


class ProviderUnavailable(Exception):
    """This provider cannot do it now (down, slow, misconfigured, over quota): the next one may."""


class ProviderUntouched(ProviderUnavailable):
    """It cannot do it now, and certainly has not done it: nobody could be connected to, or we were turned away before
    anything was looked at.
    """


class ProviderForgot(ProviderUnavailable):
    """Whether it was done cannot be found out by asking any more, and must not be by doing it again: people look."""


class ProviderRejected(Exception):
    """The request itself was refused for good (such as a recipient that does not exist): no other try will help."""


class NoticeUnreadable(Exception):
    """A notice is signed as it should be, and says nothing that we can read."""


class NoticeSource(Protocol):
    """A provider that tells of itself by webhooks, whatever its family."""

    name: str
    types: frozenset[str]
    """The words for what is looked at; others are stored and left."""

    @property
    def verifies(self) -> bool:
        """Whether it has what it knows its notices by: an empty secret would know all of them."""

    def read(self, notice: RawNotice) -> Sequence[Notice]:
        """What it tells of; nothing where it is about nothing that could be ours. No call of the provider.

        Raises ProviderRejected for what the provider did not sign, and NoticeUnreadable.
        """


class EmailProvider(Protocol):
    name: str

    async def send(self, mail: Mail) -> None:
        """Hand the mail over; returning means the provider has taken responsibility for it.

        Raises ProviderUnavailable or ProviderRejected.
        """

    async def probe(self) -> str:
        """What was found by going as far as one can without sending anything. Raises ProviderUnavailable."""


class SmsProvider(Protocol):
    name: str

    async def send(self, sms: Sms) -> None:
        """Hand the message over; returning means the provider has taken responsibility for it.

        Raises ProviderUnavailable or ProviderRejected.
        """

    async def probe(self) -> str:
        """As ``EmailProvider.probe``."""


class CaptchaProvider(Protocol):
    name: str

    async def verify(self, token: str, remote_ip: str | None) -> bool:
        """Whether the token proves a solved challenge. Tokens are spent by this call.

        Raises ProviderUnavailable when the vendor cannot tell or our credentials are refused.
        """

    async def probe(self) -> str:
        """As ``EmailProvider.probe``."""


class LeakedPasswordsProvider(Protocol):
    name: str

    async def holds(self, digest: str) -> bool:
        """Whether the password of this SHA-1 (40 hexadecimal digits, upper case) is known to be leaked.

        No more than the first five digits leave the house. Raises ProviderUnavailable when the service cannot tell.
        """

    async def probe(self) -> str:
        """As ``EmailProvider.probe``."""


class GeoIpProvider(Protocol):
    name: str

    async def country(self, ip: str | None, cdn_country: str | None) -> str | None:
        """ISO 3166-1 alpha-2 country in upper case, or None when unknown. Never raises, never blocks the event loop.

        ``ip`` is the client's address; ``cdn_country`` is the CDN's country header, present only when it came from a
        trusted proxy.
        """

    async def probe(self) -> str:
        """As ``EmailProvider.probe``."""


class OAuthProvider(Protocol):
    name: str

    async def verify(self, client: OAuthClient, proof: OAuthProof) -> OAuthIdentity:
        """Who the proof stands for, as the platform ``name`` vouches. Codes are spent by this call, id tokens are not.

        Raises ProviderRejected for a proof that is no good, ProviderUnavailable when the platform cannot tell or our
        credentials are refused.
        """

    async def require_keys(self, client: OAuthClient) -> None:
        """Fetch its issuer and the keys that it signs with, where it has them. Raises ProviderUnavailable."""


class OAuthClients(Protocol):
    """Where an admin keeps what the platforms know us by."""

    async def find(self, platform: str) -> OAuthClient | None:
        """None while nobody may sign in through the platform. Raises ProviderUnavailable for a secret that is lost."""


class SocialProvider(Protocol):
    """A platform whose accounts creators connect. Every call raises ProviderUnavailable when the platform cannot tell
    or our credentials are refused, and ProviderRejected for what it was handed.

    ``needs_verifier``: its codes are bound to one. ``renewed_before``: tokens are renewed when they last less.
    """

    name: str
    needs_verifier: bool
    renewed_before: timedelta

    async def exchange(self, client: OAuthClient, grant: SocialGrant) -> SocialTokens:
        """What the code is traded for. It is spent by this call."""

    async def renew(self, client: OAuthClient, tokens: SocialTokens) -> SocialTokens:
        """Newer ones. The former may be spent by this call."""

    async def profile(self, client: OAuthClient, tokens: SocialTokens) -> SocialProfile:
        """Whose tokens they are, and how many follow them."""


class KycProvider(NoticeSource, Protocol):
    """Verifies the identity of a person. Every call raises ProviderUnavailable where the provider cannot tell or our
    credentials are refused, and ProviderRejected for a verification that it does not have.
    """

    async def start(self, subject: KycSubject) -> KycLink:
        """Begin a verification. Where the provider can tell a repetition by the subject's id, it is the same one."""

    async def resume(self, ref: str) -> KycLink | None:
        """Where the person goes on with it; None once all was handed in, or where nobody can ask for that again."""

    async def find(self, ref: str) -> KycVerdict:
        """How it is by now."""

    async def probe(self) -> str:
        """As ``EmailProvider.probe``."""


class SocialClients(Protocol):
    """As ``OAuthClients``, of platforms that are connected: nobody has to be able to sign in through them."""

    async def find_to_connect(self, platform: str) -> OAuthClient | None:
        """None while the platform is not enabled. Raises ProviderUnavailable for a secret that is lost."""


class MovementSource(Protocol):
    """``tells_movements``: whether it has a list of what moved which we may read, with what we know it by."""

    tells_movements: bool

    async def movements(self, day: date) -> Sequence[Movement]:
        """All that moved on a day, in UTC, in our currency. The sum of all days is what it owes us, or what it paid.

        Raises ProviderUnavailable where it cannot be asked, has more than is read, or tells no movements at all.
        """


class PaymentProvider(NoticeSource, MovementSource, Protocol):
    """Takes money for us. Each call that asks it raises ProviderUnavailable where nobody knows whether it was done, and
    ProviderRejected where it is known that it was not. A timeout is never the latter.
    """

    async def checkout(self, order: Order) -> Checkout:
        """A session in which the order is paid: for the key of an order always the same."""

    async def find(self, ref: str) -> PaymentState:
        """How a session is by now, with all that was refunded and disputed.

        Only money is ``PAID``: in production a payment of a test is none.
        """

    async def expire(self, ref: str) -> None:
        """Nobody pays the session from now on, as if its time had run out.

        Raises ProviderRejected where it was paid, or will be. Once more is no fault.
        """

    async def refund(self, order: RefundOrder) -> RefundState:
        """Give back a part of what was paid, or all; for the key of an order always the same refund."""

    async def probe(self) -> str:
        """As ``EmailProvider.probe``."""


class PayoutProvider(NoticeSource, MovementSource, Protocol):
    """Pays out. Calls raise as those of a ``PaymentProvider`` do: ProviderUnavailable where nobody knows whether it was
    done, and ProviderRejected where it is known that it was not.
    """

    async def pay(self, order: PayoutOrder) -> PayoutState:
        """Pay an attempt; for the key of an order always the same payment.

        Raises ProviderRejected with a code of ours as its text (``domain.money.payouts.FAILURES``).
        """

    async def find(self, order: PayoutOrder, ref: str | None) -> PayoutState | None:
        """How an attempt is by now; None where the provider certainly has none. ``ref`` may never have been told.

        What was begun may be brought to its end by it, unless the order is ``over``. Of one that is ``halted`` it is
        only read how it is, and what failed is taken back. Raises ProviderUnavailable where that tells nothing, and
        ProviderForgot where it never will.
        """

    async def probe(self) -> str:
        """As ``EmailProvider.probe``."""


@runtime_checkable
class AccountProvider(PayoutProvider, Protocol):
    """Pays out to accounts that people have at the provider."""

    async def open_account(self, account: NewAccount) -> AccountState:
        """For the key of an account always the same one."""

    async def account(self, ref: str) -> AccountState:
        """How it is by now."""

    async def dashboard_link(self, ref: str) -> str | None:
        """Where its owner sees it; None where the provider has no such page."""


@runtime_checkable
class OnboardingProvider(AccountProvider, Protocol):
    """It opens the account for us, and its owner hands in there what it asks for."""

    async def onboarding_link(self, ref: str, return_url: str, refresh_url: str) -> str:
        """Where its owner hands in what the provider asks for. It lives for minutes, and is never stored."""


@runtime_checkable
class SignInProvider(AccountProvider, Protocol):
    """People have the account already, and sign in there to show which one is theirs.

    What ``open_account`` returns is ``NOT_STARTED``, under a name of ours, until then.
    """

    def sign_in_link(self, state: str, return_url: str) -> str:
        """Where they sign in. They come back to ``return_url`` with a code and with ``state``."""

    async def signed_in(self, code: str, return_url: str) -> AccountState:
        """Whose code it is. Raises ProviderRejected for one that is none of the provider's, over or used."""


class StorageProvider(Protocol):
    """Keeps files under keys such as ``avatars/<userId>/<uuid>.png``. Every call may raise ProviderUnavailable.

    What people upload lies under ``incoming(key)``, where nobody reads it, until it was looked at. ``direct``: it gets
    there past our own process, so that only an exact size can be enforced.
    """

    name: str
    direct: bool

    def presign(self, slot: Slot) -> SignedUpload:
        """A URL that takes one file by PUT: of this type and size, or up to it, once, while the slot lives."""

    def public_url(self, key: str) -> str:
        """Where the file is read."""

    def key_of(self, url: str) -> str | None:
        """The inverse of ``public_url``; None for what is no URL of ours."""

    async def find(self, key: str) -> StoredFile | None:
        """None while there is no such file."""

    def read(self, key: str, limit: int | None = None) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """The file in pieces, its first ``limit`` bytes or all of it. Raises ProviderRejected when there is none."""

    async def put(self, key: str, content_type: str, file: Path) -> None:
        """Keep a file of ours, whole or not at all, in place of what was kept under the key."""

    async def delete(self, key: str) -> None:
        """Afterwards there is no such file, whether there was one or not."""

    async def tidy(self) -> None:
        """Remove what was left of files that never came to their end."""

    async def probe(self) -> str:
        """What was found by going as far as one can without writing anything."""


RecordAttempt = Callable[[Attempt], None]
ObserveAttempt = Callable[[str, str, str, float], None]
"""Is told of each call of a provider: family, provider, outcome, seconds. The outcome is a word of few."""


class MailStore(Protocol):
    """Where the development mailbox keeps its mails and text messages."""

    async def add(self, mail: Mail) -> None:
        """Keep the mail; a mail whose id is already kept is left as it is."""
