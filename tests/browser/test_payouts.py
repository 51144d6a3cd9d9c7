"""A creator earns, proves who they are, and is paid out: on pages of the sandbox, by real processes."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from beancount import loader

from domain.money.escrows import Order
from persistence.repositories import Repositories
from services.money.escrows import EscrowService
from tests.browser.reader import Reader
from tests.ledger import Books
from tests.processes.biore import Biore, Visitor, until

FORM = {
    "type": "W8BEN", "country": "DE", "legalName": "Mira Maler", "tin": "12345676789", "treatyCountry": "DE",
    "address": {"line": "Hauptstraße 1", "city": "Berlin", "postalCode": "10115", "country": "DE"},
    "signature": "Mira Maler",
}  # fmt: skip


def somebody(biore: Biore, name: str) -> Iterator[tuple[Visitor, UUID]]:
    email = f"{name}.{uuid4().hex[:8]}@example.com"
    with Visitor(biore) as visitor:
        visitor.sign_up(email)
        token, _ = visitor.sign_in(email)
        visitor.headers["Authorization"] = f"Bearer {token}"
        with biore.tables() as tables:
            user_id = tables.one("SELECT id FROM users WHERE email = %s", email)["id"]
            tables.run("UPDATE users SET username = %s WHERE id = %s", f"{name}{uuid4().hex[:8]}", user_id)
        yield visitor, user_id


@pytest.fixture
def creator(biore: Biore) -> Iterator[tuple[Visitor, UUID]]:
    yield from somebody(biore, "mira")


@pytest.fixture
def fan(biore: Biore) -> Iterator[tuple[Visitor, UUID]]:
    yield from somebody(biore, "finn")


def data(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()["data"]


def earn(biore: Biore, fan_id: UUID, creator_id: UUID, price: int) -> None:
    """A message that was paid and replied to. There are no messages yet."""
    now = datetime.now(UTC)
    order = Order(uuid4(), uuid4(), fan_id, creator_id, price, 2000, now + timedelta(days=3))
    escrows = EscrowService()

    async def work(db: Repositories) -> None:
        await escrows.hold(db, order)
        await escrows.release(db, order.id, now)

    with Books(biore.database_url) as books:
        books.do(work)


def test_from_the_first_message_to_the_payout(
    biore: Biore, creator: tuple[Visitor, UUID], fan: tuple[Visitor, UUID], open_reader: Callable[..., Reader]
) -> None:
    mira, mira_id = creator
    reader = open_reader()
    finn, finn_id = fan
    session = data(finn.post("wallet/load", json={"amount": "100.00"}))
    reader.open(session["checkoutUrl"]).get_by_role("button", name="Pay", exact=True).click()
    until(lambda: data(finn.get("wallet/balance"))["balance"] == "100.00", "the wallet is credited")
    data(mira.post("creators/upgrade", json={"displayName": "Mira Maler", "bio": "Notes on engines."}), 201)

    def beside() -> str:
        earn(biore, finn_id, mira_id, 10_000)
        return biore.owner()

    with ThreadPoolExecutor(1) as thread:  # this one has the event loop of the browser
        owner = thread.submit(beside).result()

    page = reader.open(data(mira.post("creators/kyc/start"), 201)["redirectUrl"])
    page.get_by_role("button", name="Approve", exact=True).click()
    until(lambda: data(mira.get("creators/kyc/status"))["status"] == "APPROVED", "the identity is verified")

    data(mira.post("creators/tax-form", json=FORM | {"signedAt": datetime.now(UTC).isoformat()}), 201)
    with Visitor(biore) as staff:
        staff.headers["Authorization"] = f"Bearer {owner}"
        form = next(
            each for each in data(staff.get("admin/tax-forms?state=PENDING"))["items"]
            if each["userId"] == str(mira_id)
        )  # fmt: skip
        seen = {"If-Match": f'"{form["version"]}"'}
        data(staff.post(f"admin/tax-forms/{form['id']}/approve", json={"reason": "It agrees."}, headers=seen))

        opened = data(mira.post("creators/payout-account/initiate"), 201)
        page = reader.open(opened["onboardingUrl"])
        page.get_by_role("button", name="Hand in").click()
        page.get_by_role("button", name="Enable").click()
        until(
            lambda: data(mira.get("creators/payout-account/status"))["payoutsEnabled"], "the payout account is enabled"
        )

        with biore.tables() as tables:  # three days later
            tables.run("UPDATE payout_accounts SET held_until = now() WHERE user_id = %s", mira_id)
        asked = data(mira.post("payouts/request", json={"amount": "60.00", "method": "PLATFORM_ACCOUNT"}), 201)
        approval = f"admin/payouts/{asked['payoutId']}/approve"
        assert data(staff.post(approval, json={"reason": "Compared with the messages."})) == {
            "status": "APPROVED", "approvals": 1,
        }  # fmt: skip

    def row() -> Any:
        (only,) = data(mira.get("payouts/report"))["payouts"]
        return only

    until(lambda: row()["status"] == "PROCESSED", "the payout is made")
    assert (row()["amount"], row()["method"]) == ("60.00", "PLATFORM_ACCOUNT")
    assert "are right" in biore.cli("ledger", "verify")
    _, errors, _ = loader.load_string(biore.cli("ledger", "export", "--format", "beancount"))
    assert errors == []
