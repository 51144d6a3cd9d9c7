"""A process that may open few files takes so many connections that it never runs out of them."""

import resource
import socket
from contextlib import ExitStack
from uuid import uuid4

import pytest

from runtime.serve.server import OTHER_FILES
from tests.processes.biore import Deployment, Process, until
from tests.processes.conftest import DeploymentMaker

ROOM = 40
MOST = OTHER_FILES + 2 * ROOM
pytestmark = pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits another process")


def started(biore: Deployment, most: int) -> Process:
    process = biore.start("serve", "--no-worker", anew=True)
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (min(most, 128), most))  # long before it asks for more
    return process


GIVEN_UP = b""


def stored(biore: Deployment) -> str:
    """The path of a public file that no socket holds at once."""
    key = f"media/{uuid4()}/{uuid4()}.png"
    file = biore.data_dir / "uploads" / key
    file.parent.mkdir(parents=True)
    file.write_bytes(bytes(32 * 1024 * 1024))
    return f"/files/{key}"


def beginning(reader: socket.socket) -> bytes:
    try:
        return reader.recv(12)
    except ConnectionError:
        return GIVEN_UP


def test_slow_readers_leave_files_for_others(deploy: DeploymentMaker) -> None:
    biore = deploy()
    process = started(biore, MOST)
    biore.wait_ready(process)
    assert "server.fewer_connections" in process.output
    get = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % stored(biore).encode()
    with ExitStack() as stack:
        slow = [stack.enter_context(socket.socket()) for _ in range(2 * ROOM)]
        for one in slow:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.settimeout(30)
            one.connect(("127.0.0.1", biore.port))
            one.sendall(get)
        answers = [beginning(one) for one in slow]
        assert b"HTTP/1.1 200" in answers
        assert set(answers) <= {b"HTTP/1.1 200", b"HTTP/1.1 503", GIVEN_UP}
        assert biore.status("/health/live") == 200
        until(lambda: biore.status("/api/v1/auth/me") == 401, "a reader who takes nothing to give way")
    until(lambda: biore.status("/api/v1/auth/me") == 401, "room again")
    process.terminate()
    process.wait()
    assert "Traceback" not in process.output
    assert "out of system resource" not in process.output


def test_none_starts_without_files_for_one_connection(deploy: DeploymentMaker) -> None:
    process = started(deploy(), OTHER_FILES)
    assert process.wait() == 2
    assert "ulimit -Hn" in process.output
