"""A span around each request."""

from collections.abc import Mapping

from opentelemetry.trace import Span
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.answers.hiding import hide
from domain.network import traced_network
from runtime.observe.spans import Traced, entered, fail
from runtime.web.call import SCOPE_KEY, Call
from runtime.web.edge import FOUND, MAX_PATH, PROBES, READING, method_of, route_of


class RequestSpans:
    """Pure ASGI, around everything. What the layers below learnt of the request stands in its ``Call``."""

    def __init__(self, app: ASGIApp, tracing: Traced, routes: Mapping[str, str]) -> None:
        """``routes``: the path template of each operation, by its id."""
        self._app = app
        self._tracing = tracing
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in PROBES:
            await self._app(scope, receive, send)
            return
        span = self._begin(scope)
        with entered(span):
            try:
                await self._app(scope, receive, send)
            except Exception as error:
                fail(span, type(error).__qualname__)
                raise
            finally:
                if span.is_recording() and SCOPE_KEY in scope:
                    self._describe(span, scope, scope[SCOPE_KEY])

    def _begin(self, scope: Scope) -> Span:
        given = [value for name, value in scope["headers"] if name == b"traceparent"]
        peer = scope["client"][0] if scope.get("client") else None
        return self._tracing.request(method_of(scope), peer, given[0].decode("latin-1") if len(given) == 1 else None)

    def _describe(self, span: Span, scope: Scope, call: Call) -> None:
        span.set_attribute("url.scheme", scope["scheme"])
        if call.status:
            span.set_attribute("http.response.status_code", call.status)
        self._tell_call(span, call)
        self._tell_route(span, scope, call)
        if call.status >= 500:
            fail(span, call.fault or str(call.status))

    def _tell_call(self, span: Span, call: Call) -> None:
        span.set_attribute("biore.correlation_id", hide(call.correlation_id))
        if network := traced_network(call.client.network):
            span.set_attribute("biore.client.network", network)
        if call.operation_id is not None:
            span.set_attribute("biore.operation_id", call.operation_id)

    def _tell_route(self, span: Span, scope: Scope, call: Call) -> None:
        """A path is told where it is one of ours: one that leads nowhere may hold whatever its sender mixed up."""
        path = scope["path"]
        route = route_of(self._routes, scope, call)
        if route is not None:
            span.set_attribute("http.route", route)
            span.update_name(f"{method_of(scope)} {route}")
        found = route is None and call.status in FOUND and scope["method"] in READING
        if route == path or found:
            span.set_attribute("url.path", hide(path)[:MAX_PATH])
