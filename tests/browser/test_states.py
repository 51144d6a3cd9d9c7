"""What a playground comes to be in the hands of its reader: accessible in each state, light and dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import OpenReader
from tests.browser.reader import Playground
from tests.harness import PASSWORD
from tests.processes.biore import Biore

BROKEN = '{\n  "email": x\n}'


def faults(playground: Playground, state: str) -> list[tuple[str, str, str]]:
    found = Axe().run(playground.page, context="#try").response["violations"]
    found += Axe().run(playground.page, context=".top").response["violations"]
    return [(state, fault["id"], node["html"][:200]) for fault in found for node in fault["nodes"][:3]]


@pytest.mark.parametrize(("locale", "scheme"), [("", "light"), ("", "dark"), ("/ar", "light")])
def test_no_state_has_a_finding(biore: Biore, open_reader: OpenReader, locale: str, scheme: str) -> None:
    email = f"axe{scheme}{locale[1:]}@example.com"
    with biore.client() as visitor:
        visitor.sign_up(email)
    reader = open_reader(color_scheme=scheme, viewport={"width": 420, "height": 900})
    playground = reader.playground(f"{locale}/docs/auth/sessions-revoke-all")
    panel, section = playground.panel, playground.section
    found = faults(playground, "not signed in")
    playground.send()
    answer = section.locator(".play-answer pre")
    assert answer.evaluate("(one) => getComputedStyle(one).direction") == "ltr"  # JSON, whatever the page
    section.locator(".play-offer button").first.click()
    panel.locator('[name="password"]').wait_for()
    found += faults(playground, "refused, signing in")
    playground.give_credentials(email, "Wrong-Horse-7")
    panel.locator(".play-step .play-error:not(:empty)").wait_for()
    found += faults(playground, "a wrong password")
    panel.locator(".play-ways button").first.click()
    panel.locator('[name="accessToken"]').wait_for()
    found += faults(playground, "pasting")
    panel.locator(".play-signin > p > button").click()
    panel.locator('[name="password"]').wait_for()
    playground.give_credentials(email, PASSWORD)
    playground.signed_in()
    panel.locator(".play-account-buttons button").click()
    panel.locator(".play-accounts").wait_for()
    found += faults(playground, "accounts")
    with biore.tables() as tables:
        tables.run("UPDATE sessions SET confirmed_at = NULL")
    assert playground.send().error == "auth.confirmation_required"
    found += faults(playground, "a proof is asked for")
    with biore.tables() as tables:
        tables.run("UPDATE sessions SET revoked_at = now()")
    assert playground.send().error == "auth.unauthenticated"
    playground.signed_in("expired")
    found += faults(playground, "expired")

    playground = reader.playground(f"{locale}/docs/auth/register")
    for summary in playground.section.locator("summary").all():
        summary.click()
    found += faults(playground, "all fields open")
    playground.button("JSON").click()
    playground.section.locator("textarea.play-json:visible").fill(BROKEN)
    playground.section.locator(".play-fault p").wait_for()
    playground.send()
    found += faults(playground, "broken JSON, sent")
    assert found == []
