"""The compiled judgement of a contract is Connexion's own."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from connexion.exceptions import InvalidSpecification
from connexion.spec import OpenAPISpecification

from contract.loader import Contract
from runtime.web.specification import CompiledMiddleware, CompiledSpecification

OPERATION = "auth.login"
SCHEMA = "LoginRequest"

Json = dict[str, Any]


def faults(specification: type[OpenAPISpecification], document: Json) -> str | None:
    """The first line of what it refuses the document with."""
    try:
        specification(copy.deepcopy(document))
    except InvalidSpecification as refusal:
        return str(refusal).partition("\n")[0]
    return None


def _path_without_a_slash(document: Json, operation: Json, schema: Json) -> None:
    document["paths"]["auth"] = document["paths"].pop("/auth/login")


def _no_title(document: Json, operation: Json, schema: Json) -> None:
    del document["info"]["title"]


def _no_responses(document: Json, operation: Json, schema: Json) -> None:
    del operation["responses"]


def _unknown_key(document: Json, operation: Json, schema: Json) -> None:
    operation["answers"] = {}


def _summary_is_a_list(document: Json, operation: Json, schema: Json) -> None:
    operation["summary"] = ["Login"]


def _unknown_type(document: Json, operation: Json, schema: Json) -> None:
    schema["properties"]["email"] = {"type": "text"}


def _negative_length(document: Json, operation: Json, schema: Json) -> None:
    schema["properties"]["email"] = {"type": "string", "minLength": -1}


def _parameter_of_nowhere(document: Json, operation: Json, schema: Json) -> None:
    operation["parameters"] = [{"name": "x", "in": "body", "schema": {"type": "string"}}]


def _wrong_default(document: Json, operation: Json, schema: Json) -> None:
    schema["properties"]["password"] = {"type": "string", "default": 1}


def _wrong_default_of_a_reference(document: Json, operation: Json, schema: Json) -> None:
    document["components"]["schemas"]["Other"] = {"allOf": [{"$ref": f"#/components/schemas/{SCHEMA}"}], "default": 1}


def _wrong_default_of_a_parameter(document: Json, operation: Json, schema: Json) -> None:
    kind = {"type": "array", "items": {"type": "integer", "default": "x"}}
    operation["parameters"] = [{"name": "x", "in": "query", "schema": kind}]


def _wrong_default_of_a_header(document: Json, operation: Json, schema: Json) -> None:
    operation["responses"]["200"] = {
        "description": "Good",
        "headers": {"example": {"schema": {"type": "boolean", "default": 0}}},
    }


def _wrong_defaults_below_names(name: str) -> Callable[[Json, Json, Json], None]:
    def change(document: Json, operation: Json, schema: Json) -> None:
        schema["properties"][name] = {"type": "object", "properties": {name: {"type": "string", "default": 1}}}

    return change


def _wrong_default_of_a_schema_named_example(document: Json, operation: Json, schema: Json) -> None:
    document["components"]["schemas"]["example"] = {"type": "string", "default": 1}


REFUSED = [
    _path_without_a_slash, _no_title, _no_responses, _unknown_key, _summary_is_a_list, _unknown_type, _negative_length,
    _parameter_of_nowhere, _wrong_default, _wrong_default_of_a_reference, _wrong_default_of_a_parameter,
    _wrong_default_of_a_header, *map(_wrong_defaults_below_names, ("default", "example", "x-own", "properties")),
    _wrong_default_of_a_schema_named_example,
]  # fmt: skip


def _good_default(document: Json, operation: Json, schema: Json) -> None:
    schema["properties"]["password"] = {"type": "string", "default": "x"}


def _default_of_nothing(document: Json, operation: Json, schema: Json) -> None:
    schema["properties"]["password"] = {"type": "string", "nullable": True, "default": None}


def _extension(document: Json, operation: Json, schema: Json) -> None:
    operation["x-anything"] = [1]


def _property_named_default(document: Json, operation: Json, schema: Json) -> None:
    schema["properties"]["default"] = {"type": "string", "example": {"type": "string", "default": 1}}


TAKEN = [_good_default, _default_of_nothing, _extension, _property_named_default]


@pytest.fixture
def small(contract: Contract) -> Json:
    """The contract with one path, or Connexion would judge each for half a second."""
    path = contract.policies[OPERATION].path
    return copy.deepcopy(contract.document | {"paths": {path: contract.document["paths"][path]}})


def changed(document: Json, change: Callable[[Json, Json, Json], None]) -> Json:
    (item,) = document["paths"].values()
    change(document, item["post"], document["components"]["schemas"][SCHEMA])
    return document


@pytest.mark.parametrize("change", REFUSED)
def test_what_connexion_refuses_is_refused_in_its_words(small: Json, change: Callable[..., None]) -> None:
    document = changed(small, change)
    refused = faults(CompiledSpecification, document)
    assert refused is not None
    assert refused == faults(OpenAPISpecification, document)


@pytest.mark.parametrize("change", TAKEN)
def test_what_connexion_takes_is_taken(small: Json, change: Callable[..., None]) -> None:
    document = changed(small, change)
    assert faults(CompiledSpecification, document) is None
    assert faults(OpenAPISpecification, document) is None


@pytest.mark.parametrize("change", TAKEN)
def test_connexion_is_not_asked_where_nothing_is_wrong(small: Json, change: Callable[..., None]) -> None:
    assert CompiledSpecification.finds_valid(changed(small, change))


def test_connexion_is_not_asked_about_the_contract(contract: Contract) -> None:
    assert CompiledSpecification.finds_valid(contract.document)


def test_the_contract_is_taken_by_both_for_the_same(contract: Contract) -> None:
    ours, theirs = (kind(copy.deepcopy(contract.document)) for kind in (CompiledSpecification, OpenAPISpecification))
    assert ours.raw == theirs.raw == contract.document
    assert dict(ours) == dict(theirs)


def test_a_start_refuses_what_is_no_openapi(small: Json) -> None:
    with pytest.raises(InvalidSpecification):
        CompiledMiddleware(None).add_api(changed(small, _no_title), base_path="/api/v1")
