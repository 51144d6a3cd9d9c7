"""Stripe Checkout: https://docs.stripe.com/api/checkout/sessions

A payment has two names there: its session, which we begin, and its payment intent, by which refunds and disputes are
told. The latter is the ``alias`` of what ``find`` says.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import quote

import httpx
import structlog

from domain.config_keys import SecretKey, TextKey, UrlKey
from domain.money.amounts import USD
from domain.money.movements import Kind, Movement
from domain.money.payments import (
    Checkout,
    DisputeState,
    Order,
    PaymentState,
    RefundOrder,
    RefundState,
    RefundStatus,
    Status,
)
from domain.webhooks import Notice, RawNotice
from providers.asking import Answer
from providers.payment.vendor import MOST_PAGES, PaymentVendor, id_of, whole
from providers.ports import ProviderRejected, ProviderUnavailable
from providers.settings import required
from providers.stripe import MOVEMENTS, TRANSFER_LINES, StripeVendor, code, moment, within
from providers.vendor import Vendor, below, page, text

BASE_URL = UrlKey("external.payment.stripe.base_url", "https://api.stripe.com", "base URL of the vendor")
API_KEY = SecretKey("external.payment.stripe.api_key", "", "secret or restricted key of the account")
WEBHOOK_SECRET = SecretKey("external.payment.stripe.webhook_secret", "", "signing secret of the webhook endpoint")
WEBHOOK_SECRET_PREVIOUS = SecretKey(
    "external.payment.stripe.webhook_secret_previous", "", "former signing secret, while a new one takes its place"
)
PRODUCT_NAME = TextKey("external.payment.stripe.product_name", "Wallet balance", "what payers read that they pay for")

SESSIONS, REFUNDS, DISPUTES = "/v1/checkout/sessions", "/v1/refunds", "/v1/disputes"
WARNINGS = "/v1/radar/early_fraud_warnings"
CHARGE = "payment_intent.latest_charge.balance_transaction"
SESSION_EVENT = "checkout.session."
EVENTS: Mapping[str, Sequence[str]] = {
    SESSION_EVENT: ("completed", "async_payment_succeeded", "async_payment_failed", "expired"),
    "refund.": ("created", "updated", "failed"),
    "charge.dispute.": ("created", "updated", "closed", "funds_withdrawn", "funds_reinstated"),
    "radar.early_fraud_warning.": ("created",),
}
REFUND_STATUSES: Mapping[str, RefundStatus] = {
    "pending": "OPEN", "requires_action": "OPEN", "succeeded": "DONE", "failed": "FAILED", "canceled": "FAILED",
}  # fmt: skip
GIVEN_UP = frozenset({"requires_payment_method", "canceled"})
"""Of a payment intent whose session was completed: a method that takes days has failed."""
CLOSED = frozenset({"won", "lost", "prevented", "warning_closed"})
PAYMENT_INTENT = "pi_"

log = structlog.get_logger(__name__)

KINDS: Mapping[str, Kind] = {
    "charge": "PAID", "payment": "PAID",
    "refund": "BACK", "refund_failure": "BACK", "payment_refund": "BACK", "payment_failure_refund": "BACK",
    "payment_reversal": "BACK", "adjustment": "BACK",
    "payout": "SETTLED", "payout_cancel": "SETTLED", "payout_failure": "SETTLED",
    "stripe_fee": "COST", "stripe_fx_fee": "COST", "tax_fee": "COST",
}  # fmt: skip
"""By the type of a line. All others are of no flow of ours."""


class StripePayments(StripeVendor, PaymentVendor):
    name = "stripe"
    tells_movements = True
    base_url = BASE_URL
    api_key = API_KEY
    webhook_secrets = (WEBHOOK_SECRET, WEBHOOK_SECRET_PREVIOUS)
    types = frozenset(family + kind for family, kinds in EVENTS.items() for kind in kinds)

    async def checkout(self, order: Order) -> Checkout:
        payment_id = str(order.payment_id)
        price = "line_items[0][price_data]"
        form = {
            "mode": "payment",
            "client_reference_id": payment_id,
            "metadata[payment]": payment_id,
            "payment_intent_data[metadata][payment]": payment_id,
            f"{price}[currency]": order.currency.lower(),
            f"{price}[unit_amount]": str(order.amount),
            f"{price}[product_data][name]": required(self._config, PRODUCT_NAME),
            "line_items[0][quantity]": "1",
            "success_url": order.return_url,
            "cancel_url": order.return_url,
            "expires_at": str(int(order.expires_at.timestamp())),
            # Else the amount may be in the payer's currency.
            "adaptive_pricing[enabled]": "false",
        }
        session = self._made(await self._ask("POST", SESSIONS, self._headers(order.key), data=form))
        ref, url = text(session, "id"), page(session, "url")
        if ref is None or url is None:
            raise ProviderUnavailable("the vendor gave no session")
        return Checkout(ref, url, moment(below(session, "expires_at")) or order.expires_at)

    async def find(self, ref: str) -> PaymentState:
        session = await self._session(ref)
        session_ref, amount = text(session, "id"), whole(below(session, "amount_total"))
        currency, status = text(session, "currency"), _status(session)
        if session_ref is None or amount is None or currency is None or status is None:
            raise ProviderUnavailable("the vendor told of a session without id, amount, currency or known status")
        remembered = id_of(below(session, "metadata", "payment"))
        alias = text(session, "payment_intent", "id")
        if status != "PAID" or alias is None:
            return PaymentState(session_ref, remembered, status, amount, currency.upper(), alias=alias)
        charge = below(session, "payment_intent", "latest_charge")
        refunds = [_refund(each) async for each in self._each(REFUNDS, {"payment_intent": alias})]
        disputed = below(charge, "disputed") is not False
        found = [each async for each in self._each(DISPUTES, {"payment_intent": alias})] if disputed else []
        return PaymentState(
            session_ref, remembered, status, amount, currency.upper(), _fee(charge, currency), tuple(refunds),
            tuple(_dispute(each) for each in found), alias, ref == alias and await self._is_warned_of(alias),
        )  # fmt: skip

    async def _is_warned_of(self, alias: str) -> bool:
        """Asked where a notice led here: those of warnings name the payment intent. A key that may not read them is
        good for everything else.
        """
        asked = {"payment_intent": alias, "limit": "100"}
        answer = await Vendor._ask(self, "GET", WARNINGS, self._headers(), params=asked)
        if answer.status == httpx.codes.FORBIDDEN:
            log.warning("payment.warnings_unread", provider=self.name)
            return False
        rows = below(self._success(answer), "data")
        if not isinstance(rows, list):
            raise ProviderUnavailable("the vendor told no warnings")
        return any(below(row, "actionable") is True and self._is_of_our_mode(row) for row in rows)

    async def expire(self, ref: str) -> None:
        answer = await self._ask("POST", f"{SESSIONS}/{quote(ref, safe='')}/expire", self._headers())
        if answer.status == httpx.codes.BAD_REQUEST and _status(await self._session(ref)) == "EXPIRED":
            return
        self._made(answer)

    async def refund(self, order: RefundOrder) -> RefundState:
        """What was asked for before is looked for first: the vendor knows its key for a day only."""
        alias = text(await self._session(order.ref), "payment_intent", "id")
        if alias is None:
            raise ProviderRejected("nothing was paid in the session")
        async for each in self._each(REFUNDS, {"payment_intent": alias}):
            if id_of(below(each, "metadata", "refund")) == order.refund_id:
                return _refund(each)
        form = {"payment_intent": alias, "amount": str(order.amount), "metadata[refund]": str(order.refund_id)}
        return _refund(self._success(await self._ask("POST", REFUNDS, self._headers(order.key), data=form)))

    async def movements(self, day: date) -> Sequence[Movement]:
        """Those in dollars, but for payouts to creators, which ``stripe_connect`` tells. ``ref`` is a payment's alias,
        or an id of the vendor's.
        """
        found = list[Movement]()
        async for each in self._each(MOVEMENTS, within(day) | {"expand[]": "data.source"}):
            amount, fee, kind = whole(below(each, "amount")), whole(below(each, "fee")), text(each, "type")
            line = text(each, "id")
            if amount is None or fee is None or kind is None or line is None:
                raise ProviderUnavailable("the vendor told of a line without id, type or amount")
            if below(each, "currency") != USD.lower() or kind in TRANSFER_LINES:
                continue
            what, source = KINDS.get(kind, "OTHER"), below(each, "source")
            alias = _alias(source)
            if what in {"PAID", "BACK"} and alias is None:
                what = "OTHER"  # such as a correction by the vendor
            ref = text(source, "id") if what == "SETTLED" else alias
            found += [Movement(ref or line, what, amount)] if amount else []
            found += [Movement(alias or line, "FEE" if alias else "COST", -fee)] if fee else []
        return found

    def read(self, notice: RawNotice) -> Sequence[Notice]:
        event = self._event(notice)
        if not self._is_of_our_mode(event.body):
            return []
        told = below(event.body, "data", "object")
        ref = text(told, "id") if event.kind.startswith(SESSION_EVENT) else _alias(told)
        return [Notice(event.id, event.kind, ref, event.moment)]

    async def probe(self) -> str:
        """What the key may list; nothing is begun."""
        answer = await self._ask("GET", SESSIONS, self._headers(), params={"limit": "1"})
        if answer.status != httpx.codes.OK:
            raise ProviderUnavailable(f"the vendor answered {answer.status}")
        required(self._config, WEBHOOK_SECRET)
        return "the key may read sessions; none was begun"

    async def _session(self, ref: str) -> dict[str, Any]:
        """By either name. Raises ProviderRejected for one that is not there."""
        if ref.startswith(PAYMENT_INTENT):
            found = [text(each, "id") async for each in self._each(SESSIONS, {"payment_intent": ref})]
            if not found or found[0] is None:
                raise ProviderRejected("the vendor knows no such session")
            ref = found[0]
        path = f"{SESSIONS}/{quote(ref, safe='')}"
        return self._made(await self._ask("GET", path, self._headers(), params={"expand[]": CHARGE}))

    def _each(self, path: str, params: Mapping[str, str]) -> AsyncIterator[Any]:
        return self._listed(path, params, MOST_PAGES, self._success)

    def _may_pass(self, answer: Answer) -> bool:
        told = answer.headers.get("stripe-should-retry")
        return told == "true" if told in {"true", "false"} else super()._may_pass(answer)

    def _made(self, answer: Answer) -> dict[str, Any]:
        """A session. Raises ProviderRejected for one that is of the other mode."""
        session = self._success(answer)
        if not self._is_of_our_mode(session):
            raise ProviderRejected("the session is of the vendor's other mode")
        return session

    def _success(self, answer: Answer) -> dict[str, Any]:
        """Raises ProviderRejected for what was refused, but for a key under which something else was asked before:
        then nobody knows what came of that.
        """
        if answer.status == httpx.codes.OK:
            return answer.body
        if answer.status == httpx.codes.NOT_FOUND:
            raise ProviderRejected("the vendor knows no such session")
        kind, told = text(answer.body, "error", "type"), code(answer.body, "error", "code")
        if answer.status in {httpx.codes.BAD_REQUEST, httpx.codes.PAYMENT_REQUIRED} and kind != "idempotency_error":
            raise ProviderRejected(f"the vendor refused it ({told or answer.status})")
        raise ProviderUnavailable(f"the vendor answered {answer.status}")


def _status(session: Any) -> Status | None:
    status, paid = below(session, "status"), below(session, "payment_status")
    if status == "open":
        return "OPEN"
    if status == "expired":
        return "EXPIRED"
    if status != "complete":
        return None
    if paid == "paid":
        return "PAID"
    if paid == "unpaid":
        return "FAILED" if below(session, "payment_intent", "status") in GIVEN_UP else "OPEN"
    return "FAILED" if paid == "no_payment_required" else None


def _fee(charge: Any, currency: str) -> int | None:
    """None until it is known; one that is charged in another currency is not known to us."""
    line = below(charge, "balance_transaction")
    return whole(below(line, "fee")) if below(line, "currency") == currency else None


def _refund(found: Any) -> RefundState:
    ref, amount = text(found, "id"), whole(below(found, "amount"))
    status = REFUND_STATUSES.get(str(below(found, "status")))
    if ref is None or amount is None or status is None:
        raise ProviderUnavailable("the vendor told of a refund without id, amount or known status")
    return RefundState(ref, amount, status, id_of(below(found, "metadata", "refund")))


def _dispute(found: Any) -> DisputeState:
    """Whether money was taken or came back is told by its lines in the vendor's book, whatever its status says."""
    ref, amount, lines = text(found, "id"), whole(below(found, "amount")), below(found, "balance_transactions")
    if ref is None or amount is None or not isinstance(lines, list):
        raise ProviderUnavailable("the vendor told of a dispute without id, amount or lines")
    moved = [(whole(below(line, "amount")) or 0, line) for line in lines]
    taken = [line for sum_, line in moved if sum_ < 0]
    fees = [whole(below(line, "fee")) or 0 for line in taken if below(line, "currency") == below(found, "currency")]
    returned = any(sum_ > 0 for sum_, _ in moved)
    return DisputeState(
        ref, amount, taken=bool(taken), returned=returned, closed=below(found, "status") in CLOSED, fee=sum(fees)
    )


def _alias(told: Any) -> str | None:
    """The payment intent of a charge, a refund, a dispute or a warning, alone or written out."""
    return text(told, "payment_intent") or text(told, "payment_intent", "id")
