"""X API v2: https://docs.x.com/fundamentals/authentication/oauth-2-0/user-access-token

Scopes ``users.read tweet.read``, and ``offline.access`` for a refresh token, which each renewal replaces.
"""

from collections.abc import Mapping

from domain.auth.oauth import OAuthClient
from domain.creators.social_accounts import SocialProfile, SocialTokens
from providers.oauth.claims import label, subject
from providers.oauth.vendor import basic
from providers.social.vendor import Answer, Form, SocialVendor, count, first


class SocialX(SocialVendor):
    name = "x"
    token_endpoint = "https://api.x.com/2/oauth2/token"  # noqa: S105 - an address
    userinfo_endpoint = "https://api.x.com/2/users/me"
    needs_verifier = True

    async def profile(self, client: OAuthClient, tokens: SocialTokens) -> SocialProfile:
        answer = await self._told(client, tokens, {"user.fields": "public_metrics"})
        user = first(answer.good.get("data"))
        followers = count(first(user.get("public_metrics")).get("followers_count"))
        return SocialProfile(subject(user.get("id")), label(user.get("username")), followers)

    def _require_good_token(self, answer: Answer) -> None:
        """A refresh token that is no good is an ``invalid_request`` there."""
        self._require_good_code(answer)

    def _credentials(self, client: OAuthClient) -> Form:
        return {"client_id": client.client_id}

    def _headers(self, client: OAuthClient) -> Mapping[str, str]:
        return basic(client) if client.client_secret else {}
