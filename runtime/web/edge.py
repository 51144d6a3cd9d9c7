"""The outermost layer: who calls, under which correlation id, and the headers that every answer carries."""

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from operator import itemgetter
from random import Random

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contract.loader import METHODS
from contract.texts import negotiate
from domain.answers.hiding import hide
from domain.config_keys import Config
from domain.locales import SUPPORTED_LOCALES
from domain.network import MAX_ADDRESS, Network, address_of, network_of, traced_network, within
from domain.upload import FILES
from domain.users import Client
from runtime.observe.context import CORRELATION
from runtime.observe.log import RequestLog
from runtime.settings import Settings
from runtime.web.call import SCOPE_KEY, Call
from runtime.web.http.headers import Headers

CORRELATION_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
MAX_USER_AGENT = 512
MAX_PORT = len("[]:65535")
WITH_PORT = re.compile(r"(?:([0-9.]+)|\[([^\[\]]+)\])(?::[0-9]{1,5})?")  # 192.0.2.7:443, [2001:db8::1]:443
MAX_COUNTRY = 8
MAX_HOPS = 32
FORWARDED_FOR = "x-forwarded-for"
CDN_HEADERS = ("cf-connecting-ip", "true-client-ip", "fastly-client-ip", "cloudfront-viewer-address")
NOSNIFF = (b"x-content-type-options", b"nosniff")
PROBES = frozenset(("/health/live", "/health/ready"))
BAD = 400
FOUND = (200, 206, 304)
READING = ("GET", "HEAD")
MAX_PATH = 256
KNOWN_METHODS = {method.upper() for method in METHODS} | {"HEAD", "OPTIONS"}
# Shown in place of a line feed in a path, which the patterns of routers do not match; no path of ours holds either.
NEWLINE = "\u2424"
# What a browser may do with an answer that does not say otherwise: not keep it, not frame it, run and load nothing.
CLOSED = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
# Only in production: browsers remember it for the host for a year, and heed it over TLS alone.
TLS_ONLY = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
NAME = itemgetter(0)
DEFAULTED = frozenset(map(NAME, (*CLOSED, TLS_ONLY)))
Observe = Callable[[str | None, int, float], None]

log = structlog.get_logger(__name__)

_random = Random()  # noqa: S311 - seeded by the system, once in each process


class EdgeMiddleware:
    """Pure ASGI. Puts a ``Call`` into the scope and its headers on the answer."""

    def __init__(
        self, app: ASGIApp, settings: Settings, config: Config, observe: Observe, routes: Mapping[str, str]
    ) -> None:
        """``routes``: the path template of each operation, by its id."""
        self._app = app
        self._log = RequestLog()
        self._routes = routes
        self._tells_lost = settings.development
        self._observe = observe
        self._trusted = settings.trusted_proxies
        self._address_header = settings.client_address_header.lower()
        self._country_header = (settings.country_header or "").lower()
        self._config = config
        self._defaults = (*CLOSED, TLS_ONLY) if settings.production else CLOSED
        named = {self._address_header, self._country_header}
        self._unnamed = tuple(name for name in CDN_HEADERS if name not in named)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if "\n" in scope["path"]:
            scope["path"] = scope["path"].replace("\n", NEWLINE)
        headers = Headers(scope["headers"])
        given = headers.only("x-correlation-id")
        correlation_id = given if given and is_correlation_id(given) else new_correlation_id()
        call = scope[SCOPE_KEY] = Call(correlation_id, self._client(scope, headers), headers)
        CORRELATION.set(correlation_id)
        began = time.perf_counter()
        try:
            await self._app(scope, receive, HeaderSend(send, call, self._defaults))
        finally:
            seconds = time.perf_counter() - began
            self._observe(call.operation_id, call.status, seconds)
            if scope["path"] not in PROBES:
                refused = _refused(call) if call.status >= BAD and not call.page else {}
                self._log.note(
                    method_of(scope), self._path(scope, call), call.operation_id, call.status, seconds, correlation_id,
                    refused, aside=call.page,
                )  # fmt: skip

    def _path(self, scope: Scope, call: Call) -> str | None:
        """One that leads nowhere may hold whatever its sender mixed up, and is told to developers only."""
        known = known_path(self._routes, scope, call)
        return hide(scope["path"])[:MAX_PATH] if known is None and self._tells_lost else known

    def _client(self, scope: Scope, headers: Headers) -> Client:
        peer = scope["client"][0] if scope.get("client") else None
        trusted = peer is not None and within(peer, self._trusted)
        ip = forwarded_ip(headers, peer, self._trusted, self._address_header) if trusted else peer
        if trusted and self._unnamed:
            self._tell_unnamed(headers)
        agent = headers.first("user-agent")
        return Client(
            ip=ip,
            network=network_of(ip),
            user_agent=agent[:MAX_USER_AGENT] if agent else None,
            cdn_country=self._country(headers) if trusted else None,
            locale=negotiate(headers.joined("accept-language"), self._config[SUPPORTED_LOCALES]),
        )

    def _tell_unnamed(self, headers: Headers) -> None:
        """Once: either the CDN means it, and the setting is missing, or the proxy passes on what clients send."""
        for name in self._unnamed:
            if name in headers:
                log.warning("proxy.unnamed_header", header=name)
                self._unnamed = ()
                return

    def _country(self, headers: Headers) -> str | None:
        given = headers.only(self._country_header) if self._country_header else None
        return given if given and len(given) <= MAX_COUNTRY else None


class HeaderSend:
    """``send`` that puts the headers of every answer onto it, and notes its status. It has no coroutine of its own."""

    __slots__ = ("_call", "_defaults", "_send")

    def __init__(self, send: Send, call: Call, defaults: tuple[tuple[bytes, bytes], ...]) -> None:
        self._send = send
        self._call = call
        self._defaults = defaults

    def __call__(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            call = self._call
            call.status = message["status"]
            headers = [*message.get("headers", ()), (b"x-correlation-id", call.correlation_id.encode()), NOSNIFF]
            headers += call.answer_headers
            headers += self._defaults if DEFAULTED.isdisjoint(map(NAME, headers)) else self._missing(dict(headers))
            message["headers"] = headers
        return self._send(message)

    def _missing(self, present: Mapping[bytes, bytes]) -> list[tuple[bytes, bytes]]:
        return [default for default in self._defaults if default[0] not in present]


def known_path(routes: Mapping[str, str], scope: Scope, call: Call) -> str | None:
    """The template of an operation or of files, or the path itself where it led to something."""
    route = route_of(routes, scope, call)
    if route is None and (call.page or (call.status in FOUND and scope["method"] in READING)):
        return hide(scope["path"])[:MAX_PATH]
    return route


def route_of(routes: Mapping[str, str], scope: Scope, call: Call) -> str | None:
    """The template that a path has."""
    if call.operation_id is not None:
        return routes.get(call.operation_id)
    return f"{FILES}{{key}}" if scope["path"].startswith(FILES) else None


def method_of(scope: Scope) -> str:
    """Anybody may send any word in its place."""
    method: str = scope["method"]
    return method if method in KNOWN_METHODS else "_OTHER"


def _refused(call: Call) -> dict[str, str | None]:
    """What the log tells of a refusal, so that attempts can be followed: why, whose session, and from where."""
    user = str(call.principal.user_id) if call.principal else None
    return {"code": call.code, "user": user, "network": traced_network(call.client.network)}


def new_correlation_id() -> str:
    """A UUID of version 4 that need not be hard to guess, only new: without a system call and an object for each."""
    digits = f"{_random.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def is_correlation_id(text: str) -> bool:
    """Whether a client may choose it: nothing that logs would have to hide, for it stands in every line."""
    return CORRELATION_ID.fullmatch(text) is not None and hide(text) == text


def forwarded_ip(
    headers: Headers, peer: str | None, trusted: tuple[Network, ...], name: str = FORWARDED_FOR
) -> str | None:
    """The client behind trusted proxies, as the header called ``name`` tells: X-Forwarded-For by its nearest hop that
    is none of ours, any other by the one address that it holds. What tells nothing leaves the ``peer``.
    """
    if name != FORWARDED_FOR:
        return _told(headers.only(name) or "") or peer
    nearest = peer
    for hop in reversed(", ".join(headers.all(name)).rsplit(",", MAX_HOPS)):
        address = _told(hop.strip())
        if address is None:
            break
        nearest = address
        if not within(address, trusted):
            break
    return nearest


def _told(text: str) -> str | None:
    """The address that a proxy tells, without the port that some add to it."""
    if len(text) > MAX_ADDRESS + MAX_PORT:
        return None
    found = WITH_PORT.fullmatch(text)
    bare = found[1] or found[2] if found else text
    return bare if address_of(bare) else None
