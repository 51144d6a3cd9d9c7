"""What a creator and a fan do with the forms of the portal: a page is built, read, and subscribed to."""

import re

from tests.browser.conftest import OpenReader
from tests.browser.reader import Playground, Reader
from tests.browser.test_accounts import mailed_link
from tests.harness import PASSWORD
from tests.processes.biore import Biore

CREATOR, FAN, USERNAME = "mira@example.com", "finn@example.com", "mira.paints"
ID = re.compile(r'"id": "([0-9a-f-]{36})"')


def signed_in(biore: Biore, reader: Reader, email: str, username: str) -> Playground:
    """Where accounts become creators, as somebody who is none, and has a username as most have."""
    with biore.client() as visitor:
        visitor.sign_up(email)
    with biore.tables() as tables:
        tables.run("UPDATE users SET username = %s WHERE email = %s", username, email)
    playground = reader.playground("/docs/creator/upgrade")
    playground.sign_in(email, PASSWORD)
    playground.signed_in()
    return playground


def own(reader: Reader, slug: str, creator_id: str) -> Playground:
    """A form of creators, once it names the profile of whoever is signed in."""
    playground = reader.playground(f"/docs/creator/{slug}")
    playground.section.locator(".play-line", has_text=creator_id).wait_for()
    assert playground.field("creatorId").input_value() == creator_id
    return playground


def test_a_creator_builds_a_page_and_a_fan_subscribes(biore: Biore, open_reader: OpenReader) -> None:
    creator = open_reader()
    shown = signed_in(biore, creator, CREATOR, USERNAME).send()  # the example as it is
    assert (shown.status, shown.documented) == (201, True)
    (creator_id,) = re.findall(r'"creatorId": "([0-9a-f-]{36})"', shown.text)

    playground = own(creator, "bio-page-update", creator_id)
    playground.choose(emailCollectionEnabled="true")
    assert playground.send().status == 200
    shown = own(creator, "bio-link-add", creator_id).send()
    assert (shown.status, '"embedType": "YOUTUBE"' in shown.text) == (201, True)
    page_id = ID.findall(own(creator, "bio-page", creator_id).send().text)[0]

    fan = open_reader()
    playground = fan.playground("/docs/creator/bio-public")
    playground.fill(username=USERNAME)
    shown = playground.send()
    assert (shown.status, shown.documented) == (200, True)
    assert all(text in shown.text for text in (page_id, "Notes on engines.", "dQw4w9WgXcQ"))
    playground = fan.playground("/docs/creator/subscribe")
    playground.fill(bioPageId=page_id, email=FAN)
    assert playground.send().status == 200

    page = fan.open(mailed_link(biore, FAN, "subscribe/confirm"))
    assert "token=" not in page.url
    page.locator(".action button").click()
    page.locator("#outcome .play-good").wait_for()
    shown = creator.playground("/docs/creator/subscribers").send()
    assert [row[shown.table[0].index("email")] for row in shown.table[1:]] == [FAN]


def test_what_somebody_typed_stays(biore: Biore, reader: Reader) -> None:
    """The own profile is proposed in the place of the example, never in that of another."""
    other = "00000000-0000-4000-8000-000000000001"
    (creator_id,) = re.findall(
        r'"creatorId": "([0-9a-f-]{36})"', signed_in(biore, reader, "noa@example.com", "noa.knits").send().text
    )
    with reader.page.expect_response("**/creators/profile"):
        playground = reader.playground(f"/docs/creator/bio-page#try?creatorId={other}")
    assert playground.field("creatorId").input_value() == other
    own(reader, "vacation", creator_id)  # another form has it in place of its example
