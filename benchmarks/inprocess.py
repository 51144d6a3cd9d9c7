"""Calls applications directly, without sockets, and prints medians as JSON; `benchmarks.framework` runs it.

Every call gets a new scope, a `receive` with the whole body and a `send` that keeps the status. All calls of all
applications come from one task of one process, some dozens to one application and then to the next, so that whatever
slows the machine down for a moment hits all of them. Sessions are looked up in memory: what is measured is everything
around the database.
"""

import json
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, cast
from uuid import UUID, uuid4

import jwt
import uvloop
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from benchmarks import synthetic
from benchmarks.peers import SECRET as PEER_SECRET
from contract import loader as spec
from domain.users import Client, Identity
from persistence.auth.sessions import Found, LiveSessions
from persistence.engine.database import Database
from persistence.repositories import Repositories
from runtime.compose import build_parts
from runtime.observe import log
from runtime.settings import Settings
from runtime.web.app import Application
from runtime.web.call import SCOPE_KEY
from runtime.web.call import Call as CallState
from runtime.web.http.headers import Headers
from services.config.live import LiveConfig

SECRET = "a-secret-of-the-benchmarks-0123456789-abcdef"  # noqa: S105
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"
OURS, ALONE, OURS_500 = "ours", "ours, the framework alone", "ours of 500"
STARLETTE, FASTAPI, CONNEXION = "plain Starlette", "FastAPI", "stock Connexion"
MANY = 500
TURN = 80
WARM_UP = 200

Medians = dict[str, dict[str, list[float]]]


class Nothing:
    """Tables without rows."""

    async def all(self) -> list[Any]:
        return []


class Unchanged:
    """Where an admin would have stored other values than the defaults."""

    async def entries(self) -> dict[str, Any]:
        return {}


class AdasSessions(LiveSessions):
    """Every session lives and is Ada's."""

    async def find(self, session_id: UUID, user_id: UUID) -> Found:
        return Found(True, Identity(user_id, "ada@example.com", "ada", "Ada", None, "ACTIVE", True, False), None)


class Measured(Application):
    sessions = AdasSessions


class Remembered(Database):
    """In place of PostgreSQL: what a call asks for before its handler, answered from memory."""

    signing_keys = Nothing()
    config = Unchanged()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Repositories]:
        yield cast(Repositories, self)


@dataclass(frozen=True)
class Call:
    """``status`` is what must be answered."""

    method: str
    path: str
    status: int
    query: bytes = b""
    headers: Sequence[tuple[bytes, bytes]] = ()
    body: bytes = b""

    def scope(self) -> dict[str, Any]:
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": ("127.0.0.1", 8000),
            "client": ("127.0.0.1", 50000),
            "scheme": "http",
            "method": self.method,
            "root_path": "",
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": self.query,
            "headers": [(b"host", b"127.0.0.1:8000"), (b"accept", b"*/*"), *self.headers],
            "state": {},
        }


async def perform(app: ASGIApp, call: Call) -> float:
    """Seconds until the application returned, having answered. Raises AssertionError for another status."""
    messages: list[Message] = [{"type": "http.request", "body": call.body, "more_body": False}]
    sent: list[Message] = []

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = call.scope()
    began = time.perf_counter()
    await app(scope, receive, send)
    seconds = time.perf_counter() - began
    assert sent[0]["status"] == call.status, sent
    assert not sent[-1].get("more_body")
    return seconds


def application(folder: Path, contract: spec.Contract) -> Application:
    """Ours as in production, everything on, without a database."""
    settings = Settings(env="production", data_dir=folder, database_url=NOWHERE, secret_key=SECRET)
    parts = build_parts(settings, NOWHERE, contract=contract)
    database = Remembered(NOWHERE, seal=str, digests=parts.keyring.digests)
    config = LiveConfig(database, parts.keyring, settings.env, contract.limited, {})
    return Measured(settings, NOWHERE, replace(parts, database=database, config=config))


async def ours(folder: Path, count: int) -> Application:
    """With a contract of so many operations, those that are measured among them."""
    synthetic.provide_handlers()
    made = application(folder, spec.load(synthetic.write_contract(folder / f"contract-{count}", count)))
    await made.config.refresh()  # nothing is served before it is known
    return made


def alone(application: Application) -> ASGIApp:
    """Routing, security, guards, validation, injection and envelope, without what the others here have none of either.

    That is: correlation id, client and headers of every answer, metrics, log, and the words of refusals.
    """
    client = Client("127.0.0.1", "127.0.0.1", None, None, "en")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope[SCOPE_KEY] = CallState("benchmark", client, Headers(scope["headers"]))
        await application.connexion(scope, receive, send)

    return app


async def subjects(folder: Path) -> tuple[Mapping[str, ASGIApp], Mapping[str, str]]:
    """The applications, and the tokens that they are shown."""
    from benchmarks.peers import plain_connexion, plain_fastapi, plain_starlette  # installed only to be measured

    few, many = await ours(folder, len(spec.load().policies) + 3), await ours(folder, MANY)
    contract = few.parts.contract
    base = contract.base_path + f"/{synthetic.MODULE}"
    ends = datetime.now(UTC) + timedelta(hours=1)
    claims = {"sub": str(uuid4()), "sid": str(uuid4()), "jti": str(uuid4()), "iat": datetime.now(UTC), "exp": ends}
    theirs = jwt.encode(
        claims, PEER_SECRET, "HS256", headers={"kid": "abcdef01", "typ": "at+jwt"}
    )  # of the same length
    apps: dict[str, ASGIApp] = {
        OURS: few.asgi,
        ALONE: alone(few),
        OURS_500: many.asgi,
        STARLETTE: plain_starlette.build(base),
        FASTAPI: plain_fastapi.build(base),
        CONNEXION: plain_connexion.build(only_measured(contract.document)),
    }
    own = str(few.tokens.access(uuid4(), uuid4())["accessToken"])
    return apps, {name: own if name in (OURS, ALONE, OURS_500) else theirs for name in apps}


def only_measured(document: dict[str, Any]) -> dict[str, Any]:
    """The contract of the three operations, for who would otherwise route through all of ours."""
    paths = {path: document["paths"][path] for path in (synthetic.READ, synthetic.CREATE, synthetic.LIST)}
    return {**document, "paths": paths}


def plans(tokens: Mapping[str, str]) -> dict[str, dict[str, tuple[str, Call]]]:
    """What is measured side by side: a name, and who gets which call."""
    base = "/api/v1"
    books = f"{base}/{synthetic.MODULE}/shelves/7/books"
    json_type = (b"content-type", b"application/json")
    body, bad = (json.dumps(synthetic.BODY | change).encode() for change in ({}, {"email": "nobody"}))

    def headers(content: bytes) -> list[tuple[bytes, bytes]]:
        return [json_type, (b"content-length", str(len(content)).encode())]

    create = Call("POST", base + synthetic.CREATE, 201, headers=headers(body), body=body)
    listing = Call("GET", books, 200, query=b"limit=20&sort=newest")
    first, last = (Call("GET", base + path, 200) for path in (synthetic.FIRST, synthetic.LAST))
    read = {
        name: (name, Call("GET", base + synthetic.READ, 200, headers=[(b"authorization", b"Bearer " + token.encode())]))
        for name, token in tokens.items()
        if name != OURS_500
    }
    return {
        "GET with bearer": read,
        "validated POST": {name: (name, create) for name in read},
        "GET with parameters": {name: (name, listing) for name in read},
        "refusals": {
            "401": (OURS, Call("GET", base + synthetic.READ, 401)),
            "400": (OURS, replace(create, status=400, headers=headers(bad), body=bad)),
            "404": (OURS, Call("GET", f"{base}/{synthetic.MODULE}/nothing/here", 404)),
        },
        "500 operations": {
            "first": (OURS_500, first),
            "last": (OURS_500, last),
            "parameters, few": (OURS, listing),
            "parameters, 500": (OURS_500, listing),
        },
    }


async def measure(folder: Path, rounds: int, turns: int) -> Medians:
    """Per plan and name the median of each round, in microseconds."""
    apps, tokens = await subjects(folder)
    found: Medians = {}
    for title, plan in plans(tokens).items():
        for name, call in plan.values():
            for _ in range(WARM_UP):
                await perform(apps[name], call)
        found[title] = {name: [] for name in plan}
        for _ in range(rounds):
            for name, values in (await one_round(apps, plan, turns)).items():
                found[title][name].append(median(values) * 1_000_000)
    return found


async def one_round(
    apps: Mapping[str, ASGIApp], plan: Mapping[str, tuple[str, Call]], turns: int
) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {name: [] for name in plan}
    for _ in range(turns):
        for name, (subject, call) in plan.items():
            seconds[name] += [await perform(apps[subject], call) for _ in range(TURN)]
    return seconds


if __name__ == "__main__":
    log.configure(readable=False)
    print(json.dumps(uvloop.run(measure(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))))
