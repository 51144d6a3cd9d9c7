"""What counts as a change of the contract, and which changes break a caller."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from contract.changes import BOUNDS, Change, compare
from contract.changes.history import slim
from tests.portal.sites import SITE

Json = Any
Edit = Callable[[Json], object]
REQUEST = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 2, "maxLength": 10, "pattern": "^a"},
        "nick": {"type": "string", "nullable": True},
        "kind": {"$ref": "#/components/schemas/Kind"},
        "tags": {"type": "array", "maxItems": 3, "items": {"type": "string", "maxLength": 5}},
        "inner": {"$ref": "#/components/schemas/Tree"},
    },
}
BASE: Json = {
    "info": {"version": "1.0.0"},
    "paths": {
        "/things/{id}": {
            "post": {
                "operationId": "things.make",
                "security": [],
                "x-biore-scope": "public",
                "x-biore-permission": "users.read",
                "x-biore-rate-limit": "10/minute",
                "x-biore-body-limit": 32768,
                "x-biore-cache": {"shared": 60},
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 50}},
                    {
                        "name": "limit",
                        "in": "query",
                        "schema": {"type": "integer"},
                        "x-biore-clamp": {"minimum": 1, "maximum": 100},
                    },
                ],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Make"}}}},
                "responses": {
                    "201": {
                        "headers": {"ETag": {}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Made"}}},
                    },
                    "400": {"$ref": "#/components/responses/Bad"},
                },
            }
        }
    },
    "components": {
        "schemas": {
            "Make": REQUEST,
            "Kind": {"type": "string", "enum": ["a", "b"]},
            "Tree": {"type": "object", "properties": {"child": {"$ref": "#/components/schemas/Tree"}}},
            "Made": {
                "type": "object",
                "required": ["data"],
                "properties": {"data": {"$ref": "#/components/schemas/Out"}},
            },
            "Out": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "string", "maxLength": 8},
                    "note": {"type": "string"},
                    "kind": {"$ref": "#/components/schemas/Kind"},
                    "way": {"oneOf": [{"$ref": "#/components/schemas/Kind"}, {"type": "integer"}]},
                },
            },
        },
        "responses": {"Bad": {"content": {"application/json": {"examples": {"validation.failed": {}}}}}},
    },
}

FOR_BROWSERS = "9 s, by browsers, too, and for ever where `v` is the current version"


def operation(document: Json) -> Json:
    return document["paths"]["/things/{id}"]["post"]


def make(document: Json) -> Json:
    return document["components"]["schemas"]["Make"]


def out(document: Json) -> Json:
    return document["components"]["schemas"]["Out"]


def field(name: str, **keywords: Json) -> Edit:
    """Keywords of a field of the request."""
    return lambda document: make(document)["properties"][name].update(keywords)


def changed(*edits: Edit) -> Json:
    document = copy.deepcopy(BASE)
    for edit in edits:
        edit(document)
    return document


def told(old: Json, new: Json) -> set[tuple[str, str, bool]]:
    return {(change.kind, change.where, change.breaking) for change in compare(old, new)}


def put(schema: Callable[[Json], Json], name: str, value: Json) -> Edit:
    return lambda document: schema(document)["properties"].update({name: value})


def drop(schema: Callable[[Json], Json], name: str) -> Edit:
    return lambda document: schema(document)["properties"].pop(name)


def parameters(*extra: Json) -> Edit:
    return lambda document: operation(document)["parameters"].extend(extra)


def policy(**keywords: Json) -> Edit:
    names = {key: key.replace("_", "-") if key.startswith("x_") else key for key in keywords}
    return lambda document: operation(document).update({names[key]: value for key, value in keywords.items()})


def need(schema: Callable[[Json], Json], *names: str) -> Edit:
    return lambda document: schema(document).update(required=list(names))


def refusals(*codes: str) -> Edit:
    examples: Json = {code: {} for code in codes}
    return lambda document: document["components"]["responses"].update(
        Bad={"content": {"application/json": {"examples": examples}}}
    )


TOKEN: Json = [{"bearerAuth": []}]
# Edit, then (kind, where, breaking) of going there, then of coming back.
TABLE: dict[str, tuple[Edit, set[tuple[str, str, bool]], set[tuple[str, str, bool]]]] = {
    "deprecated": (policy(deprecated=True), {("operation.deprecated", "", False)}, {("operation.restored", "", False)}),
    "token": (policy(security=TOKEN), {("token.required", "", True)}, {("token.optional", "", False)}),
    "token that may be": (policy(security=[*TOKEN, {}]), set(), set()),
    "scope": (policy(x_biore_scope="admin"), {("scope.changed", "", True)}, {("scope.changed", "", False)}),
    "permission": (
        policy(x_biore_permission="users.suspend"),
        {("permission.changed", "", True)},
        {("permission.changed", "", True)},
    ),
    "version": (
        parameters({"name": "If-Match", "in": "header", "required": True, "schema": {"type": "string"}}),
        {("version.added", "", True)},
        {("version.removed", "", True)},
    ),
    "fewer calls": (
        policy(x_biore_rate_limit="5/minute"),
        {("rate.tightened", "", True)},
        {("rate.loosened", "", False)},
    ),
    "longer window": (
        policy(x_biore_rate_limit="10/hour"),
        {("rate.tightened", "", True)},
        {("rate.loosened", "", False)},
    ),
    "no limit": (policy(x_biore_rate_limit="none"), {("rate.loosened", "", False)}, {("rate.tightened", "", True)}),
    "smaller body": (
        policy(x_biore_body_limit=16384),
        {("body.tightened", "", True)},
        {("body.loosened", "", False)},
    ),
    "captcha": (policy(x_biore_captcha=True), {("captcha.added", "", True)}, {("captcha.removed", "", False)}),
    "captcha of the anonymous": (
        policy(x_biore_captcha="anonymous"),
        {("captcha.added", "", True)},
        {("captcha.removed", "", False)},
    ),
    "idempotency": (
        policy(x_biore_idempotency=True),
        {("idempotency.added", "", False)},
        {("idempotency.removed", "", True)},
    ),
    "no envelope": (policy(x_biore_bare=True), {("bare.added", "", True)}, {("bare.removed", "", True)}),
    "an answer that nobody may keep": (
        lambda document: operation(document).pop("x-biore-cache"),
        {("cache.removed", "", False)},
        {("cache.added", "", False)},
    ),
    "an answer that may be kept for longer": (
        policy(x_biore_cache={"shared": 60, "stale": 300}),
        {("cache.changed", "", False)},
        {("cache.changed", "", False)},
    ),
    "the answer to who has it": (
        lambda document: operation(document)["responses"].update({"304": {"headers": {"ETag": {}}}}),
        set(),
        set(),
    ),
    "optional parameter": (
        parameters({"name": "q", "in": "query", "schema": {"type": "string"}}),
        {("field.added", "q", False)},
        {("field.removed", "q", True)},
    ),
    "required parameter": (
        parameters({"name": "q", "in": "query", "required": True, "schema": {"type": "string"}}),
        {("field.added", "q", True)},
        {("field.removed", "q", True)},
    ),
    "bound of a parameter": (
        lambda document: operation(document)["parameters"][1]["schema"].update(maximum=20),
        {("rule.tightened", "page", True)},
        {("rule.loosened", "page", False)},
    ),
    "a parameter that is moved": (
        lambda document: operation(document)["parameters"][2].update({"x-biore-clamp": {"minimum": 1, "maximum": 9}}),
        {("rule.tightened", "limit", True)},
        {("rule.loosened", "limit", False)},
    ),
    "a parameter that is moved where it was refused": (
        lambda document: operation(document)["parameters"][1].update(
            {"schema": {"type": "integer"}, "x-biore-clamp": {"minimum": 1, "maximum": 60}}
        ),
        {("rule.loosened", "page", False)},
        {("rule.loosened", "page", False), ("rule.tightened", "page", True)},
    ),
    "no body": (
        lambda document: operation(document).pop("requestBody"),
        {("body.removed", "", True)},
        {("body.added", "", False)},
    ),
    "required body": (
        lambda document: operation(document)["requestBody"].update(required=True),
        {("required.added", "", True)},
        {("required.removed", "", False)},
    ),
    "optional field": (
        put(make, "more", {"type": "string"}),
        {("field.added", "more", False)},
        {("field.removed", "more", True)},
    ),
    "required field": (
        need(make, "name", "nick"),
        {("required.added", "nick", True)},
        {("required.removed", "nick", False)},
    ),
    "longer minimum": (
        field("name", minLength=3),
        {("rule.tightened", "name", True)},
        {("rule.loosened", "name", False)},
    ),
    "longer maximum": (
        field("name", maxLength=20),
        {("rule.loosened", "name", False)},
        {("rule.tightened", "name", True)},
    ),
    "another pattern": (
        field("name", pattern="^b"),
        {("rule.changed", "name", True)},
        {("rule.changed", "name", True)},
    ),
    "a new rule": (
        field("nick", format="uuid"),
        {("rule.tightened", "nick", True)},
        {("rule.loosened", "nick", False)},
    ),
    "one pattern more": (
        field("name", allOf=[{"pattern": "[0-9]"}]),
        {("rule.tightened", "name", True)},
        {("rule.loosened", "name", False)},
    ),
    "not null": (
        field("nick", nullable=False),
        {("nullable.removed", "nick", True)},
        {("nullable.added", "nick", False)},
    ),
    "another type": (
        put(make, "nick", {"type": "integer", "nullable": True}),
        {("type.changed", "nick", True)},
        {("type.changed", "nick", True)},
    ),
    "deprecated field": (field("nick", deprecated=True), {("field.deprecated", "nick", False)}, set()),
    "an enum where all was free": (
        field("name", enum=["a1"]),
        {("rule.tightened", "name", True)},
        {("rule.loosened", "name", False)},
    ),
    "a value on both sides": (
        lambda document: document["components"]["schemas"]["Kind"].update(enum=["a", "b", "c"]),
        {("enum.added", "kind", False), ("enum.added", "data.kind", True), ("enum.added", "data.way", True)},
        {("enum.removed", "kind", True), ("enum.removed", "data.kind", False), ("enum.removed", "data.way", False)},
    ),
    "items": (
        lambda document: make(document)["properties"]["tags"]["items"].update(maxLength=4),
        {("rule.tightened", "tags[]", True)},
        {("rule.loosened", "tags[]", False)},
    ),
    "inside what holds itself": (
        lambda document: document["components"]["schemas"]["Tree"]["properties"].update(leaf={"type": "string"}),
        {("field.added", "inner.leaf", False)},
        {("field.removed", "inner.leaf", True)},
    ),
    "answered field": (
        put(out, "more", {"type": "string"}),
        {("field.added", "data.more", False)},
        {("field.removed", "data.more", True)},
    ),
    "answered field that may be null": (
        lambda document: out(document)["properties"]["note"].update(nullable=True),
        {("nullable.added", "data.note", True)},
        {("nullable.removed", "data.note", False)},
    ),
    "answered field that is always there": (
        need(out, "id", "note"),
        {("required.added", "data.note", False)},
        {("required.removed", "data.note", True)},
    ),
    "longer answer": (
        lambda document: out(document)["properties"]["id"].update(maxLength=9),
        {("rule.loosened", "data.id", True)},
        {("rule.tightened", "data.id", False)},
    ),
    "another form of the answer": (
        lambda document: out(document)["properties"]["way"]["oneOf"].append({"type": "boolean"}),
        {("variant.added", "data.way", True)},
        {("variant.removed", "data.way", False)},
    ),
    "another success": (
        lambda document: operation(document)["responses"].update({"202": {}}),
        {("status.added", "", False)},
        {("status.removed", "", True)},
    ),
    "a header": (
        lambda document: operation(document)["responses"]["201"]["headers"].update(Age={}),
        {("header.added", "", False)},
        {("header.removed", "", True)},
    ),
    "an error": (
        refusals("validation.failed", "things.full"),
        {("error.added", "", False)},
        {("error.removed", "", False)},
    ),
    "another status of an error": (
        lambda document: operation(document).update(
            responses={
                "422" if status == "400" else status: answer
                for status, answer in operation(document)["responses"].items()
            }
        ),
        {("error.moved", "validation.failed", True)},
        {("error.moved", "validation.failed", True)},
    ),
    "another media type": (
        lambda document: operation(document)["requestBody"]["content"].update({"text/plain": {"schema": {}}}),
        {("media.added", "", False)},
        {("media.removed", "", True)},
    ),
    "another description": (lambda document: operation(document).update(description="Other words."), set(), set()),
    "another path": (
        lambda document: document["paths"].update({"/stuff/{id}": document["paths"].pop("/things/{id}")}),
        {("operation.moved", "", True)},
        {("operation.moved", "", True)},
    ),
}


@pytest.mark.parametrize("name", TABLE)
class TestCompare:
    def test_there(self, name: str) -> None:
        edit, there, _ = TABLE[name]
        assert told(BASE, changed(edit)) == there

    def test_and_back(self, name: str) -> None:
        edit, _, back = TABLE[name]
        assert told(changed(edit), BASE) == back


def test_operations_come_and_go() -> None:
    other = {"operationId": "things.other", "security": [], "responses": {}}
    more = changed(lambda document: document["paths"].update({"/other": {"get": other}}))
    assert compare(BASE, more) == (Change("operation.added", "things.other", breaking=False),)
    assert compare(more, BASE) == (Change("operation.removed", "things.other", breaking=True),)


def test_nothing_changes_nothing() -> None:
    assert compare(SITE.contract.document, copy.deepcopy(SITE.contract.document)) == ()


def test_the_first_version_is_all_new() -> None:
    assert {change.kind for change in compare({}, SITE.contract.document)} == {"operation.added"}


def test_every_bound_has_a_direction() -> None:
    assert set(BOUNDS) >= {"minLength", "maximum"}


@pytest.mark.parametrize("name", TABLE)
def test_what_is_kept_of_a_version_is_all_that_is_compared(name: str) -> None:
    document = changed(TABLE[name][0])
    assert compare(slim(BASE), document) == compare(BASE, document)
    assert compare(slim(document), BASE) == compare(document, BASE)
    assert compare(slim(document), document) == ()


def test_what_is_kept_of_ours_is_all_that_is_compared() -> None:
    kept = slim(SITE.contract.document)
    assert compare(kept, SITE.contract.document) == compare(SITE.contract.document, kept) == ()
    assert len(json.dumps(kept)) < 0.6 * len(json.dumps(SITE.contract.document))


def test_a_field_may_be_called_what_is_left_out_elsewhere() -> None:
    document = changed(put(make, "description", {"type": "string", "description": "Words.", "example": "a"}))
    assert slim(document)["components"]["schemas"]["Make"]["properties"]["description"] == {"type": "string"}


# What is edited, then the line of going there and that of coming back, and the sort of each.
LINES: dict[str, tuple[Edit, tuple[str, str], tuple[str, str]]] = {
    "deprecated": (policy(deprecated=True), ("changed", "deprecated"), ("changed", "no longer deprecated")),
    "token": (
        policy(security=TOKEN),
        ("changed", "an access token is required"),
        ("changed", "no access token is required any more"),
    ),
    "scope": (
        policy(x_biore_scope="admin"),
        ("changed", "scope changed from `public` to `admin`"),
        ("changed", "scope changed from `admin` to `public`"),
    ),
    "permission": (
        policy(x_biore_permission="users.suspend"),
        ("changed", "required permission changed from `users.read` to `users.suspend`"),
        ("changed", "required permission changed from `users.suspend` to `users.read`"),
    ),
    "version": (
        parameters({"name": "If-Match", "in": "header", "required": True, "schema": {"type": "string"}}),
        ("changed", "`If-Match` with the version that was read is required"),
        ("changed", "`If-Match` no longer required"),
    ),
    "rate": (
        policy(x_biore_rate_limit="5/15min"),
        ("changed", "rate limit lowered from 10 calls per minute to 5 calls per 15 minutes"),
        ("changed", "rate limit raised from 5 calls per 15 minutes to 10 calls per minute"),
    ),
    "no rate": (
        policy(x_biore_rate_limit="none"),
        ("changed", "rate limit removed, was 10 calls per minute"),
        ("changed", "rate limit of 10 calls per minute added"),
    ),
    "size": (
        policy(x_biore_body_limit=16384),
        ("changed", "maximum size of the body lowered from 32 KiB to 16 KiB"),
        ("changed", "maximum size of the body raised from 16 KiB to 32 KiB"),
    ),
    "odd size": (
        policy(x_biore_body_limit=40001),
        ("changed", "maximum size of the body raised from 32 KiB to 40001 bytes"),
        ("changed", "maximum size of the body lowered from 40001 bytes to 32 KiB"),
    ),
    "captcha": (
        policy(x_biore_captcha=True),
        ("changed", "a captcha is required while captcha is switched on"),
        ("changed", "no captcha is required any more"),
    ),
    "cache": (
        policy(x_biore_cache={"shared": 9, "stale": 300}),
        ("changed", "responses may be cached for 9 s, and 300 s longer while a new one is fetched, was 60 s"),
        ("changed", "responses may be cached for 60 s, was 9 s, and 300 s longer while a new one is fetched"),
    ),
    "a cache of browsers": (
        policy(x_biore_cache={"shared": 9, "browsers": True, "version": "v"}),
        ("changed", f"responses may be cached for {FOR_BROWSERS}, was 60 s"),
        ("changed", f"responses may be cached for 60 s, was {FOR_BROWSERS}"),
    ),
    "no cache": (
        lambda document: operation(document).pop("x-biore-cache"),
        ("changed", "responses may not be cached any more"),
        ("changed", "responses may be cached for 60 s"),
    ),
    "envelope": (
        policy(x_biore_bare=True),
        ("changed", "the response has no envelope any more"),
        ("changed", "the response has an envelope"),
    ),
    "idempotency": (
        policy(x_biore_idempotency=True),
        ("changed", "accepts `Idempotency-Key`"),
        ("changed", "`Idempotency-Key` no longer accepted"),
    ),
    "path": (
        lambda document: document["paths"].update({"/stuff/{id}": document["paths"].pop("/things/{id}")}),
        ("changed", "moved from `POST /things/{id}` to `POST /stuff/{id}`"),
        ("changed", "moved from `POST /stuff/{id}` to `POST /things/{id}`"),
    ),
    "parameter": (
        parameters({"name": "q", "in": "query", "schema": {"type": "string"}}),
        ("added", "new query parameter `q`"),
        ("removed", "query parameter `q` removed"),
    ),
    "clamp": (
        lambda document: operation(document)["parameters"][2].update({"x-biore-clamp": {"minimum": 1, "maximum": 9}}),
        ("changed", "`limit`: values outside 1 to 9 are set to the nearest bound, was 1 to 100"),
        ("changed", "`limit`: values outside 1 to 100 are set to the nearest bound, was 1 to 9"),
    ),
    "no clamp": (
        lambda document: operation(document)["parameters"][2].pop("x-biore-clamp"),
        ("changed", "`limit`: values outside 1 to 100 are no longer set to the nearest bound"),
        ("changed", "`limit`: values outside 1 to 100 are set to the nearest bound"),
    ),
    "body": (
        lambda document: operation(document).pop("requestBody"),
        ("removed", "request body removed"),
        ("added", "accepts a request body"),
    ),
    "required body": (
        lambda document: operation(document)["requestBody"].update(required=True),
        ("changed", "the request body: required"),
        ("changed", "the request body: optional"),
    ),
    "media type": (
        lambda document: operation(document)["requestBody"]["content"].update({"text/plain": {"schema": {}}}),
        ("added", "the request body: media type `text/plain` added"),
        ("removed", "the request body: media type `text/plain` removed"),
    ),
    "field": (
        put(make, "more", {"type": "string"}),
        ("added", "new field `more`"),
        ("removed", "field `more` removed"),
    ),
    "field of the response": (
        put(out, "more", {"type": "string"}),
        ("added", "new field `data.more` in the response"),
        ("removed", "field `data.more` in the response removed"),
    ),
    "required field": (
        need(make, "name", "nick"),
        ("changed", "`nick`: required"),
        ("changed", "`nick`: optional"),
    ),
    "required field of the response": (
        need(out, "id", "note"),
        ("changed", "`data.note` in the response: always present"),
        ("changed", "`data.note` in the response: may be absent"),
    ),
    "null": (field("nick", nullable=False), ("changed", "`nick`: never `null`"), ("changed", "`nick`: may be `null`")),
    "type": (
        put(make, "nick", {"type": "integer", "nullable": True}),
        ("changed", "`nick`: type changed from string to integer"),
        ("changed", "`nick`: type changed from integer to string"),
    ),
    "bound": (
        field("name", maxLength=72),
        ("changed", "`name`: maximum length raised from 10 to 72"),
        ("changed", "`name`: maximum length lowered from 72 to 10"),
    ),
    "a bound of nothing": (
        field("name", minLength=0),
        ("changed", "`name`: minimum length lowered from 2 to 0"),
        ("changed", "`name`: minimum length raised from 0 to 2"),
    ),
    "new bound": (
        field("nick", maxLength=30),
        ("changed", "`nick`: maximum length of 30 added"),
        ("changed", "`nick`: maximum length removed, was 30"),
    ),
    "items": (
        field("tags", maxItems=9),
        ("changed", "`tags`: maximum number of items raised from 3 to 9"),
        ("changed", "`tags`: maximum number of items lowered from 9 to 3"),
    ),
    "unique items": (
        field("tags", uniqueItems=True),
        ("changed", "`tags`: items must be unique"),
        ("changed", "`tags`: items may repeat"),
    ),
    "multiple": (
        lambda document: operation(document)["parameters"][1]["schema"].update(multipleOf=5),
        ("changed", "`page`: must be a multiple of 5"),
        ("changed", "`page`: need not be a multiple of 5 any more"),
    ),
    "exclusive": (
        lambda document: operation(document)["parameters"][1]["schema"].update(exclusiveMinimum=True),
        ("changed", "`page`: minimum excluded"),
        ("changed", "`page`: minimum included"),
    ),
    "pattern": (
        field("name", pattern="^[a-z]{2,5}$"),
        ("changed", "`name`: pattern changed"),
        ("changed", "`name`: pattern changed"),
    ),
    "new pattern": (
        field("nick", pattern="^[a-z]+$"),
        ("changed", "`nick`: pattern added"),
        ("changed", "`nick`: pattern removed"),
    ),
    "several patterns": (
        field("nick", allOf=[{"pattern": "[a-z]"}, {"pattern": "[0-9]"}]),
        ("changed", "`nick`: pattern added"),
        ("changed", "`nick`: pattern removed"),
    ),
    "format": (
        field("nick", format="uuid"),
        ("changed", "`nick`: format `uuid` added"),
        ("changed", "`nick`: format `uuid` removed"),
    ),
    "values": (
        field("nick", enum=["a", "b"]),
        ("changed", "`nick`: restricted to `a`, `b`"),
        ("changed", "`nick`: any value allowed"),
    ),
    "a value": (
        put(make, "kind", {"type": "string", "enum": ["a", "b", "c"]}),
        ("added", "`kind`: new value `c`"),
        ("removed", "`kind`: value `c` removed"),
    ),
    "two values": (
        put(make, "kind", {"type": "string", "enum": ["a", "b", "c", "d"]}),
        ("added", "`kind`: new values `c`, `d`"),
        ("removed", "`kind`: values `c`, `d` removed"),
    ),
    "many values": (
        put(make, "kind", {"type": "string", "enum": list("abcdefgh")}),
        ("added", "`kind`: 6 new values"),
        ("removed", "`kind`: 6 values removed"),
    ),
    "variant": (
        lambda document: out(document)["properties"]["way"]["oneOf"].append({"type": "boolean"}),
        ("added", "`data.way` in the response: new variant"),
        ("removed", "`data.way` in the response: variant removed"),
    ),
    "named variant": (
        lambda document: out(document)["properties"]["way"]["oneOf"].append({"$ref": "#/components/schemas/Tree"}),
        ("added", "`data.way` in the response: new variant `Tree`"),
        ("removed", "`data.way` in the response: variant `Tree` removed"),
    ),
    "status": (
        lambda document: operation(document)["responses"].update({"202": {}}),
        ("added", "new response status 202"),
        ("removed", "response status 202 removed"),
    ),
    "header": (
        lambda document: operation(document)["responses"]["201"]["headers"].update(Age={}),
        ("added", "new response header `Age`"),
        ("removed", "response header `Age` removed"),
    ),
    "error": (
        refusals("validation.failed", "things.full"),
        ("added", "new error `things.full`"),
        ("removed", "error `things.full` removed"),
    ),
    "status of an error": (
        lambda document: operation(document).update(
            responses={
                "422" if status == "400" else status: answer
                for status, answer in operation(document)["responses"].items()
            }
        ),
        ("changed", "error `validation.failed`: status changed from 400 to 422"),
        ("changed", "error `validation.failed`: status changed from 422 to 400"),
    ),
    "another operation": (
        lambda document: document["paths"].update({"/other": {"get": {"operationId": "o", "responses": {}}}}),
        ("added", "new operation"),
        ("removed", "operation removed"),
    ),
}


@pytest.mark.parametrize("name", LINES)
class TestWords:
    def test_there(self, name: str) -> None:
        edit, there, _ = LINES[name]
        assert [(change.sort, change.text) for change in compare(BASE, changed(edit))] == [there]

    def test_and_back(self, name: str) -> None:
        edit, _, back = LINES[name]
        assert [(change.sort, change.text) for change in compare(changed(edit), BASE)] == [back]


def test_every_change_has_words() -> None:
    edits = [edit for edit, *_ in (*TABLE.values(), *LINES.values())]
    told = [change for edit in edits for change in (*compare(BASE, changed(edit)), *compare(changed(edit), BASE))]
    assert [change for change in told if not change.text or "None" in change.text or "{before}" in change.text] == []
    assert {change.sort for change in told} == {"added", "changed", "removed"}


def test_a_deprecated_field_is_told() -> None:
    (change,) = compare(BASE, changed(field("nick", deprecated=True)))
    assert (change.sort, change.text) == ("changed", "`nick`: deprecated")


def test_no_pattern_is_ever_shown() -> None:
    for pattern in ("^x$", "^a|b{3}$"):
        for old, new in (
            (BASE, changed(field("name", pattern=pattern))),
            (changed(field("name", pattern=pattern)), {}),
        ):
            assert [change.text for change in compare(old, new) if pattern in change.text + change.folded] == []


def test_what_is_too_long_for_a_line_is_folded() -> None:
    (change,) = compare(BASE, changed(put(make, "kind", {"type": "string", "enum": list("abcdefgh")})))
    assert change.folded == "`c`, `d`, `e`, `f`, `g`, `h`"
    (change,) = compare(BASE, changed(put(make, "kind", {"type": "string", "enum": ["a", "b", "x" * 90]})))
    assert (change.text, change.folded) == ("`kind`: 1 new value", f"`{'x' * 90}`")
    (change,) = compare(BASE, changed(put(make, "kind", {"type": "string", "enum": ["a", "b", "c"]})))
    assert change.folded == ""
