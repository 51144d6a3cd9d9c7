from uuid import UUID, uuid4

import httpx
import pytest

from tests.handlers.support import account, audited, change
from tests.harness import Api, Tables, bearer, broken_rules, code_of

MAC = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"
)


def sessions(api: Api, access: str) -> list[dict[str, object]]:
    listed: list[dict[str, object]] = api.call("auth.sessions.list", headers=bearer(access)).json()["data"]["sessions"]
    return listed


def revoke(api: Api, access: str, session_id: object) -> httpx.Response:
    return api.call("auth.sessions.revoke", path=f"/auth/sessions/{session_id}", headers=bearer(access))


class TestList:
    def test_it_shows_device_network_and_place(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        api.headers.update({"User-Agent": MAC, "CF-IPCountry": "TR", "X-Forwarded-For": "192.168.1.77"})
        access = api.sign_in()
        (session,) = sessions(api, access)
        shown = {key: session[key] for key in ("device", "ipMasked", "location", "isCurrent")}
        assert shown == {"device": "Chrome on macOS", "ipMasked": "192.168.1.***", "location": "TR", "isCurrent": True}

    def test_only_own_live_sessions_the_last_used_first(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        account(api, tables, "eve@example.com")
        api.sign_in("eve@example.com")
        ended, first, second = api.sign_in(), api.sign_in(), api.sign_in()
        api.call("auth.sessions.list", headers=bearer(ended))
        eve_and_ended = "SELECT id FROM sessions ORDER BY created_at OFFSET 1 LIMIT 1"
        tables.run(f"UPDATE sessions SET revoked_at = now() WHERE id = ({eve_and_ended})")  # noqa: S608
        listed = sessions(api, second)
        assert [session["isCurrent"] for session in listed] == [True, False]
        assert first


class TestRevoke:
    def test_the_current_one_is_refused(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        access = api.sign_in()
        response = revoke(api, access, sessions(api, access)[0]["id"])
        assert (response.status_code, code_of(response)) == (400, "auth.sessions.cannot_revoke_current")

    def test_no_uuid_is_refused(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        assert broken_rules(revoke(api, api.sign_in(), "no")) == {("id", "format")}

    def test_missing_foreign_and_ended_ones_are_not_found(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        account(api, tables, "eve@example.com")
        api.sign_in("eve@example.com")
        foreign = tables.one("SELECT id FROM sessions")["id"]
        access = api.sign_in()
        for session_id in (uuid4(), foreign):
            response = revoke(api, access, session_id)
            assert (response.status_code, code_of(response)) == (404, "auth.sessions.not_found")
        assert tables.one("SELECT revoked_at FROM sessions WHERE id = %s", foreign)["revoked_at"] is None

    def test_another_one_stops_at_once(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        other, access = api.sign_in(), api.sign_in()
        target = next(session["id"] for session in sessions(api, access) if not session["isCurrent"])
        assert revoke(api, access, target).status_code == 200
        assert api.call("auth.me", headers=bearer(other)).status_code == 401
        assert code_of(revoke(api, access, target)) == "auth.sessions.not_found"
        assert audited(tables, "auth.sessions.revoke.success")


class TestRevokeAll:
    def test_only_the_current_one_stays(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        others, access = [api.sign_in() for _ in range(3)], api.sign_in()
        assert api.call("auth.sessions.revoke_all", headers=bearer(access)).status_code == 200
        assert [api.call("auth.me", headers=bearer(other)).status_code for other in others] == [401] * 3
        assert api.call("auth.me", headers=bearer(access)).status_code == 200
        (entry,) = audited(tables, "auth.sessions.revoke_all.success")
        assert entry["details"] == {"sessions": 3}

    def test_the_owner_is_told(self, api: Api, tables: Tables) -> None:
        """Whoever did it may have a session that is not theirs, and left no device of the owner known."""
        account(api, tables)
        api.headers.update({"User-Agent": MAC, "CF-IPCountry": "TR", "X-Forwarded-For": "192.168.1.77"})
        access = api.sign_in()
        assert api.call("auth.sessions.revoke_all", headers=bearer(access)).status_code == 200
        mail = api.mails("ada@example.com")[0]
        assert mail["subject"] == "Your other sessions were ended"
        assert "Chrome on macOS" in mail["text"]
        assert "TR, 192.168.1.***" in mail["text"]


@pytest.mark.parametrize("status", ["SUSPENDED", "BANNED", "DEACTIVATED", "DELETED"])
def test_a_change_of_status_holds_on_the_next_request(api: Api, tables: Tables, status: str) -> None:
    user_id = account(api, tables)
    access = api.sign_in()
    change(tables, "users", UUID(str(user_id)), status=status)
    response = api.call("auth.sessions.list", headers=bearer(access))
    expected = {"DELETED": "auth.unauthenticated"}.get(status, f"auth.account_{status.lower()}")
    assert code_of(response) == expected
