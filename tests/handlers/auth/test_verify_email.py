from uuid import UUID, uuid4

import httpx
import pytest

from tests.handlers.support import audited
from tests.harness import Api, Server, Tables, broken_rules, code_of

INVALID = (400, "auth.verify_email.invalid_token")


def verify(api: Api, token: str) -> httpx.Response:
    return api.call("auth.verify_email", {"token": token})


@pytest.fixture
def token(api: Api) -> str:
    """Of the link that a new account was mailed."""
    assert api.register().status_code == 201
    return api.verification_token()


class TestVerifyEmail:
    def test_anybody_with_the_token_may(self, api: Api, token: str) -> None:
        response = api.call("auth.verify_email", {"token": token}, headers={"Authorization": "Bearer nonsense"})
        assert response.status_code == 200

    def test_no_other_account_is_verified(self, api: Api, token: str, tables: Tables) -> None:
        api.register("eve@example.com")
        verify(api, token)
        verified = tables.rows("SELECT email FROM users WHERE email_verified")
        assert verified == [{"email": "ada@example.com"}]

    @pytest.mark.parametrize(
        ("body", "broken"),
        [
            ({}, ("token", "required")),
            ({"token": "12345"}, ("token", "format")),
            ({"token": 1}, ("token", "type")),
            ({"token": str(uuid4()), "email": "ada@example.com"}, ("email", "unknown")),
            ([], ("", "type")),
        ],
    )
    def test_a_malformed_body_is_refused(self, api: Api, body: object, broken: tuple[str, str]) -> None:
        response = api.call("auth.verify_email", body)
        assert code_of(response) == "validation.failed"
        assert broken_rules(response) == {broken}

    def test_an_unknown_token_is_refused(self, api: Api, token: str, tables: Tables) -> None:
        before = tables.fingerprints()
        response = verify(api, str(uuid4()))
        assert (response.status_code, code_of(response)) == INVALID
        assert tables.changed_since(before) == set()

    def test_an_expired_token_is_refused(self, api: Api, token: str, tables: Tables) -> None:
        tables.run("UPDATE email_verifications SET expires_at = now() - interval '1 second'")
        response = verify(api, token)
        assert (response.status_code, code_of(response)) == INVALID
        assert not tables.one("SELECT email_verified FROM users")["email_verified"]

    def test_a_token_is_refused_after_another_was_used(self, api: Api, token: str) -> None:
        api.call("auth.resend_verification", {"email": "ada@example.com"})
        newer = api.verification_token()
        assert newer != token
        assert (verify(api, newer).status_code, verify(api, token).status_code) == (200, 400)

    def test_a_consumed_token_is_refused_once_it_expired(self, api: Api, token: str, tables: Tables) -> None:
        verify(api, token)
        tables.run("UPDATE email_verifications SET expires_at = now() - interval '1 second'")
        response = verify(api, token)
        assert (response.status_code, code_of(response)) == INVALID

    def test_a_consumed_token_does_not_verify_anew(self, api: Api, token: str, tables: Tables) -> None:
        verify(api, token)
        tables.run("UPDATE users SET email_verified = false")
        response = verify(api, token)
        assert (response.status_code, code_of(response)) == INVALID
        assert not tables.one("SELECT email_verified FROM users")["email_verified"]

    def test_the_account_is_verified_and_the_token_consumed(self, api: Api, token: str, tables: Tables) -> None:
        response = verify(api, token)
        assert response.status_code == 200
        assert response.json() == {"success": True, "data": None}
        assert tables.one("SELECT email_verified FROM users")["email_verified"]
        row = tables.one("SELECT used_at, invalidated_at FROM email_verifications")
        assert row["used_at"] is not None
        assert row["invalidated_at"] is None

    def test_it_is_audited_once(self, api: Api, token: str, tables: Tables) -> None:
        response = verify(api, token)
        verify(api, token)
        (entry,) = audited(tables, "auth.verify_email.success")
        user_id = tables.one("SELECT id FROM users")["id"]
        assert (entry["actor_id"], UUID(entry["target_id"]), entry["result"]) == (user_id, user_id, "success")
        assert entry["correlation_id"] == response.headers["x-correlation-id"]
        assert entry["ip_prefix"] == api.address.rpartition(".")[0] + ".0/24"

    def test_once_more_succeeds_and_writes_nothing(self, api: Api, token: str, tables: Tables) -> None:
        first = verify(api, token.upper())
        before = tables.fingerprints()
        again = verify(api, token)
        assert (again.status_code, again.content) == (200, first.content)
        assert tables.changed_since(before) == set()

    def test_the_life_of_the_link_is_configured(self, api: Api, server: Server, tables: Tables) -> None:
        server.configure(**{"auth.verification_ttl_hours": 2})
        api.register()
        (mail,) = api.mails("ada@example.com")
        assert "2 hours" in mail["text"]
