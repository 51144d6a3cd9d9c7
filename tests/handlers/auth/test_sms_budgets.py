"""What text messages may cost: a captcha, countries, budgets, shares of a phone, and an alert."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest

from tests.handlers.auth.test_otp import (
    OTHER_PHONE,
    PHONE,
    cool_down,
    opened,
    refused,
    resend,
    send,
    send_for_sign_in,
    sent_codes,
    signing_in,
    verify,
)
from tests.handlers.conftest import Clients
from tests.handlers.support import account, change
from tests.harness import Api, Server, Tables, bearer, code_of
from tests.providers.servers import SiteVerifyServer

EXHAUSTED = (503, "auth.otp.budget_exhausted")
LIMITED = (429, "auth.otp.daily_limit")
UNAVAILABLE = (400, "auth.otp.send.country_unavailable")


def zimbabwe(number: int) -> str:
    return f"+2637700{number:05}"


@pytest.fixture
def user_id(api: Api, tables: Tables) -> UUID:
    return account(api, tables)


@pytest.fixture
def token(api: Api, user_id: UUID) -> str:
    return api.sign_in()


@pytest.fixture(autouse=True)
def unlimited(server: Server) -> None:
    """Only the limits of the messages themselves are left."""
    server.configure(**{"ratelimit.enabled": False})


class TestCaptcha:
    def test_none_is_refused(self, api: Api, captcha: SiteVerifyServer, tables: Tables) -> None:
        assert refused(send(api)) == (400, "captcha.required")
        assert (tables.count("challenges"), tables.count("sms_budgets")) == (0, 0)

    def test_a_bad_one_is_refused(self, api: Api, captcha: SiteVerifyServer) -> None:
        assert refused(send(api, fields={"captchaToken": "bad"})) == (400, "captcha.invalid")

    def test_a_solved_one_passes(self, api: Api, captcha: SiteVerifyServer) -> None:
        opened(send(api, fields={"captchaToken": "good-1"}))


class TestCountries:
    def test_phones_of_others_get_none(self, api: Api, server: Server, tables: Tables) -> None:
        server.configure(**{"sms.allowed_countries": ["TR", "JM"]})
        opened(send(api))
        assert refused(send(api, zimbabwe(1))) == UNAVAILABLE
        assert refused(send(api, OTHER_PHONE)) == UNAVAILABLE
        opened(send(api, "+18765551234"))  # the calling code is that of the United States, the country is not
        assert tables.count("challenges") == 2

    @pytest.mark.parametrize("phone", ["+870123456789", "+88213001234", "+449098790000"])
    def test_satellites_and_premium_numbers_get_none(self, api: Api, phone: str) -> None:
        assert refused(send(api, phone)) == UNAVAILABLE

    def test_a_resend_asks_again(self, api: Api, server: Server, tables: Tables) -> None:
        challenge_id = opened(send(api))
        server.configure(**{"sms.allowed_countries": ["DE"]})
        cool_down(tables, challenge_id)
        assert refused(resend(api, challenge_id)) == UNAVAILABLE


class TestBudgets:
    def test_a_country_has_so_many_a_day_whoever_asks(self, server: Server, clients: Clients, tables: Tables) -> None:
        server.configure(**{"sms.daily_budget_per_country": 4})
        answers = [send(clients(server), zimbabwe(number)) for number in range(8)]
        assert [answer.status_code for answer in answers] == [200] * 4 + [503] * 4
        assert refused(answers[-1]) == EXHAUSTED
        assert tables.count("challenges") == 4
        opened(send(clients(server)))

    def test_a_day_has_so_many_in_all(self, server: Server, clients: Clients, tables: Tables) -> None:
        server.configure(**{"sms.daily_budget": 2})
        opened(send(clients(server), zimbabwe(1)))
        opened(send(clients(server)))
        assert refused(send(clients(server), OTHER_PHONE)) == EXHAUSTED
        assert tables.one("SELECT sent FROM sms_budgets WHERE country = '*'") == {"sent": 2}
        assert tables.rows("SELECT * FROM sms_budgets WHERE country = 'US'") == []

    def test_it_says_for_how_long_to_wait(self, api: Api, server: Server) -> None:
        server.configure(**{"sms.daily_budget": 0})
        now = datetime.now(UTC)
        midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        waits = int(send(api).headers["retry-after"])
        assert abs(waits - (midnight - now).total_seconds()) < 5 or waits > 86390

    def test_the_next_day_begins_anew(self, api: Api, server: Server, tables: Tables) -> None:
        server.configure(**{"sms.daily_budget": 1})
        opened(send(api))
        assert refused(send(api)) == EXHAUSTED
        tables.run("UPDATE sms_budgets SET day = day - 1")
        opened(send(api))

    def test_a_resend_counts(self, api: Api, server: Server, tables: Tables) -> None:
        server.configure(**{"sms.daily_budget": 1})
        challenge_id = opened(send(api))
        cool_down(tables, challenge_id)
        assert refused(resend(api, challenge_id)) == EXHAUSTED
        assert tables.one("SELECT resend_count FROM challenges")["resend_count"] == 0

    def test_strangers_spend_nothing_of_those_with_accounts(
        self, api: Api, server: Server, tables: Tables, user_id: UUID
    ) -> None:
        server.configure(**{"sms.daily_budget": 1})
        opened(send(api, OTHER_PHONE))
        assert refused(send(api, OTHER_PHONE)) == EXHAUSTED
        opened(send_for_sign_in(api, signing_in(tables, user_id)))
        assert len(sent_codes(api)) == 1

    def test_a_sign_in_with_another_phone_spends_nothing_and_is_refused_as_the_right_one(
        self, api: Api, server: Server, tables: Tables, user_id: UUID
    ) -> None:
        server.configure(**{"sms.daily_budget": 1})
        temp_token, other = signing_in(tables, user_id), "+905551112299"
        opened(send_for_sign_in(api, temp_token, other))
        assert {row["sent"] for row in tables.rows("SELECT sent FROM sms_budgets")} == {0}
        opened(send_for_sign_in(api, temp_token))
        assert refused(send_for_sign_in(api, temp_token, other)) == EXHAUSTED
        assert refused(send_for_sign_in(api, temp_token)) == EXHAUSTED

    def test_one_who_signs_in_has_one_share_for_all_the_phones_that_they_name(
        self, api: Api, server: Server, tables: Tables, user_id: UUID
    ) -> None:
        server.configure(**{"auth.otp_per_phone_max_per_hour": 1})
        temp_token = signing_in(tables, user_id)
        for number in range(2):
            opened(send_for_sign_in(api, temp_token, f"+9055511122{number:02d}"))
        assert refused(send_for_sign_in(api, temp_token, "+905551112299"))[1] == "auth.otp.send.rate_limit"

    def test_days_long_ago_are_forgotten(self, api: Api, server: Server, tables: Tables) -> None:
        opened(send(api))
        tables.run("UPDATE sms_budgets SET day = day - 8")
        server.let_time_come("housekeeping.forget_ended")
        assert tables.count("sms_budgets") == 0


class TestAccounts:
    """One account cannot use up what a country has for all, whatever the phones, purposes and resends."""

    @pytest.fixture(autouse=True)
    def two_a_day(self, server: Server) -> None:
        server.configure(**{"sms.daily_per_account": 2})

    def send(self, api: Api, token: str, number: int, purpose: str = "verify-phone-profile") -> httpx.Response:
        return send(api, zimbabwe(number), purpose, headers=bearer(token))

    def test_one_has_so_many_a_day(self, api: Api, tables: Tables, token: str) -> None:
        opened(self.send(api, token, 1))
        opened(self.send(api, token, 2, "2fa-setup"))
        for number, purpose in ((1, "verify-phone-profile"), (3, "2fa-setup")):
            response = self.send(api, token, number, purpose)
            assert refused(response) == LIMITED
            assert 86_390 <= int(response.headers["retry-after"]) <= 86_400
        assert tables.one("SELECT sent FROM sms_budgets WHERE country = 'ZW'") == {"sent": 2}

    def test_a_resend_counts(self, api: Api, tables: Tables, token: str) -> None:
        challenge_id = opened(self.send(api, token, 1))
        for status in (200, 429):
            cool_down(tables, challenge_id)
            response = resend(api, challenge_id)
            assert response.status_code == status
        assert refused(response) == LIMITED
        assert 86_390 <= int(response.headers["retry-after"]) <= 86_400
        assert tables.one("SELECT resend_count FROM challenges") == {"resend_count": 1}

    def test_others_have_their_own(self, api: Api, tables: Tables, token: str) -> None:
        for number in range(2):
            opened(self.send(api, token, number))
        account(api, tables, "eve@example.com")
        opened(self.send(api, api.sign_in("eve@example.com"), 1))
        opened(send(api))

    def test_a_day_later_it_has_them_again(self, api: Api, tables: Tables, token: str) -> None:
        for number in range(2):
            opened(self.send(api, token, number))
        tables.run("UPDATE phone_quotas SET opened_at = opened_at - interval '1 day'")
        opened(self.send(api, token, 1))

    def test_sign_ins_take_nothing_from_who_is_signed_in(
        self, api: Api, tables: Tables, user_id: UUID, token: str
    ) -> None:
        temp_token = signing_in(tables, user_id)
        for number in range(2):
            opened(send_for_sign_in(api, temp_token, zimbabwe(number)))
        assert refused(send_for_sign_in(api, temp_token, zimbabwe(2))) == LIMITED
        opened(self.send(api, token, 1))

    @pytest.mark.parametrize("phone", [PHONE, OTHER_PHONE])
    def test_a_sign_in_with_another_phone_is_counted_and_refused_as_the_right_one(
        self, api: Api, tables: Tables, user_id: UUID, phone: str
    ) -> None:
        temp_token = signing_in(tables, user_id)
        challenge_id = opened(send_for_sign_in(api, temp_token, phone))
        for status in (200, 429):
            cool_down(tables, challenge_id)
            assert resend(api, challenge_id).status_code == status
        for other in (PHONE, OTHER_PHONE):
            assert refused(send_for_sign_in(api, temp_token, other)) == LIMITED


class TestShares:
    """Whoever else asks for codes to a phone, its owner still gets theirs."""

    @pytest.fixture(autouse=True)
    def one_an_hour(self, server: Server) -> None:
        server.configure(**{"auth.otp_per_phone_max_per_hour": 1})

    def test_strangers_use_up_nothing_of_the_owners(
        self, api: Api, tables: Tables, user_id: UUID, token: str, clients: Clients, server: Server
    ) -> None:
        opened(send(clients(server)))
        assert code_of(send(clients(server))) == "auth.otp.send.rate_limit"
        opened(send(api, purpose="verify-phone-profile", headers=bearer(token)))
        opened(send_for_sign_in(api, signing_in(tables, user_id)))

    def test_many_accounts_of_one_network_are_one_stranger(
        self, api: Api, server: Server, tables: Tables, clients: Clients
    ) -> None:
        """A token counts calls by its account; the codes of ``verify-phone-fan`` are nobody's account."""
        server.configure(**{"auth.otp_per_phone_max_per_hour": 5, "auth.otp_per_network_max_per_hour": 2})
        for name, code in (("bob", None), ("eve", None), ("mallory", "auth.otp.send.rate_limit")):
            account(api, tables, f"{name}@example.com")
            headers = bearer(api.sign_in(f"{name}@example.com"))
            response = send(api, headers=headers)
            assert response.status_code == 200 if code is None else code_of(response) == code
        opened(send(clients(server)))

    def test_a_resend_is_of_the_network_too(self, api: Api, server: Server, tables: Tables, clients: Clients) -> None:
        server.configure(**{"auth.otp_per_phone_max_per_hour": 5, "auth.otp_per_network_max_per_hour": 1})
        challenge_id = opened(send(api))
        cool_down(tables, challenge_id)
        assert code_of(resend(api, challenge_id)) == "auth.otp.resend.cap_reached"
        assert resend(clients(server), challenge_id).status_code == 200

    @pytest.mark.usefixtures("unlimited")
    def test_an_ipv6_network_is_as_large_as_a_customers(self, server: Server, clients: Clients) -> None:
        """The /64 has one, the /56 around it four; the next one has its own."""
        server.configure(**{"auth.otp_per_phone_max_per_hour": 50, "auth.otp_per_network_max_per_hour": 1})
        home = [clients(server, f"2001:db8:7:{number:x}::1") for number in range(5)]
        assert [send(api).status_code for api in home] == [200, 200, 200, 200, 400]
        assert code_of(send(home[0])) == "auth.otp.send.rate_limit"
        opened(send(clients(server, "2001:db8:7:100::1")))

    @pytest.mark.usefixtures("unlimited")
    def test_accounts_of_one_network_have_four_times_as_many(
        self, api: Api, server: Server, tables: Tables, token: str
    ) -> None:
        server.configure(**{"auth.otp_per_phone_max_per_hour": 50, "auth.otp_per_network_max_per_hour": 1})
        for code in (None, None, None, None, "auth.otp.send.rate_limit"):
            response = send(api, purpose="verify-phone-profile", headers=bearer(token))
            assert response.status_code == 200 if code is None else code_of(response) == code
        opened(send(api))

    def test_nor_do_other_accounts(self, api: Api, tables: Tables, user_id: UUID, token: str) -> None:
        change(tables, "users", user_id, phone=PHONE, phone_verified_at=datetime.now(UTC))
        for name, code in (("bob", None), ("eve", "auth.otp.send.rate_limit")):
            account(api, tables, f"{name}@example.com")
            headers = bearer(api.sign_in(f"{name}@example.com"))
            response = send(api, purpose="verify-phone-profile", headers=headers)
            assert response.status_code == 200 if code is None else code_of(response) == code
        opened(send(api, purpose="2fa-setup", headers=bearer(token)))

    def test_a_resend_is_of_the_share_of_its_challenge(
        self, api: Api, server: Server, tables: Tables, token: str
    ) -> None:
        challenge_id = opened(send(api, purpose="2fa-setup", headers=bearer(token)))
        cool_down(tables, challenge_id)
        assert code_of(resend(api, challenge_id)) == "auth.otp.resend.cap_reached"
        opened(send(api))


class TestAlert:
    def pump(self, api: Api, sent: int) -> None:
        for number in range(sent):
            opened(send(api, zimbabwe(number)))

    def told(self, api: Api) -> list[str]:
        api.server.let_time_come("sms.watch_budgets")
        return [mail["text"] for mail in api.mails("alert@example.com")]

    def test_codes_that_do_not_come_back_are_told_once(self, api: Api, server: Server) -> None:
        server.configure(**{"security.alert_email": "alert@example.com", "sms.alert_sent": 3})
        self.pump(api, 2)
        assert self.told(api) == []
        self.pump(api, 2)
        texts = self.told(api)
        assert len(texts) == 2  # of the country, and of all
        assert any("ZW: 4; confirmed: 0; daily budget: 500" in text for text in texts)
        self.pump(api, 1)
        assert len(self.told(api)) == 2

    def test_codes_that_come_back_are_not(self, api: Api, server: Server, tables: Tables) -> None:
        server.configure(**{"security.alert_email": "alert@example.com", "sms.alert_sent": 1})
        challenge_id = opened(send(api))
        (code,) = sent_codes(api)
        assert verify(api, challenge_id, code).status_code == 200
        assert tables.one("SELECT sent, verified FROM sms_budgets WHERE country = 'TR'") == {"sent": 1, "verified": 1}
        assert self.told(api) == []

    def test_a_budget_that_is_nearly_used_up_is(self, api: Api, server: Server) -> None:
        server.configure(**{"security.alert_email": "alert@example.com", "sms.daily_budget_per_country": 5})
        self.pump(api, 4)
        (text,) = self.told(api)
        assert "ZW: 4" in text

    def test_without_an_address_nobody_is(self, api: Api, server: Server, tables: Tables) -> None:
        server.configure(**{"sms.alert_sent": 1})
        self.pump(api, 2)
        assert self.told(api) == []

    def test_the_metric_tells_both(self, api: Api) -> None:
        challenge_id = opened(send(api))
        (code,) = sent_codes(api)
        verify(api, challenge_id, code)
        exposed = api.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).text
        for event in ("sent", "verified"):
            assert f'biore_sms_codes_today{{asked_by="anybody",country="TR",event="{event}"}} 1.0' in exposed
