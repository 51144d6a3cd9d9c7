"""How one layer finds its own object for an operation."""

from collections.abc import Awaitable, Mapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from runtime.web.call import SCOPE_KEY


class ByOperation:
    """Replaces the call of ``connexion.middleware.abstract.RoutedMiddleware``: one look-up by what routing found.

    To be named before Connexion's class among the bases. It serves one API, and has no coroutine of its own.
    """

    app: ASGIApp
    apis: dict[str, list[Any]]
    operations: Mapping[str | None, ASGIApp]

    def add_api(self, *arguments: Any, **options: Any) -> Any:
        api = super().add_api(*arguments, **options)  # type: ignore[misc]
        self.operations = api.operations
        # Nobody asks Connexion's object any more, whose specification is larger than all that was made of it.
        self.apis.clear()
        return api

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http":
            return self.app(scope, receive, send)
        return self.operations[scope[SCOPE_KEY].operation_id](scope, receive, send)
