"""What scripts add to the pages: colours, copying, tabs."""

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
