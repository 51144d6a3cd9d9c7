import threading
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from domain.users import REFERRAL_ALPHABET
from tests.dns_server import SERVFAIL, SILENT, DnsServer, Zone
from tests.handlers.conftest import Clients
from tests.handlers.support import audited, broken, change, forced, insert, tombstone, topics, until, waiting_for_locks
from tests.harness import PASSWORD, TOKEN, Api, Server, Tables, broken_rules, code_of
from tests.providers.servers import SiteVerifyServer

KEY = {"Idempotency-Key": "3f7c1f0e-one"}
PLAIN = {"email": "ada@example.com", "password": PASSWORD, "acceptedTerms": True, "acceptedPrivacy": True}


ZONE: Zone = {
    "mx.test": {"MX": ["10 mail.mx.test."]},
    "a-only.test": {"A": ["192.0.2.1"]},
    "aaaa-only.test": {"AAAA": ["2001:db8::1"]},
    "null-mx.test": {"MX": ["0 ."], "A": ["192.0.2.1"]},
    "no-mail.test": {"TXT": ['"nothing here"']},
    "servfail.test": SERVFAIL,
    "silent.test": SILENT,
}


@pytest.fixture(scope="module")
def dns() -> Iterator[DnsServer]:
    with DnsServer(dict(ZONE)) as dns:
        yield dns


@pytest.fixture(scope="module")
def asking(dns: DnsServer, start_server: Callable[..., Server]) -> Server:
    server = start_server(dns_resolver=dns.address)
    server.configure(**{"auth.email_mx_check": True})
    return server


def register(api: Api, headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
    return api.call("auth.register", PLAIN | fields, headers=headers or {})


def the_user(tables: Tables) -> dict[str, Any]:
    return tables.one("SELECT * FROM users")


class TestRegister:
    def test_anybody_may_and_a_bad_token_does_no_harm(self, api: Api) -> None:
        assert register(api, {"Authorization": "Bearer nonsense"}).status_code == 201

    def test_another_account_stays_as_it_was(self, api: Api, tables: Tables) -> None:
        register(api, email="eve@example.com", username="eve")
        before = tables.one("SELECT * FROM users WHERE username = 'eve'")
        assert register(api, username="ada").status_code == 201
        assert tables.one("SELECT * FROM users WHERE username = 'eve'") == before

    def test_every_violation_is_named(self, api: Api) -> None:
        body = {"email": "no address", "password": "short", "acceptedTerms": False, "isAdmin": True, "username": "Ada!"}
        response = api.call("auth.register", body)
        assert response.status_code == 400
        assert broken_rules(response) == {
            ("email", "pattern"),
            ("password", "minLength"),
            ("password", "uppercase"),
            ("password", "digit"),
            ("acceptedTerms", "enum"),
            ("acceptedPrivacy", "required"),
            ("isAdmin", "unknown"),
            ("username", "pattern"),
        }

    @pytest.mark.parametrize(
        ("field", "value", "rule"),
        [
            ("email", "ada@localhost", "pattern"),
            ("email", '"ada"@example.com', "pattern"),
            ("email", "ada@[127.0.0.1]", "pattern"),
            ("email", "ada@127.0.0.1", "pattern"),
            ("email", "a" * 250 + "@example.com", "maxLength"),
            ("email", None, "type"),
            ("password", "aA1" + "x" * 126, "maxLength"),
            ("password", "correct-horse-7", "uppercase"),
            ("password", "CORRECT-HORSE-7", "lowercase"),
            ("password", "Correct-Horse", "digit"),
            ("acceptedPrivacy", False, "enum"),
            ("acceptedTerms", "true", "type"),
            ("username", "ada\n", "pattern"),
            ("username", "", "minLength"),
            ("username", "a" * 101, "maxLength"),
            ("displayName", "a" * 101, "maxLength"),
            ("intent", "admin", "enum"),
            ("referralCode", "a" * 65, "maxLength"),
            ("utmTerm", "a" * 101, "maxLength"),
            ("firstLandingPage", "a" * 2049, "maxLength"),
            ("locale", "xx", "enum"),
        ],
    )
    def test_a_field_outside_its_rules_is_refused(self, api: Api, field: str, value: Any, rule: str) -> None:
        response = register(api, **{field: value})
        assert code_of(response) == "validation.failed"
        assert (field, rule) in broken_rules(response)

    def test_a_body_that_is_none_is_refused(self, api: Api, tables: Tables) -> None:
        for content in (b"", b"{", b"[]", b'{"email": "\xff"}', b'{"email": "\\u0000"}', b"[" * 100_000):
            response = api.call("auth.register", content=content, headers={"Content-Type": "application/json"})
            assert code_of(response) == "validation.failed"
        assert tables.count("users") == 0

    def test_a_closed_registration_refuses(self, api: Api, server: Server, tables: Tables) -> None:
        server.configure(**{"platform.registration_enabled": False})
        response = register(api)
        assert (response.status_code, code_of(response)) == (403, "auth.register.closed")
        assert tables.count("users") == 0

    @pytest.mark.parametrize(
        "email", ["ada@mailinator.com", "ada@deep.below.mailinator.com", "a" * 65 + "@example.com"]
    )
    def test_an_unusable_address_is_refused(self, api: Api, tables: Tables, email: str) -> None:
        response = register(api, email=email)
        assert (response.status_code, code_of(response)) == (400, "auth.register.invalid_email")
        assert tables.count("users") == 0

    def test_a_taken_address_is_refused_in_every_spelling(self, api: Api, tables: Tables) -> None:
        register(api)
        for email in ("ada@example.com", " ADA@Example.com ", "ａｄａ@example.com"):  # noqa: RUF001
            response = register(api, email=email)
            assert (response.status_code, code_of(response)) == (409, "auth.register.email_exists")
        assert tables.count("users") == 1

    @pytest.mark.parametrize("keyed", [True, False], ids=["keyed", "plain, of a former release"])
    def test_the_address_of_an_erased_account_is_refused(self, api: Api, tables: Tables, keyed: bool) -> None:
        plain = f"deleted_{sha256(b'ada@example.com').hexdigest()}@deleted.bio.re"
        left = tombstone(api.server, "ada@example.com") if keyed else plain
        insert(tables, "users", email=left, status="DELETED")
        response = register(api, email=" Ada@example.com")
        assert (response.status_code, code_of(response)) == (409, "auth.register.account_previously_deleted")
        assert tables.count("users") == 1

    def test_a_taken_or_reserved_username_is_refused(self, api: Api, tables: Tables) -> None:
        register(api, email="eve@example.com", username="eve")
        for username in ("eve", "admin", "bio.re", "adm1n", "bio-re-official"):
            response = register(api, username=username)
            assert (response.status_code, code_of(response)) == (409, "auth.register.username_unavailable")
        assert tables.count("users") == 1

    @pytest.mark.parametrize("username", [".well-known", "...", "index.html", "reset-password", "de", "files", "docs"])
    def test_a_path_of_the_site_is_no_username(self, api: Api, tables: Tables, username: str) -> None:
        response = register(api, username=username)
        assert (response.status_code, code_of(response)) == (409, "auth.register.username_unavailable")
        assert tables.count("users") == 0

    @pytest.mark.parametrize(
        ("column", "value", "code"),
        [
            ("email", "eve@example.com", "auth.register.email_exists"),
            ("username", "eve", "auth.register.username_unavailable"),
            ("referral_code", "EVESCODE", "auth.register.referral_code_collision"),
        ],
    )
    def test_the_constraint_decides(self, api: Api, tables: Tables, column: str, value: str, code: str) -> None:
        insert(tables, "users", email="eve@example.com", username="eve", referral_code="EVESCODE")
        before = tables.fingerprints()
        with forced(tables, column, value):
            response = register(api, username="ada")
        assert (response.status_code, code_of(response)) == (409, code)
        assert tables.changed_since(before) == set()
        assert register(api, username="ada").status_code == 201

    def test_the_rules_apply_in_their_order(self, api: Api, server: Server, tables: Tables) -> None:
        register(api, email="eve@example.com")
        insert(tables, "users", email=tombstone(api.server, "ada@example.com"), status="DELETED")
        told = [
            code_of(register(api, email=email, username="admin")) for email in ("x@mailinator.com", "eve@example.com")
        ]
        told.append(code_of(register(api, username="admin")))
        server.configure(**{"platform.registration_enabled": False})
        told.append(code_of(register(api, email="x@mailinator.com")))
        assert told == [
            "auth.register.invalid_email",
            "auth.register.email_exists",
            "auth.register.account_previously_deleted",
            "auth.register.closed",
        ]

    def test_the_answer_names_the_new_account(self, api: Api, tables: Tables) -> None:
        response = register(api)
        assert response.status_code == 201
        assert response.json() == {
            "success": True,
            "data": {
                "userId": str(the_user(tables)["id"]),
                "message": "Registration successful. Please check your email to verify your account.",
            },
        }

    @pytest.mark.parametrize(
        ("given", "stored"),
        [
            ("\u3000 Ada@Example.COM\t", "ada@example.com"),
            ("ａｄａ＠example．com", "ada@example.com"),  # noqa: RUF001
            ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
            ("ada@bücher。example", "ada@xn--bcher-kva.example"),
            ("Ada+tag@example.com", "ada+tag@example.com"),
        ],
    )
    def test_an_address_is_stored_clean(self, api: Api, tables: Tables, given: str, stored: str) -> None:
        assert register(api, email=given).status_code == 201
        assert the_user(tables)["email"] == stored

    @pytest.mark.parametrize("nothing", ["", "  ", "\u200b\u2060", "\u3000\u2800", "\ufe0f"])
    def test_a_name_of_which_nothing_is_seen_is_none(self, api: Api, tables: Tables, nothing: str) -> None:
        assert register(api, displayName=nothing).status_code == 201
        assert the_user(tables)["display_name"] is None

    def test_the_row_holds_what_was_given(self, api: Api, tables: Tables) -> None:
        given = {
            "username": "ada.l-1_x",
            "displayName": "Ada Lovelace 🌷",
            "intent": "creator",
            "utmSource": "newsletter",
            "utmMedium": "email",
            "utmCampaign": "spring",
            "utmTerm": "engines",
            "utmContent": "a",
            "firstReferrerUrl": "https://example.org/?a=1",
            "firstLandingPage": "https://bio.re/ada",
        }
        assert register(api, {"User-Agent": "Mozilla/5.0 " + "x" * 600}, **given).status_code == 201
        row = the_user(tables)
        code = row.pop("referral_code")
        assert len(code) == 8
        assert set(code) <= set(REFERRAL_ALPHABET)
        assert row.pop("password_hash").startswith("$2b$04$")
        assert {name: value for name, value in row.items() if name not in ("id", "created_at")} == {
            "email": "ada@example.com",
            "username": "ada.l-1_x",
            "display_name": "Ada Lovelace 🌷",
            "avatar_url": None,
            "avatar_key": None,
            "bio": None,
            "status": "ACTIVE",
            "email_verified": False,
            "admin_version": 1,
            "unlocked_at": None,
            "owner_unproven": False,
            "password_due": False,
            "two_factor_enabled": False,
            "two_factor_enabled_at": None,
            "two_factor_secret": None,
            "two_factor_last_step": None,
            "phone": None,
            "phone_verified_at": None,
            "locale": "en",
            "intent": "creator",
            "last_login_at": None,
            "referred_by": None,
            "referred_by_code": None,
            "acquired_via_creator_id": None,
            "first_referrer_url": "https://example.org/?a=1",
            "first_landing_page": "https://bio.re/ada",
            "utm_source": "newsletter",
            "utm_medium": "email",
            "utm_campaign": "spring",
            "utm_term": "engines",
            "utm_content": "a",
            "registration_device": ("Mozilla/5.0 " + "x" * 600)[:512],
            "registration_country": None,
        }

    def test_attribution_hides_nothing_and_is_one_line(self, api: Api, tables: Tables) -> None:
        utms = ("Source", "Medium", "Campaign", "Term", "Content")
        odd = "\u202ehttps://\u200bbio.re/a\r\nb\u2066"
        given: dict[str, Any] = dict.fromkeys(("firstReferrerUrl", "firstLandingPage", *(f"utm{n}" for n in utms)), odd)
        assert register(api, referralCode="\u202eX\n", **given).status_code == 201
        row = the_user(tables)
        kept = ("first_referrer_url", "first_landing_page", *(f"utm_{name.lower()}" for name in utms))
        assert {row[name] for name in kept} == {"https://bio.re/a b"}

    def test_both_consents_are_recorded_with_their_versions(self, api: Api, server: Server, tables: Tables) -> None:
        server.configure(**{"legal.terms_version": "2.1", "legal.privacy_version": "3.0"})
        register(api)
        consents = tables.rows("SELECT user_id, kind, granted, version FROM consent_records ORDER BY kind")
        user_id = the_user(tables)["id"]
        assert consents == [
            {"user_id": user_id, "kind": "privacy", "granted": True, "version": "3.0"},
            {"user_id": user_id, "kind": "terms", "granted": True, "version": "2.1"},
        ]

    def test_the_link_is_mailed_and_its_token_kept_nowhere(self, api: Api, server: Server, tables: Tables) -> None:
        server.configure(**{"auth.verification_ttl_hours": 3})
        register(api)
        assert topics(tables) == ["email.verify_address"]
        sealed = tables.one("SELECT payload FROM outbox")["payload"]["sealed"]
        (mail,) = api.mails("ada@example.com")
        assert mail["subject"] == "Verify your e-mail address"
        assert f"{server.origin}/verify-email?token=" in mail["text"]
        found = TOKEN.search(mail["text"])
        assert found is not None
        assert found[1] not in sealed
        assert tables.one("SELECT payload FROM outbox")["payload"] == {}
        row = tables.one("SELECT *, expires_at - created_at AS life FROM email_verifications")
        assert row["token_hash"] == sha256(UUID(found[1]).bytes).digest()
        assert 3 * 3600 - 60 < row["life"].total_seconds() < 3 * 3600 + 60
        assert tables.one("SELECT provider, outcome FROM email_deliveries") == {
            "provider": "mailbox",
            "outcome": "delivered",
        }

    def test_nobody_is_signed_in_and_nothing_is_audited(self, api: Api, tables: Tables) -> None:
        assert "set-cookie" not in register(api).headers
        assert tables.count("sessions") == 0
        assert audited(tables, "auth.register.success") == []


class TestReferral:
    def test_an_accounts_own_code_comes_before_a_link_before_an_alias(self, api: Api, tables: Tables) -> None:
        owners = [insert(tables, "users", email=f"{name}@example.com") for name in ("own", "link", "alias")]
        change(tables, "users", owners[0], referral_code="SAME")
        link = insert(tables, "referral_links", user_id=owners[1], code="SAME")
        other = insert(tables, "referral_links", user_id=owners[2], code="OTHER")
        insert(tables, "referral_link_aliases", link_id=other, code="SAME")
        referrers = [self._referrer(api, tables, "a@example.com", "SAME")]
        change(tables, "users", owners[0], referral_code=None)
        referrers.append(self._referrer(api, tables, "b@example.com", "SAME"))
        change(tables, "referral_links", link, code="GONE")
        referrers.append(self._referrer(api, tables, "c@example.com", "SAME"))
        assert referrers == owners

    def test_an_unknown_code_is_ignored(self, api: Api, tables: Tables) -> None:
        assert self._referrer(api, tables, "ada@example.com", "NOBODYS") is None

    def test_a_new_code_is_free_among_links_and_aliases_too(self, api: Api, tables: Tables) -> None:
        register(api)
        register(api, email="eve@example.com")
        codes = {row["referral_code"] for row in tables.rows("SELECT referral_code FROM users")}
        assert len(codes) == 2

    @staticmethod
    def _referrer(api: Api, tables: Tables, email: str, code: str) -> UUID | None:
        assert register(api, email=email, referralCode=code).status_code == 201
        row = tables.one("SELECT referred_by FROM users WHERE email = %s", email)
        return None if row["referred_by"] is None else UUID(str(row["referred_by"]))


class TestCountry:
    @pytest.mark.parametrize(("header", "stored"), [("TR", "TR"), ("de", "DE"), ("XX", None), ("T1", None)])
    def test_the_proxys_word_is_taken(self, api: Api, tables: Tables, header: str, stored: str | None) -> None:
        register(api, {"cf-ipcountry": header})
        assert the_user(tables)["registration_country"] == stored

    def test_a_strangers_word_is_not(self, start_server: Callable[..., Server], clients: Clients) -> None:
        server = start_server(trusted_proxies=())
        register(clients(server), {"cf-ipcountry": "TR"})
        with Tables(server.database_url) as tables:
            assert the_user(tables)["registration_country"] is None


class TestLocale:
    @pytest.mark.parametrize(
        ("body", "header", "stored"),
        [
            ("tr", "en", "tr"),
            (None, "tr", "tr"),
            (None, "sv-SE, tr-TR;q=0.8, en;q=0.5", "tr"),
            (None, "sv", "en"),
            (None, "", "en"),
            (None, "tr;q=0", "en"),
        ],
    )
    def test_the_body_comes_before_the_header_before_the_default(
        self, api: Api, tables: Tables, body: str | None, header: str, stored: str
    ) -> None:
        fields = {} if body is None else {"locale": body}
        assert register(api, {"Accept-Language": header}, **fields).status_code == 201
        assert the_user(tables)["locale"] == stored

    def test_the_default_is_the_first_that_is_offered(self, api: Api, server: Server, tables: Tables) -> None:
        server.configure(**{"platform.supported_locales": ["tr", "en"]})
        register(api, {"Accept-Language": "sv"})
        assert the_user(tables)["locale"] == "tr"

    def test_one_that_is_not_offered_is_refused(self, api: Api, server: Server, tables: Tables) -> None:
        server.configure(**{"platform.supported_locales": ["en", "tr"]})
        response = register(api, locale="de")
        assert code_of(response) == "validation.failed"
        assert response.json()["error"]["details"] == [
            {"field": "locale", "rule": "enum", "message": "Must be one of: en, tr."}
        ]
        assert tables.count("users") == 0

    def test_answer_refusal_and_mail_speak_the_language(self, api: Api) -> None:
        turkish = {"Accept-Language": "tr"}
        assert register(api, turkish).json()["data"]["message"].startswith("Kayıt başarılı.")  # noqa: RUF001
        assert register(api, turkish).json()["error"]["message"] != register(api).json()["error"]["message"]
        (mail,) = api.mails("ada@example.com")
        assert mail["locale"] == "tr"
        assert mail["subject"] != "Verify your e-mail address"


class TestPassword:
    def test_all_of_128_characters_count(self, api: Api, tables: Tables) -> None:
        password = "Aa1" + "x" * 125
        assert register(api, password=password).status_code == 201
        tables.run("UPDATE users SET email_verified = true")
        for wrong in (password[:-1] + "y", password[:72], password[:100] + "y" + password[101:]):
            response = api.call("auth.login", {"email": "ada@example.com", "password": wrong})
            assert code_of(response) == "auth.login.invalid_credentials"
        assert api.sign_in(password=password)

    def test_characters_count_and_not_bytes(self, api: Api, tables: Tables) -> None:
        password = "Aa1" + "🌷" * 125
        assert register(api, password=password).status_code == 201
        tables.run("UPDATE users SET email_verified = true")
        assert api.sign_in(password=password)

    def test_the_cost_is_the_configured_one(self, api: Api, server: Server, tables: Tables) -> None:
        server.configure(**{"auth.salt_rounds": 10})
        register(api)
        assert the_user(tables)["password_hash"].startswith("$2b$10$")


class TestCaptcha:
    def test_no_token_is_refused(self, api: Api, captcha: SiteVerifyServer) -> None:
        tokenless: tuple[dict[str, Any], ...] = ({}, {"captchaToken": ""})
        for fields in tokenless:
            response = register(api, **fields)
            assert (response.status_code, code_of(response)) == (400, "captcha.required")
        assert captcha.forms == []

    def test_a_bad_or_spent_token_is_refused(self, api: Api, captcha: SiteVerifyServer, tables: Tables) -> None:
        assert register(api, captchaToken="good-1").status_code == 201
        for token in ("bad", "good-1"):
            response = register(api, email="eve@example.com", captchaToken=token)
            assert (response.status_code, code_of(response)) == (400, "captcha.invalid")
        assert tables.count("users") == 1

    def test_the_vendor_learns_token_and_address(self, api: Api, captcha: SiteVerifyServer) -> None:
        assert register(api, captchaToken="good-1").status_code == 201
        assert captcha.forms == [{"secret": captcha.secret, "response": "good-1", "remoteip": api.address}]

    def test_the_former_name_works_and_the_new_one_wins(self, api: Api, captcha: SiteVerifyServer) -> None:
        assert register(api, turnstileToken="good-1").status_code == 201
        both = register(api, email="eve@example.com", turnstileToken="bad", captchaToken="good-2")
        assert both.status_code == 201

    def test_a_body_that_is_refused_spends_no_token(self, api: Api, captcha: SiteVerifyServer) -> None:
        assert code_of(register(api, captchaToken="good-1", password="x")) == "validation.failed"
        assert captcha.forms == []

    def test_a_vendor_that_is_down_lets_nobody_pass(self, api: Api, captcha: SiteVerifyServer, tables: Tables) -> None:
        captcha.outage = (500, b"")
        response = register(api, captchaToken="good-1")
        assert (response.status_code, code_of(response)) == (503, "service.unavailable")
        assert response.headers["retry-after"] == "5"
        assert tables.count("users") == 0


class TestIdempotency:
    def test_the_same_again_gets_the_stored_answer(self, api: Api, tables: Tables) -> None:
        first = register(api, KEY)
        before = tables.fingerprints()
        again = register(api, KEY)
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.content == first.content
        assert again.headers["idempotency-replayed"] == "true"
        assert "idempotency-replayed" not in first.headers
        assert tables.changed_since(before) == set()
        assert len(api.mails("ada@example.com")) == 1

    def test_the_same_in_other_words_is_the_same(self, api: Api) -> None:
        first = register(api, KEY)
        again = register(api, KEY, email=" ADA@example.com")
        assert again.content == first.content

    def test_another_body_is_refused(self, api: Api, tables: Tables) -> None:
        register(api, KEY)
        response = register(api, KEY, email="eve@example.com")
        assert (response.status_code, code_of(response)) == (422, "idempotency.key_reused")
        assert tables.count("users") == 1

    def test_a_strangers_key_is_another_key(self, api: Api, server: Server, clients: Clients) -> None:
        register(api, KEY)
        response = register(clients(server), KEY)
        assert code_of(response) == "auth.register.email_exists"
        assert "idempotency-replayed" not in response.headers

    def test_while_the_first_is_in_flight_the_second_waits_its_turn(
        self, api: Api, server: Server, clients: Clients, tables: Tables
    ) -> None:
        first: list[httpx.Response] = []
        slow = clients(server, api.address)
        call = threading.Thread(target=lambda: first.append(register(slow, KEY)))
        with psycopg.connect(server.database_url) as holder:
            holder.execute("LOCK TABLE users IN EXCLUSIVE MODE")
            call.start()
            until(lambda: waiting_for_locks(tables))
            response = register(api, KEY)
            assert (response.status_code, code_of(response)) == (409, "idempotency.in_progress")
            assert 1 <= int(response.headers["retry-after"]) <= 60
        call.join()
        assert first[0].status_code == 201
        assert register(api, KEY).content == first[0].content
        assert tables.count("users") == 1

    def test_a_claim_that_was_taken_over_keeps_nothing(
        self, api: Api, server: Server, clients: Clients, tables: Tables
    ) -> None:
        answers: list[httpx.Response] = []

        def send(client: Api) -> None:
            answers.append(register(client, KEY))

        calls = [threading.Thread(target=send, args=[clients(server, api.address)]) for _ in range(2)]
        with psycopg.connect(server.database_url) as holder:
            holder.execute("LOCK TABLE users IN EXCLUSIVE MODE")
            for waiting, call in enumerate(calls, start=1):
                call.start()
                until(lambda expected=waiting: waiting_for_locks(tables) == expected)  # type: ignore[misc]
                tables.run("UPDATE idempotency_keys SET leased_until = now() - interval '1 second'")
        for call in calls:
            call.join()
        lost, won = sorted(answers, key=lambda answer: answer.status_code, reverse=True)
        assert (won.status_code, code_of(lost)) == (201, "idempotency.in_progress")
        assert tables.count("users") == 1
        assert topics(tables) == ["email.verify_address"]
        assert register(api, KEY).content == won.content

    def test_a_refusal_is_stored_too(self, api: Api, tables: Tables) -> None:
        user_id = insert(tables, "users", email="ada@example.com")
        first = register(api, KEY)
        change(tables, "users", user_id, email="eve@example.com")
        again = register(api, KEY)
        assert code_of(again) == "auth.register.email_exists"
        assert again.content == first.content
        assert again.headers["idempotency-replayed"] == "true"

    def test_a_fault_of_ours_is_not_stored(self, api: Api, tables: Tables) -> None:
        with broken(tables, "users", "email"):
            assert code_of(register(api, KEY)) == "internal.error"
        assert tables.count("idempotency_keys") == 0
        assert register(api, KEY).status_code == 201

    def test_an_expired_key_is_free(self, api: Api, tables: Tables) -> None:
        register(api, KEY)
        life = tables.one("SELECT expires_at - created_at AS life FROM idempotency_keys")["life"]
        assert life.total_seconds() == 24 * 3600
        tables.run("UPDATE idempotency_keys SET expires_at = now() - interval '1 second'")
        assert register(api, KEY, email="eve@example.com").status_code == 201

    def test_captcha_tokens_are_no_part_of_the_request(self, api: Api, captcha: SiteVerifyServer) -> None:
        first = register(api, KEY, captchaToken="good-1")
        for fields in ({"captchaToken": "good-2"}, {"turnstileToken": "good-3"}, {}):
            again = register(api, KEY, **fields)
            assert again.content == first.content
        assert len(captcha.forms) == 1

    def test_a_failed_captcha_leaves_the_key_free(self, api: Api, captcha: SiteVerifyServer, tables: Tables) -> None:
        for fields in ({"captchaToken": "bad"}, {}):
            assert code_of(register(api, KEY, **fields)).startswith("captcha.")
            assert tables.count("idempotency_keys") == 0
        response = register(api, KEY, captchaToken="good-1")
        assert response.status_code == 201
        assert "idempotency-replayed" not in response.headers

    @pytest.mark.parametrize(("key", "rule"), [("k" * 256, "maxLength"), ("ö", "pattern"), ("", "minLength")])
    def test_a_malformed_key_is_refused(self, api: Api, key: str, rule: str) -> None:
        response = api.call("auth.register", PLAIN, headers=[(b"Idempotency-Key", key.encode("latin-1"))])
        assert code_of(response) == "validation.failed"
        assert ("Idempotency-Key", rule) in broken_rules(response)

    def test_neither_key_nor_caller_are_kept_with_the_password(self, api: Api, tables: Tables) -> None:
        register(api, KEY)
        row = tables.one("SELECT idempotency_keys::text AS text, fingerprint FROM idempotency_keys")
        assert len(row["fingerprint"]) == 32
        assert api.address not in row["text"]


class TestDeliverability:
    """``auth.email_mx_check`` on, with a name server on loopback."""

    @pytest.mark.parametrize("domain", ["mx.test", "a-only.test", "aaaa-only.test", "servfail.test", "silent.test"])
    def test_a_domain_that_may_take_mail_is_accepted(self, asking: Server, clients: Clients, domain: str) -> None:
        assert register(clients(asking), email=f"ada@{domain}").status_code == 201

    @pytest.mark.parametrize("domain", ["null-mx.test", "no-mail.test", "does-not-exist.test"])
    def test_a_domain_that_takes_none_is_refused(self, asking: Server, clients: Clients, domain: str) -> None:
        response = register(clients(asking), email=f"ada@{domain}")
        assert (response.status_code, code_of(response)) == (400, "auth.register.invalid_email")

    def test_with_the_check_off_nobody_is_asked(self, api: Api) -> None:
        assert register(api, email="ada@does-not-exist.test").status_code == 201
