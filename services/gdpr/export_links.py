"""URLs under which an archive of personal data is given out."""

import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from domain.config_keys import Config
from domain.keys import Purpose
from domain.upload import API_URL, FILES
from services.keyring import Keyring

PATH = f"{FILES}exports/"


class Admission(NamedTuple):
    """Of a URL that ``session_id`` asked for when the archive had been downloaded so many times."""

    session_id: UUID
    downloads: int


class ExportLinks:
    """Each URL is signed for the number of downloads so far: once it was used, it and its like are worth nothing.

    It names the session that asked for it, and is good as long as what that proved is.
    """

    def __init__(self, keyring: Keyring, config: Config, clock: Callable[[], datetime]) -> None:
        self._keyring = keyring
        self._config = config
        self._clock = clock

    def url(self, export: Any, session_id: UUID) -> str:
        expires = int(export.expires_at.timestamp())
        signature = self._signatures(export.id, session_id, export.downloads, expires)[0]
        origin = self._config[API_URL].rstrip("/")
        told = f"downloads={export.downloads}&expires={expires}&session={session_id}&signature={signature}"
        return f"{origin}{PATH}{export.id}?{told}"

    def admit(self, export_id: UUID, query: Mapping[str, str]) -> Admission | None:
        """What the URL is good for; None when it is not of our making or has expired."""
        downloads, expires = query.get("downloads", ""), query.get("expires", "")
        if not (downloads.isdecimal() and expires.isdecimal() and len(downloads) < 10 and len(expires) < 12):
            return None
        session_id = _uuid(query.get("session", ""))
        if session_id is None:
            return None
        given = query.get("signature", "").encode()
        expected = self._signatures(export_id, session_id, int(downloads), int(expires))
        if not any(hmac.compare_digest(signature.encode(), given) for signature in expected):
            return None
        return Admission(session_id, int(downloads)) if int(expires) > self._clock().timestamp() else None

    def _signatures(self, export_id: UUID, session_id: UUID, downloads: int, expires: int) -> list[str]:
        """The one to give first, then those that are accepted too."""
        digests = self._keyring.digests(
            Purpose.EXPORT_LINK, str(export_id), str(session_id), str(downloads), str(expires)
        )
        return [digest.value.hex() for digest in digests]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
