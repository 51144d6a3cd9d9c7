"""The machine, the settings and the config values, held against the environment that they are for."""

import shutil
import sys
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from domain.config_keys import InvalidConfig, TextKey
from domain.hosts import is_loopback_address
from domain.mailed_pages import BASE_URL
from domain.network import Network
from domain.switches import RATE_LIMITS_ENABLED
from domain.upload import API_URL, STORAGE_PROVIDER
from runtime.doctor.deployment import Deployment
from runtime.doctor.verdict import Verdict, fail, ok, together, warn
from runtime.settings import HOST_ONLY, PREFIX, Settings
from services.config import catalogue
from services.config.catalogue import is_secret

# Inside them everybody may trust whom they like; elsewhere no proxy has more than the widest network of a CDN.
OWN_NETWORKS = tuple(
    map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "100.64.0.0/10", "fc00::/7",
                     "fe80::/10", "::1/128"))
)  # fmt: skip
WIDEST = {4: 12, 6: 28}
CLOUDFLARE_ADDRESS = "cf-connecting-ip"
CLOUDFLARE = tuple(
    map(ip_network, ("173.245.48.0/20", "103.21.244.0/22", "103.22.200.0/22", "103.31.4.0/22", "141.101.64.0/18",
                     "108.162.192.0/18", "190.93.240.0/20", "188.114.96.0/20", "197.234.240.0/22", "198.41.128.0/17",
                     "162.158.0.0/15", "104.16.0.0/13", "104.24.0.0/14", "172.64.0.0/13", "131.0.72.0/22",
                     "2400:cb00::/32", "2606:4700::/32", "2803:f800::/32", "2405:b500::/32", "2405:8100::/32",
                     "2a06:98c0::/29", "2c0f:f248::/32"))
)  # fmt: skip
MIB = 1024 * 1024
SPACE, LEAST_SPACE = 1024 * MIB, 100 * MIB
OPEN_FILES, FEWEST_FILES = 4096, 256


async def config(deployment: Deployment) -> Verdict:
    """What another version stored, or a hand without `biore config set`.

    Nodes that run keep the last value that fitted; one that starts would not know it, and does not serve.
    """
    async with deployment.parts.database.reading() as db:
        stored = await db.config.all()
    operations = frozenset(deployment.parts.contract.limited)
    unfit, unknown = list[str](), list[str]()
    for name, value in stored.items():
        if is_secret(name):
            continue
        try:
            catalogue.check(name, value, operations)
        except InvalidConfig:
            (unfit if catalogue.exists(name, operations) else unknown).append(name)
    if unfit:
        remedy = "`biore config set` them to what fits; nodes keep the former value, and those that start do not serve"
        return fail(f"do not fit: {', '.join(sorted(unfit))}", remedy)
    if unknown:
        return warn(f"ignored: {', '.join(sorted(unknown))}", "keys of another version?")
    return ok(f"{len(stored)} values changed, all of them fit")


def environment(deployment: Deployment) -> Verdict:
    """What suits development and harms where real people are."""
    settings = deployment.settings
    if settings.development:
        return ok("development")
    found = list(_unfit(deployment)) if settings.production else []
    if not deployment.parts.config[RATE_LIMITS_ENABLED]:
        found.append(warn("ratelimit.enabled is off", "`biore config set ratelimit.enabled true`"))
    return together(found, f"fit for {settings.env}")


def _unfit(deployment: Deployment) -> Iterator[Verdict]:
    providers = deployment.parts.providers
    for family in (providers.email, providers.sms):
        if "mailbox" in family.chosen():
            remedy = f"`biore config set {family.active_provider.name}` to another, failover_providers too"
            yield fail(f"{family.family} is given to the mailbox, which production has not", remedy)
    if deployment.parts.config[STORAGE_PROVIDER] == "local":
        remedy = "`biore config set external.storage.active_provider s3`"
        yield fail("files are kept on one node, where no other finds them", remedy)
    if not providers.captcha.chosen():
        yield warn("no captcha", "`biore config set external.captcha.active_provider turnstile`, with its secret")


def addresses(deployment: Deployment) -> Verdict:
    return together([_address(key, deployment) for key in (BASE_URL, API_URL)])


def _address(key: TextKey, deployment: Deployment) -> Verdict:
    value = deployment.parts.config[key]
    if _is_origin(value, deployment):
        return ok(value)
    kind = "an address" if deployment.settings.development else "an https address"
    return fail(f"{key.name} is {value or 'empty'}, not {kind}", f"`biore config set {key.name} https://…`")


def _is_origin(text: str, deployment: Deployment) -> bool:
    """Development may do without TLS."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("https", "http")[: 1 + deployment.settings.development] and bool(parts.hostname)


def cookie(deployment: Deployment) -> Verdict:
    """A browser takes it only from a host below its domain, and sends it only from pages of the same site."""
    domain = (deployment.settings.refresh_domain or "").lstrip(".")
    if deployment.settings.cookie_domain == HOST_ONLY:
        return ok("__Host-: bound to the API's own host, which alone can set it")
    if not domain:
        return ok("bound to the host that sets it")
    hosts = {key.name: _host(deployment.parts.config[key]) for key in (API_URL, BASE_URL)}
    foreign = [f"{name} ({host})" for name, host in hosts.items() if host != domain and not host.endswith(f".{domain}")]
    if not foreign:
        return ok(f".{domain}")
    remedy = f"set {PREFIX}COOKIE_DOMAIN to the domain that both share"
    return fail(f".{domain} is not the domain of {' and '.join(foreign)}", remedy)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def cors(deployment: Deployment) -> Verdict:
    origins = deployment.settings.cors_origins
    wrong = [origin for origin in origins if not _is_origin(origin, deployment) or urlsplit(origin).path]
    if wrong:
        kind = "an origin" if deployment.settings.development else "an https origin"
        return fail(f"{', '.join(wrong)} is not {kind}", f"{PREFIX}CORS_ORIGINS takes https://host, without a path")
    return ok(", ".join(origins) or "none: pages of other origins cannot call")


def proxies(deployment: Deployment) -> Verdict:
    """Who may say where a request comes from."""
    settings = deployment.settings
    wide = [str(network) for network in settings.trusted_proxies if _is_too_wide(network)]
    if wide:
        remedy = f"name only your own proxies in {PREFIX}TRUSTED_PROXIES"
        return fail(f"{', '.join(wide)}: strangers may say who they are, and have no rate limit", remedy)
    if not settings.trusted_proxies and not settings.development and is_loopback_address(settings.host):
        told = f"none, but the API listens on {settings.host}: all people look like one, and share its rate limits"
        return fail(told, f"name the proxy in {PREFIX}TRUSTED_PROXIES, such as 127.0.0.1")
    if not settings.trusted_proxies:
        return ok("none: addresses are those of the connections")
    return _believed(settings, ", ".join(map(str, settings.trusted_proxies)))


def _believed(settings: Settings, told: str) -> Verdict:
    """A proxy extends X-Forwarded-For; any other header is its own only if it overwrites what clients send."""
    header = settings.client_address_header
    if header.lower() != CLOUDFLARE_ADDRESS:
        return ok(f"{told}; addresses by {header}")
    others = [str(network) for network in settings.trusted_proxies if not _is_cloudflares(network)]
    if not others:
        return ok(f"{told}; addresses by {header}")
    remedy = f"trust Cloudflare's networks alone, let them overwrite it, or leave {PREFIX}CLIENT_ADDRESS_HEADER out"
    return warn(f"{header} is believed from {', '.join(others)}, which may pass on what clients send", remedy)


def _is_cloudflares(network: Network) -> bool:
    return any(network.version == theirs.version and network.subnet_of(theirs) for theirs in CLOUDFLARE)  # type: ignore[arg-type]


def _is_too_wide(network: Network) -> bool:
    own = any(network.version == ours.version and network.subnet_of(ours) for ours in OWN_NETWORKS)  # type: ignore[arg-type]
    return not own and network.prefixlen < WIDEST[network.version]


def country(deployment: Deployment) -> Verdict:
    """The header of the CDN is believed from trusted proxies only."""
    chosen, settings = deployment.parts.providers.geoip.chosen(), deployment.settings
    if "cdn_header" not in chosen or settings.development or (settings.trusted_proxies and settings.country_header):
        return ok(", ".join(chosen) or "nobody is asked for countries")
    if settings.trusted_proxies:
        remedy = f"name it in {PREFIX}COUNTRY_HEADER, or `biore config set external.geoip.active_provider none`"
        return warn("cdn_header is chosen, but no header is named", remedy)
    remedy = f"name the CDN in {PREFIX}TRUSTED_PROXIES, or `biore config set external.geoip.active_provider none`"
    return warn("cdn_header is chosen, but no proxy is trusted to set it", remedy)


def disk(deployment: Deployment) -> Verdict:
    folder = deployment.settings.data_dir.absolute()
    standing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(standing).free
    told = f"{free // MIB} MiB free for {folder}"
    if free >= SPACE:
        return ok(told)
    remedy = f"make room, or move {PREFIX}DATA_DIR"
    return warn(told, remedy) if free >= LEAST_SPACE else fail(told, remedy)


def files(deployment: Deployment) -> Verdict:
    """Every connection is one; a server inherits the limit of whoever starts it."""
    if sys.platform == "win32":
        return ok("no limit here")
    import resource  # not on Windows

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = FEWEST_FILES if deployment.settings.development else OPEN_FILES
    told = "any number may be open" if soft == resource.RLIM_INFINITY else f"{soft} may be open"
    if soft == resource.RLIM_INFINITY or soft >= enough:
        return ok(told)
    return warn(told, f"raise the limit to {enough} or more: `ulimit -n`, LimitNOFILE= of a systemd unit")


def portal(deployment: Deployment) -> Verdict:
    folder: Path = deployment.settings.portal_folder
    if (folder / "docs" / "index.html").is_file():
        return ok(f"built in {folder}")
    return warn(f"none in {folder}", f"`biore portal build`; {PREFIX}PORTAL_DIR tells the server where it is")
