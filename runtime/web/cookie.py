"""Where a client keeps its refresh token: a cookie that scripts cannot read, or its own storage."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from contract.loader import Contract
from domain.errors import ApiError
from domain.hosts import domains_of
from runtime.settings import HOST_ONLY, Settings
from runtime.web.call import Call
from services.callers import RefreshCarrier

# Browsers take a cookie of such a name only without a domain, with the path "/" and over TLS: nobody else can set it.
HOST_PREFIX = "__Host-"
EXPIRED = "; Max-Age=0"
MOST_READ = 8192  # characters
MOST_COOKIES = 64
OWN_SITES = ("same-origin", "same-site")


@dataclass(frozen=True)
class RefreshCookie:
    """``documented``: the name in the contract, which a host-only cookie prefixes. ``path``: of the documented one."""

    documented: str
    path: str
    domain: str | None
    host_only: bool
    origins: frozenset[str]

    @property
    def name(self) -> str:
        return HOST_PREFIX + self.documented if self.host_only else self.documented

    def own(self, value: str) -> str:
        if self.host_only:
            return f"{self.name}={value}; Path=/; HttpOnly; Secure; SameSite=Strict"
        return self._plain(value, self.domain)

    def others(self, host: str) -> Iterator[str]:
        """What an earlier setting may have left in the browser, expired."""
        if self.domain is not None or self.host_only:
            yield self._plain(EXPIRED, None)
        if self.domain is None:
            for domain in domains_of(host):
                yield self._plain(EXPIRED, domain)

    def _plain(self, value: str, domain: str | None) -> str:
        attributes = f"Path={self.path}; HttpOnly; Secure; SameSite=Strict" + (f"; Domain={domain}" if domain else "")
        return f"{self.documented}={value}; {attributes}"


def refresh_cookie(contract: Contract, settings: Settings) -> RefreshCookie:
    """As the contract declares it and the settings place it."""
    declared = contract.document["components"]["parameters"]["RefreshCookie"]
    return RefreshCookie(
        documented=declared["name"],
        path=contract.base_path + declared["x-biore-cookie-path"],
        domain=settings.refresh_domain,
        host_only=settings.cookie_domain == HOST_ONLY,
        origins=frozenset(settings.origins),
    )


class CookieCarrier(RefreshCarrier):
    """Of one call."""

    def __init__(self, call: Call, cookie: RefreshCookie) -> None:
        self._call = call
        self._cookie = cookie

    def presented(self, body: Mapping[str, Any] | None) -> tuple[str, ...]:
        """Every token that came with the call: those of the cookies, else the body's.

        A browser may hold several cookies of one name, in no order that says anything (RFC 6265, 4.2.2).
        Raises ApiError auth.session.foreign_site, or auth.session.tokens_differ.
        """
        cookies, given = self._cookies(), (body or {}).get("refreshToken") or ""
        if self._is_foreign():
            if cookies and not given:
                raise ApiError("auth.session.foreign_site")
            cookies = ()
        if given and cookies and given not in cookies:
            raise ApiError("auth.session.tokens_differ")
        return cookies or ((given,) if given else ())

    def keep(self, token: str, life: timedelta) -> None:
        self._set(f"{quote(token, safe='=')}; Max-Age={int(life.total_seconds())}")

    def drop(self) -> None:
        """A page of another site signs nobody out."""
        if not self._is_foreign():
            self._set(EXPIRED)

    def _set(self, value: str) -> None:
        """The own one last: where two are one to a browser, the last one stays."""
        lines = [*self._cookie.others(self._call.headers.only("host") or ""), self._cookie.own(value)]
        self._call.answer_headers += [(b"set-cookie", line.encode()) for line in lines]

    def _cookies(self) -> tuple[str, ...]:
        return cookies_of(self._call, self._cookie.name)

    def _is_foreign(self) -> bool:
        """Whether a page that is none of ours makes the call. What sends neither header is no browser."""
        sites, origins = self._call.headers.all("sec-fetch-site"), self._call.headers.all("origin")
        if not sites and not origins:
            return False
        if sites and all(site in OWN_SITES for site in sites):
            return False
        return not (len(origins) == 1 and self._is_ours(origins[0].lower()))

    def _is_ours(self, origin: str) -> bool:
        host = (self._call.headers.only("host") or "").lower()
        return origin in self._cookie.origins or origin in (f"https://{host}", f"http://{host}")


def cookies_of(call: Call, wanted: str) -> tuple[str, ...]:
    """The values of all cookies of the name that stand among the first 64, in the first 8 KiB.

    They are read before the call is counted, so reading costs little whatever was sent. Browsers send the cookies of
    the longest path first (RFC 6265, 5.4), as ours have.
    """
    sent = ";".join(call.headers.all("cookie"))[:MOST_READ]
    pairs = (pair.partition("=") for pair in sent.split(";", MOST_COOKIES)[:MOST_COOKIES])
    values = (value.strip().strip('"') for name, _, value in pairs if name.strip() == wanted)
    return tuple(dict.fromkeys(value for value in values if value))
