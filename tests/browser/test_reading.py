"""What scripts add to the pages, and where things stand: colours, copying, choosing, folding, searching, printing."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import OpenReader, Visit
from tests.browser.reader import Reader

WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 390, "height": 844}
FIRST_LINE = 40
OPERATIONS = ("auth/register", "auth/login", "auth/oauth-login", "auth/me", "user/profile", "upload/presign")


def ground(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))


class TestTheme:
    def test_a_choice_stays(self, open_reader: OpenReader) -> None:
        reader = open_reader(color_scheme="light")
        page = reader.open("/docs")
        light = ground(page)
        page.locator(".theme").click()
        dark = ground(page)
        assert dark != light
        reader.open("/docs/errors")
        assert (page.locator("html").get_attribute("data-theme"), ground(page)) == ("dark", dark)
        page.locator(".theme").click()
        reader.open("/docs")
        assert ground(page) == light

    def test_without_one_the_system_decides(self, visit: Visit) -> None:
        assert len({ground(visit("/docs", scheme=scheme)) for scheme in ("light", "dark")}) == 2


class TestCopying:
    def test_takes_what_is_seen(self, open_reader: OpenReader) -> None:
        reader = open_reader(permissions=["clipboard-read", "clipboard-write"])
        page = reader.open("/docs/auth/login")
        block = page.locator(".copyable:visible").first
        block.locator(".copy").click()
        block.locator('[data-copied="true"]').wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == block.locator("pre:visible").inner_text().rstrip()


class TestChoices:
    def test_a_language_is_chosen_once_for_all_pages(self, reader: Reader) -> None:
        page = reader.open("/docs/auth/login")
        page.get_by_label("Programming language").select_option("Go")
        assert page.locator("#sample-go").is_visible()
        assert page.locator("#samples pre:visible").count() == 1
        reader.open("/docs/auth/me")
        assert page.locator("#sample-go").is_visible()

    def test_a_link_to_a_closed_one_opens_it(self, visit: Visit) -> None:
        page = visit("/docs/auth/login#sample-go")
        assert page.locator("#sample-go").is_visible()

    def test_a_broken_address_costs_no_script(self, reader: Reader) -> None:
        page = reader.open("/docs/auth/login#%")
        page.locator(".copy").first.wait_for()
        page.locator("#search button").wait_for()

    def test_the_answer_of_an_error_is_shown_beside_the_text(self, visit: Visit) -> None:
        page = visit("/docs/auth/login")
        assert '"accessToken"' in page.locator("#answers pre:visible").inner_text()
        page.get_by_label("Status").select_option("401 auth.login.account_locked")
        assert '"auth.login.account_locked"' in page.locator("#answers pre:visible").inner_text()


class TestLayout:
    """Code, form and answer in view beside the text."""

    @pytest.mark.parametrize("name", OPERATIONS)
    def test_code_answer_and_form_are_seen_without_scrolling(self, visit: Visit, name: str) -> None:
        page = visit(f"/docs/{name}", viewport=WIDE)
        for part in ("#samples pre:visible", "#answers h2", "#try h2"):
            assert page.locator(part).first.bounding_box()["y"] < WIDE["height"], part  # type: ignore[index]

    @pytest.mark.parametrize("name", OPERATIONS)
    def test_code_is_one_thumb_away(self, visit: Visit, name: str) -> None:
        page = visit(f"/docs/{name}", viewport=NARROW)
        first = page.locator("#samples pre:visible").bounding_box()
        assert first is not None
        assert first["y"] + FIRST_LINE < 2 * NARROW["height"]

    def test_what_is_called_stays_beside_the_text(self, visit: Visit) -> None:
        page = visit("/docs/auth/login#errors", viewport=WIDE)
        page.locator("#errors").scroll_into_view_if_needed()
        box = page.locator("#samples").bounding_box()
        assert box is not None
        assert 0 < box["y"] < WIDE["height"]

    def test_a_link_into_a_fold_opens_it(self, visit: Visit) -> None:
        page = visit("/docs/auth/login#header-accept-language")
        assert page.locator("#header-accept-language").is_visible()
        page.evaluate("location.hash = '#error-internal-error'")
        page.locator("#error-internal-error").wait_for()


class TestPrint:
    def test_shows_what_is_folded_and_nothing_to_press(self, reader: Reader) -> None:
        page = reader.open("/docs/auth/login")
        page.emulate_media(media="print")
        assert page.locator("#header-accept-language").is_visible()
        assert not page.locator("header.top").is_visible()
        assert not page.locator(".menu").is_visible()
        assert not page.locator("#try").is_visible()
