"""One contract for the platforms with id tokens, one for those without, and what both do when a vendor is down."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from domain.auth.oauth import OAuthClient, OAuthIdentity, OAuthProof
from providers.oauth import oauth_adapters
from providers.oauth.jwks import LIFE_SECONDS, UNKNOWN_SECONDS, KeySets
from providers.oauth.oidc import OpenIdProvider
from providers.oauth.vendor import ANSWER_SECONDS, Vendor
from providers.oauth.x import X
from providers.ports import OAuthProvider, ProviderRejected, ProviderUnavailable
from tests.oidc_server import NONCE, SECRET, VERIFIER, Platform, SigningKey, oidc_server
from tests.providers.servers import closed_port

# There is no TLS here, and loading certificates would take longer than most tests.
PLAIN: dict[str, Any] = {"trust_env": False, "verify": False}
UNKNOWN_KEY = "the key of the id token is unknown"
REDIRECT = "https://bio.re/auth/callback/google"
OUTAGES = [
    (500, b"{}"),
    (503, b""),
    (429, b""),
    (302, b""),
    (404, b"{}"),
    (200, b"<html>"),
    (200, b"[1]"),
    (200, b"{}"),
]


@pytest.fixture(params=["RS256", "ES256"])
def platform(request: pytest.FixtureRequest) -> Iterator[Platform]:
    with oidc_server(request.param) as platform:
        yield platform


@pytest.fixture
def x_platform() -> Iterator[Platform]:
    with oidc_server() as platform:
        yield platform


def known_as(platform: Platform, vendor: str) -> OAuthClient:
    return OAuthClient(vendor, platform.client_id, SECRET, REDIRECT, **platform.endpoints())


class Desk:
    """One adapter of each vendor in one event loop, so that what it remembers is remembered."""

    def __init__(self, vendor: str, platform: Platform, **options: Any) -> None:
        self.client = known_as(platform, vendor)
        self._vendor = vendor
        self._options = options

    def verify(self, *proofs: OAuthProof | Callable[[], OAuthProof]) -> OAuthIdentity:
        """The last proof's identity; a callable is made just before its turn."""

        async def run() -> OAuthIdentity:
            async with httpx.AsyncClient(**PLAIN) as http:
                adapter = self._adapter(http)
                answers = [await adapter.verify(self.client, p() if callable(p) else p) for p in proofs]
                return answers[-1]

        return asyncio.run(run())

    def _adapter(self, http: httpx.AsyncClient) -> OAuthProvider:
        (adapter,) = (adapter for adapter in oauth_adapters(http) if adapter.name == self._vendor)
        assert isinstance(adapter, (OpenIdProvider, X))
        return type(adapter)(http, **self._options)

    def refuses(self, *proofs: OAuthProof | Callable[[], OAuthProof]) -> str:
        with pytest.raises(ProviderRejected) as caught:
            self.verify(*proofs)
        return str(caught.value)


def told(token: str, nonce: str | None = NONCE) -> OAuthProof:
    return OAuthProof(id_token=token, nonce=nonce)


def traded(code: str, verifier: str | None = VERIFIER, **fields: Any) -> OAuthProof:
    return OAuthProof(code=code, code_verifier=verifier, **fields)


@pytest.fixture(params=["google", "apple"])
def desk(request: pytest.FixtureRequest, platform: Platform) -> Desk:
    return Desk(request.param, platform)


class TestIdToken:
    def test_a_good_one_says_who_it_is(self, desk: Desk, platform: Platform) -> None:
        before = datetime.now(UTC)
        identity = desk.verify(told(platform.id_token()))
        assert identity.platform == desk.client.platform
        assert (identity.subject, identity.email, identity.email_verified) == (
            "ada-at-platform",
            "ada@example.com",
            True,
        )
        assert (identity.display_name, identity.username) == ("Ada Lovelace", None)
        assert identity.expires_at is not None
        assert timedelta(seconds=590) < identity.expires_at - before < timedelta(seconds=640)
        assert platform.seen == ["/keys"]

    @pytest.mark.parametrize(
        "changes",
        [
            {"iss": "https://another.example"},
            {"iss": None},
            {"aud": "another-client"},
            {"aud": ["our-client-id", "another-client"]},
            {"aud": None},
            {"nonce": "another"},
            {"nonce": None},
            {"nonce": 1},
            {"exp": 1_000_000_000},
            {"exp": None},
            {"exp": "soon"},
            {"exp": float("inf")},
            {"exp": 10**18},
            {"iat": 4_000_000_000},
            {"iat": None},
            {"auth_time": "soon"},
            {"auth_time": [1]},
            {"auth_time": 10**18},
            {"nbf": 4_000_000_000},
            {"sub": ""},
            {"sub": 7},
            {"sub": None},
            {"sub": "a\0b"},
            {"sub": "x" * 256},
        ],
    )
    def test_a_wrong_claim_is_refused(self, desk: Desk, platform: Platform, changes: dict[str, Any]) -> None:
        changed = {"subject": changes["sub"]} if "sub" in changes else changes
        desk.refuses(told(platform.id_token(**changed)))

    @pytest.mark.parametrize(
        "claims",
        [
            {"aud": "our-app"},
            {"aud": "our-client-id", "azp": "our-app"},
            {"aud": "our-client-id", "azp": "an-app-nobody-entered"},
            {"aud": ["our-app"]},
            {"aud": ["our-client-id"]},
            {"aud": ["our-client-id"], "azp": "our-app"},
            {"aud": ["our-app"], "azp": "our-app"},
        ],
    )
    def test_any_audience_of_ours_is_accepted(self, desk: Desk, platform: Platform, claims: dict[str, Any]) -> None:
        desk.client = replace(desk.client, audiences=("our-app",))
        assert desk.verify(told(platform.id_token(**claims))).subject == "ada-at-platform"

    @pytest.mark.parametrize(
        "claims",
        [
            {"aud": "another-app"},
            {"aud": "our"},
            {"aud": "OUR-APP"},
            {"aud": "our-client-id our-app"},
            {"aud": []},
            {"aud": [["our-app"]]},
            {"aud": {"our-app": "our-app"}},
            {"aud": ["our-client-id", "our-app"]},
            {"aud": ["our-app", "our-app"]},
            {"aud": ["our-app", 1]},
            {"aud": ["our-app"], "azp": "another-app"},
            {"aud": ["our-app"], "azp": ["our-app"]},
            {"aud": ["another-app"], "azp": "our-app"},
        ],
    )
    def test_no_other_audience_is_accepted(self, desk: Desk, platform: Platform, claims: dict[str, Any]) -> None:
        desk.client = replace(desk.client, audiences=("our-app",))
        desk.refuses(told(platform.id_token(**claims)))

    def test_no_nonce_in_the_request_is_refused(self, desk: Desk, platform: Platform) -> None:
        desk.refuses(told(platform.id_token(nonce=None), nonce=None))

    def test_no_algorithm_is_refused(self, desk: Desk, platform: Platform) -> None:
        header = {"alg": "none", "kid": platform.key.key_id}
        desk.refuses(told(f"{_signed_part(header, platform.claims())}."))

    def test_the_public_key_is_no_secret_to_sign_with(self, desk: Desk, platform: Platform) -> None:
        public = platform.key.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        signed = _signed_part({"alg": "HS256", "kid": platform.key.key_id}, platform.claims())
        signature = hmac.digest(public, signed.encode(), hashlib.sha256)
        desk.refuses(told(f"{signed}.{_base64(signature)}"))

    def test_the_algorithm_is_the_keys(self, desk: Desk, platform: Platform) -> None:
        other = SigningKey("ES256" if platform.algorithm == "RS256" else "RS256")
        desk.refuses(told(other.sign(platform.claims(), kid=platform.key.key_id)))

    def test_a_key_of_ones_own_is_refused(self, desk: Desk, platform: Platform) -> None:
        other = SigningKey(platform.algorithm)
        desk.refuses(told(other.sign(platform.claims(), kid=platform.key.key_id)))
        desk.refuses(told(other.sign(platform.claims(), jwk=other.entry(), jku="https://another.example/keys")))

    @pytest.mark.parametrize("spoil", [lambda t: t[:-4], lambda t: "x" + t, lambda t: t.replace(".", ""), lambda _: ""])
    def test_what_is_no_token_is_refused(self, desk: Desk, platform: Platform, spoil: Callable[[str], str]) -> None:
        desk.refuses(told(spoil(platform.id_token())))

    @pytest.mark.parametrize("opening", ['{"a":', "[", '{"alg":"RS256","kid":'])
    def test_what_is_nested_without_end_is_refused(self, desk: Desk, opening: str) -> None:
        nested = _base64((opening * 1000).encode())[:4900]
        desk.refuses(told(f"{nested}.e30.eA"))
        desk.refuses(told(f"e30.{nested}.eA"))

    def test_what_a_platform_signs_is_read_with_care(self, desk: Desk, platform: Platform) -> None:
        nested: Any = 1
        for _ in range(400):
            nested = [nested]
        desk.refuses(told(platform.id_token(nonce=nested)))
        assert desk.verify(told(platform.id_token(name="\u0301\u0316" * 20_000))).display_name is None

    @pytest.mark.parametrize("header", [{"kid": None}, {"kid": 7}, {"kid": ["a"]}, {"kid": ""}])
    def test_a_token_that_names_no_key_is_refused(self, desk: Desk, platform: Platform, header: dict[str, Any]) -> None:
        signed = _signed_part({"alg": platform.algorithm, **header}, platform.claims())
        desk.refuses(told(f"{signed}.{_base64(b'x' * 64)}"))

    @pytest.mark.parametrize(
        ("claims", "email", "verified"),
        [
            ({"email": " ADA@Example.com "}, "ada@example.com", True),
            ({"email_verified": "true"}, "ada@example.com", True),
            ({"email_verified": False}, "ada@example.com", False),
            ({"email_verified": "false"}, "ada@example.com", False),
            ({"email_verified": 2}, "ada@example.com", False),
            ({"email_verified": None}, "ada@example.com", False),
            ({"email": None}, None, False),
            ({"email": "no address"}, None, False),
            ({"email": "a@b" * 200}, None, False),
            ({"email": 7}, None, False),
        ],
    )
    def test_an_address_is_verified_when_the_platform_says_so(
        self, desk: Desk, platform: Platform, claims: dict[str, Any], email: str | None, verified: bool
    ) -> None:
        identity = desk.verify(told(platform.id_token(**claims)))
        assert (identity.email, identity.email_verified) == (email, verified)

    @pytest.mark.parametrize(
        ("vendor", "claims", "authoritative"),
        [
            ("google", {"email": "ada@gmail.com"}, True),
            ("google", {"email": "ADA@GoogleMail.com"}, True),
            ("google", {"email": "ada@example.com", "hd": "example.com"}, True),
            ("google", {"email": "ada@example.com"}, False),
            ("google", {"email": "ada@example.com", "hd": ""}, False),
            ("google", {"email": "ada@example.com", "hd": True}, False),
            ("google", {"email": "ada@gmail.com", "email_verified": False}, False),
            ("google", {"email": "ada@gmail.com.example.com"}, False),
            ("google", {"email": "ada@icloud.com"}, False),
            ("apple", {"email": "ada@privaterelay.appleid.com"}, True),
            ("apple", {"email": "ada@icloud.com"}, True),
            ("apple", {"email": "ada@icloud.com", "email_verified": "false"}, False),
            ("apple", {"email": "ada@gmail.com"}, False),
            ("apple", {"email": "ada@example.com", "hd": "example.com"}, False),
        ],
    )
    def test_a_platform_is_authoritative_for_mailboxes_that_it_keeps(
        self, platform: Platform, vendor: str, claims: dict[str, Any], authoritative: bool
    ) -> None:
        assert Desk(vendor, platform).verify(told(platform.id_token(**claims))).authoritative is authoritative

    @pytest.mark.parametrize(
        ("name", "shown"),
        [("Ada\0\x07\ud800 L\n", "Ada L"), ("x" * 200, "x" * 100), ("  ", None), (None, None), (7, None)],
    )
    def test_a_name_is_cleaned(self, desk: Desk, platform: Platform, name: Any, shown: str | None) -> None:
        assert desk.verify(told(platform.id_token(name=name))).display_name == shown

    def test_the_digest_is_of_what_is_signed(self, desk: Desk, platform: Platform) -> None:
        """A second signature of the same content, as ECDSA allows anybody to make, is no second token."""
        claims = platform.claims()
        first, again = (desk.verify(told(platform.key.sign(claims))) for _ in range(2))
        assert first.digest == again.digest
        assert desk.verify(told(platform.id_token())).digest != first.digest

    def test_a_platforms_own_issuer_is_known(self, desk: Desk, platform: Platform) -> None:
        desk.client = replace(desk.client, issuer=None)
        own = {"google": "https://accounts.google.com", "apple": "https://appleid.apple.com"}
        assert desk.verify(told(platform.id_token(iss=own[desk.client.platform]))).subject == "ada-at-platform"
        desk.refuses(told(platform.id_token()))


class TestKeys:
    def test_they_are_fetched_once(self, desk: Desk, platform: Platform) -> None:
        desk.verify(*(told(platform.id_token()) for _ in range(5)))
        assert platform.seen == ["/keys"]

    def test_a_rotated_key_is_found(self, desk: Desk, platform: Platform) -> None:
        def after_rotation() -> OAuthProof:
            platform.rotate()
            return told(platform.id_token())

        assert desk.verify(told(platform.id_token()), after_rotation).subject == "ada-at-platform"
        assert platform.seen == ["/keys", "/keys"]

    def test_made_up_keys_do_not_make_us_ask_again_and_again(self, platform: Platform) -> None:
        now = 0.0

        async def run() -> list[int]:
            nonlocal now
            asked = []
            async with httpx.AsyncClient(**PLAIN) as http:
                key_sets = KeySets(Vendor(http, ANSWER_SECONDS), lambda: now)
                uri = f"{platform.url}/keys"
                for step in (0.0, 1.0, UNKNOWN_SECONDS - 2, UNKNOWN_SECONDS, LIFE_SECONDS):
                    now += step
                    assert await key_sets.find(uri, "made-up") is None
                    assert await key_sets.find(uri, "made-up") is None
                    asked.append(len(platform.seen))
                assert await key_sets.find(uri, platform.key.key_id) is not None
            return asked

        # The first look finds nothing and the second may ask again; from then on only as time allows.
        assert asyncio.run(run()) == [2, 2, 2, 3, 5]

    def test_many_who_come_at_once_wait_for_one_answer(self, platform: Platform) -> None:
        async def run() -> int:
            async with httpx.AsyncClient(**PLAIN) as http:
                key_sets = KeySets(Vendor(http, ANSWER_SECONDS))
                found = await asyncio.gather(
                    *(key_sets.find(f"{platform.url}/keys", platform.key.key_id) for _ in range(20))
                )
            return sum(key is not None for key in found)

        assert asyncio.run(run()) == 20
        assert platform.seen == ["/keys"]

    def test_a_key_that_nobody_should_trust_is_none(self, desk: Desk, platform: Platform) -> None:
        good = platform.published[0]
        unfit: list[dict[str, Any]] = [
            {"use": "enc"},
            {"kty": "oct", "k": "c2VjcmV0"},
            {"alg": "HS256"},
            {"crv": "P-521"},
            {"kid": 7},
        ]
        for change in unfit:
            platform.published = [{**good, **change}, None, "key", {}]
            assert desk.refuses(told(platform.id_token())) == UNKNOWN_KEY

    def test_a_short_rsa_key_is_none(self) -> None:
        with oidc_server() as platform:
            platform.key.private = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505
            platform.published = [platform.key.entry()]
            signed = _signed_part({"alg": "RS256", "kid": platform.key.key_id}, platform.claims())
            assert Desk("google", platform).refuses(told(f"{signed}.{_base64(b'x' * 128)}")) == UNKNOWN_KEY


class TestCode:
    def test_it_is_traded_with_its_verifier(self, desk: Desk, platform: Platform) -> None:
        code = platform.code(redirect_uri=REDIRECT)
        identity = desk.verify(traded(code))
        assert (identity.subject, identity.email_verified) == ("ada-at-platform", True)
        assert identity.digest is not None
        assert platform.forms == [
            {
                "grant_type": "authorization_code",
                "code": code,
                "client_id": platform.client_id,
                "client_secret": SECRET,
                "code_verifier": VERIFIER,
                "redirect_uri": REDIRECT,
            }
        ]

    def test_it_may_come_from_another_redirect_address(self, desk: Desk, platform: Platform) -> None:
        code = platform.code(redirect_uri="postmessage")
        assert desk.verify(traded(code, redirect_uri="postmessage")).subject == "ada-at-platform"
        desk.refuses(traded(platform.code(redirect_uri="postmessage")))

    def test_it_is_good_once(self, desk: Desk, platform: Platform) -> None:
        code = platform.code()
        desk.refuses(traded(code), traded(code))

    @pytest.mark.parametrize("verifier", ["another-verifier", None])
    def test_a_wrong_verifier_is_refused(self, desk: Desk, platform: Platform, verifier: str | None) -> None:
        desk.refuses(traded(platform.code(), verifier))

    def test_its_id_token_is_verified_likewise(self, desk: Desk, platform: Platform) -> None:
        for changes in ({"aud": "another"}, {"iss": "https://another.example"}, {"exp": 1_000_000_000}):
            desk.refuses(traded(platform.code(**changes)))

    def test_a_nonce_counts_when_it_is_given(self, desk: Desk, platform: Platform) -> None:
        assert desk.verify(traded(platform.code(), nonce=NONCE)).subject == "ada-at-platform"
        desk.refuses(traded(platform.code(), nonce="another"))

    def test_no_id_token_in_the_answer_is_refused(self, desk: Desk, platform: Platform) -> None:
        for token in (None, 7, "nonsense"):
            platform.answer = {"id_token": token}
            desk.refuses(traded(platform.code()))


class TestX:
    @pytest.fixture
    def desk(self, x_platform: Platform) -> Desk:
        return Desk("x", x_platform)

    def test_a_code_leads_to_the_profile(self, desk: Desk, x_platform: Platform) -> None:
        code = x_platform.code(redirect_uri=REDIRECT)
        identity = desk.verify(traded(code))
        assert identity == OAuthIdentity("x", "ada-at-x", display_name="Ada Lovelace", username="ada")
        (form,) = x_platform.forms
        assert "client_secret" not in form  # it is in the header
        assert x_platform.seen == ["/token", "/me"]

    def test_an_address_is_told_and_not_verified(self, desk: Desk, x_platform: Platform) -> None:
        identity = desk.verify(traded(x_platform.code(profile={"confirmed_email": "Ada@Example.com"})))
        assert (identity.email, identity.email_verified) == ("ada@example.com", False)

    def test_it_is_good_once(self, desk: Desk, x_platform: Platform) -> None:
        code = x_platform.code()
        desk.refuses(traded(code), traded(code))

    def test_a_wrong_verifier_is_refused(self, desk: Desk, x_platform: Platform) -> None:
        desk.refuses(traded(x_platform.code(), "another-verifier"))

    def test_nothing_but_a_code_with_its_verifier_will_do(self, desk: Desk, x_platform: Platform) -> None:
        desk.refuses(told(x_platform.id_token()))
        desk.refuses(traded(x_platform.code(), None))
        assert x_platform.seen == []

    @pytest.mark.parametrize("profile", [{"id": None}, {"id": 7}, {"id": ""}])
    def test_a_profile_without_a_subject_is_refused(
        self, desk: Desk, x_platform: Platform, profile: dict[str, Any]
    ) -> None:
        desk.refuses(traded(x_platform.code(profile=profile)))

    @pytest.mark.parametrize("access_token", [None, 7, "ü", "another"])
    def test_an_access_token_that_is_none_is_refused(self, desk: Desk, x_platform: Platform, access_token: Any) -> None:
        x_platform.answer = {"access_token": access_token}
        desk.refuses(traded(x_platform.code()))

    def test_a_profile_that_is_none_is_refused(self, desk: Desk, x_platform: Platform) -> None:
        desk.client = replace(desk.client, userinfo_endpoint=f"{x_platform.url}/keys")
        desk.refuses(traded(x_platform.code()))


class TestOutage:
    @pytest.fixture(params=["google", "apple", "x"])
    def desk(self, request: pytest.FixtureRequest, x_platform: Platform) -> Desk:
        return Desk(request.param, x_platform, seconds=0.5)

    @pytest.mark.parametrize("outage", OUTAGES)
    def test_an_answer_that_is_none(self, desk: Desk, x_platform: Platform, outage: tuple[int, bytes]) -> None:
        x_platform.outage = outage
        self._is_unavailable(desk, traded("a-code"))

    @pytest.mark.parametrize("outage", OUTAGES)
    def test_keys_that_are_none(self, x_platform: Platform, outage: tuple[int, bytes]) -> None:
        x_platform.outage = outage
        self._is_unavailable(Desk("google", x_platform), told(x_platform.id_token()))

    def test_a_platform_that_hangs_is_given_up(self, desk: Desk, x_platform: Platform) -> None:
        x_platform.hangs = True
        self._is_unavailable(desk, traded("a-code"))

    def test_a_platform_that_is_not_there(self, desk: Desk) -> None:
        desk.client = replace(desk.client, token_endpoint=f"http://127.0.0.1:{closed_port()}/token")
        assert "a-code" not in self._is_unavailable(desk, traded("a-code"))

    @pytest.mark.parametrize("url", ["not a url", "https://", "http://[", "ftp://127.0.0.1/"])
    def test_a_url_that_is_none(self, desk: Desk, url: str) -> None:
        desk.client = replace(desk.client, token_endpoint=url)
        self._is_unavailable(desk, traded("a-code"))

    def test_a_wrong_secret_of_ours_is_no_verdict_on_the_code(self, desk: Desk, x_platform: Platform) -> None:
        desk.client = replace(desk.client, client_secret="another")
        fault = self._is_unavailable(desk, traded(x_platform.code()))
        assert "another" not in fault

    def test_an_outage_is_not_remembered(self, x_platform: Platform) -> None:
        desk = Desk("google", x_platform)
        proof = told(x_platform.id_token())
        x_platform.outage = (500, b"")
        self._is_unavailable(desk, proof)
        x_platform.outage = None
        assert desk.verify(proof).subject == "ada-at-platform"

    @staticmethod
    def _is_unavailable(desk: Desk, proof: OAuthProof) -> str:
        with pytest.raises(ProviderUnavailable) as caught:
            desk.verify(proof)
        return str(caught.value)


def test_secrets_are_not_shown() -> None:
    client = OAuthClient("google", "id", "the-secret")
    proof = OAuthProof(id_token="the-token", code="the-code", code_verifier="the-verifier")
    assert not {"the-secret", "the-token", "the-code", "the-verifier"} & set(f"{client}{proof}".split("'"))


def _signed_part(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return ".".join(_base64(json.dumps(part).encode()) for part in (header, claims))


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
