"""What people come for, done wholly in the browser: from sign-up to the profile, and through mailed links."""

import re
from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest

from tests.browser.conftest import OpenReader
from tests.browser.reader import Reader
from tests.harness import PASSWORD
from tests.processes.biore import Biore, until

LINK = re.compile(r"http://\S+")


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
    """From another thread, because the browser's driver has the event loop of this one."""
    with ThreadPoolExecutor() as threads:
        threads.submit(biore.configure, {"portal.try_mutations": value}).result()
    with biore.client() as visitor:
        settings = f"{biore.origin}/docs/assets/site.json"
        until(lambda: visitor.get(settings).json()["tryMutations"] is value, "running nodes follow")
