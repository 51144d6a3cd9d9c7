import base64
from collections.abc import Callable
from uuid import UUID, uuid4

import httpx
import pytest

from domain.auth import RefreshToken, write_refresh_token
from tests.handlers.support import account, audited, change, topics
from tests.harness import TOKEN, Api, Server, Tables, bearer, broken_rules, code_of, refresh_token

INVALID = (401, "auth.refresh.invalid_token")
STOLEN = (401, "auth.refresh.token_reuse_detected")


def refresh(api: Api, cookie: str | None = None, body: str | None = None) -> httpx.Response:
    """With the token in the cookie, in the body, in both or in none."""
    api.cookies.clear()
    if cookie is not None:
        api.cookies.set("biore_refresh", cookie, path="/api/v1/auth")
    return api.call("auth.refresh", None if body is None else {"refreshToken": body})


def outcome(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, code_of(response)


@pytest.fixture
def user_id(api: Api, tables: Tables) -> UUID:
    return account(api, tables)


@pytest.fixture
def first(api: Api, user_id: UUID) -> str:
    """The refresh token of a new session."""
    api.sign_in()
    return api.cookies["biore_refresh"]


def rotated(api: Api, token: str) -> str:
    response = refresh(api, token)
    assert response.status_code == 200, response.text
    return refresh_token(response)


class TestRefresh:
    def test_without_a_token_nobody_gets_one(self, api: Api) -> None:
        for response in (refresh(api), api.call("auth.refresh", {}), refresh(api, "", "")):
            assert outcome(response) == INVALID

    def test_the_sessions_of_others_stay_as_they_are(self, api: Api, first: str, tables: Tables) -> None:
        account(api, tables, "eve@example.com")
        api.sign_in("eve@example.com")
        eves = api.cookies["biore_refresh"]
        rotated(api, rotated(api, first))
        assert outcome(refresh(api, first)) == STOLEN
        assert refresh(api, eves).status_code == 200

    def test_a_malformed_request_is_refused(self, api: Api) -> None:
        body = api.call("auth.refresh", {"refreshToken": "x" * 513, "all": True})
        assert broken_rules(body) == {("refreshToken", "maxLength"), ("all", "unknown")}

    @pytest.mark.parametrize("token", ["x", "x" * 76, "a.b.c", "=" * 8, "biore_refresh", "%00", "A" * 512])
    def test_garbage_is_refused(self, api: Api, token: str) -> None:
        assert outcome(refresh(api, body=token)) == INVALID
        assert outcome(refresh(api, cookie=token)) == INVALID

    def test_characters_beyond_ascii_and_long_cookies_are_garbage(self, api: Api) -> None:
        assert outcome(refresh(api, body="ö🌷")) == INVALID
        assert outcome(refresh(api, cookie="A" * 5000)) == INVALID

    def test_a_forged_token_is_refused(self, api: Api, server: Server, first: str, tables: Tables) -> None:
        session_id = tables.one("SELECT id FROM sessions")["id"]
        raw = bytearray(base64.urlsafe_b64decode(first))
        raw[-1] ^= 1
        forgeries = [
            write_refresh_token(RefreshToken(session_id, 0), b"another key"),
            base64.urlsafe_b64encode(raw).decode(),
            first + "=",
            server.app.tokens.refresh(session_id, 7),
            server.app.tokens.refresh(uuid4(), 0),
        ]
        before = tables.fingerprints()
        assert {outcome(refresh(api, token)) for token in forgeries} == {INVALID}
        assert tables.changed_since(before) == set()

    def test_an_access_token_is_no_refresh_token(self, api: Api, user_id: UUID) -> None:
        assert outcome(refresh(api, body=api.sign_in())) == INVALID

    @pytest.mark.parametrize(
        "ended",
        [
            "expires_at = now() - interval '1 second'",
            "last_active_at = now() - interval '30 days 1 second'",
            "revoked_at = now()",
        ],
    )
    def test_the_token_of_an_ended_session_is_refused(self, api: Api, first: str, tables: Tables, ended: str) -> None:
        tables.run(f"UPDATE sessions SET {ended}")  # noqa: S608
        before = tables.fingerprints()
        assert outcome(refresh(api, first)) == INVALID
        assert tables.changed_since(before) == set()

    @pytest.mark.parametrize(
        ("status", "code"),
        [
            ("SUSPENDED", "auth.refresh.account_suspended"),
            ("BANNED", "auth.refresh.account_suspended"),
            ("DEACTIVATED", "auth.refresh.invalid_token"),
            ("DELETED", "auth.refresh.invalid_token"),
        ],
    )
    def test_an_account_that_may_not_act_gets_none(
        self, api: Api, first: str, user_id: UUID, tables: Tables, status: str, code: str
    ) -> None:
        change(tables, "users", user_id, status=status)
        before = tables.fingerprints()
        assert outcome(refresh(api, first)) == (401, code)
        assert tables.changed_since(before) == set()

    def test_an_account_that_is_gone_gets_none(self, api: Api, first: str, tables: Tables) -> None:
        tables.run("DELETE FROM users")
        assert outcome(refresh(api, first)) == INVALID

    def test_the_token_moves_on(self, api: Api, first: str, tables: Tables) -> None:
        tables.run("UPDATE sessions SET last_active_at = now() - interval '1 day'")
        response = refresh(api, first)
        assert response.status_code == 200
        assert response.json()["data"].keys() == {"accessToken", "expiresIn"}
        assert refresh_token(response) != first
        assert refresh_token(response) not in response.text
        session = tables.one("SELECT *, last_active_at > now() - interval '1 minute' AS active FROM sessions")
        assert (session["counter"], session["active"], session["revoked_at"]) == (1, True, None)
        assert session["rotated_at"] is not None

    def test_the_new_pair_works_and_so_does_the_old_access_token(self, api: Api, user_id: UUID) -> None:
        earlier = api.sign_in()
        response = refresh(api, api.cookies["biore_refresh"])
        for token in (earlier, response.json()["data"]["accessToken"]):
            assert api.call("auth.me", headers=bearer(token)).json()["data"]["id"] == str(user_id)
        assert refresh(api, refresh_token(response)).status_code == 200

    def test_the_body_alone_works(self, api: Api, first: str) -> None:
        response = refresh(api, body=first)
        assert response.status_code == 200
        assert refresh_token(response)

    def test_the_cookie_never_outlives_the_session(self, api: Api, first: str, tables: Tables) -> None:
        tables.run("UPDATE sessions SET expires_at = now() + interval '1 hour'")
        cookie = refresh(api, first).headers["set-cookie"]
        assert 3590 <= int(cookie.partition("Max-Age=")[2].partition(";")[0]) <= 3600
        assert cookie.endswith("Path=/api/v1/auth; HttpOnly; Secure; SameSite=Strict")

    def test_a_repetition_within_the_grace_gets_the_same_successor(self, api: Api, first: str, tables: Tables) -> None:
        successor = rotated(api, first)
        before = tables.fingerprints()
        assert rotated(api, first) == successor
        assert tables.changed_since(before) == set()

    def test_the_successor_stays_good_after_a_repetition(self, api: Api, first: str) -> None:
        successor = rotated(api, first)
        rotated(api, first)
        assert rotated(api, successor) != successor


class TestTheft:
    @pytest.fixture
    def stolen(self, api: Api, first: str) -> str:
        """A token that two rotations left behind."""
        rotated(api, rotated(api, first))
        return first

    def test_an_older_token_ends_all_sessions(self, api: Api, stolen: str, user_id: UUID, tables: Tables) -> None:
        access = api.sign_in()
        other = api.cookies["biore_refresh"]
        assert outcome(refresh(api, stolen)) == STOLEN
        assert tables.rows("SELECT id FROM sessions WHERE revoked_at IS NULL") == []
        assert tables.count("sessions") == 2
        assert outcome(refresh(api, other)) == INVALID
        assert api.call("auth.me", headers=bearer(access)).status_code == 401

    def test_the_predecessor_is_old_once_the_grace_is_over(self, api: Api, first: str, tables: Tables) -> None:
        rotated(api, first)
        tables.run("UPDATE sessions SET rotated_at = now() - interval '11 seconds'")
        assert outcome(refresh(api, first)) == STOLEN

    def test_the_grace_is_configured(self, api: Api, server: Server, first: str, tables: Tables) -> None:
        server.configure(**{"auth.refresh_grace_seconds": 60})
        successor = rotated(api, first)
        tables.run("UPDATE sessions SET rotated_at = now() - interval '50 seconds'")
        assert rotated(api, first) == successor

    def test_the_older_token_is_stolen_whatever_the_grace(self, api: Api, stolen: str) -> None:
        assert outcome(refresh(api, body=stolen)) == STOLEN

    def test_no_cookie_is_set(self, api: Api, stolen: str) -> None:
        assert "set-cookie" not in refresh(api, stolen).headers

    def test_it_is_audited(self, api: Api, stolen: str, user_id: UUID, tables: Tables) -> None:
        api.sign_in()
        response = refresh(api, stolen)
        (entry,) = audited(tables, "auth.refresh.reuse_detected")
        assert (entry["actor_id"], UUID(entry["target_id"]), entry["result"]) == (None, user_id, "failure")
        assert entry["details"] == {"sessions": 2}
        assert entry["correlation_id"] == response.headers["x-correlation-id"]

    def test_the_owner_is_told_in_their_language(self, api: Api, stolen: str, user_id: UUID, tables: Tables) -> None:
        change(tables, "users", user_id, locale="tr")
        refresh(api, stolen)
        assert api.mails("ada@example.com")[0]["locale"] == "tr"

    def test_owner_and_operators_are_told(self, api: Api, server: Server, stolen: str, user_id: UUID) -> None:
        server.configure(**{"security.alert_email": "alert@example.com"})
        refresh(api, stolen)
        assert api.mails("ada@example.com")[0]["subject"] == "We signed you out everywhere"
        (alert,) = api.mails("alert@example.com")
        assert str(user_id) in alert["text"]

    def test_without_an_alert_address_the_owner_alone_is_told(self, api: Api, stolen: str, tables: Tables) -> None:
        refresh(api, stolen)
        assert topics(tables) == ["email.session_theft"]

    def test_the_owner_is_mailed_a_link_to_choose_a_password(self, api: Api, stolen: str, tables: Tables) -> None:
        refresh(api, stolen)
        mail = api.mails("ada@example.com")[0]
        match = TOKEN.search(mail["text"])
        assert match is not None
        assert "for 60 minutes" in mail["text"]
        body = {"token": match[1], "newPassword": "Better-Horse-8"}
        assert api.call("auth.passwords.reset", body).status_code == 200

    def test_a_session_whose_account_is_gone_ends_without_a_mail(self, api: Api, stolen: str, tables: Tables) -> None:
        tables.run("DELETE FROM users")
        assert outcome(refresh(api, stolen)) == STOLEN
        assert topics(tables) == []

    def test_it_is_told_once(self, api: Api, stolen: str, tables: Tables) -> None:
        refresh(api, stolen)
        before = tables.fingerprints()
        assert outcome(refresh(api, stolen)) == INVALID
        assert tables.changed_since(before) == set()


class TestRetiredSecret:
    def test_a_token_of_the_former_secret_still_works(
        self, api: Api, first: str, server: Server, start_server: Callable[..., Server]
    ) -> None:
        secrets = f"the-secret-that-came-after-0123456789,{server.settings.secret_key}"
        later = start_server(server.database_url, secret_key=secrets)
        with later.client() as client:
            successor = rotated(client, first)
        assert outcome(refresh(api, successor)) == INVALID
