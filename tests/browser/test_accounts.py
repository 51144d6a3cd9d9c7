"""What people come for, done wholly in the browser: from sign-up to the profile, and through mailed links."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pyotp
import pytest
from playwright.sync_api import Page

from tests.browser.conftest import OpenReader, Visit
from tests.browser.reader import Playground, Reader
from tests.harness import PASSWORD
from tests.processes.biore import Biore, until

LINK = re.compile(r"http://\S+")
MOST_STEPS = 150  # from the head of a page to its form


def mailed_link(biore: Biore, email: str, path: str) -> str:
    """The newest mailed link to ``path``, as something to open below the origin."""

    def look() -> str | None:
        found = LINK.search(biore.wait_for_mail(email))
        return found[0] if found and f"/{path}?" in found[0] else None

    return (until(look, f"a link to {path}") or "").removeprefix(biore.origin)


class TestSignUp:
    def test_from_register_to_me(self, biore: Biore, reader: Reader) -> None:
        playground = reader.playground("/docs/auth/register")
        playground.fill(email="eve@example.com", username="eve")
        shown = playground.send()
        assert (shown.status, shown.documented) == (201, True)

        page = reader.open(mailed_link(biore, "eve@example.com", "verify-email"))
        page.locator(".action button").click()
        page.locator("#outcome .play-good").wait_for()

        playground = reader.playground("/docs/auth/me")
        playground.sign_in("eve@example.com", PASSWORD)
        playground.signed_in()
        shown = playground.send()
        assert (shown.status, shown.documented) == (200, True)
        assert '"email": "eve@example.com"' in shown.text

    def test_the_session_is_kept_for_other_pages_of_the_tab_only(self, biore: Biore, open_reader: OpenReader) -> None:
        with biore.client() as visitor:
            visitor.sign_up("kay@example.com")
        reader = open_reader()
        playground = reader.playground("/docs/auth/login")
        playground.fill(email="kay@example.com", password=PASSWORD)
        assert playground.send().status == 200
        assert reader.playground("/docs/user/profile").send().status == 200
        kept = reader.page.evaluate("[Object.keys(sessionStorage), JSON.stringify(localStorage), document.cookie]")
        assert kept[0] == ["biore.session"]
        assert "eyJ" not in kept[1] + kept[2]

    def test_a_session_that_ended_is_refreshed_by_the_cookie(self, biore: Biore, reader: Reader) -> None:
        with biore.client() as visitor:
            visitor.sign_up("ray@example.com")
        playground = reader.playground("/docs/auth/login")
        playground.fill(email="ray@example.com", password=PASSWORD)
        playground.send()
        reader.page.evaluate("sessionStorage.clear()")
        playground = reader.playground("/docs/auth/me")
        shown = playground.send()
        assert (shown.status, shown.error) == (401, "auth.unauthenticated")
        playground.button("Use the browser's session cookie").click()
        playground.section.locator(".status-2xx").wait_for()
        assert '"email": "ray@example.com"' in shown.text

    def test_signing_out_ends_it(self, biore: Biore, reader: Reader) -> None:
        with biore.client() as visitor:
            visitor.sign_up("lou@example.com")
        playground = reader.playground("/docs/auth/me")
        playground.sign_in("lou@example.com", PASSWORD)
        playground.signed_in()
        playground.button("Accounts (1)").click()
        playground.button("Sign out: lou@example.com").click()
        playground.signed_in("false")
        assert playground.send().error == "auth.unauthenticated"
        with biore.tables() as tables:
            query = (
                "SELECT revoked_at FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.email = 'lou@example.com'"
            )
            assert all(row["revoked_at"] for row in tables.rows(query))


class TestSecondFactor:
    def test_signing_in_asks_for_the_code(self, biore: Biore, reader: Reader) -> None:
        with biore.client() as visitor:
            visitor.sign_up("two@example.com")
            token, _ = visitor.sign_in("two@example.com")
            headers = {"Authorization": f"Bearer {token}"}
            secret = visitor.post("auth/2fa/setup", headers=headers).json()["data"]["secret"]
            code = pyotp.TOTP(secret).now()
            backup = visitor.post("auth/2fa/verify", json={"code": code}, headers=headers).json()["data"]["backupCodes"]
        playground = reader.playground("/docs/auth/2fa-status")
        playground.sign_in("two@example.com", PASSWORD)
        playground.panel.get_by_role("heading", name="Two-factor authentication").wait_for()
        assert reader.page.locator(":focus").get_attribute("name") == "code"
        playground.panel.locator('[name="code"]').fill(backup[0])
        playground.panel.locator('button[type="submit"]').click()
        playground.signed_in()
        assert '"enabled": true' in playground.send().text


class TestSeveral:
    def test_are_switched(self, biore: Biore, reader: Reader) -> None:
        playground = two_accounts(biore, reader, "sam@example.com", "joe@example.com")
        assert '"email": "joe@example.com"' in playground.send().text
        choose(playground, "sam@example.com")
        assert '"email": "sam@example.com"' in playground.send().text
        reader.open("/docs/errors")
        assert reader.page.locator(".chip").inner_text() == "Signed in as sam@example.com"

    def test_the_cookie_renews_only_whose_it_is(self, biore: Biore, reader: Reader) -> None:
        reader.page.clock.install()
        playground = two_accounts(biore, reader, "amy@example.com", "ben@example.com")
        reader.page.clock.fast_forward("20:00")
        playground.signed_in("expired")
        assert "ben@example.com: session expired" in reader.page.locator(".chip").inner_text()
        playground.button("Renew the session").click()
        playground.signed_in()
        choose(playground, "amy@example.com")
        password = playground.panel.locator('[name="password"]')
        password.wait_for()
        assert playground.panel.locator('[name="email"]').input_value() == "amy@example.com"
        assert reader.page.locator(":focus").get_attribute("name") == "password"
        password.fill(PASSWORD)
        reader.page.keyboard.press("Enter")
        playground.signed_in()
        assert '"email": "amy@example.com"' in playground.send().text

    def test_one_signs_out_and_the_other_stays(self, biore: Biore, reader: Reader) -> None:
        playground = two_accounts(biore, reader, "kim@example.com", "leo@example.com")
        playground.button("Accounts (2)").click()
        playground.button("Sign out: leo@example.com").click()
        playground.signed_in("false")
        playground.button("kim@example.com").click()
        playground.signed_in()
        assert '"email": "kim@example.com"' in playground.send().text
        assert [open_sessions(biore, who) for who in ("kim@example.com", "leo@example.com")] == [1, 0]

    def test_there_are_at_most_five_and_none_is_of_another_server(self, reader: Reader) -> None:
        page = reader.open("/docs")
        kept = page.evaluate(
            """async () => {
                const { accounts, keep } = await import("/docs/assets/session.js");
                for (const name of "abcdefg") keep("https://one.example", name, Date.now() + 60000, { email: name });
                return [accounts("https://one.example").map(({ email }) => email), accounts("https://two.example")];
            }"""
        )
        assert kept == [["g", "f", "e", "d", "c"], []]


class TestPastedToken:
    def test_shows_whose_it_is(self, biore: Biore, reader: Reader) -> None:
        with biore.client() as visitor:
            visitor.sign_up("pia@example.com")
            token, _ = visitor.sign_in("pia@example.com")
        playground = reader.playground("/docs/auth/me")
        paste(playground, f"Bearer {token}")
        playground.signed_in()
        assert "Signed in as pia@example.com" in playground.panel.inner_text()
        assert '"email": "pia@example.com"' in playground.send().text

    @pytest.mark.parametrize(
        ("token", "said"),
        [
            ("eyJhbGciOiJIUzI1NiJ9", "not an access token"),
            ("a.b.c", "not an access token"),
            (jwt.encode({"sub": "x"}, "k" * 32), "not an access token"),
            (jwt.encode({"sub": "x", "exp": 1}, "k" * 32), "This token expired: 1/1/1970"),
            (jwt.encode({"sub": "x", "exp": 32503680000}, "k" * 32), "Please sign in."),
        ],
        ids=["one part", "no JSON", "no expiry", "expired", "of nobody"],
    )
    def test_that_is_none_is_refused_in_words(self, visit: Visit, token: str, said: str) -> None:
        playground = Playground(visit("/docs/auth/me"))
        paste(playground, token)
        playground.panel.locator(".play-error", has_text=said).wait_for()
        assert playground.panel.get_attribute("data-signed-in") == "false"


class TestChip:
    def test_says_who_on_every_page_and_signs_out(self, biore: Biore, reader: Reader) -> None:
        with biore.client() as visitor:
            visitor.sign_up("ian@example.com")
        assert reader.open("/docs").locator(".chip:visible").count() == 0
        playground = reader.playground("/docs/auth/me")
        playground.sign_in("ian@example.com", PASSWORD)
        playground.signed_in()
        page = reader.page
        page.locator(".chip").click()  # leads to the panel, where there is one
        assert playground.panel.get_by_role("heading", name="Accounts in this tab").is_visible()
        assert page.locator(":focus").inner_text() == "ian@example.com"
        reader.open("/docs")
        page.locator(".chip").click()
        page.locator(".chip-menu").get_by_role("button", name="Sign out").click()
        page.locator(".chip").wait_for(state="hidden")
        until(lambda: open_sessions(biore, "ian@example.com") == 0, "the end of the session")


class TestRefusals:
    def test_a_missing_token_leads_to_the_sign_in_and_back_by_keyboard(self, biore: Biore, reader: Reader) -> None:
        with biore.client() as visitor:
            visitor.sign_up("zoe@example.com")
        reader.playground("/docs/auth/me")
        page = reader.page
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # to the content
        step_to(page, ".play-send")
        page.keyboard.press("Enter")
        page.locator("#try .status-4xx").wait_for()
        step_to(page, ".play-offer button")
        page.keyboard.press("Enter")
        page.locator('#try [name="email"]:focus').wait_for()
        page.keyboard.type("zoe@example.com")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.locator(".play-again:focus", has_text="Send again").wait_for()
        page.keyboard.press("Enter")
        page.locator("#try .status-2xx").wait_for()
        assert "zoe@example.com" in page.locator("#try .play-answer pre").inner_text()

    def test_a_server_that_is_away_is_told(self, reader: Reader) -> None:
        playground = reader.playground("/docs/auth/me")
        reader.page.route("**/docs/auth/login.json", lambda route: route.abort())
        playground.panel.get_by_role("button", name="Sign in").click()
        playground.panel.locator(".play-error", has_text="The server cannot be reached.").wait_for()
        reader.faults.clear()  # the browser says so in its console, too

    def test_an_old_proof_is_given_anew_in_place(self, biore: Biore, reader: Reader) -> None:
        with biore.client() as visitor:
            visitor.sign_up("old@example.com")
        playground = reader.playground("/docs/auth/sessions-revoke-all")
        playground.sign_in("old@example.com", PASSWORD)
        playground.signed_in()
        with biore.tables() as tables:
            tables.run("UPDATE sessions SET confirmed_at = NULL")
        assert playground.send().error == "auth.confirmation_required"
        offer = playground.section.locator(".play-offer")
        offer.locator('[name="password"]').fill("Wrong-Horse-7")
        offer.get_by_role("button", name="Confirm and send again").click()
        offer.locator(".play-error:not(:empty)").wait_for()
        offer.locator('[name="password"]').fill(PASSWORD)
        offer.get_by_role("button", name="Confirm and send again").click()
        playground.section.locator(".status-2xx").wait_for()

    def test_a_captcha_is_asked_for_only_where_there_is_one(self, biore: Biore, reader: Reader) -> None:
        playground = reader.playground("/docs/auth/me")
        playground.panel.get_by_role("button", name="Sign in").click()
        playground.panel.locator('[name="email"]').wait_for()
        assert playground.panel.locator("input").evaluate_all("(all) => all.map(({ name }) => name)") == [
            "email",
            "password",
        ]
        settle(biore, {"external.captcha.active_provider": "turnstile"}, "captcha", True)
        try:
            playground.give_credentials("cap@example.com", PASSWORD)  # the page does not know of it yet
            playground.panel.locator('[name="captchaToken"]:focus').wait_for()
            assert playground.panel.locator('[name="email"]').input_value() == "cap@example.com"
            playground = reader.playground("/docs/auth/login")
            assert playground.send().error == "captcha.required"
            playground.section.locator(".play-offer").get_by_role("button", name="captchaToken").click()
            assert reader.page.locator(":focus").get_attribute("name") == "captchaToken"
        finally:
            settle(biore, {"external.captcha.active_provider": "none"}, "captcha", False)


class TestMailedLinks:
    def test_a_forgotten_password(self, biore: Biore, reader: Reader) -> None:
        with biore.client() as visitor:
            visitor.sign_up("pat@example.com")
        playground = reader.playground("/docs/auth/forgot-password")
        playground.fill(email="pat@example.com")
        assert playground.send().status == 200

        page = reader.open(mailed_link(biore, "pat@example.com", "reset-password"))
        page.locator("#newPassword").fill("short")
        page.locator(".action button").click()
        page.locator("#outcome .play-bad li").nth(1).wait_for()
        page.locator("#newPassword").fill("Better-Horse-8")
        page.locator(".action button").click()
        page.locator("#outcome .play-good").wait_for()
        with biore.client() as visitor:
            visitor.sign_in("pat@example.com", "Better-Horse-8")

    def test_opening_one_does_nothing_and_hides_its_token(self, biore: Biore, reader: Reader) -> None:
        with biore.client() as visitor:
            visitor.post("auth/register", json={"email": "mia@example.com", "password": PASSWORD,
                                                "acceptedTerms": True, "acceptedPrivacy": True})  # fmt: skip
        link = mailed_link(biore, "mia@example.com", "verify-email")
        called: list[str] = []
        reader.page.on("request", lambda request: called.append(request.method))
        page = reader.open(link)
        page.locator(".action button").wait_for()
        assert set(called) == {"GET"}
        assert page.url == f"{biore.origin}/verify-email"
        with biore.tables() as tables:
            assert tables.one("SELECT email_verified FROM users WHERE email = 'mia@example.com'") == {
                "email_verified": False
            }

    @pytest.mark.parametrize("locale", ["en", "tr", "ar"])
    def test_the_page_speaks_the_language_of_the_mail(self, reader: Reader, locale: str) -> None:
        page = reader.open(f"/verify-email?token=x&lang={locale}")
        assert page.locator("html").get_attribute("lang") == locale

    def test_a_token_that_is_none_is_refused_in_words(self, reader: Reader) -> None:
        page = reader.open("/verify-email?token=0f8fad5b-d9cb-469f-a165-70867728950e")
        page.locator(".action button").click()
        page.locator("#outcome .play-bad").wait_for()
        page = reader.open("/verify-email")
        page.locator("#outcome .note").wait_for()
        assert not page.locator(".action button").is_visible()


class TestMutations:
    def test_are_off_where_an_admin_says_so(self, biore: Biore, reader: Reader) -> None:
        allow(biore, False)
        try:
            playground = reader.playground("/docs/auth/register")
            assert playground.section.locator(".play-notice").is_visible()
            assert playground.section.locator(".play-send").is_disabled()
            assert reader.playground("/docs/dev/mailbox").send().status == 200
        finally:
            allow(biore, True)


def allow(biore: Biore, value: bool) -> None:
    settle(biore, {"portal.try_mutations": value}, "tryMutations", value)


def settle(biore: Biore, config: dict[str, Any], setting: str, value: bool) -> None:
    """From another thread, because the browser's driver has the event loop of this one."""
    with ThreadPoolExecutor() as threads:
        threads.submit(biore.configure, config).result()
    with biore.client() as visitor:
        settings = f"{biore.origin}/docs/assets/site.json"
        until(lambda: visitor.get(settings).json()[setting] is value, "running nodes follow")


def two_accounts(biore: Biore, reader: Reader, *emails: str) -> Playground:
    """Both signed in, the last one current."""
    with biore.client() as visitor:
        for email in emails:
            visitor.sign_up(email)
    playground = reader.playground("/docs/auth/me")
    playground.sign_in(emails[0], PASSWORD)
    playground.signed_in()
    playground.button("Accounts (1)").click()
    playground.button("Add an account").click()
    playground.give_credentials(emails[1], PASSWORD)
    playground.button("Accounts (2)").wait_for()
    return playground


def choose(playground: Playground, email: str) -> None:
    playground.button("Accounts (2)").click()
    playground.button(email).click()


def paste(playground: Playground, token: str) -> None:
    playground.panel.get_by_role("button", name="Sign in").click()
    playground.button("Paste a token").click()
    playground.panel.locator('[name="accessToken"]').fill(token)
    playground.button("Use this token").click()


def open_sessions(biore: Biore, email: str) -> int:
    with biore.tables() as tables:
        query = "SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.email = %s AND revoked_at IS NULL"
        return len(tables.rows(query, email))


def step_to(page: Page, selector: str) -> None:
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        if page.locator(f"{selector}:focus").count():
            return
    raise AssertionError(f"{selector} is not reached by Tab")
