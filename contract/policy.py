"""The policy of one operation, compiled from its ``x-biore-*`` extensions. A typo must never mean "no limit"."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from domain.admin import STAFF
from domain.config_keys import InvalidConfig, Rate
from domain.switches import SWITCHES, SwitchKey

Security = list[dict[str, list[str]]]
BEARER_ASKED: Security = [{"bearerAuth": []}]
BEARER_OFFERED: Security = [{"bearerAuth": []}, {}]
# What ``security`` an operation of a scope may declare. A public one may look at a token without asking for it.
SCOPES: dict[str, list[Security]] = {
    "public": [[], BEARER_OFFERED],
    "user": [BEARER_ASKED],
    "creator": [BEARER_ASKED],
    "admin": [BEARER_ASKED],
    "dev": [[{"devToken": []}, {}]],
}
REQUIRED = {"x-biore-scope", "x-biore-page", "x-biore-rate-limit", "x-biore-errors", "x-biore-side-effects"}
KNOWN = REQUIRED | {
    "x-biore-captcha",
    "x-biore-kill-switch",
    "x-biore-idempotency",
    "x-biore-account-status",
    "x-biore-fresh",
    "x-biore-client",
    "x-biore-cache",
    "x-biore-bare",
    "x-biore-cursor",
    "x-biore-versioned",
    "x-biore-permission",
    "x-biore-second-factor",
    "x-biore-dry-run",
    "x-biore-raw-body",
    "x-biore-body-limit",
    "x-biore-large-body",
}
# By what a public operation counts who calls, if it takes the cookie and a good one is shown.
COUNTED_BY = {
    "#/components/parameters/RefreshCookie": "session",
    "#/components/parameters/DeviceCookie": "device",
}
ALWAYS = ("route.method_not_allowed", "internal.error", "service.unavailable")
BODY = ("validation.failed", "request.too_large")
FORM_TYPE = "application/x-www-form-urlencoded"
LARGEST_BODY = 256 * 1024
LARGEST_STAFF_BODY = 4 * 1024 * 1024
LARGE_BODY = "x-biore-large-body"
CAPTCHA = "captchaToken"
ANONYMOUS = "anonymous"
INVALID_CURSOR = "list.invalid_cursor"
INACTIVE = ("auth.account_suspended", "auth.account_banned", "auth.account_deactivated")
# Who writes these changes how somebody signs in, or what remains of an account.
CREDENTIALS = frozenset(
    {
        "backup_codes",
        "credential_changes",
        "email_changes",
        "gdpr_requests",
        "password_resets",
        "recovery_requests",
        "sessions",
    }
)
# They hold credentials among other things: whoever writes them says which it is.
PARTLY_CREDENTIALS = frozenset({"social_accounts", "users"})
# Of an idempotent call: whoever signs in, or waits, tries anew.
NEVER_STORED = frozenset({401, 429})
MOVED_ON = "precondition.failed"
# Without a proof of the last minutes, by whether staff is asked.
FRESH_CODES = {False: "auth.confirmation_required", True: "admin.reauthentication_required"}
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
PERMISSION = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")
PAGE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*/[a-z0-9]+(-[a-z0-9]+)*")
EFFECT_KEYS = {"write": "tables", "job": "topic", "audit": "action"}


class ContractError(Exception):
    """The contract is not well-formed; the message says where and what to do."""


@dataclass(frozen=True, slots=True)
class KillSwitch:
    key: SwitchKey
    error: str


@dataclass(frozen=True, slots=True)
class SideEffect:
    """``what``: the tables of a write, the topic of a job or the action of an audit entry."""

    kind: str
    what: tuple[str, ...]
    conditional: bool


@dataclass(frozen=True, slots=True)
class Fresh:
    """Whether the caller must have proved who they are a moment ago.

    ``always``: the session says so, or the call is refused. ``body``: the request carries the proof itself.
    ``password``: it carries the password, which is no proof of a second factor: where one is on, the session must say
    so, too. ``when``: in which case the operation asks for it.
    """

    always: bool = False
    body: bool = False
    password: bool = False
    when: str | None = None


@dataclass(frozen=True, slots=True)
class Cache:
    """For how many seconds shared caches may keep an answer, and for how many more give it while they ask anew.

    ``browsers``: they may keep it, too. ``version`` is the parameter that asks for one state: where it is the present
    one, the answer never changes.
    """

    shared: int
    stale: int | None = None
    browsers: bool = False
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """How a list is walked. ``limit`` and ``sort`` hold where the caller says nothing.

    ``error``: what a cursor is refused with that is none of the list. ``filters``: the parameters that narrow the list.
    """

    error: str
    limit: int
    sort: str
    filters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Versioned:
    """A row that nobody overwrites unseen. ``taken``: a call names the version that it read. ``told``: answers do."""

    taken: bool
    told: bool


@dataclass(frozen=True, slots=True)
class RawBody:
    """A body that is no JSON: a form, or at most ``limit`` bytes. ``types``: those that are taken."""

    types: tuple[str, ...]
    limit: int | None

    @property
    def form(self) -> bool:
        return self.limit is None


@dataclass(frozen=True, slots=True)
class Policy:
    """``statuses``: every error code that the operation may answer, the framework's own included, with its status.

    ``captcha``: the fields of the body that may carry its token, the present name first; none where there is none.
    ``captcha_of_all``: it is asked of who shows an access token, too.
    ``passing``: codes that pass by themselves, which are not kept as the answer of an idempotent call.
    ``bare``: a success has no envelope. ``narrow``: its body limit is lower than what its fields may hold together.
    ``page``: where the portal documents it, ``<module>/<slug>`` below ``/docs/``.
    ``permission``: what one of the staff must have; None in every other scope. ``second_factor``: whether the session
    of one of the staff must have passed one.
    """

    operation_id: str
    path: str
    method: str
    scope: str
    page: str
    rate: Rate | None
    counted_by: str | None
    captcha: tuple[str, ...]
    kill_switch: KillSwitch | None
    idempotent: bool
    any_account_status: bool
    fresh: Fresh
    versioned: Versioned | None
    permission: str | None
    second_factor: bool
    dry_run: bool
    raw_body: RawBody | None
    statuses: Mapping[str, int]
    own_codes: frozenset[str]
    passing: frozenset[str]
    side_effects: tuple[SideEffect, ...]
    cache: Cache | None = None
    bare: bool = False
    cursor: Cursor | None = None
    captcha_of_all: bool = True
    narrow: bool = False

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(self.statuses)

    @property
    def fresh_code(self) -> str:
        """What is answered without a proof of the last minutes."""
        return FRESH_CODES[self.scope == "admin"]

    @property
    def stored_codes(self) -> frozenset[str]:
        """Refusals that are kept as the answer of an idempotent call, and replayed."""
        own = self.own_codes | ({MOVED_ON} if self.versioned else frozenset[str]())
        kept = (own & self.codes) - self.passing if self.idempotent else frozenset[str]()
        return frozenset(c for c in kept if self.statuses[c] < 500 and self.statuses[c] not in NEVER_STORED)

    @property
    def module(self) -> str:
        return self.operation_id.partition(".")[0]


def compile_policy(
    path: str,
    method: str,
    operation: Mapping[str, Any],
    catalogue: Mapping[str, Any],
    *,
    refusing: bool,
    switches: Mapping[str, SwitchKey] = SWITCHES,
) -> Policy:
    """Read and check the extensions of one operation. ``refusing``: some parameter can break a rule.

    Raises ContractError.
    """
    where = f"{method.upper()} {path}"
    extensions = {key for key in operation if key.startswith("x-biore-")}
    _require(not extensions - KNOWN, where, f"unknown extension {sorted(extensions - KNOWN)}")
    _require(not REQUIRED - extensions, where, f"missing {sorted(REQUIRED - extensions)}")
    _require("operationId" in operation, where, "missing operationId")
    scope = operation["x-biore-scope"]
    _require(scope in SCOPES, where, f"x-biore-scope must be one of {sorted(SCOPES)}")
    allowed = SCOPES[scope]
    _require(operation.get("security") in allowed, where, f"security must be {allowed[0]} for scope {scope}")
    guessable = scope == "dev" and operation["x-biore-rate-limit"] == "none"
    _require(not guessable, where, "x-biore-rate-limit must be a rate: the token of scope dev could be guessed")
    _require_large_body_of_staff(where, operation)
    switch = _kill_switch(where, operation.get("x-biore-kill-switch"), switches)
    statuses = _statuses(where, operation, catalogue, refusing, reading=method == "get")
    return Policy(
        operation_id=operation["operationId"],
        path=path,
        method=method,
        scope=scope,
        page=_page(where, operation["x-biore-page"]),
        rate=_rate(where, operation["x-biore-rate-limit"]),
        counted_by=_counted_by(scope, operation),
        captcha=captcha_fields(where, operation),
        kill_switch=switch,
        idempotent=_flag(where, operation, "x-biore-idempotency"),
        any_account_status=_any_status(where, operation),
        fresh=_fresh(where, operation),
        versioned=_versioned(where, method, operation),
        permission=_permission(where, method, operation),
        second_factor=_second_factor(where, operation),
        dry_run=_dry_run(where, method, operation),
        raw_body=_raw_body(where, operation),
        statuses=statuses,
        own_codes=frozenset(entry["code"] for entry in _own_errors(operation)),
        passing=frozenset(code for code in statuses if catalogue[code].get("retry_after")),
        side_effects=tuple(_side_effect(where, effect) for effect in operation["x-biore-side-effects"]),
        captcha_of_all=operation.get("x-biore-captcha") != ANONYMOUS,
        narrow="x-biore-body-limit" in operation,
    )


def _counted_by(scope: str, operation: Mapping[str, Any]) -> str | None:
    taken = (COUNTED_BY.get(parameter.get("$ref")) for parameter in operation.get("parameters", ()))
    return next(filter(None, taken), None) if scope == "public" else None


def _own_errors(operation: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [entry if isinstance(entry, dict) else {"code": entry} for entry in operation["x-biore-errors"]]


def _statuses(
    where: str, operation: Mapping[str, Any], catalogue: Mapping[str, Any], refusing: bool, reading: bool
) -> dict[str, int]:
    """An own code may be ``{code, status}`` where its status differs from the catalogue's."""
    own = _own_errors(operation)
    overridden = {entry["code"]: entry["status"] for entry in own if "status" in entry}
    implied = frozenset(_implied(operation, refusing, reading))
    typed = sorted(entry["code"] for entry in own if entry["code"] in implied and "status" not in entry)
    _require(not typed, where, f"error codes {typed} follow by themselves; take them out")
    codes = {entry["code"] for entry in own} | implied
    unknown = sorted(codes - catalogue.keys())
    _require(not unknown, where, f"error codes {unknown} are not in errors/")
    return {code: overridden.get(code, catalogue[code]["status"]) for code in sorted(codes)}


def require(holds: bool, told: str) -> None:
    """Raises ContractError, which tells ``told``: an operation, its extension, and what to do."""
    if not holds:
        raise ContractError(told)


def _require(holds: bool, where: str, what: str) -> None:
    require(holds, f"{where}: {what}")


def _flag(where: str, operation: Mapping[str, Any], name: str) -> bool:
    given = operation.get(name, False)
    _require(isinstance(given, bool), where, f"{name} must be true or false")
    return bool(given)


def captcha_fields(where: str, operation: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields that the loader adds to the body: one, and the former name where callers still send it."""
    given = operation.get("x-biore-captcha", False)
    former = given.get("former") if isinstance(given, dict) and len(given) == 1 else None
    known = isinstance(given, bool) or isinstance(former, str) or given == ANONYMOUS
    _require(known, where, f"x-biore-captcha must be true, false, {ANONYMOUS} or {{former: <name>}}")
    told_apart = given != ANONYMOUS or operation.get("security") == BEARER_OFFERED
    _require(told_apart, where, f"x-biore-captcha: {ANONYMOUS} is for operations that look at a token without asking")
    return (CAPTCHA, former) if isinstance(former, str) else (CAPTCHA,) if given else ()


def _any_status(where: str, operation: Mapping[str, Any]) -> bool:
    given = operation.get("x-biore-account-status", "active")
    _require(given in ("active", "any"), where, "x-biore-account-status must be any, or left out")
    return bool(given == "any")


def _fresh(where: str, operation: Mapping[str, Any]) -> Fresh:
    given = operation.get("x-biore-fresh", False)
    asks_for_token = operation.get("security") == BEARER_ASKED
    if isinstance(given, dict):
        good = given.keys() == {"when"} and isinstance(given["when"], str) and bool(operation.get("security"))
        _require(good, where, "x-biore-fresh takes {when: …} of an operation that looks at a token")
        if asks_for_token:
            _require_stale_may(where, operation)
        return Fresh(when=given["when"])
    admin = operation["x-biore-scope"] == "admin"
    _require(
        not admin or isinstance(given, bool), where, "x-biore-fresh must be true, false or {when: …} in scope admin"
    )
    known = isinstance(given, bool) or given in ("body", "password")
    _require(known, where, "x-biore-fresh must be true, false, body, password or {when: …}")
    _require(not given or asks_for_token, where, "x-biore-fresh is for operations that ask for a token")
    carried = isinstance(given, bool) or "requestBody" in operation
    _require(carried, where, f"x-biore-fresh: {given} is in the body, but there is none")
    if asks_for_token and not given:
        _require_stale_may(where, operation)
    return Fresh(always=given is True, body=given == "body", password=given == "password")


def _require_stale_may(where: str, operation: Mapping[str, Any]) -> None:
    """A stolen token alone must not change how its owner signs in."""
    effects = (effect for effect in operation["x-biore-side-effects"] if effect.get("kind") == "write")
    written = {table for effect in effects for table in effect.get("tables", ())}
    credentials = sorted(written & CREDENTIALS)
    if operation["x-biore-scope"] == "admin":  # those of others, which some must be able to end without delay
        _require(not credentials or "x-biore-fresh" in operation, where, f"writes {credentials}: say x-biore-fresh")
        return
    _require(not credentials, where, f"writes {credentials}: x-biore-fresh must be true, body or password")
    partly = ", ".join(sorted(written & PARTLY_CREDENTIALS))
    said = "x-biore-fresh" in operation or not partly
    _require(said, where, f"writes {partly}: x-biore-fresh must say whether that changes how somebody signs in")


def _versioned(where: str, method: str, operation: Mapping[str, Any]) -> Versioned | None:
    """``true``: a GET tells the version, anything else takes it as well. ``new``: the row is made, so none is taken."""
    given = operation.get("x-biore-versioned", False)
    _require(given in (True, False, "new"), where, "x-biore-versioned must be true, or new for what makes the row")
    if given is False:
        return None
    reads = method == "get"
    _require(given is True or not reads, where, "x-biore-versioned: new makes a row, which GET does not")
    _require("x-biore-cache" not in operation, where, "x-biore-versioned and x-biore-cache both say what ETag means")
    gone = method == "delete" and all("content" not in answer for answer in operation["responses"].values())
    return Versioned(taken=given is True and not reads, told=not gone)


def _permission(where: str, method: str, operation: Mapping[str, Any]) -> str | None:
    """Staff leaves a trace of whatever it changes."""
    given, admin = operation.get("x-biore-permission"), operation["x-biore-scope"] == "admin"
    _require(admin or given is None, where, "x-biore-permission is for scope admin alone")
    if not admin:
        return None
    named = isinstance(given, str) and PERMISSION.fullmatch(given) is not None
    _require(named, where, f"scope admin needs x-biore-permission: the name of a permission, or {STAFF} for any staff")
    action = "admin." + operation["operationId"].removeprefix("admin.")
    effects = [effect for effect in operation["x-biore-side-effects"] if effect.get("kind") == "audit"]
    audited = method == "get" or any(effect.get("action") == action for effect in effects)
    _require(audited, where, f"x-biore-side-effects of staff must have {{kind: audit, action: {action}}}")
    return str(given)


def _second_factor(where: str, operation: Mapping[str, Any]) -> bool:
    """False is said by what tells staff without one that it needs one."""
    given, admin = operation.get("x-biore-second-factor"), operation["x-biore-scope"] == "admin"
    known = given is None or (admin and given is False)
    _require(known, where, "x-biore-second-factor is false, of scope admin, or left out")
    return admin and given is None


def _dry_run(where: str, method: str, operation: Mapping[str, Any]) -> bool:
    given = _flag(where, operation, "x-biore-dry-run")
    _require(not given or method != "get", where, "x-biore-dry-run is for what changes something, which GET does not")
    spent = given and bool(operation.get("x-biore-captcha"))
    _require(not spent, where, "x-biore-dry-run: the token of x-biore-captcha is spent by a look at it")
    return given


def _require_large_body_of_staff(where: str, operation: Mapping[str, Any]) -> None:
    """Long texts come in JSON, and only of those who are known, and few."""
    given = _flag(where, operation, LARGE_BODY)
    staff = operation["x-biore-scope"] == "admin" and "x-biore-raw-body" not in operation
    _require(not given or staff, where, f"{LARGE_BODY} is for JSON in scope admin")


def _raw_body(where: str, operation: Mapping[str, Any]) -> RawBody | None:
    """``form``, or ``{bytes: <how many at most>}`` of the types that the operation's content names."""
    given = operation.get("x-biore-raw-body")
    content = operation.get("requestBody", {}).get("content", {})
    if given is None:
        return None
    types = tuple(str(name) for name in content)
    _require(bool(types), where, "x-biore-raw-body: there is no body whose content names a type")
    if given == "form":
        _require(types == (FORM_TYPE,), where, f"x-biore-raw-body: form: its content is {FORM_TYPE}, and nothing else")
        return RawBody(types, None)
    limit = given.get("bytes") if isinstance(given, dict) and given.keys() == {"bytes"} else None
    bounded = isinstance(limit, int) and not isinstance(limit, bool) and 0 < limit <= LARGEST_BODY
    _require(bounded, where, f"x-biore-raw-body must be form, or {{bytes: <1 to {LARGEST_BODY}>}}")
    plain = all(MEDIA_TYPE.fullmatch(name) and name != FORM_TYPE for name in types)
    _require(plain, where, "x-biore-raw-body: its content names types such as application/octet-stream, in lower case")
    shaped = all(
        isinstance(media, dict) and media.get("schema") == {"type": "string", "format": "binary"}
        for media in content.values()
    )
    _require(shaped, where, "x-biore-raw-body: the schema of bytes is {type: string, format: binary}")
    return RawBody(types, limit)


def _page(where: str, page: Any) -> str:
    good = isinstance(page, str) and PAGE.fullmatch(page) is not None
    _require(good, where, "x-biore-page must be <module>/<slug>, such as auth/login-2fa")
    return str(page)


def _rate(where: str, text: Any) -> Rate | None:
    _require(isinstance(text, str), where, "x-biore-rate-limit must be a rate such as 10/hour, or none")
    try:
        return None if text == "none" else Rate.parse(text)
    except InvalidConfig as error:
        raise ContractError(f"{where}: x-biore-rate-limit: {error}") from None


def _kill_switch(where: str, switch: Mapping[str, str] | None, switches: Mapping[str, SwitchKey]) -> KillSwitch | None:
    if switch is None:
        return None
    _require(switch.keys() == {"key", "error"}, where, "x-biore-kill-switch takes key and error")
    key = switches.get(switch["key"])
    if key is None:
        raise ContractError(f"{where}: x-biore-kill-switch: {switch['key']!r} is not in domain/switches.py")
    return KillSwitch(key, switch["error"])


def _side_effect(where: str, effect: Mapping[str, Any]) -> SideEffect:
    key = EFFECT_KEYS.get(effect.get("kind", ""))
    _require(key is not None and key in effect and "text" in effect, where, f"side effect {dict(effect)} is incomplete")
    unknown = effect.keys() - {"kind", "text", "when", "atomic", key}
    _require(not unknown, where, f"side effect has unknown keys {sorted(map(str, unknown))}")
    what = effect[str(key)]
    return SideEffect(effect["kind"], tuple(what) if isinstance(what, list) else (what,), "when" in effect)


def _implied(operation: Mapping[str, Any], refusing: bool, reading: bool) -> Iterable[str]:
    scope = operation["x-biore-scope"]
    yield from ALWAYS
    if "requestBody" in operation:
        yield from BODY
        raw = "x-biore-raw-body" in operation
        yield "request.wrong_media_type" if raw else "request.unsupported_media_type"
    if refusing:
        yield "validation.failed"
    if operation["x-biore-rate-limit"] != "none":
        yield "rate_limit.exceeded"
    if operation.get("x-biore-captcha"):
        yield from ("captcha.required", "captcha.invalid")
    if operation.get("x-biore-idempotency"):
        yield from ("validation.failed", "idempotency.in_progress", "idempotency.key_reused")
    if operation.get("x-biore-fresh", False) not in (False, "body"):
        yield FRESH_CODES[scope == "admin"]
    if operation.get("x-biore-versioned") is True and not reading:
        yield from ("validation.failed", "precondition.required", MOVED_ON)
    if operation.get("x-biore-dry-run"):
        yield "validation.failed"
    if "x-biore-kill-switch" in operation:
        yield operation["x-biore-kill-switch"].get("error", "")
    if given := operation.get("x-biore-cursor"):
        yield from (
            "validation.failed",
            given.get("error", INVALID_CURSOR) if isinstance(given, dict) else INVALID_CURSOR,
        )
    if scope == "dev":
        yield from ("auth.unauthenticated", "route.not_found", "dev.host_refused")
    if scope in ("user", "creator", "admin"):
        yield "auth.unauthenticated"
        if operation.get("x-biore-account-status") != "any":
            yield from INACTIVE
    if scope == "public" and operation["security"] and operation.get("x-biore-account-status") != "any":
        yield from INACTIVE  # it asks for no token, but whoever shows one is known
    if scope == "creator":
        yield "error.creator.not_found"
    if scope == "admin":
        yield from ("auth.forbidden", "admin.network_refused", "admin.session_expired")
        if operation.get("x-biore-second-factor") is not False:
            yield "admin.two_factor_required"
        if operation.get("x-biore-permission") != STAFF:
            yield "admin.permission_denied"
