"""Answers that were made before anybody asked: bytes that are sent as they are, under the name of their state."""

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from math import floor
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

TAG_BYTES = 16
TAG = re.compile(r"[!#-~]{1,64}")


def tag_of(body: bytes) -> str:
    """The name of a state: the same bytes have the same one, whoever made them."""
    digest = hashlib.sha256(body, usedforsecurity=False).digest()[:TAG_BYTES]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Prepared(Generic[T_co]):
    """The whole body of a success, its envelope included, and the ``etag`` of its state, without quotes.

    ``T_co`` is what the body holds: ``-> Prepared[wire.Page]``. Where the operation says for how long an answer may be
    kept (``x-biore-cache``), that is cut to ``max_age`` seconds and to ``valid_until``, when it will be another answer.
    Where it names a parameter for a version, ``version`` is that of this answer: who asked for it may keep it for ever.
    """

    body: bytes
    etag: str
    max_age: int | None = None
    valid_until: datetime | None = None
    version: int | None = None

    def __post_init__(self) -> None:
        if TAG.fullmatch(self.etag) is None:
            raise ValueError(f"{self.etag!r} is no entity tag without quotes")

    def seconds_left(self, now: datetime) -> int | None:
        """For how long it is this answer; None where nothing ends it."""
        if self.valid_until is None:
            return self.max_age
        left = floor((self.valid_until - now).total_seconds())
        return left if self.max_age is None else min(left, self.max_age)


@dataclass(frozen=True, slots=True)
class Made(Generic[T]):
    """An answer, and ``until`` when it holds by the clock alone: the next moment at which a row begins or ends."""

    answer: T
    until: datetime | None = None


class Prepare(Protocol):
    """Makes the bytes of an answer as its operation would send them, for handlers that keep them."""

    def __call__(
        self, answer: T, *, max_age: int | None = None, valid_until: datetime | None = None
    ) -> Prepared[T]: ...
