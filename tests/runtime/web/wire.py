"""Requests byte by byte, for what a client library would mend or refuse to send."""

import json
import socket
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPResponse
from ipaddress import ip_address
from itertools import count
from typing import Any

from contract.loader import Contract
from contract.schemas import SchemaCompiler, Validator
from tests.harness import Server

SECONDS = 20
JSON = "application/json"

_addresses = count(1)

Header = tuple[str, str | bytes]


def new_address() -> str:
    """An address that no other call had, so that no limit of another test is met."""
    return str(ip_address("10.128.0.0") + next(_addresses))


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json()["error"]["code"])

    @property
    def broken_rules(self) -> list[tuple[str, str]]:
        return [(detail["field"], detail["rule"]) for detail in self.json()["error"]["details"]]


def request(
    server: Server,
    method: str,
    target: str | bytes,
    body: bytes | None = None,
    headers: tuple[Header, ...] = (),
    *,
    content_type: str | None = JSON,
    announced: int | None = None,
    chunks: tuple[bytes, ...] | None = None,
    host: str = "localhost",
) -> Answer:
    """One request on a connection of its own. ``announced`` replaces the Content-Length, ``chunks`` the body."""
    sent: list[Header] = [("Host", host), ("Connection", "close"), ("X-Forwarded-For", new_address()), *headers]
    if content_type is not None and (body is not None or chunks is not None or announced is not None):
        sent.append(("Content-Type", content_type))
    if chunks is not None:
        sent.append(("Transfer-Encoding", "chunked"))
        body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    elif body is not None or announced is not None:
        sent.append(("Content-Length", str(len(body or b"") if announced is None else announced)))
    head = b" ".join([method.encode(), _bytes(target), b"HTTP/1.1\r\n"])
    head += b"".join(b"%s: %s\r\n" % (name.encode(), _bytes(value)) for name, value in sent)
    return exchange(server, head + b"\r\n" + (body or b""), method)


def exchange(server: Server, raw: bytes, method: str = "GET") -> Answer:
    port = int(server.origin.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), SECONDS) as connection:
        with suppress(ConnectionError):  # a server that has heard enough answers and closes
            connection.sendall(raw)
        with HTTPResponse(connection, method=method) as response:
            response.begin()
            return Answer(response.status, response.getheaders(), response.read())


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")


class Documented:
    """Knows which refusals the contract documents, and what each must look like."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._compiler = SchemaCompiler(contract.document)
        self._validator = cache(self._compile)

    def require(self, answer: Answer, operation_id: str | None = None) -> None:
        """Every answer carries the headers that all have, and a refusal is one that the contract documents."""
        assert len(answer.all("x-correlation-id")) == 1
        assert answer.all("x-content-type-options") == ["nosniff"]
        assert answer.all("cache-control") == ["no-store"]
        assert answer.status < 500, answer.body
        if answer.status >= 400 and answer.body:
            self._require_refusal(answer, operation_id)

    def _require_refusal(self, answer: Answer, operation_id: str | None) -> None:
        assert answer.all("content-type") == [JSON]
        error = answer.json()["error"]
        assert self._contract.errors[error["code"]]["status"] == answer.status
        assert error["i18nKey"] == error["code"]
        assert [error["correlationId"]] == answer.all("x-correlation-id")
        if operation_id is not None:
            assert self._validator(operation_id, answer.status).violations(answer.json()) == []

    def _compile(self, operation_id: str, status: int) -> Validator:
        responses = self._contract.operation(operation_id)["responses"]
        assert str(status) in responses, f"{operation_id} does not document {status}"
        response = self._compiler.resolved(responses[str(status)])
        return self._compiler.validator(response["content"][JSON]["schema"])
