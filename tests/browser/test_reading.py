"""What scripts add to the pages: colours, copying, tabs, searching."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import OpenReader
from tests.browser.reader import Reader


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

    def test_without_one_the_system_decides(self, open_reader: OpenReader) -> None:
        assert len({ground(open_reader(color_scheme=scheme).open("/docs")) for scheme in ("light", "dark")}) == 2


class TestCopying:
    def test_takes_what_is_seen(self, open_reader: OpenReader) -> None:
        reader = open_reader(permissions=["clipboard-read", "clipboard-write"])
        page = reader.open("/docs/auth/login")
        block = page.locator(".copyable:visible").first
        block.locator(".copy").click()
        block.locator('[data-copied="true"]').wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == block.locator("pre").inner_text().rstrip()


class TestTabs:
    def test_a_language_is_chosen_once_for_all_pages(self, reader: Reader) -> None:
        page = reader.open("/docs/auth/login")
        tabs = page.locator('#samples [role="tab"]')
        tabs.first.focus()
        page.keyboard.press("End")
        last = page.locator(":focus").inner_text()
        assert page.locator('#samples [role="tabpanel"]:visible').count() == 1
        page.keyboard.press("ArrowRight")
        assert page.locator(":focus").inner_text() == tabs.first.inner_text()
        page.keyboard.press("ArrowLeft")
        reader.open("/docs/auth/me")
        assert page.locator('#samples [role="tab"][aria-selected="true"]').inner_text() == last

    def test_a_link_to_a_closed_one_opens_it(self, reader: Reader) -> None:
        page = reader.open("/docs/auth/login#sample-go")
        assert page.locator("#sample-go").is_visible()


class TestSearch:
    @pytest.mark.parametrize("key", ["/", "Control+k"])
    def test_finds_an_error_code_by_keyboard(self, reader: Reader, key: str) -> None:
        page = reader.open("/docs")
        page.keyboard.press(key)
        page.keyboard.type("auth.login.account_locked")
        page.locator('[role="option"]').first.wait_for()
        box = page.get_by_role("combobox")
        assert box.get_attribute("aria-activedescendant") == page.locator(
            '[role="option"][aria-selected="true"]'
        ).get_attribute("id")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Enter")
        page.wait_for_url("**/docs/errors/**")
        assert "auth.login.account_locked" in page.locator("main").inner_text()

    def test_escape_closes_and_gives_the_focus_back(self, reader: Reader) -> None:
        page = reader.open("/docs")
        page.locator(".search-open").focus()
        page.keyboard.press("Enter")
        assert page.locator("dialog.search").is_visible()
        page.keyboard.press("Escape")
        assert not page.locator("dialog.search").is_visible()
        assert page.locator(":focus").get_attribute("class") == "search-open"

    def test_a_slash_in_a_field_is_a_slash(self, reader: Reader) -> None:
        playground = reader.playground("/docs/auth/login")
        playground.field("email").fill("")
        playground.field("email").press_sequentially("a/b")
        assert playground.field("email").input_value() == "a/b"

    def test_says_when_there_is_nothing(self, reader: Reader) -> None:
        page = reader.open("/docs")
        page.keyboard.press("/")
        page.keyboard.insert_text("ωωω")  # a word that begins like another finds that one
        page.locator(".search-status", has_text="Nothing found").wait_for()
        assert page.locator('[role="option"]').count() == 0

    def test_speaks_the_language_of_the_page(self, reader: Reader) -> None:
        page = reader.open("/tr/docs")
        page.keyboard.press("/")
        page.keyboard.type("auth.login.account_locked")
        page.locator('[role="option"]').first.wait_for()
        links = page.locator('[role="option"]').evaluate_all("(all) => all.map((one) => one.pathname)")
        assert all(link.startswith("/tr/docs") for link in links)
