"""The code samples of a page follow what is typed, and say what the build would have written for it."""

import json
from dataclasses import replace

import pytest
from playwright.sync_api import Page

from portal.model import Operation, Site
from portal.samples import texts
from portal.samples.call import ABSENT, Values, examples
from tests.browser.conftest import Visit
from tests.browser.reader import Reader
from tests.processes.biore import Biore, until

NASTY = """O'Reilly "quoted" \\n ${x} `back` $HOME %s <b>&amp;</b> é 😀 #{y} \\u0041"""
BROKEN_BY_LENGTH = ("typescript", "tanstack", "javascript")
SHOWN = """async () => {
    const { visibleText } = await import('/docs/assets/dom.js');
    const texts = [...document.querySelectorAll('#samples .sample')]
        .map((one) => [one.id.replace('sample-', ''), visibleText(one.querySelector('pre'))]);
    return Object.fromEntries(texts);
}"""


def operation(site: Site, operation_id: str) -> Operation:
    return next(found for found in site.operations if found.id == operation_id)


def shown(page: Page) -> dict[str, str]:
    return folded(page.evaluate(SHOWN))


def written(of: Operation, origin: str, values: Values) -> dict[str, str]:
    return folded(texts(of, origin, values))


def folded(samples: dict[str, str]) -> dict[str, str]:
    """Where a build breaks long lines, scripts leave them as they are; what is said is the same."""
    return {key: " ".join(text.split()) if key in BROKEN_BY_LENGTH else text.rstrip() for key, text in samples.items()}


class TestFollowing:
    @pytest.mark.parametrize("name", ["auth.register", "auth.login", "auth.me", "auth.sessions.revoke"])
    def test_begins_with_the_examples(self, visit: Visit, biore: Biore, site: Site, name: str) -> None:
        of = operation(site, name)
        page = visit(f"/docs/{of.policy.page}")
        page.locator("#try .play").wait_for()
        assert shown(page) == written(of, biore.origin, examples(of))

    def test_a_list_begins_without_its_filters(self, visit: Visit, biore: Biore, site: Site) -> None:
        of = operation(site, "dev.mailbox")
        page = visit(f"/docs/{of.policy.page}")
        page.locator("#try .play").wait_for()
        expected = written(of, biore.origin, replace(examples(of), query={}))
        until(lambda: shown(page) == expected, "the samples without filters")

    def test_a_body(self, reader: Reader, site: Site) -> None:
        of = operation(site, "auth.login")
        playground = reader.playground("/docs/auth/login")
        playground.fill(email=NASTY, password="Ünïcode \u2028 \u202e")
        values = replace(examples(of), body={"email": NASTY, "password": "Ünïcode \u2028 \u202e"})
        assert shown(reader.page) == written(of, reader.origin, values)

    def test_raw_json(self, reader: Reader, site: Site) -> None:
        of = operation(site, "auth.login")
        playground = reader.playground("/docs/auth/login")
        playground.section.get_by_role("button", name="JSON").click()
        body = {"a": [1, 2.5, None, {"b": {}}], "c": False, "": "x"}
        playground.section.locator("textarea.play-json:visible").fill(json.dumps(body))
        values = replace(examples(of), body=body)
        assert shown(reader.page) == written(of, reader.origin, values)

    def test_a_header_that_was_not_there(self, reader: Reader, site: Site) -> None:
        of = operation(site, "auth.register")
        playground = reader.playground("/docs/auth/register")
        playground.fill(**{"Idempotency-Key": "it's mine"})
        values = replace(examples(of), headers={"Idempotency-Key": "it's mine"})
        assert shown(reader.page) == written(of, reader.origin, values)
        playground.fill(**{"Idempotency-Key": ""})
        assert shown(reader.page) == written(of, reader.origin, examples(of))

    def test_a_query_and_a_path(self, reader: Reader, site: Site) -> None:
        of = operation(site, "dev.mailbox")
        reader.playground("/docs/dev/mailbox").fill(to="a b&c=d/é'?")
        assert shown(reader.page) == written(of, reader.origin, replace(examples(of), query={"to": "a b&c=d/é'?"}))
        of = operation(site, "auth.sessions.revoke")
        reader.playground(f"/docs/{of.policy.page}").fill(id="../x y")
        assert shown(reader.page) == written(of, reader.origin, replace(examples(of), path={"id": "../x y"}))

    def test_an_optional_body_that_was_cleared(self, reader: Reader, site: Site) -> None:
        of = operation(site, "users.reactivate")
        assert of.body
        assert not of.body.required
        playground = reader.playground("/docs/user/reactivate")
        playground.fill(token="abc")
        values = replace(examples(of), body={"token": "abc"})
        assert values.body is not ABSENT
        assert shown(reader.page) == written(of, reader.origin, values)
