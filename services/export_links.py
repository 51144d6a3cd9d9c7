"""URLs under which an archive of personal data is given out."""

import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.config_keys import Config
from domain.keys import Purpose
from services.keyring import Keyring

PATH = "/files/exports/"


class ExportLinks:
    """Each URL is signed for the number of downloads so far: once it was used, it and its like are worth nothing."""

    def __init__(self, keyring: Keyring, config: Config, clock: Callable[[], datetime]) -> None:
        self._keyring = keyring
        self._config = config
        self._clock = clock

    def url(self, export: Any) -> str:
        expires = int(export.expires_at.timestamp())
        signature = self._signatures(export.id, export.downloads, expires)[0]
        origin = self._config["site.api_url"].rstrip("/")
        return f"{origin}{PATH}{export.id}?downloads={export.downloads}&expires={expires}&signature={signature}"

    def admit(self, export_id: UUID, query: Mapping[str, str]) -> int | None:
        """For which number of downloads the URL is good; None when it is not of our making or has expired."""
        downloads, expires = query.get("downloads", ""), query.get("expires", "")
        if not (downloads.isdecimal() and expires.isdecimal() and len(downloads) < 10 and len(expires) < 12):
            return None
        given = query.get("signature", "").encode()
        expected = self._signatures(export_id, int(downloads), int(expires))
        if not any(hmac.compare_digest(signature.encode(), given) for signature in expected):
            return None
        return int(downloads) if int(expires) > self._clock().timestamp() else None

    def _signatures(self, export_id: UUID, downloads: int, expires: int) -> list[str]:
        """The one to give first, then those that are accepted too."""
        digests = self._keyring.digests(Purpose.EXPORT_LINK, str(export_id), str(downloads), str(expires))
        return [digest.value.hex() for digest in digests]
