"""Platforms at which people have accounts: to sign in with, and to show."""

from collections.abc import Iterable
from datetime import datetime

import structlog

from domain.errors import ApiError
from providers.observing import Watch
from providers.ports import (
    OAuthClient,
    OAuthClients,
    OAuthIdentity,
    OAuthProof,
    OAuthProvider,
    ProviderRejected,
    ProviderUnavailable,
    SocialClients,
    SocialGrant,
    SocialProfile,
    SocialProvider,
    SocialTokens,
)

log = structlog.get_logger()


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
