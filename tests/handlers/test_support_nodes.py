"""Tickets with two nodes on one database: of many at once one wins, whichever node it called."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from tests.conftest import Databases
from tests.handlers.conftest import Clients
from tests.handlers.support import begin, insert, somebody
from tests.harness import Api, Server
from tests.staff import member
from tests.tickets import answer, create, move, reopen, reply, row_of, ticket, update

CROWD, ROUNDS = 30, 8


@pytest.fixture(scope="module")
def both(start_server: Callable[..., Server], databases: Databases) -> list[Server]:
    url = databases.migrated()
    return [start_server(url), start_server(url)]


@pytest.fixture
def nodes(both: list[Server]) -> list[Server]:
    begin(both, **{"support.max_open_tickets": 3})
    return both


@pytest.fixture
def crowd(nodes: list[Server], clients: Clients) -> list[Api]:
    """Every second client calls the other node."""
    return [clients(nodes[number % 2]) for number in range(CROWD)]


def fan(server: Server) -> tuple[UUID, str]:
    """An account and its access token."""
    email = f"{uuid4().hex}@example.com"
    access = somebody(server, email=email)
    return server.tables.one("SELECT id FROM users WHERE email = %s", email)["id"], access


def test_of_thirty_at_the_last_free_place_one_is_opened(nodes: list[Server], crowd: list[Api]) -> None:
    tables, (owner, access) = nodes[0].tables, fan(nodes[0])
    for _ in range(2):
        ticket(tables, owner)
    with ThreadPoolExecutor(CROWD) as pool:
        answers = Counter(pool.map(lambda api: create(api, access).status_code, crowd))
    assert answers == {201: 1, 400: CROWD - 1}
    assert (tables.count("tickets"), tables.count("ticket_messages")) == (3, 3)


def test_of_thirty_that_reopen_one_does(nodes: list[Server], crowd: list[Api]) -> None:
    tables, (owner, access) = nodes[0].tables, fan(nodes[0])
    ticket_id = ticket(tables, owner, "CLOSED")
    with ThreadPoolExecutor(CROWD) as pool:
        answers = Counter(pool.map(lambda api: reopen(api, access, ticket_id).status_code, crowd))
    assert answers == {200: 1, 400: CROWD - 1}
    assert row_of(tables, ticket_id)["version"] == 2


def test_an_answer_beside_the_sweep_is_taken_or_refused_never_lost(nodes: list[Server], clients: Clients) -> None:
    """What was taken opens the ticket again; what came too late is told so."""
    tables, (owner, access) = nodes[0].tables, fan(nodes[0])
    api = clients(nodes[0])
    for _ in range(ROUNDS):
        ticket_id = ticket(tables, owner, "RESOLVED")
        insert(tables, "outbox", topic="support.sweep", payload={})
        with ThreadPoolExecutor(2) as pool:
            sweeping = pool.submit(nodes[1].work_off)
            answered = pool.submit(reply, api, access, ticket_id)
            sweeping.result()
            status = answered.result().status_code
        messages = "SELECT count(*) AS n FROM ticket_messages WHERE ticket_id = %s"
        told = (status, row_of(tables, ticket_id)["status"], tables.one(messages, ticket_id)["n"])
        assert told in {(200, "OPEN", 2), (400, "CLOSED", 1)}


def test_of_many_agents_one_has_the_ticket(nodes: list[Server], crowd: list[Api]) -> None:
    """However they take it: by a reply, by a move, or by assigning it to themselves."""
    tables, (owner, _) = nodes[0].tables, fan(nodes[0])
    agents = [member(nodes[0], "SUPPORT") for _ in range(CROWD)]
    ticket_id = ticket(tables, owner)
    acts = [
        lambda n: answer(crowd[n], agents[n], ticket_id),
        lambda n: move(crowd[n], agents[n], ticket_id, "ASSIGNED"),
        lambda n: update(crowd[n], agents[n], ticket_id, assignedTo=str(agents[n].id)),
    ]
    with ThreadPoolExecutor(CROWD) as pool:
        answers = [told.status_code for told in pool.map(lambda n: acts[n % 3](n), range(CROWD))]
    won = [agents[n].id for n, status in enumerate(answers) if status < 300]
    assert len(won) == 1
    assert set(answers) - {200, 201} <= {409, 412}
    row = row_of(tables, ticket_id)
    assert (row["assigned_to"], row["version"]) == (won[0], 2)
