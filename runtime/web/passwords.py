"""The hasher as a handler gets it."""

from domain.errors import ApiError
from domain.network import traced_network
from runtime.web.call import Call
from services.callers import PasswordHasher
from services.passwords import Hasher, Match
from services.turns import Caller, Standing


class CallersHasher(PasswordHasher):
    """The hasher as a handler gets it: knows who calls, and how the passwords of the call were sent."""

    def __init__(self, hasher: Hasher, call: Call) -> None:
        self._hasher = hasher
        self._call = call
        self._match = Match(False)

    async def hash(self, password: str) -> str:
        """As ``Hasher.hash``."""
        return await self._hasher.hash(password, self._caller())

    async def matches(
        self, password: str, password_hash: str | None, *, target: str | None = None, known: bool = False
    ) -> bool:
        """As ``Hasher.match``. ``target``: whom a stranger wants to be; ``known``: its device or network was
        here before."""
        as_sent = self._call.typed.get(password)
        self._match = await self._hasher.match(password, password_hash, as_sent, self._caller(target, known))
        return self._match.right

    async def renewed(self, password: str) -> str | None:
        """A hash of today for the password that just matched; None when it has one, or while there is no room."""
        if not self._match.outdated:
            return None
        try:
            return await self._hasher.hash(password, Caller(gone=self._call.gone))
        except ApiError:
            return None

    def _caller(self, target: str | None = None, known: bool = False) -> Caller:
        principal = self._call.principal
        aims = () if target is None else (f"account {target}",)
        if principal is not None:
            return Caller(Standing.SIGNED_IN, (str(principal.user_id),), self._call.gone)
        if known:
            return Caller(Standing.KNOWN, aims, self._call.gone)
        network = traced_network(self._call.client.network) or "unknown"
        return Caller(Standing.STRANGER, (network, *aims), self._call.gone)
