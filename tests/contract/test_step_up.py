"""Every operation that needs a recent proof of who calls: refused without one, passed with one, whatever it is."""

from uuid import UUID

import pytest

from tests.contract.confirmation_scenarios import ASKING, CONFIRM
from tests.contract.operations import CONTRACT, IDS, OF_STAFF, SECURED, WITH_BODY, properties, well_formed
from tests.contract.test_side_effects import SCENARIOS
from tests.creators import page_of
from tests.handlers.auth.test_two_factor import Factor
from tests.handlers.support import account
from tests.harness import PASSWORD, Api, Tables, bearer, code_of

# Those of the staff, whose proof is another one, are asked in tests/handlers/admin/test_access.py.
FRESH = [name for name in IDS if CONTRACT.policies[name].fresh.always and name not in OF_STAFF]
CARRIED = [name for name in IDS if CONTRACT.policies[name].fresh.body]
BY_PASSWORD = [name for name in IDS if CONTRACT.policies[name].fresh.password]
REQUIRED = (403, "auth.confirmation_required")
RIGHT = {
    name: {field: PASSWORD if field in ("password", "currentPassword") else value for field, value in body.items()}
    for name, body in ASKING.items()
}
# What these carry in their bodies proves as much as a confirmation.
PROOFS = {"password", "currentPassword", "code"}


def grow_stale(tables: Tables, minutes: int = 6) -> None:
    """As if the last proofs had been given so long ago."""
    tables.run("UPDATE sessions SET confirmed_at = confirmed_at - make_interval(mins => %s)", minutes)


def caller(api: Api, tables: Tables) -> None:
    """An account that every operation may be called with."""
    page_of(tables, account(api, tables))


def of_the_same_session(api: Api) -> dict[str, str]:
    """Another access token of the session whose refresh cookie the client keeps."""
    answer = api.call("auth.refresh")
    api.keep_cookie(answer)
    return bearer(answer.json()["data"]["accessToken"])


class TestOperationsThatNeedARecentProof:
    @pytest.mark.parametrize("operation_id", FRESH)
    def test_refuse_six_minutes_after_the_sign_in_until_it_is_confirmed(
        self, api: Api, tables: Tables, operation_id: str
    ) -> None:
        act = SCENARIOS[operation_id](api, tables)
        headers = of_the_same_session(api)
        grow_stale(tables)
        before = tables.fingerprints()
        refused = api.call(operation_id, **well_formed(api, operation_id) | {"headers": headers})
        assert (refused.status_code, code_of(refused)) == REQUIRED
        assert tables.changed_since(before) == set()
        confirmed = api.call(CONFIRM, {"password": PASSWORD}, headers=headers)
        assert confirmed.status_code == 200, confirmed.text
        response = act()
        assert response.status_code < 300, response.text

    @pytest.mark.parametrize("operation_id", FRESH)
    def test_a_refresh_is_no_proof(self, api: Api, tables: Tables, operation_id: str) -> None:
        caller(api, tables)
        api.sign_in()
        grow_stale(tables)
        options = well_formed(api, operation_id) | {"headers": of_the_same_session(api)}
        response = api.call(operation_id, **options)
        assert (response.status_code, code_of(response)) == REQUIRED

    @pytest.mark.parametrize("operation_id", FRESH)
    def test_a_session_from_before_there_were_proofs_has_none(
        self, api: Api, tables: Tables, operation_id: str
    ) -> None:
        caller(api, tables)
        headers = bearer(api.sign_in())
        tables.run("UPDATE sessions SET confirmed_at = NULL")
        response = api.call(operation_id, **well_formed(api, operation_id) | {"headers": headers})
        assert (response.status_code, code_of(response)) == REQUIRED

    def test_the_time_is_configured(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        headers = bearer(api.sign_in())
        grow_stale(tables, 29)
        for minutes, status in ((30, 200), (29, 403)):
            api.server.configure(**{"auth.confirmation_minutes": minutes})
            assert api.call("auth.sessions.revoke_all", headers=headers).status_code == status

    def test_the_proof_of_one_session_is_none_of_another(self, api: Api, tables: Tables) -> None:
        account(api, tables)
        stale = bearer(api.sign_in())
        grow_stale(tables)
        api.sign_in()
        response = api.call("auth.sessions.revoke_all", headers=stale)
        assert (response.status_code, code_of(response)) == REQUIRED


class TestOperationsThatCarryTheProof:
    @pytest.mark.parametrize("operation_id", [*CARRIED, *BY_PASSWORD])
    def test_have_a_field_for_it_and_ask_for_no_other(self, api: Api, tables: Tables, operation_id: str) -> None:
        assert PROOFS & properties(operation_id).keys()
        act = SCENARIOS[operation_id](api, tables)
        if operation_id in BY_PASSWORD:
            tables.run("UPDATE users SET two_factor_enabled = FALSE")
        tables.run("UPDATE sessions SET confirmed_at = NULL")
        response = act()
        assert response.status_code < 300, response.text

    def test_a_password_alone_is_the_proof_of_a_confirmation_only(self) -> None:
        """Whatever else takes the password asks for a recent proof beside it where a second factor is on."""
        assert set(BY_PASSWORD) == ASKING.keys() - {CONFIRM}

    def test_whoever_asks_for_the_password_counts_the_wrong_ones(self) -> None:
        signed_in = set(SECURED) & set(WITH_BODY) - set(OF_STAFF)
        asking = {name for name in signed_in if {"password", "currentPassword"} & properties(name).keys()}
        assert asking == ASKING.keys()

    @pytest.mark.parametrize("operation_id", ASKING)
    def test_the_count_is_one_for_all_of_them(self, api: Api, tables: Tables, operation_id: str) -> None:
        account(api, tables)
        headers = bearer(api.sign_in())
        others = [name for name in ASKING if name != operation_id]
        for name in others[:5]:
            assert code_of(api.call(name, dict(ASKING[name]), headers=headers)) != "auth.password.locked"
        field = "currentPassword" if "currentPassword" in ASKING[operation_id] else "password"
        body = {**ASKING[operation_id], field: PASSWORD}
        refused = api.call(operation_id, body, headers=headers)
        assert (refused.status_code, code_of(refused)) == (429, "auth.password.locked")
        assert 1 <= int(refused.headers["retry-after"]) <= 60


class TestOperationsThatCarryThePassword:
    """While a second factor is on: a stolen session and the password do not defeat it."""

    @staticmethod
    def _signed_in(api: Api, tables: Tables) -> tuple[Factor, dict[str, str]]:
        factor = Factor(api, tables).enable()
        return factor, bearer(factor.sign_in())

    @pytest.mark.parametrize("operation_id", BY_PASSWORD)
    def test_need_a_recent_proof_beside_it(self, api: Api, tables: Tables, operation_id: str) -> None:
        factor, headers = self._signed_in(api, tables)
        body = RIGHT[operation_id]
        grow_stale(tables)
        before = tables.fingerprints()
        refused = api.call(operation_id, body, headers=headers)
        assert (refused.status_code, code_of(refused)) == REQUIRED
        assert tables.changed_since(before) == set()
        assert api.call(CONFIRM, {"password": PASSWORD, "code": factor.code()}, headers=headers).status_code == 200
        assert api.call(operation_id, body, headers=headers).status_code == 200

    @pytest.mark.parametrize("operation_id", BY_PASSWORD)
    def test_take_a_sign_in_for_one(self, api: Api, tables: Tables, operation_id: str) -> None:
        _, headers = self._signed_in(api, tables)
        grow_stale(tables, minutes=4)
        assert api.call(operation_id, RIGHT[operation_id], headers=headers).status_code == 200

    @pytest.mark.parametrize("operation_id", BY_PASSWORD)
    def test_tell_nothing_of_the_password_without_it(self, api: Api, tables: Tables, operation_id: str) -> None:
        _, headers = self._signed_in(api, tables)
        grow_stale(tables)
        for _ in range(6):
            assert code_of(api.call(operation_id, dict(ASKING[operation_id]), headers=headers)) == REQUIRED[1]
            api.server.configure(**{"ratelimit.enabled": False})
        assert tables.count("login_attempts") == 0


@pytest.mark.parametrize("status", ["SUSPENDED", "BANNED"])
@pytest.mark.parametrize("operation_id", ["gdpr.export", "gdpr.export_legacy", "gdpr.delete", "gdpr.delete_legacy"])
def test_who_may_do_nothing_else_may_have_the_data_or_its_end(
    api: Api, tables: Tables, operation_id: str, status: str
) -> None:
    """With the proof of who asks, like everybody."""
    act = SCENARIOS[operation_id](api, tables)
    headers = of_the_same_session(api)
    tables.run("UPDATE users SET status = %s", status)
    grow_stale(tables)
    assert api.call(CONFIRM, {"password": PASSWORD}, headers=headers).status_code == 200
    assert act().status_code == 200
    (user,) = tables.rows("SELECT id, status FROM users")
    assert isinstance(user["id"], UUID)
    assert user["status"] == status, "leaving is no way out of a suspension"
