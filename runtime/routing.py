"""Connexion's router with two answers of its own: no redirect for a stray slash, and an ``Allow`` that is complete."""

from typing import Any

from connexion.middleware.routing import RoutingMiddleware
from starlette.exceptions import HTTPException
from starlette.routing import Match, Mount, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.errors import ApiError
from runtime.call import SCOPE_KEY


class StrictRouting(RoutingMiddleware):
    """Replaces ``connexion.middleware.routing.RoutingMiddleware``."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app)
        self.router.redirect_slashes = False

    def add_api(self, *arguments: Any, **options: Any) -> None:
        super().add_api(*arguments, **options)
        for router in self._routers():
            router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        root = scope.get("root_path", "")  # the routers below change it in place
        try:
            await super().__call__(scope, receive, send)
        except HTTPException as error:
            if error.status_code != 405:
                raise
            allow = ", ".join(sorted(self._methods({**scope, "root_path": root}))).encode()
            scope[SCOPE_KEY].answer_headers.append((b"allow", allow))
            raise ApiError("route.method_not_allowed") from None

    def _routers(self) -> list[Router]:
        return [route.app for route in self.router.routes if isinstance(route, Mount) and isinstance(route.app, Router)]

    def _methods(self, scope: Scope) -> set[str]:
        found: set[str] = set()
        for mount in self.router.routes:
            match, child = mount.matches(scope)
            if match is Match.NONE or not isinstance(mount, Mount):
                continue
            for route in mount.routes:
                if isinstance(route, Route) and route.matches({**scope, **child})[0] is not Match.NONE:
                    found |= route.methods or set()
        return found
