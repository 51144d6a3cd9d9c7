"""``x-biore-cache``: how long an answer may be kept by whoever stands between us and those who ask, and what says so.

Such a cache gives one answer to everybody, so nothing of who asks may be in it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from contract.policy import Cache, Policy, require
from contract.references import resolved

Json = dict[str, Any]

KEY = "x-biore-cache"
CONDITION = "If-None-Match"
SUCCESS, UNCHANGED = "200", "304"
FOLLOWING = ("ETag", "Cache-Control")
LONGEST = 31_536_000  # a year: longer is a slip
SECONDS, MORE = ("shared", "stale"), ("browsers", "version")
FOREVER = f"public, max-age={LONGEST}, immutable"
PARTED_BY = {
    "cookie": "takes the cookie {}; what depends on who asks must not be kept for others",
    "header": "takes the header {}, by which a shared cache tells no answers apart; take it from path or query",
}


def is_condition(parameter: Mapping[str, Any]) -> bool:
    """Whether it is the server itself that heeds it, in whatever form it comes."""
    return (parameter["in"], parameter["name"]) == ("header", CONDITION)


def control(cache: Cache, seconds: int | None = None) -> str:
    """The value of ``Cache-Control``. ``seconds``: until the answer will be another one, which no cache goes beyond."""
    if seconds is not None and seconds < cache.shared + (cache.stale or 0):
        return f"public, {_age(cache)}={max(0, min(seconds, cache.shared))}"
    stale = "" if cache.stale is None else f", stale-while-revalidate={cache.stale}"
    return f"public, {_age(cache)}={cache.shared}{stale}"


def _age(cache: Cache) -> str:
    return "max-age" if cache.browsers else "s-maxage"


def compiled(policy: Policy, document: Json, operation: Json) -> Policy:
    """The policy with how long answers may be kept. Raises ContractError for an operation whose answers may not."""
    if KEY not in operation:
        return policy
    where = f"{policy.method.upper()} {policy.path}: {KEY}"
    given = operation[KEY]
    require(isinstance(given, dict) and "shared" in given, f"{where} takes {{shared: <seconds>, stale: <seconds>}}")
    unknown = sorted(given.keys() - {*SECONDS, *MORE})
    require(not unknown, f"{where} has unknown keys {unknown}")
    for name in given.keys() & set(SECONDS):
        seconds = given[name]
        good = isinstance(seconds, int) and not isinstance(seconds, bool) and 0 < seconds <= LONGEST
        require(good, f"{where} {name} must be whole seconds, 1 to {LONGEST}")
    browsers = given.get("browsers", False)
    require(isinstance(browsers, bool), f"{where} browsers must be true or false")
    require(policy.method == "get", f"{where} is for GET only")
    public = policy.scope == "public" and operation["security"] == []
    require(public, f"{where} looks at a token; what depends on one is not kept for others: scope public, no security")
    parameters = [resolved(document, each) for each in operation.get("parameters", ())]
    for parameter in parameters:
        parted = PARTED_BY.get(parameter["in"])
        require(parted is None, f"{where} {(parted or '').format(parameter['name'])}")
    require(not policy.idempotent, f"{where} has no use for x-biore-idempotency; take one of the two out")
    require("requestBody" not in operation, f"{where} takes a body, of which a shared cache knows nothing")
    successes = {status: answer for status, answer in operation["responses"].items() if status < "400"}
    require(list(successes) == [SUCCESS], f"{where} needs {SUCCESS} as the one success, not {sorted(successes)}")
    headers = successes[SUCCESS].get("headers", {})
    typed = sorted(headers.keys() & set(FOLLOWING))
    require(not typed, f"{where} headers {typed} follow by themselves; take them out")
    require("Set-Cookie" not in headers, f"{where} sets a cookie, which everybody would get")
    version = given.get("version")
    if version is not None:
        _check_version(document, parameters, version, where)
    return replace(policy, cache=Cache(given["shared"], given.get("stale"), browsers, version))


def _check_version(document: Json, parameters: Sequence[Json], name: Any, where: str) -> None:
    found = [each for each in parameters if (each["in"], each["name"]) == ("query", name)]
    whole = [each for each in found if resolved(document, each["schema"]).get("type") == "integer"]
    require(len(whole) == 1, f"{where} version must name an integer parameter of the query")


def declare(operation: Json, policy: Policy, common: Callable[[str], Json]) -> None:
    """Add the condition that a caller may send, what the success carries, and the answer to who has it already."""
    if policy.cache is None:
        return
    operation.setdefault("parameters", []).append(common("parameters/IfNoneMatch"))
    success = operation["responses"][SUCCESS]
    success["headers"] |= {"ETag": common("headers/ETag"), "Cache-Control": _told(policy.cache)}
    operation["responses"][UNCHANGED] = {
        "description": f"Nothing has changed since the response whose `ETag` `{CONDITION}` states. There is no body.",
        "headers": dict(success["headers"]),
    }


def _told(cache: Cache) -> Json:
    who = "Browsers and shared caches" if cache.browsers else "Shared caches"
    kept = f"{who} may store it for {cache.shared} seconds"
    late = "" if cache.stale is None else f", and serve it for {cache.stale} more while they fetch the next one"
    values = [control(cache), f"public, {_age(cache)}=[0-9]{{1,{len(str(cache.shared))}}}"]
    ever = ""
    if cache.version is not None:
        values.append(FOREVER)
        ever = f" If `{cache.version}` is the current version, the response never changes and may be stored for a year."
    return {
        "description": f"{kept}{late}. A response that changes sooner has a smaller `{_age(cache)}`.{ever}",
        "required": True,
        "schema": {
            "type": "string",
            "pattern": f"^({'|'.join(values)})$",
            "example": control(cache),
        },
    }
