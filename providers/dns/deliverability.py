"""Which addresses may register: well-formed, not disposable, and of a domain that says it accepts mail.

The DNS is asked for a refusal only: whoever cannot be asked (slow, broken, unreachable) must not keep people from
signing up, since the verification mail decides in the end.
"""

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from os import PathLike

from disposable_email_domains import blocklist

from domain import email_address
from domain.config_keys import BoolKey, Config
from domain.errors import ApiError
from providers.breaker import Breaker
from providers.dns.lookup import RESOLV_CONF, UNDECIDED, MailLookup, Verdict, stub_resolver
from providers.email.message import parse_mailbox
from providers.email.smtp import FROM
from providers.observing import Watch
from providers.ports import ProviderUnavailable

EMAIL_MX_CHECK = BoolKey(
    "auth.email_mx_check", True, "whether the domain of a new address must accept mail (by DNS)", development=False
)

LOOKUP_SECONDS = 3.0
CACHED_DOMAINS = 10_000
# Strangers choose the domains: however many they name, the resolver is asked about so many at a time.
MOST_AT_ONCE = 64
DISPOSABLE = frozenset(blocklist)
FAMILY, RESOLVER = "dns", "resolver"
# One that is silent so many times in a row, however slowly questions come, is left alone.
SILENCES, PAUSE_SECONDS = 3, 30.0

Clock = Callable[[], float]


class MailRules:
    """``resolver`` is the name server's ``host:port``; without it the system's are asked, if it has any.

    ``clock`` gives monotonic seconds, ``seconds`` bounds all queries about one domain together.
    """

    def __init__(
        self,
        config: Config,
        resolver: str | None = None,
        *,
        clock: Clock = time.monotonic,
        seconds: float = LOOKUP_SECONDS,
        resolv_conf: str | PathLike[str] = RESOLV_CONF,
        watch: Watch | None = None,
    ) -> None:
        self._config = config
        self._breaker = Breaker(clock, failures=SILENCES, within=math.inf, pause=PAUSE_SECONDS)
        self._cache = VerdictCache(clock, CACHED_DOMAINS)
        self._lookup = MailLookup(stub_resolver(resolver, resolv_conf), self._breaker, seconds)
        self._flights: dict[str, asyncio.Task[bool]] = {}
        self._watch = watch or Watch()
        self._watch.adopt(FAMILY, RESOLVER, self._breaker)

    async def require_deliverable(self, address: str) -> None:
        """Return when mail to the address may arrive. Raises ApiError ``auth.register.invalid_email``."""
        if not await self._is_deliverable(email_address.normalize(address)):
            raise ApiError("auth.register.invalid_email")

    async def probe(self) -> str:
        """What the resolver says of the domain of our own mails. Raises ProviderUnavailable."""
        verdict = await self._lookup.verdict(self._own_domain())
        if verdict.ttl <= 0:
            raise ProviderUnavailable("the resolver does not answer")
        return f"the resolver answers; the domain of our mails {'takes' if verdict.accepts else 'does not take'} mail"

    def _own_domain(self) -> str:
        try:
            return parse_mailbox(self._config[FROM]).domain
        except ValueError:
            raise ProviderUnavailable(f"{FROM.name} is not a mail address") from None

    async def _is_deliverable(self, address: str) -> bool:
        domain = email_address.domain_of(address)
        if not email_address.is_valid(address) or email_address.is_disposable(domain, DISPOSABLE):
            return False
        return not self._config[EMAIL_MX_CHECK] or await self._accepts_mail(domain)

    async def _accepts_mail(self, domain: str) -> bool:
        known = self._cache.get(domain)
        if known is not None:
            return known
        flight = self._flights.get(domain)
        if flight is None:
            if len(self._flights) >= MOST_AT_ONCE or not self._breaker.allows():
                return True
            flight = self._start(domain)
        # Others wait for the same answer: a caller who leaves must not take it away from them.
        return await asyncio.shield(flight)

    def _start(self, domain: str) -> asyncio.Task[bool]:
        flight = self._flights[domain] = asyncio.create_task(self._decide(domain))
        flight.add_done_callback(lambda _: self._flights.pop(domain))
        return flight

    async def _decide(self, domain: str) -> bool:
        with self._watch.counted(FAMILY, RESOLVER) as ending:
            verdict = await self._lookup.verdict(domain)
            if not verdict.accepts:
                ending.outcome = "rejected"
            elif verdict == UNDECIDED:
                ending.outcome = "unavailable"
        if verdict.ttl > 0:
            self._cache.put(domain, verdict)
        return verdict.accepts


class VerdictCache:
    """The domains asked about last, each for as long as its records allow."""

    def __init__(self, clock: Clock, size: int) -> None:
        self._clock = clock
        self._size = size
        self._entries: OrderedDict[str, tuple[bool, float]] = OrderedDict()

    def get(self, domain: str) -> bool | None:
        entry = self._entries.get(domain)
        if entry is None:
            return None
        accepts, expires_at = entry
        if expires_at <= self._clock():
            del self._entries[domain]
            return None
        self._entries.move_to_end(domain)
        return accepts

    def put(self, domain: str, verdict: Verdict) -> None:
        self._entries[domain] = (verdict.accepts, self._clock() + verdict.ttl)
        self._entries.move_to_end(domain)
        if len(self._entries) > self._size:
            self._entries.popitem(last=False)
