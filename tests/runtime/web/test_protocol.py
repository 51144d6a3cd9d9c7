"""Clients that take their time, never end, or come in crowds: cut off, while others are served."""

import json
import logging
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPResponse
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from contract.bounds import LARGEST
from runtime.serve.protocol import Limits
from tests.conftest import Databases
from tests.handlers.support import somebody
from tests.harness import Server, Tables, bearer
from tests.processes.biore import registration
from tests.runtime.web.wire import exchange

MIB = 1024 * 1024
MOST = 8
LIMITS = Limits(
    head_seconds=0.15,
    body_seconds=0.15,
    body_pace=1000,
    body_bytes=8 * MIB,
    header_lines=200,
    pipelined=8,
    unread_seconds=0.2,
    linger_seconds=0.3,
    linger_bytes=MIB,
)
PATIENCE = 10.0
GET_OPENAPI = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
GET_LIVE = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
VERIFY = b"POST /api/v1/auth/verify-email HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def strict_server(start_server: Callable[..., Server]) -> Server:
    return start_server(limits=LIMITS, max_connections=MOST, max_client_connections=1)  # but its peer is a proxy


@pytest.fixture(scope="module")
def open_server(start_server: Callable[..., Server]) -> Server:
    """Without a proxy before it."""
    return start_server(limits=LIMITS, max_client_connections=MOST, trusted_proxies=())


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Nothing of the test is worth more than a line of information to the server."""
    caplog.set_level(logging.WARNING)
    yield
    assert [record.getMessage() for record in caplog.records] == []
    assert capfd.readouterr() == ("", "")


class Caller:
    """A connection on which bytes are sent as a test likes."""

    def __init__(self, server: Server, sent: bytes = b"", address: str = "127.0.0.1") -> None:
        self._server = server
        port = int(server.origin.rpartition(":")[2])
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE, source_address=(address, 0))
        self.socket.sendall(sent)

    def until_cut_off(self, piece: bytes = b"", every: float = 0.03) -> bytes:
        """Sends the piece again and again until the server has enough; what it said."""
        self.socket.settimeout(every)
        heard, deadline = b"", time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                self.socket.sendall(piece)
            except TimeoutError:  # nobody reads; that alone is no end
                continue
            except ConnectionError:
                return heard + self._rest()
            with suppress(TimeoutError):
                try:
                    if not (said := self.socket.recv(65536)):
                        return heard
                    heard += said
                except ConnectionError:
                    return heard
        raise AssertionError(f"never cut off; it said {heard!r}")

    def _rest(self) -> bytes:
        with suppress(OSError):
            return self.socket.recv(65536)
        return b""

    def reset(self) -> None:
        """Leave without a word."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def answer(self, method: str = "GET") -> tuple[int, Any]:
        with HTTPResponse(self.socket, method=method) as response:
            response.begin()
            return response.status, response.read()


@contextmanager
def caller(server: Server, sent: bytes = b"", address: str = "127.0.0.1") -> Iterator[Caller]:
    one = Caller(server, sent, address)
    with one.socket:
        yield one


def opened(server: Server) -> int:
    return len(server.server.server_state.connections)


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def assert_gone(server: Server) -> None:
    """The server holds nothing of anybody any more."""
    wait_for(lambda: not opened(server) and not server.server.server_state.tasks)


@pytest.mark.usefixtures("quiet")
class TestSlowHeads:
    @pytest.mark.parametrize(
        ("begun", "piece"),
        [(b"", b""), (b"GET /", b""), (b"GET /", b"a"), (b"GET / HTTP/1.1\r\nX: ", b"a"), (b"", b"\r\n")],
        ids=["silence", "half a line", "a line without end", "a header without end", "blank lines"],
    )
    def test_are_cut_off(self, strict_server: Server, begun: bytes, piece: bytes) -> None:
        with caller(strict_server, begun) as slow:
            assert slow.until_cut_off(piece) == b""

    @pytest.mark.parametrize(("begun", "piece"), [(b"", b"\r\n"), (b"GET /", b"a")], ids=["blank lines", "a line"])
    def test_after_an_answer_too(self, strict_server: Server, begun: bytes, piece: bytes) -> None:
        with caller(strict_server, GET_LIVE) as slow:
            assert slow.answer()[0] == 200
            slow.socket.sendall(begun)
            assert slow.until_cut_off(piece) == b""


@pytest.mark.usefixtures("quiet")
class TestSlowBodies:
    @pytest.mark.parametrize("piece", [b"", b" "], ids=["silence", "byte by byte"])
    def test_are_cut_off(self, strict_server: Server, piece: bytes) -> None:
        with caller(strict_server, VERIFY + b"Content-Length: 10000\r\n\r\n{") as slow:
            assert slow.until_cut_off(piece) == b""
        assert_gone(strict_server)

    def test_a_living_one_has_the_time_that_it_needs(self, strict_server: Server) -> None:
        body = json.dumps({"token": str(uuid4())}).encode() + b" " * 3000
        with caller(strict_server, VERIFY + b"Content-Length: %d\r\n\r\n" % len(body)) as slow:
            began = time.monotonic()
            trickle(slow, body)
            assert slow.answer("POST")[0] == 400
            assert time.monotonic() - began > 2 * LIMITS.body_seconds

    def test_a_living_upload_too(self, strict_server: Server) -> None:
        headers = bearer(somebody(strict_server))
        with strict_server.client() as api:
            presigned = api.call("upload.presign", {"type": "avatar", "contentType": "image/png"}, headers=headers)
        target = presigned.json()["data"]["uploadUrl"].removeprefix(strict_server.origin)
        body = b"x" * 3000
        head = f"PUT {target} HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: {len(body)}\r\n\r\n"
        with caller(strict_server, head.encode()) as slow:
            trickle(slow, body)
            assert slow.answer("PUT")[0] == 200

    def test_a_file_may_have_what_the_config_allows(self, strict_server: Server) -> None:
        headers = bearer(somebody(strict_server))
        with strict_server.client() as api:
            presigned = api.call("upload.presign", {"type": "media", "contentType": "image/png"}, headers=headers)
        url, size = presigned.json()["data"]["uploadUrl"], LIMITS.body_bytes + MIB
        stored = httpx.put(url, content=pieces(size), headers={"Content-Type": "image/png"}, trust_env=False)
        assert stored.status_code == 200

    def test_one_that_looks_whole_when_its_client_leaves_does_nothing(self, strict_server: Server) -> None:
        with Tables(strict_server.database_url) as tables:
            before = tables.fingerprints()
            body = json.dumps(registration("ada@example.com")).encode()
            head = VERIFY.replace(b"verify-email", b"register") + b"Content-Length: %d\r\n\r\n" % (len(body) + 1)
            with caller(strict_server, head + body):
                wait_for(lambda: len(strict_server.server.server_state.tasks) == 1)
            assert_gone(strict_server)
            assert tables.changed_since(before) == set()


def trickle(slow: Caller, body: bytes) -> None:
    """For longer than a body has at first, but not slower than it must be."""
    slow.socket.settimeout(0.03)
    for at in range(0, len(body), 200):
        with pytest.raises(TimeoutError):  # no answer before the end
            slow.socket.recv(1)
        slow.socket.sendall(body[at : at + 200])
    slow.socket.settimeout(PATIENCE)


@pytest.mark.usefixtures("quiet")
class TestEndlessHeads:
    @pytest.mark.parametrize(
        ("begun", "piece"),
        [(b"GET /", b"a"), (b"GET / HTTP/1.1\r\nX: ", b"a"), (b"GET / HTTP/1.1\r\n", b"X: a\r\n")],
        ids=["line", "header", "headers"],
    )
    def test_are_refused(self, strict_server: Server, begun: bytes, piece: bytes) -> None:
        with caller(strict_server, begun) as endless:
            assert endless.until_cut_off(piece * 10_000, every=0.001).startswith(b"HTTP/1.1 431 ")

    def test_a_whole_one_that_is_too_large(self, caplog: pytest.LogCaptureFixture, strict_server: Server) -> None:
        answer = exchange(strict_server, b"GET / HTTP/1.1\r\nX: %s\r\n\r\n" % (b"a" * LIMITS.head_bytes))
        assert (answer.status, answer.body) == (431, b"")
        caplog.clear()  # uvicorn tells of what it takes for a fault of the parser

    @pytest.mark.parametrize(("lines", "status"), [(LIMITS.header_lines - 1, 200), (LIMITS.header_lines, 431)])
    def test_of_many_lines(
        self, caplog: pytest.LogCaptureFixture, strict_server: Server, lines: int, status: int
    ) -> None:
        head = b"GET /health/live HTTP/1.1\r\nHost: x\r\n" + b"a:\r\n" * (lines - 1) + b"Connection: close\r\n\r\n"
        assert exchange(strict_server, head).status == status
        caplog.clear()  # as above

    def test_one_below_the_limit_is_served(self, strict_server: Server) -> None:
        head = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: %s\r\n\r\n"
        assert exchange(strict_server, head % (b"a" * (LIMITS.head_bytes - 100))).status == 200


@pytest.mark.usefixtures("quiet")
class TestEndlessBodies:
    def test_after_a_413(self, strict_server: Server) -> None:
        with caller(strict_server, VERIFY + b"Content-Length: 99999999\r\n\r\n") as endless:
            heard = endless.until_cut_off(b"x" * 1000)
        assert heard.startswith(b"HTTP/1.1 413 ")
        assert b"\r\nconnection: close\r\n" in heard

    def test_after_another_refusal(self, strict_server: Server) -> None:
        with caller(
            strict_server, b"PUT /nowhere HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        ) as endless:
            assert endless.until_cut_off(b"10000\r\n%s\r\n" % (b"x" * 65536), every=0.001).startswith(b"HTTP/1.1 404 ")

    def test_a_chunk_extension(self, strict_server: Server) -> None:
        with caller(strict_server, VERIFY + b"Transfer-Encoding: chunked\r\n\r\n1;") as endless:
            assert endless.until_cut_off(b"x" * 500_000, every=0.001) == b""

    @pytest.mark.parametrize("begun", [b"X: ", b""], ids=["a value", "a name"])
    def test_one_trailer_without_end(self, strict_server: Server, begun: bytes) -> None:
        head = VERIFY + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n" + begun
        with caller(strict_server, head) as endless:
            endless.socket.settimeout(0.05)
            pieces_sent = 0
            with suppress(ConnectionError):
                while pieces_sent < LIMITS.body_bytes // MIB:
                    endless.socket.sendall(b"a" * MIB)
                    pieces_sent += 1
                    with suppress(TimeoutError):
                        endless.socket.recv(1)
                        break
            assert pieces_sent < LIMITS.body_bytes // MIB

    def test_trailers(self, strict_server: Server) -> None:
        with caller(strict_server, VERIFY + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n") as endless:
            assert endless.until_cut_off(b"X: y\r\n" * 50, every=0.001) == b""

    def test_whoever_sends_too_much_and_ends_reads_the_refusal(self, strict_server: Server) -> None:
        for size in (LARGEST + 1, 4 * MIB // 3):
            answer = httpx.post(f"{strict_server.origin}/api/v1/auth/login", content=pieces(size), trust_env=False)
            assert answer.status_code == 413
            assert answer.headers["connection"] == "close"

    def test_a_small_rest_after_a_refusal_costs_no_connection(self, strict_server: Server) -> None:
        with caller(strict_server, b"PUT /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n") as patient:
            assert patient.answer("PUT")[0] == 404
            patient.socket.sendall(b"hello" + GET_LIVE)
            assert patient.answer()[0] == 200


def pieces(size: int) -> Iterator[bytes]:
    for at in range(0, size, 1 << 16):
        yield b"x" * min(1 << 16, size - at)


@pytest.mark.usefixtures("quiet")
class TestUnreadAnswers:
    def test_are_given_up(self, strict_server: Server) -> None:
        with caller(strict_server) as deaf:
            deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.socket.sendall(GET_LIVE)
            assert deaf.answer()[0] == 200
            deaf.socket.sendall(GET_OPENAPI * LIMITS.pipelined)
            assert_gone(strict_server)

    def test_too_many_at_once_are_not_begun(self, caplog: pytest.LogCaptureFixture, strict_server: Server) -> None:
        with caller(strict_server, GET_LIVE * 1000) as greedy:
            assert greedy.until_cut_off().count(b"HTTP/1.1") <= LIMITS.pipelined
        assert_gone(strict_server)
        caplog.clear()


@contextmanager
def held_up(server: Server) -> Iterator[psycopg.Connection]:
    """Whoever verifies an address waits until it is rolled back."""
    with psycopg.connect(server.database_url) as lock:
        lock.execute("LOCK TABLE email_verifications")
        yield lock


def verification() -> bytes:
    body = json.dumps({"token": str(uuid4())}).encode()
    return VERIFY + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


@pytest.mark.usefixtures("quiet")
class TestPipelinedCallersThatLeave:
    def test_nobody_works_for_them(self, strict_server: Server) -> None:
        traffic: Any = strict_server.server.server_state
        with held_up(strict_server) as lock, caller(strict_server, verification() + GET_LIVE * 5) as gone:
            wait_for(lambda: len(traffic.tasks) == 1 and lock_is_awaited(lock))
            before = traffic.total_requests
            (connection,) = traffic.connections
            running = connection._before[0]
            gone.reset()
            wait_for(lambda: not traffic.connections)
            assert running.disconnected
            lock.rollback()
            assert_gone(strict_server)
            assert traffic.total_requests == before


def lock_is_awaited(lock: psycopg.Connection) -> bool:
    return lock.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone() is not None


@pytest.mark.usefixtures("quiet")
class TestCrowdsOfOneClient:
    def test_take_their_room_from_each_other(self, open_server: Server) -> None:
        with ExitStack() as stack, caller(open_server, GET_LIVE, "127.0.0.9") as other:
            assert other.answer()[0] == 200
            for _ in range(3 * MOST):
                stack.enter_context(caller(open_server))
            wait_for(lambda: opened(open_server) <= MOST + 1)
            other.socket.sendall(GET_LIVE)
            assert other.answer()[0] == 200

    def test_are_refused_where_all_of_them_are_busy(self, open_server: Server) -> None:
        traffic: Any = open_server.server.server_state
        with ExitStack() as stack, held_up(open_server) as lock:
            busy = [stack.enter_context(caller(open_server, verification())) for _ in range(MOST)]
            wait_for(lambda: len(traffic.tasks) == MOST)
            refused = httpx.get(f"{open_server.origin}/api/v1/auth/me", trust_env=False)
            assert (refused.status_code, refused.headers["connection"]) == (503, "close")
            assert refused.json()["error"]["code"] == "service.unavailable"
            with caller(open_server, GET_OPENAPI, "127.0.0.9") as other:
                assert other.answer()[0] == 200
            lock.rollback()
            assert [one.answer("POST")[0] for one in busy] == [400] * MOST
        assert_gone(open_server)
        assert traffic.networks == {}


@pytest.mark.usefixtures("quiet")
class TestCrowds:
    def test_a_client_is_served_among_many_that_only_wait(self, strict_server: Server) -> None:
        with ExitStack() as stack, strict_server.client() as client:
            for _ in range(3):
                crowd = [stack.enter_context(caller(strict_server)) for _ in range(2 * MOST)]
                crowd[0].socket.sendall(b"GET /")
                assert client.get("/openapi.yaml").status_code == 200
                wait_for(lambda: opened(strict_server) <= MOST)

    def test_a_busy_process_refuses_in_the_usual_words(self, strict_server: Server, databases: Databases) -> None:
        body = json.dumps({"token": str(uuid4())}).encode()
        call = VERIFY + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        with ExitStack() as stack:
            lock = stack.enter_context(psycopg.connect(strict_server.database_url))
            lock.execute("LOCK TABLE email_verifications")
            busy = [stack.enter_context(caller(strict_server, call)) for _ in range(MOST)]
            wait_for(lambda: len(strict_server.server.server_state.tasks) == MOST)
            refused = httpx.post(f"{strict_server.origin}/api/v1/auth/verify-email", json={}, trust_env=False)
            assert refused.status_code == 503
            assert refused.json()["error"]["code"] == "service.unavailable"
            assert refused.headers["retry-after"] == "1"
            assert refused.headers["x-correlation-id"] == refused.json()["error"]["correlationId"]
            assert httpx.get(f"{strict_server.origin}/health/live", trust_env=False).status_code == 200
            lock.rollback()
            assert [one.answer("POST")[0] for one in busy] == [400] * MOST
