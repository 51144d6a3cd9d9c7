"""Many at once subscribe and confirm against a server process, while a worker mails."""

from uuid import UUID, uuid4

import pytest

from tests.handlers.support import insert
from tests.harness import TOKEN, Tables
from tests.processes.biore import Deployment, until
from tests.processes.conftest import DeploymentMaker
from tests.processes.crowd import all_at_once, codes, post, request, statuses


@pytest.fixture(scope="module")
def biore(deploy: DeploymentMaker) -> Deployment:
    """One API process and one worker. What an address may get in an hour stands in the way of no test."""
    deployment = deploy()
    deployment.configure({"bio.subscribe_mails_per_address": 1000})
    deployment.start("worker")
    deployment.serve("--no-worker")
    return deployment


def page_of_somebody(tables: Tables) -> UUID:
    name = uuid4().hex[:12]
    user_id = insert(tables, "users", email=f"{name}@example.com", username=name, email_verified=True)
    creator_id = insert(tables, "creator_profiles", user_id=user_id)
    return insert(tables, "bio_pages", creator_id=creator_id, email_collection_enabled=True)


class TestSubscribe:
    def test_two_hundred_at_once_make_one_row_with_one_link_in_one_mail(self, biore: Deployment) -> None:
        address = f"{uuid4().hex}@example.com"
        with biore.tables() as tables:
            page_id = page_of_somebody(tables)
            answers = all_at_once(biore, [post(f"creators/{page_id}/subscribe", {"email": address})] * 200)
            assert statuses(answers) == {200: 200}
            rows = tables.rows("SELECT token_hash FROM bio_email_subscribers WHERE email = %s", address)
            assert [row["token_hash"] is None for row in rows] == [False]
            jobs = "SELECT done_at FROM outbox WHERE topic = 'email.confirm_subscription'"
            until(lambda: all(job["done_at"] for job in tables.rows(jobs)), "the mails")
            assert len(tables.rows("SELECT 1 FROM mailbox_messages WHERE recipient = %s", address)) == 1
        token = TOKEN.search(biore.wait_for_mail(address))
        assert token is not None
        assert statuses(all_at_once(biore, [request("GET", f"creators/subscribe/confirm?token={token[1]}")])) == {
            200: 1
        }

    def test_of_sixty_pages_at_once_six_mail_an_address(self, biore: Deployment) -> None:
        address = f"{uuid4().hex}@example.com"
        with biore.tables() as tables:
            pages = [page_of_somebody(tables) for _ in range(60)]
            calls = [post(f"creators/{page_id}/subscribe", {"email": address}) for page_id in pages]
            assert statuses(all_at_once(biore, calls)) == {200: 60}
            jobs = "SELECT done_at FROM outbox WHERE topic = 'email.confirm_subscription'"
            until(lambda: all(job["done_at"] for job in tables.rows(jobs)), "the mails")
            assert len(tables.rows("SELECT 1 FROM mailbox_messages WHERE recipient = %s", address)) == 6


class TestConfirm:
    def test_of_sixty_four_one_confirms(self, biore: Deployment) -> None:
        address = f"{uuid4().hex}@example.com"
        with biore.tables() as tables:
            page_id = page_of_somebody(tables)
        all_at_once(biore, [post(f"creators/{page_id}/subscribe", {"email": address})])
        token = TOKEN.search(biore.wait_for_mail(address))
        assert token is not None
        answers = all_at_once(biore, [request("GET", f"creators/subscribe/confirm?token={token[1]}")] * 64)
        assert codes(answers) == {"200": 1, "creator.subscribe.token_invalid": 63}
