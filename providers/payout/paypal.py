"""PayPal Payouts: https://developer.paypal.com/docs/api/payments.payouts-batch/v1/

One batch with one item for each attempt, under an id of ours: within 30 days a repetition is refused with a link to the
first, which is followed. Accounts are payer ids, which people show by signing in there (Log in with PayPal, OpenID
Connect); until then an account has a name of ours. Notices are signed by certificates that lie at the vendor, so they
are taken as bare pings: only of a batch that is known here, and the look at it is the proof.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode
from uuid import UUID

import httpx

from domain.config_keys import SecretKey, TextKey, UrlKey
from domain.money.amounts import Money
from domain.money.movements import Movement
from domain.money.payouts import AccountState, NewAccount, PayoutOrder, PayoutState
from domain.webhooks import Notice, RawNotice
from providers.asking import Answer
from providers.ports import ProviderForgot, ProviderRejected, ProviderUnavailable
from providers.settings import required
from providers.vendor import Vendor, below, text

BASE_URL = UrlKey("external.payout.paypal.base_url", "https://api-m.paypal.com", "base URL of the vendor")
CLIENT_ID = TextKey("external.payout.paypal.client_id", "", "client id of the application that may pay out")
CLIENT_SECRET = SecretKey("external.payout.paypal.client_secret", "", "secret of the application that may pay out")
SIGN_IN_URL = UrlKey(
    "external.payout.paypal.sign_in_url", "https://www.paypal.com/connect", "page of the vendor at which people sign in"
)

PAYOUTS, TOKENS, USERINFO = "/v1/payments/payouts", "/v1/oauth2/token", "/v1/identity/oauth2/userinfo"
SCOPES = "openid https://uri.paypal.com/services/paypalattributes"
PAYER_ID = re.compile(r"[A-Z0-9]{5,20}")
USER_TOKEN = re.compile(r"[!-~]{1,4096}")
# RFC 6749, 5.2: what is said of a code, and not of us.
OF_CODES = frozenset({"invalid_grant", "invalid_request"})
BATCH_STATUSES = {"PENDING": "SENT", "PROCESSING": "SENT", "SUCCESS": "SENT", "DENIED": "FAILED", "CANCELED": "FAILED"}
STATUSES = {
    "SUCCESS": "PAID",
    "PENDING": "SENT",
    "UNCLAIMED": "SENT",  # comes back after 30 days
    "ONHOLD": "SENT",
    "FAILED": "FAILED",
    "BLOCKED": "FAILED",
    "RETURNED": "RETURNED",
    "REFUNDED": "RETURNED",
    "REVERSED": "RETURNED",
}
ITEM, BATCH = "PAYMENT.PAYOUTS-ITEM.", "PAYMENT.PAYOUTSBATCH."
ITEM_EVENTS = ("BLOCKED", "CANCELED", "DENIED", "FAILED", "HELD", "REFUNDED", "RETURNED", "SUCCEEDED", "UNCLAIMED")
BATCH_EVENTS = ("DENIED", "PROCESSING", "SUCCESS")
BATCH_ID = re.compile(r"[A-Z0-9]{6,40}")
LINK = re.compile(r"https://[a-z0-9.-]+/v1/payments/payouts/([A-Z0-9]{6,40})(?:\?[^#]*)?")
VALIDATION, BUSINESS = "VALIDATION_ERROR", "USER_BUSINESS_ERROR"
EMPTY = "INSUFFICIENT_FUNDS"
THEIRS = re.compile(r"RECEIVER_.*|RECIPIENT_.*|.*_RECIPIENT_.*|INVALID_(?:EMAIL|PAYER_ID)|NON_HOLDING_CURRENCY")
"""How the vendor names what is wrong with the account that is paid."""
SENT_AGAIN_WITHIN = timedelta(days=20)
"""So long an attempt is found by sending it again. The vendor knows our ids for 30 days, then it pays anew."""
EARLIER = timedelta(minutes=1)
"""By which a token is taken for over."""


class Token(NamedTuple):
    of: tuple[str, str, str]
    value: str
    until: datetime


class PayPal(Vendor):
    name = "paypal"
    tells_movements = False
    base_url = BASE_URL
    live_domains, test_domains = ("paypal.com",), ("sandbox.paypal.com",)
    _token: Token | None = None
    types = frozenset({*(ITEM + kind for kind in ITEM_EVENTS), *(BATCH + kind for kind in BATCH_EVENTS)})

    @property
    def verifies(self) -> bool:
        """By a look at what a notice is about."""
        return bool(self._config[CLIENT_ID] and self._config[CLIENT_SECRET])

    async def open_account(self, account: NewAccount) -> AccountState:
        """Nothing is opened there: it has a name of ours until its owner signs in."""
        return AccountState(str(account.id), "NOT_STARTED")

    async def account(self, ref: str) -> AccountState:
        """The vendor tells of an account only to who has just signed in. What is no name of ours was verified then."""
        return AccountState(ref, "NOT_STARTED") if _is_ours(ref) else _verified(ref)

    async def dashboard_link(self, ref: str) -> str | None:
        del ref
        return None

    def sign_in_link(self, state: str, return_url: str) -> str:
        page = self._of_our_mode(SIGN_IN_URL)
        form = {
            "flowEntry": "static",
            "client_id": required(self._config, CLIENT_ID),
            "response_type": "code",
            "scope": SCOPES,
            "redirect_uri": return_url,
            "state": state,
        }
        return f"{page}?{urlencode(form)}"

    async def signed_in(self, code: str, return_url: str) -> AccountState:
        """The token of who signed in is used once, and kept nowhere."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": return_url}
        answer = await self._ask("POST", TOKENS, self._basic(), data=form)
        if below(answer.body, "error") in OF_CODES:
            raise ProviderRejected("the vendor refused the code")
        token = below(answer.body, "access_token")
        if answer.status != httpx.codes.OK or not isinstance(token, str) or not USER_TOKEN.fullmatch(token):
            raise ProviderUnavailable(f"the vendor answered {answer.status}")
        asked = {"Authorization": f"Bearer {token}"}
        answer = await self._ask("GET", USERINFO, asked, params={"schema": "paypalv1.1"})
        payer = text(answer.body, "payer_id")
        if answer.status != httpx.codes.OK or payer is None or not PAYER_ID.fullmatch(payer):
            raise ProviderUnavailable(f"the vendor answered {answer.status} without an account")
        # The pages of the vendor have it as a text in one place, and as a boolean in another.
        told = below(answer.body, "verified_account")
        return (
            _verified(payer)
            if told is True or told == "true"
            else AccountState(payer, "RESTRICTED", details_submitted=True)
        )

    async def pay(self, order: PayoutOrder) -> PayoutState:
        ref = await self._begun(order)
        state = await self._found(order, ref)
        if state.state == "FAILED":
            raise ProviderRejected(state.reason or "PROVIDER_REJECTED")
        return state

    async def find(self, order: PayoutOrder, ref: str | None) -> PayoutState | None:
        """The vendor has no list by our ids: where its own was never told, sending it again finds the attempt, as long
        as the vendor certainly knows our id.
        """
        if ref is None:
            if order.over:
                raise ProviderUnavailable("the vendor never told of it, and it is not sent again")
            if order.begun is None or self._clock() - order.begun > SENT_AGAIN_WITHIN:
                raise ProviderForgot("the vendor never told of it, and may pay it twice by now")
            if order.halted:
                raise ProviderUnavailable("the vendor never told of it, and nothing is sent while payouts are stopped")
            try:
                ref = await self._begun(order)
            except ProviderRejected:
                return None
        return await self._found(order, ref)

    def read(self, notice: RawNotice) -> Sequence[Notice]:
        """Anybody may have sent it: of what is no notice nothing is kept either."""
        try:
            event = json.loads(notice.body)
        except (ValueError, RecursionError):
            return []
        kind, resource = text(event, "event_type"), below(event, "resource")
        ref = text(resource, "payout_batch_id") or text(resource, "batch_header", "payout_batch_id")
        if kind not in self.types or ref is None or not BATCH_ID.fullmatch(ref):
            return []
        return [Notice(None, kind, ref)]

    async def movements(self, day: date) -> Sequence[Movement]:
        raise ProviderUnavailable("the vendor's list of transactions does not name the batches that we know")

    async def probe(self) -> str:
        """Whether the application gets a token; nothing is moved."""
        await self._headers()
        return "the application may ask; nothing was moved"

    async def _begun(self, order: PayoutOrder) -> str:
        """The id of the batch, made now or before. Raises ProviderRejected for one that never was."""
        if order.account is None:
            raise ProviderRejected("DESTINATION_REJECTED")
        item = {
            "recipient_type": "PAYPAL_ID",
            "receiver": order.account,
            "amount": {"value": str(Money(order.amount)), "currency": order.currency},
            "sender_item_id": str(order.payout_id),
        }
        form = {"sender_batch_header": {"sender_batch_id": _id_of(order)}, "items": [item]}
        answer = self._told(await self._ask("POST", PAYOUTS, await self._headers(), json=form))
        if answer.status == httpx.codes.CREATED:
            ref = text(answer.body, "batch_header", "payout_batch_id")
        elif answer.status == httpx.codes.BAD_REQUEST and answer.body.get("name") == VALIDATION:
            fields = [str(below(one, "field")) for one in _list(answer.body.get("details"))]
            theirs = any(field.endswith(("receiver", "recipient_type")) for field in fields)
            raise ProviderRejected("DESTINATION_REJECTED" if theirs else "PROVIDER_REJECTED")
        else:
            # Of a repetition the vendor tells the first; anything else may be about one that was taken before.
            ref = next(_links(answer.body), None) if answer.body.get("name") == BUSINESS else None
        if ref is None or not BATCH_ID.fullmatch(ref):
            raise ProviderUnavailable(f"the vendor answered {answer.status}")
        return ref

    async def _found(self, order: PayoutOrder, ref: str) -> PayoutState:
        answer = self._told(await self._ask("GET", f"{PAYOUTS}/{quote(ref, safe='')}", await self._headers()))
        if answer.status != httpx.codes.OK:
            raise ProviderUnavailable(f"the vendor answered {answer.status}")
        header, items = below(answer.body, "batch_header"), _list(answer.body.get("items"))
        batch = BATCH_STATUSES.get(str(below(header, "batch_status")))
        item = items[0] if items else None
        self._require_ours(order, header, items)
        status = STATUSES.get(str(below(item, "transaction_status"))) if item is not None else batch
        if batch is None or status is None:
            raise ProviderUnavailable("the vendor told no status that is known")
        if "FAILED" in (batch, status):
            return PayoutState(ref, "FAILED", _reason(item))
        if status == "RETURNED":
            return PayoutState(ref, "RETURNED", "RETURNED")
        return PayoutState(ref, "PAID", fee=_fee(item, order)) if status == "PAID" else PayoutState(ref, "SENT")

    def _require_ours(self, order: PayoutOrder, header: Any, items: Sequence[Any]) -> None:
        """Raises ProviderUnavailable for what is not what the order says: people have to look at it."""
        known = text(header, "sender_batch_header", "sender_batch_id") == _id_of(order) and len(items) <= 1
        amount = {"value": str(Money(order.amount)), "currency": order.currency}
        for one in (below(item, "payout_item") for item in items):
            told = below(one, "amount")
            same = {name: below(told, name) for name in amount} == amount
            known = known and same and below(one, "receiver") == order.account
        if not known:
            raise ProviderUnavailable("the vendor told of something else")

    async def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {await self._bearer()}"}

    async def _bearer(self) -> str:
        """A token of the application, asked for again shortly before it ends. Raises ProviderUnavailable."""
        of = (self._base(), *self._client)
        headers = self._basic()
        token, now = self._token, self._clock()
        if token is None or token.of != of or token.until <= now:
            answer = await self._ask("POST", TOKENS, headers, data={"grant_type": "client_credentials"})
            value, life = below(answer.body, "access_token"), below(answer.body, "expires_in")
            if answer.status != httpx.codes.OK or not isinstance(value, str) or type(life) is not int:
                raise ProviderUnavailable(f"the vendor answered {answer.status}")
            token = self._token = Token(of, value, now + timedelta(seconds=life) - EARLIER)
        return token.value

    @property
    def _client(self) -> tuple[str, str]:
        return required(self._config, CLIENT_ID), required(self._config, CLIENT_SECRET)

    def _basic(self) -> dict[str, str]:
        """Who we are. Raises ProviderUnavailable."""
        basic = base64.b64encode(":".join(self._client).encode()).decode()
        return {"Authorization": f"Basic {basic}"}

    def _told(self, answer: Answer) -> Answer:
        """A token that is refused is over, whatever was said of its life."""
        if answer.status == httpx.codes.UNAUTHORIZED:
            self._token = None
        return answer


def _is_ours(ref: str) -> bool:
    try:
        return str(UUID(ref)) == ref
    except ValueError:
        return False


def _verified(payer: str) -> AccountState:
    return AccountState(payer, "ACTIVE", payouts_enabled=True, details_submitted=True)


def _id_of(order: PayoutOrder) -> str:
    return f"{order.payout_id}-{order.attempt}"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _links(body: Mapping[str, Any]) -> Iterator[str]:
    """The batches that an answer links to. Only their ids are taken: the host that is asked is always the same."""
    details = _list(body.get("details"))
    places = [body, *(one for one in details if isinstance(one, dict))]
    links = [link for place in places for name in ("links", "link") for link in _list(place.get(name))]
    for link in links:
        found = LINK.fullmatch(str(below(link, "href")))
        if found is not None:
            yield found[1]


def _reason(item: Any) -> str:
    name = text(item, "errors", "name") or ""
    if name == EMPTY:
        return "TREASURY_EMPTY"
    return "DESTINATION_REJECTED" if THEIRS.fullmatch(name) else "PROVIDER_REJECTED"


def _fee(item: Any, order: PayoutOrder) -> int | None:
    fee = below(item, "payout_item_fee")
    try:
        return Money.parse(below(fee, "value")).minor if below(fee, "currency") == order.currency else None
    except (ValueError, TypeError):
        return None
