"""A wallet is loaded on the sandbox's page, by real processes and without a vendor."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.browser.reader import Reader
from tests.processes.biore import Biore, Visitor, until


@pytest.fixture
def visitor(biore: Biore) -> Iterator[Visitor]:
    email = f"{uuid4().hex}@example.com"
    with Visitor(biore) as visitor:
        visitor.sign_up(email)
        token, _ = visitor.sign_in(email)
        visitor.headers["Authorization"] = f"Bearer {token}"
        yield visitor


def data(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_twenty_five_dollars(visitor: Visitor, open_reader: Callable[..., Reader]) -> None:
    session = data(visitor.post("wallet/load", json={"amount": "25.00", "returnPath": "/docs"}))
    page = open_reader().open(session["checkoutUrl"])
    assert page.get_by_role("status").inner_text() == "Not paid yet"
    assert page.locator("dd").first.inner_text() == "25.00 USD"
    page.get_by_role("button", name="Pay", exact=True).click()
    page.get_by_role("button", name="Charge back").wait_for()
    assert page.get_by_role("status").inner_text() == "Paid"
    until(
        lambda: data(visitor.get(f"wallet/load/{session['sessionId']}"))["status"] == "PAID", "the wallet is credited"
    )
    assert data(visitor.get("wallet/balance")) == {"balance": "25.00", "frozen": False}
    (line,) = data(visitor.get("wallet/activity"))["items"]
    told = (line["type"], line["amount"], line["balanceAfter"], line["referenceId"])
    assert told == ("CREDIT", "25.00", "25.00", session["sessionId"])
    page.get_by_role("link", name="Back to the site").click()
    assert page.url.endswith(f"/docs?sessionId={session['sessionId']}")
