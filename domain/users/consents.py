"""What a person agreed to, or did not."""

from collections.abc import Iterable
from typing import Any

from domain.config_keys import Config
from domain.legal import ASKED_BY, COOKIES, in_force
from domain.presenting import presented
from domain.wire import users as wire


def consent_views(rows: Iterable[Any], config: Config) -> list[wire.Consent]:
    """``rows``: the newest first. The last one about a text says whether the text has another version by now."""
    asked, views = set[str](), list[wire.Consent]()
    for row in rows:
        about = row.kind if row.kind == COOKIES else ASKED_BY.get(row.kind, row.kind)
        views.append(_view(row, again=about not in asked and in_force(row.kind, config) not in (None, row.version)))
        asked.add(about)
    return views


def _view(row: Any, *, again: bool) -> wire.Consent:
    """Where the consent was given from is kept as evidence and not told."""
    told = {"documentType": row.kind, "documentVersion": row.version, "accepted": row.granted}
    return presented(wire.Consent, row, requiresReConsent=again, **told)
