"""Holds answers against the contract: a documented status, a body of its schema, the promised headers, no others."""

import json
from functools import cache
from typing import Any

import httpx

from contract.loader import EVERY_ANSWER, Contract
from contract.schemas import SchemaCompiler, Validator
from contract.successes import is_json

# HTTP's own, which are not for a contract to declare.
PLAIN = {"connection", "content-encoding", "content-length", "content-type", "date", "transfer-encoding"}
# Of operations whose answers caches may keep: they are for the pages of every origin.
OPEN = {"access-control-allow-origin", "access-control-expose-headers"}


class Documented:
    """A response hook for clients. Answers from outside the contract's paths are none of its business."""

    def __init__(self, contract: Contract) -> None:
        self._schemas = SchemaCompiler(contract.document)
        headers = contract.document["components"]["headers"]
        self._anywhere = {name: headers[name] for name in contract.document[EVERY_ANSWER]}
        base = contract.base_path
        self._operations = {
            (policy.method.upper(), base + policy.path): contract.operation(policy.operation_id)
            for policy in contract.policies.values()
        }
        # What a method gets that the path does not have is the same for all its operations.
        self._anyhow = {path: operation for (_, path), operation in self._operations.items()}
        self._validator = cache(self._compile)

    def __call__(self, response: httpx.Response) -> None:
        request = response.request
        operation = self._operations.get((request.method, request.url.path)) or self._anyhow.get(request.url.path)
        if operation is not None:
            response.read()
            self._require(response, operation)

    def _require(self, response: httpx.Response, operation: dict[str, Any]) -> None:
        what = f"{operation['operationId']} answered {response.status_code}"
        assert str(response.status_code) in operation["responses"], f"{what}, which is not documented: {response.text}"
        documented = self._schemas.resolved(operation["responses"][str(response.status_code)])
        if response.request.method != "HEAD":
            self._require_body(response, documented, what)
        declared = self._anywhere | documented["headers"]
        for name, header in declared.items():
            self._require_header(response, name, self._schemas.resolved(header), what)
        undeclared = set(response.headers) - PLAIN - {name.lower() for name in declared}
        if "x-biore-cache" in operation and response.request.method in ("GET", "HEAD"):
            assert response.headers.get("access-control-allow-origin") == "*", f"{what} for one origin"
            undeclared -= OPEN
        assert not undeclared, f"{what} with {sorted(undeclared)}, which the contract does not declare for it"

    def _require_body(self, response: httpx.Response, documented: Any, what: str) -> None:
        if "content" not in documented:
            assert response.content == b"", f"{what} with a body, which the contract does not declare"
            return
        ((media_type, media),) = documented["content"].items()
        given = response.json() if is_json(media_type) else response.text
        broken = self._validator(json.dumps(media["schema"])).violations(given)
        assert not broken, f"{what} against its schema: {broken}\n{response.text}"
        assert response.headers["content-type"].removesuffix("; charset=utf-8") == media_type

    def _require_header(self, response: httpx.Response, name: str, header: Any, what: str) -> None:
        value = response.headers.get(name)
        if value is None:
            assert not header.get("required"), f"{what} without {name}"
            return
        typed = int(value) if header["schema"]["type"] == "integer" else value
        assert self._schemas.validator(header["schema"]).accepts(typed), f"{what} with {name}: {value}"

    def _compile(self, schema: str) -> Validator:
        return self._schemas.validator(json.loads(schema))
