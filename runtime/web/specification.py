"""Connexion's specification of a contract, judged in milliseconds at start."""

from typing import Any

from connexion.middleware import ConnexionMiddleware
from connexion.middleware.main import API
from connexion.spec import OpenAPISpecification

from contract.schemas import document_check

Json = dict[str, Any]


class CompiledSpecification(OpenAPISpecification):
    """Replaces ``connexion.spec.OpenAPISpecification``, which takes half a second to find our contract valid.

    Its own schema of OpenAPI is compiled. What that does not take, and defaults, which no schema can judge, are for
    Connexion to judge, and to refuse in its own words.
    """

    _fits = staticmethod(document_check(OpenAPISpecification.openapi_schema))

    @classmethod
    def _validate_spec(cls, spec: Json) -> None:
        if _names_a_default(spec) or not cls._fits(spec):
            super()._validate_spec(spec)


class CompiledMiddleware(ConnexionMiddleware):
    """Replaces ``connexion.middleware.ConnexionMiddleware``, which chooses the class of the specification itself."""

    def add_api(self, document: Json, *, base_path: str, **options: Any) -> None:
        specification = CompiledSpecification(document)
        self.apis.append(API(specification, base_path=base_path, **self.options.__dict__, **options))


def _names_a_default(node: Any) -> bool:
    if isinstance(node, dict):
        return "default" in node or any(map(_names_a_default, node.values()))
    return isinstance(node, list) and any(map(_names_a_default, node))
