"""The composition root: every part made once, joined, opened at start and closed at the end."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from connexion.middleware import ConnexionMiddleware
from connexion.middleware.security import SecurityMiddleware
from connexion.resolver import Resolver
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from persistence.migrate import is_current
from providers.dns.deliverability import MailRules
from providers.oauth import oauth_adapters
from providers.registry import OAuthFamily
from runtime.devices import device_of
from runtime.door import Door
from runtime.errors import ErrorLayer, Refusals
from runtime.files import FileServer
from runtime.guards import GuardLayer, Guards
from runtime.hasher import Hasher
from runtime.lifecycle import Gate, Lifecycle, Phase
from runtime.links import ExportLinks
from runtime.oauth import OAuthDirectory
from runtime.parts import build_parts, utc_now
from runtime.portal import Portal
from runtime.qr import png_data_url
from runtime.ratelimit import Limiter, LocalLimiter, RedisLimiter, connect_redis
from runtime.routing import StrictRouting
from runtime.schemas import SchemaCompiler
from runtime.second_factor import SecondFactor
from runtime.security import BearerSecurity, DevTokenSecurity
from runtime.settings import Settings
from runtime.signing import SigningKeys
from runtime.tokens import Tokens
from runtime.validation import ValidatedOperation, ValidationLayer
from runtime.wiring import Container, WiredApp, WiredOperation, find_handler

EXPOSED = ["X-Correlation-Id", "RateLimit", "RateLimit-Policy", "Retry-After", "Idempotency-Replayed"]
ALLOWED = [
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "X-Correlation-Id",
    "X-Dev-Token",
    "X-Reactivate-Token",
]
PREFLIGHT_SECONDS = 600


def build_limiter(settings: Settings) -> tuple[Limiter, Redis | None]:
    local = LocalLimiter()
    if settings.redis_url is None:
        return local, None
    redis = connect_redis(settings.redis_url)
    return RedisLimiter(redis, local, settings.processes), redis


class Application:
    """``asgi`` is the whole server; the rest is there for whoever runs it in process.

    ``validated`` and ``wired`` are what it made of each operation.
    """

    def __init__(self, settings: Settings, database_url: str) -> None:
        self.parts = build_parts(settings, database_url)
        self.config = self.parts.config
        self.hasher = Hasher(self.config)
        self.limiter, self._redis = build_limiter(settings)
        self.signing_keys = SigningKeys(self.parts.database, self.parts.keyring, self.config, utc_now)
        self.config.bring_along(self.signing_keys.refresh)
        self.tokens = Tokens(self.parts.keyring, self.signing_keys, self.config, utc_now)
        self.refusals = Refusals(
            self.parts.contract.errors, self.parts.contract.policies, self.parts.texts, strict=not settings.production
        )
        self.export_links = ExportLinks(self.parts.keyring, self.config, utc_now)
        self.lifecycle = Lifecycle(settings.max_connections)
        self.validated: dict[str, ValidatedOperation] = {}
        self.wired: dict[str, WiredOperation] = {}
        self.asgi = Door(self._outer(), settings, self.config)

    def _outer(self) -> Starlette:
        contract = self.parts.contract
        api = ErrorLayer(self._connexion(), self.refusals)
        documents = {
            "/openapi.yaml": Response(contract.as_yaml(), media_type="application/yaml"),
            "/openapi.json": Response(contract.as_json(), media_type="application/json"),
        }
        routes = [
            Route("/health/live", _live),
            Route("/health/ready", self._ready),
            *(Route(path, _constant(response)) for path, response in documents.items()),
            Mount("/files", ErrorLayer(self._files(), self.refusals)),
            Mount("/", Portal(self.parts.settings.portal_folder, contract.base_path, self.config, api)),
        ]
        origins = self.parts.settings.cors_origins
        cors = Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=ALLOWED,
            allow_credentials=True,
            expose_headers=EXPOSED,
            max_age=PREFLIGHT_SECONDS,
        )
        gate = Middleware(Gate, self.lifecycle, self.refusals)
        app = Starlette(routes=routes, middleware=[cors, gate] if origins else [gate], lifespan=self._lifespan)
        app.router.redirect_slashes = False
        return app

    def _files(self) -> FileServer:
        return FileServer(self.parts.providers.storage, self.parts.database, self.export_links, utc_now)

    def _connexion(self) -> ConnexionMiddleware:
        parts = self.parts
        schemas = SchemaCompiler(parts.contract.document)
        app = ConnexionMiddleware(
            WiredApp(),
            middlewares=[StrictRouting, SecurityMiddleware, GuardLayer, ValidationLayer],
            resolver=Resolver(find_handler),
            security_map={
                "bearer": lambda: BearerSecurity(self.tokens, parts.database, utc_now),
                "apiKey": DevTokenSecurity,
            },
        )
        app.add_api(
            parts.contract.document,
            base_path=parts.contract.base_path,
            contract=parts.contract,
            schemas=schemas,
            validated=self.validated,
            wired=self.wired,
            guards=Guards(parts.contract.policies, parts.settings, self.config, self.limiter),
            container=Container(
                parts.contract,
                schemas,
                parts.settings,
                parts.database,
                parts.keyring,
                parts.texts,
                self.refusals,
                parts.providers.captcha,
                self._services(),
            ),
        )
        # Connexion builds its stack at the first request; a contract without a handler must not get that far.
        app.app, app.middleware_stack = app._build_middleware_stack()
        return app

    def _services(self) -> dict[str, Any]:
        """What a handler may ask for by name, beside what belongs to the call itself."""
        return {
            "clock": utc_now,
            "config": self.config,
            "device_of": device_of,
            "digest": self.parts.keyring.digest,
            "export_links": self.export_links,
            "geoip": self.parts.providers.geoip,
            "hasher": self.hasher,
            "mail_rules": MailRules(self.config, self.parts.settings.dns_resolver),
            "oauth": self._oauth(),
            "qr_code": png_data_url,
            "random_bytes": os.urandom,
            "second_factor": SecondFactor(self.parts.keyring, self.config, utc_now),
            "storage": self.parts.providers.storage,
            "tokens": self.tokens,
        }

    def _oauth(self) -> OAuthFamily:
        parts = self.parts
        return OAuthFamily(OAuthDirectory(parts.database, parts.keyring), oauth_adapters(parts.providers.http))

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        await self.config.keep_up()
        watching = asyncio.create_task(self.config.watch())
        try:
            yield
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            await self.close()

    async def close(self) -> None:
        self.hasher.close()
        if self._redis is not None:
            await self._redis.aclose()
        await self.parts.close()

    async def _ready(self, _request: Request) -> Response:
        known = self.config.known and self.signing_keys.known
        staying = self.lifecycle.phase is Phase.SERVING
        ready = staying and known and await is_current(self.parts.database.engine)
        if ready:
            return JSONResponse({"status": "ready"})
        return JSONResponse({"status": "unavailable"}, status_code=503, headers={"Retry-After": "1"})


async def _live(_request: Request) -> Response:
    return JSONResponse({"status": "live"})


def _constant(response: Response) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_request: Request) -> Response:
        return response

    return answer
