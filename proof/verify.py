"""Whether every claim of a page is true, per operation: the contract against the code and against live answers.

The code has the handler, the jobs and the tables that the contract names; the evidence holds what tests saw over HTTP.
"""

import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from contract.loader import ROOT, Contract
from contract.policy import ContractError, Policy
from contract.schemas import SchemaCompiler, Validator
from contract.texts import Texts
from domain.jobs import UnknownTopic
from persistence.models import Base
from portal.evidence import SAMPLES, Answer, Badge, Count, Evidence, Gap, deviations
from runtime.web.dispatch import find_handler
from runtime.web.validation import JSON
from runtime.worker.jobs import find_job

Gaps = dict[str, list[Gap]]

RECORDING = ("tests/handlers", "tests/contract", "tests/portal")
COUNTED = ("codes", "effects", "samples")
UNTRIED = {"code", "answer", "effect", "sample"}


@dataclass
class Judge:
    """Holds the evidence of each operation against the contract."""

    contract: Contract
    texts: Texts
    schemas: SchemaCompiler = field(init=False)
    _validators: dict[str, Validator] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.schemas = SchemaCompiler(self.contract.document)

    def _validator(self, schema: Mapping[str, Any]) -> Validator:
        """Most refusals share theirs with other operations."""
        known = _json(schema)
        if known not in self._validators:
            self._validators[known] = self.schemas.validator(schema)
        return self._validators[known]

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
        responses = self.contract.operation(policy.operation_id)["responses"]
        documented = [int(status) for status in responses if status < "400"]
        for status in documented:
            live = [answer for answer in answers if answer.status == status]
            if not live:
                yield Gap("answer", str(status), "documented, never answered")
            else:
                yield from self._shape(policy, str(status), None, live)
        for status in sorted({a.status for a in answers if a.code is None}.difference(documented)):
            yield Gap("answer", str(status), "answered, not documented")

    def _shape(self, policy: Policy, status: str, code: str | None, live: list[Answer]) -> Iterator[Gap]:
        """The documented example has the shape of what is answered, and what is answered is true to the schema."""
        answer = self.schemas.resolved(self.contract.operation(policy.operation_id)["responses"][status])
        media = answer.get("content", {}).get(JSON)
        if media is None:
            return  # a feed, a file or nothing new: nothing with a shape
        example = media["examples"][code]["value"] if code else media["example"]
        what = code or status
        validator = self._validator(media["schema"])
        broken = next((a for a in live if not validator.accepts(a.body)), None)
        if broken is not None:
            rules = ", ".join(f"{v['field'] or 'the whole'}: {v['rule']}" for v in validator.violations(broken.body))
            yield Gap("answer", what, f"{rules}; answered {_json(broken.body)}")
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


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()[:1000]


def verdicts(contract: Contract, evidence: Evidence, found: Gaps) -> dict[str, Badge]:
    judge = Judge(contract, Texts(contract.errors))
    return {name: judge.badge(policy, evidence, found.get(name, ())) for name, policy in contract.policies.items()}


def look(contract: Contract) -> Gaps:
    """What the contract names and the code does not have."""
    return {name: [*_handler(policy), *_targets(policy)] for name, policy in contract.policies.items()}


def _handler(policy: Policy) -> Iterator[Gap]:
    try:
        find_handler(policy.operation_id)
    except ContractError as error:
        yield Gap("handler", policy.operation_id, str(error))


def _targets(policy: Policy) -> Iterator[Gap]:
    """Tables and jobs of the side effects. That migrations make the tables of the models is a test of their own."""
    for effect in policy.side_effects:
        for what in effect.what:
            if effect.kind == "write" and what not in Base.metadata.tables:
                yield Gap("table", what, "no model has such a table")
            elif effect.kind == "job":
                try:
                    find_job(what)
                except UnknownTopic as error:
                    yield Gap("topic", what, str(error))


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
