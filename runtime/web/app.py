"""The composition root: every part made once, joined, opened at start and closed at the end."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connexion.apps.asynchronous import AsyncASGIApp
from connexion.resolver import Resolver
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from contract.audience import for_everybody
from contract.bounds import BODY_LIMIT
from contract.loader import Contract
from contract.schemas import SchemaCompiler
from domain.clock import utc_now
from domain.content import CANONICAL_BASE_URL
from domain.mailed_pages import BASE_URL
from domain.upload import FILES
from persistence.auth.sessions import LiveSessions
from persistence.migrate import is_up_to_date
from providers.dns.deliverability import MailRules
from providers.families.accounts import OAuthFamily
from providers.families.visitors import DnsFamily
from providers.oauth import oauth_adapters
from runtime.compose import Parts, build_parts, social_desk
from runtime.observe.metrics import Gauges, Metrics, pool_gauges, publishing
from runtime.observe.tracing import NoTracing
from runtime.settings import Settings
from runtime.web import scrape
from runtime.web.answers.origins import AnyOrigin, ByPath
from runtime.web.call import Call
from runtime.web.cookie import refresh_cookie
from runtime.web.dispatch import Container, WiredApp, find_handler
from runtime.web.edge import EdgeMiddleware
from runtime.web.errors import ErrorLayer, Refusals
from runtime.web.extensions.checkup import Checkup
from runtime.web.extensions.refused import RefusedStaff
from runtime.web.extensions.staff import StaffGuard, StandingOf
from runtime.web.files import FileServer
from runtime.web.guards import GuardLayer, Guards
from runtime.web.lifecycle import Lifecycle, LifecycleMiddleware, Phase
from runtime.web.limits.local import Limiter, LocalLimiter
from runtime.web.marks import marks
from runtime.web.packed import Packed
from runtime.web.pages import PATHS, Portal
from runtime.web.routing import Routes, StrictRouting
from runtime.web.sandbox.checkouts import CheckoutPage
from runtime.web.sandbox.identities import IdentityPage
from runtime.web.sandbox.page import SandboxPage
from runtime.web.sandbox.payouts import PayoutAccountPage, PayoutPage
from runtime.web.security import Bearer, CompiledSecurity, DevTokenSecurity
from runtime.web.specification import CompiledMiddleware
from runtime.web.validation import ValidationLayer
from runtime.web.visitor import device_cookie
from runtime.web.webhooks.intake import Intake
from services.audit.seals import AuditSeals
from services.avatars import Avatars
from services.changes import Changes
from services.config.desk import ConfigDesk
from services.container import Services
from services.creators.public_pages import PublicPages
from services.creators.referral_clicks import ReferralClicks
from services.creators.style_sheets import clean_css
from services.creators.subscriptions import Subscriptions
from services.creators.visits import Visits
from services.devices import device_of, devices_of
from services.editions import Editions
from services.gdpr.erasures import Erasures
from services.gdpr.export_links import ExportLinks
from services.i18n.bundles import Bundles
from services.mailer import MailTemplates
from services.money.adjustments import AdjustmentService
from services.money.closings import ClosingService
from services.money.coupons import CouponService
from services.money.freezes import FreezeService
from services.money.gifts import GiftService
from services.money.payout_sending import PayoutBooks
from services.money.payout_settling import PayoutSettler
from services.money.refunds import RefundService
from services.money.vault import Vault
from services.passwords import Hasher, StoredHashes
from services.phones import region_of
from services.platforms import OAuthDirectory
from services.providers.desk import ProviderDesk
from services.providers.samples import ProviderSamples
from services.providers.simulations import Simulations, sandbox_pages
from services.qr import png_data_url
from services.second_factor import SecondFactor
from services.signing_keys import SigningKeys
from services.tokens import Tokens
from services.trust.moderation import Moderation
from services.turns import OneByOne
from services.urls.operations import OperationUrls
from services.urls.previews import Previews

if TYPE_CHECKING:
    from redis.asyncio import Redis

# Browsers and crawlers act on these themselves. Scripts may read all others that the contract declares.
FOR_BROWSERS = frozenset(
    {
        "Allow", "Content-Security-Policy", "Cross-Origin-Resource-Policy", "Set-Cookie", "WWW-Authenticate",
        "X-Frame-Options", "X-Robots-Tag",
    }
)  # fmt: skip
# What any call may have; the contract names the rest.
ALLOWED = frozenset({"Authorization", "Content-Type", "X-Correlation-Id"})
PREFLIGHT_SECONDS = 600
ADMIN = "/admin/"
DOCUMENT_SECONDS = 300
NOTICES = "webhooks.post"


def build_limiter(settings: Settings) -> "tuple[Limiter, Redis | None]":
    local = LocalLimiter()
    if settings.redis_url is None:
        return local, None
    from runtime.web.limits.redis import RedisLimiter, connect_redis  # takes memory, and only some need it

    redis = connect_redis(settings.redis_url)
    return RedisLimiter(redis, local, settings.processes), redis


class SiteRouter:
    """Calls of the API go straight to it, past the routes of everything else. ``doors`` are not operations, and stand
    below the API all the same, each by the beginning of its path."""

    def __init__(self, base_path: str, api: ASGIApp, pages: ASGIApp, doors: Mapping[str, ASGIApp]) -> None:
        self._below = f"{base_path}/"
        self._api = api
        self._pages = pages
        self._doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        called = scope["type"] == "http" and scope["path"].startswith(self._below)
        await (self._called(scope["path"]) if called else self._pages)(scope, receive, send)

    def _called(self, path: str) -> ASGIApp:
        for beginning, door in self._doors.items():
            if path.startswith(beginning):
                return door
        return self._api


class Application:
    """``asgi`` is the whole server; the rest is there for whoever runs it in process.

    ``innermost`` calls the handlers, ``sessions`` knows who is signed in.
    ``parts``: others than those of the settings, ``contract`` and ``defaults`` as in
    ``build_parts``. ``standing_of`` tells what a caller is as staff, in place of
    the database. ``connexion`` is the stack of Connexion's layers alone, from
    routing to the handler's answer.
    """

    innermost: type[AsyncASGIApp] = WiredApp
    sessions: type[LiveSessions] = LiveSessions

    def __init__(
        self,
        settings: Settings,
        database_url: str,
        parts: Parts | None = None,
        defaults: Mapping[str, Any] | None = None,
        standing_of: StandingOf | None = None,
        contract: Contract | None = None,
    ) -> None:
        self._database_url = database_url
        self.metrics = Metrics("api", settings.metrics_dir)
        observe = self.metrics.attempt
        self.parts = parts or build_parts(
            settings, database_url, "api", contract=contract, observe=observe, defaults=defaults
        )
        self.config = self.parts.config
        self.hasher = Hasher(self.config, refused=self.metrics.refused)
        self.limiter, self._redis = build_limiter(settings)
        self.signing_keys = SigningKeys(self.parts.database, self.parts.keyring, self.config, utc_now)
        self.config.follow(self.signing_keys.refresh)
        self.moderation = Moderation(self.parts.database, utc_now)
        self.config.follow(self.moderation.refresh)
        self.editions = Editions(self.parts.database, utc_now)
        self.config.follow(self.editions.refresh)
        self.public_pages = PublicPages(self.parts.database, utc_now)
        uncounted = self.metrics.uncounted
        self.visits = Visits(self.parts.database, utc_now, os.urandom, uncounted, self._own_hosts)
        self.config.follow(StoredHashes(self.hasher, self.parts.database, self.config).refresh)
        self.tokens = Tokens(self.parts.keyring, self.signing_keys, self.config, utc_now)
        self.refusals = Refusals(
            self.parts.contract.errors, self.parts.contract.policies, self.parts.texts, strict=not settings.production
        )
        self.export_links = ExportLinks(self.parts.keyring, self.config, utc_now)
        self.previews = Previews(self.parts.keyring.digests, utc_now)
        contract, keyring = self.parts.contract, self.parts.keyring
        shown = marks(refresh_cookie(contract, settings), device_cookie(contract), self.tokens, keyring)
        self.guards = Guards(
            contract.policies, settings, self.config, self.limiter, utc_now,
            marks=shown, dev_token_header=contract.dev_token_header.lower(),
            staff=StaffGuard(contract.permissions, self.config, utc_now, self.parts.database, standing_of),
            note_refusal=RefusedStaff(self.parts.database, self.limiter).note,
        )  # fmt: skip
        self.lifecycle = Lifecycle(settings.max_connections)
        self._looking: asyncio.Future[bool] | None = None
        self.sandbox = sandbox_pages(self.parts.providers, self.parts.database, utc_now)
        self._served = self._narrowed()
        self._own_routes = self._make_own_routes()
        self._routes = Routes()
        self.connexion = self._connexion()
        self.metrics.watch(self._present)
        routes = contract.operation_paths
        door = EdgeMiddleware(self._outer(), settings, self.config, self.metrics.observe, routes)
        self.asgi = self._traced(door, routes)

    def _traced(self, app: ASGIApp, routes: Mapping[str, str]) -> ASGIApp:
        tracing = self.parts.tracing
        if isinstance(tracing, NoTracing):
            return app
        from runtime.web.request_spans import RequestSpans  # needs the extra `tracing`

        return RequestSpans(app, tracing, routes)

    def _narrowed(self) -> Contract:
        """Without scope ``admin`` where this node does not have it: its paths are then as unknown as any others."""
        contract = self.parts.contract
        return contract if self.parts.settings.admin else replace(contract, document=for_everybody(contract.document))

    def _make_own_routes(self) -> list[Route | Mount]:
        """Everything that is neither an operation nor a page."""
        documents = {
            "/openapi.yaml": _Document(self._served.as_yaml, "application/yaml"),
            "/openapi.json": _Document(self._served.as_json, "application/json"),
        }
        return [
            Route("/health/live", _live),
            Route("/health/ready", self._ready),
            Route(scrape.PATH, ErrorLayer(self._scrape(), self.refusals)),
            *(Route(path, document.answer) for path, document in documents.items()),
            Mount(FILES.rstrip("/"), ErrorLayer(self._files(), self.refusals)),
            *(Mount(page.path.rstrip("/"), ErrorLayer(page, self.refusals)) for page in self._sandbox()),
        ]

    def _sandbox(self) -> Iterator[SandboxPage]:
        """The pages of providers of our own, which production does not have."""
        pages = self.sandbox
        if pages.verifications is not None:
            yield IdentityPage(pages.verifications)
        if pages.payments is not None:
            yield CheckoutPage(pages.payments)
        if pages.payout_accounts is not None:
            yield PayoutAccountPage(pages.payout_accounts)
        if pages.transfers is not None:
            yield PayoutPage(pages.transfers)

    @property
    def site_paths(self) -> frozenset[str]:
        """The first segment of every path that is served, in the lower case of usernames."""
        served = (self.parts.contract.base_path, *(route.path for route in self._own_routes), *PATHS)
        return frozenset(path.split("/")[1].lower() for path in served)

    def _outer(self) -> ASGIApp:
        contract = self.parts.contract
        api = ErrorLayer(self.connexion, self.refusals)
        settings = self.parts.settings
        builds = settings.development and settings.portal_dir is None
        portal = Portal(settings.portal_folder, contract.base_path, self.config, api, builds=builds)
        routes: list[BaseRoute] = [*self._own_routes, Mount("/", portal)]
        pages = Starlette(routes=routes, lifespan=self._lifespan)
        pages.router.redirect_slashes = False
        router = SiteRouter(contract.base_path, api, pages, self._doors())
        return self._shared(LifecycleMiddleware(router, self.lifecycle, self.refusals))

    def _doors(self) -> Mapping[str, ASGIApp]:
        below = self.parts.contract.webhooks["path"].partition("{")[0]
        return {below: ErrorLayer(self._intake(below), self.refusals)}

    def _shared(self, app: ASGIApp) -> ASGIApp:
        """With browsers of the origins that may read the answers."""
        settings, contract = self.parts.settings, self.parts.contract
        allowed = sorted(ALLOWED | contract.request_headers)
        exposed = sorted(contract.answer_headers - FOR_BROWSERS)

        def shared(origins: Collection[str]) -> ASGIApp:
            if not origins:
                return bare
            return CORSMiddleware(
                bare,
                allow_origins=origins,
                allow_methods=sorted(contract.methods - {"HEAD"}),
                allow_headers=allowed,
                allow_credentials=True,
                expose_headers=exposed,
                max_age=PREFLIGHT_SECONDS,
            )

        bare = app
        if settings.origins:
            app = ByPath(f"{contract.base_path}{ADMIN}", shared(settings.admin_origins), shared(settings.origins))
        if not any(policy.cache for policy in contract.policies.values()):
            return app
        return AnyOrigin(
            app, contract.policies, self._routes, exposed=exposed, allowed=allowed, seconds=PREFLIGHT_SECONDS
        )

    def _scrape(self) -> scrape.Scrape:
        return scrape.Scrape(self.metrics, self.parts.database, self.parts.settings)

    def _present(self) -> Gauges:
        return {
            "biore_bcrypt_running": self.hasher.running,
            "biore_bcrypt_waiting": self.hasher.waiting,
            "biore_ratelimit_degraded": getattr(self.limiter, "degraded", False),
            **pool_gauges(self.parts.database.pool),
        }

    def _intake(self, below: str) -> Intake:
        parts = self.parts
        (operation,) = parts.contract.webhooks["operations"]
        rate = parts.contract.door_rates[NOTICES]

        async def limit(call: Call) -> None:
            await self.guards.limit(NOTICES, call, rate)

        most_bytes, observe = operation[BODY_LIMIT], self.metrics.webhook
        return Intake(below, most_bytes, parts.webhooks, parts.database, self.config, utc_now, limit, observe)

    def _files(self) -> FileServer:
        rates = self.parts.contract.door_rates

        async def limit(method: str, call: Call) -> None:
            name = f"files.{method.lower()}"
            await self.guards.limit(name, call, rates[name])

        return FileServer(self.parts.providers.storage, self.parts.database, self.export_links, utc_now, limit)

    def _connexion(self) -> ASGIApp:
        parts = self.parts
        schemas = SchemaCompiler(parts.contract.document)
        bearer = Bearer(self.tokens, self.sessions(parts.database.sessions.fetch, utc_now))
        app = CompiledMiddleware(
            self.innermost(),
            middlewares=[StrictRouting, CompiledSecurity, GuardLayer, ValidationLayer],
            resolver=Resolver(find_handler),
            security_map={"apiKey": DevTokenSecurity},
        )
        app.add_api(
            self._served.document,
            base_path=parts.contract.base_path,
            contract=parts.contract,
            routes=self._routes,
            bearer=bearer,
            schemas=schemas,
            guards=self.guards,
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
        stack: ASGIApp = app._build_middleware_stack()[0]
        return stack

    def _services(self) -> Services:
        """What a handler may ask for by name, beside what belongs to the call itself."""
        changes = Changes(self.parts.keyring, self.config, utc_now)
        providers = self.parts.providers
        mail_rules = MailRules(self.config, self.parts.settings.dns_resolver, watch=providers.watch)
        return Services(
            adjustments=AdjustmentService(),
            freezes=FreezeService(),
            audit_seals=AuditSeals(self.parts.database, self.parts.keyring),
            avatar_columns=Avatars(self.parts.providers.storage, loopback=self.parts.settings.development).columns,
            bundles=Bundles(self.parts.database, self.parts.wordings),
            changes=changes,
            clean_css=clean_css,
            clock=utc_now,
            closings=ClosingService(GiftService()),
            config=self.config,
            coupons=CouponService(),
            desk=ConfigDesk(self.config, self.parts.contract),
            device_of=device_of,
            devices_of=devices_of,
            editions=self.editions,
            examine=Checkup(self.parts.settings, self._database_url, self.parts.contract),
            digests=self.parts.keyring.digests,
            erasures=Erasures(changes, self.config, utc_now),
            export_links=self.export_links,
            geoip=self.parts.providers.geoip,
            hasher=self.hasher,
            kyc=self.parts.kyc,
            payout_accounts=self.parts.payout_accounts,
            leaked_passwords=self.parts.providers.leaked_passwords,
            payments=self.parts.providers.payment,
            payout_settler=PayoutSettler(
                self.parts.providers.payout,
                PayoutBooks(Vault(self.parts.keyring), self.parts.payouts, self.config),
            ),
            payouts=self.parts.payouts,
            mail_rules=mail_rules,
            mail_templates=MailTemplates(self.parts.texts, self.config),
            moderation=self.moderation,
            oauth=self._oauth(),
            permissions=self.parts.contract.permissions,
            one_by_one=OneByOne(),
            operation_urls=OperationUrls(self.config, self.parts.contract.operation_paths),
            platforms=OAuthDirectory(self.parts.database, self.parts.keyring),
            previews=self.previews,
            provider_desk=ProviderDesk(providers, self.config, [DnsFamily(mail_rules, providers.watch)]),
            provider_samples=ProviderSamples(providers, self.parts.texts),
            public_pages=self.public_pages,
            qr_code=png_data_url,
            random_bytes=os.urandom,
            referral_clicks=ReferralClicks(self.parts.database),
            refunds=RefundService(),
            region_of=region_of,
            simulations=Simulations(self.parts.database, self.sandbox),
            say_in=lambda locale, key: self.parts.texts.say(locale, "messages", key),
            second_factor=SecondFactor(self.parts.keyring, self.config, utc_now),
            vault=Vault(self.parts.keyring),
            site_paths=self.site_paths,
            social=social_desk(self.parts),
            storage=self.parts.providers.storage,
            subscriptions=Subscriptions(self.parts.keyring.digests, self.config),
            tokens=self.tokens,
            visits=self.visits,
            wordings=self.parts.wordings,
        )

    def _own_hosts(self) -> frozenset[str]:
        """The hosts of the site, whose pages lead from one to another."""
        hosts = (urlsplit(self.config[key]).hostname or "" for key in (BASE_URL, CANONICAL_BASE_URL))
        return frozenset(host.removeprefix("www.") for host in hosts)

    def _oauth(self) -> OAuthFamily:
        parts = self.parts
        adapters = oauth_adapters(parts.providers.http)
        return OAuthFamily(OAuthDirectory(parts.database, parts.keyring), adapters, parts.providers.watch)

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        await self.config.keep_up()
        watching = asyncio.create_task(self.config.watch())
        try:
            async with publishing(self.metrics):
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
        unfit = {"unfitConfig": True} if self.config.unfit else {}  # anybody may ask; the log and the doctor name them
        if staying and known and await self._database_is_ready():
            return JSONResponse({"status": "ready", **unfit})
        return JSONResponse({"status": "unavailable", **unfit}, status_code=503, headers={"Retry-After": "1"})

    async def _database_is_ready(self) -> bool:
        """One question for all who probe at a time: nobody takes more than one connection from those who work."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.ensure_future(is_up_to_date(self.parts.database))
        return await asyncio.shield(self._looking)


async def _live(_request: Request) -> Response:
    return JSONResponse({"status": "live"})


class _Document:
    """Written when somebody asks for it: that takes longer than any other part of the start."""

    def __init__(self, write: Callable[[], bytes], media_type: str) -> None:
        self._written = cache(lambda: Packed.of(write(), media_type))

    async def answer(self, request: Request) -> Response:
        written = await asyncio.to_thread(self._written)
        return written.answer(request.headers, {"Cache-Control": f"public, max-age={DOCUMENT_SECONDS}"})
