"""What a request holds, and whether the server judges it otherwise than the contract's schema, which knows no cleaning.

A form has one more reason: on the wire a list of one text is that text, and every number is one.
"""

import copy
from collections.abc import Mapping
from typing import Any

from contract.loader import Contract
from contract.raw_bodies import RAW_BODY, encoded, is_form
from contract.schemas import SchemaCompiler
from runtime.web.extensions.raw_bodies import Form


class Part:
    """The body or a parameter of one operation: how it is cleaned, and what the contract asks of it then."""

    def __init__(self, schemas: SchemaCompiler, schema: Mapping[str, Any], *, form: bool = False) -> None:
        self._clean = schemas.normalizer(schema)
        self._validator = schemas.validator(schema)
        self._form = Form(schemas, schema) if form else None

    def is_judged_otherwise(self, value: Any) -> bool:
        """Whether what is read of it is good although it is not, or the other way round."""
        read = copy.deepcopy(value)
        if self._form is not None:
            read, broken = self._form.parse(encoded(value).encode("utf-8", "surrogatepass"))
            if broken:
                return self._validator.accepts(value)
        if self._clean is not None:
            read = self._clean(read)
        return self._validator.accepts(value) != self._validator.accepts(read)


def parts_of(contract: Contract) -> Mapping[str, tuple[Part | None, Mapping[str, Part]]]:
    """Of each operation the body, if it is none of bytes, and the parameters of the query."""
    schemas = SchemaCompiler(contract.document)
    found = {}
    for name in contract.policies:
        operation = contract.operation(name)
        query = map(schemas.resolved, operation.get("parameters", ()))
        found[name] = (
            _body(schemas, operation),
            {p["name"]: Part(schemas, p["schema"]) for p in query if p["in"] == "query"},
        )
    return found


def _body(schemas: SchemaCompiler, operation: Mapping[str, Any]) -> Part | None:
    body = operation.get("requestBody")
    if body is None or (RAW_BODY in operation and not is_form(operation)):
        return None
    (media,) = body["content"].values()
    return Part(schemas, media["schema"], form=is_form(operation))
