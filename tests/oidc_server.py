"""A platform to sign in through, on loopback: its keys, its token endpoint with PKCE, its profile of a person."""

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from functools import cache
from itertools import count
from threading import Event, Lock
from typing import Any
from urllib.parse import parse_qsl, quote
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from tests.http_server import Answer, served

NONCE = "the-nonce"
VERIFIER = "the-verifier-of-the-authorization-request"
SECRET = "the+secret/of:the app"
LIFE = 600

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_numbers = count(1)
_rsa_numbers = count()


@cache
def _rsa_key(number: int) -> rsa.RSAPrivateKey:
    """Making one takes a tenth of a second; four are enough to tell keys of one test apart."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def challenge_of(verifier: str) -> str:
    """RFC 7636, S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


class SigningKey:
    """``algorithm`` is RS256 or ES256."""

    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm
        self.key_id = f"key-{next(_numbers)}"
        self.private: PrivateKey = (
            ec.generate_private_key(ec.SECP256R1()) if algorithm == "ES256" else _rsa_key(next(_rsa_numbers) % 4)
        )

    def entry(self) -> dict[str, Any]:
        """As it stands in the key set."""
        public: Any = self.private.public_key()
        jwk = ECAlgorithm.to_jwk(public) if self.algorithm == "ES256" else RSAAlgorithm.to_jwk(public)
        return {**json.loads(jwk), "kid": self.key_id, "use": "sig", "alg": self.algorithm}

    def sign(self, claims: dict[str, Any], **headers: Any) -> str:
        return jwt.encode(claims, self.private, self.algorithm, headers={"kid": self.key_id, **headers})


class Platform:
    """Gives id tokens and codes to whoever asks the object, and takes the codes back once over HTTP.

    ``outage`` replaces every answer, ``hangs`` holds it back; ``seen`` are the paths that were asked for. ``named`` is
    the issuer that its document names, where that is another one.
    """

    client_id = "our-client-id"

    def __init__(self, algorithm: str = "RS256") -> None:
        self.algorithm = algorithm
        self.key = SigningKey(algorithm)
        self.published: list[Any] = [self.key.entry()]
        self.url = ""
        self.seen: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.outage: Answer | None = None
        self.hangs = False
        self.released = Event()
        self.answer: dict[str, Any] = {}
        self.named: str | None = None
        self._codes: dict[str, dict[str, Any]] = {}
        self._profiles: dict[str, dict[str, Any]] = {}
        self._lock = Lock()

    def endpoints(self) -> dict[str, Any]:
        """What an admin enters so that we talk to this server."""
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/keys",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/me",
        }

    def claims(self, subject: str = "ada-at-platform", **changes: Any) -> dict[str, Any]:
        """Of a good id token; None takes a claim away."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.url,
            "aud": self.client_id,
            "sub": subject,
            "iat": now,
            "exp": now + LIFE,
            "nonce": NONCE,
            "jti": str(uuid4()),
            "email": "ada@example.com",
            "email_verified": True,
            "name": "Ada Lovelace",
        }
        return {name: value for name, value in (claims | changes).items() if value is not None}

    def id_token(self, subject: str = "ada-at-platform", **changes: Any) -> str:
        return self.key.sign(self.claims(subject, **changes))

    def rotate(self) -> None:
        """A new key in the place of the old one."""
        self.key = SigningKey(self.algorithm)
        self.published = [self.key.entry()]

    def code(self, *, verifier: str | None = VERIFIER, redirect_uri: str | None = None, **claims: Any) -> str:
        """Of an authorization request with the challenge of ``verifier``; its id token has ``claims``."""
        code = uuid4().hex
        self._codes[code] = {"verifier": verifier, "redirect_uri": redirect_uri, "claims": claims}
        return code

    def respond(self, method: str, path: str, headers: Message, body: bytes) -> Answer:
        self.seen.append(path)
        if self.hangs:
            self.released.wait()
        if self.outage is not None:
            return self.outage
        if path == "/.well-known/openid-configuration":
            return _json({"issuer": self.named or self.url, "jwks_uri": f"{self.url}/keys"})
        if path == "/keys":
            return _json({"keys": self.published})
        if (method, path) == ("POST", "/token"):
            return self._token(headers, dict(parse_qsl(body.decode(), keep_blank_values=True)))
        return self._profile(headers.get("Authorization", ""))

    def _token(self, headers: Any, form: dict[str, str]) -> Answer:
        self.forms.append(form)
        basic = base64.b64encode(f"{self.client_id}:{quote(SECRET, safe='')}".encode()).decode()
        if form.get("client_secret") != SECRET and headers.get("Authorization") != f"Basic {basic}":
            return _json({"error": "invalid_client"}, 401)
        with self._lock:
            asked = self._codes.pop(form.get("code", ""), None)
        if asked is None or not self._is_bound(asked, form):
            return _json({"error": "invalid_grant"}, 400)
        claims = asked["claims"]
        access_token = uuid4().hex
        self._profiles[access_token] = claims
        return _json({"access_token": access_token, "id_token": self.id_token(**claims), **self.answer})

    @staticmethod
    def _is_bound(asked: dict[str, Any], form: dict[str, str]) -> bool:
        verifier = form.get("code_verifier")
        same = verifier is not None and asked["verifier"] and challenge_of(verifier) == challenge_of(asked["verifier"])
        bound = same or (verifier is None and asked["verifier"] is None)
        return bool(bound and asked["redirect_uri"] in (None, form.get("redirect_uri")))

    def _profile(self, authorization: str) -> Answer:
        claims = self._profiles.get(authorization.removeprefix("Bearer "))
        if claims is None:
            return _json({"title": "Unauthorized"}, 401)
        told = {"id": claims.get("subject", "ada-at-x"), "name": "Ada Lovelace", "username": "ada"}
        return _json({"data": told | claims.get("profile", {})})


def _json(answer: Any, status: int = 200) -> Answer:
    return status, json.dumps(answer).encode()


@contextmanager
def oidc_server(algorithm: str = "RS256") -> Iterator[Platform]:
    platform = Platform(algorithm)
    with served(platform) as platform.url:
        yield platform
