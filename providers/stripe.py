"""Stripe, as each use of it has it: https://docs.stripe.com/api"""

import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from domain.config_keys import SecretKey
from domain.money.movements import begin_of, end_of
from domain.webhooks import RawNotice
from providers.asking import Answer
from providers.ports import NoticeUnreadable, ProviderUnavailable, ProviderUntouched
from providers.settings import required
from providers.signed import require_signed
from providers.vendor import Vendor, below, text

VERSION = "2026-06-24.dahlia"
MOVEMENTS = "/v1/balance_transactions"
PAGE = 100
TRANSFER_LINES = ("transfer", "transfer_cancel", "transfer_failure", "transfer_refund")
"""Types of lines of our balance that are about payouts to creators."""
MODE = re.compile(r"[a-z]{2}_(live|test)_.+")
CODE = re.compile(r"[a-z][a-z0-9_]{0,99}")


class Event(NamedTuple):
    id: str
    kind: str
    moment: datetime | None
    body: Any


class StripeVendor(Vendor):
    api_key: SecretKey
    webhook_secrets: Sequence[SecretKey]
    """Each may have signed an event; without the first, none is taken."""

    @property
    def verifies(self) -> bool:
        return bool(self._config[self.webhook_secrets[0]])

    def _headers(self, key: str | None = None, *, account: str | None = None) -> dict[str, str]:
        """``key``: by which the vendor knows a repetition. ``account``: in whose name.

        Raises ProviderUntouched for an API key of the other mode.
        """
        secret = required(self._config, self.api_key)
        mode = MODE.fullmatch(secret)
        if mode is not None and (mode[1] == "live") is not self._live:
            raise ProviderUntouched(f"{self.api_key.name} is of the vendor's other mode")
        headers = {"Authorization": f"Bearer {secret}", "Stripe-Version": VERSION}
        headers |= {"Idempotency-Key": key} if key else {}
        return headers | ({"Stripe-Account": account} if account else {})

    async def _listed(
        self,
        path: str,
        asked: Mapping[str, str],
        most: int,
        body_of: Callable[[Answer], Mapping[str, Any]],
        account: str | None = None,
    ) -> AsyncIterator[Any]:
        """All of a list, page by page; ``body_of`` raises where a page was refused.

        Raises ProviderUnavailable for what is no list, and for one of more than ``most`` pages.
        """
        after = dict[str, str]()
        for _ in range(most):
            params = {"limit": str(PAGE), **asked, **after}
            body = body_of(await self._ask("GET", path, self._headers(account=account), params=params))
            rows = body.get("data")
            if not isinstance(rows, list):
                raise ProviderUnavailable(f"the vendor gave no list for {path}")
            for row in rows:
                yield row
            if body.get("has_more") is False:
                return
            last = text(rows[-1], "id") if rows else None
            if last is None:
                raise ProviderUnavailable(f"the vendor's list for {path} goes on behind nothing")
            after = {"starting_after": last}
        raise ProviderUnavailable(f"the vendor's list for {path} is longer than is read")

    def _is_of_our_mode(self, found: Any) -> bool:
        return below(found, "livemode") is self._live

    def _event(self, notice: RawNotice) -> Event:
        """Raises ProviderRejected for what is not signed, NoticeUnreadable for what is no event."""
        secrets = [self._config[key] for key in self.webhook_secrets]
        require_signed(notice, "stripe-signature", secrets, self._clock())
        try:
            body = json.loads(notice.body)
        except (ValueError, RecursionError) as fault:
            raise NoticeUnreadable(type(fault).__name__) from None
        event_id, kind = text(body, "id"), text(body, "type")
        if event_id is None or kind is None:
            raise NoticeUnreadable("an event without id or type")
        return Event(event_id, kind, moment(below(body, "created")), body)


def within(day: date) -> dict[str, str]:
    """The filter of a list for what was created on a day, in UTC."""
    return {
        "created[gte]": str(int(begin_of(day).timestamp())),
        "created[lt]": str(int(end_of(day).timestamp())),
    }


def moment(value: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(value, UTC) if type(value) is int else None
    except (OverflowError, OSError, ValueError):
        return None


def code(found: Any, *names: str) -> str:
    """A code of the vendor's; empty for what is none."""
    value = text(found, *names) or ""
    return value if CODE.fullmatch(value) else ""
