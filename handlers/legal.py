"""The legal texts, each in the version that is in force or in another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.answers.prepared import Made
from domain.errors import ApiError
from domain.legal import PRIVACY, TERMS, document_view
from domain.locales import SUPPORTED_LOCALES

if TYPE_CHECKING:
    from datetime import datetime

    from domain.answers.prepared import Prepared
    from domain.wire import common
    from domain.wire import legal as wire
    from handlers.needs import Config, Editions, Prepare, Repositories


async def privacy(
    editions: Editions,
    prepare: Prepare,
    config: Config,
    locale: common.Locale | None = None,
    version: str | None = None,
) -> Prepared[wire.LegalDocument]:
    return await _read(PRIVACY, editions, prepare, config, locale, version)


async def terms(
    editions: Editions,
    prepare: Prepare,
    config: Config,
    locale: common.Locale | None = None,
    version: str | None = None,
) -> Prepared[wire.LegalDocument]:
    return await _read(TERMS, editions, prepare, config, locale, version)


async def _read(
    slug: str, editions: Editions, prepare: Prepare, config: Config, locale: str | None, version: str | None
) -> Prepared[wire.LegalDocument]:
    default = config[SUPPORTED_LOCALES][0]
    spoken = locale or default

    async def make(db: Repositories, now: datetime) -> Made[wire.LegalDocument]:
        until = await db.publications.next_change("legal", now, slug)
        if version is None:
            return Made(document_view(slug, await db.legal.shown(slug, spoken, default, now)), until)
        text = await db.legal.of_label(slug, version, spoken, default, now)
        if text is None:
            raise ApiError("legal.version_not_found")
        return Made(document_view(slug, text), until)

    return await editions.get("legal", (slug, spoken, default, version), prepare, make)
