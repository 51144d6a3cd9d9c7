"""Answered lists as tables: what is nested, what an id leads to, page by page, by keyboard and from the right."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ViewportSize

from portal.build import Options, build
from portal.model import read
from tests.browser.conftest import OpenReader
from tests.browser.reader import Playground, Reader
from tests.browser.test_pages import PHONE, RUNNING_OVER, WIDTHS, faults
from tests.extended.reading.shelf import BOOKS, contract_of
from tests.harness import PASSWORD, Server
from tests.processes.biore import Biore

SESSIONS = "/docs/auth/sessions"


def signed_in(reader: Reader, path: str, email: str) -> Playground:
    playground = reader.playground(path)
    playground.panel.locator(".play-account-buttons button").first.click()
    playground.give_credentials(email, PASSWORD)
    playground.signed_in()
    return playground


@pytest.fixture
def tim(biore: Biore) -> Iterator[str]:
    email = "tim@example.com"
    with biore.client() as visitor:
        with biore.tables() as tables:
            known = tables.rows("SELECT id FROM users WHERE email = %s", email)
        if not known:
            visitor.sign_up(email)
        yield email


class TestTable:
    def test_has_a_row_for_each_item_and_a_column_for_each_field(self, tim: str, reader: Reader) -> None:
        shown = signed_in(reader, SESSIONS, tim).send()
        assert (shown.status, shown.documented) == (200, True)
        head, *rows = shown.table
        assert head[:2] == ["id", "device"]
        assert {len(row) for row in rows} == {len(head)}
        assert shown.view.locator('.play-tools [role="status"]').inner_text() == f"Rows: {len(rows)}"

    def test_gives_way_to_the_json_which_is_remembered(self, tim: str, reader: Reader) -> None:
        playground = signed_in(reader, SESSIONS, tim)
        shown = playground.send()
        assert not shown.view.locator(".highlight").is_visible()
        playground.button("JSON").click()
        assert not shown.view.locator(".play-table").is_visible()
        assert playground.button("JSON").get_attribute("aria-pressed") == "true"
        shown = playground.send()
        assert shown.view.locator(".highlight").is_visible()
        playground.button("Table").click()
        assert shown.view.locator(".play-table").is_visible()

    def test_of_what_is_no_list_there_is_none(self, tim: str, reader: Reader) -> None:
        assert signed_in(reader, "/docs/user/profile", tim).send().table == []
        assert reader.playground("/docs/user/blocked").send().table == []  # an empty one

    def test_an_id_leads_to_the_form_that_takes_it(self, tim: str, reader: Reader) -> None:
        shown = signed_in(reader, SESSIONS, tim).send()
        link = shown.view.locator(".play-table tbody a").first
        ident = link.inner_text()
        assert link.get_attribute("title") == "DELETE Revoke Session"
        link.focus()
        reader.page.keyboard.press("Enter")
        reader.page.wait_for_url("**/docs/auth/session-revoke#**")
        playground = Playground(reader.page)
        reader.page.locator(".play-send:focus").wait_for()
        assert playground.field("id").input_value() == ident
        assert ident in playground.section.locator(".play-line").inner_text()
        reader.page.keyboard.press("Enter")
        assert playground.shown().status in (200, 204, 400)

    def test_what_is_nested_is_folded_and_html_is_text(self, reader: Reader) -> None:
        message = {"id": "<img src=x>", "deep": {"a": [1]}, "words": ["a", "b"], "none": None, "empty": {}}
        answer = {"success": True, "data": {"messages": [message]}}
        reader.page.route("**/api/v1/dev/mailbox*", lambda route: route.fulfill(json=answer))
        shown = reader.playground("/docs/dev/mailbox").send()
        head, row = shown.table
        assert head == ["id", "deep", "words", "none", "empty"]
        assert row == ["<img src=x>", "{1}", "a, b", "null", "{}"]
        fold = shown.view.locator(".play-table details")
        fold.locator("summary").click()
        assert fold.locator("pre").inner_text() == '{\n  "a": [\n    1\n  ]\n}'

    @pytest.mark.parametrize("language", ["", "/ar"])
    def test_nothing_faults_in_either_direction_on_any_screen(
        self, tim: str, open_reader: OpenReader, language: str
    ) -> None:
        reader = open_reader()
        signed_in(reader, language + SESSIONS, tim).send()
        assert faults(reader.page) == []
        for viewport in (PHONE, ViewportSize(width=1280, height=900)):
            reader.page.set_viewport_size(viewport)
            needed, given = reader.page.evaluate(WIDTHS)
            assert needed <= given, reader.page.evaluate(RUNNING_OVER)
        link = reader.page.locator(".play-table tbody a").first.get_attribute("href")
        assert link is not None
        assert link.startswith(f"{language}/docs/auth/session-revoke#try?id=")


class TestWalk:
    def test_further_rows_are_added_until_there_are_no_more(
        self, browser: Browser, start_server: Callable[..., Server], tmp_path: Path,
        tmp_path_factory: pytest.TempPathFactory,
    ) -> None:  # fmt: skip
        contract, folder = contract_of(tmp_path_factory.mktemp("shelf")), tmp_path / "built"
        build(read(contract), folder, Options(locales=("en",), search=False))
        reader = Reader(browser, start_server(contract=contract, portal_dir=folder).origin)
        playground = reader.playground("/docs/shelf/books")
        playground.fill(limit="3", genre="play")  # of which neither is required
        shown, counted = playground.send(), playground.section.locator('.play-tools [role="status"]')
        assert len(shown.table) == 1 + 3
        while (more := playground.button("Next page")).count():
            before = counted.inner_text()
            more.press("Enter")
            counted.filter(has_not_text=before).wait_for()
            assert reader.page.locator(".play-further:focus, .play-table:focus").count() == 1
        names = [row[0] for row in shown.table[1:]]
        assert names == [title for kind, _, title in sorted(BOOKS, reverse=True) if kind == "play"]
        reader.close()
        assert reader.faults == []
