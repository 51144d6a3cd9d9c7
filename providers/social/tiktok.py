"""TikTok API v2: https://developers.tiktok.com/doc/oauth-user-access-token-management

Scopes ``user.info.basic user.info.profile user.info.stats``. Each renewal replaces the refresh token.
"""

from collections.abc import Mapping

from domain.auth.oauth import OAuthClient
from domain.creators.social_accounts import SocialProfile, SocialTokens
from providers.oauth.claims import label, subject
from providers.ports import ProviderRejected, ProviderUnavailable
from providers.social.vendor import Form, SocialVendor, count, first

# What the person did not permit, or not any more; every other code is about us or the platform.
OF_THE_PERSON = frozenset({"access_token_invalid", "scope_not_authorized", "scope_permission_missed"})
FIELDS = "open_id,username,display_name,follower_count"


class TikTok(SocialVendor):
    name = "tiktok"
    token_endpoint = "https://open.tiktokapis.com/v2/oauth/token/"  # noqa: S105 - an address
    userinfo_endpoint = "https://open.tiktokapis.com/v2/user/info/"

    async def profile(self, client: OAuthClient, tokens: SocialTokens) -> SocialProfile:
        answer = await self._told(client, tokens, {"fields": FIELDS})
        code = first(answer.body.get("error")).get("code")
        if isinstance(code, str) and code in OF_THE_PERSON:
            raise ProviderRejected(f"the platform refused with {code}")
        if code not in (None, "ok"):
            raise ProviderUnavailable(f"the platform answered {answer.status}")
        user = first(first(answer.good.get("data")).get("user"))
        username = label(user.get("username")) or label(user.get("display_name"))
        return SocialProfile(subject(user.get("open_id")), username, count(user.get("follower_count")))

    def _credentials(self, client: OAuthClient) -> Form:
        return {"client_key": client.client_id, "client_secret": client.client_secret or None}

    def _headers(self, client: OAuthClient) -> Mapping[str, str]:
        return {"Cache-Control": "no-cache"}
