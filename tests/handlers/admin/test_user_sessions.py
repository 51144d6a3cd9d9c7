"""Staff views and ends the sessions of an account."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.handlers.support import account, audited, insert, topics
from tests.harness import Api, Server, Tables, bearer, broken_rules, code_of
from tests.staff import hired, member

MAC = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"
)
REASON = "Ticket 1042."


@pytest.fixture
def ada(api: Api, tables: Tables) -> UUID:
    return account(api, tables)


@pytest.fixture
def support(server: Server) -> dict[str, str]:
    return hired(server, "SUPPORT")


def listed(api: Api, headers: dict[str, str], user_id: object, **params: Any) -> httpx.Response:
    path = f"/admin/users/{user_id}/sessions"
    return api.call("admin.user_sessions.list", path=path, headers=headers, params=params)


def end(api: Api, headers: dict[str, str], user_id: object, **body: Any) -> httpx.Response:
    path = f"/admin/users/{user_id}/sessions/end"
    return api.call("admin.user_sessions.end", {"reason": REASON} | body, path=path, headers=headers)


def opened(tables: Tables, user_id: UUID, **columns: Any) -> UUID:
    now = datetime.now(UTC)
    lives = {"last_active_at": now, "expires_at": now + timedelta(days=1)}
    return insert(tables, "sessions", user_id=user_id, **(lives | columns))


class TestList:
    def test_it_shows_device_network_and_country(
        self, api: Api, server: Server, tables: Tables, ada: UUID, support: dict[str, str]
    ) -> None:
        opened(tables, ada, user_agent=MAC, ip="192.168.1.77", country="TR")
        shown = [listed(api, headers, ada).json()["data"]["items"][0] for headers in (support, hired(server, "ADMIN"))]
        assert [(one["device"], one["country"]) for one in shown] == [("Chrome on macOS", "TR")] * 2
        assert [one["ip"] for one in shown] == ["192.168.1.***", "192.168.1.77"]

    def test_live_ones_alone_the_latest_first(
        self, api: Api, tables: Tables, ada: UUID, support: dict[str, str]
    ) -> None:
        now = datetime.now(UTC)
        old, new = (opened(tables, ada, created_at=now - timedelta(hours=hours)) for hours in (2, 1))
        opened(tables, ada, revoked_at=now)
        opened(tables, ada, expires_at=now)
        opened(tables, ada, last_active_at=now - timedelta(days=31))
        opened(tables, account(api, tables, "eve@example.com"))
        first = listed(api, support, ada, limit=1).json()["data"]
        last = listed(api, support, ada, limit=1, cursor=first["nextCursor"]).json()["data"]
        assert [page["items"][0]["id"] for page in (first, last)] == [str(new), str(old)]
        assert last["nextCursor"] is None

    def test_nobody_and_bad_cursors(self, api: Api, ada: UUID, support: dict[str, str]) -> None:
        assert listed(api, support, ada).json()["data"] == {"items": [], "nextCursor": None}
        assert code_of(listed(api, support, uuid4())) == "admin.not_found"
        assert code_of(listed(api, support, ada, cursor="x")) == "admin.cursor_invalid"


class TestEnd:
    def test_all_of_them_at_once(self, api: Api, tables: Tables, ada: UUID, support: dict[str, str]) -> None:
        tokens = [bearer(api.sign_in()) for _ in range(2)]
        assert end(api, support, ada).json()["data"] == {"ended": 2}
        assert [api.call("auth.me", headers=token).status_code for token in tokens] == [401, 401]
        assert tables.count("known_devices") == 0
        mails = [mail["subject"] for mail in api.mails("ada@example.com")]
        assert mails == ["Our team ended sessions of your account"]

    def test_one_of_them(self, api: Api, tables: Tables, ada: UUID, support: dict[str, str]) -> None:
        first, second = bearer(api.sign_in()), bearer(api.sign_in())
        session_id = tables.one("SELECT id FROM sessions WHERE user_id = %s ORDER BY created_at LIMIT 1", ada)["id"]
        assert end(api, support, ada, sessionId=str(session_id)).json()["data"] == {"ended": 1}
        assert [api.call("auth.me", headers=token).status_code for token in (first, second)] == [401, 200]
        assert "email.sessions_ended_by_staff" in topics(tables)

    def test_what_is_pending_ends_too(self, api: Api, tables: Tables, ada: UUID, support: dict[str, str]) -> None:
        insert(tables, "challenges", purpose="login", user_id=ada, expires_at="2999-01-01")
        assert end(api, support, ada).json()["data"] == {"ended": 0}
        assert tables.rows("SELECT 1 FROM challenges WHERE used_at IS NULL") == []
        assert topics(tables) == []

    def test_a_session_of_somebody_else_is_not_found(
        self, api: Api, tables: Tables, ada: UUID, support: dict[str, str]
    ) -> None:
        eves = opened(tables, account(api, tables, "eve@example.com"))
        for session_id in (eves, uuid4(), opened(tables, ada, revoked_at=datetime.now(UTC))):
            response = end(api, support, ada, sessionId=str(session_id))
            assert (response.status_code, code_of(response)) == (404, "admin.not_found")
        assert tables.rows("SELECT 1 FROM sessions WHERE id = %s AND revoked_at IS NULL", eves)
        assert audited(tables, "admin.user_sessions.end") == []

    def test_it_is_audited(self, api: Api, server: Server, tables: Tables, ada: UUID) -> None:
        caller, session_id = member(server, "MODERATOR"), opened(tables, ada)
        end(api, caller.headers, ada, sessionId=str(session_id))
        (row,) = audited(tables, "admin.user_sessions.end")
        assert (row["actor_id"], row["target_id"], row["reason"]) == (caller.id, str(ada), REASON)
        assert row["details"] == {"session": str(session_id), "ended": 1}

    def test_staff_is_for_who_manages_staff(self, api: Api, server: Server, support: dict[str, str]) -> None:
        other = member(server, "FINANCE")
        assert code_of(end(api, support, other.id)) == "admin.user.is_staff"
        assert end(api, hired(server, "OWNER"), other.id).json()["data"] == {"ended": 1}

    def test_nobody_and_bad_input(self, api: Api, ada: UUID, support: dict[str, str]) -> None:
        assert code_of(end(api, support, uuid4())) == "admin.not_found"
        assert broken_rules(end(api, support, ada, sessionId="no")) == {("sessionId", "format")}
        assert broken_rules(end(api, support, ada, reason=" ")) == {("reason", "minLength")}
        assert broken_rules(end(api, support, ada, all=True)) == {("all", "unknown")}
