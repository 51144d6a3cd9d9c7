import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import orjson
import pytest

from tests.handlers.support import account, change
from tests.harness import Api, Server, Tables, bearer, code_of

CLAIMS = ("exp", "iat", "sub", "sid", "jti")
DROP = object()


@pytest.fixture
def user_id(api: Api, tables: Tables) -> UUID:
    return account(api, tables, username="ada", display_name="Ada Lovelace", avatar_url="https://example.com/a.png")


@pytest.fixture
def access(api: Api, user_id: UUID) -> str:
    return api.sign_in()


@pytest.fixture
def forge(server: Server, access: str) -> Callable[..., str]:
    """A copy of a good token with other claims, header or key."""
    keyring = server.app.parts.keyring

    def forge(key: bytes | None = None, header: dict[str, Any] | None = None, **claims: Any) -> str:
        payload = jwt.decode(access, options={"verify_signature": False}) | claims
        kept = {name: value for name, value in payload.items() if value is not DROP}
        head = jwt.get_unverified_header(access) | (header or {})
        return sign(head, kept, key or keyring.key("access-token"))

    return forge


def sign(header: dict[str, Any], payload: dict[str, Any], key: bytes) -> str:
    """By hand: a library refuses to write much of what a forger would."""
    parts = [base64.urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=") for part in (header, payload)]
    digests = {"HS256": hashlib.sha256, "HS512": hashlib.sha512}
    algorithm = digests.get(header["alg"])
    mac = hmac.digest(key, b".".join(parts), algorithm) if algorithm else b""
    return b".".join([*parts, base64.urlsafe_b64encode(mac).rstrip(b"=")]).decode()


def require_unauthenticated(api: Api, headers: Any) -> None:
    response = api.call("auth.me", headers=headers)
    assert (response.status_code, code_of(response)) == (401, "auth.unauthenticated")
    assert response.headers["www-authenticate"].startswith("Bearer ")


class TestMe:
    @pytest.mark.parametrize(
        "authorization",
        ["", "Bearer", "Basic YWRhOmFkYQ==", "Bearer a b", "Bearer a.b.c", "Bearer " + "x" * 5000, "Bearer é"],
    )
    def test_without_a_token_nobody_is_signed_in(self, api: Api, authorization: str) -> None:
        require_unauthenticated(api, {})
        require_unauthenticated(api, [(b"Authorization", authorization.encode())])

    def test_two_tokens_are_none(self, api: Api, access: str) -> None:
        require_unauthenticated(api, [("Authorization", f"Bearer {access}"), ("Authorization", f"Bearer {access}")])

    def test_a_copy_of_the_token_works(self, api: Api, forge: Callable[..., str]) -> None:
        """What the forgeries below differ from."""
        assert api.call("auth.me", headers=bearer(forge())).status_code == 200

    def test_the_session_of_somebody_else_is_no_session(
        self, api: Api, forge: Callable[..., str], tables: Tables
    ) -> None:
        eve = account(api, tables, "eve@example.com")
        require_unauthenticated(api, bearer(forge(sub=str(eve))))

    @pytest.mark.parametrize("claim", CLAIMS)
    def test_a_claim_that_is_missing_or_wrong_is_refused(self, api: Api, forge: Callable[..., str], claim: str) -> None:
        for value in (DROP, None, [], "x"):
            if (claim, value) != ("jti", "x"):
                require_unauthenticated(api, bearer(forge(**{claim: value})))

    def test_an_expired_token_is_refused(self, api: Api, forge: Callable[..., str]) -> None:
        require_unauthenticated(api, bearer(forge(exp=datetime.now(UTC).timestamp() - 1)))

    def test_a_token_from_the_future_is_refused(self, api: Api, forge: Callable[..., str]) -> None:
        later = datetime.now(UTC) + timedelta(hours=1)
        require_unauthenticated(api, bearer(forge(iat=later.timestamp(), exp=later.timestamp() + 900)))

    @pytest.mark.parametrize(
        "header",
        [
            {"alg": "none"},
            {"alg": "HS512"},
            {"alg": "RS256"},
            {"typ": "JWT"},
            {"kid": "unknown"},
            {"kid": None},
            {"kid": []},
        ],
    )
    def test_another_header_is_refused(self, api: Api, forge: Callable[..., str], header: dict[str, Any]) -> None:
        require_unauthenticated(api, bearer(forge(header=header)))

    def test_another_key_is_refused(self, api: Api, server: Server, forge: Callable[..., str]) -> None:
        for key in (b"guess" * 8, server.app.parts.keyring.key("refresh-token")):
            require_unauthenticated(api, bearer(forge(key)))

    def test_a_changed_signature_is_refused(self, api: Api, access: str) -> None:
        head, payload, signature = access.split(".")
        for changed in ("", signature[:-4], signature[::-1]):
            require_unauthenticated(api, bearer(f"{head}.{payload}.{changed}"))

    def test_a_refresh_token_is_refused(self, api: Api, server: Server) -> None:
        token = server.app.tokens.refresh(uuid4(), 0)
        require_unauthenticated(api, bearer(token))

    @pytest.mark.parametrize("ended", ["revoked_at = now()", "expires_at = now() - interval '1 second'"])
    def test_an_ended_session_stops_at_once(self, api: Api, access: str, tables: Tables, ended: str) -> None:
        assert api.call("auth.me", headers=bearer(access)).status_code == 200
        tables.run(f"UPDATE sessions SET {ended}")  # noqa: S608
        require_unauthenticated(api, bearer(access))

    def test_an_account_that_is_gone_is_nobody(self, api: Api, access: str, tables: Tables) -> None:
        tables.run("DELETE FROM users")
        require_unauthenticated(api, bearer(access))

    def test_an_erased_account_is_nobody(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        change(tables, "users", user_id, status="DELETED")
        require_unauthenticated(api, bearer(access))

    def test_the_identity_is_answered(self, api: Api, access: str, user_id: UUID) -> None:
        response = api.call("auth.me", headers=bearer(access))
        assert response.json() == {
            "success": True,
            "data": {
                "id": str(user_id),
                "email": "ada@example.com",
                "username": "ada",
                "displayName": "Ada Lovelace",
                "avatarUrl": "https://example.com/a.png",
                "status": "ACTIVE",
                "emailVerified": True,
            },
        }

    def test_what_is_not_set_is_null(self, api: Api, access: str, user_id: UUID, tables: Tables) -> None:
        change(tables, "users", user_id, username=None, display_name=None, avatar_url=None)
        data = api.call("auth.me", headers=bearer(access)).json()["data"]
        assert (data["username"], data["displayName"], data["avatarUrl"]) == (None, None, None)

    @pytest.mark.parametrize("status", ["SUSPENDED", "BANNED", "DEACTIVATED"])
    def test_an_account_that_may_not_act_learns_its_status(
        self, api: Api, access: str, user_id: UUID, tables: Tables, status: str
    ) -> None:
        change(tables, "users", user_id, status=status)
        response = api.call("auth.me", headers=bearer(access))
        assert (response.status_code, response.json()["data"]["status"]) == (200, status)

    def test_the_scheme_is_read_in_any_case(self, api: Api, access: str) -> None:
        assert api.call("auth.me", headers={"Authorization": f"bearer  {access}"}).status_code == 200

    def test_nothing_is_written(self, api: Api, access: str, tables: Tables) -> None:
        before = tables.fingerprints()
        api.call("auth.me", headers=bearer(access))
        assert tables.changed_since(before) == set()
