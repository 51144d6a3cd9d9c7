"""Real HTTP servers on loopback that speak the wire formats of the SMS vendors."""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from threading import Event
from urllib.parse import parse_qs

from tests.http_server import Answer, served

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Received:
    to: str
    text: str
    sender: str
    reference: str | None = None


@dataclass
class SmsVendor:
    """What is common to the vendors. ``outage`` replaces every answer, ``fault`` is the vendor's own code for one."""

    received: list[Received] = field(default_factory=list)
    calls: int = 0
    outage: Answer | None = None
    fault: int | None = None
    hangs: bool = False
    closed: bool = False
    released: Event = field(default_factory=Event)
    url: str = ""

    name = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    refusals: tuple[int, ...] = ()
    """Codes that speak about the number."""
    troubles: tuple[int, ...] = ()
    """Codes that speak about the account, the request or the vendor."""

    def respond(self, method: str, path: str, headers: Message, body: bytes) -> Answer:
        self.calls += 1
        if self.hangs:
            self.released.wait()
        if self.outage is not None:
            return self.outage
        if method == "GET":
            return self.account(path, base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode())
        assert headers["Content-Type"] == FORM
        form = {key: values[0] for key, values in parse_qs(body.decode(), strict_parsing=True).items()}
        return self.judge(path, headers, form)

    def judge(self, path: str, headers: Message, form: dict[str, str]) -> Answer:
        raise NotImplementedError

    def account(self, path: str, login: str) -> Answer:
        """What it tells of the account to whoever signs in. ``closed``: it exists, but cannot send."""
        raise NotImplementedError

    def configured(self, **changes: str) -> dict[str, str]:
        """The config keys of an account with this vendor."""
        values = {"base_url": self.url, **self.settings} | changes
        return {f"external.sms.{self.name}.{key}": value for key, value in values.items()}


class Twilio(SmsVendor):
    """201 and the message, or an error object whose ``code`` says more than its status."""

    name = "twilio"
    settings: Mapping[str, str] = {"account_sid": "AC0123", "auth_token": "to:ken", "from": "+15005550006"}
    refusals = (21211, 21217, 21610, 21614, 21635)
    troubles = (21408, 21606, 21612, 30001)

    def judge(self, path: str, headers: Message, form: dict[str, str]) -> Answer:
        login = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode()
        if login != "AC0123:to:ken":
            return self._error(401, 20003)
        if path != "/2010-04-01/Accounts/AC0123/Messages.json":
            return self._error(404, 20404)
        if self.fault is not None:
            return self._error(400, self.fault)
        sender = form.get("From") or form["MessagingServiceSid"]
        self.received.append(Received(form["To"], form["Body"], sender))
        return 201, json.dumps({"sid": "SM01", "status": "queued", "error_code": None, "to": form["To"]}).encode()

    def account(self, path: str, login: str) -> Answer:
        if login != "AC0123:to:ken":
            return self._error(401, 20003)
        if path != "/2010-04-01/Accounts/AC0123.json":
            return self._error(404, 20404)
        return 200, json.dumps({"sid": "AC0123", "status": "suspended" if self.closed else "active"}).encode()

    @staticmethod
    def _error(status: int, code: int) -> Answer:
        more = f"https://www.twilio.com/docs/errors/{code}"
        error = {"code": code, "message": "about +905551112212", "more_info": more, "status": status}
        return status, json.dumps(error).encode()


class Vonage(SmsVendor):
    """200 whatever happened; each part of the message has a status of its own, as a text."""

    name = "vonage"
    settings: Mapping[str, str] = {"api_key": "abcd1234", "api_secret": "s3cret", "from": "BIO.RE"}
    refusals = (6, 7, 33)
    troubles = (1, 2, 3, 5, 8, 9, 10, 11, 12, 15, 22, 29)

    def judge(self, path: str, headers: Message, form: dict[str, str]) -> Answer:
        if path != "/sms/json":
            return 404, b"<html>not found</html>"
        if (form["api_key"], form["api_secret"]) != ("abcd1234", "s3cret"):
            return self._parts("4")
        if self.fault is not None:
            return self._parts("0", str(self.fault))
        assert form["type"] == ("text" if form["text"].isascii() else "unicode")
        assert form["to"].isdigit()
        self.received.append(Received("+" + form["to"], form["text"], form["from"], form["client-ref"]))
        return self._parts("0", "0")

    def account(self, path: str, login: str) -> Answer:
        if path != "/account/get-balance":
            return 404, b"<html>not found</html>"
        if login != "abcd1234:s3cret":
            return 401, json.dumps({"title": "Unauthorized", "detail": "of abcd1234"}).encode()
        return 200, json.dumps({"value": 0 if self.closed else 10.28, "autoReload": False}).encode()

    @staticmethod
    def _parts(*statuses: str) -> Answer:
        parts = [
            {"to": "905551112212", "message-id": "0A0", "status": status}
            | ({} if status == "0" else {"error-text": "about 905551112212"})
            for status in statuses
        ]
        return 200, json.dumps({"message-count": str(len(parts)), "messages": parts}).encode()


VENDORS: dict[str, type[SmsVendor]] = {vendor.name: vendor for vendor in (Twilio, Vonage)}


@contextmanager
def sms_vendor(name: str) -> Iterator[SmsVendor]:
    vendor = VENDORS[name](settings=VENDORS[name].settings)
    with served(vendor) as vendor.url:
        yield vendor
