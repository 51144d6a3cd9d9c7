"""The state machine that Schemathesis makes of the contract's links, led along the ways that people go.

By itself it hardly ever signs in with a second factor: that takes nine right steps in a row, each drawn from dozens.
Here it may take only the next step of a way, as often as it needs, with whatever data it generates; at the end of the
way it is free. Every answer passes every check, as in `st run`.

`Guide` and `Walker` rest on parts of Schemathesis that are not its public interface, so pyproject.toml allows no other
minor version than the one they were read in: a new one is taken by hand, and the ways show whether they still lead on.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import uuid4

import hypothesis
import pyotp
import schemathesis
from hypothesis.errors import FlakyStrategyDefinition, HypothesisException
from schemathesis.config import SchemathesisConfig
from schemathesis.generation.stateful.control import TransitionController
from schemathesis.generation.stateful.state_machine import DEFAULT_STATE_MACHINE_SETTINGS, StepInput, StepOutput
from schemathesis.specs.openapi.stateful import OpenAPIStateMachine

from contract.loader import ROOT
from domain.auth.two_factor import STEP_SECONDS
from tests.fuzz.hooks import RESET, VERIFY
from tests.processes.biore import Deployment

Step = tuple[str, str]  # from one operation to the next

PROVE: tuple[Step, Step] = (("auth.register", "dev.mailbox"), ("dev.mailbox", "auth.verify_email"))
SIGN_IN: Step = ("auth.register", "auth.login")
WAYS: Mapping[str, Sequence[Step]] = {
    "second factor": (
        *PROVE,
        SIGN_IN,
        ("auth.login", "auth.two_factor.setup"),
        ("auth.two_factor.setup", "auth.two_factor.verify"),
        SIGN_IN,
        ("auth.login", "auth.two_factor.login"),
        ("auth.two_factor.login", "auth.sessions.list"),
    ),
    "sessions": (
        *PROVE,
        SIGN_IN,
        ("auth.login", "auth.me"),
        SIGN_IN,
        ("auth.login", "auth.sessions.list"),
        ("auth.sessions.list", "auth.sessions.revoke"),
    ),
    "forgotten password": (
        ("auth.register", "auth.passwords.forgot"),
        ("auth.passwords.forgot", "dev.mailbox"),
        ("dev.mailbox", "auth.passwords.reset"),
    ),
}
MAILED = {"auth.register": VERIFY, "auth.passwords.forgot": RESET}
STEPS = 16  # in which nearly every scenario takes the eight of a way


class Guide(TransitionController):
    """Allows the next step of the way; after it failed, also the one before once more, for other data."""

    __slots__ = ("again", "taken", "way")

    def __init__(self, machine: "Walker") -> None:
        super().__init__(machine._transitions, machine._root_labels)
        self.way = machine.way
        self.taken = 0
        self.again = False

    @property
    def arrived(self) -> bool:
        return self.taken == len(self.way)

    def allow_root_transition(self, source: str, bundles: Any) -> bool:
        if self.arrived:
            return super().allow_root_transition(source, bundles)
        return source == self.way[0][0] and not bundles.get(f"{source} -> 201")

    def allow_transition(self, source: str, target: str) -> bool:
        if self.arrived:
            return super().allow_transition(source, target)
        first = max(0, self.taken - 1) if self.again else self.taken
        return (source, target) in self.way[first : self.taken + 1]

    def took(self, step: Step, succeeded: bool) -> None:
        if not self.arrived:
            is_next = step == self.way[self.taken]
            self.taken += is_next and succeeded
            self.again = is_next and not succeeded


class Walker(OpenAPIStateMachine):
    """One scenario. Subclasses know their way, by the labels of its operations."""

    biore: ClassVar[Deployment]
    way: ClassVar[Sequence[Step]]
    mailed: ClassVar[Mapping[str, str]]
    mailed_to: ClassVar[str]
    arrivals: ClassVar[list[bool]]
    failures: ClassVar[list[Exception]]

    def setup(self) -> None:
        self.control: Guide = Guide(self)
        self.email = self.secret = ""

    def teardown(self) -> None:
        self.arrivals.append(self.control.arrived)

    def step(self, input: StepInput) -> StepOutput:  # noqa: A002 - the library's name
        case, transition = input.case, input.transition
        parent = self.recorder.cases[transition.parent_id].value if transition else None
        if parent is None:
            self._make_unique(case)
        elif not self.control.arrived:
            self._carry(parent, case)
        output = self._checked(input)
        if parent is not None:
            self.control.took((parent.operation.label, case.operation.label), output.response.status_code < 300)
        return output

    def _checked(self, input: StepInput) -> StepOutput:  # noqa: A002
        try:
            return super().step(input)
        except Exception as failure:
            if not isinstance(failure, HypothesisException):
                self.failures.append(failure)
            raise

    def _make_unique(self, case: Any) -> None:
        """Scenarios share a server; each has a person of its own."""
        if case.operation.label == self.way[0][0] and is_valid(case):
            self.email = f"{uuid4().hex}@example.com"
            case.body = {name: value for name, value in case.body.items() if name != "username"} | {"email": self.email}
            case.headers.pop("Idempotency-Key", None)

    def _carry(self, parent: Any, case: Any) -> None:
        """What no link can: the bearer, a code of the secret, and patience until a mail was delivered."""
        answer = self.recorder.interactions[parent.id].response
        data = answer.json()["data"] if answer is not None else None
        told = data if isinstance(data, dict) else {}
        if case.headers and "Authorization" in case.headers:
            bearer = told.get("accessToken")
            # A login may tell of no token: the address that was drawn may be that of an account with a second factor.
            known = f"Bearer {bearer}" if bearer else parent.headers.get("Authorization")
            case.headers["Authorization"] = known or case.headers["Authorization"]
        self.secret = told.get("secret", self.secret)
        if self.secret and is_valid(case) and "code" in case.body:
            ahead = 0 if "secret" in told else 1  # a code works once: that of the next half minute signs in
            code = pyotp.TOTP(self.secret).at(int(time.time()) + ahead * STEP_SECONDS)
            case.body = case.body | {"code": code}
        if case.operation.label == self.mailed_to and is_valid(
            case
        ):  # an optional password is hardly ever the right one
            case.body = {name: value for name, value in case.body.items() if name != "password"}
        page = self.mailed.get(parent.operation.label)
        if page and case.query == {"to": self.email} and self.email == parent.body["email"]:
            self.biore.wait_for_mail(self.email, page)


def is_valid(case: Any) -> bool:
    """Whether the body is meant to be valid. What is meant to be refused must not be healed."""
    return case.meta.generation.mode.is_positive and isinstance(case.body, dict)


def walk(biore: Deployment, token: str, way: str, scenarios: int, **settings: Any) -> list[bool]:
    """Go the way in that many scenarios and those that generated no valid data; which of them arrived.

    A failed check raises.
    """
    text = (ROOT / "schemathesis.toml").read_text().replace("${BIORE_FUZZ_TOKEN}", token)
    schema = schemathesis.openapi.from_url(f"{biore.origin}/openapi.json", config=SchemathesisConfig.from_str(text))

    def label(operation_id: str) -> str:
        return str(schema.find_operation_by_id(operation_id).label)

    known = {
        "biore": biore,
        "way": [(label(source), label(target)) for source, target in WAYS[way]],
        "mailed": {label(operation_id): page for operation_id, page in MAILED.items()},
        "mailed_to": label("auth.verify_email"),
        "arrivals": [],
        "failures": [],
    }
    machine: Any = type(way, (Walker, schema.as_state_machine()), known)
    limits = {"max_examples": scenarios, "stateful_step_count": STEPS, "database": None}
    try:
        machine.run(settings=hypothesis.settings(DEFAULT_STATE_MACHINE_SETTINGS, **limits | settings))
    except FlakyStrategyDefinition:
        # A code works once in its half minute, so the same choices may lead elsewhere later: no finding by itself. The
        # run ends here, and a check that failed before is what counts.
        if machine.failures:
            raise machine.failures[0] from None
    return list(machine.arrivals)
