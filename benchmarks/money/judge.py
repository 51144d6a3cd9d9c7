"""Whether anything was lost: what vendors and we have in our books, to the cent and by their ids."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from benchmarks.money.clients import Clients
from benchmarks.money.house import TREASURY, MoneyHouse
from contract.policy import Policy
from tests.harness import Tables
from tests.ledger import tally

CLEARING, RAIL = "clearing:stripe", "rail:stripe_connect"
UNSETTLED = {
    "loads that are open": "SELECT count(*) AS n FROM payments WHERE status = 'OPEN'",
    "refunds that are open": "SELECT count(*) AS n FROM refunds WHERE status = 'OPEN'",
    "disputes that are open": "SELECT count(*) AS n FROM disputes WHERE closed_at IS NULL",
    "payouts under way": "SELECT count(*) AS n FROM payouts WHERE status IN ('PENDING', 'APPROVED', 'PROCESSING')",
    "notices that wait": "SELECT count(*) AS n FROM provider_events WHERE state NOT IN ('DONE', 'IGNORED')",
}
MOVED = """
    SELECT t.about_id, t.key, sum(-e.amount)::bigint AS amount
    FROM ledger_entries e JOIN ledger_accounts a ON a.id = e.account_id JOIN ledger_transfers t ON t.id = e.transfer_id
    WHERE a.code = %s GROUP BY 1, 2
"""
WRONG_BALANCES = """
    SELECT a.id FROM ledger_accounts a LEFT JOIN ledger_entries e ON e.account_id = a.id
    WHERE a.balance IS NOT NULL GROUP BY a.id, a.balance HAVING a.balance <> coalesce(sum(e.amount), 0)
"""


class Sides(NamedTuple):
    """What one vendor owes us, in cents, by its ids: by its own book, and by ours."""

    vendor: str
    theirs: Mapping[str, int]
    ours: Mapping[str, int]

    def differences(self) -> Iterator[str]:
        for ref in sorted(self.theirs.keys() | self.ours.keys()):
            theirs, ours = self.theirs.get(ref, 0), self.ours.get(ref, 0)
            if theirs != ours:
                yield f"{self.vendor} {ref}: {theirs} cents there, {ours} here"


def loads(house: MoneyHouse, tables: Tables) -> Sides:
    """By session."""
    till, theirs, ours = house.till, Counter[str](), Counter[str]()
    with till.lock:
        sessions = {one["payment_intent"]: ref for ref, one in till.sessions.items() if one["payment_intent"]}
        for line in till.lines:
            theirs[sessions[till._source(line["source"])["payment_intent"]]] += line["net"]
    of: dict[str, Any] = {str(row["id"]): row["ref"] for row in tables.rows("SELECT id, ref FROM payments")}
    for row in tables.rows("SELECT id, ref, payment_id FROM refunds"):
        of[str(row["id"])] = of[row["ref"]] = of[str(row["payment_id"])]
    for row in tables.rows("SELECT id, payment_id FROM disputes"):
        of[str(row["id"])] = of[str(row["payment_id"])]
    for row in tables.rows(MOVED, CLEARING):
        about = row["about_id"].rpartition(":")[2]
        ours[of.get(about) or about] += row["amount"]
    return Sides("stripe", theirs, ours)


def payouts(house: MoneyHouse, tables: Tables) -> Sides:
    """By payout and attempt; what was sent counts negative, for it lay there before."""
    world, theirs, ours = house.world, Counter[str](), Counter[str]()
    with world.lock:
        for one in world.transfers.values():
            name = f"{one['metadata']['payout']}:{one['metadata']['attempt']}"
            theirs[name] -= one["amount"] - one["amount_reversed"]
    for row in tables.rows(MOVED, RAIL):
        ours[row["key"].partition(":")[2]] += row["amount"]
    return Sides("stripe_connect", theirs, ours)


def waiting(house: MoneyHouse, tables: Tables) -> dict[str, int]:
    """What is not settled yet."""
    found = {what: int(tables.one(query)["n"]) for what, query in UNSETTLED.items()}
    found["notices that nobody has taken"] = house.courier.waiting
    found["ids about which books differ"] = len([*differences(house, tables)])
    return {what: number for what, number in found.items() if number}


def differences(house: MoneyHouse, tables: Tables) -> Iterator[str]:
    yield from loads(house, tables).differences()
    yield from payouts(house, tables).differences()


def lost(house: MoneyHouse, clients: Clients, tables: Tables) -> Iterator[str]:
    """When all is over."""
    yield from differences(house, tables)
    yield from _sums(house, tables)
    yield from _twice(house)
    for table, ids in clients.promised.items():
        known = {str(row["id"]) for row in tables.rows(f"SELECT id FROM {table}")}  # noqa: S608 - a name of ours
        yield from (f"{table}: {each} was confirmed, and is not there" for each in sorted(ids - known))
    for row in tables.rows("SELECT provider, ref, amount FROM strays"):
        yield f"{row['provider']} {row['ref']}: {row['amount']} cents fit nothing"
    for row in tables.rows("SELECT * FROM ledger_findings"):
        yield f"reconciliation: {row['check']} {row['what']}: {row['expected']}, but {row['found']}"
    for vendor in house.vendors:
        yield from (f"a vendor could not do what it was asked: {each}" for each in vendor.broken)
    for fault, number in house.faults().items():
        yield f"{number} times in the logs: {fault}"
    yield from clients.given_up
    if house.server.code is not None:
        yield f"the server ended with {house.server.code}"


def _sums(house: MoneyHouse, tables: Tables) -> Iterator[str]:
    total = tables.one("SELECT coalesce(sum(amount), 0)::bigint AS n FROM ledger_entries")["n"]
    if total:
        yield f"all entries add up to {total}"
    for row in tables.rows(WRONG_BALANCES):
        yield f"account {row['id']} has another balance than its entries"
    owed, owes = house.till.book.balance("ours"), -tally(tables, CLEARING)
    if owed != owes:
        yield f"stripe owes us {owed} cents by its book, {owes} by ours"
    gone, sent = TREASURY - house.world.book.balance("platform"), tally(tables, RAIL)
    if gone != sent:
        yield f"{gone} cents left us at stripe_connect by its book, {sent} by ours"
    for code in ("payout_reserved", "payout_transit", "refund_transit", "escrow"):
        if left := tally(tables, code):
            yield f"{code} has {left} cents, and nothing is under way"


def _twice(house: MoneyHouse) -> Iterator[str]:
    """Of what we ask for there is one, however often we ask."""
    sessions = Counter(one["client_reference_id"] for one in house.till.sessions.values())
    refunds = Counter(one["metadata"]["refund"] for one in house.till.refunds.values() if one["metadata"])
    sent, kept = Counter[str](), defaultdict[str, int](int)
    for one in house.world.transfers.values():
        sent[f"{one['metadata']['payout']}:{one['metadata']['attempt']}"] += 1
        kept[one["metadata"]["payout"]] += one["amount"] > one["amount_reversed"]
    named: Iterable[tuple[str, Mapping[str, int]]] = (
        ("sessions of the load", sessions),
        ("refunds under the id", refunds),
        ("transfers of the attempt", sent),
        ("transfers that were not taken back of the payout", kept),
    )
    for what, counts in named:
        yield from (f"{number} {what} {name}" for name, number in counts.items() if number > 1)


def faults(clients: Clients, policies: Mapping[str, Policy]) -> Counter[str]:
    """Answers that the contract does not allow."""
    return Counter(found for answer in clients.answers if (found := answer.fault(policies)))
