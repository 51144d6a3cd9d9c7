"""What an admin keeps of the platforms to sign in through; secrets are sealed on their way into the table."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from domain.admin.oauth import Facts
from domain.auth.oauth import PLATFORM_NAMES, OAuthClient
from domain.config_keys import InvalidConfig
from domain.hosts import is_loopback_address
from domain.keys import Purpose
from persistence.engine.database import Database
from persistence.models import OAuthProvider
from persistence.repositories import Repositories
from providers.ports import ProviderUnavailable
from services.keyring import Keyring

SEALED = Purpose.OAUTH_CLIENT
ENDPOINTS = ("issuer", "jwks_uri", "token_endpoint", "userinfo_endpoint")
AUDIENCE = re.compile(r"[!-~]{1,255}")
MOST_AUDIENCES = 20
FINGERPRINT_DIGITS = 8
KEPT_EMPTY = ("client_id", "enabled", "login_enabled", "audiences")


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

    async def find_to_connect(self, platform: str) -> OAuthClient | None:
        """As ``providers.ports.SocialClients``."""
        async with self._database.reading() as db:
            row = await db.oauth_providers.find(platform)
        if row is None or not row.enabled:
            return None
        return OAuthClient(client_secret=self._secret(row), **_settings(row))

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
        """Check, store and audit, for a command; the platform as it may be shown. Raises InvalidConfig."""
        stored = self._checked(platform, changes)
        async with self._database.unit() as db:
            _require_client_id(await db.oauth_providers.find(platform), stored)
            row = await db.oauth_providers.put(platform, **stored)
            told = changes | ({"client_secret": "(set)"} if changes.get("client_secret") else {})
            await db.audit.record("oauth.set", target=platform, **told)
        return _shown(row)

    async def put(
        self, db: Repositories, platform: str, changes: dict[str, Any], expected: int
    ) -> OAuthProvider | None:
        """As ``set``, in somebody's unit of work; None where the platform has another version by now."""
        stored = self._checked(platform, changes)
        _require_client_id(await db.oauth_providers.find(platform), stored)
        return await db.oauth_providers.put_version(platform, expected, **stored)

    def client_after(self, row: OAuthProvider | None, platform: str, changes: dict[str, Any]) -> OAuthClient | None:
        """Whom to fetch issuer and keys of before the changes are stored; None where nothing of that changes.

        Raises InvalidConfig.
        """
        _require_client_id(row, self._checked(platform, changes))
        enabled = changes.get("enabled", row is not None and row.enabled)
        begins = enabled and (row is None or not row.enabled)
        if not begins and not (enabled and any(changes.get(name) is not None for name in ("issuer", "jwks_uri"))):
            return None
        known = {} if row is None else {name: getattr(row, name) for name in ("client_id", *ENDPOINTS)}
        new = {name: value or None for name, value in changes.items() if name in ("client_id", *ENDPOINTS)}
        merged = {"client_id": ""} | known | new
        return OAuthClient(platform, **(merged | {"client_id": merged["client_id"] or ""}))

    def facts(self, row: OAuthProvider | None, platform: str) -> Facts:
        """Without its secret, of which there is a fingerprint. One that is lost has none."""
        return Facts(platform, row, self._fingerprint(row) if row is not None and row.client_secret else None)

    def _fingerprint(self, row: OAuthProvider) -> str | None:
        try:
            secret = self._keyring.unseal(SEALED, row.client_secret or "")
        except ValueError:
            return None
        digest = self._keyring.digests(Purpose.CONFIG_FINGERPRINT, f"oauth.{row.platform}", secret)[0]
        return f"{digest.kid}.{digest.value.hex()[:FINGERPRINT_DIGITS]}"

    def _checked(self, platform: str, changes: dict[str, Any]) -> dict[str, Any]:
        """As it is stored. Raises InvalidConfig."""
        _check(platform, changes)
        given = changes | ({"audiences": _audiences(changes["audiences"])} if "audiences" in changes else {})
        stored = {name: value if value or name in KEPT_EMPTY else None for name, value in given.items()}
        if stored.get("client_secret"):
            stored["client_secret"] = self._keyring.seal(SEALED, given["client_secret"])
        return stored


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
