"""The languages that are offered."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from domain.answers.prepared import Prepared
    from domain.wire import i18n as wire
    from handlers.needs import Bundles, Prepare


async def list(bundles: Bundles, prepare: Prepare) -> Prepared[wire.Locales]:  # noqa: A001
    return bundles.locales(prepare)
