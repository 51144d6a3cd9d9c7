"""Instagram API with Instagram login, of professional accounts:
https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login

Scope ``instagram_business_basic``. A code gives a token of an hour, which is traded for one of 60 days; that one renews
itself, once it is a day old and while it lasts, so there is no refresh token.
"""

from datetime import timedelta
from typing import Any
from urllib.parse import urljoin

import httpx

from domain.auth.oauth import OAuthClient
from domain.creators.social_accounts import SocialGrant, SocialProfile, SocialTokens
from providers.oauth.claims import label, subject
from providers.ports import ProviderRejected
from providers.social.vendor import Answer, SocialVendor, count, first

# The platform appends it to the address that it redirects to, and clients take it for a part of the code.
APPENDED = "#_"
# Of the graph: a token that is no good, and what the person did not permit (also 200 to 299).
BAD_TOKEN = 190
NOT_PERMITTED = 10
PERMISSIONS = 2


class Instagram(SocialVendor):
    name = "instagram"
    token_endpoint = "https://api.instagram.com/oauth/access_token"  # noqa: S105 - an address
    userinfo_endpoint = "https://graph.instagram.com/v25.0/me"
    renewed_before = timedelta(days=30)

    async def exchange(self, client: OAuthClient, grant: SocialGrant) -> SocialTokens:
        code = grant.code.removesuffix(APPENDED)
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": grant.redirect_uri}
        answer = await self._token(client, form)
        _require_good_code(answer)
        # Documented as the first of a list; tokens of other kinds of apps are told without one.
        short = self._tokens(first(answer.good.get("data")) or answer.good)
        params = {"grant_type": "ig_exchange_token", "client_secret": client.client_secret}
        return self._tokens(await self._graph(client, "/access_token", short, params))

    async def renew(self, client: OAuthClient, tokens: SocialTokens) -> SocialTokens:
        params = {"grant_type": "ig_refresh_token"}
        return self._tokens(await self._graph(client, "/refresh_access_token", tokens, params))

    async def profile(self, client: OAuthClient, tokens: SocialTokens) -> SocialProfile:
        answer = await self._graph(client, "", tokens, {"fields": "user_id,username,followers_count"})
        user = first(answer.get("data")) or answer
        known_as = user.get("user_id")
        followers = count(user.get("followers_count"))
        told = str(known_as) if type(known_as) is int else known_as
        return SocialProfile(subject(told), label(user.get("username")), followers)

    async def _graph(
        self, client: OAuthClient, path: str, tokens: SocialTokens, params: dict[str, str]
    ) -> dict[str, Any]:
        """The token stands in the query there; neither log nor trace has queries of vendors."""
        url = urljoin(client.userinfo_endpoint or self.userinfo_endpoint, path)
        answer = await self._ask("GET", url, params={**params, "access_token": tokens.access})
        code = first(answer.body.get("error")).get("code")
        if type(code) is int and (code in (BAD_TOKEN, NOT_PERMITTED) or code // 100 == PERMISSIONS):
            raise ProviderRejected(f"the platform refused the token with {code}")
        return answer.good


def _require_good_code(answer: Answer) -> None:
    """All that goes wrong is a 400 ``OAuthException`` there: only its text tells a code from our app or secret."""
    message = answer.body.get("error_message")
    about_code = isinstance(message, str) and " code" in message.lower()
    if answer.status == httpx.codes.BAD_REQUEST and about_code:
        raise ProviderRejected("the platform refused the code")
