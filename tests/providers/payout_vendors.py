"""Real HTTP servers on loopback that speak the protocols of those who pay out, each with a book of its own."""

import base64
import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from email.message import Message
from threading import Event, RLock
from typing import Any, Self
from urllib.parse import parse_qs
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.http_server import Answer, served
from tests.providers.book import Book

FAULTS = ("before", "after", "silence", "conflict", "broken", "broken after")


@dataclass
class World(ABC):
    """``faults`` are met once each, by the first request whose path ends so."""

    book: Book = field(default_factory=Book)
    outage: Answer | None = None
    url: str = ""
    faults: list[tuple[str, str]] = field(default_factory=list)
    released: Event = field(default_factory=Event)
    lock: Any = field(default_factory=RLock)

    @contextmanager
    def standing(self, purse: str) -> Iterator[Self]:
        """``purse``: where money of ours is."""
        self.book.move("world", purse, 1_000_00)
        with served(self) as self.url:
            yield self

    def respond(self, method: str, path: str, headers: Message, body: bytes) -> Answer:
        return self.outage or self.hear(method, path, headers, body)

    @abstractmethod
    def hear(self, method: str, path: str, headers: Message, body: bytes) -> Answer: ...

    def fault(self, path: str) -> str | None:
        with self.lock:
            met = next((one for one in self.faults if path.endswith(one[0])), None)
            if met is not None:
                self.faults.remove(met)
        return None if met is None else met[1]

    def failed(self, status: int) -> Answer:
        return status, b"{}"

    def met(self, path: str, act: Callable[[], Answer]) -> Answer:
        """What ``act`` answers, unless a fault is met before, meanwhile or after."""
        fault = self.fault(path)
        if fault == "before":
            raise ConnectionError
        if fault in ("conflict", "broken"):
            return self.failed(409 if fault == "conflict" else 500)
        answer = act()
        if fault == "silence":
            self.released.wait(30)
        if fault == "broken after":
            return self.failed(500)
        if fault == "after":
            raise ConnectionError
        return answer


@dataclass
class ConnectWorld(World):
    """Stripe Connect as its reference describes it: accounts, transfers, payouts, reversals, idempotency keys."""

    key: str = "sk_test_of_the_tests"
    webhook_secret: str = "whsec_of_connect"
    account_secret: str = "whsec_of_the_platform"
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    transfers: dict[str, dict[str, Any]] = field(default_factory=dict)
    payouts: dict[str, dict[str, Any]] = field(default_factory=dict)
    banks: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """By the account that sends its money on to them."""
    owners: dict[str, str] = field(default_factory=dict)
    """Whose a payout is."""
    answers: dict[tuple[str | None, str], tuple[Any, Answer]] = field(default_factory=dict)
    working: set[tuple[str | None, str]] = field(default_factory=set)
    forms: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    held: Event = field(default_factory=lambda: opened())
    """Requests with keys wait for it, once they began."""
    began: Event = field(default_factory=Event)
    livemode: bool = False
    moment: int = 1_796_000_000
    lines: list[dict[str, Any]] = field(default_factory=list)
    """Of our own balance."""
    most: int = 100

    def hear(self, method: str, path: str, headers: Message, body: bytes) -> Answer:
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
        return self.met(
            path, lambda: self.act(path, account, form) if key is None else self.kept(path, account, key, form)
        )

    def failed(self, status: int) -> Answer:
        return self.error(status, "idempotency_key_in_use" if status == 409 else "api_error")

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
            try:
                answer = self.act(path, account, form)
                self.answers[known] = wanted, answer
            finally:
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

    def bank(self, ref: str, *banks: dict[str, Any]) -> None:
        """What the owner of the account enters in place of what was there."""
        told = [{"id": f"ba_{uuid4().hex[:16]}", "object": "bank_account", "currency": "usd"} | one for one in banks]
        self.banks[ref] = told
        self.accounts[ref]["external_accounts"] = {"object": "list", "data": told[:10], "has_more": len(told) > 10}

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
        self.line("transfer", -amount, self.transfers[ref])
        return self.said(self.transfers[ref])

    def line(self, kind: str, amount: int, source: dict[str, Any]) -> None:
        line = {"id": f"txn_{uuid4().hex[:24]}", "object": "balance_transaction", "type": kind, "source": source}
        self.lines.append(line | {"amount": amount, "currency": "usd", "created": self.moment, "fee": 0})

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
        self.line("transfer_refund", amount, reversal)
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
                case ["accounts", ref, "external_accounts"]:
                    return self.page(self.banks[ref], query)
                case ["transfers"]:
                    group = query["transfer_group"]
                    return self.page([one for one in self.transfers.values() if one["transfer_group"] == group], query)
                case ["balance_transactions"]:
                    assert query["expand[]"] == "data.source"
                    begin, end = int(query["created[gte]"]), int(query["created[lt]"])
                    own = [one for one in self.lines if one["type"] == query["type"]]
                    return self.page([one for one in own if begin <= one["created"] < end], query)
                case ["payouts"]:
                    since = int(query["created[gte]"])
                    own = [one for ref, one in self.payouts.items() if self.owners[ref] == account]
                    return self.page([one for one in own if one["created"] >= since], query)
        return self.error(404, "resource_missing")

    def page(self, found: list[dict[str, Any]], query: dict[str, str]) -> Answer:
        newest, limit = found[::-1], min(int(query["limit"]), self.most)
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


@dataclass
class WiseWorld(World):
    """Wise: quotes, recipients, transfers under the caller's ids, and payments from a balance."""

    token: str = "a-token-of-the-tests"
    profile: str = "4711"
    quotes: dict[str, dict[str, Any]] = field(default_factory=dict)
    recipients: dict[int, dict[str, Any]] = field(default_factory=dict)
    transfers: dict[int, dict[str, Any]] = field(default_factory=dict)
    payments: list[int] = field(default_factory=list)
    refusals: dict[str, int] = field(default_factory=dict)
    """By the end of a path: with which status what is asked there is refused."""
    cancels: bool = True
    strong: bool = False
    """Whether it wants strong authentication before it pays, or shows a statement."""
    lines: list[dict[str, Any]] = field(default_factory=list)
    """Of the balance in dollars."""
    moment: str = "2026-11-30T12:00:00.000Z"
    signer: RSAPrivateKey = field(default_factory=lambda: generate_private_key(65537, 2048))

    @property
    def public_key(self) -> str:
        kept = self.signer.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return kept.decode()

    def hear(self, method: str, path: str, headers: Message, body: bytes) -> Answer:
        if headers["Authorization"] != f"Bearer {self.token}":
            return 401, b'{"error": "invalid_token"}'
        if method == "GET":
            with self.lock:
                return self.show(path, {name: values[0] for name, values in parse_qs(body.decode()).items()})
        if method == "PUT":
            return self.met(path, lambda: self.cancel(path))
        assert headers["Content-Type"] == "application/json"
        return self.met(path, lambda: self.post(path, json.loads(body, parse_float=Decimal)))

    def post(self, path: str, form: dict[str, Any]) -> Answer:
        refused = next((status for end, status in self.refusals.items() if path.endswith(end)), None)
        with self.lock:
            return (refused, b'{"errors": []}') if refused else self.act(path, form)

    def act(self, path: str, form: dict[str, Any]) -> Answer:
        match path.split("/")[1:]:
            case ["v3", "profiles", self.profile, "quotes"]:
                quoted: dict[str, Any] = {"id": str(uuid4()), "sourceAmount": float(form["sourceAmount"]), "form": form}
                self.quotes[quoted["id"]] = quoted
                return 200, json.dumps({"id": quoted["id"], "status": "PENDING"}).encode()
            case ["v1", "accounts"]:
                number = 1000 + len(self.recipients)
                self.recipients[number] = form
                return 200, json.dumps({"id": number}).encode()
            case ["v1", "transfers"]:
                return self.transfer(form)
            case ["v3", "profiles", self.profile, "transfers", number, "payments"]:
                assert form == {"type": "BALANCE"}
                return self.pay(int(number))
        raise AssertionError(path)

    def transfer(self, form: dict[str, Any]) -> Answer:
        known = (
            one for one in self.transfers.values() if one["customerTransactionId"] == form["customerTransactionId"]
        )
        found = next(known, None)
        if found is None:
            quoted, number = self.quotes.pop(form["quoteUuid"]), 50_000_000 + len(self.transfers)
            assert form["targetAccount"] in self.recipients
            found = self.transfers[number] = {
                "id": number,
                "targetAccount": form["targetAccount"],
                "status": "incoming_payment_waiting",
                "sourceCurrency": quoted["form"]["sourceCurrency"],
                "sourceValue": quoted["sourceAmount"],
                "customerTransactionId": form["customerTransactionId"],
                "details": form["details"],
            }
        return 200, json.dumps(found).encode()

    def pay(self, number: int) -> Answer:
        transfer = self.transfers[number]
        amount = int(Decimal(str(transfer["sourceValue"])) * 100)
        if self.strong:
            return 403, b""
        if transfer["status"] != "incoming_payment_waiting":
            return 200, b'{"type": "BALANCE", "status": "REJECTED", "errorCode": "transfer.already_paid"}'
        if self.book.balance("balance") < amount:
            return 200, b'{"type": "BALANCE", "status": "REJECTED", "errorCode": "transfer.insufficient_funds"}'
        self.book.move("balance", "transit", amount)
        self.line(-amount, f"TRANSFER-{number}")
        self.payments.append(number)
        transfer["status"] = "processing"
        return 201, b'{"type": "BALANCE", "status": "COMPLETED", "errorCode": null}'

    def cancel(self, path: str) -> Answer:
        """What was paid for is given back later."""
        found = next((one for number, one in self.transfers.items() if path == f"/v1/transfers/{number}/cancel"), None)
        with self.lock:
            if (
                not self.cancels
                or found is None
                or found["status"] not in ("incoming_payment_waiting", "processing", "cancelled")
            ):
                return 409, b'{"code": "transfer.cancellation.not.allowed"}'
            found["status"] = "cancelled"
            return 200, json.dumps(found).encode()

    def arrive(self, number: int) -> None:
        self.book.move("transit", "bank", int(Decimal(str(self.transfers[number]["sourceValue"])) * 100))
        self.transfers[number]["status"] = "outgoing_payment_sent"

    def refund(self, number: int) -> None:
        place = "bank" if self.transfers[number]["status"] == "outgoing_payment_sent" else "transit"
        self.book.move(place, "balance", int(Decimal(str(self.transfers[number]["sourceValue"])) * 100))
        self.line(int(Decimal(str(self.transfers[number]["sourceValue"])) * 100), f"TRANSFER-{number}")
        self.transfers[number]["status"] = "funds_refunded"

    def line(self, amount: int, reference: str) -> None:
        """In minor units."""
        told = {"amount": {"value": amount / 100, "currency": "USD"}, "date": self.moment}
        self.lines.append(told | {"type": "CREDIT" if amount > 0 else "DEBIT", "referenceNumber": reference})

    def show(self, path: str, query: dict[str, str]) -> Answer:
        match path.split("/")[1:]:
            case ["v4", "profiles", self.profile, "balances"]:
                amounts = [(self.book.balance("balance"), "USD"), (999_999, "EUR")]
                rows = [
                    {"id": 200 + number, "amount": {"value": amount / 100, "currency": currency}}
                    for number, (amount, currency) in enumerate(amounts)
                ]
                return 200, json.dumps(rows).encode()
            case ["v1", "profiles", self.profile, "balance-statements", "200", "statement.json"]:
                if self.strong:
                    return 403, b""
                assert (query["currency"], query["type"]) == ("USD", "COMPACT")
                within = [one for one in self.lines if query["intervalStart"] <= one["date"] <= query["intervalEnd"]]
                return 200, json.dumps({"transactions": within}).encode()
            case ["v1", "transfers"]:
                assert query["profile"] == self.profile
                begin, limit = int(query["offset"]), int(query["limit"])
                return 200, json.dumps([*self.transfers.values()][begin : begin + limit]).encode()
            case ["v1", "transfers", number, "payments"]:
                paid = [{"id": 1, "method": "BALANCE"}] * self.payments.count(int(number))
                return 200, json.dumps(paid).encode()
            case ["v1", "transfers", number] if number.isdigit() and int(number) in self.transfers:
                return 200, json.dumps(self.transfers[int(number)]).encode()
        return 404, b"{}"

    def event(self, number: int, kind: str = "transfers#state-change") -> bytes:
        resource = {"type": "transfer", "id": number, "profile_id": int(self.profile), "account_id": 333}
        data = {"resource": resource, "current_state": "processing", "previous_state": "incoming_payment_waiting"}
        event = {"data": data | {"occurred_at": "2026-12-01T12:34:56Z"}, "event_type": kind, "schema_version": "4.0.0"}
        return json.dumps(event | {"subscription_id": str(uuid4()), "sent_at": "2026-12-01T12:34:56Z"}).encode()

    def signature(self, body: bytes) -> str:
        return base64.b64encode(self.signer.sign(body, PKCS1v15(), SHA256())).decode()


@dataclass
class PayPalWorld(World):
    """PayPal Payouts: tokens, and batches that are made once for each id of the sender. Log in with PayPal: codes that
    are good once, at the address that they were given to, and what is told to who has the token.
    """

    client: tuple[str, str] = ("an-id", "a-secret-of-the-tests")
    life: int = 32_400
    """Of a token, in seconds."""
    codes: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    spends: bool = True
    """Whether a code is good once."""
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By the token that was given for them."""
    tokens: set[str] = field(default_factory=set)
    asked: Counter[str] = field(default_factory=Counter)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: dict[str, Any] | None = None
    """With which error the next batch is refused."""
    linked: bool = True

    def hear(self, method: str, path: str, headers: Message, body: bytes) -> Answer:
        self.asked[f"{method} {path}"] += 1
        if path == "/v1/oauth2/token":
            right = base64.b64encode(":".join(self.client).encode()).decode()
            if headers["Authorization"] != f"Basic {right}":
                return 401, b'{"error": "invalid_client"}'
            if body != b"grant_type=client_credentials":
                return self.met(
                    path, lambda: self.trade({name: one for name, (one,) in parse_qs(body.decode()).items()})
                )
            token = uuid4().hex
            self.tokens.add(token)
            told = {"access_token": token, "token_type": "Bearer", "expires_in": self.life}
            return 200, json.dumps(told).encode()
        bearer = headers["Authorization"].removeprefix("Bearer ")
        if path.startswith("/v1/identity/"):
            known = (path, body) == ("/v1/identity/oauth2/userinfo", b"schema=paypalv1.1") and bearer in self.people
            return self.met(path, lambda: (200, json.dumps(self.people[bearer]).encode()) if known else (401, b"{}"))
        if bearer not in self.tokens:
            return 401, b'{"error": "invalid_token"}'
        if method == "GET":
            with self.lock:
                found = self.batches.get(path.rpartition("/")[2])
            return (200, json.dumps(found).encode()) if found is not None else (404, b"{}")
        assert (path, headers["Content-Type"]) == ("/v1/payments/payouts", "application/json")
        return self.met(path, lambda: self.make(json.loads(body)))

    def sign_in(self, url: str, payer: str, verified: Any = "true") -> dict[str, str]:
        """With what the person comes back from the page of ``url`` who signed in there."""
        page, _, query = url.partition("?")
        asked = {name: one for name, (one,) in parse_qs(query, strict_parsing=True).items()}
        scope = {"openid", "https://uri.paypal.com/services/paypalattributes"}
        assert (asked["client_id"], asked["response_type"], set(asked["scope"].split())) == (
            self.client[0], "code", scope,
        )  # fmt: skip
        assert page.endswith("/connect")
        code, person = f"C{uuid4().hex}", {"user_id": f"https://www.paypal.com/webapps/auth/identity/user/{payer}"}
        self.codes[code] = (asked["redirect_uri"], person | {"payer_id": payer, "verified_account": verified})
        return {"code": code, "state": asked["state"]}

    def trade(self, form: dict[str, str]) -> Answer:
        with self.lock:
            code = form.get("code", "")
            place, person = self.codes.get(code, ("", {}))
            if self.spends:
                self.codes.pop(code, None)
        if form["grant_type"] != "authorization_code" or not person or place != form.get("redirect_uri"):
            return 400, b'{"error": "invalid_grant", "error_description": "Invalid authorization code"}'
        token = uuid4().hex
        self.people[token] = person
        told = {"access_token": token, "refresh_token": uuid4().hex, "token_type": "Bearer", "expires_in": 28800}
        return 200, json.dumps(told).encode()

    def make(self, form: dict[str, Any]) -> Answer:
        with self.lock:
            return self.batch(form)

    def batch(self, form: dict[str, Any]) -> Answer:
        if self.refused is not None:
            refused, self.refused = self.refused, None
            return 400, json.dumps(refused).encode()
        (item,) = form["items"]
        header = form["sender_batch_header"]
        known = [ref for ref, one in self.batches.items() if one["batch_header"]["sender_batch_header"] == header]
        if known:
            href = f"https://api-m.paypal.com/v1/payments/payouts/{known[0]}?page_size=1&page=1"
            details = [{"field": "SENDER_BATCH_ID", "issue": "Duplicate", "link": [{"href": href, "rel": "self"}]}]
            told = {"name": "USER_BUSINESS_ERROR", "details": details if self.linked else []}
            return 400, json.dumps(told).encode()
        ref = uuid4().hex[:13].upper()
        amount = int(Decimal(item["amount"]["value"]) * 100)
        self.book.move("balance", "transit", amount)
        self.batches[ref] = {
            "batch_header": {"payout_batch_id": ref, "batch_status": "PENDING", "sender_batch_header": header},
            "items": [
                {
                    "payout_item_id": uuid4().hex[:13].upper(),
                    "transaction_status": "PENDING",
                    "payout_item_fee": {"currency": "USD", "value": "0.25"},
                    "payout_batch_id": ref,
                    "payout_item": item,
                }
            ],
        }
        return 201, json.dumps({"batch_header": self.batches[ref]["batch_header"]}).encode()

    def forget(self, ref: str) -> None:
        """The id of ours: another batch under it is another payment."""
        self.batches[ref]["batch_header"]["sender_batch_header"] = {"sender_batch_id": "forgotten"}

    def end(self, ref: str, status: str, error: str | None = None) -> None:
        """Of the item."""
        (item,) = self.batches[ref]["items"]
        amount = int(Decimal(item["payout_item"]["amount"]["value"]) * 100)
        place = "account" if item["transaction_status"] == "SUCCESS" else "transit"
        if status == "SUCCESS":
            self.book.move("transit", "account", amount)
        elif status not in ("UNCLAIMED", "ONHOLD", "PENDING"):
            self.book.move(place, "balance", amount)
        self.batches[ref]["batch_header"]["batch_status"] = "SUCCESS"
        item |= {"transaction_status": status} | ({"errors": {"name": error}} if error else {})

    def event(self, ref: str, kind: str) -> bytes:
        resource = {"payout_batch_id": ref} if "ITEM" in kind else {"batch_header": {"payout_batch_id": ref}}
        return json.dumps({"id": f"WH-{uuid4().hex}", "event_type": kind, "resource": resource}).encode()


def paypal_world() -> AbstractContextManager[PayPalWorld]:
    return PayPalWorld().standing("balance")


def wise_world() -> AbstractContextManager[WiseWorld]:
    return WiseWorld().standing("balance")


def connect_world() -> AbstractContextManager[ConnectWorld]:
    return ConnectWorld().standing("platform")
