"""Real HTTP servers on loopback that speak the protocols of those who pay out, each with a book of its own."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from threading import Event, RLock
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from tests.http_server import Answer, served

FAULTS = ("before", "after", "silence", "conflict", "broken", "broken after")


class Dropped(Exception):
    """The connection ends without an answer."""


class Book:
    """Double entry: what one account gives another one gets. Money comes from and goes to the world outside."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, int]] = []

    def move(self, giver: str, taker: str, amount: int) -> None:
        assert amount > 0
        self.lines.append((giver, taker, amount))

    def balance(self, account: str) -> int:
        return sum((taker == account) * amount - (giver == account) * amount for giver, taker, amount in self.lines)

    @property
    def balances(self) -> dict[str, int]:
        """All but those that are empty."""
        names = {name for giver, taker, _ in self.lines for name in (giver, taker)}
        found = {name: self.balance(name) for name in sorted(names)}
        assert sum(found.values()) == 0
        return {name: amount for name, amount in found.items() if amount and name != "world"}


@dataclass
class Faulty:
    """``faults`` are met once each, by the first request whose path ends so."""

    faults: list[tuple[str, str]] = field(default_factory=list)
    released: Event = field(default_factory=Event)
    lock: Any = field(default_factory=RLock)

    def fault(self, path: str) -> str | None:
        with self.lock:
            met = next((one for one in self.faults if path.endswith(one[0])), None)
            if met is not None:
                self.faults.remove(met)
        return None if met is None else met[1]


@dataclass
class ConnectWorld(Faulty):
    """Stripe Connect as its reference describes it: accounts, transfers, payouts, reversals, idempotency keys."""

    key: str = "sk_test_of_the_tests"
    webhook_secret: str = "whsec_of_connect"
    account_secret: str = "whsec_of_the_platform"
    book: Book = field(default_factory=Book)
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    transfers: dict[str, dict[str, Any]] = field(default_factory=dict)
    payouts: dict[str, dict[str, Any]] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    """Whose a payout is."""
    answers: dict[tuple[str | None, str], tuple[Any, Answer]] = field(default_factory=dict)
    working: set[tuple[str | None, str]] = field(default_factory=set)
    forms: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    outage: Answer | None = None
    held: Event = field(default_factory=lambda: opened())
    """Requests with keys wait for it, once they began."""
    began: Event = field(default_factory=Event)
    livemode: bool = False
    moment: int = 1_796_000_000
    url: str = ""

    def respond(self, method: str, path: str, headers: Message, body: bytes) -> Answer:
        if self.outage is not None:
            return self.outage
        if headers["Authorization"] != f"Bearer {self.key}":
            return self.error(401, "")
        assert headers["Stripe-Version"] == "2026-06-24.dahlia"
        account, form = headers["Stripe-Account"], parse_qs(body.decode(), keep_blank_values=True)
        self.asked[f"{method} {path}"] += 1
        if account is not None and account not in self.accounts:
            return self.error(403, "account_invalid")
        if method == "GET":
            return self.show(path, account, {name: values[-1] for name, values in form.items()})
        sent = {name: values[0] for name, values in form.items()}
        return self.once(path, account, headers["Idempotency-Key"], sent)

    def once(self, path: str, account: str | None, key: str | None, form: dict[str, str]) -> Answer:
        fault = self.fault(path)
        if fault == "before":
            raise Dropped
        if fault in ("conflict", "broken"):
            return self.error(409 if fault == "conflict" else 500, "idempotency_key_in_use")
        answer = self.act(path, account, form) if key is None else self.kept(path, account, key, form)
        if fault == "silence":
            self.released.wait(30)
        if fault == "broken after":
            return self.error(500, "api_error")
        if fault == "after":
            raise Dropped
        return answer

    def kept(self, path: str, account: str | None, key: str, form: dict[str, str]) -> Answer:
        assert len(key) <= 255
        known, wanted = (account, key), (path, form)
        with self.lock:
            if known in self.working:
                return self.error(409, "idempotency_key_in_use")
            if known in self.answers:
                first, answer = self.answers[known]
                return answer if first == wanted else self.error(400, "", "idempotency_error")
            self.working.add(known)
        self.began.set()
        self.held.wait(30)
        with self.lock:
            answer = self.act(path, account, form)
            self.answers[known] = wanted, answer
            self.working.remove(known)
        return answer

    def act(self, path: str, account: str | None, form: dict[str, str]) -> Answer:
        with self.lock:
            self.forms.append((path, form))
            refusal = self.refusal(path)
            if refusal is not None:
                return self.error(400, refusal)
            match path.split("/")[2:]:
                case ["accounts"]:
                    return self.open(form)
                case ["account_links"]:
                    return self.linked(form["account"], "setup/e")
                case ["accounts", ref, "login_links"]:
                    return self.linked(ref, "express")
                case ["transfers"]:
                    return self.transfer(form)
                case ["payouts"]:
                    assert account is not None
                    return self.payout(account, form)
                case ["transfers", ref, "reversals"]:
                    return self.take_back(ref, form)
        raise AssertionError(path)

    def refusal(self, path: str) -> str | None:
        return self.fault(f"refused:{path}")

    def refuse(self, path: str, code: str) -> None:
        self.faults.append((f"refused:{path}", code))

    def open(self, form: dict[str, str]) -> Answer:
        ref = f"acct_{uuid4().hex[:16]}"
        self.accounts[ref] = {
            "id": ref,
            "object": "account",
            "charges_enabled": False,
            "payouts_enabled": False,
            "details_submitted": False,
            "capabilities": {"transfers": "inactive"},
            "requirements": {"disabled_reason": "requirements.past_due"},
            "metadata": {"account": form["metadata[account]"]},
        }
        return self.said(self.accounts[ref])

    def ready(self, ref: str, **fields: Any) -> None:
        enabled = {"payouts_enabled": True, "details_submitted": True, "capabilities": {"transfers": "active"}}
        self.accounts[ref] |= enabled | {"requirements": {"disabled_reason": None}} | fields

    def linked(self, ref: str, place: str) -> Answer:
        if ref not in self.accounts:
            return self.error(403, "account_invalid")
        return self.said({"object": "link", "url": f"https://connect.stripe.com/{place}/{ref}/{uuid4().hex}"})

    def transfer(self, form: dict[str, str]) -> Answer:
        amount, account = int(form["amount"]), form["destination"]
        if account not in self.accounts:
            return self.error(400, "resource_missing", param="destination")
        if self.book.balance("platform") < amount:
            return self.error(400, "balance_insufficient")
        if self.accounts[account]["capabilities"]["transfers"] != "active":
            return self.error(400, "insufficient_capabilities_for_transfer")
        self.book.move("platform", account, amount)
        ref = f"tr_{uuid4().hex[:24]}"
        self.transfers[ref] = {
            "id": ref,
            "object": "transfer",
            "amount": amount,
            "amount_reversed": 0,
            "created": self.moment,
            "currency": form["currency"],
            "destination": account,
            "livemode": self.livemode,
            "metadata": metadata(form),
            "reversals": {"object": "list", "data": []},
            "reversed": False,
            "transfer_group": form["transfer_group"],
        }
        return self.said(self.transfers[ref])

    def payout(self, account: str, form: dict[str, str]) -> Answer:
        amount = int(form["amount"])
        if self.book.balance(account) < amount:
            return self.error(400, "balance_insufficient")
        self.book.move(account, f"transit {account}", amount)
        ref = f"po_{uuid4().hex[:24]}"
        self.payouts[ref] = {
            "id": ref,
            "object": "payout",
            "amount": amount,
            "created": self.moment,
            "currency": form["currency"],
            "failure_code": None,
            "livemode": self.livemode,
            "metadata": metadata(form),
            "status": "pending",
        }
        self.owners[ref] = account
        return self.said(self.payouts[ref])

    def take_back(self, ref: str, form: dict[str, str]) -> Answer:
        transfer, amount = self.transfers[ref], int(form["amount"])
        if amount > transfer["amount"] - transfer["amount_reversed"]:
            return self.error(400, "")
        if self.book.balance(transfer["destination"]) < amount:
            return self.error(400, "balance_insufficient")
        reversal = {"id": f"trr_{uuid4().hex[:24]}", "object": "transfer_reversal", "amount": amount, "transfer": ref}
        return self.said(self.undo(ref, amount, reversal | {"metadata": metadata(form)}))

    def undo(self, ref: str, amount: int, reversal: dict[str, Any]) -> dict[str, Any]:
        """Also what a person does at the vendor, who may leave the account in debt."""
        transfer = self.transfers[ref]
        self.book.move(transfer["destination"], "platform", amount)
        transfer["amount_reversed"] += amount
        transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
        transfer["reversals"]["data"].insert(0, reversal)
        return reversal

    def arrive(self, ref: str) -> None:
        account = self.owners[ref]
        self.book.move(f"transit {account}", f"bank {account}", self.payouts[ref]["amount"])
        self.payouts[ref]["status"] = "paid"

    def fail(self, ref: str, code: str | None = "account_closed", status: str = "failed") -> None:
        """Before it arrived, or after."""
        account, payout = self.owners[ref], self.payouts[ref]
        place = "bank" if payout["status"] == "paid" else "transit"
        self.book.move(f"{place} {account}", account, payout["amount"])
        payout |= {"status": status, "failure_code": code}

    def show(self, path: str, account: str | None, query: dict[str, str]) -> Answer:
        with self.lock:
            match path.split("/")[2:]:
                case ["balance"]:
                    amount = self.book.balance(account or "platform")
                    funds = [{"amount": amount, "currency": "usd"}, {"amount": -5, "currency": "eur"}]
                    return self.said({"object": "balance", "livemode": self.livemode, "available": funds})
                case ["accounts", ref]:
                    found = self.accounts.get(ref)
                    return self.error(403, "account_invalid") if found is None else self.said(found)
                case ["transfers"]:
                    group = query["transfer_group"]
                    return self.page([one for one in self.transfers.values() if one["transfer_group"] == group], query)
                case ["payouts"]:
                    since = int(query["created[gte]"])
                    own = [one for ref, one in self.payouts.items() if self.owners[ref] == account]
                    return self.page([one for one in own if one["created"] >= since], query)
        return self.error(404, "resource_missing")

    def page(self, found: list[dict[str, Any]], query: dict[str, str]) -> Answer:
        newest, limit = found[::-1], int(query["limit"])
        ids = [one["id"] for one in newest]
        begin = ids.index(query["starting_after"]) + 1 if "starting_after" in query else 0
        more = len(newest) > begin + limit
        return self.said({"object": "list", "data": newest[begin : begin + limit], "has_more": more})

    def event(self, kind: str, found: dict[str, Any], account: str | None = None) -> bytes:
        event: dict[str, Any] = {"id": f"evt_{uuid4().hex[:24]}", "object": "event", "api_version": "2026-06-24.dahlia"}
        event |= {"created": self.moment + 100, "livemode": self.livemode, "type": kind}
        event |= {"account": account} if account else {}
        return json.dumps(event | {"data": {"object": found}}).encode()

    def said(self, found: dict[str, Any]) -> Answer:
        return 200, json.dumps(found).encode()

    def error(self, status: int, code: str, kind: str = "invalid_request_error", param: str = "") -> Answer:
        told = {"type": kind, "message": "No such thing as ada@example.com"} | ({"code": code} if code else {})
        return status, json.dumps({"error": told | ({"param": param} if param else {})}).encode()


def opened() -> Event:
    event = Event()
    event.set()
    return event


def metadata(form: dict[str, str]) -> dict[str, str]:
    return {name[9:-1]: value for name, value in form.items() if name.startswith("metadata[")}


@contextmanager
def connect_world() -> Iterator[ConnectWorld]:
    world = ConnectWorld()
    world.book.move("world", "platform", 1_000_00)
    with served(world) as world.url:
        yield world
