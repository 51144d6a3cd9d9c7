from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.handlers.support import account, audited, change, insert
from tests.harness import PASSWORD, TOKEN, Api, Tables, bearer, code_of


def deactivated(api: Api, tables: Tables) -> str:
    """The token that a deactivated account's owner is mailed at sign-in."""
    account(api, tables, status="DEACTIVATED")
    refused = api.call("auth.login", {"email": "ada@example.com", "password": PASSWORD})
    assert code_of(refused) == "auth.login.account_deactivated"
    match = TOKEN.search(api.mails("ada@example.com")[0]["text"])
    assert match is not None
    return match[1]


def validate(api: Api, token: str) -> dict[str, object]:
    found: dict[str, object] = api.call("auth.reactivation.validate", params={"token": token}).json()["data"]
    return found


def reactivate(api: Api, token: str) -> httpx.Response:
    return api.call("users.reactivate", {"token": token})


class TestValidate:
    @pytest.mark.parametrize("token", ["nonsense", "0f8fad5b-d9cb-469f-a165-70867728950e"])
    def test_an_unknown_token_looks_expired(self, api: Api, token: str) -> None:
        expected = {"valid": False, "status": "expired", "userMaskEmail": None, "deletionDate": None}
        assert validate(api, token) == expected

    def test_no_token_is_refused(self, api: Api) -> None:
        assert code_of(api.call("auth.reactivation.validate")) == "validation.failed"

    def test_a_paused_account(self, api: Api, tables: Tables) -> None:
        expected = {"valid": True, "status": "paused", "userMaskEmail": "a***@e***.com", "deletionDate": None}
        assert validate(api, deactivated(api, tables)) == expected

    def test_a_pending_deletion(self, api: Api, tables: Tables) -> None:
        token = deactivated(api, tables)
        user_id = tables.one("SELECT id FROM users")["id"]
        ends = datetime.now(UTC) + timedelta(days=30)
        insert(tables, "gdpr_requests", user_id=user_id, kind="DELETION", grace_ends_at=ends)
        found = validate(api, token)
        assert (found["valid"], found["status"]) == (True, "pending-deletion")
        assert found["deletionDate"]

    def test_an_expired_link(self, api: Api, tables: Tables) -> None:
        token = deactivated(api, tables)
        tables.run("UPDATE reactivation_tokens SET expires_at = now() - interval '1 second'")
        assert (validate(api, token)["valid"], validate(api, token)["status"]) == (False, "expired")

    def test_an_erased_account(self, api: Api, tables: Tables) -> None:
        token = deactivated(api, tables)
        tables.run("UPDATE users SET status = 'DELETED'")
        found = validate(api, token)
        assert (found["valid"], found["status"], found["userMaskEmail"]) == (False, "deleted", None)


class TestReactivate:
    def test_neither_token_nor_session_is_refused(self, api: Api) -> None:
        assert code_of(api.call("users.reactivate")) == "auth.unauthenticated"

    @pytest.mark.parametrize("token", ["nonsense", "0f8fad5b-d9cb-469f-a165-70867728950e"])
    def test_an_unknown_token_is_refused(self, api: Api, token: str) -> None:
        response = reactivate(api, token)
        assert (response.status_code, code_of(response)) == (400, "error.user.reactivation_invalid")

    def test_an_active_account_is_refused(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        response = api.call("users.reactivate", headers=bearer(api.sign_in()))
        assert (response.status_code, code_of(response)) == (400, "error.user.account_not_deactivated")

    def test_the_mailed_token_brings_it_back_once(self, api: Api, tables: Tables) -> None:
        token = deactivated(api, tables)
        assert reactivate(api, token).status_code == 200
        assert api.sign_in()
        assert code_of(reactivate(api, token)) == "error.user.reactivation_invalid"
        assert audited(tables, "user.reactivate.success")

    def test_the_header_wins_over_the_body(self, api: Api, tables: Tables) -> None:
        headers = {"X-Reactivate-Token": deactivated(api, tables)}
        assert api.call("users.reactivate", {"token": "nonsense"}, headers=headers).status_code == 200

    def test_a_live_session_brings_it_back(self, api: Api, tables: Tables) -> None:
        user_id = account(api, tables)
        access = api.sign_in()
        change(tables, "users", user_id, status="DEACTIVATED")
        assert api.call("users.reactivate", headers=bearer(access)).status_code == 200
        assert api.call("users.profile", headers=bearer(access)).status_code == 200

    def test_a_pending_deletion_is_cancelled(self, api: Api, tables: Tables) -> None:
        token = deactivated(api, tables)
        user_id = tables.one("SELECT id FROM users")["id"]
        insert(tables, "gdpr_requests", user_id=user_id, kind="DELETION")
        assert reactivate(api, token).status_code == 200
        assert tables.one("SELECT status FROM gdpr_requests")["status"] == "CANCELLED"
        assert "cancelled" in api.mails("ada@example.com")[0]["text"]
        assert audited(tables, "gdpr.delete.cancelled")
