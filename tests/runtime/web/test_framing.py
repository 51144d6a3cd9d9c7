"""Where a request begins and ends, whom it is for, and what its headers say: byte by byte, as strangers spell it."""

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path

import pytest

from tests.handlers.support import somebody
from tests.harness import Server, Tables, bearer
from tests.runtime.web.wire import new_address

SECONDS = 20
LOGIN = {"email": "nobody@example.com", "password": "Wrong-Pass-1"}
WRONG = json.dumps(LOGIN).encode()
MARK = "SMUGGLED-1"
SMUGGLED = f"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Correlation-Id: {MARK}\r\n\r\n".encode()
LIVE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
OFFERS = {
    "h2c": b"Connection: Upgrade\r\nUpgrade: h2c\r\n",
    "h2c as browsers and Java offer it": (
        b"Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n"
        b"Upgrade: h2c\r\n"
    ),
    "websocket": (
        b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    ),
    "TLS": b"Connection: upgrade\r\nUpgrade: TLS/1.3, HTTP/2.0\r\n",
    "nonsense": b"Connection: Upgrade\r\nUpgrade: \x80nonsense/;;\r\n",
    "odd case and blanks": b"cONNECTION: \t keep-alive ,\tuPGRADE \r\nuPGRADE:h2C \t\r\n",
    "several lines": b"Connection: keep-alive\r\nUpgrade: foo\r\nConnection: Upgrade\r\nUpgrade: bar\r\n",
    "without a value": b"Connection: Upgrade\r\nUpgrade:\r\n",
}


class Wire:
    """One connection; what is read ahead of an answer stays for the next one."""

    def __init__(self, server: Server) -> None:
        self.socket = socket.create_connection(("127.0.0.1", int(server.origin.rpartition(":")[2])), SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = self.socket.makefile("rb")

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.socket.sendall(piece)

    def answer(self, method: str = "GET") -> HTTPResponse:
        answer = HTTPResponse(_Kept(self._reader), method=method)  # type: ignore[arg-type]
        answer.begin()
        answer.body = answer.read()  # type: ignore[attr-defined]
        return answer

    def closed(self) -> bool:
        """Whether the server said all it will say."""
        return self._reader.read(1) == b""

    def close(self) -> None:
        self._reader.close()
        self.socket.close()


class _Kept:
    """What HTTPResponse takes for a socket, so that it closes nothing of ours."""

    def __init__(self, reader: object) -> None:
        self._reader = reader

    def makefile(self, _mode: str) -> "_Kept":
        return self

    def __getattr__(self, name: str) -> object:
        return getattr(self._reader, name)

    def close(self) -> None:
        pass


@pytest.fixture
def wire(server: Server) -> Iterator[Wire]:
    one = Wire(server)
    yield one
    one.close()


def code(answer: HTTPResponse) -> str:
    return str(json.loads(answer.body)["error"]["code"])  # type: ignore[attr-defined]


def post(path: str, body: bytes, *headers: bytes, host: bytes = b"Host: localhost\r\n", chunked: bool = False) -> bytes:
    """Head and body; the framing says where it ends."""
    framing = b"Transfer-Encoding: chunked\r\n" if chunked else b"Content-Length: %d\r\n" % len(body)
    caller = b"X-Forwarded-For: %s\r\n" % new_address().encode()
    head = b"POST /api/v1%s HTTP/1.1\r\n%sContent-Type: application/json\r\n" % (path.encode(), host) + caller + framing
    sent = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body
    return head + b"".join(headers) + b"\r\n" + sent


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS.keys())
class TestAnOfferedUpgradeChangesNothing:
    @pytest.mark.parametrize("chunked", [False, True], ids=["sized", "chunked"])
    def test_the_body_arrives_in_one_packet(self, wire: Wire, offer: bytes, chunked: bool) -> None:
        wire.send(post("/auth/login", WRONG, offer, chunked=chunked))
        assert code(wire.answer()) == "auth.login.invalid_credentials"
        wire.send(LIVE)
        assert wire.answer().status == 200

    @pytest.mark.parametrize("chunked", [False, True], ids=["sized", "chunked"])
    def test_the_body_arrives_in_later_packets(self, wire: Wire, offer: bytes, chunked: bool) -> None:
        head, _, body = post("/auth/login", WRONG, offer, chunked=chunked).partition(b"\r\n\r\n")
        wire.send(head, b"\r\n\r\n", body[:9], body[9:])
        assert code(wire.answer()) == "auth.login.invalid_credentials"
        wire.send(LIVE)
        assert wire.answer().status == 200

    def test_byte_by_byte_too(self, wire: Wire, offer: bytes) -> None:
        request = post("/auth/login", WRONG, offer)
        wire.send(*(request[at : at + 1] for at in range(len(request))))
        assert code(wire.answer()) == "auth.login.invalid_credentials"

    @pytest.mark.parametrize("path", ["/auth/logout", "/auth/refresh"])
    def test_the_body_is_never_run_as_a_request(self, wire: Wire, offer: bytes, path: str) -> None:
        head, _, _ = post(path, SMUGGLED, offer).partition(b"\r\n\r\n")
        wire.send(head + b"\r\n\r\n", SMUGGLED, LIVE)
        first = wire.answer()
        assert first.status == 400
        second = wire.answer()
        assert (second.status, second.headers["x-correlation-id"] == MARK) == (200, False)
        wire.socket.shutdown(socket.SHUT_WR)
        assert wire.closed()

    def test_pipelined_requests_are_answered_in_order(self, wire: Wire, offer: bytes) -> None:
        offered = LIVE[:-2] + offer + b"\r\n"
        wire.send(
            offered + post("/auth/login", WRONG, offer) + offered + LIVE + post("/auth/login", b"{", offer) + LIVE
        )
        assert [wire.answer().status for _ in range(6)] == [200, 401, 200, 200, 400, 200]

    def test_an_asked_end_is_an_end(self, wire: Wire, offer: bytes) -> None:
        wire.send(LIVE[:-2] + offer + b"Connection: close\r\n\r\n" + SMUGGLED)
        answer = wire.answer()
        assert answer.status == 200
        assert answer.headers["x-correlation-id"] != MARK

    def test_nothing_is_taken_up(self, wire: Wire, offer: bytes) -> None:
        wire.send(b"GET /api/v1/users/check-username?username=ada HTTP/1.1\r\nHost: localhost\r\n" + offer + b"\r\n")
        answer = wire.answer()
        assert (answer.status, answer.headers["upgrade"]) == (200, None)

    def test_an_upload_arrives_whole(self, server: Server, wire: Wire, offer: bytes) -> None:
        with server.client() as api:
            asked = {"type": "avatar", "contentType": "image/png"}
            presigned = api.call("upload.presign", asked, headers=bearer(somebody(server))).json()["data"]
        target = presigned["uploadUrl"].removeprefix(server.origin).encode()
        body = b"\x89PNG\r\n\x1a\n" + b"x" * 70
        head = b"PUT %b HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: %d\r\n%b\r\n"
        wire.send(head % (target, len(body), offer), body)
        assert wire.answer().status == 200
        with Tables(server.database_url) as tables:
            assert tables.one("SELECT size FROM uploads WHERE uploaded_at IS NOT NULL")["size"] == len(body)


def test_a_tunnel_is_refused(wire: Wire) -> None:
    wire.send(b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n" + SMUGGLED)
    assert wire.answer().status == 400
    assert wire.closed()


JAVA = """
import java.net.URI;
import java.net.http.*;

public class Post {
    public static void main(String[] given) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(given[0])).header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(given[1])).build();
        var client = HttpClient.newHttpClient();
        for (int call = 0; call < 2; call++)
            System.out.println(client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode());
    }
}
"""


@pytest.mark.skipif(shutil.which("java") is None, reason="there is no JDK")
def test_the_stock_client_of_java_is_understood(server: Server, tmp_path: Path) -> None:
    (tmp_path / "Post.java").write_text(JAVA)
    command = ["java", str(tmp_path / "Post.java"), f"{server.origin}/api/v1/auth/login", WRONG.decode()]
    told = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert told.stdout.split() == ["401", "401"]


class TestHost:
    @pytest.mark.parametrize(
        "host",
        [
            "localhost",
            "LOCALHOST:8000",
            "127.0.0.1",
            "[::1]:80",
            "a.example",
            "a.example:",
            "xn--bcher-kva.example.",
            "my_host-1",
        ],
    )
    def test_a_good_one_is_served(self, wire: Wire, host: str) -> None:
        wire.send(LIVE.replace(b"localhost", host.encode()))
        assert wire.answer().status == 200

    @pytest.mark.parametrize(
        "hosts",
        [
            b"",
            b"Host: a.example\r\nHost: b.example\r\n",
            b"Host: a.example\r\nHost: a.example\r\n",
            b"Host: a.example, b.example\r\n",
            b"Host: a.example,b.example\r\n",
            b"Host:\r\n",
            b"Host: a b\r\n",
            b"Host: a/b\r\n",
            b"Host: user@a.example\r\n",
            b"Host: a.example?x\r\n",
            b"Host: http://a.example\r\n",
            b"Host: a.example:port\r\n",
            b"Host: a.example:99999\r\n",
            b"Host: a:1:2\r\n",
            b"Host: [::1\r\n",
            b"Host: [1.2.3.4]\r\n",
            b"Host: ::1\r\n",
            b"Host: a%zz\r\n",
            b"Host: b\xc3\xbccher.example\r\n",
            b"Host: <script>\r\n",
            b"Host: %s\r\n" % (b"a" * 300),
        ],
    )
    def test_none_two_and_a_broken_one_are_refused(self, wire: Wire, hosts: bytes) -> None:
        wire.send(LIVE.replace(b"Host: localhost\r\n", hosts) + SMUGGLED)
        answer = wire.answer()
        assert (answer.status, answer.headers["connection"]) == (400, "close")
        assert wire.closed()

    def test_nothing_of_a_refused_request_is_done(self, server: Server, wire: Wire) -> None:
        with Tables(server.database_url) as tables:
            before = tables.fingerprints()
            body = json.dumps(LOGIN | {"acceptedTerms": True, "acceptedPrivacy": True, "password": "Correct-Horse-7"})
            wire.send(post("/auth/register", body.encode(), host=b""))
            assert wire.answer().status == 400
            assert wire.closed()
            assert tables.changed_since(before) == set()

    def test_what_was_asked_before_is_answered_before(self, wire: Wire) -> None:
        wire.send(LIVE + LIVE.replace(b"Host: localhost\r\n", b"") + SMUGGLED)
        assert [wire.answer().status for _ in range(2)] == [200, 400]
        assert wire.closed()

    def test_of_the_former_version_none_is_asked(self, wire: Wire) -> None:
        wire.send(b"GET /health/live HTTP/1.0\r\n\r\n")
        assert wire.answer().status == 200
        assert wire.closed()

    @pytest.mark.parametrize("hosts", [b"Host: a\r\nHost: b\r\n", b"Host: a b\r\n"])
    def test_of_the_former_version_a_broken_one_is_refused_too(self, wire: Wire, hosts: bytes) -> None:
        wire.send(b"GET /health/live HTTP/1.0\r\n" + hosts + b"\r\n")
        assert wire.answer().status == 400

    @pytest.mark.parametrize("target", ["http://a.example", "HTTP://a.example:80", "https://[::1]"])
    def test_a_target_may_name_it(self, wire: Wire, target: str) -> None:
        wire.send(LIVE.replace(b"/health/live", f"{target}/health/live".encode()))
        assert wire.answer().status == 200
        wire.send(LIVE.replace(b"/health/live", target.encode()))
        assert wire.answer().headers["location"] == "/docs"
        wire.send(LIVE.replace(b"/health/live", f"{target}?x=/health/live".encode()))
        assert wire.answer().headers["location"] == "/docs"

    @pytest.mark.parametrize(
        "target", ["http:///health/live", "http://u@a/health/live", "http://a b/", "http://a:x/", "ftp://a/health/live"]
    )
    def test_a_target_that_names_it_badly_is_refused(self, wire: Wire, target: str) -> None:
        wire.send(LIVE.replace(b"/health/live", target.encode()))
        assert wire.answer().status == 400
        assert wire.closed()


@pytest.mark.parametrize("version", ["HTTP/2.0", "HTTP/0.9"])
def test_other_versions_are_not_supported(wire: Wire, version: str) -> None:
    wire.send(LIVE.replace(b"HTTP/1.1", version.encode()) + SMUGGLED)
    answer = wire.answer()
    assert (answer.status, answer.headers["connection"]) == (505, "close")
    assert wire.closed()


def test_the_preface_of_http_2_is_refused(wire: Wire) -> None:
    wire.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert wire.answer().status == 400
    assert wire.closed()


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        b"Transfer-Encoding:\r\n chunked\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: 5, 5\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: 0x5\r\n",
        b"Content-Length: -5\r\n",
        b"Content-Length: \r\n",
    ],
)
@pytest.mark.parametrize("offer", [b"", OFFERS["h2c"]], ids=["plain", "with an offer"])
def test_an_ambiguous_end_is_refused_and_what_follows_is_not_run(wire: Wire, framing: bytes, offer: bytes) -> None:
    head = b"POST /api/v1/auth/logout HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    wire.send(head + framing + offer + b"\r\n0\r\n\r\n" + SMUGGLED)
    assert wire.answer().status == 400
    assert wire.closed()


@pytest.mark.parametrize(
    "codings",
    [b"gzip, chunked", b"gzip,chunked", b"identity, chunked", b"gzip\r\nTransfer-Encoding: chunked", b"x, Chunked"],
)
@pytest.mark.parametrize("offer", [b"", OFFERS["h2c"]], ids=["plain", "with an offer"])
def test_a_coding_that_nobody_reads_is_told_and_nothing_is_run(wire: Wire, codings: bytes, offer: bytes) -> None:
    head = b"POST /api/v1/auth/logout HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    wire.send(head + b"Transfer-Encoding: " + codings + b"\r\n" + offer + b"\r\n0\r\n\r\n" + SMUGGLED)
    answer = wire.answer()
    assert (answer.status, answer.headers["connection"]) == (501, "close")
    assert wire.closed()


def test_the_name_of_a_coding_may_be_spelled_in_capitals(wire: Wire) -> None:
    wire.send(post("/auth/login", WRONG, chunked=True).replace(b": chunked", b": Chunked"))
    assert wire.answer().status == 401


def test_a_method_that_an_address_does_not_take_is_told(wire: Wire) -> None:
    wire.send(b"M-SEARCH /api/v1/auth/me HTTP/1.1\r\nHost: localhost\r\n\r\n")
    answer = wire.answer("M-SEARCH")
    assert (answer.status, answer.headers["allow"], code(answer)) == (405, "GET, HEAD", "route.method_not_allowed")


def test_garbage_after_a_request_does_not_take_its_answer(wire: Wire) -> None:
    wire.send(LIVE + b"\x00garbage\r\n\r\n")
    assert wire.answer().status == 200
    assert wire.closed()


def test_headers_after_the_body_are_none_of_the_request(wire: Wire) -> None:
    body = b"2\r\n{}\r\n0\r\nX-Correlation-Id: trailed\r\nHost: b.example\r\n\r\n"
    head = b"POST /api/v1/auth/logout HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    wire.send(head + b"Transfer-Encoding: chunked\r\n\r\n" + body)
    answer = wire.answer()
    assert (answer.status, answer.headers["x-correlation-id"] == "trailed") == (200, False)


@pytest.mark.parametrize("blank", [" ", "\t", " \t  "])
class TestBlanksAroundValues:
    def call(self, wire: Wire, target: str, *headers: str, method: str = "GET", body: bytes = b"") -> HTTPResponse:
        sent = [f"{method} {target} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}", *headers, "", ""]
        wire.send("\r\n".join(sent).encode() + body)
        return wire.answer()

    def test_are_none_of_a_token(self, server: Server, wire: Wire, blank: str) -> None:
        token = somebody(server)
        answer = self.call(wire, "/api/v1/auth/me", f"Authorization:{blank}Bearer {token}{blank}")
        assert answer.status == 200

    def test_are_none_of_a_key(self, server: Server, wire: Wire, blank: str) -> None:
        headers = (f"Authorization: Bearer {somebody(server)}", f"Content-Type: application/json{blank}")
        with Tables(server.database_url) as tables:
            for replayed, written in ((None, f"key-1{blank}"), ("true", "key-1")):
                answer = self.call(
                    wire,
                    "/api/v1/users/username",
                    *headers,
                    f"Idempotency-Key:{blank}{written}",
                    method="PATCH",
                    body=b'{"username":"countess"}',
                )
                assert (answer.status, answer.headers["idempotency-replayed"]) == (200, replayed)
            assert tables.one("SELECT count(*) AS n FROM idempotency_keys")["n"] == 1

    def test_are_none_of_a_correlation_id(self, wire: Wire, blank: str) -> None:
        answer = self.call(wire, "/health/live", f"X-Correlation-Id:{blank}mine{blank}")
        assert answer.headers["x-correlation-id"] == "mine"

    def test_are_none_of_the_type_of_an_upload(self, server: Server, wire: Wire, blank: str) -> None:
        with server.client() as api:
            asked = {"type": "avatar", "contentType": "image/png"}
            presigned = api.call("upload.presign", asked, headers=bearer(somebody(server))).json()["data"]
        target = presigned["uploadUrl"].removeprefix(server.origin)
        answer = self.call(wire, target, f"Content-Type:{blank}image/png{blank}", method="PUT", body=b"x" * 9)
        assert answer.status == 200

    def test_are_none_of_a_length(self, wire: Wire, blank: str) -> None:
        wire.send(post("/auth/login", WRONG).replace(b"Content-Length: ", f"Content-Length:{blank}".encode()))
        assert wire.answer().status == 401

    def test_are_none_of_a_host(self, wire: Wire, blank: str) -> None:
        wire.send(LIVE.replace(b" localhost", f"{blank}localhost{blank}".encode()))
        assert wire.answer().status == 200
