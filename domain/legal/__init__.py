"""Legal texts, and the versions of them that people consent to."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from domain.auth import PRIVACY_VERSION, TERMS_VERSION
from domain.clock import timestamp
from domain.config_keys import Config, TextKey
from domain.mailed_pages import BASE_URL
from domain.wire import legal as wire

PRIVACY, TERMS = "privacy", "terms"
SLUGS = (PRIVACY, TERMS)
# The version in force, of which people are asked whether they agree.
VERSIONS: Mapping[str, TextKey] = {PRIVACY: PRIVACY_VERSION, TERMS: TERMS_VERSION}
COOKIES = "COOKIE_CONSENT"
# What consents to a text are called: by registrations and by clients.
CONSENTED_AS: Mapping[str, tuple[str, ...]] = {PRIVACY: (PRIVACY,), TERMS: (TERMS, "tos")}
# What asks for consent again when the text has another version: cookies follow the privacy policy.
ASKED_BY: Mapping[str, str] = {COOKIES: PRIVACY} | {
    kind: slug for slug, kinds in CONSENTED_AS.items() for kind in kinds
}
UNPUBLISHED: Mapping[str, str] = {
    PRIVACY: "Privacy policy not yet published.",
    TERMS: "Terms of service not yet published.",
}

# How many accounts are looked at in one transaction, and how long the next ones wait: mails to everybody keep no other
# mails waiting.
TELL_AT_ONCE = 200
TELL_PAUSE = timedelta(seconds=10)


def in_force(kind: str, config: Config) -> str | None:
    """The version of what a consent of this kind is about; None for what has no version here."""
    slug = ASKED_BY.get(kind)
    return None if slug is None else config[VERSIONS[slug]]


def is_superseded(version: Any, versions: Iterable[Any], now: datetime) -> bool:
    """Whether a later one is in force already, so that this one must not take its place."""
    return any(
        other.requires_consent and other.effective_at > version.effective_at and other.effective_at <= now
        for other in versions
    )


def text_page(slug: str, label: str, config: Config) -> str:
    """Where the site shows a version of a text."""
    return f"{config[BASE_URL].rstrip('/')}/legal/{slug}?{urlencode({'version': label})}"


def document_view(slug: str, row: Any) -> wire.LegalDocument:
    """``row`` is None where nothing is published."""
    if row is None:
        return {"content": UNPUBLISHED[slug], "lastUpdated": None, "version": None, "locale": None}
    shown_from = timestamp(row.shown_from)
    return {"content": row.html, "lastUpdated": shown_from, "version": row.label, "locale": row.locale}
