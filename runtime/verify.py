"""Whether every claim of a page is true: the contract against the running application, its database and live answers.

Two sources of facts: ``examine`` starts the application on a real database and looks at what it made of the contract;
the evidence holds what tests saw of it over HTTP. ``judge`` puts both together, per operation.
"""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
import psycopg

from persistence.migrate import upgrade
from persistence.models import Base
from portal.evidence import SAMPLES, Answer, Badge, Count, Evidence, Gap, deviations
from runtime import embedded
from runtime.app import Application
from runtime.i18n import Texts
from runtime.policy import ContractError, Policy
from runtime.schemas import SchemaCompiler, Validator
from runtime.settings import Settings
from runtime.spec import ROOT, Contract
from runtime.validation import JSON, Parameter, ValidatedOperation
from runtime.wiring import WiredOperation, find_handler
from runtime.worker import find_job

RECORDING = ("tests/handlers", "tests/contract", "tests/portal")
SECRET = "verify-has-no-secrets-0123456789abcdef"  # noqa: S105 - of a database that is thrown away
LONG = "x" * 5000
COUNTED = ("codes", "effects", "samples")
UNTRIED = {"code", "answer", "effect", "sample"}
STRANGE: tuple[Any, ...] = (None, True, 0, -1, 7.5, "", " ", LONG, "\u00e9", [], ["x"], {}, {"x": 1})

Gaps = dict[str, list[Gap]]


# -- the application and its database ---------------------------------------------------------------------------------


@dataclass
class System:
    """What the running application made of the contract, and the columns of its database by table."""

    validated: Mapping[str, ValidatedOperation]
    wired: Mapping[str, WiredOperation]
    served: Mapping[str, Any]
    columns: Mapping[str, frozenset[str]]


def start(contract: Contract) -> System:
    """On a database of its own, migrated from nothing. Raises ContractError if the application does not start."""
    with tempfile.TemporaryDirectory() as folder, embedded.running(Path(folder)) as url:
        upgrade(url)
        app = Application(Settings(secret_key=SECRET, data_dir=Path(folder)), url)
        return System(app.validated, app.wired, asyncio.run(_served(app)), columns_of(url))


async def _served(app: Application) -> Any:
    transport = httpx.ASGITransport(app.asgi)
    async with httpx.AsyncClient(transport=transport, base_url="http://verify") as client:
        served = (await client.get("/openapi.json")).raise_for_status()
    await app._close()
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
                except LookupError as error:
                    yield Gap("topic", what, str(error))


def _table_exists(table: str, system: System) -> Iterator[Gap]:
    if table not in system.columns:
        yield Gap("table", table, "the migrated database has no such table")
    elif table in Base.metadata.tables:
        lacking = sorted({column.name for column in Base.metadata.tables[table].columns} - system.columns[table])
        for name in lacking:
            yield Gap("table", f"{table}.{name}", "the migrated database has no such column")


# -- the validators of the application against those of the published document ----------------------------------------


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
    documents = [schemas.resolved(parameter) for parameter in operation.get("parameters", ())]
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
    status, answer = next(iter(_successes(operation)))
    media = answer["content"][JSON]
    published = schemas.validator(media["schema"])
    yield from _same_verdicts(str(status), media["example"], wired.answer_schema.violations, published.violations)


def _same_verdicts(
    what: str, example: Any, running: Callable[[Any], Any], published: Callable[[Any], Any]
) -> Iterator[Gap]:
    if example is not None and (refused := running(_copy(example))):
        yield Gap("example", what, f"the application refuses its own example: {_told(refused)}")
    for value in (example, *mutations(example)):
        ours, theirs = running(_copy(value)), published(_copy(value))
        if ours != theirs:
            shown = orjson.dumps(value).decode()[:120]
            yield Gap("schema", what, f"{shown}: the application says {_told(ours)}, the document {_told(theirs)}")
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


def _told(violations: Iterable[Mapping[str, Any]]) -> str:
    return ", ".join(f"{v['field'] or 'the whole'}: {v['rule']}" for v in violations) or "good"


async def _nowhere(*_: Any) -> None:
    raise AssertionError("only asked, never called")


# -- what tests saw ---------------------------------------------------------------------------------------------------


@dataclass
class Judge:
    """Holds the evidence of each operation against the contract."""

    contract: Contract
    texts: Texts
    schemas: SchemaCompiler = field(init=False)
    _validators: dict[str, Validator] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.schemas = SchemaCompiler(self.contract.document)

    def _validator(self, reference: str) -> Validator:
        """Most refusals share theirs with other operations."""
        if reference not in self._validators:
            self._validators[reference] = self.schemas.validator({"$ref": reference})
        return self._validators[reference]

    def badge(self, policy: Policy, evidence: Evidence, found: Iterable[Gap]) -> Badge:
        """``found``: what is known of the operation from elsewhere."""
        proof = evidence.proof(policy.operation_id)
        codes = list(self._codes(policy, proof.answers))
        effects = list(_effects(policy, proof.effects))
        samples = [Gap("sample", name, "never tried") for name in SAMPLES if name not in proof.samples]
        answers = list(self._successes(policy, proof.answers))
        gaps = (*_whole(evidence), *found, *answers, *codes, *effects, *samples)
        return Badge(
            verified=not gaps,
            commit=evidence.commit,
            changed=evidence.changed,
            date=evidence.date,
            codes=_count(policy.codes, codes),
            effects=_count(_declared(policy), effects),
            samples=Count(len(SAMPLES) - len(samples), len(SAMPLES)),
            gaps=gaps,
        )

    def _codes(self, policy: Policy, answers: tuple[Answer, ...]) -> Iterator[Gap]:
        for code, status in policy.statuses.items():
            live = [answer for answer in answers if answer.code == code]
            elsewhere = [answer for answer in live if answer.status != status]
            if not live:
                yield Gap("code", code, "documented, never answered")
            elif elsewhere:
                yield Gap("code", code, f"documented with {status}, answered with {elsewhere[0].status}")
            else:
                yield from self._words(code, live)
                yield from self._shape(policy, str(status), code, live)
        for code in sorted({answer.code for answer in answers if answer.code} - policy.codes):
            yield Gap("code", code, "answered, not documented")

    def _words(self, code: str, live: list[Answer]) -> Iterator[Gap]:
        """Each answer is in the catalogue's words, in some language; one at least in its own."""
        said = [(answer.body["error"]["message"], answer.body["error"].get("i18nVars", {})) for answer in live]
        for message, variables in said:
            known = {self.texts.say(locale, "errors", code, **variables) for locale in self.texts.locales}
            if message not in known:
                documented = self.contract.errors[code]["message"]
                yield Gap("message", code, f"documented {documented!r}, answered {message!r}")
        if all(message != self.contract.errors[code]["message"].format(**variables) for message, variables in said):
            yield Gap("message", code, "never answered in the words of the catalogue")

    def _successes(self, policy: Policy, answers: tuple[Answer, ...]) -> Iterator[Gap]:
        documented = dict(_successes(self.contract.operation(policy.operation_id)))
        for status in documented:
            live = [answer for answer in answers if answer.status == status]
            if not live:
                yield Gap("answer", str(status), "documented, never answered")
            else:
                yield from self._shape(policy, str(status), None, live)
        for status in sorted({a.status for a in answers if a.code is None} - documented.keys()):
            yield Gap("answer", str(status), "answered, not documented")

    def _shape(self, policy: Policy, status: str, code: str | None, live: list[Answer]) -> Iterator[Gap]:
        """The documented example has the shape of what is answered, and what is answered is true to the schema."""
        answer = self.schemas.resolved(self.contract.operation(policy.operation_id)["responses"][status])
        media = answer["content"][JSON]
        example = media["examples"][code]["value"] if code else media["example"]
        what = code or status
        validator = self._validator(media["schema"]["$ref"])
        broken = next((a for a in live if not validator.accepts(a.body)), None)
        if broken is not None:
            yield Gap("answer", what, f"{_told(validator.violations(broken.body))}; answered {_json(broken.body)}")
        others = deviations(example, tuple(answer.body for answer in live))
        if others:
            both = f"documented {_json(example)}, answered {' or '.join(_json(a.body) for a in live[:2])}"
            yield Gap("example", what, f"{'; '.join(others)}; {both}")


def _whole(evidence: Evidence) -> Iterator[Gap]:
    if not evidence.tree:
        yield Gap("evidence", "absent", "no test has left any")
    elif evidence.stale:
        yield Gap("evidence", "stale", f"it is of another state of the code ({evidence.commit}, {evidence.date})")
    elif evidence.failures:
        yield Gap("evidence", "failed", f"tests failed: {', '.join(evidence.failures[:5])}")


def _declared(policy: Policy) -> frozenset[str]:
    return frozenset(f"{effect.kind}:{what}" for effect in policy.side_effects for what in effect.what)


def _effects(policy: Policy, seen: frozenset[str]) -> Iterator[Gap]:
    declared = _declared(policy)
    # Where a job or an audit entry is kept follows from its kind.
    implied = {"write:outbox"} if any(name.startswith("job:") for name in declared) else set()
    implied |= {"write:audit_logs"} if any(name.startswith("audit:") for name in declared) else set()
    for name in sorted(declared - seen):
        yield Gap("effect", name, "documented, never seen")
    for name in sorted(seen - declared - implied):
        yield Gap("effect", name, "seen, not documented")


def _count(documented: Iterable[str], gaps: Iterable[Gap]) -> Count:
    names = set(documented)
    return Count(len(names - {gap.what for gap in gaps}), len(names))


def _successes(operation: Mapping[str, Any]) -> Iterator[tuple[int, Any]]:
    for status, answer in operation["responses"].items():
        if int(status) < 400:
            yield int(status), answer


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()[:1000]


# -- the whole --------------------------------------------------------------------------------------------------------


def verdicts(contract: Contract, evidence: Evidence, found: Gaps) -> dict[str, Badge]:
    judge = Judge(contract, Texts(contract.errors))
    return {name: judge.badge(policy, evidence, found.get(name, ())) for name, policy in contract.policies.items()}


def look(contract: Contract) -> Gaps:
    """Everything that can be known without evidence."""
    found = unbound(contract)
    if found:
        return found
    try:
        return examine(contract, start(contract))
    except ContractError as error:
        return {name: [Gap("handler", name, f"the application does not start: {error}")] for name in contract.policies}


def record(root: Path = ROOT) -> None:
    """Run the tests that leave evidence; what they found wrong is in it."""
    folders = [folder for folder in RECORDING if (root / folder).is_dir()]
    if not folders:
        raise ContractError("there are no tests here that could leave evidence; verify in a checkout")
    subprocess.run([sys.executable, "-m", "pytest", "-q", *folders], cwd=root, check=False)


def is_incomplete(badges: Mapping[str, Badge], evidence: Evidence) -> bool:
    """Whether running all the tests may help: something was not tried, and nothing that was tried failed."""
    untried = any(gap.kind in UNTRIED for badge in badges.values() for gap in badge.gaps)
    return not evidence.tree or evidence.stale or (untried and not evidence.failures)


def as_json(badges: Mapping[str, Badge]) -> dict[str, Any]:
    """As the evidence keeps it, and as programs read it."""
    return {name: asdict(badge) | {key: list(asdict(getattr(badge, key)).values()) for key in COUNTED}
            for name, badge in badges.items()}  # fmt: skip


def lines(badges: Mapping[str, Badge]) -> Iterator[str]:
    """One per operation, with what is missing below it; a summary at the end."""
    for name, badge in badges.items():
        counts = ", ".join(f"{key} {count.proven}/{count.total}" for key in COUNTED for count in [getattr(badge, key)])
        yield f"{'proven  ' if badge.verified else 'UNPROVEN'} {name}: {counts}"
        yield from (f"           {gap.kind} {gap.what}: {gap.detail}" for gap in badge.gaps)
    proven = sum(badge.verified for badge in badges.values())
    yield f"{proven} of {len(badges)} operations are proven."
