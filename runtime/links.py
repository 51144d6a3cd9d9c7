"""URLs under which an archive of personal data is given out."""

import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.config_keys import Config
from runtime.keyring import Keyring

PATH = "/files/exports/"
PURPOSE = "export-link"


class ExportLinks:
    """Each URL is signed for the number of downloads so far: once it was used, it and its like are worth nothing."""

    def __init__(self, keyring: Keyring, config: Config, clock: Callable[[], datetime]) -> None:
        self._keyring = keyring
        self._config = config
        self._clock = clock

    def url(self, export: Any) -> str:
        expires = int(export.expires_at.timestamp())
        signature = self._signature(export.id, export.downloads, expires)
        origin = self._config["site.api_url"].rstrip("/")
        return f"{origin}{PATH}{export.id}?downloads={export.downloads}&expires={expires}&signature={signature}"

    def admit(self, export_id: UUID, query: Mapping[str, str]) -> int | None:
        """For which number of downloads the URL is good; None when it is not of our making or has expired."""
        downloads, expires = query.get("downloads", ""), query.get("expires", "")
        if not (downloads.isdecimal() and expires.isdecimal() and len(downloads) < 10 and len(expires) < 12):
            return None
        expected = self._signature(export_id, int(downloads), int(expires))
        if not hmac.compare_digest(expected.encode(), query.get("signature", "").encode()):
            return None
        return int(downloads) if int(expires) > self._clock().timestamp() else None

    def _signature(self, export_id: UUID, downloads: int, expires: int) -> str:
        return self._keyring.digest(PURPOSE, str(export_id), str(downloads), str(expires)).hex()
