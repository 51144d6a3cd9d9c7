"""Every value an admin may change at run time: type, bounds, default and meaning. Nothing else reads or writes them.

``biore config list|get|set`` and the running nodes share this catalogue; an unknown key or a value outside its bounds
is refused before it is stored.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, get_args

from domain.schedule import RECURRING
from domain.wire.common import Locale

Kind = Literal["bool", "int", "text", "secret", "list", "rate"]

RATE = re.compile(r"(?P<limit>[1-9][0-9]{0,5})/(?:(?P<count>[1-9][0-9]{0,3}) ?)?(?P<unit>second|minute|min|hour|day)s?")
UNIT_SECONDS = {"second": 1, "minute": 60, "min": 60, "hour": 3600, "day": 86400}
RATE_LIMIT_PREFIX = "ratelimit."


class Config(Protocol):
    """Read access to the current values; ``config["auth.salt_rounds"]`` costs a dict lookup."""

    def __getitem__(self, name: str) -> Any: ...

    def get(self, name: str) -> Any:
        """The stored value of a key without a catalogue entry (a rate-limit override), or None."""


class InvalidConfig(ValueError):
    """The key does not exist or the value does not fit it; the message says how."""


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
            raise InvalidConfig(f"{text!r} is not a rate such as 10/hour or 3/10 min")
        return cls(int(match["limit"]), int(match["count"] or 1) * UNIT_SECONDS[match["unit"]])


@dataclass(frozen=True, slots=True)
class ConfigKey:
    """``development`` and ``production`` replace ``default`` in that environment where they are given."""

    name: str
    kind: Kind
    default: Any
    meaning: str
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[str, ...] | None = None
    development: Any = None
    production: Any = None

    def default_in(self, env: str) -> Any:
        own = {"development": self.development, "production": self.production}.get(env)
        return self.default if own is None else own

    def check(self, value: Any) -> Any:
        """The value as it is stored. Raises InvalidConfig."""
        if self.kind == "bool":
            return self._expect(isinstance(value, bool), value, "must be true or false")
        if self.kind == "int":
            self._expect(isinstance(value, int) and not isinstance(value, bool), value, "must be a whole number")
            self._expect(self.minimum is None or value >= self.minimum, value, f"must be at least {self.minimum}")
            return self._expect(self.maximum is None or value <= self.maximum, value, f"must be at most {self.maximum}")
        if self.kind == "rate":
            self._expect(isinstance(value, str), value, "must be a rate such as 10/hour")
            Rate.parse(value)
            return value
        if self.kind == "list":
            self._expect(
                isinstance(value, list) and all(isinstance(item, str) for item in value),
                value,
                "must be a list of texts",
            )
            return self._among(value, value)
        self._expect(isinstance(value, str), value, "must be a text")
        return self._among([value], value)

    def _among(self, items: Iterable[str], value: Any) -> Any:
        if self.choices is not None:
            unknown = [item for item in items if item not in self.choices]
            self._expect(not unknown, value, f"must be of {', '.join(self.choices)}")
        return value

    def _expect(self, holds: bool, value: Any, rule: str) -> Any:
        if not holds:
            shown = "the given value" if self.kind == "secret" else repr(value)
            raise InvalidConfig(f"{self.name} {rule}, not {shown}")
        return value


LOCALES: tuple[str, ...] = get_args(Locale)
EMAIL = ("mailbox", "smtp", "smtp_secondary")
SMS = ("mailbox", "twilio", "vonage")
CAPTCHA = ("none", "turnstile", "hcaptcha", "recaptcha")
STORAGE = ("local", "s3")
IMAGES = ["image/jpeg", "image/png", "image/webp"]
# What can be recognised by its structure; see domain/upload.py.
MIME_TYPES = (*IMAGES, "image/gif", "video/mp4", "application/pdf")
MIB = 1024 * 1024
LARGEST_FILE = 1024 * MIB
LEAKED_PASSWORDS = ("none", "pwned_passwords")
GEOIP = ("none", "cdn_header", "maxmind")

CATALOGUE: dict[str, ConfigKey] = {
    key.name: key
    for key in (
        ConfigKey("auth.salt_rounds", "int", 12, "bcrypt cost of new password hashes", 10, 16),
        ConfigKey("auth.access_token_ttl_seconds", "int", 900, "life of an access token", 60, 3600),
        ConfigKey("auth.confirmation_minutes", "int", 5, "how long a proof of who one is counts as recent", 1, 60),
        ConfigKey("auth.refresh_idle_days", "int", 30, "a session unused for this long ends", 1, 365),
        ConfigKey("auth.refresh_absolute_days", "int", 90, "a session this old ends, used or not", 1, 365),
        ConfigKey(
            "auth.refresh_grace_seconds",
            "int",
            10,
            "a refresh token used again within this time after its rotation gets the same successor",
            0,
            60,
        ),
        ConfigKey(
            "auth.verification_ttl_hours",
            "int",
            24,
            "life of an e-mail verification link, of a changed address too",
            1,
            168,
        ),
        ConfigKey("auth.reset_ttl_minutes", "int", 60, "life of a password reset link", 5, 1440),
        ConfigKey("auth.reactivation_ttl_days", "int", 30, "life of a reactivation link", 1, 90),
        ConfigKey(
            "auth.undo_hours", "int", 72, "a change of how somebody signs in can be undone for this long", 1, 720
        ),
        ConfigKey(
            "auth.young_days",
            "int",
            7,
            "a platform or second factor younger than this goes when the address is proven anew, by mail or a platform",
            0,
            365,
        ),
        ConfigKey("auth.totp_window", "int", 1, "30-second steps that an authenticator's clock may be off", 0, 5),
        ConfigKey("auth.backup_code_count", "int", 10, "backup codes of a second factor", 1, 50),
        ConfigKey("auth.otp_ttl_minutes", "int", 5, "life of a code sent to a phone", 1, 60),
        ConfigKey("auth.otp_max_attempts", "int", 5, "wrong codes that a phone challenge survives", 1, 20),
        ConfigKey("auth.otp_max_resends", "int", 3, "further codes for one phone challenge", 0, 20),
        ConfigKey("auth.otp_resend_cooldown_seconds", "int", 60, "between two codes of a phone challenge", 0, 3600),
        ConfigKey("auth.otp_per_phone_max_per_hour", "int", 5, "codes that one phone gets in an hour", 1, 1000),
        ConfigKey(
            "auth.otp_per_network_max_per_hour",
            "int",
            18,
            "codes in an hour for callers without an account from one network; for accounts four times as many",
            1,
            10_000,
        ),
        ConfigKey(
            "mail.same_address_minutes",
            "int",
            5,
            "between two mails of a kind that anybody may have sent to an address",
            0,
            1440,
        ),
        ConfigKey(
            "mail.same_address_per_day", "int", 5, "mails of a kind that anybody may have sent to an address", 1, 1000
        ),
        ConfigKey("auth.unverified_purge_days", "int", 7, "an account not verified for this long is forgotten", 1, 365),
        ConfigKey(
            "auth.lockout_account_threshold",
            "int",
            50,
            "failed logins by address from anywhere before a lock",
            10,
            1000,
        ),
        ConfigKey("auth.lockout_threshold", "int", 5, "failed logins by address and network before a lock", 3, 100),
        ConfigKey("auth.lockout_base_seconds", "int", 60, "the first lock; each further failure doubles it", 1, 900),
        ConfigKey("auth.lockout_max_seconds", "int", 900, "the longest lock", 1, 86400),
        ConfigKey(
            "auth.email_mx_check",
            "bool",
            True,
            "whether the domain of a new address must accept mail (by DNS)",
            development=False,
        ),
        ConfigKey("legal.terms_version", "text", "1.0", "version of the terms of service that people consent to"),
        ConfigKey("legal.privacy_version", "text", "1.0", "version of the privacy policy that people consent to"),
        ConfigKey("platform.registration_enabled", "bool", True, "kill switch of registration"),
        ConfigKey(
            "platform.supported_locales",
            "list",
            list(LOCALES),
            "locales offered to people; the first is the default",
            choices=LOCALES,
        ),
        ConfigKey(
            "site.base_url", "text", "https://bio.re", "where links in mails lead", development="http://127.0.0.1:8000"
        ),
        ConfigKey("site.username_min_length", "int", 3, "the shortest username that may be chosen", 1, 100),
        ConfigKey("site.username_max_length", "int", 30, "the longest username that may be chosen", 1, 100),
        ConfigKey("username.change_cooldown_days", "int", 30, "between two changes of a username", 0, 365),
        ConfigKey(
            "portal.try_mutations",
            "bool",
            True,
            "whether the portal's forms send calls that change something; what the API allows is no matter of it",
            production=False,
        ),
        ConfigKey(
            "site.api_url",
            "text",
            "https://api.bio.re",
            "origin of this API, where it serves files",
            development="http://127.0.0.1:8000",
        ),
        *(
            key
            for kind, types, mebibytes in (
                ("avatar", IMAGES, 5),
                ("media", [*IMAGES, "image/gif", "video/mp4"], 50),
                ("document", ["application/pdf", "image/jpeg", "image/png"], 10),
            )
            for key in (
                ConfigKey(
                    f"upload.{kind}.mime_types", "list", types, f"media types of type {kind}", choices=MIME_TYPES
                ),
                ConfigKey(
                    f"upload.{kind}.max_bytes", "int", mebibytes * MIB, f"largest file of type {kind}", 1, LARGEST_FILE
                ),
            )
        ),
        ConfigKey(
            "upload.max_pixels", "int", 50_000_000, "width times height of the largest picture", 1, 1_000_000_000
        ),
        ConfigKey(
            "upload.open_slots",
            "int",
            50,
            "uploads of one account that wait for their file, or for a look at it",
            1,
            1000,
        ),
        ConfigKey("upload.daily_files", "int", 500, "uploads that one account may ask for within 24 hours", 1, 100_000),
        ConfigKey(
            "upload.daily_bytes",
            "int",
            2048 * MIB,
            "bytes that one account may upload within 24 hours; a size that was not told counts as the largest",
            1,
            1024 * 1024 * MIB,
        ),
        ConfigKey("upload.url_ttl_seconds", "int", 300, "life of a URL to upload by", 10, 3600),
        ConfigKey("gdpr.delete_grace_days", "int", 30, "between the wish to be erased and the erasure", 1, 365),
        ConfigKey("gdpr.export_ttl_hours", "int", 24, "an archive of personal data is kept for this long", 1, 720),
        *(ConfigKey(job.config_key, "int", job.seconds, f"how often {job.meaning}", 1, 86400) for job in RECURRING),
        ConfigKey("ratelimit.enabled", "bool", True, "whether rate limits are enforced"),
        ConfigKey(
            "security.alert_email",
            "text",
            "",
            "who is warned of stolen sessions and of unusual use of text messages; empty for nobody",
        ),
        ConfigKey(
            "external.email.active_provider",
            "text",
            "smtp",
            "the provider that sends mail",
            choices=EMAIL,
            development="mailbox",
        ),
        ConfigKey(
            "external.email.failover_providers",
            "list",
            [],
            "asked in this order when the active one fails",
            choices=EMAIL,
        ),
        ConfigKey("external.email.from", "text", "BIO.RE <no-reply@bio.re>", "sender of all mails"),
        ConfigKey(
            "external.email.smtp.url", "secret", "", "smtp://user:password@host:587?tls=starttls|none, smtps://…"
        ),
        ConfigKey("external.email.smtp_secondary.url", "secret", "", "the second SMTP server, for failover"),
        ConfigKey(
            "external.sms.active_provider",
            "text",
            "twilio",
            "the provider that sends text messages",
            choices=SMS,
            development="mailbox",
        ),
        ConfigKey(
            "external.sms.failover_providers",
            "list",
            [],
            "asked in this order when the active one fails",
            choices=SMS,
        ),
        ConfigKey(
            "sms.allowed_countries", "list", [], "ISO 3166 codes of countries whose phones get messages; empty for all"
        ),
        ConfigKey(
            "sms.daily_budget", "int", 2000, "messages a day, once for anybody and once for accounts", 0, 10_000_000
        ),
        ConfigKey("sms.daily_budget_per_country", "int", 500, "of them to phones of one country", 0, 10_000_000),
        ConfigKey(
            "sms.daily_per_account",
            "int",
            20,
            "messages that one account may ask for in a day, and as many that its sign-ins may",
            1,
            10_000,
        ),
        ConfigKey(
            "sms.alert_sent", "int", 50, "messages of a day to a country before an alert is thought of", 1, 100_000
        ),
        ConfigKey(
            "sms.alert_verified_percent", "int", 20, "fewer codes than this coming back are worth an alert", 0, 100
        ),
        ConfigKey("external.sms.twilio.base_url", "text", "https://api.twilio.com", "where the vendor is reached"),
        ConfigKey("external.sms.twilio.account_sid", "text", "", "our account at the vendor"),
        ConfigKey("external.sms.twilio.auth_token", "secret", "", "the account's token"),
        ConfigKey("external.sms.twilio.from", "text", "", "sender: a number, a name, or a messaging service (MG…)"),
        ConfigKey("external.sms.vonage.base_url", "text", "https://rest.nexmo.com", "where the vendor is reached"),
        ConfigKey("external.sms.vonage.api_key", "text", "", "our account at the vendor"),
        ConfigKey("external.sms.vonage.api_secret", "secret", "", "the account's secret"),
        ConfigKey("external.sms.vonage.from", "text", "BIO.RE", "sender: a number or a name"),
        ConfigKey(
            "external.captcha.active_provider",
            "text",
            "none",
            "the captcha vendor; none switches captcha off",
            choices=CAPTCHA,
        ),
        ConfigKey(
            "external.captcha.failover_providers",
            "list",
            [],
            "asked in this order when the active one is unreachable",
            choices=CAPTCHA,
        ),
        *(
            key
            for vendor, url in (
                ("turnstile", "https://challenges.cloudflare.com/turnstile/v0/siteverify"),
                ("hcaptcha", "https://api.hcaptcha.com/siteverify"),
                ("recaptcha", "https://www.google.com/recaptcha/api/siteverify"),
            )
            for key in (
                ConfigKey(f"external.captcha.{vendor}.secret", "secret", "", "secret key of the vendor's account"),
                ConfigKey(f"external.captcha.{vendor}.verify_url", "text", url, "where tokens are verified"),
            )
        ),
        ConfigKey(
            "external.leaked_passwords.active_provider",
            "text",
            "none",
            "who is asked whether a new password was leaked, by the first five digits of its hash; none for nobody",
            choices=LEAKED_PASSWORDS,
        ),
        ConfigKey(
            "external.leaked_passwords.failover_providers",
            "list",
            [],
            "asked in this order when the active one fails; when all do, the password is taken",
            choices=LEAKED_PASSWORDS,
        ),
        ConfigKey(
            "external.leaked_passwords.pwned_passwords.base_url",
            "text",
            "https://api.pwnedpasswords.com",
            "where the range service is reached",
        ),
        ConfigKey(
            "external.storage.active_provider",
            "text",
            "s3",
            "where new files are kept; those of before stay where they are",
            choices=STORAGE,
            development="local",
        ),
        ConfigKey("external.storage.s3.endpoint", "text", "", "such as https://s3.eu-central-1.amazonaws.com"),
        ConfigKey("external.storage.s3.region", "text", "us-east-1", "region that requests are signed for"),
        ConfigKey("external.storage.s3.bucket", "text", "", "its avatars/, media/ and documents/ are read publicly"),
        ConfigKey(
            "external.storage.s3.access_key_id",
            "text",
            "",
            "of the account that may list, read, write and delete there",
        ),
        ConfigKey("external.storage.s3.secret_access_key", "secret", "", "of the same account"),
        ConfigKey("external.storage.s3.public_url", "text", "", "where files are read; empty for the bucket itself"),
        ConfigKey(
            "external.storage.s3.conditional_writes",
            "bool",
            True,
            "whether the vendor heeds If-None-Match; else a URL works again until it expires",
        ),
        ConfigKey(
            "external.geoip.active_provider", "text", "cdn_header", "first source of a client's country", choices=GEOIP
        ),
        ConfigKey(
            "external.geoip.failover_providers",
            "list",
            ["maxmind"],
            "asked in this order when the first knows nothing",
            choices=GEOIP,
        ),
        ConfigKey(
            "external.geoip.maxmind.path", "text", "", "a MaxMind-format country or city database; empty for none"
        ),
    )
}


def exists(name: str, operation_ids: Iterable[str]) -> bool:
    """``ratelimit.<operationId>`` is a key for every operation."""
    return name in CATALOGUE or (
        name.startswith(RATE_LIMIT_PREFIX) and name.removeprefix(RATE_LIMIT_PREFIX) in operation_ids
    )


def check(name: str, value: Any, operation_ids: Iterable[str]) -> Any:
    """The value as it is stored. Raises InvalidConfig."""
    if name in CATALOGUE:
        return CATALOGUE[name].check(value)
    if exists(name, operation_ids):
        return ConfigKey(name, "rate", None, "overrides the contract's limit").check(value)
    raise InvalidConfig(f"there is no config key {name!r}; `biore config list` shows all")
