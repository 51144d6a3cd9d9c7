"""What staff meet in the portal: the second factor, proofs in a dialog, sessions that end, lists that lead on."""

import pytest

from tests.browser.conftest import OpenReader
from tests.browser.reader import Playground, Reader
from tests.browser.test_pages import faults
from tests.harness import PASSWORD
from tests.processes.biore import Biore
from tests.processes.staff import Employee, hired, with_password

CREATE = "/docs/admin/create-content"
GRANT, STAFF, ME = "/docs/admin/grant-role", "/docs/admin/staff", "/docs/admin/me"
OPERATORS = "SELECT user_id FROM staff_roles WHERE role = 'OPERATOR'"


@pytest.fixture(scope="module")
def owner(biore: Biore) -> Employee:
    return hired(biore, "olga@staff.example")


@pytest.fixture(scope="module")
def bob(biore: Biore) -> str:
    """Somebody whom roles may be given to."""
    with biore.client() as client:
        with_password(biore, client, "bob@staff.example", "SUPPORT")
    return "bob@staff.example"


@pytest.fixture
def at_grant(biore: Biore, owner: Employee, bob: str, reader: Reader) -> Playground:
    """The form that gives a role, filled in by an owner whose proof is too old."""
    playground = signed_in(reader, GRANT, owner)
    with biore.tables() as tables:
        tables.run("UPDATE sessions SET confirmed_at = NULL")
    playground.fill(email=bob, reason="A test of the form.")
    playground.field("role").select_option(label="OPERATOR")
    return playground


def signed_in(reader: Reader, path: str, who: Employee) -> Playground:
    playground = reader.playground(path)
    playground.panel.locator(".play-account-buttons button").first.click()
    give(playground, who)
    playground.signed_in()
    return playground


def give(playground: Playground, who: Employee) -> None:
    playground.give_credentials(who.email, PASSWORD)
    code = playground.panel.locator('[name="code"]')
    code.wait_for()
    code.fill(who.code())
    playground.panel.locator('button[type="submit"]').click()


class TestKinds:
    def test_a_body_of_one_of_several_kinds_is_typed_as_json(self, owner: Employee, reader: Reader) -> None:
        playground = signed_in(reader, CREATE, owner)
        assert "hello-world" in reader.page.locator("#try .play-editor textarea").input_value()
        assert "hello-world" in reader.page.locator("#samples").inner_text()
        assert playground.send().error == "admin.not_found"  # the example names a category that there is not


class TestProof:
    def test_is_asked_for_in_a_dialog_and_the_call_goes_on(
        self, biore: Biore, owner: Employee, at_grant: Playground
    ) -> None:
        assert at_grant.send().error == "admin.reauthentication_required"
        page = at_grant.page
        dialog = page.get_by_role("dialog", name="Confirm your identity")
        page.locator('dialog [name="password"]:focus').wait_for()
        page.keyboard.type("Wrong-Horse-7")
        page.keyboard.press("Tab")
        page.keyboard.type("000000")
        page.keyboard.press("Enter")
        dialog.locator(".play-error:not(:empty)").wait_for()
        dialog.locator('[name="password"]').fill(PASSWORD)
        dialog.locator('[name="code"]').fill(owner.code())
        page.keyboard.press("Enter")
        at_grant.section.locator(".status-2xx").wait_for()
        assert dialog.count() == 0
        with biore.tables() as tables:
            assert len(tables.rows(OPERATORS)) == 1
            tables.run("DELETE FROM staff_roles WHERE role = 'OPERATOR'")

    def test_nothing_happens_where_it_is_closed(self, biore: Biore, at_grant: Playground) -> None:
        at_grant.send()
        page = at_grant.page
        page.locator("dialog[open]").wait_for()
        page.keyboard.press("Escape")
        page.locator("dialog[open]").wait_for(state="detached")
        with biore.tables() as tables:
            assert tables.rows(OPERATORS) == []
        at_grant.button("Confirm and send again").click()
        page.locator("dialog[open]").wait_for()
        assert page.locator('dialog [name="password"]:focus').count() == 1

    @pytest.mark.parametrize("language", ["", "/ar"])
    def test_its_dialog_has_no_fault(
        self, biore: Biore, owner: Employee, open_reader: OpenReader, language: str
    ) -> None:
        reader = open_reader()
        playground = signed_in(reader, language + GRANT, owner)
        with biore.tables() as tables:
            tables.run("UPDATE sessions SET confirmed_at = NULL")
        playground.fill(email="nobody@staff.example", reason="A test.")
        playground.field("role").select_option(label="OPERATOR")
        playground.send()
        reader.page.locator("dialog[open]").wait_for()
        assert faults(reader.page) == []
        reader.page.emulate_media(color_scheme="dark")
        assert faults(reader.page) == []


class TestSession:
    def test_without_a_second_factor_leads_to_the_guide(self, biore: Biore, reader: Reader) -> None:
        with biore.client() as client:
            with_password(biore, client, "nora@staff.example")
        playground = reader.playground(STAFF)
        playground.sign_in("nora@staff.example", PASSWORD)
        playground.signed_in()
        assert playground.send().error == "admin.two_factor_required"
        offer = playground.section.locator(".play-offer")
        assert offer.get_by_role("link").get_attribute("href") == "/docs/guides/two-factor"
        shown = reader.playground(ME).send()
        assert (shown.status, shown.documented) == (200, True)
        assert "ENABLE_TWO_FACTOR" in shown.text

    def test_that_is_too_old_leads_to_a_sign_in(self, biore: Biore, owner: Employee, reader: Reader) -> None:
        playground = signed_in(reader, STAFF, owner)
        with biore.tables() as tables:
            tables.run("UPDATE sessions SET admin_seen_at = now() - interval '2 hours'")
        assert playground.send().error == "admin.session_expired"
        playground.section.locator(".play-offer").get_by_role("button", name="Sign in").click()
        playground.panel.locator('[name="email"]').wait_for()
        assert playground.panel.locator('[name="email"]').input_value() == owner.email
        give(playground, owner)
        playground.button("Send again").click()
        playground.section.locator(".status-2xx").wait_for()


class TestLists:
    def test_a_member_leads_to_the_form_that_takes_a_role_back(self, owner: Employee, reader: Reader) -> None:
        shown = signed_in(reader, STAFF, owner).send()
        assert (shown.status, shown.documented) == (200, True)
        head, *rows = shown.table
        assert owner.email in [row[head.index("email")] for row in rows]
        row = shown.view.locator(".play-table tbody tr", has_text=owner.email)
        ident = row.locator("th a").first
        told = ident.inner_text()
        assert ident.get_attribute("title") == "GET View User"
        row.locator("th summary").click()
        row.get_by_role("link", name="POST Revoke Role").click()
        reader.page.wait_for_url("**/docs/admin/revoke-role#**")
        assert Playground(reader.page).field("userId").input_value() == told
