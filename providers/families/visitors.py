"""Who is asked about a visitor: captchas, countries, leaked passwords, hosts of mail."""

import hashlib

import structlog

from providers import captcha, geoip, leaked_passwords
from providers.dns.deliverability import RESOLVER, MailRules
from providers.families.family import Chain
from providers.observing import Watch
from providers.ports import (
    CaptchaProvider,
    GeoIpProvider,
    LeakedPasswordsProvider,
    ProviderUnavailable,
)

log = structlog.get_logger()


class CaptchaFamily(Chain[CaptchaProvider]):
    family = "captcha"
    active_provider = captcha.ACTIVE_PROVIDER
    failover_providers = captcha.FAILOVER_PROVIDERS

    @property
    def enabled(self) -> bool:
        return bool(self.chosen())

    async def verify(self, token: str, remote_ip: str | None) -> bool:
        """Whether the token proves a solved challenge. Ask only when ``enabled``.

        Raises ProviderUnavailable when no vendor can tell; whoever lets people pass then has no captcha.
        """

        async def ask(name: str) -> bool:
            with self._watch.call(self.family, name) as ending:
                proven = await self.adapter(name).verify(token, remote_ip)
                ending.outcome = "ok" if proven else "rejected"
            return proven

        return await self._first_available(ask)


class GeoIpFamily(Chain[GeoIpProvider]):
    family = "geoip"
    active_provider = geoip.ACTIVE_PROVIDER
    failover_providers = geoip.FAILOVER_PROVIDERS

    async def country(self, ip: str | None, cdn_country: str | None) -> str | None:
        """What the first source that knows the country says, or None. Never raises."""
        for name in self._asked():
            with self._watch.call(self.family, name) as ending:
                country = await self.adapter(name).country(ip, cdn_country)
                ending.outcome = "ok" if country is not None else "unknown"
            if country is not None:
                return country
        return None


class LeakedPasswordsFamily(Chain[LeakedPasswordsProvider]):
    family = "leaked_passwords"
    active_provider = leaked_passwords.ACTIVE_PROVIDER
    failover_providers = leaked_passwords.FAILOVER_PROVIDERS

    async def knows(self, password: str) -> bool:
        """Whether the password is known to be leaked. Never raises: a service that is away keeps nobody out."""
        digest = hashlib.sha1(password.encode()).hexdigest().upper()  # noqa: S324 - what the services know them by

        async def ask(name: str) -> bool:
            with self._watch.call(self.family, name) as ending:
                leaked = await self.adapter(name).holds(digest)
                ending.outcome = "rejected" if leaked else "ok"
            return leaked

        try:
            return await self._first_available(ask) if self.chosen() else False
        except ProviderUnavailable:
            return False


class DnsFamily:
    """The name server, which nobody chooses here."""

    family = "dns"
    active_name = RESOLVER
    names = (RESOLVER,)

    def __init__(self, rules: MailRules, watch: Watch) -> None:
        self._rules = rules
        self._watch = watch

    @property
    def stand_ins(self) -> list[str]:
        return []

    async def probe(self, name: str) -> str:
        """Raises ProviderUnavailable."""
        found = await self._rules.probe()
        self._watch.close(self.family, name)
        return found
