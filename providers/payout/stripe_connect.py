"""Stripe Connect: https://docs.stripe.com/connect

A payout takes two steps: a transfer from our balance to that of the account, and a payout from there to its bank. The
transfer's id is what the attempt is known by, and the payout says in its metadata to which transfer it belongs.
What was begun is ended: whoever finds a transfer without a payout makes it, and the transfer of a payout that failed is
taken back.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal
from urllib.parse import quote

import httpx

from domain.config_keys import SecretKey, UrlKey
from domain.money.amounts import USD
from domain.money.movements import MOST_LINES, Movement
from domain.money.payouts import FAILURES, AccountState, NewAccount, PayoutOrder, PayoutState
from domain.webhooks import Notice, RawNotice
from providers.asking import Answer
from providers.ports import NoticeUnreadable, ProviderRejected, ProviderUnavailable
from providers.settings import required
from providers.stripe import MOVEMENTS, PAGE, TRANSFER_LINES, Event, StripeVendor, code, within
from providers.vendor import below, page, text

BASE_URL = UrlKey("external.payout.stripe_connect.base_url", "https://api.stripe.com", "base URL of the vendor")
API_KEY = SecretKey("external.payout.stripe_connect.api_key", "", "secret or restricted key of the platform's account")
WEBHOOK_SECRET = SecretKey(
    "external.payout.stripe_connect.connect_webhook_secret",
    "",
    "signing secret of the webhook endpoint for connected accounts",
)
WEBHOOK_SECRET_PREVIOUS = SecretKey(
    "external.payout.stripe_connect.connect_webhook_secret_previous",
    "",
    "former signing secret of the endpoint for connected accounts, while a new one takes its place",
)
ACCOUNT_SECRET = SecretKey(
    "external.payout.stripe_connect.account_webhook_secret",
    "",
    "signing secret of the webhook endpoint for the platform's own account, which tells of transfers",
)
ACCOUNT_SECRET_PREVIOUS = SecretKey(
    "external.payout.stripe_connect.account_webhook_secret_previous",
    "",
    "former signing secret of the endpoint for the platform's own account, while a new one takes its place",
)

ACCOUNTS, TRANSFERS, PAYOUTS = "/v1/accounts", "/v1/transfers", "/v1/payouts"
PAYOUT_EVENT, BANK_EVENT = "payout.", "account.external_account."
MOST_PAGES = 10
SKEW = 60
"""Seconds by which a payout may seem older than its transfer."""
STATUSES = {"pending": "SENT", "in_transit": "SENT", "paid": "PAID", "failed": "FAILED", "canceled": "FAILED"}

ACCOUNT_GONE = "account_invalid"
BALANCE = "balance_insufficient"
DESTINATION_CODES = {
    ACCOUNT_GONE,
    "account_closed",
    "account_number_invalid",
    "bank_account_restricted",
    "bank_account_unusable",
    "bank_account_declined",
    "insufficient_capabilities_for_transfer",
    "instant_payouts_unsupported",
    "no_account",
    "payouts_not_allowed",
    "transfers_not_allowed",
}
"""By which the vendor says that the account, or its bank, takes no money."""
REFUSED = (httpx.codes.BAD_REQUEST, httpx.codes.PAYMENT_REQUIRED, httpx.codes.NOT_FOUND)
"""With these nothing was done; others may come after it was."""


class StripeConnect(StripeVendor):
    name = "stripe_connect"
    tells_movements = True
    base_url = BASE_URL
    api_key = API_KEY
    webhook_secrets = (WEBHOOK_SECRET, WEBHOOK_SECRET_PREVIOUS, ACCOUNT_SECRET, ACCOUNT_SECRET_PREVIOUS)
    types = frozenset(
        {
            "account.updated",
            "account.application.deauthorized",
            "account.external_account.created",
            "account.external_account.updated",
            "account.external_account.deleted",
            "payout.paid",
            "payout.failed",
            "payout.canceled",
            "transfer.reversed",
        }
    )

    async def open_account(self, account: NewAccount) -> AccountState:
        """The vendor answers a repetition with the account that it opened first, for a day at least."""
        form = {
            "controller[stripe_dashboard][type]": "express",
            "controller[fees][payer]": "application",
            "controller[losses][payments]": "application",
            "capabilities[transfers][requested]": "true",
            "settings[payouts][schedule][interval]": "manual",
            "metadata[account]": str(account.id),
        }
        form |= {"email": account.email} if account.email else {}
        form |= {"country": account.country} if account.country else {}
        answer = await self._post(ACCOUNTS, form, account.key)
        if answer.status in REFUSED:
            raise ProviderRejected(f"the vendor opens no such account ({_code(answer)})")
        return _account(_good(answer))

    async def onboarding_link(self, ref: str, return_url: str, refresh_url: str) -> str:
        form = {"account": ref, "type": "account_onboarding", "return_url": return_url, "refresh_url": refresh_url}
        return _link(await self._ask("POST", "/v1/account_links", self._headers(), data=form))

    async def account(self, ref: str) -> AccountState:
        answer = await self._ask("GET", f"{ACCOUNTS}/{quote(ref, safe='')}", self._headers())
        if _is_gone(answer) or below(answer.body, "deleted") is True:
            return AccountState(ref, "DISABLED")
        body = _good(answer)
        if below(body, "external_accounts", "has_more") is True:
            path = f"{ACCOUNTS}/{quote(ref, safe='')}/external_accounts"
            banks = await self._ask("GET", path, self._headers(), params={"limit": str(PAGE)})
            body = body | {"external_accounts": _good(banks)}
        found = _account(body)
        if found.ref != ref:
            raise ProviderUnavailable("the vendor told of another account")
        return found

    async def dashboard_link(self, ref: str) -> str:
        return _link(await self._ask("POST", f"{ACCOUNTS}/{quote(ref, safe='')}/login_links", self._headers()))

    async def pay(self, order: PayoutOrder) -> PayoutState:
        transfer = await self._transfer_of(order)
        if transfer is None:
            await self._require_no_debt(order)
            transfer = await self._transfer(order)
        state = await self._ended(order, transfer)
        if state.state == "FAILED":
            raise ProviderRejected(state.reason or "PROVIDER_REJECTED")
        return state

    async def find(self, order: PayoutOrder, ref: str | None) -> PayoutState | None:
        """A transfer without a payout gets it, or is taken back where the order is over, as is that of a payout that
        failed. While payouts are stopped it gets none.

        To us ``FAILED`` of what was paid before means that it came back.
        """
        transfer = await self._transfer_of(order)
        if transfer is None and ref is not None:
            raise ProviderUnavailable("the vendor does not find a transfer that it told of")
        return None if transfer is None else await self._ended(order, transfer)

    async def movements(self, day: date) -> Sequence[Movement]:
        """What left our balance for accounts, and came back, in dollars; ``ref`` is the transfer."""
        found = list[Movement]()
        for kind in TRANSFER_LINES:
            asked = within(day) | {"type": kind, "expand[]": "data.source"}
            async for line in self._listed(MOVEMENTS, asked, MOST_LINES // PAGE, _good):
                amount, own = below(line, "amount"), text(line, "id")
                source = below(line, "source")
                # What comes back is a reversal, which names its transfer.
                ref = text(source, "transfer") or text(source, "transfer", "id") or text(source, "id")
                if type(amount) is not int or own is None or below(line, "type") != kind:
                    raise ProviderUnavailable("the vendor told of a line without id, type or amount")
                if amount and below(line, "currency") == USD.lower():
                    found.append(Movement(ref or own, "PAYOUT", amount))
        return found

    def read(self, notice: RawNotice) -> Sequence[Notice]:
        event = self._event(notice)
        ref = _about(event)
        if ref is None and event.kind in self.types:
            if event.kind.startswith(PAYOUT_EVENT):  # such as one that the account's owner made
                return []
            raise NoticeUnreadable("an event without object")
        if not self._is_of_our_mode(event.body):  # endpoints for connected accounts are told of both
            return []
        return [Notice(event.id, event.kind, ref, event.moment)]

    async def probe(self) -> str:
        """What our own balance says of itself; nothing is moved."""
        balance = _good(await self._ask("GET", "/v1/balance", self._headers()))
        self._require_mode(balance)
        required(self._config, WEBHOOK_SECRET)
        return "the key may read the platform's balance; nothing was moved"

    async def _require_no_debt(self, order: PayoutOrder) -> None:
        """Raises ProviderRejected DESTINATION_NEGATIVE: what is sent to an account that owes never reaches its bank."""
        answer = await self._ask("GET", "/v1/balance", self._headers(account=_account_of(order)))
        if _is_gone(answer):
            raise ProviderRejected("DESTINATION_REJECTED")
        balance = _good(answer)
        self._require_mode(balance)
        currency = order.currency.lower()
        ours = [below(one, "amount") for one in _list(balance, "available") if below(one, "currency") == currency]
        if not all(type(amount) is int for amount in ours):
            raise ProviderUnavailable("the vendor told no balance")
        if sum(ours) < 0:
            raise ProviderRejected("DESTINATION_NEGATIVE")

    async def _transfer_of(self, order: PayoutOrder) -> dict[str, Any] | None:
        """The one that was made for the attempt, whether its key is still known to the vendor or not."""
        params = {"transfer_group": order.key, "limit": "2"}
        body = _good(await self._ask("GET", TRANSFERS, self._headers(), params=params))
        if not isinstance(body.get("data"), list):
            raise ProviderUnavailable("the vendor told no transfers")
        if not body["data"]:
            return None
        if len(body["data"]) > 1:
            raise ProviderUnavailable("the vendor has two transfers for one attempt")
        return self._checked(body["data"][0], order, destination=_account_of(order))

    async def _transfer(self, order: PayoutOrder) -> dict[str, Any]:
        form = {
            "amount": str(order.amount),
            "currency": order.currency.lower(),
            "destination": _account_of(order),
            "transfer_group": order.key,
        }
        answer = await self._post(TRANSFERS, form | _metadata(order), f"{order.key}:transfer")
        if _is_refused(answer):
            raise ProviderRejected(_reason(answer, "TREASURY_EMPTY"))
        return self._checked(_good(answer), order, destination=_account_of(order))

    async def _ended(self, order: PayoutOrder, transfer: Mapping[str, Any]) -> PayoutState:
        """How the attempt is, after what can be done for it by now."""
        ref, payout = transfer["id"], await self._payout_of(order, transfer)
        if transfer["amount_reversed"] == order.amount and (payout is None or _status(payout) == "FAILED"):
            return PayoutState(ref, "FAILED", _told(transfer))
        if payout is None and order.over:
            return await self._taken_back(order, transfer, "PROVIDER_REJECTED")
        if payout is None and order.halted:
            raise ProviderUnavailable("the transfer has no payout, and gets none while payouts are stopped")
        if payout is None:
            payout, reason = await self._payout(order, ref)
            if payout is None:
                return await self._taken_back(order, transfer, reason)
        status = _status(payout)
        if status == "FAILED":
            bank = text(payout, "failure_code") not in (None, "could_not_process", "insufficient_funds")
            return await self._taken_back(order, transfer, "DESTINATION_REJECTED" if bank else "PROVIDER_REJECTED")
        if status == "PAID" and transfer["amount_reversed"] == order.amount:
            # Somebody took the money from the account, which owes it from now on. We have it.
            return PayoutState(ref, "RETURNED", "RETURNED")
        return PayoutState(ref, "PAID" if status == "PAID" else "SENT")

    async def _payout_of(self, order: PayoutOrder, transfer: Mapping[str, Any]) -> dict[str, Any] | None:
        """The payout that says that it belongs to the transfer; of several, one that did not fail."""
        account, created = _account_of(order), below(transfer, "created")
        since = {"created[gte]": str(created - SKEW)} if type(created) is int else {}
        payouts = self._listed(PAYOUTS, since, MOST_PAGES, _good, account)
        found = [one async for one in payouts if text(one, "metadata", "transfer") == transfer["id"]]
        good = [one for one in found if _status(one) != "FAILED"]
        one = next(iter(good or found), None)
        return None if one is None else self._checked(one, order)

    async def _payout(self, order: PayoutOrder, ref: str) -> tuple[dict[str, Any] | None, str]:
        """None, and why, where the vendor refuses it."""
        form = {"amount": str(order.amount), "currency": order.currency.lower(), "metadata[transfer]": ref}
        form |= _metadata(order)
        answer = await self._post(PAYOUTS, form, f"{order.key}:payout", _account_of(order))
        if _is_refused(answer):
            return None, _reason(answer, "DESTINATION_NEGATIVE")
        return self._checked(_good(answer), order), ""

    async def _taken_back(self, order: PayoutOrder, transfer: Mapping[str, Any], reason: str) -> PayoutState:
        """Raises ProviderUnavailable as long as the money is not back: until then nothing failed."""
        left = order.amount - transfer["amount_reversed"]
        form = {"amount": str(left), "metadata[reason]": reason} | _metadata(order)
        path = f"{TRANSFERS}/{quote(transfer['id'], safe='')}/reversals"
        answer = await self._post(path, form, f"{order.key}:reversal")
        if answer.status != httpx.codes.OK or below(answer.body, "amount") != left:
            raise ProviderUnavailable(f"the transfer is not taken back ({answer.status} {_code(answer)})")
        return PayoutState(transfer["id"], "FAILED", reason)

    def _checked(self, found: dict[str, Any], order: PayoutOrder, **more: str) -> dict[str, Any]:
        """Raises ProviderUnavailable for what is not what the order says: people have to look at it."""
        self._require_mode(found)
        expected = {"amount": order.amount, "currency": order.currency.lower(), **more}
        other = [name for name, value in expected.items() if below(found, name) != value]
        if other or text(found, "id") is None:
            raise ProviderUnavailable(f"the vendor told of something else ({', '.join(other)})")
        reversed_ = found.get("amount_reversed", 0)
        if type(reversed_) is not int or not 0 <= reversed_ <= order.amount:
            raise ProviderUnavailable("the vendor told of something else (amount_reversed)")
        return found | {"amount_reversed": reversed_}

    def _require_mode(self, found: Any) -> None:
        if not self._is_of_our_mode(found):
            raise ProviderUnavailable("that is of the vendor's other mode")

    async def _post(self, path: str, form: Mapping[str, str], key: str, account: str | None = None) -> Answer:
        return await self._ask("POST", path, self._headers(key, account=account), data=dict(form))


def _about(event: Event) -> str | None:
    if event.kind == "account.application.deauthorized" or event.kind.startswith(BANK_EVENT):
        return text(event.body, "account")
    names = ("metadata", "transfer") if event.kind.startswith(PAYOUT_EVENT) else ("id",)
    return text(event.body, "data", "object", *names)


def _account_of(order: PayoutOrder) -> str:
    if order.account is None:
        raise ProviderRejected("DESTINATION_REJECTED")
    return order.account


def _metadata(order: PayoutOrder) -> dict[str, str]:
    return {"metadata[payout]": str(order.payout_id), "metadata[attempt]": str(order.attempt)}


def _good(answer: Answer) -> dict[str, Any]:
    if answer.status != httpx.codes.OK:
        raise ProviderUnavailable(f"the vendor answered {answer.status}")
    return answer.body


def _code(answer: Answer) -> str:
    return code(answer.body, "error", "code") or code(answer.body, "error", "type")


def _is_gone(answer: Answer) -> bool:
    """Whether the account is none of ours any more: with a wrong key the vendor says something else."""
    return answer.status == httpx.codes.FORBIDDEN and _code(answer) == ACCOUNT_GONE


def _is_refused(answer: Answer) -> bool:
    """Whether nothing was done. Where the key was used for something else before, nobody knows what was done then."""
    misused = below(answer.body, "error", "type") == "idempotency_error"
    return _is_gone(answer) or (answer.status in REFUSED and not misused)


def _reason(answer: Answer, too_little: str) -> str:
    """Why it was refused. ``too_little``: what it means that a balance was."""
    why = _code(answer)
    if why == BALANCE:
        return too_little
    rejects = why in DESTINATION_CODES or below(answer.body, "error", "param") == "destination"
    return "DESTINATION_REJECTED" if rejects else "PROVIDER_REJECTED"


def _link(answer: Answer) -> str:
    if _is_gone(answer) or answer.status in REFUSED:
        raise ProviderRejected(f"the vendor gives no link ({_code(answer)})")
    url = page(_good(answer), "url")
    if url is None:
        raise ProviderUnavailable("the vendor gave no link")
    return url


def _account(found: Mapping[str, Any]) -> AccountState:
    ref = text(found, "id")
    if ref is None:
        raise ProviderUnavailable("the vendor told of no account")
    charges, payouts, details = (
        found.get(name) is True for name in ("charges_enabled", "payouts_enabled", "details_submitted")
    )
    takes = below(found, "capabilities", "transfers") == "active"
    status: Literal["PENDING", "ACTIVE", "RESTRICTED", "DISABLED"] = "ACTIVE" if payouts and takes else "RESTRICTED"
    if not details:
        status = "PENDING"
    if str(below(found, "requirements", "disabled_reason")).startswith("rejected."):
        status = "DISABLED"
    return AccountState(ref, status, charges, payouts, details, _destination(found))


def _destination(account: Mapping[str, Any]) -> str | None:
    """Of the bank accounts and cards that money goes to where nobody says to which: one for each currency.

    An account that is there twice has one fingerprint, whatever its id.
    """
    banks = [one for one in _list(below(account, "external_accounts"), "data") if _takes_money(one)]
    named = sorted([text(one, "currency") or "", text(one, "fingerprint") or text(one, "id") or ""] for one in banks)
    return hashlib.sha256(json.dumps(named).encode()).hexdigest() if named else None


def _takes_money(bank: Any) -> bool:
    return below(bank, "default_for_currency") is not False


def _status(payout: Mapping[str, Any]) -> str:
    status = STATUSES.get(str(below(payout, "status")))
    if status is None:
        raise ProviderUnavailable("the vendor told no status that is known")
    return status


def _told(transfer: Mapping[str, Any]) -> str:
    """Why we took it back, as we noted it there."""
    reasons = [text(one, "metadata", "reason") for one in _list(below(transfer, "reversals"), "data")]
    return next((reason for reason in reasons if reason in FAILURES), None) or "PROVIDER_REJECTED"


def _list(found: Any, name: str) -> list[Any]:
    value = below(found, name)
    return value if isinstance(value, list) else []
