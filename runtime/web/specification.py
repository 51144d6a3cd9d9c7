"""Connexion's specification of a contract, judged in milliseconds at start."""

from collections.abc import Iterator
from typing import Any

from connexion.json_schema import Draft4Validator, NullableTypeValidator, extend
from connexion.middleware import ConnexionMiddleware
from connexion.middleware.main import API
from connexion.spec import OpenAPISpecification

from contract.schemas import document_check

Json = dict[str, Any]

# What stands below them is a value, and no part of the specification.
VALUES = {"default", "enum", "example", "examples"}
# Below them stand names of a writer's own; "default" and "example" may be such names.
NAMED = {
    "properties", "schemas", "responses", "parameters", "requestBodies", "headers", "securitySchemes", "links",
    "callbacks", "content", "encoding", "variables",
}  # fmt: skip

_DefaultValidator = extend(Draft4Validator, {"type": NullableTypeValidator})


class CompiledSpecification(OpenAPISpecification):
    """Replaces ``connexion.spec.OpenAPISpecification``, which takes more than a second to find our contract valid.

    Its own schema of OpenAPI is compiled, and each default is held against the schema that it stands in. What does not
    pass is for Connexion to judge, and to refuse in its own words.
    """

    _fits = staticmethod(document_check(OpenAPISpecification.openapi_schema))

    @classmethod
    def _validate_spec(cls, spec: Json) -> None:
        if not cls.finds_valid(spec):
            super()._validate_spec(spec)

    @classmethod
    def finds_valid(cls, spec: Json) -> bool:
        """Whether Connexion need not be asked."""
        return cls._fits(spec) and _defaults_fit(spec)


class CompiledMiddleware(ConnexionMiddleware):
    """Replaces ``connexion.middleware.ConnexionMiddleware``, which chooses the class of the specification itself."""

    def add_api(self, document: Json, *, base_path: str, **options: Any) -> None:
        specification = CompiledSpecification(document)
        self.apis.append(API(specification, base_path=base_path, **self.options.__dict__, **options))


def _defaults_fit(document: Json) -> bool:
    judge = _DefaultValidator(document)
    return all(judge.evolve(schema=schema).is_valid(schema["default"]) for schema in _with_default(document))


def _with_default(node: Any, *, named: bool = False) -> Iterator[Json]:
    if isinstance(node, dict):
        if not named and "default" in node:
            yield node
        for key, inner in node.items():
            if named or not (key in VALUES or key.startswith("x-")):
                yield from _with_default(inner, named=not named and key in NAMED)
    elif isinstance(node, list):
        for inner in node:
            yield from _with_default(inner)
