"""The search: what readers type, and what they find first."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from contract.loader import load
from portal.model import read
from portal.pages import error_anchor, error_path, operation_path
from tests.browser.conftest import Visit
from tests.browser.reader import Playground, Reader

SITE = read(load())
OPERATIONS = {operation.id: operation_path(operation) for operation in SITE.operations}
# What is expected first: an operationId, an error code, or an address.
FIRST = {
    # the words of the trade
    "signup": "auth.register",
    "sign up": "auth.register",
    "Sign-up": "auth.register",
    "create account": "auth.register",
    "register a new user": "auth.register",
    "login": "auth.login",
    "log in": "auth.login",
    "sign in": "auth.login",
    "how do I log in?": "auth.login",
    "logout": "auth.logout",
    "sign out": "auth.logout",
    "2fa": "auth.two_factor.setup",
    "mfa": "auth.two_factor.setup",
    "totp": "auth.two_factor.setup",
    "two factor": "auth.two_factor.setup",
    "disable 2fa": "auth.two_factor.disable",
    "backup codes": "auth.two_factor.regenerate_backup_codes",
    "login with 2fa": "auth.two_factor.login",
    "otp": "auth.otp.send",
    "sms": "auth.otp.send",
    "refresh token": "auth.refresh",
    "token expired": "auth.refresh",
    "current user": "auth.me",
    "who am i": "auth.me",
    "forgot password": "auth.passwords.forgot",
    "reset my password": "auth.passwords.reset",
    "change password": "auth.passwords.change",
    "verify email": "auth.verify_email",
    "resend verification": "auth.resend_verification",
    "log out everywhere": "auth.sessions.revoke_all",
    "active sessions": "auth.sessions.list",
    "devices": "auth.sessions.list",
    "sign in with google": "auth.oauth.login",
    "sso": "auth.oauth.login",
    "disconnect google": "auth.oauth.unlink",
    "delete account": "gdpr.delete",
    "delete my account": "gdpr.delete",
    "erase": "gdpr.delete",
    "cancel deletion": "gdpr.cancel_deletion",
    "gdpr export": "gdpr.export",
    "download my data": "gdpr.export",
    "avatar": "users.avatars.change",
    "profile picture": "users.avatars.change",
    "upload file": "upload.presign",
    "presigned url": "upload.presign",
    "block user": "users.blocks.add",
    "unblock": "users.blocks.remove",
    "change username": "users.usernames.change",
    "change email": "users.emails.change",
    "settings": "users.settings.get",
    "update profile": "users.update_profile",
    "deactivate account": "users.deactivate",
    "reactivate": "users.reactivate",
    "appeal": "users.appeals.submit",
    "connected social accounts": "creators.social",
    "mailbox": "dev.mailbox",
    # sentences
    "sign a user in from Kotlin": "auth.login",
    "how to remove a profile picture": "users.avatars.remove",
    "refresh token in a native app": "/docs/guides/tokens#in-a-native-app",
    "where do I get the access token?": "/docs/guides/tokens",
    "send the verification mail again": "auth.resend_verification",
    "list all sessions of a user": "auth.sessions.list",
    "log a user out on all devices": "auth.sessions.revoke_all",
    "too many login attempts": "auth.login.account_locked",
    "why is my token invalid?": "auth.unauthenticated",
    "what expires when?": "/docs/guides/tokens#what-expires-when",
    "turn off two factor": "auth.two_factor.disable",
    "is a username free": "users.usernames.check",
    "see blocked people": "users.blocks.list",
    "my upload is too large": "error.upload.too_large",
    "edit bio": "users.update_profile",
    "why 409 on registration?": "auth.register.email_exists",
    "how many requests may I make?": "/docs/guides/limits",
    "what changed since the last version?": "/docs/changelog",
    "undo delete account": "gdpr.cancel_deletion",
    "ios refresh token": "/docs/guides/tokens#in-a-native-app",
    # overviews
    "authentication": "/docs/auth",
    "error codes": "/docs/errors",
    "errors": "/docs/errors",
    "getting started": "/docs/guides/quick-start",
    "quick start": "/docs/guides/quick-start",
    "token": "/docs/guides/tokens",
    "native app": "/docs/guides/tokens#in-a-native-app",
    "jwt": "/docs/guides/tokens",
    "kotlin": "/docs/guides/tokens#kotlin",
    "idempotency": "/docs/guides/limits#repeat-a-write-safely",
    "retry": "/docs/guides/errors#retry",
    "staging": "/docs/guides/testing",
    "versioning": "/docs/guides/versioning",
    "admin": "/docs/guides/administration",
    "create admin": "/docs/guides/administration#the-first-owner",
    "add admin": "/docs/admin/grant-role",
    "suspend user": "/docs/admin/user-status",
    "find user": "/docs/admin/users",
    "kill switch": "/docs/admin/switch-set",
    "dead letters": "/docs/admin/jobs",
    "audit log": "/docs/admin/audit",
    "moderation queue": "/docs/admin/moderation-cases",
    "remove admin": "/docs/admin/revoke-role",
    "who is admin": "/docs/admin/staff",
    "permissions": "/docs/admin/roles",
    "break glass": "/docs/guides/administration#when-the-web-does-not-help",
    "admin.two_factor_required": "/docs/errors/admin#error-admin-two-factor-required",
    "chatgpt": "/docs/guides/ai-tools",
    "pagination": "/docs/conventions",
    "bearer token": "/docs/conventions#tokens",
    "changelog": "/docs/changelog",
    "endpoints": "/docs/operations",
    # paths and ids
    "users/profile": "users.profile",
    "/users/profile": "users.profile",
    "PATCH /users/profile": "users.update_profile",
    "/api/v1/auth/login": "auth.login",
    "POST https://api.example.com/api/v1/auth/login/2fa": "auth.two_factor.login",
    "/api/v1/users/block/0190c1d2": "users.blocks.add",
    "DELETE /users/block/0190c1d2": "users.blocks.remove",
    "/gdpr/export/42/status?x=1": "gdpr.export_status",
    "forgot-password": "auth.passwords.forgot",
    "auth.login": "auth.login",
    "auth.two_factor.setup": "auth.two_factor.setup",
    "users.update_profile": "users.update_profile",
    "update_profile": "users.update_profile",
    "presign": "upload.presign",
    # errors
    "auth.register.email_exists": "auth.register.email_exists",
    "email_exists": "auth.register.email_exists",
    "email already exists": "auth.register.email_exists",
    "auth.register.email_ex": "auth.register.email_exists",
    "auth.login.account_locked": "auth.login.account_locked",
    "account_locked": "auth.login.account_locked",
    "wrong password": "auth.login.invalid_credentials",
    "token_reuse_detected": "auth.refresh.token_reuse_detected",
    "rate limit": "rate_limit.exceeded",
    "429": "rate_limit.exceeded",
    "error 429": "rate_limit.exceeded",
    "too many requests": "rate_limit.exceeded",
    "401": "auth.unauthenticated",
    "unauthorized": "auth.unauthenticated",
    "403": "auth.forbidden",
    "validation error": "validation.failed",
    "captcha": "captcha.required",
    # what is half typed, and what is mistyped
    "regis": "auth.register",
    "signu": "auth.register",
    "logou": "auth.logout",
    "forgot pass": "auth.passwords.forgot",
    "regsiter": "auth.register",
    "logni": "auth.login",
    "lgoin": "auth.login",
    "logut": "auth.logout",
    "forgot pasword": "auth.passwords.forgot",
    "refesh token": "auth.refresh",
    "avatr": "users.avatars.change",
    "athentication": "/docs/auth",
    "bakcup codes": "auth.two_factor.regenerate_backup_codes",
    "unauthorised": "auth.unauthenticated",
    # fields
    "refreshToken": "auth.refresh",
    "tempToken": "/docs/auth/login-2fa#body-temptoken",
    "acceptedTerms": "/docs/auth/register#body-acceptedterms",
    "contentLength": "/docs/upload/presign#body-contentlength",
    "digestMode": "/docs/user/settings-update#body-digestmode",
}  # fmt: skip

# The code that the dialog runs, asked many times without it.
ASK = """async (queries) => {
    const { load } = await import("/docs/assets/finder.js");
    const finder = await load("/docs/search.json");
    return queries.map((query) => [query, finder.find(query)[0]?.url ?? null]);
}"""


def place(name: str) -> str:
    if name.startswith("/"):
        return name
    return OPERATIONS[name] if name in OPERATIONS else f"{error_path(name)}#{error_anchor(name)}"


def ask(page: Page, text: str) -> None:
    """Types it into the dialog, and waits until its results are those of this text."""
    page.keyboard.press("Control+k")
    page.keyboard.type(text)
    page.locator(".search-status", has_text="Results").wait_for()


def first(page: Page) -> str:
    option = page.locator('[role="option"]').first
    return str(option.evaluate("(one) => one.pathname + one.hash"))


class TestFirstHit:
    def test_is_what_was_meant(self, visit: Visit) -> None:
        found = dict(visit("/docs").evaluate(ASK, list(FIRST)))
        missed = {query: (found[query], place(name)) for query, name in FIRST.items() if found[query] != place(name)}
        assert missed == {}

    def test_of_every_operation(self, visit: Visit) -> None:
        """By its id, its title and its call."""
        names = {name: operation_path(o) for o in SITE.operations for name in (o.id, o.summary, f"{o.method} {o.path}")}
        found = visit("/docs").evaluate(ASK, list(names))
        assert [(name, url) for name, url in found if url != names[name]] == []

    def test_of_every_error_is_its_code(self, visit: Visit) -> None:
        codes = list(SITE.contract.errors)
        found = visit("/docs").evaluate(ASK, codes)
        assert [(code, url) for code, url in found if url != place(code)] == []

    @pytest.mark.parametrize("query", ["2fa", "users/profile", "email_exists", "error codes", "logni", "digestMode"])
    def test_stands_first_in_the_dialog(self, query: str, visit: Visit) -> None:
        page = visit("/docs")
        ask(page, query)
        assert first(page) == place(FIRST[query])
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{place(FIRST[query])}")


class TestResults:
    def test_stand_below_their_kind_with_method_path_and_marks(self, visit: Visit) -> None:
        page = visit("/docs")
        ask(page, "auth.login")
        groups = page.locator('[role="listbox"] [role="group"]')
        assert groups.first.locator(".search-group").inner_text() == "Operations"
        assert set(groups.locator(".search-group").all_inner_texts()) >= {"Operations", "Errors"}
        login = page.locator('[role="option"]').first
        assert login.locator(".method").inner_text() == "POST"
        assert login.locator(".search-path").inner_text() == "/auth/login"
        assert login.locator(".search-path mark").inner_text() == "auth/login"

    def test_deprecated_operations_say_so_and_come_later(self, visit: Visit) -> None:
        page = visit("/docs")
        ask(page, "gdpr export data")
        hits = page.locator('[role="option"]').evaluate_all("(all) => all.map((one) => one.pathname)")
        former, present = (OPERATIONS[name] for name in ("gdpr.export_legacy", "gdpr.export"))
        assert hits.index(present) < hits.index(former)
        assert page.locator(f'[role="option"][href="{former}"] .deprecated').is_visible()

    def test_nothing_typed_or_found_offers_what_many_need(self, visit: Visit) -> None:
        page = visit("/docs")
        page.keyboard.press("/")
        page.locator('[role="option"]').first.wait_for()
        assert page.locator('[role="option"][aria-selected="true"]').count() == 0
        page.keyboard.insert_text("ωωω")
        page.locator(".search-status", has_text="Nothing found").wait_for()
        assert page.locator(".search-group").all_inner_texts() == ["Popular operations"]
        assert first(page) == OPERATIONS["auth.register"]

    def test_are_of_the_language_of_the_page(self, visit: Visit) -> None:
        page = visit("/tr/docs")
        page.keyboard.press("/")
        page.keyboard.type("auth.login.account_locked")
        page.locator('[role="option"]', has_text="auth.login.account_locked").first.wait_for()
        links = page.locator('[role="option"]').evaluate_all("(all) => all.map((one) => one.pathname)")
        assert all(link.startswith("/tr/docs") for link in links)

    def test_nothing_is_fetched_before_it_is_asked_for(self, reader: Reader) -> None:
        page = reader.open("/docs")
        names = "performance.getEntriesByType('resource').map((one) => new URL(one.name).pathname)"
        scripts = {f"/docs/assets/{name}" for name in ("finder.js", "results.js", "vendor/minisearch.js")}
        parts = {"/docs/search.json", *scripts}
        assert parts.isdisjoint(page.evaluate(names))
        ask(page, "login")
        assert parts <= set(page.evaluate(names))


class TestKeyboard:
    @pytest.mark.parametrize("key", ["/", "Control+k"])
    def test_finds_an_error_code(self, visit: Visit, key: str) -> None:
        page = visit("/docs")
        page.keyboard.press(key)
        page.keyboard.type("auth.login.account_locked")
        page.locator(".search-status", has_text="Results").wait_for()
        box = page.get_by_role("combobox")
        selected = page.locator('[role="option"][aria-selected="true"]')
        assert box.get_attribute("aria-activedescendant") == selected.get_attribute("id")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Enter")
        page.wait_for_url("**/docs/errors/**")
        assert "auth.login.account_locked" in page.locator("main").inner_text()

    def test_escape_closes_and_gives_the_focus_back(self, visit: Visit) -> None:
        page = visit("/docs")
        page.locator(".search-open").focus()
        page.keyboard.press("Enter")
        assert page.locator("dialog.search").is_visible()
        page.keyboard.press("Escape")
        assert not page.locator("dialog.search").is_visible()
        assert page.locator(":focus").get_attribute("class") == "search-open"

    def test_a_slash_in_a_field_is_a_slash(self, visit: Visit) -> None:
        playground = Playground(visit("/docs/auth/login"))
        playground.field("email").fill("")
        playground.field("email").press_sequentially("a/b")
        assert playground.field("email").input_value() == "a/b"


class TestEverybody:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("path", ["/docs", "/ar/docs"])
    def test_can_read_it(self, visit: Visit, path: str, scheme: str) -> None:
        page = visit(path, scheme=scheme)
        page.keyboard.press("Control+k")
        for text in ("", "refreshToken", "ωωω"):
            page.get_by_role("combobox").fill(text)
            page.locator('[role="option"]').first.wait_for()
            found = Axe().run(page, "dialog.search").response["violations"]
            assert [(one["id"], one["nodes"][0]["html"][:160]) for one in found] == []
