"""A server on loopback that speaks S3 as far as we do. Signatures are checked by botocore, which is not our code.

moto, the known stand-in, takes any signature, expired URLs and other types alike, so it would prove nothing here.
"""

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ACCESS_KEY, SECRET_KEY, REGION, BUCKET = (
    "AKIDEXAMPLE",
    "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "eu-central-1",
    "files",
)
PUBLIC = ("avatars/", "media/", "documents/")


class S3Server:
    """``files``: key -> media type and bytes; ``codings``: key -> the coding that the uploader named. ``packs``: who
    takes files packed gets them so, as from proxies in front of a storage.

    ``asked``: method and key of each request. ``fault`` answers everything; ``put_status`` what was put, which is kept
    whatever it says; a clear ``gate`` holds deletions.
    """

    def __init__(self) -> None:
        self.files: dict[str, tuple[str, bytes]] = {}
        self.codings: dict[str, str] = {}
        self.packs = False
        self.asked: list[tuple[str, str]] = []
        self.fault: int | None = None
        self.put_status = 200
        self.puts = 0
        self.on_put: Callable[[], object] | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.deleting = threading.Event()
        self.url = ""

    def configured(self) -> dict[str, str]:
        prefix = "external.storage.s3."
        values = {"endpoint": self.url, "region": REGION, "bucket": BUCKET}
        values |= {"access_key_id": ACCESS_KEY, "secret_access_key": SECRET_KEY}
        return {"external.storage.active_provider": "s3"} | {prefix + name: value for name, value in values.items()}


def refusal(method: str, url: str, headers: dict[str, str], now: datetime) -> str | None:
    """The code of S3's error for a request whose query does not prove that we allowed it."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    if "X-Amz-Signature" not in query:
        return "AccessDenied"
    signed = {name: headers.get(name) for name in query["X-Amz-SignedHeaders"].split(";")}
    bare = url.partition("&X-Amz-Signature=")[0]
    request = AWSRequest(method=method, url=bare, headers={n: v for n, v in signed.items() if v is not None})
    request.context["timestamp"] = query["X-Amz-Date"]
    auth = S3SigV4QueryAuth(Credentials(ACCESS_KEY, SECRET_KEY), "s3", REGION)
    expected = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
    if None in signed.values() or expected != query["X-Amz-Signature"]:
        return "SignatureDoesNotMatch"
    made = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return "AccessDenied" if now > made + timedelta(seconds=int(query["X-Amz-Expires"])) else None


@contextmanager
def s3_server() -> Iterator[S3Server]:
    server = S3Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Silent."""

        def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            coding = server.codings.get(urlsplit(self.path).path.removeprefix(f"/{BUCKET}/"))
            if coding is not None and status < HTTPStatus.MULTIPLE_CHOICES:
                self.send_header("Content-Encoding", coding)
            if "Content_Length" not in headers:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _refuse(self, status: int, code: str | None) -> None:
            self._answer(status, f"<Error><Code>{code}</Code></Error>".encode())

        def _handle(self) -> None:
            content = self.rfile.read(int(self.headers.get("content-length", 0)))
            path = urlsplit(self.path).path
            key = path.removeprefix(f"/{BUCKET}/")
            server.asked.append((self.command, key))
            headers = {name.lower(): value for name, value in self.headers.items()}
            shown = self.command in ("GET", "HEAD") and key.startswith(PUBLIC) and "?" not in self.path
            code = None if shown else refusal(self.command, server.url + self.path, headers, datetime.now(UTC))
            if server.fault or code:
                self._refuse(server.fault or 403, code)
            elif key == path:
                self._refuse(404, "NoSuchBucket")
            else:
                getattr(self, f"_{self.command.lower()}")(key, content)

        def _put(self, key: str, content: bytes) -> None:
            if self.headers.get("if-none-match") == "*" and key in server.files:
                self._answer(412)
                return
            server.files[key] = (self.headers.get("content-type", "binary/octet-stream"), content)
            if "content-encoding" in self.headers:
                server.codings[key] = self.headers["content-encoding"]
            server.puts += 1
            if server.on_put is not None:
                server.on_put()
            self._answer(server.put_status)

        def _get(self, key: str, _content: bytes) -> None:
            if key not in server.files:
                self._refuse(404, "NoSuchKey")
                return
            content_type, content = server.files[key]
            asked = self.headers.get("range")
            if asked and not content:
                self._answer(416)
            elif asked:
                last = int(asked.rpartition("-")[2])
                self._answer(206, content[: last + 1], Content_Type=content_type)
            elif server.packs and "gzip" in self.headers.get("accept-encoding", ""):
                self._answer(200, gzip.compress(content), Content_Type=content_type, Content_Encoding="gzip")
            else:
                self._answer(200, content, Content_Type=content_type)

        def _head(self, key: str, _content: bytes) -> None:
            if key not in server.files:
                self._answer(404)
                return
            content_type, content = server.files[key]
            self._answer(200, Content_Type=content_type, Content_Length=str(len(content)))

        def _delete(self, key: str, _content: bytes) -> None:
            server.deleting.set()
            server.gate.wait(30)
            server.files.pop(key, None)
            self._answer(204)

        do_GET = do_HEAD = do_PUT = do_DELETE = _handle  # noqa: N815 - the library's names

    class Http(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """A client that hangs up is no news."""

    http = Http(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.gate.set()
        http.shutdown()
        http.server_close()
        thread.join()
