import httpx
import pytest

from domain.users import STATUSES
from tests.handlers.support import account, audited, topics
from tests.harness import Api, Tables, broken_rules, code_of
from tests.providers.servers import SiteVerifyServer


def resend(api: Api, email: str = "ada@example.com", **fields: str) -> httpx.Response:
    return api.call("auth.resend_verification", {"email": email} | fields)


class TestResendVerification:
    def test_strangers_and_owners_get_the_same_answer(self, api: Api, tables: Tables) -> None:
        account(api, tables, "verified@example.com")
        api.register("waiting@example.com")
        answers = [resend(api, f"{name}@example.com") for name in ("verified", "waiting", "unknown")]
        assert {answer.status_code for answer in answers} == {200}
        assert {answer.content for answer in answers} == {
            b'{"success":true,"data":{"message":"Verification email sent (if account exists)"}}'
        }
        assert len({tuple(answer.headers) for answer in answers}) == 1

    def test_a_malformed_body_is_refused(self, api: Api) -> None:
        assert broken_rules(api.call("auth.resend_verification", {})) == {("email", "required")}
        response = resend(api, "nonsense", locale="tr")
        assert code_of(response) == "validation.failed"
        assert broken_rules(response) == {("email", "pattern"), ("locale", "unknown")}

    def test_no_captcha_token_is_refused(self, api: Api, captcha: SiteVerifyServer, tables: Tables) -> None:
        response = resend(api)
        assert (response.status_code, code_of(response)) == (400, "captcha.required")
        assert topics(tables) == []

    def test_a_bad_captcha_token_is_refused(self, api: Api, captcha: SiteVerifyServer, tables: Tables) -> None:
        response = resend(api, captchaToken="bad")
        assert (response.status_code, code_of(response)) == (400, "captcha.invalid")
        assert topics(tables) == []

    def test_a_solved_captcha_passes_under_both_names(self, api: Api, captcha: SiteVerifyServer) -> None:
        assert resend(api, captchaToken="good-1").status_code == 200
        assert resend(api, turnstileToken="good-2").status_code == 200

    def test_a_captcha_vendor_that_is_down_lets_nobody_pass(self, api: Api, captcha: SiteVerifyServer) -> None:
        captcha.outage = (502, b"")
        assert code_of(resend(api, captchaToken="good-1")) == "service.unavailable"

    def test_the_message_speaks_the_language(self, api: Api) -> None:
        body = {"email": "ada@example.com"}
        response = api.call("auth.resend_verification", body, headers={"Accept-Language": "tr"})
        assert response.json()["data"]["message"] == "Doğrulama e-postası gönderildi (hesap varsa)"  # noqa: RUF001

    def test_every_request_leaves_a_job_and_a_trace(self, api: Api, tables: Tables) -> None:
        resend(api)
        resend(api)
        assert topics(tables) == ["auth.resend_verification"] * 2
        traces = audited(tables, "auth.resend_verification.requested")
        assert len(traces) == 2
        assert len({trace["target_id"] for trace in traces}) == 1

    def test_neither_job_nor_trace_show_the_address(self, api: Api, tables: Tables) -> None:
        resend(api, "lovelace@example.com")
        for table in ("outbox", "audit_logs"):
            (row,) = tables.rows(f"SELECT t::text AS text FROM {table} t WHERE t::text LIKE '%%resend%%'")  # noqa: S608
            assert "lovelace" not in row["text"]

    def test_another_link_is_mailed(self, api: Api) -> None:
        api.register()
        earlier = api.verification_token()
        resend(api, " ADA@example.com ")
        newest = api.verification_token()
        assert newest != earlier
        assert api.call("auth.verify_email", {"token": newest}).status_code == 200

    def test_no_mail_for_an_unknown_or_verified_address(self, api: Api, tables: Tables) -> None:
        account(api, tables, "verified@example.com")
        for name in ("unknown", "verified"):
            resend(api, f"{name}@example.com")
            assert api.mails(f"{name}@example.com") == []

    @pytest.mark.parametrize("status", [status for status in STATUSES if status != "ACTIVE"])
    def test_no_mail_for_an_account_that_may_not_act(self, api: Api, tables: Tables, status: str) -> None:
        account(api, tables, status=status, email_verified=False)
        resend(api)
        assert api.mails("ada@example.com") == []
