"""Settings of one process, from the environment (``BIORE_…``). What an admin changes at run time is a config key."""

import ipaddress
import os
import re
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from domain.network import Network

ENVIRONMENTS = ("development", "staging", "production")
LOG_LEVELS = ("debug", "info", "warning", "error")
PREFIX = "BIORE_"
MIN_SECRET = 32
NO_SECRET = f"{PREFIX}SECRET_KEY must be set outside development: {MIN_SECRET} random characters or more"
TRACING = "opentelemetry.exporter.otlp.proto.http"
HEADER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
DOMAIN = re.compile(r"\.?([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,62}")
EXAMPLES = {"CLIENT_ADDRESS_HEADER": "X-Forwarded-For or CF-Connecting-IP", "COUNTRY_HEADER": "CF-IPCountry"}
# Headers that every client sends for itself; and Forwarded, whose grammar (RFC 7239) is not read here.
HOST_ONLY = "host"  # in place of a domain: the refresh cookie goes to this host alone
NEVER_FORWARDED = frozenset({"accept-language", "authorization", "cookie", "forwarded", "host", "origin", "user-agent"})
WHOLE, NUMBER = "a whole number", "a number"
A_PORT = "a whole number from 1 to 65535"
SWITCH = {"on": True, "off": False}
KINDS: Mapping[str, tuple[Callable[[str], object], str]] = {
    "admin": (SWITCH.__getitem__, "on or off"),
    "demo": (SWITCH.__getitem__, "on or off"),
    "port": (int, A_PORT),
    "processes": (int, WHOLE),
    "max_connections": (int, WHOLE),
    "max_client_connections": (int, WHOLE),
    "trace_ratio": (float, NUMBER),
    "drain_seconds": (float, NUMBER),
}
ORIGIN = re.compile(r"https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
NAME_SERVER = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}")
POSTGRES_SCHEMES = frozenset({"postgresql", "postgres"})
REDIS_SCHEMES = frozenset({"redis", "rediss", "unix"})
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
DRAIN_SECONDS = 5.0
LONGEST_DRAIN = 3600.0


class InvalidSettings(Exception):
    """A setting is missing or wrong; the message names the variable and the remedy."""


@dataclass(frozen=True)
class Settings:
    """``processes``: how many API processes share the rate limits (all nodes together).

    ``admin``: whether this node has the operations of the staff; ``admin_origins`` are the only ones whose pages may
    call them.
    ``demo``: whether a first run of development on its own database gets example content.
    ``log_level``: the least that is logged; pages and files of the portal are below ``info``.
    ``portal_dir``: a portal built before; without it, development builds one below ``data_dir``.
    ``client_address_header``, ``country_header``: what trusted proxies set themselves, and is believed of them.
    ``otlp_endpoint``: the base address of an OpenTelemetry collector; without it nothing is traced.
    ``trace_ratio``: the share of requests and jobs that is recorded, where no trusted caller has decided.
    ``metrics_dir``: where the processes of one server count together; ``biore serve`` makes one for its own.
    ``drain_seconds``: how long a process that ends still serves while /health/ready sends callers elsewhere.
    ``max_connections``: of one process; beyond it idle ones are closed, and where none is, requests are refused.
    ``max_client_connections``: likewise, of those that come from one network and through no trusted proxy.
    """

    env: str = "development"
    host: str = "127.0.0.1"
    port: int = 8000
    data_dir: Path = Path(".biore")
    database_url: str | None = None
    redis_url: str | None = None
    secret_key: str | None = None
    cors_origins: tuple[str, ...] = ()
    admin: bool = True
    admin_origins: tuple[str, ...] = ()
    cookie_domain: str | None = None
    demo: bool = True
    dev_token: str | None = None
    trusted_proxies: tuple[Network, ...] = ()
    client_address_header: str = "X-Forwarded-For"
    country_header: str | None = None
    dns_resolver: str | None = None
    processes: int = 1
    portal_dir: Path | None = None
    otlp_endpoint: str | None = None
    trace_ratio: float = 1.0
    metrics_token: str | None = None
    metrics_dir: Path | None = None
    drain_seconds: float | None = None
    max_connections: int = 1000
    max_client_connections: int = 100
    log_level: str = "info"

    @property
    def development(self) -> bool:
        return self.env == "development"

    @property
    def production(self) -> bool:
        return self.env == "production"

    @property
    def origins(self) -> tuple[str, ...]:
        """Whose pages may sign in here: those of the staff, too."""
        return tuple(dict.fromkeys(self.cors_origins + self.admin_origins))

    @property
    def embedded(self) -> bool:
        """Whether we run the database ourselves."""
        return self.database_url is None

    @property
    def own_origin(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def refresh_domain(self) -> str | None:
        """Where browsers send the refresh cookie; None for the host alone."""
        if self.cookie_domain == HOST_ONLY:
            return None
        return self.cookie_domain or (".bio.re" if self.production else None)

    @property
    def drain_time(self) -> float:
        """Where nobody balances load, Ctrl-C is not made to wait."""
        return self.drain_seconds if self.drain_seconds is not None else 0 if self.development else DRAIN_SECONDS

    @property
    def portal_folder(self) -> Path:
        return self.portal_dir or self.data_dir / "portal"

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """The deployment's secrets, the current one first. Development makes one for itself. Raises InvalidSettings."""
        if self.secret_key is not None:
            return tuple(self.secret_key.split(","))
        if not self.development:
            raise InvalidSettings(NO_SECRET)
        return (_made_once(self.secret_file),)

    @property
    def secret_file(self) -> Path:
        """Where development keeps the secret that it made."""
        return self.data_dir / "secret"

    @property
    def known_secrets(self) -> tuple[str, ...]:
        """As ``secrets``, but none is made, and nothing is raised when there is none."""
        if self.secret_key is not None or (self.development and self.secret_file.exists()):
            return self.secrets
        return ()


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of ``environ``. Raises InvalidSettings."""
    settings = checked(environ)
    _ = settings.secrets  # development makes its own now, before two processes do
    return settings


def checked(environ: Mapping[str, str] = os.environ) -> Settings:
    """As ``load``, but nothing is made: for what only reads."""
    settings = read(environ)
    for fault in faults(settings):
        raise InvalidSettings(fault)
    return settings


def read(environ: Mapping[str, str] = os.environ) -> Settings:
    """As ``load``, but only what cannot be read raises, and nothing is made: for whoever looks at the ``faults``."""
    known = {PREFIX + name.upper() for name in Settings.__dataclass_fields__}
    unknown = sorted(name for name in environ if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise InvalidSettings(f"unknown settings {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    given = {name.removeprefix(PREFIX).lower(): value for name, value in environ.items() if name in known and value}
    return Settings(**{name: _parsed(name, value) for name, value in given.items()})  # type: ignore[arg-type]


def _parsed(name: str, value: str) -> object:
    if name in KINDS:
        kind, words = KINDS[name]
        try:
            return kind(value)
        except (ValueError, KeyError):
            raise InvalidSettings(f"{PREFIX}{name.upper()} must be {words}, not {value!r}") from None
    try:
        if name in ("data_dir", "portal_dir", "metrics_dir"):
            return Path(value)
        if name in ("cors_origins", "admin_origins"):
            return tuple(origin.strip().rstrip("/") for origin in value.split(",") if origin.strip())
        if name == "trusted_proxies":
            return tuple(ipaddress.ip_network(network.strip()) for network in value.split(",") if network.strip())
    except ValueError as error:
        raise InvalidSettings(f"{PREFIX}{name.upper()}: {error}") from None
    return value


def faults(settings: Settings) -> Iterator[str]:
    """What forbids to start, each with its remedy."""
    if settings.env not in ENVIRONMENTS:
        yield f"{PREFIX}ENV must be one of {', '.join(ENVIRONMENTS)}"
    if not 0 < settings.port < 65536:
        yield f"{PREFIX}PORT must be {A_PORT}, not {settings.port}"
    if settings.log_level not in LOG_LEVELS:
        yield f"{PREFIX}LOG_LEVEL must be one of {', '.join(LOG_LEVELS)}"
    if settings.processes < 1:
        yield f"{PREFIX}PROCESSES must be 1 or more, not {settings.processes}"
    if settings.max_connections < 1 or settings.max_client_connections < 1:
        yield f"{PREFIX}MAX_CONNECTIONS and {PREFIX}MAX_CLIENT_CONNECTIONS must be positive"
    if not 0 <= settings.drain_time <= LONGEST_DRAIN:  # nor NaN
        yield f"{PREFIX}DRAIN_SECONDS must be from 0 to {LONGEST_DRAIN:.0f}"
    if settings.production and settings.embedded:
        yield f"{PREFIX}DATABASE_URL must be set in production"
    yield from _address_faults(settings)
    if settings.env == "staging" and not settings.dev_token:
        yield f"{PREFIX}DEV_TOKEN must be set in staging: it guards the development tools"
    if not settings.development and not settings.known_secrets:
        yield NO_SECRET
    if settings.cookie_domain not in (None, HOST_ONLY) and DOMAIN.fullmatch(settings.cookie_domain or "") is None:
        yield f"{PREFIX}COOKIE_DOMAIN must be a domain such as .bio.re, or `host` for a cookie of the host alone"
    yield from _header_faults(settings)
    if any(len(secret) < MIN_SECRET for secret in settings.known_secrets):
        yield f"{PREFIX}SECRET_KEY needs {MIN_SECRET} characters or more"
    if settings.dev_token is not None and len(settings.dev_token) < MIN_SECRET:
        yield f"{PREFIX}DEV_TOKEN needs {MIN_SECRET} characters or more"
    if settings.metrics_token is not None and len(settings.metrics_token) < MIN_SECRET:
        yield f"{PREFIX}METRICS_TOKEN needs {MIN_SECRET} characters or more"
    yield from _tracing_faults(settings)


def _address_faults(settings: Settings) -> Iterator[str]:
    """Of what this process reaches others by; none is quoted, because some hold passwords."""
    for name, origins in (("CORS_ORIGINS", settings.cors_origins), ("ADMIN_ORIGINS", settings.admin_origins)):
        if "*" in origins:
            yield f"{PREFIX}{name} must name origins: answers carry credentials"
        elif not all(map(ORIGIN.fullmatch, origins)):
            yield f"{PREFIX}{name} must be origins without a path, separated by commas: https://app.example.com"
    if settings.database_url is not None:
        yield from _database_faults(settings.database_url)
    if settings.redis_url is not None and not _is_redis(settings.redis_url):
        yield f"{PREFIX}REDIS_URL must be like redis://user:password@host:6379/0; rediss:// for TLS"
    if settings.dns_resolver is not None and NAME_SERVER.fullmatch(settings.dns_resolver) is None:
        yield f"{PREFIX}DNS_RESOLVER must be host and port of a name server: 127.0.0.1:53"


def _database_faults(url: str) -> Iterator[str]:
    scheme = SCHEME.match(url)
    if scheme is not None and scheme[1] not in POSTGRES_SCHEMES:
        yield f"{PREFIX}DATABASE_URL must begin with postgresql://, not {scheme[0]}: PostgreSQL is the only database"
    elif not _is_readable(url):
        yield (
            f"{PREFIX}DATABASE_URL must be like postgresql://user:password@host:5432/name, where user and password are "
            "percent-encoded: %25 stands for a percent sign, %40 for @"
        )


def _is_redis(url: str) -> bool:
    try:
        address = urlsplit(url)
        _ = address.port  # which raises where it is no number
    except ValueError:
        return False
    return address.scheme in REDIS_SCHEMES and bool(address.path if address.scheme == "unix" else address.hostname)


def _header_faults(settings: Settings) -> Iterator[str]:
    named = {"CLIENT_ADDRESS_HEADER": settings.client_address_header, "COUNTRY_HEADER": settings.country_header}
    for name, header in named.items():
        if header is not None and (HEADER.fullmatch(header) is None or header.lower() in NEVER_FORWARDED):
            yield f"{PREFIX}{name} must name a header that your proxy sets, such as {EXAMPLES[name]}"
    if (settings.country_header or "").lower() == settings.client_address_header.lower():
        yield f"{PREFIX}COUNTRY_HEADER and {PREFIX}CLIENT_ADDRESS_HEADER must differ"


def _tracing_faults(settings: Settings) -> Iterator[str]:
    if not 0 <= settings.trace_ratio <= 1:
        yield f"{PREFIX}TRACE_RATIO must be a share from 0 to 1"
    if settings.otlp_endpoint is None:
        return
    address = urlsplit(settings.otlp_endpoint)
    if address.scheme not in ("http", "https") or not address.hostname or address.query or address.fragment:
        yield f"{PREFIX}OTLP_ENDPOINT must be the base address of a collector: http://collector:4318"
    if not _installed(TRACING):
        yield f"{PREFIX}OTLP_ENDPOINT needs what does not come by itself: pip install 'biore[tracing]'"


def _is_readable(url: str) -> bool:
    from persistence.engine.url import is_readable  # takes time, and only some need it

    return is_readable(url)


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # one of the packages above it
        return False


def _made_once(path: Path) -> str:
    path.parent.mkdir(0o700, parents=True, exist_ok=True)
    if not path.exists():
        # Made aside and put in place as a whole: two that start at once must not read half of it.
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # of mode 0600
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(MIN_SECRET))
        with suppress(FileExistsError):
            os.link(draft, path)
        os.unlink(draft)
    return path.read_text()
