"""Forms, bytes and versions in the playground, on operations that only tests have."""

import hmac
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from portal.build import Options, build
from portal.model import Site, read
from portal.samples import texts
from portal.samples.call import Values
from tests.browser.conftest import add_modules
from tests.browser.reader import Reader
from tests.browser.test_samples import folded, operation, shown
from tests.extended.guarding.handlers import KEY
from tests.extended.guarding.kit import STARTED, room, sampled
from tests.harness import Server


@pytest.fixture(scope="module")
def sample_site() -> Site:
    return read(sampled())


@pytest.fixture(scope="module")
def served(start_server: Callable[..., Server], sample_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Server:
    folder: Path = tmp_path_factory.mktemp("portal") / "built"
    server = start_server(**STARTED, portal_dir=folder)
    build(sample_site, folder, Options(origin=server.origin, search=False))
    add_modules(folder)
    room(server.tables, version=7)
    return server


@pytest.fixture
def visitor(browser: Browser, served: Server) -> Iterator[Reader]:
    reader = Reader(browser, served.origin)
    yield reader
    reader.close()
    assert reader.faults == []


def test_a_form_is_sent_as_one_and_the_samples_follow(visitor: Reader, sample_site: Site) -> None:
    playground = visitor.playground("/docs/samples/form")
    playground.fill(email="Eve@Example.com", name="a & b")
    answer = playground.send()
    assert (answer.status, answer.documented) == (200, True)
    assert '"eve@example.com"' in answer.text
    assert '"a & b"' in answer.text
    assert '"b c"' in answer.text  # of the list that the example has
    values = Values(body="email=Eve%40Example.com&name=a+%26+b&count=3&agreed=true&tags=a&tags=b+c")
    assert shown(visitor.page) == folded(texts(operation(sample_site, "samples.form"), visitor.origin, values))


def test_what_breaks_a_rule_is_told_by_field(visitor: Reader) -> None:
    playground = visitor.playground("/docs/samples/form")
    playground.fill(email="e", count="12")
    answer = playground.send()
    assert (answer.status, answer.documented) == (400, True)
    assert all(rule in answer.text for rule in ("minLength", "maximum"))


def test_bytes_are_sent_as_they_are_typed(visitor: Reader, sample_site: Site) -> None:
    playground = visitor.playground("/docs/samples/webhook")
    assert playground.send().status == 200  # the signature of the example is right
    body = "@ü {not json"
    signature = hmac.digest(KEY, body.encode(), "sha256").hex()
    playground.section.locator("textarea.play-json").fill(body)
    playground.fill(**{"X-Signature": signature})
    assert playground.send().status == 200
    values = Values(body=body, headers={"X-Signature": signature})
    written = folded(texts(operation(sample_site, "samples.webhook"), visitor.origin, values))
    told = shown(visitor.page)
    assert {key for key in told if key != "tanstack" and told[key] != written[key]} == set()


def test_a_version_is_a_header_that_follows_what_was_seen(visitor: Reader) -> None:
    playground = visitor.playground("/docs/samples/rename-room")
    assert playground.field("If-Match").input_value() == '"7"'  # the example of the contract
    answer = playground.send()
    assert (answer.status, answer.documented) == (200, True)
    assert playground.field("If-Match").input_value() == '"8"'
    playground = visitor.playground("/docs/samples/remove-room")  # of the same row
    assert playground.field("If-Match").input_value() == '"8"'
    visitor.page.evaluate("sessionStorage.clear()")
    playground = visitor.playground("/docs/samples/rename-room")
    refused = playground.send()
    assert (refused.status, refused.error) == (412, "precondition.failed")
    assert playground.field("If-Match").input_value() == '"7"'  # nobody overwrites unseen
    playground.button('Use version "8" and send again').click()
    playground.section.locator(".status-2xx").wait_for()
    assert playground.field("If-Match").input_value() == '"9"'
    playground.fill(**{"If-Match": ""})
    refused = playground.send()
    assert (refused.status, refused.error) == (428, "precondition.required")
    playground.section.locator(".play-offer").get_by_role("button", name="If-Match").click()
    assert visitor.page.locator(":focus").get_attribute("name") == "If-Match"


def test_a_dry_run_may_be_chosen(visitor: Reader, served: Server) -> None:
    playground = visitor.playground("/docs/samples/rehearse")
    before = served.tables.fingerprints()
    playground.field("dryRun").select_option("true")
    answer = playground.send()
    assert (answer.status, answer.documented) == (201, True)
    assert "dryRun" in answer.text
    assert served.tables.changed_since(before) == set()
