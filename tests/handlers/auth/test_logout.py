from uuid import UUID

import httpx
import pytest

from tests.handlers.support import account, audited
from tests.harness import Api, Tables, bearer, broken_rules

DROPPED = "biore_refresh=; Max-Age=0; Path=/api/v1/auth; HttpOnly; Secure; SameSite=Strict"


@pytest.fixture
def access(api: Api, tables: Tables) -> str:
    """The access token of a session whose refresh token is in the client's cookie."""
    account(api, tables)
    return api.sign_in()


def require_done(response: httpx.Response) -> None:
    assert response.status_code == 200
    assert response.json() == {"success": True, "data": {"message": "Logged out successfully"}}
    assert response.headers.get_list("set-cookie") == [DROPPED]


def live(tables: Tables) -> int:
    return len(tables.rows("SELECT id FROM sessions WHERE revoked_at IS NULL"))


class TestLogout:
    @pytest.mark.parametrize("token", [None, "", "garbage", "A" * 76])
    def test_without_a_good_token_it_succeeds_and_writes_nothing(
        self, api: Api, tables: Tables, token: str | None
    ) -> None:
        before = tables.fingerprints()
        require_done(api.call("auth.logout", None if token is None else {"refreshToken": token}))
        assert tables.changed_since(before) == set()

    def test_an_access_token_alone_ends_nothing(self, api: Api, access: str, tables: Tables) -> None:
        api.cookies.clear()
        require_done(api.call("auth.logout", headers=bearer(access)))
        assert live(tables) == 1

    def test_other_sessions_live_on(self, api: Api, access: str, tables: Tables) -> None:
        account(api, tables, "eve@example.com")
        others = [api.sign_in("eve@example.com"), api.sign_in(), api.sign_in()]
        require_done(api.call("auth.logout"))
        assert live(tables) == 3
        states = [api.call("auth.me", headers=bearer(token)).status_code for token in (access, *others)]
        assert states == [200, 200, 200, 401]

    def test_a_malformed_request_is_refused(self, api: Api) -> None:
        response = api.call("auth.logout", {"refreshToken": 1, "everywhere": True})
        assert broken_rules(response) == {("refreshToken", "type"), ("everywhere", "unknown")}

    def test_the_session_ends_and_its_access_tokens_stop(self, api: Api, access: str, tables: Tables) -> None:
        assert api.call("auth.me", headers=bearer(access)).status_code == 200
        require_done(api.call("auth.logout"))
        assert live(tables) == 0
        assert api.call("auth.me", headers=bearer(access)).status_code == 401
        assert api.call("auth.refresh").status_code == 401

    def test_the_token_in_the_body_ends_it_too(self, api: Api, access: str, tables: Tables) -> None:
        token = api.cookies.pop("biore_refresh")
        require_done(api.call("auth.logout", {"refreshToken": token}))
        assert live(tables) == 0

    def test_an_older_token_of_the_session_ends_it_too(self, api: Api, access: str, tables: Tables) -> None:
        for _ in range(2):
            api.keep_cookie(api.call("auth.refresh", {"refreshToken": api.cookies.pop("biore_refresh")}))
        require_done(api.call("auth.logout"))
        assert live(tables) == 0

    def test_it_is_audited_once(self, api: Api, access: str, tables: Tables) -> None:
        require_done(api.call("auth.logout"))
        before = tables.fingerprints()
        require_done(api.call("auth.logout"))
        assert tables.changed_since(before) == set()
        (entry,) = audited(tables, "auth.logout.success")
        session = tables.one("SELECT id, user_id FROM sessions")
        assert (UUID(entry["target_id"]), entry["actor_id"]) == (session["id"], session["user_id"])

    def test_the_message_speaks_the_language(self, api: Api) -> None:
        response = api.call("auth.logout", headers={"Accept-Language": "tr"})
        assert response.json()["data"]["message"] == "Oturum kapatıldı"  # noqa: RUF001
