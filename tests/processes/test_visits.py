"""Clicks on links of bio pages while the server that counts them is killed."""

import asyncio
from uuid import UUID, uuid4

import httpx
import pytest

from tests.creators import link
from tests.handlers.creators.test_visits import BROWSER
from tests.handlers.support import insert
from tests.harness import Tables
from tests.processes.biore import Deployment, Process
from tests.processes.conftest import DeploymentMaker
from tests.processes.crowd import client

VISITORS = 40
ANSWERED_BEFORE = 300


@pytest.fixture
def biore(deploy: DeploymentMaker) -> Deployment:
    """A worker, beside which the database goes on when the server is gone."""
    deployment = deploy()
    deployment.start("worker")
    return deployment


def page_with_a_link(tables: Tables) -> tuple[UUID, UUID]:
    name = uuid4().hex[:12]
    user_id = insert(tables, "users", email=f"{name}@example.com", username=name, email_verified=True)
    page_id = insert(tables, "bio_pages", creator_id=insert(tables, "creator_profiles", user_id=user_id))
    return page_id, link(tables, page_id)


async def clicks_until_killed(biore: Deployment, server: Process, page_id: UUID, link_id: UUID) -> int:
    """How many clicks were answered. The server is killed in the midst of the others."""
    answered = 0

    async def visit(crowd: httpx.AsyncClient) -> None:
        nonlocal answered
        while True:
            body = {"linkId": str(link_id), "visitorId": uuid4().hex}
            try:
                response = await crowd.post(f"bio/{page_id}/click", json=body, headers=BROWSER)
            except httpx.TransportError:
                return
            assert response.status_code == 200, response.text
            answered += 1
            if answered == ANSWERED_BEFORE:
                server.kill()

    async with client(biore, timeout=30.0) as crowd:
        await asyncio.gather(*(visit(crowd) for _ in range(VISITORS)))
    return answered


def test_what_was_answered_is_counted_and_counted_once(biore: Deployment) -> None:
    server = biore.serve("--no-worker")
    biore.configure({"ratelimit.enabled": False})
    with biore.tables() as tables:
        page_id, link_id = page_with_a_link(tables)
        answered = asyncio.run(clicks_until_killed(biore, server, page_id, link_id))
        (row,) = tables.rows("SELECT clicks, visitors FROM bio_daily WHERE page_id = %s", page_id)
        stored = tables.count("bio_page_views")
        assert ANSWERED_BEFORE <= answered <= stored <= answered + VISITORS
        assert row == {"clicks": stored, "visitors": stored}
        assert tables.one("SELECT click_count FROM bio_links WHERE id = %s", link_id)["click_count"] == stored
        (value,) = tables.rows("SELECT value, count FROM bio_daily_values WHERE page_id = %s", page_id)
        assert value == {"value": str(link_id), "count": stored}
