"""Every kind of page: readable by everybody, on every screen, with and without scripts."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

from contract.loader import load
from domain.mailed_pages import MAILED_PAGES
from portal import actions
from portal.model import read
from portal.pages import pages
from tests.browser.conftest import Visit
from tests.browser.reader import DESKTOP, Reader

SITE = read(load())
LONGEST = "auth.register"
PHONE = ViewportSize(width=360, height=740)
FIXED = {"/reset-password?token=x", "/docs/nowhere"}
VIOLATIONS = {"resultTypes": ["violations"]}
WIDTHS = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
RUNNING_OVER = """() => [...document.querySelectorAll('body *')].filter((one) => !one.closest('pre'))
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 || one.getBoundingClientRect().left < -1)
    .slice(0, 3).map((one) => one.outerHTML.slice(0, 120))"""
SEEN = """() => {
    const one = document.activeElement;
    const box = one.getBoundingClientRect();
    const inside = box.width > 0 && box.bottom > 0 && box.top < innerHeight;
    return [one.outerHTML.slice(0, 100), inside && getComputedStyle(one).outlineStyle !== 'none'];
}"""


def kinds() -> list[str]:
    """One page of each template, of operations the longest."""
    found = {page.template: page.path for page in pages(SITE)}
    operation = next(o for o in SITE.operations if o.id == LONGEST)
    found["operation.html"] = f"/docs/{operation.policy.page}"
    return sorted({*found.values(), *FIXED})


KINDS = kinds()
of_each = pytest.mark.parametrize("path", KINDS)


def ready(page: Page) -> Page:
    page.wait_for_load_state("networkidle")
    if page.locator("#try").count():
        page.locator("#try .play").wait_for()
    return page


def everything_open(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")


def faults(page: Page) -> list[tuple[str, str]]:
    """All that axe knows, of whatever weight."""
    found = Axe().run(page, options=VIOLATIONS).response["violations"]
    return [(v["id"], node["html"][:160]) for v in found for node in v["nodes"][:3]]


class TestAccessibility:
    @of_each
    def test_nothing_faults(self, visit: Visit, path: str) -> None:
        page = ready(visit(path, scheme="light"))
        assert faults(page) == []
        page.emulate_media(color_scheme="dark")
        assert faults(page) == []

    def test_nor_from_right_to_left_with_an_answer_and_a_search(self, reader: Reader) -> None:
        playground = reader.playground("/ar/docs/auth/login")
        playground.send()
        reader.page.keyboard.press("Control+k")
        reader.page.keyboard.type("auth")
        reader.page.locator('[role="option"]').first.wait_for()
        assert faults(reader.page) == []


class TestWidths:
    @pytest.mark.parametrize(("locale", "viewports"), [("", (PHONE, DESKTOP)), ("/ar", (PHONE,))])
    @of_each
    def test_nothing_runs_over(self, visit: Visit, path: str, locale: str, viewports: tuple[ViewportSize, ...]) -> None:
        page = ready(visit(locale + path, viewport=viewports[0]))
        everything_open(page)
        for viewport in viewports:
            page.set_viewport_size(viewport)
            needed, given = page.evaluate(WIDTHS)
            assert needed <= given, page.evaluate(RUNNING_OVER)


class TestWithoutScripts:
    @of_each
    def test_what_a_page_says_is_there(self, visit: Visit, path: str) -> None:
        page = visit(path, scripts=False)
        assert page.locator("h1").is_visible()
        assert len(page.locator("main").inner_text()) > 80

    def test_an_operation_says_everything(self, visit: Visit) -> None:
        page = visit("/docs/auth/login", scripts=False)
        for section in ("request", "response", "errors", "effects", "samples", "answers", "try"):
            assert page.locator(f"#{section} h2").is_visible()
        assert page.locator("#error-auth-login-account-locked").is_visible()
        page.locator("#operators > summary").click()
        assert page.locator("#source h3").is_visible()
        assert page.locator(".sample pre").count() == page.locator(".sample pre:visible").count() > 0
        assert page.locator("#try noscript").inner_text() != ""

    def test_a_mailed_link_names_the_call(self, visit: Visit) -> None:
        page = visit("/verify-email?token=x", scripts=False)
        assert "curl" in page.locator("main").inner_text()
        assert not page.locator(".action button").is_visible()


class TestKeyboard:
    def test_the_first_stop_leads_to_the_content(self, visit: Visit) -> None:
        page = ready(visit("/docs"))
        page.keyboard.press("Tab")
        assert page.locator(":focus").get_attribute("class") == "skip"
        assert page.locator(".skip").bounding_box()["y"] >= 0  # type: ignore[index]
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"

    @pytest.mark.parametrize("path", ["/docs", "/docs/auth/login"])
    def test_every_stop_is_seen(self, visit: Visit, path: str) -> None:
        page = ready(visit(path))
        stops = set()
        for _ in range(60):
            page.keyboard.press("Tab")
            stop, visible = page.evaluate(SEEN)
            assert visible, stop
            stops.add(stop)
        assert len(stops) > 20

    def test_a_call_needs_no_mouse(self, reader: Reader) -> None:
        reader.playground("/docs/dev/mailbox")
        reader.page.locator("#try .play-send").focus()
        reader.page.keyboard.press("Enter")
        reader.page.locator("#try .status-2xx").wait_for()


class TestActions:
    def test_every_mailed_link_has_its_page(self) -> None:
        assert {page.path for page in MAILED_PAGES} == {page.path.lstrip("/") for page in actions.pages(SITE)}
