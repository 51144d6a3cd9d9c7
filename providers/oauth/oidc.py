"""OpenID Connect: an id token straight from the client, or the one that a code is traded for."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt

from domain.auth.oauth import OAuthClient, OAuthIdentity, OAuthProof
from providers.oauth.claims import address, label, subject
from providers.oauth.jwks import KeySets
from providers.oauth.vendor import ANSWER_SECONDS, Vendor
from providers.ports import ProviderRejected, ProviderUnavailable

LEEWAY = timedelta(seconds=30)
DISCOVERY = "/.well-known/openid-configuration"
CLAIMS = ["iss", "sub", "aud", "exp", "iat"]
# PyJWT lets errors of json, base64 and types through; whatever a stranger's text raises, the token is no good.
BROKEN = (jwt.PyJWTError, ValueError, TypeError, AttributeError, KeyError, OverflowError, RecursionError)


class OpenIdProvider:
    """The class attributes are the platform's own; what the admin entered comes before them."""

    name: str
    issuers: tuple[str, ...]
    jwks_uri: str
    token_endpoint: str
    mail_domains: frozenset[str] = frozenset()

    def __init__(self, http: httpx.AsyncClient, *, seconds: float = ANSWER_SECONDS) -> None:
        self._vendor = Vendor(http, seconds)
        self._key_sets = KeySets(self._vendor)

    async def verify(self, client: OAuthClient, proof: OAuthProof) -> OAuthIdentity:
        token = proof.id_token if proof.code is None else await self._exchanged(client, proof)
        if not isinstance(token, str):
            raise ProviderRejected("there is no id token")
        claims = await self._claims(client, token)
        self._require_nonce(claims.get("nonce"), proof)
        return self._identity(claims, token)

    async def require_keys(self, client: OAuthClient) -> None:
        """OpenID Connect Discovery 1.0, 4.3: the document names the very issuer at whose address it lies."""
        issuer = client.issuer or self.issuers[0]
        about = await self._vendor.get(f"{issuer.rstrip('/')}{DISCOVERY}")
        if about.get("issuer") != issuer:
            raise ProviderUnavailable("the document of the issuer names another one")
        if not await self._key_sets.fetch(client.jwks_uri or self.jwks_uri):
            raise ProviderUnavailable("the platform publishes no key that could be used")

    async def _exchanged(self, client: OAuthClient, proof: OAuthProof) -> Any:
        answer = await self._vendor.exchange(client.token_endpoint or self.token_endpoint, client, proof)
        return answer.get("id_token")

    async def _claims(self, client: OAuthClient, token: str) -> dict[str, Any]:
        """Of a token whose signature, issuer, audience and times are right."""
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
            key = await self._key_sets.find(client.jwks_uri or self.jwks_uri, key_id) if key_id else None
            if key is None:
                raise ProviderRejected("the key of the id token is unknown")
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=[client.client_id, *client.audiences],
                issuer=[client.issuer] if client.issuer else list(self.issuers),
                leeway=LEEWAY,
                options={"require": CLAIMS},
            )
        except BROKEN as error:
            raise ProviderRejected(f"the id token is no good ({type(error).__name__})") from None
        self._require_audience(claims["aud"], claims.get("azp"), {client.client_id, *client.audiences})
        return claims

    def _require_audience(self, audience: Any, authorized: Any, ours: set[str]) -> None:
        """OpenID Connect Core 2 and 3.1.3.7: nobody beside us, and where several may be meant, asked for by us.

        A single audience needs no ``azp``: an app of ours asks for tokens that are meant for our web client.
        """
        if isinstance(audience, str):
            return
        if len(audience) != 1 or (authorized is not None and not _is_of(authorized, ours)):
            raise ProviderRejected("the id token is meant for others too")

    def _require_nonce(self, claimed: Any, proof: OAuthProof) -> None:
        """Without its nonce a token could be one that somebody else was given; a code is bound by its verifier."""
        if (proof.code is None or proof.nonce is not None) and (proof.nonce is None or claimed != proof.nonce):
            raise ProviderRejected("the nonce is another one")

    def _keeps_mailbox(self, email: str, claims: dict[str, Any]) -> bool:
        return email.rpartition("@")[2] in self.mail_domains

    def _identity(self, claims: dict[str, Any], token: str) -> OAuthIdentity:
        email = address(claims.get("email"))
        verified = email is not None and claims.get("email_verified") in (True, "true")
        # What is signed, without the signature: of some algorithms another one could be made of it.
        signed = token.rpartition(".")[0]
        return OAuthIdentity(
            platform=self.name,
            subject=subject(claims.get("sub")),
            email=email,
            email_verified=verified,
            authoritative=verified and email is not None and self._keeps_mailbox(email, claims),
            display_name=label(claims.get("name")),
            digest=hashlib.sha256(signed.encode()).digest(),
            expires_at=_moment(claims["exp"]) + LEEWAY,
            issued_at=_moment(claims["iat"]),
            entered_at=_moment(claims["auth_time"]) if claims.get("auth_time") is not None else None,
        )


def _is_of(value: Any, texts: set[str]) -> bool:
    return isinstance(value, str) and value in texts


def _moment(seconds: Any) -> datetime:
    """Raises ProviderRejected for a time that no calendar has."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise ProviderRejected("the id token names no time") from None
