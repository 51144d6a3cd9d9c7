"""What each flow posts: it balances, says why a wallet changed, and what was taken comes back as it was."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from domain.money import flows
from domain.money.amounts import MOST
from domain.money.flows import Balances, Parts
from domain.money.ledger import FORMS, Account, Transfer, WalletName, platform
from tests.domain.money.every_flow import AMOUNTS, BALANCE, BALANCES, FLOWS, IDS, PARTS, facts, plain

FAN = st.builds(WalletName, IDS, st.just("FAN"))
FEW = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])


def posted(*transfers: Transfer | None) -> Mapping[Account, int]:
    """What all of them together move."""
    sums: dict[Account, int] = defaultdict(int)
    for transfer in filter(None, transfers):
        for account, amount in transfer.legs.items():
            sums[account] += amount
    return {account: amount for account, amount in sums.items() if amount}


@pytest.mark.parametrize("name", FLOWS)
class TestEveryFlow:
    @FEW
    @given(data=st.data())
    def test_balances_in_one_currency(self, name: str, data: st.DataObject) -> None:
        transfer = FLOWS[name](**data.draw(facts(name)))
        assume(transfer is not None)
        assert transfer is not None
        assert sum(transfer.legs.values()) == 0
        assert len(transfer.legs) >= 2
        assert all(0 < abs(amount) <= MOST for amount in transfer.legs.values())
        assert {account.currency for account in transfer.legs} == {transfer.currency}
        assert all(account.code.partition(":")[0] in FORMS for account in transfer.legs)

    @FEW
    @given(data=st.data())
    def test_says_why_the_balance_that_is_seen_changed(self, name: str, data: st.DataObject) -> None:
        transfer = FLOWS[name](**data.draw(facts(name)))
        if transfer is None or not (transfer.moved or transfer.shown):
            return
        assert transfer.shown is not None
        assert transfer.wallet is not None
        if transfer.shown.type == "CREDIT":
            assert transfer.moved > 0
        elif transfer.shown.type == "CHARGEBACK":
            assert transfer.moved <= 0
        else:
            assert transfer.moved < 0

    @FEW
    @given(data=st.data())
    def test_is_the_same_for_the_same_facts_and_differs_for_another_amount(
        self, name: str, data: st.DataObject
    ) -> None:
        told = data.draw(facts(name))
        transfer, again = FLOWS[name](**told), FLOWS[name](**told)
        assume(transfer is not None)
        assert transfer is not None
        assert again is not None
        assert (again.key, again.fingerprint) == (transfer.key, transfer.fingerprint)
        assert transfer.key.partition(":")[0] == transfer.kind
        (word,) = {"amount", "fee", "price", "parts"} & told.keys()
        held = told.get("held")
        other = FLOWS[name](**told | {word: _another(told[word])})
        assert other is not None
        assert other.key == transfer.key
        if name != "reward_taken_back" or held is None or held.promo >= told[word] + 1:  # else all that is left
            assert other.fingerprint != transfer.fingerprint

    @FEW
    @given(data=st.data())
    def test_another_thing_has_another_key(self, name: str, data: st.DataObject) -> None:
        told = data.draw(facts(name))
        word = next(word for word in told if word.endswith("_id") or word in ("credit_key", "wallet"))
        word = next((word for word in told if word.endswith("_id") or word == "credit_key"), word)
        other = data.draw(facts(name))[word]
        assume(other != told[word])
        first, second = FLOWS[name](**told), FLOWS[name](**told | {word: other})
        assume(first is not None and second is not None)
        assert first is not None
        assert second is not None
        assert first.key != second.key

    @FEW
    @given(data=st.data())
    def test_settles_what_another_flow_posts(self, name: str, data: st.DataObject) -> None:
        transfer = FLOWS[name](**data.draw(facts(name)))
        if transfer is not None and transfer.resolves is not None:
            kind, _, of = transfer.resolves.partition(":")
            assert kind in KINDS
            assert transfer.key.partition(":")[2] == of


def _another(value: Any) -> Any:
    if isinstance(value, Parts):
        return Parts(value.promo, value.fan + 1, value.coupon)
    return value + (1 if value > 0 else -1)


KINDS = Counter(plain(name).kind for name in FLOWS)


class TestKinds:
    def test_each_flow_has_its_own(self) -> None:
        """But for a refund that failed, before the vendor had confirmed it or after."""
        assert {kind for kind, count in KINDS.items() if count > 1} == {"refund-failed"}


class TestParts:
    @given(price=st.integers(1, MOST // 4), held=BALANCES, data=st.data())
    def test_gifts_are_spent_first_and_all_is_paid(self, price: int, held: Balances, data: st.DataObject) -> None:
        coupon = data.draw(st.integers(0, price))
        parts = flows.parts_of(price, held, coupon)
        assert parts.price == price
        assert parts.coupon == coupon
        assert 0 <= parts.promo <= held.promo
        assert parts.fan >= 0
        assert parts.fan == 0 or parts.promo == held.promo

    @given(wallet=FAN, escrow=IDS, parts=PARTS)
    def test_come_back_as_they_were(self, wallet: WalletName, escrow: Any, parts: Parts) -> None:
        hold, back = flows.held(wallet, escrow, parts), flows.unheld(wallet, escrow, parts)
        assert posted(hold, back) == {}
        assert back.resolves == hold.key
        assert hold.moved == -(parts.promo + parts.fan) == -back.moved

    @given(wallet=FAN, escrow=IDS, parts=PARTS, bps=st.integers(0, 10_000))
    def test_leave_the_escrow_when_they_are_released(
        self, wallet: WalletName, escrow: Any, parts: Parts, bps: int
    ) -> None:
        creator = WalletName(uuid4(), "CREATOR")
        hold, release = flows.held(wallet, escrow, parts), flows.released(creator, escrow, parts.price, bps)
        moved = posted(hold, release)
        assert platform("escrow") not in moved
        assert moved.get(creator.account("creator"), 0) + moved.get(platform("commission"), 0) == parts.price
        assert release.resolves == hold.key


class TestThereAndBack:
    """What is asked for and does not come about leaves nothing behind."""

    @given(FAN, IDS, AMOUNTS)
    def test_refunds(self, wallet: WalletName, refund: Any, amount: int) -> None:
        asked = flows.refund_asked(wallet, refund, amount)
        assert posted(asked, flows.refund_failed(wallet, refund, amount)) == {}
        done = flows.refund_confirmed(refund, "sandbox", amount)
        assert posted(asked, done, flows.refund_undone(wallet, refund, "sandbox", amount)) == {}

    @given(IDS, AMOUNTS)
    def test_payouts(self, payout: Any, amount: int) -> None:
        wallet, rail = WalletName(uuid4(), "CREATOR"), platform("rail", "sandbox")
        asked = flows.payout_requested(wallet, payout, 1, amount)
        assert posted(asked, flows.payout_undone(wallet, payout, 1, amount)) == {}
        sent = flows.payout_sent(payout, 1, amount)
        assert posted(asked, sent, flows.payout_failed(wallet, payout, 1, amount)) == {}
        done = flows.payout_done(payout, 1, rail, amount)
        assert posted(asked, sent, done, flows.payout_returned(wallet, payout, 1, rail, amount)) == {}

    @given(AMOUNTS)
    def test_an_attempt_that_failed_is_over(self, amount: int) -> None:
        wallet, payout = WalletName(uuid4(), "CREATOR"), uuid4()
        first, second = (flows.payout_requested(wallet, payout, attempt, amount) for attempt in (1, 2))
        assert first.key != second.key

    @given(FAN, IDS, AMOUNTS, BALANCE)
    def test_disputes_that_are_won(self, wallet: WalletName, dispute: Any, amount: int, fan: int) -> None:
        before = Balances(fan=fan)
        lost = flows.disputed(wallet, dispute, "sandbox", amount, before)
        owed = -lost.legs.get(wallet.account("debt"), 0)
        assert owed == max(0, amount - fan)
        won = flows.dispute_won(wallet, dispute, "sandbox", amount, Balances(fan=max(0, fan - amount), debt=owed))
        assert posted(lost, won) == {}

    @given(FAN, IDS, AMOUNTS, BALANCES)
    def test_rewards_as_far_as_they_are_left(
        self, wallet: WalletName, reward: Any, amount: int, held: Balances
    ) -> None:
        back = flows.reward_taken_back(wallet, reward, amount, held)
        taken = 0 if back is None else -back.legs[wallet.account("fan_promo")]
        assert taken == min(amount, held.promo)

    @given(AMOUNTS)
    def test_stray_money(self, amount: int) -> None:
        came, back = flows.strayed("sandbox", "tr_1", amount), flows.stray_returned("sandbox", "tr_1", amount)
        assert posted(came, back) == {}
        assert back.resolves == came.key


class TestTransfer:
    FAN = WalletName(uuid4(), "FAN")

    def make(self, legs: Mapping[Account, int], **changes: Any) -> Transfer:
        return Transfer("x:1", "x", "X", "1", legs, **changes)

    @pytest.mark.parametrize(
        ("legs", "why"),
        [
            ({}, "do not balance"),
            ({platform("bank"): 1}, "do not balance"),
            ({platform("bank"): 1, platform("escrow"): -2}, "do not balance"),
            ({platform("bank"): 0, platform("escrow"): 0}, "do not balance"),
            ({platform("bank"): MOST + 1, platform("escrow"): -MOST - 1}, "more than one leg may move"),
            ({platform("rail", str(i)): i - 50 for i in range(101)} | {platform("bank"): 0}, None),
            ({platform("rail", str(i)): i - 51 for i in range(103)}, "do not balance"),
            ({FAN.account("fan"): 1, platform("bank"): -1}, "not the accounts of its one wallet"),
        ],
    )
    def test_refuses_what_does_not_balance(self, legs: Mapping[Account, int], why: str | None) -> None:
        if why is None:
            assert len(self.make(legs).legs) == 100
            return
        with pytest.raises(ValueError, match=why):
            self.make(legs)

    def test_touches_one_wallet(self) -> None:
        other = WalletName(uuid4(), "FAN")
        with pytest.raises(ValueError, match="its one wallet"):
            self.make({self.FAN.account("fan"): 1, other.account("fan"): -1}, wallet=self.FAN)

    def test_does_not_change_a_balance_silently(self) -> None:
        with pytest.raises(ValueError, match="would not say why"):
            self.make({self.FAN.account("fan"): 1, platform("bank"): -1}, wallet=self.FAN)

    def test_a_wallet_has_the_accounts_of_its_type(self) -> None:
        with pytest.raises(ValueError, match="a FAN wallet has no account creator"):
            self.FAN.account("creator")
