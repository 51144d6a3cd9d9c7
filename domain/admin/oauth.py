"""The settings of platforms as staff sees and changes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from domain.presenting import presented
from domain.wire import admin as wire

FIELDS = {
    "enabled": "enabled",
    "loginEnabled": "login_enabled",
    "clientId": "client_id",
    "audiences": "audiences",
    "clientSecret": "client_secret",
    "redirectUri": "redirect_uri",
    "issuer": "issuer",
    "jwksUri": "jwks_uri",
    "tokenEndpoint": "token_endpoint",
    "userinfoEndpoint": "userinfo_endpoint",
}
SECRET = "client_secret"  # noqa: S105 - the name of a column


@dataclass(frozen=True, slots=True)
class Facts:
    """``row`` is None for a platform that nobody set up."""

    platform: str
    row: Any
    fingerprint: str | None


def changes_of(body: wire.OAuthSettingsRequest) -> dict[str, Any]:
    """By column. What is left out stays; null is the empty text, which takes a value away."""
    given: dict[str, Any] = dict(body)
    return {column: "" if given[field] is None else given[field] for field, column in FIELDS.items() if field in given}


def platform_view(facts: Facts) -> wire.OAuthSettings:
    row = facts.row
    secret: wire.ShownSecret = {
        "isSet": row is not None and bool(row.client_secret),
        "fingerprint": facts.fingerprint,
    }
    shown: wire.OAuthSettings = {
        "platform": facts.platform,
        "version": 0,
        "enabled": False,
        "loginEnabled": False,
        "clientId": None,
        "audiences": [],
        "clientSecret": secret,
        "redirectUri": None,
        "issuer": None,
        "jwksUri": None,
        "tokenEndpoint": None,
        "userinfoEndpoint": None,
    }
    if row is None:
        return shown
    return presented(wire.OAuthSettings, row, clientSecret=secret, clientId=row.client_id or None)


def told(facts: Facts) -> dict[str, Any]:
    """For the audit log: what there was or is, without the secret."""
    return {name: value for name, value in platform_view(facts).items() if name not in ("platform", "version")}
