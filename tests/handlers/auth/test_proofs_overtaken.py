"""What a call found proven is asked again when it writes: a change that commits between is not undone by it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx
import psycopg
import pytest

from tests.handlers.auth.test_login import login
from tests.handlers.auth.test_oauth import link, linked, opened, told, unlink
from tests.handlers.auth.test_oauth import login as enter
from tests.handlers.auth.test_passwords import NEW
from tests.handlers.auth.test_two_factor import Factor
from tests.handlers.support import account, audited, topics, until, usual_hash, waiting_for_locks
from tests.handlers.users.test_emails import change_token
from tests.harness import PASSWORD, Api, Server, Tables, bearer, code_of

Act = Callable[[], httpx.Response]
ENDED = "UPDATE sessions SET revoked_at = now()"
VOIDED = [(ENDED, "auth.unauthenticated"), ("UPDATE sessions SET confirmed_at = NULL", "auth.confirmation_required")]
DEACTIVATED = "UPDATE users SET status = 'DEACTIVATED'"
OWNED = ("social_accounts", "email_changes", "reactivation_tokens", "gdpr_requests", "challenges", "credential_changes")


def overtaken(server: Server, tables: Tables, act: Act, *changes: str) -> httpx.Response:
    """The answer to a call that has read the account when the changes of another one commit, and not yet written."""
    with ThreadPoolExecutor(1) as pool, psycopg.connect(server.database_url) as other:
        other.execute("SELECT 1 FROM users FOR UPDATE")
        for change in changes:
            other.execute(change.encode())
        answer = pool.submit(act)
        until(lambda: waiting_for_locks(tables) == 1)
        other.commit()
        return answer.result()


def with_hash(password_hash: str) -> str:
    return f"UPDATE users SET password_hash = '{password_hash}'"  # noqa: S608


@pytest.fixture
def another(server: Server) -> str:
    """The owner chose another password."""
    return with_hash(server.on_loop(server.app.hasher.hash(NEW)))


WITH_PASSWORD = {
    "auth.passwords.change": (
        {"currentPassword": PASSWORD, "newPassword": "Third-Horse-9"},
        "auth.change_password.invalid_current",
    ),
    "users.emails.change": ({"newEmail": "eve@example.com", "password": PASSWORD}, "error.user.password_incorrect"),
    "auth.two_factor.disable": ({"password": PASSWORD}, "auth.2fa.invalid_password"),
    "users.deactivate": ({"password": PASSWORD}, "error.user.password_incorrect"),
    "gdpr.delete_legacy": ({"password": PASSWORD}, "error.user.password_incorrect"),
    "auth.confirmation.confirm": ({"password": PASSWORD}, "auth.unauthenticated"),
}


def stand(tables: Tables) -> list[Any]:
    """All that a thief could have left."""
    kept = "SELECT email, password_hash, status, two_factor_enabled, two_factor_secret FROM users"
    live = "SELECT id, confirmed_at FROM sessions WHERE revoked_at IS NULL"
    return [tables.rows(kept), tables.rows(live), topics(tables), *map(tables.count, OWNED)]


class TestMailedTokens:
    """A password beside them was right when it was compared, and is another one by the time that they are taken."""

    def test_verify_email(self, api: Api, server: Server, tables: Tables, another: str) -> None:
        api.register()
        self._is_refused(api, server, tables, another, "auth.verify_email", api.verification_token())

    def test_verify_email_change(self, api: Api, server: Server, tables: Tables, another: str) -> None:
        account(api, tables)
        token = change_token(api, api.sign_in())
        self._is_refused(api, server, tables, another, "auth.verify_email_change", token)

    @staticmethod
    def _is_refused(api: Api, server: Server, tables: Tables, another: str, operation_id: str, token: str) -> None:
        before = tables.one("SELECT email, email_verified, owner_unproven FROM users")
        body = {"token": token, "password": PASSWORD}
        answer = overtaken(server, tables, lambda: api.call(operation_id, body), another)
        assert (answer.status_code, code_of(answer)) == (400, "error.user.password_incorrect")
        assert tables.one("SELECT email, email_verified, owner_unproven FROM users") == before
        assert api.call(operation_id, body | {"password": NEW}).status_code == 200


class TestSignedInCalls:
    @pytest.mark.parametrize("operation_id", WITH_PASSWORD)
    def test_write_nothing_when_their_session_ended(
        self, api: Api, server: Server, tables: Tables, another: str, operation_id: str
    ) -> None:
        account(api, tables)
        headers = bearer(api.sign_in())
        body, _ = WITH_PASSWORD[operation_id]
        answer = overtaken(server, tables, lambda: api.call(operation_id, body, headers=headers), another, ENDED)
        assert (answer.status_code, code_of(answer)) == (401, "auth.unauthenticated")
        assert tables.rows("SELECT 1 FROM sessions WHERE revoked_at IS NULL") == []
        assert topics(tables) == []
        assert [tables.count(table) for table in OWNED] == [0] * len(OWNED)
        (user,) = tables.rows("SELECT * FROM users")
        assert (user["email"], user["status"]) == ("ada@example.com", "ACTIVE")
        assert user["password_hash"] in another

    @pytest.mark.parametrize("operation_id", WITH_PASSWORD)
    def test_write_nothing_when_the_password_is_another(
        self, api: Api, server: Server, tables: Tables, another: str, operation_id: str
    ) -> None:
        account(api, tables)
        headers = bearer(api.sign_in())
        body, code = WITH_PASSWORD[operation_id]
        before = stand(tables)
        answer = overtaken(server, tables, lambda: api.call(operation_id, body, headers=headers), another)
        assert code_of(answer) == code
        assert stand(tables)[1:] == before[1:]
        assert tables.one("SELECT password_hash FROM users")["password_hash"] in another

    @pytest.mark.parametrize(
        ("operation_id", "body"),
        [
            ("auth.sessions.revoke_all", None),
            ("gdpr.delete", None),
            ("auth.two_factor.setup", None),
            ("auth.two_factor.setup_init", None),
            ("users.usernames.change", {"username": "eve"}),
        ],
    )
    @pytest.mark.parametrize(
        ("change", "code"),
        VOIDED,
    )
    def test_that_need_a_recent_proof_ask_for_it_again(
        self, api: Api, server: Server, tables: Tables, operation_id: str, body: Any, change: str, code: str
    ) -> None:
        account(api, tables)
        headers = bearer(api.sign_in())
        answer = overtaken(server, tables, lambda: api.call(operation_id, body, headers=headers), change)
        assert code_of(answer) == code
        (user,) = tables.rows("SELECT * FROM users")
        assert (user["status"], user["two_factor_secret"], user["username"]) == ("ACTIVE", None, None)
        assert tables.count("gdpr_requests") == 0

    @pytest.mark.parametrize(
        ("operation_id", "body"),
        [
            ("auth.otp.send", {"phone": "+905551112212", "purpose": "verify-phone-profile"}),
            ("gdpr.export", None),
            ("gdpr.export_legacy", None),
        ],
    )
    @pytest.mark.parametrize(
        ("change", "code"),
        VOIDED,
    )
    def test_whose_proof_was_voided_start_nothing(
        self, api: Api, server: Server, tables: Tables, operation_id: str, body: Any, change: str, code: str
    ) -> None:
        account(api, tables)
        headers = bearer(api.sign_in())
        answer = overtaken(server, tables, lambda: api.call(operation_id, body, headers=headers), change)
        assert code_of(answer) == code
        assert (tables.count("challenges"), tables.count("gdpr_requests"), topics(tables)) == (0, 0, [])

    @pytest.mark.parametrize("operation_id", [name for name in WITH_PASSWORD if name != "auth.confirmation.confirm"])
    def test_take_no_password_when_the_proof_beside_it_was_voided(
        self, api: Api, server: Server, tables: Tables, operation_id: str
    ) -> None:
        headers = bearer(Factor(api, tables).enable().sign_in())
        body, _ = WITH_PASSWORD[operation_id]
        act = partial(api.call, operation_id, body, headers=headers)
        before = stand(tables)
        answer = overtaken(server, tables, act, "UPDATE sessions SET confirmed_at = NULL")
        assert (answer.status_code, code_of(answer)) == (403, "auth.confirmation_required")
        assert (stand(tables)[0], stand(tables)[2:]) == (before[0], before[2:])

    def test_switch_no_factor_off_after_a_reset(self, api: Api, server: Server, tables: Tables, another: str) -> None:
        factor = Factor(api, tables).enable()
        headers = bearer(factor.sign_in())
        body = {"password": PASSWORD}
        act = partial(api.call, "auth.two_factor.disable", body, headers=headers)
        assert overtaken(server, tables, act, another, ENDED).status_code == 401
        assert tables.one("SELECT two_factor_enabled FROM users")["two_factor_enabled"] is True

    @pytest.mark.parametrize("operation_id", ["auth.two_factor.verify", "auth.two_factor.regenerate_backup_codes"])
    def test_give_no_backup_codes_after_their_session_ended(
        self, api: Api, server: Server, tables: Tables, operation_id: str
    ) -> None:
        factor = Factor(api, tables)
        if operation_id != "auth.two_factor.verify":
            factor.enable()
            factor.token = factor.sign_in()
        codes, body = tables.count("backup_codes"), {"code": factor.code()}
        act = partial(api.call, operation_id, body, headers=bearer(factor.token))
        answer = overtaken(server, tables, act, ENDED)
        assert (answer.status_code, code_of(answer)) == (401, "auth.unauthenticated")
        assert (tables.count("backup_codes"), audited(tables, "auth.2fa.backup_codes.regenerate.success")) == (
            codes,
            [],
        )

    def test_switch_no_factor_on_whose_set_up_was_voided(self, api: Api, server: Server, tables: Tables) -> None:
        factor = Factor(api, tables)
        act = partial(api.call, "auth.two_factor.verify", {"code": factor.code()}, headers=bearer(factor.token))
        answer = overtaken(server, tables, act, "UPDATE users SET two_factor_secret = NULL")
        assert code_of(answer) == "auth.2fa.invalid_code"
        assert tables.one("SELECT two_factor_enabled FROM users")["two_factor_enabled"] is False

    def test_link_and_unlink_no_platform(self, api: Api, server: Server, tables: Tables, another: str) -> None:
        user_id = account(api, tables)
        token = api.sign_in()
        with opened(server) as platform:
            proof = told(platform)
            assert code_of(overtaken(server, tables, lambda: link(api, proof, token), another, ENDED)) == (
                "auth.unauthenticated"
            )
        assert tables.count("social_accounts") == 0
        tables.run("UPDATE sessions SET revoked_at = NULL")
        linked(tables, user_id)
        assert code_of(overtaken(server, tables, lambda: unlink(api, token), ENDED)) == "auth.unauthenticated"
        assert tables.count("social_accounts") == 1


class TestSignIns:
    def test_with_the_password_of_before_open_no_session(
        self, api: Api, server: Server, tables: Tables, another: str
    ) -> None:
        account(api, tables)
        answer = overtaken(server, tables, lambda: login(api), another)
        assert (answer.status_code, code_of(answer)) == (401, "auth.login.invalid_credentials")
        assert tables.count("sessions") == 0
        assert len(audited(tables, "auth.login.failure")) == 1

    def test_go_on_when_the_same_password_was_hashed_anew(self, api: Api, server: Server, tables: Tables) -> None:
        account(api, tables)
        again = server.on_loop(server.app.hasher.hash(PASSWORD))
        assert again != usual_hash(server)
        assert overtaken(server, tables, lambda: login(api), with_hash(again)).status_code == 200

    def test_open_no_session_of_an_account_that_was_deactivated(self, api: Api, server: Server, tables: Tables) -> None:
        account(api, tables)
        answer = overtaken(server, tables, lambda: login(api), DEACTIVATED)
        assert code_of(answer) == "auth.login.account_deactivated"
        assert tables.count("sessions") == 0

    def test_ask_for_the_factor_that_was_switched_on(self, api: Api, server: Server, tables: Tables) -> None:
        account(api, tables)
        on = "UPDATE users SET two_factor_enabled = true, two_factor_secret = 'sealed'"
        answer = overtaken(server, tables, lambda: login(api), on)
        assert answer.json()["data"].keys() == {"requiresTwoFactor", "tempToken"}
        assert tables.count("sessions") == 0

    def test_with_a_code_open_no_session_of_an_account_that_was_deactivated(
        self, api: Api, server: Server, tables: Tables
    ) -> None:
        factor = Factor(api, tables).enable()
        waiting, code = factor.start_sign_in(), factor.code()
        answer = overtaken(server, tables, lambda: factor.finish(waiting, code), DEACTIVATED)
        assert code_of(answer) == "auth.login.account_deactivated"
        assert tables.rows("SELECT 1 FROM sessions WHERE revoked_at IS NULL") == []

    def test_through_a_platform_that_was_unlinked_open_no_session(
        self, api: Api, server: Server, tables: Tables
    ) -> None:
        linked(tables, account(api, tables))
        with opened(server) as platform:
            proof = told(platform, email="ada@example.com")
            answer = overtaken(server, tables, lambda: enter(api, proof), "DELETE FROM social_accounts")
        assert code_of(answer) == "auth.oauth.email_exists"
        assert tables.count("sessions") == 0


def test_a_factor_that_is_on_has_a_secret(api: Api, tables: Tables) -> None:
    account(api, tables)
    with pytest.raises(psycopg.errors.CheckViolation):
        tables.run("UPDATE users SET two_factor_enabled = true")
