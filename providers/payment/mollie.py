"""Mollie: https://docs.mollie.com/reference/payments-api

It tells of changes by a ping that holds an id and no signature. So each payment has an address of its own to be told
of, with a keyed hash of our id of it; whatever comes without that is thrown away before anybody is asked.
"""

import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit
from uuid import UUID

import httpx

from domain.config_keys import SecretKey, TextKey, UrlKey
from domain.money.amounts import Money
from domain.money.movements import Movement
from domain.money.payments import (
    SESSION_LIFE,
    Checkout,
    DisputeState,
    Order,
    PaymentState,
    RefundOrder,
    RefundState,
    RefundStatus,
    Status,
)
from domain.upload import API_URL
from domain.webhooks import WEBHOOKS, Notice, RawNotice
from providers.asking import Answer
from providers.payment.vendor import MOST_PAGES, PaymentVendor, id_of
from providers.ports import ProviderRejected, ProviderUnavailable, ProviderUntouched
from providers.settings import required
from providers.vendor import below, page, text

BASE_URL = UrlKey("external.payment.mollie.base_url", "https://api.mollie.com", "base URL of the vendor")
API_KEY = SecretKey("external.payment.mollie.api_key", "", "API key of the profile")
WEBHOOK_SECRET = SecretKey(
    "external.payment.mollie.webhook_secret", "", "what addresses of notices are hashed with: any long random text"
)
WEBHOOK_SECRET_PREVIOUS = SecretKey(
    "external.payment.mollie.webhook_secret_previous", "", "former such text, while payments begun with it may change"
)
DESCRIPTION = TextKey("external.payment.mollie.description", "Wallet balance", "what payers read that they pay for")

PAYMENTS = "/v2/payments"
EMBEDDED = {"embed": "refunds,chargebacks"}
PING = "payment"
"""Pings have no type; it is ours."""
STATUSES: Mapping[str, Status] = {
    "open": "OPEN", "pending": "OPEN", "authorized": "OPEN", "paid": "PAID", "canceled": "EXPIRED",
    "expired": "EXPIRED", "failed": "FAILED",
}  # fmt: skip
REFUND_STATUSES: Mapping[str, RefundStatus] = {
    "queued": "OPEN", "pending": "OPEN", "processing": "OPEN", "refunded": "DONE", "failed": "FAILED",
    "canceled": "FAILED",
}  # fmt: skip
KEY_KNOWN_FOR = timedelta(minutes=50)
"""For an hour, as far as is known, the vendor gives the first answer again."""
SKEW = timedelta(minutes=5)
REF = re.compile(r"(tr|re|chb)_[A-Za-z0-9]{4,40}")
VALUE = re.compile(r"[0-9]{1,10}\.[0-9]{2}")
REFUSED = frozenset({400, 404, 410, 422})
MOST_FIELDS = 8


class MolliePayments(PaymentVendor):
    name = "mollie"
    tells_movements = False
    base_url = BASE_URL
    types = frozenset({PING})

    @property
    def verifies(self) -> bool:
        return bool(self._config[WEBHOOK_SECRET])

    async def checkout(self, order: Order) -> Checkout:
        """Looked for first where the vendor may have forgotten the key."""
        age = self._clock() - (order.expires_at - SESSION_LIFE)
        if age > KEY_KNOWN_FOR:
            found = await self._remembered(order)
            if found is not None:
                return _checkout(found, order)
        if age > SESSION_LIFE:
            raise ProviderRejected("the vendor has no such payment, and it is too late for one")
        body = {
            "amount": {"currency": order.currency, "value": str(Money(order.amount))},
            "description": required(self._config, DESCRIPTION),
            "redirectUrl": order.return_url,
            "cancelUrl": order.return_url,
            "webhookUrl": self._told_at(order.payment_id),
            "metadata": {"payment": str(order.payment_id)},
        }
        made = self._payment(await self._ask("POST", PAYMENTS, self._headers(order.key), json=body))
        if id_of(below(made, "metadata", "payment")) != order.payment_id or _amount(made) != order.amount:
            raise ProviderUnavailable("the vendor gave another payment under our key")
        return _checkout(made, order)

    async def find(self, ref: str) -> PaymentState:
        payment = await self._found(ref)
        status, amount = STATUSES.get(str(below(payment, "status"))), _amount(payment)
        currency = text(payment, "amount", "currency")
        if status is None or amount is None or currency is None or below(payment, "id") != ref:
            raise ProviderUnavailable("the vendor told of a payment without id, amount or known status")
        remembered = id_of(below(payment, "metadata", "payment"))
        refunds = tuple(_refund(each) for each in _embedded(payment, "refunds"))
        disputes = tuple(_dispute(each) for each in _embedded(payment, "chargebacks"))
        return PaymentState(ref, remembered, status, amount, currency, None, refunds, disputes)

    async def expire(self, ref: str) -> None:
        answer = await self._ask("DELETE", f"{PAYMENTS}/{quote(ref, safe='')}", self._headers())
        if answer.status == httpx.codes.UNPROCESSABLE_ENTITY:
            status = STATUSES.get(str(below(await self._found(ref), "status")))
            if status not in {"EXPIRED", "FAILED"}:
                raise ProviderRejected("the payment was paid, or cannot be ended any more")
            return
        self._payment(answer)

    async def refund(self, order: RefundOrder) -> RefundState:
        """What was asked for before is looked for first: the vendor knows its key for an hour."""
        for each in _embedded(await self._found(order.ref), "refunds"):
            if id_of(below(each, "metadata", "refund")) == order.refund_id:
                return _refund(each)
        body = {
            "amount": {"currency": order.currency, "value": str(Money(order.amount))},
            "description": required(self._config, DESCRIPTION),
            "metadata": {"refund": str(order.refund_id)},
        }
        path = f"{PAYMENTS}/{quote(order.ref, safe='')}/refunds"
        return _refund(_success(await self._ask("POST", path, self._headers(order.key), json=body)))

    async def movements(self, day: date) -> Sequence[Movement]:
        raise ProviderUnavailable("the vendor shows its book to no key of a profile")

    def read(self, notice: RawNotice) -> Sequence[Notice]:
        """Nothing for what was not sent to an address of ours: it is answered as any other, and leaves nothing."""
        address, form = _fields(notice.query), _fields(notice.body.decode("latin-1"))
        payment_id, ref = id_of(address.get("p")), form.get("id", "")
        given = address.get("k", "").encode()
        hashes = [] if payment_id is None else self._hashes(payment_id)
        right = [hmac.compare_digest(one.encode(), given) for one in hashes]
        return [Notice(None, PING, ref)] if any(right) and REF.fullmatch(ref) else []

    async def probe(self) -> str:
        """What the key may list; nothing is begun."""
        _success(await self._ask("GET", PAYMENTS, self._headers(), params={"limit": "1"}))
        required(self._config, WEBHOOK_SECRET)
        return "the key may read payments; none was begun"

    async def _found(self, ref: str) -> dict[str, Any]:
        answer = await self._ask("GET", f"{PAYMENTS}/{quote(ref, safe='')}", self._headers(), params=EMBEDDED)
        return self._payment(answer)

    async def _remembered(self, order: Order) -> dict[str, Any] | None:
        """The payment that was made of an order, where one was."""
        since = (order.expires_at - SESSION_LIFE - SKEW).isoformat()
        async for each in self._newest():
            if id_of(below(each, "metadata", "payment")) == order.payment_id:
                return dict(each)
            if (text(each, "createdAt") or "") < since:
                break
        return None

    async def _newest(self) -> AsyncIterator[Any]:
        after = dict[str, str]()
        for _ in range(MOST_PAGES):
            found = _success(await self._ask("GET", PAYMENTS, self._headers(), params={"limit": "250"} | after))
            for row in _embedded(found, "payments"):
                yield row
            further = text(found, "_links", "next", "href")
            if further is None:
                return
            after = {"from": _fields(urlsplit(further).query).get("from", "")}
        raise ProviderUnavailable("the vendor gave a list that has no end")

    def _told_at(self, payment_id: UUID) -> str:
        """Where the vendor tells of a payment."""
        required(self._config, WEBHOOK_SECRET)
        query = urlencode({"p": str(payment_id), "k": self._hashes(payment_id)[0]})
        return f"{self._config[API_URL].rstrip('/')}{WEBHOOKS}payment/{self.name}?{query}"

    def _hashes(self, payment_id: UUID) -> list[str]:
        """By each secret that there is, the present one first."""
        secrets = (self._config[WEBHOOK_SECRET], self._config[WEBHOOK_SECRET_PREVIOUS])
        told = str(payment_id).encode()
        return [hmac.digest(secret.encode(), told, hashlib.sha256).hex() for secret in secrets if secret]

    def _headers(self, key: str | None = None) -> dict[str, str]:
        """Raises ProviderUntouched for a key of the other mode."""
        secret = required(self._config, API_KEY)
        if not secret.startswith("live_" if self._live else "test_"):
            raise ProviderUntouched(f"{API_KEY.name} is of the vendor's other mode")
        headers = {"Authorization": f"Bearer {secret}"}
        return headers | ({} if key is None else {"Idempotency-Key": _key(key)})

    def _payment(self, answer: Answer) -> dict[str, Any]:
        """Raises ProviderRejected for one that is of the other mode."""
        payment = _success(answer)
        if below(payment, "mode") != ("live" if self._live else "test"):
            raise ProviderRejected("the payment is of the vendor's other mode")
        return payment


def _success(answer: Answer) -> dict[str, Any]:
    if answer.status in {httpx.codes.OK, httpx.codes.CREATED}:
        return answer.body
    if answer.status in REFUSED:
        known = "knows no such payment" if answer.status == httpx.codes.NOT_FOUND else f"refused it ({answer.status})"
        raise ProviderRejected(f"the vendor {known}")
    raise ProviderUnavailable(f"the vendor answered {answer.status}")


def _checkout(payment: Any, order: Order) -> Checkout:
    """One that was paid meanwhile has no page any more."""
    ref, is_open = text(payment, "id"), below(payment, "_links", "checkout") is not None
    url = page(payment, "_links", "checkout", "href") if is_open else order.return_url
    if ref is None or url is None:
        raise ProviderUnavailable("the vendor gave no payment")
    return Checkout(ref, url, order.expires_at)


def _amount(found: Any) -> int | None:
    """In minor units."""
    value = text(found, "amount", "value") or ""
    return int(value.replace(".", "")) if VALUE.fullmatch(value) else None


def _embedded(found: Any, name: str) -> Sequence[Any]:
    rows = below(found, "_embedded", name)
    return rows if isinstance(rows, list) else []


def _refund(found: Any) -> RefundState:
    ref, amount = text(found, "id"), _amount(found)
    status = REFUND_STATUSES.get(str(below(found, "status")))
    if ref is None or amount is None or status is None:
        raise ProviderUnavailable("the vendor told of a refund without id, amount or known status")
    return RefundState(ref, amount, status, id_of(below(found, "metadata", "refund")))


def _dispute(found: Any) -> DisputeState:
    """A chargeback is told when it is decided; one that is taken back has a time at which it was."""
    ref, amount = text(found, "id"), _amount(found)
    if ref is None or amount is None:
        raise ProviderUnavailable("the vendor told of a chargeback without id or amount")
    returned = below(found, "reversedAt") is not None
    return DisputeState(ref, amount, taken=True, returned=returned, closed=True)


def _key(key: str) -> str:
    """In the form that the vendor wants: a random UUID, which ours always is for the same key."""
    return str(UUID(bytes=hashlib.sha256(key.encode()).digest()[:16], version=4))


def _fields(query: str) -> dict[str, str]:
    """Those that come once; nothing of what cannot be read."""
    try:
        found = parse_qs(query, max_num_fields=MOST_FIELDS)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items() if len(values) == 1}
