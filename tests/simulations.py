"""What tests have become of things at the sandbox without its pages, as developers do."""

from typing import Any
from uuid import UUID

import httpx

from tests.creators import Creator
from tests.harness import Api, Server, Tables
from tests.payees import tax_form
from tests.payout_vendor import payout_of
from tests.payouts import enabled

PATHS = {
    "dev.simulate_payment": "/dev/payments/{}/simulate",
    "dev.simulate_kyc": "/dev/kyc/{}/simulate",
    "dev.simulate_payout_account": "/dev/payout-accounts/{}/simulate",
    "dev.simulate_payout": "/dev/payouts/{}/simulate",
}
NOTHING = "00000000-0000-4000-8000-000000000000"


def simulate(
    api: Api,
    operation_id: str,
    about: str | UUID,
    outcome: str,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> httpx.Response:
    path = PATHS[operation_id].format(about)
    return api.call(operation_id, {"outcome": outcome, **more}, path=path, headers=headers or {})


def simulated(api: Api, operation_id: str, about: str | UUID, outcome: str, **more: Any) -> dict[str, Any]:
    """What it tells, once all that follows is done."""
    response = simulate(api, operation_id, about, outcome, **more)
    assert response.status_code == 200, response.text
    api.server.work_off()
    told: dict[str, Any] = response.json()["data"]
    return told


def sent(api: Api, server: Server, tables: Tables, amount: int = 10_000) -> tuple[Creator, UUID]:
    """A payout that is on its way to an account at the sandbox, and whose it is."""
    server.configure(**{"external.payout.sandbox.pays_at_once": False})
    ada, _, _ = enabled(api, tables)
    tax_form(tables, ada.user_id)
    payout_id = payout_of(server, ada, amount, status="APPROVED", provider="sandbox")
    server.let_time_come("payouts.sweep")
    return ada, payout_id
