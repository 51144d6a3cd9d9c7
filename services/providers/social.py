"""Connected accounts, between the platforms that tell of them and the table that keeps their tokens sealed."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

import structlog

from domain.creators.social_accounts import (
    Sealed,
    SocialConnection,
    SocialGrant,
    SocialProfile,
    SocialTokens,
    Untold,
)
from domain.keys import Purpose
from providers.families.accounts import SocialFamily
from providers.oauth.claims import NoSubject
from providers.ports import ProviderRejected, ProviderUnavailable
from services.keyring import Keyring

SEALED = Purpose.SOCIAL_TOKEN

log = structlog.get_logger()


class SocialDesk:
    def __init__(self, family: SocialFamily, keyring: Keyring) -> None:
        self._family = family
        self._keyring = keyring

    @property
    def platforms(self) -> Mapping[str, bool]:
        """As ``SocialFamily.platforms``."""
        return self._family.platforms

    async def connect(self, platform: str, grant: SocialGrant) -> SocialConnection:
        """As ``SocialFamily.connect``, ready to be recorded."""
        profile, tokens = await self._family.connect(platform, grant)
        return SocialConnection(platform, profile, self.sealed(tokens))

    async def read(
        self, account: Any, now: datetime, keep: Callable[[Sealed], Awaitable[None]]
    ) -> SocialProfile | Untold:
        """What the platform tells of a stored account.

        A platform may take each refresh token once: newer tokens are given to ``keep`` before anything else is asked.
        """
        try:
            return await self._profile(account, now, keep)
        except NoSubject as odd:  # an answer without the account ends no consent
            log.info("social.put_off", platform=account.platform, fault=str(odd))
            return Untold.NOT_NOW
        except ProviderRejected as refusal:
            log.info("social.refused", platform=account.platform, reason=str(refusal))
            return Untold.REFUSED
        except ProviderUnavailable as fault:
            log.info("social.put_off", platform=account.platform, fault=str(fault))
            return Untold.NOT_NOW

    def failed(self, account: Any, error: Exception) -> None:
        """A fault of ours in what concerns this account alone."""
        log.error("social.failed", platform=account.platform, account=str(account.id), exc_info=error)

    def tell(self, outcomes: Mapping[str, int]) -> None:
        """How a run ended for so many accounts: a warning where some of them failed."""
        (log.warning if outcomes["failed"] else log.info)("social.refreshed", **outcomes)

    async def _profile(self, account: Any, now: datetime, keep: Callable[[Sealed], Awaitable[None]]) -> SocialProfile:
        if not self._family.allows(account.platform):
            raise ProviderUnavailable("the platform failed a moment ago")
        tokens = self.tokens_of(account)
        if not self._family.must_renew(account.platform, tokens, now):
            try:
                return await self._told(account, tokens)
            except ProviderRejected:  # a platform may end an access token early
                if tokens.refresh is None:
                    raise
        newer = await self._family.renew(account.platform, tokens)
        await keep(self.sealed(newer))
        return await self._told(account, newer)

    async def _told(self, account: Any, tokens: SocialTokens) -> SocialProfile:
        profile = await self._family.profile(account.platform, tokens)
        if profile.subject != account.platform_user_id:
            raise ProviderRejected("the tokens are of another account")
        return profile

    def sealed(self, tokens: SocialTokens) -> Sealed:
        refresh = self._seal(tokens.refresh) if tokens.refresh is not None else None
        return Sealed(self._seal(tokens.access), refresh, tokens.expires_at)

    def tokens_of(self, account: Any) -> SocialTokens:
        """Raises ProviderRejected where there are none, and ProviderUnavailable for those that this process cannot
        open: one that knows another secret may."""
        if account.access_token is None:
            raise ProviderRejected("there is no token")
        try:
            refresh = self._unseal(account.refresh_token) if account.refresh_token is not None else None
            return SocialTokens(self._unseal(account.access_token), refresh, account.token_expires_at)
        except ValueError as error:
            raise ProviderUnavailable(f"the tokens cannot be opened: {error}") from None

    def _seal(self, token: str) -> bytes:
        return self._keyring.seal(SEALED, token).encode()

    def _unseal(self, sealed: bytes) -> str:
        return self._keyring.unseal(SEALED, sealed.decode())
