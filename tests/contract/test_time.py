"""No request of a stranger keeps the event loop for long, whatever it holds and however large it is.

What is measured is the processor time between two awaits, so that a busy machine changes nothing. New operations,
fields and parameters are found in the contract. A commit tries of each operation a sample of what is hostile,
`make differential` all of it.
"""

import asyncio
import base64
import gc
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from urllib.parse import quote

import pytest
from starlette.types import ASGIApp

from contract.bounds import BODY_LIMIT
from contract.schemas import SchemaCompiler
from contract.unions import like
from portal.actions import ACTIONS
from runtime.settings import Settings
from tests.conftest import Databases
from tests.contract.inputs import JSON, Draft, Inputs
from tests.contract.operations import CONTRACT, IDS, WITH_BODY
from tests.contract.ours import RecordingApplication
from tests.contract.stopwatch import Stopwatch
from tests.contract.verdicts import Verdict, put
from tests.handlers.support import insert
from tests.harness import LOOPBACK, Tables
from tests.sampling import Sampling

LONGEST_SECONDS = 0.05
LARGEST_ANSWER = 64 * 1024
MIB = 1024 * 1024
HEAD = 60_000  # a little less than the server takes of all headers together
TRIES = 3
SAMPLE = 4
"""So many kinds of texts for each field and parameter; three times as many headers and bodies for each operation."""

# Each is repeated until the text is as large as wanted. Reordering marks, composing jamo, expanding ligatures, lowering
# letters into several, labels by the thousand and runs that patterns might try in many ways.
HOSTILE = {
    "marks": "\u0301\u0316",
    "ligatures": "\ufdfa",
    "jamo": "\u1112\u1161\u11ab",
    "dotted capitals": "\u0130",
    "digits": "\u0663",
    "blanks": " \u00a0",
    "joiners": "\u200d\u00e9",
    "flags": "\U0001f3f4\U000e0067",
    "labels": "b.",
    "encoded labels": "xn--a-.",
    "hyphens": "a-",
    "letters": "a",
    "brackets": "[{",
    "quotes": '\\"',
}
PREFIXES = {"labels": "a@", "encoded labels": "a@", "hyphens": "a@", "dotted capitals": "a@", "jamo": "https://"}
NESTED = base64.urlsafe_b64encode(b'{"a":' * 11_000).decode().rstrip("=")
HEADERS = {
    "authorization": [f"Bearer {NESTED}.a.b", f"Bearer {'a.' * 29_000}", "Bearer " * 8_000, f"Basic {NESTED}"],
    "accept-language": ["a," * 30_000, "de;q=0." + "1" * HEAD, "de-" * 20_000, "de" + ";q=1" * 15_000],
    "x-forwarded-for": ["127.0.0.1," * 6_000, "1" * HEAD, "::1%" + "a" * HEAD, ":" * HEAD],
    "cf-connecting-ip": ["1." * 30_000, "::1%" + "b" * HEAD],
    "cf-ipcountry": ["d" * HEAD],
    "user-agent": ["Mozilla/5.0 (" * 4_600, "a" * HEAD, ";" * HEAD],
    "x-correlation-id": ["a" * HEAD, "a@b." * 15_000, "token=" * 10_000],
    "content-type": ["application/json;charset=" * 2_400, ";" * HEAD, "application/json" + " " * HEAD],
    "content-encoding": ["identity," * 6_000],
    "content-length": ["9" * HEAD],
    "idempotency-key": ["a " * 30_000],
    "x-dev-token": ["a" * HEAD],
    "x-reactivate-token": ["-" * HEAD],
    "cookie": ["; " * 30_000, "a=b;" * 15_000, "biore_refresh=" + "a" * HEAD, "biore_refresh=a;" * 3_700],
    "traceparent": ["00-" * 20_000],
    "origin": ["https://" + "a." * 29_000],
}


class Attacker:
    def __init__(self, settings: Settings, database_url: str) -> None:
        self._runner = asyncio.Runner()
        own = replace(settings, database_url=database_url, trusted_proxies=LOOPBACK)
        for action in ACTIONS:
            page = own.portal_folder / action.path.lstrip("/") / "index.html"
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text("<!doctype html>")
        self._app = RecordingApplication(own, database_url)
        self._runner.run(self._open())
        self.inputs = Inputs(CONTRACT, {"good": self._token(database_url)})

    def close(self) -> None:
        self._runner.run(self._app.close())
        self._runner.close()

    async def _open(self) -> None:
        await self._app.config.refresh()
        await self._app.config.set("ratelimit.enabled", False)

    def _token(self, database_url: str) -> str:
        now = datetime.now(UTC)
        with Tables(database_url) as tables:
            user_id = insert(tables, "users", email="ada@example.com", email_verified=True)
            life = {"last_active_at": now, "expires_at": now + timedelta(days=1)}
            session_id = insert(tables, "sessions", user_id=user_id, **life)
        return str(self._app.tokens.access(user_id, session_id)["accessToken"])

    def attack(self, draft: Draft, label: str) -> None:
        """Raises AssertionError for an answer that took too long, is too large, or a fault of the server."""
        seconds = []
        for _ in range(TRIES):  # what is done once, such as compiling, is no work of each request
            watch = Stopwatch(self._app.asgi)
            verdict = self._runner.run(self._put(watch, draft, label))
            assert verdict.status < 500, f"{label}: {verdict.status}"
            assert len(verdict.answer) <= LARGEST_ANSWER, f"{label}: an answer of {len(verdict.answer)} bytes"
            seconds.append(watch.longest)
            if watch.longest <= LONGEST_SECONDS:
                return
        pytest.fail(f"{label} kept the loop for {min(seconds):.3f} s")

    @staticmethod
    async def _put(app: ASGIApp, draft: Draft, label: str) -> Verdict:
        return await put(app, draft.finished(label))


@pytest.fixture(scope="module")
def attacker(databases: Databases, settings: Settings) -> Iterator[Attacker]:
    """Without pauses of the garbage collector, which looks at everything that other tests left behind."""
    attacker = Attacker(settings, databases.migrated())
    gc.disable()
    yield attacker
    gc.enable()
    attacker.close()


def hostile(name: str, size: int) -> str:
    """So many bytes of it, in UTF-8."""
    unit = HOSTILE[name]
    return PREFIXES.get(name, "") + unit * (size // len(unit.encode()))


def texts(schema: Mapping[str, Any], *steps: str) -> Iterator[tuple[str, ...]]:
    """Where texts stand in a body."""
    resolved = SchemaCompiler(CONTRACT.document).resolved(schema)
    if resolved.get("type") == "string":
        yield steps
    for name, part in resolved.get("properties", {}).items():
        yield from texts(part, *steps, name)
    if "items" in resolved:
        yield from texts(resolved["items"], *steps, "0")


def places(schema: Mapping[str, Any], *steps: str) -> Iterator[tuple[str, ...]]:
    """Where anything stands in a body, and where something may stand that it does not know."""
    resolved = SchemaCompiler(CONTRACT.document).resolved(schema)
    yield steps
    for name, part in resolved.get("properties", {}).items():
        yield from places(part, *steps, name)
    if "properties" in resolved:
        yield (*steps, "unknown")
    if "items" in resolved:
        yield from places(resolved["items"], *steps, "0")


def with_value(example: Any, steps: tuple[str, ...], value: Any) -> Any:
    if not steps:
        return value
    if steps[0] == "0":
        return [with_value(None, steps[1:], value)]
    known = example if isinstance(example, dict) else {}
    return {**known, steps[0]: with_value(known.get(steps[0]), steps[1:], value)}


def body_schema(operation_id: str) -> Mapping[str, Any]:
    """Of a body of several kinds the one that the contract shows."""
    media = CONTRACT.operation(operation_id)["requestBody"]["content"][JSON]
    return like(CONTRACT.document, media["schema"], media["example"])


def encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def nested(opened: bytes, closed: bytes, depth: int, size: int) -> bytes:
    """A list of lists or objects, each of them as deep."""
    one = opened * depth + b"1" + closed * depth
    return b"[%s]" % b",".join([one] * (size // (len(one) + 1)))


def many_fields(size: int) -> bytes:
    return b"{%s}" % b",".join(b'"x%d":1' % number for number in range(size // 12))


@pytest.mark.parametrize("operation_id", WITH_BODY)
def test_texts_in_bodies(attacker: Attacker, sampling: Sampling, operation_id: str) -> None:
    good = attacker.inputs.good(operation_id)
    example = CONTRACT.operation(operation_id)["requestBody"]["content"][JSON]["example"]
    limit = CONTRACT.operation(operation_id)[BODY_LIMIT]
    for steps in texts(body_schema(operation_id)):
        room = limit - len(encoded(with_value(example, steps, "")))
        for name in sampling.of(f"{operation_id} {steps}", list(HOSTILE), SAMPLE):
            size = room // 2 if name == "quotes" else room - 20
            body = encoded(with_value(example, steps, hostile(name, size)))
            attacker.attack(replace(good, body=body), f"{operation_id} {'.'.join(steps)}: {name}, {len(body)} bytes")


@pytest.mark.parametrize("operation_id", WITH_BODY)
def test_other_bodies(attacker: Attacker, sampling: Sampling, operation_id: str) -> None:
    good = attacker.inputs.good(operation_id)
    limit = CONTRACT.operation(operation_id)[BODY_LIMIT]
    field = next(texts(body_schema(operation_id)), ("x",))[0]
    bodies: dict[str, Callable[[int], bytes]] = {
        "a field of its own": lambda size: encoded({"x" * (size - 20): 1}),
        "an escaped field": lambda size: b'{"%s":1}' % (b"\\u0001" * ((size - 20) // 6)),
        "unknown fields": many_fields,
        "a field again and again": lambda size: b"{%s}" % b",".join([b'"x":1'] * (size // 7)),
        "marks": lambda size: encoded({field: hostile("marks", size - 100)}),
        "ligatures": lambda size: encoded({field: hostile("ligatures", size - 100)}),
        "brackets": lambda size: b"[" * size,
        "nested lists": lambda size: b"[" * (size // 2) + b"]" * (size // 2),
        "nested objects": lambda size: b'{"a":' * (size // 6 - 1) + b"1" + b"}" * (size // 6 - 1),
        "lists of lists": lambda size: b"[%s]" % b",".join([b"[]"] * (size // 4)),
        "digits": lambda size: b'{"%s":%s}' % (field.encode(), b"9" * (size - 100)),
        "decimals": lambda size: b'{"%s":0.%s}' % (field.encode(), b"1" * (size - 100)),
        "blanks": lambda size: b" " * (size - 2) + b"{}",
    }
    everything = list(product(bodies, (limit, MIB), (False, True)))
    for name, size, chunked in sampling.of(operation_id, everything, 3 * SAMPLE):
        body = bodies[name](size)
        attacker.attack(replace(good, body=body, chunked=chunked), f"{operation_id}: {name}, {len(body)} bytes")


@pytest.mark.parametrize("operation_id", WITH_BODY)
def test_nested_values_in_bodies(attacker: Attacker, operation_id: str) -> None:
    """Anything anywhere in the body, so that every rule of it is broken."""
    good = attacker.inputs.good(operation_id)
    limit = CONTRACT.operation(operation_id)[BODY_LIMIT]
    for steps in places(body_schema(operation_id)):
        around = encoded(with_value(None, steps, "@"))
        values = {
            "deep lists": nested(b"[", b"]", 58, limit - len(around)),
            "lists": nested(b"[", b"]", 1, limit - len(around)),
            "deep objects": nested(b'{"a":', b"}", 58, limit - len(around)),
            "objects": nested(b'{"a":', b"}", 1, limit - len(around)),
        }
        for name, value in values.items():
            body = around.replace(b'"@"', value)
            attacker.attack(replace(good, body=body), f"{operation_id} {'.'.join(steps)}: {name}, {len(body)} bytes")


QUERIES = {
    "pairs": "a&" * 30_000,
    "coded": "%61=%61&" * 7_500,
    "signs": "%" * HEAD,
    "signs in pairs": "%=%&" * 15_000,
    "pluses": "+&" * 30_000,
}
PLACES = (*(("GET", action.path) for action in ACTIONS), ("GET", "/files/exports/x"), ("PUT", "/files/media/x"))


@pytest.mark.parametrize(("method", "path"), PLACES)
def test_queries_of_what_is_no_operation(attacker: Attacker, method: str, path: str) -> None:
    """Pages are found in a thread of their own, which keeps the loop waiting all the same."""
    for name, query in QUERIES.items():
        spent = []
        for _ in range(TRIES):
            began = time.process_time()
            attacker.attack(Draft(method, path, {}, query=query), f"{method} {path}: query of {name}")
            spent.append(time.process_time() - began)
        assert min(spent) <= LONGEST_SECONDS, f"{method} {path}: query of {name}"


@pytest.mark.parametrize("operation_id", IDS)
def test_parameters(attacker: Attacker, sampling: Sampling, operation_id: str) -> None:
    good = attacker.inputs.good(operation_id)
    for name, query in QUERIES.items():
        attacker.attack(replace(good, query=query), f"{operation_id}: query of {name}")
    for parameter in attacker.inputs.parameters(operation_id):
        place, named = parameter["in"], parameter["name"]
        for name in sampling.of(f"{operation_id} {named}", list(HOSTILE), SAMPLE):
            label = f"{operation_id} {named}: {name}"
            raw = hostile(name, HEAD // 3)
            if place == "query":
                attacker.attack(replace(good, query=f"{named}={quote(raw)}"), label)
            elif place == "path":
                attacker.attack(replace(good, parameters={**good.parameters, named: quote(raw, safe="")}), label)
            else:
                text = raw.encode().decode("latin-1")
                sent = ("cookie", f"{named}={text}") if place == "cookie" else (named.lower(), text)
                attacker.attack(replace(good, others=(sent,)), label)


@pytest.mark.parametrize("operation_id", IDS)
def test_headers(attacker: Attacker, sampling: Sampling, operation_id: str) -> None:
    good = attacker.inputs.good(operation_id)
    everything = [(name, value) for name, values in HEADERS.items() for value in values]
    for name, value in sampling.of(operation_id, everything, 3 * SAMPLE):
        label = f"{operation_id}: {name} {value[:30]!r}"
        if name == "authorization":
            attacker.attack(replace(good, authorization=(value,)), label)
        elif name == "content-type":
            attacker.attack(replace(good, content_type=(value,)), label)
        else:
            attacker.attack(replace(good, others=((name, value),)), label)
