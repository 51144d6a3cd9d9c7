"""The compiled path against stock Connexion: of every operation and a thousand requests both say the same.

A commit tries a sample of the thousand, `make differential` all.

Where they do not, the difference is one of ``kinds.KINDS``, which names each with its reason.
"""

import asyncio
import copy
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from contract.loader import Contract
from contract.schemas import SchemaCompiler
from runtime.settings import Settings
from services.tokens import Tokens
from tests.conftest import Databases
from tests.contract.inputs import JSON, Inputs
from tests.contract.kinds import KINDS, Difference, Judge
from tests.contract.operations import CONTRACT, IDS
from tests.contract.ours import RecordingApplication
from tests.contract.stock import stock_app
from tests.contract.verdicts import Request, put
from tests.handlers.support import insert
from tests.harness import Tables
from tests.sampling import Sampling
from tests.staff import FACTOR

COUNT = 1000
SAMPLE = 150
FEW = 300
# Where the kinds are met that a sample may miss; they are looked for elsewhere too, but that takes minutes.
WITH_SELDOM_KINDS = (
    "auth.passwords.change", "users.consents.record", "upload.presign", "auth.refresh", "dev.mailbox",
    "auth.passwords.forgot", "support.list", "creators.dm.update",
)  # fmt: skip
PLANTED = "auth.two_factor.login"
PLANTED_PATH = CONTRACT.policies[PLANTED].path


class Arena:
    """Both applications, asked the same; ``counts`` are the differences that were met, by kind."""

    def __init__(self, settings: Settings, database_url: str, sampling: Sampling) -> None:
        self._sampling = sampling
        self._runner = asyncio.Runner()
        self._app = RecordingApplication(settings, database_url)
        self._runner.run(self._open())
        self._inputs = Inputs(CONTRACT, _tokens(self._app, database_url))
        self._known: dict[str, bool] = {}
        self._stock = stock_app(CONTRACT, self._is_good)
        schemas = SchemaCompiler(CONTRACT.document)
        self._own = {name: Judge(CONTRACT, schemas, name) for name in IDS}
        routes = {name: (policy.method.upper(), policy.path) for name, policy in CONTRACT.policies.items()}
        self._judges = {(method, CONTRACT.base_path + path): self._own[name] for name, (method, path) in routes.items()}
        self._done: set[Request] = set()
        self.counts: Counter[str] = Counter()

    def close(self) -> None:
        self._runner.run(self._app.close())
        self._runner.close()

    def compare(self, operation_id: str) -> list[Difference]:
        """The differences that no kind explains."""
        requests = self._sampling.of(operation_id, self._requests(operation_id, COUNT), SAMPLE)
        return self._runner.run(self._compare(operation_id, self._stock, requests, self.counts))

    def compare_with(self, contract: Contract, operation_id: str, count: int) -> list[Difference]:
        """As ``compare``, with stock Connexion serving another contract."""
        other, requests = stock_app(contract, self._is_good), self._requests(operation_id, count)
        return self._runner.run(self._compare(operation_id, other, requests, Counter()))

    def unmet(self) -> list[str]:
        """The kinds that no request meets. What the sample did not meet is looked for among the rest."""
        for operation_id in dict.fromkeys([*WITH_SELDOM_KINDS, *IDS]):
            for request in self._requests(operation_id, COUNT):
                if all(self.counts[kind.name] for kind in KINDS):
                    return []
                if request not in self._done:
                    self._runner.run(self._compare(operation_id, self._stock, [request], self.counts))
        return [kind.name for kind in KINDS if not self.counts[kind.name]]

    def _requests(self, operation_id: str, count: int) -> list[Request]:
        requests = self._inputs.of(operation_id, count)
        assert len(requests) == count
        return requests

    async def _compare(
        self, operation_id: str, stock: Any, requests: list[Request], met: Counter[str]
    ) -> list[Difference]:
        unexplained = []
        self._done.update(requests)
        for request in requests:
            theirs, ours = await put(stock, request), await put(self._app.asgi, request)
            found = Difference(operation_id, request, theirs, ours)
            judge = self._judge(found)
            if judge.agree(found):
                continue
            kinds = await judge.explain(found, lambda changed: put(stock, changed))
            met.update(kinds)
            if not kinds:
                unexplained.append(found)
        return unexplained

    def _judge(self, found: Difference) -> Judge:
        """Of the operation that the request is for: another method may be another one."""
        documented = CONTRACT.base_path + CONTRACT.policies[found.operation_id].path
        method, path = found.request.method, found.request.path
        return (
            self._judges.get((method, path)) or self._judges.get((method, documented)) or self._own[found.operation_id]
        )

    async def _open(self) -> None:
        await self._app.config.refresh()
        await self._app.config.set("ratelimit.enabled", False)

    async def _is_good(self, token: str) -> bool:
        """What the application itself says of a token."""
        if token not in self._known:
            self._known[token] = await self._app.knows(token)
        return self._known[token]


def _tokens(app: RecordingApplication, database_url: str) -> dict[str, str]:
    """Access tokens by what is wrong with them; only the good one is of somebody who is signed in."""
    now = datetime.now(UTC)
    lives = {"last_active_at": now, "expires_at": now + timedelta(days=1), "confirmed_at": now + timedelta(days=1)}
    with Tables(database_url) as tables:
        user_id = insert(tables, "users", email="ada@example.com", email_verified=True, **FACTOR)
        insert(tables, "creator_profiles", user_id=user_id)
        tables.run("INSERT INTO staff_roles (user_id, role, reason) VALUES (%s, 'OWNER', 'a test')", user_id)
        shown = {"second_factor_at": now, "admin_seen_at": now}
        live = insert(tables, "sessions", user_id=user_id, **lives, **shown)
        ended = insert(tables, "sessions", user_id=user_id, revoked_at=now, **lives)
    yesterday = Tokens(app.parts.keyring, app.signing_keys, app.config, lambda: now - timedelta(days=1))
    return {
        "good": app.tokens.access(user_id, live)["accessToken"],
        "revoked": app.tokens.access(user_id, ended)["accessToken"],
        "expired": yesterday.access(user_id, live)["accessToken"],
        "foreign": app.tokens.access(uuid4(), uuid4())["accessToken"],
        "garbage": "a.b.c",
        "short": "x",
    }


@pytest.fixture(scope="module")
def arena(databases: Databases, settings: Settings, sampling: Sampling) -> Iterator[Arena]:
    arena = Arena(settings, databases.migrated(), sampling)
    yield arena
    arena.close()


@pytest.mark.parametrize("operation_id", IDS)
def test_both_say_the_same(arena: Arena, sampling: Sampling, operation_id: str) -> None:
    unexplained = arena.compare(operation_id)
    told = f"{len(unexplained)} differences in {sampling}"
    assert not unexplained, "\n".join([told, *map(str, unexplained[:5])])


def test_every_kind_of_difference_is_met(arena: Arena) -> None:
    assert arena.unmet() == []


def _lower_a_longest_length(operation: Any, body: Any) -> None:
    body["properties"]["code"]["maxLength"] -= 1


def _require_less(operation: Any, body: Any) -> None:
    body["required"].remove("code")


def _retype(operation: Any, body: Any) -> None:
    body["properties"]["code"]["type"] = "integer"


def _open_to_more(operation: Any, body: Any) -> None:
    body["additionalProperties"] = True


def _ask_for_a_token(operation: Any, body: Any) -> None:
    operation["security"] = [{"bearerAuth": []}]


def _need_no_body(operation: Any, body: Any) -> None:
    operation["requestBody"]["required"] = False


def _want_a_parameter(operation: Any, body: Any) -> None:
    operation["parameters"] = [{"name": "x", "in": "query", "required": True, "schema": {"type": "string"}}]


@pytest.mark.parametrize(
    "change",
    [
        _lower_a_longest_length,
        _require_less,
        _retype,
        _open_to_more,
        _ask_for_a_token,
        _need_no_body,
        _want_a_parameter,
    ],
)
def test_a_planted_difference_is_found(arena: Arena, change: Callable[[Any, Any], None]) -> None:
    document = copy.deepcopy(CONTRACT.document)
    document["paths"] = {PLANTED_PATH: document["paths"][PLANTED_PATH]}
    other = replace(CONTRACT, document=document)
    operation = other.operation(PLANTED)
    change(operation, SchemaCompiler(document).resolved(operation["requestBody"]["content"][JSON]["schema"]))
    assert arena.compare_with(other, PLANTED, FEW)
