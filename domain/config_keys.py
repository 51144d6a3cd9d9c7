"""What a config key is: a typed object, declared beside the rule that reads it, by which an admin changes the rule.

``config[LOCKOUT_THRESHOLD]`` is an ``int`` to mypy, and nothing is read by a name that nobody declared.
``services/config/catalogue.py`` assembles all keys; an unknown name or a value outside its bounds is refused there,
before it is stored.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar, Generic, Protocol, TypeVar
from urllib.parse import urlsplit

from domain.email_address import is_valid, normalize
from domain.hosts import is_loopback_address
from domain.network import is_network

RATE = re.compile(r"(?P<limit>[1-9][0-9]{0,5})/(?:(?P<count>[1-9][0-9]{0,3}) ?)?(?P<unit>second|minute|min|hour|day)s?")
UNIT_SECONDS = {"second": 1, "minute": 60, "min": 60, "hour": 3600, "day": 86400}
UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))
RATE_LIMIT_PREFIX = "ratelimit."
MOST_NETWORKS = MOST_URLS = 100
MOST_NUMBERS = 20
LONGEST_URL = 2048
AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?")
WHOLE = re.compile(r"0|[1-9][0-9]{0,8}")
A_RATE = ("format", "10/hour")
MASKED = re.compile(r"[*\u2022\u25cf\u2219\u00b7\u2026. -]+|x{3,}|\(set\)", re.IGNORECASE)
"""What forms show in place of a secret, and may send back."""

V = TypeVar("V")
V_co = TypeVar("V_co", covariant=True)


class Config(Protocol):
    """Read access to the current values; ``config[SALT_ROUNDS]`` costs a dict lookup."""

    def __getitem__(self, key: "Key[V]") -> V: ...

    def get(self, name: str) -> Any:
        """The stored value of a key that nobody declares (a rate-limit override), or None."""


class InvalidConfig(ValueError):
    """The key does not exist or the value does not fit it; the message says how.

    ``rule`` and ``limit`` are those of ``validation.json``, which has the words for callers of the API.
    ``key`` is known where a value was to be stored.
    """

    def __init__(self, message: str, rule: str = "pattern", limit: Any = None, key: str = "") -> None:
        super().__init__(message)
        self.key = key
        self.rule = rule
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Rate:
    """At most ``limit`` calls in each window of ``window`` seconds."""

    limit: int
    window: int

    @classmethod
    def parse(cls, text: str) -> "Rate":
        """``10/hour``, ``3/10 min``, ``120/minute``. Raises InvalidConfig."""
        match = RATE.fullmatch(text)
        if match is None:
            raise InvalidConfig(f"{text!r} is not a rate such as 10/hour or 3/10 min", *A_RATE)
        return cls(int(match["limit"]), int(match["count"] or 1) * UNIT_SECONDS[match["unit"]])


def in_units(seconds: int) -> tuple[int, str]:
    """In the largest unit that they fill: 900 is 15 of a ``minute``."""
    unit, size = next((unit, size) for unit, size in UNITS if seconds % size == 0)
    return seconds // size, unit


def checked_override(name: str, value: Any) -> str:
    """The rate that replaces a limit of the contract, as it is stored. Raises InvalidConfig."""
    if not isinstance(value, str):
        raise InvalidConfig(f"{name} must be a rate such as 10/hour, not {value!r}", "type", "string")
    Rate.parse(value)
    return value


@dataclass(frozen=True, slots=True, eq=False)
class Key(Generic[V_co]):
    """``development`` and ``production`` replace ``default`` in that environment where they are given.

    ``kind`` is what callers of the API are told of the values.
    """

    kind: ClassVar[str]

    name: str
    default: V_co
    meaning: str
    development: V_co | None = field(default=None, kw_only=True)
    production: V_co | None = field(default=None, kw_only=True)

    def default_in(self, env: str) -> V_co:
        own = {"development": self.development, "production": self.production}.get(env)
        return self.default if own is None else own

    def check(self, value: Any) -> V_co:
        """The value as it is stored. Raises InvalidConfig."""
        raise NotImplementedError

    def _expect(self, holds: bool, value: Any, told: str, rule: str = "pattern", limit: Any = None) -> None:
        if not holds:
            raise InvalidConfig(f"{self.name} {told}, not {self._shown(value)}", rule, limit)

    def _shown(self, value: Any) -> str:
        return repr(value)


@dataclass(frozen=True, slots=True, eq=False)
class BoolKey(Key[bool]):
    kind: ClassVar[str] = "BOOLEAN"

    def check(self, value: Any) -> bool:
        self._expect(isinstance(value, bool), value, "must be true or false", "type", "boolean")
        return bool(value)


@dataclass(frozen=True, slots=True, eq=False)
class IntKey(Key[int]):
    kind: ClassVar[str] = "INTEGER"

    minimum: int
    maximum: int

    def check(self, value: Any) -> int:
        whole = isinstance(value, int) and not isinstance(value, bool)
        self._expect(whole, value, "must be a whole number", "type", "integer")
        self._expect(value >= self.minimum, value, f"must be at least {self.minimum}", "minimum", self.minimum)
        self._expect(value <= self.maximum, value, f"must be at most {self.maximum}", "maximum", self.maximum)
        return int(value)


@dataclass(frozen=True, slots=True, eq=False)
class TextKey(Key[str]):
    kind: ClassVar[str] = "TEXT"

    def check(self, value: Any) -> str:
        self._expect(isinstance(value, str), value, "must be a text", "type", "string")
        return str(value)


@dataclass(frozen=True, slots=True, eq=False)
class AmountKey(TextKey):
    """An amount of money as answers write it: a decimal with two digits, within bounds. A whole number is one, too."""

    kind: ClassVar[str] = "AMOUNT"

    minimum: int
    maximum: int

    def check(self, value: Any) -> str:
        written = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        fits = isinstance(written, str) and AMOUNT.fullmatch(written) is not None
        self._expect(fits, value, "must be an amount such as 4.99", "format", "4.99")
        amount = Decimal(written)
        self._expect(amount >= self.minimum, value, f"must be at least {self.minimum}", "minimum", self.minimum)
        self._expect(amount <= self.maximum, value, f"must be at most {self.maximum}", "maximum", self.maximum)
        return f"{amount:.2f}"


@dataclass(frozen=True, slots=True, eq=False)
class UrlKey(TextKey):
    """Of an HTTP server, without what would be lost when a path is put behind it; empty where the default is."""

    kind: ClassVar[str] = "URL"

    def check(self, value: Any) -> str:
        text = TextKey.check(self, value)
        fits = _is_address(text) or text == self.default
        self._expect(fits, value, "must be an address such as https://example.com", "format", "URL")
        return text


@dataclass(frozen=True, slots=True, eq=False)
class MailAddressKey(TextKey):
    """Of one mailbox; empty where the default is."""

    kind: ClassVar[str] = "EMAIL"

    def check(self, value: Any) -> str:
        text = TextKey.check(self, value)
        fits = is_valid(normalize(text)) or text == self.default
        self._expect(fits, value, "must be a mail address such as ada@example.com", "format", "email")
        return text


@dataclass(frozen=True, slots=True, eq=False)
class SecretKey(TextKey):
    """Sealed at rest and never shown. What shows a secret without telling it is none."""

    kind: ClassVar[str] = "SECRET"

    def check(self, value: Any) -> str:
        text = TextKey.check(self, value)
        self._expect(MASKED.fullmatch(text) is None, value, "must be the secret itself", "masked")
        return text

    def _shown(self, value: Any) -> str:
        return "the given value"


@dataclass(frozen=True, slots=True, eq=False)
class ChoiceKey(TextKey):
    """One of the ``choices``."""

    kind: ClassVar[str] = "CHOICE"

    choices: tuple[str, ...]

    def check(self, value: Any) -> str:
        text = TextKey.check(self, value)
        self._expect(text in self.choices, value, _must_be_of(self.choices), "enum", ", ".join(self.choices))
        return text


@dataclass(frozen=True, slots=True, eq=False)
class ListKey(Key[list[str]]):
    """Texts, each of them one of the ``choices`` where there are any; at ``least`` so many. None is kept twice."""

    kind: ClassVar[str] = "LIST"

    choices: tuple[str, ...] = ()
    least: int = 0

    def check(self, value: Any) -> list[str]:
        texts = isinstance(value, list) and all(isinstance(item, str) for item in value)
        self._expect(texts, value, "must be a list of texts", "type", "array")
        unknown = [item for item in value if item not in self.choices]
        fits = not self.choices or not unknown
        self._expect(fits, value, _must_be_of(self.choices), "enum", ", ".join(self.choices))
        self._expect(len(value) >= self.least, value, f"must have at least {self.least}", "minItems", self.least)
        return list(dict.fromkeys(value))


@dataclass(frozen=True, slots=True, eq=False)
class NetworksKey(ListKey):
    """Networks in CIDR notation, IPv4 or IPv6, at most a hundred."""

    def check(self, value: Any) -> list[str]:
        texts = ListKey.check(self, value)
        self._expect(len(texts) <= MOST_NETWORKS, value, f"must have at most {MOST_NETWORKS} networks")
        unread = [text for text in texts if not is_network(text)]
        self._expect(not unread, value, "must be a list of networks such as 203.0.113.0/24 or 2001:db8::/32")
        return texts


@dataclass(frozen=True, slots=True, eq=False)
class NumbersKey(ListKey):
    """Whole numbers within bounds, in decimal digits, at most twenty."""

    minimum: int = 0
    maximum: int = 10**9

    def check(self, value: Any) -> list[str]:
        whole = [str(each) if type(each) is int else each for each in value] if isinstance(value, list) else value
        texts = ListKey.check(self, whole)
        self._expect(len(texts) <= MOST_NUMBERS, value, f"must have at most {MOST_NUMBERS} numbers")
        digits = all(WHOLE.fullmatch(text) for text in texts)
        self._expect(digits, value, "must be a list of whole numbers", "format", "10")
        numbers = [int(text) for text in texts]
        low, high = self.minimum, self.maximum
        self._expect(all(each >= low for each in numbers), value, f"must have none below {low}", "minimum", low)
        self._expect(all(each <= high for each in numbers), value, f"must have none above {high}", "maximum", high)
        return texts


@dataclass(frozen=True, slots=True, eq=False)
class UrlsKey(ListKey):
    """Addresses of pages, path and query included, over TLS or on this machine; at most a hundred."""

    def check(self, value: Any) -> list[str]:
        texts = ListKey.check(self, value)
        self._expect(len(texts) <= MOST_URLS, value, f"must have at most {MOST_URLS} addresses")
        unread = [text for text in texts if not _is_page(text)]
        self._expect(not unread, value, "must be a list of addresses such as https://example.com/callback")
        return texts


def _is_page(text: str) -> bool:
    try:
        parts = urlsplit(text)
        plain = parts.scheme == "http" and is_loopback_address(parts.hostname or "")
        safe = bool(parts.hostname) and (parts.scheme == "https" or plain) and parts.username is None
        return safe and not parts.fragment and len(text) <= LONGEST_URL and text.isascii() and text.isprintable()
    except ValueError:
        return False


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port  # which raises where it is no number
    except ValueError:
        return False
    bare = re.search(r"[\s\x00-\x1f\\?#\"'<>]", text) is None
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc and bare


def _must_be_of(choices: Iterable[str]) -> str:
    return f"must be of {', '.join(choices)}"
