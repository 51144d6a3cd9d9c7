"""Who calls, as far as an account can know it: by a cookie of the device, and by the network.

Those from which an account was signed in to before have counters of failures of their own, so that strangers' failures
elsewhere lock none of them. A thief of the cookie has nothing by it but one such counter.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from contract.loader import Contract
from domain.auth import LOCKOUT_ACCOUNT_THRESHOLD, LOCKOUT_THRESHOLD, mask_ip
from domain.auth.devices import KNOWN_LIFE, Known, Sighting, read_device, write_device
from domain.config_keys import Config
from domain.keys import Digest, Digests, Purpose
from domain.network import traced_network
from domain.topics import Circumstances, NewSignIn, SignInAfterFailures
from domain.users import moment
from persistence.repositories import Repositories
from runtime.web.call import Call
from runtime.web.cookie import cookies_of
from services.callers import Visitor
from services.devices import device_of
from services.keyring import Keyring


@dataclass(frozen=True, slots=True)
class DeviceCookie:
    """As the contract declares it. It is the host's alone, whatever the settings say of the other one."""

    name: str
    path: str

    def line(self, value: str) -> str:
        life = int(KNOWN_LIFE.total_seconds())
        return f"{self.name}={value}; Max-Age={life}; Path={self.path}; HttpOnly; Secure; SameSite=Strict"


def device_cookie(contract: Contract) -> DeviceCookie:
    declared = contract.document["components"]["parameters"]["DeviceCookie"]
    return DeviceCookie(declared["name"], contract.base_path + declared["x-biore-cookie-path"])


class CallVisitor(Visitor):
    """Of one call."""

    def __init__(self, call: Call, cookie: DeviceCookie, keyring: Keyring, config: Config) -> None:
        self._call = call
        self._keyring = keyring
        self._config = config
        self._cookie = cookie
        client = call.client
        keys = keyring.keys(Purpose.DEVICE)
        shown = next(filter(None, (read_device(value, keys) for value in cookies_of(call, cookie.name))), None)
        self._device_id = shown or uuid4()
        self._family = device_of(client.user_agent)
        self._seen = Sighting(
            device_id=shown,
            family=self._family,
            network=self._digests(client.network),
            area=self._digests(traced_network(client.network) or ""),
        )

    def _digests(self, network: str) -> tuple[bytes, ...]:
        return tuple(digest.value for digest in self._keyring.digests(Purpose.KNOWN_NETWORK, network))

    async def recognise(self, db: Repositories, user_id: UUID | None) -> Known:
        return await db.known_devices.recognise(user_id, self._seen)

    def counters(self, email: str, known: Known) -> tuple[tuple[Digest, int], ...]:
        """Where a failure is counted, each with its threshold."""
        few, many = self._config[LOCKOUT_THRESHOLD], self._config[LOCKOUT_ACCOUNT_THRESHOLD]
        here = [(counter, few) for counter in self._here(email)]
        if known.device:
            return tuple((counter, few) for counter in self._by_device(email))
        return tuple(here if known.network else [*here, *((counter, many) for counter in self._anywhere(email))])

    def _by_device(self, email: str) -> Digests:
        return self._keyring.digests(Purpose.LOGIN_ATTEMPTS, email, "device", str(self._device_id))

    def _here(self, email: str) -> Digests:
        return self._keyring.digests(Purpose.LOGIN_ATTEMPTS, email, self._call.client.network)

    def _anywhere(self, email: str) -> Digests:
        return self._keyring.digests(Purpose.LOGIN_ATTEMPTS, email)

    async def forget_failures(self, db: Repositories, email: str, known: Known, now: datetime) -> int:
        """The number of failures before this success: of this client, or of strangers who are counted apart."""
        every = [*self._here(email), *self._anywhere(email), *self._by_device(email)]
        had = await db.login_attempts.forget_all([counter.value for counter in every], now)
        counted = {counter.value for counter, _ in self.counters(email, known)}
        return max((failures - (subject in counted) for subject, failures in had.items()), default=0)

    async def welcome(
        self, db: Repositories, user_id: UUID, country: str | None, now: datetime, failures: int = 0
    ) -> None:
        """Before a session begins: remember where from, and tell the owner of what is new to the account.

        The first sign-in of an account is nothing new. ``failures`` came before this success.
        """
        known = await self.recognise(db, user_id)
        user = await db.users.find(user_id)
        await db.known_devices.note(user_id, self._device_id, self._seen, now)
        told = await self.tell_of_failures(db, user_id, country, now, failures)
        if not told and user is not None and user.last_login_at is not None and not known.familiar:
            await self.tell(db, NewSignIn, user_id, country, now)

    async def tell_of_failures(
        self, db: Repositories, user_id: UUID, country: str | None, now: datetime, failures: int
    ) -> bool:
        """Whether there were so many that the owner is told."""
        many: bool = failures >= self._config[LOCKOUT_THRESHOLD]
        if many:
            await self.tell(db, SignInAfterFailures, user_id, country, now)
        return many

    async def tell(
        self, db: Repositories, topic: type[Circumstances], user_id: UUID, country: str | None, now: datetime
    ) -> None:
        place = ", ".join(part for part in (country, mask_ip(self._call.client.ip)) if part)
        await db.outbox.add(topic(user_id, when=moment(now), device=self._family or "", place=place))

    async def forget_others(self, db: Repositories, user_id: UUID) -> None:
        """Whoever signed in to the account from elsewhere is new to it from now on."""
        await db.known_devices.forget(user_id, but=self._seen)

    def keep(self) -> None:
        """Have the client keep the cookie of the device, for which ``welcome`` made a row."""
        value = write_device(self._device_id, self._keyring.key(Purpose.DEVICE))
        self._call.answer_headers.append((b"set-cookie", self._cookie.line(value).encode()))
