"""Bio pages as everybody sees them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from domain.clock import timestamp
from domain.creators.vacation import changes_at, is_on_vacation
from domain.presenting import presented
from domain.wire import creators as wire


def public_view(found: Any, links: Sequence[Any], now: datetime) -> wire.PublicBioPage:
    """``found``: what the account, the profile, the page and the template say, in one row."""
    away = is_on_vacation(found, now)
    template = None
    if found.template_id is not None:
        template = {"id": str(found.template_id), "name": found.template_name, "tokens": found.template_tokens}
    page: wire.PublicPage = {
        "id": str(found.page_id),
        "template": template,
        "themeOverride": found.theme_override,
        "customCss": found.custom_css,
        "emailCollectionEnabled": found.email_collection_enabled,
        "embedEnabled": found.embed_enabled,
        "links": [presented(wire.PublicLink, link) for link in links if is_shown(link, now)],
    }
    return presented(
        wire.PublicBioPage,
        found,
        bio=found.page_bio or found.user_bio or "",
        dmActive=found.dm_active and not away,
        vacationMode=away,
        vacationEnd=timestamp(found.vacation_end) if away and found.vacation_end is not None else None,
        bioPage=page,
    )


def is_shown(link: Any, now: datetime) -> bool:
    begun = link.scheduled_start is None or link.scheduled_start <= now
    return _may_be_shown(link) and begun and (link.scheduled_end is None or now < link.scheduled_end)


def _may_be_shown(link: Any) -> bool:
    """Whether its owner shows it, and no restriction hides it."""
    return bool(link.active) and link.statement_id is None


def shown_until(found: Any, links: Sequence[Any], now: datetime) -> datetime | None:
    """The next moment at which the page is another one by the clock alone."""
    moments = [changes_at(found, now)]
    for link in filter(_may_be_shown, links):
        moments += (link.scheduled_start, link.scheduled_end)
    return min((moment for moment in moments if moment is not None and moment > now), default=None)
