import base64
import time
from collections.abc import Callable
from uuid import UUID, uuid4

import httpx
import pyotp
import pytest

from tests.handlers.conftest import Clients
from tests.handlers.support import ARABIC_INDIC, TYPED, account, audited, change, topics
from tests.harness import PASSWORD, Api, Server, Tables, bearer, broken_rules, code_of

WRONG = "000000"


class Factor:
    """An authenticator app and its account. Each step's code works once, so the app looks one step ahead when asked."""

    def __init__(self, api: Api, tables: Tables) -> None:
        self.api = api
        self.tables = tables
        self.user_id = account(api, tables)
        self.token = api.sign_in()
        setup = api.call("auth.two_factor.setup", headers=bearer(self.token))
        assert setup.status_code == 201, setup.text
        self.secret = str(setup.json()["data"]["secret"])
        self.backup_codes: list[str] = []

    def code(self, steps: int = 0) -> str:
        return pyotp.TOTP(self.secret).at(int(time.time()) + 30 * steps)

    def forget_last_step(self) -> None:
        """As if the last code had been used long ago."""
        change(self.tables, "users", self.user_id, two_factor_last_step=None)

    def enable(self) -> "Factor":
        verified = self.api.call("auth.two_factor.verify", {"code": self.code()}, headers=bearer(self.token))
        assert verified.status_code == 200, verified.text
        self.backup_codes = verified.json()["data"]["backupCodes"]
        self.forget_last_step()
        return self

    def start_sign_in(self) -> str:
        answer = self.api.call("auth.login", {"email": "ada@example.com", "password": PASSWORD})
        data = answer.json()["data"]
        assert data.keys() == {"requiresTwoFactor", "tempToken"}
        assert "set-cookie" not in answer.headers
        return str(data["tempToken"])

    def finish(self, temp_token: str, code: str) -> httpx.Response:
        return self.api.call("auth.two_factor.login", {"tempToken": temp_token, "code": code})

    def sign_in(self) -> str:
        response = self.finish(self.start_sign_in(), self.code())
        assert response.status_code == 200, response.text
        self.forget_last_step()
        return str(response.json()["data"]["accessToken"])


@pytest.fixture
def factor(api: Api, tables: Tables) -> Factor:
    return Factor(api, tables)


@pytest.fixture
def enabled(factor: Factor) -> Factor:
    return factor.enable()


def no_limits(server: Server) -> None:
    server.configure(**{"ratelimit.enabled": False})


class TestLogin:
    def test_an_unknown_challenge_is_refused(self, api: Api) -> None:
        response = api.call("auth.two_factor.login", {"tempToken": str(uuid4()), "code": WRONG})
        assert (response.status_code, code_of(response)) == (401, "auth.2fa.challenge_expired")

    def test_a_malformed_body_is_refused(self, api: Api) -> None:
        response = api.call("auth.two_factor.login", {"tempToken": "no", "code": 1})
        assert broken_rules(response) == {("tempToken", "format"), ("code", "type")}

    def test_an_old_challenge_is_refused(self, enabled: Factor) -> None:
        token = enabled.start_sign_in()
        enabled.tables.run("UPDATE challenges SET expires_at = now() - interval '1 second'")
        assert code_of(enabled.finish(token, enabled.code())) == "auth.2fa.challenge_expired"

    def test_a_wrong_code_is_refused_and_leaves_no_session(self, enabled: Factor) -> None:
        before = enabled.tables.count("sessions")
        response = enabled.finish(enabled.start_sign_in(), WRONG)
        assert (response.status_code, code_of(response)) == (401, "auth.2fa.invalid_code")
        assert enabled.tables.count("sessions") == before
        assert audited(enabled.tables, "auth.2fa.login.failure")

    def test_five_wrong_codes_kill_the_challenge(self, enabled: Factor) -> None:
        token = enabled.start_sign_in()
        for _ in range(5):
            assert code_of(enabled.finish(token, WRONG)) == "auth.2fa.invalid_code"
        assert code_of(enabled.finish(token, enabled.code())) == "auth.2fa.challenge_expired"

    def test_ten_wrong_codes_lock_the_factor(self, enabled: Factor, server: Server) -> None:
        no_limits(server)
        for _ in range(2):
            token = enabled.start_sign_in()
            for _ in range(5):
                assert code_of(enabled.finish(token, WRONG)) == "auth.2fa.invalid_code"
        response = enabled.finish(enabled.start_sign_in(), enabled.code())
        assert (response.status_code, code_of(response)) == (401, "auth.2fa.locked")
        assert 890 <= int(response.headers["retry-after"]) <= 900

    @pytest.mark.parametrize(
        ("status", "code"),
        [
            ("SUSPENDED", "auth.login.account_suspended"),
            ("DEACTIVATED", "auth.login.account_deactivated"),
        ],
    )
    def test_an_account_that_may_not_sign_in_is_refused(self, enabled: Factor, status: str, code: str) -> None:
        token = enabled.start_sign_in()
        change(enabled.tables, "users", enabled.user_id, status=status)
        assert code_of(enabled.finish(token, enabled.code())) == code

    def test_the_code_of_the_app_signs_in(self, enabled: Factor) -> None:
        me = enabled.api.call("auth.me", headers=bearer(enabled.sign_in()))
        assert me.json()["data"]["id"] == str(enabled.user_id)
        assert audited(enabled.tables, "auth.2fa.login.success")

    def test_the_challenge_works_once(self, enabled: Factor) -> None:
        token = enabled.start_sign_in()
        assert enabled.finish(token, enabled.code()).status_code == 200
        assert code_of(enabled.finish(token, enabled.code(1))) == "auth.2fa.challenge_expired"

    def test_a_code_works_once(self, enabled: Factor) -> None:
        code = enabled.code()
        assert enabled.finish(enabled.start_sign_in(), code).status_code == 200
        assert code_of(enabled.finish(enabled.start_sign_in(), code)) == "auth.2fa.invalid_code"

    def test_the_window_is_configured(self, enabled: Factor, server: Server) -> None:
        server.configure(**{"auth.totp_window": 0})
        assert code_of(enabled.finish(enabled.start_sign_in(), enabled.code(-1))) == "auth.2fa.invalid_code"
        server.configure(**{"auth.totp_window": 3})
        assert enabled.finish(enabled.start_sign_in(), enabled.code(2)).status_code == 200

    @pytest.mark.parametrize("form", TYPED)
    def test_codes_as_people_type_them(self, enabled: Factor, form: Callable[[str], str]) -> None:
        assert enabled.finish(enabled.start_sign_in(), form(enabled.code())).status_code == 200

    @pytest.mark.parametrize(
        "form",
        [
            str.lower,
            lambda c: c.replace("-", ""),
            lambda c: c.replace("-", "\u2013"),
            lambda c: f"\u00a0 {c.lower()}\t",
        ],
    )
    def test_backup_codes_as_people_type_them(self, enabled: Factor, form: Callable[[str], str]) -> None:
        assert enabled.finish(enabled.start_sign_in(), form(enabled.backup_codes[0])).status_code == 200

    def test_digits_of_backup_codes_of_any_script(self, enabled: Factor) -> None:
        code = next(code for code in enabled.backup_codes if not code.isalpha())
        assert enabled.finish(enabled.start_sign_in(), code.translate(ARABIC_INDIC)).status_code == 200

    def test_a_backup_code_signs_in_once(self, enabled: Factor) -> None:
        code = enabled.backup_codes[0]
        assert enabled.finish(enabled.start_sign_in(), code.lower()).status_code == 200
        assert code_of(enabled.finish(enabled.start_sign_in(), code)) == "auth.2fa.invalid_code"
        assert enabled.tables.rows("SELECT 1 FROM backup_codes WHERE used_at IS NOT NULL")

    def test_a_backup_code_of_another_account_is_wrong(self, enabled: Factor, server: Server, clients: Clients) -> None:
        user_id = account(enabled.api, enabled.tables, "eve@example.com")
        enabled.tables.run("UPDATE backup_codes SET user_id = %s", user_id)
        assert code_of(enabled.finish(enabled.start_sign_in(), enabled.backup_codes[0])) == "auth.2fa.invalid_code"


class TestSetup:
    @pytest.mark.parametrize("operation_id", ["auth.two_factor.setup", "auth.two_factor.setup_init"])
    def test_it_is_refused_when_on(self, enabled: Factor, operation_id: str) -> None:
        response = enabled.api.call(operation_id, headers=bearer(enabled.sign_in()))
        assert (response.status_code, code_of(response)) == (400, "auth.2fa.already_enabled")

    @pytest.mark.parametrize("operation_id", ["auth.two_factor.setup", "auth.two_factor.setup_init"])
    def test_it_is_refused_without_an_account(self, factor: Factor, operation_id: str) -> None:
        factor.tables.run("DELETE FROM users")
        response = factor.api.call(operation_id, headers=bearer(factor.token))
        assert (response.status_code, code_of(response)) == (404, "auth.2fa.user_not_found")

    def test_the_secret_is_sealed_and_not_active(self, factor: Factor, server: Server) -> None:
        row = factor.tables.one("SELECT two_factor_secret, two_factor_enabled FROM users")
        keyring = server.app.parts.keyring
        assert factor.secret not in row["two_factor_secret"]
        assert row["two_factor_secret"].startswith(f"{keyring.current}.")
        assert keyring.unseal("totp", row["two_factor_secret"]) == factor.secret
        assert row["two_factor_enabled"] is False

    def test_both_shapes_say_the_same(self, factor: Factor) -> None:
        first = factor.api.call("auth.two_factor.setup", headers=bearer(factor.token)).json()["data"]
        second = factor.api.call("auth.two_factor.setup_init", headers=bearer(factor.token)).json()["data"]
        image = first["qrCodeDataUrl"].removeprefix("data:image/png;base64,")
        assert base64.b64decode(image, validate=True).startswith(b"\x89PNG\r\n\x1a\n")
        assert first["otpauthUrl"].startswith("otpauth://totp/BIO.RE:ada%40example.com?secret=")
        assert second["recoveryCodes"] is None
        assert first["secret"] != second["secret"]


class TestVerify:
    def verify(self, factor: Factor, code: str) -> httpx.Response:
        return factor.api.call("auth.two_factor.verify", {"code": code}, headers=bearer(factor.token))

    def test_without_setup_it_is_refused(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        response = api.call("auth.two_factor.verify", {"code": WRONG}, headers=bearer(api.sign_in()))
        assert (response.status_code, code_of(response)) == (400, "auth.2fa.setup_required")

    def test_a_second_time_is_refused(self, enabled: Factor) -> None:
        enabled.token = enabled.sign_in()
        assert code_of(self.verify(enabled, enabled.code())) == "auth.2fa.already_enabled"

    def test_a_wrong_code_is_refused(self, factor: Factor) -> None:
        response = self.verify(factor, WRONG)
        assert (response.status_code, code_of(response)) == (400, "auth.2fa.invalid_code")

    @pytest.mark.parametrize("form", TYPED)
    def test_the_code_as_people_type_it(self, factor: Factor, form: Callable[[str], str]) -> None:
        assert self.verify(factor, form(factor.code())).status_code == 200

    def test_ten_wrong_codes_lock_it(self, factor: Factor, server: Server) -> None:
        no_limits(server)
        for _ in range(10):
            assert code_of(self.verify(factor, WRONG)) == "auth.2fa.invalid_code"
        response = self.verify(factor, factor.code())
        assert (response.status_code, code_of(response)) == (400, "auth.2fa.locked")

    def test_it_gives_backup_codes_and_ends_all_sessions(self, factor: Factor) -> None:
        response = self.verify(factor, factor.code())
        codes = response.json()["data"]["backupCodes"]
        assert len(set(codes)) == 10
        kept = factor.tables.rows("SELECT code_hash, used_at FROM backup_codes")
        assert [(len(row["code_hash"]), row["used_at"]) for row in kept] == [(32, None)] * 10
        assert factor.api.call("auth.me", headers=bearer(factor.token)).status_code == 401
        assert "email.two_factor_enabled" in topics(factor.tables)

    def test_the_enrolment_code_is_consumed(self, factor: Factor) -> None:
        code = factor.code()
        assert self.verify(factor, code).status_code == 200
        assert code_of(factor.finish(factor.start_sign_in(), code)) == "auth.2fa.invalid_code"


class TestDisable:
    def disable(self, factor: Factor, token: str, password: str = PASSWORD) -> httpx.Response:
        return factor.api.call("auth.two_factor.disable", {"password": password}, headers=bearer(token))

    def test_a_wrong_password_is_refused(self, enabled: Factor) -> None:
        response = self.disable(enabled, enabled.sign_in(), "Wrong-Horse-7")
        assert (response.status_code, code_of(response)) == (400, "auth.2fa.invalid_password")

    def test_an_account_without_password_is_refused(self, enabled: Factor) -> None:
        token = enabled.sign_in()
        change(enabled.tables, "users", enabled.user_id, password_hash=None)
        assert code_of(self.disable(enabled, token)) == "auth.2fa.no_password"

    def test_it_forgets_everything_and_ends_all_sessions(self, enabled: Factor) -> None:
        token = enabled.sign_in()
        assert self.disable(enabled, token).status_code == 200
        assert enabled.tables.count("backup_codes") == 0
        assert enabled.tables.one("SELECT two_factor_secret FROM users")["two_factor_secret"] is None
        assert enabled.api.call("auth.me", headers=bearer(token)).status_code == 401
        assert "email.two_factor_disabled" in topics(enabled.tables)
        assert enabled.api.sign_in()


class TestRegenerate:
    def regenerate(self, factor: Factor, token: str, code: str) -> httpx.Response:
        headers = bearer(token)
        return factor.api.call("auth.two_factor.regenerate_backup_codes", {"code": code}, headers=headers)

    def test_without_the_factor_it_is_refused(self, factor: Factor) -> None:
        assert code_of(self.regenerate(factor, factor.token, WRONG)) == "auth.2fa.not_enabled"

    def test_a_wrong_code_is_refused(self, enabled: Factor) -> None:
        response = self.regenerate(enabled, enabled.sign_in(), WRONG)
        assert (response.status_code, code_of(response)) == (400, "auth.2fa.invalid_code")

    @pytest.mark.parametrize("form", TYPED)
    def test_the_code_as_people_type_it(self, enabled: Factor, form: Callable[[str], str]) -> None:
        assert self.regenerate(enabled, enabled.sign_in(), form(enabled.code())).status_code == 200

    def test_ten_wrong_codes_lock_it(self, enabled: Factor, server: Server) -> None:
        no_limits(server)
        token = enabled.sign_in()
        for _ in range(10):
            assert code_of(self.regenerate(enabled, token, WRONG)) == "auth.2fa.invalid_code"
        assert code_of(self.regenerate(enabled, token, enabled.code())) == "auth.2fa.locked"

    def test_the_former_codes_stop_working(self, enabled: Factor) -> None:
        response = self.regenerate(enabled, enabled.sign_in(), enabled.code())
        codes = response.json()["data"]["backupCodes"]
        assert not set(codes) & set(enabled.backup_codes)
        assert code_of(enabled.finish(enabled.start_sign_in(), enabled.backup_codes[0])) == "auth.2fa.invalid_code"
        assert enabled.finish(enabled.start_sign_in(), codes[0]).status_code == 200


class TestStatus:
    def test_it_tells_the_flag(self, factor: Factor) -> None:
        status = factor.api.call("auth.two_factor.status", headers=bearer(factor.token))
        assert status.json()["data"] == {"enabled": False}
        factor.enable()
        status = factor.api.call("auth.two_factor.status", headers=bearer(factor.sign_in()))
        assert status.json()["data"] == {"enabled": True}


def test_a_foreign_session_changes_nothing(enabled: Factor) -> None:
    account(enabled.api, enabled.tables, "eve@example.com")
    eve = enabled.api.sign_in("eve@example.com")
    enabled.api.call("auth.two_factor.disable", {"password": PASSWORD}, headers=bearer(eve))
    assert enabled.tables.one("SELECT two_factor_enabled FROM users WHERE id = %s", UUID(str(enabled.user_id)))
    assert enabled.start_sign_in()
