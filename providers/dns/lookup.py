"""What the DNS says about mail for one domain."""

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from os import PathLike
from typing import Any
from urllib.parse import urlsplit

import dns.asyncresolver
import dns.name
import dns.nameserver
import dns.resolver
from dns.exception import DNSException
from dns.rdatatype import AAAA, MX, A, RdataType

from providers.breaker import Breaker

MIN_POSITIVE_TTL, MAX_POSITIVE_TTL = 60, 3600
MAX_NEGATIVE_TTL = 300
RESOLV_CONF = "/etc/resolv.conf"


class Outcome(Enum):
    FOUND = auto()
    EMPTY = auto()
    NXDOMAIN = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Reply:
    """What the resolver said to one question."""

    outcome: Outcome
    ttl: float = 0
    records: Sequence[Any] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """``ttl`` is how long it holds; 0 when nothing was decided."""

    accepts: bool
    ttl: float


UNKNOWN = Reply(Outcome.UNKNOWN)
UNDECIDED = Verdict(accepts=True, ttl=0)


class MailLookup:
    """The rules of RFC 5321 section 5.1 and RFC 7505, asked of one resolver within one time limit."""

    def __init__(self, resolver: dns.asyncresolver.Resolver | None, breaker: Breaker, seconds: float) -> None:
        self._resolver = resolver
        self._breaker = breaker
        self._seconds = seconds
        if resolver is not None:
            resolver.lifetime = seconds
            resolver.timeout = seconds / 3  # a lost datagram leaves time to ask again

    async def verdict(self, domain: str) -> Verdict:
        name = dns.name.from_text(domain)
        deadline = asyncio.get_running_loop().time() + self._seconds
        reply = await self._ask(name, MX, deadline)
        match reply.outcome:
            case Outcome.UNKNOWN:
                return UNDECIDED
            case Outcome.NXDOMAIN:
                return refused(reply.ttl)
            case Outcome.EMPTY:
                return await self._by_address(name, deadline, reply.ttl)
        return refused(reply.ttl) if is_null_mx(reply.records) else accepted(reply.ttl)

    async def _by_address(self, name: dns.name.Name, deadline: float, mx_ttl: float) -> Verdict:
        """A domain without MX is its own mail host, if it is a host at all (RFC 5321 section 5.1)."""
        questions = [asyncio.create_task(self._ask(name, rdtype, deadline)) for rdtype in (A, AAAA)]
        replies = []
        try:
            for answered in asyncio.as_completed(questions):
                reply = await answered
                if reply.outcome is Outcome.FOUND:
                    return accepted(reply.ttl)
                replies.append(reply)
        finally:
            for question in questions:
                question.cancel()
        return UNDECIDED if UNKNOWN in replies else refused(min(mx_ttl, *(reply.ttl for reply in replies)))

    async def _ask(self, name: dns.name.Name, rdtype: RdataType, deadline: float) -> Reply:
        if self._resolver is None:
            return UNKNOWN
        try:
            async with asyncio.timeout_at(deadline):
                answer = await self._resolver.resolve(name, rdtype, raise_on_no_answer=False, search=False)
        except dns.resolver.NXDOMAIN as refusal:
            self._breaker.answered()
            return Reply(Outcome.NXDOMAIN, refusal.kwargs["responses"][name].resolve_chaining().minimum_ttl)
        except (DNSException, OSError) as failure:  # of which TimeoutError is one
            if has_answered(failure):
                self._breaker.answered()
            else:
                self._breaker.failed()
            return UNKNOWN
        self._breaker.answered()
        outcome = Outcome.EMPTY if answer.rrset is None else Outcome.FOUND
        return Reply(outcome, answer.chaining_result.minimum_ttl, tuple(answer))


def accepted(ttl: float) -> Verdict:
    return Verdict(accepts=True, ttl=min(max(ttl, MIN_POSITIVE_TTL), MAX_POSITIVE_TTL))


def refused(ttl: float) -> Verdict:
    """Held briefly: its owner may be setting the domain up right now."""
    return Verdict(accepts=False, ttl=min(ttl, MAX_NEGATIVE_TTL))


def is_null_mx(records: Sequence[Any]) -> bool:
    """RFC 7505 section 3: one record alone, preference 0, exchange ``.``."""
    return len(records) == 1 and records[0].preference == 0 and records[0].exchange == dns.name.root


def has_answered(failure: Exception) -> bool:
    """Whether a server sent anything (such as SERVFAIL) before the question was given up."""
    if isinstance(failure, dns.resolver.YXDOMAIN):
        return True
    errors = failure.kwargs.get("errors", ()) if isinstance(failure, DNSException) else ()
    return any(response is not None for *_, response in errors)


def stub_resolver(
    address: str | None, resolv_conf: str | PathLike[str] = RESOLV_CONF
) -> dns.asyncresolver.Resolver | None:
    """The resolver at ``host:port``, else the system's, or None where the system has none.

    Raises ValueError for an address that names no server.
    """
    if address is not None:
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers = name_servers(address)
        return resolver
    try:
        return dns.asyncresolver.Resolver(resolv_conf)
    except (DNSException, OSError, ValueError):  # no file, no server in it, or nonsense
        return None


def name_servers(address: str) -> list[dns.nameserver.Nameserver]:
    url = urlsplit(f"//{address}")
    try:
        found = socket.getaddrinfo(url.hostname or "", url.port or 53, type=socket.SOCK_DGRAM)
    except OSError as failure:
        raise ValueError(f"{address!r} is not the host:port of a name server") from failure
    # IPv4 first: a resolver on localhost rarely listens on ::1, and asking there costs a timeout.
    places = sorted((family, str(place[0]), int(place[1])) for family, *_, place in found)
    return [dns.nameserver.Do53Nameserver(host, port) for _, host, port in places]
