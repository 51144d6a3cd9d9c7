"""Where a walk through a list goes on: the sort values of the last row that was shown, never the row itself.

So a row that is deleted meanwhile costs nothing, and a walk neither misses nor repeats a row that did not change. A
cursor is base64url of a JSON list: version, sort, the keys, a digest of the filters. Whoever has it can read it, so
keys are values that the caller may know.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias, TypeVar, overload
from uuid import UUID

from domain.errors import ApiError

VERSION = 1
LONGEST = 512
DIGEST_BYTES = 9
LARGEST = 2**63 - 1  # of a column of whole numbers

Key: TypeAlias = int | str | datetime | UUID | Decimal
Written: TypeAlias = int | str

Row = TypeVar("Row")
K1 = TypeVar("K1", int, str, datetime, UUID, Decimal)
K2 = TypeVar("K2", int, str, datetime, UUID, Decimal)
K3 = TypeVar("K3", int, str, datetime, UUID, Decimal)


class InvalidCursor(ValueError):
    """It is of another list, filter or sort, or no cursor at all."""


def digest_of(filters: Mapping[str, Any]) -> str:
    """What a walk was narrowed by, in a few characters: a cursor is good for the same filters alone."""
    canonical = json.dumps(filters, sort_keys=True, separators=(",", ":"), default=str).encode()
    digest = hashlib.sha256(canonical, usedforsecurity=False).digest()[:DIGEST_BYTES]
    return base64.urlsafe_b64encode(digest).decode()


def encode(sort: str, keys: Sequence[Key], digest: str) -> str:
    """Raises ValueError for keys that make it longer than ``LONGEST``: a text to sort by needs a short bound."""
    written = _dumped([VERSION, sort, *map(_written, keys), digest])
    cursor = _text(written)
    if len(cursor) > LONGEST:
        raise ValueError(f"a cursor of {len(cursor)} characters: sort by something shorter")
    return cursor


def decode(cursor: str, sort: str, digest: str) -> tuple[Written, ...]:
    """The keys as they were written. Raises InvalidCursor."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        parts = json.loads(raw)
        whole = (
            isinstance(parts, list) and _dumped(parts) == raw and _text(raw) == cursor
        )  # there is one way to write it
    except (ValueError, RecursionError) as error:
        raise InvalidCursor from error
    if not whole or len(parts) < 4 or parts[:2] != [VERSION, sort] or type(parts[0]) is not int or parts[-1] != digest:
        raise InvalidCursor
    keys = tuple(parts[2:-1])
    if not all(type(key) in (int, str) for key in keys):
        raise InvalidCursor
    return keys


def _text(written: bytes) -> str:
    return base64.urlsafe_b64encode(written).rstrip(b"=").decode()


def _dumped(parts: Sequence[Any]) -> bytes:
    return json.dumps(parts, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _written(key: Key) -> Written:
    if isinstance(key, bool) or not isinstance(key, int | str | datetime | UUID | Decimal):
        raise TypeError(f"{type(key).__name__} is no key of a cursor")
    if isinstance(key, datetime):
        if key.tzinfo is None:
            raise TypeError("a time without a zone is no key of a cursor")
        return key.astimezone(UTC).isoformat()
    return key if isinstance(key, int | str) else str(key)


def _read(kind: type[Any], written: Written) -> Key:
    """The key, as it was before it was written. Raises ValueError for anything that was not written so."""
    key = _made(kind, written)
    if _written(key) != written:
        raise InvalidCursor
    return key


def _made(kind: type[Any], written: Written) -> Key:
    if kind is int:
        if isinstance(written, int) and abs(written) <= LARGEST:
            return written
        raise InvalidCursor
    if not isinstance(written, str) or "\0" in written:
        raise InvalidCursor
    if kind is datetime:
        return datetime.fromisoformat(written)
    if kind is Decimal:
        number = Decimal(written)
        if number.is_finite() and abs(number.adjusted()) <= LONGEST:
            return number
        raise InvalidCursor
    return UUID(written) if kind is UUID else written


@dataclass(frozen=True, slots=True)
class Walk:
    """The page that a caller asks for of a list that is walked with cursors.

    ``sort`` is what the caller chose, or the operation's own. ``error``: what a cursor is refused with.
    """

    limit: int
    sort: str
    digest: str
    cursor: str | None
    error: str

    @property
    def rows(self) -> int:
        """How many to look for: one more than is shown tells whether there are further ones."""
        return self.limit + 1

    @overload
    def after(self, k1: type[K1], /) -> tuple[K1] | None: ...
    @overload
    def after(self, k1: type[K1], k2: type[K2], /) -> tuple[K1, K2] | None: ...
    @overload
    def after(self, k1: type[K1], k2: type[K2], k3: type[K3], /) -> tuple[K1, K2, K3] | None: ...
    def after(self, *kinds: type[Any]) -> tuple[Any, ...] | None:
        """The keys of the row that was shown last, each of its kind; None at the beginning.

        Raises ApiError ``error``.
        """
        if self.cursor is None:
            return None
        try:
            written = decode(self.cursor, self.sort, self.digest)
            return tuple(_read(kind, key) for kind, key in zip(kinds, written, strict=True))
        except (ValueError, TypeError, OverflowError, InvalidOperation):
            raise ApiError(self.error) from None

    def page(self, rows: Sequence[Row], keys: Callable[[Row], Sequence[Key]]) -> tuple[Sequence[Row], str | None]:
        """The rows to show, and the cursor that leads on; None at the end. ``keys`` are those of a row."""
        shown = rows[: self.limit]
        further = len(rows) > self.limit
        return shown, encode(self.sort, keys(shown[-1]), self.digest) if further else None
