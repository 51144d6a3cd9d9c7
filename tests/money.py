"""Money of people, for tests: posted to the ledger as the server posts it."""

from typing import Any
from uuid import UUID, uuid4

from domain.money import flows
from domain.money.ledger import Transfer, WalletName
from tests.harness import Server, Tables

PROVIDER = "sandbox"


def fan(user_id: UUID) -> WalletName:
    return WalletName(user_id, "FAN")


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


def freeze(tables: Tables, user_id: UUID, reason: str = "ADMIN") -> None:
    tables.run("UPDATE wallets SET frozen_at = now(), frozen_for = %s WHERE user_id = %s", reason, user_id)


def wallet_row(tables: Tables, user_id: UUID) -> dict[str, Any]:
    return tables.one("SELECT * FROM wallets WHERE user_id = %s AND type = 'FAN'", user_id)
