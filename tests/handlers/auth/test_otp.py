import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.auth import one_time_hash
from domain.jobs import MAX_ATTEMPTS
from tests.handlers.support import TYPED, account, audited
from tests.harness import Api, Server, Tables, bearer, broken_rules, code_of
from tests.providers.sms_vendors import SmsVendor, sms_vendor

PHONE = "+905551112212"
OTHER_PHONE = "+12025550143"
CODE = re.compile(r"\b[0-9]{6}\b")


def send(api: Api, phone: str = PHONE, purpose: str = "verify-phone-fan", **options: Any) -> httpx.Response:
    return api.call("auth.otp.send", {"phone": phone, "purpose": purpose} | options.pop("fields", {}), **options)


def verify(api: Api, challenge_id: str, code: str) -> httpx.Response:
    return api.call("auth.otp.verify", {"challengeId": challenge_id, "code": code})


def resend(api: Api, challenge_id: str, **options: Any) -> httpx.Response:
    return api.call("auth.otp.resend", {"challengeId": challenge_id}, **options)


def challenge(api: Api, challenge_id: str) -> httpx.Response:
    return api.call("auth.otp.challenge", path=f"/auth/challenge/{challenge_id}")


def opened(response: httpx.Response) -> str:
    assert response.status_code == 200, response.text
    return str(response.json()["data"]["challengeId"])


def code_in(mail: dict[str, Any]) -> str:
    match = CODE.search(mail["text"])
    assert match is not None
    return match[0]


def sent_codes(api: Api, phone: str = PHONE) -> list[str]:
    """The newest first."""
    return [code_in(mail) for mail in api.mails(phone)]


def another(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def row(tables: Tables, challenge_id: str) -> dict[str, Any]:
    return tables.one("SELECT * FROM challenges WHERE id = %s", UUID(challenge_id))


def expire(tables: Tables, challenge_id: str) -> None:
    assert tables.run("UPDATE challenges SET expires_at = now() WHERE id = %s", UUID(challenge_id)) == 1


def cool_down(tables: Tables, challenge_id: str) -> None:
    """A minute passes for the challenge."""
    aged = "UPDATE challenges SET sent_at = sent_at - interval '1 minute' WHERE id = %s"
    assert tables.run(aged, UUID(challenge_id)) == 1


def refused(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, code_of(response)


@pytest.fixture
def unlimited(server: Server) -> None:
    """Only the limits of the codes themselves are left."""
    server.configure(**{"ratelimit.enabled": False})


@pytest.fixture
def user_id(api: Api, tables: Tables) -> UUID:
    return account(api, tables)


@pytest.fixture
def token(api: Api, user_id: UUID) -> str:
    return api.sign_in()


def signing_in(tables: Tables, user_id: UUID, phone: str | None = PHONE, **columns: Any) -> str:
    """The temporary token of a sign-in that waits for its second factor, with the account's verified phone."""
    tables.run("UPDATE users SET phone = %s, phone_verified_at = now() WHERE id = %s", phone, user_id)
    temp_token = uuid4()
    values = {"expires_at": datetime.now(UTC) + timedelta(minutes=5), "attempts": 0, "used_at": None} | columns
    tables.run(
        "INSERT INTO challenges (id, purpose, user_id, token_hash, expires_at, attempts, used_at)"
        " VALUES (%s, 'login', %s, %s, %s, %s, %s)",
        uuid4(),
        user_id,
        one_time_hash(temp_token),
        values["expires_at"],
        values["attempts"],
        values["used_at"],
    )
    return str(temp_token)


def send_for_sign_in(api: Api, temp_token: str, phone: str = PHONE) -> httpx.Response:
    return send(api, phone, "login-2fa", fields={"tempToken": temp_token})


class TestSend:
    def test_anybody_may_prove_a_phone(self, api: Api, tables: Tables) -> None:
        before = datetime.now(UTC)
        response = send(api)
        data = response.json()["data"]
        assert data.keys() == {"challengeId", "expiresAt", "attemptsRemaining"}
        assert data["attemptsRemaining"] == 5
        life = datetime.fromisoformat(data["expiresAt"]) - before
        assert timedelta(minutes=4, seconds=59) < life < timedelta(minutes=5, seconds=10)
        stored = row(tables, opened(response))
        assert (stored["purpose"], stored["user_id"], stored["phone"]) == ("verify-phone-fan", None, PHONE)
        (entry,) = audited(tables, "auth.otp.send.requested")
        assert (entry["target_id"], entry["actor_id"]) == (data["challengeId"], None)
        assert PHONE not in str(entry)

    def test_the_code_is_sent_by_the_worker(self, api: Api) -> None:
        send(api)
        (mail,) = api.mails(PHONE)
        code = code_in(mail)
        assert mail["text"] == f"Your BIO.RE code is {code}. It works for 5 minutes. Never share it."
        assert (mail["to"], mail["subject"], mail["locale"]) == (PHONE, "", "en")

    def test_it_speaks_the_callers_language(self, api: Api) -> None:
        send(api, headers={"Accept-Language": "tr"})
        (mail,) = api.mails(PHONE)
        assert mail["locale"] == "tr"
        assert mail["text"].startswith("BIO.RE kodunuz")

    def test_the_code_is_nowhere_in_clear(self, api: Api, server: Server, tables: Tables) -> None:
        challenge_id = opened(send(api))
        assert set(tables.one("SELECT payload FROM outbox")["payload"]) == {"sealed", "challenge", "resend", "locale"}
        (code,) = sent_codes(api)
        assert tables.one("SELECT payload FROM outbox")["payload"] == {}
        stored = row(tables, challenge_id)
        assert len(stored["code_hash"]) == 32
        assert code.encode() not in stored["code_hash"]

    def test_every_code_is_another(self, api: Api, tables: Tables) -> None:
        for _ in range(3):
            send(api)
        assert len(set(sent_codes(api))) > 1
        assert tables.one("SELECT count(DISTINCT code_hash) AS n FROM challenges")["n"] == 3

    @pytest.mark.parametrize("purpose", ["verify-phone-profile", "2fa-setup"])
    def test_what_belongs_to_an_account_asks_for_a_token(self, api: Api, tables: Tables, purpose: str) -> None:
        for headers in ({}, bearer("nonsense")):
            assert refused(send(api, purpose=purpose, headers=headers)) == (401, "auth.unauthenticated")
        assert (tables.count("challenges"), tables.count("outbox")) == (0, 0)

    @pytest.mark.parametrize("purpose", ["verify-phone-profile", "2fa-setup"])
    def test_it_belongs_to_the_caller(self, api: Api, tables: Tables, user_id: UUID, token: str, purpose: str) -> None:
        challenge_id = opened(send(api, purpose=purpose, headers=bearer(token)))
        assert row(tables, challenge_id)["user_id"] == user_id
        (entry,) = audited(tables, "auth.otp.send.requested")
        assert entry["actor_id"] == user_id

    def test_a_fans_challenge_is_nobodys_even_when_signed_in(self, api: Api, tables: Tables, token: str) -> None:
        assert row(tables, opened(send(api, headers=bearer(token))))["user_id"] is None

    def test_an_account_that_is_gone_is_nobody(self, api: Api, tables: Tables, user_id: UUID, token: str) -> None:
        tables.run("DELETE FROM users WHERE id = %s", user_id)
        response = send(api, purpose="verify-phone-profile", headers=bearer(token))
        assert refused(response) == (401, "auth.unauthenticated")

    @pytest.mark.parametrize("status", ["SUSPENDED", "BANNED", "DEACTIVATED"])
    def test_an_account_that_may_not_act_is_refused(
        self, api: Api, tables: Tables, user_id: UUID, token: str, status: str
    ) -> None:
        tables.run("UPDATE users SET status = %s WHERE id = %s", status, user_id)
        for purpose in ("verify-phone-profile", "verify-phone-fan"):
            response = send(api, purpose=purpose, headers=bearer(token))
            assert refused(response) == (403, f"auth.account_{status.lower()}")

    @pytest.mark.parametrize(
        "phone",
        [
            "",
            "5551112212",
            "905551112212",
            "+0905551112212",
            "+9055511",
            "+9055511122120000",
            "+90 555 CALL ME",
            "+90+5551112212",
            "05551112212",
            "+99912345678",
            "+15550199",
            "+120255501433",
        ],
    )
    def test_a_phone_is_e164(self, api: Api, phone: str) -> None:
        response = send(api, phone)
        assert refused(response) == (400, "validation.failed")
        assert broken_rules(response) == {("phone", "pattern")}

    @pytest.mark.parametrize(
        "typed",
        [
            "+90 555 111 22 12",
            "0090-555-111-22-12",
            "+90 (0) 555.111.2212",
            "+٩٠٥٥٥١١١٢٢١٢",
            "\u202a+905551112212\u202c",
        ],
    )
    def test_a_phone_as_people_type_it(self, api: Api, tables: Tables, typed: str) -> None:
        assert row(tables, opened(send(api, typed)))["phone"] == PHONE

    def test_one_number_has_one_share_however_it_is_dialled(self, api: Api, server: Server, tables: Tables) -> None:
        server.configure(**{"auth.otp_per_phone_max_per_hour": 2})
        opened(send(api, "+4915112345678"))
        opened(send(api, "+49 0151 12345678"))
        assert refused(send(api, "0049 (0) 151 12345678")) == (400, "auth.otp.send.rate_limit")
        assert tables.rows("SELECT DISTINCT phone FROM challenges") == [{"phone": "+4915112345678"}]

    def test_a_malformed_body_is_refused(self, api: Api, tables: Tables) -> None:
        body = {"phone": "+" + "9" * 20, "purpose": "login", "tempToken": "x", "code": "123456"}
        response = api.call("auth.otp.send", body)
        assert broken_rules(response) == {
            ("phone", "maxLength"),
            ("phone", "pattern"),
            ("purpose", "enum"),
            ("tempToken", "format"),
            ("code", "unknown"),
        }
        assert tables.count("challenges") == 0

    def test_the_same_key_sends_once(self, api: Api) -> None:
        headers = {"Idempotency-Key": "one"}
        first, second = send(api, headers=headers), send(api, headers=headers)
        assert opened(first) == opened(second)
        assert second.headers["idempotency-replayed"] == "true"
        assert len(api.mails(PHONE)) == 1
        assert refused(send(api, OTHER_PHONE, headers=headers)) == (422, "idempotency.key_reused")

    def test_a_limit_that_is_over_does_not_stay_under_a_key(self, api: Api, server: Server, tables: Tables) -> None:
        server.configure(**{"auth.otp_per_phone_max_per_hour": 1, "ratelimit.enabled": False})
        opened(send(api))
        headers = {"Idempotency-Key": "later"}
        for _ in range(2):
            response = send(api, headers=headers)
            assert refused(response) == (400, "auth.otp.send.rate_limit")
            assert "idempotency-replayed" not in response.headers
        tables.run("UPDATE phone_quotas SET opened_at = opened_at - interval '1 hour'")
        opened(send(api, headers=headers))

    def test_a_pause_that_is_over_does_not_stay_under_a_key(self, api: Api, tables: Tables) -> None:
        challenge_id = opened(send(api))
        headers = {"Idempotency-Key": "later"}
        assert refused(resend(api, challenge_id, headers=headers)) == (400, "auth.otp.resend.cooldown")
        cool_down(tables, challenge_id)
        assert resend(api, challenge_id, headers=headers).status_code == 200


class TestSignIn:
    def test_the_phone_of_the_account_gets_a_code(self, api: Api, tables: Tables, user_id: UUID) -> None:
        temp_token = signing_in(tables, user_id)
        challenge_id = opened(send_for_sign_in(api, temp_token))
        assert row(tables, challenge_id)["user_id"] == user_id
        (code,) = sent_codes(api)
        assert verify(api, challenge_id, code).status_code == 200
        assert tables.one("SELECT used_at FROM challenges WHERE purpose = 'login'")["used_at"] is None

    def test_without_a_token_it_is_malformed(self, api: Api, tables: Tables) -> None:
        response = send(api, purpose="login-2fa")
        assert refused(response) == (400, "validation.failed")
        assert broken_rules(response) == {("tempToken", "required")}
        assert tables.count("challenges") == 0

    def test_an_unknown_token_is_refused(self, api: Api, tables: Tables) -> None:
        assert refused(send_for_sign_in(api, str(uuid4()))) == (401, "auth.2fa.challenge_expired")
        assert (tables.count("challenges"), tables.count("phone_quotas"), tables.count("outbox")) == (0, 0, 0)

    @pytest.mark.parametrize(
        "columns",
        [{"expires_at": datetime(2026, 1, 1, tzinfo=UTC)}, {"used_at": datetime.now(UTC)}, {"attempts": 5}],
    )
    def test_a_token_that_is_no_good_any_more_is_refused(
        self, api: Api, tables: Tables, user_id: UUID, columns: dict[str, Any]
    ) -> None:
        temp_token = signing_in(tables, user_id, **columns)
        assert refused(send_for_sign_in(api, temp_token)) == (401, "auth.2fa.challenge_expired")

    def test_another_phone_gets_the_same_answer_and_no_code(self, api: Api, tables: Tables, user_id: UUID) -> None:
        temp_token = signing_in(tables, user_id)
        right = send_for_sign_in(api, temp_token).json()["data"]
        wrong = send_for_sign_in(api, temp_token, OTHER_PHONE).json()["data"]
        assert wrong.keys() == right.keys()
        assert wrong["attemptsRemaining"] == right["attemptsRemaining"]
        assert api.mails(OTHER_PHONE) == []
        assert tables.one("SELECT count(*) AS n FROM outbox WHERE topic = 'sms.otp' AND dead_at IS NULL")["n"] == 2
        assert challenge(api, wrong["challengeId"]).json()["data"]["phoneMask"] == "+1 ••• ••• ••43"

    def test_a_resend_for_another_phone_reaches_nobody_either(self, api: Api, tables: Tables, user_id: UUID) -> None:
        challenge_id = opened(send_for_sign_in(api, signing_in(tables, user_id), OTHER_PHONE))
        cool_down(tables, challenge_id)
        assert resend(api, challenge_id).status_code == 200
        assert api.mails(OTHER_PHONE) == []

    def test_the_share_of_another_phone_is_counted_too(
        self, api: Api, server: Server, tables: Tables, user_id: UUID
    ) -> None:
        server.configure(**{"auth.otp_per_phone_max_per_hour": 1})
        temp_token = signing_in(tables, user_id)
        for phone in (PHONE, OTHER_PHONE):
            assert [send_for_sign_in(api, temp_token, phone).status_code for _ in range(2)] == [200, 400]
            server.configure(**{"ratelimit.enabled": False})

    @pytest.mark.parametrize(
        "change",
        ["phone_verified_at = NULL", "phone = NULL", "status = 'SUSPENDED'"],
    )
    def test_only_the_verified_phone_of_an_active_account(
        self, api: Api, tables: Tables, user_id: UUID, change: str
    ) -> None:
        temp_token = signing_in(tables, user_id)
        tables.run(f"UPDATE users SET {change}")  # noqa: S608
        opened(send_for_sign_in(api, temp_token))
        assert api.mails(PHONE) == []


class TestShareOfAPhone:
    def test_the_code_after_the_last_one_is_refused(self, api: Api, server: Server, tables: Tables) -> None:
        server.configure(**{"auth.otp_per_phone_max_per_hour": 2})
        assert [send(api).status_code for _ in range(2)] == [200, 200]
        response = send(api)
        assert refused(response) == (400, "auth.otp.send.rate_limit")
        assert 3590 <= int(response.headers["retry-after"]) <= 3600
        assert (tables.count("challenges"), tables.one("SELECT DISTINCT sent FROM phone_quotas")["sent"]) == (2, 2)

    @pytest.mark.usefixtures("unlimited")
    def test_whoever_asks(self, api: Api, server: Server) -> None:
        server.configure(**{"auth.otp_per_phone_max_per_hour": 1})
        opened(send(api))
        with server.client() as stranger:
            assert code_of(send(stranger)) == "auth.otp.send.rate_limit"
        opened(send(api, OTHER_PHONE))

    def test_an_hour_later_the_share_is_whole_again(self, api: Api, server: Server, tables: Tables) -> None:
        server.configure(**{"auth.otp_per_phone_max_per_hour": 1})
        send(api)
        tables.run("UPDATE phone_quotas SET opened_at = now() - interval '1 hour'")
        assert send(api).status_code == 200
        assert tables.one(
            "SELECT DISTINCT sent, now() - opened_at < interval '1 minute' AS fresh FROM phone_quotas"
        ) == {
            "sent": 1,
            "fresh": True,
        }

    def test_one_caller_is_limited_whatever_the_phone(self, api: Api) -> None:
        answers = [send(api, f"+9055511122{number}") for number in range(10, 14)]
        assert [response.status_code for response in answers] == [200, 200, 200, 429]
        assert code_of(answers[-1]) == "rate_limit.exceeded"


class TestVerify:
    def test_the_right_code_passes(self, api: Api, tables: Tables) -> None:
        challenge_id = opened(send(api))
        (code,) = sent_codes(api)
        assert verify(api, challenge_id, code).json() == {"success": True, "data": {"success": True}}
        stored = row(tables, challenge_id)
        assert (stored["used_at"] is not None, stored["attempts"]) == (True, 0)
        (entry,) = audited(tables, "auth.otp.verify.success")
        assert entry["target_id"] == challenge_id

    def test_a_wrong_one_costs_an_attempt(self, api: Api, tables: Tables) -> None:
        challenge_id = opened(send(api))
        (code,) = sent_codes(api)
        assert refused(verify(api, challenge_id, another(code))) == (401, "auth.otp.verify.invalid")
        stored = row(tables, challenge_id)
        assert (stored["used_at"], stored["attempts"]) == (None, 1)
        (entry,) = audited(tables, "auth.otp.verify.failure")
        assert (entry["target_id"], entry["result"]) == (challenge_id, "failure")
        assert verify(api, challenge_id, code).status_code == 200

    def test_the_last_attempt_may_be_right(self, api: Api) -> None:
        challenge_id = opened(send(api))
        (code,) = sent_codes(api)
        for _ in range(4):
            verify(api, challenge_id, another(code))
        assert verify(api, challenge_id, code).status_code == 200

    def test_after_the_last_one_even_the_right_code_is_refused(self, api: Api, server: Server, tables: Tables) -> None:
        server.configure(**{"auth.otp_max_attempts": 2})
        challenge_id = opened(send(api))
        (code,) = sent_codes(api)
        for _ in range(2):
            assert code_of(verify(api, challenge_id, another(code))) == "auth.otp.verify.invalid"
        assert refused(verify(api, challenge_id, code)) == (401, "auth.otp.verify.attempts_exhausted")
        assert row(tables, challenge_id)["attempts"] == 2

    def test_it_expires(self, api: Api, tables: Tables) -> None:
        challenge_id = opened(send(api))
        (code,) = sent_codes(api)
        expire(tables, challenge_id)
        assert refused(verify(api, challenge_id, code)) == (401, "auth.otp.verify.expired")

    def test_it_is_passed_once(self, api: Api) -> None:
        challenge_id = opened(send(api))
        (code,) = sent_codes(api)
        verify(api, challenge_id, code)
        assert refused(verify(api, challenge_id, code)) == (401, "auth.otp.verify.already_used")

    def test_an_unknown_challenge_is_as_a_wrong_code(self, api: Api, tables: Tables) -> None:
        assert refused(verify(api, str(uuid4()), "123456")) == (401, "auth.otp.verify.invalid")

    def test_the_code_of_another_challenge_is_wrong(self, api: Api) -> None:
        first, second = opened(send(api)), opened(send(api, OTHER_PHONE))
        (code,), (own,) = sent_codes(api), sent_codes(api, OTHER_PHONE)
        assert verify(api, second, own).status_code == 200
        if code != own:
            assert verify(api, first, own).status_code == 401

    def test_a_sign_in_is_no_challenge_of_a_phone(self, api: Api, tables: Tables, user_id: UUID) -> None:
        signing_in(tables, user_id)
        sign_in_id = str(tables.one("SELECT id FROM challenges")["id"])
        assert code_of(verify(api, sign_in_id, "123456")) == "auth.otp.verify.invalid"
        assert code_of(resend(api, sign_in_id)) == "auth.otp.resend.not_found"
        assert code_of(challenge(api, sign_in_id)) == "auth.challenge.not_found"
        assert row(tables, sign_in_id)["attempts"] == 0

    def test_a_profiles_phone_is_verified(self, api: Api, tables: Tables, user_id: UUID, token: str) -> None:
        challenge_id = opened(send(api, purpose="verify-phone-profile", headers=bearer(token)))
        (code,) = sent_codes(api)
        assert verify(api, challenge_id, code).status_code == 200
        user = tables.one("SELECT phone, phone_verified_at FROM users WHERE id = %s", user_id)
        assert (user["phone"], user["phone_verified_at"] is not None) == (PHONE, True)
        (entry,) = audited(tables, "auth.otp.verify.success")
        assert (entry["actor_id"], entry["target_id"]) == (user_id, challenge_id)

    @pytest.mark.parametrize("purpose", ["verify-phone-fan", "2fa-setup"])
    def test_other_purposes_leave_the_account_alone(self, api: Api, tables: Tables, token: str, purpose: str) -> None:
        challenge_id = opened(send(api, purpose=purpose, headers=bearer(token)))
        (code,) = sent_codes(api)
        before = tables.fingerprints()
        assert verify(api, challenge_id, code).status_code == 200
        assert tables.changed_since(before) == {"challenges", "audit_logs", "sms_budgets"}

    def test_who_knows_the_challenge_may_answer_it(
        self, api: Api, server: Server, tables: Tables, user_id: UUID, token: str
    ) -> None:
        challenge_id = opened(send(api, purpose="verify-phone-profile", headers=bearer(token)))
        (code,) = sent_codes(api)
        with server.client() as stranger:
            assert verify(stranger, challenge_id, code).status_code == 200
        assert tables.one("SELECT phone FROM users WHERE id = %s", user_id)["phone"] == PHONE

    def test_an_erased_account_gets_no_phone(self, api: Api, tables: Tables, user_id: UUID, token: str) -> None:
        challenge_id = opened(send(api, purpose="verify-phone-profile", headers=bearer(token)))
        (code,) = sent_codes(api)
        tables.run("UPDATE users SET status = 'DELETED' WHERE id = %s", user_id)
        assert verify(api, challenge_id, code).status_code == 200
        assert tables.one("SELECT phone FROM users WHERE id = %s", user_id)["phone"] is None

    @pytest.mark.parametrize("form", TYPED)
    def test_the_code_as_people_type_it(self, api: Api, form: Callable[[str], str]) -> None:
        challenge_id = opened(send(api))
        (code,) = sent_codes(api)
        assert verify(api, challenge_id, form(code)).status_code == 200

    @pytest.mark.parametrize("code", ["", "12345", "1234567", "12345a", "123 45", "١٢٣٤٥", 123456])
    def test_a_code_has_six_digits(self, api: Api, code: Any) -> None:
        response = verify(api, str(uuid4()), code)
        assert refused(response) == (400, "validation.failed")
        assert {field for field, _ in broken_rules(response)} == {"code"}


class TestResend:
    def test_a_new_code_replaces_the_former(self, api: Api, tables: Tables) -> None:
        challenge_id = opened(send(api))
        (former,) = sent_codes(api)
        verify(api, challenge_id, another(former))
        cool_down(tables, challenge_id)
        tables.run("UPDATE challenges SET expires_at = now() + interval '1 minute'")
        data = resend(api, challenge_id).json()["data"]
        assert (data["challengeId"], data["attemptsRemaining"], data["resendCount"]) == (challenge_id, 5, 1)
        assert datetime.fromisoformat(data["expiresAt"]) > datetime.now(UTC) + timedelta(minutes=4)
        stored = row(tables, challenge_id)
        assert (stored["attempts"], stored["resend_count"]) == (0, 1)
        code, _ = sent_codes(api)
        if code != former:
            assert code_of(verify(api, challenge_id, former)) == "auth.otp.verify.invalid"
        assert verify(api, challenge_id, code).status_code == 200
        (entry,) = audited(tables, "auth.otp.resend.requested")
        assert entry["target_id"] == challenge_id

    def test_it_gives_an_exhausted_challenge_new_attempts(self, api: Api, server: Server, tables: Tables) -> None:
        server.configure(**{"auth.otp_max_attempts": 1, "auth.otp_resend_cooldown_seconds": 0})
        challenge_id = opened(send(api))
        (code,) = sent_codes(api)
        verify(api, challenge_id, another(code))
        assert code_of(verify(api, challenge_id, code)) == "auth.otp.verify.attempts_exhausted"
        assert resend(api, challenge_id).status_code == 200
        assert verify(api, challenge_id, sent_codes(api)[0]).status_code == 200

    def test_too_soon_is_refused(self, api: Api, tables: Tables) -> None:
        challenge_id = opened(send(api))
        before = row(tables, challenge_id)
        response = resend(api, challenge_id)
        assert refused(response) == (400, "auth.otp.resend.cooldown")
        assert 50 <= int(response.headers["retry-after"]) <= 60
        assert row(tables, challenge_id) == before
        assert tables.count("outbox") == 1

    def test_the_resend_after_the_last_one_is_refused(self, api: Api, server: Server, tables: Tables) -> None:
        server.configure(**{"auth.otp_max_resends": 1, "auth.otp_resend_cooldown_seconds": 0})
        challenge_id = opened(send(api))
        assert resend(api, challenge_id).status_code == 200
        assert refused(resend(api, challenge_id)) == (400, "auth.otp.resend.cap_reached")

    def test_it_counts_towards_the_share_of_the_phone(self, api: Api, server: Server, tables: Tables) -> None:
        server.configure(**{"auth.otp_per_phone_max_per_hour": 1, "auth.otp_resend_cooldown_seconds": 0})
        challenge_id = opened(send(api))
        before = row(tables, challenge_id)
        response = resend(api, challenge_id)
        assert refused(response) == (400, "auth.otp.resend.cap_reached")
        assert int(response.headers["retry-after"]) > 3500
        assert row(tables, challenge_id) == before
        assert verify(api, challenge_id, sent_codes(api)[0]).status_code == 200

    def test_an_unknown_challenge_is_not_found(self, api: Api) -> None:
        assert refused(resend(api, str(uuid4()))) == (404, "auth.otp.resend.not_found")

    def test_an_expired_one_neither(self, api: Api, tables: Tables) -> None:
        challenge_id = opened(send(api))
        expire(tables, challenge_id)
        assert code_of(resend(api, challenge_id)) == "auth.otp.resend.not_found"

    def test_a_passed_one_neither(self, api: Api, tables: Tables) -> None:
        challenge_id = opened(send(api))
        verify(api, challenge_id, sent_codes(api)[0])
        cool_down(tables, challenge_id)
        assert code_of(resend(api, challenge_id)) == "auth.otp.resend.not_found"

    def test_a_malformed_id_is_refused(self, api: Api) -> None:
        assert broken_rules(resend(api, "nonsense")) == {("challengeId", "format")}


class TestChallenge:
    def test_what_it_is_about(self, api: Api, tables: Tables) -> None:
        data = send(api).json()["data"]
        stored = row(tables, data["challengeId"])
        shown = challenge(api, data["challengeId"]).json()["data"]
        available = datetime.fromisoformat(shown.pop("resendAvailableAt"))
        assert abs(available - stored["sent_at"] - timedelta(minutes=1)) < timedelta(milliseconds=1)
        assert shown == {
            "challengeId": data["challengeId"],
            "purpose": "verify-phone-fan",
            "phoneMask": "+90 ••• ••• ••12",
            "expiresAt": data["expiresAt"],
            "attemptsRemaining": 5,
        }

    def test_a_wrong_code_shows(self, api: Api) -> None:
        challenge_id = opened(send(api))
        verify(api, challenge_id, another(sent_codes(api)[0]))
        assert challenge(api, challenge_id).json()["data"]["attemptsRemaining"] == 4

    def test_a_passed_one_is_shown_until_it_expires(self, api: Api, tables: Tables) -> None:
        challenge_id = opened(send(api))
        verify(api, challenge_id, sent_codes(api)[0])
        assert challenge(api, challenge_id).json()["data"]["resendAvailableAt"] is None
        expire(tables, challenge_id)
        assert refused(challenge(api, challenge_id)) == (404, "auth.challenge.not_found")

    def test_an_unknown_one_is_not_found(self, api: Api) -> None:
        assert refused(challenge(api, str(uuid4()))) == (404, "auth.challenge.not_found")

    def test_a_malformed_id_is_refused(self, api: Api) -> None:
        response = challenge(api, "nonsense")
        assert (code_of(response), broken_rules(response)) == ("validation.failed", {("id", "format")})

    def test_nothing_is_written(self, api: Api, tables: Tables) -> None:
        challenge_id = opened(send(api))
        before = tables.fingerprints()
        assert challenge(api, challenge_id).status_code == 200
        assert tables.changed_since(before) == set()


class TestSms:
    @pytest.fixture
    def vendors(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, SmsVendor]]:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")  # wherever the tests run, loopback is reached directly
        with ExitStack() as stack:
            vendors = {name: stack.enter_context(sms_vendor(name)) for name in ("twilio", "vonage")}
            for vendor in vendors.values():
                server.configure(**vendor.configured())
            order = {"external.sms.active_provider": "twilio", "external.sms.failover_providers": ["vonage"]}
            server.configure(**order)
            yield vendors

    @staticmethod
    def _attempts(tables: Tables) -> list[tuple[str, str]]:
        rows = tables.rows("SELECT provider, outcome FROM sms_deliveries ORDER BY started_at")
        return [(row["provider"], row["outcome"]) for row in rows]

    def test_a_vendor_delivers_it(
        self, api: Api, server: Server, tables: Tables, vendors: dict[str, SmsVendor]
    ) -> None:
        challenge_id = opened(send(api))
        server.work_off()
        (received,) = vendors["twilio"].received
        assert received.to == PHONE
        assert verify(api, challenge_id, code_in({"text": received.text})).status_code == 200
        assert self._attempts(tables) == [("twilio", "delivered")]
        assert tables.count("email_deliveries") == 0

    def test_the_next_one_delivers_when_the_first_is_down(
        self, api: Api, server: Server, tables: Tables, vendors: dict[str, SmsVendor]
    ) -> None:
        vendors["twilio"].outage = (503, b"")
        send(api)
        server.work_off()
        assert [received.to for received in vendors["vonage"].received] == [PHONE]
        assert self._attempts(tables) == [("twilio", "unavailable"), ("vonage", "delivered")]

    def test_a_refused_number_is_not_tried_again(
        self, api: Api, server: Server, tables: Tables, vendors: dict[str, SmsVendor]
    ) -> None:
        vendors["twilio"].fault = 21211
        send(api)
        server.work_off()
        job = tables.one("SELECT dead_at, last_error FROM outbox")
        assert job["dead_at"] is not None
        assert PHONE not in job["last_error"]
        assert self._attempts(tables) == [("twilio", "rejected")]

    def test_an_outage_of_all_is_waited_out(
        self, api: Api, server: Server, tables: Tables, vendors: dict[str, SmsVendor]
    ) -> None:
        for vendor in vendors.values():
            vendor.outage = (503, b"")
        send(api)
        server.work_off()
        job = tables.one("SELECT done_at, dead_at, available_at > created_at AS later FROM outbox")
        assert job == {"done_at": None, "dead_at": None, "later": True}

    def test_a_job_whose_workers_all_died_becomes_a_dead_letter(
        self, api: Api, server: Server, tables: Tables, vendors: dict[str, SmsVendor]
    ) -> None:
        """They claimed it as often as a job may be tried, and told nothing: the next one does not run it."""
        send(api)
        died = "UPDATE outbox SET attempts = %s, lease = gen_random_uuid(), leased_until = now() - interval '1 s'"
        tables.run(died, MAX_ATTEMPTS)
        server.work_off()
        job = tables.one("SELECT dead_at IS NOT NULL AS dead, last_error FROM outbox")
        assert job["dead"]
        assert job["last_error"].startswith("GivenUp")
        assert vendors["twilio"].received == []

    def test_a_code_that_expired_meanwhile_is_not_sent(self, api: Api, tables: Tables) -> None:
        expire(tables, opened(send(api)))
        assert api.mails(PHONE) == []
        assert tables.one("SELECT done_at IS NOT NULL AS done FROM outbox")["done"]

    def test_a_code_that_was_replaced_meanwhile_is_not_sent(self, api: Api, server: Server) -> None:
        server.configure(**{"auth.otp_resend_cooldown_seconds": 0})
        challenge_id = opened(send(api))
        resend(api, challenge_id)
        (code,) = sent_codes(api)
        assert verify(api, challenge_id, code).status_code == 200


class TestMailbox:
    def test_it_finds_a_phone_or_an_address_in_any_spelling(self, api: Api) -> None:
        send(api)
        api.register()
        assert [mail["to"] for mail in api.mails(PHONE)] == [PHONE]
        assert [mail["to"] for mail in api.mails(f" {PHONE} ")] == [PHONE]
        assert [mail["to"] for mail in api.mails(" ADA@example.com")] == ["ada@example.com"]
        assert api.mails(OTHER_PHONE) == []


class TestHousekeeping:
    def test_what_expired_long_ago_is_forgotten(self, api: Api, server: Server, tables: Tables) -> None:
        challenge_ids = [opened(send(api)), opened(send(api, OTHER_PHONE))]
        tables.run("UPDATE challenges SET expires_at = now() - interval '8 days' WHERE id = %s", UUID(challenge_ids[0]))
        tables.run("UPDATE phone_quotas SET opened_at = now() - interval '8 days'")

        async def purge() -> None:
            async with server.app.parts.database.unit() as db:
                await db.challenges.purge(datetime.now(UTC) - timedelta(days=7))
                await db.sign_in_challenges.purge(datetime.now(UTC) - timedelta(days=7))

        server.on_loop(purge())
        assert [str(row["id"]) for row in tables.rows("SELECT id FROM challenges")] == challenge_ids[1:]
        assert tables.count("phone_quotas") == 0
