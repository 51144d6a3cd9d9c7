"""Connexion as it comes, serving the contract with recorders in place of handlers."""

import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from connexion import AsyncApp, ConnexionMiddleware
from connexion.context import scope
from connexion.exceptions import ProblemException
from connexion.lifecycle import ConnexionRequest, ConnexionResponse
from connexion.middleware.swagger_ui import SwaggerUIMiddleware
from connexion.resolver import Resolver
from connexion.security import ApiKeySecurityHandler, BearerSecurityHandler
from starlette.exceptions import HTTPException

from contract.loader import Contract
from contract.schemas import SchemaCompiler
from contract.successes import KEY, success_of
from tests.contract.verdicts import SEEN, Seen


def stock_app(contract: Contract, is_good: Callable[[str], Awaitable[bool]]) -> AsyncApp:
    """All of its own middlewares but the user interface. Who shows a good token is let in."""

    async def caller(token: str) -> dict[str, str] | None:
        return {"sub": "somebody"} if await is_good(token) else None

    class Bearer(BearerSecurityHandler):
        def get_fn(self, _scheme: Any, _scopes: Any) -> Any:
            return self._get_verify_func(caller)

    class ApiKey(ApiKeySecurityHandler):
        def get_fn(self, scheme: Any, scopes: Any) -> Any:
            return self._get_verify_func(lambda key: {"sub": key}, scheme["in"], scheme["name"], scopes)

    schemas = SchemaCompiler(contract.document)
    logging.getLogger("connexion").setLevel(logging.CRITICAL)  # it warns of each refusal
    app = AsyncApp(
        "stock",
        middlewares=[m for m in ConnexionMiddleware.default_middlewares if m is not SwaggerUIMiddleware],
        resolver=Resolver(lambda operation_id: _recorder(contract.operation(operation_id), schemas)),
        security_map={"bearer": Bearer, "apiKey": ApiKey},
    )
    # Its own handlers say the same, each by way of a thread.
    app.add_error_handler(ProblemException, _problem)
    app.add_error_handler(HTTPException, _problem)
    app.add_error_handler(Exception, _fault)
    app.add_api(contract.document, base_path=contract.base_path)
    return app


def _recorder(operation: Mapping[str, Any], schemas: SchemaCompiler) -> Callable[..., Any]:
    """A function that takes what the operation declares, as a handler in Connexion would."""
    parameters = [schemas.resolved(p) for p in operation.get("parameters", ())]
    names = [p["name"] for p in parameters if p["in"] in ("path", "query")]
    names += ["body"] if "requestBody" in operation else []

    bare = {"Content-Type": success_of(operation).media_type} if operation.get(KEY) else {}

    async def record(**given: Any) -> tuple[str, int, dict[str, str]]:
        body = given.pop("body", None)
        scope[SEEN].append(Seen(operation["operationId"], given, body))
        return "", 200, bare

    kind = inspect.Parameter.KEYWORD_ONLY
    record.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in names])  # type: ignore[attr-defined]
    return record


async def _problem(_request: ConnexionRequest, error: Any) -> ConnexionResponse:
    status = getattr(error, "status", None) or error.status_code
    return ConnexionResponse(status, body=str(error.detail).encode())


async def _fault(_request: ConnexionRequest, error: Exception) -> ConnexionResponse:
    return ConnexionResponse(500, body=repr(error).encode())
