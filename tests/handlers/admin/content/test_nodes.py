"""Texts for everybody with several nodes on one database: of many at once one wins."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import Databases
from tests.editions import follow
from tests.handlers.admin.content.test_texts import in_time
from tests.handlers.conftest import Clients
from tests.handlers.support import begin
from tests.harness import Server
from tests.staff import Hired, member
from tests.texts import PAGE, POST, Desk, Json, category, data_of

CROWD = 20


@pytest.fixture(scope="module")
def nodes(start_server: Callable[..., Server], databases: Databases) -> list[Server]:
    url = databases.migrated()
    return [start_server(url), start_server(url)]


@pytest.fixture
def editor(nodes: list[Server]) -> Hired:
    begin(nodes)
    return member(nodes[0], "EDITOR")


@pytest.fixture
def desks(nodes: list[Server], editor: Hired, clients: Clients) -> list[Desk]:
    """Half of them at each node; every other one is another editor's."""
    other = member(nodes[0], "EDITOR")
    return [Desk(clients(nodes[number % 2]), (editor, other)[number // 2 % 2]) for number in range(CROWD)]


def test_of_twenty_with_one_version_one_writes(desks: list[Desk], nodes: list[Server]) -> None:
    entry = desks[0].made(PAGE)
    with ThreadPoolExecutor(CROWD) as crowd:
        answers = list(crowd.map(lambda at: desks[at].update(entry, title=f"About {at}"), range(CROWD)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: CROWD - 1}
    (winner,) = [answer.json()["data"] for answer in answers if answer.status_code == 200]
    assert desks[0].get(entry)["entry"] == winner
    assert len(nodes[0].tables.rows("SELECT 1 FROM audit_logs WHERE action = 'admin.content.texts.update'")) == 1


def test_of_many_publications_at_once_one_is_made(desks: list[Desk], nodes: list[Server]) -> None:
    entry = desks[0].made(PAGE)
    times: list[Json] = [{} if at % 2 else {"publishAt": in_time(hours=1 + at)} for at in range(CROWD)]
    with ThreadPoolExecutor(CROWD) as crowd:
        answers = list(crowd.map(lambda at: desks[at].publish(entry, **times[at]), range(CROWD)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: CROWD - 1}
    assert nodes[0].tables.count("publications") == 1


def test_beside_a_publication_nobody_writes_or_deletes_unseen(desks: list[Desk]) -> None:
    for number in range(5):
        entry = desks[0].made(PAGE | {"slug": f"page-{number}"})
        with ThreadPoolExecutor(3) as three:
            publishing = three.submit(desks[0].publish, entry)
            writing = three.submit(desks[1].update, entry, title="Other")
            deleting = three.submit(desks[2].remove, entry)
        told = sorted(one.result().status_code for one in (publishing, writing, deleting))
        assert told[0] == 200
        assert set(told[1:]) <= {404, 409, 412}


def test_of_two_texts_one_gets_the_name(desks: list[Desk]) -> None:
    """Each had it, one after the other, as a draft."""
    first = desks[0].made(POST)
    renamed = desks[0].updated(first, slug="other")
    with ThreadPoolExecutor(2) as both:
        creating = [both.submit(desks[at].create, POST) for at in (0, 1)]
    assert sorted(one.result().status_code for one in creating) == [201, 409]
    (second,) = [one.result().json()["data"] for one in creating if one.result().status_code == 201]
    assert (renamed["slug"], second["slug"]) == ("other", "hello-world")


def test_nothing_is_put_into_a_category_that_goes(desks: list[Desk], nodes: list[Server]) -> None:
    tables = nodes[0].tables
    for number in range(5):
        news = str(category(tables, slug=f"news-{number}"))
        fields = POST | {"slug": f"post-{number}", "categoryIds": [news]}
        with ThreadPoolExecutor(2) as both:
            creating = both.submit(desks[0].create, fields)
            removing = both.submit(
                desks[1].call, "content.categories.set", "categories/blog", {"items": []}, _version(desks[1])
            )
        told = (creating.result().status_code, removing.result().status_code)
        assert told in {(201, 409), (404, 200)}
        if told[0] == 201:
            desks[0].remove(creating.result().json()["data"])
        tables.run("DELETE FROM content_categories")


def _version(desk: Desk) -> int:
    return int(data_of(desk.call("content.categories.get", "categories/blog"))["version"])


def test_every_node_shows_what_was_published(desks: list[Desk], nodes: list[Server]) -> None:
    entry = desks[0].published(desks[0].made(PAGE))
    for number in range(3):
        entry = desks[0].published(desks[0].updated(entry, html=f"<p>{number}</p>"))
        for node, desk in zip(nodes, desks, strict=False):
            follow(node)
            told = desk.api.get("/api/v1/public/pages/about").json()["data"]["content"]
            assert told == f"<p>{number}</p>"
