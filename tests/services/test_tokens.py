import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.auth import RefreshToken
from services.keyring import Keyring
from services.tokens import CLAIMS, LONGEST, AccessClaims, InvalidToken, Tokens
from tests.providers.fakes import FakeConfig

NEW, OLD = "new-secret-" * 4, "old-secret-" * 4
USER, SESSION = uuid4(), uuid4()


class DerivedKeys:
    """As before any rotation, without a table behind it."""

    def __init__(self, keyring: Keyring) -> None:
        self._keys = keyring.keys("access-token")
        self.current = (keyring.current, self._keys[keyring.current])

    async def find(self, kid: str) -> bytes | None:
        return self._keys.get(kid)


def tokens(*secrets: str, now: datetime | None = None, life: int = 900) -> Tokens:
    moment = now or datetime.now(UTC)
    keyring = Keyring(secrets or (NEW,))
    return Tokens(keyring, DerivedKeys(keyring), FakeConfig({"auth.access_token_ttl_seconds": life}), lambda: moment)


def read(reader: Tokens, token: str) -> AccessClaims:
    return asyncio.run(reader.read_access(token))


def issued(*secrets: str, now: datetime | None = None, life: int = 900) -> str:
    return str(tokens(*secrets, now=now, life=life).access(USER, SESSION)["accessToken"])


def signed(header: dict[str, Any], **changes: Any) -> str:
    """A token with the right signature; None takes a claim away."""
    keyring = Keyring((NEW,))
    claims = jwt.decode(issued(), options={"verify_signature": False}) | changes
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(
        kept, keyring.key("access-token"), "HS256", headers={"typ": "at+jwt", "kid": keyring.current} | header
    )


class TestAccess:
    def test_ours_are_far_from_the_longest_that_is_read(self) -> None:
        assert len(issued()) < LONGEST / 2

    def test_opens_again(self) -> None:
        assert read(tokens(), issued()) == AccessClaims(USER, SESSION)

    def test_is_a_short_lived_jwt(self) -> None:
        answer = tokens(life=60).access(USER, SESSION)
        assert answer["expiresIn"] == 60
        header = jwt.get_unverified_header(answer["accessToken"])
        assert header == {"alg": "HS256", "typ": "at+jwt", "kid": Keyring((NEW,)).current}
        claims = jwt.decode(answer["accessToken"], options={"verify_signature": False})
        assert sorted(claims) == sorted(CLAIMS)
        assert claims["exp"] - claims["iat"] == 60
        assert (claims["sub"], claims["sid"]) == (str(USER), str(SESSION))

    def test_no_two_are_alike(self) -> None:
        moment = datetime.now(UTC)
        assert issued(now=moment) != issued(now=moment)

    def test_expires(self) -> None:
        now = datetime.now(UTC)
        assert read(tokens(), issued(now=now - timedelta(seconds=890))) == AccessClaims(USER, SESSION)
        with pytest.raises(InvalidToken):
            read(tokens(), issued(now=now - timedelta(seconds=901)))

    def test_a_retired_secret_is_still_good(self) -> None:
        assert read(tokens(NEW, OLD), issued(OLD)) == AccessClaims(USER, SESSION)

    def test_a_secret_that_is_gone_is_not(self) -> None:
        with pytest.raises(InvalidToken):
            read(tokens(NEW), issued(OLD))

    @pytest.mark.parametrize(
        "header",
        [
            {"typ": "JWT"},
            {"typ": "AT+JWT"},
            {"typ": None},
            {"kid": "nobody"},
            {"kid": ""},
            {"crit": ["x"]},
        ],
        ids=str,
    )
    def test_headers_of_others_are_refused(self, header: dict[str, Any]) -> None:
        with pytest.raises(InvalidToken):
            read(tokens(), signed(header))

    @pytest.mark.parametrize("claim", CLAIMS)
    def test_every_claim_is_needed(self, claim: str) -> None:
        assert read(tokens(), signed({})) == AccessClaims(USER, SESSION)
        with pytest.raises(InvalidToken):
            read(tokens(), signed({}, **{claim: None}))

    @pytest.mark.parametrize("claim", ["exp", "sub", "sid"])
    @pytest.mark.parametrize("value", ["nonsense", "", [], {}, True, "0" * 40], ids=repr)
    def test_claims_of_another_kind_are_refused(self, claim: str, value: Any) -> None:
        with pytest.raises(InvalidToken):
            read(tokens(), signed({}, **{claim: value}))

    def test_the_algorithm_is_ours_to_choose(self) -> None:
        claims = jwt.decode(issued(), options={"verify_signature": False})
        keyring = Keyring((NEW,))
        header = {"typ": "at+jwt", "kid": keyring.current}
        unsigned = jwt.encode(claims, "", "none", headers=header)
        stronger = jwt.encode(claims, keyring.key("access-token") * 2, "HS512", headers=header)
        for token in (unsigned, stronger, unsigned + issued().rpartition(".")[2]):
            with pytest.raises(InvalidToken):
                read(tokens(), token)

    def test_every_character_counts(self) -> None:
        token = issued()
        head, body, signature = token.split(".")
        for damaged in (token[:-2], f"{head}.{body}.", f"{head}..{signature}", f"{body}.{head}.{signature}", token[1:]):
            with pytest.raises(InvalidToken):
                read(tokens(), damaged)

    @given(st.text() | st.from_regex(r"[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}", fullmatch=True))
    def test_nothing_else_is_one(self, text: str) -> None:
        with pytest.raises(InvalidToken):
            read(tokens(), text)


class TestRefresh:
    def test_opens_again_under_retired_secrets_too(self) -> None:
        text = tokens(OLD).refresh(SESSION, 3)
        assert tokens(OLD).read_refresh(text) == RefreshToken(SESSION, 3)
        assert tokens(NEW, OLD).read_refresh(text) == RefreshToken(SESSION, 3)
        assert tokens(NEW).read_refresh(text) is None

    def test_is_no_access_token(self) -> None:
        with pytest.raises(InvalidToken):
            read(tokens(), tokens().refresh(SESSION, 0))
        assert tokens().read_refresh(issued()) is None
