"""Sign-in through platforms that stand on loopback."""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pyotp
import pytest

from services.platforms import OAuthDirectory
from tests.handlers.support import account, audited, change, forced, insert, tombstone, topics
from tests.harness import PASSWORD, Api, Server, Tables, bearer, broken_rules, code_of, refresh_token
from tests.oidc_server import NONCE, SECRET, VERIFIER, Platform, oidc_server

REDIRECT = "https://bio.re/auth/callback/google"
PARALLEL = 20
INACTIVE = [
    ("SUSPENDED", "auth.account_suspended"),
    ("BANNED", "auth.account_banned"),
    ("DEACTIVATED", "auth.account_deactivated"),
]


def directory(server: Server) -> OAuthDirectory:
    return OAuthDirectory(server.app.parts.database, server.app.parts.keyring)


def set_up(server: Server, name: str, **changes: Any) -> None:
    """As an admin would."""
    server.on_loop(directory(server).set(name, **changes))


@contextmanager
def opened(server: Server) -> Iterator[Platform]:
    """One platform that is called google, apple and x at once."""
    with oidc_server() as platform:
        known_as = {"client_id": platform.client_id, "client_secret": SECRET, "enabled": True}
        for name in ("google", "apple", "x"):
            set_up(server, name, **known_as, **platform.endpoints())
        yield platform


@pytest.fixture
def platform(server: Server) -> Iterator[Platform]:
    with opened(server) as platform:
        yield platform


def told(platform: Platform, subject: str = "ada-at-platform", **claims: Any) -> dict[str, Any]:
    return {"provider": "google", "idToken": platform.id_token(subject, **claims), "nonce": NONCE}


def traded(platform: Platform, provider: str = "x", **told: Any) -> dict[str, Any]:
    return {"provider": provider, "code": platform.code(**told), "codeVerifier": VERIFIER}


def proven(api: Api, body: dict[str, Any]) -> dict[str, Any]:
    """With what was mailed to the address."""
    return body | {"verificationToken": api.verification_token()}


def login(api: Api, body: dict[str, Any]) -> httpx.Response:
    return api.call("auth.oauth.login", body)


def signed_in(api: Api, body: dict[str, Any]) -> dict[str, Any]:
    response = login(api, body)
    assert response.status_code == 200, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


def link(api: Api, body: dict[str, Any], token: str) -> httpx.Response:
    return api.call("auth.oauth.link", body, headers=bearer(token))


def unlink(api: Api, token: str, provider: str = "google") -> httpx.Response:
    return api.call("auth.oauth.unlink", path=f"/auth/oauth/unlink/{provider}", headers=bearer(token))


def linked(tables: Tables, user_id: UUID, provider: str = "google", **columns: Any) -> UUID:
    row = {"platform": provider, "platform_user_id": "ada-at-platform", "verified": True}
    return insert(tables, "social_accounts", user_id=user_id, **(row | columns))


def links(tables: Tables) -> list[tuple[str, str, UUID]]:
    rows = tables.rows("SELECT platform, platform_user_id AS subject, user_id FROM social_accounts ORDER BY 1, 2")
    return [(row["platform"], row["subject"], row["user_id"]) for row in rows]


def refused(response: httpx.Response, status: int, code: str) -> None:
    assert (response.status_code, code_of(response)) == (status, code)
    assert "set-cookie" not in response.headers


def user_of(api: Api, token: str) -> dict[str, Any]:
    response = api.call("auth.me", headers=bearer(token))
    assert response.status_code == 200, response.text
    identity: dict[str, Any] = response.json()["data"]
    return identity


class TestProviders:
    def test_none_are_open_at_first(self, api: Api) -> None:
        response = api.call("auth.oauth.providers", headers={"Authorization": "Bearer nonsense"})
        assert response.json()["data"] == {"providers": []}

    def test_the_open_ones_are_told_without_secrets(self, api: Api, server: Server, platform: Platform) -> None:
        set_up(server, "google", redirect_uri=REDIRECT)
        response = api.call("auth.oauth.providers")
        assert response.json()["data"]["providers"] == [
            {"platform": "apple", "clientId": platform.client_id, "redirectUri": None},
            {"platform": "google", "clientId": platform.client_id, "redirectUri": REDIRECT},
            {"platform": "x", "clientId": platform.client_id, "redirectUri": None},
        ]

    def test_what_an_admin_closes_is_gone_at_once(self, api: Api, server: Server, platform: Platform) -> None:
        set_up(server, "google", enabled=False)
        set_up(server, "apple", login_enabled=False)
        set_up(server, "instagram", client_id="for-connecting-only", enabled=True)
        told = api.call("auth.oauth.providers").json()["data"]["providers"]
        assert [entry["platform"] for entry in told] == ["x"]


class TestProof:
    """What login and link ask for alike."""

    @pytest.fixture(params=["auth.oauth.login", "auth.oauth.link"])
    def call(self, request: pytest.FixtureRequest, api: Api, tables: Tables) -> Callable[[Any], httpx.Response]:
        options: dict[str, Any] = {}
        if request.param == "auth.oauth.link":
            account(api, tables, "eve@example.com")
            options["headers"] = bearer(api.sign_in("eve@example.com"))
        return lambda body: api.call(request.param, body, **options)

    @pytest.mark.parametrize(
        ("body", "broken"),
        [
            ({}, {("provider", "required")}),
            ({"provider": "facebook"}, {("provider", "enum")}),
            ({"provider": "google"}, {("idToken", "required"), ("code", "required")}),
            ({"provider": "apple", "codeVerifier": "v"}, {("idToken", "required"), ("code", "required")}),
            ({"provider": "google", "idToken": "t"}, {("nonce", "required")}),
            ({"provider": "google", "idToken": "t", "code": "c"}, {("nonce", "required")}),
            ({"provider": "x"}, {("code", "required"), ("codeVerifier", "required")}),
            ({"provider": "x", "code": "c"}, {("codeVerifier", "required")}),
            ({"provider": "x", "idToken": "t", "nonce": "n"}, {("code", "required"), ("codeVerifier", "required")}),
            ({"provider": "google", "idToken": "", "nonce": ""}, {("idToken", "minLength"), ("nonce", "minLength")}),
            ({"provider": "google", "idToken": "x" * 5001}, {("idToken", "maxLength")}),
            ({"provider": "google", "code": "x" * 2001}, {("code", "maxLength")}),
            ({"provider": "x", "code": "c", "codeVerifier": "x" * 257}, {("codeVerifier", "maxLength")}),
            ({"provider": "x", "code": 1, "accessToken": "a"}, {("code", "type"), ("accessToken", "unknown")}),
        ],
    )
    def test_what_is_missing_is_named(
        self, call: Callable[[Any], httpx.Response], platform: Platform, body: Any, broken: set[tuple[str, str]]
    ) -> None:
        response = call(body)
        assert code_of(response) == "validation.failed"
        assert broken_rules(response) == broken
        assert platform.seen == []

    def test_a_platform_that_is_not_open_is_not_asked(
        self, call: Callable[[Any], httpx.Response], server: Server, platform: Platform
    ) -> None:
        for changes in ({"login_enabled": False}, {"login_enabled": True, "enabled": False}):
            set_up(server, "google", **changes)
            refused(call(told(platform)), 400, "auth.oauth.provider_disabled")
        assert platform.seen == []

    def test_a_bad_proof_is_refused(self, call: Callable[[Any], httpx.Response], platform: Platform) -> None:
        for body in (
            told(platform, aud="another"),
            told(platform) | {"nonce": "another"},
            told(platform) | {"idToken": "nonsense"},
            told(platform) | {"idToken": base64.urlsafe_b64encode(b'{"a":' * 700).decode() + ".e30.eA"},
            traded(platform) | {"codeVerifier": "another"},
            {"provider": "google", "code": "made-up"},
        ):
            refused(call(body), 401, "auth.oauth.invalid_token")

    def test_an_id_token_is_accepted_once(
        self, call: Callable[[Any], httpx.Response], platform: Platform, tables: Tables
    ) -> None:
        body = told(platform)
        assert call(body).status_code == 200
        before = tables.fingerprints()
        refused(call(body), 401, "auth.oauth.invalid_token")
        assert tables.changed_since(before) == set()

    def test_a_platform_that_is_down_is_an_outage(
        self, call: Callable[[Any], httpx.Response], platform: Platform
    ) -> None:
        platform.outage = (500, b"")
        response = call(traded(platform))
        refused(response, 503, "service.unavailable")
        assert response.headers["retry-after"] == "5"

    def test_a_secret_sealed_under_a_lost_key_is_an_outage(
        self, call: Callable[[Any], httpx.Response], platform: Platform, tables: Tables
    ) -> None:
        tables.run("UPDATE oauth_providers SET client_secret = 'gone.00' WHERE platform = 'google'")
        refused(call(told(platform)), 503, "service.unavailable")


class TestLoginOfANewcomer:
    def test_gets_a_verified_account(self, api: Api, platform: Platform, tables: Tables) -> None:
        referrer = account(api, tables, "eve@example.com", referral_code="EVE23456")
        api.headers["cf-ipcountry"] = "TR"
        response = login(api, told(platform) | {"referralCode": "EVE23456"})
        data = response.json()["data"]
        assert response.status_code == 200
        assert (data.keys(), data["isNewUser"], data["expiresIn"]) == (
            {"accessToken", "expiresIn", "isNewUser"},
            True,
            900,
        )
        user = tables.one("SELECT * FROM users WHERE email = 'ada@example.com'")
        assert (user["email_verified"], user["password_hash"], user["display_name"]) == (True, None, "Ada Lovelace")
        assert (user["referred_by"], user["registration_country"], user["locale"]) == (referrer, "TR", "en")
        assert len(user["referral_code"]) == 8
        assert user["last_login_at"] is not None
        assert links(tables) == [("google", "ada-at-platform", user["id"])]
        consents = tables.rows("SELECT kind, granted, version FROM consent_records ORDER BY kind")
        assert consents == [{"kind": kind, "granted": True, "version": "1.0"} for kind in ("privacy", "terms")]
        assert topics(tables) == []
        assert user_of(api, data["accessToken"])["id"] == str(user["id"])

    def test_has_a_session_in_the_cookie(self, api: Api, platform: Platform, tables: Tables) -> None:
        response = login(api, told(platform))
        assert refresh_token(response) not in response.text
        assert response.headers["set-cookie"].endswith("; Path=/api/v1/auth; HttpOnly; Secure; SameSite=Strict")
        session = tables.one("SELECT * FROM sessions")
        assert (session["ip"], session["user_agent"]) == (api.address, "tests")
        (entry,) = audited(tables, "auth.oauth.login.success")
        assert entry["details"] == {"platform": "google", "new": True}
        assert (entry["actor_id"], entry["target_id"]) == (session["user_id"], str(session["id"]))
        api.keep_cookie(response)
        assert api.call("auth.refresh").status_code == 200

    def test_is_known_the_next_time(self, api: Api, platform: Platform, tables: Tables) -> None:
        first = signed_in(api, told(platform))
        again = signed_in(api, told(platform, email="moved@example.com"))
        by_code = signed_in(api, traded(platform, "google"))
        assert (again["isNewUser"], by_code["isNewUser"]) == (False, False)
        assert len({user_of(api, data["accessToken"])["id"] for data in (first, again, by_code)}) == 1
        assert tables.one("SELECT email FROM users")["email"] == "ada@example.com"

    def test_is_another_one_at_another_platform(self, api: Api, platform: Platform, tables: Tables) -> None:
        signed_in(api, told(platform))
        signed_in(api, told(platform, email="eve@example.com") | {"provider": "apple"})
        assert tables.count("users") == 2

    def test_waits_for_the_mail_when_the_platform_did_not_verify_the_address(
        self, api: Api, platform: Platform, tables: Tables
    ) -> None:
        body = traded(platform, profile={"confirmed_email": "ada@example.com"})
        refused(login(api, body), 403, "auth.login.email_not_verified")
        assert tables.one("SELECT email_verified, password_hash FROM users") == {
            "email_verified": False,
            "password_hash": None,
        }
        assert (tables.count("sessions"), topics(tables)) == (0, ["email.verify_address"])
        (entry,) = audited(tables, "auth.oauth.login.failure")
        assert entry["details"] == {"platform": "x", "refusal": "auth.login.email_not_verified"}
        assert signed_in(api, proven(api, traded(platform)))["isNewUser"] is False
        assert signed_in(api, traded(platform))["isNewUser"] is False
        assert tables.one("SELECT platform_username FROM social_accounts")["platform_username"] == "ada"

    @pytest.mark.parametrize("email", [None, "no address", "ada@mailinator.com"])
    def test_needs_an_address_that_can_be_used(
        self, api: Api, platform: Platform, tables: Tables, email: str | None
    ) -> None:
        refused(login(api, told(platform, email=email)), 400, "auth.register.invalid_email")
        assert tables.count("users") == 0

    def test_is_not_taken_while_registration_is_closed(
        self, api: Api, server: Server, platform: Platform, tables: Tables
    ) -> None:
        signed_in(api, told(platform))
        server.configure(**{"platform.registration_enabled": False})
        refused(login(api, told(platform, "eve", email="eve@example.com")), 403, "auth.register.closed")
        assert signed_in(api, told(platform))["isNewUser"] is False
        assert tables.count("users") == 1

    def test_is_not_taken_again_after_an_erasure(self, api: Api, platform: Platform, tables: Tables) -> None:
        account(api, tables, tombstone(api.server, "ada@example.com"), status="DELETED")
        refused(login(api, told(platform)), 409, "auth.register.account_previously_deleted")
        assert links(tables) == []

    def test_may_find_no_free_referral_code(self, api: Api, platform: Platform, tables: Tables) -> None:
        account(api, tables, "eve@example.com", referral_code="TAKEN234")
        with forced(tables, "referral_code", "TAKEN234"):
            refused(login(api, told(platform)), 409, "auth.register.referral_code_collision")
        assert (tables.count("users"), tables.count("oauth_used_tokens")) == (1, 0)

    def test_names_nobody_with_an_unknown_code(self, api: Api, platform: Platform, tables: Tables) -> None:
        signed_in(api, told(platform) | {"referralCode": "NOBODY"})
        assert tables.one("SELECT referred_by FROM users")["referred_by"] is None


class TestLoginWithTheSameAddress:
    def test_is_linked_when_we_verified_it_and_the_platform_keeps_the_mailbox(
        self, api: Api, platform: Platform, tables: Tables
    ) -> None:
        user_id = account(api, tables)
        data = signed_in(api, told(platform, email="ADA@Example.com", hd="example.com"))
        assert data["isNewUser"] is False
        assert user_of(api, data["accessToken"])["id"] == str(user_id)
        assert links(tables) == [("google", "ada-at-platform", user_id)]
        assert topics(tables) == ["email.provider_linked"]
        (entry,) = audited(tables, "auth.oauth.link.success")
        assert (entry["actor_id"], entry["details"]) == (user_id, {"platform": "google"})
        (mail,) = api.mails("ada@example.com")
        assert mail["subject"] == "Google was linked to your account"
        assert api.sign_in()

    @pytest.mark.parametrize("ours", [True, False])
    def test_is_not_linked_when_the_platform_did_not(
        self, api: Api, platform: Platform, tables: Tables, ours: bool
    ) -> None:
        account(api, tables, email_verified=ours)
        before = tables.fingerprints()
        refused(login(api, told(platform, email_verified=False)), 409, "auth.oauth.email_exists")
        assert tables.changed_since(before) == set()

    def test_a_refused_token_may_link_afterwards(self, api: Api, platform: Platform, tables: Tables) -> None:
        account(api, tables)
        body = told(platform, email_verified=False)
        refused(login(api, body), 409, "auth.oauth.email_exists")
        assert link(api, body, api.sign_in()).status_code == 200
        assert signed_in(api, told(platform))["isNewUser"] is False

    def test_is_refused_when_another_identity_of_the_platform_is_linked(
        self, api: Api, platform: Platform, tables: Tables
    ) -> None:
        user_id = account(api, tables)
        linked(tables, user_id, platform_user_id="ada-of-old")
        refused(login(api, told(platform)), 409, "auth.oauth.email_exists")
        assert links(tables) == [("google", "ada-of-old", user_id)]

    def test_what_an_admin_wrote_down_is_no_way_in(self, api: Api, platform: Platform, tables: Tables) -> None:
        """An account entered by hand was proven by nobody."""
        linked(tables, account(api, tables, "eve@example.com"), verified=False)
        refused(login(api, told(platform)), 409, "auth.oauth.email_exists")
        assert (tables.count("users"), tables.count("sessions")) == (1, 0)

    @pytest.mark.parametrize("status", ["SUSPENDED", "BANNED", "DEACTIVATED"])
    def test_nothing_is_linked_to_who_may_not_sign_in(
        self, api: Api, platform: Platform, tables: Tables, status: str
    ) -> None:
        account(api, tables, status=status, email_verified=False)
        assert login(api, told(platform)).status_code == 401
        assert links(tables) == []
        assert tables.one("SELECT email_verified FROM users")["email_verified"] is False


class TestLoginAfterPreRegistration:
    """Somebody opened an account with the address of another, and waits for its owner to come."""

    @pytest.fixture
    def trap(self, api: Api, tables: Tables) -> UUID:
        """An account that never proved its address, with every way back in that a stranger could have prepared."""
        user_id = UUID(api.register().json()["data"]["userId"])
        factor = {"two_factor_enabled": True, "two_factor_secret": "sealed", "two_factor_last_step": 1}
        change(tables, "users", user_id, phone="+12025550100", phone_verified_at=datetime.now(UTC), **factor)
        linked(tables, user_id, "apple", platform_user_id="mallory")
        linked(tables, user_id, "instagram", platform_user_id="mallory")
        insert(tables, "backup_codes", user_id=user_id, code_hash=b"x")
        live = {"user_id": user_id, "expires_at": datetime.now(UTC) + timedelta(hours=1)}
        insert(tables, "challenges", purpose="login", token_hash=b"c", **live)
        insert(tables, "password_resets", token_hash=b"r", **live)
        insert(tables, "reactivation_tokens", token_hash=b"a", **live)
        insert(tables, "sessions", last_active_at=datetime.now(UTC), **live)
        return user_id

    def test_the_account_passes_to_the_owner_of_the_address(
        self, api: Api, platform: Platform, tables: Tables, trap: UUID
    ) -> None:
        verification = api.verification_token()
        data = signed_in(api, told(platform))
        assert data["isNewUser"] is False
        identity = user_of(api, data["accessToken"])
        assert (identity["id"], identity["emailVerified"]) == (str(trap), True)
        void = tables.one("SELECT * FROM users")
        for column in ("password_hash", "two_factor_secret", "two_factor_last_step", "phone", "phone_verified_at"):
            assert void[column] is None
        assert void["two_factor_enabled"] is False
        assert links(tables) == [("google", "ada-at-platform", trap)]
        assert [tables.count(table) for table in ("backup_codes", "challenges")] == [0, 0]
        for table in ("email_verifications", "password_resets", "reactivation_tokens"):
            assert tables.one(f"SELECT invalidated_at FROM {table}")["invalidated_at"] is not None  # noqa: S608
        assert tables.rows("SELECT user_id FROM sessions WHERE revoked_at IS NULL") == [{"user_id": trap}]
        assert tables.count("sessions") == 2
        self._the_stranger_is_out(api, platform, verification)

    @staticmethod
    def _the_stranger_is_out(api: Api, platform: Platform, verification: str) -> None:
        body = {"email": "ada@example.com", "password": PASSWORD}
        assert code_of(api.call("auth.login", body)) == "auth.login.invalid_credentials"
        answer = api.call("auth.verify_email", {"token": verification})
        assert code_of(answer) == "auth.verify_email.invalid_token"
        mallory = told(platform, "mallory", email="mallory@example.com") | {"provider": "apple"}
        assert signed_in(api, mallory)["isNewUser"] is True

    def test_a_session_of_the_stranger_stops(
        self, api: Api, server: Server, platform: Platform, tables: Tables, trap: UUID
    ) -> None:
        session_id = tables.one("SELECT id FROM sessions")["id"]
        stolen = server.app.tokens.access(trap, session_id)["accessToken"]
        assert user_of(api, stolen)["id"] == str(trap)
        signed_in(api, told(platform))
        assert api.call("auth.me", headers=bearer(stolen)).status_code == 401

    def test_a_link_made_with_an_unproven_address_goes_too(self, api: Api, platform: Platform, tables: Tables) -> None:
        """The platform had not verified the address when the account was opened; who proves it later is another."""
        refused(login(api, told(platform, "mallory", email_verified=False)), 403, "auth.login.email_not_verified")
        signed_in(api, told(platform))
        assert [subject for _, subject, _ in links(tables)] == ["ada-at-platform"]

    def test_who_opened_it_may_prove_the_address_later(self, api: Api, platform: Platform, tables: Tables) -> None:
        refused(login(api, told(platform, email_verified=False)), 403, "auth.login.email_not_verified")
        refused(login(api, told(platform, email_verified=False)), 403, "auth.login.email_not_verified")
        assert signed_in(api, told(platform))["isNewUser"] is False
        assert (tables.count("users"), len(links(tables))) == (1, 1)


class TestLoginToAKnownAccount:
    @pytest.mark.parametrize(
        ("columns", "status", "code"),
        [
            ({"status": "SUSPENDED"}, 401, "auth.login.account_suspended"),
            ({"status": "BANNED"}, 401, "auth.login.account_suspended"),
            ({"status": "DEACTIVATED"}, 401, "auth.login.account_deactivated"),
            ({"status": "DELETED"}, 409, "auth.register.account_previously_deleted"),
            ({"email_verified": False}, 403, "auth.login.email_not_verified"),
        ],
    )
    def test_is_asked_for_its_state(
        self, api: Api, platform: Platform, tables: Tables, columns: dict[str, Any], status: int, code: str
    ) -> None:
        user_id = account(api, tables, "eve@example.com", **columns)
        linked(tables, user_id)
        refused(login(api, told(platform)), status, code)
        assert tables.count("sessions") == 0
        (entry,) = audited(tables, "auth.oauth.login.failure")
        assert (entry["target_id"], entry["result"]) == (str(user_id), "failure")

    def test_a_deactivated_one_gets_a_way_back(self, api: Api, platform: Platform, tables: Tables) -> None:
        linked(tables, account(api, tables, status="DEACTIVATED"))
        refused(login(api, told(platform)), 401, "auth.login.account_deactivated")
        assert topics(tables) == ["email.reactivation"]
        assert tables.count("reactivation_tokens") == 1
        (mail,) = api.mails("ada@example.com")
        assert "/reactivate?token=" in mail["text"]

    def test_a_second_factor_is_asked_for(self, api: Api, server: Server, platform: Platform, tables: Tables) -> None:
        secret = pyotp.random_base32()
        sealed = server.app.parts.keyring.seal("totp", secret)
        linked(tables, account(api, tables, two_factor_enabled=True, two_factor_secret=sealed))
        response = login(api, told(platform))
        data = response.json()["data"]
        assert (response.status_code, data.keys()) == (200, {"requiresTwoFactor", "tempToken"})
        assert "set-cookie" not in response.headers
        assert (tables.count("sessions"), audited(tables, "auth.oauth.login.success")) == (0, [])
        body = {"tempToken": data["tempToken"], "code": pyotp.TOTP(secret).now()}
        assert api.call("auth.two_factor.login", body).status_code == 200


class TestLink:
    @pytest.fixture
    def user_id(self, api: Api, tables: Tables) -> UUID:
        return account(api, tables)

    def test_the_anonymous_are_refused(self, api: Api, platform: Platform) -> None:
        refused(api.call("auth.oauth.link", told(platform)), 401, "auth.unauthenticated")

    def test_an_account_that_is_gone_is_refused(
        self, api: Api, server: Server, platform: Platform, tables: Tables, user_id: UUID
    ) -> None:
        token = api.sign_in()
        tables.run("DELETE FROM users")
        refused(link(api, told(platform), token), 401, "auth.unauthenticated")
        refused(unlink(api, token), 401, "auth.unauthenticated")

    @pytest.mark.parametrize(("status", "code"), INACTIVE)
    def test_who_may_not_act_is_refused(
        self, api: Api, platform: Platform, tables: Tables, user_id: UUID, status: str, code: str
    ) -> None:
        token = api.sign_in()
        change(tables, "users", user_id, status=status)
        refused(link(api, told(platform), token), 403, code)
        refused(unlink(api, token), 403, code)

    def test_the_platform_becomes_a_way_in(self, api: Api, platform: Platform, tables: Tables, user_id: UUID) -> None:
        token = api.sign_in()
        response = link(api, told(platform, email="elsewhere@example.com"), token)
        assert (response.status_code, response.json()["data"]) == (200, {"message": "Provider linked successfully"})
        assert links(tables) == [("google", "ada-at-platform", user_id)]
        assert topics(tables) == ["email.provider_linked"]
        assert [entry["target_id"] for entry in audited(tables, "auth.oauth.link.success")] == [str(user_id)]
        assert signed_in(api, told(platform))["isNewUser"] is False
        shown = api.call("users.profile", headers=bearer(token)).json()["data"]["socialAccounts"]
        assert [entry["platform"] for entry in shown] == ["GOOGLE"]
        assert api.call("creators.social", headers=bearer(token)).json()["data"] == []

    def test_x_without_an_address_is_linked_by_code(
        self, api: Api, platform: Platform, tables: Tables, user_id: UUID
    ) -> None:
        assert link(api, traded(platform), api.sign_in()).status_code == 200
        assert signed_in(api, traded(platform))["isNewUser"] is False

    def test_an_account_has_one_identity_of_a_platform(
        self, api: Api, platform: Platform, tables: Tables, user_id: UUID
    ) -> None:
        token = api.sign_in()
        linked(tables, user_id)
        for subject in ("ada-at-platform", "another-ada"):
            refused(link(api, told(platform, subject), token), 400, "auth.oauth.already_linked")
        assert (len(links(tables)), tables.count("oauth_used_tokens"), topics(tables)) == (1, 0, [])

    def test_an_identity_has_one_account(self, api: Api, platform: Platform, tables: Tables, user_id: UUID) -> None:
        eve = account(api, tables, "eve@example.com")
        linked(tables, eve)
        refused(link(api, told(platform), api.sign_in()), 409, "auth.oauth.linked_to_other_user")
        assert links(tables) == [("google", "ada-at-platform", eve)]


class TestUnlink:
    @pytest.fixture
    def user_id(self, api: Api, platform: Platform, tables: Tables) -> UUID:
        user_id = account(api, tables)
        linked(tables, user_id)
        return user_id

    def test_the_anonymous_are_refused(self, api: Api) -> None:
        response = api.call("auth.oauth.unlink", path="/auth/oauth/unlink/google")
        refused(response, 401, "auth.unauthenticated")

    @pytest.mark.parametrize("provider", ["facebook", "GOOGLE", "nothing-at-all"])
    def test_what_is_no_way_in_cannot_be_unlinked(self, api: Api, tables: Tables, user_id: UUID, provider: str) -> None:
        linked(tables, user_id, "facebook")
        refused(unlink(api, api.sign_in(), provider), 400, "auth.oauth.provider_disabled")

    def test_a_name_longer_than_any_is_refused(self, api: Api, user_id: UUID) -> None:
        response = unlink(api, api.sign_in(), "x" * 33)
        assert broken_rules(response) == {("provider", "maxLength")}

    def test_what_is_not_linked_cannot_be_unlinked(self, api: Api, tables: Tables, user_id: UUID) -> None:
        linked(tables, account(api, tables, "eve@example.com"), "apple")
        linked(tables, user_id, "x", verified=False)
        token = api.sign_in()
        for provider in ("apple", "x"):
            refused(unlink(api, token, provider), 400, "auth.oauth.not_linked")

    def test_the_link_is_gone(self, api: Api, server: Server, tables: Tables, user_id: UUID) -> None:
        set_up(server, "google", enabled=False)  # whoever linked it may leave it, open or not
        response = unlink(api, api.sign_in())
        assert (response.status_code, response.json()["data"]) == (200, {"message": "Provider unlinked successfully"})
        assert links(tables) == []
        assert topics(tables) == ["email.provider_unlinked"]
        (entry,) = audited(tables, "auth.oauth.unlink.success")
        assert (entry["actor_id"], entry["details"]) == (user_id, {"platform": "google"})
        (mail,) = api.mails("ada@example.com")
        assert mail["subject"] == "Google unlinked"

    def test_the_only_way_in_stays(self, api: Api, tables: Tables, user_id: UUID) -> None:
        token = api.sign_in()
        change(tables, "users", user_id, password_hash=None)
        linked(tables, user_id, "instagram")
        linked(tables, user_id, "x", verified=False)
        refused(unlink(api, token), 400, "auth.oauth.only_auth_method")
        linked(tables, user_id, "apple")
        assert unlink(api, token).status_code == 200
        refused(unlink(api, token, "apple"), 400, "auth.oauth.only_auth_method")


def test_a_used_token_is_forgotten_when_it_has_expired(
    api: Api, server: Server, platform: Platform, tables: Tables
) -> None:
    signed_in(api, told(platform))
    for seconds, left in ((60, 1), (-60, 0)):
        tables.run("UPDATE oauth_used_tokens SET expires_at = %s", datetime.now(UTC) + timedelta(seconds=seconds))
        server.on_loop(purge(server))
        assert tables.count("oauth_used_tokens") == left


async def purge(server: Server) -> None:
    async with server.app.parts.database.unit() as db:
        await db.oauth_used_tokens.purge()
