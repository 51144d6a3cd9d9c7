"""What the vendors share: a question that is asked again where that can do no harm, and bounds of what they answer."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx

from domain.clock import utc_now
from domain.config_keys import Config
from providers.asking import Answer, Patience, ask_again, may_pass
from providers.vendor import Vendor

PATIENCE = Patience()
MOST_PAGES = 1000


class PaymentVendor(Vendor):
    def __init__(
        self,
        config: Config,
        http: httpx.AsyncClient,
        *,
        live: bool,
        patience: Patience = PATIENCE,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__(config, http, live=live, clock=clock)
        self._patience = patience

    async def _ask(self, method: str, path: str, headers: Mapping[str, str], **options: Any) -> Answer:
        """As ``ask_again``: each question changes nothing, or has a key by which the vendor knows it again."""
        url, options = self._question(path, headers, options)
        return await ask_again(self._http, method, url, self._patience, self._may_pass, whom="the vendor", **options)

    def _may_pass(self, answer: Answer) -> bool:
        return may_pass(answer)


def whole(value: Any) -> int | None:
    """An amount in minor units."""
    return value if type(value) is int else None


def id_of(value: Any) -> UUID | None:
    """An id of ours that the vendor was given to remember."""
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
