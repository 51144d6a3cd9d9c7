"""Tokens of the URLs under which staff shows a draft to others."""

import hmac
import re
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from domain.keys import DigestsOf, Purpose

TOKEN = re.compile(
    r"(?P<kind>[a-z]{1,20})\.(?P<entry>[0-9a-f]{32})\.(?P<revision>[1-9][0-9]{0,8})\.(?P<expires>[0-9]{1,11})"
    r"\.(?P<signature>[0-9a-f]{64})",
    re.ASCII,
)


class Preview(NamedTuple):
    """What a token shows."""

    kind: str
    entry_id: UUID
    revision: int


class Previews:
    """A token is good for one revision, until it expires."""

    def __init__(self, digests: DigestsOf, clock: Callable[[], datetime]) -> None:
        self._digests = digests
        self._clock = clock

    def sign(self, kind: str, entry_id: UUID, revision: int, expires: datetime) -> str:
        """``expires`` counts in whole seconds."""
        shown = f"{kind}.{entry_id.hex}.{revision}.{int(expires.timestamp())}"
        return f"{shown}.{self._signatures(shown)[0]}"

    def verify(self, token: str) -> Preview | None:
        """None of a token that is not of our making, or has expired."""
        match = TOKEN.fullmatch(token)
        if match is None:
            return None
        known = self._signatures(token.rpartition(".")[0])
        if not any(hmac.compare_digest(signature, match["signature"]) for signature in known):
            return None
        if int(match["expires"]) <= self._clock().timestamp():
            return None
        return Preview(match["kind"], UUID(match["entry"]), int(match["revision"]))

    def _signatures(self, shown: str) -> list[str]:
        """The one to give first, then those that are accepted too."""
        return [digest.value.hex() for digest in self._digests(Purpose.CONTENT_PREVIEW, shown)]
