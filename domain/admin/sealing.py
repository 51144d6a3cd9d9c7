"""How rows of the audit log are sealed: a chain of keyed hashes, each over some rows and the one before it.

Whoever has the database but not the secret can change neither a row nor a seal without it being found, nor cut the
chain anywhere but at its end, which a head that was kept elsewhere tells.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from domain.config_keys import InvalidConfig

LENGTH_BYTES = 8
DIGEST_BYTES = 32
MOST_ROWS = 1000
"""Of one seal."""
HEAD_KEY = re.compile(r"audit/heads/[0-9]{4}-[0-9]{2}-[0-9]{2}/[0-9]+\.json")

Text: TypeAlias = str | None
Texts: TypeAlias = Sequence[Text]


class Fault(StrEnum):
    """What is wrong with a seal."""

    MISSING = "MISSING"
    PREVIOUS = "PREVIOUS"  # it does not follow the one before it
    KEY = "KEY"  # made under a secret that is not known here
    ROWS = "ROWS"  # rows are gone, or were added
    DIGEST = "DIGEST"
    HEAD = "HEAD"  # it is not the one that was kept elsewhere


@dataclass(frozen=True, slots=True)
class Head:
    """The last seal, as it is kept outside the database. ``digest`` is hexadecimal, ``at`` ISO 8601."""

    number: int
    key_id: str
    digest: str
    at: str

    def written(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def key(self) -> str:
        """Under which storage keeps it: each head has a file of its own, which nobody needs to replace."""
        return f"audit/heads/{self.at[:10]}/{self.number}.json"


@dataclass(frozen=True, slots=True)
class Bad:
    """The first seal that is wrong."""

    number: int
    fault: Fault


@dataclass(frozen=True, slots=True)
class Verified:
    """``complete``: nothing was left out. ``until``: when the last seal that was looked at was made."""

    checked: int
    seals: int
    bad: Bad | None
    complete: bool
    until: str | None
    head: Head | None

    @property
    def ok(self) -> bool:
        return self.bad is None


def read_head(given: Any) -> Head:
    """What ``Head.written`` gave. Raises InvalidConfig."""
    fields = {"number": int, "key_id": str, "digest": str, "at": str}
    fits = isinstance(given, dict) and all(type(given.get(name)) is kind for name, kind in fields.items())
    if not fits:
        raise InvalidConfig(
            "this is no head: it needs number, key_id, digest and at, as `biore audit head` prints them"
        )
    return Head(**{name: given[name] for name in fields})


def is_head(key: str) -> bool:
    """Whether storage keeps a head under this key."""
    return HEAD_KEY.fullmatch(key) is not None


def digest_of(key: bytes, previous: bytes, number: int, at: str, names: Sequence[str], rows: Iterable[Texts]) -> bytes:
    """``rows`` have a text for each of the ``names`` of their columns, as the database writes it; NULL is left out.

    Each part goes with its length, so that nothing can move from one to the next.
    """
    sealed = hmac.new(key, digestmod=hashlib.sha256)
    for part in (previous, str(number).encode(), at.encode()):
        sealed.update(_measured(part))
    for row in rows:
        told = [(name, text) for name, text in sorted(zip(names, row, strict=True)) if text is not None]
        sealed.update(_measured(b"".join(_measured(part.encode()) for pair in told for part in pair)))
    return sealed.digest()


def _measured(part: bytes) -> bytes:
    return len(part).to_bytes(LENGTH_BYTES) + part
