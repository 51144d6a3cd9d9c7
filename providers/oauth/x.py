"""Log in with X: https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code

No id token: a code is traded for an access token, and that for the profile. X vouches for no e-mail address; where the
app may see one (``user.fields=confirmed_email`` in the userinfo endpoint), it counts as told, not as verified.
"""

from typing import Any

import httpx

from domain.auth.oauth import OAuthClient, OAuthIdentity, OAuthProof
from providers.oauth.claims import address, label, subject
from providers.oauth.vendor import ANSWER_SECONDS, Vendor
from providers.ports import ProviderRejected


class X:
    name = "x"
    token_endpoint = "https://api.x.com/2/oauth2/token"  # noqa: S105 - an address
    userinfo_endpoint = "https://api.x.com/2/users/me"

    def __init__(self, http: httpx.AsyncClient, *, seconds: float = ANSWER_SECONDS) -> None:
        self._vendor = Vendor(http, seconds)

    async def verify(self, client: OAuthClient, proof: OAuthProof) -> OAuthIdentity:
        if proof.code is None or proof.code_verifier is None:
            raise ProviderRejected("there is no code with its verifier")
        endpoint = client.token_endpoint or self.token_endpoint
        answer = await self._vendor.exchange(endpoint, client, proof, secret_in_header=True)
        profile = await self._profile(client, answer.get("access_token"))
        return OAuthIdentity(
            platform=self.name,
            subject=subject(profile.get("id")),
            email=address(profile.get("confirmed_email")),
            display_name=label(profile.get("name")),
            username=label(profile.get("username")),
        )

    async def require_keys(self, client: OAuthClient) -> None:
        """It signs nothing."""

    async def _profile(self, client: OAuthClient, access_token: Any) -> dict[str, Any]:
        if not isinstance(access_token, str) or not access_token.isascii():
            raise ProviderRejected("the platform gave no access token")
        answer = await self._vendor.get(client.userinfo_endpoint or self.userinfo_endpoint, bearer=access_token)
        profile = answer.get("data")
        if not isinstance(profile, dict):
            raise ProviderRejected("the platform told no profile")
        return profile
