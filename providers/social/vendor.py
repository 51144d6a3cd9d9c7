"""What the platforms share: OAuth 2.0 of RFC 6749, and a profile that is asked for with an access token.

Texts of faults hold codes and statuses, never what a platform said: its answers name people and tokens.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx

from domain.auth.oauth import OAuthClient
from domain.clock import utc_now
from domain.creators.social_accounts import SocialGrant, SocialProfile, SocialTokens
from providers import asking
from providers.oauth.vendor import ANSWER_SECONDS, success
from providers.ports import ProviderRejected, ProviderUnavailable

TOKEN = re.compile(r"[!-~]{1,4096}")
NUMBER = re.compile(r"[0-9]{1,15}")
LONGEST_LIFE = 10**9
"""In seconds: more than 30 years."""
# What a token endpoint reports of the code, its verifier or its redirect URI; every other error is about us.
OF_CODES = frozenset({"invalid_grant", "invalid_request"})
OF_TOKENS = frozenset({"invalid_grant"})

Form = Mapping[str, str | None]


class Answer(asking.Answer):
    @property
    def good(self) -> dict[str, Any]:
        """Raises ProviderUnavailable."""
        return success(self)


class SocialVendor:
    """The endpoints are the platform's own; what the admin entered comes before them."""

    name: str
    token_endpoint: str
    userinfo_endpoint: str
    needs_verifier = False
    renewed_before = timedelta(minutes=5)

    def __init__(
        self, http: httpx.AsyncClient, *, seconds: float = ANSWER_SECONDS, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._http = http
        self._seconds = seconds
        self._clock = clock

    async def exchange(self, client: OAuthClient, grant: SocialGrant) -> SocialTokens:
        form: Form = {
            "grant_type": "authorization_code",
            "code": grant.code,
            "redirect_uri": grant.redirect_uri,
            "code_verifier": grant.code_verifier,
        }
        answer = await self._token(client, form)
        self._require_good_code(answer)
        return self._tokens(answer.good)

    async def renew(self, client: OAuthClient, tokens: SocialTokens) -> SocialTokens:
        if tokens.refresh is None:
            raise ProviderRejected("there is no refresh token")
        answer = await self._token(client, {"grant_type": "refresh_token", "refresh_token": tokens.refresh})
        self._require_good_token(answer)
        return tokens.renewed_by(self._tokens(answer.good))

    async def profile(self, client: OAuthClient, tokens: SocialTokens) -> SocialProfile:
        raise NotImplementedError

    def _require_good_code(self, answer: Answer) -> None:
        """Raises ProviderRejected when it is the code that the platform refuses."""
        _require_none_of(OF_CODES, answer)

    def _require_good_token(self, answer: Answer) -> None:
        """Raises ProviderRejected when it is the refresh token that the platform refuses."""
        _require_none_of(OF_TOKENS, answer)

    def _credentials(self, client: OAuthClient) -> Form:
        return {"client_id": client.client_id, "client_secret": client.client_secret or None}

    def _headers(self, client: OAuthClient) -> Mapping[str, str]:
        """Of requests to the token endpoint."""
        return {}

    async def _token(self, client: OAuthClient, form: Form) -> Answer:
        given = {name: value for name, value in {**self._credentials(client), **form}.items() if value is not None}
        endpoint = client.token_endpoint or self.token_endpoint
        return await self._ask("POST", endpoint, data=given, headers=self._headers(client))

    async def _told(
        self, client: OAuthClient, tokens: SocialTokens, params: Mapping[str, str], url: str | None = None, **more: str
    ) -> Answer:
        """What the platform tells to whoever has the access token."""
        headers = {"Authorization": f"Bearer {tokens.access}", **more}
        place = url or client.userinfo_endpoint or self.userinfo_endpoint
        answer = await self._ask("GET", place, params=params, headers=headers)
        if answer.status == httpx.codes.UNAUTHORIZED:
            raise ProviderRejected("the platform refused the access token")
        return answer

    async def _ask(self, method: str, url: str, **options: Any) -> Answer:
        # With no auth at all the client would take a name and a password out of the URL.
        told = await asking.ask(
            self._http, method, url, self._seconds, whom="the platform", auth=httpx.Auth(), **options
        )
        return Answer(*told)

    def _tokens(self, body: Mapping[str, Any]) -> SocialTokens:
        """Raises ProviderUnavailable for an answer without an access token."""
        access = token(body.get("access_token"))
        if access is None:
            raise ProviderUnavailable("the platform gave no access token")
        seconds = count(body.get("expires_in"))
        lasts = None if seconds is None else self._clock() + timedelta(seconds=min(seconds, LONGEST_LIFE))
        return SocialTokens(access, token(body.get("refresh_token")), lasts)


def _require_none_of(errors: frozenset[str], answer: Answer) -> None:
    """RFC 6749, 5.2. Not every platform says it with a 400."""
    error = answer.body.get("error")
    if isinstance(error, str) and error in errors:
        raise ProviderRejected(f"the platform refused with {error}")


def token(value: Any) -> str | None:
    return value if isinstance(value, str) and TOKEN.fullmatch(value) else None


def count(value: Any) -> int | None:
    """A number, which platforms write as such or as digits; None for anything else."""
    text = value if isinstance(value, str) else str(value) if type(value) is int else ""
    return int(text) if NUMBER.fullmatch(text) else None


def first(value: Any) -> dict[str, Any]:
    """The first object of a list, or the object itself; empty where there is none."""
    found = value[0] if isinstance(value, list) and value else value
    return found if isinstance(found, dict) else {}
