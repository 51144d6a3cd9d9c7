"""Texts that are approved on one node of two, and read on both meanwhile."""

from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from tests.conftest import Databases
from tests.handlers.conftest import Clients
from tests.handlers.support import begin, until
from tests.harness import Api, Server
from tests.i18n import english, follow, language, version_of, waiting
from tests.staff import Hired, member

APPROVALS, READERS = 100, 4
GERMAN = "/translations/de"


@pytest.fixture(scope="module")
def nodes(start_server: Callable[..., Server], databases: Databases) -> list[Server]:
    url = databases.migrated()
    return [start_server(url), start_server(url)]


@pytest.fixture
def editor(nodes: list[Server]) -> Hired:
    begin(nodes)
    for code in ("en", "de"):
        language(nodes[0].tables, code)
    for node in nodes:
        follow(node)
    return member(nodes[0], "EDITOR")


def approve(api: Api, caller: Hired, draft: object) -> None:
    body = {"ids": [str(draft)], "outcome": "APPROVED"}
    answer = api.call("admin.translations.review", body, headers=caller.headers)
    assert [each["outcome"] for each in answer.json()["data"]["results"]] == ["DONE"]


def read_on(api: Api, until_then: Event, node: Server) -> list[tuple[str, bytes, str, int]]:
    """Tag, body, what caches are told, and the version that was asked for."""
    seen, wanted = [], 0
    while not until_then.is_set():
        answer = api.call("i18n.translations.bundle", path=GERMAN, params={"v": wanted})
        assert answer.status_code == 200
        seen.append((answer.headers["etag"], answer.content, answer.headers["cache-control"], wanted))
        wanted = int(answer.headers["etag"].strip('"').rpartition("-")[2]) + len(seen) % 2
        if len(seen) % 5 == 0:
            follow(node)
    return seen


def test_a_version_has_one_body(nodes: list[Server], editor: Hired, clients: Clients) -> None:
    tables, over = nodes[0].tables, Event()
    english(tables, **{f"key{number}": "Hello" for number in range(APPROVALS)})
    drafts = [waiting(tables, f"de/web/key{number}", f"Hallo {number}") for number in range(APPROVALS)]
    first = version_of(tables, "de")
    with ThreadPoolExecutor(READERS) as crowd, ThreadPoolExecutor(3) as staff:
        readers = [
            crowd.submit(read_on, clients(nodes[number % 2]), over, nodes[number % 2]) for number in range(READERS)
        ]
        try:
            apis = [clients(node) for node in nodes]
            list(staff.map(lambda given: approve(apis[given[0] % 2], editor, given[1]), enumerate(drafts)))
        finally:
            over.set()
        seen = [each for reader in readers for each in reader.result()]
    assert version_of(tables, "de") == first + APPROVALS
    bodies = defaultdict(set)
    for tag, body, _, _ in seen:
        bodies[tag].add(body)
    assert {tag: len(each) for tag, each in bodies.items() if len(each) > 1} == {}
    assert len(bodies) > 5
    for tag, _, control, wanted in seen:
        assert (control == "public, max-age=31536000, immutable") is (tag == f'"i18n-de-{wanted}"')


def test_every_node_follows(nodes: list[Server], editor: Hired, clients: Clients) -> None:
    """By itself: in bundles, and in what it says."""
    tables, (one, other) = nodes[0].tables, (clients(node) for node in nodes)
    source = "This field is required."
    draft = waiting(tables, "de/validation/required", "Bitte!", source=source)
    approve(one, editor, draft)

    def said(api: Api) -> bool:
        refused = api.call("auth.login", {}, headers={"Accept-Language": "de"}).json()["error"]["details"]
        return {each["message"] for each in refused} == {"Bitte!"}

    for api in (one, other):
        until(lambda api=api: said(api))  # type: ignore[misc]
        bundle = api.call("i18n.translations.bundle", path=GERMAN)
        assert bundle.json() == {"validation.required": "Bitte!"}
