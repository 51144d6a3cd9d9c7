"""A real DNS server on loopback, for whatever asks the DNS."""

import socketserver
from collections.abc import Mapping, MutableMapping, Sequence
from contextlib import ExitStack
from enum import Enum, auto
from threading import Thread
from typing import NamedTuple, Self

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset


class Behaviour(Enum):
    """How a name misbehaves. LOSSY loses the first question of a type and has no records for the next ones."""

    SERVFAIL = auto()
    SILENT = auto()
    LOSSY = auto()


SERVFAIL, SILENT, LOSSY = Behaviour

Records = Mapping[str, Sequence[str] | Behaviour]
Zone = MutableMapping[str, Records | Behaviour]

UDP_SIZE = 512


class Query(NamedTuple):
    name: str
    rdtype: str
    transport: str


class DnsServer:
    """Answers over UDP and TCP on one port of loopback while the context is open.

    The zone maps a name to its records by type, ``{"mail.test": {"MX": ["10 mx.mail.test."], "A": SILENT}}``; a type
    that is missing has no records, a name that is missing does not exist. Tests may change the zone meanwhile.
    """

    def __init__(self, zone: Zone, *, ttl: int = 600, negative_ttl: int = 120) -> None:
        self.zone = zone
        self.ttl = ttl
        self.negative_ttl = negative_ttl
        self.queries: list[Query] = []
        self._running = ExitStack()

    def __enter__(self) -> Self:
        udp, tcp = bind_pair(self)
        self.address = f"127.0.0.1:{udp.server_address[1]}"
        for server in (udp, tcp):
            thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
            thread.start()
            self._running.callback(thread.join)
            self._running.callback(server.server_close)
            self._running.callback(server.shutdown)
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def count(self, name: str, rdtype: str | None = None) -> int:
        return sum(query.name == name and rdtype in (None, query.rdtype) for query in self.queries)

    def reply(self, wire: bytes, transport: str) -> bytes | None:
        """The answer to one message, or None where the name is silent."""
        request = dns.message.from_wire(wire)
        question = request.question[0]
        name, rdtype = question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)
        self.queries.append(Query(name, rdtype, transport))
        response = dns.message.make_response(request)
        records = self.zone.get(name)
        found = records.get(rdtype, ()) if isinstance(records, Mapping) else records
        if found is SILENT or (found is LOSSY and self.count(name, rdtype) == 1):
            return None
        if found is SERVFAIL:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif isinstance(found, Sequence) and found:
            response.answer = [dns.rrset.from_text_list(question.name, self.ttl, "IN", rdtype, found)]
        else:
            response.set_rcode(dns.rcode.NXDOMAIN if found is None else dns.rcode.NOERROR)
            response.authority = [self._start_of_authority()]
        return to_wire(response, transport)

    def _start_of_authority(self) -> dns.rrset.RRset:
        """How long "there is nothing" may be believed (RFC 2308)."""
        text = f"ns.test. root.ns.test. 1 3600 600 86400 {self.negative_ttl}"
        return dns.rrset.from_text(dns.name.root, self.negative_ttl, "IN", "SOA", text)


def to_wire(response: dns.message.Message, transport: str) -> bytes:
    wire = response.to_wire()
    if transport == "udp" and len(wire) > UDP_SIZE:
        response.answer = []
        response.flags |= dns.flags.TC
        return response.to_wire()
    return wire


class UdpServer(socketserver.UDPServer):
    owner: DnsServer


class TcpServer(socketserver.TCPServer):
    owner: DnsServer


class UdpHandler(socketserver.BaseRequestHandler):
    server: UdpServer

    def handle(self) -> None:
        wire, sock = self.request
        answer = self.server.owner.reply(wire, "udp")
        if answer is not None:
            sock.sendto(answer, self.client_address)


class TcpHandler(socketserver.StreamRequestHandler):
    server: TcpServer

    def handle(self) -> None:
        length = int.from_bytes(self.rfile.read(2), "big")
        answer = self.server.owner.reply(self.rfile.read(length), "tcp")
        if answer is not None:
            self.wfile.write(len(answer).to_bytes(2, "big") + answer)


def bind_pair(owner: DnsServer, attempts: int = 20) -> tuple[UdpServer, TcpServer]:
    """Both transports on one port; a port that is free for UDP may be taken for TCP."""
    for _ in range(attempts):
        udp = UdpServer(("127.0.0.1", 0), UdpHandler)
        try:
            tcp = TcpServer(("127.0.0.1", udp.server_address[1]), TcpHandler)
        except OSError:
            udp.server_close()
            continue
        udp.owner = tcp.owner = owner
        return udp, tcp
    raise OSError("no port of loopback is free for both UDP and TCP")
