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

    def __init__(self, raw_spec: Json, *, base_uri: str = "") -> None:
        """Connexion would copy the document twice, part by part, which takes as long as all the rest of a start."""
        self._raw_spec = dict(raw_spec)
        self._validate_spec(raw_spec)
        self._spec = _Resolving(raw_spec).all()
        self._set_defaults(self._spec)
        self._base_uri = base_uri

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


class _Resolving:
    """A copy of a document with what its references lead to in their place."""

    def __init__(self, document: Json) -> None:
        self._document = document
        self._found: Json = {}

    def all(self) -> Json:
        return {name: self._node(part) for name, part in self._document.items()}

    def _node(self, node: Any) -> Any:
        if isinstance(node, dict):
            copy = {key: self._node(inner) for key, inner in node.items() if key != "$ref"}
            if "$ref" not in node:
                return copy
            target = self._target(node["$ref"])
            return copy | target if copy else target
        if isinstance(node, list):
            return [self._node(inner) for inner in node]
        return node

    def _target(self, reference: str) -> Any:
        if reference not in self._found:
            target: Any = self._document
            for step in reference.removeprefix("#/").split("/"):
                target = target[step]
            self._found[reference] = self._node(target)
        return self._found[reference]


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
