"""Wise: https://docs.wise.com/api-reference

A transfer is made of a quote and a recipient, under an id of ours by which a repetition is the same transfer, and only
then paid from our balance. Exactly the amount of the order leaves it: the vendor's fee is a part of it. One that could
not be paid for in time is called off.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from numbers import Real
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid5

import httpx
import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from domain.config_keys import SecretKey, TextKey, UrlKey
from domain.money.amounts import USD, Money
from domain.money.movements import MOST_LINES, Kind, Movement, begin_of, end_of
from domain.money.payouts import PayoutOrder, PayoutState
from domain.webhooks import Notice, RawNotice
from providers.asking import Answer
from providers.ports import NoticeUnreadable, ProviderRejected, ProviderUnavailable
from providers.settings import required
from providers.vendor import Vendor, below, text

BASE_URL = UrlKey("external.payout.wise.base_url", "https://api.wise.com", "base URL of the vendor")
API_TOKEN = SecretKey("external.payout.wise.api_token", "", "token of the business profile")
PROFILE_ID = TextKey("external.payout.wise.profile_id", "", "number of the business profile whose balance pays")
PUBLIC_KEY = TextKey(
    "external.payout.wise.webhook_public_key", "", "the vendor's public key for notices (RSA), PEM or its base64 alone"
)
PUBLIC_KEY_PREVIOUS = TextKey(
    "external.payout.wise.webhook_public_key_previous",
    "",
    "the vendor's former public key, while a new one takes its place",
)

CHANGED = "transfers#state-change"
SIGNATURE = "x-signature-sha256"
WAITING, CANCELLED = "incoming_payment_waiting", "cancelled"
STATUSES = {
    WAITING: "SENT",
    "incoming_payment_initiated": "SENT",
    "processing": "SENT",
    "funds_converted": "SENT",
    "waiting_recipient_input_to_proceed": "SENT",
    "unknown": "SENT",
    "outgoing_payment_sent": "PAID",
    # The money is still away: it is ours again when it is refunded, weeks later at times.
    "bounced_back": "SENT",
    "charged_back": "SENT",
    # Of one that was never paid for nothing is away: that is asked for.
    CANCELLED: "SENT",
    "funds_refunded": "FAILED",
}
TRANSFER_IDS = UUID("3f0b7c1e-8a53-4d0e-9a55-2f7f6c3f1b8d")
"""Never to be changed: of attempts that are under way it makes other transfers."""
EURO_LANDS = frozenset({
    "AD", "AT", "AX", "BE", "BG", "CY", "DE", "EE", "ES", "FI", "FR", "GR", "HR", "IE", "IT", "LT", "LU", "LV", "MC",
    "MT", "NL", "PT", "SI", "SK", "SM",
})  # fmt: skip
"""Whose IBANs are paid in euros; all others by SWIFT in the currency of the order."""
PAGE = 100
MOST_PAGES = 50
LOOKED_BACK = timedelta(days=30)
PAID_FOR_WITHIN = timedelta(days=5)
"""So long it is tried to pay for a transfer. The vendor itself calls off after 14 days what nobody paid for."""
REFUSED = (httpx.codes.BAD_REQUEST, httpx.codes.UNPROCESSABLE_ENTITY)
LONGEST_SIGNATURE = 2048
TRANSFER = "TRANSFER-"
"""How lines of a statement name transfers."""


class Wise(Vendor):
    name = "wise"
    tells_movements = True
    base_url = BASE_URL
    live_domains = ("wise.com", "transferwise.com")
    test_domains = ("transferwise.tech", "wise.tech", "wise-sandbox.com")
    types = frozenset({CHANGED})

    @property
    def verifies(self) -> bool:
        return bool(self._public_keys())

    async def pay(self, order: PayoutOrder) -> PayoutState:
        try:
            transfer = await self._transfer(order)
        except ProviderRejected:
            # A former try may have got further than this one.
            found = await self._listed(order)
            if found is None:
                raise
            transfer = found
        return await self._funded(order, transfer)

    async def find(self, order: PayoutOrder, ref: str | None) -> PayoutState | None:
        """A transfer that waits for our money gets it, but not while payouts are stopped, or is called off where that
        was tried for long or the order is over. None is made here.
        """
        transfer = await self._listed(order) if ref is None else await self._get(order, ref)
        return None if transfer is None else await self._funded(order, transfer)

    async def movements(self, day: date) -> Sequence[Movement]:
        """Of the balance in dollars: transfers, by their numbers, and whatever else left it. What we bring is left out.

        Where strong authentication applies the vendor shows its statement to no token: that is no answer either.
        """
        found = list[Movement]()
        until = (end_of(day) - timedelta(milliseconds=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        within = {"currency": USD, "type": "COMPACT", "intervalStart": f"{begin_of(day):%Y-%m-%dT%H:%M:%S.000Z}"}
        for balance in await self._balances():
            number = below(balance, "id")
            if not _is_of(balance, USD) or type(number) is not int:
                continue
            path = f"/v1/profiles/{self._profile}/balance-statements/{number}/statement.json"
            answer = await self._ask("GET", path, self._headers(), params=within | {"intervalEnd": until})
            rows = answer.body.get("transactions")
            if answer.status != httpx.codes.OK or not isinstance(rows, list):
                raise ProviderUnavailable(f"the vendor gave no statement ({answer.status})")
            found += [line for line in map(_line, rows) if line is not None]
        if len(found) > MOST_LINES:
            raise ProviderUnavailable("the day has more lines than are read")
        return found

    def read(self, notice: RawNotice) -> Sequence[Notice]:
        self._require_signed(notice)
        try:
            event = json.loads(notice.body)
        except (ValueError, RecursionError) as fault:
            raise NoticeUnreadable(type(fault).__name__) from None
        kind, number = text(event, "event_type"), below(event, "data", "resource", "id")
        ref = str(number) if type(number) is int and number > 0 else None
        if kind is None or (ref is None and kind in self.types):
            raise NoticeUnreadable("an event without type or transfer")
        # The id of a delivery stands outside of what is signed: a repetition has the same bytes.
        return [Notice(f"{kind}:{hashlib.sha256(notice.body).hexdigest()}", kind, ref)]

    async def probe(self) -> str:
        """What our balances say of themselves; nothing is moved."""
        await self._balances()
        if not self.verifies:
            raise ProviderUnavailable(f"{PUBLIC_KEY.name} is empty or no public key")
        return "the token may read the balances; nothing was moved"

    async def _transfer(self, order: PayoutOrder) -> dict[str, Any]:
        """The one of the attempt, made now or before. Raises ProviderRejected for what this try did not get through."""
        recipient = _recipient(order)
        held = [_minor(below(one, "amount", "value")) for one in await self._balances() if _is_of(one, order.currency)]
        if max((amount for amount in held if amount is not None), default=0) < order.amount:
            raise ProviderRejected("TREASURY_EMPTY")
        wanted = {"sourceCurrency": order.currency, "targetCurrency": recipient["currency"], "payOut": "BANK_TRANSFER"}
        wanted |= {"sourceAmount": orjson.Fragment(str(Money(order.amount)))}
        quoted = _made(await self._post(f"/v3/profiles/{self._profile}/quotes", wanted), "PROVIDER_REJECTED")
        recipient |= {"profile": int(self._profile)}
        account = _made(await self._post("/v1/accounts", recipient), "DESTINATION_REJECTED")
        form = {
            "targetAccount": account.get("id"),
            "quoteUuid": quoted.get("id"),
            "customerTransactionId": _id_of(order),
            "details": {"reference": str(order.payout_id).replace("-", "")[:10]},
        }
        return self._checked(_made(await self._post("/v1/transfers", form), "PROVIDER_REJECTED"), order)

    async def _funded(self, order: PayoutOrder, transfer: Mapping[str, Any]) -> PayoutState:
        """How it is, after it was paid for where it waited for that. Money that is not there by then may come yet."""
        status = str(below(transfer, "status"))
        if status not in STATUSES:
            raise ProviderUnavailable("the vendor told no status that is known")
        ref = str(transfer["id"])
        if status == WAITING and self._is_given_up(order):
            status = await self._called_off(order, ref)
        if status == CANCELLED and not await self._was_paid_for(ref):
            return PayoutState(ref, "FAILED", "PROVIDER_REJECTED")
        if status == WAITING and order.halted:
            raise ProviderUnavailable("the transfer waits for money, and gets none while payouts are stopped")
        if status == WAITING:
            path = f"/v3/profiles/{self._profile}/transfers/{ref}/payments"
            answer = await self._post(path, {"type": "BALANCE"})
            if answer.status == httpx.codes.FORBIDDEN:
                raise ProviderUnavailable("the vendor wants strong authentication, or the token may not pay")
            if below(answer.body, "status") != "COMPLETED":
                raise ProviderUnavailable(f"the vendor did not take the payment ({answer.status})")
        state = STATUSES[status]
        if state == "FAILED":
            return PayoutState(ref, "FAILED", "DESTINATION_REJECTED")
        return PayoutState(ref, "PAID" if state == "PAID" else "SENT")

    def _is_given_up(self, order: PayoutOrder) -> bool:
        return order.over or (order.begun is not None and self._clock() - order.begun > PAID_FOR_WITHIN)

    async def _called_off(self, order: PayoutOrder, ref: str) -> str:
        """The status by then. Raises ProviderUnavailable where the vendor does not: it may be paid for by now."""
        answer = await self._ask("PUT", f"/v1/transfers/{quote(ref, safe='')}/cancel", self._headers())
        if answer.status != httpx.codes.OK:
            raise ProviderUnavailable(f"the transfer is not called off ({answer.status})")
        status = str(below(self._checked(answer.body, order), "status"))
        if status != CANCELLED:
            raise ProviderUnavailable("the transfer is not called off yet")
        return status

    async def _was_paid_for(self, ref: str) -> bool:
        """Whether our money is, or was, in the transfer. What comes back of it is told by another status."""
        return bool(await self._ask_rows(f"/v1/transfers/{quote(ref, safe='')}/payments", self._headers()))

    async def _get(self, order: PayoutOrder, ref: str) -> dict[str, Any]:
        answer = await self._ask("GET", f"/v1/transfers/{quote(ref, safe='')}", self._headers())
        if answer.status != httpx.codes.OK:
            raise ProviderUnavailable(f"the vendor answered {answer.status}")
        return self._checked(answer.body, order)

    async def _listed(self, order: PayoutOrder) -> dict[str, Any] | None:
        """None where there certainly is none: of the last weeks, after which nobody asks for the first time."""
        since = (self._clock() - LOOKED_BACK).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        for page in range(MOST_PAGES):
            params = {"profile": self._profile, "createdDateStart": since, "limit": PAGE, "offset": page * PAGE}
            rows = await self._ask_rows("/v1/transfers", self._headers(), params=params)
            for one in rows:
                if below(one, "customerTransactionId") == _id_of(order):
                    return self._checked(one, order)
            if len(rows) < PAGE:
                return None
        raise ProviderUnavailable("the profile has more transfers than are looked through")

    async def _balances(self) -> list[Any]:
        path = f"/v4/profiles/{self._profile}/balances"
        return await self._ask_rows(path, self._headers(), params={"types": "STANDARD"})

    def _checked(self, found: dict[str, Any], order: PayoutOrder) -> dict[str, Any]:
        """Raises ProviderUnavailable for what is not what the order says: people have to look at it."""
        given = {"customerTransactionId": _id_of(order), "sourceCurrency": order.currency}
        other = [name for name, value in given.items() if below(found, name) != value]
        if other or _minor(below(found, "sourceValue")) != order.amount or type(found.get("id")) is not int:
            raise ProviderUnavailable(f"the vendor told of something else ({', '.join(other) or 'sourceValue'})")
        return found

    async def _post(self, path: str, form: Mapping[str, Any]) -> Answer:
        headers = self._headers() | {"Content-Type": "application/json"}
        return await self._ask("POST", path, headers, content=orjson.dumps(form))

    @property
    def _profile(self) -> str:
        """Raises ProviderUnavailable."""
        profile = required(self._config, PROFILE_ID)
        if not (profile.isascii() and profile.isdigit()):
            raise ProviderUnavailable(f"{PROFILE_ID.name} is no number")
        return profile

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {required(self._config, API_TOKEN)}"}

    def _public_keys(self) -> list[RSAPublicKey]:
        found = (_public_key(self._config[key]) for key in (PUBLIC_KEY, PUBLIC_KEY_PREVIOUS))
        return [key for key in found if key is not None]

    def _require_signed(self, notice: RawNotice) -> None:
        """Raises ProviderRejected. The vendor signs no time; what is sent again later leads to one more look."""
        given = notice.only(SIGNATURE) or ""
        try:
            signature = (
                base64.b64decode(given.encode("ascii"), validate=True) if len(given) < LONGEST_SIGNATURE else b""
            )
        except ValueError:
            raise ProviderRejected("the signature is not right") from None
        if not any(_is_signed(key, signature, notice.body) for key in self._public_keys()):
            raise ProviderRejected("the signature is not right")


def _recipient(order: PayoutOrder) -> dict[str, Any]:
    """Raises ProviderRejected for details that lack what the vendor needs."""
    bank = order.bank or {}
    iban, holder = bank.get("iban"), bank.get("accountHolderName")
    if not iban or not holder:
        raise ProviderRejected("DESTINATION_REJECTED")
    names = {"firstLine": "Line", "city": "City", "state": "Region", "postCode": "PostalCode", "country": "Country"}
    address = {theirs: bank[f"address{ours}"] for theirs, ours in names.items() if bank.get(f"address{ours}")}
    details: dict[str, Any] = {"legalType": "PRIVATE"} | ({"address": address} if address else {})
    if iban[:2] in EURO_LANDS:
        return {
            "currency": "EUR",
            "type": "iban",
            "accountHolderName": holder,
            "details": details | {"iban": iban},
        }
    if not bank.get("swiftCode"):
        raise ProviderRejected("DESTINATION_REJECTED")
    details |= {"swiftCode": bank["swiftCode"], "accountNumber": iban}
    return {"currency": order.currency, "type": "swift_code", "accountHolderName": holder, "details": details}


def _id_of(order: PayoutOrder) -> str:
    return str(uuid5(TRANSFER_IDS, order.key))


def _made(answer: Answer, reason: str) -> dict[str, Any]:
    """What was made. Raises ProviderRejected with the reason where the vendor does not make it."""
    if answer.status in REFUSED:
        raise ProviderRejected(reason)
    if answer.status not in (httpx.codes.OK, httpx.codes.CREATED) or answer.body.get("id") is None:
        raise ProviderUnavailable(f"the vendor answered {answer.status}")
    return answer.body


def _line(row: Any) -> Movement | None:
    """None for what we bring, and for what moved nothing. Raises ProviderUnavailable for what cannot be read."""
    ref, amount = text(row, "referenceNumber"), _minor(below(row, "amount", "value"))
    if ref is None or amount is None or below(row, "amount", "currency") != USD:
        raise ProviderUnavailable("the vendor told of a line without reference or amount")
    kind: Kind = "PAYOUT" if ref.startswith(TRANSFER) else "OTHER"
    if not amount or (kind == "OTHER" and amount > 0):
        return None
    return Movement(ref.removeprefix(TRANSFER), kind, amount)


def _is_of(balance: Any, currency: str) -> bool:
    return bool(below(balance, "amount", "currency") == currency)


def _minor(value: Any) -> int | None:
    """A number of JSON, as the decimal that it is written as; None for what is no amount of whole minor units."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    minor = Decimal(repr(value)) * 100
    return int(minor) if minor.is_finite() and minor == minor.to_integral_value() else None


@lru_cache(maxsize=8)
def _public_key(told: str) -> RSAPublicKey | None:
    """None for what is no RSA key."""
    lines = (line.strip() for line in told.replace("\\n", "\n").splitlines())
    coded = "".join(line for line in lines if not line.startswith("-----"))
    try:
        key = load_der_public_key(base64.b64decode(coded, validate=True)) if coded else None
    except (ValueError, TypeError):
        return None
    return key if isinstance(key, RSAPublicKey) else None


def _is_signed(key: RSAPublicKey, signature: bytes, body: bytes) -> bool:
    try:
        key.verify(signature, body, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True
