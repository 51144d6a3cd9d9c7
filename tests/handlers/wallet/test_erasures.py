"""Accounts that are erased while they owe something: by what happens in life, and to the end."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.money import flows
from domain.money.ledger import WalletName
from providers.payout.sandbox import TRANSFER_PAGE
from services.money.escrows import EscrowService
from services.money.gifts import GiftService
from tests.creators import creator
from tests.handlers.support import account
from tests.handlers.wallet.test_claims import CLAIM, hold, leaving_of, outcome, state
from tests.harness import Api, Server, Tables, bearer, code_of
from tests.ledger import tally
from tests.money import assert_books_agree, balance, begin, do, earning, fan
from tests.payees import available, tax_form
from tests.payout_vendor import payout_of
from tests.payouts import enabled, press

ADA, EVE, FINN = (f"{name}@example.com" for name in ("ada", "eve", "finn"))
SPENT = 2000
PAYOUT = 10_000
LINE = "SELECT balance FROM ledger_accounts WHERE code = 'debt' AND wallet_id = %s"
WORLD = ("mailbox_messages", "sandbox_payout_accounts", "sandbox_payouts", "sandbox_verifications")
"""What others have: the farewell mail that was delivered, and what a provider knows."""


def released(server: Server, escrow_id: UUID) -> None:
    async def work() -> None:
        async with server.app.parts.database.unit() as db:
            await EscrowService().release(db, escrow_id, datetime.now(UTC))

    server.on_loop(work())


def given(server: Server, wallet: WalletName, amount: int) -> None:
    reward = uuid4()

    async def work() -> None:
        async with server.app.parts.database.unit() as db:
            await GiftService().give(db, wallet, "REWARD", flows.rewarded(wallet, reward, amount), reward, None)

    server.on_loop(work())


def indebted(api: Api, server: Server, tables: Tables, user_id: UUID, payee: UUID) -> None:
    """By a load of which all but 5.00 was spent when the bank took it back, for good."""
    headers = bearer(api.sign_in(ADA))
    session = begin(api, headers)
    do(api, session, "pay")
    released(server, hold(server, user_id, payee, SPENT))
    do(api, session, "charge_back", "lose")
    assert balance(api, headers) == "0.00"
    assert owed(tables, user_id) == SPENT


def owed(tables: Tables, user_id: UUID) -> int:
    return -int(tables.one(LINE, fan(user_id).id)["balance"])


def erase(server: Server) -> None:
    server.let_time_come("gdpr.erase_due")


def findings(server: Server) -> list[Any]:
    """What a reading of the whole ledger says, and a reconciliation: but for what tests post without staff."""

    async def look() -> list[Any]:
        async with server.app.parts.database.unit() as db:
            await db.books.open()
            found: list[Any] = [each async for each in db.books.findings()]
            found += [each async for each in db.reconciliations.findings()]
            return [each for each in found if each.check not in ("adjustment", "reward")]

    return server.on_loop(look())


def named_in(tables: Tables, *words: str) -> list[str]:
    """The tables in which any of the words still stands, but for those of others."""
    pattern = "|".join(words)
    rows = {name: tables.rows(f"SELECT FROM {name} t WHERE t::text ~* %s", pattern) for name in tables.names()}
    return [name for name, found in rows.items() if found and name not in WORLD]


class TestErasure:
    def test_debt_stays_in_the_books_and_no_name(self, api: Api, server: Server, tables: Tables) -> None:
        eve = creator(api, tables, EVE, "eve").user_id
        ada = account(api, tables)
        indebted(api, server, tables, ada, eve)
        loss = tally(tables, "clearing:sandbox")
        leaving_of(tables, ada)
        assert "users" in named_in(tables, ADA)
        erase(server)
        assert state(tables)[0] == "COMPLETED"
        assert tables.one("SELECT closed_at IS NULL AS open FROM wallets WHERE id = %s", fan(ada).id) == {"open": False}
        assert (owed(tables, ada), tally(tables, "debt")) == (SPENT, -SPENT)
        assert (tally(tables, "unclaimed"), tables.count("unclaimed_balances")) == (0, 0)
        assert (tally(tables, "clearing:sandbox"), available(tables, eve)) == (loss, SPENT * 8 // 10)
        lost = "SELECT closed_at IS NOT NULL AS closed, returned_at FROM disputes"
        assert tables.one(lost) == {"closed": True, "returned_at": None}
        assert "USD" not in api.mails(ADA)[-1]["text"]
        assert named_in(tables, ADA) == []
        assert_books_agree(tables)
        assert findings(server) == []

    @pytest.mark.parametrize(("comes", "left"), [("pay", 0), ("fail", PAYOUT)])
    def test_escrows_a_payout_and_debt_at_once(
        self, api: Api, server: Server, tables: Tables, comes: str, left: int
    ) -> None:
        """Prices go back both ways, the payout is waited for, and the debt outlives the account."""
        server.configure(**{"external.payout.sandbox.pays_at_once": False})
        eve = creator(api, tables, EVE, "eve").user_id
        one, _, _ = enabled(api, tables)
        ada = one.user_id
        tax_form(tables, ada)
        payout_of(server, one, PAYOUT, status="APPROVED", provider="sandbox")
        server.let_time_come("payouts.sweep")
        ref = str(tables.one("SELECT ref FROM payout_attempts")["ref"])
        indebted(api, server, tables, ada, eve)
        given(server, fan(ada), 300)
        hers = hold(server, ada, eve, 300)
        finn = account(api, tables, FINN, username="finn")
        of_finn = bearer(api.sign_in(FINN))
        do(api, begin(api, of_finn), "pay")
        theirs = hold(server, finn, ada, 1000)
        leaving_of(tables, ada)

        erase(server)
        assert state(tables)[0] == "PROCESSING"
        assert tables.one("SELECT status FROM payouts") == {"status": "PROCESSING"}
        assert (outcome(tables, hers), outcome(tables, theirs)) == ("FAN_GONE", "CREATOR_GONE")
        assert (balance(api, of_finn), tally(tables, "escrow")) == ("25.00", 0)
        assert tables.count("unclaimed_balances") == 0
        erase(server)
        assert state(tables)[0] == "PROCESSING"
        assert named_in(tables, ADA) != []

        assert press(api, TRANSFER_PAGE, ref, comes).status_code == 303
        server.work_off()
        erase(server)
        assert state(tables)[0] == "COMPLETED"
        closed = tables.rows("SELECT type FROM wallets WHERE user_id = %s AND closed_at IS NOT NULL ORDER BY type", ada)
        assert [row["type"] for row in closed] == ["CREATOR", "FAN"]
        assert (owed(tables, ada), tally(tables, "unclaimed"), available(tables, ada)) == (SPENT, left, 0)
        assert (tally(tables, "payout_transit"), tally(tables, "payout_reserved")) == (0, 0)
        assert tally(tables, "promo_expense") == 0  # her gift has ended
        assert named_in(tables, ADA) == []
        assert tables.one("SELECT user_id FROM wallets WHERE id = %s", earning(ada).id) == {"user_id": ada}
        assert_books_agree(tables)
        assert findings(server) == []

    def test_what_is_left_beside_the_debt_is_claimed_by_nobody(self, api: Api, server: Server, tables: Tables) -> None:
        """Who owes us something does not get earnings by another account."""
        eve = creator(api, tables, EVE, "eve")
        one, _, _ = enabled(api, tables)
        tax_form(tables, one.user_id)
        payout_of(server, one, PAYOUT, provider="sandbox")
        indebted(api, server, tables, one.user_id, eve.user_id)
        leaving_of(tables, one.user_id)
        erase(server)
        assert (state(tables)[0], tables.one("SELECT status FROM payouts")["status"]) == ("COMPLETED", "CANCELLED")
        told = api.mails(ADA)[-1]["text"]
        assert "100.00 USD" in told
        code = told.rstrip().rpartition(": ")[2].split()[0]
        refused = api.call(CLAIM, {"claimCode": code}, headers=bearer(api.sign_in(EVE)))
        assert code_of(refused) == "wallet.frozen"
        assert (tally(tables, "unclaimed"), owed(tables, one.user_id)) == (PAYOUT, SPENT)
