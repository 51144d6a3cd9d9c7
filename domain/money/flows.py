"""What each flow posts: pure functions from facts to transfers. Amounts are minor units above 0.

A name before the colon of a key says what was done, the rest to what: both together are done once.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from domain.money.amounts import share
from domain.money.ledger import Account, Activity, Shown, Transfer, WalletName, platform

PAYMENT, PAYMENT_REFUND, DISPUTE = "PAYMENT_CHECKOUT", "PAYMENT_REFUND", "DISPUTE"
MESSAGE, MESSAGE_REFUND, PAYOUT = "MESSAGE", "MESSAGE_REFUND", "PAYOUT"
REWARD, COUPON, PROMO, ADJUSTMENT, CLOSING, DEBT = "REFERRAL_REWARD", "COUPON", "PROMO", "ADJUSTMENT", "CLOSING", "DEBT"
VENDOR = "VENDOR"


@dataclass(frozen=True, slots=True)
class Balances:
    """What a wallet's accounts hold. ``debt`` is 0 or more: what its owner owes us."""

    fan: int = 0
    promo: int = 0
    creator: int = 0
    debt: int = 0


@dataclass(frozen=True, slots=True)
class Parts:
    """Of what a price was paid: gifts, paid-in money, and what a coupon took off, which the platform pays."""

    promo: int
    fan: int
    coupon: int = 0

    @property
    def price(self) -> int:
        return self.promo + self.fan + self.coupon


def parts_of(price: int, held: Balances, coupon: int = 0) -> Parts:
    """Gifts are spent first, since they expire. The rest is asked of paid-in money, which may not have it."""
    due = price - coupon
    promo = min(due, held.promo)
    return Parts(promo, due - promo, coupon)


# ── Loading a wallet ─────────────────────────────────────────────────────────────────────────────────────────────────


def loaded(wallet: WalletName, payment_id: UUID, provider: str, amount: int) -> Transfer:
    legs = {platform("clearing", provider): -amount, wallet.account("fan"): amount}
    return _in_wallet("load", payment_id, PAYMENT, legs, wallet, "CREDIT")


def strayed(provider: str, vendor_id: str, amount: int) -> Transfer:
    """Money came that fits nothing of ours."""
    legs = {platform("clearing", provider): -amount, platform("suspense", provider): amount}
    return Transfer(f"stray:{provider}:{vendor_id}", "stray", VENDOR, vendor_id, legs)


def stray_returned(provider: str, vendor_id: str, amount: int) -> Transfer:
    legs = {platform("suspense", provider): -amount, platform("clearing", provider): amount}
    key = f"{provider}:{vendor_id}"
    return Transfer(f"stray-back:{key}", "stray-back", VENDOR, vendor_id, legs, resolves=f"stray:{key}")


def stray_credited(wallet: WalletName, provider: str, vendor_id: str, amount: int, actor: UUID) -> Transfer:
    """Staff found out whose it is."""
    legs = {platform("suspense", provider): -amount, wallet.account("fan"): amount}
    of = f"{provider}:{vendor_id}"
    return _in_wallet("stray-credit", of, PAYMENT, legs, wallet, "CREDIT", resolves=f"stray:{of}", actor=actor)


def load_fee(payment_id: UUID, provider: str, fee: int) -> Transfer:
    legs = {platform("processing_fees"): -fee, platform("clearing", provider): fee}
    return Transfer(f"load-fee:{payment_id}", "load-fee", PAYMENT, str(payment_id), legs)


def settled(provider: str, vendor_id: str, amount: int) -> Transfer:
    """The provider paid out to our bank."""
    legs = {platform("bank"): -amount, platform("clearing", provider): amount}
    return Transfer(f"settle:{provider}:{vendor_id}", "settle", VENDOR, vendor_id, legs)


def charged(provider: str, vendor_id: str, amount: int) -> Transfer:
    """What the provider asks for that is of no payment and no payout of ours."""
    legs = {platform("processing_fees"): -amount, platform("clearing", provider): amount}
    return Transfer(f"cost:{provider}:{vendor_id}", "cost", VENDOR, vendor_id, legs)


# ── Giving a load back ───────────────────────────────────────────────────────────────────────────────────────────────


def refund_asked(wallet: WalletName, refund_id: UUID, amount: int) -> Transfer:
    legs = {wallet.account("fan"): -amount, platform("refund_transit"): amount}
    return _in_wallet("refund", refund_id, PAYMENT_REFUND, legs, wallet, "DEBIT")


def refund_confirmed(refund_id: UUID, provider: str, amount: int) -> Transfer:
    legs = {platform("refund_transit"): -amount, platform("clearing", provider): amount}
    key = f"refund-done:{refund_id}"
    return Transfer(key, "refund-done", PAYMENT_REFUND, str(refund_id), legs, resolves=f"refund:{refund_id}")


def refund_failed(wallet: WalletName, refund_id: UUID, amount: int) -> Transfer:
    legs = {platform("refund_transit"): -amount, wallet.account("fan"): amount}
    settles = f"refund:{refund_id}"
    return _in_wallet("refund-failed", refund_id, PAYMENT_REFUND, legs, wallet, "CREDIT", resolves=settles)


def refund_undone(wallet: WalletName, refund_id: UUID, provider: str, amount: int) -> Transfer:
    """A refund that the vendor had confirmed failed after all."""
    legs = {platform("clearing", provider): -amount, wallet.account("fan"): amount}
    settles = f"refund-done:{refund_id}"
    return _in_wallet("refund-failed", refund_id, PAYMENT_REFUND, legs, wallet, "CREDIT", resolves=settles)


def refunded_outside(wallet: WalletName, provider: str, vendor_id: str, amount: int, held: Balances) -> Transfer:
    """At the vendor, not by us. What was spent already becomes debt."""
    legs, of = _taken(wallet, provider, amount, held), f"{provider}:{vendor_id}"
    return _in_wallet("refund-outside", of, PAYMENT_REFUND, legs, wallet, "DEBIT" if held.fan else "CHARGEBACK")


def refund_outside_undone(wallet: WalletName, provider: str, vendor_id: str, amount: int, held: Balances) -> Transfer:
    """One that was made at the vendor failed after all: debt is paid first."""
    owed, of = min(amount, held.debt), f"{provider}:{vendor_id}"
    legs = {
        platform("clearing", provider): -amount,
        wallet.account("debt"): owed,
        wallet.account("fan"): amount - owed,
    }
    settles = f"refund-outside:{of}"
    return _in_wallet("refund-outside-undone", of, PAYMENT_REFUND, legs, wallet, "CREDIT", resolves=settles)


# ── Disputes ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def disputed(wallet: WalletName, dispute_id: UUID, provider: str, amount: int, held: Balances) -> Transfer:
    """The money is gone. Held escrows have gone back before; what the balance does not cover becomes debt."""
    legs = _taken(wallet, provider, amount, held)
    return _in_wallet("dispute", dispute_id, DISPUTE, legs, wallet, "CHARGEBACK")


def dispute_fee(dispute_id: UUID, provider: str, fee: int) -> Transfer:
    legs = {platform("processing_fees"): -fee, platform("clearing", provider): fee}
    return Transfer(f"dispute-fee:{dispute_id}", "dispute-fee", DISPUTE, str(dispute_id), legs)


def dispute_won(wallet: WalletName, dispute_id: UUID, provider: str, amount: int, held: Balances) -> Transfer:
    """It comes back: debt is paid first."""
    owed = min(amount, held.debt)
    legs = {
        platform("clearing", provider): -amount,
        wallet.account("debt"): owed,
        wallet.account("fan"): amount - owed,
    }
    settles = f"dispute:{dispute_id}"
    return _in_wallet("dispute-won", dispute_id, DISPUTE, legs, wallet, "CREDIT", resolves=settles)


def debt_settled(wallet: WalletName, credit_key: str, amount: int) -> Transfer:
    """From a credit, by whose key it is known."""
    legs = {wallet.main: -amount, wallet.account("debt"): amount}
    return _in_wallet("debt", credit_key, DEBT, legs, wallet, "DEBIT")


def debt_written_off(wallet: WalletName, request_id: UUID, amount: int, actor: UUID) -> Transfer:
    legs = {platform("dispute_loss"): -amount, wallet.account("debt"): amount}
    key = f"writeoff:{request_id}"
    return Transfer(key, "writeoff", ADJUSTMENT, str(request_id), legs, wallet, actor=actor)


# ── Paid messages ────────────────────────────────────────────────────────────────────────────────────────────────────


def held(wallet: WalletName, escrow_id: UUID, parts: Parts) -> Transfer:
    """The price of a message waits for the answer."""
    legs = {
        wallet.account("fan_promo"): -parts.promo,
        wallet.account("fan"): -parts.fan,
        platform("promo_expense"): -parts.coupon,
        platform("escrow"): parts.price,
    }
    return _in_wallet("hold", escrow_id, MESSAGE, legs, wallet, "DEBIT")


def released(wallet: WalletName, escrow_id: UUID, price: int, commission_bps: int) -> Transfer:
    """To the creator, less the commission, which is rounded down."""
    kept = share(price, commission_bps)
    legs = {platform("escrow"): -price, wallet.account("creator"): price - kept, platform("commission"): kept}
    return _in_wallet("release", escrow_id, MESSAGE, legs, wallet, "CREDIT", resolves=f"hold:{escrow_id}")


def unheld(wallet: WalletName, escrow_id: UUID, parts: Parts) -> Transfer:
    """Back in the very parts in which it was paid."""
    legs = {
        platform("escrow"): -parts.price,
        wallet.account("fan_promo"): parts.promo,
        wallet.account("fan"): parts.fan,
        platform("promo_expense"): parts.coupon,
    }
    return _in_wallet("unhold", escrow_id, MESSAGE_REFUND, legs, wallet, "CREDIT", resolves=f"hold:{escrow_id}")


# ── Payouts ──────────────────────────────────────────────────────────────────────────────────────────────────────────


# Every attempt reserves money anew: one that failed has given it back, and is over.


def payout_requested(wallet: WalletName, payout_id: UUID, attempt: int, amount: int) -> Transfer:
    legs = {wallet.account("creator"): -amount, platform("payout_reserved"): amount}
    return _in_wallet("payout", f"{payout_id}:{attempt}", PAYOUT, legs, wallet, "DEBIT")


def payout_undone(wallet: WalletName, payout_id: UUID, attempt: int, amount: int) -> Transfer:
    """Rejected or cancelled before it was sent."""
    legs = {platform("payout_reserved"): -amount, wallet.account("creator"): amount}
    of = f"{payout_id}:{attempt}"
    return _in_wallet("payout-undo", of, PAYOUT, legs, wallet, "CREDIT", resolves=f"payout:{of}")


def payout_sent(payout_id: UUID, attempt: int, amount: int) -> Transfer:
    legs = {platform("payout_reserved"): -amount, platform("payout_transit"): amount}
    of = f"{payout_id}:{attempt}"
    return Transfer(f"payout-send:{of}", "payout-send", PAYOUT, str(payout_id), legs, resolves=f"payout:{of}")


def payout_done(payout_id: UUID, attempt: int, rail: Account, amount: int) -> Transfer:
    """``rail``: what lies at who pays it out, also where the same vendor takes payments."""
    legs = {platform("payout_transit"): -amount, rail: amount}
    settles = f"payout-send:{payout_id}:{attempt}"
    return Transfer(f"payout-done:{payout_id}:{attempt}", "payout-done", PAYOUT, str(payout_id), legs, resolves=settles)


def payout_fee(payout_id: UUID, attempt: int, rail: Account, fee: int) -> Transfer:
    legs = {platform("processing_fees"): -fee, rail: fee}
    return Transfer(f"payout-fee:{payout_id}:{attempt}", "payout-fee", PAYOUT, str(payout_id), legs)


def payout_failed(wallet: WalletName, payout_id: UUID, attempt: int, amount: int) -> Transfer:
    legs = {platform("payout_transit"): -amount, wallet.account("creator"): amount}
    settles = f"payout-send:{payout_id}:{attempt}"
    return _in_wallet("payout-failed", f"{payout_id}:{attempt}", PAYOUT, legs, wallet, "CREDIT", resolves=settles)


def payout_returned(wallet: WalletName, payout_id: UUID, attempt: int, rail: Account, amount: int) -> Transfer:
    """After it had been paid."""
    legs = {rail: -amount, wallet.account("creator"): amount}
    settles = f"payout-done:{payout_id}:{attempt}"
    return _in_wallet("payout-returned", f"{payout_id}:{attempt}", PAYOUT, legs, wallet, "CREDIT", resolves=settles)


# ── Gifts ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def rewarded(wallet: WalletName, reward_id: UUID, amount: int) -> Transfer:
    return _in_wallet("reward", reward_id, REWARD, _gift(wallet, amount), wallet, "CREDIT")


def reward_taken_back(wallet: WalletName, reward_id: UUID, amount: int, held: Balances) -> Transfer | None:
    """What is left of it. None where nothing is."""
    left = min(amount, held.promo)
    settles = f"reward:{reward_id}"
    legs = _gift(wallet, -left)
    return _in_wallet("reward-back", reward_id, REWARD, legs, wallet, "DEBIT", resolves=settles) if left else None


def coupon_credited(wallet: WalletName, usage_id: UUID, amount: int) -> Transfer:
    return _in_wallet("coupon", usage_id, COUPON, _gift(wallet, amount), wallet, "CREDIT")


def gift_expired(wallet: WalletName, grant_id: UUID, time: int, amount: int) -> Transfer:
    """``time``: how often it has expired by then, since what was held at the first time may come back later."""
    return _in_wallet("expiry", f"{grant_id}:{time}", PROMO, _gift(wallet, -amount), wallet, "EXPIRY")


# ── By staff, and at the end ─────────────────────────────────────────────────────────────────────────────────────────


def adjusted(wallet: WalletName, request_id: UUID, code: str, amount: int, contra: Account, actor: UUID) -> Transfer:
    """``amount``: what the wallet's account gets, or gives where it is negative."""
    legs = {wallet.account(code): amount, contra: -amount}
    activity: Activity = "CREDIT" if amount > 0 else "DEBIT"
    return _in_wallet("adjust", request_id, ADJUSTMENT, legs, wallet, activity, actor=actor)


def closed(wallet: WalletName, amount: int) -> Transfer:
    """What is left in the wallet of an erased account, which may still be claimed."""
    legs = {wallet.main: -amount, platform("unclaimed"): amount}
    return _in_wallet("closing", wallet.id, CLOSING, legs, wallet, "EXPIRY")


def closed_again(wallet: WalletName, amount: int, number: int) -> Transfer:
    """What came to a closed wallet of which something was left before. ``number``: how many lines its page has."""
    legs = {wallet.main: -amount, platform("unclaimed"): amount}
    return _in_wallet("closing-again", f"{wallet.id}:{number}", CLOSING, legs, wallet, "EXPIRY")


def claimed_again(wallet: WalletName, closed_id: UUID, amount: int, number: int) -> Transfer:
    """That, into the wallet of who has claimed what was left before."""
    legs, of = {platform("unclaimed"): -amount, wallet.main: amount}, f"{closed_id}:{number}"
    return _in_wallet("claim-again", of, CLOSING, legs, wallet, "CREDIT", resolves=f"closing-again:{of}")


def claimed(wallet: WalletName, closed_id: UUID, amount: int) -> Transfer:
    """What a closed wallet had left, into a wallet of the same type that its owner has by now."""
    legs = {platform("unclaimed"): -amount, wallet.main: amount}
    return _in_wallet("claim", closed_id, CLOSING, legs, wallet, "CREDIT", resolves=f"closing:{closed_id}")


def _taken(wallet: WalletName, provider: str, amount: int, held: Balances) -> dict[Account, int]:
    """The provider took it from us: the wallet gives what it has, and its owner owes the rest."""
    has = min(amount, held.fan)
    return {
        wallet.account("fan"): -has,
        wallet.account("debt"): has - amount,
        platform("clearing", provider): amount,
    }


def _gift(wallet: WalletName, amount: int) -> dict[Account, int]:
    return {platform("promo_expense"): -amount, wallet.account("fan_promo"): amount}


def _in_wallet(
    kind: str,
    of: UUID | str,
    about: str,
    legs: dict[Account, int],
    wallet: WalletName,
    activity: Activity,
    *,
    resolves: str | None = None,
    actor: UUID | None = None,
) -> Transfer:
    """``shown`` is left out where the balance that is seen stays, but for money that was taken and became debt."""
    own = [account for account, amount in legs.items() if amount and account.wallet_id]
    seen = sum(legs[account] for account in own if account.form.shown) or activity == "CHARGEBACK"
    shown = Shown(activity, about, str(of)) if seen else None
    return Transfer(f"{kind}:{of}", kind, about, str(of), legs, wallet if own else None, shown, resolves, actor)
