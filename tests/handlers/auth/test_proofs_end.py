"""Whatever a proof of the account opened ends with the proof: nobody who knew only the old one gets in afterwards."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.handlers.auth.test_oauth import linked, unlink
from tests.handlers.auth.test_passwords import NEW, reset, reset_token
from tests.handlers.auth.test_two_factor import Factor
from tests.handlers.support import account, change, insert
from tests.handlers.users.test_emails import change_token
from tests.harness import PASSWORD, Api, Tables, bearer, code_of

PHONE, MALLORY = "+905551112212", "mallory@example.org"
Way = Callable[[Api, Tables, str, Factor], None]
"""What the owner does, with an access token and the app, to be rid of a stranger."""


def resets(api: Api, _tables: Tables, _token: str, _factor: Factor) -> None:
    assert reset(api, reset_token(api)).status_code == 200


def changes_the_password(api: Api, _tables: Tables, token: str, _factor: Factor) -> None:
    body = {"currentPassword": PASSWORD, "newPassword": NEW}
    assert api.call("auth.passwords.change", body, headers=bearer(token)).status_code == 200


def ends_all_other_sessions(api: Api, _tables: Tables, token: str, _factor: Factor) -> None:
    assert api.call("auth.sessions.revoke_all", headers=bearer(token)).status_code == 200


def ends_another_session(api: Api, tables: Tables, token: str, factor: Factor) -> None:
    row = {"user_id": factor.user_id, "last_active_at": "2026-01-01", "expires_at": "2999-01-01"}
    other = insert(tables, "sessions", **row)
    answer = api.call("auth.sessions.revoke", path=f"/auth/sessions/{other}", headers=bearer(token))
    assert answer.status_code == 200


def changes_the_address(api: Api, _tables: Tables, token: str, _factor: Factor) -> None:
    answer = api.call("auth.verify_email_change", {"token": change_token(api, token), "password": PASSWORD})
    assert answer.status_code == 200


def switches_the_factor_off(api: Api, _tables: Tables, token: str, _factor: Factor) -> None:
    answer = api.call("auth.two_factor.disable", {"password": PASSWORD}, headers=bearer(token))
    assert answer.status_code == 200


def replaces_the_backup_codes(api: Api, _tables: Tables, token: str, factor: Factor) -> None:
    answer = api.call("auth.two_factor.regenerate_backup_codes", {"code": factor.code()}, headers=bearer(token))
    factor.backup_codes = answer.json()["data"]["backupCodes"]


def unlinks_a_platform(api: Api, tables: Tables, token: str, factor: Factor) -> None:
    linked(tables, factor.user_id)
    assert unlink(api, token).status_code == 200


WAYS = [
    resets,
    changes_the_password,
    ends_all_other_sessions,
    ends_another_session,
    changes_the_address,
    replaces_the_backup_codes,
    unlinks_a_platform,
]
each_way = pytest.mark.parametrize("way", WAYS)


@pytest.fixture
def owner(api: Api, tables: Tables) -> tuple[Factor, str]:
    """The app, and an access token of a session that the owner has."""
    factor = Factor(api, tables).enable()
    return factor, factor.sign_in()


class TestSignInsThatWait:
    @each_way
    def test_are_void_and_spend_no_code(self, api: Api, tables: Tables, owner: tuple[Factor, str], way: Way) -> None:
        factor, token = owner
        waiting = factor.start_sign_in()
        way(api, tables, token, factor)
        factor.forget_last_step()
        code = factor.backup_codes[0]
        refused = factor.finish(waiting, code)
        assert (refused.status_code, code_of(refused)) == (401, "auth.2fa.challenge_expired")
        assert not tables.rows("SELECT 1 FROM backup_codes WHERE used_at IS NOT NULL")

    def test_are_void_when_the_factor_is_switched_off_and_on_again(
        self, api: Api, tables: Tables, owner: tuple[Factor, str]
    ) -> None:
        factor, token = owner
        waiting = factor.start_sign_in()
        off = api.call("auth.two_factor.disable", {"password": PASSWORD}, headers=bearer(token))
        assert off.status_code == 200
        factor.token = api.sign_in()
        setup = api.call("auth.two_factor.setup", headers=bearer(factor.token))
        factor.secret = setup.json()["data"]["secret"]
        factor.enable()
        assert code_of(factor.finish(waiting, factor.code())) == "auth.2fa.challenge_expired"

    def test_of_others_go_on(self, api: Api, tables: Tables, owner: tuple[Factor, str]) -> None:
        factor, _ = owner
        waiting = factor.start_sign_in()
        account(api, tables, "eve@example.com")
        answer = api.call("auth.sessions.revoke_all", headers=bearer(api.sign_in("eve@example.com")))
        assert answer.status_code == 200
        assert factor.finish(waiting, factor.code()).status_code == 200


class TestPhoneCodes:
    @pytest.mark.parametrize("way", [resets, changes_the_password, ends_all_other_sessions, changes_the_address])
    def test_prove_nothing_any_more(self, api: Api, tables: Tables, owner: tuple[Factor, str], way: Way) -> None:
        factor, token = owner
        body = {"phone": PHONE, "purpose": "verify-phone-profile"}
        challenge = api.call("auth.otp.send", body, headers=bearer(token)).json()["data"]["challengeId"]
        sent = re.search(r"[0-9]{6}", api.mails(PHONE)[0]["text"])
        assert sent is not None
        way(api, tables, token, factor)
        answer = api.call("auth.otp.verify", {"challengeId": challenge, "code": sent[0]})
        assert code_of(answer) == "auth.otp.verify.invalid"
        assert tables.one("SELECT phone FROM users")["phone"] is None

    @pytest.mark.parametrize("way", WAYS)
    def test_are_gone_whether_the_phone_was_the_accounts_or_not(
        self, api: Api, tables: Tables, owner: tuple[Factor, str], way: Way
    ) -> None:
        factor, token = owner
        tables.run("UPDATE users SET phone = %s, phone_verified_at = now()", PHONE)
        waiting = factor.start_sign_in()
        challenges = [
            api.call("auth.otp.send", {"phone": phone, "purpose": "login-2fa", "tempToken": waiting})
            for phone in (PHONE, "+12025550143")
        ]
        paths = [f"/auth/challenge/{answer.json()['data']['challengeId']}" for answer in challenges]
        assert [api.call("auth.otp.challenge", path=path).status_code for path in paths] == [200, 200]
        way(api, tables, token, factor)
        assert [api.call("auth.otp.challenge", path=path).status_code for path in paths] == [404, 404]

    def test_are_not_sent_when_they_were_void_first(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        token = api.sign_in()
        body = {"phone": PHONE, "purpose": "verify-phone-profile"}
        assert api.call("auth.otp.send", body, headers=bearer(token)).status_code == 200
        assert api.call("auth.sessions.revoke_all", headers=bearer(token)).status_code == 200
        assert api.mails(PHONE) == []


class TestChangesOfTheAddress:
    @pytest.mark.parametrize("way", [*(way for way in WAYS if way is not changes_the_address), switches_the_factor_off])
    def test_come_to_nothing(self, api: Api, tables: Tables, owner: tuple[Factor, str], way: Way) -> None:
        factor, token = owner
        link = change_token(api, token, MALLORY)
        way(api, tables, token, factor)
        answer = api.call("auth.verify_email_change", {"token": link, "password": PASSWORD})
        assert code_of(answer) == "auth.verify_email.invalid_token"
        assert tables.one("SELECT email FROM users")["email"] == "ada@example.com"

    def test_come_to_nothing_when_the_factor_is_switched_on(self, api: Api, tables: Tables) -> None:
        factor = Factor(api, tables)
        link = change_token(api, factor.token, MALLORY)
        factor.enable()
        answer = api.call("auth.verify_email_change", {"token": link, "password": PASSWORD})
        assert code_of(answer) == "auth.verify_email.invalid_token"

    def test_of_others_go_on(self, api: Api, tables: Tables, owner: tuple[Factor, str]) -> None:
        _, token = owner
        link = change_token(api, token)
        account(api, tables, "eve@example.com")
        answer = api.call("auth.sessions.revoke_all", headers=bearer(api.sign_in("eve@example.com")))
        assert answer.status_code == 200
        answer = api.call("auth.verify_email_change", {"token": link, "password": PASSWORD})
        assert answer.status_code == 200


class TestSetUpsOfAFactor:
    def test_begun_before_a_reset_come_to_nothing(self, api: Api, tables: Tables) -> None:
        factor = Factor(api, tables)
        code = factor.code()
        resets(api, tables, "", factor)
        token = api.sign_in(password=NEW)
        answer = api.call("auth.two_factor.verify", {"code": code}, headers=bearer(token))
        assert code_of(answer) == "auth.2fa.setup_required"

    @pytest.mark.parametrize(
        ("operation_id", "body"),
        [
            ("users.deactivate", {"password": PASSWORD}),
            ("gdpr.delete", None),
            ("gdpr.delete_legacy", {"password": PASSWORD}),
        ],
    )
    def test_do_not_outlive_who_leaves(self, api: Api, tables: Tables, operation_id: str, body: Any) -> None:
        factor = Factor(api, tables)
        waiting = insert(tables, "challenges", purpose="login", user_id=factor.user_id, expires_at="2999-01-01")
        assert api.call(operation_id, body, headers=bearer(factor.token)).status_code == 200
        assert tables.one("SELECT two_factor_secret FROM users")["two_factor_secret"] is None
        assert not tables.rows("SELECT 1 FROM challenges WHERE id = %s", waiting)


class TestConfirmations:
    @pytest.mark.parametrize("way", [changes_the_address, replaces_the_backup_codes, unlinks_a_platform])
    def test_of_other_sessions_end(self, api: Api, tables: Tables, owner: tuple[Factor, str], way: Way) -> None:
        factor, token = owner
        row = {"user_id": factor.user_id, "last_active_at": "2026-01-01", "expires_at": "2999-01-01"}
        other = insert(tables, "sessions", **row)
        change(tables, "sessions", other, confirmed_at="2999-01-01")
        way(api, tables, token, factor)
        assert tables.one("SELECT confirmed_at FROM sessions WHERE id = %s", other)["confirmed_at"] is None


def test_a_stolen_refresh_token_ends_what_was_open(api: Api, tables: Tables) -> None:
    factor = Factor(api, tables)
    stolen = api.cookies["biore_refresh"]
    insert(tables, "challenges", purpose="login", user_id=factor.user_id, expires_at="2999-01-01")
    link = change_token(api, factor.token, MALLORY)
    for _ in range(2):
        api.keep_cookie(api.call("auth.refresh"))
    api.cookies.set("biore_refresh", stolen, path="/api/v1/auth")
    assert code_of(api.call("auth.refresh")) == "auth.refresh.token_reuse_detected"
    assert tables.count("challenges") == 0
    assert tables.one("SELECT two_factor_secret FROM users")["two_factor_secret"] is None
    assert code_of(api.call("auth.verify_email_change", {"token": link})) == "auth.verify_email.invalid_token"
