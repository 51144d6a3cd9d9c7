"""Real HTTP servers on loopback that speak the protocols of those who verify identities."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from threading import Event
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from tests.http_server import Answer, served


@dataclass
class StripeWorld:
    """Stripe Identity as its reference describes it: sessions, the vendor's idempotency, what a key may read."""

    key: str = "sk_test_of_the_tests"
    webhook_secret: str = "whsec_of_the_tests"
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    made: dict[str, tuple[dict[str, list[str]], str]] = field(default_factory=dict)
    forms: list[dict[str, list[str]]] = field(default_factory=list)
    outage: Answer | None = None
    livemode: bool = False
    reads_documents: bool = True
    released: Event = field(default_factory=Event)
    url: str = ""

    def respond(self, method: str, path: str, headers: Message, body: bytes) -> Answer:
        if self.outage is not None:
            return self.outage
        if headers["Authorization"] != f"Bearer {self.key}":
            return said(401, {"error": {"type": "invalid_request_error"}})
        assert headers["Stripe-Version"] == "2026-06-24.dahlia"
        if method == "POST":
            assert headers["Content-Type"] == "application/x-www-form-urlencoded"
            return self.create(headers["Idempotency-Key"], parse_qs(body.decode(), strict_parsing=True))
        if path.endswith("/verification_sessions"):
            return said(200, {"object": "list", "data": []})
        return self.show(path.rpartition("/")[2], parse_qs(body.decode()).get("expand[]", []))

    def create(self, key: str, form: dict[str, list[str]]) -> Answer:
        assert len(key) <= 255
        if key in self.made:
            first, ref = self.made[key]
            same = first == form
            return said(200, self.sessions[ref]) if same else said(400, {"error": {"type": "idempotency_error"}})
        self.forms.append(form)
        ref = f"vs_{uuid4().hex[:24]}"
        self.sessions[ref] = {
            "id": ref,
            "object": "identity.verification_session",
            "client_reference_id": form["client_reference_id"][0],
            "created": 1_796_000_000,
            "last_error": None,
            "last_verification_report": None,
            "livemode": self.livemode,
            "metadata": {"kyc": form["metadata[kyc]"][0]},
            "status": "requires_input",
            "type": form["type"][0],
            "url": f"https://verify.stripe.com/start/test_{uuid4().hex}",
        }
        self.made[key] = form, ref
        return said(200, self.sessions[ref])

    def show(self, ref: str, expanded: list[str]) -> Answer:
        if ref not in self.sessions:
            return said(404, {"error": {"code": "resource_missing"}})
        if expanded and not self.reads_documents:
            return said(403, {"error": {"type": "invalid_request_error"}})
        session = dict(self.sessions[ref])
        report = session.pop("report", None)
        if report is not None:
            shown = {name: report.get(name) for name in ("type", "issuing_country", "first_name", "last_name")}
            shown |= {name.rpartition(".")[2]: report[name.rpartition(".")[2]] for name in expanded}
            session["last_verification_report"] = {"document": shown} if expanded else "vr_1"
        if session["status"] in ("verified", "canceled", "processing"):
            session["url"] = None
        return said(200, session)

    def set(self, ref: str, status: str, **fields: Any) -> None:
        self.sessions[ref] |= {"status": status, **fields}

    def event(self, kind: str, ref: str) -> bytes:
        shown = {name: value for name, value in self.sessions[ref].items() if name not in ("report", "url")}
        event = {"id": f"evt_{uuid4().hex[:24]}", "object": "event", "api_version": "2026-06-24.dahlia"}
        more = {"created": 1_796_000_100, "data": {"object": shown}, "livemode": self.livemode, "type": kind}
        return json.dumps(event | more).encode()


@dataclass
class VeriffWorld:
    """Veriff: bodies are signed when they are sent, ids when they are asked for."""

    key: str = "an-api-key-of-veriff"
    secret: str = "a-shared-secret-of-veriff"
    sessions: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    """Decisions; None before there is one."""
    urls: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    outage: Answer | None = None
    released: Event = field(default_factory=Event)
    url: str = ""

    def signature(self, over: bytes) -> str:
        return hmac.digest(self.secret.encode(), over, hashlib.sha256).hex()

    def respond(self, method: str, path: str, headers: Message, body: bytes) -> Answer:
        if self.outage is not None:
            return self.outage
        signed = body if method == "POST" else path.split("/")[3].encode()
        right = hmac.compare_digest(headers["X-HMAC-SIGNATURE"] or "", self.signature(signed))
        if headers["X-AUTH-CLIENT"] != self.key or not right:
            return said(401, {"status": "fail", "code": "1814"})
        if method == "POST":
            assert (path, headers["Content-Type"]) == ("/v1/sessions", "application/json")
            return self.create(json.loads(body)["verification"])
        ref = path.split("/")[3]
        assert path == f"/v1/sessions/{ref}/decision"
        if ref not in self.sessions:
            return said(404, {"status": "fail", "code": "1802"})
        return said(200, {"status": "success", "verification": self.sessions[ref]})

    def create(self, wanted: dict[str, Any]) -> Answer:
        self.asked.append(wanted)
        ref = str(uuid4())
        self.sessions[ref] = None
        self.urls[ref] = f"https://alchemy.veriff.com/v/{uuid4().hex}"
        made = {"id": ref, "url": self.urls[ref], "vendorData": wanted["vendorData"]}
        more = {"host": "https://alchemy.veriff.com", "status": "created", "sessionToken": "t"}
        return said(201, {"status": "success", "verification": made | more})

    def decide(self, ref: str, status: str, **fields: Any) -> bytes:
        """The notice of it."""
        decision = {"id": ref, "status": status, "code": 9001, "attemptId": str(uuid4()), "reasonCode": None}
        self.sessions[ref] = decision | fields
        return json.dumps({"status": "success", "verification": self.sessions[ref]}).encode()

    def event(self, ref: str, action: str = "submitted") -> bytes:
        event = {"id": ref, "attemptId": str(uuid4()), "feature": "selfid", "code": 7002, "action": action}
        return json.dumps(event | {"vendorData": "x"}).encode()


def said(status: int, body: Any) -> Answer:
    return status, json.dumps(body).encode()


@contextmanager
def stripe_world() -> Iterator[StripeWorld]:
    world = StripeWorld()
    with served(world) as world.url:
        yield world


@contextmanager
def veriff_world() -> Iterator[VeriffWorld]:
    world = VeriffWorld()
    with served(world) as world.url:
        yield world
