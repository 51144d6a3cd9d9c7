"""Every flow of ``domain.money.flows`` with facts that fit it: a flow that is added is found by itself."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from domain.money import flows
from domain.money.amounts import MOST
from domain.money.flows import Balances, Parts
from domain.money.ledger import Transfer, WalletName, platform

PROVIDERS = ("sandbox", "other")
AMOUNTS = st.integers(1, MOST // 4)
IDS = st.uuids(version=4)
BALANCE = st.integers(0, MOST // 4)
BALANCES = st.builds(Balances, BALANCE, BALANCE, BALANCE, BALANCE)
PARTS = st.builds(Parts, BALANCE, BALANCE, BALANCE).filter(lambda parts: parts.price > 0)
RAILS = st.sampled_from([platform(code, name) for code in ("rail", "clearing") for name in PROVIDERS])
CONTRAS = st.sampled_from([platform("goodwill"), *(platform("suspense", name) for name in PROVIDERS)])

Flow = Callable[..., Transfer | None]
FLOWS: Mapping[str, Flow] = {
    name: flow
    for name, flow in vars(flows).items()
    if inspect.isfunction(flow)
    and flow.__module__ == flows.__name__
    and not name.startswith("_")
    and name != "parts_of"
}
# All others are of what fans have.
OF_CREATORS = frozenset({"released"} | {name for name in FLOWS if name.startswith("payout")})
OF_BOTH = frozenset(
    {"debt_settled", "debt_written_off", "closed", "closed_again", "claimed", "claimed_again", "adjusted"}
)

BY_NAME: Mapping[str, st.SearchStrategy[Any]] = {
    "provider": st.sampled_from(PROVIDERS),
    "vendor_id": st.text("abcdef0123456789_", min_size=1, max_size=20),
    "credit_key": IDS.map("load:{}".format),
    "commission_bps": st.integers(0, 10_000),
    "rail": RAILS,
    "contra": CONTRAS,
    **dict.fromkeys(("amount", "fee", "price"), AMOUNTS),
}
BY_TYPE: Mapping[str, st.SearchStrategy[Any]] = {
    "UUID": IDS, "Balances": BALANCES, "Parts": PARTS, "int": st.integers(1, 9),  # the first time, or a later one
}  # fmt: skip


@st.composite
def facts(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """What the flow of that name is told."""
    found: dict[str, Any] = {}
    for word, parameter in inspect.signature(FLOWS[name]).parameters.items():
        if parameter.annotation == "WalletName":
            types = ("FAN", "CREATOR") if name in OF_BOTH else ("CREATOR",) if name in OF_CREATORS else ("FAN",)
            found[word] = draw(st.builds(WalletName, IDS, st.sampled_from(types)))
        elif word == "code":
            codes = ("fan", "fan_promo") if found["wallet"].type == "FAN" else ("creator",)
            found[word] = draw(st.sampled_from(codes))
        else:
            found[word] = draw(BY_NAME[word] if word in BY_NAME else BY_TYPE[parameter.annotation])
    if name == "adjusted" and draw(st.booleans()):
        found["amount"] *= -1
    return found


PLAIN: Mapping[str, Any] = {
    "provider": "sandbox", "vendor_id": "tr_1", "credit_key": "load:1", "commission_bps": 2000,
    "rail": platform("rail", "sandbox"), "contra": platform("goodwill"), "amount": 100, "price": 100, "fee": 3,
    "parts": Parts(promo=20, fan=70, coupon=10), "held": Balances(fan=60, promo=60, debt=60),
}  # fmt: skip


def plain(name: str) -> Transfer:
    """One of that flow in which every account that it may touch has a leg."""
    wallet = WalletName(UUID(int=1), "CREATOR" if name in OF_CREATORS else "FAN")
    known = {**PLAIN, "wallet": wallet, "code": "fan"}
    words = inspect.signature(FLOWS[name]).parameters
    others = {"UUID": UUID(int=7), "int": 1}
    told = {word: known[word] if word in known else others[of.annotation] for word, of in words.items()}
    transfer = FLOWS[name](**told)
    assert transfer is not None
    return transfer


def row(name: str) -> tuple[str, ...]:
    """The flow as docs/money.md tells it: who gives, who gets, key, what it settles, what the wallet's page shows."""
    transfer, words = plain(name), inspect.signature(FLOWS[name]).parameters
    own = next((word.removesuffix("_id") for word in words if word.endswith("_id") and word != "vendor_id"), "")
    number = next((word for word, of in words.items() if of.annotation == "int" and word not in PLAIN), "")
    wallet = transfer.wallet.id if transfer.wallet else None
    told = {str(UUID(int=7)): own, "sandbox:tr_1": "provider>:<reference", "load:1": "credit", str(wallet): "wallet"}

    def shape(key: str | None) -> str:
        for value, word in told.items():
            key = key and key.replace(value, f"<{word}>")
        return f"`{key}`".replace(">:1`", f">:<{number}>`") if key else ""

    def side(sign: int) -> str:
        codes = [account.code.partition(":")[0] for account, amount in transfer.legs.items() if amount * sign > 0]
        if name == "adjusted":
            codes = ["any of the wallet" if code == "fan" else "goodwill or suspense" for code in codes]
        return ", ".join(codes)

    return f"`{name}`", side(-1), side(1), shape(transfer.key), shape(transfer.resolves), _shown(transfer)


def _shown(transfer: Transfer) -> str:
    return transfer.shown.type if transfer.shown else ""
