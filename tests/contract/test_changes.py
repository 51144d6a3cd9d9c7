"""What counts as a change of the contract, and which changes break a caller."""

import copy
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contract.changes import BOUNDS, CACHE, PUBLISHED, WORDS, Change, compare, history
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


def test_every_kind_is_told_and_tested() -> None:
    seen = {change[0] for _, there, back in TABLE.values() for change in there | back}
    assert seen | {"operation.added", "operation.removed"} == set(WORDS)
    assert set(BOUNDS) >= {"minLength", "maximum"}


def test_what_changed_is_in_the_words() -> None:
    (change,) = compare(BASE, changed(field("name", maxLength=5)))
    assert change.text == "`name` is bound tighter: `maxLength 5`, was `maxLength 10`."
    (change,) = compare(BASE, changed(policy(x_biore_rate_limit="5/hour")))
    assert change.text == "Limited to `5/hour`, was `10/minute`."
    (change,) = compare(BASE, changed(lambda document: operation(document)["requestBody"].update(required=True)))
    assert change.text == "The request is required."
    (change,) = compare(BASE, changed(policy(x_biore_cache={"shared": 9, "stale": 300})))
    assert change.text == "An answer may be kept: `shared 9 s, stale 300 s`, was `shared 60 s`."


class Repository:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *words: str, **environment: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
        command = ["git", *identity, *words]
        subprocess.run(command, cwd=self.root, env={"PATH": "/usr/bin:/bin", "HOME": "/"} | environment, check=True)

    def publish(self, document: Json, subject: str, day: str) -> None:
        file = self.root / PUBLISHED
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(document))
        self.git("add", "-A")
        moment = f"{day}T12:00:00+00:00"
        dates = {"GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment}
        self.git("commit", "--quiet", "--allow-empty", "-m", subject, **dates)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path)
    repository.publish(BASE, "First", "2026-01-01")
    repository.publish(changed(field("name", maxLength=5)), "Tighter", "2026-01-02")
    repository.publish(changed(policy(description="Words.")), "Looser, other words", "2026-01-02")
    repository.publish(changed(policy(description="Other words.")), "Words only", "2026-01-03")
    return repository


class TestHistory:
    def test_is_grouped_by_day_the_newest_first(self, repository: Repository) -> None:
        releases = history(repository.root)
        assert [(release.day, release.version, release.breaking) for release in releases] == [
            ("2026-01-02", "1.0.0", True),
            ("2026-01-01", "1.0.0", False),
        ]
        assert [revision.subject for revision in releases[0].revisions] == ["Looser, other words", "Tighter"]
        assert [revision.breaking for revision in releases[0].revisions] == [False, True]
        assert releases[0].revisions[1].changes[0].where == "name"

    def test_another_version_is_another_release(self, repository: Repository) -> None:
        newer = changed(policy(deprecated=True)) | {"info": {"version": "2.0.0"}}
        repository.publish(newer, "Two", "2026-01-02")
        assert [release.version for release in history(repository.root)] == ["2.0.0", "1.0.0", "1.0.0"]

    def test_second_time_reads_what_was_kept(self, repository: Repository) -> None:
        first = history(repository.root)
        stored = json.loads((repository.root / CACHE).read_text())
        assert len(stored["compared"]) == 4
        key = next(key for key, value in stored["compared"].items() if value["changes"])
        stored["compared"][key]["changes"][0]["kind"] = "operation.moved"
        (repository.root / CACHE).write_text(json.dumps(stored))
        assert history(repository.root) != first
        (repository.root / CACHE).write_text(json.dumps(stored | {"rules": "older"}))
        assert history(repository.root) == first

    def test_a_broken_cache_is_made_anew(self, repository: Repository) -> None:
        first = history(repository.root)
        (repository.root / CACHE).write_text("{")
        assert history(repository.root) == first

    def test_a_version_that_was_deleted_meanwhile(self, repository: Repository) -> None:
        (repository.root / PUBLISHED).unlink()
        repository.git("commit", "--quiet", "-am", "Gone")
        repository.publish(BASE, "Back", "2026-01-05")
        assert {release.day for release in history(repository.root)} == {"2026-01-02", "2026-01-01"}

    def test_without_a_repository_there_is_none(self, tmp_path: Path) -> None:
        assert history(tmp_path) == ()

    def test_a_folder_that_takes_no_cache_does_no_harm(self, repository: Repository) -> None:
        assert history(repository.root, repository.root / PUBLISHED / "cache.json") == history(repository.root)
