"""The approved texts of a language."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from domain.answers.prepared import Prepared
    from handlers.needs import Bundles, Prepare


async def bundle(locale: str, bundles: Bundles, prepare: Prepare) -> Prepared[dict[str, str]]:
    return await bundles.whole(locale, prepare)


async def namespace(locale: str, namespace: str, bundles: Bundles, prepare: Prepare) -> Prepared[dict[str, str]]:
    return await bundles.namespace(locale, namespace, prepare)
