"""Config with several nodes on one database: of many at once one wins, and what one stores holds on all."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import Databases
from tests.handlers.admin.test_config import KEY, LONGEST, SHORTEST, patch, put, shown
from tests.handlers.conftest import Clients
from tests.handlers.support import begin, until
from tests.harness import Server
from tests.staff import Hired, member

CROWD = 50
ROUNDS = 10


@pytest.fixture(scope="module")
def nodes(start_server: Callable[..., Server], databases: Databases) -> list[Server]:
    url = databases.migrated()
    return [start_server(url), start_server(url)]


@pytest.fixture
def owner(nodes: list[Server]) -> Hired:
    begin(nodes)
    return member(nodes[0], "OWNER")


def test_of_fifty_with_one_version_one_writes(nodes: list[Server], owner: Hired, clients: Clients) -> None:
    apis = [clients(nodes[number % 2]) for number in range(CROWD)]
    with ThreadPoolExecutor(CROWD) as crowd:
        answers = list(crowd.map(lambda number: put(apis[number], owner, KEY, 10 + number), range(CROWD)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: CROWD - 1}
    (winner,) = [answer.json()["data"]["value"] for answer in answers if answer.status_code == 200]
    assert shown(apis[0], owner, KEY)["value"] == winner
    tables = nodes[0].tables
    assert len(tables.rows("SELECT 1 FROM config_history WHERE name = %s", KEY)) == 1
    assert len(tables.rows("SELECT 1 FROM audit_logs WHERE action = 'admin.config.set'")) == 1


def test_of_two_that_contradict_each_other_one_is_refused(nodes: list[Server], owner: Hired, clients: Clients) -> None:
    apis = [clients(node) for node in nodes]
    for _ in range(ROUNDS):
        version = {key: shown(apis[0], owner, key)["version"] for key in (SHORTEST, LONGEST)}
        with ThreadPoolExecutor(2) as both:
            lower = both.submit(put, apis[0], owner, SHORTEST, 20, version[SHORTEST])
            upper = both.submit(put, apis[1], owner, LONGEST, 10, version[LONGEST])
        assert sorted([lower.result().status_code, upper.result().status_code]) == [200, 400]
        version = {key: shown(apis[0], owner, key)["version"] for key in (SHORTEST, LONGEST)}
        open_again = patch(apis[0], owner, (SHORTEST, 3, version[SHORTEST]), (LONGEST, 30, version[LONGEST]))
        assert open_again.status_code == 200


def test_what_one_node_stores_holds_on_all(nodes: list[Server], owner: Hired, clients: Clients) -> None:
    one, other = nodes
    assert put(clients(one), owner, KEY, 42).status_code == 200
    assert one.app.config.get(KEY) == 42, "at once where it was answered"
    until(lambda: other.app.config.get(KEY) == 42)
    assert shown(clients(other), owner, KEY)["value"] == 42
