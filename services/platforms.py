"""What an admin keeps of the platforms to sign in through; secrets are sealed on their way into the table."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from domain.auth.oauth import PLATFORM_NAMES, OAuthClient
from domain.config_keys import InvalidConfig
from domain.hosts import is_loopback_address
from domain.keys import Purpose
from persistence.engine.database import Database
from persistence.models import OAuthProvider
from providers.ports import ProviderUnavailable
from services.keyring import Keyring

SEALED = Purpose.OAUTH_CLIENT
ENDPOINTS = ("issuer", "jwks_uri", "token_endpoint", "userinfo_endpoint")
AUDIENCE = re.compile(r"[!-~]{1,255}")
MOST_AUDIENCES = 20


class OAuthDirectory:
    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def find(self, platform: str) -> OAuthClient | None:
        """As ``providers.ports.OAuthClients``."""
        async with self._database.reading() as db:
            row = await db.oauth_providers.find_for_login(platform)
        if row is None:
            return None
        return OAuthClient(client_secret=self._secret(row), audiences=tuple(row.audiences), **_settings(row))

    def _secret(self, row: OAuthProvider) -> str:
        try:
            return self._keyring.unseal(SEALED, row.client_secret) if row.client_secret else ""
        except ValueError as error:
            raise ProviderUnavailable(f"the client secret of {row.platform} cannot be read: {error}") from None

    async def shown(self) -> list[dict[str, Any]]:
        """All platforms that an admin entered, without their secrets."""
        async with self._database.reading() as db:
            return [_shown(row) for row in await db.oauth_providers.all()]

    async def set(self, platform: str, **changes: Any) -> dict[str, Any]:
        """Check, store and audit; the platform as it may be shown. Raises InvalidConfig."""
        _check(platform, changes)
        if "audiences" in changes:
            changes["audiences"] = _audiences(changes["audiences"])
        stored = {name: value if value != "" or name == "client_id" else None for name, value in changes.items()}
        if stored.get("client_secret"):
            stored["client_secret"] = self._keyring.seal(SEALED, changes["client_secret"])
        async with self._database.unit() as db:
            known = {row.platform: row for row in await db.oauth_providers.all()}
            _require_client_id(known.get(platform), stored)
            row = await db.oauth_providers.put(platform, **stored)
            told = changes | ({"client_secret": "(set)"} if changes.get("client_secret") else {})
            await db.audit.record("oauth.set", target=platform, **told)
        return _shown(row)


def _check(platform: str, changes: dict[str, Any]) -> None:
    if changes.get("login_enabled") and platform not in PLATFORM_NAMES:
        raise InvalidConfig(f"nobody signs in through {platform}; only through {', '.join(PLATFORM_NAMES)}")
    for name in ENDPOINTS:
        if changes.get(name) and not _is_safe(changes[name]):
            raise InvalidConfig(f"{name} must be an https address, not {changes[name]!r}")


def _is_safe(address: str) -> bool:
    """Codes and secrets go there: only over TLS, or to a stand-in on this machine."""
    try:
        parts = urlsplit(address)
        plain = parts.scheme == "http" and is_loopback_address(parts.hostname or "")
        return bool(parts.hostname) and (parts.scheme == "https" or plain)
    except ValueError:
        return False


def _audiences(given: Sequence[str]) -> list[str]:
    """Each once, in the order given; an empty text among them takes those of before back. Raises InvalidConfig."""
    audiences = [audience for audience in dict.fromkeys(given) if audience]
    if len(audiences) > MOST_AUDIENCES or any(not AUDIENCE.fullmatch(audience) for audience in audiences):
        raise InvalidConfig(f"audiences are at most {MOST_AUDIENCES} ids of 1 to 255 visible ASCII characters")
    return audiences


def _require_client_id(known: OAuthProvider | None, stored: dict[str, Any]) -> None:
    enabled = stored.get("enabled", known is not None and known.enabled)
    if enabled and not stored.get("client_id", known.client_id if known else ""):
        raise InvalidConfig("an enabled platform needs a client id")


def _settings(row: OAuthProvider) -> dict[str, Any]:
    names = ("platform", "client_id", "redirect_uri", *ENDPOINTS)
    return {name: getattr(row, name) for name in names}


def _shown(row: OAuthProvider) -> dict[str, Any]:
    flags = {"enabled": row.enabled, "login_enabled": row.login_enabled and row.platform in PLATFORM_NAMES}
    told = {"audiences": row.audiences, "client_secret": "(set)" if row.client_secret else None}
    return _settings(row) | flags | told
