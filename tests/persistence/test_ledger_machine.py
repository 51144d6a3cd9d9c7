"""All flows in any order on a real database, beside a model in dicts: after each step both say the same.

`make test` takes a few hundred steps, the same each time; `make fuzz` a hundred times as many, others each time.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from domain.money import flows
from domain.money.amounts import MOST
from domain.money.flows import Balances, Parts
from domain.money.ledger import (
    Account,
    AlreadyResolved,
    InsufficientBalance,
    Transfer,
    TransferDiffers,
    WalletName,
    platform,
)
from persistence.repositories import Repositories
from tests.harness import Tables
from tests.ledger import PROVIDER, Books, wallet_of
from tests.sampling import Sampling

WALKS, STEPS = 15, 50
OFTEN = 100  # times as many in the long run
AMOUNTS = st.one_of(st.integers(1, 300), st.integers(1, 300), st.integers(1, 10**12))
SMALL = st.integers(1, 300)

EMPTY = """
SET session_replication_role = replica;
DELETE FROM wallet_activity; DELETE FROM ledger_entries; DELETE FROM ledger_transfers; DELETE FROM ledger_accounts;
DELETE FROM wallets;
SET session_replication_role = origin
"""
ACCOUNTS = """
SELECT a.id, a.balance, a.version, count(e.amount) AS entries, coalesce(sum(e.amount), 0)::bigint AS sum
FROM ledger_accounts a LEFT JOIN ledger_entries e ON e.account_id = a.id GROUP BY a.id
"""
UNCHAINED = """
SELECT * FROM (
    SELECT account_id, account_version, row_number() OVER chain AS n, balance_after - amount AS before,
        lag(balance_after, 1, 0::bigint) OVER chain AS former
    FROM ledger_entries WHERE account_version IS NOT NULL
    WINDOW chain AS (PARTITION BY account_id ORDER BY account_version)
) links WHERE n <> account_version OR before <> former
"""
LINES = """
SELECT wallet_id, seq, type, amount, balance_before, balance_after, about, about_id FROM wallet_activity
ORDER BY wallet_id, seq
"""

Line = tuple[str, int, int, int, str, str]


class GivenUp(Exception):
    """What a unit of work is ended with."""


@dataclass
class Model:
    """What the ledger should hold. It knows what is refused from the words of the documents, not from the database."""

    posted: dict[str, Transfer] = field(default_factory=dict)
    resolved: set[str] = field(default_factory=set)
    balances: Counter[Account] = field(default_factory=Counter)
    entries: Counter[Account] = field(default_factory=Counter)
    pages: dict[UUID, list[Line]] = field(default_factory=lambda: defaultdict(list))
    wallets: set[WalletName] = field(default_factory=set)

    def outcome(self, transfer: Transfer) -> bool | type[Exception]:
        """What posting gives: whether it is new, or what it raises."""
        if former := self.posted.get(transfer.key):
            return False if former.fingerprint == transfer.fingerprint else TransferDiffers
        if transfer.resolves in self.resolved:
            return AlreadyResolved
        if transfer.resolves is not None and transfer.resolves not in self.posted:
            return psycopg.errors.ForeignKeyViolation
        for account, amount in transfer.legs.items():
            side = 1 if account.form.normal == "CREDIT" else -1
            if account.wallet_id is not None and (self.balances[account] + amount) * side < 0:
                return InsufficientBalance
        return True

    def post(self, transfer: Transfer) -> None:
        self.posted[transfer.key] = transfer
        if transfer.resolves is not None:
            self.resolved.add(transfer.resolves)
        if transfer.wallet is not None:
            self.wallets.add(transfer.wallet)
            before = self.shown(transfer.wallet)
        for account, amount in transfer.legs.items():
            self.balances[account] += amount
            self.entries[account] += 1
        if transfer.shown is not None and transfer.wallet is not None:
            said, moved = transfer.shown, transfer.moved
            line = (said.type, abs(moved), before, before + moved, said.about, said.about_id)
            self.pages[transfer.wallet.id].append(line)

    def shown(self, wallet: WalletName) -> int:
        return sum(self.balances[account] for account in wallet.accounts if account.form.shown)

    def held(self, wallet: WalletName) -> Balances:
        def of(code: str) -> int:
            return self.balances[wallet.account(code)]

        if wallet.type == "FAN":
            return Balances(of("fan"), of("fan_promo"), debt=-of("debt"))
        return Balances(creator=of("creator"), debt=-of("debt"))


class Deal(NamedTuple):
    """Something that goes on over several transfers: a refund, an escrow, a payout, a dispute, a reward."""

    id: UUID
    wallet: WalletName
    amount: int
    parts: Parts = Parts(0, 0)
    attempt: int = 1


FANS, CREATORS = st.integers(0, 1), st.integers(0, 1)
RAILS = st.sampled_from([platform("rail", PROVIDER), platform("clearing", PROVIDER)])


class Machine(RuleBasedStateMachine):
    books: ClassVar[Books]
    tables: ClassVar[Tables]
    fans: ClassVar[tuple[WalletName, ...]]
    creators: ClassVar[tuple[WalletName, ...]]

    refunds = Bundle("refunds")
    strays = Bundle("strays")
    disputes = Bundle("disputes")
    escrows = Bundle("escrows")
    payouts = Bundle("payouts")
    rewards = Bundle("rewards")
    ids = Bundle("ids")

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.made = 0

    @initialize(amount=st.integers(1, 2000))
    def begin(self, amount: int) -> None:
        self.tables.run(EMPTY)
        for wallet in self.fans:
            self.post(flows.loaded(wallet, self.new(), PROVIDER, amount))
        for wallet in self.creators:
            self.post(flows.adjusted(wallet, self.new(), "creator", amount, platform("goodwill"), self.new()))
        self.post(flows.disputed(self.fans[1], self.new(), PROVIDER, 3000, self.model.held(self.fans[1])))

    def new(self) -> UUID:
        self.made += 1
        return UUID(int=self.made)

    def post(self, *transfers: Transfer | None, end: type[Exception] | None = None) -> bool:
        """All in one unit, which ``end`` may end; whether they were posted."""
        given = [each for each in transfers if each is not None]
        expected: list[bool] = []
        raised = None
        model = Model(
            dict(self.model.posted), set(self.model.resolved), Counter(self.model.balances),
            Counter(self.model.entries), defaultdict(list, {k: [*v] for k, v in self.model.pages.items()}),
            set(self.model.wallets),
        )  # fmt: skip
        for each in given:
            outcome = model.outcome(each)
            if isinstance(outcome, type):
                raised = outcome
                break
            expected.append(outcome)
            if outcome:
                model.post(each)
        seen: list[bool] = []

        async def work(db: Repositories) -> None:
            for each in given:
                seen.append((await db.ledger.post(each)).new)  # noqa: PERF401 - it says how far it came
            if end is not None:
                raise end

        raised = raised or end
        if raised is None:
            self.books.do(work)
            self.model = model
        else:
            with pytest.raises(raised):
                self.books.do(work)
        assert seen == expected
        return raised is None

    def deal(self, make: Callable[[Deal], Transfer], deal: Deal) -> Any:
        """The deal, for other rules, if it came about."""
        return deal if self.post(make(deal)) else multiple()

    # ── Loading ──

    @rule(fan=FANS, amount=AMOUNTS, fee=SMALL)
    def load(self, fan: int, amount: int, fee: int) -> None:
        payment = self.new()
        self.post(flows.loaded(self.fans[fan], payment, PROVIDER, amount))
        self.post(flows.load_fee(payment, PROVIDER, fee))

    @rule(fan=FANS, amount=SMALL, bonus=SMALL)
    def load_with_a_coupon(self, fan: int, amount: int, bonus: int) -> None:
        wallet = self.fans[fan]
        self.post(flows.loaded(wallet, self.new(), PROVIDER, amount), flows.coupon_credited(wallet, self.new(), bonus))

    @rule(target=strays, amount=AMOUNTS)
    def stray(self, amount: int) -> Deal:
        deal = Deal(self.new(), self.fans[0], amount)
        self.post(flows.strayed(PROVIDER, str(deal.id), amount))
        return deal

    @rule(deal=strays)
    def stray_returned(self, deal: Deal) -> None:
        self.post(flows.stray_returned(PROVIDER, str(deal.id), deal.amount))

    @rule(amount=AMOUNTS)
    def settled(self, amount: int) -> None:
        self.post(flows.settled(PROVIDER, str(self.new()), amount), flows.charged(PROVIDER, str(self.new()), amount))

    # ── Refunds ──

    @rule(target=refunds, fan=FANS, amount=AMOUNTS)
    def refund_asked(self, fan: int, amount: int) -> Any:
        return self.deal(
            lambda it: flows.refund_asked(it.wallet, it.id, it.amount), Deal(self.new(), self.fans[fan], amount)
        )

    @rule(deal=refunds)
    def refund_confirmed(self, deal: Deal) -> None:
        self.post(flows.refund_confirmed(deal.id, PROVIDER, deal.amount))

    @rule(deal=refunds)
    def refund_failed(self, deal: Deal) -> None:
        self.post(flows.refund_failed(deal.wallet, deal.id, deal.amount))

    @rule(deal=refunds)
    def refund_undone(self, deal: Deal) -> None:
        self.post(flows.refund_undone(deal.wallet, deal.id, PROVIDER, deal.amount))

    @rule(fan=FANS, amount=SMALL)
    def refunded_outside(self, fan: int, amount: int) -> None:
        wallet = self.fans[fan]
        self.post(flows.refunded_outside(wallet, PROVIDER, str(self.new()), amount, self.model.held(wallet)))

    # ── Disputes and debt ──

    @rule(target=disputes, fan=FANS, amount=AMOUNTS, fee=SMALL)
    def disputed(self, fan: int, amount: int, fee: int) -> Any:
        wallet, dispute = self.fans[fan], self.new()
        self.post(flows.dispute_fee(dispute, PROVIDER, fee))
        held = self.model.held(wallet)
        return self.deal(
            lambda it: flows.disputed(wallet, it.id, PROVIDER, it.amount, held), Deal(dispute, wallet, amount)
        )

    @rule(deal=disputes)
    def dispute_won(self, deal: Deal) -> None:
        held = self.model.held(deal.wallet)
        self.post(flows.dispute_won(deal.wallet, deal.id, PROVIDER, deal.amount, held))

    @rule(fan=FANS, amount=SMALL)
    def debt_settled(self, fan: int, amount: int) -> None:
        """From a load, in the same unit."""
        wallet, loaded = self.fans[fan], flows.loaded(self.fans[fan], self.new(), PROVIDER, amount)
        self.post(loaded, flows.debt_settled(wallet, loaded.key, amount))

    @rule(creator=CREATORS, amount=SMALL)
    def debt_of_a_creator_settled(self, creator: int, amount: int) -> None:
        self.post(flows.debt_settled(self.creators[creator], str(self.new()), amount))

    @rule(fan=FANS, amount=SMALL)
    def debt_written_off(self, fan: int, amount: int) -> None:
        self.post(flows.debt_written_off(self.fans[fan], self.new(), amount, self.new()))

    # ── Messages ──

    @rule(target=escrows, fan=FANS, price=SMALL, coupon=SMALL)
    def held(self, fan: int, price: int, coupon: int) -> Any:
        wallet = self.fans[fan]
        parts = flows.parts_of(price, self.model.held(wallet), min(coupon, price) if coupon % 3 == 0 else 0)
        return self.deal(lambda it: flows.held(wallet, it.id, parts), Deal(self.new(), wallet, price, parts))

    @rule(deal=escrows, creator=CREATORS, bps=st.sampled_from([0, 1999, 2000, 10_000]))
    def released(self, deal: Deal, creator: int, bps: int) -> None:
        self.post(flows.released(self.creators[creator], deal.id, deal.amount, bps))

    @rule(deal=escrows)
    def unheld(self, deal: Deal) -> None:
        self.post(flows.unheld(deal.wallet, deal.id, deal.parts))

    # ── Payouts ──

    @rule(target=payouts, creator=CREATORS, amount=SMALL)
    def payout_requested(self, creator: int, amount: int) -> Any:
        deal = Deal(self.new(), self.creators[creator], amount)
        return self.deal(lambda it: flows.payout_requested(it.wallet, it.id, 1, it.amount), deal)

    @rule(target=payouts, deal=payouts)
    def payout_again(self, deal: Deal) -> Any:
        again = Deal(deal.id, deal.wallet, deal.amount, attempt=deal.attempt + 1)
        return self.deal(lambda it: flows.payout_requested(it.wallet, it.id, it.attempt, it.amount), again)

    @rule(deal=payouts)
    def payout_undone(self, deal: Deal) -> None:
        self.post(flows.payout_undone(deal.wallet, deal.id, deal.attempt, deal.amount))

    @rule(deal=payouts)
    def payout_sent(self, deal: Deal) -> None:
        self.post(flows.payout_sent(deal.id, deal.attempt, deal.amount))

    @rule(deal=payouts, rail=RAILS, fee=SMALL)
    def payout_done(self, deal: Deal, rail: Account, fee: int) -> None:
        self.post(
            flows.payout_done(deal.id, deal.attempt, rail, deal.amount),
            flows.payout_fee(deal.id, deal.attempt, rail, fee),
        )

    @rule(deal=payouts)
    def payout_failed(self, deal: Deal) -> None:
        self.post(flows.payout_failed(deal.wallet, deal.id, deal.attempt, deal.amount))

    @rule(deal=payouts, rail=RAILS)
    def payout_returned(self, deal: Deal, rail: Account) -> None:
        self.post(flows.payout_returned(deal.wallet, deal.id, deal.attempt, rail, deal.amount))

    # ── Gifts ──

    @rule(target=rewards, fan=FANS, amount=SMALL)
    def rewarded(self, fan: int, amount: int) -> Any:
        return self.deal(
            lambda it: flows.rewarded(it.wallet, it.id, it.amount), Deal(self.new(), self.fans[fan], amount)
        )

    @rule(deal=rewards)
    def reward_taken_back(self, deal: Deal) -> None:
        self.post(flows.reward_taken_back(deal.wallet, deal.id, deal.amount, self.model.held(deal.wallet)))

    @rule(fan=FANS, amount=SMALL)
    def gift_expired(self, fan: int, amount: int) -> None:
        self.post(flows.gift_expired(self.fans[fan], self.new(), 1, amount))

    # ── Staff, the end, and what goes wrong ──

    @rule(fan=FANS, code=st.sampled_from(["fan", "fan_promo"]), amount=st.integers(-300, 300).filter(bool))
    def adjusted(self, fan: int, code: str, amount: int) -> None:
        self.post(flows.adjusted(self.fans[fan], self.new(), code, amount, platform("goodwill"), self.new()))

    @rule(creator=CREATORS, amount=st.integers(-300, 300).filter(bool))
    def adjusted_of_a_creator(self, creator: int, amount: int) -> None:
        contra, wallet = platform("suspense", PROVIDER), self.creators[creator]
        self.post(flows.adjusted(wallet, self.new(), "creator", amount, contra, self.new()))

    @rule(fan=FANS)
    def closed(self, fan: int) -> None:
        if left := self.model.held(self.fans[fan]).fan:
            self.post(flows.closed(self.fans[fan], min(left, MOST)))

    @rule(data=st.data())
    def again(self, data: st.DataObject) -> None:
        self.post(self.model.posted[data.draw(st.sampled_from(sorted(self.model.posted)))])

    @rule(fan=FANS, amount=SMALL, price=SMALL)
    def several_of_which_one_may_fail(self, fan: int, amount: int, price: int) -> None:
        wallet, escrow = self.fans[fan], self.new()
        parts = Parts(0, price)
        first, second = flows.held(wallet, escrow, parts), flows.held(wallet, self.new(), Parts(0, amount))
        self.post(first, second, flows.unheld(wallet, escrow, parts))

    @rule(fan=FANS, amount=SMALL)
    def given_up(self, fan: int, amount: int) -> None:
        self.post(flows.loaded(self.fans[fan], self.new(), PROVIDER, amount), end=GivenUp)

    # ── After each step ──

    @invariant()
    def everything_sums_to_zero(self) -> None:
        assert self.tables.one("SELECT coalesce(sum(amount), 0)::bigint AS n FROM ledger_entries") == {"n": 0}

    @invariant()
    def accounts_are_what_their_entries_say(self) -> None:
        rows = {row["id"]: row for row in self.tables.rows(ACCOUNTS)}
        for account, entries in self.model.entries.items():
            row, balance = rows[account.id], self.model.balances[account]
            assert (row["entries"], row["sum"]) == (entries, balance)
            kept = (None, None) if account.wallet_id is None else (balance, entries)
            assert (row["balance"], row["version"]) == kept
        untouched = rows.keys() - {account.id for account in self.model.entries}
        assert untouched <= {account.id for wallet in self.model.wallets for account in wallet.accounts}
        assert all((rows[account]["balance"], rows[account]["entries"]) == (0, 0) for account in untouched)
        assert self.tables.rows(UNCHAINED) == []

    @invariant()
    def pages_say_what_wallets_have(self) -> None:
        pages: dict[UUID, list[Any]] = defaultdict(list)
        for wallet_id, seq, *line in (row.values() for row in self.tables.rows(LINES)):
            assert seq == len(pages[wallet_id]) + 1
            assert line[2] == (pages[wallet_id][-1][3] if pages[wallet_id] else 0)
            pages[wallet_id].append(tuple(line))
        assert pages == {wallet_id: lines for wallet_id, lines in self.model.pages.items() if lines}
        shown = {wallet.id: (self.model.shown(wallet), len(pages[wallet.id])) for wallet in self.model.wallets}
        rows = self.tables.rows("SELECT id, balance, shown FROM wallets")
        assert {row["id"]: (row["balance"], row["shown"]) for row in rows} == shown


@pytest.fixture
def machine(database_url: str, rows: Tables) -> Iterator[type[Machine]]:
    """Two who load, two who earn, one of whom is both."""
    with Books(database_url, pool_size=1) as books:
        Machine.books, Machine.tables = books, rows
        both = wallet_of(rows, "both", "FAN")
        Machine.fans = (both, wallet_of(rows, "fan", "FAN"))
        Machine.creators = (WalletName(both.user_id, "CREATOR"), wallet_of(rows, "creator", "CREATOR"))
        yield Machine


def test_any_order_of_flows_leaves_the_books_as_the_model_has_them(machine: type[Machine], sampling: Sampling) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=WALKS * (OFTEN if sampling.whole else 1),
            stateful_step_count=STEPS,
            derandomize=not sampling.whole,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
