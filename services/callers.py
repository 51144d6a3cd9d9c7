"""What a use case asks of the one call that it serves. The call itself, with its headers, stays below the web."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from domain.auth.devices import Known
from domain.keys import Digest
from domain.topics import Circumstances
from persistence.repositories import Repositories


class PasswordHasher(Protocol):
    """Hashes in the caller's turn, and knows how the passwords of the call were sent."""

    async def hash(self, password: str) -> str:
        """Raises ApiError service.unavailable when too much work comes before."""

    async def matches(
        self, password: str, password_hash: str | None, *, target: str | None = None, known: bool = False
    ) -> bool:
        """Whether the password is the hashed one; every failure takes the same work. Raises as ``hash``.

        ``target``: whom a stranger wants to be; ``known``: its device or network was here before.
        """

    async def renewed(self, password: str) -> str | None:
        """A hash of today for the password that just matched; None when it has one, or while there is no room."""


class RefreshCarrier(Protocol):
    """Where the client of the call keeps its refresh token."""

    def presented(self, body: Mapping[str, object] | None) -> tuple[str, ...]:
        """Every token that came with the call.

        Raises ApiError auth.session.foreign_site, or auth.session.tokens_differ.
        """

    def keep(self, token: str, life: timedelta) -> None:
        """Have the client keep the token."""

    def drop(self) -> None:
        """Have the client forget its token, unless a page of another site makes the call."""


class Visitor(Protocol):
    """Who calls, as far as an account can know it: by a cookie of the device, and by the network."""

    async def recognise(self, db: Repositories, user_id: UUID | None) -> Known:
        """Whether the account was signed in to from the device or network before."""

    def counters(self, email: str, known: Known) -> tuple[tuple[Digest, int], ...]:
        """Where a failure is counted, each with its threshold."""

    async def forget_failures(self, db: Repositories, email: str, known: Known, now: datetime) -> int:
        """How many came before the success that forgets them."""

    async def welcome(
        self, db: Repositories, user_id: UUID, country: str | None, now: datetime, failures: int = 0
    ) -> None:
        """Before a session begins: remember where from, and tell the owner of what is new to the account."""

    async def tell_of_failures(
        self, db: Repositories, user_id: UUID, country: str | None, now: datetime, failures: int
    ) -> bool:
        """Whether there were so many that the owner is told."""

    async def tell(
        self, db: Repositories, topic: type[Circumstances], user_id: UUID, country: str | None, now: datetime
    ) -> None:
        """Mail the owner when, from which device and from where."""

    async def forget_others(self, db: Repositories, user_id: UUID) -> None:
        """Whoever signed in to the account from elsewhere is new to it from now on."""

    def keep(self) -> None:
        """Have the client keep the cookie of the device."""
