"""For Schemathesis: what the server judges otherwise than a schema that knows no cleaning."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import schemathesis
from schemathesis import Case, HookContext

from tests.extended.guarding.kit import sampled
from tests.fuzz.parts import Part, parts_of


@cache
def parts() -> Mapping[str, tuple[Part | None, Mapping[str, Part]]]:
    return parts_of(sampled())


@schemathesis.hook
def filter_case(context: HookContext, case: Case[Any]) -> bool:
    body, _ = parts()[case.operation.definition.raw["operationId"]]
    return body is None or not isinstance(case.body, dict) or not body.is_judged_otherwise(case.body)
