"""The contract against the running application: started on a real database and asked what it made of it."""

import asyncio
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import psycopg

from contract.loader import Contract
from contract.policy import ContractError, Policy
from contract.schemas import SchemaCompiler
from domain.jobs import UnknownTopic
from persistence.migrate import upgrade
from persistence.models import Base
from portal.evidence import Gap
from runtime.serve import embedded
from runtime.settings import Settings
from runtime.web.app import Application
from runtime.web.dispatch import WiredOperation, find_handler
from runtime.web.validation import JSON, Parameter, ValidatedOperation
from runtime.worker.worker import find_job

SECRET = "verify-has-no-secrets-0123456789abcdef"  # noqa: S105 - of a database that is thrown away
LONG = "x" * 5000
STRANGE: tuple[Any, ...] = (None, True, 0, -1, 7.5, "", " ", LONG, "\u00e9", [], ["x"], {}, {"x": 1})

Gaps = dict[str, list[Gap]]


@dataclass
class System:
    """What the running application made of the contract, and the columns of its database by table."""

    validated: Mapping[str, ValidatedOperation]
    wired: Mapping[str, WiredOperation]
    served: Mapping[str, Any]
    columns: Mapping[str, frozenset[str]]


def start() -> System:
    """On a database of its own, migrated from nothing. Raises ContractError if the application does not start."""
    with tempfile.TemporaryDirectory() as folder, embedded.running(Path(folder)) as url:
        upgrade(url)
        return ask(url)


def ask(url: str) -> System:
    """The application on a migrated database, without a socket of its own."""
    app = Application(Settings(secret_key=SECRET), url)
    return System(app.validated, app.wired, asyncio.run(_served(app)), columns_of(url))


async def _served(app: Application) -> Any:
    transport = httpx.ASGITransport(app.asgi)
    async with httpx.AsyncClient(transport=transport, base_url="http://verify") as client:
        served = (await client.get("/openapi.json")).raise_for_status()
    await app.close()
    return orjson.loads(served.content)


def columns_of(url: str) -> Mapping[str, frozenset[str]]:
    query = (
        "SELECT table_name, array_agg(column_name::text) FROM information_schema.columns "
        "WHERE table_schema = 'public' GROUP BY table_name"
    )
    with psycopg.connect(url) as connection:
        return {table: frozenset(names) for table, names in connection.execute(query).fetchall()}


def unbound(contract: Contract) -> Gaps:
    """Operations without a handler; nothing starts with one of them."""
    found: Gaps = {}
    for operation_id in contract.policies:
        try:
            find_handler(operation_id)
        except ContractError as error:
            found.setdefault(operation_id, []).append(Gap("handler", operation_id, str(error)))
    return found


def examine(contract: Contract, system: System) -> Gaps:
    """What does not hold of the running application and its database."""
    schemas = SchemaCompiler(system.served)
    return {
        name: [*_bound(policy, system), *_same_schemas(policy, system, schemas), *_effects_exist(policy, system)]
        for name, policy in contract.policies.items()
    }


def _bound(policy: Policy, system: System) -> Iterator[Gap]:
    if policy.operation_id not in system.wired:
        yield Gap("handler", policy.operation_id, "the running application does not call it")


def _effects_exist(policy: Policy, system: System) -> Iterator[Gap]:
    for effect in policy.side_effects:
        for what in effect.what:
            if effect.kind == "write":
                yield from _table_exists(what, system)
            elif effect.kind == "job":
                try:
                    find_job(what)
                except UnknownTopic as error:
                    yield Gap("topic", what, str(error))


def _table_exists(table: str, system: System) -> Iterator[Gap]:
    if table not in system.columns:
        yield Gap("table", table, "the migrated database has no such table")
    elif table in Base.metadata.tables:
        lacking = sorted({column.name for column in Base.metadata.tables[table].columns} - system.columns[table])
        for name in lacking:
            yield Gap("table", f"{table}.{name}", "the migrated database has no such column")


def _same_schemas(policy: Policy, system: System, schemas: SchemaCompiler) -> Iterator[Gap]:
    """The served document, compiled anew, says the same as the running validators of whatever they are asked."""
    operation = system.served["paths"].get(policy.path, {}).get(policy.method)
    running = system.validated.get(policy.operation_id)
    if operation is None or running is None:
        yield Gap("schema", policy.operation_id, "the served document or the application does not have it")
        return
    published = ValidatedOperation(_nowhere, operation, schemas)
    yield from _same_parameters(running, published, operation, schemas)
    if running.takes_body != published.takes_body:
        yield Gap("schema", "body", "only one of them takes a body")
    elif running.takes_body:
        example = operation["requestBody"]["content"][JSON]["example"]
        yield from _same_verdicts("body", example, lambda v: running.judge(v)[1], lambda v: published.judge(v)[1])
    yield from _same_answer(policy, system, operation, schemas)


def _same_parameters(
    running: ValidatedOperation, published: ValidatedOperation, operation: Mapping[str, Any], schemas: SchemaCompiler
) -> Iterator[Gap]:
    names = [(parameter.location, parameter.name) for parameter in running.parameters]
    if names != [(parameter.location, parameter.name) for parameter in published.parameters]:
        yield Gap("schema", "parameters", f"the application takes {names}")
        return
    documents = [
        document for document in map(schemas.resolved, operation.get("parameters", ())) if document["in"] != "cookie"
    ]
    for ours, theirs, document in zip(running.parameters, published.parameters, documents, strict=True):
        example = document.get("example")
        yield from _same_verdicts(ours.name, example, _reading(ours), _reading(theirs))


def _reading(parameter: Parameter) -> Callable[[Any], Any]:
    """Parameters come as texts; nothing at all is one of the cases."""
    return lambda value: parameter.read([] if value is None else [value if isinstance(value, str) else str(value)])[1]


def _same_answer(
    policy: Policy, system: System, operation: Mapping[str, Any], schemas: SchemaCompiler
) -> Iterator[Gap]:
    wired = system.wired.get(policy.operation_id)
    if wired is None or wired.answer_schema is None:
        return
    status, answer = next(iter(successes(operation)))
    media = answer["content"][JSON]  # what has an answer schema is JSON
    published = schemas.validator(media["schema"])
    yield from _same_verdicts(str(status), media["example"], wired.answer_schema.violations, published.violations)


def _same_verdicts(
    what: str, example: Any, running: Callable[[Any], Any], published: Callable[[Any], Any]
) -> Iterator[Gap]:
    if example is not None and (refused := running(_copy(example))):
        yield Gap("example", what, f"the application refuses its own example: {told(refused)}")
    for value in (example, *mutations(example)):
        ours, theirs = running(_copy(value)), published(_copy(value))
        if ours != theirs:
            shown = orjson.dumps(value).decode()[:120]
            yield Gap("schema", what, f"{shown}: the application says {told(ours)}, the document {told(theirs)}")
            return


def mutations(value: Any) -> Iterator[Any]:
    """Values that differ from the given one in one place: something else, a field less, a field more."""
    yield from STRANGE
    if isinstance(value, dict):
        yield {**value, "unheardOf": 1}
        for key in value:
            yield {name: inner for name, inner in value.items() if name != key}
            yield from ({**value, key: changed} for changed in mutations(value[key]))
    elif isinstance(value, list) and value:
        yield [*value, *value]
        yield from ([changed, *value[1:]] for changed in mutations(value[0]))
    elif isinstance(value, str):
        yield from (value + "x", value + "\n", f" {value} ", value.upper(), value[:-1])


def _copy(value: Any) -> Any:
    """Cleaning changes what it is given."""
    return orjson.loads(orjson.dumps(value))


def told(violations: Iterable[Mapping[str, Any]]) -> str:
    return ", ".join(f"{v['field'] or 'the whole'}: {v['rule']}" for v in violations) or "good"


async def _nowhere(*_: Any) -> None:
    raise AssertionError("only asked, never called")


def successes(operation: Mapping[str, Any]) -> Iterator[tuple[int, Any]]:
    for status, answer in operation["responses"].items():
        if int(status) < 400:
            yield int(status), answer
