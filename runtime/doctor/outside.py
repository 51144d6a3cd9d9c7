"""What a deployment depends on beyond its database: Redis, and the providers that an admin chose."""

import asyncio
import time
from collections.abc import Awaitable
from statistics import median
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from domain.auth.oauth import PLATFORM_NAMES
from providers.breaker import Breaker
from providers.dns.deliverability import EMAIL_MX_CHECK
from providers.dns.lookup import MailLookup, stub_resolver
from providers.email.message import parse_mailbox
from providers.email.smtp import FROM
from providers.ports import ProviderUnavailable
from runtime.doctor.deployment import Deployment
from runtime.doctor.verdict import Verdict, fail, ok, together, warn
from runtime.settings import PREFIX
from runtime.web.limits.redis import TIMEOUT, connect_redis
from services.config.catalogue import CATALOGUE
from services.platforms import OAuthDirectory

OLDEST_REDIS = 6
PINGS = 5
SLOW = TIMEOUT / 10
DNS_SHARE = 0.6
# X takes codes from clients without a secret.
NEED_SECRET = set(PLATFORM_NAMES) - {"x"}


async def redis(deployment: Deployment) -> Verdict:
    settings = deployment.settings
    if settings.redis_url is None:
        if settings.processes == 1:
            return ok("none, and none is needed for one process")
        return fail(f"none for {settings.processes} processes, each with limits of its own", f"set {PREFIX}REDIS_URL")
    remedy = f"see that it runs and that {PREFIX}REDIS_URL leads there; until then each process enforces its share"
    try:
        client = connect_redis(settings.redis_url, timeout=deployment.seconds / 2)
    except ValueError:  # its text holds the URL
        return fail(f"{PREFIX}REDIS_URL is no URL of a Redis", "such as redis://host:6379/0")
    try:
        return together([*_redis_facts(await client.info()), _judged_latency(await _latency(client))])
    except ResponseError as error:
        known = "unknown command" not in str(error)  # it is greeted with HELLO, which is as old as Redis 6
        return fail(f"it refuses: {error}", remedy if known else f"upgrade to Redis {OLDEST_REDIS} or later")
    except (RedisError, OSError) as error:
        return fail(f"it cannot be used ({str(error) or type(error).__name__})", remedy)
    finally:
        await client.aclose()


def _redis_facts(info: dict[str, Any]) -> list[Verdict]:
    version, policy = str(info["redis_version"]), info.get("maxmemory_policy", "noeviction")
    found = [ok(f"Redis {version}, {policy}")]
    if int(version.partition(".")[0]) < OLDEST_REDIS:
        found.append(fail(f"Redis {version}", f"upgrade to Redis {OLDEST_REDIS} or later"))
    if info.get("role") == "slave":
        found.append(fail("it is a replica, which counts nothing", f"let {PREFIX}REDIS_URL lead to the primary"))
    if policy != "noeviction" and info.get("maxmemory"):
        found.append(warn(f"{policy} drops limits when memory is short", "set maxmemory-policy noeviction"))
    return found


async def _latency(client: Redis) -> float:
    """Seconds that a call takes over a connection that is open."""
    taken = []
    for _ in range(PINGS):
        started = time.perf_counter()
        await client.ping()
        taken.append(time.perf_counter() - started)
    return median(taken)


def _judged_latency(seconds: float) -> Verdict:
    told = f"{seconds * 1000:.1f} ms a call"
    if seconds <= SLOW:
        return ok(told)
    if seconds < TIMEOUT:
        return warn(told, "bring it nearer: every limited request waits for it")
    return fail(told, f"bring it nearer: a process gives up after {TIMEOUT * 1000:.0f} ms and enforces its share")


async def mail(deployment: Deployment) -> Verdict:
    """All that are chosen, as far as one can go without sending a mail."""
    family = deployment.parts.providers.email
    probes = [_probed(name, family.probe(name), deployment.seconds) for name in family.chosen()]
    return together(await asyncio.gather(*probes))


async def _probed(name: str, probe: Awaitable[str], seconds: float) -> Verdict:
    try:
        async with asyncio.timeout(seconds * 0.9):  # so that one that hangs does not take the others with it
            return ok(f"{name}: {await probe}")
    except TimeoutError:
        return fail(f"{name}: no answer in time", "see that it is up and reached from here")
    except ProviderUnavailable as fault:
        return fail(f"{name}: {fault}", f"mend it or its keys: `biore config list` shows external.*.{name}.*")


async def sms(deployment: Deployment) -> Verdict:
    """Vendors are not asked: nothing of theirs is free."""
    return together([_complete(deployment, "sms", name, warn) for name in deployment.parts.providers.sms.chosen()])


async def captcha(deployment: Deployment) -> Verdict:
    chosen = deployment.parts.providers.captcha.chosen()
    return together([_complete(deployment, "captcha", name, fail) for name in chosen], "none is asked for")


def _complete(deployment: Deployment, family: str, name: str, bad: Any) -> Verdict:
    prefix = f"external.{family}.{name}."
    own = [key for name, key in CATALOGUE.items() if name.startswith(prefix)]
    empty = [key.name for key in own if not deployment.parts.config[key]]
    if not empty:
        return ok(f"{name} is filled in" if name != "mailbox" else "mailbox")
    verdict: Verdict = bad(f"{', '.join(empty)} empty", "`biore config set` it, or choose another provider")
    return verdict


async def storage(deployment: Deployment) -> Verdict:
    active = deployment.parts.providers.storage.active
    return await _probed(active.name, active.probe(), deployment.seconds)


async def oauth(deployment: Deployment) -> Verdict:
    platforms = await OAuthDirectory(deployment.parts.database, deployment.parts.keyring).shown()
    used = [platform for platform in platforms if platform["enabled"]]
    return together([_judged_platform(platform) for platform in used], ", ".join(p["platform"] for p in used) or "none")


def _judged_platform(platform: dict[str, Any]) -> Verdict:
    """That one which is enabled has a client id, the table itself sees to."""
    name = platform["platform"]
    remedy = f"`biore oauth set {name} --client-secret - --redirect-uri …`"
    needed = {"redirect_uri": platform["login_enabled"], "client_secret": name in NEED_SECRET}
    missing = [field for field, wanted in needed.items() if wanted and not platform[field]]
    return warn(f"{name} has no {' and no '.join(missing)}", remedy) if missing else ok(name)


async def dns(deployment: Deployment) -> Verdict:
    """The question that sign-up asks, about our own domain."""
    config = deployment.parts.config
    if not config[EMAIL_MX_CHECK]:
        return ok("not asked: auth.email_mx_check is off")
    resolver = deployment.settings.dns_resolver
    remedy = f"set {PREFIX}DNS_RESOLVER; until then every domain of an address is taken as good"
    try:
        domain = parse_mailbox(config[FROM]).domain
        stub = await asyncio.to_thread(stub_resolver, resolver)
        verdict = await MailLookup(stub, Breaker(time.monotonic), deployment.seconds * DNS_SHARE).verdict(domain)
    except ValueError as error:
        return fail(str(error), remedy)
    asked = resolver or "the system's resolver"
    return ok(f"{asked} answers") if verdict.ttl > 0 else fail(f"{asked} does not answer", remedy)
