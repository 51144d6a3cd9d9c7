"""``x-biore-clamp``: an integer of the query that lies outside of its bounds counts as the nearer one.

It is moved before anything judges it, so bounds of the schema beside it would never refuse anything.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contract.policy import Policy, require
from contract.references import resolved

Json = dict[str, Any]

KEY = "x-biore-clamp"
WHOLE = re.compile(r"[+-]?[0-9]+", re.ASCII)
MOST_DIGITS = 15  # so many any client can write as a number (2^53)
LARGEST = 10**MOST_DIGITS - 1
JUDGED = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "enum", "nullable")


@dataclass(frozen=True, slots=True)
class Clamp:
    minimum: int
    maximum: int

    def moved(self, text: str) -> int | str:
        """The whole number that the text is, moved into the bounds; the text itself where it is none.

        However many digits there are, no more are made a number than any bound has.
        """
        if WHOLE.fullmatch(text) is None:
            return text
        below = text.startswith("-")
        digits = text.lstrip("+-0") or "0"
        if len(digits) > MOST_DIGITS:
            return self.minimum if below else self.maximum
        return min(max(-int(digits) if below else int(digits), self.minimum), self.maximum)

    @property
    def told(self) -> str:
        return f"Values below {self.minimum} count as {self.minimum}, values above {self.maximum} as {self.maximum}."


def clamp_of(parameter: Mapping[str, Any]) -> Clamp | None:
    given = parameter.get(KEY)
    return None if given is None else Clamp(given["minimum"], given["maximum"])


def compiled(policy: Policy, document: Json, operation: Json) -> Policy:
    """The policy as it is: what each parameter says of its bounds goes into its words. Raises ContractError."""
    for parameter in (resolved(document, each) for each in operation.get("parameters", ())):
        where = f"{policy.method.upper()} {policy.path}: parameter {parameter['name']}: {KEY}"
        schema = resolved(document, parameter.get("schema", {}))
        require(KEY not in schema, f"{where} stands beside the schema, not in it")
        if KEY in parameter:
            clamp = _checked(where, parameter, schema)
            described = parameter.get("description", "").rstrip()
            if not described.endswith(clamp.told):  # one that several operations share is told once
                parameter["description"] = f"{described} {clamp.told}".strip()
    return policy


def _checked(where: str, parameter: Json, schema: Json) -> Clamp:
    given = parameter[KEY]
    both = isinstance(given, dict) and given.keys() == {"minimum", "maximum"}
    require(both, f"{where} takes {{minimum: <integer>, maximum: <integer>}}")
    whole = all(isinstance(end, int) and not isinstance(end, bool) and abs(end) <= LARGEST for end in given.values())
    require(whole, f"{where} takes integers of at most {MOST_DIGITS} digits")
    clamp = Clamp(**given)
    require(clamp.minimum <= clamp.maximum, f"{where} has a minimum above its maximum")
    require(parameter["in"] == "query", f"{where} is for parameters of the query, not of the {parameter['in']}")
    require(schema.get("type") == "integer", f"{where} is for integers")
    judged = [key for key in JUDGED if key in schema]
    require(not judged, f"{where} moves a value before {judged} of its schema could refuse it; take them out")
    for key, value in (("default", schema.get("default")), ("example", parameter.get("example"))):
        require(value is None or clamp.minimum <= value <= clamp.maximum, f"{where} would move its own {key} {value}")
    return clamp
