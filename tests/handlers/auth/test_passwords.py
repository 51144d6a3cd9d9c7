from uuid import UUID

import httpx
import pytest

from tests.handlers.support import account, audited, change, insert, statements, topics
from tests.harness import PASSWORD, TOKEN, Api, Tables, bearer, broken_rules, code_of

NEW = "Better-Horse-8"


def forgot(api: Api, email: str = "ada@example.com") -> httpx.Response:
    return api.call("auth.passwords.forgot", {"email": email})


def reset_token(api: Api, email: str = "ada@example.com") -> str:
    assert forgot(api, email).status_code == 200
    match = TOKEN.search(api.mails(email)[0]["text"])
    assert match is not None
    return match[1]


def reset(api: Api, token: str, password: str = NEW) -> httpx.Response:
    return api.call("auth.passwords.reset", {"token": token, "newPassword": password})


def login(api: Api, password: str) -> httpx.Response:
    return api.call("auth.login", {"email": "ada@example.com", "password": password})


class TestForgot:
    def test_known_and_unknown_get_the_same(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        forgot(api, "first@example.com")  # what a first call does once is done
        with statements(api.server) as asked_for_known:
            known = forgot(api)
        with statements(api.server) as asked_for_unknown:
            unknown = forgot(api, "eve@example.com")
        assert known.json() == unknown.json()
        assert asked_for_known == asked_for_unknown
        jobs = tables.rows("SELECT topic FROM outbox WHERE topic = 'auth.forgot_password'")
        assert len(jobs) == 3
        assert len(audited(tables, "auth.forgot_password.requested")) == 3
        assert api.mails("eve@example.com") == []

    def test_no_clear_address_is_kept(self, api: Api, tables: Tables) -> None:
        forgot(api)
        assert "ada@" not in str(tables.rows("SELECT payload FROM outbox"))
        assert "ada@" not in str(tables.rows("SELECT * FROM audit_logs"))

    def test_who_left_can_choose_a_password_and_comes_back_by_signing_in(self, api: Api, tables: Tables) -> None:
        account(api, tables, status="DEACTIVATED")
        assert reset(api, reset_token(api)).status_code == 200
        assert code_of(login(api, PASSWORD)) == "auth.login.invalid_credentials"
        assert code_of(login(api, NEW)) == "auth.login.account_deactivated"
        assert tables.one("SELECT status FROM users")["status"] == "DEACTIVATED"
        back = TOKEN.search(api.mails("ada@example.com")[0]["text"])
        assert back is not None
        assert api.call("users.reactivate", {"token": back[1]}).status_code == 200
        assert login(api, NEW).status_code == 200

    @pytest.mark.parametrize("status", ["SUSPENDED", "BANNED", "DELETED"])
    def test_an_account_that_is_shut_gets_no_mail(self, api: Api, tables: Tables, status: str) -> None:
        account(api, tables, status=status)
        api.server.work_off()
        before = len(api.mails("ada@example.com"))
        forgot(api)
        assert len(api.mails("ada@example.com")) == before


class TestReset:
    @pytest.mark.parametrize("token", ["nonsense", "0f8fad5b-d9cb-469f-a165-70867728950e"])
    def test_a_token_that_never_was_is_refused(self, api: Api, token: str) -> None:
        response = reset(api, token)
        assert (response.status_code, code_of(response)) == (400, "auth.reset_password.invalid_token")

    def test_a_weak_password_is_refused_and_keeps_the_token(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        token = reset_token(api)
        assert ("newPassword", "digit") in broken_rules(reset(api, token, "Better-Horse"))
        assert reset(api, token).status_code == 200

    def test_an_old_token_is_refused(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        token = reset_token(api)
        tables.run("UPDATE password_resets SET expires_at = now() - interval '1 second'")
        assert code_of(reset(api, token)) == "auth.reset_password.invalid_token"

    def test_it_dies_when_the_password_changes(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        access, token = api.sign_in(), reset_token(api)
        body = {"currentPassword": PASSWORD, "newPassword": NEW}
        assert api.call("auth.passwords.change", body, headers=bearer(access)).status_code == 200
        assert code_of(reset(api, token)) == "auth.reset_password.invalid_token"

    def test_the_new_password_holds_and_every_session_ends(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        access = api.sign_in()
        assert reset(api, reset_token(api)).status_code == 200
        assert api.call("auth.me", headers=bearer(access)).status_code == 401
        assert code_of(login(api, PASSWORD)) == "auth.login.invalid_credentials"
        assert login(api, NEW).status_code == 200
        assert audited(tables, "auth.reset_password.success")

    def test_the_owner_is_told(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        reset(api, reset_token(api))
        assert "password was changed" in api.mails("ada@example.com")[0]["subject"]

    def test_a_lock_is_lifted(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        for _ in range(5):
            login(api, "Wrong-Horse-7")
        assert code_of(login(api, PASSWORD)) == "auth.login.account_locked"
        reset(api, reset_token(api))
        assert login(api, NEW).status_code == 200

    def test_the_second_factor_stands(self, api: Api, tables: Tables) -> None:
        account(api, tables, two_factor_enabled=True, two_factor_secret="sealed")
        reset(api, reset_token(api))
        assert login(api, NEW).json()["data"]["requiresTwoFactor"] is True

    def test_on_an_unverified_account_it_proves_the_address_and_voids_the_rest(self, api: Api, tables: Tables) -> None:
        registered = api.register()
        user_id = UUID(registered.json()["data"]["userId"])
        planted = api.verification_token()
        change(tables, "users", user_id, two_factor_enabled=True, two_factor_secret="sealed")
        insert(tables, "backup_codes", user_id=user_id, code_hash=b"x")
        insert(tables, "social_accounts", user_id=user_id, platform="google", platform_user_id="1")
        assert reset(api, reset_token(api)).status_code == 200
        assert (tables.count("backup_codes"), tables.count("social_accounts")) == (0, 0)
        assert code_of(login(api, PASSWORD)) == "auth.login.invalid_credentials"
        assert login(api, NEW).json()["data"].keys() == {"accessToken", "expiresIn"}
        stale = api.call("auth.verify_email", {"token": planted})
        assert code_of(stale) == "auth.verify_email.invalid_token"


class TestChange:
    def change(self, api: Api, access: str, current: str = PASSWORD, new: str = NEW) -> httpx.Response:
        body = {"currentPassword": current, "newPassword": new}
        return api.call("auth.passwords.change", body, headers=bearer(access))

    def test_a_wrong_current_password_is_refused(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        response = self.change(api, api.sign_in(), "Wrong-Horse-7")
        assert (response.status_code, code_of(response)) == (401, "auth.change_password.invalid_current")

    def test_an_account_without_password_is_refused(self, api: Api, tables: Tables) -> None:
        user_id = account(api, tables)
        access = api.sign_in()
        change(tables, "users", user_id, password_hash=None)
        assert code_of(self.change(api, access)) == "auth.change_password.invalid_current"

    def test_the_same_password_is_refused(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        response = self.change(api, api.sign_in(), new=PASSWORD)
        assert (response.status_code, code_of(response)) == (400, "auth.change_password.same_as_current")

    def test_only_the_current_session_stays(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        other, access = api.sign_in(), api.sign_in()
        assert self.change(api, access).status_code == 200
        assert api.call("auth.me", headers=bearer(access)).status_code == 200
        assert api.call("auth.me", headers=bearer(other)).status_code == 401
        assert "email.password_changed" in topics(tables)
        assert login(api, NEW).status_code == 200
