"""Twitch: https://dev.twitch.tv/docs/authentication/getting-tokens-oauth/#authorization-code-grant-flow

Scope ``moderator:read:followers``. A renewal may replace the refresh token.
"""

from urllib.parse import urljoin

import httpx

from domain.auth.oauth import OAuthClient
from domain.creators.social_accounts import SocialProfile, SocialTokens
from providers.oauth.claims import label, subject
from providers.ports import ProviderRejected
from providers.social.vendor import Answer, SocialVendor, count, first

OF_CODES = frozenset({"invalid authorization code", "invalid grant"})
OF_TOKENS = frozenset({"invalid refresh token", "invalid grant"})


class Twitch(SocialVendor):
    name = "twitch"
    token_endpoint = "https://id.twitch.tv/oauth2/token"  # noqa: S105 - an address
    userinfo_endpoint = "https://api.twitch.tv/helix/users"

    async def profile(self, client: OAuthClient, tokens: SocialTokens) -> SocialProfile:
        known_as = {"Client-Id": client.client_id}
        answer = await self._told(client, tokens, {}, **known_as)
        user = first(answer.good.get("data"))
        followed = urljoin(client.userinfo_endpoint or self.userinfo_endpoint, "channels/followers")
        user_id = subject(user.get("id"))
        told = await self._told(client, tokens, {"broadcaster_id": user_id, "first": "1"}, followed, **known_as)
        return SocialProfile(user_id, label(user.get("login")), count(told.good.get("total")))

    def _require_good_code(self, answer: Answer) -> None:
        _require_none_of(OF_CODES, answer)

    def _require_good_token(self, answer: Answer) -> None:
        """A 401 says that the person withdrew what the token was given for."""
        if answer.status == httpx.codes.UNAUTHORIZED:
            raise ProviderRejected("the platform refused the refresh token")
        _require_none_of(OF_TOKENS, answer)


def _require_none_of(messages: frozenset[str], answer: Answer) -> None:
    """Errors are a status with a message there; a client that is not known is a 400, too."""
    message = answer.body.get("message")
    if answer.status == httpx.codes.BAD_REQUEST and isinstance(message, str) and message.lower() in messages:
        raise ProviderRejected("the platform refused it")
