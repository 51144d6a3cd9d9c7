"""What the rooms next door would give."""

import hashlib
import hmac
from pathlib import Path
from typing import Any
from uuid import UUID

from domain.config_keys import Key
from domain.keys import Digest, Digests
from providers.ports import Mail
from services.config.catalogue import CATALOGUE


class FakeConfig(dict[str, Any]):
    """The catalogue's defaults, changed at will; a value that an admin could not store is refused here too."""

    def __init__(self, values: dict[str, Any] | None = None) -> None:
        super().__init__({key.name: key.default for key in CATALOGUE.values()})
        for name, value in (values or {}).items():
            self[name] = value

    def __getitem__(self, key: str | Key[Any]) -> Any:
        return super().__getitem__(key if isinstance(key, str) else key.name)

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, CATALOGUE[name].check(value))

    def slip(self, name: str, value: Any) -> None:
        """A value past its check: what uses it does not trust it either."""
        super().__setitem__(name, value)


class FakeMailStore:
    def __init__(self) -> None:
        self.mails: dict[UUID, Mail] = {}

    async def add(self, mail: Mail) -> None:
        self.mails.setdefault(mail.id, mail)


NOWHERE = Path("/nonexistent/uploads")
"""For families that keep no files."""


def fake_sign(*parts: str) -> Digests:
    return (Digest("kid", hmac.digest(b"a key of the tests", "\0".join(parts).encode(), hashlib.sha256)),)
