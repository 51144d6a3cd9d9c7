"""Real HTTP servers on loopback that speak the protocols of those who take money, each with a book of its own."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, RLock
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

import httpx

from domain.clock import utc_now
from providers.signed import signed
from tests.http_server import served
from tests.providers.book import Book

if TYPE_CHECKING:
    from datetime import datetime
    from email.message import Message

    from tests.http_server import Answer

FEE_BPS, FEE, DISPUTE_FEE = 290, 30, 1500
PAYER, OURS, VENDOR, HELD = "payer", "ours", "vendor", "held"
"""Accounts of a vendor's book. ``OURS`` is what it owes us; ``HELD`` is what banks hold while a payment is disputed."""


def fee_of(amount: int) -> int:
    return FEE + amount * FEE_BPS // 10_000


@dataclass
class StripeTill:
    """Sessions, payment intents, refunds and disputes as the vendor's reference describes them, its idempotency, and
    events that are signed and delivered.

    ``faults``: what happens to the next questions, one each: ``drop`` and ``silence`` before anything is done,
    ``drop_after`` and ``silence_after`` when all is done, ``409``, ``429``, ``500`` (kept under its key, as vendors
    do), ``503`` with the word to try again, and ``ok``.
    """

    key: str = "sk_test_of_the_tests"
    secret: str = "whsec_of_the_tests"
    livemode: bool = False
    book: Book = field(default_factory=Book)
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    disputes: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines: list[dict[str, Any]] = field(default_factory=list)
    kept: dict[str, tuple[tuple[str, dict[str, str]], Answer]] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    told: list[bytes] = field(default_factory=list)
    faults: deque[str] = field(default_factory=deque)
    meanwhile: Callable[[], None] = lambda: None
    """Happens elsewhere before each answer."""
    released: Event = field(default_factory=Event)
    clock: Callable[[], datetime] = utc_now
    url: str = ""
    lock: RLock = field(default_factory=RLock)
    _charges: dict[str, dict[str, Any]] = field(default_factory=dict)
    _given_back: defaultdict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    """Refunds by payment intent."""

    def respond(self, method: str, path: str, headers: Message, body: bytes) -> Answer:
        self.meanwhile()
        with self.lock:
            form = dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=bool(body)))
            self.asked.append((method, path, form))
            fault = self.faults.popleft() if self.faults else "ok"
            answer = self._answer(method, path, headers, form, fault)
        if fault.startswith("silence"):
            self.released.wait()
        if fault.startswith("drop"):
            raise ConnectionError
        return answer

    def _answer(self, method: str, path: str, headers: Message, form: dict[str, str], fault: str) -> Answer:
        if headers["Authorization"] != f"Bearer {self.key}":
            return refusal(401)
        assert headers["Stripe-Version"] == "2026-06-24.dahlia"
        if fault in {"drop", "silence"}:
            return refusal(500)  # which nobody hears
        if fault in {"409", "429"}:
            return refusal(int(fault))
        if fault == "503":
            return *refusal(503)[:2], {"Stripe-Should-Retry": "true"}
        if method == "GET":
            return self._get(path, form)
        assert headers["Content-Type"] == "application/x-www-form-urlencoded" or not form
        key = headers["Idempotency-Key"]
        if key is None:
            return self._post(path, form)
        assert len(key) <= 255
        if key in self.kept:
            question, first = self.kept[key]
            return first if question == (path, form) else refusal(400, "idempotency_error")
        made: Answer = self._post(path, form)
        if fault == "500":
            made = *refusal(500)[:2], {"Stripe-Should-Retry": "false"}
        if made[0] not in {400, 402, 404}:
            self.kept[key] = (path, form), made
        return made

    def _get(self, path: str, form: Mapping[str, str]) -> Answer:
        rows: Sequence[dict[str, Any]]
        if path == "/v1/checkout/sessions":
            rows = list(self.sessions.values())
        elif path == "/v1/refunds":
            rows = list(self.refunds.values())
        elif path == "/v1/disputes":
            rows = list(self.disputes.values())
        elif path == "/v1/radar/early_fraud_warnings":
            if not self.shows_warnings:
                return refusal(403)
            rows = [row | {"actionable": self._is_actionable(row)} for row in self.warnings]
        elif path == "/v1/balance_transactions":
            begin, end = int(form.get("created[gte]", 0)), int(form.get("created[lt]", 1 << 40))
            found = [line for line in self.lines if begin <= line["created"] < end]
            rows = [line | {"source": self._source(line["source"])} for line in found]
        else:
            ref = path.removeprefix("/v1/checkout/sessions/")
            return said(self._shown(ref, form)) if ref in self.sessions else refusal(404)
        intent = form.get("payment_intent")
        rows = [row for row in rows[::-1] if intent in (None, row.get("payment_intent"))]
        after = next((place for place, row in enumerate(rows) if row["id"] == form.get("starting_after")), -1)
        page = rows[after + 1 :][: min(int(form.get("limit", 10)), self.page)]
        more = bool(page) and page[-1] is not rows[-1]
        return said({"object": "list", "url": path, "has_more": more, "data": page})

    page: int = 100
    warnings: list[dict[str, Any]] = field(default_factory=list)
    shows_warnings: bool = True
    """Whether the key may read them."""

    def _shown(self, ref: str, form: Mapping[str, str]) -> dict[str, Any]:
        """What is expanded is written out."""
        session = dict(self.sessions[ref])
        expanded = [value for name, value in form.items() if name.startswith("expand[")]
        if expanded == ["payment_intent.latest_charge.balance_transaction"] and session["payment_intent"]:
            intent = dict(self.intents[session["payment_intent"]])
            if intent["latest_charge"] is not None:
                charge = dict(intent["latest_charge"])
                line = charge["balance_transaction"]
                charge["balance_transaction"] = next((one for one in reversed(self.lines) if one["id"] == line), None)
                intent["latest_charge"] = charge
            session["payment_intent"] = intent
        return session

    def _source(self, ref: str) -> dict[str, Any]:
        kinds = (self._charges, self.refunds, self.disputes)
        return next((kind[ref] for kind in kinds if ref in kind), {"id": ref, "object": "payout"})

    def _post(self, path: str, form: dict[str, str]) -> Answer:
        if path == "/v1/checkout/sessions":
            return self._begin(form)
        if path == "/v1/refunds":
            intent = self.intents.get(form["payment_intent"])
            left = 0 if intent is None else self._left(intent)
            if intent is None or int(form["amount"]) > left:
                return refusal(400, code="charge_already_refunded")
            if any(self._is_taken(one) for one in self.disputes.values() if one["payment_intent"] == intent["id"]):
                return refusal(400, code="charge_disputed")
            made = self._give_back(intent, int(form["amount"]), "pending", {"refund": form["metadata[refund]"]})
            return said(made)
        ref = path.removeprefix("/v1/checkout/sessions/").removesuffix("/expire")
        if ref not in self.sessions:
            return refusal(404)
        if self.sessions[ref]["status"] != "open":
            return refusal(400)
        self.expire(ref)
        return said(self.sessions[ref])

    def _begin(self, form: dict[str, str]) -> Answer:
        now, until = int(self.clock().timestamp()), int(form["expires_at"])
        price = "line_items[0][price_data]"
        known = {
            "mode", "client_reference_id", "metadata[payment]", "payment_intent_data[metadata][payment]",
            f"{price}[currency]", f"{price}[unit_amount]", f"{price}[product_data][name]", "line_items[0][quantity]",
            "success_url", "cancel_url", "expires_at", "adaptive_pricing[enabled]",
        }  # fmt: skip
        if form.keys() != known or not now + 1800 <= until <= now + 86_400:
            return refusal(400, code="parameter_invalid")
        ref = f"cs_test_{uuid4().hex}"
        self.sessions[ref] = {
            "id": ref,
            "object": "checkout.session",
            "adaptive_pricing": {"enabled": form["adaptive_pricing[enabled]"] == "true"},
            "amount_total": int(form[f"{price}[unit_amount]"]) * int(form["line_items[0][quantity]"]),
            "client_reference_id": form["client_reference_id"],
            "created": now,
            "currency": form[f"{price}[currency]"],
            "expires_at": until,
            "livemode": self.livemode,
            "metadata": {"payment": form["metadata[payment]"]},
            "mode": form["mode"],
            "payment_intent": None,
            "payment_status": "unpaid",
            "status": "open",
            "success_url": form["success_url"],
            "url": f"https://checkout.stripe.com/c/pay/{ref}",
        }
        return said(self.sessions[ref])

    # What people do at the vendor.

    def pay(self, ref: str) -> None:
        """Also one whose method took days."""
        session = self.sessions[ref]
        later = session["status"] == "complete"
        intent = self._intent(session)
        intent["status"] = "succeeded"
        charge = intent["latest_charge"]
        charge["status"] = "succeeded"
        fee = fee_of(session["amount_total"])
        self.book.move(PAYER, OURS, session["amount_total"])
        self.book.move(OURS, VENDOR, fee)
        charge["balance_transaction"] = self._line("charge", charge["id"], session["amount_total"], fee)
        session |= {"status": "complete", "payment_status": "paid"}
        self._tell("checkout.session.async_payment_succeeded" if later else "checkout.session.completed", session)

    def pay_later(self, ref: str) -> None:
        session = self.sessions[ref]
        self._intent(session)["status"] = "processing"
        session["status"] = "complete"
        self._tell("checkout.session.completed", session)

    def decline(self, ref: str) -> None:
        """A payment whose method took days, which has failed."""
        session = self.sessions[ref]
        self._intent(session)["status"] = "requires_payment_method"
        self._tell("checkout.session.async_payment_failed", session)

    def expire(self, ref: str) -> None:
        self.sessions[ref] |= {"status": "expired", "url": None}
        self._tell("checkout.session.expired", self.sessions[ref])

    def refund(self, ref: str, amount: int | None = None) -> str:
        """By somebody at the vendor's dashboard."""
        intent = self._paid(ref)
        made = self._give_back(intent, amount or self._left(intent), "succeeded", {})
        self._tell("refund.updated", made)
        return str(made["id"])

    def end_refund(self, refund: str, status: str) -> None:
        """Of one that is pending; or ``failed``, of one that had succeeded."""
        row = self.refunds[refund]
        row["status"] = status
        if status in {"failed", "canceled"}:
            self.book.move(PAYER, OURS, row["amount"])
            self._line("refund_failure", refund, row["amount"], 0)
            self._tell("refund.failed", row)
        self._tell("refund.updated", row)

    def dispute(self, ref: str, amount: int | None = None, *, inquiry: bool = False) -> str:
        intent, dispute_id = self._paid(ref), f"du_{uuid4().hex[:24]}"
        intent["latest_charge"]["disputed"] = True
        row = self.disputes[dispute_id] = {
            "id": dispute_id,
            "object": "dispute",
            "amount": amount or self._left(intent),
            "balance_transactions": [],
            "charge": intent["latest_charge"]["id"],
            "created": int(self.clock().timestamp()),
            "currency": "usd",
            "livemode": self.livemode,
            "metadata": {},
            "payment_intent": intent["id"],
            "reason": "fraudulent",
            "status": "warning_needs_response" if inquiry else "needs_response",
        }
        self._tell("charge.dispute.created", row)
        if not inquiry:
            self.book.move(OURS, HELD, row["amount"])
            self.book.move(OURS, VENDOR, DISPUTE_FEE)
            self._dispute_line(row, -row["amount"], DISPUTE_FEE)
            self._tell("charge.dispute.funds_withdrawn", row)
        return dispute_id

    def win(self, dispute: str) -> None:
        row = self.disputes[dispute]
        row["status"] = "won"
        self.book.move(HELD, OURS, row["amount"])
        self._dispute_line(row, row["amount"], 0)
        self._tell("charge.dispute.funds_reinstated", row)
        self._tell("charge.dispute.closed", row)

    def lose(self, dispute: str, status: str = "lost") -> None:
        """Or, of an inquiry, ``warning_closed``."""
        self.disputes[dispute]["status"] = status
        self._tell("charge.dispute.closed", self.disputes[dispute])

    def settle(self, amount: int, cost: int = 0) -> str:
        """The vendor pays to our bank, and asks for what it does besides; the payout's id."""
        ref = f"po_{uuid4().hex[:24]}"
        self.book.move(OURS, "bank", amount)
        self._line("payout", ref, -amount, 0)
        if cost:
            self.book.move(OURS, VENDOR, cost)
            self._line("stripe_fee", f"fee_{uuid4().hex[:24]}", -cost, 0)
        return ref

    def warn(self, ref: str) -> None:
        intent = self._paid(ref)
        row = {"id": f"issfr_{uuid4().hex[:24]}", "object": "radar.early_fraud_warning", "livemode": self.livemode}
        row |= {"charge": intent["latest_charge"]["id"], "payment_intent": intent["id"]}
        self.warnings.append(row)
        self._tell("radar.early_fraud_warning.created", row | {"actionable": self._is_actionable(row)})

    def _is_actionable(self, warning: dict[str, Any]) -> bool:
        """As long as it was neither disputed nor given back."""
        intent = self.intents[warning["payment_intent"]]
        return bool(not intent["latest_charge"]["disputed"] and self._left(intent))

    def deliver(self, origin: str, bodies: Sequence[bytes] | None = None, secret: str | None = None) -> list[int]:
        """Events that were not delivered yet, or those that are named, to our intake."""
        if bodies is None:
            bodies, self.told = self.told, []
        with httpx.Client(trust_env=False) as client:
            return [
                client.post(
                    f"{origin}/api/v1/webhooks/payment/stripe",
                    content=body,
                    headers={"Stripe-Signature": signed(secret or self.secret, body, self.clock())},
                ).status_code
                for body in bodies
            ]

    def _intent(self, session: dict[str, Any]) -> dict[str, Any]:
        if session["payment_intent"] is None:
            ref, metadata = f"pi_{uuid4().hex[:24]}", dict(session["metadata"])
            charge = {"id": f"ch_{uuid4().hex[:24]}", "object": "charge", "amount": session["amount_total"]}
            charge |= {"currency": session["currency"], "disputed": False, "metadata": metadata, "status": "pending"}
            charge |= {"balance_transaction": None, "payment_intent": ref, "livemode": self.livemode}
            amounts = {"amount": session["amount_total"], "currency": session["currency"], "metadata": metadata}
            self.intents[ref] = {"id": ref, "object": "payment_intent", "latest_charge": charge, **amounts}
            self._charges[charge["id"]] = charge
            session["payment_intent"] = ref
        return self.intents[session["payment_intent"]]

    def _paid(self, ref: str) -> dict[str, Any]:
        intent = self.intents[self.sessions[ref]["payment_intent"]]
        assert intent["status"] == "succeeded"
        return intent

    def _is_taken(self, dispute: dict[str, Any]) -> bool:
        """Whether the payer's bank has its money, or may get it."""
        return dispute["status"] not in {"won", "warning_closed", "prevented"}

    def _left(self, intent: dict[str, Any]) -> int:
        given = self._given_back.get(intent["id"], ())
        back = sum(one["amount"] for one in given if one["status"] not in {"failed", "canceled"})
        return int(intent["amount"] - back)

    def _give_back(self, intent: dict[str, Any], amount: int, status: str, metadata: dict[str, str]) -> dict[str, Any]:
        ref = f"re_{uuid4().hex[:24]}"
        row = self.refunds[ref] = {
            "id": ref,
            "object": "refund",
            "amount": amount,
            "charge": intent["latest_charge"]["id"],
            "created": int(self.clock().timestamp()),
            "currency": intent["currency"],
            "metadata": metadata,
            "payment_intent": intent["id"],
            "status": status,
        }
        self._given_back[intent["id"]].append(row)
        self.book.move(OURS, PAYER, amount)
        self._line("refund", ref, -amount, 0)
        self._tell("refund.created", row)
        return row

    def _line(self, kind: str, source: str, amount: int, fee: int) -> str:
        ref, now = f"txn_{uuid4().hex[:24]}", int(self.clock().timestamp())
        amounts = {"amount": amount, "fee": fee, "net": amount - fee, "currency": "usd", "created": now}
        self.lines.append({"id": ref, "object": "balance_transaction", "type": kind, "source": source, **amounts})
        return ref

    def _dispute_line(self, row: dict[str, Any], amount: int, fee: int) -> None:
        self._line("adjustment", row["id"], amount, fee)
        row["balance_transactions"] = [*row["balance_transactions"], self.lines[-1]]

    def _tell(self, kind: str, about: dict[str, Any]) -> None:
        event = {"id": f"evt_{uuid4().hex[:24]}", "object": "event", "api_version": "2026-06-24.dahlia"}
        more = {"created": int(self.clock().timestamp()), "data": {"object": about}, "livemode": self.livemode}
        self.told.append(json.dumps(event | more | {"type": kind}).encode())


def said(body: Any, status: int = 200) -> tuple[int, bytes]:
    return status, json.dumps(body).encode()


def refusal(status: int, kind: str = "invalid_request_error", code: str | None = None) -> tuple[int, bytes]:
    return said({"error": {"type": kind, "code": code, "message": "of Ada Lovelace"}}, status)


@contextmanager
def stripe_till() -> Iterator[StripeTill]:
    till = StripeTill()
    with served(till) as till.url:
        yield till


@dataclass
class MollieTill:
    """Payments with their refunds and chargebacks, idempotency for an hour, and pings; ``faults`` as above."""

    key: str = "test_of_the_tests"
    secret: str = "a long random text"
    mode: str = "test"
    book: Book = field(default_factory=Book)
    payments: dict[str, dict[str, Any]] = field(default_factory=dict)
    kept: dict[tuple[str, str], Answer] = field(default_factory=dict)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    faults: deque[str] = field(default_factory=deque)
    released: Event = field(default_factory=Event)
    site: str = "https://www.mollie.com/checkout/select-method/"
    page: int = 250
    url: str = ""
    _lock: RLock = field(default_factory=RLock)

    def respond(self, method: str, path: str, headers: Message, body: bytes) -> Answer:
        with self._lock:
            posted = method == "POST"
            form = json.loads(body) if posted else dict(parse_qsl(body.decode()))
            self.asked.append((method, path, form))
            fault = self.faults.popleft() if self.faults else "ok"
            if headers["Authorization"] != f"Bearer {self.key}":
                return refusal(401)
            if fault in {"drop", "silence", "409", "429", "500", "503"}:
                answer: Answer = refusal(int(fault) if fault.isdigit() else 500)
            elif posted:
                assert UUID(headers["Idempotency-Key"]).version == 4
                known = (path, headers["Idempotency-Key"])
                answer = self.kept[known] = self.kept.get(known) or self._post(path, form)
            else:
                answer = self._delete(path) if method == "DELETE" else self._get(path, form)
        if fault.startswith("silence"):
            self.released.wait()
        if fault.startswith("drop"):
            raise ConnectionError
        return answer

    def _get(self, path: str, form: Mapping[str, str]) -> Answer:
        if path != "/v2/payments":
            ref = path.removeprefix("/v2/payments/")
            return said(self._shown(ref, form.get("embed", ""))) if ref in self.payments else refusal(404)
        refs = list(self.payments)[::-1]
        begin = refs.index(form["from"]) if "from" in form else 0
        page, rest = refs[begin : begin + self.page], refs[begin + self.page :]
        further = {"href": f"https://api.mollie.com/v2/payments?from={rest[0]}&limit=250"} if rest else None
        rows = [self._shown(ref, "") for ref in page]
        return said({"count": len(page), "_embedded": {"payments": rows}, "_links": {"next": further}})

    def _shown(self, ref: str, embed: str) -> dict[str, Any]:
        shown = dict(self.payments[ref])
        held = shown.pop("_held")
        shown["_embedded"] = {name: held[name] for name in embed.split(",") if held.get(name)}
        return shown

    def _post(self, path: str, form: dict[str, Any]) -> Answer:
        if path == "/v2/payments":
            known = {"amount", "description", "redirectUrl", "cancelUrl", "webhookUrl", "metadata"}
            if form.keys() != known or not str(form["amount"]["value"]).replace(".", "").isdigit():
                return refusal(422)
            ref = f"tr_{uuid4().hex[:10]}"
            links = {"checkout": {"href": f"{self.site}{ref}"}}
            made = {"resource": "payment", "id": ref, "mode": self.mode, "status": "open", "_links": links, **form}
            created = utc_now().replace(microsecond=0).isoformat()
            self.payments[ref] = made | {"createdAt": created, "_held": {"refunds": [], "chargebacks": []}}
            return said(self._shown(ref, ""), 201)
        ref = path.removeprefix("/v2/payments/").removesuffix("/refunds")
        if ref not in self.payments:
            return refusal(404)
        if self.payments[ref]["status"] != "paid" or self._cents(form) > self._left(ref):
            return refusal(422)
        return said(self._give_back(ref, self._cents(form), "queued", form["metadata"]), 201)

    def _delete(self, path: str) -> Answer:
        ref = path.removeprefix("/v2/payments/")
        if ref not in self.payments:
            return refusal(404)
        if self.payments[ref]["status"] != "open":
            return refusal(422)
        self.end(ref, "canceled")
        return said(self._shown(ref, ""))

    # What people do at the vendor.

    def pay(self, ref: str) -> None:
        self.book.move(PAYER, OURS, self._cents(self.payments[ref]))
        self.end(ref, "paid")

    def end(self, ref: str, status: str) -> None:
        self.payments[ref]["status"] = status
        self._links(ref, status)
        self.told.append(ref)

    def expire(self, ref: str) -> None:
        self.end(ref, "expired")

    def decline(self, ref: str) -> None:
        self.end(ref, "failed")

    def pay_later(self, ref: str) -> None:
        self.end(ref, "pending")

    def refund(self, ref: str, cents: int | None = None) -> str:
        """By somebody at the vendor's dashboard."""
        made = self._give_back(ref, cents or self._left(ref), "refunded", {})
        self.told.append(ref)
        return str(made["id"])

    def dispute(self, ref: str, cents: int | None = None) -> str:
        amount = cents or self._left(ref)
        made = {"resource": "chargeback", "id": f"chb_{uuid4().hex[:8]}", "amount": _value(amount), "paymentId": ref}
        self.payments[ref]["_held"]["chargebacks"].append(made | {"reversedAt": None})
        self.book.move(OURS, HELD, amount)
        self.told.append(ref)
        return str(made["id"])

    def win(self, chargeback: str) -> None:
        for ref, payment in self.payments.items():
            for row in payment["_held"]["chargebacks"]:
                if row["id"] == chargeback:
                    row["reversedAt"] = utc_now().isoformat()
                    self.book.move(HELD, OURS, self._cents(row))
                    self.told.append(ref)

    def deliver(self, refs: Sequence[str] | None = None) -> list[int]:
        """Pings that were not delivered yet, or those of the payments that are named."""
        if refs is None:
            refs, self.told = self.told, []
        with httpx.Client(trust_env=False) as client:
            return [client.post(self.payments[ref]["webhookUrl"], data={"id": ref}).status_code for ref in refs]

    def _give_back(self, ref: str, cents: int, status: str, metadata: dict[str, str]) -> dict[str, Any]:
        made = {"resource": "refund", "id": f"re_{uuid4().hex[:8]}", "amount": _value(cents), "status": status}
        made |= {"metadata": metadata, "paymentId": ref}
        self.payments[ref]["_held"]["refunds"].append(made)
        self.book.move(OURS, PAYER, cents)
        return made

    def _left(self, ref: str) -> int:
        held = self.payments[ref]["_held"]["refunds"]
        return self._cents(self.payments[ref]) - sum(self._cents(row) for row in held)

    def _links(self, ref: str, status: str) -> None:
        if status != "open":
            self.payments[ref]["_links"] = {}

    def _cents(self, row: Mapping[str, Any]) -> int:
        return int(row["amount"]["value"].replace(".", ""))


def _value(cents: int) -> dict[str, str]:
    return {"currency": "USD", "value": f"{cents // 100}.{cents % 100:02}"}


@contextmanager
def mollie_till() -> Iterator[MollieTill]:
    till = MollieTill()
    with served(till) as till.url:
        yield till
