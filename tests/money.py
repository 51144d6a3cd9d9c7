"""Money of people, for tests: posted to the ledger as the server posts it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from domain.money import flows
from domain.money.flows import Balances
from domain.money.ledger import Transfer, WalletName, platform
from tests.handlers.support import insert
from tests.harness import Api, Server, Tables
from tests.ledger import PROVIDER, tally


def fan(user_id: UUID) -> WalletName:
    return WalletName(user_id, "FAN")


def earning(user_id: UUID) -> WalletName:
    return WalletName(user_id, "CREATOR")


def post(server: Server, *transfers: Transfer) -> None:
    """All in one unit of work."""

    async def work() -> None:
        async with server.app.parts.database.unit() as db:
            for transfer in transfers:
                await db.ledger.post(transfer)

    server.on_loop(work())


def load(server: Server, user_id: UUID, amount: int = 2500) -> UUID:
    """Paid-in money, in cents; the id of the payment that it would be of."""
    payment_id = uuid4()
    post(server, flows.loaded(fan(user_id), payment_id, PROVIDER, amount))
    return payment_id


def left_behind(api: Api, tables: Tables, fan: int = 0, creator: int = 0) -> str:
    """The code that somebody was mailed whose account is gone, with so much in its wallets."""
    email = "gone@example.com"
    user_id = insert(tables, "users", email=email, username="gone", referral_code="GONE")
    if fan:
        load(api.server, user_id, fan)
    if creator:
        earn(api.server, user_id, creator)
    columns = {"user_id": user_id, "kind": "DELETION", "status": "PENDING", "grace_ends_at": datetime.now(UTC)}
    insert(tables, "gdpr_requests", **columns)
    api.server.let_time_come("gdpr.erase_due")
    found = re.search(r": ([0-9a-f-]{36})$", api.mails(email)[-1]["text"], re.MULTILINE)
    assert found is not None
    return found[1]


def earnings(user_id: UUID, amount: int) -> Transfer:
    """In cents, as staff would give them: there are no messages yet."""
    return flows.adjusted(earning(user_id), uuid4(), "creator", amount, platform("goodwill"), user_id)


def earn(server: Server, user_id: UUID, amount: int) -> None:
    post(server, earnings(user_id, amount))


def owe(api: Api, tables: Tables, user_id: UUID, amount: int = 2000, days: int = 0) -> None:
    """A dispute was lost so many days ago, of money that was spent. Whatever was posted by now is as old."""
    payment, other, wallet, then = load(api.server, user_id, amount), uuid4(), fan(user_id), datetime.now(UTC)
    then -= timedelta(days=days)
    spent = insert(
        tables, "adjustments", wallet_id=wallet.id, account="fan", contra="goodwill", currency="USD", amount=-amount,
        status="APPROVED", reason="", requested_by=user_id, decided_by=other, decision="", decided_at=then,
    )  # fmt: skip
    of = {"wallet_id": wallet.id, "provider": PROVIDER, "amount": amount}
    until = {"expires_at": then, "paid_at": then}
    insert(tables, "payments", id=payment, **of, currency="USD", status="PAID", return_url="", **until)
    lost = insert(tables, "disputes", payment_id=payment, ref=str(payment), **of, taken_at=then, closed_at=then)
    post(
        api.server,
        flows.adjusted(wallet, spent, "fan", -amount, platform("goodwill"), user_id),
        flows.disputed(wallet, lost, PROVIDER, amount, Balances()),
    )
    tables.run("SET session_replication_role = replica")
    tables.run("UPDATE ledger_transfers SET created_at = %s", then)
    tables.run("SET session_replication_role = origin")


def balance(api: Api, headers: dict[str, str]) -> str:
    """What the caller is told to have."""
    return str(api.call("wallet.balance", headers=headers).json()["data"]["balance"])


def freeze(tables: Tables, user_id: UUID, reason: str = "ADMIN") -> None:
    tables.run("UPDATE wallets SET frozen_at = now(), frozen_for = %s WHERE user_id = %s", reason, user_id)
    row = "INSERT INTO wallet_freezes (wallet_id, frozen_for, frozen_at) SELECT id, %s, now() FROM wallets"
    tables.run(f"{row} WHERE user_id = %s ON CONFLICT DO NOTHING", reason, user_id)


def assert_books_agree(tables: Tables) -> None:
    """All entries add up to nothing, and the sandbox owes us in its book what it owes us in ours."""
    assert tables.one("SELECT coalesce(sum(amount), 0)::bigint AS n FROM ledger_entries")["n"] == 0
    owed = tables.one("SELECT coalesce(sum(amount), 0)::bigint AS n FROM sandbox_movements")["n"]
    assert -tally(tables, "clearing:sandbox") == owed
    wrong = """
        SELECT a.id FROM ledger_accounts a LEFT JOIN ledger_entries e ON e.account_id = a.id
        WHERE a.balance IS NOT NULL GROUP BY a.id, a.balance HAVING a.balance <> coalesce(sum(e.amount), 0)
    """
    assert tables.rows(wrong) == []


def begin(api: Api, headers: dict[str, str], amount: str = "25.00", **options: Any) -> dict[str, str]:
    """The session of a load."""
    response = api.call("wallet.loads.start", {"amount": amount, **options}, headers=headers)
    assert response.status_code == 200, response.text
    found: dict[str, str] = response.json()["data"]
    return found


def press(api: Api, session: Mapping[str, str], action: str) -> httpx.Response:
    """A button of the sandbox's page, whose notices come to us over HTTP."""
    return api.post(session["checkoutUrl"], data={"action": action})


def do(api: Api, session: Mapping[str, str], *actions: str) -> None:
    """Buttons of the sandbox's page, one after the other, and all that follows from each."""
    for action in actions:
        assert press(api, session, action).status_code == 303
        api.server.work_off()


def hurry(tables: Tables) -> None:
    """What waits is due now."""
    tables.run("UPDATE payments SET due_at = now() WHERE due_at IS NOT NULL")
    tables.run("UPDATE outbox SET available_at = now() WHERE done_at IS NULL AND dead_at IS NULL")
