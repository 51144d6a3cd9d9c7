"""Connexion's router, stricter: no redirects, concrete paths before templated ones, a whole ``Allow``."""

from typing import Any, NoReturn

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
        self._concrete: dict[str, set[str]] = {}

    def add_api(self, *arguments: Any, **options: Any) -> None:
        super().add_api(*arguments, **options)
        for mount in self._mounts():
            mount.app.redirect_slashes = False
            for route in mount.routes:
                if isinstance(route, Route) and not route.param_convertors:
                    self._concrete.setdefault(mount.path + route.path, set()).update(route.methods or ())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        own = self._concrete.get(scope["path"]) if scope["type"] == "http" else None
        if own is not None and scope["method"] not in own:  # or a templated path would take it (OpenAPI, Paths Object)
            self._refuse(scope, own)
        root = scope.get("root_path", "")  # the routers below change it in place
        try:
            await super().__call__(scope, receive, send)
        except HTTPException as error:
            if error.status_code != 405:
                raise
            self._refuse(scope, self._methods({**scope, "root_path": root}))

    @staticmethod
    def _refuse(scope: Scope, methods: set[str]) -> NoReturn:
        scope[SCOPE_KEY].answer_headers.append((b"allow", ", ".join(sorted(methods)).encode()))
        raise ApiError("route.method_not_allowed")

    def _mounts(self) -> list[Any]:
        return [route for route in self.router.routes if isinstance(route, Mount) and isinstance(route.app, Router)]

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
