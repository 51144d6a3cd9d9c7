"""The Postman collection: the shape that format 2.1 asks for, and everything that the contract says of a call."""

import json
import re
from typing import Any

import jsonschema_rs
import pytest

from portal.exports.postman import FORMAT, collection
from portal.model import Operation
from tests.portal.sites import IDS, OPERATIONS, ORIGIN, SITE

Json = Any
TEXT = {"type": "string"}
PAIRS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["key", "value"],
        "additionalProperties": False,
        "properties": {"key": TEXT, "value": TEXT, "description": TEXT, "disabled": {"type": "boolean"}},
    },
}


def whole(**properties: Json) -> Json:
    """An object of exactly these; a name that ends with ``_`` may be absent."""
    return {
        "type": "object",
        "required": [name for name in properties if not name.endswith("_")],
        "additionalProperties": False,
        "properties": {name.removesuffix("_"): value for name, value in properties.items()},
    }


URL = whole(
    raw=TEXT,
    host={"type": "array", "items": TEXT},
    path={"type": "array", "items": TEXT},
    query_=PAIRS,
    variable_=PAIRS,
)
BODY = whole(mode={"const": "raw"}, raw=TEXT, options=whole(raw=whole(language={"const": "json"})))
REQUEST = whole(
    method={"enum": ["GET", "POST", "PUT", "PATCH", "DELETE"]},
    description=TEXT,
    url=URL,
    header=PAIRS,
    auth_=whole(type={"const": "noauth"}),
    body_=BODY,
)
RESPONSE = {
    "type": "object",
    "required": ["name", "originalRequest", "status", "code", "header", "cookie", "body"],
    "properties": {
        "name": TEXT,
        "originalRequest": REQUEST,
        "status": TEXT,
        "code": {"type": "integer", "minimum": 200, "maximum": 599},
        "_postman_previewlanguage": {"enum": ["json", "text"]},
        "header": PAIRS,
        "cookie": {"type": "array", "maxItems": 0},
        "body": TEXT,
    },
    "additionalProperties": False,
}
ITEM = whole(
    name=TEXT, request=REQUEST, response={"type": "array", "items": RESPONSE, "minItems": 1}, event_={"type": "array"}
)
FOLDER = whole(name=TEXT, description=TEXT, item={"type": "array", "items": ITEM, "minItems": 1})
COLLECTION = {
    "type": "object",
    "required": ["info", "item", "auth", "variable"],
    "additionalProperties": False,
    "properties": {
        "info": {
            "type": "object",
            "required": ["name", "schema", "_postman_id"],
            "properties": {"schema": {"const": FORMAT}},
        },
        "item": {"type": "array", "items": FOLDER},
        "auth": {"type": "object", "required": ["type", "bearer"]},
        "variable": {"type": "array"},
    },
}
MADE = collection(SITE, ORIGIN)
ITEMS: dict[str, Json] = dict(
    zip((one.id for one in SITE.operations), (item for folder in MADE["item"] for item in folder["item"]), strict=True)
)


def test_it_has_the_shape_of_the_format() -> None:
    assert [error.message for error in jsonschema_rs.Draft202012Validator(COLLECTION).iter_errors(MADE)] == []


def test_it_survives_json() -> None:
    assert json.loads(json.dumps(MADE)) == MADE


def test_it_is_the_same_each_time() -> None:
    assert collection(SITE, ORIGIN) == MADE


def test_folders_are_the_modules() -> None:
    assert [folder["name"] for folder in MADE["item"]] == [module.title for module in SITE.modules]


def test_variables_hold_server_and_token() -> None:
    values = {variable["key"]: variable["value"] for variable in MADE["variable"]}
    assert values == {"baseUrl": f"{ORIGIN}/api/v1", "accessToken": ""}


def test_a_sign_in_keeps_its_token() -> None:
    keeping = {name for name, item in ITEMS.items() if "event" in item}
    assert keeping == {"auth.login", "auth.refresh", "auth.two_factor.login", "auth.oauth.login"}


@pytest.mark.parametrize("operation_id", IDS)
class TestEvery:
    def test_request_is_the_contracts(self, operation_id: str) -> None:
        operation, request = OPERATIONS[operation_id], ITEMS[operation_id]["request"]
        assert request["method"] == operation.method
        path = re.sub(r":(\w+)", r"{\1}", "/" + "/".join(request["url"]["path"]))
        assert path == operation.path
        assert ("auth" not in request) == operation.takes_token
        if operation.body:
            assert json.loads(request["body"]["raw"]) == operation.body.example

    def test_answers_are_all_the_documented(self, operation_id: str) -> None:
        operation = OPERATIONS[operation_id]
        found = [(response["code"], response["name"]) for response in ITEMS[operation_id]["response"]]
        expected = [(success.status, success.description) for success in operation.successes]
        assert found == expected + [(refusal.status, refusal.code) for refusal in operation.refusals]
        assert json.loads(ITEMS[operation_id]["response"][-1]["body"]) == operation.refusals[-1].example

    def test_parameters_are_told(self, operation_id: str) -> None:
        operation, request = OPERATIONS[operation_id], ITEMS[operation_id]["request"]
        assert names(operation, "query") == [pair["key"] for pair in request["url"].get("query", ())]
        assert names(operation, "path") == [pair["key"] for pair in request["url"].get("variable", ())]
        assert set(names(operation, "header")) <= {pair["key"] for pair in request["header"]}


def names(operation: Operation, location: str) -> list[str]:
    return [parameter.name for parameter in operation.parameters if parameter.location == location]


def test_whoever_signs_in_is_signed_in_elsewhere() -> None:
    """What gives an access token keeps it, and every request that takes one sends what is kept."""
    made = {item["name"]: item for folder in collection(SITE, ORIGIN)["item"] for item in folder["item"]}
    keeping = {operation.id for operation in OPERATIONS.values() if "event" in made[operation.summary]}
    assert keeping == {"auth.login", "auth.refresh", "auth.two_factor.login", "auth.oauth.login"}
    script = "\n".join(made[OPERATIONS["auth.login"].summary]["event"][0]["script"]["exec"])
    assert 'pm.collectionVariables.set("accessToken", body.data.accessToken)' in script
