"""Erasures on behalf of owners, and owners of the platform whom nothing of it may lose."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.handlers.gdpr.test_delete import end_grace
from tests.handlers.support import account, audited
from tests.harness import PASSWORD, TOKEN, Api, Server, Tables, bearer, broken_rules, code_of
from tests.staff import Hired, member

ADA = "ada@example.com"
REASON = "Requested by the owner by letter."
ACTIVE_OWNERS = (
    "SELECT u.id FROM staff_roles s JOIN users u ON u.id = s.user_id WHERE s.role = 'OWNER' AND u.status = 'ACTIVE'"
)


@pytest.fixture
def admin(server: Server) -> Hired:
    return member(server, "ADMIN")


def request(api: Api, caller: Hired, user_id: Any, **fields: Any) -> httpx.Response:
    path = f"/admin/users/{user_id}/erasure"
    return api.call("admin.erasures.request", {"reason": REASON} | fields, path=path, headers=caller.headers)


def cancel(api: Api, caller: Hired, user_id: Any) -> httpx.Response:
    path = f"/admin/users/{user_id}/erasure/cancel"
    return api.call("admin.erasures.cancel", {"reason": REASON}, path=path, headers=caller.headers)


def status_of(tables: Tables, user_id: Any) -> str:
    return str(tables.one("SELECT status FROM users WHERE id = %s", user_id)["status"])


def statuses(tables: Tables) -> list[str]:
    return [row["status"] for row in tables.rows("SELECT status FROM gdpr_requests ORDER BY created_at")]


class TestRequest:
    def test_is_as_if_the_owner_had_asked(self, api: Api, tables: Tables, admin: Hired) -> None:
        user_id = account(api, tables)
        access = api.sign_in()
        told = request(api, admin, user_id).json()["data"]
        assert told["status"] == "PENDING"
        assert (status_of(tables, user_id), statuses(tables)) == ("DEACTIVATED", ["PENDING"])
        assert api.call("auth.me", headers=bearer(access)).status_code == 401
        (entry,) = audited(tables, "admin.erasures.request")
        assert (entry["actor_id"], entry["target_id"], entry["reason"]) == (admin.id, str(user_id), REASON)
        match = TOKEN.search(api.mails(ADA)[0]["text"])
        assert match is not None
        back = api.call("gdpr.cancel_deletion", headers={"X-Reactivate-Token": match[1]})
        assert (back.status_code, status_of(tables, user_id)) == (200, "ACTIVE")

    def test_is_carried_out_after_the_grace(self, api: Api, server: Server, tables: Tables, admin: Hired) -> None:
        user_id = account(api, tables)
        request(api, admin, user_id)
        end_grace(tables)
        server.let_time_come("gdpr.erase_due")
        assert (status_of(tables, user_id), statuses(tables)) == ("DELETED", ["COMPLETED"])

    def test_without_grace_takes_an_owner(self, api: Api, server: Server, tables: Tables, admin: Hired) -> None:
        user_id = account(api, tables)
        refused = request(api, admin, user_id, skipGrace=True)
        assert (refused.status_code, code_of(refused)) == (403, "admin.permission_denied")
        assert refused.json()["error"]["i18nVars"] == {"permission": "users.erase_now"}
        assert request(api, member(server, "OWNER"), user_id, skipGrace=True).status_code == 200
        server.work_off()
        assert (status_of(tables, user_id), statuses(tables)) == ("DELETED", ["COMPLETED"])
        assert [mail["subject"] for mail in api.mails(ADA)] == ["Your account was deleted"]

    @pytest.mark.parametrize("status", ["SUSPENDED", "BANNED", "DEACTIVATED"])
    def test_of_whoever_may_not_act(self, api: Api, tables: Tables, admin: Hired, status: str) -> None:
        user_id = account(api, tables, status=status)
        assert request(api, admin, user_id).status_code == 200
        assert status_of(tables, user_id) == status

    def test_there_is_one_at_a_time(self, api: Api, tables: Tables, admin: Hired) -> None:
        user_id = account(api, tables)
        request(api, admin, user_id)
        refused = request(api, admin, user_id)
        assert (refused.status_code, code_of(refused)) == (409, "error.gdpr.deletion_already_pending")

    def test_of_nobody_or_an_erased_one(self, api: Api, tables: Tables, admin: Hired) -> None:
        for user_id in (uuid4(), account(api, tables, status="DELETED")):
            assert code_of(request(api, admin, user_id)) == "admin.not_found"
            assert code_of(cancel(api, admin, user_id)) == "admin.not_found"

    def test_of_staff_takes_an_owner(self, api: Api, server: Server, admin: Hired) -> None:
        other = member(server, "SUPPORT")
        assert code_of(request(api, admin, other.id)) == "admin.user.is_staff"
        assert code_of(cancel(api, admin, other.id)) == "admin.user.is_staff"
        assert request(api, member(server, "OWNER"), other.id).status_code == 200

    def test_of_the_last_owner(self, api: Api, server: Server, tables: Tables) -> None:
        owner = member(server, "OWNER")
        for fields in ({}, {"skipGrace": True}):
            refused = request(api, owner, owner.id, **fields)
            assert (refused.status_code, code_of(refused)) == (409, "admin.staff.last_owner")
        assert statuses(tables) == []

    def test_needs_a_reason(self, api: Api, tables: Tables, admin: Hired) -> None:
        assert broken_rules(request(api, admin, account(api, tables), reason="")) == {("reason", "minLength")}


class TestCancel:
    def test_brings_the_account_back(self, api: Api, tables: Tables, admin: Hired) -> None:
        user_id = account(api, tables)
        request(api, admin, user_id)
        assert cancel(api, admin, user_id).status_code == 200
        assert state_of(tables, user_id) == ("ACTIVE", ["CANCELLED"])
        assert "stays" in api.mails(ADA)[0]["subject"]
        (entry,) = audited(tables, "admin.erasures.cancel")
        assert (entry["actor_id"], entry["target_id"], entry["reason"]) == (admin.id, str(user_id), REASON)

    def test_what_the_owner_asked_for(self, api: Api, tables: Tables, admin: Hired) -> None:
        user_id = account(api, tables)
        api.call("gdpr.delete", headers=bearer(api.sign_in()))
        assert cancel(api, admin, user_id).status_code == 200
        assert state_of(tables, user_id) == ("ACTIVE", ["CANCELLED"])

    def test_a_ban_outlives_it(self, api: Api, tables: Tables, admin: Hired) -> None:
        user_id = account(api, tables, status="BANNED")
        request(api, admin, user_id)
        cancel(api, admin, user_id)
        assert status_of(tables, user_id) == "BANNED"

    def test_where_none_is_pending(self, api: Api, tables: Tables, admin: Hired) -> None:
        assert code_of(cancel(api, admin, account(api, tables))) == "error.gdpr.no_pending_deletion"


def state_of(tables: Tables, user_id: Any) -> tuple[str, list[str]]:
    return status_of(tables, user_id), statuses(tables)


OWN = {
    "users.deactivate": ({"password": PASSWORD}, "error.user.last_owner"),
    "gdpr.delete": (None, "error.gdpr.last_owner"),
    "gdpr.delete_legacy": ({"password": PASSWORD}, "error.user.last_owner"),
}


class TestLastOwner:
    """Of the platform: the paths by which an account ends refuse to lose it."""

    @pytest.mark.parametrize("operation", OWN)
    def test_does_not_leave(self, api: Api, server: Server, tables: Tables, operation: str) -> None:
        body, refusal = OWN[operation]
        server.configure(**{"ratelimit.enabled": False})
        owner = member(server, "OWNER")
        refused = api.call(operation, body, headers=owner.headers)
        assert (refused.status_code, code_of(refused)) == (409, refusal)
        assert (status_of(tables, owner.id), statuses(tables)) == ("ACTIVE", [])
        member(server, "OWNER")
        assert api.call(operation, body, headers=owner.headers).status_code == 200

    @pytest.mark.parametrize("operation", OWN)
    def test_stays_when_both_leave_at_once(self, server: Server, tables: Tables, operation: str) -> None:
        body, refusal = OWN[operation]
        pair = [member(server, "OWNER") for _ in range(2)]

        def leave(owner: Hired) -> str | None:
            with server.client() as client:
                answer = client.call(operation, body, headers=owner.headers)
                return None if answer.status_code == 200 else code_of(answer)

        with ThreadPoolExecutor(2) as pool:
            assert set(pool.map(leave, pair)) == {None, refusal}
        assert len(tables.rows(ACTIVE_OWNERS)) == 1

    def test_is_not_erased_until_there_is_another(self, api: Api, server: Server, tables: Tables) -> None:
        owner, other = member(server, "OWNER"), member(server, "OWNER")
        assert api.call("gdpr.delete", headers=owner.headers).status_code == 200
        end_grace(tables)
        tables.run("DELETE FROM staff_roles WHERE user_id = %s", other.id)
        server.let_time_come("gdpr.erase_due")
        assert state_of(tables, owner.id) == ("DEACTIVATED", ["PENDING"])
        member(server, "OWNER")
        server.let_time_come("gdpr.erase_due")
        assert state_of(tables, owner.id) == ("DELETED", ["COMPLETED"])
