"""HTTP as uvicorn speaks it, with bounds: on time, bytes and connections that a client may take.

httptools bounds nothing and uvicorn waits for ever. Whoever is too slow is cut off without an answer: there is no
request yet that one could belong to, or its client hardly listens.
"""

import asyncio
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import httptools
from starlette.responses import Response
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from domain.hosts import is_host
from domain.network import Network, network_of, wider_networks, within
from domain.upload import FILES, LARGEST_FILE
from runtime.web.lifecycle import CROWDED, Lifecycle
from runtime.web.limits.local import GROWTH

# Like the parser's own 400 it has no envelope: no request is known whose correlation id or language it could have.
HEAD_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
FRAMING = 4  # colon, blank and the end of the line
INVALID = "Invalid HTTP request received."
VERSIONS = ("1.1", "1.0")
ABSOLUTE = re.compile(rb"https?://(?P<authority>[^/?#]*)(?P<rest>.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Limits:
    """A body has ``body_seconds``, and one more for every ``body_pace`` bytes of it that came."""

    head_seconds: float = 10
    head_bytes: int = 64 * 1024
    body_seconds: float = 30
    body_pace: int = 4096
    body_bytes: int = 64 * 1024 * 1024  # on the wire
    file_bytes: int = LARGEST_FILE + LARGEST_FILE // 4  # likewise, of an upload in chunks
    header_lines: int = 200  # of a head, and of what follows a chunked body
    pipelined: int = 32
    unread_seconds: float = 30  # an answer of which the client takes nothing
    linger_seconds: float = 2
    linger_bytes: int = 4 * 1024 * 1024
    linger_gulp: int = 256 * 1024  # between two looks of the server: whoever is sent away shall cost nobody else time


class Traffic(ServerState):
    """What the connections of one process share. ``parting_seconds``: how long idle ones stay when it ends.

    ``share``: how many those of one client's network may be, and four times as many in each network around it,
    but no more than half of all.
    """

    def __init__(
        self,
        lifecycle: Lifecycle,
        limits: Limits,
        parting_seconds: float,
        share: int,
        trusted_proxies: tuple[Network, ...],
    ) -> None:
        super().__init__()
        self.lifecycle = lifecycle
        self.limits = limits
        self.parting_seconds = parting_seconds
        self.share = share
        self.trusted_proxies = trusted_proxies
        self.networks: dict[str, set[BoundedProtocol]] = {}


class Awaited(IntEnum):
    """What the client still owes; in the order in which connections are given up for others."""

    HEAD = 0
    NOTHING = 1
    BODY = 2


class TooMuch(Exception):
    """Ends the parsing."""


class NoProxy(Exception):
    """Ends the parsing: nothing is tunnelled here."""


# Called by name: ``super()`` costs a tenth of a microsecond, at each request.
begin_request = HttpToolsProtocol.on_headers_complete


class BoundedProtocol(HttpToolsProtocol):
    """One connection. Time is looked at by ``check``, which the server calls now and then, not at each request.

    ``_since``: when it began to wait for the rest of a head or a body; None where the whole came at once.
    """

    def __init__(
        self,
        config: Config,
        server_state: Traffic,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._traffic = server_state
        self._lifecycle = server_state.lifecycle
        self._limits = server_state.limits
        self._since: float | None = None
        self._chunk = self._received = self._ignored = self._gulped = self._bare = 0
        self._bodied = False
        self._lingers_until: float | None = None
        self._unsent, self._unsent_since = -1, 0.0
        self._networks: tuple[str, ...] = ()
        self._crowded = False
        self._before: list[RequestResponseCycle] = []  # which the newest waits for

    @property
    def idle(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    @property
    def awaited(self) -> Awaited:
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.scope is not self.scope:
            return Awaited.HEAD
        return Awaited.BODY if cycle.more_body else Awaited.NOTHING

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._since = self.loop.time()
        self._join()
        if len(self.connections) > self._lifecycle.most:
            self._make_room(self.connections)

    def _join(self) -> None:
        """A proxy of ours speaks for many clients, whom only the heads of their requests tell apart."""
        peer = self.client[0] if self.client else None
        if peer is None or within(peer, self._traffic.trusted_proxies):
            return
        network, share = network_of(peer), self._traffic.share
        self._networks = (network, *wider_networks(network))
        for name in self._networks:
            fellows = self._traffic.networks.setdefault(name, set())
            fellows.add(self)
            if len(fellows) > share and not self._make_room(fellows):
                self._crowded = True
            share = min(share * GROWTH, max(share, self._lifecycle.most // 2))

    def _part_from_others(self) -> None:
        self.connections.discard(self)
        for name in self._networks:
            fellows = self._traffic.networks[name]
            fellows.discard(self)
            if not fellows:
                del self._traffic.networks[name]
        self._networks = ()

    def _make_room(self, among: Iterable[Any]) -> bool:
        """Give up the connection that waits longest for its client. Where none does, the request will be refused."""
        others = (one for one in among if isinstance(one, BoundedProtocol) and one is not self)
        waiting = [one for one in others if one.idle or one.awaited is Awaited.BODY or one.flow.write_paused]
        if waiting:
            longest = min(waiting, key=lambda one: (one.awaited, one._since or 0.0))
            longest.transport.abort()
            longest._part_from_others()  # the loop tells it later; until then it would be given up again
        return bool(waiting)

    def connection_lost(self, exc: Exception | None) -> None:
        """uvicorn tells it to the newest request alone, and would begin those that wait."""
        self.pipeline.clear()
        for cycle in self._before:
            cycle.disconnected = not cycle.response_complete
            cycle.message_event.set()
        self._part_from_others()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._chunk = len(data)
        if self._lingers_until is not None:
            self._ignore()
            return
        self._unset_keepalive_if_required()
        self._feed(data)
        cycle: RequestResponseCycle | None = self.cycle
        # A whole request that waits for its answer is what nearly always came.
        if cycle is None or cycle.more_body or cycle.response_complete or cycle.scope is not self.scope:
            self._account()
        elif self._since is not None:
            self._since = None

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offered:
            self._decline(data[offered.args[0] :])
        except httptools.HttpParserError:
            self.send_400_response(INVALID)

    def _decline(self, rest: bytes) -> None:
        """Read the head again without its ``Upgrade``, and then its body. The parser takes what follows an offer for
        another protocol; but a server that takes none up answers as if there were no offer (RFC 9110, 7.8).
        """
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        head = [b"%b %b HTTP/%b" % (method, self.url, version)]
        head += [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's own
        self._feed(b"\r\n".join([*head, b"", rest]))

    def _should_upgrade(self) -> bool:
        """uvicorn asks about a head with an offer: it leaves that to ``_decline``."""
        return True

    def on_header(self, name: bytes, value: bytes) -> None:
        """The blanks around a value are no part of it (RFC 9112, 5.1)."""
        name, value = name.lower(), value.strip(b" \t")
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        suspicious = self._since is not None or self._chunk > self._limits.head_bytes
        if len(self.headers) > self._limits.header_lines or (suspicious and self._head_is_too_large()):
            raise TooMuch
        if self.parser.should_upgrade():
            if self.parser.get_method() == b"CONNECT":  # which no ``_decline`` makes another method
                raise NoProxy
            return
        self._since = None
        if self._crowded:
            self.scope[CROWDED] = True  # type: ignore[literal-required]
        before = self.cycle
        self._begin()
        if self.pipeline:
            self._before = [cycle for cycle in (*self._before, before) if not cycle.response_complete]
        self.headers = []  # what follows a chunked body is no header of the request (RFC 9110, 6.5.1)
        if self._lifecycle.phase:
            self.cycle.keep_alive = False
        if len(self.pipeline) > self._limits.pipelined:
            self.transport.abort()
            raise TooMuch

    def _begin(self) -> None:
        status = self._fault()
        if status is None:
            begin_request(self)
            return
        served, self.app = self.app, Response(status_code=status, headers={"connection": "close"})
        try:
            begin_request(self)
        finally:
            self.app = served
        self.cycle.keep_alive = False

    def _fault(self) -> int | None:
        """The status of a head that is whole and yet no request: of another version, in a coding that nobody here
        reads (RFC 9112, 6.1), or for no host.
        """
        version = self.parser.get_http_version()
        if version not in VERSIONS:
            return 505
        if any(value.lower() != b"chunked" for name, value in self.headers if name == b"transfer-encoding"):
            return 501
        hosts = [value for name, value in self.headers if name == b"host"]
        if len(hosts) != 1:
            return None if version == "1.0" and not hosts else 400
        if not is_host(hosts[0].decode("latin-1")):
            return 400
        return None if self.url.startswith(b"/") else self._read_absolute()

    def _read_absolute(self) -> int | None:
        """A target with scheme and host names the host in place of the header (RFC 9112, 3.2.2)."""
        target = ABSOLUTE.fullmatch(self.url)
        if target is None:
            return 400 if b":" in self.url else None  # another scheme, or such as "*"
        if not is_host(target["authority"].decode("latin-1")):
            return 400
        own = [header for header in self.headers if header[0] != b"host"]
        self.headers[:] = [*own, (b"host", target["authority"])]
        self.url = target["rest"] if target["rest"].startswith(b"/") else b"/" + target["rest"]
        return None

    def _head_is_too_large(self) -> bool:
        size = len(self.url) + sum(len(name) + len(value) + FRAMING for name, value in self.headers)
        return size > self._limits.head_bytes or len(self.headers) > self._limits.header_lines

    def _account(self) -> None:
        """More must come after this chunk. The first one is not counted: how much of it belongs to the rest?"""
        if self._lingers_until is not None or self.transport.is_closing():  # the parsing was ended
            return
        if self._since is None:
            self._since, self._received = self.loop.time(), 0
        else:
            self._received += self._chunk
        if self.awaited is Awaited.BODY:
            self._account_body()
        elif self._received > self._limits.head_bytes:
            self._refuse_head()

    def on_body(self, body: bytes) -> None:
        self._bodied = True
        super().on_body(body)

    def _account_body(self) -> None:
        """What brings none of the body is a trailer or an extension of a chunk; the parser keeps it until it ends."""
        self._bare = 0 if self._bodied else self._bare + self._chunk
        self._bodied = False
        most = self._limits.file_bytes if self.scope["path"].startswith(FILES) else self._limits.body_bytes
        endless = self._bare > self._limits.head_bytes or len(self.headers) > self._limits.header_lines
        if self._received > most or endless:
            self.transport.abort()
        elif self.cycle.response_complete:
            self._ignore()
        elif not isinstance(self.cycle.transport, _DiscardingTransport):
            self.cycle.transport = _DiscardingTransport(self)

    def send_400_response(self, msg: str) -> None:
        """uvicorn's answer to whatever ended the parsing."""
        if self.awaited is Awaited.HEAD and self._head_is_too_large():
            self._refuse_head()
        elif self.awaited is Awaited.HEAD and not self.idle:
            self.cycle.keep_alive = False  # what was asked before is answered; then this connection ends
        elif not self.transport.is_closing():
            super().send_400_response(msg)

    def _refuse_head(self) -> None:
        if self.idle:  # else another answer is under way
            self.transport.write(HEAD_TOO_LARGE)
        self.linger()

    def linger(self) -> None:
        """Close. While the client still sends, closing at once would be a reset, which may overtake the answer."""
        if self.awaited is Awaited.NOTHING:
            self.transport.close()
            return
        self._lingers_until = self.loop.time() + self._limits.linger_seconds
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def _ignore(self) -> None:
        """What comes after the answer is read and forgotten, within bounds."""
        self._ignored += self._chunk
        if self._ignored > self._limits.linger_bytes:
            self.transport.abort()
        elif self._lingers_until is not None:
            self._gulped += self._chunk
            if self._gulped >= self._limits.linger_gulp:
                self._gulped = 0
                self.flow.pause_reading()

    def check(self, now: float) -> None:
        """Cut the connection off if its client is too slow."""
        if self._lingers_until is not None:
            if now > self._lingers_until:
                self.transport.abort()
            else:
                self.flow.resume_reading()
        elif self.flow.write_paused or self.transport.is_closing():
            self._check_reader(now)
        elif self.pipeline and self._is_reset():
            self.transport.abort()
        elif self._since is not None:
            self._check_sender(now, self._since)

    def _is_reset(self) -> bool:
        """Nobody reads from a connection while requests wait on it, so nobody learns that the client has left."""
        return bool(self.transport.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))

    def _check_sender(self, now: float, since: float) -> None:
        """After an answer, the rest of its request and the next head have the time of a head."""
        of_body = self.awaited is Awaited.BODY and not self.idle
        if self.flow.read_paused or (not of_body and not self.idle):  # it is us who let it wait
            self._since = now
        elif now - since > (self._body_time() if of_body else self._limits.head_seconds):
            self.transport.abort()

    def _body_time(self) -> float:
        return self._limits.body_seconds + self._received / self._limits.body_pace

    def _check_reader(self, now: float) -> None:
        unsent = self.transport.get_write_buffer_size()
        if unsent != self._unsent:
            self._unsent, self._unsent_since = unsent, now
        elif now - self._unsent_since > self._limits.unread_seconds:
            self.transport.abort()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unsent = -1

    def leave(self) -> None:
        """The process will end: the connection does so after the answer that is under way."""
        if not self.idle:
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """The process ends. A request that is on its way to an idle connection shall find somebody to refuse it."""
        if self.idle and self._traffic.parting_seconds:
            self.loop.call_later(self._traffic.parting_seconds, self._part)
        else:
            super().shutdown()

    def _part(self) -> None:
        if self.idle:
            self.transport.close()


class _DiscardingTransport(asyncio.Transport):
    """The transport of an answer that may be complete before its request is."""

    def __init__(self, protocol: BoundedProtocol) -> None:
        super().__init__()
        self._protocol = protocol

    def write(self, data: Any) -> None:
        self._protocol.transport.write(data)

    def is_closing(self) -> bool:
        return self._protocol.transport.is_closing()

    def close(self) -> None:
        self._protocol.linger()
