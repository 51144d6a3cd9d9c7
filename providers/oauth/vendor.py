"""HTTP with a platform: bounded in time, its own outages told apart from what it refuses."""

from typing import Any
from urllib.parse import quote

import httpx

from domain.auth.oauth import OAuthClient, OAuthProof
from providers.asking import Answer, ask
from providers.ports import ProviderRejected, ProviderUnavailable

ANSWER_SECONDS = 5.0

# RFC 6749, 5.2: what these report is the code, its verifier or its redirect address. Every other one is about us.
_NOT_OUR_FAULT = frozenset({"invalid_grant", "invalid_request"})
_REFUSALS = frozenset({400, 401, 403})


class Vendor:
    def __init__(self, http: httpx.AsyncClient, seconds: float) -> None:
        self._http = http
        self._seconds = seconds

    async def exchange(
        self, endpoint: str, client: OAuthClient, proof: OAuthProof, *, secret_in_header: bool = False
    ) -> dict[str, Any]:
        """What the token endpoint gives for the code. Raises ProviderRejected or ProviderUnavailable."""
        headers = basic(client) if secret_in_header and client.client_secret else {}
        form = {
            "grant_type": "authorization_code",
            "code": proof.code,
            "client_id": client.client_id,
            "client_secret": None if secret_in_header else client.client_secret or None,
            "code_verifier": proof.code_verifier,
            "redirect_uri": proof.redirect_uri or client.redirect_uri,
        }
        given = {name: value for name, value in form.items() if value is not None}
        answer = await self._ask("POST", endpoint, data=given, headers=headers)
        if answer.status in _REFUSALS:
            reason = answer.body.get("error")
            if reason in _NOT_OUR_FAULT:
                raise ProviderRejected(f"the platform refused the code: {reason}")
        return success(answer)

    async def get(self, url: str, bearer: str | None = None) -> dict[str, Any]:
        """Raises ProviderUnavailable, or ProviderRejected when it is the bearer that is refused."""
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        answer = await self._ask("GET", url, headers=headers)
        if bearer and answer.status in _REFUSALS:
            raise ProviderRejected("the platform refused its own access token")
        return success(answer)

    async def _ask(self, method: str, url: str, **options: Any) -> Answer:
        return await ask(self._http, method, url, self._seconds, whom="the platform", **options)


def basic(client: OAuthClient) -> dict[str, str]:
    """RFC 6749, 2.3.1: both parts are form-encoded before they are joined."""
    joined = httpx.BasicAuth(quote(client.client_id, safe=""), quote(client.client_secret, safe=""))
    request = next(joined.auth_flow(httpx.Request("POST", "https://platform.invalid")))
    return {"Authorization": request.headers["Authorization"]}


def success(answer: Answer) -> dict[str, Any]:
    """What a platform answered that did as it was asked. Raises ProviderUnavailable for anything else."""
    if answer.status != httpx.codes.OK:
        raise ProviderUnavailable(f"the platform answered {answer.status}")
    if not answer.body:
        raise ProviderUnavailable("the platform's answer is not a JSON object")
    return answer.body
