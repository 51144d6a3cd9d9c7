import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.handlers.auth.test_oauth import link, linked, opened, set_up, told, traded
from tests.handlers.auth.test_passwords import NEW, reset, reset_token
from tests.handlers.auth.test_two_factor import WRONG, Factor, no_limits
from tests.handlers.support import account, audited, change, topics
from tests.harness import PASSWORD, Api, Server, Tables, bearer, broken_rules, code_of
from tests.oidc_server import Platform

GUESS = "Wrong-Horse-7"
PHONE = "+905551112212"


def confirm(api: Api, token: str, **proofs: Any) -> httpx.Response:
    return api.call("auth.confirmation.confirm", proofs, headers=bearer(token))


def confirmed_at(tables: Tables) -> datetime | None:
    moment: datetime | None = tables.one("SELECT confirmed_at FROM sessions WHERE revoked_at IS NULL")["confirmed_at"]
    return moment


def unconfirmed(tables: Tables, token: str) -> str:
    """The same access token, of a session whose last proof is long ago."""
    tables.run("UPDATE sessions SET confirmed_at = now() - interval '6 minutes'")
    return token


def stale(api: Api, tables: Tables) -> str:
    return unconfirmed(tables, api.sign_in())


@pytest.fixture
def ada(api: Api, tables: Tables) -> UUID:
    return account(api, tables)


@pytest.fixture
def enabled(api: Api, tables: Tables) -> Factor:
    return Factor(api, tables).enable()


@pytest.fixture
def platform(server: Server) -> Iterator[Platform]:
    with opened(server) as platform:
        yield platform


class TestConfirmByPassword:
    def test_the_answer_says_until_when(self, api: Api, tables: Tables, ada: UUID) -> None:
        answer = confirm(api, stale(api, tables), password=PASSWORD)
        assert answer.status_code == 200, answer.text
        until = datetime.fromisoformat(answer.json()["data"]["confirmedUntil"])
        assert timedelta(minutes=4) < until - datetime.now(UTC) <= timedelta(minutes=5)
        assert audited(tables, "auth.confirm.success")

    def test_a_wrong_one_is_refused_and_noted(self, api: Api, tables: Tables, ada: UUID) -> None:
        token = stale(api, tables)
        before = confirmed_at(tables)
        answer = confirm(api, token, password=GUESS)
        assert (answer.status_code, code_of(answer)) == (400, "error.user.password_incorrect")
        assert confirmed_at(tables) == before
        (row,) = audited(tables, "auth.password.failure")
        assert (row["actor_id"], row["result"]) == (ada, "failure")

    def test_the_fifth_wrong_one_locks_and_tells_the_owner_once(self, api: Api, tables: Tables, ada: UUID) -> None:
        token = stale(api, tables)
        for _ in range(5):
            assert code_of(confirm(api, token, password=GUESS)) == "error.user.password_incorrect"
        for _ in range(2):
            locked = confirm(api, token, password=PASSWORD)
            assert (locked.status_code, code_of(locked)) == (429, "auth.password.locked")
            assert 1 <= int(locked.headers["retry-after"]) <= 60
        assert topics(tables).count("email.password_guessed") == 1
        assert "Wrong passwords" in api.mails("ada@example.com")[0]["subject"]
        assert len(audited(tables, "auth.password.failure")) == 5

    def test_a_right_one_forgets_the_wrong_ones(self, api: Api, tables: Tables, ada: UUID) -> None:
        token = stale(api, tables)
        for _ in range(2):
            for _ in range(4):
                confirm(api, token, password=GUESS)
            assert confirm(api, token, password=PASSWORD).status_code == 200

    def test_a_reset_lifts_the_lock(self, api: Api, tables: Tables, ada: UUID) -> None:
        token = stale(api, tables)
        for _ in range(5):
            confirm(api, token, password=GUESS)
        assert reset(api, reset_token(api)).status_code == 200
        assert confirm(api, api.sign_in(password=NEW), password=NEW).status_code == 200

    def test_signing_in_does_not_share_the_lock(self, api: Api, tables: Tables, ada: UUID) -> None:
        token = stale(api, tables)
        for _ in range(5):
            confirm(api, token, password=GUESS)
        assert api.sign_in()

    def test_an_account_without_one_cannot_give_it(self, api: Api, tables: Tables, ada: UUID) -> None:
        token = stale(api, tables)
        change(tables, "users", ada, password_hash=None)
        assert code_of(confirm(api, token, password=PASSWORD)) == "error.user.password_required"


class TestConfirmWithASecondFactor:
    @pytest.mark.parametrize("which", ["app", "backup"])
    def test_both_are_needed(self, api: Api, tables: Tables, enabled: Factor, which: str) -> None:
        token = unconfirmed(tables, enabled.sign_in())
        code = enabled.code() if which == "app" else enabled.backup_codes[0]
        for proofs, needed in (({"password": PASSWORD}, "code"), ({"code": code}, "password")):
            answer = confirm(api, token, **proofs)
            assert (answer.status_code, code_of(answer)) == (400, "auth.confirm.incomplete")
            assert answer.json()["error"]["i18nVars"] == {"needed": needed}
        assert confirm(api, token, password=PASSWORD, code=code).status_code == 200
        assert code_of(confirm(api, token, password=PASSWORD, code=code)) == "auth.2fa.invalid_code"

    def test_the_code_is_enough_without_a_password(self, api: Api, tables: Tables, enabled: Factor) -> None:
        token = unconfirmed(tables, enabled.sign_in())
        change(tables, "users", enabled.user_id, password_hash=None)
        assert confirm(api, token, code=enabled.code()).status_code == 200

    def test_a_wrong_code_is_refused_and_counted(
        self, api: Api, tables: Tables, server: Server, enabled: Factor
    ) -> None:
        no_limits(server)
        token = unconfirmed(tables, enabled.sign_in())
        for _ in range(10):
            answer = confirm(api, token, password=PASSWORD, code=WRONG)
            assert (answer.status_code, code_of(answer)) == (400, "auth.2fa.invalid_code")
        assert len(audited(tables, "auth.confirm.failure")) == 10
        locked = confirm(api, token, password=PASSWORD, code=enabled.code())
        assert (locked.status_code, code_of(locked)) == (400, "auth.2fa.locked")

    def test_a_wrong_password_spends_no_code(self, api: Api, tables: Tables, enabled: Factor) -> None:
        token, code = unconfirmed(tables, enabled.sign_in()), enabled.backup_codes[0]
        assert code_of(confirm(api, token, password=GUESS, code=code)) == "error.user.password_incorrect"
        assert not tables.rows("SELECT 1 FROM backup_codes WHERE used_at IS NOT NULL")

    def test_a_code_of_a_factor_that_is_off_is_refused(self, api: Api, tables: Tables, ada: UUID) -> None:
        answer = confirm(api, stale(api, tables), password=PASSWORD, code="123456")
        assert (answer.status_code, code_of(answer)) == (400, "auth.2fa.not_enabled")


class TestConfirmByPlatform:
    def test_a_linked_identity_is_as_good_as_the_password(
        self, api: Api, tables: Tables, ada: UUID, platform: Platform
    ) -> None:
        linked(tables, ada)
        token, proof = stale(api, tables), told(platform)
        assert confirm(api, token, platform=proof).status_code == 200
        again = confirm(api, token, platform=proof)
        assert (again.status_code, code_of(again)) == (401, "auth.oauth.invalid_token")

    def test_so_is_one_that_is_proved_by_a_code(self, api: Api, tables: Tables, ada: UUID, platform: Platform) -> None:
        token = api.sign_in()
        assert link(api, traded(platform), token).status_code == 200
        assert confirm(api, unconfirmed(tables, token), platform=traded(platform)).status_code == 200

    def test_it_is_asked_for_where_there_is_no_password(self, api: Api, tables: Tables, ada: UUID) -> None:
        token = stale(api, tables)
        change(tables, "users", ada, password_hash=None)
        answer = confirm(api, token)
        assert answer.json()["error"]["i18nVars"] == {"needed": "platform"}
        missing = confirm(api, token, platform={"provider": "google"})
        assert broken_rules(missing) == {("platform.idToken", "required"), ("platform.code", "required")}

    @pytest.mark.parametrize("whose", ["nobody's", "another account's", "another one of mine", "by hand"])
    def test_an_identity_that_is_not_linked_here_is_refused(
        self, api: Api, tables: Tables, ada: UUID, platform: Platform, whose: str
    ) -> None:
        if whose == "another account's":
            linked(tables, account(api, tables, "eve@example.com"))
        elif whose == "another one of mine":
            linked(tables, ada, platform_user_id="another")
        elif whose == "by hand":
            linked(tables, ada, verified=False)
        token = stale(api, tables)
        before = confirmed_at(tables)
        answer = confirm(api, token, platform=told(platform))
        assert (answer.status_code, code_of(answer)) == (400, "auth.oauth.not_linked")
        assert confirmed_at(tables) == before
        assert audited(tables, "auth.confirm.failure")

    def test_a_platform_that_is_closed_is_refused(
        self, api: Api, tables: Tables, server: Server, ada: UUID, platform: Platform
    ) -> None:
        linked(tables, ada)
        set_up(server, "google", enabled=False)
        answer = confirm(api, stale(api, tables), platform=told(platform))
        assert (answer.status_code, code_of(answer)) == (400, "auth.oauth.provider_disabled")

    def test_a_wrong_password_beside_it_is_refused(
        self, api: Api, tables: Tables, ada: UUID, platform: Platform
    ) -> None:
        linked(tables, ada)
        answer = confirm(api, stale(api, tables), platform=told(platform), password=GUESS)
        assert code_of(answer) == "error.user.password_incorrect"

    @pytest.mark.parametrize("whose", ["nobody's", "old"])
    def test_one_that_does_not_count_costs_no_code_beside_it(
        self, api: Api, tables: Tables, server: Server, enabled: Factor, platform: Platform, whose: str
    ) -> None:
        no_limits(server)
        if whose == "old":
            linked(tables, enabled.user_id)
        token, code = unconfirmed(tables, enabled.sign_in()), enabled.backup_codes[0]
        claims: dict[str, Any] = {"auth_time": int(time.time()) - 301} if whose == "old" else {}
        wanted = "auth.oauth.invalid_token" if whose == "old" else "auth.oauth.not_linked"
        for guess in [WRONG] * 11 + [code]:
            answer = confirm(api, token, platform=told(platform, **claims), code=guess)
            assert code_of(answer) == wanted
        assert tables.count("login_attempts") == 0
        assert confirm(api, token, password=PASSWORD, code=code).status_code == 200

    @pytest.mark.parametrize(("age", "status"), [(0, 200), (290, 200), (301, 401)])
    def test_a_platform_that_tells_when_one_signed_in_there_tells_a_recent_time(
        self, api: Api, tables: Tables, ada: UUID, platform: Platform, age: int, status: int
    ) -> None:
        linked(tables, ada)
        answer = confirm(api, stale(api, tables), platform=told(platform, auth_time=int(time.time()) - age))
        assert (answer.status_code, code_of(answer) if status != 200 else None) == (
            status,
            None if status == 200 else "auth.oauth.invalid_token",
        )

    @pytest.mark.parametrize(("age", "status"), [(0, 200), (325, 200), (340, 401)])
    def test_an_id_token_that_was_kept_proves_nothing(
        self, api: Api, tables: Tables, ada: UUID, platform: Platform, age: int, status: int
    ) -> None:
        """Clocks may differ by half a minute."""
        linked(tables, ada)
        answer = confirm(api, stale(api, tables), platform=told(platform, iat=int(time.time()) - age))
        assert answer.status_code == status
        assert status == 200 or code_of(answer) == "auth.oauth.invalid_token"

    def test_it_does_not_replace_the_second_factor(
        self, api: Api, tables: Tables, enabled: Factor, platform: Platform
    ) -> None:
        linked(tables, enabled.user_id)
        token = unconfirmed(tables, enabled.sign_in())
        assert code_of(confirm(api, token, platform=told(platform))) == "auth.confirm.incomplete"
        assert confirm(api, token, platform=told(platform), code=enabled.code()).status_code == 200


class TestConfirmRefused:
    def test_nothing_is_no_proof(self, api: Api, tables: Tables, ada: UUID) -> None:
        assert code_of(confirm(api, stale(api, tables))) == "auth.confirm.incomplete"

    def test_an_account_that_is_gone_is_refused(self, api: Api, tables: Tables, ada: UUID) -> None:
        token = stale(api, tables)
        tables.run("DELETE FROM users")
        answer = confirm(api, token, password=PASSWORD)
        assert (answer.status_code, code_of(answer)) == (401, "auth.unauthenticated")

    def test_a_foreign_password_proves_nothing(self, api: Api, tables: Tables, server: Server, ada: UUID) -> None:
        other = server.on_loop(server.app.hasher.hash("Another-Horse-7"))
        account(api, tables, "eve@example.com", password_hash=other)
        answer = confirm(api, stale(api, tables), password="Another-Horse-7")
        assert code_of(answer) == "error.user.password_incorrect"


class TestPhones:
    @pytest.mark.parametrize("purpose", ["verify-phone-profile", "2fa-setup"])
    def test_those_of_an_account_need_a_recent_proof(self, api: Api, tables: Tables, ada: UUID, purpose: str) -> None:
        token = stale(api, tables)
        body = {"phone": PHONE, "purpose": purpose}
        before = tables.fingerprints()
        answer = api.call("auth.otp.send", body, headers=bearer(token))
        assert (answer.status_code, code_of(answer)) == (403, "auth.confirmation_required")
        assert tables.changed_since(before) == set()
        assert confirm(api, token, password=PASSWORD).status_code == 200
        assert api.call("auth.otp.send", body, headers=bearer(token)).status_code == 200

    def test_others_need_none(self, api: Api, tables: Tables, ada: UUID) -> None:
        body = {"phone": PHONE, "purpose": "verify-phone-fan"}
        assert api.call("auth.otp.send", body, headers=bearer(stale(api, tables))).status_code == 200


def test_a_stolen_token_is_not_enough_for_a_takeover(api: Api, tables: Tables, ada: UUID, platform: Platform) -> None:
    """A token that is minutes old links no platform, sets up no factor or phone, renames, takes and erases nothing."""
    headers = bearer(stale(api, tables))
    before = tables.fingerprints()
    answers = [
        api.call("auth.oauth.link", told(platform, "eve-at-platform"), headers=headers),
        api.call("auth.two_factor.setup", headers=headers),
        api.call("auth.two_factor.setup_init", headers=headers),
        api.call("auth.two_factor.verify", {"code": WRONG}, headers=headers),
        api.call("auth.otp.send", {"phone": PHONE, "purpose": "verify-phone-profile"}, headers=headers),
        api.call("gdpr.export", headers=headers),
        api.call("gdpr.export_legacy", headers=headers),
        api.call("gdpr.delete", headers=headers),
        api.call("auth.sessions.revoke_all", headers=headers),
        api.call("users.usernames.change", {"username": "eve"}, headers=headers),
    ]
    assert {code_of(answer) for answer in answers} == {"auth.confirmation_required"}
    assert tables.changed_since(before) == set()
