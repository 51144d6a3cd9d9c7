"""Many at once ask a server process for one payout: the database decides, and nothing is paid twice."""

from uuid import UUID

import pytest

from runtime.compose import Parts
from tests.handlers.support import insert
from tests.harness import bearer
from tests.money import earning, earnings
from tests.payees import EARNED, payout_account, tax_form
from tests.processes.biore import Deployment
from tests.processes.conftest import DeploymentMaker
from tests.processes.crowd import all_at_once, codes, post

AT_ONCE, ROUNDS, FULL_ROUNDS = 50, 1, 10
AMOUNT, CENTS = "50.00", 5000


@pytest.fixture
def biore(deploy: DeploymentMaker) -> Deployment:
    deployment = deploy()
    deployment.serve("--no-worker")
    return deployment


def ready(biore: Deployment, user_id: UUID) -> None:
    """By a payout account, with ten times as much as is asked for."""
    with biore.tables() as tables:
        insert(tables, "creator_profiles", user_id=user_id, kyc_status="APPROVED")
        tax_form(tables, user_id)
        payout_account(tables, user_id)

    async def earn(parts: Parts) -> None:
        async with parts.database.unit() as db:
            await db.ledger.post(earnings(user_id, EARNED))

    biore.with_parts(earn)


class TestRequests:
    def test_of_fifty_at_once_one_is_made(self, biore: Deployment, pytestconfig: pytest.Config) -> None:
        rounds = FULL_ROUNDS if pytestconfig.getoption("--full-races") else ROUNDS
        for user_id, token in biore.people(rounds):
            ready(biore, user_id)
            body = {"amount": AMOUNT, "method": "PLATFORM_ACCOUNT"}
            headers = {name.lower(): value for name, value in bearer(token).items()}
            answers = all_at_once(biore, [post("payouts/request", body, **headers)] * AT_ONCE)
            assert codes(answers) == {"201": 1, "payment.payout.error.frequency_limit": AT_ONCE - 1}
            wallet = earning(user_id)
            with biore.tables() as tables:
                (payout,) = tables.rows("SELECT amount, status FROM payouts WHERE user_id = %s", user_id)
                assert payout == {"amount": CENTS, "status": "PENDING"}
                assert tables.one("SELECT balance FROM wallets WHERE id = %s", wallet.id) == {"balance": EARNED - CENTS}
                reserved = "SELECT count(*) AS n FROM ledger_transfers WHERE kind = 'payout' AND key LIKE %s"
                made = answers[[answer.status_code for answer in answers].index(201)].json()["data"]["payoutId"]
                assert tables.one(reserved, f"payout:{made}:%") == {"n": 1}
