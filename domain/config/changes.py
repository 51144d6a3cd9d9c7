"""A change of config: what somebody wants a key to be, who it is, and what came of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

STAFF, COMMAND = "STAFF", "COMMAND"
FINGERPRINT = "fingerprint"


@dataclass(frozen=True, slots=True)
class Default:
    """In place of a value: nothing is stored any more."""


DEFAULT = Default()


@dataclass(frozen=True, slots=True)
class Wish:
    """A key that somebody wants to have another value, until that moment where one is given.

    ``version``: the one that they have read; None for a command, which overwrites whatever is there. ``field``: what
    the names of its fields begin with in the body that it came in.
    """

    name: str
    value: Any
    version: int | None = None
    until: datetime | None = None
    field: str = ""

    @property
    def goes_back(self) -> bool:
        return isinstance(self.value, Default)

    def holds_at(self, moment: datetime) -> bool:
        return not self.goes_back and (self.until is None or self.until > moment)


@dataclass(frozen=True, slots=True)
class Author:
    """``user_id`` is None for a command."""

    user_id: UUID | None = None
    reason: str | None = None

    @property
    def source(self) -> str:
        return COMMAND if self.user_id is None else STAFF


@dataclass(frozen=True, slots=True)
class Written:
    """``before`` and ``after`` as the history has them: None for the default, of secrets ``{fingerprint}``."""

    name: str
    before: Any
    after: Any
    until: datetime | None


class MovedOn(Exception):
    """The key has another version than the one that was read: the ``current`` one."""

    def __init__(self, name: str, current: int) -> None:
        super().__init__(f"{name} has version {current}")
        self.name = name
        self.current = current


def told(value: Any, *, secret: bool) -> Any:
    """What the history holds, as it may be shown. Of a secret the fingerprint, whatever the key was at that time."""
    if isinstance(value, dict):
        return value.get(FINGERPRINT)
    return None if secret else value


def restorable(change: Any) -> bool:
    """Not where the history has a fingerprint."""
    return not isinstance(change.after, dict)
